//! How a tapper plays what is more than taps with one beat: several hands, figures, answers from memory, reactions, a
//! stick.
//!
//! A trial is played through when it begins: nothing that happens in it tells these players anything they act on.

use super::{
    Profile, Stick, Tap,
    production::{Precision, Timekeeper, phase_variance},
    tapper::{BALL_NOISE, LAPSE_SPREAD},
};
use crate::{
    event::{Lane, PathPoint, Role, Stage, Target, TrialPlan},
    time::{HostTime, Nanos, TrialClock},
};
use doozy_cerebellum::rng::Stream;

/// How long a tap is held down (skill.md gives no figure; cases A16 use 60 ms).
pub const HELD: Nanos = Nanos::ms(60);
/// Two hands at different ratios keep time worse than one hand alone (skill.md §1: 1.5 to 2 times).
const TWO_RATIOS: f64 = 1.5;
/// An interval within a rhythm is given back a little better than one alone ◇ (skill.md §2: 5–10 % against 8–13 %).
const WITHIN_RHYTHM: f64 = 0.75;
/// A player begins an answer at leisure: so far about where a picture puts it, ms.
const LEISURE_MS: f64 = 60.0;
/// The stick is moved so often, ms.
const STICK_MS: i64 = 20;

/// What a profile has besides its timing of beats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Skill {
    /// Spread of an interval given back from memory, as a share of it (skill.md §2: drummers 5 %, novices 13 %).
    pub memory: f64,
    /// Reaction time and its spread, ms (skill.md §2 for the stop signal's; the rest general knowledge).
    pub reaction: (f64, f64),
    /// Time to stop, and its spread, ms (skill.md §2: 200–250).
    pub stopping: (f64, f64),
    /// Share of choices that go to a wrong lane.
    pub confusion: f64,
    /// How long the hand follows behind the eye, ms, and how far it trembles, of the stick's travel ◇.
    pub hand: (f64, f64),
}

impl Profile {
    /// What it has besides its timing of beats.
    #[must_use]
    pub fn skill(self) -> Skill {
        match self {
            Self::Trained => Skill {
                memory: 0.05,
                reaction: (300.0, 35.0),
                stopping: (210.0, 20.0),
                confusion: 0.01,
                hand: (50.0, 0.015),
            },
            Self::Novice => Skill {
                memory: 0.13,
                reaction: (390.0, 80.0),
                stopping: (250.0, 40.0),
                confusion: 0.06,
                hand: (140.0, 0.06),
            },
            Self::Ataxic => Skill {
                memory: 0.18,
                reaction: (480.0, 110.0),
                stopping: (280.0, 50.0),
                confusion: 0.06,
                hand: (180.0, 0.10),
            },
            Self::Showcase => Skill {
                memory: 0.08,
                reaction: (350.0, 60.0),
                stopping: (230.0, 30.0),
                confusion: 0.03,
                hand: (90.0, 0.03),
            },
        }
    }
}

/// Whoever plays a trial through.
pub(super) struct Performer<'a> {
    pub precision: Precision,
    pub skill: Skill,
    /// Bias with a tone, and with what is seen, ms.
    pub bias: (f64, f64),
    pub lapse: f64,
    pub stream: &'a mut Stream,
    /// A stumble that is due from this moment on, taken when it is done.
    pub stumble: Option<HostTime>,
    /// The showcase's stumble in a trial, ms.
    pub stumble_ms: f64,
}

/// The last press of one lane.
struct Hand {
    keeper: Timekeeper,
    /// The target that it met, ms.
    met: f64,
}

