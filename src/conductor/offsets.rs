//! The offsets of a session: which apply to the trial that begins, what is told when they change, and whether the
//! player drifts.

use doozy_training::{
    event::{DeviceId, EventKind, Judged, TrialId},
    time::{HostTime, Nanos, SampleFrame, TrialClock},
};

use super::note::Note;
use crate::{
    audio::{Report, TrialClockSource},
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
    /// Another output plays than the one that the session began on.
    rerouted: bool,
    last: Option<InForce>,
    drift: Drift,
}

impl Offsets {
    #[must_use]
    pub fn new(calibrations: Calibrations) -> Self {
        Self {
            calibrations,
            inputs: Inputs::default(),
            device: KEYBOARD,
            rerouted: false,
            last: None,
            drift: Drift::default(),
        }
    }

    /// Learns which devices there are.
    pub fn notice(&mut self, notice: &Notice) {
        self.inputs.notice(notice);
    }

    /// A control of a lane went down on this device.
    pub fn pressed(&mut self, device: DeviceId) {
        self.device = device;
    }

    /// The window is on this display now.
    pub fn display(&mut self, name: String) {
        self.calibrations.display = name;
    }

    /// Whether another output plays than the one that the session began on: the number set by hand was for that one.
    pub fn reroute(&mut self, rerouted: bool) {
        self.rerouted = rerouted;
    }

