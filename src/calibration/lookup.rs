//! Which offset applies: to this output and this input, and to no other.
//!
//! A measured offset belongs to the pair of devices that it was measured on. Where nothing was measured on the pair in
//! use, the number that a player has set by hand holds (settings.toml), and never that of another device (cases A28).

use std::collections::BTreeMap;

use doozy_training::{
    event::DeviceId,
    time::{HostTime, Nanos},
};
use serde::{Deserialize, Serialize};

use super::{
    Method, Sense,
    store::{Change, Entry, Standing, standing},
};
use crate::{
    audio,
    input::{DeviceKind, KEYBOARD, Notice},
};

/// Name of the output where there is none: nothing is heard.
pub const SILENT: &str = "silent";
/// Name of a display whose own name is not known.
pub const DISPLAY: &str = "default";

/// A sound output as it is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// As the system calls it, or [`SILENT`].
    pub name: String,
    /// Hz.
    pub rate: u32,
    /// Frames a callback, where there is a device.
    pub buffer: Option<u32>,
}

impl From<&audio::Report> for Output {
    fn from(report: &audio::Report) -> Self {
        let name = report.device.clone().unwrap_or_else(|| SILENT.to_owned());
        Self { name, rate: report.rate, buffer: report.buffer }
    }
}

/// An input device as it stays the same over sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputId {
    /// "keyboard", "pad"…
    pub kind: String,
    /// As the system calls it; empty for the keyboard, since the window system merges all of them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What stays the same when it is plugged in again, where there is such a thing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub identity: String,
}

impl InputId {
    #[must_use]
    pub fn keyboard() -> Self {
        Self { kind: "keyboard".into(), name: String::new(), identity: String::new() }
    }

    /// A pad, or whatever else has a name and an identity of its own.
    #[must_use]
    pub fn named(kind: &str, name: &str, identity: &str) -> Self {
        Self { kind: kind.into(), name: name.into(), identity: identity.into() }
    }

    /// Whether both are the same device: by identity where both have one, else by name.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let same = if self.identity.is_empty() || other.identity.is_empty() {
            self.name == other.name
        } else {
            self.identity == other.identity
        };
        same && self.kind == other.kind
    }

    /// For people and the record: its name, or its kind where it has none.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.name.is_empty() { &self.kind } else { &self.name }
    }
}

/// The input devices of a session by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Inputs(BTreeMap<DeviceId, InputId>);

impl Inputs {
    /// Learns from what the taps say.
    pub fn notice(&mut self, notice: &Notice) {
        if let Notice::DeviceFound { device, name, uuid, .. } = notice {
            self.0.insert(*device, InputId::named(DeviceKind::of(*device).name(), name, uuid));
        }
    }

    /// The device of this number; one that nobody announced is known by its number alone, which no stored entry has.
    #[must_use]
    pub fn of(&self, device: DeviceId) -> InputId {
        match self.0.get(&device) {
            Some(id) => id.clone(),
            None if device == KEYBOARD => InputId::keyboard(),
            None => InputId::named("unknown", &device.0.to_string(), ""),
        }
    }
}

/// Where an applied offset comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Set by hand in settings.toml (0 unless somebody did).
    ByHand,
    /// Measured on the devices in use; `stale` lists what has changed since.
    Measured { method: Method, stale: Vec<Change> },
}

impl Origin {
    /// As the record spells it: "by_hand", or the method's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ByHand => "by_hand",
            Self::Measured { method, .. } => method.name(),
        }
    }
}

/// The offset that applies.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    pub offset: Nanos,
    pub origin: Origin,
    /// Standard error, ms, where it was measured.
    pub se_ms: Option<f64>,
}

impl Applied {
    /// Whether it was measured under other conditions than now.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        matches!(&self.origin, Origin::Measured { stale, .. } if !stale.is_empty())
    }

    /// When a stimulus is heard that the card says is heard at `reported`. Delays of hardware are in real time: a
    /// drill's rate is in `reported` already, and stretches nothing here (cases A32 d).
    #[must_use]
    pub fn heard(&self, reported: HostTime) -> HostTime {
        reported + self.offset
    }

    /// Of which moment a picture has to be drawn, at `now`, so that what is seen falls together with what is heard.
    ///
    /// A judged moment is stamp time: heard + I. A picture of moment t that is drawn at t − (D + I) is seen at t − I,
    /// which is when the finger has to come down. So the stage is drawn ahead by the video offset.
    #[must_use]
    pub fn drawn(&self, now: HostTime) -> HostTime {
        now + self.offset
    }
}

/// Everything that was measured, and what holds where nothing was. The default corrects nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibrations {
    pub entries: Vec<Entry>,
    /// settings.toml's `audio_offset_ms`.
    pub audio_by_hand: Nanos,
    /// settings.toml's `video_offset_ms`.
    pub video_by_hand: Nanos,
    /// The display in use.
    pub display: String,
}

impl Default for Calibrations {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            audio_by_hand: Nanos::ZERO,
            video_by_hand: Nanos::ZERO,
            display: DISPLAY.to_owned(),
        }
    }
}

impl Calibrations {
    /// The offset of sounds from this output, answered on this input.
    #[must_use]
    pub fn audio(&self, output: &Output, input: &InputId) -> Applied {
        self.applied(standing(&self.entries, Sense::Audio, &output.name, Some(output), input), self.audio_by_hand)
    }

    /// The offset of pictures on the display in use, answered on this input. What was measured when displays had no names yet
    /// ([`DISPLAY`]) holds on one that has no entry of its own.
    #[must_use]
    pub fn video(&self, input: &InputId) -> Applied {
        let on = |display| standing(&self.entries, Sense::Video, display, None, input);
        let own = match on(&self.display) {
            Standing::Missing => on(DISPLAY),
            own => own,
        };
        self.applied(own, self.video_by_hand)
    }

    fn applied(&self, standing: Standing, by_hand: Nanos) -> Applied {
        let (entry, stale) = match standing {
            Standing::Missing => return Applied { offset: by_hand, origin: Origin::ByHand, se_ms: None },
            Standing::Fresh(entry) => (entry, Vec::new()),
            Standing::Stale { entry, why } => (entry, why),
        };
        Applied {
            offset: Nanos::from_ms(entry.offset_ms),
            origin: Origin::Measured { method: entry.method, stale },
            se_ms: entry.se_ms,
        }
    }
}
