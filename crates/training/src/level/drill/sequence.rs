//! Sequence (serial reaction time): items light up in their lanes, in an order that comes round again and again.
//!
//! Only what is slower than the player's usual reaction, or in a wrong lane, is an error. An item waits for its response
//! as long as any response can count, so the next follows when that time is over, and a pause after it. Knobs: a longer
//! sequence, a shorter pause.

use serde::{Deserialize, Serialize};

use super::{
    Course, Drill, Kind,
    go_stop::{FASTEST, SLOWEST},
    knob::{self, Dial, Harder, knobs},
    lay::{DISCRETE, ROOM_AFTER, cue, get_ready, times},
};
use crate::{
    event::{Amplify, CueKind, Lane, Role, Stage, Target, Terms},
    level::{TrialBody, check::Complaints},
    time::Nanos,
};

/// The goal SD of reactions, ms (drills.md).
const GOAL_MS: f64 = 60.0;
const LANES: (u32, u32) = (2, 8);
const PAUSE_MS: (f64, f64) = (0.0, 2000.0);
/// Items a sequence may have.
const ORDER: (u32, u32) = (2, 32);
/// From the trial's zero to the first item.
const READY: Nanos = Nanos::ms(1_200);
/// How long an item waits after the usual reaction: no response counts for longer.
const WAITS: Nanos = Nanos(DISCRETE.0 / 2 + 1);

/// A hidden sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// Lanes that items light up in.
    pub lanes: u32,
    /// The lanes of the items, from 0; no two in a row are the same, nor the last and the first of what is played.
    pub order: Vec<u32>,
    /// How many items of the order make the sequence.
    pub length: u32,
    /// How often the sequence comes round in a trial.
    pub rounds: u32,
    /// From the end of an item's time to the next item, ms.
    #[serde(default)]
    pub pause_ms: f64,
    /// Turned in this order when the tolerance has reached the goal SD.
    #[serde(default)]
    pub knobs: Vec<Knob>,
}

knobs! { Sequence {
    /// A longer sequence.
    Length(drill) => Dial::count(&mut drill.length, ORDER, "items", Harder::More),
    /// A shorter pause, ms.
    Pause(drill) => Dial::new(&mut drill.pause_ms, PAUSE_MS, "ms", Harder::Less),
} }

impl Kind for Sequence {
    fn name(&self) -> &'static str {
        "sequence"
    }

    fn check(&self, complaints: &mut Complaints) {
        complaints.count("drill.lanes", self.lanes, LANES, "lanes");
        complaints.count("drill.length", self.length, ORDER, "items");
        complaints.count("drill.rounds", self.rounds, (1, 32), "rounds");
        complaints.within("drill.pause_ms", self.pause_ms, PAUSE_MS, "ms");
        let items = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
        complaints.count("drill.order", items, ORDER, "items");
        for (i, lane) in self.order.iter().enumerate() {
            if *lane >= self.lanes {
                let lanes = self.lanes;
                complaints.say(
                    &format!("drill.order[{i}]"),
                    format!("lane {lane} is not one of the {lanes}; they count from 0"),
                );
            }
        }
        knob::check_rungs(self, &self.knobs, complaints, |drill| {
            let length = drill.length as usize;
            let Some(played) = drill.order.get(..length) else {
                return Some(("drill.length", format!("{length} items are more than the {items} of the order")));
            };
            let again = (0..length).find(|&i| played[i] == played[(i + 1) % length]);
            again.map(|i| {
                (
                    "drill.order",
                    format!("of {length} items, {i} and the one after it lie in the same lane {}", played[i]),
                )
            })
        });
    }

    fn lanes(&self) -> u8 {
        u8::try_from(self.lanes).unwrap_or(u8::MAX)
    }

    fn interval(&self) -> Nanos {
        DISCRETE
    }

    fn goal(&self) -> f64 {
        GOAL_MS
    }

    fn amplify(&self) -> Amplify {
        Amplify::WrongLane
    }

    fn steps(&self) -> u32 {
        knob::steps(&self.knobs)
    }

    fn turned(&self, steps: u32) -> Drill {
        knob::turned(self, &self.knobs, steps).into()
    }

    fn targets(&self) -> u32 {
        self.length * self.rounds
    }

    fn plan(&self, course: &mut Course<'_>) -> TrialBody {
        let reaction = course.reaction.max(FASTEST).min(SLOWEST);
        let apart = reaction + WAITS + Nanos::from_ms(self.pause_ms);
        let mut cues = vec![get_ready()];
        let mut targets = Vec::new();
        let played = self.order.get(..self.length as usize).unwrap_or(&self.order);
        for (n, lane) in (0..self.targets()).zip(played.iter().cycle()) {
            let onset = READY + times(apart, n);
            let lane = Lane(u8::try_from(*lane).unwrap_or(u8::MAX));
            cues.push(cue(onset, CueKind::Item { lane }, true));
            // who knows what comes may be as fast as they like
            let role = Role::React { onset, least: Nanos::ZERO };
            targets.push(Target { role, ..Target::press(n, onset + reaction, lane) });
        }
        let last = targets.last().map_or(READY, |target| target.at);
        TrialBody {
            cues,
            targets,
            length: last + ROOM_AFTER,
            count_in_ends: Nanos::ms(300),
            interval: DISCRETE,
            running: true,
            stage: Stage::Items { lanes: self.lanes() },
            goal: None,
            terms: Terms::default(),
        }
    }
}
