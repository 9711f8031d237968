# Every word that doozy shows. Warm, brief, never scolding: the machine breaks, not the player.
# Early is negative and left, late is positive and right, everywhere. Numbers come as plain digits.

## What a press was

tier-clean = Clean
tier-slip = Close
tier-miss = Off
tier-doozy = Doozy

how-far-early = { $ms } ms early
how-far-late = { $ms } ms late
how-far-exact = Right on it
how-far-short = { $percent } % too short
how-far-long = { $percent } % too long
how-far-left = { $percent } % out to the left
how-far-right = { $percent } % out to the right

# The word of a doozy, then how far off it was.
doozy-said = That was a doozy.
doozy-again = Again.

event-omission = That one went by.
event-extra = One more than there were.
event-false-start = Ahead of the first one.
event-wrong-lane = The other one.
event-stop-response = That one was to be left alone.

## The machine under the game

notice-no-sound = No sound here, so the drill runs in silence on its own clock: { $why }
notice-sound-lost = The sound went away: { $why }
notice-sound-moved = The sound moved from { $before } to { $after }, so that trial does not count. Calibrate again for exact times.
notice-sound-back = The sound output { $device } is back: resume to hear it again.
notice-sound-slipped = The sound stuttered, so that trial does not count. Go on when you are ready.
notice-level-changed = The level's file has changed: this is the new one, from its start.
notice-level-broken = The level's file has changed and cannot be played, so the old one goes on. { $fault }
notice-slept = The machine was asleep for { $seconds } s; the trial that was running does not count.
notice-coarse-timing = Key times come from the window's frames here, so small errors mean little: { $why }
notice-pad-found = { $name } is ready.
notice-pad-ignored = { $name } is here. The first of its kind that is played is the one that counts.
notice-pad-lost = { $name } is gone. Plug it in again, or go on with the keys.
notice-tap-stalled = The { $tap } tap has said nothing for a while and is left out.
notice-tap-ended = The { $tap } tap has stopped: { $why }

## The settings file

settings-broken = The settings in { $path } could not be read. They are kept as { $kept }, and this run starts from the defaults.
settings-unknown = { $path } has a setting that this doozy does not know: { $field }. It is kept, and does nothing.
settings-out-of-range = { $path }: { $field } was { $found }; { $used } is used.

## The record

record-off = Nothing is being recorded: { $why }
record-full = No space is left for { $path }. What is new is kept in memory, and goes in as soon as there is room.
record-waiting = What is new cannot be written yet, and is kept in memory until it can: { $why }
record-again = Recording again. Nothing was lost.
record-no-room = Nothing is being recorded: no space is left for { $path }. Make room, or name another folder with --data.
record-read-only = Nothing is being recorded: { $path } can be read but not written to. Name another folder with --data.
record-no-folder = Nothing is being recorded: the folder { $path } cannot be made or used. Name another with --data.
record-in-use = { $who } is writing to { $path }, so nothing is being recorded here. Close it, or name another folder with --data.
record-newer = { $path } was written by a newer doozy (version { $found }; this one knows { $known }). It is left untouched, and nothing is being recorded.
record-entry-lost = One entry could not be recorded: { $what }

## The stage

stage-strip-slowed = simulated cortex, slowed { $times } times
stage-strip-early = early
stage-strip-late = late
stage-strip-fibres = climbing fibres
stage-strip-calcium = calcium
stage-strip-brake = brake
stage-window-open = the window opened
stage-window-ajar = the window was ajar
stage-window-closed = the window stayed shut
## Screens

app-name = Doozy
app-line = Big misses teach. Make them count.

first-title = Before you start
first-body = When you miss by a lot, Doozy makes a scene of it: things break, scatter, shake and darken. Nothing strobes, and a limit watches over every effect.
first-question = How much of that would you like?
first-full = The whole show
first-full-hint = Shake, debris, falling light, rumble where your pad has it.
first-reduced = Reduced effects
first-reduced-hint = No shake, no flashes, no rumble, softer sound. Every fact stays.
first-later = You can set each of these by itself, down to nothing, under Settings.

menu-settings = Settings
menu-quit = Quit
menu-hint = Arrows and Enter, a pad, or the mouse

menu-daily = Today's mix
menu-not-yet = not yet
menu-next = start here
menu-reached = goal reached
menu-best-ms = steady to { $sd } ms
menu-best-percent = steady to { $sd } %
menu-best-share = { $share } % in time

