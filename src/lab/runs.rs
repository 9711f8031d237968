//! A run: the units that a plan asks for and the store lacks, on as many threads as asked for, the longest first.
//!
//! Results do not depend on the order in which units end. Units are kept as they end, so breaking off loses only those
//! that are being computed.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use super::{
    Plan, Registered, fingerprint,
    store::{Key, Store, Unit},
};
use crate::{clock, paths::PathError};

/// How often a run looks whether it is asked to end. ◇
const LOOK: Duration = Duration::from_millis(50);

/// What a run tells while it goes on.
pub trait Progress {
    /// Simulated seconds ahead, and how many units of how many were already kept.
    fn begins(&mut self, seconds: f64, kept: usize, units: usize);
    /// A unit of so many simulated seconds has ended.
    fn ended(&mut self, key: &Key, seconds: f64);
}

/// A unit that panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub key: Key,
    pub why: String,
}

/// What a run left.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Every unit of the plan that is there, by experiment and seed.
    pub units: BTreeMap<(String, u64), Unit>,
    pub failed: Vec<Failed>,
    /// Units that this run computed.
    pub computed: usize,
    /// It was asked to end before all was done.
    pub broken_off: bool,
}

/// Computes what the store lacks.
///
/// With `fresh`, what it has is computed again.
///
/// # Errors
/// Where a unit cannot be kept.
pub fn run(
    experiments: &[Registered],
    plan: &Plan,
    store: &Store,
    jobs: usize,
    fresh: bool,
    asked: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<Outcome, PathError> {
    let parameters = fingerprint(&plan.setup.parameters);
    let mut outcome = Outcome::default();
    let mut ahead: Vec<(f64, Registered, Key)> = Vec::new();
    for experiment in experiments {
        let seconds = experiment.seconds(&plan.setup);
        for seed in plan.seeds() {
            let key = Key::new(*experiment, parameters.clone(), plan.setup.effort, seed);
            match if fresh { None } else { store.get(&key) } {
                Some(unit) => drop(outcome.units.insert((key.experiment, seed), unit)),
                None => ahead.push((seconds, *experiment, key)),
            }
        }
    }
    // The sort is stable: equals stay in the order of experiments and seeds.
    ahead.sort_by(|a, b| b.0.total_cmp(&a.0));
    let kept = outcome.units.len();
    progress.begins(ahead.iter().map(|(seconds, ..)| seconds).sum(), kept, kept + ahead.len());

    let ahead = Arc::new(ahead);
    let (next, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (done, results) = mpsc::channel();
    for _ in 0..jobs.clamp(1, ahead.len().max(1)) {
        let (ahead, next, stop, done) = (Arc::clone(&ahead), Arc::clone(&next), Arc::clone(&stop), done.clone());
        let setup = plan.setup.clone();
        // Not scoped: whoever breaks off does not wait for units that take minutes.
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let k = next.fetch_add(1, Ordering::Relaxed);
                let Some((seconds, experiment, key)) = ahead.get(k) else { break };
                let start = clock::thread_seconds();
                // An experiment is a pure function: what it leaves half done nobody sees.
                let result = catch_unwind(AssertUnwindSafe(|| experiment.run(&setup, key.seed)));
                let spent = clock::thread_seconds() - start;
                if done.send((*seconds, key.clone(), result, spent)).is_err() {
                    break;
                }
            }
        });
    }
    drop(done);

    loop {
        match results.recv_timeout(LOOK) {
            Ok((seconds, key, result, spent)) => {
                progress.ended(&key, seconds);
                match result {
                    Ok(mut sample) => {
                        // What is not a number was not measured.
                        sample.values.retain(|_, value| value.is_finite());
                        let unit = Unit { key, sample, seconds: spent };
                        if let Err(error) = store.keep(&unit) {
                            stop.store(true, Ordering::Relaxed);
                            return Err(error);
                        }
                        outcome.computed += 1;
                        outcome.units.insert((unit.key.experiment.clone(), unit.key.seed), unit);
                    }
                    Err(payload) => {
                        let why = payload
                            .downcast_ref::<String>()
                            .map(String::as_str)
                            .or_else(|| payload.downcast_ref::<&str>().copied())
                            .unwrap_or("it gave no reason");
                        outcome.failed.push(Failed { key, why: why.to_owned() });
                    }
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        if asked.load(Ordering::Relaxed) {
            stop.store(true, Ordering::Relaxed);
            outcome.broken_off = outcome.units.len() + outcome.failed.len() < kept + ahead.len();
            break;
        }
    }
    outcome.failed.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(outcome)
}

/// Units of the plan that the store already has, of experiments that were not asked for.
#[must_use]
pub fn kept(experiments: &[Registered], plan: &Plan, store: &Store) -> BTreeMap<(String, u64), Unit> {
    let parameters = fingerprint(&plan.setup.parameters);
    let mut units = BTreeMap::new();
    for experiment in experiments {
        let keys = plan.seeds().map(|seed| Key::new(*experiment, parameters.clone(), plan.setup.effort, seed));
        // Whole or not at all: an interval over other seeds would not belong in the same table.
        if let Some(all) = keys.map(|key| store.get(&key)).collect::<Option<Vec<Unit>>>() {
            units.extend(all.into_iter().map(|unit| ((unit.key.experiment.clone(), unit.key.seed), unit)));
        }
    }
    units
}
