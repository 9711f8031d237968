//! Somebody's timing as a file, and a player who taps like that.

use ron::{Options, extensions::Extensions, ser::PrettyConfig};
use serde::{Deserialize, Serialize};

use super::{
    fit::{Fitted, WARM_UP},
    model::Timing,
    statistics::{Statistics, quantile, without_lapses},
    taps::Run,
};
use crate::{
    event::{Lane, Stage, Target, Terms, TrialId, TrialPlan},
    learner::{Player as _, Tapper, production::Precision},
    time::{HostTime, Nanos, TrialClock},
};

/// The version of the file that this program reads and writes.
const VERSION: u32 = 1;
/// The largest file that is read, bytes ◇: a person at a hundred intervals has some 20 KiB.
pub const MAX_BYTES: usize = 256 * 1024;

/// The longest name, characters ◇.
const NAME_MOST: usize = 100;

/// Timing at one interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct At {
    pub interval_ms: f64,
    pub timing: Timing,
    /// Share of beats that are lapses.
    pub lapse: f64,
}

/// A person as measured: timing at one or more intervals, ascending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    version: u32,
    pub name: String,
    pub at: Vec<At>,
}

/// Why a person's file was refused. Displays as `name:line:column: what`, or `name: what` for a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    #[error("{name}:{line}:{column}: {message}")]
    Syntax { name: String, line: usize, column: usize, message: String },
    #[error("{name}: {message}")]
    Value { name: String, message: String },
}

impl Person {
    /// Of one person's fits; None without any.
    #[must_use]
    pub fn of(name: &str, fits: &[&Fitted]) -> Option<Self> {
        let mut at: Vec<At> = fits
            .iter()
            .map(|fitted| At { interval_ms: fitted.interval_ms, timing: fitted.timing(), lapse: fitted.lapse_rate() })
            .collect();
        at.sort_by(|one, other| one.interval_ms.total_cmp(&other.interval_ms));
        (!at.is_empty()).then(|| Self { version: VERSION, name: name.to_owned(), at })
    }

    /// Reads a file's text; `name` is what messages call it.
    ///
    /// # Errors
    /// Where it is no such file, with line and column; where a value cannot be, with the value and what would be right.
    pub fn parse(text: &str, name: &str) -> Result<Self, PersonError> {
        if text.len() > MAX_BYTES {
            let message = format!("it has more than the {MAX_BYTES} bytes that a person's file may have");
            return Err(PersonError::Value { name: name.to_owned(), message });
        }
        let options = Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
        let person: Self = options.from_str(text).map_err(|error| PersonError::Syntax {
            name: name.to_owned(),
            line: error.span.start.line,
            column: error.span.start.col,
            message: error.code.to_string(),
        })?;
        person.check().map_err(|message| PersonError::Value { name: name.to_owned(), message })?;
        Ok(person)
    }

    fn check(&self) -> Result<(), String> {
        if self.version != VERSION {
            return Err(format!("version is {}; this doozy knows {VERSION}", self.version));
        }
        let shown = self.name.chars().count();
        if !(1..=NAME_MOST).contains(&shown) || self.name.chars().any(char::is_control) {
            return Err(format!("name has {shown} characters; it must have 1 to {NAME_MOST}, on one line"));
        }
        if self.at.is_empty() {
            return Err("at is empty; timing at one interval at least is needed".to_owned());
        }
        if self.at.windows(2).any(|pair| pair[0].interval_ms >= pair[1].interval_ms) {
            return Err("at: interval_ms must rise from one entry to the next".to_owned());
        }
        for At { interval_ms, timing, lapse } in &self.at {
            let Timing { bias, alpha, beta, clock, motor } = *timing;
            for (field, value, least, most) in [
                ("interval_ms", *interval_ms, 100.0, 20_000.0),
                ("lapse", *lapse, 0.0, 1.0),
                ("bias", bias, -interval_ms, *interval_ms),
                ("alpha", alpha, 0.01, 1.9),
                ("beta", beta, 0.0, 0.95 * alpha),
                ("clock", clock, 0.0, *interval_ms),
                ("motor", motor, 0.0, *interval_ms),
            ] {
                if !(least..=most).contains(&value) {
                    return Err(format!(
                        "{field} at {interval_ms} ms is {value}; it must be {least} to {most} (beta below alpha: else taps \
                         run away from the beat)"
                    ));
                }
            }
        }
        Ok(())
    }

    /// The file's text.
    ///
    /// # Errors
    /// None that is known of: numbers and names always have a text.
    pub fn text(&self) -> Result<String, ron::Error> {
        ron::ser::to_string_pretty(self, PrettyConfig::new().depth_limit(3)).map(|text| text + "\n")
    }