# The mix of the day: three kinds that take turns, and why these.
daily-aim = Three kinds that take turns
daily-how = { $blocks } short blocks, in turns. Mixing and days between feel harder than doing one thing over and over; they are there for what you can still do later.
daily-start = Enter starts it.
daily-new = New to you.
daily-due = Due today: { $days ->
    [one] you practised it yesterday
   *[other] you practised it { $days } days ago
}.
daily-overdue = Waiting for you: { $days ->
    [one] you practised it yesterday
   *[other] you practised it { $days } days ago
}.
daily-early = Not due for { $days ->
    [one] another day
   *[other] another { $days } days
}; it keeps the others company.
daily-today = Practised today already; it keeps the others company.

ladder-pulse = Pulse
ladder-pulse-aim = Keep a beat, and its parts
ladder-groove = Groove
ladder-groove-aim = Off the beat, swung, with two hands
ladder-music = Music
ladder-music-aim = Rhythms to play back, notes in lanes
ladder-sport = Sport
ladder-sport-aim = Meet the ball, let go in time
ladder-road = Road
ladder-road-aim = Brake for the line, turn in at the mark
ladder-speech = Speech
ladder-speech-aim = The rhythm of what is said
ladder-reflex = Reflex
ladder-reflex-aim = Be quick, hold back, learn the order
ladder-catastrophe = Catastrophe
ladder-catastrophe-aim = Narrow paths, bangs, things in the way
ladder-endless = Endless
ladder-endless-aim = One kind, harder and harder, until you stop
ladder-other = A drill of your own

intro-begin = Begin
intro-back = Back
intro-controls = Press
intro-or = or
intro-lanes = one for each lane, from left to right
intro-steer = Steer with
intro-and = and
intro-goal = Goal: within ±{ $tol } ms
intro-pause = { $key } pauses
intro-goal-percent = Goal: within ±{ $tol } %
intro-endless = goes on until you stop
intro-block = Block { $n } of { $total }
intro-trials = { $trials ->
    [one] one try
   *[other] { $trials } tries
}

play-try = Try { $n }
play-try-of = Try { $n } of { $total }
play-retry = Again, while it counts
play-tolerance = ±{ $ms } ms
play-tolerance-percent = ±{ $percent } %
play-gain = errors ×{ $gain }
play-top = as hard as this level gets
play-software = drawn in software, smaller and without glow
play-learner = { $name } is playing, a simulated player

pause-title = Paused
pause-focus = The window lost the focus, so the try was set aside. It does not count.
pause-device = A device went away, so the try was set aside. It does not count.
pause-audio = The sound went away, so the try was set aside. It does not count.
pause-suspended = The machine slept, so the try was set aside. It does not count.
pause-player = The try was set aside. It does not count.
pause-keys = Keys: { $keys }
pause-resume = Go on
pause-end = End here
rest-title = Time for a breath
rest-body = That was a hard stretch, and the hard part is where it changes. Rest your hands for a minute: what you practised settles while you do.

settings-title = Settings
settings-flash = Light and glow
settings-flash-hint = What brightens, glows or darkens
settings-shake = Shake
settings-shake-hint = The picture jolts after a doozy
settings-rumble = Rumble
settings-rumble-hint = Pads only, never near a target
settings-loudness = Loudness
settings-loudness-hint = Everything that sounds
settings-debris = Debris
settings-debris-hint = Parts that fly
settings-motion = Reduced motion
settings-motion-hint = Things fade instead of travelling
settings-palette = Colours
settings-palette-hint = The same roles in every palette
settings-strip = Cortex strip
settings-strip-hint = What the model makes of your error
settings-palette-dark = Dark
settings-palette-light = Light
settings-palette-high-contrast = High contrast
settings-none = none
settings-percent = { $percent } %
settings-on = on
settings-off = off
settings-reduced = Reduced effects
settings-back = Back

