//! The tapper: a player with a clock, a hand, a bias and lapses, for beats and for moving balls.

use std::{collections::VecDeque, str::FromStr};

use doozy_cerebellum::rng::Stream;

use super::{
    Player, Stick, Tap,
    production::{Precision, Timekeeper, phase_variance},
    score::{HELD, Performer, Skill},
};
use crate::{
    event::{ErrorUnit, Lane, Role, Stage, Target, TrialPlan},
    people::Person,
    time::{HostTime, Nanos, TrialClock},
};

/// A lapse presses anywhere about the target, with this share of the interval as SD (science/skill.md §4.2).
pub(super) const LAPSE_SPREAD: f64 = 0.2;
/// Probability that a press is doubled (same source).
const DOUBLE_TAP: f64 = 0.005;
/// The second press of a double follows after so many ms ◇: below the 180 ms under which a press is called a double.
const DOUBLE_AFTER_MS: (f64, f64) = (60.0, 120.0);
/// Clock noise for a moving ball, relative to a tone (same source).
pub(super) const BALL_NOISE: f64 = 1.1;
/// Two presses of one finger are at least this far apart ◇; finger maximum is 6–7 a second, doubles included it is less.
const FINGER: Nanos = Nanos::ms(20);
/// The showcase stumbles once in so many seconds ◇: a demonstration of 20 s shows at least one big miss.
const STUMBLE_EVERY_S: (f64, f64) = (6.0, 9.0);

/// Whom a tapper plays like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    Trained,
    Novice,
    /// Noisy clock, steady hand: like people with cerebellar ataxia (Ivry).
    Ataxic,
    /// A novice with little bias who stumbles hard every 6–9 s: for demonstrations, not for any claim.
    Showcase,
}

impl Profile {
    pub const ALL: [Self; 4] = [Self::Trained, Self::Novice, Self::Ataxic, Self::Showcase];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Trained => "trained",
            Self::Novice => "novice",
            Self::Ataxic => "ataxic",
            Self::Showcase => "showcase",
        }
    }

    /// The novice's is that of the twenty people of docs/science/people.md, at 600 and 1200 ms; the trained player's is
    /// science/skill.md §4.2's; the ataxic one's has §4.2's ratio to the novice (Ivry: the clock suffers, the hand does not).
    #[must_use]
    pub fn precision(self) -> Precision {
        let novice =
            Precision { clock_floor: 8.0, clock_share: 0.029, motor: 9.0, alpha: (0.14, 0.30, 0.9), beta: 0.2 };
        match self {
            Self::Trained => {
                Precision { clock_floor: 4.0, clock_share: 0.022, motor: 8.0, alpha: (0.2, 0.6, 0.9), beta: 0.3 }
            }
            Self::Novice => novice,
            Self::Ataxic => Precision { clock_floor: 13.0, clock_share: 0.054, ..novice },
            // a stage figure, as §4.2 had the novice: what it does in recorded demonstrations is seen and known
            Self::Showcase => {
                Precision { clock_floor: 6.0, clock_share: 0.04, motor: 12.0, alpha: (0.12, 0.45, 0.8), beta: 0.2 }
            }
        }
    }

    /// Mean and spread over people of the asynchrony that feels simultaneous with a tone, ms.
    #[must_use]
    pub fn bias(self) -> (f64, f64) {
        match self {
            Self::Trained => (-15.0, 10.0),
            Self::Novice => (-40.0, 19.0),
            Self::Ataxic => (-55.0, 25.0),
            // ◇ a bias that is seen but does not by itself fail
            Self::Showcase => (-18.0, 4.0),
        }
    }

    /// Probability of a lapse.
    #[must_use]
    pub fn lapse(self) -> f64 {
        match self {
            Self::Trained => 0.005,
            Self::Novice => 0.01,
            Self::Ataxic => 0.04,
            Self::Showcase => 0.0,
        }
    }
}

/// A profile that nobody has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no simulated player is called {name:?}; there are trained, novice, ataxic and showcase")]
pub struct UnknownProfile {
    name: String,
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == name)
            .ok_or_else(|| UnknownProfile { name: name.to_owned() })
    }
}

