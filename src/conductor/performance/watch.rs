//! What the conductor watches over and keeps quiet: the sound output, the machine's sleep, the bed.

use doozy_training::{
    event::{Cause, DeviceId, Input},
    time::{HostTime, SampleFrame},
};

use super::{AHEAD, LEAD, Performance};
use crate::{
    audio::{Bed, Category, Fallback, Sound, State, bed, synth::Pad},
    conductor::note::Note,
};

/// The sound output, among the record's devices.
const OUTPUT: DeviceId = DeviceId(u16::MAX);
/// The machine itself, among the record's devices.
pub(super) const MACHINE: DeviceId = DeviceId(u16::MAX - 1);

/// How the sound's clock did, for the record's summary.
#[derive(Debug, Default, serde::Serialize)]
pub(super) struct SoundTally {
    /// Greatest residual SD of the clock's line at the start of a trial, ns: how far off a stimulus may have been placed.
    /// None before the device has said enough.
    sigma_ns: Option<i64>,
    /// How much slower the card's clock ran than the host's at the last trial, parts per 10⁹.
    rate_ppb: i64,
    /// Stamps that were not believed, and times that the line was placed anew.
    rejected: u32,
    restarts: u32,
    /// Cues left out because they came too late, and sounds without a voice or a place.
    late_cues: u32,
    crowded: u32,
    /// Frames of a recording that came too late.
    #[serde(skip_serializing_if = "is_none")]
    recording_gaps: u32,
}

fn is_none(count: &u32) -> bool {
    *count == 0
}

impl Performance {
    /// A sound output that goes takes the trial with it: its stimuli are gone, so nothing of it may be judged.
    pub(super) fn watch_audio(&mut self, now: HostTime) {
        let epoch = self.parts.audio.report().epoch;
        let restarts = self.parts.audio.clock_faults().restarts;
        if epoch == self.audio_epoch {
            // the stream ran dry: what follows sounds at other times than the trial's clock says
            if restarts != self.audio_restarts && self.in_trial && !self.paused {
                self.notes.push(Note::Notice { id: "notice-sound-slipped", args: Vec::new(), grave: false });
                self.pause(now, Cause::AudioLost);
            }
            self.audio_restarts = restarts;
            return;
        }
        (self.audio_epoch, self.audio_restarts) = (epoch, restarts);
        if let Some((before, after)) = self.parts.audio.take_rerouted() {
            self.device("audio", now, OUTPUT, &before, "", false);
            self.device("audio", now, OUTPUT, &after, "", true);
            // another device has another latency: what was calibrated for the old one would be wrong
            self.offsets.reroute(true);
            let args = vec![("before", before), ("after", after)];
            self.notes.push(Note::Notice { id: "notice-sound-moved", args, grave: true });
            if !self.paused {
                self.pause(now, Cause::AudioLost);
            }
        }
        if let State::Lost { device, detail, .. } = self.parts.audio.state() {
            let (name, args) = (device.clone(), vec![("device", device.clone()), ("why", detail.clone())]);
            self.device("audio", now, OUTPUT, &name, "", false);
            // a machine that woke up has been told so, and opens its output again in any case
            if !self.slept {
                self.notes.push(Note::Notice { id: "notice-sound-lost", args, grave: true });
            }
            if !self.paused {
                self.pause(now, Cause::AudioLost);
            }
        }
    }

    /// A machine that slept takes the trial with it (cases A34): it is void from the last moment before the gap on, so that
    /// nothing inside the gap is judged.
    pub(super) fn watch_sleep(&mut self, now: HostTime) {
        if self.parts.clock.is_virtual() {
            return;
        }
        let Some(gap) = self.sleep.look(now, self.parts.clock.asleep()) else { return };
        let seconds = gap.length.as_secs();
        self.device("machine", now, MACHINE, &format!("suspended for {seconds:.1} s"), "", true);
        self.slept = true;
        if !self.paused {
            let args = vec![("seconds", format!("{seconds:.0}"))];
            self.notes.push(Note::Notice { id: "notice-slept", args, grave: false });
            self.pause(gap.from.max(self.settled), Cause::Suspended);
        }
    }

