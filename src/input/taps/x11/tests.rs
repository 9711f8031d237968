//! The tap against a real X server: Xvfb, with keys pressed through XTEST from another connection.

use std::time::Duration;

use super::*;
use crate::{
    clock::Clock,
    input::{Taps, TimedInput, merge::TapKind, xvfb::Xvfb},
};

/// X11 keycodes of F and Alt.
const F: u8 = 41;
const ALT: u8 = 64;

const UP: Edge = Edge::Up(ReleaseCause::Released);
const LOST: Edge = Edge::Up(ReleaseCause::FocusLost);

/// The bound of a test; the figure itself is measured by the self-check (docs/input.md).
const LOOSE: Nanos = Nanos::ms(10);

struct Rig {
    taps: Taps,
    tap: X11Tap,
    seen: Vec<TimedInput>,
    notices: Vec<Notice>,
}

impl Rig {
    fn new(xvfb: &Xvfb, gate: Gate) -> Self {
        let mut taps = Taps::new(Clock::host());
        let tap = X11Tap::start(taps.port(TapKind::X11), Some(&xvfb.display), gate).unwrap();
        Self { taps, tap, seen: Vec::new(), notices: Vec::new() }
    }

    /// Polls until `done`, for 10 s at most.
    fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let start = clock::now();
        loop {
            self.taps.poll(&mut self.seen);
            self.notices.extend(self.taps.take_notices());
            if done(self) {
                return;
            }
            assert!(clock::now() - start < Nanos::ms(10_000), "no {what}: {:?} {:?}", self.seen, self.notices);
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Polls until everything that happened before this call has been delivered.
    fn settle(&mut self) {
        let now = clock::now();
        self.until("watermark", |rig| rig.taps.watermark() > now);
    }

    fn gained(&self) -> usize {
        self.notices.iter().filter(|notice| matches!(notice, Notice::FocusGained { .. })).count()
    }

    fn lost(&self) -> usize {
        self.notices.iter().filter(|notice| matches!(notice, Notice::FocusLost { .. })).count()
    }

    fn edges(&self) -> Vec<(u16, Edge)> {
        self.seen.iter().map(|input| (input.control.code() + 8, input.edge)).collect()
    }
}

#[test]
fn a_key_held_for_a_second_and_a_half_is_one_press_and_one_release() {
    let xvfb = Xvfb::start();
    let keys = xvfb.connect();
    let mut rig = Rig::new(&xvfb, Gate::Open);
    rig.until("start", |rig| rig.gained() == 1);
    let down = keys.press(F);
    thread::sleep(Duration::from_millis(1500));
    let up = keys.release(F);
    rig.until("release", |rig| rig.seen.len() >= 2);
    rig.settle();
    assert_eq!(rig.edges(), [(41, Edge::Down), (41, UP)]);
    assert_eq!(rig.tap.distrusted(), 0);
    for (input, [before, after]) in rig.seen.iter().zip([down, up]) {
        assert!(
            input.t >= before && input.t <= after + LOOSE,
            "{} after, {} before",
            input.t - after,
            before - input.t
        );
        assert_eq!((input.source, input.device), (TimeSource::X11, KEYBOARD));
    }
}

#[test]
fn every_key_of_a_burst_arrives_in_order() {
    let xvfb = Xvfb::start();
    let keys = xvfb.connect();
    let mut rig = Rig::new(&xvfb, Gate::Open);
    rig.until("start", |rig| rig.gained() == 1);
    for _ in 0..100 {
        keys.press(F);
        keys.release(F);
    }
    rig.until("burst", |rig| rig.seen.len() >= 200);
    rig.settle();
    assert_eq!(rig.edges(), [(41, Edge::Down), (41, UP)].repeat(100));
    assert!(rig.seen.is_sorted_by_key(|input| input.t));
}

#[test]
fn keys_count_while_the_window_has_the_focus() {
    // cases A20, with a real server: F and Alt held, focus goes, comes back; what is pressed elsewhere never counts.
    let xvfb = Xvfb::start();
    let keys = xvfb.connect();
    let [game, other] = [keys.window(), keys.window()];
    keys.focus(game);
    let mut rig = Rig::new(&xvfb, Gate::Window(game));
    rig.until("focus", |rig| rig.gained() == 1);
    keys.press(F);
    keys.press(ALT);
    rig.until("presses", |rig| rig.seen.len() == 2);
    keys.focus(other);
    rig.until("loss of focus", |rig| rig.lost() == 1);
    keys.release(ALT);
    keys.release(F);
    keys.press(F);
    rig.settle();
    keys.focus(game);
    rig.until("focus again", |rig| rig.gained() == 2);
    keys.release(F);
    keys.press(F);
    keys.release(F);
    rig.until("new press", |rig| rig.seen.len() >= 6);
    rig.settle();
    assert_eq!(rig.edges(), [(41, Edge::Down), (64, Edge::Down), (41, LOST), (64, LOST), (41, Edge::Down), (41, UP)]);
    keys.press(F);
    rig.until("press", |rig| rig.seen.len() == 7);
    keys.destroy(game);
    rig.until("loss of the window", |rig| rig.lost() == 2);
    assert_eq!(rig.seen.last().map(|input| input.edge), Some(LOST));
}

#[test]
fn a_window_that_is_minimised_lets_go_of_its_keys_and_one_that_is_covered_does_not() {
    // cases A20, the variants: minimised, and a full-screen window on top that takes no focus
    let xvfb = Xvfb::start();
    let keys = xvfb.connect();
    let game = keys.window();
    keys.focus(game);
    let mut rig = Rig::new(&xvfb, Gate::Window(game));
    rig.until("focus", |rig| rig.gained() == 1);
    keys.press(F);
    rig.until("press", |rig| rig.seen.len() == 1);
    let _on_top = keys.window();
    rig.settle();
    assert_eq!((rig.edges(), rig.lost()), (vec![(41, Edge::Down)], 0), "whoever has the focus has the keys");
    let before = clock::now();
    keys.hide(game);
    rig.until("loss", |rig| rig.lost() == 1);
    assert_eq!(rig.edges(), [(41, Edge::Down), (41, LOST)]);
    assert!(rig.seen[1].t >= before && rig.seen[1].t <= clock::now());
    keys.release(F);
    keys.press(F);
    keys.release(F);
    keys.show(game);
    keys.focus(game);
    rig.until("focus again", |rig| rig.gained() == 2);
    keys.press(F);
    rig.until("new press", |rig| rig.seen.len() >= 3);
    rig.settle();
    assert_eq!(rig.edges(), [(41, Edge::Down), (41, LOST), (41, Edge::Down)]);
}

#[test]
fn one_press_is_one_tap_while_another_program_holds_the_keyboard() {
    // cases A26: input methods and Alt+Tab take the keyboard for a while; the focus stays where it is
    let xvfb = Xvfb::start();
    let keys = xvfb.connect();
    let game = keys.window();
    keys.focus(game);
    let mut rig = Rig::new(&xvfb, Gate::Window(game));
    rig.until("focus", |rig| rig.gained() == 1);
    keys.grab();
    for _ in 0..3 {
        keys.press(F);
        keys.release(F);
    }
    rig.until("presses", |rig| rig.seen.len() >= 6);
    keys.ungrab();
    rig.settle();
    assert_eq!(rig.edges(), [(41, Edge::Down), (41, UP)].repeat(3));
    assert_eq!(rig.lost(), 0);
}

#[test]
fn without_a_window_manager_nobody_in_particular_has_the_keys() {
    let xvfb = Xvfb::start();
    let keys = xvfb.connect();
    let [game, other] = [keys.window(), keys.window()];
    let mut rig = Rig::new(&xvfb, Gate::Closed);
    keys.press(F);
    keys.release(F);
    rig.settle();
    assert_eq!(rig.edges(), []);
    rig.tap.set_gate(Gate::Window(game));
    rig.until("gate", |rig| rig.gained() == 1);
    keys.press(F);
    rig.until("press", |rig| rig.seen.len() == 1);
    // No window is told that the focus goes from the pointer to another; the tap finds out by itself.
    keys.focus(other);
    rig.until("loss of focus", |rig| rig.lost() == 1);
    assert_eq!(rig.edges(), [(41, Edge::Down), (41, LOST)]);
}

#[test]
fn a_server_that_goes_ends_the_tap_with_a_reason() {
    let xvfb = Xvfb::start();
    let mut rig = Rig::new(&xvfb, Gate::Open);
    rig.until("start", |rig| rig.gained() == 1);
    drop(xvfb);
    let ended = |notice: &Notice| matches!(notice, Notice::TapEnded { tap: TapKind::X11, why: Some(_), .. });
    rig.until("end", |rig| rig.notices.iter().any(ended));
}

#[test]
fn a_display_that_is_not_there_is_an_error_that_says_what_to_do() {
    let mut taps = Taps::new(Clock::host());
    for display in [":59000", ":65000", ":4294967296", "nonsense", ""] {
        let error = X11Tap::start(taps.port(TapKind::X11), Some(display), Gate::Open).err().unwrap().to_string();
        assert!(error.starts_with("no X display could be opened") && error.contains("coarse key times"), "{error}");
    }
}
