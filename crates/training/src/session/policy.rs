//! Policies: who asks for the next gain and the next step of difficulty. Guard, brake, novice rule and bounds stand
//! around every policy alike ([`Steering`](super::steering::Steering)), so a policy only proposes.
//!
//! [`Policy`] is what a session's record names; [`Pilot`] is one at work, with what it remembers.

use doozy_cerebellum::rng::Stream;
use serde::{Deserialize, Serialize};

use super::{
    constants::{DOSE_AIM, GAIN_MAX, GAIN_MIN, GAIN_RATE, OPEN_TOO_FEW, OPEN_TOO_MANY, STEP_EVERY},
    history::History,
    quest::Quest,
    steering::Weighed,
};
use crate::event::{Decider, Step};

/// How gain and difficulty follow the player.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// By the share of events that opened the learning window, and by their dose (training.md §6).
    #[default]
    Window,
    /// Difficulty as the level starts, and one gain (1…2).
    Fixed { gain: f64 },
    /// A step either way or none, and a gain from 1 to 2, drawn afresh every 8 events.
    Random,
    /// A step harder after `down` successes in a row, a step easier after every failure (Levitt 1971: 2 settles at 70.7 %
    /// success, 3 at 79.4 %), and one gain.
    UpDown { down: u32, gain: f64 },
    /// Weighted steps that settle at `success`, 0.5…0.95 (Kaernbach 1991), and one gain.
    Weighted { success: f64, gain: f64 },
    /// Difficulty by weighted steps that settle at `success`, gain by the window's dose.
    Paced { success: f64 },
    /// QUEST+ (Watson 2017): each 8 events the tolerance that would tell most of the player's spread; it estimates, it does
    /// not teach. And one gain.
    Quest { gain: f64 },
}

impl Policy {
    /// Who is named as the decider of what this policy asks for.
    #[must_use]
    pub fn decider(self) -> Decider {
        match self {
            Self::Window | Self::Paced { .. } => Decider::Window,
            Self::Fixed { .. } => Decider::Fixed,
            Self::Random => Decider::Random,
            Self::UpDown { .. } | Self::Weighted { .. } => Decider::Staircase,
            Self::Quest { .. } => Decider::Quest,
        }
    }

    /// What is wrong with its numbers, if anything is.
    #[must_use]
    pub fn fault(self) -> Option<String> {
        let gains = |gain: f64| {
            let fits = (GAIN_MIN..=GAIN_MAX).contains(&gain);
            (!fits).then(|| format!("gain {gain} lies outside {GAIN_MIN} to {GAIN_MAX}"))
        };
        let paces = |success: f64| {
            let fits = (0.5..=0.95).contains(&success);
            (!fits).then(|| format!("success {success} lies outside 0.5 to 0.95"))
        };
        match self {
            Self::Window | Self::Random => None,
            Self::Fixed { gain } | Self::Quest { gain } => gains(gain),
            Self::UpDown { down, gain } => {
                let fits = (1..=6).contains(&down);
                (!fits).then(|| format!("down {down} lies outside 1 to 6 successes")).or_else(|| gains(gain))
            }
            Self::Paced { success } => paces(success),
            Self::Weighted { success, gain } => paces(success).or_else(|| gains(gain)),
        }
    }
}

/// The knobs of another session, to be turned again event by event: a control that has a policy's knobs and not its eyes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// Gain and rung decided after each event.
    pub knobs: Vec<(f64, i32)>,
    at: usize,
}

impl Script {
    #[must_use]
    pub fn new(knobs: Vec<(f64, i32)>) -> Self {
        Self { knobs, at: 0 }
    }

    /// Those after the present event; the last ones hold.
    fn now(&self) -> (f64, i32) {
        let at = self.at.max(1).min(self.knobs.len());
        at.checked_sub(1).map_or((GAIN_MIN, 0), |at| self.knobs[at])
    }
}

/// A policy at work.
#[derive(Clone, Debug)]
pub enum Pilot {
    Window,
    Fixed {
        gain: f64,
    },
    Random {
        stream: Stream,
        gain: f64,
        since: u32,
    },
    UpDown {
        down: u32,
        gain: f64,
        run: u32,
        failed: bool,
    },
    /// Without a gain of its own, the window's.
    Weighted {
        success: f64,
        gain: Option<f64>,
        balance: f64,
    },
    Quest {
        quest: Box<Quest>,
        gain: f64,
    },
    Script(Script),
}