/// A simulated player made from a [`Profile`]; presses are a function of the seed and the trials.
#[derive(Clone, Debug)]
pub struct Tapper {
    precision: Precision,
    /// Bias with a tone, and with a ball, ms. People's constant error with a ball lies about 0.
    bias: (f64, f64),
    lapse: f64,
    /// Clock noise for a moving ball, relative to a tone.
    ball_noise: f64,
    /// When the next stumble is due; None for those who do not.
    stumble: Option<HostTime>,
    stumbles: bool,
    stream: Stream,
    skill: Skill,
    trial: Option<Trial>,
    /// What is left of a trial that is played through from the score, the next one first.
    score: VecDeque<Tap>,
    sticks: VecDeque<Stick>,
    /// No press lies before this.
    free: HostTime,
    /// The second press of a double.
    double: Option<Tap>,
    /// Somebody measured, whose timing is taken up with each trial.
    person: Option<Person>,
}

/// What a tapper knows of the trial at hand.
#[derive(Clone, Debug)]
struct Trial {
    clock: TrialClock,
    targets: Vec<Target>,
    next: usize,
    interval: Nanos,
    window: Nanos,
    tol_ms: f64,
    alpha: f64,
    beta: f64,
    sd_clock: f64,
    /// Follows the beat; None for a ball, which is aimed at afresh each time.
    timekeeper: Option<Timekeeper>,
}

impl Tapper {
    #[must_use]
    pub fn new(profile: Profile, seed: u64) -> Self {
        let mut person = Stream::named(seed, "person", 0);
        let (mean, spread) = profile.bias();
        let mut draw = || spread * person.gaussian();
        let bias = (mean + draw(), draw());
        Self::with(profile.precision(), profile.skill(), bias, profile.lapse(), profile == Profile::Showcase, seed)
    }

    /// A player of given spread around each target, ms, independent from target to target and without bias or lapse:
    /// the Gaussian player of the sketch in training.md §6.
    #[must_use]
    pub fn gaussian(spread_ms: f64, seed: u64) -> Self {
        let precision =
            Precision { clock_floor: spread_ms, clock_share: 0.0, motor: 0.0, alpha: (1.0, 0.0, 1.0), beta: 0.0 };
        let skill = Skill {
            memory: spread_ms / 600.0,
            reaction: (350.0, spread_ms),
            stopping: (225.0, 0.0),
            confusion: 0.0,
            hand: (0.0, spread_ms / 600.0),
        };
        Self { ball_noise: 1.0, ..Self::with(precision, skill, (0.0, 0.0), 0.0, false, seed) }
    }

    /// A player with the timing of somebody measured: each trial is played with what that person does at its interval, where
    /// the period is corrected on a steady beat too. What taps to a beat do not show (reactions, memory) is a novice's.
    #[must_use]
    pub(crate) fn of_person(person: &Person, lapse: f64, seed: u64) -> Self {
        let (precision, skill) = (Profile::Novice.precision(), Profile::Novice.skill());
        Self { person: Some(person.clone()), ..Self::with(precision, skill, (0.0, 0.0), lapse, false, seed) }
    }

    fn with(precision: Precision, skill: Skill, bias: (f64, f64), lapse: f64, stumbles: bool, seed: u64) -> Self {
        Self {
            precision,
            bias,
            lapse,
            ball_noise: BALL_NOISE,
            stumble: None,
            stumbles,
            stream: Stream::named(seed, "player", 0),
            skill,
            trial: None,
            score: VecDeque::new(),
            sticks: VecDeque::new(),
            free: HostTime::DISTANT_PAST,
            double: None,
            person: None,
        }
    }

    /// The asynchrony to target `n`, ms.
    fn asynchrony(&mut self, n: usize) -> Option<f64> {
        let motor = self.precision.motor;
        let (z_clock, z_motor) = (self.stream.gaussian(), self.stream.gaussian());
        let trial = self.trial.as_mut()?;
        let at = trial.targets.get(n)?.at.as_ms();
        let Some(timekeeper) = &mut trial.timekeeper else {
            return Some(self.bias.1 + trial.sd_clock * z_clock + motor * z_motor);
        };
        if n > 0 {
            timekeeper.tap(trial.targets[n - 1].at.as_ms(), trial.sd_clock * z_clock, motor * z_motor);
        } else {
            // the count-in has brought the player in: the first tap is as good as any later one
            let phase = libm::sqrt(phase_variance(trial.alpha, trial.sd_clock, motor));
            let t = at + self.bias.0 + phase * z_clock + motor * z_motor;
            let tau = trial.interval.as_ms();
            *timekeeper = Timekeeper::starting(trial.alpha, trial.beta, self.bias.0, tau, t, motor * z_motor);
        }
        Some(timekeeper.t() - at)
    }

