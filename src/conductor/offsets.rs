//! The offsets of a session: which apply to the trial that begins, what is told when they change, and whether the
//! player drifts.

use doozy_training::{
    event::{DeviceId, EventKind, Judged, TrialId},
    time::{HostTime, Nanos, SampleFrame, TrialClock},
};

use super::note::Note;
use crate::{
    audio::{Audio, TrialClockSource},
    calibration::{Applied, Calibrations, InputId, Inputs, Method, Origin, Output, drift::Drift},
    input::{KEYBOARD, Notice},
    record::StimulusClock,
};

/// What applies to one trial.
#[derive(Clone, Debug, PartialEq)]
pub struct InForce {
    pub audio: Applied,
    pub video: Applied,
    output: Output,
    device: DeviceId,
    input: InputId,
}

/// The offsets of one session.
pub struct Offsets {
    calibrations: Calibrations,
    inputs: Inputs,
    /// The device that was pressed last.
    device: DeviceId,
    last: Option<InForce>,
    drift: Drift,
}

impl Offsets {
    #[must_use]
    pub fn new(calibrations: Calibrations) -> Self {
        Self { calibrations, inputs: Inputs::default(), device: KEYBOARD, last: None, drift: Drift::default() }
    }

    /// Learns which devices there are.
    pub fn notice(&mut self, notice: &Notice) {
        self.inputs.notice(notice);
    }

    /// A control of a lane went down on this device.
    pub fn pressed(&mut self, device: DeviceId) {
        self.device = device;
    }

    /// What applies now, from the output in use and the input pressed last. Never what was measured on other devices
    /// (cases A28).
    #[must_use]
    pub fn now(&self, audio: &Audio) -> InForce {
        let output = Output::from(audio.report());
        let input = self.inputs.of(self.device);
        InForce {
            audio: self.calibrations.audio(&output, &input),
            video: self.calibrations.video(&input),
            output,
            device: self.device,
            input,
        }
    }

    /// A trial goes by `new` from now on: tells what the player should know of it.
    pub fn take(&mut self, new: InForce, notes: &mut Vec<Note>) {
        let before = self.last.as_ref().map(|last| (&last.audio, &last.video));
        if before == Some((&new.audio, &new.video)) {
            self.last = Some(new);
            return;
        }
        let is_first = before.is_none();
        let moved = self.last.as_ref().is_some_and(|last| last.audio.offset != new.audio.offset);
        notes.push(Note::Offsets { audio: new.audio.clone(), video: new.video.clone() });
        let ms = format!("{:+.0}", new.audio.offset.as_ms());
        let about =
            || vec![("output", new.output.name.clone()), ("input", new.input.label().to_owned()), ("ms", ms.clone())];
        if moved {
            self.drift.rebase();
            notes.push(match new.audio.origin {
                Origin::ByHand => told("notice-offset-by-hand", about()),
                Origin::Measured { .. } => told("notice-offset-measured", about()),
            });
        }
        if is_first || moved {
            if new.audio.is_stale() {
                notes.push(told("notice-calibration-stale", about()));
            }
            if matches!(new.audio.origin, Origin::Measured { method: Method::TapToSound, .. }) {
                notes.push(told("notice-offset-holds-anticipation", about()));
            }
        }
        self.last = Some(new);
    }

    /// A verdict on a press: whether the session has drifted from where it began. It is offered once and never applied.
    pub fn judged(&mut self, judged: &Judged) -> Option<Note> {
        let (EventKind::Press, Some(_), Some(e)) = (judged.kind, judged.target, judged.e) else { return None };
        let offer = self.drift.hit(e.as_ms())?;
        let args = vec![("ms", format!("{:+.0}", offer.by_ms)), ("se", format!("{:.0}", offer.se_ms))];
        Some(told("notice-drift", args))
    }
}

fn told(id: &'static str, args: Vec<(&'static str, String)>) -> Note {
    Note::Notice { id, args, grave: false }
}

/// A trial on the clocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// By which it is judged.
    pub clock: TrialClock,
    /// The frame of its zero.
    pub zero: SampleFrame,
    /// When that frame is heard as the card reports it.
    pub reported: HostTime,
}

/// Puts a trial that is to begin at `not_before` or later on the clocks: its sounds at least `lead` from now, its
/// judged zero the player's offset after what the card reports.
#[must_use]
pub fn place(source: &TrialClockSource, offset: Nanos, not_before: HostTime, now: HostTime, lead: Nanos) -> Placed {
    let early = Nanos((-offset.0).max(0));
    let zero = source.frame_at((not_before - offset).max(now + lead + early));
    let heard = source.trial_clock(zero);
    let clock = TrialClock { origin: heard.origin + offset, rate_ppb: heard.rate_ppb };
    Placed { clock, zero, reported: heard.origin }
}

/// [`place`] on a virtual clock: where the session wants it, so that no frame of the driver's leaves a trace in the
/// record.
#[must_use]
pub fn place_virtually(
    source: &TrialClockSource,
    offset: Nanos,
    not_before: HostTime,
    now: HostTime,
    lead: Nanos,
) -> Placed {
    let late = Nanos(offset.0.max(0));
    let origin = if not_before < now { now + lead + late } else { not_before };
    let reported = origin - offset;
    Placed { clock: TrialClock { origin, rate_ppb: 0 }, zero: source.frame_at(reported), reported }
}

impl InForce {
    /// For the record.
    #[must_use]
    pub fn entry(&self, trial: TrialId, placed: &Placed, source: &TrialClockSource) -> StimulusClock {
        StimulusClock {
            t: placed.clock.origin,
            trial,
            reported: placed.reported,
            frame: placed.zero,
            rate: source.rate(),
            latency: source.latency(),
            sigma: source.sigma(),
            offset: self.audio.offset,
            offset_from: self.audio.origin.name().to_owned(),
            stale: self.audio.is_stale(),
            se_ms: self.audio.se_ms,
            video_offset: self.video.offset,
            video_offset_from: self.video.origin.name().to_owned(),
            output: self.output.name.clone(),
            device: self.device,
            input: self.input.label().to_owned(),
        }
    }
}
