//! Recordings: a file that a chart is played to, decoded in a thread of its own and laid on the tape sample by sample.
//!
//! A recording is never needed. What cannot be had is told ([`Fault`]) and the session goes on without.
//!
//! It is decoded once, from its first sample on, and kept as 16-bit samples: so a place in it is the same sample whatever was played
//! before, which no seek in an MP3 could promise. That takes memory, and the memory is bounded ([`BYTES_MOST`]).

mod deck;
#[cfg(feature = "devices")]
mod decode;
mod resample;
#[cfg(all(test, feature = "devices"))]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

pub(super) use deck::Deck;
pub use deck::Roll;

use super::limits;

/// Decoded samples of a recording that are kept, bytes ◇: 25 minutes of a CD. What lies beyond is not played.
pub const BYTES_MOST: usize = 256 << 20;
/// Loudness that a recording is brought to: its loudest 100 ms, dB as [`limits::loudness`] measures it ◇. A little above the beat (−23), whose
/// clicks stand out of a mix that is some 6 dB quieter on the whole; and 3 dB below a doozy.
const LOUDEST_DB: f64 = -21.0;
/// No sample of it above this, dBFS ◇: as for every other sound.
const PEAK_DB: f64 = -8.0;
/// A quiet one is raised by this at most, dB ◇: more would raise its hiss.
const RAISED_MOST_DB: f64 = 12.0;

/// Why a recording is not played, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This program was built without the feature `devices`.
    NotBuilt,
    /// The file is not there.
    Missing,
    /// It lies, or a link leads, outside the level's folder; or it is no plain file.
    Outside,
    /// It cannot be read.
    Unreadable(String),
    /// It is no WAV, OGG Vorbis, MP3 or FLAC, or a broken one.
    NotARecording(String),
    /// It breaks off: what is there is played.
    Broken(String),
    /// It is longer than can be kept; so many seconds of it are played.
    TooLong { seconds: u32 },
}

impl Fault {
    /// Whether some of it is played all the same.
    #[must_use]
    pub fn plays(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::TooLong { .. })
    }

    /// The message for the player: a Fluent id, and its arguments beside the file's name.
    #[must_use]
    pub fn message(&self) -> (&'static str, Vec<(&'static str, String)>) {
        match self {
            Self::NotBuilt => ("notice-recording-not-built", Vec::new()),
            Self::Missing => ("notice-recording-missing", Vec::new()),
            Self::Outside => ("notice-recording-outside", Vec::new()),
            Self::Unreadable(why) => ("notice-recording-unreadable", vec![("why", why.clone())]),
            Self::NotARecording(why) => ("notice-recording-unknown", vec![("why", why.clone())]),
            Self::Broken(why) => ("notice-recording-broken", vec![("why", why.clone())]),
            Self::TooLong { seconds } => ("notice-recording-long", vec![("minutes", (seconds / 60).to_string())]),
        }
    }
}

/// A decoded stretch: one or two samples a frame, interleaved.
type Piece = Arc<[i16]>;

/// What is known of a recording while it is being decoded.
#[derive(Debug, Default)]
struct Inner {
    /// Hz; 0 until it is known.
    rate: u32,
    channels: usize,
    /// All of [`PIECE`] frames but the last.
    pieces: Vec<Piece>,
    frames: usize,
    /// No more will come.
    over: bool,
    fault: Option<Fault>,
    loudest_db: f64,
    peak: u16,
}

/// Frames of a piece: 1.5 s of a CD, decoded in some milliseconds.
const PIECE: usize = 1 << 16;

#[derive(Debug, Default)]
struct Shared {
    inner: Mutex<Inner>,
    /// Nobody wants it any more.
    unwanted: AtomicBool,
}

impl Shared {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        // a decoder that died left what it had
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A recording, in memory as far as it has been decoded.
#[derive(Debug)]
pub struct Recording {
    shared: Arc<Shared>,
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.shared.unwanted.store(true, Ordering::Relaxed);
    }
}

/// The file `name` of `folder`, if it lies there and nowhere else.
///
/// # Errors
/// See [`Fault`].
pub fn place(folder: &Path, name: &str) -> Result<PathBuf, Fault> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let path = folder.join(name);
    let whole = match fs::canonicalize(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Fault::Missing),
        Err(error) => return Err(Fault::Unreadable(error.to_string())),
        Ok(whole) => whole,
    };
    let inside = fs::canonicalize(folder).is_ok_and(|folder| whole.parent() == Some(&*folder));
    // a pipe or a device would hold the reader up for good
    if inside && fs::metadata(&whole).is_ok_and(|meta| meta.is_file()) { Ok(whole) } else { Err(Fault::Outside) }
}

impl Recording {
    /// Begins to decode a file, in a thread of its own.
    ///
    /// # Errors
    /// What can be told at once. What is found on the way: [`Self::fault`].
    pub fn open(path: &Path) -> Result<Self, Fault> {
        Self::open_within(path, BYTES_MOST)
    }

    #[cfg(feature = "devices")]
    fn open_within(path: &Path, bytes_most: usize) -> Result<Self, Fault> {
        let file = fs::File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Fault::Missing,
            _ => Fault::Unreadable(error.to_string()),
        })?;
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("recording".into())
            .spawn(move || {
                // a decoder that panics ends here, and what it had is kept
                let _end = End(&theirs);
                decode::decode(file, &theirs, bytes_most);
            })
            .map_err(|error| Fault::Unreadable(error.to_string()))?;
        Ok(Self { shared })
    }

    #[cfg(not(feature = "devices"))]
    fn open_within(_: &Path, _: usize) -> Result<Self, Fault> {
        Err(Fault::NotBuilt)
    }

    /// Whether all of it is there that will be.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.shared.inner().over
    }

    /// What is wrong with it, as far as is known.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.shared.inner().fault.clone()
    }

    /// Frames that are there, and its rate in Hz (0 while that is not known).
    #[must_use]
    pub fn length(&self) -> (usize, u32) {
        let inner = self.shared.inner();
        (inner.frames, inner.rate)
    }

    /// Bytes that its samples take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.shared.inner().pieces.iter().map(|piece| size_of_val(&**piece)).sum()
    }

    /// The linear gain that brings it to the session's loudness, by what has been decoded of it.
    fn gain(&self) -> f32 {
        let inner = self.shared.inner();
        if inner.peak == 0 {
            return 1.0;
        }
        let by_loudness = limits::from_db((LOUDEST_DB - inner.loudest_db).min(RAISED_MOST_DB));
        let by_peak = limits::from_db(PEAK_DB) * 32_768.0 / f64::from(inner.peak);
        by_loudness.min(by_peak) as f32
    }
}

/// Marks a recording as over, however its thread ends.
#[cfg(feature = "devices")]
struct End<'a>(&'a Shared);

#[cfg(feature = "devices")]
impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut inner = self.0.inner();
        if std::thread::panicking() {
            let what = "the decoder gave up".to_owned();
            inner.fault = Some(if inner.frames > 0 { Fault::Broken(what) } else { Fault::NotARecording(what) });
        }
        inner.over = true;
    }
}