end-title = How it went
end-early = early
end-late = late
end-now = on time
end-early-by = { $ms } ms early
end-late-by = { $ms } ms late
end-on-time = on time
end-short = short
end-long = long
end-left = left
end-right = right
end-as-heard = as heard
end-as-usual = as usual
end-inside = inside
end-as-long = as long as heard
end-short-by = { $percent } % short
end-long-by = { $percent } % long
end-left-by = { $percent } % out to the left
end-right-by = { $percent } % out to the right
end-spread-percent = steady to ±{ $percent } %
end-says-short = You press after too short a time: typically { $percent } % short, and half of your intervals lie within { $half } % of that.
end-says-long = You press after too long a time: typically { $percent } % long, and half of your intervals lie within { $half } % of that.
end-says-as-long = You give the intervals their length: half of them lie within { $half } % of it.
end-says-left = You leave the path to the left: typically by { $percent } % of its width, and half of your gates lie within { $half } % of that.
end-says-right = You leave the path to the right: typically by { $percent } % of its width, and half of your gates lie within { $half } % of that.
end-says-inside = You keep inside the path: at half of the gates you are out by { $half } % of its width at most.
end-typical = typical
end-spread = steady to ±{ $ms } ms
end-spread-hint = robust SD of { $n } presses
end-none = no press was close enough to a target to be told its error
end-after-signal = { $ms } ms after the signal
end-says-reaction = You answer { $ms } ms after the signal, and half of your answers lie within { $half } ms of that.
end-held = Of the signals that were taken back you left { $held } of { $asked } alone.
end-held-count = { $held } of { $asked } held back
end-says-early = You press early: typically { $ms } ms before the target, and half of your presses lie within { $half } ms of that.
end-says-late = You press late: typically { $ms } ms after the target, and half of your presses lie within { $half } ms of that.
end-says-even = You press on time: half of your presses lie within { $half } ms of the target.
end-in-band = { $share } % of your presses lie in the shaded goal band.
end-clean = clean
end-slip = slips
end-miss = misses
end-doozy = doozies
end-order = first at the top, last at the bottom
end-again = Again
end-next = Next level
end-menu = Menu
end-not-kept = This session is not in the record.
end-kept = Kept in the record
end-simulated = played by { $name }, simulated

renderer-software = No graphics card: drawn by { $adapter } at reduced size and without glow. Your times are measured apart from the picture.
notice-settings-not-kept = Your settings hold for now, but could not be kept: { $fault }
notice-session-failed = This level could not be started: { $fault }
notice-ambiguous = That try would fit a beat earlier or later about as well, so its numbers say little.

calibration-tap-to-sound = By tapping to a sound
calibration-tap-to-sound-hint = The delay of your devices and your own habit together: people tap 20 to 80 ms ahead of a beat, and that is in this number. With it, tapping ahead as you always do counts as on time.
calibration-tap-to-flash = By tapping to a flash
calibration-tap-to-flash-hint = The delay of your display and your keys, together with your own habit of tapping ahead.
calibration-adjust = By ear and finger
calibration-adjust-hint = The delay of your devices alone. The beat follows you, so your habit of tapping ahead is not in this number and stays yours to train.
calibration-waiting = One moment: the sound finds its clock.
calibration-single-sound = Single sounds come at moments that you cannot foresee. Press as soon as you hear one: it tells roughly where to look.
calibration-single-flash = The circle fills at moments that you cannot foresee. Press as soon as you see it: it tells roughly where to look.
calibration-steady-sound = A steady beat. Tap along as you would to music.
calibration-steady-flash = The circle fills to a steady beat. Tap along with it.
calibration-settling = Tap at a steady pace of your own, firmly enough to hear your finger on the key. The beat will follow you.
calibration-review = This is how late your devices are. Your own anticipation is not in it.
calibration-too-few = More taps are needed before this can be kept.
calibration-too-wide = Your taps lie too far apart to tell the delay from them. Try again, with a firmer beat.
calibration-out-of-range = This lies beyond ±1000 ms: something other than a delay is at work.
calibration-ready = This can be kept.
calibration-listen = Listen to a few beats at this place first.
calibration-no-sound = There is no sound output here, so there is nothing to tap to: { $why }
calibration-no-taps = No key was pressed. Nothing is kept.
calibration-no-agreement = Your presses to the single sounds lie too far apart to tell which beat you tap to. Try again.
calibration-sound-slipped = The sound stuttered; what you tapped then does not count. The beat goes on in a moment.
calibration-not-kept = The calibration could not be written: { $why }
calibration-file-broken = The calibrations in { $path } could not be read. They now lie in { $kept }; until you calibrate anew, the numbers set by hand hold.
calibration-entry-unusable = Calibration { $entry } in { $path } cannot be used and is left as it is: { $why }

## What machines say beside the number
road-short = { $metres } m short
road-far = { $metres } m too far
road-at-the-line = At the line
signal-kept = Held back

