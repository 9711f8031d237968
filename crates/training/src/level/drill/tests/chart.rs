//! Charts.

use super::*;
use crate::{
    event::{CueKind, Lane, Music, Stage},
    level::drill::{Course, Drill},
    time::Nanos,
};

const SONG: &str = "Chart(
        source: (title: \"A song\", file: \"song.mid\"),
        audio: (file: \"song.ogg\", zero_us: 120000),
        lanes: 4,
        targets: [
            (-100000, 0, 0),
            (400000, 2, 250000),
            (400000, 3, 0),
            (500000, 0, 0),
            (900000, 0, 0),
        ],
        knobs: [LeastGap(to: 0, steps: 2), Rate(to: 1.25, steps: 5)],
        least_gap_ms: 300,
    )";

fn lanes(body: &TrialBody) -> Vec<u8> {
    body.targets.iter().map(|target| target.lane.0).collect()
}

#[test]
fn a_chart_asks_for_its_targets_to_the_microsecond() {
    let level = level(&SONG.replace("least_gap_ms: 300,", "").replace("LeastGap(to: 0, steps: 2), ", ""));
    let (setting, body) = at_mean(&level, 0);
    // counted in by four beats of 500 ms; the first target lies before the song's zero
    assert_eq!(due_ms(&body), [2000.0, 2500.0, 2500.0, 2600.0, 3000.0]);
    assert_eq!(lanes(&body), [0, 2, 3, 0, 0]);
    assert_eq!((level.lanes(), body.targets[1].hold), (4, Some(Nanos::ms(250))));
    assert_eq!(body.stage, Stage::Lanes { lanes: 4, approach: Nanos::ms(1500) });
    let from = Nanos::ms(-100 + 120 - 2000);
    assert_eq!(
        body.terms.music,
        Some(Music { file: "song.ogg".to_owned(), from, rate_ppb: 1_000_000_000, silent: Vec::new() })
    );
    let kinds: Vec<_> = body.cues.iter().skip(3).map(|cue| (cue.at.as_ms(), cue.kind)).take(2).collect();
    assert_eq!(kinds, [(1500.0, CueKind::CountIn { left: 1 }), (2000.0, CueKind::Note { lane: Lane(0) })]);
    assert_eq!(setting.drill.kind().name(), "chart");
}

#[test]
fn the_interval_is_the_gap_that_nine_in_ten_keep() {
    let gaps = |gaps: &[i64]| {
        let mut at = 0;
        let mut targets = String::from("(0, 0, 0)");
        for gap in gaps {
            at += gap;
            targets += &format!(", ({at}, 0, 0)");
        }
        level(&format!("Chart(lanes: 1, targets: [{targets}])")).setting(0).interval.as_ms()
    };
    assert_eq!(gaps(&[300_000; 9]), 300.0);
    // one grace note in twelve does not narrow the windows of all
    let mut grace = [300_000; 12];
    grace[5] = 60_000;
    assert_eq!(gaps(&grace), 300.0);
    grace[6] = 60_000;
    assert_eq!(gaps(&grace), 60.0);
    assert_eq!(gaps(&[]), 625.0);
    assert_eq!(gaps(&[5_000_000]), 625.0);
    assert_eq!(gaps(&[10_000, 10_000]), 40.0);
}

#[test]
fn a_denser_part_then_a_faster_song() {
    let level = level(SONG);
    let parts = |rung| {
        let (_, body) = at_mean(&level, rung);
        (lanes(&body), body.targets.last().map(|target| target.at.as_ms()))
    };
    assert_eq!(parts(9), (vec![0, 2, 3, 0], Some(3000.0)), "the one 100 ms after a chord is left out");
    assert_eq!(parts(10).0, vec![0, 2, 3, 0], "150 ms");
    assert_eq!(parts(11), (vec![0, 2, 3, 0, 0], Some(3000.0)));
    assert_eq!(parts(16), (vec![0, 2, 3, 0, 0], Some((2000.0 + 1000.0) / 1.25)));
    assert_eq!(level.top_rung(), 16);
}

#[test]
fn a_trial_is_a_section_and_the_first_follows_the_last() {
    let level = level(&SONG.replace("lanes: 4,", "lanes: 4, sections: [-100000, 500000],"));
    let setting = level.setting(11);
    let part = |nth| {
        let mut draw = || 0.5;
        let body = level.plan_in(&setting, &mut Course { nth, ..Course::new(&mut draw) });
        (lanes(&body), body.terms.music.map(|music| music.from.as_ms()))
    };
    assert_eq!(part(0), (vec![0, 2, 3], Some(20.0 - 2000.0)));
    assert_eq!(part(1), (vec![0, 0], Some(620.0 - 2000.0)));
    assert_eq!(part(2), part(0));
}

#[test]
fn seventy_thousand_targets_are_read_and_written() {
    let mut text = String::from("Chart(lanes: 1, heard: false, targets: [");
    for n in 0..70_000_i64 {
        text += &format!("({}, 0, 0),", n * 50_000);
    }
    text += "])";
    let level = level(&text);
    assert_eq!(level.drill().kind().targets(), 70_000);
    let ron = level.to_ron();
    assert!(ron.len() < crate::level::MAX_BYTES, "{}", ron.len());
    let again = Level::parse("again", &ron).unwrap();
    assert_eq!((again.to_ron(), &again), (ron, &level));
    let (setting, body) = at_mean(&level, 0);
    assert_eq!((setting.interval, setting.window), (Nanos::ms(50), Nanos::ms(20)));
    assert_eq!(body.targets[69_999].at, Nanos::ms(2_000 + 50 * 69_999_i64));
}

#[test]
fn what_a_chart_may_not_say() {
    let say = |from: &str, to: &str| {
        assert!(SONG.contains(from), "{from}");
        refusal(&SONG.replace(from, to))
    };
    assert_eq!(
        say("(400000, 3, 0)", "(400000, 4, 0)"),
        ["t: drill.targets[2] (line 9): lane 4 is not one of the 4; they count from 0"]
    );
    assert_eq!(
        say("(400000, 3, 0)", "(400000, 2, 0)"),
        ["t: drill.targets[2] (line 9): targets stand in order of time, then of lane, and no two are the same"]
    );
    assert_eq!(
        say("(500000, 0, 0)", "(500000, 0, 400001)"),
        ["t: drill.targets[4] (line 11): the target before it in lane 0 is held beyond it, until 900001 µs"]
    );
    assert_eq!(say("lanes: 4", "lanes: 9")[0], "t: drill.lanes (line 5): 9 lies outside 1 to 8 lanes");
    assert_eq!(
        say("song.ogg", "../../../../etc/passwd"),
        ["t: drill.audio.file (line 4): \"../../../../etc/passwd\": give the plain name of a file in the level's own \
          folder, without a path"]
    );
    for path in ["/etc/passwd", "C:x.ogg", "a\\\\b.ogg", "..", ""] {
        assert!(say("song.ogg", path)[0].starts_with("t: drill.audio.file (line 4): "), "{path}");
    }
    assert_eq!(
        say("lanes: 4,", "lanes: 4, sections: [500000, 0],"),
        ["t: drill.sections[1] (line 5): sections stand in order of time"]
    );
    assert_eq!(
        say("lanes: 4,", "lanes: 4, sections: [0, 910000],"),
        ["t: drill.sections[1] (line 5): no target lies in this section; leave it out"]
    );
    assert_eq!(
        say("Rate(to: 1.25", "Rate(to: 0.75"),
        [
            "t: drill.knobs[1].to (line 13): 0.75 of its speed is not harder than the 1 of its speed before it; give more"
        ]
    );
    assert_eq!(
        refusal("Chart(lanes: 1, targets: [])"),
        ["t: drill.targets (line 2): 0 targets; a chart has 1 to 100000 targets"]
    );
    assert_eq!(
        refusal("Chart(lanes: 1, targets: [(-86400000001, 0, 0)])"),
        ["t: drill.targets[0] (line 2): -86400000001 lies outside -86400000000 to 86400000000 µs"]
    );
    let Drill::Chart(chart) = level(SONG).drill().clone() else { panic!("a chart") };
    assert_eq!(chart.targets[1].hold_us, 250_000);
}
