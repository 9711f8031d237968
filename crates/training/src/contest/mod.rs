//! The contest of policies: a learner practises a drill under a policy, and what is left a day later is measured without
//! feedback. The rules are the session's own (judging, amplification, [`Steering`], drama budget); what is left out is what
//! does not bear on learning: sounds, pictures, the wait for late presses, and retries, which are one more event.
//!
//! A run is a function of its course, its steering and its [`Tape`], and allocates nothing an event.

pub mod drill;
pub mod gate;
pub mod lived;
mod outcome;
pub mod rivals;
pub mod tape;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::outcome::Tally;
pub use self::{
    drill::{Drill, FLOOR, Person, TOP, tolerance},
    gate::{ClosedForm, Gate, Spiking},
    outcome::{CURVE, Outcome},
    rivals::Rival,
    tape::{Draws, Tape},
};
use crate::{
    event::{Amplify, Drama, EventId, EventKind, Step, Tier},
    judge::{size, tier},
    learner::{Hypothesis, Learning, Lesson, Profile},
    session::{
        Amplification,
        amplify::displayed_ms,
        drama::{Budget, wish},
        guard::Verdict,
        history::Counted,
        steering::{Decision, Steering, Weighed},
    },
    time::{HostTime, Nanos},
    yours::Trial,
};

/// Days of practice, a night apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    pub days: u32,
    /// Events a day, those of probe blocks among them.
    pub events: u32,
    /// Events of a block: a phrase of a beat; the first block of a day and every sixth after it is a probe, without
    /// feedback, gain or rules.
    pub block: u32,
}

/// Every so-many-th block is a probe (science/skill.md §5.2).
const PROBE_EVERY: u32 = 6;
/// From one day's practice to the next, and to the test, hours.
const NIGHT_HOURS: f64 = 24.0;
/// A pause after a phrase, as the session's.
const PHRASE_REST: Nanos = crate::session::constants::REST_RUNNING;
/// What the test of transfer does to the interval (science/skill.md §3.3).
const TRANSFER: f64 = 1.2;

impl Schedule {
    /// All events of a run.
    #[must_use]
    pub fn total(&self) -> usize {
        self.days as usize * self.events as usize
    }

    /// The draws of a day, counted from 0; fewer where the tape ends.
    fn of_day<'t>(&self, tape: &'t Tape, day: u32) -> &'t [Draws] {
        let from = (day as usize * self.events as usize).min(tape.events.len());
        &tape.events[from..(from + self.events as usize).min(tape.events.len())]
    }

    fn is_probe(&self, event_of_day: u32) -> bool {
        (event_of_day / self.block).is_multiple_of(PROBE_EVERY)
    }
}

/// What is practised, by whom, and how they learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    pub drill: Drill,
    pub hypothesis: Hypothesis,
    pub profile: Profile,
    pub schedule: Schedule,
}

/// What an event was, for whoever watches a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Counted from 0, extra presses too.
    pub event: u32,
    pub kind: EventKind,
    /// The true error of a press that belongs to the target, ms.
    pub e_ms: Option<f64>,
    pub tol_ms: f64,
    pub rung: i32,
    /// The gain in force, and the one that was felt.
    pub gain: f64,
    pub felt: f64,
    pub u: f64,
    pub tier: Tier,
    pub drama: Drama,
    pub braked: bool,
    /// It was one of the calm events after a brake.
    pub was_calm: bool,
    pub w: f64,
    pub dose: f64,
    pub decision: Decision,
    /// What is in force next.
    pub next_gain: f64,
    pub next_rung: i32,
}

/// Whoever watches a run.
pub trait Watch {
    fn event(&mut self, seen: &Seen);
}

/// Nobody.
impl Watch for () {
    fn event(&mut self, _: &Seen) {}
}

/// The knobs after each event, for controls that turn them again.
impl Watch for Vec<(f64, i32)> {
    fn event(&mut self, seen: &Seen) {
        self.push((seen.next_gain, seen.next_rung));
    }
}

/// Who decides on which days errors are amplified.
pub enum Days<'a> {
    /// Every day the same.
    Alike(Amplification),
    /// "What works for you": on or off by the day.
    Trial { trial: &'a mut Trial, on: Amplification },
}

/// Who presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    Learner,
    /// Never presses.
    Idle,
    /// Presses at random moments.
    Restless,
}

/// A run of a course.
struct Run<'a, G, W> {
    course: &'a Course,
    hand: Hand,
    person: Person,
    learning: Learning,
    steering: Steering,
    amplification: Amplification,
    gate: &'a mut G,
    watch: &'a mut W,
    budget: Budget,
    tally: Tally,
    /// The last tap's distance from where it is aimed at, its motor delay taken off, and that delay, ms.
    phase: (f64, f64),
    rung: i32,
    next_rung: i32,
    event: u32,
    t: HostTime,
    /// Of this phrase: its worst event was a doozy outside the calm, and whether it braked.
    doozy: bool,
    braked: bool,
}

