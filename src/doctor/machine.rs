//! The machine itself: what it is, how fine its clock is, and how punctually it wakes a thread.

use std::{fs, thread, time::Duration};

use serde::Serialize;

use super::Lateness;
use crate::clock;

/// The program and what it runs on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Build {
    pub doozy: &'static str,
    /// Optional parts that were built in.
    pub features: Vec<&'static str>,
    /// Built with the checks of development.
    pub development: bool,
    /// Kernel and its release.
    pub system: String,
    pub cpu: String,
    pub cores: usize,
    /// Whether the processor says that a hypervisor runs it.
    pub virtual_machine: Option<bool>,
}

/// The clock that judges.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HostClock {
    pub source: &'static str,
    /// What the kernel reads it from, where that is told.
    pub counter: Option<String>,
    pub readings: u32,
    /// The least step that was seen.
    pub least_step_ns: i64,
    /// What one reading costs.
    pub reading_ns: f64,
    /// Readings that lay before the one ahead of them.
    pub backward_steps: u32,
}

/// How late a thread wakes that asked for 1 ms.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scheduler {
    pub asked_ms: f64,
    #[serde(flatten)]
    pub late: Lateness,
    /// Whether the system let the thread have the priority that the taps ask for.
    pub priority: bool,
    /// How the processor chooses its speed, where that is told.
    pub governor: Option<String>,
    pub load_1min: Option<f64>,
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

pub(super) fn build() -> Build {
    let cpuinfo = read("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let system = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    Build {
        doozy: env!("CARGO_PKG_VERSION"),
        features: [("game", cfg!(feature = "game")), ("devices", cfg!(feature = "devices"))]
            .into_iter()
            .filter_map(|(name, built)| built.then_some(name))
            .collect(),
        development: cfg!(debug_assertions),
        system: format!("{} {} {}", text(system.sysname()), text(system.release()), text(system.machine())),
        cpu: field("model name").unwrap_or_else(|| "unknown".to_owned()),
        cores: thread::available_parallelism().map_or(1, std::num::NonZero::get),
        virtual_machine: field("flags").map(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
    }
}

pub(super) fn host_clock() -> HostClock {
    const READINGS: u32 = 200_000;
    let start = clock::now();
    let (mut last, mut least, mut backward) = (start, i64::MAX, 0);
    for _ in 0..READINGS {
        let t = clock::now();
        let step = (t - last).0;
        if step > 0 {
            least = least.min(step);
        }
        backward += u32::from(step < 0);
        last = t;
    }
    HostClock {
        source: "CLOCK_MONOTONIC",
        counter: read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        readings: READINGS,
        least_step_ns: least,
        reading_ns: (last - start).0 as f64 / f64::from(READINGS),
        backward_steps: backward,
    }
}

/// Sleeps 1 ms at a time in a thread that asks for the taps' priority.
pub(super) fn scheduler(length: Duration) -> Scheduler {
    const ASKED: Duration = Duration::from_millis(1);
    let watch = move || {
        // On Linux "this process" means the calling thread (setpriority(2), BUGS), and this one ends with the measurement.
        let priority = rustix::process::setpriority_process(None, -10).is_ok();
        let start = clock::now();
        let mut late = Vec::new();
        loop {
            let before = clock::now();
            if late.len() > 1 && (before - start).as_secs() >= length.as_secs_f64() {
                return (priority, late);
            }
            thread::sleep(ASKED);
            late.push((clock::now() - before).as_ms() - 1.0);
        }
    };
    let (priority, late) = thread::spawn(watch).join().unwrap_or_default();
    Scheduler {
        asked_ms: 1.0,
        late: Lateness::of(late).unwrap_or_default(),
        priority,
        governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        load_1min: read("/proc/loadavg").and_then(|text| text.split(' ').next()?.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_tells_of_itself_whatever_it_is() {
        let build = build();
        assert!(build.cores >= 1 && !build.system.trim().is_empty(), "{build:?}");
        let clock = host_clock();
        assert_eq!(clock.backward_steps, 0, "a monotonic clock");
        assert!(clock.least_step_ns >= 1 && clock.reading_ns > 0.0, "{clock:?}");
        let scheduler = scheduler(Duration::from_millis(20));
        assert!(scheduler.late.n >= 2 && scheduler.late.p50_ms <= scheduler.late.max_ms, "{scheduler:?}");
        assert!(scheduler.late.p50_ms >= 0.0, "nothing wakes before its time: {scheduler:?}");
    }
}
