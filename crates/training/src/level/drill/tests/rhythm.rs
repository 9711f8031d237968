//! Rows of drills.md whose targets lie on a grid: subdivision to swing, and speech.

use super::*;
use crate::{
    event::{Amplify, CueKind, Lane, Role, Stage},
    time::Nanos,
};

#[test]
fn subdivision_taps_n_a_beat_within_0_045_of_the_sub_interval() {
    const DRILL: &str = "Subdivision(beat_ms: 1000, divisions: 2, beats: 4, knobs: [Divisions(to: 4, steps: 2)])";
    let level = level(DRILL);
    let (setting, body) = at_mean(&level, 0);
    assert_eq!((setting.interval, setting.goal_ms), (Nanos::ms(500), 22.5));
    assert_eq!(gaps_ms(&body), [500.0; 7]);
    let (setting, body) = at_mean(&level, level.top_rung());
    assert_eq!((setting.interval, setting.goal_ms, body.targets.len()), (Nanos::ms(250), 11.25, 16));
    assert_eq!(body.stage, Stage::Grid { beat: Nanos::ms(1000), divisions: 4 });
    // the beat is heard, the steps between are seen
    let heard = body.cues.iter().filter(|cue| cue.heard && !matches!(cue.kind, CueKind::CountIn { .. })).count();
    assert_eq!((heard, level.drill().kind().amplify()), (4, Amplify::AtOnce));
    assert_eq!(
        changed(DRILL, "beat_ms: 1000", "beat_ms: 900"),
        "t: drill.beat_ms (line 2): 4 taps to a beat of 900 ms are 225 ms apart; give at least 250 ms"
    );
    assert_eq!(
        changed(DRILL, "steps: 2", "steps: 3"),
        "t: drill.knobs[0].steps (line 2): 3 steps from 2 to 4 taps leave some rungs alike; give at most 2"
    );
    // thirds of a beat do not add up their rounding
    let thirds = super::level("Subdivision(beat_ms: 1000, divisions: 3, beats: 128)");
    let (_, body) = at_mean(&thirds, 0);
    assert_eq!(body.targets[381].at, body.targets[0].at + Nanos::ms(127_000));
}

#[test]
fn off_beat_taps_a_figure_within_0_05_of_the_beat() {
    const DRILL: &str = "OffBeat(ioi_ms: 600, figures: [\".x.x\", \".x.xx.\"], beats: 6,
        knobs: [Figure(to: 1, steps: 1), Sound(Sparse)])";
    let level = level(DRILL);
    let (setting, body) = at_mean(&level, 0);
    assert_eq!((setting.goal_ms, setting.interval), (30.0, Nanos::ms(600)));
    // counted in by four beats; then off the beat
    assert_eq!(due_ms(&body), [2700.0, 3300.0, 3900.0, 4500.0, 5100.0, 5700.0]);
    let top = level.top_rung();
    let (setting, body) = at_mean(&level, top - 1);
    assert_eq!((setting.goal_ms, setting.interval), (30.0, Nanos::ms(300)));
    assert_eq!(due_ms(&body), [2700.0, 3300.0, 3600.0, 4500.0, 5100.0, 5400.0]);
    let beats =
        |body: &TrialBody| body.cues.iter().filter(|cue| cue.heard && matches!(cue.kind, CueKind::Beat { .. })).count();
    assert_eq!((beats(&body), beats(&at_mean(&level, top).1)), (6, 2));
    for (from, to, message) in [
        (
            "\".x.x\"",
            "\".y.x\"",
            "t: drill.figures[0] (line 2): \".y.x\" is no figure; write x for a tap and . for a rest",
        ),
        ("\".x.x\"", "\"....\"", "t: drill.figures[0] (line 2): \"....\" has no tap; write x for one"),
        (
            "\".x.x\"",
            "\".x.\"",
            "t: drill.figures[0] (line 2): 3 steps; a figure has whole beats of 2, 64 steps at most",
        ),
        ("Figure(to: 1", "Figure(to: 2", "t: drill.knobs[0].to (line 3): 2 lies outside 0 to 1 of the list"),
        (
            "ioi_ms: 600",
            "ioi_ms: 480",
            "t: drill.ioi_ms (line 2): taps of figure 1 are 240 ms apart; give at least 250 ms",
        ),
    ] {
        assert!(changed(DRILL, from, to).starts_with(message), "{}", changed(DRILL, from, to));
    }
}