impl Performer<'_> {
    /// Every press of a trial, in order of time, with how long it is held.
    pub fn taps(&mut self, plan: &TrialPlan, clock: TrialClock) -> Vec<Tap> {
        let mut taps: Vec<Tap> = Vec::new();
        let mut hands: std::collections::BTreeMap<Lane, Hand> = std::collections::BTreeMap::new();
        // the response before, in the trial's time, ms
        let mut before = plan.count_in_ends.as_ms();
        let lanes = plan.targets.iter().map(|target| target.lane.0).max().unwrap_or(0) + 1;
        for target in &plan.targets {
            let at = target.at.as_ms();
            let (omits, slips) = (self.stream.bernoulli(0.5 * self.lapse), self.stream.bernoulli(0.5 * self.lapse));
            let stumbles = self.stumble.is_some_and(|from| clock.host(target.at) >= from);
            let astray = |stream: &mut Stream| LAPSE_SPREAD * plan.interval.as_ms() * stream.gaussian();
            let mut lane = target.lane;
            let mut held = HELD;
            let mut t = match target.role {
                Role::Press => {
                    let e = self.on_grid(&mut hands, plan, target);
                    if let Some(hold) = target.hold {
                        held = Nanos::from_ms(hold.as_ms() - e + self.let_go(hold));
                    }
                    at + e
                }
                Role::Begin => {
                    let earliest = plan.count_in_ends.as_ms().max(before) + 30.0;
                    let t = (at + LEISURE_MS * self.stream.gaussian()).max(earliest);
                    before = t;
                    taps.push(Tap { t: clock.host(Nanos::from_ms(t)), lane, held });
                    continue;
                }
                Role::PressAfter { after } => {
                    let sd = self.from_memory(plan, after);
                    before + after.as_ms() + sd * self.stream.gaussian()
                }
                Role::Release | Role::ReleaseAfter { .. } => {
                    let e = match target.role {
                        Role::ReleaseAfter { after } => before + after.as_ms() - at + self.memory(after),
                        _ => self.bias.1 + self.seen(plan.interval),
                    };
                    let e = if stumbles {
                        self.stumble_now(at) - at
                    } else if slips {
                        astray(self.stream)
                    } else {
                        e
                    };
                    if let Some(tap) = taps.last_mut() {
                        let up = clock.host(Nanos::from_ms(at + e));
                        // what is forgotten is held on to the end
                        tap.held = if omits { plan.length } else { (up - tap.t).max(Nanos::ms(10)) };
                    }
                    before = at + e;
                    continue;
                }
                Role::React { onset, .. } => {
                    let (mean, sd) = self.skill.reaction;
                    let time = (mean + sd * self.stream.gaussian()).max(120.0);
                    let (stopping, spread) = self.skill.stopping;
                    let stops = stopping + spread * self.stream.gaussian();
                    if let Stage::Signal { stop: Some(delay), .. } = plan.stage
                        && delay.as_ms() + stops < time
                    {
                        continue;
                    }
                    if lanes > 1 && self.stream.bernoulli(self.skill.confusion) {
                        lane = Lane((lane.0 + 1) % lanes);
                    }
                    onset.as_ms() + time
                }
                Role::Gate => continue,
            };
            if omits {
                before = if let Role::PressAfter { after } = target.role { before + after.as_ms() } else { at };
                continue;
            }
            if stumbles {
                t = self.stumble_now(if let Role::PressAfter { after } = target.role {
                    before + after.as_ms()
                } else {
                    at
                });
            } else if slips {
                t += astray(self.stream);
            }
            let t = t.max(0.0);
            before = t;
            taps.push(Tap { t: clock.host(Nanos::from_ms(t)), lane, held });
        }
        taps.sort_by_key(|tap| tap.t);
        taps
    }

    /// The asynchrony to a target of a figure that the player knows: each hand keeps its own time.
    fn on_grid(
        &mut self,
        hands: &mut std::collections::BTreeMap<Lane, Hand>,
        plan: &TrialPlan,
        target: &Target,
    ) -> f64 {
        let at = target.at.as_ms();
        let motor = self.precision.motor;
        let (z_clock, z_motor) = (self.stream.gaussian(), self.stream.gaussian());
        let noise = if matches!(plan.stage, Stage::Streams { .. }) { TWO_RATIOS } else { 1.0 };
        let delay = motor * z_motor;
        if matches!(plan.stage, Stage::Road { .. }) {
            return self.bias.1 + BALL_NOISE * self.precision.sd_clock(plan.interval) * z_clock + delay;
        }
        let hand = hands.entry(target.lane).or_insert_with(|| {
            let interval = plan.interval;
            let alpha = self.precision.alpha(interval);
            let phase = libm::sqrt(phase_variance(alpha, noise * self.precision.sd_clock(interval), motor));
            let t = at + self.bias.0 + phase * z_clock + delay;
            Hand { keeper: Timekeeper::starting(alpha, 0.0, self.bias.0, 0.0, t, delay), met: at }
        });
        if hand.met < at {
            let gap = Nanos::from_ms(at - hand.met);
            // a long rest is counted through, beat by beat
            let timed = gap.min(Nanos::ms(1_000));
            hand.keeper.tau = gap.as_ms();
            hand.keeper.alpha = self.precision.alpha(timed);
            hand.keeper.tap(hand.met, noise * self.precision.sd_clock(timed) * z_clock, delay);
            hand.met = at;
        }
        hand.keeper.t() - at
    }

    /// Spread of an interval that hangs on the response before.
    fn from_memory(&self, plan: &TrialPlan, after: Nanos) -> f64 {
        match plan.stage {
            // an interval shown once
            Stage::Interval { .. } => self.skill.memory * after.as_ms(),
            Stage::Echo { .. } => WITHIN_RHYTHM * self.skill.memory * after.as_ms(),
            // a beat that still goes on inside
            _ => {
                let clock = self.precision.sd_clock(after);
                libm::sqrt(clock * clock + 2.0 * self.precision.motor * self.precision.motor)
            }
        }
    }

    fn memory(&mut self, after: Nanos) -> f64 {
        self.skill.memory * after.as_ms() * self.stream.gaussian()
    }

    /// The error of letting go of a note that is held with the music.
    fn let_go(&mut self, hold: Nanos) -> f64 {
        let clock = self.precision.sd_clock(hold.min(Nanos::ms(1_000)));
        clock * self.stream.gaussian() + self.precision.motor * self.stream.gaussian()
    }

    /// The error of a moment that is seen coming.
    fn seen(&mut self, interval: Nanos) -> f64 {
        let clock = BALL_NOISE * self.precision.sd_clock(interval);
        clock * self.stream.gaussian() + self.precision.motor * self.stream.gaussian()
    }

    fn stumble_now(&mut self, due: f64) -> f64 {
        self.stumble = None;
        let side = if self.stream.bernoulli(0.5) { 1.0 } else { -1.0 };
        due + side * self.stumble_ms
    }

    /// How the stick is moved: after the path, a little late and a little unsteady.
    pub fn sticks(&mut self, plan: &TrialPlan, clock: TrialClock) -> Vec<Stick> {
        if plan.terms.path.is_empty() {
            return Vec::new();
        }
        let (lag, tremor) = self.skill.hand;
        let lag = Nanos::from_ms(lag);
        let mut sticks = Vec::new();
        let mut drift = 0.0;
        let mut asleep_until = Nanos::ZERO;
        let mut at = Nanos::ZERO;
        while at < plan.length {
            // a slow wander about the path, of the tremor's spread
            drift = 0.9 * drift + tremor * 0.435 * self.stream.gaussian();
            if self.stream.bernoulli(self.lapse * STICK_MS as f64 / 1e3) {
                asleep_until = at + Nanos::ms(700);
            }
            if at >= asleep_until {
                let x = (centre(&plan.terms.path, at - lag) + drift).clamp(-1.0, 1.0);
                sticks.push(Stick { t: clock.host(at), x });
            }
            at = at + Nanos::ms(STICK_MS);
        }
        sticks
    }
}

/// The middle of a path at a moment.
fn centre(path: &[PathPoint], t: Nanos) -> f64 {
    let after = path.partition_point(|point| point.at <= t);
    match (after.checked_sub(1).map(|i| path[i]), path.get(after)) {
        (Some(from), Some(to)) => {
            let share = (t - from.at).as_ms() / (to.at - from.at).as_ms();
            from.centre + (to.centre - from.centre) * share
        }
        (Some(last), None) => last.centre,
        (None, first) => first.map_or(0.0, |point| point.centre),
    }
}
