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
};

#[derive(Args, Debug)]
pub struct Report {
    /// Results of `doozy lab run`: its JSON file, or its folder if that holds one only
    #[arg(value_name = "LAB")]
    lab: PathBuf,
    /// The page
    #[arg(long, value_name = "FILE.html")]
    out: PathBuf,
}

impl Report {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let file = if self.lab.is_dir() { only(&self.lab)? } else { self.lab.clone() };
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
        paths::write_whole(&self.out, sheet::document(&findings).html().as_bytes())
            .map_err(|error| Failure::lacking(error.to_string()))?;
        if common.json {
            line(serde_json::json!({ "page": self.out, "experiments": findings.experiments.len() }))
        } else if common.quiet {
            Ok(())
        } else {
            line(format!("{}: {} experiments", self.out.display(), findings.experiments.len()))
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
