//! How fast the circuit runs on this machine, preset by preset, and whether its cells fire as they should meanwhile: speed
//! that silent cells buy does not count.
//!
//! Each load (`doozy_cerebellum::workload`: rest, and conditioning trials) is timed in several repeats of whole simulated
//! seconds. What stands for them is the median, with the slowest and the fastest, for other programs share the machine.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
};

use doozy_cerebellum::{
    Parameters, Preset,
    circuit::{Circuit, NoThreads, Rates, Refused},
    experiments::{
        Band, Experiment as _, Measure,
        rest::{self, Rest},
    },
    parameters::Fault,
    workload::{self, Stretch, TRIAL},
};
use serde::Serialize;
use thiserror::Error;

use crate::{
    clock,
    report::{Cell, Table, Tone},
};

/// Raised when fields change their meaning.
pub const LAYOUT: u32 = 1;

/// What to time.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub presets: Vec<Preset>,
    pub seed: u64,
    /// Seconds of wall time for each load of a preset, all repeats together. Each repeat takes one simulated second at least.
    pub seconds: f64,
    pub repeats: u32,
}

/// Why a preset was not timed.
#[derive(Debug, Error)]
pub enum BenchError {
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Parameters(Vec<Fault>),
    #[error(transparent)]
    Threads(#[from] NoThreads),
    #[error(transparent)]
    Trial(#[from] Refused),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timed {
    /// Version of this layout.
    pub bench: u32,
    pub program: &'static str,
    pub machine: Machine,
    pub seed: u64,
    pub seconds: f64,
    pub presets: Vec<Speed>,
    /// The most memory that the whole program has held at a time, bytes; missing where the system does not tell.
    pub peak_resident_bytes: Option<u64>,
    /// It was asked to end before all was timed.
    pub broken_off: bool,
}

/// The machine and what else it was doing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Machine {
    /// As the system names it.
    pub cpu: String,
    /// Cores that this program may use.
    pub cores: usize,
    /// Programs that wanted to run, mean over the minute before: above 0, they may have slowed the timing down.
    pub load: Option<f64>,
    /// Whether the program is a development build: not what the figures of docs/science/speed.md are of.
    pub development_build: bool,
}

/// One preset's speed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Speed {
    pub preset: &'static str,
    /// How its granular layer represents time.
    pub layer: String,
    pub granule_cells: usize,
    pub threads: usize,
    /// At rest, in trials, and in those steps of the trials in which the cue is on; simulated seconds a second.
    pub rest: Spread,
    pub trials: Spread,
    pub cue: Spread,
    /// As the issue that asked for it has it; missing for `yamazaki`, which is timed beside another program.
    pub target: Option<f64>,
    /// Bytes that the circuit holds, and what the program's resident memory has grown by since it began.
    pub circuit_bytes: usize,
    pub resident_bytes: Option<u64>,
    /// At rest, each against its band of experiment E1; all populations, for both loads.
    pub bands: Vec<Rate>,
    pub rates_at_rest: Rates,
    pub rates_in_trials: Rates,
    pub verdict: Verdict,
}

/// A speed over repeats, simulated seconds a second of wall time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub slowest: f64,
    pub fastest: f64,
    /// The median by the time that the program's thread had of a core: without what it waited for others. Missing where it
    /// runs on several.
    pub of_a_core: Option<f64>,
    pub repeats: usize,
    /// Simulated, all repeats together.
    pub simulated_seconds: f64,
}

/// A population's rate during the timed run at rest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rate {
    pub key: &'static str,
    pub what: &'static str,
    pub hz: f64,
    pub low: f64,
    pub high: f64,
    pub in_band: bool,
}

/// Whether a preset is as fast as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Both medians reach the target, and every population fires within its band.
    Holds,
    /// A median does not reach it.
    FallsShort,
    /// They do, but a population fires out of its band.
    RatesOut,
    NoTarget,
}

