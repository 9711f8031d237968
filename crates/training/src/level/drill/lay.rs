//! What several kinds lay out alike: count-ins, beats, rooms.

use crate::{
    event::{Cue, CueKind, Lane, Target},
    level::check::Complaints,
    time::Nanos,
};

/// What a count-in lasts at least, ms ◇: sound is scheduled ahead and a step of difficulty acts 1 s ahead
/// (training.md §7); a shorter count-in would have to be cut.
pub const COUNT_IN: Nanos = Nanos::ms(1_000);
/// The interval of a discrete trial at most (training.md §1): the one at which the matching window is its widest.
pub const DISCRETE: Nanos = Nanos::ms(625);
/// Room after the last target ◇: a target is given up at most 312.5 ms after it, and the short form of the feedback
/// lasts 250 ms.
pub const ROOM_AFTER: Nanos = Nanos::ms(800);

/// So many beats of a count-in that it lasts long enough: at least 4 of them ◇, as music has it.
pub fn count_in_beats(beat: Nanos) -> u32 {
    let least = (COUNT_IN.0 + beat.0 - 1) / beat.0.max(1);
    u32::try_from(least).unwrap_or(u32::MAX).clamp(4, 16)
}

/// A phrase's count-in: its cues from the trial's zero on, the moment of the first beat after it, and how long presses
/// still belong to it.
pub struct CountIn {
    pub cues: Vec<Cue>,
    pub first: Nanos,
    pub ends: Nanos,
}

impl CountIn {
    /// At the pace of `beat`, which is more than nothing.
    pub fn at(beat: Nanos) -> Self {
        let beats = count_in_beats(beat);
        let at = |n: u32| Nanos(beat.0 * i64::from(n));
        let cue = |n: u32| {
            let left = u8::try_from(beats - n).unwrap_or(u8::MAX);
            Cue { at: at(n), kind: CueKind::CountIn { left }, heard: true, seen: true }
        };
        // ◇ as on the steady beat: a tap a little late with the last count belongs to that
        Self { cues: (0..beats).map(cue).collect(), first: at(beats), ends: at(beats - 1) + Nanos(beat.0 / 10) }
    }
}

/// One beat that tells the player to get ready, at the trial's zero.
pub fn get_ready() -> Cue {
    Cue { at: Nanos::ZERO, kind: CueKind::CountIn { left: 1 }, heard: true, seen: true }
}

/// A cue that is seen, and perhaps heard.
pub fn cue(at: Nanos, kind: CueKind, heard: bool) -> Cue {
    Cue { at, kind, heard, seen: true }
}

/// Presses of lane 0, one at each moment.
pub fn presses(times: &[Nanos]) -> Vec<Target> {
    let press = |(n, at): (usize, &Nanos)| Target::press(u32::try_from(n).unwrap_or(u32::MAX), *at, Lane(0));
    times.iter().enumerate().map(press).collect()
}

/// `n` times a length.
pub fn times(length: Nanos, n: u32) -> Nanos {
    Nanos(length.0 * i64::from(n))
}

/// A share of a length, to the nanosecond.
pub fn share(length: Nanos, share: f64) -> Nanos {
    Nanos(libm::round(length.0 as f64 * share) as i64)
}

/// A uniform draw between two numbers.
pub fn between(draw: f64, (least, most): (f64, f64)) -> f64 {
    least + (most - least) * draw
}

/// One of `n` equally likely places, `n` at least 1.
pub fn one_of(draw: f64, n: usize) -> usize {
    ((draw * n as f64) as usize).min(n.saturating_sub(1))
}

/// A figure of taps and rests, "x" and "." (other signs are refused): whole numbers of steps.
pub fn check_figure(complaints: &mut Complaints, path: &str, figure: &str, step: (u32, &str)) {
    let (steps, name) = step;
    let length = u32::try_from(figure.chars().count()).unwrap_or(u32::MAX);
    if !figure.chars().all(|sign| matches!(sign, 'x' | '.')) {
        complaints.say(path, format!("{figure:?} is no figure; write x for a tap and . for a rest"));
    } else if !figure.contains('x') {
        complaints.say(path, format!("{figure:?} has no tap; write x for one"));
    } else if length == 0 || length > 64 || !length.is_multiple_of(steps.max(1)) {
        complaints.say(path, format!("{length} steps; a figure has whole {name} of {steps}, 64 steps at most"));
    }
}
