//! The player's twin: a forward model that guesses the player's next asynchrony and learns from its own error each time.
//!
//! Its mossy fibres carry the cue (which interval) and a population code of the last three asynchronies. Before it meets a
//! player it has watched simulated novices, by the very rule by which it goes on learning; nobody's taps are in it at birth.
//! It never has a say in a judgement.

use doozy_cerebellum::{
    forward::{Forward, PAST, REACH, Settings, Taught},
    rng::Stream,
};
use serde::Serialize;

use super::{
    plain::{self, Plain},
    statistics::quantile,
    taps::Run,
};
use crate::learner::production::{Timekeeper, phase_variance};

/// One unit of the model's values, as a share of the interval ◇: about a novice's SD.
pub const UNIT: f64 = 0.05;
/// Intervals that it foretells, ms: where the model's granule cells tell the time (cerebellum.md §3.6).
pub const RANGE_MS: (f64, f64) = (100.0, 1_500.0);
/// Trials of simulated players that it has watched at birth, and taps of each ◇.
const SCHOOL: (u32, usize) = (1_000, 30);
/// Intervals of that school, ms ◇.
const SCHOOL_MS: [f64; 6] = [400.0, 500.0, 600.0, 800.0, 1_000.0, 1_200.0];
/// The tap from which on guesses are compared: the seventh.
pub const COMPARED_FROM: usize = 6;

/// The twin of one player.
#[derive(Clone, Debug)]
pub struct Twin {
    forward: Forward,
    /// The last asynchronies in units, the latest first.
    past: [Option<f64>; PAST],
    interval_ms: f64,
    guessed: bool,
}

/// The cue of an interval: a quarter of an octave each.
fn cue(interval_ms: f64) -> u32 {
    libm::round(4.0 * libm::log2(interval_ms / RANGE_MS.0).max(0.0)) as u32
}

impl Twin {
    /// A twin that has watched simulated novices and no player yet. Takes a second or so.
    #[must_use]
    pub fn born(seed: u64) -> Self {
        Self::schooled(Settings::default(), seed)
    }

    /// As [`Self::born`], with a model of one's own.
    #[must_use]
    pub fn schooled(settings: Settings, seed: u64) -> Self {
        let forward = Forward::new(settings, seed);
        let mut twin = Self { forward, past: [None; PAST], interval_ms: 500.0, guessed: false };
        let mut stream = Stream::named(seed, "twin's school", 0);
        for _ in 0..SCHOOL.0 {
            let interval = SCHOOL_MS[stream.below(SCHOOL_MS.len())];
            twin.begin(interval);
            for tap in novice(interval, SCHOOL.1, &mut stream) {
                twin.guess();
                twin.hear(Some(tap));
            }
        }
        twin
    }

    /// A trial begins: what was before it is no longer heard of.
    pub fn begin(&mut self, interval_ms: f64) {
        self.interval_ms = interval_ms;
        self.past = [None; PAST];
        self.guessed = false;
    }

    /// The next asynchrony as the twin expects it, ms; None at an interval beyond [`RANGE_MS`].
    pub fn guess(&mut self) -> Option<f64> {
        let (least, most) = RANGE_MS;
        if !(least..=most).contains(&self.interval_ms) {
            return None;
        }
        self.guessed = true;
        Some(self.forward.foretell(cue(self.interval_ms), self.past) * UNIT * self.interval_ms)
    }

    /// What came, ms, None for an omission: from a tap the twin learns, if it has guessed it.
    pub fn hear(&mut self, asynchrony_ms: Option<f64>) -> Option<Taught> {
        let value = asynchrony_ms.filter(|ms| ms.is_finite()).map(|ms| ms / (UNIT * self.interval_ms));
        self.past = [value.map(|v| v.clamp(-REACH, REACH)), self.past[0], self.past[1]];
        let guessed = std::mem::take(&mut self.guessed);
        value.filter(|_| guessed).and_then(|value| self.forward.learn(value))
    }

    #[must_use]
    pub fn forward(&self) -> &Forward {
        &self.forward
    }
}

/// A trial of some novice: the timing of skill.md §4.2, spread over people as wide as such numbers are ◇. Own constants, so
/// that a change to the learners' defaults changes no twin.
fn novice(interval_ms: f64, taps: usize, stream: &mut Stream) -> Vec<f64> {
    let alpha = (0.12 + 0.45e-3 * interval_ms).min(0.8) * stream.between(0.6, 1.2);
    let share = 0.04 * interval_ms;
    let clock = libm::sqrt(36.0 + share * share) * stream.between(0.6, 1.3);
    let motor = 12.0 * stream.between(0.6, 1.2);
    let bias = -45.0 + 25.0 * stream.gaussian();
    let delay = motor * stream.gaussian();
    let phase = libm::sqrt(phase_variance(alpha, clock, motor)) * stream.gaussian();
    let mut keeper = Timekeeper::starting(alpha, 0.0, bias, interval_ms, bias + phase + delay, delay);
    let mut found = vec![keeper.t()];
    for n in 1..taps {
        let at = n as f64 * interval_ms;
        let t = keeper.tap(at - interval_ms, clock * stream.gaussian(), motor * stream.gaussian());
        found.push(t - at);
    }
    found
}

