//! A virtual X display with real key presses: Xvfb, and a second connection that presses keys through XTEST.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use x11rb::{connection::Connection as _, protocol::xtest::ConnectionExt as _, rust_connection::RustConnection};

/// An X server of its own, ended when dropped.
pub struct Xvfb {
    child: Child,
    pub display: String,
}

impl Xvfb {
    /// Starts Xvfb on a display number that it picks itself.
    pub fn start() -> Self {
        let mut child = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x720x24", "-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed by ./doozy.sh test (package xvfb)");
        let mut number = String::new();
        BufReader::new(child.stdout.take().expect("its output is piped"))
            .read_line(&mut number)
            .expect("it says its display");
        assert!(!number.trim().is_empty(), "Xvfb ended without a display");
        Self { child, display: format!(":{}", number.trim()) }
    }

    /// A connection that can press keys.
    pub fn keyboard(&self) -> Keyboard {
        let (x, screen) = x11rb::connect(Some(&self.display)).expect("the display answers");
        x.xtest_get_version(2, 2).expect("a request").reply().expect("Xvfb has XTEST");
        let root = x.setup().roots[screen].root;
        Keyboard { x, root }
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        // an X server that is gone already is what we want
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Presses keys as hardware would, by evdev code.
pub struct Keyboard {
    x: RustConnection,
    root: u32,
}

impl Keyboard {
    fn key(&self, evdev: u8, down: bool) {
        // X keycodes are evdev codes + 8; 2 and 3 are KeyPress and KeyRelease
        self.x.xtest_fake_input(if down { 2 } else { 3 }, evdev + 8, 0, self.root, 0, 0, 0).expect("a request");
        self.x.flush().expect("the display takes it");
    }

    /// Presses a key and returns the monotonic time of the request.
    pub fn press(&self, evdev: u8) -> i64 {
        let t = doozy::clock::now().0;
        self.key(evdev, true);
        t
    }

    /// Lets a key go and returns the monotonic time of the request.
    pub fn release(&self, evdev: u8) -> i64 {
        let t = doozy::clock::now().0;
        self.key(evdev, false);
        t
    }
}
