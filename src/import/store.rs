//! Levels and sound files into one folder: all of them, or none.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use doozy_training::level::{Level, drill::chart::outside};

use super::{
    ImportError, Imported,
    level::{self, Says, called, slug},
    osz,
    read::Audio,
};
use crate::paths::sibling;

/// The ending of a level's file.
const ENDING: &str = ".level.ron";

/// A level that is to be written.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Which chart of the file it was made of.
    pub chart: usize,
    /// Its file's name.
    pub name: String,
    pub level: Level,
}

/// Everything that is to be written.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// By the order of the imported files.
    pub levels: Vec<Vec<Planned>>,
    sounds: BTreeMap<String, Sound>,
    taken: BTreeSet<String>,
}

/// Where a sound file comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sound {
    Beside(PathBuf),
    Packed { archive: PathBuf, entry: String, name: String },
}

impl Plan {
    /// Makes levels of everything that was read, and names for them. Writes nothing.
    ///
    /// # Errors
    /// A chart that no level can be made of.
    pub fn of(files: &[Imported]) -> Result<Self, ImportError> {
        let mut plan = Self::default();
        for file in files {
            plan.add(file)?;
        }
        Ok(plan)
    }

    fn add(&mut self, file: &Imported) -> Result<(), ImportError> {
        let name = file.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = file.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut levels = Vec::new();
        for (at, found) in file.charts.iter().enumerate() {
            let audio = match &found.audio {
                Audio::None => None,
                Audio::Missing(name) => Some((plain(name), false)).filter(|(name, _)| outside(name).is_none()),
                Audio::Beside(path) => Some((self.sound(&stem, path, Sound::Beside(path.clone())), true)),
                Audio::Packed { entry, name } => {
                    let sound = Sound::Packed { archive: file.file.clone(), entry: entry.clone(), name: name.clone() };
                    Some((self.sound(&stem, Path::new(name), sound), true))
                }
            };
            let says =
                Says { file: &name, stem: &stem, audio: audio.as_ref().map(|(name, there)| (&name[..], *there)) };
            let level = level::level(&found.chart, &says).map_err(|error| {
                let faults: Vec<String> = error.faults.iter().map(|fault| fault.message.clone()).collect();
                let part = called(&found.chart, &stem);
                ImportError::wrong(&file.file, format!("no level can be made of {part}: {}", faults.join("; ")))
            })?;
            let suffix = if found.chart.part.is_empty() { String::new() } else { slug(&found.chart.part) };
            let base = if suffix.is_empty() { slug(&stem) } else { format!("{}-{suffix}", slug(&stem)) };
            levels.push(Planned { chart: at, name: self.free(&base, ENDING), level });
        }
        self.levels.push(levels);
        Ok(())
    }

    /// The name under which a sound is written; charts that share one share the file.
    fn sound(&mut self, stem: &str, path: &Path, sound: Sound) -> String {
        let same = |known: &Sound| match (known, &sound) {
            (Sound::Packed { archive, name, .. }, Sound::Packed { archive: other, name: called, .. }) => {
                (archive, name) == (other, called)
            }
            (known, sound) => known == sound,
        };
        if let Some((name, _)) = self.sounds.iter().find(|(_, known)| same(known)) {
            return name.clone();
        }
        let ending = path.extension().map(|ending| format!(".{}", slug(&ending.to_string_lossy()))).unwrap_or_default();
        let name = self.free(&slug(stem), &ending);
        self.sounds.insert(name.clone(), sound);
        name
    }

