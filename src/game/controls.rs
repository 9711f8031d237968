//! Keys, pads and instruments as the screens meet them: what was pressed since the last frame, what is bound to what, and
//! what each control is called.
//!
//! Drills are judged from the taps, never from this.

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Result;
use bevy::{
    input::{
        ButtonState,
        keyboard::{KeyCode, KeyboardInput, NativeKeyCode},
    },
    prelude::*,
};
use doozy_training::event::Lane;

use crate::input::{
    Bindings, Control, DeviceKind,
    bindings::{Conflict, DeviceRef, Slot, StickPart, Table},
    labels::Labels,
};

/// A device, or every device of a kind that has no name here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    pub kind: DeviceKind,
    /// As the system calls it; empty for the keyboard, and for all of a kind together.
    pub name: String,
}

impl Seat {
    pub const KEYBOARD: Self = Self::any(DeviceKind::Keyboard);

    /// Every device of a kind.
    #[must_use]
    pub const fn any(kind: DeviceKind) -> Self {
        Self { kind, name: String::new() }
    }

    /// As bindings tell it apart.
    #[must_use]
    pub fn as_ref(&self) -> DeviceRef<'_> {
        DeviceRef { kind: self.kind, name: &self.name }
    }

    /// Whether a press of `other` is one of this.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        self.kind == other.kind && (self.name.is_empty() || self.name == other.name)
    }
}

/// What pads and instruments did since the last frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Pressed { control: Control, seat: Seat },
    Found(Seat),
    Lost(Seat),
}

/// Something went down, on whatever device.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
pub struct Pressed {
    pub control: Control,
    pub seat: Seat,
    /// The keyboard's own repetition while a key is held.
    pub repeat: bool,
}

/// Appends what pads and instruments did, once a frame.
pub type Listen = Box<dyn FnMut(&mut Vec<Heard>) + Send + Sync>;
/// Keeps the player's table of bindings.
pub type KeepTable = Box<dyn FnMut(&Table) -> Result<()> + Send + Sync>;
/// Asks what is printed on the keys.
pub type AskLabels = Box<dyn Fn() -> Labels + Send + Sync>;

/// The bindings in force, shared with whoever begins sessions.
#[derive(Clone, Debug, Default)]
pub struct SharedBindings(Arc<RwLock<Bindings>>);

impl SharedBindings {
    #[must_use]
    pub fn new(bindings: Bindings) -> Self {
        Self(Arc::new(RwLock::new(bindings)))
    }

    /// As they are now.
    #[must_use]
    pub fn now(&self) -> Bindings {
        self.read(Clone::clone)
    }

    fn read<T>(&self, ask: impl FnOnce(&Bindings) -> T) -> T {
        ask(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, bindings: Bindings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = bindings;
    }
}

/// What is bound, and how it is changed.
#[derive(Resource)]
pub struct Controls {
    /// The player's own table.
    pub table: Table,
    pub bindings: SharedBindings,
    pub keep: KeepTable,
    pub labels: AskLabels,
    /// Pads and instruments, where there are any to hear.
    pub listen: Option<Listen>,
}

impl Default for Controls {
    /// The defaults, kept nowhere, with the letters of US keyboards and no device beside the keyboard.
    fn default() -> Self {
        Self {
            table: Table::default(),
            bindings: SharedBindings::default(),
            keep: Box::new(|_| Ok(())),
            labels: Box::new(Labels::default),
            listen: None,
        }
    }
}

impl Controls {
    /// Puts a table in force and keeps it. One that cannot be kept is in force all the same.
    ///
    /// # Errors
    /// When the table names what does not exist (nothing is changed then), or cannot be written.
    pub fn change(&mut self, table: Table) -> Result<()> {
        let (bindings, _) = Bindings::in_force(&table)?;
        self.bindings.put(bindings);
        self.table = table;
        (self.keep)(&self.table)
    }

    /// What the table gives two things to do.
    #[must_use]
    pub fn conflicts(&self) -> Vec<Conflict> {
        Bindings::in_force(&self.table).map(|(_, conflicts)| conflicts).unwrap_or_default()
    }

