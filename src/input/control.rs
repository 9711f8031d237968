//! A control: one physical thing that goes down and up, named by its place and never by the letter printed on it.
//!
//! Keys carry the kernel's evdev code (an X11 keycode less 8), pads the evdev code of the button that Linux gives it, so
//! that [`Control::code`] is stable over layouts, sessions and machines. Names are those of the W3C's UI Events
//! KeyboardEvent code values ("KeyJ", "Space"), which Bevy and browsers use as well.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A physical control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Control {
    /// A key by its evdev code, 1…255.
    Key(u16),
    Button(PadButton),
    /// An analogue or digital lower shoulder, with hysteresis.
    Trigger(PadSide),
    /// A direction of the d-pad, whether the pad sends it as hat or as buttons.
    Hat(Direction),
    /// A stick pushed in a direction, for menus.
    Stick(PadSide, Direction),
    /// A stick's way to the left and to the right, for what steers.
    Axis(PadSide),
    /// A MIDI note by its number, 0…127, on whatever channel: a drum pad or a key of an instrument.
    Note(u8),
    /// A MIDI pedal by the number of its controller, 0…127, with hysteresis.
    Pedal(u8),
}

/// A pad's button by its place on the usual layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PadButton {
    South,
    East,
    North,
    West,
    L1,
    R1,
    Select,
    Start,
    Mode,
    L3,
    R3,
}

/// Left or right half of a pad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PadSide {
    Left,
    Right,
}

/// Where a hat or stick points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    Up,
    Down,
    Left,
    Right,
}

/// Sticks have axes, not buttons, in evdev; their directions take numbers above KEY_MAX (0x2ff).
const STICK_BASE: u16 = 0x400;

/// Whole axes have codes among themselves in evdev, which keys have too.
const AXIS_BASE: u16 = 0x600;

/// MIDI has no codes in evdev: notes from here, pedals above them.
const NOTE_BASE: u16 = 0x500;
const PEDAL_BASE: u16 = 0x580;

/// The highest MIDI data byte.
const MIDI_MAX: u8 = 127;

/// Every pad control with its stable code (linux/input-event-codes.h, except sticks) and its name.
const PAD: [(Control, u16, &str); 27] = {
    use Control::{Axis, Button, Hat, Stick, Trigger};
    use Direction::{Down, Left as West, Right as East, Up};
    use PadSide::{Left, Right};
    [
        (Button(PadButton::South), 0x130, "PadSouth"),
        (Button(PadButton::East), 0x131, "PadEast"),
        (Button(PadButton::North), 0x133, "PadNorth"),
        (Button(PadButton::West), 0x134, "PadWest"),
        (Button(PadButton::L1), 0x136, "PadL1"),
        (Button(PadButton::R1), 0x137, "PadR1"),
        (Trigger(Left), 0x138, "PadL2"),
        (Trigger(Right), 0x139, "PadR2"),
        (Button(PadButton::Select), 0x13a, "PadSelect"),
        (Button(PadButton::Start), 0x13b, "PadStart"),
        (Button(PadButton::Mode), 0x13c, "PadMode"),
        (Button(PadButton::L3), 0x13d, "PadL3"),
        (Button(PadButton::R3), 0x13e, "PadR3"),
        (Hat(Up), 0x220, "PadUp"),
        (Hat(Down), 0x221, "PadDown"),
        (Hat(West), 0x222, "PadLeft"),
        (Hat(East), 0x223, "PadRight"),
        (Stick(Left, Up), STICK_BASE, "LeftStickUp"),
        (Stick(Left, Down), STICK_BASE + 1, "LeftStickDown"),
        (Stick(Left, West), STICK_BASE + 2, "LeftStickLeft"),
        (Stick(Left, East), STICK_BASE + 3, "LeftStickRight"),
        (Stick(Right, Up), STICK_BASE + 4, "RightStickUp"),
        (Stick(Right, Down), STICK_BASE + 5, "RightStickDown"),
        (Stick(Right, West), STICK_BASE + 6, "RightStickLeft"),
        (Stick(Right, East), STICK_BASE + 7, "RightStickRight"),
        (Axis(Left), AXIS_BASE, "LeftStickX"),
        (Axis(Right), AXIS_BASE + 1, "RightStickX"),
    ]
};

