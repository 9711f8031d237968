//! Every experiment, brief, at `small` and seed 1: the spikes that it makes, so that no change of them goes unseen. Directions are
//! checked by the experiments' own tests.
//!
//! Spikes that were meant to change: copy the table that the test prints.

use doozy_cerebellum::experiments::{Effort, Setup, all};
use doozy_cerebellum::{Parameters, Preset};

/// Hash of the spikes of each experiment of `experiments::all()`.
