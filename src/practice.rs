//! Presets of practice: what a player saved under a name, in a TOML file beside the settings.
//!
//! A preset has no bars: those are a level's. A file that cannot be read is put aside, never overwritten.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use doozy_training::practice::{Mute, Practice, Ramp};
use serde::{Deserialize, Serialize};

use crate::paths::{self, PathError};

/// Name of the file in the config folder.
const FILE: &str = "practice.toml";
/// Presets that are kept.
const MOST: usize = 50;
/// Characters of a name.
const NAME_MOST: usize = 40;

/// What is saved of a practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Preset {
    /// Per cent of the level's own speed.
    pub rate: u16,
    pub pre_roll: u8,
    pub ghost: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ramp: Option<Ramp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mute: Option<Mute>,
}

impl Default for Preset {
    fn default() -> Self {
        Self::of(&Practice::default())
    }
}

impl Preset {
    #[must_use]
    pub fn of(practice: &Practice) -> Self {
        let Practice { rate, pre_roll, ghost, ramp, mute, loops: _ } = *practice;
        Self { rate, pre_roll, ghost, ramp, mute }
    }

    /// The practice that it stands for, of a level played through.
    #[must_use]
    pub fn practice(self) -> Practice {
        let Self { rate, pre_roll, ghost, ramp, mute } = self;
        Practice { rate, pre_roll, ghost, ramp, mute, ..Practice::default() }
    }
}

/// All that are saved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Presets {
    path: PathBuf,
    by_name: BTreeMap<String, Preset>,
}

impl Presets {
    /// Reads the user's presets. A file that cannot be understood is put aside with a word on standard error.
    ///
    /// # Errors
    /// Where no config folder is known.
    pub fn open() -> Result<Self, PathError> {
        Ok(Self::open_at(&paths::config_dir()?.join(FILE)))
    }

    fn open_at(path: &Path) -> Self {
        let of = |by_name| Self { path: path.to_path_buf(), by_name };
        let why = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return of(BTreeMap::new()),
            Err(error) => error.to_string(),
            Ok(text) => match toml::from_str(&text) {
                Ok(by_name) => return of(by_name),
                Err(error) => error.to_string(),
            },
        };
        let aside = paths::sibling(path, "broken");
        let kept = if fs::rename(path, &aside).is_ok() { aside } else { path.to_path_buf() };
        tracing::error!("{}: {why}; it is kept as {}, and no preset is there now", path.display(), kept.display());
        of(BTreeMap::new())
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<Preset> {
        self.by_name.get(name).copied()
    }

    /// In the order of the alphabet.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// Keeps a preset under a name, in place of one that had it.
    ///
    /// # Errors
    /// What is wrong with the name, or that there are too many.
    pub fn save(&mut self, name: &str, preset: Preset) -> Result<(), String> {
        let length = name.chars().count();
        if length == 0 || length > NAME_MOST || name.trim() != name || name.chars().any(char::is_control) {
            return Err(format!("a preset's name has 1 to {NAME_MOST} characters, none at its ends a space"));
        }
        if self.by_name.len() >= MOST && !self.by_name.contains_key(name) {
            return Err(format!("{MOST} presets are saved, and no more are kept; edit {}", self.path.display()));
        }
        self.by_name.insert(name.to_owned(), preset);
        Ok(())
    }

    /// Keeps a preset under the first number that is free.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_next(&mut self, preset: Preset) -> Result<String, String> {
        let free = (1..=MOST + 1).map(|n| n.to_string()).find(|name| !self.by_name.contains_key(name));
        let name = free.unwrap_or_default();
        self.save(&name, preset)?;
        Ok(name)
    }

    /// Writes them, whole or not at all.
    ///
    /// # Errors
    /// Where the folder cannot be written; the file is then as it was.
    pub fn write(&self) -> Result<(), PathError> {
        let wrong =
            |error: toml::ser::Error| PathError::Io { path: self.path.clone(), source: io::Error::other(error) };
        paths::write_whole(&self.path, toml::to_string_pretty(&self.by_name).map_err(wrong)?.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_comes_back_and_has_no_bars() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut presets = Presets::open_at(&path);
        assert_eq!(presets.names().count(), 0);
        let practice = Practice {
            rate: 70,
            loops: doozy_training::practice::Bars { from: 2, to: 3 }.into(),
            pre_roll: 1,
            ramp: Some(Ramp::default()),
            mute: Some(Mute { heard: 2, silent: 1 }),
            ghost: true,
        };
        presets.save("slow", Preset::of(&practice)).unwrap();
        assert_eq!(presets.save_next(Preset::default()).unwrap(), "1");
        assert_eq!(presets.save_next(Preset::default()).unwrap(), "2");
        presets.write().unwrap();
        let again = Presets::open_at(&path);
        assert_eq!(again, presets);
        let back = again.get("slow").unwrap().practice();
        assert_eq!(back, Practice { loops: doozy_training::practice::Loops::default(), ..practice });
    }

    #[test]
    fn a_broken_file_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "[slow]\nrate = \"much\"\n").unwrap();
        assert_eq!(Presets::open_at(&path).names().count(), 0);
        assert!(!path.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn names_are_names() {
        let mut presets = Presets::default();
        for name in ["", " a", "a ", "a\nb", &"x".repeat(41)] {
            assert!(presets.save(name, Preset::default()).is_err(), "{name:?}");
        }
        for n in 0..MOST {
            presets.save(&format!("p{n}"), Preset::default()).unwrap();
        }
        assert!(presets.save("one more", Preset::default()).unwrap_err().contains("no more are kept"));
        presets.save("p3", Preset::default()).unwrap();
    }
}
