//! `doozy validate`: level files, plans of simulations, and parameter files of the lab, with where, what is wrong and what would be right.

use std::path::{Path, PathBuf};

use clap::Args;
use doozy_cerebellum::Preset;
use serde_json::json;

use super::{Common, Failure, line};
use crate::{
    lab::overlay::{self, OverlayError},
    ladders::{self, ENDING, LoadError},
    sweep::plan,
};

#[derive(Args, Debug)]
pub struct Validate {
    /// Level files, plans (*.plan.ron), folders that are searched for both, or parameter files of the lab (*.toml)
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

impl Validate {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let mut files = Vec::new();
        for path in &self.paths {
            if path.is_dir() {
                let before = files.len();
                gather(path, 0, &mut files)?;
                if files.len() == before {
                    return Err(Failure::wrong(format!("{}: no *{ENDING} in this folder", path.display())));
                }
            } else {
                files.push(path.clone());
            }
        }
        let (mut wrong, mut lacking) = (0, None);
        for file in &files {
            let path = file.display().to_string();
            match check(file, &path) {
                Ok(warnings) => {
                    if common.json {
                        line(json!({"path": path, "valid": true, "warnings": warnings}))?;
                    } else {
                        for warning in &warnings {
                            line(format!("{path}: warning: {warning}"))?;
                        }
                        if !common.quiet {
                            line(format!("{path}: valid"))?;
                        }
                    }
                }
                Err(found) => {
                    let message = found.message();
                    if common.json {
                        let errors: Vec<&str> = message.lines().collect();
                        line(json!({"path": path, "valid": false, "errors": errors}))?;
                    } else {
                        line(message)?;
                    }
                    match found {
                        Found::Wrong(_) => wrong += 1,
                        Found::Unread(message) => lacking = Some(message),
                    }
                }
            }
        }
        match (wrong, lacking) {
            (0, None) => Ok(()),
            (0, Some(message)) => Err(Failure::lacking(format!("not every file could be read ({message})"))),
            (n, _) => Err(Failure::wrong(format!("{n} of {} files are not valid", files.len()))),
        }
    }
}

/// Why a file is not valid, or cannot be said to be.
enum Found {
    Wrong(String),
    Unread(String),
}

impl Found {
    fn message(&self) -> &str {
        match self {
            Self::Wrong(message) | Self::Unread(message) => message,
        }
    }
}

/// The warnings of a file that is valid.
fn check(file: &Path, shown: &str) -> Result<Vec<String>, Found> {
    if file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml")) {
        // A file that names no preset lies over the one that `lab run` takes by itself.
        return match overlay::read(file, Preset::Small) {
            Ok(_) => Ok(Vec::new()),
            Err(error @ OverlayError::Refused(_)) => Err(Found::Wrong(error.to_string())),
            Err(error @ OverlayError::Read { .. }) => Err(Found::Unread(error.to_string())),
        };
    }
    if file.file_name().is_some_and(|name| name.to_string_lossy().ends_with(plan::ENDING)) {
        return match super::simulate::read(file) {
            Ok(_) => Ok(Vec::new()),
            Err(failure) if failure.code == 1 => Err(Found::Wrong(failure.message)),
            Err(failure) => Err(Found::Unread(failure.message)),
        };
    }
    match ladders::read(file, shown) {
        Ok(loaded) => Ok(loaded.level.warnings().iter().map(ToString::to_string).collect()),
        Err(error @ LoadError::Level(_)) => Err(Found::Wrong(error.to_string())),
        Err(error) => Err(Found::Unread(error.to_string())),
    }
}

/// Level files and plans below a folder, sorted by name; links to folders are not followed.
fn gather(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    // Deeper than any ladder; a bound so that no tree can hold the command up.
    const DEEPEST: usize = 8;
    let told = |e: std::io::Error| Failure::lacking(format!("{}: {e}", folder.display()));
    let mut entries: Vec<_> = std::fs::read_dir(folder).map_err(told)?.collect::<Result<_, _>>().map_err(told)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().map_err(told)?;
        if kind.is_dir() && depth < DEEPEST {
            gather(&entry.path(), depth + 1, found)?;
        } else if [ENDING, plan::ENDING].iter().any(|ending| entry.file_name().to_string_lossy().ends_with(ending)) {
            found.push(entry.path());
        }
    }
    Ok(())
}
