//! `doozy report`: one self-contained page with figures.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Common, Failure, line};
use crate::{
    lab::{
        findings::{Findings, LAYOUT},
        sheet,
    },
    paths,
    report::Document,
    sweep::{
        self,
        folder::{self, Folder},
        summary::{self, Summary},
    },
};

#[derive(Args, Debug)]
pub struct Report {
    /// Results of `doozy lab run` (its JSON file, or its folder if that holds one only), or the folder of a simulation
    #[arg(value_name = "LAB|SIMULATION")]
    of: PathBuf,
    /// The page
    #[arg(long, value_name = "FILE.html")]
    out: PathBuf,
}

impl Report {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        if self.of.join(folder::MANIFEST).is_file() {
            return self.simulation(common);
        }
        let file = if self.of.is_dir() { only(&self.of)? } else { self.of.clone() };
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let text = std::fs::read_to_string(&file).map_err(|error| Failure::lacking(told(&error)))?;
        let findings: Findings = serde_json::from_str(&text).map_err(|error| {
            Failure::wrong(format!(
                "{}:{}:{}: not results of `doozy lab run`: {error}",
                file.display(),
                error.line(),
                error.column()
            ))
        })?;
        if findings.lab != LAYOUT {
            let message = format!("its layout is {}, this version reads {LAYOUT}", findings.lab);
            return Err(Failure::wrong(told(&message)));
        }
        self.write(&sheet::document(&findings), "experiments", findings.experiments.len(), common)
    }

    /// The page of a simulation, from the summary that its folder holds.
    fn simulation(&self, common: &Common) -> Result<(), Failure> {
        let folder = Folder::open(&self.of)?;
        let file = folder.path().join(summary::SUMMARY);
        let told = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
        let text = std::fs::read_to_string(&file).map_err(|error| {
            let hint = format!("{error}; `doozy simulate merge {}` makes it", folder.path().display());
            Failure::lacking(told(&hint))
        })?;
        let summary: Summary = serde_json::from_str(&text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Failure::wrong(format!("{}:{line}:{column}: not a simulation's summary: {error}", file.display()))
        })?;
        if summary.summary != summary::LAYOUT {
            let message = format!("its layout is {}, this version reads {}", summary.summary, summary::LAYOUT);
            return Err(Failure::wrong(told(&message)));
        }
        if summary.manifest != folder.manifest {
            let message = "it sums up another simulation than the folder holds; run `doozy simulate merge` again";
            return Err(Failure::wrong(told(&message)));
        }
        self.write(&sweep::sheet::document(&summary), "cells", summary.cells.len(), common)
    }

    fn write(&self, document: &Document, what: &str, many: usize, common: &Common) -> Result<(), Failure> {
        paths::write_whole(&self.out, document.html().as_bytes())
            .map_err(|error| Failure::lacking(error.to_string()))?;
        if common.json {
            line(serde_json::json!({ "page": self.out, what: many }))
        } else if common.quiet {
            Ok(())
        } else {
            line(format!("{}: {many} {what}", self.out.display()))
        }
    }
}

/// The one JSON file of a lab's folder.
fn only(folder: &Path) -> Result<PathBuf, Failure> {
    let told = |error: std::io::Error| Failure::lacking(format!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    files.sort();
    match &files[..] {
        [file] => Ok(file.clone()),
        [] => {
            Err(Failure::usage(format!("{}: no results in this folder; run `doozy lab run` first", folder.display())))
        }
        several => {
            let names: Vec<String> = several.iter().map(|file| file.display().to_string()).collect();
            Err(Failure::usage(format!("{}: name one of {}", folder.display(), names.join(", "))))
        }
    }
}