    /// The asynchrony of a stumble: midway between what makes a doozy and what still belongs to the target, on a side
    /// drawn by chance.
    fn stumble(&mut self) -> Option<f64> {
        let trial = self.trial.as_ref()?;
        let doozy = (2.0 * trial.tol_ms).max(40.0);
        let size = 0.5 * (doozy + trial.window.as_ms().max(doozy + 10.0));
        Some(if self.stream.bernoulli(0.5) { size } else { -size })
    }
}

/// Whether a trial is a beat or a ball, which a player follows from press to press.
fn is_followed(plan: &TrialPlan) -> bool {
    let plain = |target: &Target| target.role == Role::Press && target.hold.is_none() && target.lane == Lane(0);
    matches!(plan.stage, Stage::Bell { .. } | Stage::Gate { .. }) && plan.targets.iter().all(plain)
}

impl Tapper {
    /// Plays a trial that is more than a beat or a ball.
    fn play_through(&mut self, plan: &TrialPlan, clock: TrialClock) {
        self.trial = None;
        self.double = None;
        let (least, most) = STUMBLE_EVERY_S;
        let from_now = |stream: &mut Stream, t: HostTime| Some(t + Nanos::from_ms(1e3 * stream.between(least, most)));
        if self.stumbles && self.stumble.is_none() {
            self.stumble = from_now(&mut self.stream, clock.origin);
        }
        let widest = match plan.terms.unit {
            ErrorUnit::Milliseconds => 2.0 * plan.tol_ms,
            ErrorUnit::Percent => 0.02 * plan.tol_ms * plan.interval.as_ms(),
        };
        let mut performer = Performer {
            precision: self.precision,
            skill: self.skill,
            bias: self.bias,
            lapse: self.lapse,
            stream: &mut self.stream,
            stumble: self.stumble,
            stumble_ms: 1.1 * widest.max(40.0),
        };
        self.score = performer.taps(plan, clock).into();
        self.sticks = performer.sticks(plan, clock).into();
        if self.stumble.is_some() && performer.stumble.is_none() {
            self.stumble = from_now(&mut self.stream, clock.host(plan.length));
        }
    }
}

impl Player for Tapper {
    fn begin(&mut self, plan: &TrialPlan, clock: TrialClock) {
        self.score.clear();
        self.sticks.clear();
        if let Some(person) = &self.person {
            let timing = person.timing(plan.interval.as_ms());
            (self.precision, self.bias.0) = (timing.precision(), timing.bias);
        }
        if !is_followed(plan) {
            self.play_through(plan, clock);
            return;
        }
        let gaps = || plan.targets.windows(2).map(|pair| pair[1].at - pair[0].at);
        let steady = gaps().zip(gaps().skip(1)).all(|(one, next)| one == next);
        let (timed, noise, timekeeper) = match plan.stage {
            Stage::Bell { ioi } => (ioi, 1.0, Some(Timekeeper::starting(0.0, 0.0, 0.0, 0.0, 0.0, 0.0))),
            // what is hidden has to be timed from memory: it lengthens the interval that the clock has to span
            Stage::Gate { occluded, .. } => (plan.interval + occluded, self.ball_noise, None),
            _ => (plan.interval, 1.0, Some(Timekeeper::starting(0.0, 0.0, 0.0, 0.0, 0.0, 0.0))),
        };
        self.trial = Some(Trial {
            clock,
            targets: plan.targets.clone(),
            next: 0,
            interval: plan.interval,
            window: plan.window,
            tol_ms: plan.tol_ms,
            alpha: self.precision.alpha(timed),
            beta: if steady && self.person.is_none() { 0.0 } else { self.precision.beta },
            sd_clock: noise * self.precision.sd_clock(timed),
            timekeeper,
        });
        self.double = None;
        if self.stumbles && self.stumble.is_none() {
            let (least, most) = STUMBLE_EVERY_S;
            self.stumble = Some(clock.origin + Nanos::from_ms(1e3 * self.stream.between(least, most)));
        }
    }

