//! The deck: puts a recording on the tape, each sample on its frame.

use doozy_training::time::{Nanos, SampleFrame};

use super::{
    Piece, Recording,
    resample::{Kernel, Line, Point, REACH},
};
use crate::audio::tape::Tape;

/// Frames that are put on the tape at one call, s: a turn of the conductor stays short.
const AT_ONCE: f64 = 0.1;
/// How far ahead of the audio thread the first frame is put where it comes late, s: a callback and some.
const MARGIN: f64 = 0.06;
/// A recording that is joined in its middle swells for so long, s.
const SWELL: f64 = 0.030;
/// At the trial's end it dies away for so long, s.
const FADE: f64 = 0.300;
/// Edges of a silence, s.
const EDGE: f64 = 0.010;

/// Where a recording lies on the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roll {
    /// The frame at which the place `from` is heard.
    pub zero: SampleFrame,
    /// Of the recording, at its own speed; negative: silence until it begins.
    pub from: Nanos,
    /// Nanoseconds of recording in a second of the stream.
    pub rate_ppb: u32,
    /// The frame by which it has died away.
    pub until: SampleFrame,
    /// When it is silent, from and up to.
    pub silent: Vec<(SampleFrame, SampleFrame)>,
}

/// See the module.
pub(in crate::audio) struct Deck {
    recording: Recording,
    rolling: Option<Rolling>,
    kernel: Option<Kernel>,
    /// Fixed with the first roll: a session is as loud throughout as it began.
    gain: Option<f32>,
    /// The recording as far as it was there at the last look.
    pieces: Vec<Piece>,
    frames: i64,
    channels: usize,
    whole: bool,
    out: Vec<[f32; 2]>,
}

struct Rolling {
    roll: Roll,
    line: Line,
    begins: i64,
    next: i64,
    /// The frame from which it swells; none where its own beginning is heard.
    swells: Option<i64>,
}

impl Deck {
    pub(in crate::audio) fn new(recording: Recording) -> Self {
        Self {
            recording,
            rolling: None,
            kernel: None,
            gain: None,
            pieces: Vec::new(),
            frames: 0,
            channels: 1,
            whole: false,
            out: Vec::new(),
        }
    }

    pub(in crate::audio) fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Plays the recording from now on as `roll` says.
    pub(in crate::audio) fn roll(&mut self, roll: Roll, tape: &Tape, rate: u32) {
        let (_, source) = self.recording.length();
        if source == 0 {
            // nothing of it is there: it is silent, as the notice said
            self.rolling = None;
            return;
        }
        self.gain.get_or_insert_with(|| self.recording.gain());
        let line = Line::new(roll.zero.0, roll.from.0, roll.rate_ppb, source, rate);
        if !self.kernel.as_ref().is_some_and(|kernel| kernel.fits(line.step())) {
            self.kernel = Some(Kernel::new(line.step()));
        }
        let begins = line.begins().max(roll.zero.0);
        let swells = (line.point(begins).whole > REACH).then_some(begins);
        tape.begin(begins);
        self.rolling = Some(Rolling { next: begins, begins, swells, line, roll });
    }

    pub(in crate::audio) fn stop(&mut self) {
        self.rolling = None;
    }

    /// Puts on the tape what is due before long.
    pub(in crate::audio) fn fill(&mut self, tape: &Tape, rate: u32) {
        let (Some(rolling), Some(kernel), Some(gain)) = (&mut self.rolling, &self.kernel, self.gain) else { return };
        let Some(mixed) = tape.mixed() else { return };
        let frames_of = |seconds: f64| (seconds * f64::from(rate)) as i64;
        if rolling.next < mixed {
            // it came too late: the rest keeps its own frames
            let from = mixed + frames_of(MARGIN);
            tape.count_gap(u32::try_from(from - rolling.next).unwrap_or(u32::MAX));
            tape.skip_to(from);
            rolling.next = from;
            rolling.swells = Some(from);
        }
        let until = rolling.roll.until.0.min(mixed + tape.room()).min(rolling.next + frames_of(AT_ONCE));
        if until <= rolling.next {
            if rolling.next >= rolling.roll.until.0 {
                self.rolling = None;
            }
            return;
        }
        if !self.whole {
            let inner = self.recording.shared.inner();
            self.pieces.extend(inner.pieces.iter().skip(self.pieces.len()).cloned());
            (self.frames, self.channels, self.whole) = (inner.frames as i64, inner.channels.max(1), inner.over);
        }
        let (pieces, frames, channels) = (&self.pieces, self.frames, self.channels);
        let sample = |at: i64| -> [f32; 2] {
            if at < 0 || at >= frames {
                return [0.0; 2];
            }
            let (piece, place) = (at as usize / super::PIECE, at as usize % super::PIECE * channels);
            let Some(piece) = pieces.get(piece) else { return [0.0; 2] };
            let one = |place: usize| f32::from(piece.get(place).copied().unwrap_or(0)) / 32_768.0;
            if channels == 2 { [one(place), one(place + 1)] } else { [one(place); 2] }
        };
        self.out.clear();
        for frame in rolling.next..until {
            let Point { whole, .. } = rolling.line.point(frame);
            if !self.whole && whole + REACH >= frames {
                // not decoded yet
                break;
            }
            let height = rolling.height(frame, rate) * gain;
            let [left, right] = if height > 0.0 { kernel.at(rolling.line.point(frame), sample) } else { [0.0; 2] };
            self.out.push([left * height, right * height]);
        }
        if !self.out.is_empty() {
            tape.write(rolling.next, &self.out);
            rolling.next += self.out.len() as i64;
        }
    }
}

impl Rolling {
    /// What is left of the recording on a frame: swelling, dying away, silent bars.
    fn height(&self, frame: i64, rate: u32) -> f32 {
        let seconds = |frames: i64| frames as f64 / f64::from(rate);
        let swell = self.swells.map_or(1.0, |from| (seconds(frame - from) / SWELL).clamp(0.0, 1.0));
        let fade = (seconds(self.roll.until.0 - frame) / FADE).clamp(0.0, 1.0);
        let after = self.roll.silent.partition_point(|(from, _)| from.0 - frame <= (EDGE * f64::from(rate)) as i64);
        // gone when a silence begins, whole again when it ends: the first note after it is as it was recorded
        let silent = after.checked_sub(1).and_then(|at| self.roll.silent.get(at)).map_or(1.0, |(from, to)| {
            let out = (seconds(from.0 - frame) / EDGE).clamp(0.0, 1.0);
            let back = 1.0 - (seconds(to.0 - frame) / EDGE).clamp(0.0, 1.0);
            out.max(back)
        });
        debug_assert!(frame >= self.begins);
        (swell * fade * silent) as f32
    }
}