    fn free(&mut self, base: &str, ending: &str) -> String {
        let mut name = format!("{base}{ending}");
        let mut count = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{base}-{count}{ending}");
            count += 1;
        }
        name
    }

    /// The names of the sound files.
    pub fn sounds(&self) -> impl Iterator<Item = &str> {
        self.sounds.keys().map(String::as_str)
    }

    /// Writes everything into `folder`, which is made if it is not there: beside their names first, then renamed.
    ///
    /// # Errors
    /// Where a file is there already and `force` is not given, or the disk does not take it; then nothing is changed.
    pub fn write(&self, folder: &Path, force: bool) -> Result<(), ImportError> {
        let levels = || self.levels.iter().flatten();
        for name in levels().map(|level| &level.name).chain(self.sounds.keys()) {
            let path = folder.join(name);
            // a link that leads nowhere is there, too
            if fs::symlink_metadata(&path).is_ok() && !force {
                return Err(ImportError::usage(&path, "this file is there already; --force overwrites it"));
            }
        }
        let mut drafts = Drafts { made: made(folder)?, files: Vec::new() };
        for planned in levels() {
            drafts.write(&folder.join(&planned.name), planned.level.to_ron().as_bytes())?;
        }
        for (name, sound) in &self.sounds {
            let path = folder.join(name);
            match sound {
                Sound::Beside(source) => drafts.copy(source, &path)?,
                Sound::Packed { archive, entry, name } => {
                    let lack = |error: std::io::Error| ImportError::lack(archive, error.to_string());
                    let wrong = |refused: super::Refused| ImportError::wrong(archive, refused.to_string());
                    let bytes = osz::audio(File::open(archive).map_err(lack)?, entry, name).map_err(wrong)?;
                    drafts.write(&path, &bytes.unwrap_or_default())?;
                }
            }
        }
        drafts.keep()
    }
}

/// The plain file name of a sound that is not there.
fn plain(name: &str) -> String {
    let plain = name.rsplit(['/', '\\']).next().unwrap_or(name);
    plain.chars().filter(|c| !c.is_control() && *c != ':').collect()
}

/// Makes a folder and those above it; the ones that were not there, outermost first.
fn made(folder: &Path) -> Result<Vec<PathBuf>, ImportError> {
    let mut missing: Vec<PathBuf> =
        folder.ancestors().take_while(|at| !at.as_os_str().is_empty() && !at.exists()).map(Path::to_path_buf).collect();
    missing.reverse();
    fs::create_dir_all(folder).map_err(|error| ImportError::lack(folder, error.to_string()))?;
    Ok(missing)
}

/// Files that lie beside their names until all of them are whole. Dropped before that, they and the folders that were
/// made for them are gone again.
struct Drafts {
    made: Vec<PathBuf>,
    /// The draft, and what it becomes.
    files: Vec<(PathBuf, PathBuf)>,
}

impl Drafts {
    fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<(), ImportError> {
        let draft = sibling(path, "new");
        self.files.push((draft.clone(), path.to_owned()));
        File::create_new(&draft)
            .and_then(|mut file| {
                file.write_all(bytes)?;
                file.sync_all()
            })
            .map_err(|error| ImportError::lack(path, error.to_string()))
    }

    fn copy(&mut self, source: &Path, path: &Path) -> Result<(), ImportError> {
        let draft = sibling(path, "new");
        self.files.push((draft.clone(), path.to_owned()));
        let open = || -> std::io::Result<()> {
            let mut to = File::create_new(&draft)?;
            std::io::copy(&mut File::open(source)?, &mut to)?;
            to.sync_all()
        };
        open().map_err(|error| ImportError::lack(source, error.to_string()))
    }

    fn keep(mut self) -> Result<(), ImportError> {
        let mut new: Vec<OsString> = Vec::new();
        while let Some((draft, path)) = self.files.first().cloned() {
            let was_there = fs::symlink_metadata(&path).is_ok();
            if let Err(error) = fs::rename(&draft, &path) {
                for path in new {
                    // the first error is the one to tell
                    drop(fs::remove_file(path));
                }
                return Err(ImportError::lack(&path, error.to_string()));
            }
            self.files.remove(0);
            if !was_there {
                new.push(path.into_os_string());
            }
        }
        self.made.clear();
        Ok(())
    }
}

impl Drop for Drafts {
    fn drop(&mut self) {
        for (draft, _) in &self.files {
            drop(fs::remove_file(draft));
        }
        for folder in self.made.iter().rev() {
            // only while it is empty: somebody else may have put something there
            drop(fs::remove_dir(folder));
        }
    }
}
