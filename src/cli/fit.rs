//! `doozy fit`: what people's taps say about their timing, per person and interval, with intervals; and players made of it.

use std::{
    collections::BTreeSet,
    fs,
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use clap::Args;
use doozy_training::people::{Estimate, Fitted, Person, Run, fit, person, taps};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{Common, Failure, line};
use crate::{paths, record, report::Table};

/// How often a player made from a fit taps the person's trials, for its statistics ◇.
const TIMES: u64 = 200;

#[derive(Args, Debug)]
pub struct Fit {
    /// A table with the columns subject, trial, isi (ms) and asynch (ms), a row a beat; or a doozy record (.sqlite) or a
    /// session exported as .ndjson, of which the steady beats are taken
    #[arg(value_name = "TAPS")]
    taps: PathBuf,
    /// Folder for a learner file of each person, SUBJECT.person.ron; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Overwrite what is there
    #[arg(long)]
    force: bool,
    /// Only this subject; may be given again
    #[arg(long, value_name = "NAME")]
    subject: Vec<String>,
    /// Of the players made from the fits
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Reads taps from a table, a record or an exported session, by the file's ending.
///
/// # Errors
/// If the file cannot be read (3), or is none (1, with `path:line` and what would be right).
pub(super) fn read(path: &Path) -> Result<Vec<Run>, Failure> {
    let shown = path.display().to_string();
    let is = |ending: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending));
    if is("sqlite") || is("ndjson") {
        return record::beats::of_file(path).map_err(Failure::from);
    }
    let unread = |error: std::io::Error| Failure::lacking(format!("{shown}: cannot be read: {error}"));
    let bytes = paths::read_at_most(path, taps::MAX_BYTES).map_err(unread)?;
    if bytes.len() > taps::MAX_BYTES {
        let most = taps::MAX_BYTES / (1024 * 1024);
        return Err(Failure::wrong(format!("{shown}: a table of at most {most} MiB is read; this is longer")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count();
        Failure::wrong(format!("{shown}:{line}: no UTF-8 text; save the table as UTF-8 (UTF-16 is not read)"))
    })?;
    taps::parse(&text, &shown).map_err(|error| Failure::wrong(error.to_string()))
}

/// A bar on standard error while something takes its time; none for machines.
pub(super) fn bar(quiet: bool, what: &str) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template(&format!("{{bar:30}} {{pos}} of {{len}} {what}  {{eta}} left"));
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

impl Fit {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let mut runs = read(&self.taps)?;
        if !self.subject.is_empty() {
            let known: BTreeSet<String> = runs.iter().map(|run| run.subject.clone()).collect();
            if let Some(unknown) = self.subject.iter().find(|name| !known.contains(*name)) {
                let known: Vec<String> = known.into_iter().collect();
                return Err(Failure::usage(format!(
                    "{} has no subject {unknown:?}; there are {}",
                    self.taps.display(),
                    known.join(", ")
                )));
            }
            runs.retain(|run| self.subject.contains(&run.subject));
        }
        let bar = bar(common.quiet, "fits");
        let (fits, without) = fit::fit_all(&runs, |done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        });
        let again: Vec<Option<person::Regenerated>> = fits
            .iter()
            .map(|fitted| {
                let own: Vec<&Run> = runs
                    .iter()
                    .filter(|run| run.subject == fitted.subject && run.interval_ms == fitted.interval_ms)
                    .collect();
                person::regenerate(fitted, &own, TIMES, self.seed)
            })
            .collect();
        bar.finish_and_clear();
        let files = self.write(&fits)?;
        if common.json {
            let rows: Vec<Value> = fits
                .iter()
                .zip(&again)
                .map(|(fitted, again)| {
                    let mut row = json!(fitted);
                    row["regenerated"] = json!(again);
                    row
                })
                .collect();
            let without: Vec<String> = without.iter().map(ToString::to_string).collect();
            let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            line(json!({"fits": rows, "not_estimable": without, "learners": files}))?;
        } else {
            line(table(&fits, &again).text())?;
            if !common.quiet {
                line("")?;
                line(
                    "Best value (95 % interval). ms but for α and β. * the player made from the fit differs from the person in \
                     that statistic by more than 95 of 100 repetitions do.",
                )?;
            }
            for error in &without {
                line(format!("no estimate: {error}"))?;
            }
            for file in &files {
                line(format!("learner {}", file.display()))?;
            }
        }
        if fits.is_empty() { Err(Failure::wrong("nothing could be estimated")) } else { Ok(()) }
    }

    fn write(&self, fits: &[Fitted]) -> Result<Vec<PathBuf>, Failure> {
        let Some(out) = &self.out else { return Ok(Vec::new()) };
        let subjects: BTreeSet<&str> = fits.iter().map(|fitted| fitted.subject.as_str()).collect();
        let cannot = |path: &Path, error: std::io::Error| {
            Failure::lacking(format!("{}: cannot be written: {error}", path.display()))
        };
        fs::create_dir_all(out).map_err(|error| cannot(out, error))?;
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        for subject in subjects {
            let own: Vec<&Fitted> = fits.iter().filter(|fitted| fitted.subject == subject).collect();
            let Some(person) = Person::of(subject, &own) else { continue };
            let text = person.text().map_err(|error| Failure::wrong(format!("subject {subject}: {error}")))?;
            // a subject may be called anything, a file may not
            let safe = |c: char| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
            let path = out.join(format!("{}.person.ron", subject.chars().map(safe).collect::<String>()));
            if files.iter().any(|(other, _)| *other == path) {
                return Err(Failure::wrong(format!("two subjects would both be written to {}", path.display())));
            }
            if path.exists() && !self.force {
                return Err(Failure::wrong(format!("{} is there already; --force overwrites it", path.display())));
            }
            files.push((path, text));
        }
        for (path, text) in &files {
            paths::write_whole(path, text.as_bytes()).map_err(|error| Failure::lacking(error.to_string()))?;
        }
        Ok(files.into_iter().map(|(path, _)| path).collect())
    }
}

fn table(fits: &[Fitted], again: &[Option<person::Regenerated>]) -> Table {
    let columns =
        ["subject", "isi", "taps", "lapses", "bias", "α", "β", "clock", "motor", "between", "mean", "SD", "lag 1"];
    let mut table = Table::new(&columns, &columns[1..]);
    for (fitted, again) in fits.iter().zip(again) {
        let shown =
            |e: Estimate, digits: usize| format!("{:.digits$} ({:.digits$}…{:.digits$})", e.value, e.low, e.high);
        let beside = |value: f64, digits: usize, made: Option<Estimate>| {
            let mark = if made.is_some_and(|made| !made.covers(value)) { "*" } else { "" };
            format!("{value:.digits$}{mark}")
        };
        let made = again.as_ref();
        let statistics = fitted.statistics;
        table.row(vec![
            fitted.subject.as_str().into(),
            format!("{}", fitted.interval_ms).into(),
            fitted.taps.to_string().into(),
            (fitted.lapses + fitted.missing).to_string().into(),
            shown(fitted.bias, 0).into(),
            shown(fitted.alpha, 2).into(),
            shown(fitted.beta, 2).into(),
            shown(fitted.clock, 0).into(),
            shown(fitted.motor, 0).into(),
            format!("{:.0}", fitted.between_trials).into(),
            beside(statistics.mean, 0, made.map(|made| made.mean)).into(),
            beside(statistics.sd, 0, made.map(|made| made.sd)).into(),
            beside(statistics.lag_1, 2, made.map(|made| made.lag_1)).into(),
        ]);
    }
    table
}
