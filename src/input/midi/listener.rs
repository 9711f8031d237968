//! Instruments as they come, play and go, on their way into the merge.
//!
//! What the driver says arrives here as plain [`Heard`] values, so that hot-plug and loss are tests without an instrument.

use std::collections::BTreeMap;

use doozy_training::{event::DeviceId, time::HostTime};

use super::{MidiState, parse, time::MidiClock};
use crate::input::{
    Captured, Control, Edge, FIRST_MIDI, Notice, TapPort,
    pad::{PadChoice, Pads},
    stamps::{ARRIVAL_ERR, Believed},
};
use doozy_training::event::TimeSource;

/// A driver's port, by a number that is never used again in a session.
pub type PortNumber = usize;

/// What a driver has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An instrument is open. The same name is the same instrument.
    Found {
        port: PortNumber,
        name: String,
        t: HostTime,
    },
    Gone {
        port: PortNumber,
        t: HostTime,
    },
    /// A message of at most three bytes, with the driver's stamp in µs and when it arrived here.
    Message {
        port: PortNumber,
        stamp_us: u64,
        bytes: [u8; 3],
        arrival: HostTime,
    },
}

/// What one instrument holds, and how far its stamps are believed.
#[derive(Default)]
struct Track {
    state: MidiState,
    clock: MidiClock,
}

/// The instruments of a session. One counts, as with pads: the first that is played, or the one named.
pub struct Listener {
    port: TapPort,
    instruments: Pads,
    tracks: BTreeMap<DeviceId, Track>,
}

impl Listener {
    #[must_use]
    pub fn new(port: TapPort, choice: PadChoice) -> Self {
        Self { port, instruments: Pads::numbered_from(FIRST_MIDI, choice), tracks: BTreeMap::new() }
    }

    /// Changes which instrument counts.
    pub fn choose(&mut self, choice: PadChoice) {
        self.instruments.choose(choice);
    }

    /// Lets an instrument count beside those that do, because the player said so at `t`.
    pub fn adopt(&mut self, device: DeviceId, t: HostTime) {
        if self.instruments.adopt(device) {
            // what it holds now was pressed before it counted
            self.tracks.entry(device).or_default().state = MidiState::default();
            let name = self.name(device);
            self.port.notify(Notice::DeviceChosen { device, name, t });
        }
    }