    /// Timing at an interval: between two measured ones in proportion, beyond the ends with the noises of the nearest in
    /// proportion to the interval and all else as there.
    #[must_use]
    pub fn timing(&self, interval_ms: f64) -> Timing {
        let above = self.at.partition_point(|at| at.interval_ms < interval_ms);
        let nearest = &self.at[above.min(self.at.len() - 1)];
        if above == 0 || above == self.at.len() {
            let share = interval_ms / nearest.interval_ms;
            let timing = nearest.timing;
            return Timing { bias: timing.bias * share.min(1.0), clock: timing.clock * share, ..timing };
        }
        let (low, high) = (&self.at[above - 1], nearest);
        let share = (interval_ms - low.interval_ms) / (high.interval_ms - low.interval_ms);
        let mix = |pick: fn(&Timing) -> f64| pick(&low.timing) + share * (pick(&high.timing) - pick(&low.timing));
        Timing {
            bias: mix(|t| t.bias),
            alpha: mix(|t| t.alpha),
            beta: mix(|t| t.beta),
            clock: mix(|t| t.clock),
            motor: mix(|t| t.motor),
        }
    }

    /// Share of beats that are lapses, mean over the intervals.
    #[must_use]
    pub fn lapse(&self) -> f64 {
        self.at.iter().map(|at| at.lapse).sum::<f64>() / self.at.len().max(1) as f64
    }

    /// A player who taps like this person, lapses included.
    #[must_use]
    pub fn tapper(&self, seed: u64) -> Tapper {
        Tapper::of_person(self, self.lapse(), seed)
    }
}

impl Timing {
    /// As the players have it, at the interval that it was measured at.
    #[must_use]
    pub fn precision(&self) -> Precision {
        Precision {
            clock_floor: self.clock,
            clock_share: 0.0,
            motor: self.motor,
            alpha: (self.alpha, 0.0, self.alpha),
            beta: self.beta,
        }
    }
}

/// What a player made from a fit does in the person's place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Regenerated {
    /// Mean over the repetitions of mean, SD and lag-1 autocorrelation, and the middle 95 % of each.
    pub mean: super::Estimate,
    pub sd: super::Estimate,
    pub lag_1: super::Estimate,
}

/// Lets a player made from `fitted` tap the very trials of `runs` (so many beats, the same ones missing), `times` over, and
/// takes the statistics as the person's were taken. None where they cannot be.
#[must_use]
pub fn regenerate(fitted: &Fitted, runs: &[&Run], times: u64, seed: u64) -> Option<Regenerated> {
    let person = Person::of(&fitted.subject, &[fitted])?;
    let mut found = Vec::new();
    for k in 0..times {
        let mut tapper = Tapper::of_person(&person, 0.0, seed.wrapping_mul(1_000_003).wrapping_add(k));
        let mut from = HostTime(0);
        let trials: Vec<Vec<Option<f64>>> = runs
            .iter()
            .map(|run| {
                let taps = beat(&mut tapper, fitted.interval_ms, run.asynchronies.len(), &mut from);
                taps.into_iter().zip(&run.asynchronies).skip(WARM_UP).map(|(tap, seen)| seen.and(tap)).collect()
            })
            .collect();
        let (trials, _) = without_lapses(&trials, fitted.interval_ms);
        found.extend(Statistics::of(&trials));
    }
    let band = |pick: fn(&Statistics) -> f64| {
        let values: Vec<f64> = found.iter().map(pick).collect();
        super::Estimate {
            value: values.iter().sum::<f64>() / values.len() as f64,
            low: quantile(&values, 0.025),
            high: quantile(&values, 0.975),
        }
    };
    (!found.is_empty()).then(|| Regenerated { mean: band(|s| s.mean), sd: band(|s| s.sd), lag_1: band(|s| s.lag_1) })
}

/// Asynchronies of a player to `beats` of a steady beat that begins at `from`, ms; None where no tap came. `from` moves on to
/// where the next trial can begin.
pub fn beat(player: &mut Tapper, interval_ms: f64, beats: usize, from: &mut HostTime) -> Vec<Option<f64>> {
    let interval = Nanos::from_ms(interval_ms);
    let at = |n: usize| Nanos(interval.0 * (n as i64 + 1));
    let plan = TrialPlan {
        trial: TrialId(0),
        retry_of: None,
        window_was_open: false,
        not_before: HostTime(0),
        cues: Vec::new(),
        targets: (0..beats).map(|n| Target::press(n as u32, at(n), Lane(0))).collect(),
        length: at(beats),
        interval,
        window: Nanos::from_ms(0.4 * interval_ms),
        goal_ms: 0.04 * interval_ms,
        tol_ms: 0.1 * interval_ms,
        rung: 0,
        count_in_ends: Nanos::ZERO,
        running: true,
        stage: Stage::Bell { ioi: interval },
        terms: Terms::default(),
        t: HostTime(0),
    };
    let clock = TrialClock { origin: *from, rate_ppb: 0 };
    *from = *from + plan.length + interval + interval;
    player.begin(&plan, clock);
    let mut taps = vec![None; beats];
    while let Some(tap) = player.next() {
        let off = |n: usize| (tap.t - clock.host(plan.targets[n].at)).as_ms();
        let nearest = (0..beats).min_by(|one, other| off(*one).abs().total_cmp(&off(*other).abs()));
        if let Some(n) = nearest.filter(|n| taps[*n].is_none()) {
            taps[n] = Some(off(n));
        }
    }
    taps
}
