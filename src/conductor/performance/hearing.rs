//! Hearing: what the taps deliver, as the session and the record get it; a simulated player's presses and moves; what the
//! taps have to say beside.

use doozy_training::{
    event::{Cause, DeviceId, Input, Lane, ReleaseCause, Tilt, TimeSource},
    time::{HostTime, Nanos},
};

use super::{Performance, Seat, watch};
use crate::{
    conductor::note::Note,
    input::{
        Captured, Deflection, DeviceKind, Edge, Notice, TimedInput,
        bindings::{DeviceRef, StickPart},
    },
    record::{Device, Entry, RawInput},
};

impl Performance {
    /// Hands a simulated player's presses and moves to the scripted tap as they fall due.
    pub(super) fn play_script(&mut self, now: HostTime) {
        let Seat::Simulated { player, tap } = &mut self.parts.seat else { return };
        while self.in_trial {
            let drawn = self.next_tap.take().or_else(|| player.as_mut().and_then(|player| player.next()));
            let Some(next) = drawn else { break };
            if next.t > now {
                self.next_tap = Some(next);
                break;
            }
            // a lane without a control cannot be pressed, by a person either
            let Some(control) = self.parts.bindings.some_control(next.lane, self.lanes) else { continue };
            tap.extend([
                Captured::scripted(next.t, control, Edge::Down),
                Captured::scripted(next.t + next.held, control, Edge::Up(ReleaseCause::Released)),
            ]);
        }
        while self.in_trial {
            let drawn = self.next_move.take().or_else(|| player.as_mut().and_then(|player| player.next_stick()));
            let Some(next) = drawn else { break };
            if next.t > now {
                self.next_move = Some(next);
                break;
            }
            let Some(axis) = self.parts.bindings.some_axis() else { continue };
            tap.extend([Captured::scripted(next.t, axis, Edge::Tilt(Deflection::new(next.x)))]);
        }
        tap.step();
    }

    /// Tells the session where keys have pushed the stick by `watermark`.
    pub(super) fn move_key_stick(&mut self, watermark: HostTime) {
        let mut moves = Vec::new();
        self.key_stick.advance(watermark, &mut moves);
        moves.into_iter().for_each(|tilt| self.feed(tilt));
    }

    pub(super) fn take_inputs(&mut self) {
        let mut inputs = std::mem::take(&mut self.inputs);
        self.parts.taps.poll(&mut inputs);
        for input in inputs.drain(..) {
            self.take_input(input);
        }
        self.inputs = inputs;
        for notice in self.parts.taps.take_notices() {
            self.offsets.notice(&notice);
            self.take_notice(notice);
        }
    }

    fn take_input(&mut self, input: TimedInput) {
        let TimedInput { t, err, source, device, control, edge, .. } = input;
        let name = self.names.get(&device).map_or("", String::as_str);
        let seat = DeviceRef { kind: DeviceKind::of(device), name };
        if self.steers() {
            match (edge, self.parts.bindings.stick(control, seat)) {
                (Edge::Tilt(to), Some(StickPart::Axis)) => {
                    let (axis, x) = (control.code(), to.x());
                    return self.feed(Input::Tilt(Tilt { t, err, source, device, axis, x, seq: input.seq }));
                }
                (_, Some(part)) => self.key_stick.push(input, part),
                _ => {}
            }
        }
        if matches!(edge, Edge::Tilt(_)) {
            // sticks talk all the time: what is not asked for is not kept
            return;
        }
        let lane = self.parts.bindings.lane(control, seat, self.lanes);
        let response = self.parts.bindings.session_input(&input, seat, self.lanes);
        if lane.is_some() && edge == Edge::Down {
            self.offsets.pressed(device);
            self.tally.widest_err_ns = self.tally.widest_err_ns.max(err.0);
        }
        self.log_raw(Captured { t, err, source, device, control, edge }, lane, self.during());
        if let Some(response) = response {
            self.feed(response);
        }
    }

    /// Whether the level asks for a stick, which is one without lanes.
    pub(super) fn steers(&self) -> bool {
        self.lanes == 0
    }

