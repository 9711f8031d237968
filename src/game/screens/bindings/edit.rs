//! What the screen of bindings looks at, and what choosing on it does.

use bevy::{input_focus::InputFocus, prelude::*};
use doozy_training::event::Lane;

use crate::{
    game::{
        Words,
        controls::{Controls, Hands, Listening, Pressed, Seat, SharedBindings},
        focus::{Chosen, How, Item},
        screens::{names, prompts},
    },
    input::{
        Bindings, Control, DeviceKind,
        bindings::{
            MAX_LANES, Preset, Slot, Table,
            rebind::{Place, RebindError, add, rebind, remove},
        },
        labels::Labels,
    },
};

/// evdev's KEY_ESC.
const ESCAPE: Control = Control::Key(1);
/// How many steps can be taken back. ◇
const REMEMBERED: usize = 64;

/// What choosing an item of this screen does.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bind {
    Preset,
    Device,
    Lanes,
    /// The next press answers this lane, instead of what did.
    Instead(Lane),
    /// The next press answers it as well.
    More(Lane),
    /// This answers it no longer.
    Without(Lane, Slot),
    Undo,
    /// The defaults, on every device.
    Reset,
}

/// What the next press is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    pub lane: Lane,
    pub instead: bool,
}

/// A line about what just happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub line: String,
    /// Something is not as it should be.
    pub grave: bool,
}

/// What is being looked at.
#[derive(Resource, Debug)]
pub struct Editing {
    pub seats: Vec<Seat>,
    pub seat: usize,
    /// 1 to [`MAX_LANES`].
    pub lanes: u8,
    pub awaited: Option<Awaited>,
    pub said: Option<Said>,
    pub labels: Labels,
    /// Where the focus stands, for the screen that is drawn anew.
    pub at: Option<Item>,
    /// Earlier tables, the latest last.
    pub before: Vec<Table>,
}

impl Default for Editing {
    fn default() -> Self {
        Self {
            seats: DeviceKind::ALL.map(Seat::any).into(),
            seat: 0,
            lanes: 1,
            awaited: None,
            said: None,
            labels: Labels::default(),
            at: None,
            before: Vec::new(),
        }
    }
}

impl Editing {
    #[must_use]
    pub fn seat(&self) -> Seat {
        self.seats.get(self.seat).cloned().unwrap_or(Seat::KEYBOARD)
    }

    fn place(&self, lane: Lane) -> Place {
        let seat = self.seat();
        let device = if seat.name.is_empty() { seat.kind.name().to_owned() } else { seat.name };
        Place { device: Some(device), lanes: self.lanes, lane }
    }

    fn say(&mut self, line: String, grave: bool) {
        self.said = Some(Said { line, grave });
    }
}

/// The devices to choose from: each kind as a whole, those that are there, and those that the table names.
fn seats(hands: &Hands, table: &Table) -> Vec<Seat> {
    let mut seats: Vec<Seat> = DeviceKind::ALL.map(Seat::any).into();
    seats.extend(hands.known.iter().cloned());
    for (name, own) in &table.device {
        if DeviceKind::ALL.iter().any(|kind| kind.name() == name) || seats.iter().any(|seat| seat.name == *name) {
            continue;
        }
        // one that is not plugged in is of the kind that has what it is bound to
        let bound = own.lanes.values().chain(own.layouts.values().flat_map(|layout| layout.values())).flatten();
        let slots = bound.filter_map(|slot| slot.parse::<Slot>().ok()).collect::<Vec<_>>();
        if let Some(kind) = DeviceKind::ALL.into_iter().find(|kind| slots.iter().any(|slot| slot.is_of(*kind))) {
            seats.push(Seat { kind, name: name.clone() });
        }
    }
    seats.sort_by_key(|seat| seat.kind);
    seats
}

pub(super) fn enter(mut editing: ResMut<Editing>, controls: Res<Controls>, hands: Res<Hands>) {
    let seats = seats(&hands, &controls.table);
    // whoever comes with a pad in hand has come for the pad
    let seat = seats.iter().position(|seat| *seat == hands.last).unwrap_or(0);
    *editing = Editing { seats, seat, labels: (controls.labels)(), ..Editing::default() };
}

pub(super) fn leave(mut editing: ResMut<Editing>, mut listening: ResMut<Listening>) {
    editing.awaited = None;
    listening.0 = false;
}

/// Devices that come and go while the screen is up.
pub(super) fn meet(mut editing: ResMut<Editing>, controls: Res<Controls>, hands: Res<Hands>) {
    if !hands.is_changed() {
        return;
    }
    let found = seats(&hands, &controls.table);
    if found != editing.seats {
        let seat = editing.seat();
        editing.seat = found.iter().position(|other| *other == seat).unwrap_or(0);
        editing.seats = found;
    }
}