/// Keys with their evdev code (linux/input-event-codes.h) and their W3C name.
const KEYS: [(u16, &str); 114] = [
    (1, "Escape"),
    (2, "Digit1"),
    (3, "Digit2"),
    (4, "Digit3"),
    (5, "Digit4"),
    (6, "Digit5"),
    (7, "Digit6"),
    (8, "Digit7"),
    (9, "Digit8"),
    (10, "Digit9"),
    (11, "Digit0"),
    (12, "Minus"),
    (13, "Equal"),
    (14, "Backspace"),
    (15, "Tab"),
    (16, "KeyQ"),
    (17, "KeyW"),
    (18, "KeyE"),
    (19, "KeyR"),
    (20, "KeyT"),
    (21, "KeyY"),
    (22, "KeyU"),
    (23, "KeyI"),
    (24, "KeyO"),
    (25, "KeyP"),
    (26, "BracketLeft"),
    (27, "BracketRight"),
    (28, "Enter"),
    (29, "ControlLeft"),
    (30, "KeyA"),
    (31, "KeyS"),
    (32, "KeyD"),
    (33, "KeyF"),
    (34, "KeyG"),
    (35, "KeyH"),
    (36, "KeyJ"),
    (37, "KeyK"),
    (38, "KeyL"),
    (39, "Semicolon"),
    (40, "Quote"),
    (41, "Backquote"),
    (42, "ShiftLeft"),
    (43, "Backslash"),
    (44, "KeyZ"),
    (45, "KeyX"),
    (46, "KeyC"),
    (47, "KeyV"),
    (48, "KeyB"),
    (49, "KeyN"),
    (50, "KeyM"),
    (51, "Comma"),
    (52, "Period"),
    (53, "Slash"),
    (54, "ShiftRight"),
    (55, "NumpadMultiply"),
    (56, "AltLeft"),
    (57, "Space"),
    (58, "CapsLock"),
    (59, "F1"),
    (60, "F2"),
    (61, "F3"),
    (62, "F4"),
    (63, "F5"),
    (64, "F6"),
    (65, "F7"),
    (66, "F8"),
    (67, "F9"),
    (68, "F10"),
    (69, "NumLock"),
    (70, "ScrollLock"),
    (71, "Numpad7"),
    (72, "Numpad8"),
    (73, "Numpad9"),
    (74, "NumpadSubtract"),
    (75, "Numpad4"),
    (76, "Numpad5"),
    (77, "Numpad6"),
    (78, "NumpadAdd"),
    (79, "Numpad1"),
    (80, "Numpad2"),
    (81, "Numpad3"),
    (82, "Numpad0"),
    (83, "NumpadDecimal"),
    (86, "IntlBackslash"),
    (87, "F11"),
    (88, "F12"),
    (89, "IntlRo"),
    (92, "Convert"),
    (93, "KanaMode"),
    (94, "NonConvert"),
    (96, "NumpadEnter"),
    (97, "ControlRight"),
    (98, "NumpadDivide"),
    (99, "PrintScreen"),
    (100, "AltRight"),
    (102, "Home"),
    (103, "ArrowUp"),
    (104, "PageUp"),
    (105, "ArrowLeft"),
    (106, "ArrowRight"),
    (107, "End"),
    (108, "ArrowDown"),
    (109, "PageDown"),
    (110, "Insert"),
    (111, "Delete"),
    (117, "NumpadEqual"),
    (119, "Pause"),
    (121, "NumpadComma"),
    (122, "Lang1"),
    (123, "Lang2"),
    (124, "IntlYen"),
    (125, "MetaLeft"),
    (126, "MetaRight"),
    (127, "ContextMenu"),
];

impl Control {
    /// An X11 keycode's key: the X server adds 8 to the kernel's code. None below the range of keys.
    #[must_use]
    pub fn from_x11_keycode(keycode: u32) -> Option<Self> {
        let code = u16::try_from(keycode.checked_sub(8)?).ok()?;
        (1..=255).contains(&code).then_some(Self::Key(code))
    }

