//! Doozy: timing drills that make big errors spectacular and clear, with a spiking cerebellum that sets difficulty.
//!
//! | to find | look in |
//! | --- | --- |
//! | what a press becomes | the crate `doozy_training` |
//! | what the circuit does with an error | the crate `doozy_cerebellum` |
//! | one session, from taps to effects | [`conductor`] |
//! | when something happened | [`clock`], [`input`] |
//! | what is heard | [`audio`] |
//! | what this machine can promise about time | [`doctor`] |
//! | what is kept, and how it is recomputed | [`record`] |
//! | which levels there are | [`ladders`] |
//! | what a person has made of them: best results, what is due | [`progress`] |
//! | whether amplification helps this person: their own trial, by level | [`what_works`] |
//! | MIDI files and charts of other games as levels | [`import`] |
//! | experiments in the model: runs, tables, parameter files; the model for other simulators | [`lab`] |
//! | policies against each other over simulated people: plans, shards, tables, summaries | [`sweep`] |
//! | figures and pages | [`report`] |
//! | what is said, where files lie, what is preferred | [`text`], [`paths`], [`settings`] |
//! | what is typed | [`cli`] |
#![deny(unsafe_code)]

pub mod audio;
pub mod calibration;
pub mod cli;
pub mod clock;
pub mod conductor;
pub mod doctor;
#[cfg(feature = "game")]
pub mod game;
pub mod import;
pub mod input;
pub mod lab;
pub mod ladders;
pub mod paths;
pub mod practice;
pub mod progress;
pub mod record;
pub mod report;
pub mod settings;
pub mod sweep;
pub mod text;
pub mod what_works;
