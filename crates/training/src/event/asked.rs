//! What a trial asks: its cues and targets, what answers them, what they are measured in, and what a stage has to know.

use serde::{Deserialize, Serialize};

use super::{Lane, TargetId, TrialId, is_default};
use crate::time::{HostTime, Nanos};

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
    /// By how much an obstacle has displaced it from where it was to be expected. For the picture alone: nothing is
    /// judged by it, and no record has it.
    #[serde(skip)]
    pub moved: Nanos,
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
    /// What is practised; none where the level is played as it is.
    #[serde(skip_serializing_if = "is_default")]
    pub practice: Option<Passage>,
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
    /// When it is silent, from and up to, in the trial's own time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub silent: Vec<(Nanos, Nanos)>,
}

impl Music {
    /// How much of the recording is played in a length of the trial.
    #[must_use]
    pub fn of_recording(&self, length: Nanos) -> Nanos {
        Nanos(i64::try_from(i128::from(length.0) * i128::from(self.rate_ppb) / 1_000_000_000).unwrap_or(i64::MAX))
    }
}

/// What of a level is practised in a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Per cent of the level's own speed.
    pub rate: u16,
    /// The first and the last bar of the loop, from 1; none where the level is played through.
    #[serde(default, skip_serializing_if = "is_default")]
    pub bars: Option<(u32, u32)>,
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
