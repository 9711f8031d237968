//! A run of a share: the units that the folder lacks, on as many threads as asked for. A unit is kept as soon as it is
//! played, so breaking off loses only those in progress.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError, atomic::AtomicBool},
};

use rayon::iter::{IndexedParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _};

use super::{
    cells::{self, Played, Shard, Unit},
    folder::Folder,
    plan::Plan,
    table,
};
use crate::{
    clock,
    paths::{self, PathError},
};

/// What a run tells while it goes on.
pub trait Progress: Sync {
    /// Runs of policies ahead, and how many units of how many were already there.
    fn begins(&self, runs: u64, kept: usize, units: usize);
    /// A unit is kept.
    fn ended(&self, runs: u64);
}

/// What a run left.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Done {
    /// Units of the share.
    pub units: usize,
    pub kept: usize,
    pub computed: usize,
    /// Of policies, computed now.
    pub runs: u64,
    /// Learner events simulated now, and the seconds of cores that they took.
    pub events: u64,
    pub core_seconds: f64,
    /// It was asked to end before all was done.
    pub broken_off: bool,
}

/// Why a run ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("{}: {source}", .path.display())]
    Format { path: PathBuf, source: parquet::errors::ParquetError },
    #[error("{0} threads cannot be had: {1}")]
    Threads(usize, rayon::ThreadPoolBuildError),
}

enum Stop {
    Asked,
    Failed(RunError),
}

/// Computes what the folder lacks of a share.
///
/// # Errors
/// Where a unit cannot be kept; those kept before stay.
pub fn run(
    folder: &Folder,
    shard: Shard,
    jobs: usize,
    asked: &AtomicBool,
    progress: &dyn Progress,
) -> Result<Done, RunError> {
    let plan = folder.plan();
    let share = cells::share(plan, shard);
    folder.sweep_up(&share);
    let units = share.len();
    let ahead = folder.missing(share);
    let mut done = Done { units, kept: units - ahead.len(), ..Done::default() };
    progress.begins(ahead.iter().map(|unit| unit.runs(plan)).sum(), done.kept, units);
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(jobs).build().map_err(|error| RunError::Threads(jobs, error))?;
    let tally = Mutex::new(&mut done);
    let ended = pool.install(|| {
        ahead.par_iter().with_max_len(1).try_for_each(|unit| {
            let start = clock::thread_seconds();
            let all = cells::play(plan, unit, asked).ok_or(Stop::Asked)?;
            keep(folder, plan, unit, &all).map_err(Stop::Failed)?;
            let spent = clock::thread_seconds() - start;
            let runs = unit.runs(plan);
            let mut done = tally.lock().unwrap_or_else(PoisonError::into_inner);
            done.computed += 1;
            done.runs += runs;
            done.events += unit.events(plan);
            done.core_seconds += spent;
            progress.ended(runs);
            Ok(())
        })
    });
    match ended {
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Asked) => {
            done.broken_off = true;
            Ok(done)
        }
        Ok(()) => Ok(done),
    }
}

/// Writes a unit's files, the curves last.
fn keep(folder: &Folder, plan: &Plan, unit: &Unit, all: &[Played]) -> Result<(), RunError> {
    let write = |file: PathBuf, bytes: Result<Vec<u8>, parquet::errors::ParquetError>| -> Result<(), RunError> {
        let path = folder.path().join(file);
        let bytes = bytes.map_err(|source| RunError::Format { path: path.clone(), source })?;
        Ok(paths::write_whole(&path, &bytes)?)
    };
    for played in all {
        write(unit.runs_path(plan, &played.policy), table::runs(played))?;
    }
    let total = plan.schedules[unit.schedule].schedule().total();
    write(unit.curves_path(plan), table::curves(all, total))
}
