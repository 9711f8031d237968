//! What a level may not say (complaints, which refuse it) and what it had better not (warnings, which do not).

use std::fmt;

use super::Level;
use crate::{
    event::{Role, Target},
    time::Nanos,
};

/// Everything that is wrong with a level's values, by the path of the field.
#[derive(Debug, Default)]
pub struct Complaints(pub(super) Vec<(String, String)>);

impl Complaints {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Notes what is wrong with a field and what would be right.
    pub fn say(&mut self, field: &str, message: String) {
        self.0.push((field.to_owned(), message));
    }

    /// A number that lies in a closed range. Not-a-number, the infinities and −0 lie in none.
    pub fn within(&mut self, field: &str, value: f64, (least, most): (f64, f64), unit: &str) {
        if value == 0.0 && value.is_sign_negative() {
            self.say(field, "negative zero is not a value; write 0".to_owned());
        } else if !(least..=most).contains(&value) {
            self.say(field, format!("{value} lies outside {least} to {most} {unit}"));
        }
    }

    /// A whole number that lies in a closed range.
    pub fn count(&mut self, field: &str, value: u32, (least, most): (u32, u32), unit: &str) {
        if !(least..=most).contains(&value) {
            self.say(field, format!("{value} lies outside {least} to {most} {unit}"));
        }
    }
}

/// A level that can be played, but perhaps not as its author thinks.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// Two targets of one lane whose windows overlap: a press between them could belong to either.
    Close { rung: i32, first: Nanos, second: Nanos, window: Nanos },
    /// The author's estimate is off by more than a third.
    Estimate { seconds: u32, planned: u32 },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close { rung, first, second, window } => write!(
                f,
                "targets {} and {} are closer than the window ({} < {}) at rung {rung}",
                first.as_ms(),
                second.as_ms(),
                (*second - *first).as_ms(),
                2.0 * window.as_ms(),
            ),
            Self::Estimate { seconds, planned } => {
                write!(f, "seconds: {seconds} is far from the {planned} that the trials take at the start")
            }
        }
    }
}

/// Neighbours among the times of one lane's targets, in order, whose windows of half-width `window` overlap.
pub fn closer_than_windows(targets: &[Nanos], window: Nanos) -> impl Iterator<Item = (Nanos, Nanos)> {
    targets.windows(2).filter(move |pair| pair[1] - pair[0] < window + window).map(|pair| (pair[0], pair[1]))
}

impl Level {
    /// What the author may want to know before anybody plays.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for rung in self.floor_rung()..=self.top_rung() {
            let setting = self.setting(rung);
            let body = self.plan(&setting, &mut || 0.5);
            for lane in body.targets.iter().map(|target| target.lane).collect::<std::collections::BTreeSet<_>>() {
                // only presses that have moments of their own are matched by windows
                let of_lane = |target: &&Target| target.lane == lane && target.role == Role::Press && !target.stop;
                let times: Vec<_> = body.targets.iter().filter(of_lane).map(|target| target.at).collect();
                if let Some((first, second)) = closer_than_windows(&times, setting.window).next() {
                    warnings.push(Warning::Close { rung, first, second, window: setting.window });
                }
            }
        }
        let start = self.plan(&self.setting(0), &mut || 0.5);
        let planned = libm::round(start.length.as_secs() * f64::from(self.trials())) as u32;
        if self.seconds().abs_diff(planned) * 3 > planned {
            warnings.push(Warning::Estimate { seconds: self.seconds(), planned });
        }
        warnings
    }
}