impl Pilot {
    /// One at the start of a session; `seed` is for what it draws.
    #[must_use]
    pub fn new(policy: Policy, seed: u64) -> Self {
        match policy {
            Policy::Window => Self::Window,
            Policy::Fixed { gain } => Self::Fixed { gain },
            Policy::Random => {
                Self::Random { stream: Stream::named(seed, "policy", 0), gain: GAIN_MIN, since: STEP_EVERY }
            }
            Policy::UpDown { down, gain } => Self::UpDown { down: down.max(1), gain, run: 0, failed: false },
            Policy::Weighted { success, gain } => Self::Weighted { success, gain: Some(gain), balance: 0.0 },
            Policy::Paced { success } => Self::Weighted { success, gain: None, balance: 0.0 },
            Policy::Quest { gain } => Self::Quest { quest: Box::default(), gain },
        }
    }

    /// Takes in an event. What was still played at an older rung tells a staircase nothing.
    pub fn count(&mut self, event: &Weighed) {
        let success = event.counted.success;
        let is_current = event.rung == event.next_rung;
        match self {
            Self::Window | Self::Fixed { .. } => {}
            Self::Random { since, .. } => *since += 1,
            Self::UpDown { run, failed, .. } if is_current => {
                *run = if success { *run + 1 } else { 0 };
                *failed = !success;
            }
            Self::Weighted { success: aim, balance, .. } if is_current => {
                *balance += if success { 1.0 - *aim } else { -*aim };
            }
            Self::UpDown { .. } | Self::Weighted { .. } => {}
            Self::Quest { quest, .. } => quest.count(event.rung, success),
            Self::Script(script) => script.at += 1,
        }
    }

    /// Whether it may ask for a step after any event, and not only every 8.
    #[must_use]
    pub fn reviews_every_event(&self) -> bool {
        matches!(self, Self::UpDown { .. } | Self::Weighted { .. } | Self::Script(_))
    }

    /// The step asked for from `rung`, by what the history shows.
    pub fn step(&mut self, history: &History, rung: i32) -> Option<Step> {
        match self {
            Self::Window => {
                let open = history.open_share()?;
                if open < OPEN_TOO_FEW {
                    Some(Step::Harder)
                } else if open > OPEN_TOO_MANY {
                    Some(Step::Easier)
                } else {
                    None
                }
            }
            Self::Fixed { .. } => None,
            Self::Random { stream, .. } => [Some(Step::Harder), None, Some(Step::Easier)][stream.below(3)],
            Self::UpDown { down, run, failed, .. } => {
                if std::mem::take(failed) {
                    Some(Step::Easier)
                } else if run >= down {
                    *run = 0;
                    Some(Step::Harder)
                } else {
                    None
                }
            }
            Self::Weighted { balance, .. } => {
                // the part of a step that is left over stays
                if *balance >= 1.0 {
                    *balance -= 1.0;
                    Some(Step::Harder)
                } else if *balance <= -1.0 {
                    *balance += 1.0;
                    Some(Step::Easier)
                } else {
                    None
                }
            }
            Self::Quest { quest, .. } => towards(quest.ask(), rung),
            Self::Script(script) => towards(script.now().1, rung),
        }
    }

    /// The gain asked for after one more event, before bounds; `gain` is the one in force.
    pub fn gain(&mut self, history: &History, gain: f64) -> f64 {
        match self {
            Self::Window | Self::Weighted { gain: None, .. } => {
                history.high_dose().map_or(gain, |dose| gain + GAIN_RATE * (DOSE_AIM - dose))
            }
            Self::Weighted { gain: Some(gain), .. }
            | Self::Fixed { gain }
            | Self::UpDown { gain, .. }
            | Self::Quest { gain, .. } => *gain,
            Self::Random { stream, gain, since } => {
                if *since >= STEP_EVERY {
                    *since = 0;
                    *gain = stream.between(GAIN_MIN, GAIN_MAX);
                }
                *gain
            }
            Self::Script(script) => script.now().0,
        }
    }

