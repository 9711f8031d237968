//! Every experiment, brief, at `small` and seed 1: the spikes that it makes, so that no change of them goes unseen. Directions
//! are checked by the experiments' own tests.
//!
//! If spikes were meant to change, the new table is what the test prints.

use doozy_cerebellum::experiments::{Effort, Setup, all};
use doozy_cerebellum::{Parameters, Preset};

/// Hash of the spikes of each experiment of `experiments::all()`.
const SPIKES: &[(&str, u64)] = &[
    ("E1", 0x07e91ba371def679),
    ("E2", 0x7a70aea599a4b091),
    ("E3", 0x7a70aea599a4b091),
    ("E4", 0x10270b105334a42f),
    ("E5", 0x571e9463df0063b3),
    ("E6", 0x7a70aea599a4b091),
    ("E8", 0xf0070a2ce8a6c235),
    ("E10", 0x24b1b503c186576a),
    ("E11", 0xcc125f894a932345),
    ("E12", 0x948548af2069bfaa),
    ("E13", 0xeb923f77c678003a),
    ("W", 0xe1960f82dbbde732),
    ("M", 0xd8364f813369e7f7),
    ("D", 0xc466dc2771b019ce),
];

#[test]
fn every_experiment_makes_the_spikes_of_the_table() {
    let setup = Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief };
    let made: Vec<(&str, u64)> = all().iter().map(|one| (one.id(), one.run(&setup, 1).spikes)).collect();
    let table: String = made.iter().map(|(id, spikes)| format!("    (\"{id}\", 0x{spikes:016x}),\n")).collect();
    assert!(made == SPIKES, "spikes have changed; if they should, SPIKES becomes:\n{table}");
}
