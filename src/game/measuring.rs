//! A calibration behind its screen: what it says becomes one resource, once a frame; what the screen asks goes back.
//!
//! The counterpart of the [`bridge`](super::bridge) for measuring delays. It decides nothing and measures nothing.

use anyhow::Result;
use bevy::{
    input::{ButtonState, keyboard::KeyboardInput},
    prelude::*,
    window::WindowFocused,
};
use doozy_training::time::{HostTime, Nanos};

use super::{
    bridge::{Notice, PlayState, ShellClock},
    controls::control_of,
};
use crate::calibration::{Command, Estimate, Handle, Method, Note, Phase, Uncounted};

/// Begins a calibration.
pub type Measure = Box<dyn FnMut(Method) -> Result<Handle> + Send + Sync>;
/// What is stored for a method, in words for the player; nothing where nothing is.
pub type Stored = Box<dyn Fn(Method) -> Vec<String> + Send + Sync>;

/// What the screens of calibration ask the rest of the program for.
#[derive(Resource)]
pub struct Measures {
    pub begin: Measure,
    pub stored: Stored,
}

/// The calibration under way, if one is.
#[derive(Default)]
pub struct Measuring {
    run: Option<Handle>,
    /// The window has been told to it.
    introduced: bool,
    /// The display that it was told of.
    display: Option<String>,
    notes: Vec<Note>,
}

impl Measuring {
    pub fn attach(&mut self, run: Handle) {
        *self = Self { run: Some(run), ..Self::default() };
    }

    /// Ends it; nothing more is stored.
    pub fn detach(&mut self) {
        *self = Self::default();
    }

    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.run.is_some()
    }

    pub fn command(&mut self, command: Command) {
        if let Some(run) = &mut self.run {
            run.command(command);
        }
    }

    /// Tells it the display that the window is on.
    pub fn show_on(&mut self, display: &str) {
        if self.is_attached() && self.display.as_deref() != Some(display) {
            self.display = Some(display.to_owned());
            self.command(Command::Display(display.to_owned()));
        }
    }

    /// Tells it the X window whose keys count, once.
    pub fn introduce(&mut self, window: u32) {
        if self.is_attached() && !std::mem::replace(&mut self.introduced, true) {
            self.command(Command::Window(window));
        }
    }
}

/// The setting of the adjustment that is being made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjusting {
    /// From 1.
    pub setting: u32,
    pub of: u32,
    /// The beat follows the player's pace.
    pub follows: bool,
    pub confirmable: bool,
    /// Where the player stands, ms; shown only once it is confirmed.
    pub x_ms: f64,
}

/// What the screen draws from.
#[derive(Resource, Clone, Debug, Default)]
pub struct Measured {
    pub method: Option<Method>,
    pub phase: Option<Phase>,
    pub estimate: Option<Estimate>,
    /// Asynchronies of matched taps in order, ms, and whether each counts.
    pub taps: Vec<(f64, bool)>,
    pub adjusting: Option<Adjusting>,
    /// Moment for which this frame is drawn.
    pub shown_at: HostTime,
    /// Settings of the adjustment that were confirmed, ms.
    pub settings: Vec<f64>,
    /// Flashes to come: number and moment.
    coming: Vec<(u32, HostTime)>,
    /// The flash that is lit, since when.
    pub lit: Option<HostTime>,
    /// The run is over; whether its estimate was stored.
    pub ended: Option<bool>,
}

/// How long a flash stays lit. ◇ Long enough to be seen in one glance, short against the beat of 800 ms; at 1.25 a second it
/// is far from three a second (skill.md §7).
pub const FLASH: Nanos = Nanos::ms(100);

impl Measured {
    /// Before the first word of a run.
    #[must_use]
    pub fn of(method: Method) -> Self {
        Self { method: Some(method), ..Self::default() }
    }

    fn hear(&mut self, note: &Note) {
        match note {
            Note::Phase(phase) => {
                // a new start: what was gathered is forgotten by the run as well
                if *phase == Phase::Waiting {
                    *self = Self { method: self.method, shown_at: self.shown_at, ..Self::default() };
                }
                self.phase = Some(*phase);
            }
            Note::Beat { n, at } => self.coming.push((*n, *at)),
            Note::Tap { asynchrony_ms, counted, why } => {
                // a reaction is no asynchrony to a beat
                if let Some(ms) = asynchrony_ms.filter(|_| *why != Some(Uncounted::Reaction)) {
                    self.taps.push((ms, *counted));
                }
            }
            Note::Estimate(estimate) => {
                if let Some(adjusting) = self.adjusting
                    && estimate.n as usize > self.settings.len()
                {
                    self.settings.push(adjusting.x_ms);
                }
                self.estimate = Some(estimate.clone());
            }
            &Note::Adjust { x_ms, setting, of, tempo_ms, confirmable } => {
                self.adjusting = Some(Adjusting { setting, of, follows: tempo_ms.is_some(), confirmable, x_ms });
            }
            Note::Ended { kept } => self.ended = Some(*kept),
            Note::Kept(_) | Note::Notice { .. } => {}
        }
    }

