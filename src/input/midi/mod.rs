//! What MIDI messages mean: presses and releases of notes and pedals, and when they happened ([`time`]).
//!
//! Plain translation without a device, so that its cases are tests on a machine without MIDI. Velocity, aftertouch and
//! program changes say nothing about when something was struck and are not read.

pub mod listener;
pub mod time;

use std::collections::BTreeMap;

use doozy_training::event::ReleaseCause;

use super::{Control, Edge};

/// Controllers that are pedals: foot controller (the hi-hat's), sustain, sostenuto, soft (MIDI 1.0, table 3).
const PEDALS: [u8; 4] = [4, 64, 66, 67];

/// All sound off, all notes off, and the four mode messages that imply the latter (MIDI 1.0, table 3).
const ALL_OFF: [u8; 6] = [120, 123, 124, 125, 126, 127];
const RESET_CONTROLLERS: u8 = 121;

/// Value at which a pedal is pressed and, on its way back, released; 0…127.
///
/// ◇ Ours: switches send 0 and 127, and MIDI calls 64 and above "on"; 44 is 0.35 of the way, as with a pad's trigger.
const PEDAL_PRESS: u8 = 64;
const PEDAL_RELEASE: u8 = 44;

/// One change that an instrument reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MidiChange {
    NoteOn(u8),
    NoteOff(u8),
    /// A pedal's controller and its value.
    Pedal(u8, u8),
    /// Nothing of this channel sounds any more.
    AllNotesOff,
    /// Every controller of this channel is back at rest.
    ControllersReset,
}

/// A message's channel (0…15) and what it changes; none for whatever is no note and no pedal (aftertouch, clock, active
/// sensing, system exclusive) and for bytes that are no whole message. Running status is the driver's to resolve.
#[must_use]
pub fn parse(message: &[u8]) -> Option<(u8, MidiChange)> {
    let &[status, data, value] = message else { return None };
    if data > 127 || value > 127 {
        return None;
    }
    let change = match (status & 0xf0, data, value) {
        // a note-on without velocity is a note-off (cases A13)
        (0x80, note, _) | (0x90, note, 0) => MidiChange::NoteOff(note),
        (0x90, note, _) => MidiChange::NoteOn(note),
        (0xb0, pedal, value) if PEDALS.contains(&pedal) => MidiChange::Pedal(pedal, value),
        (0xb0, RESET_CONTROLLERS, _) => MidiChange::ControllersReset,
        (0xb0, mode, _) if ALL_OFF.contains(&mode) => MidiChange::AllNotesOff,
        _ => return None,
    };
    Some((status & 0x0f, change))
}

/// One instrument's notes and pedals: the channels on which each is down, a bit a channel.
#[derive(Clone, Debug, Default)]
pub struct MidiState(BTreeMap<Control, u16>);

impl MidiState {
    /// Appends the edges that a change makes, releases first.
    ///
    /// The channel is no part of a control. A note-on of a note that its channel holds is a new press: drum modules send a
    /// note-off late or never, and so its release comes with it. One that only another channel holds is a layer of the same
    /// key and no press; the key is up when the last channel lets go.
    pub fn apply(&mut self, channel: u8, change: MidiChange, edges: &mut Vec<(Control, Edge)>) {
        let bit = 1 << (channel & 0x0f);
        match change {
            MidiChange::NoteOn(note) => self.strike(Control::Note(note), bit, edges),
            MidiChange::NoteOff(note) => self.let_go(Control::Note(note), bit, edges),
            MidiChange::Pedal(pedal, value) => {
                let control = Control::Pedal(pedal);
                let down = self.0.get(&control).is_some_and(|channels| channels & bit != 0);
                if !down && value >= PEDAL_PRESS {
                    self.strike(control, bit, edges);
                } else if down && value <= PEDAL_RELEASE {
                    self.let_go(control, bit, edges);
                }
            }
            MidiChange::AllNotesOff => self.let_go_where(bit, edges, |control| matches!(control, Control::Note(_))),
            MidiChange::ControllersReset => {
                self.let_go_where(bit, edges, |control| matches!(control, Control::Pedal(_)));
            }
        }
    }

    /// The instrument is gone: whatever it held comes up.
    pub fn lose(&mut self, edges: &mut Vec<(Control, Edge)>) {
        let held = std::mem::take(&mut self.0).into_keys();
        edges.extend(held.map(|control| (control, Edge::Up(ReleaseCause::DeviceLost))));
    }

    fn strike(&mut self, control: Control, bit: u16, edges: &mut Vec<(Control, Edge)>) {
        let channels = self.0.entry(control).or_insert(0);
        let layered = *channels != 0 && *channels & bit == 0;
        let again = *channels & bit != 0;
        *channels |= bit;
        if again {
            edges.push((control, Edge::Up(ReleaseCause::Released)));
        }
        if !layered {
            edges.push((control, Edge::Down));
        }
    }

    fn let_go(&mut self, control: Control, bit: u16, edges: &mut Vec<(Control, Edge)>) {
        let Some(channels) = self.0.get_mut(&control) else { return };
        *channels &= !bit;
        if *channels == 0 {
            self.0.remove(&control);
            edges.push((control, Edge::Up(ReleaseCause::Released)));
        }
    }

