"""A published MIDI file, imported and played by the game itself: are the targets that were judged the file's onsets?

Usage: played.py DOOZY FILE.mid [SECONDS]

`doozy import FILE --out DIR`, then `doozy demo DIR/LEVEL --headless` for so many seconds of its own time, for the part with the
most notes. From the record: each trial's targets, put back to back at the level's speed, must be pretty_midi's and mido's onsets of that
part, one for one; and every target of a trial that ended must have its verdict.
"""

import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
from fractions import Fraction

import mido
import pretty_midi

DOOZY, FILE = sys.argv[1], pathlib.Path(sys.argv[2])
SECONDS = sys.argv[3] if len(sys.argv) > 3 else "45"


def by_mido(path, track, channel):
    """Onsets of a channel of a track, whole µs."""
    song = mido.MidiFile(path)
    tempo = []
    for other in song.tracks:
        tick = 0
        for message in other:
            tick += message.time
            if message.type == "set_tempo":
                tempo.append((tick, message.tempo))
    tempo.sort(key=lambda change: change[0])
    tick, ticks = 0, set()
    for message in song.tracks[track - 1]:
        tick += message.time
        if message.type == "note_on" and message.velocity > 0 and message.channel == channel - 1:
            ticks.add(tick)
    out, now, before, quarter, at = [], Fraction(0), 0, 500_000, 0
    for tick in sorted(ticks):
        while at < len(tempo) and tempo[at][0] <= tick:
            now += Fraction((tempo[at][0] - before) * quarter, song.ticks_per_beat)
            before, quarter = tempo[at]
            at += 1
        exact = now + Fraction((tick - before) * quarter, song.ticks_per_beat)
        out.append((2 * exact.numerator + exact.denominator) // (2 * exact.denominator))
    return sorted(set(out))


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        listed = subprocess.run(
            [DOOZY, "import", FILE, "--out", scratch / "mine", "--list", "--json"], capture_output=True, text=True, check=True
        )
        charts = json.loads(listed.stdout)["files"][0]["charts"]
        chart = max(charts, key=lambda chart: len(chart["targets"]))
        level = chart["level"] if isinstance(chart.get("level"), str) else sorted((scratch / "mine").glob("*.level.ron"))[charts.index(chart)]
        onsets = sorted({target["at_us"] for target in chart["targets"]})
        # which track and channel it is: those whose onsets mido gives alike
        song = mido.MidiFile(FILE)
        same = [
            (track, channel)
            for track in range(1, len(song.tracks) + 1)
            for channel in range(1, 17)
            if by_mido(FILE, track, channel) == onsets
        ]
        data = scratch / "data"
        done = subprocess.run(
            [DOOZY, "demo", level, "--headless", "--learner", "trained", "--seconds", SECONDS, "--json", "--data", data],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(f"doozy demo: {done.stderr}")
            return 1
        base = sqlite3.connect(data / "doozy.sqlite")
        rows = [json.loads(row) for (row,) in base.execute("SELECT json FROM effects ORDER BY seq")]
        ended = {row["trial"] for row in rows if row["effect"] == "trial_ended" and row.get("void") is None}
        judged = {row["target"] for row in rows if row["effect"] == "judged" and row["target"] is not None}
        # retries repeat a section; a faster rung plays it faster, and is told by its own first gap
        plans = [row for row in rows if row["effect"] == "planned" and row["retry_of"] is None]
        at, worst, unjudged, compared = 0, 0.0, 0, 0
        theirs = pretty_midi.PrettyMIDI(str(FILE))
        starts = sorted(note.start * 1e6 for part in theirs.instruments for note in part.notes)
        for plan in plans:
            targets = [target["at"] for target in plan["targets"]]
            right = onsets[at : at + len(set(targets))]
            at += len(right)
            span = right[-1] - right[0]
            rate = 1.0 if span == 0 else (targets[-1] - targets[0]) / 1000 / span
            for due, onset in zip(sorted(set(targets)), right):
                off = abs((due - targets[0]) / 1000 - (onset - right[0]) * rate)
                worst = max(worst, off, min(abs(onset - start) for start in starts) if rate == 1.0 else 0.0)
                compared += 1
            if plan["trial"] in ended:
                unjudged += sum(target["id"] not in judged for target in plan["targets"])
        ok = bool(same) and worst <= 1.0 and unjudged == 0 and compared > 0
        print(
            f"{FILE.name}: {len(onsets)} onsets of the part, mido's track and channel {same[0] if same else 'none'} alike; "
            f"{compared} played in {len(plans)} trials lie within {worst:.3f} µs of pretty_midi's, {unjudged} without a verdict"
        )
        verified = subprocess.run([DOOZY, "replay", "last", "--verify", "--data", data], capture_output=True, text=True, check=False)
        print((verified.stdout + verified.stderr).strip())
        return 0 if ok and verified.returncode == 0 else 1


sys.exit(main())
