//! A diary kept by hand: sessions at chosen times become days, days become draws, and a mark changes no judgement.

use super::*;
use crate::{
    event::Effect,
    learner::{Profile, Tapper},
    level::Level,
    rehearse::{Setup, rehearse},
};

const HOUR: i64 = 3_600;
/// A phrase too fast for a novice, so that guard and brake have something to do.
const BEAT: &str = "(version: 1, title: \"Beat\", aim: \"a\", trials: 4, seconds: 60,
    drill: SteadyBeat(ioi_ms: 300, beats: 16, knobs: [Ioi(to_ms: 250, steps: 2)]))";

/// The sessions of a player who begins one at each of these hours and plays for half an hour; a probe of day d shows `rms(d)`.
fn played(seed: u64, hours: impl IntoIterator<Item = i64>, rms: impl Fn(usize) -> f64) -> Vec<Played> {
    let mut sessions = Vec::new();
    for hour in hours {
        let diary = Diary::of(&sessions);
        let from_s = hour * HOUR;
        let part = diary.as_ref().map_or(Personal::Probe, |diary| diary.next(from_s));
        let days = diary.map_or(0, |diary| diary.days().len());
        sessions.push(Played {
            part,
            from_s,
            until_s: from_s + HOUR / 2,
            // the first one's counts
            seed: if sessions.is_empty() { seed } else { 99 },
            presses: 20,
            rms_ms: Some(rms(days)),
        });
    }
    sessions
}

/// Two sessions a day, at noon and at one.
fn daily(days: i64) -> impl Iterator<Item = i64> {
    (0..days).flat_map(|day| [24 * day + 12, 24 * day + 13])
}

fn rms(day: usize) -> f64 {
    30.0 - 0.2 * day as f64 + [0.7, -1.1, 0.4][day % 3]
}

#[test]
fn a_day_begins_with_the_first_session_twenty_hours_after_the_last() {
    // Monday noon, one, and eleven at night; Tuesday six in the evening (18.5 h later), Wednesday half a day and more later
    let sessions = played(1, [12, 13, 23, 24 + 18, 48 + 16], rms);
    let probes: Vec<bool> = sessions.iter().map(|session| session.part == Personal::Probe).collect();
    assert_eq!(probes, [true, false, false, false, true]);
    let diary = Diary::of(&sessions).unwrap();
    let days: Vec<(u32, i64)> = diary.days().iter().map(|day| (day.sessions, day.until_s)).collect();
    assert_eq!(days, [(3, 42 * HOUR + HOUR / 2), (0, 64 * HOUR + HOUR / 2)]);
    // to the second
    let probe_from = 84 * HOUR + HOUR / 2;
    assert_eq!(diary.probe_from_s(), probe_from);
    assert_eq!(diary.next(probe_from), Personal::Probe);
    assert_ne!(diary.next(probe_from - 1), Personal::Probe);
    // a clock that was set back begins no day
    assert_ne!(diary.next(0), Personal::Probe);
}

#[test]
fn days_are_drawn_as_in_a_trial_that_never_stopped() {
    for seed in 0..20 {
        let mut trial = Trial::new(seed, 20);
        for day in 0..20 {
            trial.day(Some(rms(day)));
        }
        let diary = Diary::of(&played(seed, daily(20), rms)).unwrap();
        assert_eq!(diary.trial().days(), trial.days());
        assert_eq!(diary.trial().posterior(), trial.posterior());
    }
}

#[test]
fn a_day_is_drawn_alike_however_often_and_keeps_what_it_was() {
    for seed in 0..20 {
        let probes_last = played(seed, daily(6).chain([6 * 24 + 12]), rms);
        let diary = Diary::of(&probes_last).unwrap();
        let now = (6 * 24 + 13) * HOUR;
        let drawn = diary.next(now);
        assert_eq!(diary.next(now + HOUR), drawn);
        // of sessions that are marked otherwise than they would be drawn, the mark counts
        let other = if drawn == Personal::On { Personal::Off } else { Personal::On };
        let kept = Played { part: other, from_s: now, until_s: now, seed: 0, presses: 3, rms_ms: Some(9.0) };
        let diary = Diary::of(&[probes_last, vec![kept]].concat()).unwrap();
        assert_eq!(diary.next(now + HOUR), other);
        assert_eq!(diary.days()[6].rms_ms, Some(rms(6)), "practice measures nothing");
    }
}

