#!/usr/bin/env bash
# Sets up whatever is missing on Debian or Ubuntu, then plays, tests or checks Doozy. Safe to run again and again.
#
#   ./doozy.sh play [LEVEL]   build and play; without a display, the headless demo
#   ./doozy.sh test           what CI runs: format, lints, docs, all tests
#   ./doozy.sh check [PART]   what needs other programs or patience (see docs/checks.md); no PART lists them
#   ./doozy.sh setup          only install what play and test need
set -euo pipefail
HERE=$PWD
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
export HOME

# One target folder outside the clone: the dependencies compile once for every clone, for play, test and CI.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/doozy/target}"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"

# Debian's names of what building, running and testing need (docs/decisions/0003-one-profile.md says what each is for).
BUILD_PACKAGES=(build-essential pkg-config libasound2-dev libudev-dev libxkbcommon-dev)
RUN_PACKAGES=(libxkbcommon-x11-0 libx11-6 libx11-xcb1 libxcursor1 libxi6 libxrandr2 mesa-vulkan-drivers)
TEST_PACKAGES=(xvfb sox)

say() { printf '%s\n' "$*"; }
fail() { printf 'doozy.sh: %s\n' "$*" >&2; exit "${2:-1}"; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1; then sudo "$@"
  else fail "installing needs root: run as root, or install sudo (wanted: $*)" 3
  fi
}

# install PACKAGE…: those that are missing, said before they are installed.
install() {
  local missing=() p
  command -v dpkg-query >/dev/null 2>&1 || {
    say "Not a Debian or Ubuntu machine: install the equivalents of: $*"
    return 0
  }
  for p in "$@"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "Installing system packages: ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null
}

toolchain() {
  local env="${CARGO_HOME:-$HOME/.cargo}/env"
  # shellcheck disable=SC1090
  [ ! -f "$env" ] || . "$env"
  if ! command -v cargo >/dev/null 2>&1; then
    say "Installing the Rust toolchain named in rust-toolchain.toml, by rustup's own installer (https://rustup.rs)"
    install curl ca-certificates
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --no-modify-path --profile minimal --default-toolchain none
    # shellcheck disable=SC1090
    . "$env"
  fi
  # rustup reads rust-toolchain.toml and fetches that version if it is missing; not where another of its toolchains is the
  # same version under another name. A cargo without rustup must already fit.
  local wanted
  wanted=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
  if command -v rustup >/dev/null 2>&1 && ! rustup toolchain list | grep -q "^$wanted" &&
    [ "$(rustup run stable rustc --version 2>/dev/null | awk '{print $2}')" = "$wanted" ]; then
    export RUSTUP_TOOLCHAIN=stable
  fi
  local version
  version=$(cargo --version | awk '{print $2}')
  case "$version" in
    1.9[5-9].*|1.[1-9][0-9][0-9].*|[2-9].*) ;;
    *) fail "Rust 1.95 or newer is needed, this is $version: update it, or remove it and let this script install rustup" 3 ;;
  esac
}

setup() { install "${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}" "$@"; toolchain; }

# timed NAME COMMAND…: the minutes of each part, for docs/checks.md.
PARTS=()
timed() {
  local name=$1 start=$SECONDS
  shift
  say "== $name"
  "$@"
  PARTS+=("$(printf '%-12s %3d min %02d s' "$name" $(((SECONDS - start) / 60)) $(((SECONDS - start) % 60)))")
}

play() {
  local headless=
  if [ -z "${DISPLAY:-}" ]; then
    headless=1
    if [ -n "${WAYLAND_DISPLAY:-}" ]; then
      say "No X display (XWayland is not running): running the headless demo instead of the game."
    else
      say "No display: running the headless demo instead of the game."
    fi
  fi
  setup
  cargo build --locked --bin doozy
  local doozy="$CARGO_TARGET_DIR/debug/doozy" rc=0
  # Mesa's Wayland library complains where there is no such folder, though no Wayland is used
  [ -n "${XDG_RUNTIME_DIR:-}" ] || { XDG_RUNTIME_DIR=$(mktemp -d) && export XDG_RUNTIME_DIR; }
  # a level's path is the caller's
  cd "$HERE"
  if [ -z "$headless" ]; then
    "$doozy" play "$@" || rc=$?
    # 3: this machine lacks what the message named, most often a display that is set and does not answer
    [ "$rc" -eq 3 ] || exit "$rc"
    say "No window could be opened (see above): running the headless demo instead of the game."
  fi
  "$doozy" demo --headless --seconds 20 "$@"
}

run_tests() {
  setup "${TEST_PACKAGES[@]}"
  timed format cargo fmt --all --check
  timed clippy cargo clippy --locked --workspace --all-targets -- -D warnings
  timed plain cargo clippy --locked --package doozy --no-default-features --lib --bins -- -D warnings
  timed docs env RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
  timed build cargo test --locked --workspace --no-run
  timed crates cargo test --locked --workspace --lib --bins --quiet
  say "== parts so far"
  printf '%s\n' "${PARTS[@]}"
  # Last, so that the runner's closing line ends the output.
  say "== integration"
  cargo test --locked --test integration
}

case "${1:-}" in
  play) shift; play "$@" ;;
  test) run_tests ;;
  check) shift; setup "${TEST_PACKAGES[@]}"; exec bash checks/run.sh "$@" ;;
  setup) setup "${TEST_PACKAGES[@]}" ;;
  *) sed -n '2,8p' "$0" | sed 's/^# \{0,1\}//'; [ -z "${1:-}" ] || exit 2 ;;
esac
