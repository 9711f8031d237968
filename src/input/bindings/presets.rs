//! What is bound unless the player says otherwise, and ready-made tables to begin from, in the format of the player's file.
//!
//! Lanes go from left to right. Notes are those of General MIDI's percussion: bass drum 35 and 36, snare 38 and 40, hi-hat
//! 42, 44 and 46, cymbals 49, 51, 52, 53, 55, 57 and 59. With one lane any note answers, so that every keyboard can play.

use serde::{Deserialize, Serialize};

/// A ready-made table between the defaults and the player's own entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The defaults.
    #[default]
    RightHanded,
    /// With one lane, keys and buttons under the left hand; with more, both hands play and the defaults hold.
    LeftHanded,
    /// All under the left hand.
    OneHandedLeft,
    /// All under the right hand.
    OneHandedRight,
    /// No key and no note answers a lane.
    PadOnly,
    /// No key and no button answers a lane. The stick, which no drum has, stays as it is.
    Drums,
}

impl Preset {
    pub const ALL: [Self; 6] =
        [Self::RightHanded, Self::LeftHanded, Self::OneHandedLeft, Self::OneHandedRight, Self::PadOnly, Self::Drums];

    /// Its table.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::RightHanded => "",
            Self::LeftHanded => LEFT_HANDED,
            Self::OneHandedLeft => ONE_HANDED_LEFT,
            Self::OneHandedRight => ONE_HANDED_RIGHT,
            Self::PadOnly => PAD_ONLY,
            Self::Drums => DRUMS,
        }
    }
}

/// The defaults.
pub const DEFAULTS: &str = r#"[layouts.1]
0 = ["Space", "KeyJ", "KeyF", "Enter", "NumpadEnter", "PadSouth", "PadR1", "PadR2", "AnyNote"]

[layouts.2]
0 = ["KeyF", "PadLeft", "PadL1", "PadL2", "Note35", "Note36"]
1 = ["KeyJ", "PadSouth", "PadR1", "PadR2", "Note38", "Note40"]

[layouts.3]
0 = ["KeyF", "PadLeft", "PadL1", "PadL2", "Note35", "Note36"]
1 = ["Space", "PadDown", "PadSouth", "Note38", "Note40"]
2 = ["KeyJ", "PadEast", "PadR1", "PadR2", "Note42", "Note44", "Note46"]

[layouts.4]
0 = ["KeyD", "PadLeft", "PadL2", "Note35", "Note36"]
1 = ["KeyF", "PadDown", "PadL1", "Note38", "Note40"]
2 = ["KeyJ", "PadSouth", "PadR1", "Note42", "Note44", "Note46"]
3 = ["KeyK", "PadEast", "PadR2", "Note49", "Note51", "Note52", "Note53", "Note55", "Note57", "Note59"]

[menu]
up = ["ArrowUp", "PadUp", "LeftStickUp", "Note42", "Note44", "Note46"]
down = ["ArrowDown", "PadDown", "LeftStickDown", "Note35", "Note36"]
left = ["ArrowLeft", "PadLeft", "LeftStickLeft"]
right = ["ArrowRight", "PadRight", "LeftStickRight"]
confirm = ["Enter", "NumpadEnter", "Space", "PadSouth", "Note38", "Note40"]
back = ["Backspace", "PadEast", "Note49", "Note51", "Note52", "Note53", "Note55", "Note57", "Note59"]
pause = ["Escape", "PadStart"]

[stick]
axis = ["LeftStickX", "RightStickX"]
left = ["ArrowLeft", "KeyF", "PadLeft"]
right = ["ArrowRight", "KeyJ", "PadRight"]
"#;

const LEFT_HANDED: &str = r#"[layouts.1]
0 = ["KeyF", "KeyD", "Space", "KeyJ", "PadDown", "PadL1", "PadL2", "AnyNote"]
"#;

const ONE_HANDED_LEFT: &str = r#"[layouts.1]
0 = ["KeyF", "KeyD", "Space", "PadDown", "PadL1", "PadL2", "AnyNote"]

[layouts.2]
0 = ["KeyD", "PadLeft", "PadL2", "Note35", "Note36"]
1 = ["KeyF", "PadRight", "PadL1", "Note38", "Note40"]

[layouts.3]
0 = ["KeyS", "PadLeft", "Note35", "Note36"]
1 = ["KeyD", "PadDown", "Note38", "Note40"]
2 = ["KeyF", "PadRight", "Note42", "Note44", "Note46"]

[layouts.4]
0 = ["KeyA", "PadLeft", "Note35", "Note36"]
1 = ["KeyS", "PadDown", "Note38", "Note40"]
2 = ["KeyD", "PadUp", "Note42", "Note44", "Note46"]
3 = ["KeyF", "PadRight", "Note49", "Note51", "Note52", "Note53", "Note55", "Note57", "Note59"]

[stick]
axis = ["LeftStickX"]
left = ["KeyD", "PadLeft"]
right = ["KeyF", "PadRight"]
"#;

const ONE_HANDED_RIGHT: &str = r#"[layouts.1]
0 = ["KeyJ", "KeyK", "Space", "Enter", "NumpadEnter", "PadSouth", "PadR1", "PadR2", "AnyNote"]

[layouts.2]
0 = ["KeyJ", "PadWest", "PadR1", "Note35", "Note36"]
1 = ["KeyK", "PadEast", "PadR2", "Note38", "Note40"]

[layouts.3]
0 = ["KeyJ", "PadWest", "Note35", "Note36"]
1 = ["KeyK", "PadSouth", "Note38", "Note40"]
2 = ["KeyL", "PadEast", "Note42", "Note44", "Note46"]

[layouts.4]
0 = ["KeyJ", "PadWest", "Note35", "Note36"]
1 = ["KeyK", "PadSouth", "Note38", "Note40"]
2 = ["KeyL", "PadNorth", "Note42", "Note44", "Note46"]
3 = ["Semicolon", "PadEast", "Note49", "Note51", "Note52", "Note53", "Note55", "Note57", "Note59"]

[stick]
axis = ["RightStickX"]
left = ["ArrowLeft", "KeyJ", "PadWest"]
right = ["ArrowRight", "KeyK", "PadEast"]
"#;

const PAD_ONLY: &str = r#"[layouts.1]
0 = ["PadSouth", "PadDown", "PadL1", "PadR1", "PadL2", "PadR2"]

[layouts.2]
0 = ["PadLeft", "PadL1", "PadL2"]
1 = ["PadSouth", "PadR1", "PadR2"]

[layouts.3]
0 = ["PadLeft", "PadL1", "PadL2"]
1 = ["PadDown", "PadSouth"]
2 = ["PadEast", "PadR1", "PadR2"]

[layouts.4]
0 = ["PadLeft", "PadL2"]
1 = ["PadDown", "PadL1"]
2 = ["PadSouth", "PadR1"]
3 = ["PadEast", "PadR2"]

[stick]
left = ["PadLeft"]
right = ["PadRight"]
"#;

const DRUMS: &str = r#"[layouts.1]
0 = ["AnyNote"]

[layouts.2]
0 = ["Note35", "Note36"]
1 = ["Note38", "Note40"]

[layouts.3]
0 = ["Note35", "Note36"]
1 = ["Note38", "Note40"]
2 = ["Note42", "Note44", "Note46"]

[layouts.4]
0 = ["Note35", "Note36"]
1 = ["Note38", "Note40"]
2 = ["Note42", "Note44", "Note46"]
3 = ["Note49", "Note51", "Note52", "Note53", "Note55", "Note57", "Note59"]
"#;
