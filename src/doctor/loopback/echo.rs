//! The echo: every key that goes down sounds a click at once. Between a microphone at the key and one at the loudspeaker lies
//! then the whole way of a press, from the switch to the ear, less the judge.

use std::{thread, time::Duration};

use serde::Serialize;

use super::pattern::{CLICK, PATIENCE, PatternError};
use crate::{
    audio::{Audio, Choice, Levels, State},
    clock::{self, Clock},
    input::{
        Edge, KEYBOARD, Taps,
        merge::TapKind,
        taps::x11::{Gate, X11Tap},
    },
};

/// What was pressed and how soon the click was asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Echo {
    pub device: Option<String>,
    pub rate_hz: u32,
    pub buffer_frames: Option<u32>,
    /// From the callback that fills a frame to that frame being heard, as the device says.
    pub latency_reported_ms: f64,
    pub restarts: u32,
    pub presses: Vec<EchoedPress>,
}

/// One press.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EchoedPress {
    /// From the first press, ms, by the tap's stamp.
    pub at_ms: f64,
    /// Half-width of the stamp.
    pub err_ms: f64,
    /// From the stamp to the moment at which the sound was asked for.
    pub asked_after_ms: f64,
}

/// Listens to all keys of the display for so long and answers each press.
///
/// # Errors
/// Without a display or a device, or when either goes meanwhile.
pub fn echo(length: Duration) -> Result<Echo, PatternError> {
    let mut taps = Taps::new(Clock::host());
    let _tap =
        X11Tap::start(taps.port(TapKind::X11), None, Gate::Open).map_err(|e| PatternError::NoKeys(e.to_string()))?;
    let mut audio = Audio::open(Choice::Device, Levels::default());
    if let Some(fallback) = &audio.report().fallback {
        return Err(PatternError::NoSound(fallback.to_string()));
    }
    let opened = clock::now();
    let (mut seen, mut presses) = (Vec::new(), Vec::new());
    let mut started = None;
    loop {
        thread::sleep(Duration::from_millis(1));
        let now = clock::now();
        audio.pump(now);
        if let State::Lost { device, detail, .. } = audio.state() {
            return Err(PatternError::Lost { device: device.clone(), detail: detail.clone() });
        }
        taps.poll(&mut seen);
        if started.is_none() && (audio.ready() || now - opened >= PATIENCE) {
            started = Some(now);
        }
        for press in seen.drain(..).filter(|input| input.device == KEYBOARD && input.edge == Edge::Down) {
            if started.is_some() {
                audio.soon(CLICK, 0.0, 0.0);
                presses.push((press, clock::now() - press.t));
            }
        }
        if started.is_some_and(|started| (now - started).as_secs() >= length.as_secs_f64()) {
            break;
        }
    }
    let first = presses.first().map_or(opened, |(press, _)| press.t);
    let report = audio.report();
    Ok(Echo {
        device: report.device.clone(),
        rate_hz: report.rate,
        buffer_frames: report.buffer,
        latency_reported_ms: audio.clock().latency().as_ms(),
        restarts: audio.clock_faults().restarts,
        presses: presses
            .into_iter()
            .map(|(press, after)| EchoedPress {
                at_ms: (press.t - first).as_ms(),
                err_ms: press.err.as_ms(),
                asked_after_ms: after.as_ms(),
            })
            .collect(),
    })
}
