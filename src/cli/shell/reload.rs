//! Reloading: whether the file of the level in play has become another level.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use super::{card_of, level_id};
use crate::{
    game::{
        app::{Look, Reload},
        screens::LevelCard,
    },
    ladders,
};

/// The level that was begun last: its file as it was, and its text.
#[derive(Clone, Default)]
pub(super) struct Watch(Arc<Mutex<Option<Seen>>>);

struct Seen {
    path: PathBuf,
    stamp: Option<(SystemTime, u64)>,
    text: String,
}

impl Watch {
    /// Cheap to compare: when a file was changed, and how long it is.
    pub(super) fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
        let about = std::fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    }

    pub(super) fn see(&self, path: &Path, stamp: Option<(SystemTime, u64)>, text: String) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Some(Seen { path: path.to_path_buf(), stamp, text });
    }
}

/// Looks at the file of the level in play: whether it is another level by now.
pub(super) fn looker(watch: Watch, cards: Vec<LevelCard>) -> Look {
    Box::new(move |path| {
        let stamp = Watch::stamp(path);
        let unchanged = |seen: &Seen| seen.path == path && seen.stamp == stamp;
        let text = {
            let seen = watch.0.lock().unwrap_or_else(PoisonError::into_inner);
            match &*seen {
                Some(seen) if !unchanged(seen) && seen.path == path => seen.text.clone(),
                _ => return Reload::Same,
            }
        };
        match ladders::read(path, &level_id(path)) {
            Ok(loaded) if loaded.text == text => {
                watch.see(path, stamp, text);
                Reload::Same
            }
            Ok(loaded) => {
                watch.see(path, stamp, loaded.text.clone());
                let held = cards.iter().find(|card| card.path == path);
                let (ladder, rung) = held.map_or(("", 0), |card| (card.ladder.as_str(), card.rung));
                Reload::Changed(card_of(&loaded, ladder, rung))
            }
            Err(error) => {
                // told once for each state of the file; the text stays that of the level that goes on
                watch.see(path, stamp, text);
                Reload::Broken(error.to_string())
            }
        }
    })
}