    /// Lights the flash that is due in a picture of `shown_at`; gives its number for the answer.
    fn light(&mut self) -> Option<u32> {
        if self.lit.is_some_and(|since| self.shown_at - since >= FLASH) {
            self.lit = None;
        }
        let due = self.coming.iter().filter(|(_, at)| *at <= self.shown_at).map(|(n, _)| *n).max()?;
        self.coming.retain(|(n, _)| *n > due);
        (self.method == Some(Method::TapToFlash)).then(|| {
            self.lit = Some(self.shown_at);
            due
        })
    }
}

/// Draws from the run in `First`, as the bridge does from a session.
fn hear(
    mut measuring: NonSendMut<Measuring>,
    mut measured: ResMut<Measured>,
    mut play: ResMut<PlayState>,
    clock: Res<ShellClock>,
    mut last: Local<HostTime>,
    mut lead: Local<Nanos>,
) {
    let measuring = &mut *measuring;
    let Some(run) = &mut measuring.run else { return };
    if let ShellClock::Virtual { fps } = *clock {
        let frame = Nanos(1_000_000_000 / i64::from(fps.max(1)));
        run.drive(run.now() + frame);
    }
    let now = run.now();
    // Seen about a frame after it is drawn; a tenth of the newest frame, nine of what was.
    let frame = Nanos((now - *last).0.clamp(0, Nanos::ms(150).0));
    *lead = Nanos((lead.0 * 9 + frame.0) / 10);
    *last = now;
    measured.shown_at = now + *lead;
    let mut notes = std::mem::take(&mut measuring.notes);
    run.notes(&mut notes);
    for note in notes.drain(..) {
        measured.hear(&note);
        if let Note::Notice { id, args, grave } = note {
            play.notices.push(Notice { id, args, grave });
        }
    }
    measuring.notes = notes;
    if let Some(n) = measured.light() {
        let at = measured.shown_at;
        measuring.command(Command::Flashed { n, at });
    }
}

/// Hands on the window's own focus and keys where only these can be had. A tap of the server's keys asks the server for the
/// focus too: two who tell of it, each a little late, could end on the older word.
fn feed(
    mut keys: MessageReader<KeyboardInput>,
    mut focused: MessageReader<WindowFocused>,
    mut measuring: NonSendMut<Measuring>,
) {
    let Some(run) = measuring.run.as_mut().filter(|run| run.has_frame_tap()) else {
        keys.clear();
        focused.clear();
        return;
    };
    let now = run.now();
    for message in focused.read() {
        run.command(Command::Focus { has: message.focused, t: now });
        if let Some(tap) = run.frame_tap() {
            tap.focus(message.focused, now);
        }
    }
    let Some(tap) = run.frame_tap() else { return };
    for key in keys.read().filter(|key| !key.repeat) {
        if let Some(control) = control_of(key.key_code) {
            tap.key(control, key.state == ButtonState::Pressed, now);
        }
    }
    tap.frame(now);
}

pub fn plugin(app: &mut App) {
    app.init_non_send::<Measuring>().init_resource::<Measured>().add_systems(First, hear).add_systems(PreUpdate, feed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> HostTime {
        HostTime(Nanos::ms(ms).0)
    }

    #[test]
    fn a_flash_is_lit_once_in_the_first_picture_that_is_not_before_it() {
        let mut measured = Measured { method: Some(Method::TapToFlash), ..Measured::default() };
        measured.hear(&Note::Beat { n: 3, at: at(1_000) });
        measured.shown_at = at(992);
        assert_eq!(measured.light(), None);
        measured.shown_at = at(1_008);
        assert_eq!((measured.light(), measured.lit), (Some(3), Some(at(1_008))));
        measured.shown_at = at(1_024);
        assert_eq!(measured.light(), None);
        measured.shown_at = at(1_108);
        assert_eq!((measured.light(), measured.lit), (None, None));
    }

    #[test]
    fn a_hitch_over_two_flashes_shows_the_later_one_alone() {
        let mut measured = Measured { method: Some(Method::TapToFlash), ..Measured::default() };
        measured.hear(&Note::Beat { n: 0, at: at(0) });
        measured.hear(&Note::Beat { n: 1, at: at(800) });
        measured.shown_at = at(900);
        assert_eq!((measured.light(), measured.light()), (Some(1), None));
    }

    #[test]
    fn beats_that_are_heard_light_nothing() {
        let mut measured = Measured { method: Some(Method::TapToSound), ..Measured::default() };
        measured.hear(&Note::Beat { n: 0, at: at(0) });
        measured.shown_at = at(10);
        assert_eq!((measured.light(), measured.lit), (None, None));
    }

    #[test]
    fn starting_anew_forgets_the_taps() {
        let mut measured = Measured { method: Some(Method::TapToSound), ..Measured::default() };
        measured.hear(&Note::Tap { asynchrony_ms: Some(12.0), counted: true, why: None });
        measured.hear(&Note::Phase(Phase::Waiting));
        assert!(measured.taps.is_empty() && measured.method == Some(Method::TapToSound));
    }
}