#[test]
fn a_tempo_step_changes_the_beat_by_its_per_cent_and_a_ramp_over_several() {
    let step = level("Tempo(ioi_ms: 500, beats: 12, percent: 10, after: (4, 6))");
    let (setting, _) = at_mean(&step, 0);
    assert_eq!(setting.goal_ms, 25.0);
    let gaps = |draws: &[f64]| gaps_ms(&drawn(&step, 0, draws));
    assert_eq!(gaps(&[0.0, 0.0]), [&[500.0; 3][..], &[450.0; 8]].concat(), "after four beats, faster");
    assert_eq!(gaps(&[0.999, 0.9]), [&[500.0; 5][..], &[550.0; 6]].concat(), "after six, slower");
    let ramp = level("Tempo(ioi_ms: 500, beats: 12, percent: 10, after: (4, 4), over: 4)");
    let expected = [&[500.0; 3][..], &[487.5, 475.0, 462.5], &[450.0; 5]].concat();
    assert_eq!(gaps_ms(&drawn(&ramp, 0, &[0.0, 0.0])), expected);
    assert_eq!(
        changed("Tempo(ioi_ms: 500, beats: 12, percent: 10, after: (4, 6))", "percent: 10", "percent: 16"),
        "t: drill.percent (line 2): 16 lies outside 1 to 15 per cent"
    );
    assert_eq!(
        changed("Tempo(ioi_ms: 500, beats: 12, percent: 10, after: (4, 6))", "6)", "11)"),
        "t: drill.after (line 2): a change after 11 beats, over 1, does not end within 12 beats"
    );
}

#[test]
fn a_phase_shift_displaces_a_beat_and_all_after_it_and_is_itself_never_amplified() {
    const DRILL: &str =
        "PhaseShift(ioi_ms: 600, beats: 20, shift_ms: 30, every: (6, 8), knobs: [Shift(to: 80, steps: 5)])";
    let level = level(DRILL);
    let body = drawn(&level, 0, &[0.0]);
    let mut expected = [600.0; 19];
    for n in [5, 11, 17] {
        expected[n] = 570.0;
    }
    assert_eq!(gaps_ms(&body), expected, "every six beats, early");
    let plain: Vec<usize> = (0..20).filter(|&n| body.targets[n].plain).collect();
    assert_eq!(plain, [6, 12, 18]);
    assert_eq!((level.setting(0).goal_ms, drawn(&level, 99, &[0.9]).targets[8].at.as_ms()), (30.0, 2400.0 + 4880.0));
    assert_eq!(
        changed(DRILL, "ioi_ms: 600", "ioi_ms: 500"),
        "t: drill.shift_ms (line 2): 80 ms are more than 0.15 of 500 ms; give at most 75 ms"
    );
}

#[test]
fn continuation_goes_on_by_the_press_before_and_is_amplified_at_the_phrases_end() {
    let level = level("Continuation(ioi_ms: 600, paced: 4, silent: 8, knobs: [Silent(to: 32, steps: 6)])");
    let (setting, body) = at_mean(&level, 0);
    assert_eq!((setting.goal_ms, body.terms.amplify), (27.0, Amplify::AtPhraseEnd));
    assert!(body.targets[..4].iter().all(|target| target.role == Role::Press));
    assert!(body.targets[4..].iter().all(|target| target.role == Role::PressAfter { after: Nanos::ms(600) }));
    // nothing is heard or seen after the pacing
    let last = body.cues.iter().map(|cue| cue.at).max();
    assert_eq!(last, Some(body.targets[3].at));
    assert_eq!(at_mean(&level, 99).1.targets.len(), 36);
}

