//! Every experiment, brief, at `small` and seed 1: the spikes that it makes, so that no change of them goes unseen. Directions
//! are checked by the experiments' own tests.
//!
//! If spikes were meant to change, the new table is what the test prints.

use doozy_cerebellum::experiments::{Effort, Setup, all};
use doozy_cerebellum::{Parameters, Preset};

/// Hash of the spikes of each experiment of `experiments::all()`.
const SPIKES: &[(&str, u64)] = &[
    ("E1", 0x234c1eb95366ccaf),
    ("E2", 0x9745cf748b374426),
    ("E3", 0x9745cf748b374426),
    ("E4", 0xd6610f68d0581fa1),
    ("E5", 0x0f26fd12405e77cf),
    ("E6", 0x9745cf748b374426),
    ("E7", 0x8a640649737866b1),
    ("E8", 0xbdee1bd4e90a39c7),
    ("E9", 0x3cc2c4bac8a74465),
    ("E10", 0x59e4b5ed99412ab6),
    ("E11", 0xbe1fc800a185601a),
    ("E12", 0x37379bdde88faaf9),
    ("E13", 0xa3fb59f0b4be94f3),
    ("E14", 0x0dd02970edcc0717),
    ("E15", 0x2972411aa0c9f10d),
    ("E16", 0x9e9c0ff261656560),
    ("P", 0xb8e2378ea5db82ee),
    ("W", 0xe1960f82dbbde732),
    ("M", 0xd8364f813369e7f7),
    ("D", 0xc466dc2771b019ce),
    ("L1", 0xf6a7ef98e60dede2),
    ("L2", 0xbbbd49455714b27e),
    ("L3", 0x6202640122d89575),
    ("L4", 0xcbcfbe9b48365b73),
    ("L5", 0x061d6a447cc508e5),
    ("L6", 0x6c7b840ac0e3bf05),
    ("L7", 0xc438cf7d1a783a43),
];

#[test]
fn every_experiment_makes_the_spikes_of_the_table() {
    let setup = Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief };
    let made: Vec<(&str, u64)> = all().iter().map(|one| (one.id(), one.run(&setup, 1).spikes)).collect();
    let table: String = made.iter().map(|(id, spikes)| format!("    (\"{id}\", 0x{spikes:016x}),\n")).collect();
    assert!(made == SPIKES, "spikes have changed; if they should, SPIKES becomes:\n{table}");
}
