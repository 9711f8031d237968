//! `doozy lab`: in-silico experiments on the cerebellar model, their tables and figures, and its parameters.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand};
use doozy_cerebellum::{
    Parameters, Preset,
    experiments::{self, Effort, Setup, Standing},
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Common, Failure, export_network, line, posterior, signal, twin};
use crate::{
    lab::{
        self, Plan, Registered, bench,
        findings::{Findings, Verdict},
        overlay::{self, OverlayError},
        reference,
        runs::{self, Outcome, Progress},
        sheet,
        store::{Key, Store},
    },
    paths::PathError,
    report::Table,
};

#[derive(Args, Debug)]
pub struct Lab {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The experiments: what they are, where their bands come from, what they cost
    List,
    /// Run experiments over seeds: figure, table, holds or falls short of its band
    Run(Run),
    /// Every parameter of the model with its range and unit
    Parameters(ShowParameters),
    /// Speed of each preset against real time on this machine, with firing rates and memory
    Bench(Bench),
    /// The network's cells, connections and parameters for other simulators, with volleys and our spikes to compare with
    ExportNetwork(export_network::ExportNetwork),
    /// How well the player's twin foretells people's next taps, beside plain predictors
    Twin(twin::LabTwin),
    /// Whether "what works for you" is honest: of many simulated people, in how many its intervals hold the truth
    Posterior(posterior::LabPosterior),
}

#[derive(Args, Debug)]
struct Run {
    /// Experiments as `doozy lab list` names them, or "all"
    #[arg(required = true, value_name = "ID")]
    experiments: Vec<String>,
    /// Size of the model: small, standard, large or xl [default: small]
    #[arg(long, value_parser = preset)]
    preset: Option<Preset>,
    /// How many seeds
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 0, value_name = "K", value_parser = clap::value_parser!(u64).range(..=u64::from(u32::MAX)))]
    first_seed: u64,
    /// Folder for results, instead of lab/ in the data folder; a run goes on from what is there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Exit code 1 where a band is missed
    #[arg(long)]
    check: bool,
    /// As little of each protocol as still shows directions
    #[arg(long)]
    brief: bool,
    /// Experiments at a time, instead of one a core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// A file that changes parameters of a preset (see docs/science/parameters.md)
    #[arg(long, value_name = "FILE.toml")]
    parameters: Option<PathBuf>,
    /// Compute again what is already there
    #[arg(long)]
    fresh: bool,
}

#[derive(Args, Debug)]
struct Bench {
    /// Sizes of the model: small, standard, large, xl or yamazaki [default: small standard large xl]
    #[arg(long = "preset", value_name = "PRESET", num_args = 1.., value_parser = any_preset)]
    presets: Vec<Preset>,
    /// Seconds for each of the two loads of a preset; at least one simulated second a repeat is run
    #[arg(long, default_value_t = 10.0, value_name = "S", value_parser = seconds)]
    seconds: f64,
    /// Parts into which they are cut; the median is told, with the slowest and the fastest
    #[arg(long, default_value_t = 7, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    repeats: u32,
    /// Which network of that size
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
}

#[derive(Args, Debug)]
struct ShowParameters {
    /// Size of the model: small, standard, large or xl
    #[arg(long, value_parser = preset, default_value = "small")]
    preset: Preset,
    /// Those of all presets as the page docs/science/parameters.md
    #[arg(long)]
    markdown: bool,
}

/// A preset by its name. `yamazaki` is for timing alone.
pub(super) fn preset(name: &str) -> Result<Preset, String> {
    Preset::named(name)
        .filter(|preset| *preset != Preset::Yamazaki)
        .ok_or_else(|| "it must be one of small, standard, large, xl".to_owned())
}

/// A preset by its name, the one for timing among them.
fn any_preset(name: &str) -> Result<Preset, String> {
    Preset::named(name).ok_or_else(|| "it must be one of small, standard, large, xl, yamazaki".to_owned())
}

/// Seconds of wall time, up to an hour.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "it must be a number of seconds".to_owned())?;
    if (0.0..=3_600.0).contains(&seconds) { Ok(seconds) } else { Err("it must be 0 … 3600 seconds".to_owned()) }
}

impl Lab {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        match &self.what {
            What::List => list(common),
            What::Run(run) => run.run(common),
            What::Parameters(show) => show.run(common),
            What::Bench(bench) => bench.run(common),
            What::ExportNetwork(export) => export.run(common),
            What::Twin(twin) => twin.run(common),
            What::Posterior(posterior) => posterior.run(common),
        }
    }
}

