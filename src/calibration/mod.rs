//! Calibration: how late a player's devices are, measured with the player, kept by device, looked up by session.
//!
//! What can be measured, and what cannot, is in `docs/calibration.md`. In short: a tap to a sound is late by what the
//! sound card does not report (O), by what lies before the key's stamp (I), and by the player's own anticipation (a,
//! negative: people tap 20–80 ms ahead of a beat). Tapping yields O + I + a. In the adjustment the beat follows the
//! player, so nothing is anticipated, and it yields O + I. The two are named apart and kept apart.
//!
//! An offset is *added* to when a stimulus is heard: judged moment = host time of its frame + offset. Positive: the
//! devices are later than they say.
//!
//! | file | holds |
//! | --- | --- |
//! | `estimate` | taps to stimuli, the median, its standard error, whether it may be used |
//! | `adjust` | the adjustment: a beat that follows the player |
//! | `store` | `calibration.toml` |
//! | `lookup` | which offset applies to the devices in use |
//! | `drift` | whether a session's asynchronies wander off |
//! | `run`, `procedure`, `tapper` | a calibration under way, step by step; a simulated player for it |

pub mod adjust;
pub mod drift;
pub mod estimate;
pub mod lookup;
mod procedure;
pub mod run;
pub mod store;
mod tapper;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use doozy_training::time::HostTime;
use serde::{Deserialize, Serialize};

pub use estimate::{Estimate, Verdict};
pub use lookup::{Applied, Calibrations, InputId, Inputs, Origin, Output};
pub use run::{Handle, start};
pub use store::{Entry, Standing, StoreFile};
pub use tapper::Tapper;

use crate::{
    audio::Levels,
    input::{Bindings, devices::Pace},
};

/// Largest offset that is measured, stored or applied, ms either way (cases A32).
pub const OFFSET_LIMIT_MS: f64 = 1000.0;

/// A way to measure an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Tap to a beat that is heard: O + I + a, with the player's own anticipation in it.
    TapToSound,
    /// Tap to a beat that is seen: D + I + a, likewise; D is the display's delay.
    TapToFlash,
    /// Adjust a beat that follows the player until it falls together with the finger's own sound: O + I alone.
    Adjust,
}

/// Which offset a method measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sense {
    Audio,
    Video,
}

impl Method {
    pub const ALL: [Self; 3] = [Self::TapToSound, Self::TapToFlash, Self::Adjust];

    #[must_use]
    pub fn sense(self) -> Sense {
        match self {
            Self::TapToSound | Self::Adjust => Sense::Audio,
            Self::TapToFlash => Sense::Video,
        }
    }

    /// Whether what it measures contains the player's own anticipation.
    #[must_use]
    pub fn holds_anticipation(self) -> bool {
        matches!(self, Self::TapToSound | Self::TapToFlash)
    }

    /// As files and the record spell it: "tap_to_sound", "tap_to_flash", "adjust".
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TapToSound => "tap_to_sound",
            Self::TapToFlash => "tap_to_flash",
            Self::Adjust => "adjust",
        }
    }

    /// Fluent id of its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::TapToSound => "calibration-tap-to-sound",
            Self::TapToFlash => "calibration-tap-to-flash",
            Self::Adjust => "calibration-adjust",
        }
    }

    /// Fluent id of what it measures and what it cannot tell; to be shown beside its number, whenever that is shown.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::TapToSound => "calibration-tap-to-sound-hint",
            Self::TapToFlash => "calibration-tap-to-flash-hint",
            Self::Adjust => "calibration-adjust-hint",
        }
    }
}

/// Who taps.
#[derive(Clone, Debug, PartialEq)]
pub enum Who {
    /// A person, through the taps.
    Person,
    /// A simulated player, through the scripted tap.
    Simulated(Tapper),
}

/// Told of every stimulus before it sounds, and of every flash once it was seen: for a tapper outside this process.
pub type Announce = Box<dyn FnMut(Announced) + Send>;

/// A stimulus, for [`Announce`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Announced {
    /// Number of the stimulus, from 0 over the calibration.
    pub beat: u32,
    /// CLOCK_MONOTONIC, ns: when it is heard as far as the card reports, or when its flash was drawn.
    pub at_ns: i64,
    pub phase: Phase,
}

/// Everything that a calibration needs to begin.
pub struct Setup {
    pub method: Method,
    /// Of the starting points of the adjustment, the gaps between single stimuli, and a simulated player.
    pub seed: u64,
    pub who: Who,
    pub pace: Pace,
    pub levels: Levels,
    pub bindings: Bindings,
    /// The display in use, for [`Method::TapToFlash`]: window system and monitor where known, else [`lookup::DISPLAY`].
    pub display: String,
    /// Where [`Command::Keep`] writes; None keeps nothing.
    pub store: Option<PathBuf>,
    /// Measure with sound although there is no sound output (for tests of the procedure on machines without one).
    pub anyway: bool,
    pub announce: Option<Announce>,
}

