//! Practice: what is asked of a trial at another rate, in loops and with silent bars; and that a session of it recomputes.

use doozy_cerebellum::{Lesion, Preset};
use proptest::prelude::*;

use super::{
    memory::{Answered, Place, answered, failed_bars, standing},
    *,
};
use crate::{
    event::{CueKind, Effect, Lane, Music, Passage, Stage, Tier, TrialPlan},
    learner::{Profile, Tapper},
    level::{TrialBody, window},
    rehearse::{self, Rehearsal, Setup, Told},
    session::Options,
    time::Nanos,
};

/// Eight bars of four quavers and a crotchet at 120 a minute, in two sections, to a recording.
fn song() -> Level {
    let mut targets = String::new();
    for bar in 0..8 {
        for at in [0, 500, 1000, 1250, 1500] {
            targets += &format!("({}, {}, 0), ", (bar * 2000 + at) * 1000, at % 2);
        }
    }
    let text = format!(
        "(version: 1, title: \"Song\", aim: \"Play.\", trials: 2, seconds: 20, drill: Chart(lanes: 2, heard: false,
          audio: (file: \"song.ogg\", zero_us: 20000), targets: [{targets}], sections: [0, 8000000]))"
    );
    Level::parse("song", &text).unwrap()
}

fn beat() -> Level {
    Level::parse(
        "beat",
        "(version: 1, title: \"Beat\", aim: \"Tap\", trials: 4, seconds: 60,
            drill: SteadyBeat(ioi_ms: 500, beats: 16, count_in: 4))",
    )
    .unwrap()
}

fn practice(text: &str) -> Practice {
    ron::from_str(text).unwrap()
}

/// The trial `nth` of a practice, before anything rises.
fn trial(level: &Level, practice: Practice, nth: u32) -> TrialBody {
    practice.fit(level).unwrap();
    let (course, level) = Course::of(practice, level.clone());
    let setting = course.setting(level.setting(0));
    let mut draw = || 0.5;
    let mut told = crate::level::Course { nth, ..crate::level::Course::new(&mut draw) };
    let mut body = level.plan_in(&setting, &mut told);
    course.shape(&mut body, &setting.drill, nth);
    body
}

fn dues(body: &TrialBody) -> Vec<f64> {
    body.targets.iter().map(|target| target.at.as_ms()).collect()
}

#[test]
fn at_full_speed_nothing_is_changed() {
    let level = song();
    let mut body = trial(&level, Practice::default(), 1);
    assert_eq!(body.terms.practice.take(), Some(Passage { rate: 100, bars: None }));
    let mut draw = || 0.5;
    let setting = level.setting(0);
    let plain = level.plan_in(&setting, &mut crate::level::Course { nth: 1, ..crate::level::Course::new(&mut draw) });
    assert_eq!(body, plain);
}

#[test]
fn at_eight_tenths_everything_takes_a_quarter_longer() {
    let body = trial(&song(), practice("(rate: 80)"), 0);
    // counted in by four beats of 625 ms
    assert_eq!(dues(&body)[..6], [2500.0, 3125.0, 3750.0, 4062.5, 4375.0, 5000.0]);
    let counts: Vec<f64> = body.cues.iter().take(4).map(|cue| cue.at.as_ms()).collect();
    assert_eq!(counts, [0.0, 625.0, 1250.0, 1875.0]);
    let music = body.terms.music.unwrap();
    // the recording's place at the trial's zero is the same, and it runs at eight tenths
    assert_eq!(
        music,
        Music { file: "song.ogg".into(), from: Nanos::ms(20 - 2000), rate_ppb: 800_000_000, silent: vec![] }
    );
    assert_eq!(
        music.from + music.of_recording(Nanos::ms(2500)),
        Nanos::ms(20),
        "the first note lies on its own sample"
    );
    assert_eq!(body.stage, Stage::Lanes { lanes: 2, approach: Nanos::ms(1875) });
    // room for the last press is a person's, not the song's
    assert_eq!(body.length - *body.targets.iter().map(|target| &target.at).max().unwrap(), Nanos::ms(800));
}

#[test]
fn a_goal_follows_its_interval_unless_the_author_gave_it() {
    let level = beat();
    let half = Course::of(practice("(rate: 50)"), level.clone()).0.setting(level.setting(0));
    let whole = level.setting(0);
    assert_eq!(half.interval, Nanos::ms(1000));
    assert_eq!((half.goal_ms, half.tol_ms), (2.0 * whole.goal_ms, 2.0 * whole.tol_ms));
    assert_eq!(half.window, Nanos::ms(250));
    let double = Course::of(practice("(rate: 200)"), level.clone()).0.setting(level.setting(0));
    assert_eq!((double.window, double.jnd_ms), (Nanos::ms(100), 6.25));
    let fixed = Level::parse("f", &level.to_ron().replace("trials: 4", "goal_ms: 30, trials: 4")).unwrap();
    let half = Course::of(practice("(rate: 50)"), fixed.clone()).0.setting(fixed.setting(0));
    assert_eq!((half.goal_ms, half.tol_ms), (30.0, 75.0));
}

