//! The words that cross rooms: what reaches the session ([`Input`]) and what it says ([`Effect`]).
//!
//! Both are plain data that the record stores and a replay compares, so nothing here may depend on a device, a frame
//! or the order in which threads happened to run. Every effect carries the logical time at which it holds.

use serde::{Deserialize, Serialize};

use crate::time::{HostTime, Nanos, TrialClock};

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
    /// The physical control (evdev code of a key, or a pad's button), so that bounce is judged per key.
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
}

/// A step of difficulty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Easier,
    Harder,
}

/// What a cue is, for eye and ear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CueKind {
    /// Count-in: `left` beats until the first target, counting down to 1.
    CountIn { left: u8 },
    /// The stimulus of a target.
    Beat { accent: bool },
    /// The ball of an interception appears.
    Launch,
    /// A note of a chart, or of one of several streams.
    Note { lane: Lane },
    /// A step of the grid between two beats.
    Subdivision,
    /// An onset of a rhythm that is to be given back.
    Model { accent: bool },
    /// From here on the player answers.
    YourTurn,
    /// An interval that is to be given back, or a hold that is asked for, begins.
    IntervalBegins,
    /// … and ends.
    IntervalEnds,
    /// Something that means nothing: a sound or a light to be passed over.
    Distractor,
    /// Respond.
    Go { lane: Lane },
    /// Do not.
    Stop,
    /// The next item of a sequence, in its lane.
    Item { lane: Lane },
    /// A syllable of a phrase.
    Syllable { stressed: bool },
    /// A swing begins its way.
    Swing,
    /// A sign of the road comes into sight.
    Sign,
    /// A gate of the path is reached.
    PathGate,
    /// Something that nobody expected.
    Surprise(SurpriseKind),
}

/// What a surprise is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurpriseKind {
    /// Something in the way, which displaces the next target and its cue.
    Obstacle,
    /// A sudden sound, within the loudness rule.
    Sound,
    /// A movement at the edge of sight.
    Edge,
}

/// Something that the trial shows or sounds at a set moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cue {
    /// In the trial's own time.
    pub at: Nanos,
    pub kind: CueKind,
    /// Whether it is heard.
    pub heard: bool,
    /// Whether it is seen.
    pub seen: bool,
}

/// A moment at which a response is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub id: TargetId,
    /// In the trial's own time.
    pub at: Nanos,
    pub lane: Lane,
    /// The response must be withheld.
    pub stop: bool,
    /// What answers it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub role: Role,
    /// The response is to be held, and let go so long after `at`: an event of its own, besides the press.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hold: Option<Nanos>,
    /// Whatever is in force, this target's event is never amplified.
    #[serde(default, skip_serializing_if = "is_default")]
    pub plain: bool,
    /// A surprise belongs to it: its event is told apart.
    #[serde(default, skip_serializing_if = "is_default")]
    pub surprise: Option<SurpriseKind>,
}

/// What answers a target, and what its error is measured from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A press; due at the target's `at`.
    #[default]
    Press,
    /// A press whenever the player likes: it begins what follows and is not judged. `at` says where a picture may put
    /// it.
    Begin,
    /// A press, due `after` the response before it; if that is missing, after the moment at which it was due.
    PressAfter { after: Nanos },
    /// Letting go of what was pressed; due at the target's `at`.
    Release,
    /// Letting go, due `after` the press.
    ReleaseAfter { after: Nanos },
    /// A press as fast as can be after `onset`; `at` is the onset and the player's usual reaction time, and only what
    /// comes later than that is an error. Sooner than `least` after the onset is no reaction but a false start.
    React { onset: Nanos, least: Nanos },
    /// The stick crosses a gate of the path at `at`; the error is the largest excursion since the gate before.
    Gate,
}

/// What a drill's errors are measured in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorUnit {
    #[default]
    Milliseconds,
    /// Per cent: of an interval, of a width.
    Percent,
}

/// When, and of which errors, a drill shows the consequences larger than they are (drills.md, "amplify").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amplify {
    /// With the verdict.
    #[default]
    AtOnce,
    /// Not before the phrase is over: what follows hangs on what came before, so nothing may disturb it.
    AtPhraseEnd,
    /// With the verdict, late responses only.
    Late,
    /// With the verdict, wrong lanes only.
    WrongLane,
}

/// Where a path lies at a moment; between two points it runs straight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathPoint {
    /// In the trial's own time.
    pub at: Nanos,
    /// −1 (left) … 1 (right), the stick's full travel.
    pub centre: f64,
    /// From edge to edge, in the same measure.
    pub width: f64,
}