/// How well everybody's taps at one interval were foretold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    pub interval_ms: f64,
    pub people: usize,
    /// Taps that were foretold: from the seventh of a trial on.
    pub taps: usize,
    /// Root mean square error of the twin, ms; None beyond its range.
    pub twin: Option<f64>,
    /// Of the plain predictors, ms, in the order of [`Plain::ALL`].
    pub plain: [f64; plain::COUNT],
    /// The best of those, by name.
    pub best: &'static str,
    /// Twin less best, ms: 95 % interval, people drawn again (1,000 times, the best one chosen anew each time); None for one
    /// person.
    pub difference: Option<[f64; 2]>,
    /// People whose taps the twin foretells better than that one does.
    pub better_for: usize,
}

/// One person's squared errors at one interval: the sum for the twin and for each plain predictor, and the number of taps.
#[derive(Clone, Copy, Debug, Default)]
struct Errors {
    n: f64,
    twin: f64,
    plain: [f64; plain::COUNT],
}

impl Errors {
    fn sum(all: impl Iterator<Item = Self>) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            n: sum.n + one.n,
            twin: sum.twin + one.twin,
            plain: core::array::from_fn(|k| sum.plain[k] + one.plain[k]),
        })
    }

    fn rms(&self, square: f64) -> f64 {
        libm::sqrt(square / self.n.max(1.0))
    }

    fn best(&self) -> usize {
        (0..plain::COUNT).min_by(|one, other| self.plain[*one].total_cmp(&self.plain[*other])).unwrap_or(0)
    }
}

/// A twin that goes along with one player, and what it and the plain predictors were worth so far. A guess is made before its
/// tap is heard.
#[derive(Clone, Debug)]
pub struct Diary {
    twin: Twin,
    /// The asynchronies of the trial at hand.
    before: Vec<f64>,
    /// By interval, in the order in which they came.
    errors: Vec<(f64, Errors)>,
}

impl Diary {
    #[must_use]
    pub fn new(twin: Twin) -> Self {
        Self { twin, before: Vec::new(), errors: Vec::new() }
    }

    /// A trial to a steady beat begins.
    pub fn begin(&mut self, interval_ms: f64) {
        self.twin.begin(interval_ms);
        self.before.clear();
        if !self.errors.iter().any(|(interval, _)| *interval == interval_ms) {
            self.errors.push((interval_ms, Errors::default()));
        }
    }

    /// The next beat's tap, ms; None for an omission.
    pub fn beat(&mut self, asynchrony_ms: Option<f64>) {
        let guess = self.twin.guess();
        let interval_ms = self.twin.interval_ms;
        let own = self.errors.iter_mut().find(|(interval, _)| *interval == interval_ms);
        if let Some((tap, (_, errors))) = asynchrony_ms.filter(|_| self.before.len() >= COMPARED_FROM).zip(own) {
            let square = |guess: f64| (tap - guess) * (tap - guess);
            errors.n += 1.0;
            errors.twin += guess.map_or(0.0, square);
            for (sum, way) in errors.plain.iter_mut().zip(Plain::ALL) {
                *sum += square(way.guess(&self.before));
            }
        }
        self.twin.hear(asynchrony_ms);
        self.before.extend(asynchrony_ms);
    }

    /// How well this player's taps were foretold, by interval; those at which no trial had a seventh tap are left out.
    #[must_use]
    pub fn compared(&self) -> Vec<Compared> {
        let mut told: Vec<&(f64, Errors)> = self.errors.iter().filter(|(_, errors)| errors.n > 0.0).collect();
        told.sort_by(|one, other| one.0.total_cmp(&other.0));
        told.into_iter().map(|(interval, errors)| summary(*interval, &[*errors])).collect()
    }
}

/// Lets a copy of `born` go along with each person's trials in the order of the table, and compares its guesses with the
/// plain ones.
#[must_use]
pub fn compare(born: &Twin, runs: &[Run]) -> Vec<Compared> {
    let mut people: Vec<(&str, Diary)> = Vec::new();
    for run in runs {
        let who = people.iter().position(|(name, _)| *name == run.subject).unwrap_or_else(|| {
            people.push((&run.subject, Diary::new(born.clone())));
            people.len() - 1
        });
        let (_, diary) = &mut people[who];
        diary.begin(run.interval_ms);
        for tap in &run.asynchronies {
            diary.beat(*tap);
        }
    }
    let mut intervals: Vec<f64> = runs.iter().map(|run| run.interval_ms).collect();
    intervals.sort_by(f64::total_cmp);
    intervals.dedup();
    let own = |interval: f64| -> Vec<Errors> {
        let all = people.iter().flat_map(|(_, diary)| &diary.errors);
        all.filter(|(at, _)| *at == interval).map(|(_, errors)| *errors).collect()
    };
    intervals.into_iter().map(|interval| summary(interval, &own(interval))).collect()
}

