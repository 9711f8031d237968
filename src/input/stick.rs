//! The stick of a drill that steers: a pad's axis without its noise, and keys that move a stick of their own.
//!
//! Both are functions of stamps alone, without a device or a clock of their own: whoever delivers, and in whatever order,
//! the stick stands at a moment where it stands.

use std::collections::{BTreeMap, BTreeSet};

use doozy_training::{
    event::{DeviceId, Input, Tilt},
    time::{HostTime, Nanos},
};
use serde::{Deserialize, Serialize};

use super::{
    Control, Edge, TimedInput,
    bindings::StickPart,
    control::PadSide,
    pad::{PadAxis, PadChange},
};

/// How far a stick is pushed, −1 (left) … 1 (right), in steps of 1/10,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Deflection(i16);

impl Deflection {
    const STEPS: f64 = 10_000.0;
    pub const CENTRE: Self = Self(0);

    /// The step nearest to `x`, brought into −1…1; what is no number is the centre.
    #[must_use]
    pub fn new(x: f64) -> Self {
        let x = if x.is_finite() { x.clamp(-1.0, 1.0) } else { 0.0 };
        Self((x * Self::STEPS).round() as i16)
    }

    /// −1 (left) … 1 (right).
    #[must_use]
    pub fn x(self) -> f64 {
        f64::from(self.0) / Self::STEPS
    }
}

/// Deflection up to which an axis counts as at rest, and from which it counts as pushed home; 0…1.
///
/// ◇ Ours: cases A24 asks for a dead zone of 0.1 or more (pads rest up to 0.08 off centre, noise included); worn sticks end
/// a few per cent before their stop. Between the two the travel is stretched to 0…1, so that nothing jumps.
const REST: f32 = 0.1;
const HOME: f32 = 0.97;

/// An axis that moves by less than this from what was last told is not told again: the noise of the converters.
///
/// ◇ Ours: a pad's 8 bits are steps of 1/128. A stick's whole way is told in 256 steps at most.
const LEAST_MOVE: f64 = 1.0 / 128.0;

/// Where an axis's value puts the stick.
#[must_use]
pub fn shaped(value: f32) -> f64 {
    if !value.is_finite() {
        return 0.0;
    }
    let way = f64::from(((value.abs() - REST) / (HOME - REST)).clamp(0.0, 1.0));
    if value < 0.0 { -way } else { way }
}

/// Both sticks of a pad, as they were last told.
#[derive(Clone, Debug, Default)]
pub struct PadSticks {
    left: f64,
    right: f64,
}

impl PadSticks {
    /// What a change means for the stick: where it stands from now on, none if it need not be told.
    pub fn apply(&mut self, change: PadChange) -> Option<(Control, Edge)> {
        let PadChange::Axis(PadAxis::StickX(side), value) = change else { return None };
        let told = match side {
            PadSide::Left => &mut self.left,
            PadSide::Right => &mut self.right,
        };
        let x = shaped(value);
        // at rest and at its ends it stands exactly
        let exact = (x == 0.0 || x.abs() == 1.0) && x != *told;
        if !exact && (x - *told).abs() < LEAST_MOVE {
            return None;
        }
        *told = x;
        Some((Control::Axis(side), Edge::Tilt(Deflection::new(x))))
    }

    /// The pad is gone: its sticks are at rest.
    pub fn lose(&mut self) -> impl Iterator<Item = (Control, Edge)> + use<> {
        let gone = std::mem::take(self);
        let moved = [(PadSide::Left, gone.left), (PadSide::Right, gone.right)].into_iter().filter(|(_, x)| *x != 0.0);
        moved.map(|(side, _)| (Control::Axis(side), Edge::Tilt(Deflection::CENTRE)))
    }
}