## Measuring delays: the screens of calibration
settings-delays = Measure delays
settings-bindings = Keys and pads
calibrate-title = Measure delays
calibrate-body = Loudspeakers, screens and keys are late by something that no program can read from them. Measured once on your devices, it is taken out of every error you are shown.
calibrate-none = nothing stored
calibrate-stored = { $ms } ms ± { $se } · { $on } with { $with } · { $day }
calibrate-never = Nothing is applied unless you keep it. A drill uses the first of these that it finds for the devices in use.
calibrate-leave = Escape leaves without storing anything
calibrate-listening = { $n } of { $of }: keep tapping and listen for the sound of your finger on the key. Left and right move the beat; Shift moves it finely.
calibrate-settling = { $n } of { $of }: move the beat with left and right until it falls together with the sound of your finger on the key. Then press up.
calibrate-review-taps = This is how late your taps arrive. Your own anticipation is in it: most people tap 20–80 ms ahead of a beat, and keeping this number takes that out of your errors as well.
calibrate-number = { $ms } ms ± { $se }
calibrate-number-alone = { $ms } ms
calibrate-standing-taps = { $n } taps, spread { $spread } ms
calibrate-standing-settings = { $n } settings, spread { $spread } ms
calibrate-keep = Keep
calibrate-again = Measure again
calibrate-discard = Leave it
notice-measuring-failed = The delays could not be measured: { $fault }
notice-offset-measured = { $output } with { $input }: { $ms } ms from now on, as measured there.
notice-offset-by-hand = { $output } with { $input }: nothing was measured there, so { $ms } ms as set by hand.
notice-calibration-stale = { $output } with { $input } was calibrated at another rate or buffer. { $ms } ms still applies; calibrate again when you can.
notice-offset-holds-anticipation = { $ms } ms apply, found by tapping: your own habit of tapping ahead of the beat is in them.
notice-drift = You press { $ms } ms (± { $se }) from where you began. A device may have drifted, or you have: calibrate again if it is not you. Nothing was changed.

## Keys and pads: what is bound, and what things are called

bindings-title = Keys and pads
bindings-preset = Ready-made set
bindings-device = Device
bindings-lanes = Levels with
bindings-lane-count = { $n ->
    [one] one lane
   *[other] { $n } lanes
}
bindings-lane = Lane { $n }
bindings-more = +
bindings-nothing = nothing answers this lane here
bindings-waits = …
bindings-press = Press what shall answer lane { $lane }, on: { $device }.
bindings-bound = { $key } answers lane { $lane }.
bindings-taken = { $key } answers lane { $lane } now, and lane { $from } no longer.
bindings-taken-last = { $key } answers lane { $lane } now, and lane { $from } has nothing left: give it a key of its own.
bindings-reserved = { $key } pauses and can answer no lane. Press another.
bindings-other-device = That was: { $pressed }. Press something on: { $wanted }, or leave with Esc and choose the other device above.
bindings-refused = That cannot be bound: { $why }
bindings-own = Your own choices below go before the set.
bindings-preset-nothing = On this device it has nothing.
bindings-conflict = settings.toml gives { $key } to { $kept } and to { $dropped }. It stays with { $kept }; give one of them another.
bindings-conflicts-more = … and { $n } more of the kind.
bindings-reset = Back to the defaults
bindings-undo = Undo
bindings-hint-choose = Left and right choose.
bindings-hint-instead = Enter, then a press: it takes the place of everything that answers this lane here.
bindings-hint-more = Enter, then a press: it answers this lane as well.
bindings-hint-without = Enter takes { $key } from this lane.
bindings-hint-reset = Forgets the set and every choice of yours, on every device. It can be undone.
bindings-hint-undo = Takes the last change back.
bindings-hint-cancel = Esc leaves it as it was.

preset-right-handed = Right hand first
preset-right-handed-hint = The defaults: one lane under either hand, more lanes under both.
preset-left-handed = Left hand first
preset-left-handed-hint = One lane under the left hand; more lanes under both.
preset-one-handed-left = Left hand alone
preset-one-handed-left-hint = Everything within reach of the left hand.
preset-one-handed-right = Right hand alone
preset-one-handed-right-hint = Everything within reach of the right hand.
preset-pad-only = Pad only
preset-pad-only-hint = Buttons answer; no key and no note does.
preset-drums = Drums only
preset-drums-hint = Drum pads answer; no key and no button does.

device-keyboard = Keyboard
device-any-pad = Any pad
device-any-instrument = Any instrument

notice-stranger = { $name } was played; it does not count yet. Pause to let it in.
stranger-asks = { $name } was played, and the one that counted is gone. Also play with this one?
stranger-yes = Let it in
stranger-no = Leave it out

