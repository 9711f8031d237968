//! Doozy's decisions, from a press to the next difficulty, as pure functions: no clock, no I/O, no global randomness.
//!
//! A level ([`level`]) asks for trials; presses are matched to their targets ([`judge`]); one reducer ([`session`]) turns
//! verdicts and the network's windows into effects ([`event`]); simulated players ([`learner`]) can take the player's
//! seat. [`contest`] lets learners practise under rival policies, and [`yours`] keeps the posterior of what works for one
//! person. The contract is the project's `docs/science/` and the tests beside each file.
#![forbid(unsafe_code)]

pub mod contest;
pub mod cortex;
pub mod event;
pub mod judge;
pub mod learner;
pub mod level;
pub mod people;
pub mod practice;
pub mod rehearse;
pub mod schedule;
pub mod session;
pub mod time;
pub mod yours;

pub use doozy_cerebellum::rng;

/// Version of everything that decides: the judge, the rules of training and the network. A record names the one that it
/// was made by, and is recomputed by no other. Raise it with every change that gives any session other effects.
pub const RULE_VERSION: u32 = 1;
