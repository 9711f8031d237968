//! The ladders on disk: which levels there are, in the order in which they are climbed, and how one is loaded.
//!
//! Reads level files and nothing else; what a level means is `doozy_training::level`'s business.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use doozy_training::level::{Level, LevelError, MAX_BYTES};

use crate::paths::{PathError, Root};

/// The ending of a level's file.
pub const ENDING: &str = ".level.ron";

/// A level as it was read, with the bytes that the record keeps.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Path under `levels/` without the ending, or the path as given for a file elsewhere.
    pub id: String,
    pub path: PathBuf,
    pub text: String,
    pub level: Level,
}

/// A folder of levels, easiest first.
#[derive(Clone, Debug)]
pub struct Ladder {
    pub name: String,
    pub levels: Vec<Loaded>,
}

/// Why a level cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("{path}: {source}", path = .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Level(#[from] LevelError),
}

/// Reads one level file.
///
/// # Errors
/// A file that cannot be read, is larger than a level may be, or is no level.
pub fn read(path: &Path, id: &str) -> Result<Loaded, LoadError> {
    let unreadable = |source| LoadError::Read { path: path.to_path_buf(), source };
    let name = path.display().to_string();
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::new(io::ErrorKind::InvalidInput, "this is no file")));
    }
    // one byte more than may be, so that a file of any length is refused by its content's length
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    let level = Level::from_bytes(&name, &bytes)?;
    // `from_bytes` has refused what is not UTF-8
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Loaded { id: id.to_owned(), path: path.to_path_buf(), text, level })
}

/// The level that a person named: an id under `levels/`, else a file of that path.
///
/// # Errors
/// As [`read`]; a name that is neither tells where it was looked for.
pub fn find(root: Result<&Root, PathError>, name: &str) -> Result<Loaded, LoadError> {
    let path = Path::new(name);
    if path.is_file() {
        return read(path, name);
    }
    let root = root?;
    let path = root.level(name)?;
    read(&path, name.trim_end_matches(ENDING))
}

/// All ladders, and the levels that were refused with their reasons. Folders go by name, files by their number, then by name.
///
/// # Errors
/// If `levels/` itself cannot be read.
pub fn all(root: &Root) -> Result<(Vec<Ladder>, Vec<LoadError>), LoadError> {
    let levels = root.levels();
    let mut ladders = Vec::new();
    let mut refused = Vec::new();
    for folder in entries(&levels)?.into_iter().filter(|path| path.is_dir()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut rungs = Vec::new();
        for path in entries(&folder)? {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some(stem) = file.strip_suffix(ENDING) else { continue };
            match read(&path, &format!("{name}/{stem}")) {
                Ok(loaded) => rungs.push(loaded),
                Err(error) => refused.push(error),
            }
        }
        if !rungs.is_empty() {
            ladders.push(Ladder { name, levels: rungs });
        }
    }
    Ok((ladders, refused))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |source| LoadError::Read { path: folder.to_path_buf(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        found.push(entry.map_err(unreadable)?.path());
    }
    // rungs are climbed in the order of their numbers: 2 before 10
    let number = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let digits = name.bytes().take_while(u8::is_ascii_digit).count();
        name[..digits].parse().unwrap_or(u64::MAX)
    };
    found.sort_by_cached_key(|path| (number(path), path.clone()));
    Ok(found)
}