    fn let_go_where(&mut self, bit: u16, edges: &mut Vec<(Control, Edge)>, which: impl Fn(&Control) -> bool) {
        let held = self.0.keys().filter(|control| which(control)).copied().collect::<Vec<_>>();
        for control in held {
            self.let_go(control, bit, edges);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Edge = Edge::Up(ReleaseCause::Released);
    const KICK: Control = Control::Note(36);
    const SUSTAIN: Control = Control::Pedal(64);

    fn edges(messages: &[&[u8]]) -> Vec<(usize, Control, Edge)> {
        let mut state = MidiState::default();
        let mut all = Vec::new();
        for (i, message) in messages.iter().enumerate() {
            let mut now = Vec::new();
            if let Some((channel, change)) = parse(message) {
                state.apply(channel, change, &mut now);
            }
            all.extend(now.into_iter().map(|(control, edge)| (i, control, edge)));
        }
        all
    }

    #[test]
    fn a_note_goes_down_and_up_by_either_kind_of_note_off() {
        let messages: [&[u8]; 4] = [&[0x99, 36, 100], &[0x89, 36, 64], &[0x90, 60, 1], &[0x90, 60, 0]];
        let c4 = Control::Note(60);
        assert_eq!(edges(&messages), [(0, KICK, Edge::Down), (1, KICK, UP), (2, c4, Edge::Down), (3, c4, UP)]);
    }

    #[test]
    fn a_pad_that_never_lets_go_presses_anew_each_time() {
        let hit: &[u8] = &[0x99, 36, 90];
        assert_eq!(
            edges(&[hit, hit, hit, &[0x89, 36, 0], &[0x89, 36, 0]]),
            [
                (0, KICK, Edge::Down),
                (1, KICK, UP),
                (1, KICK, Edge::Down),
                (2, KICK, UP),
                (2, KICK, Edge::Down),
                (3, KICK, UP)
            ]
        );
    }

    #[test]
    fn a_layer_on_another_channel_is_the_same_key() {
        let messages: [&[u8]; 4] = [&[0x90, 60, 90], &[0x91, 60, 90], &[0x80, 60, 0], &[0x81, 60, 0]];
        assert_eq!(edges(&messages), [(0, Control::Note(60), Edge::Down), (3, Control::Note(60), UP)]);
    }

    #[test]
    fn a_pedal_has_hysteresis_and_switches_count_once() {
        let travel = [0, 63, 64, 60, 127, 45, 44, 50, 64, 0];
        let messages = travel.map(|value| vec![0xb0, 64, value]);
        let messages = messages.iter().map(Vec::as_slice).collect::<Vec<_>>();
        let right = [(2, SUSTAIN, Edge::Down), (6, SUSTAIN, UP), (8, SUSTAIN, Edge::Down), (9, SUSTAIN, UP)];
        assert_eq!(edges(&messages), right);
        assert_eq!(
            edges(&[&[0xb9, 4, 127], &[0xb9, 4, 0]]),
            [(0, Control::Pedal(4), Edge::Down), (1, Control::Pedal(4), UP)]
        );
        assert_eq!(edges(&[&[0xb0, 7, 127], &[0xb0, 1, 127]]), [], "volume and modulation are no pedals");
    }

    #[test]
    fn what_is_no_note_and_no_pedal_is_nothing() {
        let others: [&[u8]; 13] = [
            &[],
            &[0x90],
            &[0x90, 36],
            &[0x90, 36, 100, 0],
            &[0x90, 200, 100],
            &[0x90, 36, 200],
            &[36, 100, 0],
            &[0xa0, 36, 100],
            &[0xd0, 100],
            &[0xe0, 0, 64],
            &[0xf8],
            &[0xfe],
            &[0xf0, 0x7e, 0xf7],
        ];
        assert_eq!(edges(&others), []);
    }

    #[test]
    fn all_notes_off_spares_pedals_and_other_channels() {
        let messages: [&[u8]; 6] =
            [&[0x90, 60, 9], &[0x91, 62, 9], &[0xb0, 64, 127], &[0xb0, 123, 0], &[0xb0, 121, 0], &[0xb1, 120, 0]];
        let c4 = (3, Control::Note(60), UP);
        assert_eq!(edges(&messages)[3..], [c4, (4, SUSTAIN, UP), (5, Control::Note(62), UP)]);
    }

    #[test]
    fn an_instrument_that_goes_lets_go_and_owes_nothing_after() {
        // cases A21, for an instrument
        let (mut state, mut out) = (MidiState::default(), Vec::new());
        state.apply(9, MidiChange::NoteOn(36), &mut out);
        state.apply(0, MidiChange::Pedal(64, 127), &mut out);
        out.clear();
        state.lose(&mut out);
        state.apply(9, MidiChange::NoteOff(36), &mut out);
        let lost = Edge::Up(ReleaseCause::DeviceLost);
        assert_eq!(out, [(KICK, lost), (SUSTAIN, lost)]);
    }
}
