//! Every experiment, brief, at `small` and seed 1: the spikes that it makes, so that no change of them goes unseen. Directions
//! are checked by the experiments' own tests.
//!
//! If spikes were meant to change, the new table is what the test prints.

use doozy_cerebellum::experiments::{Effort, Setup, all};
use doozy_cerebellum::{Parameters, Preset};

/// Hash of the spikes of each experiment of `experiments::all()`.
const SPIKES: &[(&str, u64)] = &[("E1", 0)];

#[test]
fn every_experiment_makes_the_spikes_of_the_table() {
    let setup = Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief };
    let made: Vec<(&str, u64)> = all().iter().map(|one| (one.id(), one.run(&setup, 1).spikes)).collect();
    let table: String = made.iter().map(|(id, spikes)| format!("    (\"{id}\", 0x{spikes:016x}),\n")).collect();
    assert!(made == SPIKES, "spikes have changed; if they should, SPIKES becomes:\n{table}");
}
