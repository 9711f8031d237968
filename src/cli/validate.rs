//! `doozy validate`: level files, with where, what is wrong and what would be right.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::{Common, Failure, line};
use crate::ladders::{self, ENDING, LoadError};

#[derive(Args, Debug)]
pub struct Validate {
    /// Level files, or folders that are searched for them
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
            match ladders::read(file, &file.display().to_string()) {
                Ok(loaded) => {
                    let warnings: Vec<String> = loaded.level.warnings().iter().map(ToString::to_string).collect();
                    if common.json {
                        line(json!({"path": file.display().to_string(), "valid": true, "warnings": warnings}))?;
                    } else {
                        for warning in &warnings {
                            line(format!("{}: warning: {warning}", file.display()))?;
                        }
                        if !common.quiet {
                            line(format!("{}: valid", file.display()))?;
                        }
                    }
                }
                Err(error) => {
                    if common.json {
                        line(
                            json!({"path": file.display().to_string(), "valid": false, "errors": error.to_string().lines().collect::<Vec<_>>()}),
                        )?;
                    } else {
                        line(&error)?;
                    }
                    match error {
                        LoadError::Level(_) => wrong += 1,
                        other => lacking = Some(other.to_string()),
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

/// Level files below a folder, sorted by name; links to folders are not followed.
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
        } else if entry.file_name().to_string_lossy().ends_with(ENDING) {
            found.push(entry.path());
        }
    }
    Ok(())
}
