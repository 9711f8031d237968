//! People: what their taps say about their timing, a simulated player made from that, and the twin that predicts them.
//!
//! [`taps`] reads taps, [`mod@fit`] estimates, [`person`] plays like the one who was measured, [`twin`] guesses a player's next
//! asynchrony from the last three and learns from each error. Nothing here ever judges anybody.

pub mod fit;
pub mod model;
pub mod person;
pub mod plain;
pub mod statistics;
pub mod taps;
pub mod twin;

pub use self::{
    fit::{Estimate, Fitted, fit},
    model::Timing,
    person::Person,
    statistics::Statistics,
    taps::{Run, TapsError},
};
