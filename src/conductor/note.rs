//! What the conductor tells the shell, and what the shell may ask of it.
//!
//! The shell shows notes; nothing that it does with them reaches a judgement.

use doozy_training::{
    event::{Cause, DeviceId, Effect, EventId, Side, TargetId, TrialId},
    time::{HostTime, Nanos, TrialClock},
};

use crate::{audio::Levels, calibration::Applied};

/// A message from the conductor to whoever shows the session.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// The session said this (provisional marks included).
    Effect(Effect),
    /// A planned trial is on the clocks: its moments now have host times.
    Anchored { trial: TrialId, clock: TrialClock },
    /// Which offsets apply from the trial on that is anchored next: told before the first, and when devices change.
    /// Pictures are drawn for the moment [`Applied::drawn`] gives by `video`.
    Offsets { audio: Applied, video: Applied },
    /// From `t` on the stick stands at `x`, −1 (left) … 1 (right).
    Stick { t: HostTime, x: f64 },
    /// The network's answer in pictures; arrives when the worker has it, which decides nothing.
    Cortex(CortexView),
    /// Where the presses of the player's best run fell in the trial that was anchored: targets by their number, and
    /// asynchronies.
    Ghost { trial: TrialId, marks: Vec<(TargetId, Nanos)> },
    /// Something the player should know (a device went, recording is off, timing is coarse): a Fluent id and its
    /// arguments.
    Notice { id: &'static str, args: Vec<(&'static str, String)>, grave: bool },
    /// A pad or instrument was pressed that does not count, while the one that does is gone: whether it may count too is for
    /// the player to say ([`Command::Adopt`]). Told once for each.
    Stranger { device: DeviceId, name: String },
    /// The session is over and everything of it is in the record (or was never to be).
    Ended { session: Option<String>, finished: bool },
}

/// One volley and what the circuit did with it, for the strip.
#[derive(Clone, Debug, PartialEq)]
pub struct CortexView {
    pub event: EventId,
    pub side: Side,
    /// Fibres of the microzone, of which [`Self::fibres`] fired.
    pub fibre_count: u16,
    /// (fibre, ms from the volley's onset) of each complex spike of the volley.
    pub fibres: Vec<(u16, f32)>,
    /// Time of the first sample of the traces, ms from the volley's onset (negative); one sample a millisecond.
    pub from_ms: f32,
    /// Rate of MLI1 (the brake) relative to its baseline.
    pub mli1: Vec<f32>,
    /// Rate of MLI2 relative to its baseline.
    pub mli2: Vec<f32>,
    /// Purkinje dendritic calcium relative to a solitary climbing-fibre event.
    pub calcium: Vec<f32>,
    /// The window over time, 0…1.
    pub window: Vec<f32>,
    /// The window's value W and the dose W·s that the session will use, 0…1.
    pub w: f32,
    pub dose: f32,
}

/// What the shell may ask.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Pause(Cause),
    Resume,
    /// End the session now; what is finished stays recorded.
    Stop,
    /// The shell's X window: from now on its keys count, where the X11 tap runs.
    Window(u32),
    /// The window lost or gained the focus, as the window system told the shell.
    Focus {
        has: bool,
        t: HostTime,
    },
    /// The player's volumes, in force from now on.
    Levels(Levels),
    /// From now on this pad or instrument counts beside the one that does.
    Adopt(DeviceId),
    /// The display that the window is on: from the trial on that is anchored next, its offset applies.
    Display(String),
    /// A rumble that the limits have allowed; the pad's thread plays it if there is one.
    Rumble {
        strong: f32,
        weak: f32,
        ms: u32,
    },
}
