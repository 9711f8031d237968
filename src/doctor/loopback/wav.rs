//! A recording: WAV as recorders and sound editors write it, checked before anything is measured in it.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use hound::{SampleFormat, WavReader};

use super::LoopbackError;

/// Frames that are read at most: 23 minutes at 48 kHz, 5.8 at 192 kHz, half a gigabyte of memory. ◇ A train of 500 clicks lasts 4.
pub const MOST_FRAMES: u32 = 1 << 26;

/// Rates that are read, Hz. ◇ Below 22.05 kHz an onset cannot be told to a twentieth of a millisecond.
const RATES: std::ops::RangeInclusive<u32> = 22_050..=384_000;

/// So many equal samples in a row at the top of the range are a clipped wave. ◇ A peak that is only normalised to full scale has
/// one or two.
const FLAT: u32 = 4;

/// Share of full scale above which equal samples count as clipped. ◇ Below it the flat top is the source's own.
const TOP: f32 = 0.98;

/// The first two channels of a recording, in −1…1 of full scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Hz.
    pub rate: u32,
    pub bits: u16,
    /// Whether samples are floating-point numbers.
    pub float: bool,
    /// Channels in the file; [`Self::channels`] holds two of them at most.
    pub in_file: u16,
    pub channels: Vec<Vec<f32>>,
}

impl Recording {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be opened, is no WAV that is understood, ends early, is too long, or is clipped.
    pub fn open(path: &Path) -> Result<Self, LoopbackError> {
        let file = File::open(path).map_err(LoopbackError::Open)?;
        if file.metadata().is_ok_and(|about| about.is_dir()) {
            return Err(LoopbackError::Open(io::Error::other("it is a folder")));
        }
        Self::read(BufReader::new(file))
    }

    /// [`Self::open`] for bytes from anywhere.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn read(bytes: impl Read) -> Result<Self, LoopbackError> {
        let reader = WavReader::new(bytes).map_err(not_wav)?;
        let spec = reader.spec();
        if !RATES.contains(&spec.sample_rate) {
            return Err(LoopbackError::Format(format!(
                "its rate is {} Hz; {}…{} Hz can be measured",
                spec.sample_rate,
                RATES.start(),
                RATES.end()
            )));
        }
        if spec.channels == 0 || spec.bits_per_sample == 0 {
            return Err(LoopbackError::Format("its header speaks of no channels, or of samples of no bits".into()));
        }
        let frames = reader.duration();
        if frames == 0 {
            return Err(LoopbackError::Format("it holds no sound".into()));
        }
        let float = spec.sample_format == SampleFormat::Float;
        let mut recording = Self {
            rate: spec.sample_rate,
            bits: spec.bits_per_sample,
            float,
            in_file: spec.channels,
            channels: Vec::new(),
        };
        if float {
            recording.fill(reader.into_samples::<f32>(), frames)?;
        } else {
            let scale = 1.0 / (1_i64 << (spec.bits_per_sample - 1)) as f32;
            recording.fill(reader.into_samples::<i32>().map(|s| s.map(|s| s as f32 * scale)), frames)?;
        }
        recording.refuse_clipped()?;
        Ok(recording)
    }

    /// Takes the samples in; memory follows what the file holds and not what its header claims.
    fn fill(&mut self, samples: impl Iterator<Item = hound::Result<f32>>, promised: u32) -> Result<(), LoopbackError> {
        let width = usize::from(self.in_file);
        self.channels = vec![Vec::new(); width.min(2)];
        for (read, sample) in samples.enumerate() {
            let frame = read / width;
            let value = sample.map_err(|error| match error {
                hound::Error::IoError(error) if !is_end(&error) => LoopbackError::Open(error),
                hound::Error::IoError(_) => LoopbackError::Truncated {
                    seconds: frame as f64 / f64::from(self.rate),
                    promised_seconds: f64::from(promised) / f64::from(self.rate),
                },
                other => not_wav(other),
            })?;
            if !value.is_finite() {
                return Err(LoopbackError::Format(format!("its sample {read} is not a number")));
            }
            if frame >= MOST_FRAMES as usize {
                return Err(LoopbackError::TooLong { most_seconds: f64::from(MOST_FRAMES) / f64::from(self.rate) });
            }
            if let Some(channel) = self.channels.get_mut(read % width) {
                channel.push(value);
            }
        }
        Ok(())
    }

    fn refuse_clipped(&self) -> Result<(), LoopbackError> {
        for (n, samples) in self.channels.iter().enumerate() {
            let top = samples.iter().fold(0.0_f32, |most, s| most.max(s.abs()));
            if top < TOP {
                continue;
            }
            let (mut places, mut first, mut run) = (0_u32, 0, 0);
            for (at, pair) in samples.windows(2).enumerate() {
                run = if pair[0] == pair[1] && pair[1].abs() >= TOP { run + 1 } else { 0 };
                if run == FLAT - 1 {
                    places += 1;
                    if places == 1 {
                        first = at;
                    }
                }
            }
            if places > 0 {
                return Err(LoopbackError::Clipped {
                    channel: n + 1,
                    places,
                    first_s: first as f64 / f64::from(self.rate),
                });
            }
        }
        Ok(())
    }
}

/// hound tells the end of a file as an error of no particular kind; a disk that fails has a kind.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Other | io::ErrorKind::UnexpectedEof)
}

fn not_wav(error: hound::Error) -> LoopbackError {
    LoopbackError::Format(match error {
        hound::Error::IoError(error) if is_end(&error) => "it ends within its header".into(),
        hound::Error::IoError(error) => return LoopbackError::Open(error),
        hound::Error::FormatError(what) => format!("it is no WAV that can be read ({what})"),
        hound::Error::Unsupported => {
            "its samples are none of 8, 16, 24 and 32 bits whole or 32 bits floating-point".into()
        }
        other => other.to_string(),
    })
}
