//! The procedure's ear for taps: what is pressed, by a person or a simulated player, and which stimulus it belongs to.

use doozy_training::{
    event::{Lane, ReleaseCause},
    time::{HostTime, Nanos},
};

use super::{
    super::{
        Command, Note, Phase, Sense, Uncounted,
        estimate::{Match, SINGLE, steady_window},
        tapper::Move,
    },
    Procedure, Seat, told,
};
use crate::input::{
    Bindings, Captured, DeviceKind, Edge, Notice, TimedInput, bindings::DeviceRef, taps::scripted::ScriptedTap,
};

/// A shell may say that late when it has drawn a flash.
const FLASH_PATIENCE: Nanos = Nanos::ms(400);
/// How long a simulated player holds a key.
const HELD: Nanos = Nanos::ms(60);

impl Procedure {
    pub(super) fn let_play(&mut self, now: HostTime) {
        let Seat::Simulated { player, tap } = &mut self.parts.seat else { return };
        let mut moves = None;
        if self.phase == Phase::Settling {
            let mut taps = Vec::new();
            player.keep_pace(now, &mut taps);
            for t in taps {
                press(tap, &self.parts.bindings, t);
            }
            moves = player.adjust(now);
        }
        tap.step();
        match moves {
            Some(Move::Nudge(ms)) => self.obey(Command::Nudge(ms)),
            Some(Move::Confirm) => self.obey(Command::Confirm),
            None => {}
        }
    }

    pub(super) fn take_inputs(&mut self, now: HostTime) {
        let mut inputs = std::mem::take(&mut self.inputs);
        self.parts.taps.poll(&mut inputs);
        for input in inputs.drain(..) {
            self.take_input(&input);
        }
        self.inputs = inputs;
        for notice in self.parts.taps.take_notices() {
            self.names.notice(&notice);
            self.take_notice(notice, now);
        }
    }

    fn take_notice(&mut self, notice: Notice, now: HostTime) {
        match notice {
            Notice::FocusGained { .. } => self.focus(true, now),
            Notice::FocusLost { .. } => self.focus(false, now),
            Notice::DeviceLost { device, name, .. } => {
                self.notes.push(told("notice-pad-lost", vec![("name", name)], false));
                if self.device == Some(device) {
                    self.begin_anew(now);
                }
            }
            Notice::TapStalled { tap, .. } => {
                self.notes.push(told("notice-tap-stalled", vec![("tap", tap.to_string())], true));
            }
            Notice::TapEnded { tap, why: Some(why), .. } => {
                self.notes.push(told("notice-tap-ended", vec![("tap", tap.to_string()), ("why", why)], true));
            }
            other => tracing::debug!("{other:?}"),
        }
    }

    fn take_input(&mut self, input: &TimedInput) {
        let id = self.names.of(input.device);
        let seat = DeviceRef { kind: DeviceKind::of(input.device), name: &id.name };
        // whatever answers a drill of one lane
        let is_tap = input.edge == Edge::Down && self.parts.bindings.lane(input.control, seat, 1).is_some();
        if !is_tap || !self.running || !matches!(self.phase, Phase::Single | Phase::Steady | Phase::Settling) {
            return;
        }
        if *self.device.get_or_insert(input.device) != input.device {
            return self.tell_tap(None, Some(Uncounted::OtherDevice));
        }
        if let Some(adjuster) = &mut self.adjuster {
            let why = if adjuster.tap(input.t) { Uncounted::Pace } else { Uncounted::Extra };
            return self.tell_tap(None, Some(why));
        }
        self.pending.push(input.t);
    }

    fn tell_tap(&mut self, asynchrony_ms: Option<f64>, why: Option<Uncounted>) {
        self.notes.push(Note::Tap { asynchrony_ms, counted: why.is_none(), why });
    }

    /// Matches the taps whose stimulus must have come by now.
    pub(super) fn decide(&mut self, now: HostTime) {
        let window = match self.phase {
            Phase::Single => SINGLE,
            Phase::Steady => steady_window(self.coarse_ms),
            Phase::Waiting | Phase::Settling | Phase::Review => return,
        };
        // a flash is known once it was drawn
        let patience = if self.parts.method.sense() == Sense::Video { FLASH_PATIENCE } else { Nanos::ZERO };
        let decided = |tap: HostTime| now - tap >= patience.max(patience - window.0);
        let known = self.pending.iter().take_while(|tap| decided(**tap)).count();
        let taps: Vec<HostTime> = self.pending.drain(..known).collect();
        for tap in taps {
            match self.matcher.take(tap, window) {
                Match::None => self.tell_tap(None, Some(Uncounted::NoStimulus)),
                Match::Extra => self.tell_tap(None, Some(Uncounted::Extra)),
                Match::To(_, at) => {
                    let ms = (tap - at).as_ms();
                    if self.phase == Phase::Single {
                        self.reactions.push(ms);
                        self.tell_tap(Some(ms), Some(Uncounted::Reaction));
                    } else if self.taps.add(at, tap) {
                        self.tell_tap(Some(ms), None);
                        self.notes.push(Note::Estimate(self.taps.estimate()));
                    } else {
                        self.tell_tap(Some(ms), Some(Uncounted::WarmUp));
                    }
                }
            }
        }
    }
}

/// A tap of the first lane's first control; one without a control cannot be made, by a person either.
pub(super) fn press(tap: &mut ScriptedTap, bindings: &Bindings, t: HostTime) {
    if let Some(control) = bindings.some_control(Lane(0), 1) {
        tap.extend([
            Captured::scripted(t, control, Edge::Down),
            Captured::scripted(t + HELD, control, Edge::Up(ReleaseCause::Released)),
        ]);
    }
}
