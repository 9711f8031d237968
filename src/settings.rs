//! Settings: what the player has chosen, in a TOML file that people may edit.
//!
//! A file that cannot be read is put aside, never overwritten; a setting that this version does not know is kept as it
//! is. Whoever uses a value takes it from here; nothing here knows a device or a screen.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use toml::Table;

use crate::paths::{self, PathError};

/// Name of the file in the config folder.
const FILE: &str = "settings.toml";

/// Largest correction of the sound's or the picture's delay, ms: beyond it something else is wrong. ◇
const OFFSET_LIMIT_MS: f64 = 1000.0;

/// Everything that a player can set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The safety screen of the first run has been answered.
    pub first_run_done: bool,
    /// Language of the words, as "en"; empty is the system's.
    pub language: String,
    pub palette: Palette,
    /// The cortex strip is put away.
    pub hide_strip: bool,
    pub effects: Effects,
    pub audio: Audio,
    /// Tables of the input room's own format, which are laid over its defaults.
    pub bindings: Table,
    /// Settings of other versions, kept as they are.
    #[serde(flatten)]
    unknown: Table,
}

/// The colours in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Palette {
    #[default]
    Dark,
    Light,
    HighContrast,
}

/// How much of each effect there may be: 0 is nothing, 1 is all that the limits allow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Effects {
    pub flash: f64,
    pub shake: f64,
    pub rumble: f64,
    /// Loudness of what an error sounds like.
    pub loudness: f64,
    pub debris: f64,
    /// Fades in place of travel, and no scene that shakes or flashes; every fact stays.
    pub reduced_effects: bool,
    #[serde(flatten)]
    unknown: Table,
}

/// Volumes in per cent (0 is silence) and what has been measured of delays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Audio {
    pub master: f64,
    /// Count-in, beat, launch.
    pub cues: f64,
    pub feedback: f64,
    /// The scene of a doozy.
    pub scene: f64,
    pub bed: f64,
    /// A recording that a chart is played to.
    pub music: f64,
    /// Added to the sound's reported delay, ms; set by hand. Holds only where nothing was measured on the devices in use
    /// (`calibration.toml`).
    pub audio_offset_ms: f64,
    /// Added to the picture's reported delay, ms; likewise.
    pub video_offset_ms: f64,
    #[serde(flatten)]
    unknown: Table,
}

impl Default for Effects {
    fn default() -> Self {
        Self {
            flash: 1.0,
            shake: 1.0,
            rumble: 1.0,
            loudness: 1.0,
            debris: 1.0,
            reduced_effects: false,
            unknown: Table::new(),
        }
    }
}

impl Default for Audio {
    fn default() -> Self {
        Self {
            master: 80.0,
            cues: 100.0,
            feedback: 100.0,
            scene: 100.0,
            bed: 60.0,
            music: 100.0,
            audio_offset_ms: 0.0,
            video_offset_ms: 0.0,
            unknown: Table::new(),
        }
    }
}

/// What was found in the file that the player should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The file could not be read; it now lies at `kept` (or where it was, if it could not be moved), and the defaults
    /// are in force.
    Broken { path: PathBuf, kept: PathBuf, why: String },
    /// A setting that this version does not know; it is kept.
    Unknown { path: PathBuf, field: String },
    /// A value that cannot be; the nearest that can is in force.
    OutOfRange { path: PathBuf, field: String, found: String, used: String },
}

impl Finding {
    /// The message for the player: a Fluent id and its arguments.
    #[must_use]
    pub fn message(&self) -> (&'static str, Vec<(&'static str, String)>) {
        let shown = |path: &Path| path.display().to_string();
        match self {
            Self::Broken { path, kept, .. } => ("settings-broken", vec![("path", shown(path)), ("kept", shown(kept))]),
            Self::Unknown { path, field } => {
                ("settings-unknown", vec![("path", shown(path)), ("field", field.clone())])
            }
            Self::OutOfRange { path, field, found, used } => (
                "settings-out-of-range",
                vec![("path", shown(path)), ("field", field.clone()), ("found", found.clone()), ("used", used.clone())],
            ),
        }
    }
}

/// The settings file, and what is in force from it.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingsFile {
    pub path: PathBuf,
    pub settings: Settings,
}

impl SettingsFile {
    /// Reads the user's settings; where there are none, the defaults. Never fails for what stands in the file.
    ///
    /// # Errors
    /// [`PathError::NoHome`] where no config folder is known.
    pub fn open() -> Result<(Self, Vec<Finding>), PathError> {
        Ok(Self::open_at(&paths::config_dir()?.join(FILE)))
    }

    /// [`SettingsFile::open`] for a file named outright.
    #[must_use]
    pub fn open_at(path: &Path) -> (Self, Vec<Finding>) {
        let of = |settings| Self { path: path.to_path_buf(), settings };
        let why = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (of(Settings::default()), Vec::new()),
            Err(error) => error.to_string(),
            Ok(text) => match toml::from_str::<Settings>(text.strip_prefix('\u{feff}').unwrap_or(&text)) {
                Ok(mut settings) => {
                    let findings = settings.check(path);
                    return (of(settings), findings);
                }
                Err(error) => error.to_string(),
            },
        };
        let aside = paths::sibling(path, "broken");
        let kept = if fs::rename(path, &aside).is_ok() { aside } else { path.to_path_buf() };
        (of(Settings::default()), vec![Finding::Broken { path: path.to_path_buf(), kept, why }])
    }

    /// Writes the settings, whole or not at all.
    ///
    /// # Errors
    /// Where the folder cannot be written; the file is then as it was.
    pub fn save(&self) -> Result<(), PathError> {
        let wrong =
            |error: toml::ser::Error| PathError::Io { path: self.path.clone(), source: io::Error::other(error) };
        paths::write_whole(&self.path, toml::to_string_pretty(&self.settings).map_err(wrong)?.as_bytes())
    }
}