    fn next(&mut self) -> Option<Tap> {
        if let Some(tap) = self.score.pop_front() {
            let t = tap.t.max(self.free);
            self.free = t;
            return Some(Tap { t, ..tap });
        }
        if let Some(tap) = self.double.take() {
            return Some(tap);
        }
        loop {
            let trial = self.trial.as_mut()?;
            let n = trial.next;
            let target = *trial.targets.get(n)?;
            trial.next += 1;
            let due = trial.clock.host(target.at);
            let interval_ms = trial.interval.as_ms();
            let mut e = self.asynchrony(n)?;
            if self.stream.bernoulli(self.lapse) {
                let omitted = self.stream.bernoulli(0.5);
                e = LAPSE_SPREAD * interval_ms * self.stream.gaussian();
                if omitted {
                    continue;
                }
            }
            if self.stumble.is_some_and(|at| due >= at) {
                e = self.stumble()?;
                let (least, most) = STUMBLE_EVERY_S;
                self.stumble = Some(due + Nanos::from_ms(1e3 * self.stream.between(least, most)));
            }
            if target.stop {
                continue;
            }
            let t = (due + Nanos::from_ms(e)).max(self.free);
            self.free = t + FINGER;
            if self.lapse > 0.0 && self.stream.bernoulli(DOUBLE_TAP) {
                let (least, most) = DOUBLE_AFTER_MS;
                let second = t + Nanos::from_ms(self.stream.between(least, most));
                self.double = Some(Tap { t: second, lane: target.lane, held: HELD });
                self.free = second + FINGER;
            }
            return Some(Tap { t, lane: target.lane, held: HELD });
        }
    }

