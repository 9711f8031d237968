//! The ghost: where the presses of the player's best run of this level fell, from the record. It is shown and decides nothing.

use std::collections::BTreeMap;

use doozy_training::{
    event::{Effect, TargetId},
    practice::{
        Practice,
        memory::{self, Place, Places},
    },
    time::Nanos,
};

use crate::{
    ladders::Loaded,
    paths::DataDir,
    record::{Reader, SessionInfo, State},
};

/// Runs that are looked at, the newest first ◇: who plays a level more often than this plays it better now than then.
const RUNS_MOST: usize = 50;

/// See the module.
pub struct Ghost {
    /// Asynchronies of the best run.
    best: BTreeMap<Place, Nanos>,
    places: Places,
    marks: Vec<(TargetId, Nanos)>,
}

impl Ghost {
    /// The best run of a level by a player, of those that were played to their end and were no practice.
    pub fn find(data: &DataDir, level: &Loaded, player: &str, practice: Practice) -> Option<Self> {
        // no record yet is no fault: there is no best run
        let reader = Reader::open(data).ok()?;
        let same = |info: &SessionInfo| {
            info.state == State::Finished && !info.practice && info.player == player && info.is_of(&level.text)
        };
        let runs = reader.sessions().ok()?;
        let runs = runs.iter().rev().filter(|info| same(info)).take(RUNS_MOST);
        let best = runs.max_by_key(|info| {
            let [clean, slip, miss, doozy] = info.tiers;
            let all = (clean + slip + miss + doozy).max(1);
            ((clean + slip) * 10_000 / all, clean * 10_000 / all)
        })?;
        let session = reader.load(&best.id.to_string()).ok()?;
        Some(Self {
            best: memory::answered(&level.level, None, &session.effects)
                .into_iter()
                .filter_map(|answer| Some((answer.place, answer.e?)))
                .collect(),
            places: Places::of(level.level.clone(), Some(practice)),
            marks: Vec::new(),
        })
    }

    /// Follows the session.
    pub fn hear(&mut self, effect: &Effect) {
        self.places.hear(effect);
        if let Effect::Planned(plan) = effect {
            let of =
                |(target, place): (&doozy_training::event::Target, &Place)| Some((target.id, *self.best.get(place)?));
            self.marks = plan.targets.iter().zip(self.places.places()).filter_map(of).collect();
        }
    }

    /// Of the trial that was planned last: targets, and where the best run had them.
    pub fn marks(&self) -> Vec<(TargetId, Nanos)> {
        self.marks.clone()
    }
}
