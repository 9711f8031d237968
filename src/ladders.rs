//! The ladders on disk: which levels there are, in the order in which they are climbed, the endless ones, and how one is
//! loaded.
//!
//! Reads level files and nothing else; what a level means is `doozy_training::level`'s business.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use doozy_training::level::{Level, LevelError, MAX_BYTES};

use crate::paths::{self, PathError, Root};

/// The ending of a level's file.
pub const ENDING: &str = ".level.ron";
/// The ladders that ship, in the order in which a newcomer meets them.
pub const ORDER: [&str; 8] = ["pulse", "groove", "music", "sport", "road", "speech", "reflex", "catastrophe"];
/// The folder of endless levels, which is no ladder: its levels are not climbed one after the other.
pub const ENDLESS: &str = "endless";
/// Ids that levels had once, and where these are now: records and scripts name the old ones.
const MOVED: [(&str, &str); 3] = [("catch/1", "sport/1"), ("catch/2", "sport/4"), ("catch/3", "sport/6")];

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
    let bytes = paths::read_at_most(path, MAX_BYTES).map_err(unreadable)?;
    let level = Level::from_bytes(&name, &bytes)?;
    // `from_bytes` has refused what is not UTF-8
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Loaded { id: id.to_owned(), path: path.to_path_buf(), text, level })
}

/// The level that a person named: an id under `levels/`, else a file of that path. An id that has moved leads to where the
/// level is now.
///
/// # Errors
/// As [`read`]; a name that is neither tells where it was looked for.
pub fn find(root: Result<&Root, PathError>, name: &str) -> Result<Loaded, LoadError> {
    let path = Path::new(name);
    if path.is_file() {
        return read(path, name);
    }
    let root = root?;
    let id = present_id(name.trim_end_matches(ENDING));
    let path = root.level(id)?;
    read(&path, id)
}

/// The id that a level has now, for one that it had once.
#[must_use]
pub fn present_id(id: &str) -> &str {
    MOVED.iter().find(|(before, _)| *before == id).map_or(id, |(_, now)| now)
}

/// All ladders, and the levels that were refused with their reasons. The known ladders come first, in their order, then
/// folders that somebody added, by name; files go by their number, then by name. The endless levels are none of them.
///
/// # Errors
/// If `levels/` itself cannot be read.
pub fn all(root: &Root) -> Result<(Vec<Ladder>, Vec<LoadError>), LoadError> {
    let mut ladders = Vec::new();
    let mut refused = Vec::new();
    for folder in entries(&root.levels())?.into_iter().filter(|path| path.is_dir()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name != ENDLESS {
            let levels = folder_of(&folder, &name, &mut refused)?;
            if !levels.is_empty() {
                ladders.push(Ladder { name, levels });
            }
        }
    }
    let place = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
    ladders.sort_by_key(|ladder| place(&ladder.name));
    Ok((ladders, refused))
}

/// The endless levels, one a kind, by name; none where there is no such folder.
///
/// # Errors
/// If the folder is there and cannot be read.
pub fn endless(root: &Root) -> Result<(Ladder, Vec<LoadError>), LoadError> {
    let folder = root.levels().join(ENDLESS);
    let mut refused = Vec::new();
    let levels = if folder.is_dir() { folder_of(&folder, ENDLESS, &mut refused)? } else { Vec::new() };
    Ok((Ladder { name: ENDLESS.to_owned(), levels }, refused))
}

/// The endless level of a kind: by its file's name (`steady-beat`), its kind's (`steady beat`) or its drill's
/// (`SteadyBeat`); the names that there are, where there is none such.
///
/// # Errors
/// The names of all endless levels.
pub fn endless_of(ladder: Ladder, kind: &str) -> Result<Loaded, Vec<String>> {
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let stem = |level: &Loaded| level.id.rsplit('/').next().unwrap_or_default().to_owned();
    let drill = |level: &Loaded| {
        let shown = format!("{:?}", level.level.drill());
        shown.chars().take_while(|c| c.is_alphanumeric()).collect::<String>()
    };
    let wanted = plain(kind);
    let names = ladder.levels.iter().map(stem).collect();
    let is_it = |level: &Loaded| {
        [stem(level), drill(level), level.level.drill().kind().name().to_owned()]
            .iter()
            .any(|name| plain(name) == wanted)
    };
    ladder.levels.into_iter().find(is_it).ok_or(names)
}

/// The levels of a folder, those that are refused with their reasons apart.
fn folder_of(folder: &Path, name: &str, refused: &mut Vec<LoadError>) -> Result<Vec<Loaded>, LoadError> {
    let mut levels = Vec::new();
    for path in entries(folder)? {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(stem) = file.strip_suffix(ENDING) else { continue };
        match read(&path, &format!("{name}/{stem}")) {
            Ok(loaded) => levels.push(loaded),
            Err(error) => refused.push(error),
        }
    }
    Ok(levels)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> Root {
        Root::at(env!("CARGO_MANIFEST_DIR"))
    }

    #[test]
    fn the_ladders_come_in_their_order_and_without_gaps() {
        let (ladders, refused) = all(&root()).expect("the levels");
        assert!(refused.is_empty(), "{refused:?}");
        let names: Vec<&str> = ladders.iter().map(|ladder| ladder.name.as_str()).collect();
        assert_eq!(names, ORDER);
        for ladder in &ladders {
            for (place, level) in ladder.levels.iter().enumerate() {
                assert_eq!(level.id, format!("{}/{}", ladder.name, place + 1));
                assert!(!level.level.is_endless(), "{}", level.id);
            }
        }
    }

    #[test]
    fn a_level_is_found_by_the_id_that_it_had_once() {
        for (before, now) in MOVED {
            let found = find(Ok(&root()), before).expect("it has moved");
            assert_eq!((found.id.as_str(), present_id(before)), (now, now));
        }
        assert_eq!(find(Ok(&root()), "pulse/1.level.ron").expect("it is there").id, "pulse/1");
        assert!(find(Ok(&root()), "catch/4").is_err());
    }

    #[test]
    fn an_endless_level_is_found_by_any_name_of_its_kind() {
        let endless = || endless(&root()).expect("the folder").0;
        for name in ["steady-beat", "steady beat", "SteadyBeat", "steadybeat"] {
            assert_eq!(endless_of(endless(), name).expect(name).id, "endless/steady-beat");
        }
        for level in endless().levels {
            let found = endless_of(endless(), level.level.drill().kind().name()).expect("every kind has one");
            assert_eq!(found.id, level.id);
        }
        let names = endless_of(endless(), "knitting").expect_err("no such kind");
        assert!(names.contains(&"steady-hand".to_owned()), "{names:?}");
    }
}