#[test]
fn polyrhythm_has_two_streams_within_0_06_of_the_faster() {
    let level =
        level("Polyrhythm(slow: 2, ioi_ms: 600, cycles: 2, knobs: [Ratio(to: 4, steps: 2), Ioi(to: 500, steps: 1)])");
    let (setting, body) = at_mean(&level, 0);
    assert_eq!((setting.goal_ms, level.lanes()), (36.0, 2));
    let lane = |body: &TrialBody, lane| -> Vec<f64> {
        let first = body.targets[0].at;
        body.targets.iter().filter(|t| t.lane == Lane(lane)).map(|t| (t.at - first).as_ms()).collect()
    };
    assert_eq!(lane(&body, 0), [0.0, 600.0, 1200.0, 1800.0, 2400.0, 3000.0]);
    assert_eq!(lane(&body, 1), [0.0, 900.0, 1800.0, 2700.0]);
    let ratio = |rung| match at_mean(&level, rung).1.stage {
        Stage::Streams { fast, slow, cycle } => (fast, slow, cycle.as_ms()),
        other => panic!("{other:?}"),
    };
    assert_eq!([9, 10, 11, 12].map(ratio), [(3, 2, 1800.0), (4, 3, 2400.0), (5, 4, 3000.0), (5, 4, 2500.0)]);
}

#[test]
fn swing_lays_the_second_tap_late_and_rubato_lets_the_beat_breathe() {
    let swung = level("Swing(ioi_ms: 900, beats: 2, swing_percent: 50, knobs: [Swing(to: 67, steps: 1)])");
    assert_eq!(gaps_ms(&at_mean(&swung, 0).1), [450.0; 3]);
    let (setting, body) = at_mean(&swung, 10);
    assert_eq!((gaps_ms(&body), setting.goal_ms), (vec![603.0, 297.0, 603.0], 45.0));
    assert_eq!(setting.interval, Nanos::ms(297), "windows do not overlap in the short half");
    let breathing = level("Swing(ioi_ms: 800, beats: 9, between: false, rubato_percent: 10)");
    let gaps = gaps_ms(&at_mean(&breathing, 0).1);
    assert_eq!((gaps[0], gaps[2], gaps[6]), (800.0, 880.0, 720.0));
    assert!((gaps.iter().sum::<f64>() - 6400.0).abs() < 1e-5, "a breath is as long as eight beats");
}

#[test]
fn speech_taps_stressed_syllables_in_their_own_lane_within_0_06_of_the_interval() {
    const DRILL: &str = "Speech(phrases: [[\"ba\", \"'na\", \"na\", \"-\"]], rounds: 2, syllable_ms: 400, stretch: 0.5, knobs: [Unheard])";
    let level = level(DRILL);
    let (setting, body) = at_mean(&level, 0);
    assert_eq!((setting.goal_ms, level.lanes()), (24.0, 2));
    let lanes: Vec<u8> = body.targets.iter().map(|target| target.lane.0).collect();
    assert_eq!(lanes, [0, 1, 0, 0, 1, 0]);
    assert_eq!(gaps_ms(&body), [400.0, 600.0, 800.0, 400.0, 600.0]);
    assert_eq!(body.terms.words, ["ba", "na", "na", "ba", "na", "na"]);
    let heard = |rung| {
        let syllable = |cue: &&crate::event::Cue| cue.heard && matches!(cue.kind, CueKind::Syllable { .. });
        at_mean(&level, rung).1.cues.iter().filter(syllable).count()
    };
    assert_eq!((heard(9), heard(10)), (6, 3), "the first round is heard all the same");
    assert_eq!(changed(DRILL, "\"ba\"", "\"'\""), "t: drill.phrases[0][0] (line 2): \"'\" has 0 letters; give 1 to 12");
}