fn summary(interval_ms: f64, own: &[Errors]) -> Compared {
    const AGAIN: u64 = 1_000;
    let own: Vec<Errors> = own.iter().copied().filter(|errors| errors.n > 0.0).collect();
    let all = Errors::sum(own.iter().copied());
    let best = all.best();
    let in_range = (RANGE_MS.0..=RANGE_MS.1).contains(&interval_ms) && !own.is_empty();
    let mut stream = Stream::named(0, "people drawn again", libm::round(interval_ms) as u64);
    // one person drawn again is that person
    let difference = (in_range && own.len() > 1).then(|| {
        let drawn: Vec<f64> = (0..AGAIN)
            .map(|_| {
                let again = Errors::sum((0..own.len()).map(|_| own[stream.below(own.len())]));
                again.rms(again.twin) - again.rms(again.plain[again.best()])
            })
            .collect();
        [quantile(&drawn, 0.025), quantile(&drawn, 0.975)]
    });
    Compared {
        interval_ms,
        people: own.len(),
        taps: all.n as usize,
        twin: in_range.then(|| all.rms(all.twin)),
        plain: all.plain.map(|square| all.rms(square)),
        best: Plain::ALL[best].name(),
        difference,
        better_for: own.iter().filter(|errors| in_range && errors.twin < errors.plain[best]).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People drawn otherwise than the school: trained, with a bias of their own that lasts.
    fn people(n: usize, seed: u64) -> Vec<Run> {
        let mut runs = Vec::new();
        for who in 0..n {
            let mut stream = Stream::named(seed, "people", who as u64);
            let bias = 20.0 * stream.gaussian();
            for trial in 0..6 {
                let taps = novice(600.0, 30, &mut stream);
                runs.push(Run {
                    subject: who.to_string(),
                    trial: trial.to_string(),
                    interval_ms: 600.0,
                    asynchronies: taps.iter().map(|tap| Some(0.7 * tap + bias)).collect(),
                });
            }
        }
        runs
    }

    #[test]
    fn a_twin_foretells_simulated_people_better_than_last_value_mean_and_autoregression() {
        let found = compare(&Twin::born(1), &people(12, 3));
        let [row] = &found[..] else { panic!("one interval: {found:?}") };
        assert_eq!((row.people, row.taps), (12, 12 * 6 * 24));
        let [zero, last, mean, autoregressive, halfway] = row.plain;
        let twin = row.twin.expect("600 ms are in its range");
        assert!(twin < zero.min(last).min(mean).min(autoregressive), "{row:?}");
        // halfway happens to be what is best for these
        assert!(twin < 1.03 * halfway, "{row:?}");
    }

    #[test]
    fn of_taps_that_nothing_foretells_it_claims_nothing() {
        let mut stream = Stream::named(8, "white", 0);
        let runs: Vec<Run> = (0..40)
            .map(|trial| Run {
                subject: (trial / 4).to_string(),
                trial: trial.to_string(),
                interval_ms: 600.0,
                asynchronies: (0..30).map(|_| Some(30.0 * stream.gaussian())).collect(),
            })
            .collect();
        let found = &compare(&Twin::born(1), &runs)[0];
        // 30 ms of noise: nobody can be below that by more than chance
        assert!(found.twin.is_some_and(|twin| twin > 29.0), "{found:?}");
        assert_eq!(found.best, "zero");
        assert!(found.difference.is_some_and(|[low, _]| low > 0.0), "the twin loses to zero: {found:?}");
    }

    #[test]
    fn beyond_its_range_and_without_a_tap_nothing_is_guessed_or_learned() {
        let mut twin = Twin::born(1);
        twin.begin(2_400.0);
        assert_eq!(twin.guess(), None);
        assert_eq!(twin.hear(Some(40.0)), None);
        twin.begin(600.0);
        assert!(twin.guess().is_some_and(f64::is_finite));
        assert_eq!(twin.hear(None), None);
        assert!(twin.guess().is_some() && twin.hear(Some(-30.0)).is_some());
        // told twice without a guess between: nothing to learn from
        assert_eq!(twin.hear(Some(-30.0)), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_guesses() {
        let runs = people(2, 4);
        assert_eq!(compare(&Twin::born(2), &runs), compare(&Twin::born(2), &runs));
    }
}
