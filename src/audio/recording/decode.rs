//! Files to samples, by symphonia: WAV, OGG Vorbis, MP3, FLAC, told apart by what is in them and not by their names.

use std::{fs::File, sync::atomic::Ordering};

use symphonia::core::{
    audio::GenericAudioBufferRef,
    codecs::audio::AudioDecoderOptions,
    errors::Error,
    formats::{FormatOptions, TrackType, probe::Hint},
    io::MediaSourceStream,
    meta::MetadataOptions,
};

use super::{Fault, PIECE, Shared};
use crate::audio::limits;

/// Rates that are played, Hz.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;
/// Packets in a row that cannot be decoded before the rest is given up ◇: some seconds.
const BAD_MOST: u32 = 200;

/// Decodes a file until it ends, breaks, has filled `bytes_most`, or is not wanted any more.
pub(super) fn decode(file: File, shared: &Shared, bytes_most: usize) {
    let fault = match run(file, shared, bytes_most) {
        Ok(()) => None,
        Err(Fault::NotARecording(why)) if shared.inner().frames > 0 => Some(Fault::Broken(why)),
        Err(fault) => Some(fault),
    };
    let mut inner = shared.inner();
    if inner.frames == 0 && fault.is_none() {
        inner.fault = Some(Fault::NotARecording("it holds no sound".to_owned()));
    } else {
        inner.fault = fault;
    }
}

fn run(file: File, shared: &Shared, bytes_most: usize) -> Result<(), Fault> {
    let unknown = |error: Error| Fault::NotARecording(error.to_string());
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(unknown)?;
    let track =
        format.default_track(TrackType::Audio).ok_or_else(|| Fault::NotARecording("no sound is in it".to_owned()))?;
    let id = track.id;
    let codec = track.codec_params.as_ref().and_then(|params| params.audio());
    let codec = codec.ok_or_else(|| Fault::NotARecording("its coding is not known".to_owned()))?;
    let mut decoder =
        symphonia::default::get_codecs().make_audio_decoder(codec, &AudioDecoderOptions::default()).map_err(unknown)?;
    let mut keeper = Keeper { shared, bytes_most, pending: Vec::new(), rate: 0, channels: 0 };
    let mut samples: Vec<i16> = Vec::new();
    let mut bad = 0;
    loop {
        if shared.unwanted.load(Ordering::Relaxed) {
            return Ok(());
        }
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            // a second stream in one file, of its own rate: what comes before it is the recording
            Err(Error::ResetRequired) => break,
            Err(error) => {
                keeper.flush();
                return Err(Fault::NotARecording(error.to_string()));
            }
        };
        if packet.track_id != id {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(decoded) => {
                bad = 0;
                keeper.keep(&decoded, &mut samples)?;
            }
            // one that cannot be decoded is silent for as long as it would have sounded: what follows stays in its place
            Err(Error::DecodeError(why)) => {
                bad += 1;
                if bad > BAD_MOST {
                    keeper.flush();
                    return Err(Fault::NotARecording(why.to_string()));
                }
                keeper.silence(usize::try_from(packet.dur.get()).unwrap_or(0))?;
            }
            Err(error) => {
                keeper.flush();
                return Err(Fault::NotARecording(error.to_string()));
            }
        }
    }
    keeper.flush();
    Ok(())
}

/// Collects samples into pieces.
struct Keeper<'a> {
    shared: &'a Shared,
    bytes_most: usize,
    pending: Vec<i16>,
    rate: u32,
    channels: usize,
}

impl Keeper<'_> {
    fn keep(&mut self, decoded: &GenericAudioBufferRef<'_>, samples: &mut Vec<i16>) -> Result<(), Fault> {
        let (rate, channels) = (decoded.spec().rate(), decoded.spec().channels().count());
        if decoded.frames() == 0 {
            return Ok(());
        }
        if self.rate == 0 {
            if !RATES.contains(&rate) || channels == 0 {
                return Err(Fault::NotARecording(format!("a rate of {rate} Hz in {channels} channels is not played")));
            }
            (self.rate, self.channels) = (rate, channels.min(2));
            let mut inner = self.shared.inner();
            (inner.rate, inner.channels) = (self.rate, self.channels);
        } else if rate != self.rate {
            self.flush();
            return Err(Fault::Broken(format!("its rate changes from {} to {rate} Hz", self.rate)));
        }
        decoded.copy_to_vec_interleaved(samples);
        if channels == self.channels {
            self.pending.extend_from_slice(samples);
        } else {
            // of more channels the first two, front left and right; of a stream that lost one, that twice
            for frame in samples.chunks(channels) {
                let first = frame.first().copied().unwrap_or(0);
                self.pending.extend((0..self.channels).map(|at| frame.get(at).copied().unwrap_or(first)));
            }
        }
        self.hand_over(PIECE)
    }

    fn silence(&mut self, frames: usize) -> Result<(), Fault> {
        // before the first sound its length is not known in frames; an hour of it is no packet
        let frames = if self.rate == 0 { 0 } else { frames.min(PIECE) };
        self.pending.resize(self.pending.len() + frames * self.channels, 0);
        self.hand_over(PIECE)
    }

    /// The rest, as the last piece.
    fn flush(&mut self) {
        // whether it still fits was found with the piece before
        let _ = self.hand_over(1);
    }

    /// Hands over whole pieces, and what is left if that is `least` frames or more.
    fn hand_over(&mut self, least: usize) -> Result<(), Fault> {
        let (channels, rate) = (self.channels.max(1), self.rate.max(1));
        while self.pending.len() / channels >= least {
            let whole = (PIECE * channels).min(self.pending.len());
            let piece: Vec<i16> = self.pending.drain(..whole).collect();
            let mono: Vec<f32> = piece
                .chunks(channels)
                .map(|frame| frame.iter().map(|x| f32::from(*x) / 32_768.0).sum::<f32>() / channels as f32)
                .collect();
            let loudest = limits::loudness(&mono, rate);
            let peak = piece.iter().map(|x| x.unsigned_abs()).max().unwrap_or(0);
            let mut inner = self.shared.inner();
            if (inner.frames * channels + piece.len()) * size_of::<i16>() > self.bytes_most {
                return Err(Fault::TooLong { seconds: inner.frames as u32 / rate });
            }
            inner.loudest_db = if inner.frames == 0 { loudest } else { inner.loudest_db.max(loudest) };
            inner.peak = inner.peak.max(peak);
            inner.frames += piece.len() / channels;
            inner.pieces.push(piece.into());
        }
        Ok(())
    }
}