/// The press that a lane waits for.
pub(super) fn capture(
    mut pressed: MessageReader<Pressed>,
    mut editing: ResMut<Editing>,
    mut controls: ResMut<Controls>,
    mut listening: ResMut<Listening>,
    says: Res<Words>,
) {
    for Pressed { control, seat, repeat } in pressed.read() {
        let Some(awaited) = editing.awaited.filter(|_| !repeat) else { continue };
        if *control == ESCAPE {
            editing.awaited = None;
            editing.said = None;
            continue;
        }
        if !editing.seat().holds(seat) {
            let args =
                [("pressed", names::seat(&says, seat).into()), ("wanted", names::seat(&says, &editing.seat()).into())];
            editing.say(says.get("bindings-other-device", &args), true);
            continue;
        }
        take(&mut editing, &mut controls, &says, awaited, *control);
    }
    let wanted = editing.awaited.is_some();
    if listening.0 != wanted {
        listening.0 = wanted;
    }
}

/// Binds what was pressed and says what became of it.
fn take(editing: &mut Editing, controls: &mut Controls, says: &Words, awaited: Awaited, control: Control) {
    let Awaited { lane, instead } = awaited;
    let place = editing.place(lane);
    let called = names::name(says, &editing.labels, Slot::Control(control));
    let bound = if instead { rebind } else { add }(&controls.table, &place, control);
    let table = match bound {
        Ok((table, _)) => table,
        Err(RebindError::Reserved(_)) => {
            return editing.say(says.get("bindings-reserved", &[("key", called.into())]), true);
        }
        Err(other) => {
            editing.awaited = None;
            return editing.say(says.get("bindings-refused", &[("why", other.to_string().into())]), true);
        }
    };
    let lost_by = controls
        .prompts(&editing.seat(), editing.lanes)
        .into_iter()
        .find(|(other, slots)| *other != lane && slots.contains(&Slot::Control(control)));
    editing.awaited = None;
    put(editing, controls, says, table);
    if editing.said.as_ref().is_some_and(|said| said.grave) {
        return;
    }
    let number = u32::from(lane.0) + 1;
    match lost_by {
        None => editing.say(says.get("bindings-bound", &[("key", called.into()), ("lane", number.into())]), false),
        Some((other, slots)) => {
            let id = if slots.len() == 1 { "bindings-taken-last" } else { "bindings-taken" };
            let from = u32::from(other.0) + 1;
            let args = [("key", called.into()), ("lane", number.into()), ("from", from.into())];
            editing.say(says.get(id, &args), slots.len() == 1);
        }
    }
}

/// Puts a table in force and remembers the one before; says so where it could not be kept.
fn put(editing: &mut Editing, controls: &mut Controls, says: &Words, table: Table) {
    let before = controls.table.clone();
    editing.said = None;
    if let Err(fault) = controls.change(table) {
        editing.say(says.get("notice-settings-not-kept", &[("fault", format!("{fault:#}").into())]), true);
    }
    if before != controls.table {
        editing.before.push(before);
        if editing.before.len() > REMEMBERED {
            editing.before.remove(0);
        }
    }
}

/// A step through `count` things, round and round.
fn stepped(at: usize, count: usize, how: How) -> usize {
    let by = match how {
        How::Accept => 1,
        How::Step(by) => by as isize,
    };
    (at as isize + by).rem_euclid(count.max(1) as isize) as usize
}

/// Does what was chosen.
#[expect(clippy::too_many_arguments, reason = "a system takes what it reads")]
pub(super) fn act(
    mut chosen: MessageReader<Chosen>,
    acts: Query<&Bind>,
    items: Query<&Item>,
    focus: Res<InputFocus>,
    mut editing: ResMut<Editing>,
    mut controls: ResMut<Controls>,
    mut listening: ResMut<Listening>,
    says: Res<Words>,
) {
    for Chosen { item, how } in chosen.read() {
        let Ok(&act) = acts.get(*item) else { continue };
        let editing = &mut *editing;
        // a mouse that chooses something else asks no longer for a press
        editing.awaited = None;
        editing.at = focus.get().and_then(|entity| items.get(entity).ok()).copied();
        match act {
            Bind::Preset => {
                let all = Preset::ALL;
                let now = controls.table.preset.unwrap_or_default();
                let at = all.iter().position(|preset| *preset == now).unwrap_or(0);
                let preset = all[stepped(at, all.len(), *how)];
                // the defaults need no entry
                let preset = (preset != Preset::default()).then_some(preset);
                let table = Table { preset, ..controls.table.clone() };
                put(editing, &mut controls, &says, table);
            }
            Bind::Device => {
                editing.seat = stepped(editing.seat, editing.seats.len(), *how);
                editing.said = None;
            }
            Bind::Lanes => {
                editing.lanes = 1 + stepped(usize::from(editing.lanes - 1), usize::from(MAX_LANES), *how) as u8;
                editing.said = None;
            }
            Bind::Instead(lane) | Bind::More(lane) => {
                editing.awaited = Some(Awaited { lane, instead: matches!(act, Bind::Instead(_)) });
                editing.said = None;
                listening.0 = true;
            }
            Bind::Without(lane, slot) => match remove(&controls.table, &editing.place(lane), slot) {
                Ok((table, _)) => put(editing, &mut controls, &says, table),
                Err(why) => editing.say(says.get("bindings-refused", &[("why", why.to_string().into())]), true),
            },
            Bind::Undo => {
                if let Some(table) = editing.before.pop() {
                    put(editing, &mut controls, &says, table);
                    editing.before.pop();
                }
            }
            Bind::Reset => {
                let table = Table { menu: controls.table.menu.clone(), ..Table::default() };
                put(editing, &mut controls, &says, table);
            }
        }
    }
}

