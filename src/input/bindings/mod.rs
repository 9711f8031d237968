//! Bindings: which control answers which lane, and what it does in menus. Keys count by their place.
//!
//! A *layout* is what answers the lanes of a level that has so many of them. It is put together from the defaults, a
//! preset, and the player's own table ([`table`]), and again for each device that has a table of its own.

pub mod presets;
pub mod rebind;
pub mod stick;
pub mod table;

use std::collections::BTreeMap;

use doozy_training::event::{Input, Lane, Press, Release};
use serde::{Deserialize, Serialize};

use self::{
    stick::Stick,
    table::{Entries, entries, parse},
};
use super::{Control, DeviceKind, Edge, TimedInput, control::PadButton};

pub use self::{
    presets::{DEFAULTS, Preset},
    stick::StickPart,
    table::{BindingsError, Slot, Table},
};

/// The most lanes that a level can ask for.
pub const MAX_LANES: u8 = 4;

/// Controls that no lane can have: without them nobody gets out of a session.
pub const RESERVED: [Control; 2] = [Control::Key(1), Control::Button(PadButton::Start)];

/// The note of a simulated player where any will do: middle C.
const SOME_NOTE: Control = Control::Note(60);

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
    pub control: Slot,
    pub kept: String,
    pub dropped: String,
}

/// A device as bindings tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceRef<'a> {
    pub kind: DeviceKind,
    /// As [`super::Notice::DeviceFound`] gives it; empty for the keyboard.
    pub name: &'a str,
}

impl DeviceRef<'_> {
    pub const KEYBOARD: DeviceRef<'static> = DeviceRef { kind: DeviceKind::Keyboard, name: "" };
}

/// What answers the lanes of a level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Layout(BTreeMap<Slot, Lane>);

/// A layout for 1, 2, 3 and 4 lanes.
type Layouts = [Layout; MAX_LANES as usize];

/// The bindings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bindings {
    general: Layouts,
    /// By kind, and by name where the device has a table of its own.
    devices: BTreeMap<(DeviceKind, Option<String>), Layouts>,
    menu: BTreeMap<Control, MenuAction>,
    stick: Stick,
    /// By kind, and by name, as `devices`.
    sticks: BTreeMap<(DeviceKind, Option<String>), Stick>,
}

impl Default for Bindings {
    fn default() -> Self {
        // The defaults are constants of this program, which a test reads as well.
        Self::in_force(&Table::default())
            .map_or_else(|_| unreachable!("the default bindings are valid"), |(bindings, _)| bindings)
    }
}

impl Bindings {
    /// The defaults with a player's TOML over them; see [`Bindings::in_force`].
    ///
    /// # Errors
    /// When the text is no table of bindings or names a control that does not exist.
    pub fn with_player_file(text: &str) -> Result<(Self, Vec<Conflict>), BindingsError> {
        Self::in_force(&Table::parse(text)?)
    }

    /// The defaults, the table's preset over them, and its own entries over both, with every control that was given two
    /// things. A lane or action that a layer names is bound as it says and no other way, all others stay; a control that it
    /// uses is taken from the layers below.
    ///
    /// # Errors
    /// When the table names a control, a lane or a layout that does not exist.
    pub fn in_force(table: &Table) -> Result<(Self, Vec<Conflict>), BindingsError> {
        let mut conflicts = Vec::new();
        let mut general = Layouts::default();
        let defaults = Table::parse(DEFAULTS)?;
        let preset = Table::parse(table.preset.unwrap_or_default().text())?;
        let menu = menu(&defaults, table, &mut conflicts)?;
        for layer in [&defaults, &preset, table] {
            put_over(&mut general, "", None, &layer.lanes, &layer.layouts, &mut conflicts)?;
        }
        let (mut stick, mut sticks) = (Stick::default(), BTreeMap::new());
        for layer in [&defaults, &preset, table] {
            stick.put_over("", None, &layer.stick, &mut conflicts)?;
        }
        let mut devices = BTreeMap::new();
        for kind in DeviceKind::ALL {
            let own = table.device.get(kind.name());
            let (mut layouts, mut of_kind) = (general.clone(), stick.clone());
            if let Some(own) = own {
                let prefix = format!("device.{}.", kind.name());
                put_over(&mut layouts, &prefix, Some(kind), &own.lanes, &own.layouts, &mut conflicts)?;
                of_kind.put_over(&prefix, Some(kind), &own.stick, &mut conflicts)?;
                devices.insert((kind, None), layouts.clone());
                sticks.insert((kind, None), of_kind.clone());
            }
            for (name, named) in
                table.device.iter().filter(|(name, _)| DeviceKind::ALL.iter().all(|k| k.name() != *name))
            {
                let prefix = format!("device.{name}.");
                let mut layouts = layouts.clone();
                put_over(&mut layouts, &prefix, None, &named.lanes, &named.layouts, &mut conflicts)?;
                if let Some(own) = own {
                    clash(kind, own, (&prefix, named), &mut conflicts)?;
                }
                devices.insert((kind, Some(name.clone())), layouts);
                let mut own_stick = of_kind.clone();
                own_stick.put_over(&prefix, None, &named.stick, &mut conflicts)?;
                sticks.insert((kind, Some(name.clone())), own_stick);
            }
        }
        let mut bindings = Self { general, devices, menu, stick, sticks };
        bindings.reserve(&mut conflicts);
        Ok((bindings, conflicts))
    }