    /// What answers each lane on a device, the handiest first.
    #[must_use]
    pub fn prompts(&self, seat: &Seat, lanes: u8) -> Vec<(Lane, Vec<Slot>)> {
        let mut prompts = self.bindings.read(|bindings| bindings.prompts(seat.as_ref(), lanes));
        for (_, slots) in &mut prompts {
            slots.sort_by_key(|slot| rank(*slot));
        }
        prompts
    }

    /// What moves the stick on a device, the handiest first: an axis where it has one, else what pushes it to the left and what
    /// pushes it to the right.
    #[must_use]
    pub fn stick_prompts(&self, seat: &Seat) -> Vec<Vec<Slot>> {
        let parts = self.bindings.read(|bindings| bindings.stick_prompts(seat.as_ref()));
        let of = |wanted| {
            let controls = parts.iter().filter(|(part, _)| *part == wanted).flat_map(|(_, controls)| controls);
            let mut slots: Vec<Slot> = controls.copied().map(Slot::Control).collect();
            slots.sort_by_key(|slot| rank(*slot));
            slots
        };
        let axis = of(StickPart::Axis);
        if axis.is_empty() { vec![of(StickPart::Left), of(StickPart::Right)] } else { vec![axis] }
    }

    /// What this control does where screens are steered.
    #[must_use]
    pub fn menu(&self, control: Control) -> Option<crate::input::MenuAction> {
        self.bindings.read(|bindings| bindings.menu(control))
    }

    /// Whether it answers a lane of a level with so many; the stick of one without lanes.
    #[must_use]
    pub fn answers(&self, control: Control, seat: &Seat, lanes: u8) -> bool {
        self.bindings.read(|bindings| match lanes {
            0 => bindings.stick(control, seat.as_ref()).is_some(),
            _ => bindings.lane(control, seat.as_ref(), lanes).is_some(),
        })
    }