#[test]
fn a_faster_trial_leaves_time_to_get_ready() {
    let body = trial(&beat(), practice("(rate: 200)"), 0);
    assert!(body.targets[0].at >= Nanos::ms(1000));
    assert!(body.count_in_ends < body.targets[0].at - window(body.interval));
    let gaps: Vec<Nanos> = body.targets.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(gaps.iter().all(|gap| *gap == Nanos::ms(250)), "{gaps:?}");
}

#[test]
fn a_loop_is_its_bars_and_nothing_else() {
    let level = song();
    let body = trial(&level, practice("(loops: [(3, 4)])"), 0);
    assert_eq!(body.targets.len(), 10);
    assert_eq!(dues(&body)[0], 2000.0);
    assert_eq!(dues(&body)[9], 2000.0 + 3500.0);
    assert_eq!(body.terms.practice, Some(Passage { rate: 100, bars: Some((3, 4)) }));
    // bar 3 begins 4 s into the song
    assert_eq!(body.terms.music.unwrap().from, Nanos::ms(4000 + 20 - 2000));
    // several loops take turns
    let two = practice("(loops: [(1, 1), (8, 8)])");
    let begins = |nth| trial(&level, two, nth).terms.music.unwrap().from;
    assert_eq!([begins(0), begins(1), begins(2)], [Nanos::ms(-1980), Nanos::ms(14_000 - 1980), Nanos::ms(-1980)]);
}

#[test]
fn a_pre_roll_is_heard_and_not_judged() {
    let body = trial(&song(), practice("(rate: 50, loops: [(3, 3)], pre_roll: 1)"), 0);
    // a count-in of 4 s at half speed, a bar of 4 s, the loop
    assert_eq!(dues(&body), [8000.0, 9000.0, 10_000.0, 10_500.0, 11_000.0]);
    let counts: Vec<f64> = body.cues.iter().take(4).map(|cue| cue.at.as_ms()).collect();
    assert_eq!(counts, [0.0, 1000.0, 2000.0, 3000.0]);
    let before: Vec<(f64, CueKind)> = body.cues.iter().skip(4).take(5).map(|cue| (cue.at.as_ms(), cue.kind)).collect();
    assert_eq!(before[0], (4000.0, CueKind::Note { lane: Lane(0) }));
    assert_eq!(before[4].0, 7000.0);
    assert!(body.count_in_ends > Nanos::ms(7000) && body.count_in_ends < body.targets[0].at - window(body.interval));
    assert!(body.cues.is_sorted_by_key(|cue| cue.at), "{:?}", body.cues);
    let music = body.terms.music.unwrap();
    assert_eq!(music.from + music.of_recording(Nanos::ms(8000)), Nanos::ms(4020));
    // there is nothing before the first bar, and one bar before the second
    let first = trial(&song(), practice("(loops: [(1, 1)], pre_roll: 2)"), 0);
    assert_eq!(dues(&first)[0], 2000.0);
    let second = trial(&song(), practice("(loops: [(2, 2)], pre_roll: 2)"), 0);
    assert_eq!(dues(&second)[0], 4000.0);
}

#[test]
fn silent_bars_are_silent_and_asked_for_all_the_same() {
    let body = trial(&beat(), practice("(mute: Some((heard: 1, silent: 1)))"), 0);
    let heard: Vec<bool> =
        body.cues.iter().filter(|cue| matches!(cue.kind, CueKind::Beat { .. })).map(|cue| cue.heard).collect();
    assert_eq!(heard.len(), 16);
    let bars: Vec<&[bool]> = heard.chunks(4).collect();
    assert!(bars.iter().enumerate().all(|(n, bar)| bar.iter().all(|heard| *heard == (n % 2 == 0))), "{heard:?}");
    assert_eq!(body.targets.len(), 16);

    let body = trial(&song(), practice("(mute: Some((heard: 2, silent: 1)), loops: [(2, 6)])"), 0);
    let music = body.terms.music.unwrap();
    // bars 2 and 3 are heard, 4 is not, 5 and 6 are
    assert_eq!(music.silent, [(Nanos::ms(2000 + 4000), Nanos::ms(2000 + 6000))]);
    let slow = trial(&song(), practice("(rate: 50, mute: Some((heard: 2, silent: 1)), loops: [(2, 6)])"), 0);
    assert_eq!(slow.terms.music.unwrap().silent, [(Nanos::ms(12_000), Nanos::ms(16_000))]);
}

