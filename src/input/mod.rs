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
pub mod merge;
pub mod pad;
#[cfg(feature = "devices")]
pub mod self_check;
pub mod stamps;
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

/// The device number of every keyboard: the window system merges them.
pub const KEYBOARD: DeviceId = DeviceId(0);

/// Which way a control went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    Down,
    Up(ReleaseCause),
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