    /// The number that the record stores, the same in every session: the kernel's code of the key or button; stick
    /// directions from 0x400, MIDI notes from 0x500, MIDI pedals from 0x580, axes from 0x600. 0x602 and above are free for
    /// devices to come.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Key(code) => code,
            Self::Note(note) => NOTE_BASE + u16::from(note.min(MIDI_MAX)),
            Self::Pedal(controller) => PEDAL_BASE + u16::from(controller.min(MIDI_MAX)),
            pad => PAD.iter().find(|(c, ..)| *c == pad).map_or(0, |(_, code, _)| *code),
        }
    }

    /// The control of a stored [`Control::code`].
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        if (1..=255).contains(&code) {
            return Some(Self::Key(code));
        }
        if (NOTE_BASE..PEDAL_BASE + 0x80).contains(&code) {
            let data = (code & 0x7f) as u8;
            return Some(if code < PEDAL_BASE { Self::Note(data) } else { Self::Pedal(data) });
        }
        PAD.iter().find(|(_, c, _)| *c == code).map(|(control, ..)| *control)
    }
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(code) => match KEYS.iter().find(|(c, _)| c == code) {
                Some((_, name)) => f.write_str(name),
                None => write!(f, "Key{code}"),
            },
            Self::Note(note) => write!(f, "Note{note}"),
            Self::Pedal(controller) => write!(f, "Pedal{controller}"),
            pad => f.write_str(PAD.iter().find(|(c, ..)| c == pad).map_or("Pad", |(.., name)| name)),
        }
    }
}

/// A name that no control has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no control is called `{0}`; keys have names by place such as Space, KeyJ, Enter, ArrowUp or Key183 (a kernel code), \
     pads PadSouth, PadR1, PadR2, PadUp or LeftStickUp, MIDI Note36 (a note's number, 0 to 127) or Pedal64 (a controller's)"
)]
pub struct UnknownControl(pub String);

impl FromStr for Control {
    type Err = UnknownControl;

    fn from_str(name: &str) -> Result<Self, UnknownControl> {
        if let Some((code, _)) = KEYS.iter().find(|(_, n)| *n == name) {
            return Ok(Self::Key(*code));
        }
        if let Some((control, ..)) = PAD.iter().find(|(.., n)| *n == name) {
            return Ok(*control);
        }
        let numbered = |prefix: &str| {
            let digits = name.strip_prefix(prefix)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u16>().ok())?
        };
        let midi = |prefix| numbered(prefix).and_then(|n| u8::try_from(n).ok()).filter(|n| *n <= MIDI_MAX);
        numbered("Key")
            .filter(|code| (1..=255).contains(code))
            .map(Self::Key)
            .or_else(|| midi("Note").map(Self::Note))
            .or_else(|| midi("Pedal").map(Self::Pedal))
            .ok_or_else(|| UnknownControl(name.to_owned()))
    }
}

impl From<Control> for String {
    fn from(control: Control) -> Self {
        control.to_string()
    }
}

impl TryFrom<String> for Control {
    type Error = UnknownControl;

    fn try_from(name: String) -> Result<Self, UnknownControl> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_and_name_leads_back_to_its_control() {
        let keys = (1..=255).map(Control::Key);
        let midi = (0..=MIDI_MAX).flat_map(|n| [Control::Note(n), Control::Pedal(n)]);
        for control in keys.chain(PAD.iter().map(|(c, ..)| *c)).chain(midi) {
            assert_eq!(Control::from_code(control.code()), Some(control));
            assert_eq!(control.to_string().parse(), Ok(control));
        }
    }

    #[test]
    fn a_key_is_its_place_under_every_layout() {
        // cases A26: the key left of S and the key of digit 1 keep their codes; X11 keycodes are the kernel's plus 8.
        assert_eq!(Control::from_x11_keycode(38), "KeyA".parse().ok());
        assert_eq!(Control::from_x11_keycode(10), "Digit1".parse().ok());
        assert_eq!(Control::from_x11_keycode(65), Some(Control::Key(57)));
        assert_eq!(Control::from_x11_keycode(8), None);
        assert_eq!(Control::from_x11_keycode(7), None);
    }

    #[test]
    fn a_wrong_name_says_what_a_right_one_looks_like() {
        let error = "Spacebar".parse::<Control>().unwrap_err().to_string();
        assert!(error.contains("`Spacebar`") && error.contains("Space, KeyJ"), "{error}");
        for wrong in ["Key300", "Key0", "Note128", "Note-1", "Note", "Note+5", "Pedal300", "note36"] {
            assert!(wrong.parse::<Control>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn stored_as_its_name() {
        let json = serde_json::to_string(&Control::Trigger(PadSide::Right)).unwrap();
        assert_eq!(json, "\"PadR2\"");
        assert_eq!(serde_json::from_str::<Control>("\"KeyJ\"").unwrap(), Control::Key(36));
    }
}
