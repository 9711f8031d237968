//! The ear: pads and instruments as the screens hear them.

#[cfg(feature = "devices")]
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

#[cfg(feature = "devices")]
use doozy_training::{event::DeviceId, time::Nanos};

use crate::game::controls::Listen;
#[cfg(feature = "devices")]
use crate::{
    clock::Clock,
    game::controls::{Heard, Seat},
    input::{DeviceKind, Edge, Notice, Taps, TimedInput, merge::TapKind},
};

/// Pads and instruments on the screens: taps of their own beside the session's, since screens are there without a session.
/// All of them count here; which one plays is the session's to say.
#[cfg(feature = "devices")]
pub(super) fn listener() -> Option<Listen> {
    use crate::input::{
        pad::PadChoice,
        taps::{gilrs::GilrsTap, midi::MidiTap},
    };
    let mut taps = Taps::new(Clock::host());
    let pads = GilrsTap::start(taps.port(TapKind::Gilrs), PadChoice::All);
    let pads = pads.map_err(|error| tracing::info!("{error}")).ok();
    let midi = MidiTap::start(taps.port(TapKind::Midi), PadChoice::All);
    let midi = midi.map_err(|error| tracing::info!("{error}")).ok();
    if pads.is_none() && midi.is_none() {
        return None;
    }
    let taps = Mutex::new((taps, pads, midi));
    let mut ear = Ear::default();
    let mut inputs = Vec::new();
    Some(Box::new(move |heard| {
        let mut taps = taps.lock().unwrap_or_else(PoisonError::into_inner);
        taps.0.poll(&mut inputs);
        for notice in taps.0.take_notices() {
            heard.extend(ear.notice(notice));
        }
        for input in inputs.drain(..) {
            heard.extend(ear.input(&input));
        }
    }))
}

#[cfg(not(feature = "devices"))]
pub(super) fn listener() -> Option<Listen> {
    None
}

/// What pads and instruments are called, and what was pressed last.
#[cfg(feature = "devices")]
#[derive(Default)]
struct Ear {
    names: BTreeMap<DeviceId, String>,
    last: Option<TimedInput>,
}

/// One pad that the system shows twice presses twice within this. ◇ Copies are some ms apart; nobody presses the same button of
/// two pads as fast to steer a menu.
#[cfg(feature = "devices")]
const SEEN_TWICE: Nanos = Nanos::ms(50);

#[cfg(feature = "devices")]
impl Ear {
    fn seat(&self, device: DeviceId) -> Seat {
        Seat { kind: DeviceKind::of(device), name: self.names.get(&device).cloned().unwrap_or_default() }
    }

    fn notice(&mut self, notice: Notice) -> Option<Heard> {
        match notice {
            Notice::DeviceFound { device, name, .. } => {
                self.names.insert(device, name);
                Some(Heard::Found(self.seat(device)))
            }
            Notice::DeviceLost { device, .. } => Some(Heard::Lost(self.seat(device))),
            _ => None,
        }
    }

    fn input(&mut self, input: &TimedInput) -> Option<Heard> {
        if input.edge != Edge::Down {
            return None;
        }
        let copy = self.last.is_some_and(|last| {
            last.device != input.device && last.control == input.control && input.t - last.t < SEEN_TWICE
        });
        if copy {
            return None;
        }
        self.last = Some(*input);
        Some(Heard::Pressed { control: input.control, seat: self.seat(input.device) })
    }
}

#[cfg(all(test, feature = "devices"))]
mod tests {
    use doozy_training::{
        event::{ReleaseCause, TimeSource},
        time::HostTime,
    };

    use super::*;

    fn press(device: u16, control: &str, t: i64) -> TimedInput {
        TimedInput {
            t: HostTime(t * 1_000_000),
            err: Nanos::ZERO,
            source: TimeSource::Gilrs,
            device: DeviceId(device),
            control: control.parse().unwrap(),
            edge: Edge::Down,
            seq: 0,
        }
    }

    #[test]
    fn one_pad_seen_twice_steers_once_and_two_pads_steer_both() {
        let mut ear = Ear::default();
        for (device, name) in [(1, "Pad"), (2, "Pad (virtual)")] {
            let (t, uuid) = (HostTime(0), String::new());
            let found = Notice::DeviceFound { device: DeviceId(device), name: name.into(), uuid, chosen: true, t };
            assert_eq!(ear.notice(found), Some(Heard::Found(Seat { kind: DeviceKind::Pad, name: name.into() })));
        }
        let taps = [
            press(1, "PadSouth", 1000),
            press(2, "PadSouth", 1001),
            press(1, "PadSouth", 1030),
            press(2, "PadSouth", 2000),
            press(1, "PadEast", 2001),
        ];
        let counted = taps.iter().filter_map(|input| match ear.input(input)? {
            Heard::Pressed { control, seat } => Some((control.to_string(), seat.name)),
            other => panic!("{other:?}"),
        });
        let pressed = |control: &str, name: &str| (control.to_owned(), name.to_owned());
        assert_eq!(
            counted.collect::<Vec<_>>(),
            [
                pressed("PadSouth", "Pad"),
                pressed("PadSouth", "Pad"),
                pressed("PadSouth", "Pad (virtual)"),
                pressed("PadEast", "Pad")
            ]
        );
        let up = TimedInput { edge: Edge::Up(ReleaseCause::Released), ..press(1, "PadSouth", 3000) };
        assert_eq!(ear.input(&up), None);
    }
}
