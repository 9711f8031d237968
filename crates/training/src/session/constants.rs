//! The numbers of the training loop, each in one place with its reason. Those marked ◇ are this project's own choice.

use crate::time::Nanos;

/// Gain never exceeds this: amplification by 2 helped, by 3.1 did not (Patton 2013, in science/skill.md §3.2).
pub const GAIN_MAX: f64 = 2.0;
/// True feedback; where every player starts.
pub const GAIN_MIN: f64 = 1.0;
/// Gain of the study condition that shrinks every matched error (guidance).
pub const GAIN_REDUCED: f64 = 0.5;
/// An amplified error is at most this many goal SDs larger; the same bound caps u (training.md §2, §4).
pub const SATURATION: f64 = 4.0;

/// Error size up to which amplification may lift an error into the window, goal SDs ◇.
pub const WINDOW_EDGE: f64 = 2.0;

/// Gain stays 1 until the player's robust SD is below this many goal SDs: amplification helped the skilled, guidance
/// the unskilled (Milot 2010).
pub const NOVICE_SD: f64 = 1.5;
/// Matched presses that the robust SD looks back on (relative SE of an SD: 11 % at 40).
pub const SD_PRESSES: usize = 40;
/// Fewer matched presses than this say nothing about a player (16 % at 20).
pub const SD_PRESSES_LEAST: usize = 20;
/// Median absolute deviation to SD of a Gaussian.
pub const MAD_TO_SD: f64 = 1.4826;

/// Events over which the share of open windows and the dose are read (training.md §6.1).
pub const WINDOW_EVENTS: usize = 24;
/// The window counts as open above this W (science/cerebellum.md §5.2).
pub const OPEN: f64 = 0.5;
/// Share of open windows below which the drill is too easy to teach ◇: what the network reaches, at the gain that
/// settles, when the player's spread is the goal SD (0.202; docs/science/cerebellum.md). Of 24 windows, 4 or fewer.
pub const OPEN_TOO_FEW: f64 = 0.20;
/// Share of open windows above which the drill is too hard ◇: the same at a spread of 1.8 goal SDs (0.358). Of 24
/// windows, 9 or more.
pub const OPEN_TOO_MANY: f64 = 0.36;
/// Dose that the gain aims at ◇, for [`DOSE_PERCENTILE`].
pub const DOSE_AIM: f64 = 0.55;
/// Only big errors are amplified, so only a high percentile of the dose feels the gain.
pub const DOSE_PERCENTILE: f64 = 0.9;
/// Gain moves by this part of the dose's distance from its aim with every event ◇: 24 events change it by about one
/// unit at most, so it cannot outrun what it is read from.
pub const GAIN_RATE: f64 = 0.1;
/// Difficulty is reviewed once in so many events ◇: often enough to follow a player within a minute, seldom enough that
/// a step shows its effect on a third of the history before the next.
pub const STEP_EVERY: u32 = 8;

/// Weight of the newest event in the running success.
pub const SUCCESS_WEIGHT: f64 = 0.1;
/// The success that training aims at, and where the average starts (science/skill.md §5.2).
pub const SUCCESS_START: f64 = 0.80;
/// Below this success no step is harder.
pub const SUCCESS_NO_HARDER: f64 = 0.75;
/// Below this success a step is easier, whatever the policy asks.
pub const SUCCESS_EASIER: f64 = 0.70;
/// Above this success no step is easier.
pub const SUCCESS_NO_EASIER: f64 = 0.88;

/// The brake looks back on so many events.
pub const BRAKE_EVENTS: usize = 10;
/// So many failures among [`BRAKE_EVENTS`] trip it (by chance 0.1 % of windows at 15 % failures, 4.7 % at 30 %).
pub const BRAKE_FAILURES: usize = 6;
/// So many failures in a row trip it.
pub const BRAKE_STREAK: u32 = 4;
/// Calm events after a brake: gain 1, no full scene, and no failure of theirs trips the next brake.
pub const CALM_EVENTS: u32 = 8;
/// Brakes in a row that pause the drill.
pub const BRAKES_TO_REST: u8 = 3;
/// Two brakes are in a row when fewer events than this lie between them ◇: a history that never filled again.
pub const BRAKE_ROW_EVENTS: u32 = WINDOW_EVENTS as u32;

/// One full doozy scene in this time.
pub const SCENE_EVERY: Nanos = Nanos::ms(5_000);
/// Events over which full scenes are counted; those not yet there count as calm.
pub const SCENE_EVENTS: u32 = 40;
/// Full scenes among [`SCENE_EVENTS`]: 15 %.
pub const SCENES_MOST: usize = 6;
/// Length of the full scene (design/feel.md: hit-stop, debris, the press again, the number).
pub const SCENE_FULL: Nanos = Nanos::ms(1_600);
/// Length of the short form.
pub const SCENE_SHORT: Nanos = Nanos::ms(250);
/// Least pause between two phrases of a running rhythm ◇: a breath, and time to let go of the key.
pub const REST_RUNNING: Nanos = Nanos::ms(700);
/// Least pause between two discrete trials ◇: the mark is read, the hand is back.
pub const REST_DISCRETE: Nanos = Nanos::ms(300);

/// The network's answer to an event acts this long after its verdict ◇: the volley follows by 30–80 ms, the circuit
/// takes about 60 ms more, and a slow machine has 100 ms to spare.
pub const EFFECT_DELAY: Nanos = Nanos::ms(250);
/// A step of difficulty acts at least this long after it was decided ◇, so that sound already scheduled stands.
pub const STEP_AHEAD: Nanos = Nanos::ms(1_000);
/// Retries of one attempt in a row ◇: a third would be drill, not a second chance.
pub const RETRIES_MOST: u8 = 2;

/// Correct reactions whose median is the usual one, and fewer than which say nothing (drills.md, go / stop).
pub const REACTIONS: usize = 20;
/// See [`REACTIONS`].
pub const REACTIONS_LEAST: usize = 10;
/// The usual reaction time of a player of whom nothing is known (drills.md).
pub const REACTION_START: Nanos = Nanos::ms(450);
/// Where the stop signal's delay starts ◇: half of the usual reaction time, less a step; most people can still stop.
pub const STOP_DELAY_START: Nanos = Nanos::ms(200);
/// The staircase's step, and its least delay (skill.md §2).
pub const STOP_DELAY_STEP: Nanos = Nanos::ms(50);
/// The longest delay ◇: beyond it the response has begun.
pub const STOP_DELAY_MOST: Nanos = Nanos::ms(500);
