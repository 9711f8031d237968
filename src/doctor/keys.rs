//! Key times: how far a recorded press lies from the moment at which it was made, through XTEST, here and now.

use serde::{Deserialize, Serialize};

use super::display::Display;

/// Presses and releases where nobody asked for a number: 1.6 s.
pub(super) const QUICK: u32 = 200;

/// The error of key times on this display.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Keys {
    /// The figures, where they could be measured.
    #[serde(flatten)]
    pub timing: Option<KeyFigures>,
    /// Why they could not.
    pub problem: Option<String>,
}

/// |recorded − injected| of key presses and releases (`input::self_check`, of which this is what every build knows).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyFigures {
    pub n: usize,
    pub missed: usize,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    /// The most that a recorded time lay before its injection; 0 where stamps are honest.
    pub early_ms: f64,
    /// The longest that the tap's thread waited for a core beyond its 4 ms.
    pub worst_wake_ms: f64,
    /// Whether the X server stamps by the same clock, which bounds late arrivals.
    pub server_clock_known: bool,
}

impl Keys {
    fn none(why: impl Into<String>) -> Self {
        Self { timing: None, problem: Some(why.into()) }
    }
}

/// Presses `asked` keys (none if 0), or `quick` where nothing was asked and nobody is disturbed by it.
#[cfg(feature = "devices")]
pub(super) fn measure(display: &Display, asked: Option<u32>, quick: u32) -> Keys {
    use std::time::Duration;

    use crate::input::self_check::{KeyTiming, measure_keys};
    // slower than the fastest typist, so that no press waits for another
    const PACING: Duration = Duration::from_millis(8);
    let n = match asked {
        Some(0) => return Keys::none("not asked for"),
        _ if !display.answers => {
            return Keys::none(display.problem.clone().unwrap_or_else(|| "no X display answers".to_owned()));
        }
        None if display.xwayland => {
            return Keys::none("under XWayland a press may raise a question on the screen: ask for it with --keys N");
        }
        None => quick,
        Some(n) => n,
    };
    match measure_keys(None, n as usize, PACING) {
        Ok(timing) => {
            let KeyTiming { n, missed, p50_ms, p95_ms, p99_ms, max_ms, early_ms, worst_wake_ms, server_clock_known } =
                timing;
            let figures =
                KeyFigures { n, missed, p50_ms, p95_ms, p99_ms, max_ms, early_ms, worst_wake_ms, server_clock_known };
            Keys { timing: Some(figures), problem: None }
        }
        Err(error) => Keys::none(error.to_string()),
    }
}

#[cfg(not(feature = "devices"))]
pub(super) fn measure(_: &Display, _: Option<u32>, _: u32) -> Keys {
    Keys::none("this build has no X11 tap (feature `devices` is off)")
}