/// The terms of a trial where they differ from a plain one of presses in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// Of errors, the goal SD and the tolerance.
    #[serde(skip_serializing_if = "is_default")]
    pub unit: ErrorUnit,
    #[serde(skip_serializing_if = "is_default")]
    pub amplify: Amplify,
    #[serde(skip_serializing_if = "is_default")]
    pub music: Option<Music>,
    /// What is spoken at each target; empty where nothing is.
    #[serde(skip_serializing_if = "is_default")]
    pub words: Vec<String>,
    /// The path that a stick is kept in; empty where there is none.
    #[serde(skip_serializing_if = "is_default")]
    pub path: Vec<PathPoint>,
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

impl Target {
    /// A press that is due at `at`.
    #[must_use]
    pub fn press(id: u32, at: Nanos, lane: Lane) -> Self {
        Self { id: TargetId(id), at, lane, ..Self::default() }
    }
}

/// What the stage of a drill needs to draw a trial beside its cues and targets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// A bell struck on the beat.
    Bell { ioi: Nanos },
    /// A ball rolls left to right and meets the gate at the target's moment; hidden for the last `occluded`.
    Gate { visible: Nanos, occluded: Nanos },
    /// Notes come towards a line, each in its lane, and are seen `approach` before they are due.
    Lanes { lanes: u8, approach: Nanos },
    /// A beat with steps between: `divisions` to a beat, the targets on some of them.
    Grid { beat: Nanos, divisions: u8 },
    /// Two streams at once, `fast` strokes in lane 0 against `slow` in lane 1, a `cycle` long.
    Streams { fast: u8, slow: u8, cycle: Nanos },
    /// A rhythm is heard, and from `reply` on given back.
    Echo { reply: Nanos },
    /// An interval is shown, and from `reply` on given back.
    Interval { shown: Nanos, reply: Nanos },
    /// Something is held for `due`.
    Hold { due: Nanos },
    /// A swing begins at `from` and passes its ideal phase `way` later: there it is to be let go.
    Swing { from: Nanos, way: Nanos },
    /// A road: the car goes at `speed_mps` metres a second and slows by `grip_mps2` metres a second squared; the mark
    /// comes into sight `sight` before the press is due. A press `e` seconds late stops `speed_mps · e` metres too far.
    Road { speed_mps: f64, grip_mps2: f64, sight: Nanos, turn: bool },
    /// A signal that says go; where `stop` is set, another says stop so long after it.
    Signal { onset: Nanos, stop: Option<Nanos> },
    /// Items of a hidden sequence light up, each in its lane.
    Items { lanes: u8 },
    /// The syllables of a phrase, stressed ones in lane 1.
    Syllables { interval: Nanos },
    /// A stick is kept inside a path, [`Terms::path`].
    Path,
}

/// A recording that a trial is played to. It is never required: a level is the same without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Music {
    /// A plain file name inside the level's folder.
    pub file: String,
    /// The place in the recording, at its own speed, that is heard at the trial's zero. Negative: silence until the
    /// recording begins.
    pub from: Nanos,
    /// Nanoseconds of recording that are played in a second of the trial: 1,000,000,000 at full speed.
    pub rate_ppb: u32,
}

/// A trial as the session wants it, before the shell has put it on a clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialPlan {
    pub trial: TrialId,
    /// The trial that this one repeats, after a doozy whose window opened.
    pub retry_of: Option<TrialId>,
    /// The lane carries the violet light: the simulated window of the last doozy stood open.
    pub window_was_open: bool,
    /// The trial's zero may not lie before this.
    pub not_before: HostTime,
    /// Count-in, stimuli and launches in order of time.
    pub cues: Vec<Cue>,
    /// Targets in order of time, each lane's own times increasing.
    pub targets: Vec<Target>,
    /// The trial's own length, count-in included.
    pub length: Nanos,
    /// The drill's interval `I`.
    pub interval: Nanos,
    /// The matching half-window `w`.
    pub window: Nanos,
    pub goal_ms: f64,
    pub tol_ms: f64,
    /// Difficulty, in rungs above the level's start (negative is easier).
    pub rung: i32,
    /// Presses at or before this, in the trial's own time, belong to the count-in: recorded, not judged.
    pub count_in_ends: Nanos,
    /// A running rhythm (targets follow each other) or a discrete trial (room for a scene after each).
    pub running: bool,
    pub stage: Stage,
    #[serde(default, skip_serializing_if = "is_default")]
    pub terms: Terms,
    /// Logical time of the decision.
    pub t: HostTime,
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
