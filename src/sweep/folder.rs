//! The folder of a simulation: its manifest, and which parts are whole.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    cells::{self, Unit},
    plan::Plan,
    table::MAGIC,
};
use crate::paths::{self, PathError};

/// The layout of folders that this version reads and writes.
pub const LAYOUT: u32 = 1;
/// The manifest's name.
pub const MANIFEST: &str = "manifest.json";

/// What a folder's results come from. No time and no machine is in it: shards write the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub simulation: u32,
    /// Of the program.
    pub version: String,
    pub rule_version: u32,
    pub model_version: u32,
    pub plan_hash: String,
    /// Fingerprint of what one seed of every cell gives: another program with the same version number shows here.
    pub numbers: String,
    pub first_seed: u64,
    pub seeds: u64,
    pub units: usize,
    pub plan: Plan,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error(transparent)]
    Path(#[from] PathError),
    /// It belongs to something else.
    #[error("{}: {why}", .folder.display())]
    Refused { folder: PathBuf, why: String },
}

impl Manifest {
    /// Of a plan, as this program would run it.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            simulation: LAYOUT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rule_version: doozy_training::RULE_VERSION,
            model_version: doozy_cerebellum::MODEL_VERSION,
            plan_hash: plan.hash(),
            numbers: numbers(plan),
            first_seed: plan.first_seed,
            seeds: plan.seeds,
            units: cells::units(plan).len(),
            plan: plan.clone(),
        }
    }

    /// What tells it from another, in words; nothing where they agree.
    fn differs(&self, other: &Self) -> Option<String> {
        let pairs = [
            ("layout", self.simulation.to_string(), other.simulation.to_string()),
            ("plan", self.plan_hash.clone(), other.plan_hash.clone()),
            ("version", self.version.clone(), other.version.clone()),
            ("rule version", self.rule_version.to_string(), other.rule_version.to_string()),
            ("model version", self.model_version.to_string(), other.model_version.to_string()),
            ("fingerprint of its numbers", self.numbers.clone(), other.numbers.clone()),
        ];
        let (what, here, asked) = pairs.into_iter().find(|(_, here, asked)| here != asked)?;
        Some(format!("it holds another simulation: its {what} is {here}, asked for is {asked}; name another folder"))
    }
}