    pub fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Found { port, name, t } => self.found(port, name, t),
            Heard::Gone { port, t } => self.gone(port, t),
            Heard::Message { port, stamp_us, bytes, arrival } => self.message(port, stamp_us, &bytes, arrival),
        }
    }

    /// Promises that everything before `t` has been heard.
    pub fn raise_watermark(&self, t: HostTime) {
        self.port.raise_watermark(t);
    }

    pub fn notify(&self, notice: Notice) {
        self.port.notify(notice);
    }

    fn found(&mut self, port: PortNumber, name: String, t: HostTime) {
        let device = self.instruments.connect(port, name.clone(), name.clone());
        let track = self.tracks.entry(device).or_default();
        // the driver's base begins anew with the connection
        track.clock = MidiClock::default();
        let chosen = self.instruments.counts(device);
        self.port.notify(Notice::DeviceFound { device, uuid: name.clone(), name, chosen, t });
    }

    fn gone(&mut self, port: PortNumber, t: HostTime) {
        let Some(device) = self.instruments.disconnect(port) else { return };
        let mut edges = Vec::new();
        self.tracks.entry(device).or_default().state.lose(&mut edges);
        let t = t.max(self.port.watermark());
        self.send(device, Believed { t, err: ARRIVAL_ERR, source: TimeSource::Arrival }, &edges);
        if self.instruments.counts(device) {
            let name = self.name(device);
            self.port.notify(Notice::DeviceLost { device, name, t });
        }
    }

    fn message(&mut self, port: PortNumber, stamp_us: u64, bytes: &[u8], arrival: HostTime) {
        let Some(device) = self.instruments.device(port) else { return };
        let Some((channel, change)) = parse(bytes) else { return };
        let floor = self.port.watermark();
        let track = self.tracks.entry(device).or_default();
        // every note and pedal message tells of the driver's clock, whether it moves a control or not
        let before = track.clock.distrusted();
        let believed = track.clock.judge(stamp_us, arrival, floor);
        let distrusted = track.clock.distrusted() > before;
        let mut edges = Vec::new();
        track.state.apply(channel, change, &mut edges);
        if distrusted {
            let total = self.tracks.values().map(|track| track.clock.distrusted()).sum();
            self.port.notify(Notice::StampDistrusted { device, total, t: arrival });
        }
        self.send(device, believed, &edges);
    }

    fn send(&mut self, device: DeviceId, believed: Believed, edges: &[(Control, Edge)]) {
        let Believed { t, err, source } = believed;
        if edges.iter().any(|(_, edge)| *edge == Edge::Down) && self.instruments.press_chooses(device) {
            let name = self.name(device);
            self.port.notify(Notice::DeviceChosen { device, name, t });
        }
        for &(control, edge) in edges {
            let input = Captured { t, err, source, device, control, edge };
            if self.instruments.counts(device) {
                self.port.send(input);
            } else {
                self.port.notify(Notice::Ignored { input });
            }
        }
    }

    fn name(&self, device: DeviceId) -> String {
        self.instruments.pad(device).map(|pad| pad.name.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use doozy_training::event::ReleaseCause;

    use super::*;
    use crate::{
        clock::VirtualClock,
        input::{DeviceKind, Taps, TimedInput, merge::TapKind},
    };

    const DRUM: DeviceId = DeviceId(FIRST_MIDI);
    const OTHER: DeviceId = DeviceId(FIRST_MIDI + 1);

    fn ms(t: i64) -> HostTime {
        HostTime(t * 1_000_000)
    }

    fn found(port: usize, name: &str, t: i64) -> Heard {
        Heard::Found { port, name: name.into(), t: ms(t) }
    }

    fn hit(port: usize, note: u8, t: i64) -> Heard {
        Heard::Message { port, stamp_us: (t * 1000 + 5_000_000) as u64, bytes: [0x99, note, 90], arrival: ms(t) }
    }

    fn play(script: Vec<Heard>) -> (Vec<TimedInput>, Vec<Notice>) {
        let mut taps = Taps::new(VirtualClock::starting_at(ms(0)).clock());
        let mut listener = Listener::new(taps.port(TapKind::Midi), PadChoice::First);
        for heard in script {
            listener.hear(heard);
        }
        let mut inputs = Vec::new();
        taps.poll(&mut inputs);
        (inputs, taps.take_notices())
    }

    fn brief(inputs: &[TimedInput]) -> Vec<(HostTime, DeviceId, Control, Edge)> {
        inputs.iter().map(|input| (input.t, input.device, input.control, input.edge)).collect()
    }

    #[test]
    fn an_instrument_lost_while_held_lets_go_and_regains_its_number() {
        // cases A21: down 1000, gone 1200, back under a new port 3000, down 3500; a stranger at 2000 takes nothing over.
        let (inputs, notices) = play(vec![
            found(0, "TD-17", 0),
            hit(0, 36, 1000),
            Heard::Gone { port: 0, t: ms(1200) },
            found(1, "Other", 2000),
            hit(1, 36, 2500),
            found(2, "TD-17", 3000),
            hit(2, 36, 3500),
        ]);
        let kick = Control::Note(36);
        let lost = Edge::Up(ReleaseCause::DeviceLost);
        assert_eq!(
            brief(&inputs),
            [(ms(1000), DRUM, kick, Edge::Down), (ms(1200), DRUM, kick, lost), (ms(3500), DRUM, kick, Edge::Down)]
        );
        assert!(notices.contains(&Notice::DeviceLost { device: DRUM, name: "TD-17".into(), t: ms(1200) }));
        let back =
            Notice::DeviceFound { device: DRUM, name: "TD-17".into(), uuid: "TD-17".into(), chosen: true, t: ms(3000) };
        assert!(notices.contains(&back), "{notices:?}");
        let ignored =
            notices.iter().filter_map(|n| if let Notice::Ignored { input } = n { Some(input.device) } else { None });
        assert_eq!(ignored.collect::<Vec<_>>(), [OTHER]);
        assert_eq!([DeviceId(0), DeviceId(1), DRUM].map(DeviceKind::of), DeviceKind::ALL);
    }

    #[test]
    fn an_instrument_that_the_player_lets_in_counts_from_then_on() {
        // cases A21, the variant with another identity
        let mut taps = Taps::new(VirtualClock::starting_at(ms(0)).clock());
        let mut listener = Listener::new(taps.port(TapKind::Midi), PadChoice::First);
        for heard in [found(0, "TD-17", 0), hit(0, 36, 1000), Heard::Gone { port: 0, t: ms(1200) }] {
            listener.hear(heard);
        }
        listener.hear(found(1, "Other", 2000));
        listener.hear(hit(1, 36, 2500));
        listener.adopt(OTHER, ms(2600));
        listener.hear(Heard::Message { port: 1, stamp_us: 7_700_000, bytes: [0x89, 36, 0], arrival: ms(2700) });
        listener.hear(hit(1, 38, 3500));
        let mut inputs = Vec::new();
        taps.poll(&mut inputs);
        let others = brief(&inputs).into_iter().filter(|(_, device, ..)| *device == OTHER).collect::<Vec<_>>();
        assert_eq!(others, [(ms(3500), OTHER, Control::Note(38), Edge::Down)]);
        let chosen = Notice::DeviceChosen { device: OTHER, name: "Other".into(), t: ms(2600) };
        assert!(taps.take_notices().contains(&chosen));
    }

    #[test]
    fn a_message_after_its_port_has_gone_is_nothing() {
        let (inputs, notices) = play(vec![
            found(0, "Pads", 0),
            hit(0, 36, 10),
            Heard::Gone { port: 0, t: ms(20) },
            Heard::Gone { port: 0, t: ms(21) },
            hit(0, 38, 30),
            hit(9, 38, 30),
        ]);
        assert_eq!(inputs.len(), 2);
        assert_eq!(notices.iter().filter(|n| matches!(n, Notice::DeviceLost { .. })).count(), 1);
    }

    #[test]
    fn stamps_that_stand_still_are_flagged_and_counted() {
        let still = |t| Heard::Message { port: 0, stamp_us: 0, bytes: [0x99, 36, 90], arrival: ms(t) };
        let (inputs, notices) = play(vec![found(0, "Pads", 0), still(500), still(1000)]);
        assert!(inputs.iter().all(|input| input.source == TimeSource::Arrival && input.err == ARRIVAL_ERR));
        assert_eq!(inputs.iter().map(|input| input.t).collect::<Vec<_>>(), [ms(500), ms(1000), ms(1000)]);
        let total = notices
            .iter()
            .filter_map(|n| if let Notice::StampDistrusted { total, .. } = n { Some(*total) } else { None });
        assert_eq!(total.collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_late_message_is_dated_back() {
        let late = Heard::Message { port: 0, stamp_us: 7_000_000, bytes: [0x99, 38, 90], arrival: ms(2008) };
        let (inputs, _) = play(vec![found(0, "Pads", 0), hit(0, 36, 1000), late]);
        assert_eq!(inputs[1].source, TimeSource::Midi);
        let off = (inputs[1].t - ms(2000)).0;
        assert!((0..=200_000).contains(&off), "{off}");
    }
}