/// What a preset has on a device for levels with so many lanes, in one line; none where a lane has nothing.
#[must_use]
pub fn preview(preset: Preset, seat: &Seat, lanes: u8, says: &Words, labels: &Labels) -> Option<String> {
    let table = Table { preset: Some(preset), ..Table::default() };
    let bindings = SharedBindings::new(Bindings::in_force(&table).ok()?.0);
    let controls = Controls { bindings, ..Controls::default() };
    let keys = prompts::of(&controls, &Seat::any(seat.kind), lanes);
    keys.iter().all(|slots| !slots.is_empty()).then(|| prompts::line(says, labels, &keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_those_of_the_kinds_those_there_and_those_the_table_names() {
        let hands = Hands { known: vec![Seat { kind: DeviceKind::Pad, name: "Xbox".into() }], ..Hands::default() };
        let table = Table::parse(
            "[device.Xbox.lanes]\n0 = [\"PadSouth\"]\n[device.\"TD-17\".layouts.2]\n1 = [\"Note38\"]\n\
             [device.pad.lanes]\n0 = [\"PadWest\"]\n",
        )
        .unwrap();
        let names: Vec<_> = seats(&hands, &table).into_iter().map(|seat| (seat.kind, seat.name)).collect();
        assert_eq!(
            names,
            [
                (DeviceKind::Keyboard, String::new()),
                (DeviceKind::Pad, String::new()),
                (DeviceKind::Pad, "Xbox".into()),
                (DeviceKind::Midi, String::new()),
                (DeviceKind::Midi, "TD-17".into())
            ]
        );
    }

    #[test]
    fn a_key_of_another_lane_is_taken_from_it_and_that_is_said_with_what_it_needs() {
        let (mut editing, mut controls, says) = (Editing::default(), Controls::default(), Words::default());
        editing.lanes = 2;
        let key = |name: &str| name.parse::<Control>().unwrap();
        take(&mut editing, &mut controls, &says, Awaited { lane: Lane(0), instead: true }, key("KeyJ"));
        let said = editing.said.clone().unwrap();
        assert!(said.grave && said.line.contains("lane 2") && said.line.contains("J"), "{}", said.line);
        let keyboard: Vec<_> = controls.prompts(&Seat::KEYBOARD, 2).into_iter().map(|(_, slots)| slots.len()).collect();
        assert_eq!(keyboard, [1, 0]);
        let pad = controls.prompts(&Seat::any(DeviceKind::Pad), 2);
        assert!(pad.iter().all(|(_, slots)| !slots.is_empty()), "pads keep what they had");
        take(&mut editing, &mut controls, &says, Awaited { lane: Lane(1), instead: true }, key("Escape"));
        assert!(editing.said.as_ref().is_some_and(|said| said.grave && said.line.contains("Esc")));
        assert_eq!(editing.before, [Table::default()]);
    }

    #[test]
    fn what_cannot_be_kept_is_said_and_in_force_all_the_same() {
        let (mut editing, says) = (Editing::default(), Words::default());
        let mut controls = Controls { keep: Box::new(|_| anyhow::bail!("the disk is full")), ..Controls::default() };
        let key = "KeyG".parse().unwrap();
        take(&mut editing, &mut controls, &says, Awaited { lane: Lane(0), instead: true }, key);
        assert!(editing.said.as_ref().is_some_and(|said| said.grave && said.line.contains("the disk is full")));
        assert!(controls.answers(key, &Seat::KEYBOARD, 1));
    }

    #[test]
    fn presets_show_what_they_have_on_a_device_or_nothing() {
        let (says, labels) = (Words::default(), Labels::default());
        let line = |preset, kind, lanes| preview(preset, &Seat::any(kind), lanes, &says, &labels);
        assert_eq!(line(Preset::OneHandedLeft, DeviceKind::Keyboard, 3).unwrap(), "S   ·   D   ·   F");
        assert_eq!(line(Preset::PadOnly, DeviceKind::Keyboard, 1), None);
        assert!(line(Preset::Drums, DeviceKind::Midi, 4).is_some());
    }
}
