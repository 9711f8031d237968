//! From a finger to a time: taps that stamp presses, and the one point where they merge.
//!
//! A *tap* ([`taps`]) catches inputs in its own thread and stamps them on the host's monotonic clock. It publishes a
//! *watermark* ([`watermark`]): everything before it has been delivered. [`merge::Taps`] numbers what arrives and takes the
//! least watermark, up to which a session may decide. [`bindings`] says which control answers which lane. Nothing here
//! knows a target, a trial or a frame.

pub mod bindings;
pub mod control;
pub mod devices;
pub mod held;
pub mod labels;
pub mod merge;
pub mod midi;
pub mod pad;
#[cfg(feature = "devices")]
pub mod self_check;
pub mod stamps;
pub mod stick;
pub mod taps;
pub mod watermark;
#[cfg(all(test, feature = "devices"))]
mod xvfb;

use doozy_training::{
    event::{DeviceId, ReleaseCause, TimeSource},
    time::{HostTime, Nanos},
};
use serde::{Deserialize, Serialize};

pub use bindings::{Bindings, MenuAction};
pub use control::Control;
pub use merge::{Notice, TapPort, Taps};
pub use stick::Deflection;

/// The device number of every keyboard: the window system merges them.
pub const KEYBOARD: DeviceId = DeviceId(0);

/// MIDI instruments are numbered from here, pads from 1.
pub const FIRST_MIDI: u16 = 0x100;

/// What kind of device a number belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    Keyboard,
    Pad,
    Midi,
}

impl DeviceKind {
    pub const ALL: [Self; 3] = [Self::Keyboard, Self::Pad, Self::Midi];

    #[must_use]
    pub fn of(device: DeviceId) -> Self {
        match device {
            KEYBOARD => Self::Keyboard,
            DeviceId(number) if number < FIRST_MIDI => Self::Pad,
            _ => Self::Midi,
        }
    }

    /// As the record and the file of bindings name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyboard => "keyboard",
            Self::Pad => "pad",
            Self::Midi => "midi",
        }
    }

    /// What a control can be part of.
    #[must_use]
    pub fn has(self, control: Control) -> bool {
        match control {
            Control::Key(_) => self == Self::Keyboard,
            Control::Note(_) | Control::Pedal(_) => self == Self::Midi,
            _ => self == Self::Pad,
        }
    }
}

/// Which way a control went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    Down,
    Up(ReleaseCause),
    /// Of an axis: from now on it stands there.
    Tilt(Deflection),
}

/// What a tap caught, before the merge has numbered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    pub t: HostTime,
    /// Half-width of what the tap can promise about `t`.
    pub err: Nanos,
    pub source: TimeSource,
    pub device: DeviceId,
    pub control: Control,
    pub edge: Edge,
}

impl Captured {
    /// A key by script: exact, from the keyboard.
    #[must_use]
    pub fn scripted(t: HostTime, control: Control, edge: Edge) -> Self {
        Self { t, err: Nanos::ZERO, source: TimeSource::Scripted, device: KEYBOARD, control, edge }
    }
}

/// An input with its time and its place in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimedInput {
    /// When it happened, by the host's monotonic clock.
    pub t: HostTime,
    /// Half-width of what the tap can promise about `t`.
    pub err: Nanos,
    pub source: TimeSource,
    pub device: DeviceId,
    pub control: Control,
    pub edge: Edge,
    /// Order of arrival over the session, from 0.
    pub seq: u64,
}

impl TimedInput {
    #[must_use]
    pub fn numbered(caught: Captured, seq: u64) -> Self {
        let Captured { t, err, source, device, control, edge } = caught;
        Self { t, err, source, device, control, edge, seq }
    }
}
