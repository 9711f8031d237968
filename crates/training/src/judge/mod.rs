//! The judge: what the player did, in signed asynchronies, by the two tables of training.md §1–2.
//!
//! It knows the targets of a trial and the times of presses, and nothing of who pressed, of frames or of what follows
//! from a verdict. Each verdict is a function of the *set* of presses, so the order of delivery cannot change it.

mod chain;
pub mod chord;
mod excursion;
pub mod match_presses;
mod matching;
mod reaction;
pub mod size;
pub mod trial;

pub use self::{
    match_presses::{Matching, match_presses, shift_ambiguity},
    size::{size, tier, tier_in},
    trial::{Mark, Outcome, TrialJudge, Verdict},
};
