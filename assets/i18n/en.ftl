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
notice-coarse-timing = Key times come from the window's frames here, so small errors mean little: { $why }
notice-pad-found = { $name } is ready.
notice-pad-ignored = { $name } is here, too; another pad is being played.
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
