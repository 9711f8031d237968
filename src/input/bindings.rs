//! Bindings: which control answers which lane, and what it does in menus. Keys count by their place.

use std::collections::BTreeMap;

use doozy_training::event::{Input, Lane, Press, Release};
use serde::{Deserialize, Serialize};

use super::{Control, Edge, TimedInput, control::UnknownControl};

/// What a control does in a menu. [`MenuAction::Pause`] works during play, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MenuAction {
    Up,
    Down,
    Left,
    Right,
    Confirm,
    Back,
    Pause,
}

/// A control that was given two things to do; the first keeps it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{control} is bound to {kept} and to {dropped}; it stays with {kept}: give one of them another control")]
pub struct Conflict {
    pub control: Control,
    pub kept: String,
    pub dropped: String,
}

/// Why a file of bindings is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BindingsError {
    /// The text is no bindings file; the message names line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    #[error("[lanes] {lane}: a lane is a number from 0 to 255, as in `0 = [\"Space\"]`")]
    Lane { lane: String },
    #[error("[{table}] {key}: {unknown}")]
    Control { table: &'static str, key: String, unknown: UnknownControl },
}

/// The table of controls in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bindings {
    lanes: BTreeMap<Control, Lane>,
    menu: BTreeMap<Control, MenuAction>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    lanes: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    menu: BTreeMap<MenuAction, Vec<String>>,
}

/// What is bound unless the player says otherwise, in the format of the player's own file.
pub const DEFAULTS: &str = r#"[lanes]
0 = ["Space", "KeyJ", "KeyF", "Enter", "NumpadEnter", "PadSouth", "PadR1", "PadR2"]

[menu]
up = ["ArrowUp", "PadUp", "LeftStickUp"]
down = ["ArrowDown", "PadDown", "LeftStickDown"]
left = ["ArrowLeft", "PadLeft", "LeftStickLeft"]
right = ["ArrowRight", "PadRight", "LeftStickRight"]
confirm = ["Enter", "NumpadEnter", "Space", "PadSouth"]
back = ["Backspace", "PadEast"]
pause = ["Escape", "PadStart"]
"#;

impl Default for Bindings {
    fn default() -> Self {
        let none = Self { lanes: BTreeMap::new(), menu: BTreeMap::new() };
        // The defaults are a constant of this file, which a test reads as well.
        none.overridden(DEFAULTS)
            .map_or_else(|_| unreachable!("the default bindings are valid"), |(bindings, _)| bindings)
    }
}

impl Bindings {
    /// The defaults with a player's TOML over them: a lane or action that the file names is bound as it says and no other
    /// way, all others stay. A control that the file uses is taken from the defaults that had it.
    ///
    /// # Errors
    /// When the text is no bindings file or names a control that does not exist.
    pub fn with_player_file(text: &str) -> Result<(Self, Vec<Conflict>), BindingsError> {
        Self::default().overridden(text)
    }

    fn overridden(mut self, text: &str) -> Result<(Self, Vec<Conflict>), BindingsError> {
        let file: File = toml::from_str(text)?;
        let mut lanes = Vec::new();
        for (name, controls) in file.lanes {
            let lane = name.parse().map(Lane).map_err(|_| BindingsError::Lane { lane: name.clone() })?;
            lanes.push((lane, parse("lanes", &name, controls)?));
        }
        lanes.sort_by_key(|(lane, _)| *lane);
        let mut menu = Vec::new();
        for (action, controls) in file.menu {
            menu.push((action, parse("menu", action.name(), controls)?));
        }
        let mut conflicts = Vec::new();
        self.lanes.retain(|_, lane| lanes.iter().all(|(named, _)| named != lane));
        self.menu.retain(|_, action| menu.iter().all(|(named, _)| named != action));
        // What the file claims goes before what is left of the defaults.
        self.lanes.retain(|control, _| lanes.iter().all(|(_, controls)| !controls.contains(control)));
        self.menu.retain(|control, _| menu.iter().all(|(_, controls)| !controls.contains(control)));
        for (lane, controls) in lanes {
            for control in controls {
                let kept = *self.lanes.entry(control).or_insert(lane);
                if kept != lane {
                    conflicts.push(Conflict { control, kept: lane_name(kept), dropped: lane_name(lane) });
                }
            }
        }
        for (action, controls) in menu {
            for control in controls {
                let kept = *self.menu.entry(control).or_insert(action);
                if kept != action {
                    conflicts.push(Conflict { control, kept: kept.title(), dropped: action.title() });
                }
            }
        }
        // Pause alone is heard while lanes are, so only it can clash with them.
        let clashing = self
            .menu
            .iter()
            .filter(|(control, action)| **action == MenuAction::Pause && self.lanes.contains_key(control));
        for control in clashing.map(|(control, _)| *control).collect::<Vec<_>>() {
            if let Some(lane) = self.lanes.remove(&control) {
                conflicts.push(Conflict { control, kept: MenuAction::Pause.title(), dropped: lane_name(lane) });
            }
        }
        Ok((self, conflicts))
    }

    /// The lane that a control answers.
    #[must_use]
    pub fn lane(&self, control: Control) -> Option<Lane> {
        self.lanes.get(&control).copied()
    }

    /// What a control does in a menu.
    #[must_use]
    pub fn menu(&self, control: Control) -> Option<MenuAction> {
        self.menu.get(&control).copied()
    }

