//! `doozy doctor`: what this machine can and cannot promise, in numbers, and what no program can know.

use clap::Args;
use serde_json::{Value, json};

use super::{Common, Failure, line};
use crate::{
    audio::{Audio, Choice, Levels},
    clock,
};

#[derive(Args, Debug)]
pub struct Doctor {
    /// Measure the error of key times: so many presses through XTEST on this display
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "500")]
    keys: Option<u32>,
}

impl Doctor {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let mut report = serde_json::Map::new();
        report.insert("clock".into(), host_clock());
        report.insert("display".into(), display());
        report.insert("sound".into(), sound());
        report.insert("pads".into(), pads());
        report.insert("record".into(), folder(common));
        if let Some(n) = self.keys {
            report.insert("keys".into(), keys(n)?);
        }
        report.insert(
            "unknown".into(),
            json!("delays of the keyboard's switches and USB polling, of a pad's radio, and of display and loudspeaker: measure them with a microphone or a photodiode"),
        );
        let report = Value::Object(report);
        if common.json {
            return line(report);
        }
        let Value::Object(parts) = report else { return Ok(()) };
        for (name, part) in parts {
            match part {
                Value::Object(facts) => {
                    line(format!("{name}:"))?;
                    for (fact, value) in facts {
                        line(format!("  {fact}: {}", plain(&value)))?;
                    }
                }
                other => line(format!("{name}: {}", plain(&other)))?,
            }
        }
        Ok(())
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The smallest step that the host's monotonic clock shows, and what reading it costs.
fn host_clock() -> Value {
    const READS: i64 = 100_000;
    let start = clock::now();
    let (mut last, mut least) = (start, i64::MAX);
    for _ in 0..READS {
        let t = clock::now();
        let step = (t - last).0;
        if step > 0 {
            least = least.min(step);
        }
        last = t;
    }
    json!({ "source": "CLOCK_MONOTONIC", "least step, ns": least, "one reading, ns": (last - start).0 / READS })
}

fn display() -> Value {
    let name = std::env::var("DISPLAY").ok();
    #[cfg(feature = "devices")]
    let answers = name.is_some() && x11rb::connect(None).is_ok();
    #[cfg(not(feature = "devices"))]
    let answers = false;
    json!({ "DISPLAY": name, "answers": answers, "key times": if answers { "X11 tap" } else { "none: no X display" } })
}

fn sound() -> Value {
    let audio = Audio::open(Choice::Device, Levels::default());
    let report = audio.report();
    json!({
        "backend": format!("{:?}", report.backend).to_lowercase(),
        "device": report.device,
        "rate, Hz": report.rate,
        "frames a callback": report.buffer,
        "instead": report.fallback.as_ref().map(ToString::to_string),
    })
}

#[cfg(feature = "devices")]
fn pads() -> Value {
    use crate::input::{Notice, Taps, merge::TapKind, pad::PadChoice, taps::gilrs::GilrsTap};
    let mut taps = Taps::new(clock::Clock::host());
    match GilrsTap::start(taps.port(TapKind::Gilrs), PadChoice::default()) {
        Err(error) => json!(error.to_string()),
        Ok(_tap) => {
            // pads that are there are announced before the tap's first watermark
            std::thread::sleep(std::time::Duration::from_millis(200));
            taps.poll(&mut Vec::new());
            let found: Vec<_> = taps
                .take_notices()
                .into_iter()
                .filter_map(|notice| if let Notice::DeviceFound { name, .. } = notice { Some(name) } else { None })
                .collect();
            if found.is_empty() { json!("none found") } else { json!(found) }
        }
    }
}

#[cfg(not(feature = "devices"))]
fn pads() -> Value {
    json!("this build has no pads (feature `devices` is off)")
}

fn folder(common: &Common) -> Value {
    match common.data_dir() {
        Err(failure) => json!(failure.to_string()),
        Ok(data) => json!({
            "file": data.database().display().to_string(),
            "writable": crate::record::Recorder::open(&data).map_or_else(|e| e.to_string(), |_| "yes".to_owned()),
        }),
    }
}

#[cfg(feature = "devices")]
fn keys(n: u32) -> Result<Value, Failure> {
    use crate::input::self_check::measure_keys;
    // slower than the fastest typist, so that no press waits for another
    const PACING: std::time::Duration = std::time::Duration::from_millis(20);
    let timing = measure_keys(None, n as usize, PACING).map_err(|e| Failure::lacking(e.to_string()))?;
    serde_json::to_value(timing).map_err(|e| Failure::wrong(e.to_string()))
}

#[cfg(not(feature = "devices"))]
fn keys(_n: u32) -> Result<Value, Failure> {
    Err(Failure::lacking("this build has no X11 tap (feature `devices` is off)"))
}
