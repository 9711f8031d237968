//! What moves the stick of a drill that steers: an axis of a pad, or controls that push it to the left and to the right.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BindingsError, Conflict, MenuAction, Slot, note, table::parse};
use crate::input::{Control, DeviceKind};

/// What a control does to the stick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StickPart {
    /// Where it stands, the stick stands.
    Axis,
    /// While it is down, the stick goes to the left.
    Left,
    Right,
}

impl StickPart {
    pub const ALL: [Self; 3] = [Self::Axis, Self::Left, Self::Right];

    fn name(self) -> &'static str {
        match self {
            Self::Axis => "axis",
            Self::Left => "left",
            Self::Right => "right",
        }
    }
}

/// The stick's entries as written.
pub type Written = BTreeMap<StickPart, Vec<String>>;

/// The stick's controls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stick(BTreeMap<Control, StickPart>);

impl Stick {
    pub fn part(&self, control: Control) -> Option<StickPart> {
        self.0.get(&control).copied()
    }

    pub fn controls(&self, part: StickPart) -> impl Iterator<Item = Control> {
        self.0.iter().filter(move |(_, bound)| **bound == part).map(|(control, _)| *control)
    }

    /// Lays entries over these: a part that they name is bound as they say and no other way; a control that they use is
    /// taken from what was below.
    pub fn put_over(
        &mut self,
        prefix: &str,
        kind: Option<DeviceKind>,
        layer: &Written,
        conflicts: &mut Vec<Conflict>,
    ) -> Result<(), BindingsError> {
        let table = format!("{prefix}stick");
        let mut parts = Vec::new();
        for (part, names) in layer {
            let controls = parse::<Control>(&table, part.name(), names)?;
            for control in &controls {
                let wrong =
                    |why| BindingsError::Stick { table: table.clone(), part: part.name(), control: *control, why };
                if kind.is_some_and(|kind| !kind.has(*control)) {
                    return Err(wrong("is no part of that device"));
                }
                match (part, control) {
                    (StickPart::Axis, Control::Axis(_)) => {}
                    (StickPart::Axis, _) => return Err(wrong("is no axis; LeftStickX and RightStickX are")),
                    (_, Control::Axis(_)) => return Err(wrong("is an axis; name it under `axis`")),
                    _ => {}
                }
            }
            parts.push((*part, controls));
        }
        self.0
            .retain(|control, part| parts.iter().all(|(named, controls)| named != part && !controls.contains(control)));
        for (part, controls) in parts {
            for control in controls {
                let kept = *self.0.entry(control).or_insert(part);
                if kept != part {
                    let [kept, dropped] = [kept, part].map(|part| format!("{table}.{}", part.name()));
                    note(conflicts, Conflict { control: Slot::Control(control), kept, dropped });
                }
            }
        }
        Ok(())
    }

    /// Takes what pauses from the stick.
    pub fn reserve(&mut self, pauses: &[Slot], conflicts: &mut Vec<Conflict>) {
        self.0.retain(|control, part| {
            let taken = pauses.contains(&Slot::Control(*control));
            if taken {
                let (kept, dropped) = (MenuAction::Pause.title(), format!("stick.{}", part.name()));
                note(conflicts, Conflict { control: Slot::Control(*control), kept, dropped });
            }
            !taken
        });
    }
}
