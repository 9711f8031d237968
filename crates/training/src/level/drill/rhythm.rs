//! Rhythm reproduction: a rhythm is heard, and then played.
//!
//! Onsets are paired by their order, and each interval is judged by itself, in per cent of what it should be, so that a
//! tempo of the player's own costs no more than its distance. Knobs: a longer rhythm, ratios less even, a faster unit.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    knob::{self, Dial, Harder, knobs},
    lay::{ROOM_AFTER, cue, get_ready, one_of, share},
};
use crate::{
    event::{Amplify, CueKind, ErrorUnit, Lane, Role, Stage, Target, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD, per cent (drills.md).
const GOAL_PERCENT: f64 = 6.0;
const UNIT_MS: (f64, f64) = (150.0, 1000.0);
const LENGTH: (u32, u32) = (2, 12);
const UNEVEN: (u32, u32) = (1, 4);
/// The intervals that rhythms are made of, in units, by how uneven they are: from halves and wholes to ratios that no
/// small number has (skill.md §2: people are drawn to 1:1 and 2:1).
const RATIOS: [&[f64]; 4] = [&[1.0, 2.0], &[1.0, 2.0, 3.0], &[1.0, 1.5, 2.0, 3.0], &[1.0, 1.25, 1.75, 2.5]];
/// From the trial's zero to the first onset.
const READY: Nanos = Nanos::ms(1_000);
/// From the last onset to the player's turn, in units ◇.
const PAUSE_UNITS: f64 = 3.0;
/// The player has so many times the rhythm's length to give it back ◇, and [`LEISURE`] besides.
const TURN: f64 = 1.5;
const LEISURE: Nanos = Nanos::ms(1_500);

/// A rhythm to give back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rhythm {
    /// The unit that intervals are multiples of, ms.
    pub unit_ms: f64,
    /// Intervals in a rhythm: one fewer than onsets.
    pub length: u32,
    /// How uneven its ratios are: 1 (1 and 2 units), 2 (and 3), 3 (and 1.5), 4 (1, 1.25, 1.75, 2.5).
    #[serde(default = "even")]
    pub uneven: u32,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { Rhythm {
    /// A longer rhythm.
    Length(drill) => Dial::count(&mut drill.length, LENGTH, "intervals", Harder::More),
    /// Ratios less even.
    Uneven(drill) => Dial::count(&mut drill.uneven, UNEVEN, "of the sets", Harder::More),
    /// The unit moves, ms.
    Unit(drill) => Dial::new(&mut drill.unit_ms, UNIT_MS, "ms", Harder::Either),
} }

fn even() -> u32 {
    1
}

impl Kind for Rhythm {
    fn name(&self) -> &'static str {
        "rhythm reproduction"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.within("drill.unit_ms", self.unit_ms, UNIT_MS, "ms");
        complaints.count("drill.length", self.length, LENGTH, "intervals");
        complaints.count("drill.uneven", self.uneven, UNEVEN, "of the sets");
        knob::check(self, &self.knobs, complaints);
    }

    fn interval(&self) -> Nanos {
        Nanos::from_ms(self.unit_ms)
    }

    fn goal(&self) -> f64 {
        GOAL_PERCENT
    }

    fn unit(&self) -> ErrorUnit {
        ErrorUnit::Percent
    }

    fn amplify(&self) -> Amplify {
        Amplify::AtPhraseEnd
    }

    fn steps(&self) -> u32 {
        knob::steps(&self.knobs)
    }

    fn turned(&self, steps: u32) -> Drill {
        knob::turned(self, &self.knobs, steps).into()
    }

    fn targets(&self) -> u32 {
        self.length + 1
    }

    fn plan(&self, course: &mut Course<'_>) -> TrialBody {
        let unit = self.interval();
        let set = RATIOS[(self.uneven as usize).clamp(1, RATIOS.len()) - 1];
        let mut ratios: Vec<f64> = (0..self.length).map(|_| set[one_of(course.draw(), set.len())]).collect();
        // a rhythm whose intervals are all alike is none
        if let (Some(first), Some(last)) = (ratios.first().copied(), ratios.last_mut())
            && set.iter().any(|ratio| *ratio != first)
            && *last == first
        {
            let others: Vec<f64> = set.iter().copied().filter(|ratio| *ratio != first).collect();
            *last = others[one_of(course.draw(), others.len())];
        }
        let intervals: Vec<Nanos> = ratios.into_iter().map(|ratio| share(unit, ratio)).collect();
        let length = intervals.iter().fold(Nanos::ZERO, |sum, interval| sum + *interval);
        let reply = READY + length + share(unit, PAUSE_UNITS);
        let mut cues = vec![get_ready(), cue(READY, CueKind::Model { accent: true }, true)];
        let mut at = READY;
        for interval in &intervals {
            at = at + *interval;
            cues.push(cue(at, CueKind::Model { accent: false }, true));
        }
        cues.push(cue(reply, CueKind::YourTurn, true));
        let mut due = reply + unit;
        let mut targets = vec![Target { role: Role::Begin, ..Target::press(0, due, Lane(0)) }];
        for (n, after) in intervals.iter().enumerate() {
            due = due + *after;
            targets
                .push(Target { role: Role::PressAfter { after: *after }, ..Target::press(n as u32 + 1, due, Lane(0)) });
        }
        TrialBody {
            cues,
            targets,
            length: reply + LEISURE + share(length, TURN) + ROOM_AFTER,
            count_in_ends: reply - Nanos(1),
            interval: unit,
            running: true,
            stage: Stage::Echo { reply },
            goal: None,
            terms: Terms::default(),
        }
    }
}