impl Verdict {
    fn cell(self) -> Cell {
        let (text, tone) = match self {
            Self::Holds => ("holds", Tone::Good),
            Self::FallsShort => ("falls short", Tone::Bad),
            Self::RatesOut => ("rates out of band", Tone::Bad),
            Self::NoTarget => ("no target", Tone::Plain),
        };
        Cell { text: text.into(), tone }
    }
}

/// Times real time that a preset must reach, on [`threads`] cores.
#[must_use]
pub fn target(preset: Preset) -> Option<f64> {
    match preset {
        Preset::Small => Some(100.0),
        Preset::Standard => Some(20.0),
        Preset::Large => Some(5.0),
        Preset::Xl => Some(0.6),
        Preset::Yamazaki => None,
    }
}

/// Threads that a preset is timed on.
#[must_use]
pub fn threads(preset: Preset) -> usize {
    if preset == Preset::Xl { 2 } else { 1 }
}

/// Times every preset asked for; `progress` is told how many of how many repeats are done.
///
/// # Errors
/// If a circuit cannot be drawn, or the system gives no threads.
pub fn run(asked: &Asked, stop: &AtomicBool, mut progress: impl FnMut(usize, usize)) -> Result<Timed, BenchError> {
    let mut timed = Timed {
        bench: LAYOUT,
        program: env!("CARGO_PKG_VERSION"),
        machine: Machine::here(),
        seed: asked.seed,
        seconds: asked.seconds,
        presets: Vec::new(),
        peak_resident_bytes: None,
        broken_off: false,
    };
    let before = resident("VmRSS:");
    let all = 2 * asked.repeats as usize * asked.presets.len();
    let mut done = 0;
    progress(done, all);
    let mut tick = || {
        done += 1;
        progress(done, all);
    };
    for preset in &asked.presets {
        match time(*preset, asked, before, stop, &mut tick)? {
            Some(speed) => timed.presets.push(speed),
            None => {
                timed.broken_off = true;
                break;
            }
        }
    }
    timed.peak_resident_bytes = resident("VmHWM:");
    Ok(timed)
}

fn time(
    preset: Preset,
    asked: &Asked,
    before: Option<u64>,
    stop: &AtomicBool,
    tick: &mut dyn FnMut(),
) -> Result<Option<Speed>, BenchError> {
    let parameters = Parameters::of(preset);
    let mut circuit = Circuit::new(&parameters, asked.seed).map_err(BenchError::Parameters)?;
    circuit.set_threads(threads(preset))?;
    let one_thread = circuit.threads() == 1;
    let per_repeat = asked.seconds / f64::from(asked.repeats);
    let (mut rest, mut trials, mut cue) = (Vec::new(), Vec::new(), Vec::new());

    circuit.reset_rates();
    for _ in 0..asked.repeats {
        let mut taken = Taken::default();
        while taken.goes_on(per_repeat) && !stop.load(Ordering::Relaxed) {
            taken.add(TRIAL, || workload::advance(&mut circuit, TRIAL));
        }
        rest.push(taken);
        tick();
    }
    let rates_at_rest = circuit.rates();

    circuit.reset_rates();
    for _ in 0..asked.repeats {
        let (mut on, mut off) = (Taken::default(), Taken::default());
        while (on + off).goes_on(per_repeat) && !stop.load(Ordering::Relaxed) {
            workload::trial(&mut circuit, |circuit, Stretch { steps, cue }| {
                let taken = if cue { &mut on } else { &mut off };
                taken.add(steps, || workload::advance(circuit, steps));
            })?;
        }
        cue.push(on);
        trials.push(on + off);
        tick();
    }
    let rates_in_trials = circuit.rates();
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let [rest, trials, cue] = [rest, trials, cue].map(|repeats| Spread::of(&repeats, one_thread));
    let bands = bands(&rates_at_rest);
    let target = target(preset);
    let layer = parameters.entries().into_iter().find(|entry| entry.field == "granule.layer");
    Ok(Some(Speed {
        preset: preset.name(),
        layer: layer.map(|entry| entry.shown).unwrap_or_default(),
        granule_cells: parameters.cells.granule,
        threads: circuit.threads(),
        verdict: match target {
            None => Verdict::NoTarget,
            Some(target) if rest.median < target || trials.median < target => Verdict::FallsShort,
            Some(_) if bands.iter().any(|rate| !rate.in_band) => Verdict::RatesOut,
            Some(_) => Verdict::Holds,
        },
        rest,
        trials,
        cue,
        target,
        circuit_bytes: circuit.bytes(),
        resident_bytes: resident("VmRSS:").zip(before).map(|(now, before)| now.saturating_sub(before)),
        bands,
        rates_at_rest,
        rates_in_trials,
    }))
}

