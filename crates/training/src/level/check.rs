//! What a level may not say (complaints, which refuse it) and what it had better not (warnings, which do not).

use std::{collections::BTreeMap, fmt};

use super::{Level, TrialBody};
use crate::{
    event::{Cue, CueKind, Role, Stage, Target},
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
    /// Two targets follow each other faster than hands can.
    Fast { rung: i32, first: Nanos, second: Nanos, least: Nanos, hands: Hands },
    /// Targets that are seen and not heard, faster than sight keeps time.
    Unheard { rung: i32, first: Nanos, second: Nanos },
    /// What comes has to be met before anybody could.
    Sudden { rung: i32, sight: Nanos },
    /// More lights that mean nothing than the game shows in a second.
    Lights { rung: i32, within: Nanos, lights: usize },
    /// More sounds at one moment than may sound at full strength.
    Loud { rung: i32, at: Nanos, sounds: usize },
}

/// Whose limit is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    /// One finger, on one lane.
    One,
    /// Several lanes, by turns.
    Several,
}

/// The shortest time from tap to tap of one finger, ms: 6–7 taps a second (skill.md §1, finger maximum).
const ONE_FINGER_MS: i64 = 140;
/// The shortest at which taps can be kept with sounds at all, ms (skill.md §1: 100–125 ms, biomechanics left aside).
const BY_TURNS_MS: i64 = 100;
/// Beats that are only seen are kept down to here, ms (skill.md §1: never grade flash-only drills below 500 ms).
const BY_SIGHT_MS: i64 = 500;
/// Nothing can be met sooner than this after it comes into sight, ms ◇: a fast reaction with nothing to prepare it.
const SIGHT_LEAST_MS: i64 = 250;
/// Lights that the game shows in any second, all effects together; it drops the next (skill.md §7).
const LIGHTS_A_SECOND: usize = 2;
/// Sounds at one moment whose sum lies at most 6 dB above one of them, which is what skill.md §7 allows above the
/// session's loudness: 10 lg 4 dB. With more, the limiter turns all of them down.
const SOUNDS_AT_ONCE: usize = 4;
/// Sounds so near to each other are one moment, ms ◇: within the attack of a miss (skill.md §7, at least 25 ms).
const AT_ONCE_MS: i64 = 25;

impl Warning {
    /// Whether another warning tells of the same limit.
    fn is_like(&self, other: &Self) -> bool {
        let hands = |warning: &Self| if let Self::Fast { hands, .. } = warning { Some(*hands) } else { None };
        std::mem::discriminant(self) == std::mem::discriminant(other) && hands(self) == hands(other)
    }
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
            Self::Fast { rung, first, second, least, hands } => write!(
                f,
                "targets {} and {} at rung {rung} are {} ms apart, and {} no faster than {} ms",
                first.as_ms(),
                second.as_ms(),
                (*second - *first).as_ms(),
                match hands {
                    Hands::One => "one finger taps",
                    Hands::Several => "two hands take turns",
                },
                least.as_ms(),
            ),
            Self::Unheard { rung, first, second } => write!(
                f,
                "targets {} and {} at rung {rung} are seen and not heard, {} ms apart; by sight alone people keep time from {BY_SIGHT_MS} ms on",
                first.as_ms(),
                second.as_ms(),
                (*second - *first).as_ms(),
            ),
            Self::Sudden { rung, sight } => write!(
                f,
                "at rung {rung} a target comes {} ms after what shows it; nobody answers in less than {SIGHT_LEAST_MS} ms",
                sight.as_ms(),
            ),
            Self::Lights { rung, within, lights } => write!(
                f,
                "{lights} lights within {} ms at rung {rung}; the game shows {LIGHTS_A_SECOND} in any second and drops the others",
                within.as_ms(),
            ),
            Self::Loud { rung, at, sounds } => write!(
                f,
                "{sounds} sounds at {} at rung {rung}; more than {SOUNDS_AT_ONCE} at once pass the loudness limit, which turns all of them down",
                at.as_ms(),
            ),
        }
    }
}

/// Neighbours among the times of one lane's targets, in order, whose windows of half-width `window` overlap.
pub fn closer_than_windows(targets: &[Nanos], window: Nanos) -> impl Iterator<Item = (Nanos, Nanos)> {
    targets.windows(2).filter(move |pair| pair[1] - pair[0] < window + window).map(|pair| (pair[0], pair[1]))
}