    /// Takes what pauses from the lanes and the stick: it alone is heard while they are.
    fn reserve(&mut self, conflicts: &mut Vec<Conflict>) {
        let pauses = self.menu.iter().filter(|(_, action)| **action == MenuAction::Pause).map(|(control, _)| *control);
        let reserved = pauses.chain(RESERVED).map(Slot::Control).collect::<Vec<_>>();
        for stick in [&mut self.stick].into_iter().chain(self.sticks.values_mut()) {
            stick.reserve(&reserved, conflicts);
        }
        for layout in [&mut self.general].into_iter().chain(self.devices.values_mut()).flatten() {
            for slot in &reserved {
                if let Some(lane) = layout.0.remove(slot) {
                    let kept = MenuAction::Pause.title();
                    note(conflicts, Conflict { control: *slot, kept, dropped: format!("lane {}", lane.0) });
                }
            }
        }
    }

    /// The lane that a control of a device answers in a level with so many lanes.
    #[must_use]
    pub fn lane(&self, control: Control, device: DeviceRef<'_>, lanes: u8) -> Option<Lane> {
        let layout = &self.layout(Some(device), lanes)?.0;
        let any = || matches!(control, Control::Note(_)).then(|| layout.get(&Slot::AnyNote)).flatten();
        layout.get(&Slot::Control(control)).or_else(any).copied().filter(|lane| lane.0 < lanes)
    }

    /// What a control does in a menu.
    #[must_use]
    pub fn menu(&self, control: Control) -> Option<MenuAction> {
        self.menu.get(&control).copied()
    }

    /// The controls that do this in menus.
    pub fn controls_of(&self, action: MenuAction) -> impl Iterator<Item = Control> + '_ {
        self.menu.iter().filter(move |(_, bound)| **bound == action).map(|(control, _)| *control)
    }

    /// What answers each lane on a device, for its prompts: from lane 0, keys by their place.
    #[must_use]
    pub fn prompts(&self, device: DeviceRef<'_>, lanes: u8) -> Vec<(Lane, Vec<Slot>)> {
        let Some(layout) = self.layout(Some(device), lanes) else { return Vec::new() };
        let of = |lane| layout.slots(lane).filter(|slot| slot.is_of(device.kind)).collect();
        (0..lanes).map(|lane| (Lane(lane), of(Lane(lane)))).collect()
    }

    /// Some control that answers the lane on any device, for simulated players: a key if there is one.
    #[must_use]
    pub fn some_control(&self, lane: Lane, lanes: u8) -> Option<Control> {
        let slot = self.layout(None, lanes)?.slots(lane).next()?;
        Some(match slot {
            Slot::Control(control) => control,
            Slot::AnyNote => SOME_NOTE,
        })
    }

    /// The input as the session takes it, in a level with so many lanes; none if no lane of it is bound to its control.
    #[must_use]
    pub fn session_input(&self, input: &TimedInput, device: DeviceRef<'_>, lanes: u8) -> Option<Input> {
        let lane = self.lane(input.control, device, lanes)?;
        let TimedInput { t, err, source, device, control, edge, seq } = *input;
        let control = control.code();
        Some(match edge {
            Edge::Tilt(_) => return None,
            Edge::Down => Input::Press(Press { t, err, source, device, lane, control, seq }),
            Edge::Up(cause) => Input::Release(Release { t, device, lane, control, seq, cause }),
        })
    }

    /// What a control of a device does to the stick of a drill that steers.
    #[must_use]
    pub fn stick(&self, control: Control, device: DeviceRef<'_>) -> Option<StickPart> {
        self.stick_of(device).part(control)
    }

    /// What moves the stick on a device, for its prompts: each part with the controls that the device has for it.
    #[must_use]
    pub fn stick_prompts(&self, device: DeviceRef<'_>) -> Vec<(StickPart, Vec<Control>)> {
        let stick = self.stick_of(device);
        let of = |part| stick.controls(part).filter(|control| device.kind.has(*control)).collect();
        StickPart::ALL.into_iter().map(|part| (part, of(part))).collect()
    }

    /// Some axis that moves the stick on any device, for simulated players.
    #[must_use]
    pub fn some_axis(&self) -> Option<Control> {
        self.stick.controls(StickPart::Axis).next()
    }

    fn stick_of(&self, DeviceRef { kind, name }: DeviceRef<'_>) -> &Stick {
        let own = self.sticks.get(&(kind, Some(name.to_owned()))).or_else(|| self.sticks.get(&(kind, None)));
        own.unwrap_or(&self.stick)
    }

    fn layout(&self, device: Option<DeviceRef<'_>>, lanes: u8) -> Option<&Layout> {
        let at = usize::from(lanes.min(MAX_LANES).checked_sub(1)?);
        let own = device.and_then(|DeviceRef { kind, name }| {
            self.devices.get(&(kind, Some(name.to_owned()))).or_else(|| self.devices.get(&(kind, None)))
        });
        own.unwrap_or(&self.general).get(at)
    }
}