fn list(common: &Common) -> Result<(), Failure> {
    let setup = Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Full };
    let mut table = Table::new(
        &["id", "title", "calibrated", "predicted", "simulated s a seed", "source"],
        &["calibrated", "predicted", "simulated s a seed"],
    );
    let mut rows = Vec::new();
    for experiment in experiments::all() {
        let measures = experiment.measures();
        let bands = |standing| measures.iter().filter(|m| m.band.is_some() && m.standing == standing).count();
        let (calibrated, predicted) = (bands(Standing::Calibrated), bands(Standing::Predicted));
        let seconds = experiment.seconds(&setup);
        rows.push(json!({
            "id": experiment.id(), "title": experiment.title(), "protocol": experiment.protocol(),
            "source": experiment.source(), "version": experiment.version(), "simulated_seconds": seconds,
            "calibrated_bands": calibrated, "predicted_bands": predicted,
        }));
        table.row(vec![
            experiment.id().into(),
            experiment.title().into(),
            calibrated.to_string().into(),
            predicted.to_string().into(),
            format!("{seconds:.0}").into(),
            experiment.source().into(),
        ]);
    }
    if common.json { line(json!(rows)) } else { line(table.text()) }
}

impl Bench {
    fn run(&self, common: &Common) -> Result<(), Failure> {
        let presets = if self.presets.is_empty() {
            Preset::ALL.into_iter().filter(|preset| *preset != Preset::Yamazaki).collect()
        } else {
            self.presets.clone()
        };
        let asked = bench::Asked { presets, seed: self.seed, seconds: self.seconds, repeats: self.repeats };
        let Bar(bar) = Bar::new(common.quiet);
        let style = ProgressStyle::with_template("{bar:30} {pos} of {len} repeats  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let timed = bench::run(&asked, &signal::asked(), |done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        let timed = timed.map_err(|error| Failure::lacking(error.to_string()))?;
        if timed.broken_off && timed.presets.is_empty() {
            return Err(Failure::signalled(signal::received().unwrap_or(signal_hook::consts::SIGINT)));
        }
        if common.json {
            line(serde_json::to_string(&timed).map_err(|error| Failure::wrong(error.to_string()))?)?;
        } else {
            if !common.quiet {
                line(format!(
                    "{}. Times real time: median (slowest–fastest) of {} repeats.",
                    timed.machine.shown(),
                    self.repeats
                ))?;
                line("")?;
            }
            line(timed.table().text())?;
            line("")?;
            line("Rates while it was timed, Hz:")?;
            line("")?;
            line(timed.rates().text())?;
        }
        if timed.broken_off {
            return Err(Failure::signalled(signal::received().unwrap_or(signal_hook::consts::SIGINT)));
        }
        Ok(())
    }
}

impl ShowParameters {
    fn run(&self, common: &Common) -> Result<(), Failure> {
        if self.markdown {
            return line(reference::document().markdown().trim_end());
        }
        if !common.json {
            return line(reference::table(self.preset).text());
        }
        let entries = Parameters::of(self.preset).entries();
        let told = entries.iter().map(|entry| {
            json!({
                "field": entry.field, "value": entry.value.map_or_else(|| json!(entry.shown), |value| json!(value)),
                "unit": entry.unit, "range": entry.range, "meaning": entry.meaning,
            })
        });
        line(json!(told.collect::<Vec<_>>()))
    }
}

impl Run {
    fn run(&self, common: &Common) -> Result<(), Failure> {
        if self.check && self.seeds < 2 {
            return Err(Failure::usage("--check needs --seeds 2 or more: one seed says nothing about others"));
        }
        let chosen = lab::chosen(experiments::all(), &self.experiments).map_err(Failure::usage)?;
        let plan = self.plan()?;
        let folder = match &self.out {
            Some(folder) => folder.clone(),
            None => common.data_dir()?.path().join("lab"),
        };
        let store = Store::of(&folder);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let jobs = self.jobs.map_or(cores, usize::from);
        lab::memory::check(&plan.setup.parameters, jobs).map_err(|fault| Failure::lacking(fault.to_string()))?;
        let mut bar = Bar::new(common.quiet);
        let asked = signal::asked();
        let mut outcome =
            quietly(|| runs::run(&chosen, &plan, &store, jobs, self.fresh, &asked, &mut bar)).map_err(lacking)?;
        bar.0.finish_and_clear();
        if outcome.broken_off {
            if !common.quiet {
                super::complain(format!(
                    "broken off with {} units kept in {}; the same command goes on from there",
                    outcome.units.len(),
                    folder.display()
                ));
            }
            return Err(Failure::signalled(signal::received().unwrap_or(signal_hook::consts::SIGINT)));
        }
        let ids: Vec<&str> = chosen.iter().map(|experiment| experiment.id()).collect();
        let others: Vec<Registered> =
            experiments::all().iter().copied().filter(|experiment| !ids.contains(&experiment.id())).collect();
        let units = std::mem::take(&mut outcome.units);
        let all: std::collections::BTreeMap<_, _> =
            runs::kept(&others, &plan, &store).into_iter().chain(units).collect();
        let findings = Findings::of(experiments::all(), &plan, &all);
        let files = sheet::write(&findings, &folder).map_err(lacking)?;
        self.tell(&findings.only(&ids), &outcome, &files, common)
    }

