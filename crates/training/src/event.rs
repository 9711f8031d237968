//! The words that cross rooms: what reaches the session ([`Input`]) and what it says ([`Effect`]).
//!
//! Both are plain data that the record stores and a replay compares, so nothing here may depend on a device, a frame
//! or the order in which threads happened to run. Every effect carries the logical time at which it holds.

use serde::{Deserialize, Serialize};

use crate::time::{HostTime, Nanos, TrialClock};

mod asked;

pub use self::asked::{
    Amplify, Cue, CueKind, ErrorUnit, Music, Passage, PathPoint, Role, Stage, SurpriseKind, Target, Terms, TrialPlan,
};

/// Whether a field says what an older record left unsaid: such fields are not written, so that records of sessions
/// that do without them keep their bytes.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);
    };
}

id!(
    /// A trial (a phrase, a ball), counted over the session from 0; a retry is a trial of its own.
    TrialId(u32)
);
id!(
    /// A target, counted over the session from 0.
    TargetId(u32)
);
id!(
    /// A judged event, counted over the session from 0 in the order of verdicts.
    EventId(u32)
);
id!(
    /// Which of the level's responses: key, button or pad bound to it. 0 where a drill has one.
    Lane(u8)
);
id!(
    /// A device as this session numbered it; 0 is the keyboard, see the record's `devices` table.
    DeviceId(u16)
);

/// Who put the time on an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeSource {
    /// Stamped on arrival by the X11 tap's own thread.
    X11,
    /// The kernel's time of a gamepad event, mapped to the monotonic clock.
    Gilrs,
    /// The MIDI driver's time of a message, mapped to the monotonic clock.
    Midi,
    /// Stamped by a frame of the window system: coarse, and flagged wherever shown.
    Winit,
    /// Given by a script or a simulated player: exact.
    Scripted,
    /// The device's stamp could not be believed; the time of arrival stands in.
    Arrival,
}

impl TimeSource {
    /// Whether a mechanical contact is behind it, which can bounce.
    #[must_use]
    pub fn is_real_device(self) -> bool {
        !matches!(self, Self::Scripted)
    }
}

/// A response went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// When.
    pub t: HostTime,
    /// Half-width of what the tap can promise about `t`.
    pub err: Nanos,
    pub source: TimeSource,
    pub device: DeviceId,
    pub lane: Lane,
    /// The physical control (evdev code of a key, a pad's button, 0x500 + MIDI note), so that bounce is judged per key.
    pub control: u16,
    /// Order of arrival over the session; with `t` and `lane` it breaks every tie.
    pub seq: u64,
}

/// A response came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub t: HostTime,
    pub device: DeviceId,
    pub lane: Lane,
    pub control: u16,
    pub seq: u64,
    pub cause: ReleaseCause,
}

/// A stick moved: from `t` on it stands where it says, until it moves again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tilt {
    pub t: HostTime,
    /// Half-width of what the tap can promise about `t`.
    pub err: Nanos,
    pub source: TimeSource,
    pub device: DeviceId,
    /// The axis's code on its device.
    pub axis: u16,
    /// −1 (left) … 1 (right), finite.
    pub x: f64,
    /// Order of arrival, counted with the presses.
    pub seq: u64,
}

/// Why a response came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseCause {
    Released,
    FocusLost,
    DeviceLost,
}

/// Why a session stands still, or why a trial does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The player asked.
    Player,
    FocusLost,
    DeviceLost,
    AudioLost,
    Suspended,
    /// Three brakes in a row: the session itself asks for a rest.
    Rest,
}

/// What reaches the session. Any order that the watermarks allow gives the same effects.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    /// The shell has put the planned trial on its clocks.
    Anchor {
        trial: TrialId,
        clock: TrialClock,
    },
    Press(Press),
    Release(Release),
    Tilt(Tilt),
    /// Everything before `t` has been delivered by every active tap.
    Watermark {
        t: HostTime,
    },
    /// The network's answer to a volley. Consumed in the order of events.
    Window {
        event: EventId,
        w: f64,
        dose: f64,
    },
    /// Nothing is judged from `t` on; the trial in progress is void and will be planned anew.
    Pause {
        t: HostTime,
        cause: Cause,
    },
    Resume {
        t: HostTime,
    },
    /// The session ends here; the trial in progress does not count.
    Stop {
        t: HostTime,
    },
}

/// The side of an error: negative is early, everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Early,
    Late,
}

impl Side {
    /// −1 for early (left), +1 for late (right).
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Self::Early => -1.0,
            Self::Late => 1.0,
        }
    }

    /// Of a signed error; exactly zero counts as late.
    #[must_use]
    pub fn of(e: Nanos) -> Self {
        if e.0 < 0 { Self::Early } else { Self::Late }
    }
}

/// Form of the feedback, and what counts as a failure (training.md §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    Clean,
    Slip,
    Miss,
    Doozy,
}

impl Tier {
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Clean | Self::Slip)
    }
}

/// What happened, by the rows of training.md §2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A response on a stop trial.
    StopResponse,
    WrongLane,
    FalseStart,
    /// A press matched to its target.
    Press,
    /// An omission and an extra within half an interval of each other, told as one error.
    Pair,
    Omission,
    Extra,
    /// A response let go, matched to the moment at which that was due.
    Release,
    /// The stick's largest excursion between two gates of a path.
    Excursion,
}

