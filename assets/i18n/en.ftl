# Every word that doozy shows. Warm, brief, never scolding: the machine breaks, not the player.
# Early is negative and left, late is positive and right, everywhere. Numbers come as plain digits.

## The name

game-name = Doozy
game-promise = Small errors sharpen you. Big ones make a show.

## What a press was

tier-clean = Clean
tier-slip = Close
tier-miss = Off
tier-doozy = Doozy

how-far-early = { $ms } ms early
how-far-late = { $ms } ms late
how-far-exact = Right on it

# The word of a doozy, then how far off it was.
doozy-said = That was a doozy.
doozy-again = Again.

event-omission = That one went by.
event-extra = One more than there were.
event-false-start = Ahead of the first one.
event-wrong-lane = The other one.
event-stop-response = That one was to be left alone.

## While playing

play-ready = Ready
play-retry = Again, while it counts.
play-window-open = The window is open.
play-harder = A notch finer.
play-easier = A little more room.
play-ease-off = Let us take it a little easier.
play-rest-title = Time for a breath.
play-rest = That was a lot at once. Shake out your hands, look away, and go on when you like.
play-strip-slowed = slowed { $times }×

cause-player = Paused
cause-focus-lost = Paused: the window was left.
cause-device-lost = Paused: { $device } is gone. Plug it in, or go on with another.
cause-audio-lost = Paused: the sound went. Looking for it.
cause-suspended = Paused: the machine was asleep. That trial does not count.
cause-rest = Time for a breath.

pause-resume = Go on
pause-restart = Start over
pause-quit = Leave this drill
pause-note = The trial that was running does not count.

## Menu

menu-play = Play
menu-settings = Settings
menu-quit = Quit
menu-back = Back
menu-ladder-beat = Steady beat
menu-ladder-gate = The gate
menu-hint = Arrows or stick to choose, Enter or the lower button to take

## First run

first-run-title = Before we start
first-run-text = Big mistakes here come with debris, shaking, darkening light and a loud thump. Nothing flashes more than twice a second. If you are sensitive to light or motion, or would rather have it calm, take reduced effects: every fact stays on screen.
first-run-reduced = Reduced effects
first-run-full = All effects
first-run-later = Both can be changed in the settings at any time. This is no medical advice.

## Settings

settings-flash = Light
settings-shake = Shake
settings-rumble = Rumble
settings-loudness = Loudness of mistakes
settings-debris = Debris
settings-reduced = Reduced motion
settings-volume = Volume
settings-palette = Colours
settings-palette-dark = Dark
settings-palette-light = Light
settings-palette-high-contrast = High contrast
settings-off = Off
settings-percent = { $percent } %

settings-broken = The settings in { $path } could not be read. They are kept as { $kept }, and this run starts from the defaults.
settings-unknown = { $path } has a setting that this doozy does not know: { $field }. It is kept, and does nothing.
settings-out-of-range = { $path }: { $field } was { $found }; { $used } is used.
settings-not-saved = The settings could not be saved: { $why }

## End

end-title = Done
end-stopped = Stopped here
end-hits =
    { $trials ->
        [one] { $hits } of { $events } within tolerance, in one trial.
       *[other] { $hits } of { $events } within tolerance, in { $trials } trials.
    }
end-centre-early = On the whole { $ms } ms early.
end-centre-late = On the whole { $ms } ms late.
end-centre-exact = On the whole right on it.
end-spread = Your spread was { $ms } ms.
end-doozies =
    { $count ->
        [0] No doozy this time.
        [one] One doozy.
       *[other] { $count } doozies.
    }
end-plot = Each dot is one press: early to the left, late to the right, the band is the goal.
end-nothing = Nothing was played, so there is nothing to show.
end-again = Once more
end-menu = To the menu
end-recorded = Kept as session { $session } in { $path }

## What this machine lacks

lack-no-audio = No sound device was found. The drill runs in silence, on its own clock.
lack-no-pad = No pad found. The keyboard will do.
lack-coarse-timing = Key times come from the window here, and may be off by { $ms } ms. Errors near that size mean little.
lack-tap-left-out = { $device } has said nothing for a while and is left out.
lack-no-display = No display here. `doozy demo --headless` plays without one.

## The record

record-off = Nothing is being recorded: { $why }
record-full = No space is left for { $path }. Nothing new is on the disk yet; it is kept in memory and goes in as soon as there is room.
record-again = Recording again. Nothing was lost.
record-read-only = Nothing is being recorded: { $path } can be read but not written to. Name another folder with --data.
record-no-folder = Nothing is being recorded: the folder { $path } cannot be made or used. Name another with --data.
record-in-use = Another doozy is recording to { $path }. This one records nothing; close the other, or name another folder with --data.
record-newer = { $path } was written by a newer doozy (version { $found }; this one knows { $known }). It is left untouched, and nothing is being recorded.
record-entry-lost = One entry could not be recorded: { $what }
