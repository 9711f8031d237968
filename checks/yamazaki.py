"""Prints what `./doozy.sh check yamazaki` measured: `yamazaki.py FOLDER TRIALS`.

FOLDER has `with` and `without` (the textbook program with and without the files that it writes: seconds of wall time and
of a core that a simulated second took, a round a line), `ours` (`doozy lab bench --json`, a round a line) and the textbook
program's own spike files, of which trials 1 to TRIALS are counted.
"""

import json
import pathlib
import statistics
import sys

GRANULE_SHOWN, GOLGI, PURKINJE = 1_024, 1_024, 16  # it writes the first granule cell of each of its 1,024 clusters
CUE = range(250, 750)


def rates(folder, kind, cells, trials):
    """Hz over whole trials, and while the cue is on."""
    steps = []
    for trial in range(1, 1 + trials):
        lines = (folder / f"{kind}.spk.{trial}").read_text().splitlines()
        steps += [int(float(line.split()[0])) for line in lines]
    cue = sum(step in CUE for step in steps)
    return len(steps) / cells / trials, cue / cells / trials / (len(CUE) * 1e-3)


def main():
    folder, trials = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    theirs = {
        name: [tuple(map(float, line.split())) for line in (folder / name).read_text().splitlines()]
        for name in ("with", "without")
    }
    ours = [json.loads(line) for line in (folder / "ours").read_text().splitlines()]
    speeds = [round["presets"][0] for round in ours]
    print(f"{ours[0]['machine']['cpu']}, one core each; trials of 1 s, cue 250-750 ms. Simulated seconds a second of wall "
          "time (of a core's time):")
    print("round  textbook program  without its files  ours, trials     ratio, without its files")
    ratios = []
    for number, (dump, quiet, speed) in enumerate(zip(theirs["with"], theirs["without"], speeds), 1):
        spread = speed["trials"]
        ratios.append((spread["median"] * dump[0], spread["median"] * quiet[0], spread["of_a_core"] * quiet[1]))
        print(f"{number:<5}  {1 / dump[0]:.4f} ({1 / dump[1]:.4f})   {1 / quiet[0]:.4f} ({1 / quiet[1]:.4f})   "
              f"{spread['median']:.2f} ({spread['of_a_core']:.2f})   {ratios[-1][1]:.1f} ({ratios[-1][2]:.1f})")
    wall, quiet, core = (statistics.median(column) for column in zip(*ratios))
    print(f"Ours is {wall:.1f} times as fast as the textbook program, {quiet:.1f} times without the files that it writes "
          f"({core:.1f} by a core's time); medians of {len(ratios)} rounds. Asked for: 60.")
    print("Rates, Hz, over whole trials (while the cue is on, theirs):")
    run = folder / "dump" / "ec" / "run"
    mean = {key: statistics.mean(flat(speed["rates_in_trials"][key]) for speed in speeds)
            for key in ("granule", "golgi", "purkinje")}
    for name, kind, key, cells in [("granule cells", "gr", "granule", GRANULE_SHOWN), ("Golgi cells", "go", "golgi", GOLGI),
                                   ("Purkinje cells", "pc", "purkinje", PURKINJE)]:
        whole, cue = rates(run, kind, cells, trials)
        print(f"{name:<15} theirs {whole:6.2f} ({cue:6.2f})   ours {mean[key]:6.2f}")
    print("Ours has interneurons, nuclei and an olive besides; theirs learns at the end of each trial, ours "
          "at every climbing fibre's spike.")


def flat(rate):
    return statistics.mean(rate) if isinstance(rate, list) else rate


if __name__ == "__main__":
    main()
