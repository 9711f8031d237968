//! Where the player stands: the best of each level and the mix of the day, asked for whenever the menu comes; and the
//! daily mix under way.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use bevy::prelude::*;
use doozy_training::schedule::Why;

use super::screens::LevelCard;
use crate::progress::Best;

/// What the record says, by the levels' files.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    pub best: HashMap<PathBuf, Best>,
    pub mix: MixCard,
}

/// The mix of the day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MixCard {
    pub picks: Vec<PickCard>,
    /// Places in `picks`, in the order of the blocks.
    pub blocks: Vec<usize>,
}

/// One kind of the mix.
#[derive(Clone, Debug, PartialEq)]
pub struct PickCard {
    /// Its trials are those of one block.
    pub card: LevelCard,
    pub why: Why,
}

/// Says where the player stands now.
pub type Ask = Box<dyn FnMut() -> Standing + Send + Sync>;

/// The latest answer, and whom to ask.
#[derive(Resource)]
pub struct Standings {
    pub now: Standing,
    ask: Ask,
}

impl Standings {
    #[must_use]
    pub fn new(ask: Ask) -> Self {
        Self { now: Standing::default(), ask }
    }

    pub fn refresh(&mut self) {
        self.now = (self.ask)();
    }

    #[must_use]
    pub fn best(&self, level: &Path) -> Option<Best> {
        self.now.best.get(level).copied()
    }
}

/// A mix under way: block after block, each kind going on from the rung that it was left on.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixing {
    picks: Vec<PickCard>,
    blocks: Vec<usize>,
    at: usize,
    rungs: Vec<i32>,
}

impl Mixing {
    /// None where there is nothing to practise.
    #[must_use]
    pub fn of(mix: &MixCard) -> Option<Self> {
        let sound = mix.blocks.iter().all(|block| *block < mix.picks.len());
        (sound && !mix.blocks.is_empty()).then(|| Self {
            picks: mix.picks.clone(),
            blocks: mix.blocks.clone(),
            at: 0,
            rungs: vec![0; mix.picks.len()],
        })
    }

    /// The kind of the present block.
    #[must_use]
    pub fn pick(&self) -> &PickCard {
        &self.picks[self.blocks[self.at]]
    }

    /// The rung that it begins on.
    #[must_use]
    pub fn rung(&self) -> i32 {
        self.rungs[self.blocks[self.at]]
    }

    /// Which block this is, from 1, and of how many.
    #[must_use]
    pub fn place(&self) -> (usize, usize) {
        (self.at + 1, self.blocks.len())
    }

    /// Whether another block follows.
    #[must_use]
    pub fn has_next(&self) -> bool {
        self.at + 1 < self.blocks.len()
    }

    /// The present block is over, on this rung; false after the last, which stays.
    pub fn advance(&mut self, rung: i32) -> bool {
        self.rungs[self.blocks[self.at]] = rung;
        if self.has_next() {
            self.at += 1;
            return true;
        }
        false
    }
}

/// A block of a mix, for whoever begins the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub trials: u32,
    pub from_rung: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix() -> MixCard {
        let pick = |name: &str| PickCard {
            card: LevelCard { path: name.into(), trials: Some(2), ..LevelCard::default() },
            why: Why::New,
        };
        MixCard { picks: vec![pick("a"), pick("b")], blocks: vec![0, 1, 0, 1] }
    }

    #[test]
    fn each_kind_goes_on_where_it_was_left() {
        let mut mixing = Mixing::of(&mix()).expect("a mix");
        assert_eq!((mixing.place(), mixing.rung()), ((1, 4), 0));
        assert!(mixing.advance(3));
        assert_eq!((mixing.pick().card.path.as_path(), mixing.rung()), (Path::new("b"), 0));
        assert!(mixing.advance(-2));
        assert_eq!((mixing.pick().card.path.as_path(), mixing.rung()), (Path::new("a"), 3));
        assert!(mixing.advance(4));
        assert_eq!((mixing.place(), mixing.rung(), mixing.has_next()), ((4, 4), -2, false));
        assert!(!mixing.advance(0));
    }

    #[test]
    fn a_mix_of_nothing_is_none() {
        assert_eq!(Mixing::of(&MixCard::default()), None);
        assert_eq!(Mixing::of(&MixCard { blocks: vec![2], ..mix() }), None);
    }
}