control-any-note = any key of the instrument
control-pedal = pedal { $n }
note-bass-drum = bass drum { $n }
note-snare = snare { $n }
note-hi-hat = hi-hat { $n }
note-cymbal = cymbal { $n }
note-other = note { $n }

key-escape = Esc
key-backspace = Backspace
key-tab = Tab
key-enter = Enter
key-control-left = left Ctrl
key-control-right = right Ctrl
key-shift-left = left Shift
key-shift-right = right Shift
key-alt-left = left Alt
key-alt-right = right Alt
key-super-left = left Super
key-super-right = right Super
key-context-menu = Menu
key-space = Space
key-caps-lock = Caps Lock
key-num-lock = Num Lock
key-scroll-lock = Scroll Lock
key-print = Print
key-pause = Pause
key-home = Home
key-end = End
key-page-up = Page up
key-page-down = Page down
key-insert = Insert
key-delete = Delete
key-up = up arrow
key-down = down arrow
key-left = left arrow
key-right = right arrow
key-convert = Convert
key-non-convert = Non-convert
key-pad = { $sign } (number pad)
key-pad-enter = Enter (number pad)

button-south = lower button
button-east = right button
button-north = upper button
button-west = left button
button-l1 = left shoulder
button-r1 = right shoulder
button-l2 = left trigger
button-r2 = right trigger
button-l3 = left stick pressed
button-r3 = right stick pressed
button-select = Select
button-start = Start
button-mode = Mode
hat-up = up on the d-pad
hat-down = down on the d-pad
hat-left = left on the d-pad
hat-right = right on the d-pad
stick-left-axis = left stick, left and right
stick-left-up = left stick up
stick-left-down = left stick down
stick-left-left = left stick left
stick-left-right = left stick right
stick-right-axis = right stick, left and right
stick-right-up = right stick up
stick-right-down = right stick down
stick-right-left = right stick left
stick-right-right = right stick right
## Practice
practice-title = Practise { $level }
practice-body = Slower, in loops, or with the beat left out. Kept as practice, counted nowhere.
practice-rate = Speed
practice-rate-hint = A recording then sounds lower
practice-from = Loop from bar
practice-from-hint = Played round and round until you stop
practice-to = Loop to bar
practice-to-hint = The last bar of the loop
practice-failed = The bars you failed
practice-failed-hint = Of when you last played this level
practice-pre-roll = Lead-in
practice-pre-roll-hint = Bars before a loop, not judged
practice-ramp = Faster when it goes well
practice-ramp-hint = ±: slower again when it goes badly
practice-mute = Silent bars
practice-mute-hint = Keep going while the beat is gone
practice-ghost = Your best run
practice-ghost-hint = Faint marks where its presses fell
practice-off = Off
practice-on = On
practice-none = Not for this level
practice-needs-loop = Needs a loop
practice-none-failed = None so far
practice-no-preset = No presets yet
practice-percent = { $percent } %
practice-bars = { $bars ->
    [one] { $bars } bar
   *[other] { $bars } bars
}
practice-ramp-by = +{ $percent } % up to { $to } %
practice-ramp-both = ±{ $percent } % up to { $to } %
practice-mute-by = { $heard } with, { $silent } without
practice-preset = Presets
practice-preset-is = Preset: { $name }
practice-begin = Begin practice
practice-save = Save as preset
practice-saved = Saved as preset { $name }.
practice-not-saved = The preset could not be saved: { $why }
practice-back = Leave practice
practice-open = Practise
hud-practice = Practice, { $percent } %
hud-practice-bars = Practice, { $percent } %, bars { $from }–{ $to }
end-practice = Practice
end-practice-bars = bars { $bars }
notice-recording-not-built = This build plays no recordings, so the notes of { $file } are sounded instead.
notice-recording-missing = The recording { $file } is not beside the level, so its notes are sounded instead.
notice-recording-outside = { $file } is no plain file of the level's own folder and is not played; its notes are sounded instead.
notice-recording-unreadable = The recording { $file } cannot be read, so its notes are sounded instead: { $why }
notice-recording-unknown = { $file } is no WAV, OGG, MP3 or FLAC that can be played, so its notes are sounded instead: { $why }
notice-recording-broken = The recording { $file } breaks off; it is played as far as it goes: { $why }
notice-recording-long = The recording { $file } is longer than is kept in memory; its first { $minutes } minutes are played.
# Words on the stage.
stage-listen = Listen
stage-your-turn = Your turn
stage-alone = Keep going
stage-interval = { $percent } %
