//! The taps, one file a source of time.

pub mod frame;
#[cfg(feature = "devices")]
pub mod gilrs;
#[cfg(feature = "devices")]
pub mod midi;
pub mod scripted;
#[cfg(feature = "devices")]
pub mod x11;
#[cfg(feature = "devices")]
mod x11_time;

use std::time::Duration;

/// How long a tap's thread waits at most before it says again how far it has come.
pub const WAKE: Duration = Duration::from_millis(4);

/// How far behind the present moment a device tap's watermark stays.
///
/// ◇ Ours: a stamp lies before its delivery, and may not lie before a promise. 10 ms covers the worst delivery measured on a
/// saturated machine (7.4 ms); more would only make final verdicts appear later.
#[cfg(feature = "devices")]
pub const SLACK: doozy_training::time::Nanos = doozy_training::time::Nanos::ms(10);

/// Asks for a better place in the scheduler for the calling thread. Most systems refuse; taps then do without.
#[cfg(feature = "devices")]
fn ask_for_priority() {
    // On Linux "this process" means the calling thread (setpriority(2), BUGS).
    let _ = rustix::process::setpriority_process(None, -10);
}
