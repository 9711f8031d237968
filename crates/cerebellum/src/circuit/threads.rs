//! The threads that a step runs on. They are no part of a circuit's state: spikes do not depend on them.

use std::sync::Arc;

use thiserror::Error;

/// Why a circuit has no threads.
#[derive(Debug, Error)]
#[error("the system gives no {threads} threads: {why}")]
pub struct NoThreads {
    pub threads: usize,
    why: rayon::ThreadPoolBuildError,
}

/// Threads that a circuit and its copies share; none where it runs on the calling thread alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Threads(Option<Arc<rayon::ThreadPool>>);

impl Threads {
    pub(super) fn new(threads: usize) -> Result<Self, NoThreads> {
        if threads <= 1 {
            return Ok(Self::default());
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("cerebellum {index}"))
            .build()
            .map_err(|why| NoThreads { threads, why })?;
        Ok(Self(Some(Arc::new(pool))))
    }

    pub(super) fn pool(&self) -> Option<&rayon::ThreadPool> {
        self.0.as_deref()
    }

    pub(super) fn count(&self) -> usize {
        self.pool().map_or(1, rayon::ThreadPool::current_num_threads)
    }
}
