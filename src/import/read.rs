//! A file on the disk as charts: which kind it is, and whether the sound that it names is there.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{
    ImportError, MOST_BYTES, Options, Refused,
    chart::{Chart, Place, shown},
    midi, osu, osz, sm,
};
use crate::paths::{self, PathError};

/// Sound files that the game plays.
const SOUNDS: [&str; 4] = ["wav", "ogg", "mp3", "flac"];
/// The largest archive that is opened, bytes: it is read in place, not into memory. ◇
const MOST_ARCHIVE: u64 = 1024 * 1024 * 1024;

/// What a file may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Midi,
    Osu,
    Osz,
    Sm,
}

/// The sound that goes with a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audio {
    /// The chart names none, or none that can be played.
    None,
    /// It is not there.
    Missing(String),
    /// A file beside the chart.
    Beside(PathBuf),
    /// In the archive: the beatmap's entry and the name that it gives.
    Packed { entry: String, name: String },
}

/// A chart with its sound.
#[derive(Clone, Debug)]
pub struct Found {
    pub chart: Chart,
    pub audio: Audio,
}

/// A file that was read: at least one chart.
#[derive(Clone, Debug)]
pub struct Imported {
    pub file: PathBuf,
    pub format: Format,
    pub charts: Vec<Found>,
}

impl Format {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Midi => "MIDI",
            Self::Osu => "osu! beatmap",
            Self::Osz => "osu! archive",
            Self::Sm => "simfile",
        }
    }

    /// By a file's ending, or else by how it begins.
    #[must_use]
    pub fn of(path: &Path, head: &[u8]) -> Option<Self> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("mid" | "midi" | "smf" | "kar" | "rmi") => return Some(Self::Midi),
            Some("osu") => return Some(Self::Osu),
            Some("osz") => return Some(Self::Osz),
            Some("sm" | "ssc") => return Some(Self::Sm),
            _ => {}
        }
        if head.starts_with(b"MThd") {
            Some(Self::Midi)
        } else if head.starts_with(b"PK\x03\x04") {
            Some(Self::Osz)
        } else if head.starts_with(b"osu file format") {
            Some(Self::Osu)
        } else {
            None
        }
    }
}

/// Reads a file. With `sound`, looks for the sound that its charts name.
///
/// # Errors
/// A file that cannot be read, that is of no known kind, or that its reader refuses; with `sound`, a chart that names
/// one outside of its folder.
pub fn import(path: &Path, options: &Options, sound: bool) -> Result<Imported, ImportError> {
    let refused = |refused: Refused| ImportError::of(path, refused);
    let lacking = |source: io::Error| ImportError::lack(path, source.to_string());
    let metadata = fs::metadata(path).map_err(lacking)?;
    if !metadata.is_file() {
        return Err(ImportError::lack(path, "this is no file"));
    }
    let mut file = File::open(path).map_err(lacking)?;
    let mut bytes = Vec::new();
    file.by_ref().take(16).read_to_end(&mut bytes).map_err(lacking)?;
    let Some(format) = Format::of(path, &bytes) else {
        return Err(refused(Refused::whole("this kind of file is not known; .mid, .osu, .osz, .sm and .ssc are")));
    };
    if format == Format::Osz {
        if metadata.len() > MOST_ARCHIVE {
            let message = format!("{} bytes are more than the {MOST_ARCHIVE} that an archive may have", metadata.len());
            return Err(refused(Refused::whole(message)));
        }
        let maps = osz::read(file, options).map_err(refused)?;
        let mut charts = Vec::new();
        for mut map in maps {
            let audio = match map.chart.audio.clone().filter(|_| sound) {
                Some(name) => packed(path, &map.entry, &name, &mut map.chart)?,
                None => Audio::None,
            };
            charts.push(Found { chart: map.chart, audio });
        }
        return Ok(Imported { file: path.to_owned(), format, charts });
    }
    // one byte more than may be, so that a file of any length is refused by its content's length
    file.take((MOST_BYTES + 1 - bytes.len()) as u64).read_to_end(&mut bytes).map_err(lacking)?;
    let charts = match format {
        Format::Midi => midi::read(&bytes, options),
        Format::Sm => sm::read(&bytes, options),
        Format::Osu | Format::Osz => osu::read(&bytes, options).map(|chart| vec![chart]),
    }
    .map_err(refused)?;
    let mut found = Vec::new();
    for mut chart in charts {
        let audio = match chart.audio.clone().filter(|_| sound) {
            Some(name) => beside(path, &name, &mut chart)?,
            None => Audio::None,
        };
        found.push(Found { chart, audio });
    }
    Ok(Imported { file: path.to_owned(), format, charts: found })
}

/// What a sound's name must be like, and whether one of that kind can be played.
fn playable(name: &str, chart: &mut Chart) -> bool {
    // what osu! calls a map without a recording
    if name == "virtual" {
        return false;
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let plays = SOUNDS.iter().any(|sound| ending.eq_ignore_ascii_case(sound));
    if !plays {
        let message = format!("the sound '{}' is none of {}; left out", shown(name), SOUNDS.join(", "));
        chart.warnings.say(Place::Whole, message);
    }
    plays
}

fn beside(path: &Path, name: &str, chart: &mut Chart) -> Result<Audio, ImportError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match paths::inside(folder, &name.replace('\\', "/")) {
        Ok(found) if found.is_file() => Ok(if playable(name, chart) { Audio::Beside(found) } else { Audio::None }),
        Ok(_) | Err(PathError::Io { .. }) => Ok(missing(name, chart)),
        Err(error) => Err(ImportError::of(path, outside(name, &error.to_string()))),
    }
}

fn packed(path: &Path, entry: &str, name: &str, chart: &mut Chart) -> Result<Audio, ImportError> {
    if let Some(why) = osz::leads_out(name) {
        let refused = Refused { entry: Some(shown(entry)), ..outside(name, why) };
        return Err(ImportError::of(path, refused));
    }
    let file = File::open(path).map_err(|source| ImportError::lack(path, source.to_string()))?;
    if !osz::holds(file, entry, name).map_err(|refused| ImportError::of(path, refused))? {
        return Ok(missing(name, chart));
    }
    Ok(if playable(name, chart) {
        Audio::Packed { entry: entry.to_owned(), name: name.to_owned() }
    } else {
        Audio::None
    })
}

fn outside(name: &str, why: &str) -> Refused {
    Refused::whole(format!(
        "the sound '{}' lies outside the chart's folder ({}); --no-audio imports the notes alone",
        shown(name),
        why
    ))
}

fn missing(name: &str, chart: &mut Chart) -> Audio {
    if !playable(name, chart) {
        return Audio::None;
    }
    let message = format!("the sound '{}' is not there; the notes are played without it", shown(name));
    chart.warnings.say(Place::Whole, message);
    Audio::Missing(name.to_owned())
}

impl ImportError {
    fn of(path: &Path, refused: Refused) -> Self {
        let Refused { entry, place, message } = refused;
        Self { file: path.to_owned(), entry, place, message, lack: false, usage: false }
    }

    pub(super) fn lack(path: &Path, message: impl Into<String>) -> Self {
        Self { lack: true, ..Self::of(path, Refused::whole(message)) }
    }

    pub(super) fn usage(path: &Path, message: impl Into<String>) -> Self {
        Self { usage: true, ..Self::of(path, Refused::whole(message)) }
    }

    pub(super) fn wrong(path: &Path, message: impl Into<String>) -> Self {
        Self::of(path, Refused::whole(message))
    }
}