    /// The controls of a lane, keys first, for prompts.
    pub fn controls(&self, lane: Lane) -> impl Iterator<Item = Control> {
        self.lanes.iter().filter(move |(_, bound)| **bound == lane).map(|(control, _)| *control)
    }

    /// The input as the session takes it; none if no lane is bound to its control.
    #[must_use]
    pub fn session_input(&self, input: &TimedInput) -> Option<Input> {
        let lane = self.lane(input.control)?;
        let TimedInput { t, err, source, device, control, edge, seq } = *input;
        let control = control.code();
        Some(match edge {
            Edge::Down => Input::Press(Press { t, err, source, device, lane, control, seq }),
            Edge::Up(cause) => Input::Release(Release { t, device, lane, control, seq, cause }),
        })
    }
}

impl MenuAction {
    fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Left => "left",
            Self::Right => "right",
            Self::Confirm => "confirm",
            Self::Back => "back",
            Self::Pause => "pause",
        }
    }

    fn title(self) -> String {
        format!("menu.{}", self.name())
    }
}

fn lane_name(lane: Lane) -> String {
    format!("lane {}", lane.0)
}

fn parse(table: &'static str, key: &str, names: Vec<String>) -> Result<Vec<Control>, BindingsError> {
    let controls = names.into_iter().map(Control::try_from).collect::<Result<Vec<_>, _>>();
    controls.map_err(|unknown| BindingsError::Control { table, key: key.to_owned(), unknown })
}

#[cfg(test)]
mod tests {
    use doozy_training::{
        event::{DeviceId, ReleaseCause, TimeSource},
        time::{HostTime, Nanos},
    };

    use super::*;
    use crate::input::Captured;

    fn control(name: &str) -> Control {
        name.parse().unwrap()
    }

    #[test]
    fn keys_and_pads_answer_the_one_lane() {
        let bindings = Bindings::default();
        for name in ["Space", "KeyJ", "KeyF", "Enter", "PadSouth", "PadR1", "PadR2"] {
            assert_eq!(bindings.lane(control(name)), Some(Lane(0)), "{name}");
        }
        assert_eq!(bindings.lane(control("Escape")), None);
        assert_eq!(bindings.menu(control("Escape")), Some(MenuAction::Pause));
        assert_eq!(bindings.menu(control("LeftStickUp")), Some(MenuAction::Up));
        assert_eq!(bindings.controls(Lane(0)).next(), Some(control("Enter")));
    }

    #[test]
    fn the_players_file_goes_before_the_defaults() {
        let (bindings, conflicts) =
            Bindings::with_player_file("[lanes]\n0 = [\"KeyD\"]\n1 = [\"KeyK\", \"Space\"]\n").unwrap();
        assert_eq!(conflicts, []);
        assert_eq!(bindings.lane(control("KeyD")), Some(Lane(0)));
        assert_eq!(bindings.lane(control("Space")), Some(Lane(1)));
        assert_eq!(bindings.lane(control("KeyJ")), None);
        assert_eq!(bindings.menu(control("Space")), Some(MenuAction::Confirm));
    }

    #[test]
    fn a_control_with_two_lanes_is_told_and_keeps_the_first() {
        let (bindings, conflicts) =
            Bindings::with_player_file("[lanes]\n0 = [\"KeyF\", \"Escape\"]\n1 = [\"KeyF\"]\n").unwrap();
        assert_eq!(bindings.lane(control("KeyF")), Some(Lane(0)));
        assert_eq!(bindings.lane(control("Escape")), None);
        let told = conflicts.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            told,
            [
                "KeyF is bound to lane 0 and to lane 1; it stays with lane 0: give one of them another control",
                "Escape is bound to menu.pause and to lane 0; it stays with menu.pause: give one of them another control"
            ]
        );
    }

    #[test]
    fn a_wrong_file_says_where_and_what_would_be_right() {
        let message = |text| Bindings::with_player_file(text).unwrap_err().to_string();
        assert!(message("[lanes]\n0 = [\"Spacebar\"]").starts_with("[lanes] 0: no control is called `Spacebar`"));
        assert!(message("[lanes]\nfirst = [\"Space\"]").starts_with("[lanes] first: a lane is a number"));
        assert!(message("[lanes]\n0 = \"Space\"").contains("line 2, column 5"));
        assert!(message("[menus]\n").contains("unknown field `menus`"));
    }

    #[test]
    fn an_edge_becomes_a_press_or_release_of_its_lane() {
        let bindings = Bindings::default();
        let down = Captured::scripted(HostTime(5), control("KeyJ"), Edge::Down);
        assert_eq!(
            bindings.session_input(&TimedInput::numbered(down, 3)),
            Some(Input::Press(Press {
                t: HostTime(5),
                err: Nanos::ZERO,
                source: TimeSource::Scripted,
                device: DeviceId(0),
                lane: Lane(0),
                control: 36,
                seq: 3
            }))
        );
        let up = Captured { edge: Edge::Up(ReleaseCause::FocusLost), ..down };
        let Some(Input::Release(release)) = bindings.session_input(&TimedInput::numbered(up, 4)) else {
            panic!("a release");
        };
        assert_eq!((release.cause, release.control, release.seq), (ReleaseCause::FocusLost, 36, 4));
        let unbound = Captured { control: control("KeyQ"), ..down };
        assert_eq!(bindings.session_input(&TimedInput::numbered(unbound, 5)), None);
    }
}
