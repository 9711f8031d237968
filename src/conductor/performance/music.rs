//! The recording that a chart is played to: opened beside the level, laid on the stream with each trial, told about where it is
//! not what it should be. Nothing of it reaches a judgement.

use std::path::Path;

use doozy_training::{
    event::TrialPlan,
    level::drill::Drill,
    time::{HostTime, Nanos, SampleFrame},
};

use super::Performance;
use crate::{
    audio::{
        frame_of,
        recording::{self, Fault, Recording, Roll},
    },
    conductor::note::Note,
};

/// The first trial waits at most this long for the recording to be decoded ◇: how loud it is has to be known before it is heard, and
/// a song of five minutes takes a second or two.
const PATIENCE: Nanos = Nanos::ms(6_000);

/// What is known of the recording.
#[derive(Debug, Default)]
pub(super) struct MusicSheet {
    /// As the level names it; None where it names none.
    file: Option<String>,
    told: Option<Fault>,
}

impl Performance {
    /// Opens the recording that the level names, in the level's own folder. `audible`: somebody hears it.
    pub fn use_recording(&mut self, folder: Option<&Path>, audible: bool) {
        let Drill::Chart(chart) = self.parts.session.level().drill() else { return };
        let Some(audio) = chart.audio.as_ref().filter(|_| audible) else { return };
        self.music.file = Some(audio.file.clone());
        let opened =
            recording::place(folder.unwrap_or(Path::new("")), &audio.file).and_then(|path| Recording::open(&path));
        match opened {
            Ok(recording) => self.parts.audio.load(Some(recording)),
            Err(fault) => self.tell_music(fault),
        }
    }

    /// Tells what was found in the recording while it was decoded.
    pub(super) fn watch_music(&mut self) {
        let fault = self.parts.audio.recording().and_then(Recording::fault);
        if let Some(fault) = fault.filter(|fault| self.music.told.as_ref() != Some(fault)) {
            if !fault.plays() {
                self.parts.audio.load(None);
            }
            self.tell_music(fault);
        }
    }

    fn tell_music(&mut self, fault: Fault) {
        let (id, mut args) = fault.message();
        args.push(("file", self.music.file.clone().unwrap_or_default()));
        self.notes.push(Note::Notice { id, args, grave: true });
        self.music.told = Some(fault);
    }

    pub(super) fn music_is_ready(&self, now: HostTime) -> bool {
        self.parts.audio.recording().is_none_or(Recording::is_whole) || now - self.opened >= PATIENCE
    }

    /// Whether a trial's recording is heard.
    pub(super) fn plays_music(&self, plan: &TrialPlan) -> bool {
        plan.terms.music.is_some() && self.parts.audio.recording().is_some_and(|recording| recording.length().0 > 0)
    }

    /// Lays the recording on the stream, from the trial's zero to its end.
    pub(super) fn roll_music(&mut self, plan: &TrialPlan, zero: SampleFrame, rate: u32) {
        let Some(music) = plan.terms.music.as_ref().filter(|_| self.plays_music(plan)) else { return };
        let at = |at: Nanos| SampleFrame(zero.0 + frame_of(at, rate).0);
        self.parts.audio.roll(Roll {
            zero,
            from: music.from,
            rate_ppb: music.rate_ppb,
            until: at(plan.length),
            silent: music.silent.iter().map(|(from, to)| (at(*from), at(*to))).collect(),
        });
    }
}