/// What of a trial no player could do, and what passes the limits of light and sound; one warning of each sort.
fn beyond(body: &TrialBody, rung: i32) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let pressed = |target: &&Target| target.role == Role::Press && !target.stop;
    let times: Vec<(Nanos, u8)> =
        body.targets.iter().filter(pressed).map(|target| (target.at, target.lane.0)).collect();
    let mut last: BTreeMap<u8, Nanos> = BTreeMap::new();
    let mut fast = |first: Nanos, second: Nanos, least: i64, hands: Hands| {
        let least = Nanos::ms(least);
        let told = warnings.iter().any(|told| matches!(told, Warning::Fast { hands: other, .. } if *other == hands));
        if second - first < least && !told {
            warnings.push(Warning::Fast { rung, first, second, least, hands });
        }
    };
    for (i, &(at, lane)) in times.iter().enumerate() {
        if let Some(before) = last.insert(lane, at) {
            fast(before, at, ONE_FINGER_MS, Hands::One);
        }
        // of a chord all are pressed together, which is no turn
        if let Some(&(before, _)) = times[..i].iter().rev().find(|(before, _)| *before < at) {
            fast(before, at, BY_TURNS_MS, Hands::Several);
        }
    }
    let heard = |at: Nanos| body.cues.iter().any(|cue| cue.heard && cue.at == at);
    let seen_only = |at: Nanos| body.cues.iter().any(|cue| cue.seen && cue.at == at) && !heard(at);
    let mut beats: Vec<Nanos> = times.iter().map(|(at, _)| *at).collect();
    beats.dedup();
    let sounding =
        beats.iter().any(|at| heard(*at)) || body.cues.iter().any(|cue| cue.heard && cue.at > body.count_in_ends);
    if body.running && !sounding {
        let close = beats
            .windows(2)
            .find(|two| seen_only(two[0]) && seen_only(two[1]) && two[1] - two[0] < Nanos::ms(BY_SIGHT_MS));
        if let Some(two) = close {
            warnings.push(Warning::Unheard { rung, first: two[0], second: two[1] });
        }
    }
    // a road's signs have a least sight of their own
    let shows = |cue: &&Cue| matches!(cue.kind, CueKind::Launch | CueKind::Swing);
    if let Some(shown) = body.cues.iter().find(shows)
        && let Some(due) = body.targets.iter().map(|target| target.at).find(|at| *at > shown.at)
        && due - shown.at < Nanos::ms(SIGHT_LEAST_MS)
    {
        warnings.push(Warning::Sudden { rung, sight: due - shown.at });
    }
    // where in a hold its lights come is drawn anew in each trial: what counts is how many share how much time
    let lights = body.cues.iter().filter(|cue| cue.seen && cue.kind == CueKind::Distractor).count();
    if let Stage::Hold { due } = body.stage
        && lights as f64 > LIGHTS_A_SECOND as f64 * due.as_secs().max(1.0)
    {
        warnings.push(Warning::Lights { rung, within: due, lights });
    }
    let sounds: Vec<Nanos> = body.cues.iter().filter(|cue| cue.heard).map(|cue| cue.at).collect();
    if let Some((at, sounds)) = most_within(&sounds, Nanos::ms(AT_ONCE_MS), SOUNDS_AT_ONCE) {
        warnings.push(Warning::Loud { rung, at, sounds });
    }
    warnings
}

/// Where the first more than `most` of some moments, in order, lie within `span` (less than it apart), and how many do.
fn most_within(moments: &[Nanos], span: Nanos, most: usize) -> Option<(Nanos, usize)> {
    let count = |i: usize| moments[i..].iter().take_while(|at| **at - moments[i] < span).count();
    (0..moments.len()).map(|i| (moments[i], count(i))).find(|(_, n)| *n > most)
}

impl Level {
    /// What the author may want to know before anybody plays.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for rung in self.floor_rung()..=self.top_rung() {
            let setting = self.setting(rung);
            let body = self.plan(&setting, &mut || 0.5);
            // the first rung on which a limit is passed is the one to know
            for warning in beyond(&body, rung) {
                if !warnings.iter().any(|told: &Warning| told.is_like(&warning)) {
                    warnings.push(warning);
                }
            }
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
        // of an endless level it says how long a sitting is
        if !self.is_endless() && self.seconds().abs_diff(planned) * 3 > planned {
            warnings.push(Warning::Estimate { seconds: self.seconds(), planned });
        }
        warnings
    }
}