#[test]
fn bars_are_the_chart_s_own_where_it_has_them() {
    let level = song();
    let own = level.to_ron().replace("rate: 1.0", "bars: [-1000000, 3000000, 9000000], rate: 1.0");
    let own = Level::parse("own", &own).unwrap();
    assert_eq!(Level::parse("own", &own.to_ron()).unwrap(), own);
    let Drill::Chart(chart) = own.drill() else { panic!("a chart") };
    assert_eq!(bars(chart), [-1_000_000, 3_000_000, 9_000_000]);
    let count = |loops: &str| trial(&own, practice(&format!("(loops: [{loops}])")), 0).targets.len();
    assert_eq!((count("(1, 1)"), count("(2, 2)"), count("(3, 3)")), (7, 15, 18));
}

#[test]
fn what_cannot_be_practised_is_refused_with_what_could_be() {
    let said = |level: &Level, text: &str| practice(text).fit(level).unwrap_err().to_string();
    let song = song();
    assert_eq!(said(&song, "(rate: 40)"), "rate 0.4 lies outside 0.5 to 2 of the level's speed");
    assert_eq!(said(&song, "(loops: [(3, 9)])"), "bars 3-9: Song has 8 bars");
    assert_eq!(said(&song, "(loops: [(0, 2)])"), "bars 0-2: bars count from 1, and a loop ends after it begins");
    assert!(said(&song, "(loops: [(4, 3)])").contains("ends after it begins"));
    assert_eq!(said(&song, "(loops: [(1, 3), (3, 4)])"), "bars 3-4: loops stand in order and share no bar");
    assert_eq!(said(&song, "(pre_roll: 1)"), "a pre-roll leads into a loop; give one");
    assert!(said(&song, "(ramp: Some((step: 5, to: 100)))").contains("does not rise"));
    assert!(said(&song, "(rate: 60, ramp: Some((step: 0, to: 100)))").contains("step of 0 %"));
    assert!(said(&song, "(mute: Some((heard: 0, silent: 2)))").contains("muted bars 0:2"));
    assert!(said(&beat(), "(loops: [(1, 2)])").contains("this level is a steady beat"));
    let go = "(version: 1, title: \"Go\", aim: \"Go.\", trials: 2, seconds: 20, drill: GoStop())";
    let go = Level::parse("go", go).unwrap();
    for paced in ["(rate: 80)", "(rate: 60, ramp: Some((step: 5, to: 90)))", "(mute: Some((heard: 1, silent: 1)))"] {
        assert!(said(&go, paced).contains("as fast as you are"), "{}", said(&go, paced));
    }
    // what is played as it is is refused by no level
    for plain in [Practice::default(), practice("(ghost: true)")] {
        assert_eq!(plain.fit(&go), Ok(()));
        assert_eq!(plain.fit(&beat()), Ok(()));
    }
    let gap = song.to_ron().replace("rate: 1.0", "bars: [0, 600000, 900000, 1000000], rate: 1.0");
    let gap = Level::parse("gap", &gap).unwrap();
    assert_eq!(said(&gap, "(loops: [(2, 2)])"), "bars 2: no note lies in them");
}

#[test]
fn a_practice_is_read_as_it_is_written() {
    let all = practice(
        "(rate: 70, loops: [(1, 2), (4, 4)], pre_roll: 1, ramp: Some((step: 5, to: 90)), mute: Some((heard: 2, silent: 2)))",
    );
    let text = ron::to_string(&all).unwrap();
    assert_eq!(practice(&text), all);
    assert_eq!(ron::to_string(&Practice::default()).unwrap(), "(rate:100)");
    // a record of before knows nothing of practice, and one of today without it says nothing of it
    let options = ron::to_string(&Options::default()).unwrap();
    assert!(!options.contains("practice"), "{options}");
    assert_eq!(ron::from_str::<Options>(&options).unwrap(), Options::default());
    let many = ["(1, 1)"; 9].join(", ");
    assert!(ron::from_str::<Practice>(&format!("(loops: [{many}])")).is_err());
}