/// Plays the first seed of every cell and hashes what comes of it, bit by bit.
fn numbers(plan: &Plan) -> String {
    let mut hash = Sha256::new();
    let mut first = plan.clone();
    (first.seeds, first.chunk) = (1, 1);
    for unit in cells::units(&first) {
        for played in cells::play(&first, &unit, &AtomicBool::new(false)).into_iter().flatten() {
            for (_, o) in &played.outcomes {
                let counts = [o.events, o.failures, o.longest_streak, o.brakes, o.rests, o.scenes];
                counts.iter().for_each(|n| hash.update(n.to_le_bytes()));
                hash.update(o.criterion.unwrap_or(0).to_le_bytes());
                let one = [o.retention_rms, o.end_rms, o.transfer_rms, o.retention_bias, o.in_band, o.gain, o.rung];
                let more = [o.quit, o.minutes];
                one.iter().chain(&more).chain(&o.curve).for_each(|x| hash.update(x.to_bits().to_le_bytes()));
            }
        }
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A simulation's folder.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    pub manifest: Manifest,
}

impl Folder {
    /// Makes a folder for a plan, or takes one that is this plan's.
    ///
    /// # Errors
    /// A folder that cannot be written, holds another simulation, or holds something else.
    pub fn make(path: &Path, plan: &Plan) -> Result<Self, FolderError> {
        let manifest = Manifest::of(plan);
        let refused = |why: String| FolderError::Refused { folder: path.to_path_buf(), why };
        // another shard may be making the same folder: what it holds is looked at again once
        for _ in 0..2 {
            if let Some(found) = read(path)? {
                return match found.differs(&manifest) {
                    Some(why) => Err(refused(why)),
                    None => Ok(Self { path: path.to_path_buf(), manifest }),
                };
            }
            let others = entries(path)?;
            if others.iter().any(|name| name == MANIFEST) {
                continue;
            }
            if let Some(other) = others.iter().find(|name| !name.starts_with(MANIFEST)) {
                let why = format!("it holds {other} and no {MANIFEST}, so it is no simulation's; name a new folder");
                return Err(refused(why));
            }
            break;
        }
        let mut text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
        text.push('\n');
        paths::write_whole(&path.join(MANIFEST), text.as_bytes())?;
        Ok(Self { path: path.to_path_buf(), manifest })
    }

    /// The folder of a simulation that was begun.
    ///
    /// # Errors
    /// A folder without a manifest of this layout.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        match read(path)? {
            Some(manifest) => Ok(Self { path: path.to_path_buf(), manifest }),
            None => Err(FolderError::Refused {
                folder: path.to_path_buf(),
                why: format!("it has no {MANIFEST}; `doozy simulate PLAN --out` makes one"),
            }),
        }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.manifest.plan
    }

    /// Those of `units` that are not there whole.
    #[must_use]
    pub fn missing(&self, units: Vec<Unit>) -> Vec<Unit> {
        let plan = self.plan();
        units.into_iter().filter(|unit| !unit.paths(plan).iter().all(|file| is_whole(&self.path.join(file)))).collect()
    }

    /// Removes what a killed run left half written of `units`. Nobody else may be computing these.
    pub fn sweep_up(&self, units: &[Unit]) {
        let plan = self.plan();
        let files: BTreeSet<PathBuf> =
            units.iter().flat_map(|unit| unit.paths(plan)).map(|file| self.path.join(file)).collect();
        let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
        for folder in folders {
            let Ok(entries) = fs::read_dir(folder) else { continue };
            for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let of = name.split_once(".parquet.").filter(|(_, rest)| rest.ends_with(".new"));
                if of.is_some_and(|(stem, _)| files.contains(&folder.join(format!("{stem}.parquet")))) {
                    // one that stays is never read
                    drop(fs::remove_file(&path));
                }
            }
        }
    }

    /// Takes in the parts of another folder of the same simulation that are missing here: how many files.
    ///
    /// # Errors
    /// Another simulation's folder, or files that cannot be read or written.
    pub fn take_from(&self, other: &Self) -> Result<usize, FolderError> {
        if let Some(why) = other.manifest.differs(&self.manifest) {
            return Err(FolderError::Refused { folder: other.path.clone(), why });
        }
        let mut taken = 0;
        for file in cells::units(self.plan()).iter().flat_map(|unit| unit.paths(self.plan())) {
            let (from, to) = (other.path.join(&file), self.path.join(&file));
            if is_whole(&from) && !is_whole(&to) {
                let bytes = fs::read(&from).map_err(|source| PathError::Io { path: from.clone(), source })?;
                paths::write_whole(&to, &bytes)?;
                taken += 1;
            }
        }
        Ok(taken)
    }
}

fn entries(folder: &Path) -> Result<Vec<String>, PathError> {
    match fs::read_dir(folder) {
        Ok(entries) => {
            Ok(entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(PathError::Io { path: folder.to_path_buf(), source }),
    }
}

fn read(folder: &Path) -> Result<Option<Manifest>, FolderError> {
    let path = folder.join(MANIFEST);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(PathError::Io { path, source }.into()),
    };
    let refused = |why: String| FolderError::Refused { folder: folder.to_path_buf(), why };
    // the layout first: the rest may have other fields in another
    #[derive(Deserialize)]
    struct Layout {
        simulation: u32,
    }
    let layout: Layout =
        serde_json::from_str(&text).map_err(|error| refused(format!("{MANIFEST} is no simulation's: {error}")))?;
    if layout.simulation != LAYOUT {
        return Err(refused(format!("its layout is {}, this version reads {LAYOUT}", layout.simulation)));
    }
    serde_json::from_str(&text).map(Some).map_err(|error| refused(format!("{MANIFEST}: {error}")))
}

/// Whether a file is there and ends as Parquet does. Files are renamed into place, so this is a second belt.
fn is_whole(file: &Path) -> bool {
    let ends = || -> std::io::Result<bool> {
        let mut file = fs::File::open(file)?;
        let (mut head, mut tail) = ([0; 4], [0; 4]);
        file.read_exact(&mut head)?;
        file.seek(SeekFrom::End(-4))?;
        file.read_exact(&mut tail)?;
        Ok(&head == MAGIC && &tail == MAGIC && file.metadata()?.len() > 12)
    };
    ends().unwrap_or(false)
}
