//! `doozy simulate`: policies against each other over many simulated people, in shards where there are machines.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Common, Failure, line, signal};
use crate::{
    paths,
    sweep::{
        cells::{self, Shard},
        folder::{Folder, FolderError},
        plan::{MAX_BYTES, Plan},
        runner::{self, Done, Progress},
    },
};

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Simulate {
    #[command(subcommand)]
    what: Option<What>,
    /// Which learners meet which policies (see docs/cluster.md and levels/plans/)
    #[arg(required = true, value_name = "PLAN.ron")]
    plan: Option<PathBuf>,
    /// Folder for the results; the same command goes on from what is there
    #[arg(long, required = true, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The K-th of N shares, counted from 1 [default: in a Slurm array this task's, else all]
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Threads, instead of one a core (in a Slurm job, of its cores)
    #[arg(long, alias = "threads", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Say only which parts there are, and which of them are missing
    #[arg(long)]
    list: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Join the shards in a folder: check that every part is there, and sum up
    Merge(Merge),
}

#[derive(Args, Debug)]
struct Merge {
    /// The folder of the simulation
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Folders of the same simulation from other machines, whose parts are taken in first
    #[arg(long, value_name = "DIR", num_args = 1..)]
    from: Vec<PathBuf>,
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Refused { .. } => Self::usage(error.to_string()),
            FolderError::Path(_) => Self::lacking(error.to_string()),
        }
    }
}

impl Simulate {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        match (&self.what, &self.plan, &self.out) {
            (Some(What::Merge(merge)), ..) => merge.run(common),
            (None, Some(plan), Some(out)) => self.simulate(plan, out, common),
            // clap asks for both
            _ => Err(Failure::usage("name a plan and --out DIR")),
        }
    }

    fn simulate(&self, plan: &Path, out: &Path, common: &Common) -> Result<(), Failure> {
        let plan = read(plan)?;
        let variable = |name: &str| std::env::var(name).ok();
        let shard = match self.shard {
            Some(shard) => shard,
            None => Shard::of_slurm(variable).map_err(Failure::usage)?.unwrap_or(Shard::WHOLE),
        };
        if self.list {
            return list(&plan, shard, out, common);
        }
        let folder = Folder::make(out, &plan)?;
        let bar = Bar::new(common.quiet);
        let asked = signal::asked();
        let start = crate::clock::now();
        let done = runner::run(&folder, shard, self.jobs(variable), &asked, &bar);
        bar.0.finish_and_clear();
        let done = done.map_err(|error| {
            Failure::lacking(format!("{error}; what is finished is kept, and the same command goes on from there"))
        })?;
        if done.broken_off {
            if !common.quiet {
                super::complain(format!(
                    "broken off with {} of {} parts in {}; the same command goes on from there",
                    done.kept + done.computed,
                    done.units,
                    folder.path().display()
                ));
            }
            return Err(Failure::signalled(signal::received().unwrap_or(signal_hook::consts::SIGINT)));
        }
        let seconds = (crate::clock::now() - start).as_secs();
        let left = folder.missing(cells::units(folder.plan())).len();
        if common.json {
            line(json!({
                "folder": folder.path(), "shard": shard.shown(), "parts": done.units, "kept": done.kept,
                "computed": done.computed, "runs": done.runs, "events": done.events, "seconds": seconds,
                "events_a_core_second": speed(&done), "missing": left, "plan_hash": folder.manifest.plan_hash,
            }))?;
        } else if !common.quiet {
            line(told(&done, shard, seconds))?;
        }
        match (left, shard == Shard::WHOLE) {
            // whoever comes last of the shards does not know it: summing up is asked for by `merge`
            (_, false) | (1.., true) => {
                if !common.quiet && !common.json {
                    line(format!(
                        "{left} parts of other shards are missing; then: doozy simulate merge {}",
                        out.display()
                    ))?;
                }
                Ok(())
            }
            (0, true) => sum_up(&folder, common, true),
        }
    }

    /// As many threads as asked for, as a Slurm job has cores, or as this machine has.
    fn jobs(&self, variable: impl Fn(&str) -> Option<String>) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let given = variable("SLURM_CPUS_PER_TASK").and_then(|text| text.trim().parse().ok()).filter(|n| *n > 0);
        self.jobs.map_or(given.unwrap_or(cores), usize::from)
    }
}

impl Merge {
    fn run(&self, common: &Common) -> Result<(), Failure> {
        let folder = Folder::open(&self.folder)?;
        for other in &self.from {
            let taken = folder.take_from(&Folder::open(other)?)?;
            if !common.quiet && !common.json {
                line(format!("{}: {taken} files taken in", other.display()))?;
            }
        }
        let missing = folder.missing(cells::units(folder.plan()));
        if let Some(first) = missing.first() {
            let files = first.paths(folder.plan());
            let file = files.iter().find(|file| !folder.path().join(file).exists()).unwrap_or(&files[0]);
            return Err(Failure::wrong(format!(
                "{}: {} of {} parts are missing, the first with {}; run their shards again, or the plan without --shard",
                folder.path().display(),
                missing.len(),
                folder.manifest.units,
                file.display(),
            )));
        }
        sum_up(&folder, common, false)
    }
}