    /// What applies now, from the output in use and the input pressed last. Never what was measured on other devices
    /// (cases A28).
    #[must_use]
    pub fn now(&self, report: &Report) -> InForce {
        let output = Output::from(report);
        let input = self.inputs.of(self.device);
        let mut audio = self.calibrations.audio(&output, &input);
        if self.rerouted && audio.origin == Origin::ByHand {
            audio.offset = Nanos::ZERO;
        }
        InForce { audio, video: self.calibrations.video(&input), output, device: self.device, input }
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
    let origin = if not_before - late < now { now + lead + late } else { not_before };
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

#[cfg(test)]
mod tests {
    use doozy_training::event::{EventId, Side, TargetId, Tier};

    use super::*;
    use crate::{
        audio::Kind,
        calibration::{Entry, Estimate, Verdict},
    };

    const LEAD: Nanos = Nanos::ms(150);

    fn report(device: Option<&str>) -> Report {
        let backend = if device.is_some() { Kind::Device } else { Kind::Paced };
        let buffer = device.map(|_| 1024);
        Report { backend, device: device.map(Into::into), rate: 48_000, buffer, fallback: None, epoch: 0 }
    }

    fn measured(output: &str, input: InputId, offset_ms: f64) -> Entry {
        let found = Estimate {
            median_ms: Some(offset_ms),
            se_ms: Some(2.0),
            spread_ms: Some(8.0),
            n: 6,
            verdict: Verdict::Ready,
            history: Vec::new(),
        };
        Entry::of(Method::Adjust, output, &Output::from(&report(Some(output))), input, &found, 0).unwrap()
    }

    fn ids(notes: &[Note]) -> Vec<&'static str> {
        notes.iter().filter_map(|note| if let Note::Notice { id, .. } = note { Some(*id) } else { None }).collect()
    }

    #[test]
    fn a_session_that_is_led_to_other_speakers_leaves_the_offset_behind() {
        // cases A28: headphones with 180 ms go at 5 s; the system turns to its speakers, or to nothing; they return
        let entries = vec![measured("Headphones", InputId::keyboard(), 180.0)];
        let mut offsets = Offsets::new(Calibrations { entries, ..Calibrations::default() });
        let source = TrialClockSource::exact(HostTime(0), 48_000);
        let mut rows = Vec::new();
        let mut told = Vec::new();
        for (trial, device) in (0..).zip([Some("Headphones"), None, Some("Speakers"), Some("Headphones")]) {
            let in_force = offsets.now(&report(device));
            let placed = place(&source, in_force.audio.offset, HostTime(0), HostTime(0), LEAD);
            rows.push(in_force.entry(TrialId(trial), &placed, &source));
            let mut notes = Vec::new();
            offsets.take(in_force, &mut notes);
            told.push(ids(&notes));
        }
        let kept: Vec<_> = rows.iter().map(|row| (row.offset.as_ms(), &*row.offset_from, &*row.output)).collect();
        assert_eq!(
            kept,
            [
                (180.0, "adjust", "Headphones"),
                (0.0, "by_hand", "silent"),
                (0.0, "by_hand", "Speakers"),
                (180.0, "adjust", "Headphones")
            ]
        );
        assert!(rows.iter().all(|row| row.t - row.reported == row.offset));
        assert_eq!(told, [vec![], vec!["notice-offset-by-hand"], vec![], vec!["notice-offset-measured"]]);
    }

    #[test]
    fn pads_that_were_announced_have_their_own_offset() {
        let pad = |device, uuid: &str| Notice::DeviceFound {
            device: DeviceId(device),
            name: "Pad".into(),
            uuid: uuid.into(),
            chosen: true,
            t: HostTime(0),
        };
        let entries = vec![
            measured("Speakers", InputId::keyboard(), 40.0),
            measured("Speakers", InputId::named("pad", "Pad", "a"), 25.0),
        ];
        let mut offsets = Offsets::new(Calibrations { entries, ..Calibrations::default() });
        offsets.notice(&pad(1, "a"));
        offsets.notice(&pad(2, "b"));
        let on = |offsets: &Offsets| offsets.now(&report(Some("Speakers"))).audio.offset.as_ms();
        assert_eq!(on(&offsets), 40.0);
        offsets.pressed(DeviceId(1));
        assert_eq!(on(&offsets), 25.0);
        offsets.pressed(DeviceId(2));
        assert_eq!(on(&offsets), 0.0, "a stranger of the same name");
        offsets.pressed(KEYBOARD);
        assert_eq!(on(&offsets), 40.0);
    }

    #[test]
    fn a_trial_is_placed_in_time_whatever_the_offset() {
        let source = TrialClockSource::exact(HostTime(0), 44_100);
        let now = HostTime(10_000_000_000);
        for ms in [-1000, -650, -1, 0, 1, 155, 650, 1000] {
            for wait in [-500, 0, 300, 2_000] {
                let (offset, not_before) = (Nanos::ms(ms), now + Nanos::ms(wait));
                let placed = place(&source, offset, not_before, now, LEAD);
                // within the half of a frame to which a moment can be put
                let frame = Nanos(12_000);
                assert!(source.host_time(placed.zero) + frame >= now + LEAD, "its sounds can be scheduled");
                assert!(placed.clock.origin + frame >= not_before.max(now + LEAD), "{ms}, {wait}");
                assert_eq!(placed.clock.origin - placed.reported, offset);
                assert_eq!(placed.reported, source.host_time(placed.zero));
                let virtually = place_virtually(&source, offset, not_before, now, LEAD);
                assert_eq!(virtually.clock.origin - virtually.reported, offset);
                assert!(virtually.clock.origin >= not_before);
            }
        }
    }

    fn press(e_ms: i64) -> Judged {
        Judged {
            event: EventId(0),
            trial: TrialId(0),
            kind: EventKind::Press,
            target: Some(TargetId(0)),
            due: Some(HostTime(0)),
            press: None,
            e: Some(Nanos::ms(e_ms)),
            side: Side::Late,
            gain: 1.0,
            shown_ms: 0.0,
            u: 0.0,
            tier: Tier::Clean,
            tol_ms: 50.0,
            goal_ms: 20.0,
            t: HostTime(0),
            measured: doozy_training::event::Measured::default(),
        }
    }

    #[test]
    fn drift_is_offered_once_and_nothing_is_applied() {
        let mut offsets = Offsets::new(Calibrations::default());
        let before = offsets.now(&report(None));
        let drifting = (0..200).map(|n| press(n % 7 - 3 + if n < 60 { 0 } else { 70 }));
        let told: Vec<Note> = drifting.filter_map(|judged| offsets.judged(&judged)).collect();
        let [Note::Notice { id: "notice-drift", args, grave: false }] = &told[..] else { panic!("{told:?}") };
        assert_eq!(args[0], ("ms", "+70".to_owned()));
        assert_eq!(offsets.now(&report(None)), before);
        // what is no press on a target says nothing of a drift
        let mut offsets = Offsets::new(Calibrations::default());
        let extra = |judged: Judged| Judged { kind: EventKind::Extra, ..judged };
        assert!((0..200).all(|n| offsets.judged(&extra(press(if n < 100 { 0 } else { 90 }))).is_none()));
    }
}
