//! Verification: what is kept of a session says the whole session again.

use doozy_cerebellum::{Lesion, Preset};
use doozy_training::{
    event::Cause,
    learner::{Profile, Tapper},
    level::Level,
    rehearse::{self, Recital, Setup},
    session::Options,
};

use super::*;

#[test]
fn verification_compares_every_effect_and_window() {
    let (_folder, data) = folder();
    let session = recorded(&data, 2);
    let found = verify(&session, RULES, all(same)).unwrap();
    assert!(found.holds());
    assert_eq!((found.effects, found.windows), (session.effects.len(), 4));
}

#[test]
fn verification_names_the_first_field_that_differs_by_one_bit() {
    let (_folder, data) = folder();
    let session = recorded(&data, 2);
    let found = verify(
        &session,
        RULES,
        all(|session| {
            let mut again = same(session)?;
            for effect in &mut again.effects {
                if let Effect::Judged(judged) = effect
                    && judged.event == EventId(1)
                {
                    judged.u = f64::from_bits(judged.u.to_bits() + 1);
                }
            }
            Ok(again)
        }),
    );
    let difference = found.unwrap().difference.unwrap();
    assert_eq!(difference.place, "effect 3 (judged): u");
    assert_eq!((difference.recorded.as_str(), difference.recomputed.as_str()), ("0.6172839", "0.6172839000000001"));
}

#[test]
fn verification_compares_the_windows_by_their_bits_and_the_ends() {
    let (_folder, data) = folder();
    let session = recorded(&data, 1);
    let off = verify(
        &session,
        RULES,
        all(|session| {
            let mut again = same(session)?;
            again.windows[1].1 = f64::from_bits(again.windows[1].1.to_bits() - 1);
            Ok(again)
        }),
    );
    assert_eq!(off.unwrap().difference.unwrap().place, "window of event 1: W, dose");
    let short = verify(
        &session,
        RULES,
        all(|session| {
            let mut again = same(session)?;
            again.effects.pop();
            Ok(again)
        }),
    );
    let difference = short.unwrap().difference.unwrap();
    assert_eq!((difference.place.as_str(), difference.recomputed.as_str()), ("effect 6 (trial_ended)", "nothing"));
    let long = verify(
        &session,
        RULES,
        all(|session| {
            let mut again = same(session)?;
            again.effects.push(Effect::Resumed { t: HostTime(1) });
            Ok(again)
        }),
    );
    assert_eq!(long.unwrap().difference.unwrap().seq, None);
}

/// A beat that two trials of a novice make wild enough to open windows.
const BEAT: &str = "(version: 1, title: \"Beat\", aim: \"Tap with it\", trials: 2, seconds: 60,
  drill: SteadyBeat(ioi_ms: 600, beats: 16, knobs: [Ioi(to_ms: 400, steps: 10)]))";

fn beat() -> Setup {
    let level = Level::parse("beat", BEAT).unwrap();
    Setup { level, seed: 5, options: Options::default(), preset: Preset::Small, lesion: Lesion::None }
}

/// Recomputes by way of reducer and network.
fn anew(session: &LoadedSession) -> Result<Recomputed, String> {
    rehearse::recompute(beat(), &session.inputs).map_err(|error| error.to_string())
}

/// A whole session as it is played, every watermark of it told twice, recorded until `many` entries.
fn played(data: &DataDir, many: usize) -> LoadedSession {
    let mut recital = Recital::new(beat());
    let rehearsal = rehearse::rehearse(beat(), &mut Tapper::new(Profile::Novice, 5)).unwrap();
    let recorder = Recorder::open(data).unwrap();
    recorder.begin(meta()).unwrap();
    let (mut inputs, mut effects, mut responses) = (Vec::new(), Vec::new(), Vec::new());
    let mut entries = Vec::new();
    for input in rehearsal.inputs.into_iter().filter(|input| !matches!(input, Input::Window { .. })) {
        if let Input::Watermark { t } = input {
            entries.push(Entry::Input(Input::Watermark { t: t - Nanos(1) }));
            recital.feed(Input::Watermark { t: t - Nanos(1) }, &mut inputs, &mut effects, &mut responses).unwrap();
        }
        recital.feed(input, &mut inputs, &mut effects, &mut responses).unwrap();
        entries.extend(inputs.drain(..).map(Entry::Input));
        entries.extend(effects.drain(..).map(Entry::Effect));
    }
    let whole = entries.len() <= many;
    entries.into_iter().take(many).for_each(|entry| recorder.log(entry));
    if whole {
        recorder.finish(true, serde_json::Value::Null).unwrap();
    }
    drop(recorder);
    Reader::open(data).unwrap().load("last").unwrap()
}

#[test]
fn a_played_session_is_recomputed_bit_for_bit_from_what_is_kept_of_it() {
    let (_folder, data) = folder();
    let session = played(&data, usize::MAX);
    let found = verify(&session, RULES, all(anew)).unwrap();
    assert_eq!(found.difference, None);
    assert_eq!(found.effects, session.effects.len());
    assert!(found.effects > 100 && found.windows > 20, "{found:?}");
}

#[test]
fn a_played_session_that_was_cut_anywhere_is_recomputed_to_its_cut() {
    for many in [40, 141, 242] {
        let (_folder, data) = folder();
        let session = played(&data, many);
        assert_eq!(session.info.state, State::Cut);
        let found = verify(&session, RULES, all(anew)).unwrap();
        assert_eq!((found.difference, found.effects), (None, session.effects.len()), "{many}");
    }
}

#[test]
fn a_session_judged_by_other_rules_is_not_judged_again() {
    // cases A40
    let (_folder, data) = folder();
    let session = recorded(&data, 1);
    let refused = verify(&session, RULES + 1, |_, _| panic!("must not be recomputed"));
    assert!(matches!(refused, Err(VerifyError::OtherRules { recorded: RULES, .. })));
}

#[test]
fn a_cut_session_verifies_to_its_cut() {
    let (_folder, data) = folder();
    let recorder = Recorder::open(&data).unwrap();
    recorder.begin(meta()).unwrap();
    trial(0).into_iter().for_each(|entry| recorder.log(entry));
    drop(recorder);
    drop(Recorder::open(&data).unwrap());
    let session = Reader::open(&data).unwrap().load("last").unwrap();
    assert_eq!(session.info.state, State::Cut);
    let found = verify(
        &session,
        RULES,
        all(|session| {
            let mut again = same(session)?;
            again.effects.push(Effect::Paused { cause: Cause::Player, t: HostTime(9) });
            Ok(again)
        }),
    );
    assert!(found.unwrap().holds());
}
