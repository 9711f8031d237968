//! The self-check: how far a key's recorded time lies from the moment at which the key was pressed, on this machine, now.
//!
//! A second connection presses a key through XTEST at known moments and the X11 tap records them. The reference is the
//! clock read *right before* the request is written: it cannot lie after the press, so the figure holds the way into the
//! server as well and errs to our disadvantage. What lies before the X server (USB, switches) is not part of it.

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use doozy_training::time::{HostTime, Nanos};
use serde::{Deserialize, Serialize};
use x11rb::{
    connection::Connection,
    errors::{ConnectError, ConnectionError, ReplyError},
    protocol::{
        xproto::{KEY_PRESS_EVENT, KEY_RELEASE_EVENT},
        xtest::ConnectionExt as _,
    },
    rust_connection::RustConnection,
};

use super::{
    Control, Edge, Notice, Taps, TimedInput,
    merge::TapKind,
    taps::x11::{self, Gate, X11Tap, X11TapError},
};
use crate::clock::{self, Clock};

/// The key that is pressed: KEY_UNKNOWN of the kernel, to which no layout gives a meaning, so that nothing is typed.
const KEY: Control = Control::Key(240);

/// How long the last event may take before it counts as missed.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the recorded times lie against the injected ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyTiming {
    /// Events injected: presses and releases.
    pub n: usize,
    /// Events that never came.
    pub missed: usize,
    /// |recorded − injected|, in ms.
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    /// The most that a recorded time lay before its injection, in ms: 0, unless stamps are dated back too far.
    pub early_ms: f64,
    /// The longest that the tap's thread had to wait for a core beyond its 4 ms, in ms.
    pub worst_wake_ms: f64,
    /// Whether the X server stamps by the same clock, which bounds late arrivals.
    pub server_clock_known: bool,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum KeyCheckError {
    #[error(transparent)]
    Tap(#[from] X11TapError),
    #[error("no X display could be opened for the keys of the self-check: {0}")]
    Connect(#[from] ConnectError),
    #[error("the X server does not let the self-check press keys (XTEST): {0}")]
    NoXTest(#[from] ReplyError),
    #[error("the connection to the X server broke: {0}")]
    Connection(#[from] ConnectionError),
    #[error("the keys of the self-check did not arrive: {missed} of {n} are missing")]
    Nothing { n: usize, missed: usize },
}

/// Connects to `display` (`None`: $DISPLAY) as the tap does: for whoever wants to ask the server something.
///
/// # Errors
/// Where no server answers there.
pub fn connect(display: Option<&str>) -> Result<(RustConnection, usize), ConnectError> {
    x11::connect(display)
}

/// Presses and releases a key `n` times in all on `display` (`None`: $DISPLAY), `pacing` apart on average, and compares.
///
/// The gaps vary from half to one and a half times `pacing`, so that they meet every phase of the tap's waking.
///
/// # Errors
/// Without a display, without XInput 2 or XTEST, or when no event came at all.
pub fn measure_keys(display: Option<&str>, n: usize, pacing: Duration) -> Result<KeyTiming, KeyCheckError> {
    let mut taps = Taps::new(Clock::host());
    let tap = X11Tap::start(taps.port(TapKind::X11), display, Gate::Open)?;
    let (conn, screen) = connect(display)?;
    let root = conn.setup().roots[screen].root;
    conn.xtest_get_version(2, 2)?.reply()?;
    let mut seen = Vec::new();
    let mut open = false;
    let start = Instant::now();
    while !open && start.elapsed() < PATIENCE {
        taps.poll(&mut seen);
        open = taps.take_notices().iter().any(|notice| matches!(notice, Notice::FocusGained { .. }));
        thread::sleep(Duration::from_millis(1));
    }

    let (to, injected) = mpsc::channel();
    let injector = thread::spawn(move || -> Result<(), KeyCheckError> {
        for i in 0..n {
            thread::sleep(pacing.mul_f64(gap(i)));
            let kind = if i % 2 == 0 { KEY_PRESS_EVENT } else { KEY_RELEASE_EVENT };
            let before = clock::now();
            conn.xtest_fake_input(kind, KEY.code() as u8 + 8, 0, root, 0, 0, 0)?;
            conn.flush()?;
            let _ = to.send(before);
        }
        // A server drops what a client that has left had still to say: leave only once it has answered.
        conn.xtest_get_version(2, 2)?.reply()?;
        Ok(())
    });
    while !injector.is_finished() {
        taps.poll(&mut seen);
        thread::sleep(Duration::from_millis(5));
    }
    if let Ok(outcome) = injector.join() {
        outcome?;
    }
    let injected = injected.iter().collect::<Vec<_>>();
    let end = Instant::now();
    while recorded(&seen).len() < injected.len() && end.elapsed() < PATIENCE {
        taps.poll(&mut seen);
        thread::sleep(Duration::from_millis(1));
    }
    let clock_known = tap.server_clock().is_known();
    compare(&injected, &recorded(&seen), tap.worst_wake(), clock_known)
}

/// A gap of the low-discrepancy sequence of the golden ratio, 0.5…1.5: even over every phase, the same in every run.
fn gap(i: usize) -> f64 {
    0.5 + (i as f64 * 0.618_033_988_749_895).fract()
}

fn recorded(seen: &[TimedInput]) -> Vec<(HostTime, Edge)> {
    seen.iter().filter(|input| input.control == KEY).map(|input| (input.t, input.edge)).collect()
}

/// Pairs injected with recorded edges: in order where all have come, else each recorded one with the last injected edge of
/// its direction before it.
fn compare(
    injected: &[HostTime],
    recorded: &[(HostTime, Edge)],
    worst_wake: Nanos,
    server_clock_known: bool,
) -> Result<KeyTiming, KeyCheckError> {
    let mut errors: Vec<f64> = Vec::new();
    if injected.len() == recorded.len() {
        errors.extend(injected.iter().zip(recorded).map(|(at, (t, _))| (*t - *at).as_ms()));
    } else {
        let mut from = 0;
        for (t, edge) in recorded {
            let down = usize::from(*edge != Edge::Down);
            let mut fits = (from..injected.len()).filter(|i| i % 2 == down && injected[*i] <= *t);
            if let Some(i) = fits.next_back() {
                errors.push((*t - injected[i]).as_ms());
                from = i + 1;
            }
        }
    }
    let (n, missed) = (injected.len(), injected.len() - errors.len());
    let early_ms = errors.iter().fold(0.0, |most: f64, error| most.max(-error));
    let mut sizes = errors.into_iter().map(f64::abs).collect::<Vec<_>>();
    sizes.sort_by(f64::total_cmp);
    // The nearest rank: the smallest size that at least this share of all do not exceed.
    let at = |share: f64| sizes.get(((share * sizes.len() as f64).ceil() as usize).max(1) - 1).copied();
    let (Some(p50_ms), Some(p95_ms), Some(p99_ms), Some(max_ms)) = (at(0.5), at(0.95), at(0.99), at(1.0)) else {
        return Err(KeyCheckError::Nothing { n, missed });
    };
    let worst_wake_ms = worst_wake.as_ms();
    Ok(KeyTiming { n, missed, p50_ms, p95_ms, p99_ms, max_ms, early_ms, worst_wake_ms, server_clock_known })
}

#[cfg(test)]
mod tests {
    use doozy_training::event::ReleaseCause;

    use super::*;
    use crate::input::xvfb::Xvfb;

    const UP: Edge = Edge::Up(ReleaseCause::Released);

    fn us(t: i64) -> HostTime {
        HostTime(t * 1000)
    }

    #[test]
    fn percentiles_are_nearest_ranks_of_the_absolute_error() {
        let injected = (0..100).map(|i| us(i * 10_000)).collect::<Vec<_>>();
        let recorded = injected.iter().enumerate().map(|(i, t)| {
            let error = Nanos((i as i64 + 1) * 10_000);
            (if i == 0 { *t - error } else { *t + error }, if i % 2 == 0 { Edge::Down } else { UP })
        });
        let timing = compare(&injected, &recorded.collect::<Vec<_>>(), Nanos::ms(2), true).unwrap();
        assert_eq!((timing.n, timing.missed), (100, 0));
        assert_eq!((timing.p50_ms, timing.p95_ms, timing.p99_ms, timing.max_ms), (0.5, 0.95, 0.99, 1.0));
        assert_eq!((timing.early_ms, timing.worst_wake_ms), (0.01, 2.0));
    }

    #[test]
    fn what_never_came_is_missed_and_shifts_nothing() {
        let injected = [0, 10_000, 20_000, 30_000].map(us);
        let recorded = [(us(100), Edge::Down), (us(20_100), Edge::Down), (us(30_100), UP)];
        let timing = compare(&injected, &recorded, Nanos::ZERO, false).unwrap();
        assert_eq!((timing.n, timing.missed, timing.max_ms), (4, 1, 0.1));
        let nothing = compare(&injected, &[], Nanos::ZERO, false).unwrap_err().to_string();
        assert_eq!(nothing, "the keys of the self-check did not arrive: 4 of 4 are missing");
    }

    #[test]
    fn keys_pressed_through_xtest_are_all_recorded() {
        let xvfb = Xvfb::start();
        let timing = measure_keys(Some(&xvfb.display), 100, Duration::from_millis(3)).unwrap();
        assert_eq!((timing.n, timing.missed), (100, 0));
        assert!(timing.p50_ms <= 10.0, "the loose bound of a test: {timing:?}");
    }
}
