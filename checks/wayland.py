"""The game's key stamps and its focus under a Wayland compositor, through XWayland.

Usage: wayland.py DOOZY LEVEL

Starts sway without a screen (headless backend, pixman), the game in it as an X11 client, and presses keys as a virtual
keyboard of the Wayland protocol (zwp_virtual_keyboard_v1): compositor, XWayland and the tap are real, hardware is none.
Injected is the monotonic clock right before the request is written, so that the figures include the way through both
servers.

- Stamps: presses and releases of a key without a meaning, |recorded - injected|.
- Focus: a key is held while the workspace is switched, and while the window is put away (scratchpad, what sway has for
  minimising); it has to come up at once, its own release elsewhere counts for nothing, and the next press is a new one.

Ends with 1 where p95 is beyond 1 ms, an edge is missing, or a held key stays down.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

DOOZY, LEVEL = sys.argv[1:3]
X, J = 45, 36  # evdev's KEY_X, bound to nothing, and KEY_J, which answers the lane
EDGES = 400
P95_MS = 1.0
# sway refuses to run as root: then everything runs as nobody
NOBODY = 65534
AS_USER = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.getuid() == 0 else []

KEYMAP = b"""xkb_keymap {
xkb_keycodes { include "evdev+aliases(qwerty)" };
xkb_types { include "complete" };
xkb_compat { include "complete" };
xkb_symbols { include "pc+us+inet(evdev)" };
};\0"""

CONFIG = """xwayland force
output HEADLESS-1 resolution 1280x720
exec env > {environment}
"""


def string(text):
    data = text.encode() + b"\0"
    return struct.pack("<I", len(data)) + data + b"\0" * (-len(data) % 4)


class Keyboard:
    """A virtual keyboard on a Wayland connection of its own, in the protocol's wire format."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.request(1, 1, struct.pack("<I", 2))  # wl_display.get_registry
        self.request(1, 0, struct.pack("<I", 3))  # wl_display.sync
        found, buffer = {}, b""
        while True:
            buffer += self.socket.recv(65536)
            done = False
            while len(buffer) >= 8:
                thing, size_opcode = struct.unpack_from("<II", buffer)
                size, opcode = size_opcode >> 16, size_opcode & 0xFFFF
                if len(buffer) < size:
                    break
                body, buffer = buffer[8:size], buffer[size:]
                if (thing, opcode) == (2, 0):  # wl_registry.global
                    name, length = struct.unpack_from("<II", body)
                    found[body[8 : 8 + length - 1].decode()] = name
                done = done or thing == 3
            if done:
                break
        for interface, number in [("wl_seat", 4), ("zwp_virtual_keyboard_manager_v1", 5)]:
            self.request(2, 0, struct.pack("<I", found[interface]) + string(interface) + struct.pack("<II", 1, number))
        self.request(5, 0, struct.pack("<II", 4, 6))  # create_virtual_keyboard
        with tempfile.TemporaryFile() as keymap:
            keymap.write(KEYMAP)
            keymap.flush()
            self.request(6, 0, struct.pack("<II", 1, len(KEYMAP)), keymap.fileno())
        self.request(6, 2, struct.pack("<IIII", 0, 0, 0, 0))

    def request(self, thing, opcode, body, fd=None):
        message = struct.pack("<II", thing, (8 + len(body)) << 16 | opcode) + body
        if fd is None:
            self.socket.sendall(message)
        else:
            socket.send_fds(self.socket, [message], [fd])

    def key(self, code, down):
        t = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        self.request(6, 1, struct.pack("<III", t // 1_000_000 & 0xFFFFFFFF, code, int(down)))
        return t

    def tap(self, code):
        self.key(code, True)
        time.sleep(0.03)
        self.key(code, False)


def raw(data, name):
    """Edges of a key as the record has them: (t in ns, down, source, during)."""
    path = data / "doozy.sqlite"
    if not path.exists():
        return []
    base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = base.execute("SELECT t_ns, json, source, during FROM raw_inputs WHERE name = ? ORDER BY seq", (name,))
        return [(t, json.loads(text)["down"], source, during) for t, text, source, during in rows]
    except sqlite3.OperationalError:
        return []
    finally:
        base.close()


def wait(what, ask, seconds=60, meanwhile=lambda: None):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ask():
            return
        meanwhile()
        time.sleep(0.1)
    raise SystemExit(f"{what}: not within {seconds} s")


def main():
    missing = [program for program in ("sway", "swaymsg", "Xwayland") if not shutil.which(program)]
    if missing:
        raise SystemExit(f"needs {', '.join(missing)}: apt-get install sway xwayland")
    home = pathlib.Path(tempfile.mkdtemp(prefix="doozy-wayland-"))
    runtime, data, config = home / "run", home / "data", home / "config"
    for folder in (runtime, data, config):
        folder.mkdir(mode=0o700)
    (config / "settings.toml").write_text("first_run_done = true\n")
    (home / "sway.conf").write_text(CONFIG.format(environment=home / "environment"))
    if AS_USER:
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", home], check=True)
    clean = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "SWAYSOCK")}
    environment = clean | {
        "XDG_RUNTIME_DIR": str(runtime),
        "HOME": str(home),
        "WLR_BACKENDS": "headless",
        "WLR_LIBINPUT_NO_DEVICES": "1",
        "WLR_RENDERER": "pixman",
    }
    started = []
    try:
        log = open(home / "sway.log", "w")
        started.append(subprocess.Popen(AS_USER + ["sway", "-c", str(home / "sway.conf")], env=environment, stdout=log, stderr=log))
        wait("sway starts", lambda: (home / "environment").exists() and "DISPLAY=" in (home / "environment").read_text())
        of_sway = dict(line.split("=", 1) for line in (home / "environment").read_text().splitlines() if "=" in line)
        inside = environment | {key: of_sway[key] for key in ("DISPLAY", "WAYLAND_DISPLAY", "SWAYSOCK")}

        def sway(*words):
            subprocess.run(AS_USER + ["swaymsg", *words], env=inside, check=True, stdout=subprocess.DEVNULL)

        # as on a desktop: both displays are named, and the window is an X11 one
        game = inside | {"DOOZY_CONFIG": str(config), "LP_NUM_THREADS": "1"}
        output = open(home / "game.log", "w")
        started.append(
            subprocess.Popen(AS_USER + [DOOZY, "play", LEVEL, "--data", str(data)], env=game, stdout=output, stderr=output)
        )
        keyboard = Keyboard(str(runtime / of_sway["WAYLAND_DISPLAY"]))
        wait("the game hears a key", lambda: raw(data, "KeyX"), meanwhile=lambda: keyboard.tap(X))
        time.sleep(1.0)

        before = len(raw(data, "KeyX"))
        made = []
        for n in range(EDGES):
            made.append(keyboard.key(X, n % 2 == 0))
            # gaps that meet every phase of the game's frames
            time.sleep(0.01 + 0.02 * ((n * 0.618033988749895) % 1))
        wait("all edges are recorded", lambda: len(raw(data, "KeyX")) >= before + EDGES, 30)
        edges = raw(data, "KeyX")[before:]
        errors = sorted((t - injected) / 1e6 for (t, *_), injected in zip(edges, made))
        sizes = sorted(abs(error) for error in errors)
        at = lambda share: sizes[min(len(sizes) - 1, int(share * len(sizes)))]
        sources = sorted({source for *_, source, _ in edges})
        print(f"compositor: {subprocess.run(['sway', '--version'], capture_output=True, text=True).stdout.strip()}, headless, X11 client through XWayland")
        print(f"stamps: n {len(edges)}, source {'/'.join(sources)}, p50 {at(0.5):.3f}, p95 {at(0.95):.3f}, p99 {at(0.99):.3f}, max {sizes[-1]:.3f} ms; earliest {errors[0]:+.3f} ms")
        failed = at(0.95) > P95_MS or len(edges) != EDGES

        for name, away, back in [
            ("another workspace", ["workspace", "2"], ["workspace", "1"]),
            ("put away (scratchpad)", ["move", "scratchpad"], ["scratchpad", "show"]),
        ]:
            before = len(raw(data, "KeyJ"))
            down = keyboard.key(J, True)
            time.sleep(0.4)
            gone = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            sway(*away)
            time.sleep(0.5)
            keyboard.key(J, False)
            keyboard.tap(J)
            time.sleep(0.3)
            sway(*back)
            time.sleep(1.0)
            again = keyboard.key(J, True)
            time.sleep(0.1)
            keyboard.key(J, False)
            wait("the new press is recorded", lambda: len(raw(data, "KeyJ")) >= before + 4, 10)
            edges = raw(data, "KeyJ")[before:]
            shape = [edge[1] for edge in edges]
            late = (edges[1][0] - gone) / 1e6
            right = shape == [True, False, True, False] and 0 <= late < 450 and abs(edges[2][0] - again) < 20_000_000
            print(
                f"{name} while held: down {(edges[0][0] - down) / 1e6:+.2f} ms, up {late:.1f} ms after the command was given, "
                f"what was pressed elsewhere {'left no trace' if len(edges) == 4 else 'was recorded'}, new press {(edges[2][0] - again) / 1e6:+.2f} ms"
                f"{'' if right else '  WRONG'}"
            )
            failed = failed or not right
        return failed
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        if not os.environ.get("KEEP"):
            shutil.rmtree(home, ignore_errors=True)
        else:
            print(home)


sys.exit(main())