/// One judged event: the row of the table that fitted, with everything that was used to size it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub event: EventId,
    pub trial: TrialId,
    pub kind: EventKind,
    pub target: Option<TargetId>,
    /// When the target was due.
    pub due: Option<HostTime>,
    pub press: Option<Press>,
    /// The true asynchrony, press − target. None where there is no press, or no target that it belongs to.
    pub e: Option<Nanos>,
    pub side: Side,
    /// Gain in force at the target.
    pub gain: f64,
    /// Displayed error in ms, `e + (g − 1) · h(e)`; equals the true one where nothing is amplified.
    pub shown_ms: f64,
    /// Size in units of the goal SD, 0…4.
    pub u: f64,
    pub tier: Tier,
    /// Tolerance and goal SD that were in force, ms.
    pub tol_ms: f64,
    pub goal_ms: f64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub measured: Measured,
    /// The logical moment of the verdict.
    pub t: HostTime,
}

impl Judged {
    /// The true error in the drill's unit, signed; `None` where there is none.
    #[must_use]
    pub fn error(&self) -> Option<f64> {
        let in_ms = || self.e.filter(|_| self.measured.unit == ErrorUnit::Milliseconds).map(Nanos::as_ms);
        self.measured.error.or_else(in_ms)
    }
}

/// How much scene an event may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drama {
    /// Nothing beyond the mark.
    Calm,
    /// The peripheral part alone, at most 250 ms.
    Short,
    /// Hit-stop, debris, the press again in slow motion, the number.
    Full,
}

/// Who decided a step of difficulty or a change of gain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    Window,
    Guard,
    Brake,
    /// The novice rule holds the gain at 1.
    Novice,
    /// The level or the study fixed it.
    Fixed,
    /// The rivals of the window policy (studies and simulations).
    Random,
    Staircase,
    Quest,
    /// The knobs of another session (simulations).
    Script,
}

/// A step of difficulty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Easier,
    Harder,
}

/// What an event was measured by, where it differs from a plain press in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measured {
    /// Of `shown_ms`, `tol_ms` and `goal_ms`, which keep their names for the sake of old records.
    #[serde(skip_serializing_if = "is_default")]
    pub unit: ErrorUnit,
    /// The true error, where it is not `e` in ms: in `unit`, or with what is not counted taken off.
    #[serde(skip_serializing_if = "is_default")]
    pub error: Option<f64>,
    /// When its consequences may be shown.
    #[serde(skip_serializing_if = "is_default")]
    pub amplify: Amplify,
    #[serde(skip_serializing_if = "is_default")]
    pub surprise: Option<SurpriseKind>,
}

/// What the network is asked to do for an event.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Volley {
    pub event: EventId,
    /// Picks one of the two opposed microzones.
    pub side: Side,
    /// Error in units of the goal SD, 0…4.
    pub u: f64,
    /// The verdict's time; the volley follows it by the pathway's latency.
    pub t: HostTime,
}

/// Everything the session says.
///
/// [`Effect::Provisional`] moves a mark and is gone; all others are recorded, and their sequence is a function of the
/// inputs alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    Planned(TrialPlan),
    /// The mark of a press, before its verdict can be final.
    Provisional {
        trial: TrialId,
        press: Press,
        target: Option<TargetId>,
        e: Option<Nanos>,
    },
    Judged(Judged),
    /// What an event may look and sound like; follows its [`Effect::Judged`].
    Amplify {
        event: EventId,
        drama: Drama,
        t: HostTime,
    },
    ClimbingFibreVolley(Volley),
    /// The network's answer takes effect.
    WindowOpened {
        event: EventId,
        w: f64,
        dose: f64,
        t: HostTime,
    },
    Gain {
        gain: f64,
        by: Decider,
        t: HostTime,
    },
    Difficulty {
        step: Step,
        rung: i32,
        tol_ms: f64,
        by: Decider,
        t: HostTime,
    },
    /// The safety brake: gain 1, little drama, one step easier, calm events ahead.
    Brake {
        in_a_row: u8,
        t: HostTime,
    },
    /// A press that no row of the table counts: bounce, count-in, paused.
    Ignored {
        press: Press,
        why: Ignored,
    },
    TrialEnded {
        trial: TrialId,
        void: Option<Cause>,
        worst: Option<EventId>,
        t: HostTime,
    },
    /// The trial that ends now fits about as well one target earlier (−1) or later (+1): its asynchronies are not to be
    /// trusted.
    Ambiguous {
        trial: TrialId,
        shift: i8,
        t: HostTime,
    },
    /// The session stands still (asked for, or after three brakes in a row).
    Paused {
        cause: Cause,
        t: HostTime,
    },
    Resumed {
        t: HostTime,
    },
    SessionEnded {
        finished: bool,
        t: HostTime,
    },
}

/// Why a press was not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ignored {
    /// The same key within 5 ms on a real device.
    Bounce,
    CountIn,
    /// Between trials, or while the session stands still.
    Paused,
    /// A further false start of the same trial.
    FalseStartAgain,
    /// The trial was voided.
    Void,
    /// It begins what is judged.
    Begins,
    /// The drill asks for no presses.
    Unasked,
    /// Its tap had promised that nothing before a later moment was still to come.
    Late,
}