    fn next_stick(&mut self) -> Option<Stick> {
        self.sticks.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Terms, TrialId},
        level::Level,
    };

    #[test]
    fn defaults_spread_as_the_table_says() {
        // SD_A at 250, 500, 1000 ms as docs/science/learners.md has it; the trained and the showcase are science/skill.md §4.2's
        let table = [
            (Profile::Trained, [12.6, 16.4, 25.0]),
            (Profile::Novice, [19.9, 25.5, 37.7]),
            (Profile::Ataxic, [31.7, 43.7, 67.8]),
            (Profile::Showcase, [22.2, 30.6, 47.0]),
        ];
        for (profile, spreads) in table {
            for (ioi, spread) in [250, 500, 1000].into_iter().zip(spreads) {
                let sd = profile.precision().sd_asynchrony(Nanos::ms(ioi));
                assert!((sd - spread).abs() < 0.06, "{profile:?} at {ioi}: {sd} for {spread}");
            }
        }
    }

    #[test]
    fn a_player_that_nobody_knows_is_named_with_those_that_are() {
        let error = "grandmaster".parse::<Profile>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "no simulated player is called \"grandmaster\"; there are trained, novice, ataxic and showcase"
        );
        for profile in Profile::ALL {
            assert_eq!(profile.name().parse(), Ok(profile));
        }
    }

    /// Asynchronies of a player over many phrases or balls of one level, ms, and what they pressed besides.
    fn asynchronies(player: &mut Tapper, level: &str, trials: i64) -> (Vec<f64>, usize, usize) {
        let level = Level::parse("test", level).unwrap();
        let setting = level.setting(0);
        let (mut e, mut extra, mut targets) = (Vec::new(), 0, 0);
        let mut last = HostTime::DISTANT_PAST;
        for trial in 0..trials {
            let body = level.plan(&setting, &mut || 0.5);
            let plan = TrialPlan {
                trial: TrialId(0),
                retry_of: None,
                window_was_open: false,
                not_before: HostTime(0),
                cues: body.cues,
                targets: body.targets,
                length: body.length,
                interval: body.interval,
                window: setting.window,
                goal_ms: setting.goal_ms,
                tol_ms: setting.tol_ms,
                rung: 0,
                count_in_ends: body.count_in_ends,
                running: body.running,
                stage: body.stage,
                terms: Terms::default(),
                t: HostTime(0),
            };
            let clock = TrialClock { origin: HostTime(0) + Nanos::ms(20_000 * trial), rate_ppb: 0 };
            player.begin(&plan, clock);
            targets += plan.targets.len();
            let mut answered = vec![false; plan.targets.len()];
            while let Some(tap) = player.next() {
                assert!(tap.t > last, "times never fall");
                last = tap.t;
                let off = |n: usize| (tap.t - clock.host(plan.targets[n].at)).as_ms();
                let nearest =
                    (0..plan.targets.len()).min_by(|one, other| off(*one).abs().total_cmp(&off(*other).abs())).unwrap();
                if std::mem::replace(&mut answered[nearest], true) {
                    extra += 1;
                } else {
                    e.push(off(nearest));
                }
            }
        }
        let omitted = targets - e.len();
        (e, extra, omitted)
    }

    const BEAT: &str = "(version: 1, title: \"B\", aim: \"a\", trials: 1, seconds: 10,
        drill: SteadyBeat(ioi_ms: 500, beats: 24, count_in: 2))";
    const GATE: &str = "(version: 1, title: \"G\", aim: \"a\", trials: 1, seconds: 10,
        drill: Interception(visible_ms: 800, occluded_ms: 200))";

    fn mean_sd(values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, libm::sqrt(values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n))
    }

    #[test]
    fn on_a_beat_a_tapper_is_as_early_and_as_spread_as_its_model() {
        let precision = Profile::Trained.precision();
        let mut player = Tapper::with(precision, Profile::Trained.skill(), (-15.0, 0.0), 0.0, false, 3);
        let (e, extra, omitted) = asynchronies(&mut player, BEAT, 400);
        assert_eq!((extra, omitted), (0, 0));
        let (mean, sd) = mean_sd(&e);
        assert!((mean + 15.0).abs() < 1.0, "{mean}");
        assert!((sd / precision.sd_asynchrony(Nanos::ms(500)) - 1.0).abs() < 0.03, "{sd}");
        // the first tap of a phrase is as good as any other
        let (_, first) = mean_sd(&e.iter().step_by(24).copied().collect::<Vec<_>>());
        assert!((first / sd - 1.0).abs() < 0.1, "{first} for {sd}");
    }

    #[test]
    fn a_novice_lies_within_the_quartiles_of_twenty_people() {
        // docs/science/people.md, Bååth and Madison's taps at 600 and 1200 ms: SD and lag 1 of the asynchrony, α, clock
        let people = [
            (600, [(22.2, 30.4), (0.48, 0.65), (0.18, 0.47), (14.6, 20.4)]),
            (1200, [(39.8, 52.8), (0.35, 0.54), (0.36, 0.65), (33.8, 46.9)]),
        ];
        let precision = Profile::Novice.precision();
        for (ioi, quartiles) in people {
            let ioi = Nanos::ms(ioi);
            let (alpha, clock, motor) = (precision.alpha(ioi), precision.sd_clock(ioi), precision.motor);
            let sd = precision.sd_asynchrony(ioi);
            let lag_1 = ((1.0 - alpha) * phase_variance(alpha, clock, motor) - alpha * motor * motor) / (sd * sd);
            for (value, (least, most)) in [sd, lag_1, alpha, clock].into_iter().zip(quartiles) {
                assert!((least..=most).contains(&value), "{value} outside {least} … {most} at {ioi:?}");
            }
        }
        assert!((-51.0..=-25.0).contains(&Profile::Novice.bias().0));
    }

    #[test]
    fn what_is_hidden_of_a_ball_is_timed_with_the_clock() {
        let precision = Profile::Novice.precision();
        let mut player = Tapper::with(precision, Profile::Trained.skill(), (0.0, 8.0), 0.0, false, 3);
        let (mean, sd) = mean_sd(&asynchronies(&mut player, GATE, 4000).0);
        // 625 ms of interval and 200 hidden: 1.1 · √(8² + (0.029 · 825)²), and 9 ms of hand
        let clock = 1.1 * libm::sqrt(64.0 + 23.925 * 23.925);
        assert!((mean - 8.0).abs() < 2.0, "{mean}");
        assert!((sd / libm::sqrt(clock * clock + 81.0) - 1.0).abs() < 0.03, "{sd}");
    }

    #[test]
    fn a_gaussian_player_has_the_spread_it_was_given_from_tap_to_tap() {
        for level in [BEAT, GATE] {
            let trials = if level == BEAT { 200 } else { 4000 };
            let (e, ..) = asynchronies(&mut Tapper::gaussian(25.0, 6), level, trials);
            let (mean, sd) = mean_sd(&e);
            assert!(mean.abs() < 1.5 && (sd / 25.0 - 1.0).abs() < 0.04, "{mean} {sd}");
            let lag: f64 = e.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / (e.len() as f64 * sd * sd);
            assert!(lag.abs() < 0.05, "{lag}");
        }
    }

    #[test]
    fn lapses_and_doubles_come_as_often_as_the_table_says() {
        let mut player = Tapper::with(Profile::Novice.precision(), Profile::Novice.skill(), (0.0, 0.0), 0.02, false, 1);
        let (e, extra, omitted) = asynchronies(&mut player, BEAT, 500);
        let targets = 500.0 * 24.0;
        assert_eq!(e.len() + omitted, 500 * 24);
        // half of 2 % omitted, 0.5 % doubled; three standard errors
        assert!((omitted as f64 / targets - 0.01).abs() < 0.003, "{omitted}");
        assert!((extra as f64 / targets - 0.005).abs() < 0.002, "{extra}");
    }
}