    /// Who is named as the decider of what it asks for.
    #[must_use]
    pub fn decider(&self) -> Decider {
        match self {
            Self::Window | Self::Weighted { gain: None, .. } => Decider::Window,
            Self::Fixed { .. } => Decider::Fixed,
            Self::Random { .. } => Decider::Random,
            Self::UpDown { .. } | Self::Weighted { .. } => Decider::Staircase,
            Self::Quest { .. } => Decider::Quest,
            Self::Script(_) => Decider::Script,
        }
    }
}

fn towards(wanted: i32, rung: i32) -> Option<Step> {
    match wanted.cmp(&rung) {
        std::cmp::Ordering::Greater => Some(Step::Harder),
        std::cmp::Ordering::Less => Some(Step::Easier),
        std::cmp::Ordering::Equal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::history::Counted, *};

    fn history(open: usize, dose: f64) -> History {
        let mut history = History::default();
        for event in 0..24 {
            history.count(Counted { success: true, w: if event < open { 0.9 } else { 0.1 }, dose });
        }
        history
    }

    #[test]
    fn few_open_windows_ask_for_harder_and_many_for_easier() {
        // 4 of 24 is 0.167, 5 is 0.208; 8 is 0.333, 9 is 0.375
        assert_eq!(Pilot::Window.step(&history(4, 0.0), 0), Some(Step::Harder));
        assert_eq!(Pilot::Window.step(&history(5, 0.0), 0), None);
        assert_eq!(Pilot::Window.step(&history(8, 0.0), 0), None);
        assert_eq!(Pilot::Window.step(&history(9, 0.0), 0), Some(Step::Easier));
    }

    #[test]
    fn gain_moves_by_a_tenth_of_the_doses_distance_from_its_aim() {
        assert!((Pilot::Window.gain(&history(4, 0.15), 1.2) - 1.24).abs() < 1e-12);
        assert!((Pilot::Window.gain(&history(4, 0.75), 1.2) - 1.18).abs() < 1e-12);
    }

    #[test]
    fn before_twenty_four_events_everything_holds() {
        assert_eq!(Pilot::Window.step(&History::default(), 0), None);
        assert_eq!(Pilot::Window.gain(&History::default(), 1.3), 1.3);
    }

    #[test]
    fn a_fixed_policy_asks_for_nothing() {
        let mut fixed = Pilot::new(Policy::Fixed { gain: 1.5 }, 0);
        assert_eq!(fixed.step(&history(0, 0.0), 0), None);
        assert_eq!(fixed.gain(&history(0, 0.0), 1.0), 1.5);
    }

    /// Where a policy settles with a player whose errors have an SD of `spread` goals: share of successes over the last
    /// events, and the mean rung. Steps act at once.
    fn settled(policy: Policy, spread: f64) -> (f64, f64) {
        let (mut pilot, mut history) = (Pilot::new(policy, 1), History::default());
        let mut stream = Stream::named(1, "settled", 0);
        let (mut rung, mut successes, mut rungs) = (0_i32, 0, 0);
        let (warm_up, events) = (2_000, 20_000);
        for n in 0..warm_up + events {
            let success = libm::fabs(spread * stream.gaussian()) <= 2.5 * libm::pow(0.9, f64::from(rung));
            let counted = Counted { success, w: 0.0, dose: 0.0 };
            history.count(counted);
            let event = Weighed { counted, matched_ms: None, goal_ms: 20.0, braked: false, rung, next_rung: rung };
            pilot.count(&event);
            if n >= warm_up {
                successes += u32::from(success);
                rungs += rung;
            }
            if pilot.reviews_every_event() || n % 8 == 7 {
                match pilot.step(&history, rung) {
                    Some(Step::Harder) => rung += 1,
                    Some(Step::Easier) => rung -= 1,
                    None => {}
                }
            }
        }
        (f64::from(successes) / f64::from(events), f64::from(rungs) / f64::from(events))
    }

    #[test]
    fn staircases_settle_where_they_are_known_to() {
        let table = [
            (Policy::UpDown { down: 2, gain: 1.0 }, 0.7070),
            (Policy::UpDown { down: 3, gain: 1.0 }, 0.7937),
            (Policy::Weighted { success: 0.80, gain: 1.0 }, 0.80),
            (Policy::Weighted { success: 0.85, gain: 1.0 }, 0.85),
        ];
        for (policy, expected) in table {
            for spread in [0.8, 1.5] {
                let (success, _) = settled(policy, spread);
                assert!((success - expected).abs() < 0.02, "{policy:?} at {spread}: {success}");
            }
        }
    }

    #[test]
    fn quest_asks_where_the_spread_shows() {
        // the tolerance follows the spread: 10 rungs of 0.9 are a factor of 2.9
        let (_, steady) = settled(Policy::Quest { gain: 1.0 }, 0.8);
        let (_, wide) = settled(Policy::Quest { gain: 1.0 }, 1.6);
        assert!(steady - wide > 2.0, "{steady} {wide}");
    }

    #[test]
    fn random_knobs_are_drawn_evenly_and_by_the_seed() {
        let mut pilot = Pilot::new(Policy::Random, 7);
        let mut again = Pilot::new(Policy::Random, 7);
        let history = History::default();
        let mut gains = Vec::new();
        let mut steps = [0; 3];
        for _ in 0..3_000 {
            for _ in 0..8 {
                let event = Weighed {
                    counted: Counted::default(),
                    matched_ms: None,
                    goal_ms: 20.0,
                    braked: false,
                    rung: 0,
                    next_rung: 0,
                };
                pilot.count(&event);
                again.count(&event);
            }
            let gain = pilot.gain(&history, 1.0);
            assert_eq!(pilot.gain(&history, 1.0), gain, "one gain for eight events");
            assert_eq!(again.gain(&history, 1.0), gain);
            gains.push(gain);
            let step = pilot.step(&history, 0);
            assert_eq!(again.step(&history, 0), step);
            steps[step.map_or(0, |step| if step == Step::Harder { 1 } else { 2 })] += 1;
        }
        let mean = gains.iter().sum::<f64>() / 3_000.0;
        assert!((mean - 1.5).abs() < 0.02 && gains.iter().all(|gain| (1.0..2.0).contains(gain)), "{mean}");
        assert!(steps.iter().all(|count| (900..1_100).contains(count)), "{steps:?}");
    }

    #[test]
    fn a_script_turns_the_knobs_of_another_session() {
        let mut pilot = Pilot::Script(Script::new(vec![(1.0, 0), (1.4, 1), (1.3, -2)]));
        let mut rung = 0;
        let mut seen = Vec::new();
        for _ in 0..5 {
            let counted = Counted::default();
            pilot.count(&Weighed { counted, matched_ms: None, goal_ms: 20.0, braked: false, rung, next_rung: rung });
            match pilot.step(&History::default(), rung) {
                Some(Step::Harder) => rung += 1,
                Some(Step::Easier) => rung -= 1,
                None => {}
            }
            seen.push((pilot.gain(&History::default(), 1.0), rung));
        }
        // a rung at a time
        assert_eq!(seen, [(1.0, 0), (1.4, 1), (1.3, 0), (1.3, -1), (1.3, -2)]);
    }

    #[test]
    fn numbers_that_no_policy_may_have_are_named() {
        assert_eq!(Policy::Window.fault(), None);
        assert_eq!(Policy::Fixed { gain: 2.5 }.fault().as_deref(), Some("gain 2.5 lies outside 1 to 2"));
        assert_eq!(
            Policy::UpDown { down: 0, gain: 1.0 }.fault().as_deref(),
            Some("down 0 lies outside 1 to 6 successes")
        );
        assert!(Policy::Weighted { success: 1.0, gain: 1.0 }.fault().is_some());
        assert!(Policy::Quest { gain: f64::NAN }.fault().is_some());
    }

    #[test]
    fn the_default_is_written_as_records_have_it() {
        let told = |policy: Policy| ron::to_string(&policy).unwrap();
        assert_eq!(told(Policy::Window), "window");
        assert_eq!(told(Policy::Fixed { gain: 1.5 }), "fixed(gain:1.5)");
    }
}
