//! What a control is called on screen: the letter that is printed on a key, a word for keys that print none, the place of a
//! pad's button, what a drum pad sounds like.

use super::Words;
use crate::{
    game::controls::Seat,
    input::{
        Control, DeviceKind,
        bindings::{Preset, Slot},
        control::{Direction, PadButton, PadSide},
        labels::Labels,
    },
};

/// Keys that print nothing, by evdev code, and what they are called.
const KEYS: [(u16, &str); 32] = [
    (1, "key-escape"),
    (14, "key-backspace"),
    (15, "key-tab"),
    (28, "key-enter"),
    (29, "key-control-left"),
    (42, "key-shift-left"),
    (54, "key-shift-right"),
    (56, "key-alt-left"),
    (57, "key-space"),
    (58, "key-caps-lock"),
    (69, "key-num-lock"),
    (70, "key-scroll-lock"),
    (96, "key-pad-enter"),
    (97, "key-control-right"),
    (99, "key-print"),
    (100, "key-alt-right"),
    (102, "key-home"),
    (103, "key-up"),
    (104, "key-page-up"),
    (105, "key-left"),
    (106, "key-right"),
    (107, "key-end"),
    (108, "key-down"),
    (109, "key-page-down"),
    (110, "key-insert"),
    (111, "key-delete"),
    (119, "key-pause"),
    (125, "key-super-left"),
    (126, "key-super-right"),
    (127, "key-context-menu"),
    (92, "key-convert"),
    (94, "key-non-convert"),
];

/// Digits and signs of the number pad, by evdev code.
const NUMBER_PAD: [(u16, &str); 15] = [
    (71, "7"),
    (72, "8"),
    (73, "9"),
    (75, "4"),
    (76, "5"),
    (77, "6"),
    (79, "1"),
    (80, "2"),
    (81, "3"),
    (82, "0"),
    (74, "−"),
    (78, "+"),
    (55, "×"),
    (98, "÷"),
    (83, "."),
];

/// What a control, or every note of an instrument, is called.
pub fn name(says: &Words, labels: &Labels, slot: Slot) -> String {
    let control = match slot {
        Slot::AnyNote => return says.get("control-any-note", &[]),
        Slot::Control(control) => control,
    };
    match control {
        Control::Key(code) => {
            if let Some((_, id)) = KEYS.iter().find(|(known, _)| *known == code) {
                return says.get(id, &[]);
            }
            if let Some((_, sign)) = NUMBER_PAD.iter().find(|(known, _)| *known == code) {
                return says.get("key-pad", &[("sign", (*sign).into())]);
            }
            labels.label(control)
        }
        Control::Note(note) => {
            let id = match note {
                35 | 36 => "note-bass-drum",
                38 | 40 => "note-snare",
                42 | 44 | 46 => "note-hi-hat",
                49 | 51 | 52 | 53 | 55 | 57 | 59 => "note-cymbal",
                _ => "note-other",
            };
            says.get(id, &[("n", note.into())])
        }
        Control::Pedal(controller) => says.get("control-pedal", &[("n", controller.into())]),
        pad => says.get(button(pad), &[]),
    }
}

/// What a pad's control is called, by its place.
fn button(control: Control) -> &'static str {
    use Direction::{Down, Left, Right, Up};
    match control {
        Control::Button(PadButton::South) => "button-south",
        Control::Button(PadButton::East) => "button-east",
        Control::Button(PadButton::North) => "button-north",
        Control::Button(PadButton::West) => "button-west",
        Control::Button(PadButton::L1) => "button-l1",
        Control::Button(PadButton::R1) => "button-r1",
        Control::Button(PadButton::L3) => "button-l3",
        Control::Button(PadButton::R3) => "button-r3",
        Control::Button(PadButton::Select) => "button-select",
        Control::Button(PadButton::Start) => "button-start",
        Control::Button(PadButton::Mode) => "button-mode",
        Control::Trigger(PadSide::Left) => "button-l2",
        Control::Trigger(PadSide::Right) => "button-r2",
        Control::Hat(Up) => "hat-up",
        Control::Hat(Down) => "hat-down",
        Control::Hat(Left) => "hat-left",
        Control::Hat(Right) => "hat-right",
        Control::Stick(PadSide::Left, Up) => "stick-left-up",
        Control::Stick(PadSide::Left, Down) => "stick-left-down",
        Control::Stick(PadSide::Left, Left) => "stick-left-left",
        Control::Stick(PadSide::Left, Right) => "stick-left-right",
        Control::Stick(PadSide::Right, Up) => "stick-right-up",
        Control::Stick(PadSide::Right, Down) => "stick-right-down",
        Control::Stick(PadSide::Right, Left) => "stick-right-left",
        Control::Stick(PadSide::Right, Right) => "stick-right-right",
        Control::Axis(PadSide::Left) => "stick-left-axis",
        Control::Axis(PadSide::Right) => "stick-right-axis",
        Control::Key(_) | Control::Note(_) | Control::Pedal(_) => "control-any-note",
    }
}

/// What a device is called.
pub fn seat(says: &Words, seat: &Seat) -> String {
    match (seat.name.is_empty(), seat.kind) {
        (false, _) => seat.name.clone(),
        (true, DeviceKind::Keyboard) => says.get("device-keyboard", &[]),
        (true, DeviceKind::Pad) => says.get("device-any-pad", &[]),
        (true, DeviceKind::Midi) => says.get("device-any-instrument", &[]),
    }
}

/// The ids of a preset's name and of the sentence about it.
pub fn preset(preset: Preset) -> (&'static str, &'static str) {
    match preset {
        Preset::RightHanded => ("preset-right-handed", "preset-right-handed-hint"),
        Preset::LeftHanded => ("preset-left-handed", "preset-left-handed-hint"),
        Preset::OneHandedLeft => ("preset-one-handed-left", "preset-one-handed-left-hint"),
        Preset::OneHandedRight => ("preset-one-handed-right", "preset-one-handed-right-hint"),
        Preset::PadOnly => ("preset-pad-only", "preset-pad-only-hint"),
        Preset::Drums => ("preset-drums", "preset-drums-hint"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_has_a_name_of_its_own_that_is_no_id() {
        let (says, labels) = (Words::default(), Labels::default());
        let controls = (0..=u16::MAX).filter_map(Control::from_code).map(Slot::Control).chain([Slot::AnyNote]);
        let names: Vec<String> = controls.map(|slot| name(&says, &labels, slot)).collect();
        for (i, called) in names.iter().enumerate() {
            assert!(!called.is_empty() && !says.has(called), "{called}");
            assert!(!names[i + 1..].contains(called), "two are called {called}");
        }
    }

    #[test]
    fn keys_are_called_by_what_is_printed_on_them() {
        let (says, labels) = (Words::default(), Labels::default());
        let called = |control: &str| name(&says, &labels, control.parse().unwrap());
        assert_eq!(
            ["KeyF", "Space", "Numpad7", "PadSouth", "Note36", "AnyNote"].map(called),
            ["F", "Space", "7 (number pad)", "lower button", "bass drum 36", "any key of the instrument"]
        );
    }
}
