use super::*;
use crate::{
    event::{Decider, Drama, Side, Tier, Volley},
    learner::{Idle, Profile, Restless, Tapper},
    session::constants::{BRAKES_TO_REST, GAIN_MAX, GAIN_MIN, SCENE_EVENTS, SCENE_EVERY, SCENES_MOST},
};

/// A steady beat of 600 ms (T 24 ms, tolerance 60 ms at the start) whose interval then shrinks to 400 ms.
pub(crate) fn beat(trials: u32) -> Level {
    let text = format!(
        "(version: 1, title: \"Beat\", aim: \"Tap with it\", trials: {trials}, seconds: 60,
          drill: SteadyBeat(ioi_ms: 600, beats: 16, knobs: [Ioi(to_ms: 400, steps: 10)]))"
    );
    Level::parse("beat", &text).unwrap()
}

/// Balls that are seen for 800 ms (T 30 ms, tolerance 75 ms at the start) and then hidden for longer.
pub(crate) fn gate(trials: u32) -> Level {
    let text = format!(
        "(version: 1, title: \"Gate\", aim: \"Press at contact\", trials: {trials}, seconds: 60,
          drill: Interception(visible_ms: 800, knobs: [Occluded(to_ms: 400, steps: 10)]))"
    );
    Level::parse("gate", &text).unwrap()
}

fn setup(level: Level, seed: u64) -> Setup {
    Setup { level, seed, options: Options::default(), preset: Preset::Small, lesion: Lesion::None }
}

/// A session in numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Summary {
    events: usize,
    success: f64,
    open: f64,
    gain: f64,
    brakes: usize,
    rests: usize,
    retries: usize,
    rung: i32,
    mean_rung: f64,
}

fn summary(rehearsal: &Rehearsal) -> Summary {
    let mut sum = Summary::default();
    let mut rung = 0;
    for effect in &rehearsal.effects {
        match effect {
            Effect::Judged(judged) => {
                sum.events += 1;
                sum.success += f64::from(u8::from(judged.tier.is_success()));
                sum.gain += judged.gain;
                sum.mean_rung += f64::from(rung);
            }
            Effect::WindowOpened { w, .. } => sum.open += f64::from(u8::from(*w > 0.5)),
            Effect::Brake { .. } => sum.brakes += 1,
            Effect::Paused { cause: Cause::Rest, .. } => sum.rests += 1,
            Effect::Planned(plan) => {
                rung = plan.rung;
                sum.retries += usize::from(plan.retry_of.is_some());
            }
            Effect::Difficulty { rung, .. } => sum.rung = *rung,
            _ => {}
        }
    }
    let events = sum.events as f64;
    sum.success /= events;
    sum.open /= events;
    sum.gain /= events;
    sum.mean_rung /= events;
    sum
}

#[test]
fn speed() {
    for lesion in [Lesion::None, Lesion::Mli2Silenced] {
        for spread in [16.0, 24.0, 36.0, 48.0, 60.0] {
            let t = std::time::Instant::now();
            let r = rehearse(Setup { lesion, ..setup(beat(75), 1) }, &mut Tapper::gaussian(spread, 1)).unwrap();
            eprintln!("{lesion:?} {spread} {:?} {:?}", t.elapsed(), summary(&r));
        }
    }
}
