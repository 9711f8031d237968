"""The importer against readers of other people, on published files, and its cost at 70,000 targets.

Usage: import.py DOOZY MIDI_FOLDER

- Every MIDI file of MIDI_FOLDER: the onsets that `doozy import --list --merge` prints must be those of mido (its ticks and
  tempos, added up here as fractions and rounded once), to the microsecond, and those of pretty_midi (floats) to 1 µs,
  except where it warns that it may be wrong.
  Onsets at the same microsecond count once, since a lane has one target at a time. Bars of the level that it writes must
  begin where mido's time signatures have them.
- Simfiles written here, with tempo changes, stops, delays, warps and negative tempos: onsets must be those of the
  package simfile, which knows times as floats, to 1 µs.
- 70,000 targets in each format: wall time, and the largest memory of the process.
"""

import bisect
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import warnings
from decimal import Decimal
from fractions import Fraction

import mido
import pretty_midi
from simfile.notes import NoteData
from simfile.notes.timed import time_notes
from simfile.sm import SMSimfile
from simfile.timing import TimingData

DOOZY = sys.argv[1]
FILES = sorted(pathlib.Path(sys.argv[2]).rglob("*.mid"))
MOST_SECONDS, MOST_MIB = 5, 500


def listed(*arguments):
    """The charts that the importer lists."""
    out = subprocess.run(
        [DOOZY, "import", "--list", "--json", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if out.returncode:
        return None, out.stderr.strip()
    return json.loads(out.stdout)["files"][0]["charts"], None


def onsets(charts):
    return sorted({target["at_us"] for chart in charts for target in chart["targets"]})


def rounded(time_us):
    """To the nearest whole microsecond, halves up: no onset here lies below 0."""
    return (2 * time_us.numerator + time_us.denominator) // (2 * time_us.denominator)


def by_mido(path):
    """Onsets, and where bars begin from the one of the first onset to that of the last, µs."""
    song = mido.MidiFile(path)
    tempo, notes, signatures = [], [], {0: Fraction(4 * song.ticks_per_beat)}
    for track in song.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo":
                tempo.append((tick, message.tempo))
            elif message.type == "time_signature":
                signatures[tick] = Fraction(4 * song.ticks_per_beat * message.numerator, message.denominator)
            elif message.type == "note_on" and message.velocity > 0:
                notes.append(tick)
    tempo.sort(key=lambda change: change[0])

    def times(ticks):
        out, now, before, quarter, at = set(), Fraction(0), 0, 500_000, 0
        for tick in sorted(ticks):
            while at < len(tempo) and tempo[at][0] <= tick:
                now += Fraction((tempo[at][0] - before) * quarter, song.ticks_per_beat)
                before, quarter = tempo[at]
                at += 1
            out.add(rounded(now + Fraction((tick - before) * quarter, song.ticks_per_beat)))
        return sorted(out)

    bars, changes, last = [], sorted(signatures), max(notes, default=-1)
    for tick, until in zip(changes, changes[1:] + [last + 1]):
        while tick < min(until, last + 1):
            bars.append(tick)
            tick += signatures[max(change for change in changes if change <= tick)]
    onsets, bars = times(notes), times(bars)
    silent = max(0, bisect.bisect(bars, onsets[0]) - 1) if onsets else 0
    return onsets, bars[silent:]


def imported_bars(path, folder):
    """The bars of the level that the importer writes of all parts together, µs."""
    subprocess.run(
        [DOOZY, "import", "--merge", "--drum-map", "none", "--force", "--out", folder, path], capture_output=True, check=True
    )
    level = max(folder.glob("*.level.ron"), key=lambda file: file.stat().st_mtime_ns).read_text()
    found = re.search(r"\bbars: \[([^]]*)\]", level)
    return [int(time) for time in re.findall(r"-?\d+", found[1])] if found else []


def away(time_us, times):
    """The distance to the nearest of some times in order, µs."""
    at = bisect.bisect(times, time_us)
    return min((abs(time_us - other) for other in times[max(0, at - 1) : at + 1]), default=float("inf"))


def apart(ours, theirs):
    """The largest distance of one to the nearest of the others, both ways, µs."""
    both = [away(t, theirs) for t in ours] + [away(t, ours) for t in theirs]
    return max(both, default=float("inf"))


def midi(folder):
    wrong = compared = notes = lines = 0
    worst = 0.0
    told = []
    for path in FILES:
        name = path.relative_to(sys.argv[2])
        charts, refused = listed("--merge", "--drum-map", "none", path)
        try:
            right, bars = by_mido(path)
        except Exception as error:  # noqa: BLE001: whatever keeps mido from reading it
            told.append(f"{name}: mido {type(error).__name__}: {error}; doozy: {refused or f'{len(onsets(charts))} onsets'}")
            continue
        if not right:
            # no notes: refused, as it has to be
            wrong += refused is None
            continue
        compared += 1
        if refused:
            wrong += 1
            told.append(f"{name}: refused: {refused}")
            continue
        notes += len(right)
        if onsets(charts) != right:
            wrong += 1
            told.append(f"{name}: {len(onsets(charts))} onsets, mido gives {len(right)}")
            continue
        ours = imported_bars(path, folder)
        lines += len(bars)
        if ours != bars:
            wrong += 1
            told.append(f"{name}: bars begin at {ours[:4]}…, by mido's time signatures at {bars[:4]}…")
        with warnings.catch_warnings(record=True) as doubts:
            warnings.simplefilter("always")
            song = pretty_midi.PrettyMIDI(str(path))
        if doubts:
            # it does not read tempos outside of the first track, and says so
            told.append(f"{name}: equal to mido's; pretty_midi warns of itself: {str(doubts[0].message).split('.')[0]}")
            continue
        theirs = [note.start * 1e6 for part in song.instruments for note in part.notes]
        # one way: pretty_midi leaves out notes that are never released
        far = max((away(t, right) for t in theirs), default=0.0)
        wrong += far > 1.0
        worst = max(worst, far)
    packages = sorted(folder.stem for folder in pathlib.Path(sys.argv[2]).glob("*.dist-info"))
    print(f"files of {', '.join(packages)} from PyPI")
    print(f"{compared} MIDI files with {notes} onsets and {lines} bars: {wrong} differ from mido; pretty_midi's onsets lie within {worst:.3f} µs")
    for line in told:
        print(line)
    return wrong


def simfiles(folder):
    draw = random.Random(6)
    wrong, count, worst = 0, 0, 0.0
    for n in range(200):
        at = lambda: Decimal(draw.randrange(1, 40 * 48)) / 48  # noqa: E731
        beat = lambda b: f"{b:.3f}"  # noqa: E731
        bpms = [(Decimal(0), draw.randrange(60_000, 300_000) / 1000)]
        bpms += sorted((at(), draw.randrange(60_000, 300_000) / 1000) for _ in range(draw.randrange(4)))
        stops = sorted((at(), draw.randrange(1, 900) / 1000) for _ in range(draw.randrange(4)))
        pairs = lambda all_: ",\n".join(f"{beat(b)}={value:.3f}" for b, value in all_)  # noqa: E731
        bars = []
        for _ in range(10):
            rows = draw.choice([4, 8, 12, 16, 24, 48])
            bars.append("\n".join(draw.choice(["0000", "0000", "1000", "0100", "0011"]) for _ in range(rows)))
        text = (
            f"#TITLE:{n};\n#OFFSET:{draw.randrange(-500, 500) / 1000:.3f};\n#BPMS:{pairs(bpms)};\n#STOPS:{pairs(stops)};\n"
            "#NOTES:\n dance-single:\n :\n Hard:\n 9:\n 0,0,0,0,0:\n" + "\n,\n".join(bars) + "\n;\n"
        )
        path = folder / f"{n}.sm"
        path.write_text(text)
        charts, refused = listed(path)
        if refused:
            wrong += 1
            print(f"{n}.sm: refused: {refused}")
            continue
        song = SMSimfile(string=text)
        notes = NoteData(song.charts[0])
        theirs = sorted({float(note.time) * 1e6 for note in time_notes(notes, TimingData(song, song.charts[0]))})
        far = apart(onsets(charts), theirs)
        worst = max(worst, far)
        count += len(onsets(charts))
        wrong += far > 1.0
    print(f"200 simfiles with {count} onsets: {wrong} differ from simfile by more than 1 µs; at most {worst:.3f} µs")
    return wrong


def quantity(value):
    out = [value & 0x7F]
    while value := value >> 7:
        out.insert(0, value & 0x7F | 0x80)
    return bytes(out)


def many(folder):
    """70,000 targets 50 ms apart in every format."""
    count = 70_000
    events = b"".join(quantity(25 if n else 0) + bytes([0x90, 60, 100]) + quantity(25) + bytes([0x80, 60, 0]) for n in range(count))
    track = b"\0\xff\x51\x03\x07\xa1\x20" + events + b"\0\xff\x2f\0"
    (folder / "many.mid").write_bytes(
        b"MThd\0\0\0\6\0\0\0\1\x01\xf4" + b"MTrk" + len(track).to_bytes(4, "big") + track
    )
    head = "osu file format v14\n[General]\nMode: 3\n[Difficulty]\nCircleSize:4\n[TimingPoints]\n0,500\n[HitObjects]\n"
    (folder / "many.osu").write_text(head + "".join(f"{64 + 128 * (n % 4)},192,{n * 50},1,0\n" for n in range(count)))
    rows = [["1000", "0100", "0010", "0001"][n % 4] for n in range(count)]
    bars = "\n,\n".join("\n".join(rows[n : n + 4]) for n in range(0, count, 4))
    (folder / "many.sm").write_text(f"#BPMS:0=1200;\n#NOTES:dance-single::Hard:9::\n{bars}\n;\n")
    wrong = 0
    for name in ["many.mid", "many.osu", "many.sm"]:
        start = time.monotonic()
        process = subprocess.Popen(
            [DOOZY, "import", str(folder / name), "--out", str(folder / name.replace(".", "-"))], stdout=subprocess.PIPE, text=True
        )
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds, mib = time.monotonic() - start, usage.ru_maxrss / 1024
        kept = "70000 targets" in out
        wrong += status != 0 or not kept or seconds > MOST_SECONDS or mib > MOST_MIB
        size = sum(f.stat().st_size for f in (folder / name.replace(".", "-")).glob("*")) / 2**20
        print(
            f"{name}: {'70000 targets' if kept else out} in {seconds:.2f} s (core {usage.ru_utime + usage.ru_stime:.2f} s), "
            f"{mib:.0f} MiB at the peak, level of {size:.1f} MiB"
        )
    return wrong


with tempfile.TemporaryDirectory() as scratch:
    failed = midi(pathlib.Path(scratch) / "levels")
    failed += simfiles(pathlib.Path(scratch))
    failed += many(pathlib.Path(scratch))
sys.exit(1 if failed else 0)