fn played(level: &Level, practice: Option<Practice>, profile: Profile, seed: u64) -> (Setup, Rehearsal) {
    let options = Options { practice, ..Options::default() };
    let setup = Setup { level: level.clone(), seed, options, preset: Preset::Small, lesion: Lesion::None };
    let until = rehearse::START + Nanos::ms(120_000);
    let told = rehearse::rehearse_until(setup.clone(), &mut Tapper::new(profile, seed), until).unwrap();
    (setup, told)
}

fn plans(told: &Rehearsal) -> Vec<&TrialPlan> {
    told.effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Planned(plan) => Some(plan),
            _ => None,
        })
        .collect()
}

#[test]
fn a_practice_session_recomputes_from_its_inputs() {
    let ask = practice(
        "(rate: 80, loops: [(2, 3)], pre_roll: 1, ramp: Some((step: 10, to: 100)), mute: Some((heard: 1, silent: 1)))",
    );
    let (setup, told) = played(&song(), Some(ask), Profile::Trained, 7);
    assert!(plans(&told).len() > 4);
    let mut again = Vec::new();
    rehearse::retell(setup.clone(), &told.inputs, &mut |piece| {
        if let Told::Effect(effect) = piece {
            again.push(effect);
        }
    })
    .unwrap();
    let final_ones = |effects: &[Effect]| -> Vec<Effect> {
        effects.iter().filter(|effect| !matches!(effect, Effect::Provisional { .. })).cloned().collect()
    };
    assert_eq!(final_ones(&again), final_ones(&told.effects));
    // without its practice it is another session
    let plain = Setup { options: Options::default(), ..setup };
    let mut other = Vec::new();
    let _ = rehearse::retell(plain, &told.inputs, &mut |piece| {
        if let Told::Effect(effect) = piece {
            other.push(effect);
        }
    });
    assert_ne!(final_ones(&other), final_ones(&told.effects));
}

#[test]
fn a_ramp_rises_after_good_trials_alone_and_stays_at_its_end() {
    let ask = practice("(rate: 80, loops: [(1, 1)], ramp: Some((step: 10, to: 100)))");
    let (_, told) = played(&song(), Some(ask), Profile::Trained, 3);
    let mut rate = 80;
    let mut well = false;
    let (mut events, mut failed) = (0, 0);
    for effect in &told.effects {
        match effect {
            Effect::Planned(plan) if plan.retry_of.is_none() => {
                rate = if well { (rate + 10).min(100) } else { rate };
                assert_eq!(plan.terms.practice.map(|passage| passage.rate), Some(rate));
            }
            Effect::Judged(judged) => {
                events += 1;
                failed += u32::from(!judged.tier.is_success());
            }
            Effect::TrialEnded { .. } => {
                well = (events - failed) * 10 >= events * 9;
                (events, failed) = (0, 0);
            }
            _ => {}
        }
    }
    assert_eq!(rate, 100, "a trained player gets there");
    // and one who never presses does not
    let (course, _) = Course::of(ask, song());
    let mut course = course;
    assert!(!course.went(5, 5) && !course.went(0, 0) && !course.went(10, 2));
    assert!(course.went(10, 1));
    assert!(!course.went(10, 10), "it only rises");
}

#[test]
fn a_ramp_both_ways_falls_after_bad_trials_and_never_below_where_it_began() {
    let ask = practice("(rate: 80, loops: [(1, 1)], ramp: Some((step: 10, to: 100, both: true)))");
    let (mut course, level) = Course::of(ask, song());
    let rate = |course: &Course, level: &Level| {
        let mut body = level.plan(&level.setting(0), &mut || 0.5);
        course.shape(&mut body, level.drill(), 0);
        body.terms.practice.unwrap().rate
    };
    assert!(!course.went(10, 10), "never below 80 %");
    assert!(course.went(10, 0) && course.went(10, 0));
    assert_eq!(rate(&course, &level), 100);
    assert!(!course.went(10, 5) && !course.went(0, 0), "half in time is where it teaches");
    assert!(course.went(10, 6));
    assert_eq!(rate(&course, &level), 90);
    assert!(course.went(10, 10) && !course.went(10, 10));
    assert_eq!(rate(&course, &level), 80);
}

#[test]
fn a_level_in_loops_goes_on_and_one_at_a_slower_rate_ends_as_it_would() {
    let level = beat();
    let (_, slow) = played(&level, Some(practice("(rate: 90)")), Profile::Trained, 5);
    assert!(matches!(slow.effects.last(), Some(Effect::SessionEnded { finished: true, .. })));
    let (_, looped) = played(&song(), Some(practice("(loops: [(1, 1)])")), Profile::Trained, 5);
    assert!(plans(&looped).len() > 10);
    assert!(matches!(looped.effects.last(), Some(Effect::SessionEnded { finished: false, .. })));
}