/// What one repeat took.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    steps: u64,
    wall: f64,
    core: f64,
}

impl Taken {
    fn goes_on(&self, seconds: f64) -> bool {
        self.steps == 0 || self.wall < seconds
    }

    fn add(&mut self, steps: u64, work: impl FnOnce()) {
        let (wall, core) = (clock::now(), clock::thread_seconds());
        work();
        self.core += clock::thread_seconds() - core;
        self.wall += (clock::now() - wall).0 as f64 * 1e-9;
        self.steps += steps;
    }
}

impl std::ops::Add for Taken {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { steps: self.steps + other.steps, wall: self.wall + other.wall, core: self.core + other.core }
    }
}

impl Spread {
    fn of(repeats: &[Taken], one_thread: bool) -> Self {
        let sorted = |taken: fn(&Taken) -> f64| {
            let mut times: Vec<f64> =
                repeats.iter().map(|repeat| repeat.steps as f64 * 1e-3 / taken(repeat).max(1e-9)).collect();
            times.sort_by(f64::total_cmp);
            times
        };
        let wall = sorted(|repeat| repeat.wall);
        Self {
            median: median(&wall),
            slowest: wall.first().copied().unwrap_or_default(),
            fastest: wall.last().copied().unwrap_or_default(),
            of_a_core: one_thread.then(|| median(&sorted(|repeat| repeat.core))),
            repeats: repeats.len(),
            simulated_seconds: repeats.iter().map(|repeat| repeat.steps as f64 * 1e-3).sum(),
        }
    }

    fn shown(&self) -> String {
        format!("{} ({}–{})", digits(self.median), digits(self.slowest), digits(self.fastest))
    }
}

/// Of an ascending list.
fn median(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// Three digits, as far as they say something.
fn digits(times: f64) -> String {
    match times {
        100.0.. => format!("{times:.0}"),
        10.0..100.0 => format!("{times:.1}"),
        _ => format!("{times:.2}"),
    }
}

/// The rates of a run at rest, each against its band of E1.
#[must_use]
pub fn bands(rates: &Rates) -> Vec<Rate> {
    let found = rest::populations(rates);
    let of = |Measure { key, what, band, .. }: Measure| {
        let (_, hz) = *found.iter().find(|(name, _)| *name == key)?;
        let Band { low, high } = band?;
        Some(Rate { key, what, hz, low, high, in_band: (low..=high).contains(&hz) })
    };
    Rest.measures().into_iter().filter_map(of).collect()
}

impl Machine {
    /// This one, as far as it tells.
    #[must_use]
    pub fn here() -> Self {
        let field = |file: &str, name: &str| {
            let text = fs::read_to_string(file).ok()?;
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let load = fs::read_to_string("/proc/loadavg").ok().and_then(|text| text.split(' ').next()?.parse().ok());
        Self {
            cpu: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            load,
            development_build: cfg!(debug_assertions),
        }
    }

    /// In a line.
    #[must_use]
    pub fn shown(&self) -> String {
        let load = self.load.map(|load| format!(", load {load} before")).unwrap_or_default();
        let build = if self.development_build { ", development build" } else { "" };
        format!("{}, {} cores{load}{build}", self.cpu, self.cores)
    }
}

/// What `/proc/self/status` says of this program's memory under `name`, bytes.
fn resident(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1_024 * kibibytes)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 * 1e-6)
}