    /// Opens the sound output again where it went, or where the machine slept and nobody knows what became of it.
    pub(super) fn open_again(&mut self, now: HostTime) {
        let lost = matches!(self.parts.audio.state(), State::Lost { .. });
        // one that was never there may have been plugged in
        let absent = matches!(&self.parts.audio.report().fallback, Some(why) if *why != Fallback::NotBuilt);
        let slept = std::mem::take(&mut self.slept);
        if !lost && !absent && !slept {
            return;
        }
        self.parts.audio.reopen();
        self.prepare_bed();
        self.audio_epoch = self.parts.audio.report().epoch;
        self.audio_restarts = self.parts.audio.clock_faults().restarts;
        (self.opened, self.found) = (now, false);
        match self.parts.audio.report().device.clone() {
            Some(name) => {
                self.device("audio", now, OUTPUT, &name, "", true);
                // the offset was measured on the device that the session began on
                let moved = self.opened_on.as_ref().is_some_and(|before| *before != name);
                self.offsets.reroute(moved);
            }
            None if lost => {
                let why = self.parts.audio.report().fallback.as_ref().map(ToString::to_string).unwrap_or_default();
                self.notes.push(Note::Notice { id: "notice-no-sound", args: vec![("why", why)], grave: false });
            }
            None => {}
        }
    }

    /// While the session stands still without its output: tells once that there is one again.
    pub(super) fn look_for_sound(&mut self) {
        if self.paused
            && !self.found
            && matches!(self.parts.audio.state(), State::Lost { .. })
            && let Some(device) = self.parts.audio.found()
        {
            self.found = true;
            self.notes.push(Note::Notice { id: "notice-sound-back", args: vec![("device", device)], grave: false });
        }
    }

    pub(super) fn pause(&mut self, t: HostTime, cause: Cause) {
        self.asked = true;
        self.silence();
        self.feed(Input::Pause { t, cause });
    }

    /// Takes back every sound that has not begun; the bed, which never ends by itself, dies away.
    pub(super) fn silence(&mut self) {
        self.cues.clear();
        self.parts.audio.cancel_after(SampleFrame(i64::MIN));
        self.parts.audio.stop_recording();
        self.hush_bed();
    }

    pub(super) fn hush_bed(&mut self) {
        if self.bed.take().is_some() {
            self.parts.audio.hush(Category::Bed);
        }
    }

    /// Renders the bed while nothing waits for it: a tenth of a second that would hold up feedback later.
    pub(super) fn prepare_bed(&mut self) {
        if self.parts.audio.levels().gain(Category::Bed) > 0.0 {
            self.parts.audio.prepare([Sound::Pad(Pad::Drone)]);
        }
    }

    /// Lays the bed under a session that runs. Levels do not ask for one, so it is the drone, which has no pulse.
    pub(super) fn play_bed(&mut self, now: HostTime) {
        let wanted = self.parts.audio.levels().gain(Category::Bed) > 0.0;
        if !wanted || self.paused || self.asked || self.stop_asked.is_some() || self.ended || !self.is_ready(now) {
            if !wanted {
                self.hush_bed();
            }
            return;
        }
        let clock = self.parts.audio.clock();
        let zero = clock.frame_at(now + LEAD + clock.latency());
        let bed = self.bed.get_or_insert_with(|| bed::Playing::new(Bed::Drone, zero, clock.rate()));
        let mut notes = Vec::new();
        bed.notes(clock.frame_at(now + AHEAD), &mut notes);
        for note in notes {
            self.parts.audio.schedule(note.sound, note.at, 0.0, 0.0);
        }
    }

    /// Notes how sure the sound's clock is as a trial goes on it.
    pub(super) fn note_clock(&mut self) {
        let clock = self.parts.audio.clock();
        let gaps = self.parts.audio.recording_gaps();
        let tally = &mut self.tally.sound;
        tally.recording_gaps = gaps;
        tally.sigma_ns = tally.sigma_ns.max(clock.sigma().map(|sigma| sigma.0));
        tally.rate_ppb = clock.rate_ppb();
    }

    /// The counts as they stand at the end.
    pub(super) fn note_shortfall(&mut self) {
        let (faults, shortfall) = (self.parts.audio.clock_faults(), self.parts.audio.shortfall());
        let tally = &mut self.tally.sound;
        (tally.rejected, tally.restarts) = (faults.rejected, faults.restarts);
        (tally.late_cues, tally.crowded) = (shortfall.late_cues, shortfall.crowded);
    }
}