#[test]
fn failed_bars_become_loops() {
    let level = song();
    let (_, told) = played(&level, None, Profile::Trained, 1);
    let mut effects = told.effects.clone();
    // whatever was pressed, bars 2, 3 and 7 are made to have failed and all others to be clean
    let mut places = memory::Places::of(level.clone(), None);
    for effect in &mut effects {
        let place = places.hear(effect).map(|answered| answered.place);
        if let (Effect::Judged(judged), Some(Place::Note { at_us, .. })) = (effect, place) {
            judged.tier = if [1, 2, 6].contains(&(at_us / 2_000_000)) { Tier::Miss } else { Tier::Clean };
        }
    }
    let loops = failed_bars(&level, None, &effects);
    assert_eq!(loops.as_slice(), [Bars { from: 2, to: 3 }, Bars { from: 7, to: 7 }]);
    Practice { loops, ..Practice::default() }.fit(&level).unwrap();
    assert!(failed_bars(&level, None, &[]).is_empty());
    assert!(failed_bars(&beat(), None, &effects).is_empty());
}

#[test]
fn a_press_of_a_loop_is_known_by_its_place_in_the_whole() {
    let level = song();
    let ask = practice("(loops: [(4, 5)])");
    let (_, told) = played(&level, Some(ask), Profile::Trained, 2);
    let all = answered(&level, Some(ask), &told.effects);
    assert!(all.len() > 20);
    for Answered { place, .. } in &all {
        let Place::Note { at_us, .. } = place else { panic!("a chart's places are notes") };
        assert!((6_000_000..10_000_000).contains(at_us), "{at_us}");
    }
    assert_eq!(all[0].place, Place::Note { at_us: 6_000_000, lane: 0 });
}

#[test]
fn the_better_run_is_the_one_with_more_in_time_then_the_nearer() {
    let run = |tiers: &[(Tier, i64)]| -> Vec<Answered> {
        let one = |(n, (tier, ms)): (usize, &(Tier, i64))| Answered {
            place: Place::Nth { nth: 0, index: n as u32 },
            e: Some(Nanos::ms(*ms)),
            tier: *tier,
        };
        tiers.iter().enumerate().map(one).collect()
    };
    let good = standing(&run(&[(Tier::Clean, 5), (Tier::Clean, -6)]));
    assert!(good > standing(&run(&[(Tier::Clean, 5), (Tier::Slip, -30)])));
    assert!(good > standing(&run(&[(Tier::Clean, 1), (Tier::Miss, 90)])));
    assert!(standing(&[]).is_none() && good > standing(&[]));
}

proptest! {
    #[test]
    fn a_moment_at_another_rate_is_right_to_the_nanosecond(t in -10_i64.pow(15)..10_i64.pow(15), rate in 50_u16..=200) {
        let played = Pace(rate).played(Nanos(t)).0;
        // |played − t·100/rate| ≤ ½, exactly
        let twice = (2 * i128::from(played) * i128::from(rate) - 200 * i128::from(t)).abs();
        prop_assert!(twice <= i128::from(rate));
        prop_assert_eq!(Pace(rate).played(Nanos(-t)).0, -played);
    }

    #[test]
    fn whatever_is_practised_the_trial_stays_sound(
        rate in 50_u16..=200, from in 1_u32..=8, more in 0_u32..8, pre_roll in 0_u8..=8, heard in 1_u8..5, silent in 0_u8..5,
        nth in 0_u32..4,
    ) {
        let ask = Practice {
            rate,
            loops: Bars { from, to: (from + more).min(8) }.into(),
            pre_roll,
            ramp: None,
            ghost: false,
            mute: (silent > 0).then_some(Mute { heard, silent }),
        };
        let body = trial(&song(), ask, nth);
        prop_assert!(body.cues.is_sorted_by_key(|cue| cue.at));
        prop_assert!(body.targets.is_sorted_by_key(|target| target.at));
        prop_assert!(body.cues.iter().all(|cue| cue.at.0 >= 0 && cue.at < body.length));
        prop_assert!(body.targets[0].at >= Nanos::ms(1000));
        prop_assert!(body.count_in_ends < body.targets[0].at - window(body.interval));
        // the recording and the notes stay together, to the rounding of the rate
        let music = body.terms.music.unwrap();
        for target in [&body.targets[0], body.targets.last().unwrap()] {
            let heard_us = (music.from + music.of_recording(target.at)).0 - 20_000_000;
            let off = heard_us.rem_euclid(250_000_000);
            prop_assert!(off.min(250_000_000 - off) < 2_000, "{off} ns");
        }
    }
}