/// Reads a plan.
///
/// # Errors
/// A file that cannot be read, or is no plan.
pub(super) fn read(path: &Path) -> Result<Plan, Failure> {
    let told = |error: std::io::Error| Failure::lacking(format!("{}: {error}", path.display()));
    let bytes = paths::read_at_most(path, MAX_BYTES).map_err(told)?;
    Plan::parse(&path.display().to_string(), &bytes).map_err(|error| Failure::wrong(error.to_string()))
}

fn list(plan: &Plan, shard: Shard, out: &Path, common: &Common) -> Result<(), Failure> {
    let share = cells::share(plan, shard);
    let (units, runs) = (share.len(), share.iter().map(|unit| unit.runs(plan)).sum::<u64>());
    let events: u64 = share.iter().map(|unit| unit.events(plan)).sum();
    // a folder that is not there yet lacks everything
    let missing = if out.join(crate::sweep::folder::MANIFEST).exists() {
        Folder::make(out, plan)?.missing(share).len()
    } else {
        units
    };
    if common.json {
        return line(json!({
            "shard": shard.shown(), "parts": units, "missing": missing, "runs": runs, "events": events,
            "plan_hash": plan.hash(),
        }));
    }
    line(format!("shard {}: {units} parts, {missing} of them missing, {runs} runs, {events} events", shard.shown()))
}

fn speed(done: &Done) -> Option<f64> {
    (done.core_seconds > 0.0).then(|| (done.events as f64 / done.core_seconds).round())
}

fn told(done: &Done, shard: Shard, seconds: f64) -> String {
    let speed = speed(done).map(|speed| format!(", {speed:.0} events a second of a core")).unwrap_or_default();
    format!(
        "shard {}: {} parts, {} of them already there; {} runs of {} events in {seconds:.1} s{speed}",
        shard.shown(),
        done.units,
        done.kept,
        done.runs,
        done.events,
    )
}

/// Writes the summary and tells its worst cases.
#[cfg(feature = "sweep")]
fn sum_up(folder: &Folder, common: &Common, told: bool) -> Result<(), Failure> {
    use crate::{
        paths,
        sweep::{query, sheet, summary},
    };

    let sums = query::sums(folder).map_err(|error| Failure::wrong(error.to_string()))?;
    let summary = summary::summarize(folder, sums)
        .map_err(|error| Failure::wrong(format!("{}: {error}", folder.path().display())))?;
    let mut text = serde_json::to_string_pretty(&summary).map_err(|error| Failure::wrong(error.to_string()))?;
    text.push('\n');
    let write = |name: &str, text: &str| -> Result<PathBuf, Failure> {
        let path = folder.path().join(name);
        paths::write_whole(&path, text.as_bytes()).map_err(|error| Failure::lacking(error.to_string()))?;
        Ok(path)
    };
    let json = write(summary::SUMMARY, &text)?;
    let document = sheet::document(&summary);
    for (path, svg) in document.figures() {
        write(path, svg)?;
    }
    let markdown = write("summary.md", &document.markdown())?;
    if common.json {
        // after a run there is one line of JSON already, which scripts read
        return if told {
            Ok(())
        } else {
            line(json!({ "summary": json, "markdown": markdown, "regrets": summary.regrets }))
        };
    }
    for regrets in &summary.regrets {
        line(format!("schedule {}", regrets.schedule))?;
        line(sheet::worst(regrets).text())?;
        if !regrets.differences.is_empty() {
            line("")?;
            line(sheet::differences(regrets).text())?;
        }
        line("")?;
    }
    if !common.quiet {
        line(format!("written: {}, {}", json.display(), markdown.display()))?;
        line(format!("a page of it: doozy report {} --out FILE.html", folder.path().display()))?;
    }
    Ok(())
}

/// A program that was built without the engine says what it lacks: fails where summing up is what was asked for.
#[cfg(not(feature = "sweep"))]
fn sum_up(folder: &Folder, common: &Common, told: bool) -> Result<(), Failure> {
    let lack = format!(
        "every part is there; to sum up, this program needs the feature `sweep`: cargo run --no-default-features --features sweep -- simulate merge {}",
        folder.path().display()
    );
    if !told {
        return Err(Failure::lacking(lack));
    }
    if common.json || common.quiet { Ok(()) } else { line(lack) }
}

/// A bar on standard error, by runs.
struct Bar(ProgressBar);

impl Bar {
    fn new(quiet: bool) -> Self {
        let bar = if quiet || !std::io::stderr().is_terminal() { ProgressBar::hidden() } else { ProgressBar::new(0) };
        Self(bar)
    }
}

impl Progress for Bar {
    fn begins(&self, runs: u64, kept: usize, units: usize) {
        let words = if kept > 0 { format!("{kept} of {units} parts already there") } else { format!("{units} parts") };
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {eta} left  {msg}");
        self.0.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.0.set_length(runs);
        self.0.set_message(words);
        self.0.enable_steady_tick(Duration::from_secs(1));
    }

    fn ended(&self, runs: u64) {
        self.0.inc(runs);
    }
}
