//! Knobs: what a level turns, in its order, once the tolerance has come down to the goal SD.

use serde::{Deserialize, Serialize};

use crate::level::check::Complaints;

/// Most steps of one knob ◇: a rung a step, and nobody climbs more in a level.
pub(super) const STEPS: (u32, u32) = (1, 50);

/// One knob of the drill `D`.
pub trait Knob<D> {
    /// How many harder steps it has; at least 1.
    fn steps(&self) -> u32;
    /// Turns `drill`, as the knobs before left it, `taken` of these steps.
    fn turn(&self, drill: &mut D, taken: u32);
    /// Says what is wrong with the knob, `path` in the level, for `drill` as the knobs before leave it.
    fn check(&self, drill: &mut D, path: &str, complaints: &mut Complaints);
}

/// How many steps the listed knobs have between them.
pub fn steps<D, K: Knob<D>>(knobs: &[K]) -> u32 {
    knobs.iter().map(Knob::steps).fold(0, u32::saturating_add)
}

/// The drill after so many harder steps, taken in the order in which the knobs are listed.
pub fn turned<D: Clone, K: Knob<D>>(drill: &D, knobs: &[K], steps: u32) -> D {
    let mut turned = drill.clone();
    let mut left = steps;
    for knob in knobs {
        let taken = left.min(knob.steps());
        left -= taken;
        if taken == 0 {
            break;
        }
        knob.turn(&mut turned, taken);
    }
    turned
}

/// Checks the knobs one after the other and leaves the drill as they turn it in the end.
pub fn check<D: Clone, K: Knob<D>>(drill: &D, knobs: &[K], complaints: &mut Complaints) -> D {
    let mut turned = drill.clone();
    for (i, knob) in knobs.iter().enumerate() {
        let path = format!("drill.knobs[{i}]");
        knob.check(&mut turned, &path, complaints);
        knob.turn(&mut turned, knob.steps());
    }
    turned
}

/// [`check`], and then every rung by what `wrong` says of it: a field and a message. Only the first fault is told.
pub fn check_rungs<D: Clone, K: Knob<D>>(
    drill: &D,
    knobs: &[K],
    complaints: &mut Complaints,
    wrong: impl Fn(&D) -> Option<(&'static str, String)>,
) {
    let told = complaints.len();
    check(drill, knobs, complaints);
    // numbers that lie out of range have been told; what follows from them says nothing
    if told > 0 || complaints.len() > told {
        return;
    }
    if let Some((field, message)) = (0..=steps(knobs)).find_map(|step| wrong(&turned(drill, knobs, step))) {
        complaints.say(field, message);
    }
}

/// Where a knob leads: to a value, in equal steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct To {
    pub to: f64,
    pub steps: u32,
}

/// Which way a number has to go to make a drill harder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harder {
    Less,
    More,
    /// Both, away from what is easy.
    Either,
}

/// A number of a drill, as one of its knobs takes hold of it.
pub struct Dial<'a> {
    pub value: Value<'a>,
    /// Where it may lie, and its unit.
    pub range: (f64, f64),
    pub unit: &'static str,
    pub harder: Harder,
}

/// What a dial turns.
pub enum Value<'a> {
    Number(&'a mut f64),
    /// A whole number: on its way it is rounded.
    Count(&'a mut u32),
}

impl<'a> Dial<'a> {
    pub fn new(value: &'a mut f64, range: (f64, f64), unit: &'static str, harder: Harder) -> Self {
        Self { value: Value::Number(value), range, unit, harder }
    }

    pub fn count(value: &'a mut u32, range: (u32, u32), unit: &'static str, harder: Harder) -> Self {
        Self { value: Value::Count(value), range: (f64::from(range.0), f64::from(range.1)), unit, harder }
    }

    fn now(&self) -> f64 {
        match &self.value {
            Value::Number(value) => **value,
            Value::Count(value) => f64::from(**value),
        }
    }

    /// Turns it `taken` of the steps.
    pub fn turn(self, To { to, steps }: To, taken: u32) {
        let there = between(self.now(), to, taken, steps);
        match self.value {
            Value::Number(value) => *value = there,
            Value::Count(value) => *value = libm::round(there) as u32,
        }
    }

    /// Says what is wrong with turning it so.
    pub fn check(self, To { to, steps }: To, path: &str, complaints: &mut Complaints) {
        let (field, now, unit) = (format!("{path}.to"), self.now(), self.unit);
        complaints.within(&field, to, self.range, unit);
        complaints.count(&format!("{path}.steps"), steps, STEPS, "steps");
        let (is_harder, advice) = match self.harder {
            Harder::Less => (to < now, "give less"),
            Harder::More => (to > now, "give more"),
            Harder::Either => (to != now, "a knob leads to another value"),
        };
        if !is_harder && to.is_finite() {
            complaints.say(&field, format!("{to} {unit} is not harder than the {now} {unit} before it; {advice}"));
        }
        if let Value::Count(_) = self.value {
            if to != libm::trunc(to) {
                complaints.say(&field, format!("{to} {unit} is not a whole number"));
            } else if f64::from(steps) > libm::fabs(to - now) {
                let most = libm::fabs(to - now);
                complaints.say(
                    &format!("{path}.steps"),
                    format!("{steps} steps from {now} to {to} {unit} leave some rungs alike; give at most {most}"),
                );
            }
        }
    }
}

/// A number on its way between two values: after `step` of `steps` equal steps from `from`, exactly `to` at the end.
pub(super) fn between(from: f64, to: f64, step: u32, steps: u32) -> f64 {
    if step >= steps { to } else { from + (to - from) * f64::from(step) / f64::from(steps) }
}

/// The knobs of a kind whose knobs all lead numbers to values: the enumeration that levels write, and its [`Knob`].
///
/// `knobs! { Kind { Variant(drill) => dial, … } }`; the dial takes hold of a number of `drill`.
macro_rules! knobs {
    ($kind:ty { $($(#[$doc:meta])* $variant:ident($drill:ident) => $dial:expr),+ $(,)? }) => {
        /// One knob of the drill.
        #[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub enum Knob {
            $($(#[$doc])* $variant(crate::level::drill::knob::To)),+
        }

        impl Knob {
            fn to(self) -> crate::level::drill::knob::To {
                match self {
                    $(Self::$variant(to) => to),+
                }
            }

            fn dial(self, drill: &mut $kind) -> crate::level::drill::knob::Dial<'_> {
                match self {
                    $(Self::$variant(_) => { let $drill = drill; $dial }),+
                }
            }
        }

        impl crate::level::drill::knob::Knob<$kind> for Knob {
            fn steps(&self) -> u32 {
                self.to().steps
            }

            fn turn(&self, drill: &mut $kind, taken: u32) {
                self.dial(drill).turn(self.to(), taken);
            }

            fn check(&self, drill: &mut $kind, path: &str, complaints: &mut crate::level::check::Complaints) {
                self.dial(drill).check(self.to(), path, complaints);
            }
        }
    };
}
pub(super) use knobs;
