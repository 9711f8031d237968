//! The player's table of bindings: its format, and what each of its entries names.

use std::{collections::BTreeMap, fmt, str::FromStr};

use doozy_training::event::Lane;
use serde::{Deserialize, Serialize};

use super::{MAX_LANES, MenuAction, presets::Preset};
use crate::input::{Control, DeviceKind, control::UnknownControl};

/// What can answer a lane: one control, or every MIDI note that is bound to nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Slot {
    Control(Control),
    AnyNote,
}

const ANY_NOTE: &str = "AnyNote";

impl Slot {
    /// Whether such a device can have it.
    #[must_use]
    pub fn is_of(self, kind: DeviceKind) -> bool {
        match self {
            Self::Control(control) => kind.has(control),
            Self::AnyNote => kind == DeviceKind::Midi,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control(control) => control.fmt(f),
            Self::AnyNote => f.write_str(ANY_NOTE),
        }
    }
}

impl FromStr for Slot {
    type Err = UnknownControl;

    fn from_str(name: &str) -> Result<Self, UnknownControl> {
        if name == ANY_NOTE { Ok(Self::AnyNote) } else { name.parse().map(Self::Control) }
    }
}

impl From<Slot> for String {
    fn from(slot: Slot) -> Self {
        slot.to_string()
    }
}

impl TryFrom<String> for Slot {
    type Error = UnknownControl;

    fn try_from(name: String) -> Result<Self, UnknownControl> {
        name.parse()
    }
}

/// Why a table of bindings is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BindingsError {
    /// The text is no table of bindings; the message names line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    #[error("[{table}] {lane}: a lane is a number from 0 to 255, as in `0 = [\"Space\"]`")]
    Lane { table: String, lane: String },
    #[error("[{table}.{layout}]: a layout is named by its number of lanes, 1 to {MAX_LANES}, as in [layouts.2]")]
    Layout { table: String, layout: String },
    #[error("[{table}] {lane}: a layout of {lanes} has lanes 0 to {}", lanes - 1)]
    NoSuchLane { table: String, lane: u8, lanes: u8 },
    #[error("[{table}] {key}: {unknown}")]
    Control { table: String, key: String, unknown: UnknownControl },
    #[error("[{table}] {lane}: a {} has no {slot}", kind.name())]
    NotOfDevice { table: String, lane: u8, kind: DeviceKind, slot: Slot },
    #[error("[{table}] {lane}: {slot} is an axis and presses nothing; it can move the stick, under [stick]")]
    NoPress { table: String, lane: u8, slot: Slot },
    #[error("[{table}] {part}: {control} {why}")]
    Stick { table: String, part: &'static str, control: Control, why: &'static str },
}

/// Lanes and what answers them, as written.
type Written = BTreeMap<String, Vec<String>>;

/// A table as the player's settings hold it. What is not named stays as the preset and the defaults have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// By lane, for levels with any number of lanes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lanes: Written,
    /// By number of lanes and lane; goes before `lanes`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub layouts: BTreeMap<String, Written>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub menu: BTreeMap<MenuAction, Vec<String>>,
    /// What moves the stick of a drill that steers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stick: super::stick::Written,
    /// By a kind of device (keyboard, pad, midi) or a device's name; a name goes before a kind, both before the rest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub device: BTreeMap<String, DeviceTable>,
}

/// What holds on one device or one kind of device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceTable {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lanes: Written,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub layouts: BTreeMap<String, Written>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stick: super::stick::Written,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// When the text is no table of bindings; what its entries name is checked when they are put in force.
    pub fn parse(text: &str) -> Result<Self, BindingsError> {
        Ok(toml::from_str(text)?)
    }

    /// The table as text, for the settings.
    #[must_use]
    pub fn to_text(&self) -> String {
        // maps of strings cannot fail to be TOML
        toml::to_string_pretty(self).unwrap_or_default()
    }
}

/// One set of entries: which lanes it names, and with what.
pub(super) struct Entries {
    /// As a message names it: `lanes`, `layouts.2`, `device.pad.lanes` …
    pub table: String,
    pub lanes: Vec<(Lane, Vec<Slot>)>,
}

/// The entries that apply to a layout of `lanes`, the general ones first.
pub(super) fn entries(
    prefix: &str,
    kind: Option<DeviceKind>,
    general: &Written,
    layouts: &BTreeMap<String, Written>,
    lanes: u8,
) -> Result<Vec<Entries>, BindingsError> {
    let mut all = vec![read(format!("{prefix}lanes"), kind, general, None)?];
    for (name, written) in layouts {
        let table = format!("{prefix}layouts");
        let count = name.parse().ok().filter(|count| (1..=MAX_LANES).contains(count));
        let Some(count) = count else { return Err(BindingsError::Layout { table, layout: name.clone() }) };
        let read = read(format!("{table}.{count}"), kind, written, Some(count))?;
        if count == lanes {
            all.push(read);
        }
    }
    Ok(all)
}

fn read(
    table: String,
    kind: Option<DeviceKind>,
    written: &Written,
    count: Option<u8>,
) -> Result<Entries, BindingsError> {
    let mut lanes = Vec::new();
    for (name, controls) in written {
        let lane = name.parse().map_err(|_| BindingsError::Lane { table: table.clone(), lane: name.clone() })?;
        if let Some(lanes) = count.filter(|count| lane >= *count) {
            return Err(BindingsError::NoSuchLane { table, lane, lanes });
        }
        let slots = parse(&table, name, controls)?;
        if let Some(slot) = slots.iter().copied().find(|slot| matches!(slot, Slot::Control(Control::Axis(_)))) {
            return Err(BindingsError::NoPress { table, lane, slot });
        }
        if let Some(kind) = kind
            && let Some(slot) = slots.iter().copied().find(|slot: &Slot| !slot.is_of(kind))
        {
            return Err(BindingsError::NotOfDevice { table, lane, kind, slot });
        }
        lanes.push((Lane(lane), slots));
    }
    lanes.sort_by_key(|(lane, _)| *lane);
    Ok(Entries { table, lanes })
}

/// The controls that an entry names.
pub(super) fn parse<T>(table: &str, key: &str, names: &[String]) -> Result<Vec<T>, BindingsError>
where
    T: FromStr<Err = UnknownControl>,
{
    let parsed = names.iter().map(|name| name.parse()).collect::<Result<Vec<_>, _>>();
    parsed.map_err(|unknown| BindingsError::Control { table: table.to_owned(), key: key.to_owned(), unknown })
}