/// Where a calibration stands. It goes through these from top to bottom; `Restart` leads back to the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The sound's clock settles, the window gets the keys.
    Waiting,
    /// Single stimuli at unforeseeable moments: press when you notice one. It says roughly where the offset lies, so
    /// that no whole beat is lost or gained later. Reactions enter no estimate.
    Single,
    /// A steady beat: tap along. Not in the adjustment.
    Steady,
    /// Tap at your own pace and move the beat until it falls together with your finger's sound. In the adjustment only.
    Settling,
    /// Enough has been gathered: keep, restart or leave.
    Review,
}

impl Phase {
    /// Fluent id of what the player is to do in it with this method.
    #[must_use]
    pub fn words(self, method: Method) -> &'static str {
        match (self, method.sense()) {
            (Self::Waiting, _) => "calibration-waiting",
            (Self::Single, Sense::Audio) => "calibration-single-sound",
            (Self::Single, Sense::Video) => "calibration-single-flash",
            (Self::Steady, Sense::Audio) => "calibration-steady-sound",
            (Self::Steady, Sense::Video) => "calibration-steady-flash",
            (Self::Settling, _) => "calibration-settling",
            (Self::Review, _) => "calibration-review",
        }
    }
}

/// Why a tap is not in the estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uncounted {
    /// A reaction to a single stimulus: it only says roughly where to look.
    Reaction,
    /// Among the first of the steady beat (or after a pause), when one still finds in.
    WarmUp,
    /// Its stimulus has a tap already, or it is too near to the tap before.
    Extra,
    /// No stimulus that it could belong to was heard or seen.
    NoStimulus,
    /// From another device than the one that is being calibrated.
    OtherDevice,
    /// In the adjustment taps are the pace; what is measured is the player's setting.
    Pace,
}

/// What the calibration tells whoever shows it.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    Phase(Phase),
    /// A stimulus is on its way (at least 150 ms ahead). With [`Method::TapToFlash`]: show flash `n` in the first frame
    /// drawn for a moment not before `at`, and answer with [`Command::Flashed`].
    Beat {
        n: u32,
        at: HostTime,
    },
    /// A tap has been matched (which may take until its stimulus has passed). `asynchrony_ms` is tap − stimulus.
    Tap {
        asynchrony_ms: Option<f64>,
        counted: bool,
        why: Option<Uncounted>,
    },
    /// The estimate after each counted tap or confirmed setting: what is shown is what would be kept.
    Estimate(Estimate),
    /// The adjustment. `x_ms` is the setting in force: show it only once the setting is confirmed, lest it lead the
    /// ear. `setting` counts from 1 to `of`. `tempo_ms` is the player's interval, None until a beat follows it.
    /// `confirmable` tells whether enough beats were heard since the last nudge.
    Adjust {
        x_ms: f64,
        setting: u32,
        of: u32,
        tempo_ms: Option<f64>,
        confirmable: bool,
    },
    /// The estimate has been stored.
    Kept(Entry),
    /// Something the player should know: a Fluent id and its arguments.
    Notice {
        id: &'static str,
        args: Vec<(&'static str, String)>,
        grave: bool,
    },
    /// It is over; `kept` tells whether an estimate has been stored.
    Ended {
        kept: bool,
    },
}

/// What may be asked of a calibration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The shell's X window: from now on its keys count, where the X11 tap runs.
    Window(u32),
    /// The display that the window is on, under whose name an offset of pictures is stored.
    Display(String),
    /// The window lost or gained the focus. Without it nothing sounds and no tap counts; with it the phase goes on.
    Focus { has: bool, t: HostTime },
    /// Flash `n` was drawn in a frame whose picture is of the moment `at`: the same clock by which the stage is drawn,
    /// so that the delay of everything behind it is in the offset.
    Flashed { n: u32, at: HostTime },
    /// Moves the beat of the adjustment by so many ms: positive is later (right), negative earlier (left).
    Nudge(i32),
    /// The beat and the finger fall together: takes the setting. Any control that is bound to a lane taps, so this
    /// belongs on one that is not (by default Enter and Space tap; ArrowUp and PadUp do not).
    Confirm,
    /// Forgets everything and begins anew.
    Restart,
    /// Stores the estimate, if its verdict allows it, and ends.
    Keep,
    /// Ends; nothing is stored.
    Stop,
}