/// Lets a learner practise; see [`run_by`].
pub fn run<G: Gate, W: Watch>(
    course: &Course,
    steering: Steering,
    days: Days<'_>,
    tape: &Tape,
    gate: &mut G,
    watch: &mut W,
) -> Outcome {
    run_by(Hand::Learner, course, steering, days, tape, gate, watch)
}

/// Lets `hand` practise the course of the tape's person, who is steered by `steering`, and tests them a night later. The
/// tape holds as many events as the schedule at least; missing ones are left out.
pub fn run_by<G: Gate, W: Watch>(
    hand: Hand,
    course: &Course,
    steering: Steering,
    mut days: Days<'_>,
    tape: &Tape,
    gate: &mut G,
    watch: &mut W,
) -> Outcome {
    let mut run = Run::new(hand, course, steering, tape.seed, gate, watch);
    for day in 0..course.schedule.days {
        if day > 0 {
            run.learning.rest(NIGHT_HOURS);
        }
        run.practise_a_day(&mut days, course.schedule.of_day(tape, day));
    }
    let at_end = run.test(1.0);
    run.learning.rest(NIGHT_HOURS);
    let retained = run.test(1.0);
    let transferred = run.test(TRANSFER);
    let bias = run.person.bias_ms + run.learning.bias.total();
    run.tally.finish(at_end, retained, transferred, bias)
}

impl<'a, G: Gate, W: Watch> Run<'a, G, W> {
    fn new(hand: Hand, course: &'a Course, steering: Steering, seed: u64, gate: &'a mut G, watch: &'a mut W) -> Self {
        let person = Person::new(course.profile, course.drill, seed);
        Self {
            course,
            hand,
            person,
            learning: Learning::new(course.hypothesis, person.x),
            steering,
            amplification: Amplification::Off,
            gate,
            watch,
            budget: Budget::default(),
            tally: Tally::new(course.schedule.total()),
            phase: (0.0, 0.0),
            rung: 0,
            next_rung: 0,
            event: 0,
            t: HostTime(0),
            doozy: false,
            braked: false,
        }
    }

    fn practise_a_day(&mut self, days: &mut Days<'_>, draws: &[Draws]) {
        let (first, rest) = draws.split_at(draws.len().min(self.course.schedule.block as usize));
        if let Days::Alike(amplification) = days {
            self.show(*amplification);
        }
        // the first block is the day's probe: what the days before have done
        let rms = self.events(0, first);
        if let Days::Trial { trial, on } = days {
            let amplified = if trial.day(rms) { *on } else { Amplification::Off };
            self.show(amplified);
        }
        self.events(self.course.schedule.block, rest);
        self.end_phrase();
    }

    /// Events of a day from the `from`-th on; the RMS of those in probe blocks, ms, if anything was pressed in them.
    fn events(&mut self, from: u32, draws: &[Draws]) -> Option<f64> {
        let schedule = self.course.schedule;
        let (mut squares, mut pressed) = (0.0, 0_u32);
        for (event, draws) in (from..).zip(draws) {
            let e = self.press(draws);
            if schedule.is_probe(event) {
                self.learning.repeat();
                if let Some(e) = e.filter(|e| libm::fabs(*e) <= self.course.drill.window_ms()) {
                    (squares, pressed) = (squares + e * e, pressed + 1);
                }
            } else {
                self.judge(e, draws);
            }
            self.t = self.t + Nanos::ms(self.course.drill.every_ms());
            if (event + 1).is_multiple_of(schedule.block) {
                self.end_phrase();
            }
            let rms = if self.tally.wants_point() { self.test(1.0) } else { 0.0 };
            self.tally.practised(rms, self.course.drill.goal_ms());
        }
        (pressed > 0).then(|| libm::sqrt(squares / f64::from(pressed)))
    }

    fn show(&mut self, amplification: Amplification) {
        self.amplification = amplification;
        self.steering.amplify(amplification);
    }

    /// The expected root mean square of the asynchrony, ms, at a stretched interval: rested, without lapses or feedback.
    fn test(&self, stretched: f64) -> f64 {
        let bias = self.person.bias_ms + self.learning.bias.total();
        let sd = self.person.sd_ms(self.learning.x, stretched);
        libm::sqrt(bias * bias + sd * sd)
    }

    /// The asynchrony of the next response, ms; none if it is left out.
    fn press(&mut self, draws: &Draws) -> Option<f64> {
        let interval = self.course.drill.interval().as_ms();
        match self.hand {
            Hand::Idle => return None,
            // somewhere in the time that belongs to the target
            Hand::Restless => return Some((draws.doubled - 0.5) * interval),
            Hand::Learner => {}
        }
        let clock = self.person.floor_ms * (1.0 + self.learning.x) * self.learning.tired_noise() * draws.clock;
        let (before, delay) = self.phase;
        let kept = self.person.alpha.map_or(0.0, |alpha| (1.0 - alpha) * before - alpha * delay);
        self.phase = (kept + clock, self.person.motor_ms * draws.motor);
        let lapse = self.person.lapse * self.learning.tired_lapses();
        if draws.lapse < lapse {
            // half of the lapses are omitted
            return (draws.lapse < 0.5 * lapse).then_some(LAPSE_SPREAD * interval * draws.astray);
        }
        Some(self.person.bias_ms + self.learning.bias.total() + self.phase.0 + self.phase.1)
    }