    fn plan(&self) -> Result<Plan, Failure> {
        let effort = if self.brief { Effort::Brief } else { Effort::Full };
        let preset = self.preset.unwrap_or(Preset::Small);
        let (parameters, file) = match &self.parameters {
            None => (Parameters::of(preset), None),
            Some(path) => {
                let overlay = overlay::read(path, preset).map_err(|error| match error {
                    OverlayError::Refused(_) => Failure::wrong(error.to_string()),
                    OverlayError::Read { .. } => Failure::lacking(error.to_string()),
                })?;
                if overlay.names_preset && self.preset.is_some_and(|preset| preset != overlay.parameters.preset) {
                    return Err(Failure::usage(format!(
                        "{} is for preset {}: leave --preset out, or change the file",
                        path.display(),
                        overlay.parameters.preset.name()
                    )));
                }
                (overlay.parameters, Some(path))
            }
        };
        Ok(Plan {
            name: name(&parameters, file.map(PathBuf::as_path), effort),
            setup: Setup { parameters, effort },
            first_seed: self.first_seed,
            seeds: self.seeds,
        })
    }

    fn tell(&self, findings: &Findings, outcome: &Outcome, files: &[PathBuf], common: &Common) -> Result<(), Failure> {
        if common.json {
            line(serde_json::to_string(findings).map_err(|error| Failure::wrong(error.to_string()))?)?;
        } else {
            if !common.quiet {
                line(sheet::conditions(findings))?;
                line("")?;
            }
            line(sheet::summary(findings).text())?;
            line("")?;
            line(sheet::count(findings.summary))?;
            if !common.quiet {
                let told: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
                line(format!("written: {}", told.join(", ")))?;
            }
        }
        if !outcome.failed.is_empty() {
            let told = outcome
                .failed
                .iter()
                .map(|failed| format!("{} with seed {} broke: {}", failed.key.experiment, failed.key.seed, failed.why));
            return Err(Failure::wrong(told.collect::<Vec<_>>().join("\n")));
        }
        let missed = findings.summary.bands - findings.summary.hold;
        if self.check && missed > 0 {
            let which = findings.experiments.iter().flat_map(|found| {
                let short = found.measures.iter().filter(|m| m.verdict == Verdict::FallsShort);
                short.map(|measured| format!("{} {}", found.id, measured.what))
            });
            return Err(Failure::wrong(format!(
                "{missed} of {} bands are missed: {}",
                findings.summary.bands,
                which.collect::<Vec<_>>().join("; ")
            )));
        }
        Ok(())
    }
}

/// What results are filed under: `small`, `small-brief`, `small-weak_mli2-3f2a…` with a parameter file.
fn name(parameters: &Parameters, file: Option<&Path>, effort: Effort) -> String {
    let mut name = parameters.preset.name().to_owned();
    if let Some(file) = file {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        name = format!("{name}-{}", crate::paths::file_name(&stem, &lab::fingerprint(parameters)));
    }
    effort.pick(name.clone(), format!("{name}-brief"))
}

fn lacking(error: PathError) -> Failure {
    Failure::lacking(error.to_string())
}

/// Runs `work` without the messages of panics: those of experiments are told as failures.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = work();
    std::panic::set_hook(before);
    result
}

/// A bar on standard error whose time left is reckoned from simulated seconds.
struct Bar(ProgressBar);

impl Bar {
    fn new(quiet: bool) -> Self {
        let bar = if quiet || !std::io::stderr().is_terminal() { ProgressBar::hidden() } else { ProgressBar::new(0) };
        Self(bar)
    }
}

impl Progress for Bar {
    fn begins(&mut self, seconds: f64, kept: usize, units: usize) {
        let words = if kept > 0 { format!("{kept} of {units} units already there") } else { format!("{units} units") };
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {eta} left  {msg}");
        self.0.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.0.set_length(milliseconds(seconds));
        self.0.set_message(words);
        self.0.enable_steady_tick(Duration::from_secs(1));
    }

    fn ended(&mut self, key: &Key, seconds: f64) {
        self.0.inc(milliseconds(seconds));
        self.0.set_message(format!("{} seed {}", key.experiment, key.seed));
    }
}

fn milliseconds(seconds: f64) -> u64 {
    // A length that a bar can show; the number is only a share of the whole.
    (seconds * 1e3).clamp(0.0, 1e15) as u64
}