impl Settings {
    /// The player's bindings as text in the input room's format; empty where there are none.
    #[must_use]
    pub fn bindings_text(&self) -> String {
        // A table that came from TOML goes back into it.
        toml::to_string_pretty(&self.bindings).unwrap_or_default()
    }

    /// Brings values into their range and lists what was found.
    fn check(&mut self, path: &Path) -> Vec<Finding> {
        let mut findings = Vec::new();
        let (effects, audio) = (&mut self.effects, &mut self.audio);
        let shares = [
            ("effects.flash", &mut effects.flash),
            ("effects.shake", &mut effects.shake),
            ("effects.rumble", &mut effects.rumble),
            ("effects.loudness", &mut effects.loudness),
            ("effects.debris", &mut effects.debris),
        ];
        let volumes = [
            ("audio.master", &mut audio.master),
            ("audio.cues", &mut audio.cues),
            ("audio.feedback", &mut audio.feedback),
            ("audio.scene", &mut audio.scene),
            ("audio.bed", &mut audio.bed),
            ("audio.music", &mut audio.music),
        ];
        let offsets = [
            ("audio.audio_offset_ms", &mut audio.audio_offset_ms),
            ("audio.video_offset_ms", &mut audio.video_offset_ms),
        ];
        let mut hold = |field: &str, value: &mut f64, least: f64, most: f64| {
            // What is no number is nothing: an effect must not be louder or brighter for it.
            let used = if value.is_nan() { 0.0 } else { value.clamp(least, most) };
            if used.to_bits() != value.to_bits() && used != *value {
                findings.push(Finding::OutOfRange {
                    path: path.to_path_buf(),
                    field: field.to_owned(),
                    found: value.to_string(),
                    used: used.to_string(),
                });
                *value = used;
            }
        };
        for (field, value) in shares {
            hold(field, value, 0.0, 1.0);
        }
        for (field, value) in volumes {
            hold(field, value, 0.0, 100.0);
        }
        for (field, value) in offsets {
            hold(field, value, -OFFSET_LIMIT_MS, OFFSET_LIMIT_MS);
        }
        for (group, unknown) in [("", &self.unknown), ("effects.", &effects.unknown), ("audio.", &audio.unknown)] {
            for field in unknown.keys() {
                findings.push(Finding::Unknown { path: path.to_path_buf(), field: format!("{group}{field}") });
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str) -> (SettingsFile, Vec<Finding>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, text).unwrap();
        let (file, findings) = SettingsFile::open_at(&path);
        (file, findings, folder)
    }

    #[test]
    fn without_a_file_the_defaults_hold_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/settings.toml");
        let (file, findings) = SettingsFile::open_at(&path);
        assert_eq!((file.settings, findings.len()), (Settings::default(), 0));
        assert!(!path.exists());
    }

    #[test]
    fn what_is_saved_comes_back() {
        let (mut file, _, _folder) = opened("");
        file.settings.effects.flash = 0.0;
        file.settings.effects.shake = 0.1;
        file.settings.audio.audio_offset_ms = -12.35;
        file.settings.palette = Palette::HighContrast;
        file.settings.first_run_done = true;
        file.settings.bindings = "[lanes]\n0 = [\"Space\"]\n".parse().unwrap();
        file.save().unwrap();
        let (again, findings) = SettingsFile::open_at(&file.path);
        assert_eq!((&again, findings.len()), (&file, 0));
        assert_eq!(again.settings.bindings_text(), "[lanes]\n0 = [\"Space\"]\n");
    }

    #[test]
    fn a_setting_from_another_version_is_told_and_kept() {
        let (file, findings, _folder) = opened("sparkle = 3\n[effects]\nshaek = 0.5\nshake = 0.5\n");
        let fields: Vec<String> = findings
            .iter()
            .map(|finding| match finding {
                Finding::Unknown { field, .. } => field.clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(fields, ["sparkle", "effects.shaek"]);
        assert_eq!(file.settings.effects.shake, 0.5);
        file.save().unwrap();
        let text = fs::read_to_string(&file.path).unwrap();
        assert!(text.contains("sparkle = 3") && text.contains("shaek = 0.5"), "{text}");
    }

    #[test]
    fn a_value_that_cannot_be_is_brought_into_range_and_told() {
        let (file, findings, _folder) =
            opened("[effects]\nflash = nan\nshake = 3.0\nrumble = -0.0\n[audio]\nmaster = inf\n");
        let effects = &file.settings.effects;
        assert_eq!((effects.flash, effects.shake, effects.rumble, file.settings.audio.master), (0.0, 1.0, 0.0, 100.0));
        assert_eq!(findings.len(), 3);
        assert!(findings.contains(&Finding::OutOfRange {
            path: file.path.clone(),
            field: "effects.shake".into(),
            found: "3".into(),
            used: "1".into()
        }));
    }

    #[test]
    fn a_broken_file_is_kept_aside() {
        for text in ["[effects\nflash = ", "[effects]\nflash = \"much\"\n"] {
            let (file, findings, folder) = opened(text);
            assert_eq!(file.settings, Settings::default());
            let [Finding::Broken { kept, .. }] = &findings[..] else { panic!("{findings:?}") };
            assert_eq!(fs::read_to_string(kept).unwrap(), text);
            file.save().unwrap();
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        }
    }

    #[test]
    fn a_file_that_is_no_text_is_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
        let (_, findings) = SettingsFile::open_at(&path);
        let [Finding::Broken { kept, .. }] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!(fs::read(kept).unwrap(), [0xff, 0xfe, 0x00]);
    }
}
