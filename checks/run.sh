#!/usr/bin/env bash
# Parts of `./doozy.sh check`: what needs other programs or patience. Each writes what it found, with date and conditions,
# into its section of docs/checks.md, and ends non-zero where a bound is missed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
OUT=docs/checks.md

conditions() {
  printf '%s, %s cores, load %s, %s' "$(date -u +%F)" "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)" "$(git describe --always --dirty 2>/dev/null || echo 'no git')"
}

# record PART: standard input becomes the part's section of docs/checks.md, and is printed.
record() {
  local part=$1 body
  body=$(cat)
  printf '%s\n' "$body"
  [ -f "$OUT" ] || printf '# Checks\n\nWhat `./doozy.sh check PART` found. Each section is written by its part.\n' >"$OUT"
  awk -v part="$part" '
    $0 == "## " part { skip = 1; next }
    /^## / { skip = 0 }
    !skip { lines[++n] = $0 }
    END { while (n > 0 && lines[n] == "") n--; for (i = 1; i <= n; i++) print lines[i] }' "$OUT" >"$OUT.new"
  { printf '\n## %s\n\n%s\n\n```text\n%s\n```\n' "$part" "$(conditions)" "$body" >>"$OUT.new"; } && mv "$OUT.new" "$OUT"
}

# Every experiment of the model against its bands, 20 seeds, one core, by the library alone.
gate() { cargo run --quiet --locked --example experiments -p doozy-cerebellum -- "$@"; }

# Every experiment over 20 seeds on all cores, resumable, with figures: docs/science/lab-small.md, and lab-standard.md.
lab() {
  local preset dir=${XDG_CACHE_HOME:-$HOME/.cache}/doozy/lab
  cargo build --quiet --locked --bin doozy || return 1
  for preset in small standard; do
    "${CARGO_TARGET_DIR:-target}/debug/doozy" lab run all --seeds 20 --preset "$preset" --out "$dir" || return 1
    sed '/^!\[/d' "$dir/$preset.md" | cat -s >"docs/science/lab-$preset.md"
  done
}

# The gate with Purkinje somata in NEST 3.10: five networks with gap junctions off, three with them on (about 20 minutes).
nest() {
  local home=${XDG_CACHE_HOME:-$HOME/.cache}/doozy/nest seed
  [ -x "$home/bin/python" ] || { python3 -m venv "$home" && "$home/bin/pip" install --quiet nest-simulator==3.10.0 numpy; } || return 1
  cargo build --quiet --locked --bin doozy || return 1
  for seed in 0 1 2 3 4; do
    "${CARGO_TARGET_DIR:-target}/debug/doozy" lab export-network "$home/net$seed" --seed "$seed" --force --quiet >/dev/null || return 1
  done
  "$home/bin/python" examples/compare_nest.py "$home"/net[0-4] --conditions declared charge coarse | sed -n '/^|/,$p'
  "$home/bin/python" examples/compare_nest.py "$home"/net[0-2] --conditions coupled | sed -n '/^|/,$p'
}

# Simulated trials of the textbook program that are timed, after a first that is not.
TEXTBOOK_TRIALS=3

# textbook FOLDER: runs its ./main there, in run/, over those trials: seconds of wall time and of a core for each.
textbook() {
  local out pid line wall core
  mkdir -p "$1/run"
  exec {out}< <(cd "$1/run" && exec ../main 2>&1)
  pid=$!
  while read -r -u "$out" line; do
    case $line in
      "trial = 1") wall=$EPOCHREALTIME core=$(awk '{ print $14 + $15 }' "/proc/$pid/stat") ;;
      "trial = $((1 + TEXTBOOK_TRIALS))")
        awk -v trials="$TEXTBOOK_TRIALS" -v from="$wall" -v to="$EPOCHREALTIME" -v before="$core" -v tick="$(getconf CLK_TCK)" \
          '{ printf "%.3f %.3f\n", (to - from) / trials, ($14 + $15 - before) / tick / trials }' "/proc/$pid/stat"
        break
        ;;
    esac
  done
  kill "$pid" 2>/dev/null
  exec {out}<&-
}

