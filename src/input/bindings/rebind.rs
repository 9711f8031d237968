//! Changing one binding, as a screen does that asks for "the key of lane 1".

use doozy_training::event::Lane;

use super::{Bindings, BindingsError, Conflict, DeviceRef, MAX_LANES, RESERVED, Slot, Table, lane_name};
use crate::input::{Control, DeviceKind};

/// What the control is to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The device's own table, by its kind's name or its own; none for the entries that hold on every device.
    pub device: Option<String>,
    /// The number of lanes of the levels for which it holds, 1 to [`MAX_LANES`].
    pub lanes: u8,
    pub lane: Lane,
}

/// Why a control cannot answer a lane.
#[derive(Debug, thiserror::Error)]
pub enum RebindError {
    #[error("{0} pauses and can answer no lane; press another")]
    Reserved(Control),
    #[error("lane {lane} of {lanes} does not exist; layouts have 1 to {MAX_LANES} lanes, counted from 0")]
    NoSuchLane { lane: u8, lanes: u8 },
    #[error("a {} has no {control}; press one of its own", kind.name())]
    NotOfDevice { kind: DeviceKind, control: Control },
    #[error(transparent)]
    Table(#[from] BindingsError),
}

/// Gives the lane this control instead of those that it had of the same kind of device; what other kinds have there stays.
///
/// The new table has explicit entries for what changed. A control that another lane of the layout had is taken from it, and
/// that is the first of the conflicts; the others are those of the table as a whole. The table that was given stays as it is.
///
/// # Errors
/// When the control pauses, the place does not exist, or the table itself is wrong.
pub fn rebind(table: &Table, place: &Place, control: Control) -> Result<(Table, Vec<Conflict>), RebindError> {
    give(table, place, control, true)
}

/// Gives the lane one more control; otherwise as [`rebind`].
///
/// # Errors
/// As [`rebind`].
pub fn add(table: &Table, place: &Place, control: Control) -> Result<(Table, Vec<Conflict>), RebindError> {
    give(table, place, control, false)
}

/// Takes what answers the lane from it; a lane that has nothing left answers nothing on that device. The new table has
/// an explicit entry for the lane.
///
/// # Errors
/// When the place does not exist or the table itself is wrong.
pub fn remove(table: &Table, place: &Place, slot: Slot) -> Result<(Table, Vec<Conflict>), RebindError> {
    check(place)?;
    let (before, _) = Bindings::in_force(table)?;
    let kind = DeviceKind::ALL.into_iter().find(|kind| slot.is_of(*kind)).unwrap_or(DeviceKind::Keyboard);
    let mut slots = at_present(&before, place, kind, place.lane);
    slots.retain(|other| *other != slot);
    let mut after = table.clone();
    write(&mut after, place, place.lane, &slots);
    let (_, conflicts) = Bindings::in_force(&after)?;
    Ok((after, conflicts))
}

fn check(place: &Place) -> Result<(), RebindError> {
    let Place { lanes, lane, .. } = *place;
    if lane.0 >= lanes || lanes > MAX_LANES {
        return Err(RebindError::NoSuchLane { lane: lane.0, lanes });
    }
    Ok(())
}

/// What answers a lane of the place's layout; with a device of its own what that device has.
fn at_present(bindings: &Bindings, place: &Place, kind: DeviceKind, lane: Lane) -> Vec<Slot> {
    let seat = place.device.as_deref().map(|name| DeviceRef { kind, name });
    let slots = bindings.layout(seat, place.lanes).into_iter().flat_map(|layout| layout.slots(lane));
    slots.filter(|slot| seat.is_none() || slot.is_of(kind)).collect()
}

/// An explicit entry for a lane in the place's table.
fn write(table: &mut Table, place: &Place, lane: Lane, slots: &[Slot]) {
    let layouts = match &place.device {
        None => &mut table.layouts,
        Some(device) => &mut table.device.entry(device.clone()).or_default().layouts,
    };
    let layout = layouts.entry(place.lanes.to_string()).or_default();
    layout.insert(lane.0.to_string(), slots.iter().map(ToString::to_string).collect());
}

fn give(table: &Table, place: &Place, control: Control, instead: bool) -> Result<(Table, Vec<Conflict>), RebindError> {
    check(place)?;
    let Place { device, lanes, lane } = place;
    let (before, _) = Bindings::in_force(table)?;
    if RESERVED.contains(&control) || before.menu(control) == Some(super::MenuAction::Pause) {
        return Err(RebindError::Reserved(control));
    }
    let kind = DeviceKind::ALL.into_iter().find(|kind| kind.has(control)).unwrap_or(DeviceKind::Keyboard);
    if let Some(named) = DeviceKind::ALL.into_iter().find(|named| device.as_deref() == Some(named.name()))
        && named != kind
    {
        return Err(RebindError::NotOfDevice { kind: named, control });
    }
    let new = Slot::Control(control);
    let name = match device {
        None => format!("layouts.{lanes}"),
        Some(device) => format!("device.{device}.layouts.{lanes}"),
    };
    let mut after = table.clone();
    let mut conflicts = Vec::new();
    for other in (0..*lanes).map(Lane).filter(|other| other != lane) {
        let mut slots = at_present(&before, place, kind, other);
        if slots.contains(&new) {
            slots.retain(|slot| *slot != new);
            write(&mut after, place, other, &slots);
            let [kept, dropped] = [*lane, other].map(|lane| lane_name(&name, lane));
            conflicts.push(Conflict { control: new, kept, dropped });
        }
    }
    let mut slots = at_present(&before, place, kind, *lane);
    slots.retain(|slot| if instead { !slot.is_of(kind) } else { *slot != new });
    slots.push(new);
    write(&mut after, place, *lane, &slots);
    let (_, others) = Bindings::in_force(&after)?;
    conflicts.extend(others);
    Ok((after, conflicts))
}