impl Timed {
    /// Speeds, a preset a row.
    #[must_use]
    pub fn table(&self) -> Table {
        let numeric = ["granule cells", "cores", "target ×", "circuit MB", "resident MB"];
        let mut table = Table::new(
            &[
                "preset",
                "layer",
                "granule cells",
                "cores",
                "target ×",
                "rest ×",
                "trials ×",
                "cue on ×",
                "verdict",
                "circuit MB",
                "resident MB",
            ],
            &numeric,
        );
        for speed in &self.presets {
            table.row(vec![
                speed.preset.into(),
                speed.layer.clone().into(),
                speed.granule_cells.to_string().into(),
                speed.threads.to_string().into(),
                speed.target.map_or_else(|| "–".to_owned(), |target| target.to_string()).into(),
                speed.rest.shown().into(),
                speed.trials.shown().into(),
                speed.cue.shown().into(),
                speed.verdict.cell(),
                megabytes(speed.circuit_bytes as u64).into(),
                speed.resident_bytes.map_or_else(|| "–".to_owned(), megabytes).into(),
            ]);
        }
        table
    }

    /// Rates during the timed runs, a preset a row.
    #[must_use]
    pub fn rates(&self) -> Table {
        let bands = self.presets.first().map(|speed| speed.bands.as_slice()).unwrap_or_default();
        let mut heads = vec!["preset", "load"];
        heads.extend(bands.iter().map(|rate| rate.what));
        let numeric: Vec<&str> = heads[2..].to_vec();
        let mut table = Table::new(&heads, &numeric);
        let band = |rate: &Rate| format!("{}–{}", rate.low, rate.high).into();
        table.row(["band of E1".into(), "rest".into()].into_iter().chain(bands.iter().map(band)).collect());
        for speed in &self.presets {
            let at_rest = speed.bands.iter().map(|rate| {
                let (out, tone) = if rate.in_band { ("", Tone::Plain) } else { (" out", Tone::Bad) };
                Cell { text: format!("{:.2}{out}", rate.hz), tone }
            });
            table.row([speed.preset.into(), "rest".into()].into_iter().chain(at_rest).collect());
            let in_trials = rest::populations(&speed.rates_in_trials).map(|(_, hz)| format!("{hz:.2}").into());
            table.row([speed.preset.into(), "trials".into()].into_iter().chain(in_trials).collect());
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeat(steps: u64, wall: f64, core: f64) -> Taken {
        Taken { steps, wall, core }
    }

    #[test]
    fn a_speed_is_the_median_of_its_repeats_with_the_slowest_and_the_fastest() {
        let repeats = [repeat(1_000, 0.01, 0.01), repeat(2_000, 0.04, 0.02), repeat(1_000, 0.1, 0.01)];
        let spread = Spread::of(&repeats, true);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(
            close(spread.median, 50.0) && close(spread.slowest, 10.0) && close(spread.fastest, 100.0),
            "{spread:?}"
        );
        assert!(spread.of_a_core.is_some_and(|of_a_core| close(of_a_core, 100.0)));
        assert_eq!((spread.repeats, spread.simulated_seconds), (3, 4.0));
        assert_eq!(Spread::of(&repeats[..2], false).of_a_core, None);
        assert!(close(Spread::of(&repeats[..2], false).median, 75.0));
    }

    #[test]
    fn silent_cells_are_out_of_their_band() {
        let rates = Rates { granule: 2.0, golgi: 7.0, mli1: [34.0; 2], mli2: [20.0; 2], ..Rates::default() };
        let out: Vec<&str> = bands(&rates).iter().filter(|rate| !rate.in_band).map(|rate| rate.key).collect();
        assert_eq!(out, ["purkinje", "fibres", "nuclei"]);
    }

    #[test]
    fn being_asked_to_end_ends_it_with_what_is_there() {
        let asked = Asked { presets: vec![Preset::Small, Preset::Xl], seed: 0, seconds: 0.0, repeats: 1 };
        let mut done = Vec::new();
        let timed = run(&asked, &AtomicBool::new(true), |now, all| done.push((now, all))).expect("it can be drawn");
        assert!(timed.broken_off && timed.presets.is_empty());
        assert_eq!(done, [(0, 4), (1, 4), (2, 4)]);
    }
}