# Yamazaki's textbook program, of a checkout of https://github.com/numericalbrainorg/snsbook (argument, or $SNSBOOK), and our
# preset of its sizes, one core each and in turn, three times (about 4 minutes, and a release build).
yamazaki() {
  local source=${1:-${SNSBOOK:-}} dir round
  [ -f "$source/code/part2/ec/main.c" ] || {
    printf 'yamazaki needs the folder of a checkout as argument or in SNSBOOK: git clone https://github.com/numericalbrainorg/snsbook\n' >&2
    return 3
  }
  dir=$(mktemp -d) || return 1
  # Its own make, once as it is and once with what it writes to its files left out, by a header before its own.
  printf '#include <stdio.h>\n#define fprintf(to, ...) ((to) == stderr ? (fprintf)(to, __VA_ARGS__) : 0)\n#define fflush(to) 0\n' >"$dir/quiet.h"
  for round in dump quiet; do
    mkdir "$dir/$round" && cp -r "$source/code/part2/ec" "$source/code/part2/misc" "$dir/$round/" || return 1
  done
  { make -C "$dir/dump/ec" main && make -C "$dir/quiet/ec" main CFLAGS="-O3 -std=gnu11 -include $dir/quiet.h"; } >"$dir/make.log" 2>&1 ||
    { tail -n 5 "$dir/make.log"; return 1; }
  cargo build --release --quiet --locked --no-default-features --bin doozy || return 1
  for round in 1 2 3; do
    textbook "$dir/dump/ec" >>"$dir/with" && textbook "$dir/quiet/ec" >>"$dir/without" &&
      "${CARGO_TARGET_DIR:-target}/release/doozy" lab bench --preset yamazaki --seconds 10 --json --quiet >>"$dir/ours" || return 1
  done
  python3 checks/yamazaki.py "$dir" "$TEXTBOOK_TRIALS"
  local rc=$?
  rm -rf "$dir"
  return "$rc"
}

# on_xvfb COMMAND…: runs it on an X server of its own.
on_xvfb() {
  local display server number rc
  exec {display}< <(exec Xvfb -displayfd 1 -screen 0 640x480x24 -nolisten tcp -noreset 2>/dev/null)
  server=$!
  read -r -u "$display" number
  DISPLAY=":$number" "$@"
  rc=$?
  kill "$server" 2>/dev/null
  exec {display}<&-
  return "$rc"
}

# Error of key times under Xvfb, nothing else running: what the tap alone can do. Fails above p95 1 ms or p99 0.5 ms (a minute).
keys() {
  cargo build --quiet --locked --bin doozy || return 1
  local report
  report=$(on_xvfb "$CARGO_TARGET_DIR/debug/doozy" doctor --json --keys "${1:-4000}" --data "$(mktemp -d)" 2>/dev/null) || return 1
  python3 -c '
import json, sys
report = json.loads(sys.argv[1])
k = report["keys"]
print("|recorded - injected| of %d presses and releases, ms: p50 %.3f, p95 %.3f, p99 %.3f, max %.3f; %d missed; load %s"
      % (k["n"], k["p50_ms"], k["p95_ms"], k["p99_ms"], k["max_ms"], k["missed"], report["scheduler"]["load_1min"]))
bad = [p for p in report["promises"] if p["id"].startswith("key_") and p["verdict"] != "holds"]
for p in bad:
    print("does not hold: %s: %s %s, at most %s" % (p["says"], p["measured"], p["unit"], p["bound"]))
sys.exit(bool(bad))' "$report"
}

# The real game under Xvfb, rendering confined to one core, a level full of doozies played with real keys: |recorded −
# injected|. Fails above p95 1 ms, or p99 1 ms while a doozy is rendered (4 minutes; the machine must be idle otherwise).
played() { cargo build --quiet --locked --bin doozy && cargo run --quiet --locked --example real_keys; }

# What this machine promises, at length, without a display of its own if there is none (a minute).
doctor() {
  cargo build --quiet --locked --bin doozy || return 1
  if [ -n "${DISPLAY:-}" ]; then "$CARGO_TARGET_DIR/debug/doozy" doctor --thorough 2>/dev/null
  else on_xvfb "$CARGO_TARGET_DIR/debug/doozy" doctor --thorough 2>/dev/null
  fi
}

# Eight simulated hours through the whole conductor, then replayed: last error to the nanosecond, memory flat (10 minutes).
hours() { cargo test --quiet --locked --test integration eight_hours -- --ignored --nocapture; }

# The main thread's own work per frame during a doozy with all debris, fixed step 1/60 s, without rendering.
frame() { cargo run --quiet --locked --example frame_work; }

# Flashes of 12 taps a second and a doozy, counted on rendered frames as WCAG 2.3.1 has it; with reduced effects none.
flash() { cargo run --quiet --locked --example flash_check; }

# What a commit of the record costs on this disk, and how many entries a second it takes.
store() { cargo test --quiet --locked --package doozy --lib record_speed -- --ignored --nocapture; }

# A clean clone and an empty target folder: minutes and megabytes of `play`, then of `test`.
cold() {
  local dir start rc
  dir=$(mktemp -d) && git clone --quiet . "$dir/doozy" || return 1
  for command in play test; do
    rm -rf "$dir/target"
    start=$SECONDS
    (cd "$dir/doozy" && env -u DISPLAY CARGO_TARGET_DIR="$dir/target" ./doozy.sh "$command") >"$dir/$command.log" 2>&1
    rc=$?
    printf '%s: exit code %d, %d min %02d s, target folder %s\n' "$command" "$rc" $(((SECONDS - start) / 60)) \
      $(((SECONDS - start) % 60)) "$(du -sh "$dir/target" | cut -f1)"
    grep -E '^(format|clippy|plain|docs|build|crates) +[0-9]' "$dir/$command.log"
    tail -n 4 "$dir/$command.log"
    [ "$rc" -eq 0 ] || { rm -rf "$dir"; return 1; }
  done
  printf 'downloads: %s of crates in ~/.cargo/registry/cache\n' "$(du -sh ~/.cargo/registry/cache | cut -f1)"
  rm -rf "$dir"
}

