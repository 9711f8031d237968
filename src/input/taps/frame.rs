//! The frame tap: keys as a window hands them over once a frame. Coarse, and flagged as such by [`TimeSource::Winit`].
//!
//! It stands in where no better tap works. The shell pushes the window's key events and closes each frame; a key carries
//! the frame's own moment, and the time since the frame before as what can be promised about it.

use doozy_training::{
    event::{ReleaseCause, TimeSource},
    time::{HostTime, Nanos},
};

use crate::input::{Captured, Control, Edge, KEYBOARD, Notice, TapPort, held::Held};

/// The shell's end of the fallback tap.
pub struct FrameTap {
    port: TapPort,
    held: Held,
    focused: bool,
    last_frame: HostTime,
}

impl FrameTap {
    /// From a port and the present moment. The window counts as focused until told otherwise.
    #[must_use]
    pub fn new(port: TapPort, now: HostTime) -> Self {
        Self { port, held: Held::default(), focused: true, last_frame: now }
    }

    /// A key event that became readable in the frame at `now`. Auto-repeat and keys without focus are dropped.
    pub fn key(&mut self, control: Control, down: bool, now: HostTime) {
        let edge = if down { Edge::Down } else { Edge::Up(ReleaseCause::Released) };
        let new = if down { self.focused && self.held.press(control) } else { self.held.release(control) };
        if new {
            self.send(control, edge, now);
        }
    }

    /// The window lost or gained the keyboard; a loss releases what is held.
    pub fn focus(&mut self, focused: bool, now: HostTime) {
        if focused == self.focused {
            return;
        }
        self.focused = focused;
        if focused {
            self.port.notify(Notice::FocusGained { t: now });
            return;
        }
        for control in self.held.release_all() {
            self.send(control, Edge::Up(ReleaseCause::FocusLost), now);
        }
        self.port.notify(Notice::FocusLost { t: now });
    }

    /// Every key event of the frame at `now` has been pushed.
    pub fn frame(&mut self, now: HostTime) {
        self.last_frame = now;
        self.port.raise_watermark(now);
    }

    fn send(&self, control: Control, edge: Edge, t: HostTime) {
        let err = Nanos((t - self.last_frame).0.max(0));
        self.port.send(Captured { t, err, source: TimeSource::Winit, device: KEYBOARD, control, edge });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::VirtualClock,
        input::{Taps, merge::TapKind},
    };

    const F: Control = Control::Key(33);
    const ALT: Control = Control::Key(56);

    fn ms(t: i64) -> HostTime {
        HostTime(t * 1_000_000)
    }

    #[test]
    fn a_key_of_a_frame_promises_no_more_than_the_frame() {
        let driver = VirtualClock::starting_at(ms(0));
        let mut taps = Taps::new(driver.clock());
        let mut tap = FrameTap::new(taps.port(TapKind::Frame), ms(0));
        tap.frame(ms(16));
        tap.key(F, true, ms(36));
        tap.frame(ms(36));
        let mut seen = Vec::new();
        taps.poll(&mut seen);
        assert_eq!((seen[0].t, seen[0].err, seen[0].source), (ms(36), Nanos::ms(20), TimeSource::Winit));
        assert_eq!(taps.watermark(), ms(36));
    }

    #[test]
    fn the_promise_holds_under_frames_of_any_length() {
        // A key goes down `wait` before the frame that hands it over, in frames of 1 ms to 3 s.
        let driver = VirtualClock::starting_at(ms(0));
        let mut taps = Taps::new(driver.clock());
        let mut tap = FrameTap::new(taps.port(TapKind::Frame), ms(0));
        let (mut now, mut struck) = (0, Vec::new());
        for (length, wait) in [(1, 0), (1, 1), (4, 2), (16, 16), (33, 1), (250, 249), (3_000, 3_000)] {
            now += length;
            struck.push((ms(now - wait), ms(now), Nanos::ms(length)));
            tap.key(F, true, ms(now));
            tap.key(F, false, ms(now));
            tap.frame(ms(now));
        }
        let mut seen = Vec::new();
        taps.poll(&mut seen);
        let presses = seen.iter().filter(|input| input.edge == Edge::Down).collect::<Vec<_>>();
        assert_eq!(presses.len(), struck.len());
        for (press, (true_t, t, err)) in presses.into_iter().zip(struck) {
            assert_eq!((press.t, press.err, press.source), (t, err, TimeSource::Winit));
            assert!(press.t - true_t <= press.err, "{true_t:?} is within the promise");
        }
    }

    #[test]
    fn keys_held_when_the_focus_goes_are_released_by_it() {
        // cases A20: F down 1000, Alt down 1400, focus lost 1450, no key-up ever; focus back 5000, F down 5200 is new.
        let driver = VirtualClock::starting_at(ms(0));
        let mut taps = Taps::new(driver.clock());
        let mut tap = FrameTap::new(taps.port(TapKind::Frame), ms(0));
        tap.key(F, true, ms(1000));
        tap.key(ALT, true, ms(1400));
        tap.focus(false, ms(1450));
        tap.key(F, true, ms(2000));
        tap.focus(true, ms(5000));
        tap.key(ALT, false, ms(5100));
        tap.key(F, true, ms(5200));
        let mut seen = Vec::new();
        taps.poll(&mut seen);
        let lost = Edge::Up(ReleaseCause::FocusLost);
        assert_eq!(
            seen.iter().map(|i| (i.t, i.control, i.edge)).collect::<Vec<_>>(),
            [
                (ms(1000), F, Edge::Down),
                (ms(1400), ALT, Edge::Down),
                (ms(1450), F, lost),
                (ms(1450), ALT, lost),
                (ms(5200), F, Edge::Down)
            ]
        );
        assert_eq!(taps.take_notices(), [Notice::FocusLost { t: ms(1450) }, Notice::FocusGained { t: ms(5000) }]);
    }
}