#[test]
fn a_day_without_practice_counts_as_one_without_amplification() {
    let sessions = played(4, [12, 24 + 12, 24 + 13], rms);
    let diary = Diary::of(&sessions).unwrap();
    assert_eq!(diary.days()[0].on, None);
    let days = diary.trial().days().to_vec();
    assert_eq!(days[0], Day { rms_ms: Some(rms(0)), on: false });
    // of these four one has gone without, so the others do not
    assert!(days[1].on);
}

#[test]
fn a_probe_of_few_presses_measures_nothing() {
    let mut sessions = played(1, daily(3), rms);
    sessions[2].presses = PRESSES_LEAST - 1;
    let diary = Diary::of(&sessions).unwrap();
    let shown: Vec<_> = diary.days().iter().map(|day| day.rms_ms).collect();
    assert_eq!(shown, [Some(rms(0)), None, Some(rms(2))]);
    // and says nothing of how many presses the others had
    assert_eq!(diary.taps(), 20);
    sessions[4].presses = 60;
    assert_eq!(Diary::of(&sessions).unwrap().taps(), 30);
    assert_eq!(Diary::of(&[]), None);
}

#[test]
fn levels_with_early_and_late_suit_and_others_say_why_not() {
    let level = |drill: &str| {
        let text = format!("(version: 1, title: \"t\", aim: \"a\", trials: 8, seconds: 60, drill: {drill})");
        Level::parse("x", &text).unwrap()
    };
    assert_eq!(suits(&Level::parse("x", BEAT).unwrap()), Ok(()));
    assert_eq!(suits(&level("Interception(visible_ms: 800)")), Ok(()));
    let refused = suits(&level("GoStop()")).unwrap_err().to_string();
    assert!(refused.contains("go / stop") && refused.contains("reactions") && refused.contains("pulse/1"), "{refused}");
}

#[test]
fn options_without_a_mark_are_written_as_ever_and_with_one_come_back() {
    let plain = Options::current();
    assert!(!ron::to_string(&plain).unwrap().contains("personal"));
    for part in [Personal::Probe, Personal::On, Personal::Off] {
        let text = ron::to_string(&part.options()).unwrap();
        assert_eq!(ron::from_str::<Options>(&text).unwrap(), part.options());
        assert_eq!(part.options().personal, Some(part));
    }
    assert_eq!(ron::from_str::<Options>(&ron::to_string(&plain).unwrap()).unwrap(), plain);
    assert_eq!(Options { personal: None, ..Personal::On.options() }, plain, "amplified is what the game does anyway");
}

#[test]
fn nothing_is_judged_by_the_mark_and_a_probe_neither_amplifies_nor_changes_what_is_played() {
    let effects = |options: Options| {
        let setup = Setup {
            level: Level::parse("beat", BEAT).unwrap(),
            seed: 4,
            options,
            preset: doozy_cerebellum::Preset::Small,
            lesion: doozy_cerebellum::Lesion::None,
        };
        rehearse(setup, &mut Tapper::new(Profile::Novice, 4)).unwrap().effects
    };
    for part in [Personal::Probe, Personal::On, Personal::Off] {
        let marked = effects(part.options());
        assert_eq!(marked, effects(Options { personal: None, ..part.options() }));
        if part == Personal::Probe {
            let plans: Vec<_> =
                marked.iter().filter_map(|e| if let Effect::Planned(plan) = e { Some(plan) } else { None }).collect();
            let rungs: Vec<i32> = plans.iter().map(|plan| plan.rung).collect();
            assert!(
                rungs.iter().any(|rung| *rung < 0) && rungs.iter().all(|rung| *rung <= 0),
                "the guard eased: {rungs:?}"
            );
            let gaps =
                |at: usize| -> Vec<_> { plans[at].targets.windows(2).map(|two| two[1].at - two[0].at).collect() };
            assert!((1..plans.len()).all(|at| gaps(at) == gaps(0)));
            assert!(marked.iter().all(|effect| !matches!(effect, Effect::Judged(judged) if judged.gain != 1.0)));
        }
    }
}
