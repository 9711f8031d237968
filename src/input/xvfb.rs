//! A display of its own for a test: an Xvfb on a free number, and a second connection that presses keys through XTEST.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use doozy_training::time::HostTime;
use x11rb::{
    COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT,
    connection::Connection,
    protocol::{
        xproto::{
            ConnectionExt as _, CreateWindowAux, GrabMode, GrabStatus, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
            Window, WindowClass,
        },
        xtest::ConnectionExt as _,
    },
    rust_connection::RustConnection,
};

use crate::clock;

/// A running Xvfb, ended when dropped.
pub struct Xvfb {
    server: Child,
    pub display: String,
}

impl Xvfb {
    pub fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "320x240x24", "-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("this test needs Xvfb, which did not start ({e}); on Debian: apt install xvfb"));
        let mut number = String::new();
        let out = server.stdout.take().expect("stdout is piped");
        BufReader::new(out).read_line(&mut number).expect("Xvfb says its number");
        Self { server, display: format!(":{}", number.trim()) }
    }

    /// Switches the whole keymap, as a settings panel does: "fr", "us(dvorak)"…
    pub fn layout(&self, layout: &str) {
        let status = Command::new("setxkbmap")
            .args(["-display", &self.display, "-layout", layout])
            .status()
            .unwrap_or_else(|e| panic!("setxkbmap comes with Xvfb (x11-xkb-utils) and did not start: {e}"));
        assert!(status.success(), "setxkbmap {layout}");
    }

    pub fn connect(&self) -> Keys {
        let (conn, screen) = RustConnection::connect(Some(&self.display)).expect("Xvfb takes connections");
        Keys { root: conn.setup().roots[screen].root, conn }
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Another client of the display: it presses keys and opens windows.
pub struct Keys {
    conn: RustConnection,
    root: Window,
}

impl Keys {
    /// Presses a key; gives a moment before it and one after the server has taken it.
    pub fn press(&self, keycode: u8) -> [HostTime; 2] {
        self.fake(KEY_PRESS_EVENT, keycode)
    }

    pub fn release(&self, keycode: u8) -> [HostTime; 2] {
        self.fake(KEY_RELEASE_EVENT, keycode)
    }

    fn fake(&self, kind: u8, keycode: u8) -> [HostTime; 2] {
        let before = clock::now();
        self.conn.xtest_fake_input(kind, keycode, 0, self.root, 0, 0, 0).unwrap();
        self.conn.get_input_focus().unwrap().reply().unwrap();
        [before, clock::now()]
    }

    /// Prints other letters on a key, as a switch of the layout does: unshifted and shifted, by keysym.
    pub fn map(&self, keycode: u8, keysyms: [u32; 2]) {
        self.conn.change_keyboard_mapping(1, keycode, 2, &keysyms).unwrap().check().unwrap();
    }

    pub fn window(&self) -> Window {
        let window = self.conn.generate_id().unwrap();
        let (depth, class) = (COPY_DEPTH_FROM_PARENT, WindowClass::INPUT_OUTPUT);
        let aux = CreateWindowAux::new();
        self.conn.create_window(depth, window, self.root, 0, 0, 9, 9, 0, class, COPY_FROM_PARENT, &aux).unwrap();
        self.conn.map_window(window).unwrap().check().unwrap();
        window
    }

    pub fn focus(&self, window: Window) {
        self.conn.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME).unwrap().check().unwrap();
    }

    /// Takes a window off the screen, as minimising does.
    pub fn hide(&self, window: Window) {
        self.conn.unmap_window(window).unwrap().check().unwrap();
    }

    pub fn show(&self, window: Window) {
        self.conn.map_window(window).unwrap().check().unwrap();
    }

    /// Takes the whole keyboard, as input methods and window managers do for a while.
    pub fn grab(&self) {
        let grabbed = self
            .conn
            .grab_keyboard(false, self.root, x11rb::CURRENT_TIME, GrabMode::ASYNC, GrabMode::ASYNC)
            .unwrap()
            .reply()
            .unwrap();
        assert_eq!(grabbed.status, GrabStatus::SUCCESS);
    }

    pub fn ungrab(&self) {
        self.conn.ungrab_keyboard(x11rb::CURRENT_TIME).unwrap().check().unwrap();
    }

    pub fn destroy(&self, window: Window) {
        self.conn.destroy_window(window).unwrap().check().unwrap();
    }
}
