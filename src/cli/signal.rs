//! SIGINT and SIGTERM: whoever runs a session asks here once a turn whether to finish.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use signal_hook::consts::{SIGINT, SIGTERM};

static RECEIVED: OnceLock<Arc<AtomicUsize>> = OnceLock::new();
static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on, SIGINT and SIGTERM ask for an orderly end; a second one of the same kind ends the program at once.
pub fn watch() {
    let flag = RECEIVED.get_or_init(|| Arc::new(AtomicUsize::new(0)));
    let asked = asked();
    for signal in [SIGINT, SIGTERM] {
        let armed = Arc::new(AtomicBool::new(false));
        // Order matters: the shutdown is registered first and acts only once the arming below has run, on a second signal.
        let done = signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&armed))
            .and_then(|_| signal_hook::flag::register(signal, armed))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&asked)))
            .and_then(|_| signal_hook::flag::register_usize(signal, Arc::clone(flag), signal as usize));
        if let Err(error) = done {
            tracing::warn!("signal {signal} cannot be watched: {error}");
        }
    }
}

/// Set once a signal has asked for an end.
#[must_use]
pub fn asked() -> Arc<AtomicBool> {
    Arc::clone(ASKED.get_or_init(|| Arc::new(AtomicBool::new(false))))
}

/// The signal that has asked for an end, if any.
#[must_use]
pub fn received() -> Option<i32> {
    match RECEIVED.get()?.load(Ordering::Relaxed) {
        0 => None,
        signal => i32::try_from(signal).ok(),
    }
}