# The importer against mido, pretty_midi and simfile, on the MIDI files of two packages of PyPI (music21, partitura) and on
# simfiles made here, and what 70,000 targets cost.
import() {
  local home=${XDG_CACHE_HOME:-$HOME/.cache}/doozy/import
  if [ ! -d "$home/files/music21" ]; then
    python3 -m venv "$home" &&
      "$home/bin/pip" install --quiet mido==1.3.3 pretty_midi==0.2.11.post0 simfile==2.1.1 &&
      "$home/bin/pip" download --quiet --no-deps --dest "$home/wheels" music21==10.5.1 partitura==1.9.0 &&
      for wheel in "$home"/wheels/*.whl; do
        "$home/bin/python" -m zipfile -e "$wheel" "$home/files" || return 1
      done || return 1
  fi
  cargo build --quiet --locked --no-default-features --bin doozy || return 1
  "$home/bin/python" checks/import.py "${CARGO_TARGET_DIR:-target}/debug/doozy" "$home/files"
}

# Recordings by ffmpeg's encoders (FLAC, Vorbis, MP3 with and without its tag, WAV of 24 bits and floats): decoded, each burst has to lie
# within three samples of where it was written (a minute; ffmpeg 7.0.2 by imageio-ffmpeg, into the cache).
recordings() {
  local home=${XDG_CACHE_HOME:-$HOME/.cache}/doozy/recordings
  [ -x "$home/bin/python" ] || { python3 -m venv "$home" && "$home/bin/pip" install --quiet imageio-ffmpeg==0.6.0; } || return 1
  FFMPEG=$("$home/bin/python" -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())') || return 1
  FFMPEG=$FFMPEG cargo test --quiet --locked --lib files_of_other_coders -- --ignored --nocapture
}

# The Mozart that music21 10.5.1 carries, imported and played by the game itself without a window: the judged targets against mido and
# pretty_midi (some minutes; `check import` first, which fetches them).
song() {
  local home=${XDG_CACHE_HOME:-$HOME/.cache}/doozy/import
  cargo build --quiet --locked --bin doozy || return 1
  "$home/bin/python" checks/played.py "${CARGO_TARGET_DIR:-target}/debug/doozy" "$home/files/music21/omr/k525short.mid" "$@"
}

# 70,000 targets imported, then played through by a simulated player in virtual time, every one judged, and replayed.
marathon() { cargo test --quiet --locked --test integration seventy_thousand_targets_are_played -- --ignored --nocapture; }

# Two million mutations through every parser of files that people bring (levels, MIDI, osu!, ZIP, simfiles): no panic, none
# longer than 5 s, 256 MiB at most.
fuzz() {
  local tests=(--quiet --locked --no-default-features --test integration)
  cargo test "${tests[@]}" --no-run || return 1
  (ulimit -v 4000000 && cargo test "${tests[@]}" millions_of_mutations -- --ignored --nocapture)
}

# The training loop with the network: Gaussian players of 16–60 ms, 1,200 events each, intact and with MLI2 silenced (about 3 minutes).
sketch() { cargo test --quiet --locked -p doozy-training the_sketch -- --ignored --nocapture; }

# The calibration screen under Xvfb, tapped to with real keys at a known distance: found within 1 ms (3 minutes).
calibrate() { cargo build --quiet --locked --bin doozy && cargo test --quiet --locked --test integration found_within_a_millisecond -- --ignored --nocapture; }

# Keys and focus under a Wayland compositor (sway without a screen, XWayland, a virtual keyboard): a minute.
# Needs sway and xwayland of Debian.
wayland() { cargo build --quiet --locked --bin doozy && python3 checks/wayland.py "${CARGO_TARGET_DIR:-target}/debug/doozy" levels/pulse/1.level.ron; }

# The audio clock's fit over eight simulated hours of cards off by 100 ppm, at four rates and blocks (about a minute).
clock() { cargo test --quiet --locked --package doozy --no-default-features --lib eight_hours -- --ignored --nocapture; }

# Debian's Slurm on this one machine: an array of 8 shards, one killed and requeued, merged, against one process (as root; the
# first build of DataFusion takes its 20 minutes).
slurm() { bash checks/slurm.sh; }

PARTS=(gate lab nest yamazaki sketch store slurm import song marathon recordings fuzz clock keys played wayland calibrate doctor hours frame flash cold)
case "${1:-}" in
  "") printf 'parts: %s\n' "${PARTS[*]}" ;;
  *)
    part=$1
    shift
    for known in "${PARTS[@]}"; do
      if [ "$known" = "$part" ]; then
        "$part" "$@" | record "$part"
        exit "${PIPESTATUS[0]}"
      fi
    done
    printf 'no part %s; parts: %s\n' "$part" "${PARTS[*]}" >&2
    exit 2
    ;;
esac