    /// A control of this kind of device that pauses.
    #[must_use]
    pub fn pauses(&self, kind: DeviceKind) -> Option<Control> {
        let pause = crate::input::MenuAction::Pause;
        self.bindings.read(|bindings| bindings.controls_of(pause).find(|control| kind.has(*control)))
    }
}

/// What to name first where several controls answer a lane: the space bar, then letters, then other keys; on a pad
/// directions and the face before the shoulders.
fn rank(slot: Slot) -> u8 {
    use crate::input::control::PadButton::{East, North, South, West};
    match slot {
        Slot::Control(Control::Key(57)) => 0,
        Slot::Control(Control::Key(2..=13 | 16..=27 | 30..=41 | 43..=53)) => 1,
        Slot::Control(Control::Key(96)) => 3,
        Slot::Control(Control::Button(South | East | North | West) | Control::Hat(_)) | Slot::AnyNote => 0,
        Slot::Control(Control::Button(_)) => 1,
        Slot::Control(_) => 2,
    }
}

/// The devices that there are, and the one that was used last.
#[derive(Resource, Clone, Debug, PartialEq, Eq)]
pub struct Hands {
    /// Pads and instruments by name, in the order in which they came.
    pub known: Vec<Seat>,
    pub last: Seat,
}

impl Default for Hands {
    fn default() -> Self {
        Self { known: Vec::new(), last: Seat::KEYBOARD }
    }
}

/// The next press is asked for by a screen and steers nothing.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listening(pub bool);

/// A window's key by its place. winit names it as the W3C does, save the two that it calls after the super key; what it has
/// no name for it gives by the kernel's code.
#[must_use]
pub fn control_of(key: KeyCode) -> Option<Control> {
    match key {
        KeyCode::SuperLeft => "MetaLeft".parse().ok(),
        KeyCode::SuperRight => "MetaRight".parse().ok(),
        KeyCode::Unidentified(NativeKeyCode::Xkb(code)) => Control::from_x11_keycode(code.checked_add(8)?),
        named => {
            let name = format!("{named:?}");
            // F13 to F24 have numbers and no names among our controls
            let numbered = name.strip_prefix('F').and_then(|n| n.parse().ok()).filter(|n| (13..=24).contains(n));
            numbered.map(|n: u16| Control::Key(170 + n)).or_else(|| name.parse().ok())
        }
    }
}

fn hear(
    mut keys: MessageReader<KeyboardInput>,
    mut controls: ResMut<Controls>,
    mut hands: ResMut<Hands>,
    mut heard: Local<Vec<Heard>>,
    mut out: MessageWriter<Pressed>,
) {
    let mut last = None;
    for key in keys.read().filter(|key| key.state == ButtonState::Pressed) {
        let Some(control) = control_of(key.key_code) else { continue };
        last = Some(Seat::KEYBOARD);
        out.write(Pressed { control, seat: Seat::KEYBOARD, repeat: key.repeat });
    }
    // what listens changes nothing of what is bound
    if let Some(listen) = &mut controls.bypass_change_detection().listen {
        listen(&mut heard);
    }
    for heard in heard.drain(..) {
        match heard {
            Heard::Pressed { control, seat } => {
                last = Some(seat.clone());
                out.write(Pressed { control, seat, repeat: false });
            }
            Heard::Found(seat) => {
                if !hands.known.contains(&seat) {
                    hands.known.push(seat);
                }
            }
            Heard::Lost(seat) => hands.known.retain(|known| *known != seat),
        }
    }
    if let Some(last) = last.filter(|last| *last != hands.last) {
        hands.last = last;
    }
}

/// Hears in `PreUpdate`, before the focus is steered.
pub fn plugin(app: &mut App) {
    app.add_message::<Pressed>()
        .init_resource::<Controls>()
        .init_resource::<Hands>()
        .init_resource::<Listening>()
        .add_systems(PreUpdate, hear.in_set(Hearing).after(bevy::input::InputSystems));
}

/// What was pressed is known from here on.
#[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hearing;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_windows_key_is_the_taps_control() {
        for (key, name) in [
            (KeyCode::KeyA, "KeyA"),
            (KeyCode::Digit1, "Digit1"),
            (KeyCode::SuperLeft, "MetaLeft"),
            (KeyCode::IntlYen, "IntlYen"),
            (KeyCode::NumpadEnter, "NumpadEnter"),
        ] {
            assert_eq!(control_of(key), name.parse().ok(), "{key:?}");
        }
        // linux/input-event-codes.h: KEY_F13 is 183, KEY_F24 194, KEY_MACRO 112
        assert_eq!([KeyCode::F13, KeyCode::F24].map(control_of), [183, 194].map(|code| Some(Control::Key(code))));
        assert_eq!(control_of(KeyCode::Unidentified(NativeKeyCode::Xkb(112))), Some(Control::Key(112)));
        assert_eq!(control_of(KeyCode::Unidentified(NativeKeyCode::Unidentified)), None);
    }

    #[test]
    fn the_handiest_control_is_named_first() {
        let controls = Controls::default();
        let first = |kind, lanes| -> Vec<String> {
            controls.prompts(&Seat::any(kind), lanes).iter().map(|(_, slots)| slots[0].to_string()).collect()
        };
        assert_eq!(first(DeviceKind::Keyboard, 1), ["Space"]);
        assert_eq!(first(DeviceKind::Keyboard, 4), ["KeyD", "KeyF", "KeyJ", "KeyK"]);
        assert_eq!(first(DeviceKind::Pad, 2), ["PadLeft", "PadSouth"]);
        assert_eq!(first(DeviceKind::Midi, 1), ["AnyNote"]);
        let stick = |kind| -> Vec<String> {
            controls
                .stick_prompts(&Seat::any(kind))
                .iter()
                .filter_map(|slots| Some(slots.first()?.to_string()))
                .collect()
        };
        assert_eq!(stick(DeviceKind::Pad), ["LeftStickX"]);
        assert_eq!(stick(DeviceKind::Keyboard).len(), 2);
    }

    #[test]
    fn a_table_is_in_force_for_every_holder_at_once_and_a_wrong_one_changes_nothing() {
        let mut controls = Controls::default();
        let session = controls.bindings.clone();
        let table = Table::parse("[lanes]\n0 = [\"KeyG\"]\n").unwrap();
        controls.change(table.clone()).unwrap();
        assert_eq!(session.now(), Bindings::in_force(&table).unwrap().0);
        let wrong = Table::parse("[lanes]\n0 = [\"KeyGG\"]\n").unwrap();
        assert!(controls.change(wrong).is_err());
        assert_eq!((&controls.table, session.now()), (&table, Bindings::in_force(&table).unwrap().0));
    }
}