impl Layout {
    fn slots(&self, lane: Lane) -> impl Iterator<Item = Slot> {
        self.0.iter().filter(move |(_, bound)| **bound == lane).map(|(slot, _)| *slot)
    }

    fn put_over(&mut self, layer: &Entries, conflicts: &mut Vec<Conflict>) {
        let named = |lane: &Lane| layer.lanes.iter().any(|(named, _)| named == lane);
        let claimed = |slot: &Slot| layer.lanes.iter().any(|(_, slots)| slots.contains(slot));
        self.0.retain(|slot, lane| !named(lane) && !claimed(slot));
        for (lane, slots) in &layer.lanes {
            for slot in slots {
                let kept = *self.0.entry(*slot).or_insert(*lane);
                if kept != *lane {
                    let [kept, dropped] = [kept, *lane].map(|lane| lane_name(&layer.table, lane));
                    note(conflicts, Conflict { control: *slot, kept, dropped });
                }
            }
        }
    }
}

fn put_over(
    layouts: &mut Layouts,
    prefix: &str,
    kind: Option<DeviceKind>,
    general: &BTreeMap<String, Vec<String>>,
    by_count: &BTreeMap<String, BTreeMap<String, Vec<String>>>,
    conflicts: &mut Vec<Conflict>,
) -> Result<(), BindingsError> {
    for (lanes, layout) in (1..=MAX_LANES).zip(layouts) {
        for layer in entries(prefix, kind, general, by_count, lanes)? {
            layout.put_over(&layer, conflicts);
        }
    }
    Ok(())
}

/// Tells of controls that a kind's table and a named device's table give to different lanes; the name goes first.
fn clash(
    kind: DeviceKind,
    own: &table::DeviceTable,
    (prefix, named): (&str, &table::DeviceTable),
    conflicts: &mut Vec<Conflict>,
) -> Result<(), BindingsError> {
    let of_kind = format!("device.{}.", kind.name());
    for lanes in 1..=MAX_LANES {
        let first = entries(prefix, None, &named.lanes, &named.layouts, lanes)?;
        let second = entries(&of_kind, Some(kind), &own.lanes, &own.layouts, lanes)?;
        for (a, b) in first.iter().flat_map(|a| second.iter().map(move |b| (a, b))) {
            for (control, kept, dropped) in twice(a, b) {
                note(
                    conflicts,
                    Conflict { control, kept: lane_name(&a.table, kept), dropped: lane_name(&b.table, dropped) },
                );
            }
        }
    }
    Ok(())
}

/// Slots that two tables give to different lanes.
fn twice<'a>(a: &'a Entries, b: &'a Entries) -> impl Iterator<Item = (Slot, Lane, Lane)> {
    let all =
        |entries: &'a Entries| entries.lanes.iter().flat_map(|(lane, slots)| slots.iter().map(move |s| (*s, *lane)));
    all(a).flat_map(move |(slot, kept)| {
        all(b).filter(move |(other, lane)| *other == slot && *lane != kept).map(move |(_, lane)| (slot, kept, lane))
    })
}

fn menu(
    defaults: &Table,
    table: &Table,
    conflicts: &mut Vec<Conflict>,
) -> Result<BTreeMap<Control, MenuAction>, BindingsError> {
    let mut menu: BTreeMap<Control, MenuAction> = BTreeMap::new();
    for layer in [defaults, table] {
        let mut actions = Vec::new();
        for (action, names) in &layer.menu {
            actions.push((*action, parse::<Control>("menu", action.name(), names)?));
        }
        menu.retain(|control, action| {
            actions.iter().all(|(named, controls)| named != action && !controls.contains(control))
        });
        for (action, controls) in actions {
            for control in controls {
                let kept = *menu.entry(control).or_insert(action);
                if kept != action {
                    let control = Slot::Control(control);
                    note(conflicts, Conflict { control, kept: kept.title(), dropped: action.title() });
                }
            }
        }
    }
    Ok(menu)
}

/// A conflict of the general entries is met once a layout, and told once.
fn note(conflicts: &mut Vec<Conflict>, conflict: Conflict) {
    if !conflicts.contains(&conflict) {
        conflicts.push(conflict);
    }
}

fn lane_name(table: &str, lane: Lane) -> String {
    match table {
        "lanes" => format!("lane {}", lane.0),
        table => format!("lane {} of {}", lane.0, table.strip_suffix(".lanes").unwrap_or(table)),
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

#[cfg(test)]
mod tests;