    /// Keeps an input as it came, whatever becomes of it.
    fn log_raw(&self, input: Captured, lane: Option<Lane>, during: &str) {
        self.parts.recorder.log(Entry::Raw(RawInput {
            t: input.t,
            err: input.err,
            source: input.source,
            device: input.device,
            control: input.control.code(),
            name: input.control.to_string(),
            down: input.edge == Edge::Down,
            lane,
            during: during.to_owned(),
        }));
    }

    /// What a tap had to say beside inputs: recorded where it matters later, told where it matters now.
    fn take_notice(&mut self, notice: Notice) {
        let told = |id, args, grave| Note::Notice { id, args, grave };
        match notice {
            Notice::FocusLost { t } => {
                // nobody can leave a window that had no keys yet
                if !self.paused && self.has_focus {
                    self.pause(t.max(self.settled), Cause::FocusLost);
                }
            }
            Notice::DeviceLost { device, name, t } => {
                self.device(DeviceKind::of(device).name(), t, device, &name, "", false);
                self.notes.push(told("notice-pad-lost", vec![("name", name)], false));
                self.gone.insert(device);
                if !self.paused {
                    self.pause(t.max(self.settled), Cause::DeviceLost);
                }
            }
            Notice::DeviceFound { device, name, uuid, chosen, t } => {
                self.device(DeviceKind::of(device).name(), t, device, &name, &uuid, true);
                self.names.insert(device, name.clone());
                self.gone.remove(&device);
                let id = if chosen { "notice-pad-found" } else { "notice-pad-ignored" };
                self.notes.push(told(id, vec![("name", name)], false));
            }
            Notice::DeviceChosen { name, .. } => {
                self.notes.push(told("notice-pad-found", vec![("name", name)], false));
            }
            Notice::TapStalled { tap, .. } => {
                self.notes.push(told("notice-tap-stalled", vec![("tap", tap.to_string())], true));
            }
            Notice::TapEnded { tap, why: Some(why), .. } => {
                self.notes.push(told("notice-tap-ended", vec![("tap", tap.to_string()), ("why", why)], true));
            }
            Notice::Ignored { input } | Notice::Late { input } => {
                let during = if matches!(notice, Notice::Late { .. }) { "late" } else { "ignored" };
                self.log_raw(input, None, during);
                if during == "ignored" && input.edge == Edge::Down {
                    self.meet(input.device);
                }
            }
            Notice::FocusGained { .. } => self.has_focus = true,
            Notice::StampDistrusted { .. } => {
                self.tally.stamps_distrusted += 1;
                tracing::info!("{notice:?}");
            }
            Notice::WallClockStepped { by, t } => {
                self.tally.wall_clock_steps += 1;
                self.device("wall clock", t, watch::MACHINE, &format!("set by {:+.3} s", by.as_secs()), "", true);
            }
            Notice::TapReturned { .. } | Notice::TapEnded { why: None, .. } => tracing::info!("{notice:?}"),
        }
    }

    /// A device was pressed that does not count. While the one that does is gone, the player is asked about it: it never takes
    /// over by itself (cases A21).
    fn meet(&mut self, device: DeviceId) {
        let missed = self.gone.iter().any(|gone| DeviceKind::of(*gone) == DeviceKind::of(device));
        if missed && self.strangers.insert(device) {
            let name = self.names.get(&device).cloned().unwrap_or_default();
            self.notes.push(Note::Stranger { device, name });
        }
    }

    pub(super) fn device(
        &mut self,
        kind: &str,
        t: HostTime,
        device: DeviceId,
        name: &str,
        identity: &str,
        present: bool,
    ) {
        self.parts.recorder.log(Entry::Device(Device {
            t,
            device,
            kind: kind.to_owned(),
            name: name.to_owned(),
            identity: identity.to_owned(),
            present,
            // told when the tap heard of it
            source: TimeSource::Arrival,
            err: Nanos::ms(1),
        }));
    }

    fn during(&self) -> &'static str {
        match (self.in_trial, self.paused) {
            (_, true) => "paused",
            (true, false) => "trial",
            (false, false) => "between",
        }
    }
}
