//! The calibration by right values: cases A28 and A32, and what they are instances of.

mod adjusting;
mod drifting;
mod lookups;
mod numbers;
mod persons;
mod procedures;
mod storing;

use doozy_training::time::{HostTime, Nanos};

use super::*;
use crate::audio::Levels;

const ORIGIN: HostTime = HostTime(5_000_000_000);

/// A calibration on a virtual clock, to its review or its end.
struct Trial {
    estimate: Option<Estimate>,
    notes: Vec<Note>,
    handle: Handle,
}

fn setup(method: Method, tapper: Tapper, seed: u64) -> Setup {
    Setup {
        method,
        seed,
        who: Who::Simulated(tapper),
        pace: Pace::Virtual { from: ORIGIN },
        levels: Levels::default(),
        bindings: Bindings::default(),
        display: lookup::DISPLAY.into(),
        store: None,
        anyway: false,
        announce: None,
    }
}

fn run(setup: Setup) -> Trial {
    let mut handle = start(setup).unwrap();
    let mut notes = Vec::new();
    for second in 1..=600 {
        handle.drive(ORIGIN + Nanos::ms(1_000 * second));
        handle.notes(&mut notes);
        if notes.iter().any(|note| matches!(note, Note::Phase(Phase::Review) | Note::Ended { .. })) {
            break;
        }
    }
    let estimate =
        notes.iter().rev().find_map(|note| if let Note::Estimate(found) = note { Some(found.clone()) } else { None });
    Trial { estimate, notes, handle }
}

fn simulate(method: Method, tapper: Tapper, seed: u64) -> Estimate {
    run(setup(method, tapper, seed)).estimate.expect("the calibration comes to an estimate")
}

/// A tapper without scatter.
fn exact(offset_ms: f64) -> Tapper {
    Tapper { offset_ms, sd_ms: 0.0, anticipation_ms: 0.0, outliers: 0.0 }
}