    /// Judges a response, lets the learner learn from it, and steers.
    fn judge(&mut self, e: Option<f64>, draws: &Draws) {
        let drill = self.course.drill;
        let kind = match e.map(libm::fabs) {
            Some(off) if off <= drill.window_ms() => EventKind::Press,
            Some(off) if off <= 0.5 * drill.interval().as_ms() => EventKind::Pair,
            _ => EventKind::Omission,
        };
        let e = e.filter(|_| kind != EventKind::Omission);
        self.weigh(kind, e, e.unwrap_or(drill.interval().as_ms()), draws);
        if self.hand == Hand::Learner && e.is_some() && draws.doubled < DOUBLED {
            // a second press after 60–120 ms, which belongs to nothing
            let gap = 60.0 + 60.0 * draws.doubled / DOUBLED;
            self.weigh(EventKind::Extra, None, e.unwrap_or(0.0) + gap, draws);
        }
    }

    fn weigh(&mut self, kind: EventKind, e: Option<f64>, distance_ms: f64, draws: &Draws) {
        let (goal_ms, jnd_ms) = (self.course.drill.goal_ms(), self.course.drill.jnd_ms());
        let tol_ms = tolerance(self.rung) * goal_ms;
        let gain = self.steering.gain();
        let true_ms = e.unwrap_or(distance_ms);
        let tier = tier(kind, true_ms, tol_ms, jnd_ms);
        let felt = self.amplification.felt(gain, Amplify::AtOnce, kind, tier);
        let felt = self.amplification.limited(felt, true_ms, goal_ms);
        let shown_ms = displayed_ms(true_ms, felt, goal_ms);
        let u = size(kind, shown_ms, distance_ms, goal_ms);
        let success = tier.is_success();

        let was_calm = self.steering.is_calm();
        let braked = self.steering.verdict(success) != Verdict::Go;
        let mut drama = wish(tier);
        if drama == Drama::Full {
            self.doozy |= !was_calm && !braked;
            let waits = self.course.drill.is_running();
            if waits || was_calm || braked || !self.budget.grant(EventId(self.event), self.t) {
                drama = Drama::Short;
            }
        }
        self.braked |= braked;
        let (w, dose) = self.gate.weigh(u, true_ms < 0.0, self.course.drill.every_ms(), draws.gate);
        match e {
            Some(e) => {
                let noise = jnd_ms * draws.perceived;
                let lesson = Lesson { felt_ms: e + noise, seen_ms: shown_ms + noise, u, goal_ms, success, gain: felt };
                self.learning.learn(&lesson);
            }
            // what was not pressed is no practice of pressing, and an extra press none of the target
            None if kind == EventKind::Omission => self.learning.repeat(),
            None => {}
        }
        let decision = self.steering.weigh(&Weighed {
            counted: Counted { success, w, dose },
            matched_ms: e.filter(|_| kind == EventKind::Press),
            goal_ms,
            braked,
            rung: self.rung,
            next_rung: self.next_rung,
        });
        match decision.step {
            Some((Step::Harder, _)) => self.next_rung = (self.next_rung + 1).min(TOP),
            Some((Step::Easier, _)) => self.next_rung = (self.next_rung - 1).max(FLOOR),
            None => {}
        }
        if braked {
            // below the rung of the failure, whatever had been decided within the phrase
            self.next_rung = self.next_rung.min(self.rung - 1).max(FLOOR);
        }
        if decision.rest {
            self.steering.rested();
        }
        let seen = Seen {
            event: self.event,
            kind,
            e_ms: e,
            tol_ms,
            rung: self.rung,
            gain,
            felt,
            u,
            tier,
            drama,
            braked,
            was_calm,
            w,
            dose,
            decision,
            next_gain: self.steering.gain(),
            next_rung: self.next_rung,
        };
        self.watch.event(&seen);
        self.tally.event(&seen, self.steering.history().success());
        self.event += 1;
        if !self.course.drill.is_running() {
            self.rung = self.next_rung;
        }
    }

    /// The scene of a phrase's worst event, and the difficulty of the next.
    fn end_phrase(&mut self) {
        if self.course.drill.is_running() {
            if self.doozy && !self.braked && !self.steering.is_calm() && self.budget.grant(EventId(self.event), self.t)
            {
                self.tally.scene();
            }
            self.t = self.t + PHRASE_REST;
            self.rung = self.next_rung;
        }
        (self.doozy, self.braked) = (false, false);
        self.tally.minutes(self.t);
    }
}

/// Of the interval: where a lapse presses (as the tapper's).
const LAPSE_SPREAD: f64 = 0.2;
/// Probability that a press is doubled (as the tapper's).
const DOUBLED: f64 = 0.005;
