//! The mix on days that were worked out by hand.

use proptest::prelude::*;

use super::*;

fn candidate(level: &str, kind: &str) -> Candidate {
    let ladder = level.split('/').next().unwrap_or_default().to_owned();
    Candidate { level: level.into(), kind: kind.into(), ladder, plain: kind != "steady hand" }
}

/// Four ladders, six kinds.
fn levels() -> Vec<Candidate> {
    [
        ("pulse/1", "steady beat"),
        ("pulse/2", "steady beat"),
        ("pulse/4", "subdivision"),
        ("groove/1", "off-beat"),
        ("sport/1", "interception"),
        ("sport/2", "release timing"),
        ("catastrophe/1", "steady hand"),
    ]
    .map(|(level, kind)| candidate(level, kind))
    .to_vec()
}

fn practised(level: &str, kind: &str, day: i64, successes: u32) -> Practised {
    Practised { level: level.into(), kind: kind.into(), day, events: 20, successes, reached: false }
}

fn kinds(mix: &Mix) -> Vec<&str> {
    mix.picks.iter().map(|pick| pick.kind.as_str()).collect()
}

#[test]
fn somebody_who_has_practised_nothing_meets_the_first_kinds_of_three_ladders() {
    for today in [0, 20_000, 20_001, -3] {
        let mix = daily(&[], &levels(), today);
        assert_eq!(kinds(&mix), ["steady beat", "off-beat", "interception"]);
        assert!(mix.picks.iter().all(|pick| pick.why == Why::New));
    }
}

#[test]
fn what_went_well_comes_back_later_each_time() {
    // days 0, 1, 3, 7 went well: spacings of 1, 2, 4, 7 days
    let mut past = Vec::new();
    for (day, due) in [(0, 1), (1, 3), (3, 7), (7, 14)] {
        past.push(practised("pulse/1", "steady beat", day, 18));
        let why = |today| daily(&past, &levels()[..2], today).picks[0].why;
        assert_eq!(why(due - 1), Why::Early { days: due - 1 - day, left: 1 }, "practised on {day}");
        assert_eq!(why(due), Why::Due { days: due - day, overdue: 0 }, "practised on {day}");
    }
}

#[test]
fn what_went_badly_is_due_the_next_day() {
    let mut past: Vec<_> = [0, 1, 3].map(|day| practised("pulse/1", "steady beat", day, 18)).to_vec();
    past.push(practised("pulse/1", "steady beat", 7, 9));
    assert_eq!(daily(&past, &levels()[..2], 8).picks[0].why, Why::Due { days: 1, overdue: 0 });
    // in between, the spacing stays what it was
    past[3].successes = 12;
    assert_eq!(daily(&past, &levels()[..2], 10).picks[0].why, Why::Early { days: 3, left: 1 });
}

#[test]
fn the_kinds_that_are_due_come_first_and_one_newcomer_with_them() {
    let past = [practised("pulse/1", "steady beat", 90, 18), practised("sport/1", "interception", 99, 18)];
    let mix = daily(&past, &levels(), 100);
    // the beat is 9 days late of 1, the ball is due today; and of what is new, one kind
    assert_eq!(kinds(&mix)[..2], ["steady beat", "interception"]);
    assert_eq!(mix.picks[0].why, Why::Due { days: 10, overdue: 9 });
    assert_eq!(mix.picks[1].why, Why::Due { days: 1, overdue: 0 });
    assert_eq!(mix.picks[2].why, Why::New);
}

#[test]
fn with_three_known_kinds_one_newcomer_takes_the_place_of_what_is_not_due() {
    let past: Vec<_> = [("pulse/1", "steady beat"), ("groove/1", "off-beat"), ("sport/1", "interception")]
        .map(|(level, kind)| practised(level, kind, 100, 18))
        .to_vec();
    let mix = daily(&past, &levels(), 100);
    let new = mix.picks.iter().filter(|pick| pick.why == Why::New).count();
    assert_eq!((mix.picks.len(), new), (3, 1));
    assert!(
        mix.picks.iter().filter(|pick| pick.why != Why::New).all(|pick| pick.why == Why::Early { days: 0, left: 1 })
    );
}

#[test]
fn a_kind_that_needs_a_stick_waits_until_somebody_has_played_it() {
    let only = [candidate("catastrophe/1", "steady hand")];
    assert_eq!(daily(&[], &only, 0), Mix { picks: vec![], blocks: vec![] });
    let past = [practised("catastrophe/1", "steady hand", 0, 18)];
    assert_eq!(daily(&past, &only, 1).picks.len(), 1);
}

#[test]
fn the_level_is_the_first_of_its_kind_that_is_not_reached() {
    let mut past = vec![practised("pulse/1", "steady beat", 0, 18)];
    let level = |past: &[Practised]| daily(past, &levels()[..2], 5).picks[0].level.clone();
    assert_eq!(level(&past), "pulse/1");
    past[0].reached = true;
    assert_eq!(level(&past), "pulse/2");
    past.push(Practised { reached: true, ..practised("pulse/2", "steady beat", 2, 20) });
    assert_eq!(level(&past), "pulse/1", "the one that was practised the longest ago");
}

#[test]
fn a_block_is_about_as_long_as_it_should_be() {
    // 12 s a phrase; 3.3 s a ball; a single long phrase is a block
    assert_eq!((block_trials(6, 72), block_trials(20, 66), block_trials(4, 400), block_trials(3, 9)), (4, 14, 1, 3));
}

proptest! {
    #[test]
    fn a_mix_is_always_interleaved_of_different_kinds_and_the_same_on_the_same_day(
        sessions in prop::collection::vec((0_usize..7, -5_i64..40, 0_u32..30, 0_u32..30, any::<bool>()), 0..40),
        today in -5_i64..45,
    ) {
        let levels = levels();
        let past: Vec<_> = sessions
            .iter()
            .map(|&(place, day, events, successes, reached)| Practised {
                level: levels[place].level.clone(),
                kind: levels[place].kind.clone(),
                day,
                events,
                successes: successes.min(events),
                reached,
            })
            .collect();
        let mix = daily(&past, &levels, today);
        prop_assert_eq!(&daily(&past, &levels, today), &mix);
        prop_assert_eq!(mix.picks.len(), KINDS);
        let different: BTreeSet<_> = kinds(&mix).into_iter().collect();
        prop_assert_eq!(different.len(), KINDS);
        prop_assert_eq!(mix.blocks.len(), KINDS * ROUNDS);
        for (place, pair) in mix.blocks.windows(2).enumerate() {
            prop_assert!(pair[0] != pair[1], "block {} of {:?}", place, mix.blocks);
        }
        for kind in 0..KINDS {
            prop_assert_eq!(mix.blocks.iter().filter(|block| **block == kind).count(), ROUNDS);
        }
        for pick in &mix.picks {
            prop_assert!(levels.iter().any(|level| level.level == pick.level && level.kind == pick.kind));
        }
    }
}
