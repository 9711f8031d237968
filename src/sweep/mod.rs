//! Contests of policies over many simulated people: the plan, its units of work and shards, the folder of Parquet that
//! they fill, and the summary.
//!
//! What a run is, is the crate's (`doozy_training::contest`). Here nothing is random and nothing hangs on time, threads or
//! shards: the same plan gives the same bytes.

pub mod calibration;
pub mod cells;
pub mod folder;
mod place;
pub mod plan;
#[cfg(feature = "sweep")]
pub mod query;
pub mod regret;
pub mod runner;
pub mod sheet;
pub mod summary;
pub mod table;
#[cfg(test)]
mod tests;