/// Speed of the keys' stick as a key goes down, and from [`SPEED_UP`] on; the whole way from side to side is 2.
///
/// ◇ Ours: a touch of 50 ms moves it by a fiftieth of the way, so that keys can aim; held, it outruns the steepest path
/// that a level may ask for today (0.9 a second) twice over.
const SLOW_A_SECOND: f64 = 0.5;
const FAST_A_SECOND: f64 = 2.0;
const SPEED_UP: Nanos = Nanos::ms(300);
/// While it moves it is told this often: the judge takes it to stand still in between.
const STEP: Nanos = Nanos::ms(4);

/// How far the keys' stick has moved so long after its key went down.
fn way(since: Nanos) -> f64 {
    let (t, up) = (since.as_secs(), SPEED_UP.as_secs());
    let rising = t.min(up);
    SLOW_A_SECOND * rising
        + (FAST_A_SECOND - SLOW_A_SECOND) * rising * rising / (2.0 * up)
        + FAST_A_SECOND * (t - rising)
}

/// The stick's way since a key changed.
#[derive(Clone, Copy, Debug)]
struct Leg {
    /// The change.
    by: TimedInput,
    from: f64,
    /// −1, 0 or 1.
    towards: f64,
    /// Steps told.
    told: i64,
}

impl Leg {
    fn x(&self, t: HostTime) -> f64 {
        (self.from + self.towards * way(t - self.by.t)).clamp(-1.0, 1.0)
    }
}

/// A stick that two sets of keys push to the left and to the right. It stays where they leave it; while both push it
/// stands still.
#[derive(Clone, Debug, Default)]
pub struct KeyStick {
    waiting: BTreeMap<(HostTime, u64), (TimedInput, bool)>,
    held: [BTreeSet<(DeviceId, Control)>; 2],
    leg: Option<Leg>,
}

impl KeyStick {
    /// A key of a side went down or up; takes effect at its own stamp.
    pub fn push(&mut self, input: TimedInput, part: StickPart) {
        if part != StickPart::Axis {
            self.waiting.insert((input.t, input.seq), (input, part == StickPart::Right));
        }
    }

    /// Appends the stick's moves before `until`, up to which every key must have been pushed.
    pub fn advance(&mut self, until: HostTime, moves: &mut Vec<Input>) {
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 < until) {
            let (input, right) = first.remove();
            self.go_on(input.t, moves);
            self.turn(input, right, moves);
        }
        self.go_on(until, moves);
    }

    fn turn(&mut self, input: TimedInput, right: bool, moves: &mut Vec<Input>) {
        let key = (input.device, input.control);
        let side = &mut self.held[usize::from(right)];
        match input.edge {
            Edge::Down => drop(side.insert(key)),
            Edge::Up(_) => drop(side.remove(&key)),
            Edge::Tilt(_) => return,
        }
        let [left, right] = [0, 1].map(|side| f64::from(u8::from(!self.held[side].is_empty())));
        let towards = right - left;
        if towards == self.leg.map_or(0.0, |leg| leg.towards) {
            return;
        }
        let from = self.leg.map_or(0.0, |leg| leg.x(input.t));
        // where it was caught, to the nanosecond
        if self.leg.is_some_and(|leg| leg.towards != 0.0) {
            moves.push(tilt(&input, input.t, from));
        }
        self.leg = Some(Leg { by: input, from, towards, told: 0 });
    }

    /// Tells the steps before `until`.
    fn go_on(&mut self, until: HostTime, moves: &mut Vec<Input>) {
        let Some(leg) = self.leg.as_mut().filter(|leg| leg.towards != 0.0) else { return };
        loop {
            let t = leg.by.t + Nanos(STEP.0 * (leg.told + 1));
            let before = leg.x(t - STEP);
            if t >= until || before.abs() == 1.0 && before * leg.towards > 0.0 {
                return;
            }
            leg.told += 1;
            moves.push(tilt(&leg.by, t, leg.x(t)));
        }
    }
}

fn tilt(by: &TimedInput, t: HostTime, x: f64) -> Input {
    let TimedInput { err, source, device, control, seq, .. } = *by;
    Input::Tilt(Tilt { t, err, source, device, axis: control.code(), x, seq })
}

#[cfg(test)]
mod tests;
