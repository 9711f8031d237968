//! Cases A01 to A04, A07 and A08: texts as given there, and others of their kinds.

use super::*;

/// Notes on these beats in a chart of 4 columns, as bars of 96 rows.
fn notes(beats: &[f64]) -> String {
    let bars = beats.iter().fold(0.0_f64, |most, beat| most.max(*beat)) as usize / 4 + 1;
    let mut text = String::from("#NOTES:dance-single::Beginner:1::\n");
    for bar in 0..bars {
        let on = |row: usize| beats.iter().any(|beat| (beat * 24.0).round() as usize == bar * 96 + row);
        let any = (0..96).any(on);
        for row in 0..if any { 96 } else { 1 } {
            text += if any && on(row) { "1000\n" } else { "0000\n" };
        }
        text += if bar + 1 < bars { ",\n" } else { ";\n" };
    }
    text
}

fn with(header: &str, beats: &[f64]) -> Result<Vec<Chart>, Refused> {
    read(format!("{header}\n{}", notes(beats)).as_bytes(), &Options::default())
}

fn onsets(charts: Result<Vec<Chart>, Refused>) -> Vec<i64> {
    charts.expect("it is read").remove(0).targets.iter().map(|target| target.at_us).collect()
}

#[test]
fn tempo_changes_stops_and_an_offset_add_up() {
    // case A01
    let header = "#OFFSET:0.100; #BPMS:0=100,4=150; #STOPS:2=0.300,4=0.200;";
    assert_eq!(
        onsets(with(header, &[0.0, 1.0, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0])),
        [-100_000, 500_000, 1_100_000, 1_700_000, 2_000_000, 2_600_000, 3_200_000, 3_600_000]
    );
    let header = "#OFFSET:-0.009; #BPMS:0=120,1=150,2=200,3=300; #STOPS:2.5=0.5,3=0.1;";
    assert_eq!(
        onsets(with(header, &[0.0, 1.0, 2.0, 2.5, 3.0, 4.0, 1000.0])),
        [9_000, 509_000, 909_000, 1_059_000, 1_709_000, 2_009_000, 201_209_000]
    );
}

#[test]
fn bars_are_four_beats_whatever_stops_in_them() {
    let bars = |header: &str, beats: &[f64]| with(header, beats).expect("it is read").remove(0).bars.to_vec();
    let header = "#OFFSET:-0.250; #BPMS:0=120,6=60; #STOPS:2=0.300,8=0.5;";
    // beats 4, 8 and 12: the first after the stop, the second as it begins
    assert_eq!(bars(header, &[0.0, 13.0]), [250_000, 2_550_000, 5_550_000, 10_050_000]);
    // a bar that begins where time jumps begins with the one before
    assert_eq!(bars("#BPMS:0=120,3=-120,5=120;", &[0.0, 7.0, 9.0]), [0, 2_000_000]);
    assert!(bars("#BPMS:0=100000;", &[0.0, 180_000.0]).is_empty(), "more than a level has");
}

#[test]
fn a_delay_comes_before_its_note_and_a_stop_after() {
    assert_eq!(onsets(with("#BPMS:0=60;#STOPS:1=0.5;", &[0.0, 1.0, 2.0])), [0, 1_000_000, 2_500_000]);
    assert_eq!(onsets(with("#BPMS:0=60;#DELAYS:1=0.5;", &[0.0, 1.0, 2.0])), [0, 1_500_000, 2_500_000]);
    assert_eq!(onsets(with("#BPMS:0=60;#FREEZES:1=0.5;", &[1.0, 2.0])), [1_000_000, 2_500_000]);
    // written with three decimals, it stands on the third of a beat that it means
    assert_eq!(onsets(with("#BPMS:0=60;#STOPS:1.333=0.5;", &[4.0 / 3.0, 2.0])), [1_333_333, 2_500_000]);
}

#[test]
fn a_tempo_below_zero_is_a_jump() {
    // case A02 (a)
    let charts = with("#BPMS:0=120,8=-120,10=120;", &[7.0, 8.0, 9.0, 11.0, 12.0, 16.0]);
    assert_eq!(charts.as_ref().expect("read")[0].dropped["where time jumps"], 3);
    assert_eq!(onsets(charts), [3_500_000, 4_000_000, 6_000_000]);
    // OutFox#688: from 190 to 198
    let charts = onsets(with("#BPMS:0=170.001,190=-170.001,194=170.001;", &[189.0, 190.0, 197.9583, 198.0]));
    let at = |beat: i128| super::super::exact::nearest(beat * 60_000_000_000, 170_001) as i64;
    assert_eq!(charts, [at(189), at(190)]);
    // a stop below zero: half a second, a beat at 120
    assert_eq!(
        onsets(with("#BPMS:0=120;#STOPS:4=-0.5;", &[3.0, 4.0, 4.5, 5.0, 6.0])),
        [1_500_000, 2_000_000, 2_500_000]
    );
    // paid back by a stop on the way
    assert_eq!(onsets(with("#BPMS:0=120,4=-120,5=120;#STOPS:5=0.75;", &[4.0, 4.5, 5.0, 6.0])), [2_000_000, 2_750_000]);
    let endless = with("#BPMS:0=120,4=-120;", &[3.0, 5.0]).expect("read");
    assert!(endless[0].warnings.listed.iter().any(|warning| warning.message.contains("below 0")));
}

#[test]
fn a_tempo_beyond_all_bounds_takes_no_time() {
    // case A02 (b)
    assert_eq!(
        onsets(with("#BPMS:0=120,4=100000000,8=120;", &[3.0, 5.0, 8.0, 10.0])),
        [1_500_000, 2_000_000, 3_000_000]
    );
    assert_eq!(onsets(with("#BPMS:0=120;#WARPS:4=4;", &[3.0, 4.0, 5.0, 8.0, 10.0])), [1_500_000, 2_000_000, 3_000_000]);
    // what the music waits for is played, warp or not
    assert_eq!(onsets(with("#BPMS:0=120;#WARPS:4=4;#STOPS:5=1;", &[4.0, 5.0, 6.0, 8.0])), [2_000_000, 3_000_000]);
    assert_eq!(with("#BPMS:0=120;#FAKES:4=2;", &[3.0, 4.0, 6.0]).expect("read")[0].dropped["fakes"], 1);
}

#[test]
fn no_tempo_is_refused_by_its_tag() {
    // case A03
    for (header, line) in [
        ("#BPMS:0=0;", 1),
        ("#TITLE:x;\n#BPMS:;", 2),
        ("\n\n#BPMS:0=120,4=0.0;", 3),
        ("#BPMS:0=nan;", 1),
        ("#BPMS:0;", 1),
        ("#BPMS:0=120;#OFFSET:x;", 1),
        ("#BPMS:0=120;#STOPS:1=inf;", 1),
    ] {
        let refused = with(header, &[0.0]).expect_err(header);
        assert!(refused.place == Place::Line(line), "{header}: {refused}");
    }
    for header in ["", "#TITLE:x;"] {
        assert!(with(header, &[0.0]).expect_err("no tempo").message.contains("BPMS"));
    }
    assert!(with("#BPMS:0=120;", &[]).expect_err("no notes").message.contains("nothing to play"));
    assert!(read(b"#BPMS:0=120;", &Options::default()).expect_err("no notes").message.contains("NOTES"));
    assert!(read(b"hello", &Options::default()).is_err());
}

/// Case A04's file.
const MESSY: &str = "#BPMS:0=120;
#NOTES:dance-single::Beginner:1::
1000 // a comment
0Y00
00000
0001
,
1000
1000
1000
1000
1000
,
0001
0000
0000
0100
;
";

#[test]
fn messy_text_is_read_row_by_row() {
    // case A04
    let chart = read(MESSY.as_bytes(), &Options::default()).expect("read").remove(0);
    let targets: Vec<_> = chart.targets.iter().map(|target| (target.at_us, target.lane)).collect();
    let bar = 2_000_000;
    assert_eq!(
        targets,
        [
            (0, 0),
            (1_500_000, 3),
            (bar, 0),
            (bar + 400_000, 0),
            (bar + 800_000, 0),
            (bar + 1_200_000, 0),
            (bar + 1_600_000, 0),
            (2 * bar, 3),
            (2 * bar + 1_500_000, 1),
        ]
    );
    let places: Vec<_> = chart.warnings.listed.iter().map(|warning| warning.place).collect();
    assert_eq!(places, [Place::Line(4), Place::Line(5)]);
    assert_eq!(chart.dropped.values().sum::<u64>(), 2);
    // without the last ; and line end
    let open = MESSY.trim_end().trim_end_matches(';').trim_end();
    assert_eq!(read(open.as_bytes(), &Options::default()).expect("read")[0].targets, chart.targets);
    // with commas and the end on the rows' own lines
    let tight = MESSY.replace("\n,\n", ",\n").replace("\n;", ";");
    assert_eq!(read(tight.as_bytes(), &Options::default()).expect("read")[0].targets, chart.targets);
}

#[test]
fn encodings_and_line_ends_make_no_difference() {
    // case A07
    let right = read(MESSY.as_bytes(), &Options::default()).expect("read").remove(0).targets;
    for bytes in [
        [b"\xEF\xBB\xBF", MESSY.as_bytes()].concat(),
        MESSY.replace('\n', "\r\n").into_bytes(),
        MESSY.replace('\n', "\r").into_bytes(),
        format!("\n\n{MESSY}").into_bytes(),
        format!("#TITLE:caf\u{e9};\n{MESSY}").chars().map(|c| c as u8).collect(),
    ] {
        assert_eq!(read(&bytes, &Options::default()).expect("read")[0].targets, right);
    }
}

#[test]
fn holds_end_where_their_tails_are() {
    let text = "#BPMS:0=60;#NOTES:dance-single:::1::\n2040\n0000\n3010\n1L03\n,\nMFK2\n0303\n;";
    let chart = read(text.as_bytes(), &Options::default()).expect("read").remove(0);
    let targets: Vec<_> = chart.targets.iter().map(|t| (t.at_us, t.lane, t.length_us, t.hold)).collect();
    // the roll in column 2 is broken off by a note
    assert_eq!(
        targets,
        [
            (0, 0, Some(2_000_000), true),
            (0, 2, None, false),
            (2_000_000, 2, None, false),
            (3_000_000, 0, None, false),
            (4_000_000, 3, Some(2_000_000), true),
        ]
    );
    assert_eq!(
        chart.dropped.iter().map(|(what, count)| (*what, *count)).collect::<Vec<_>>(),
        [("automatic sounds", 1), ("ends of no hold", 2), ("fakes", 1), ("lifts", 1), ("mines", 1)]
    );
    assert_eq!(chart.warnings.listed.len(), 3);
}

#[test]
fn charts_of_the_successor_may_keep_their_own_time() {
    let text = "#VERSION:0.83;#TITLE:x;#BPMS:0=120;#OFFSET:0;\n#NOTEDATA:;#STEPSTYPE:dance-single;#DIFFICULTY:Easy;#METER:2;#NOTES:\n1000\n0100\n;
#NOTEDATA:;#STEPSTYPE:pump-single;#DIFFICULTY:Hard;#METER:9;#BPMS:0=60;#OFFSET:-1;#NOTES:\n00001\n00100\n;
#NOTEDATA:;#STEPSTYPE:pump-double;#NOTES:\n0000000001\n;";
    let charts = read(text.as_bytes(), &Options::default()).expect("read");
    let told: Vec<_> = charts.iter().map(|c| (c.part.as_str(), c.lanes, onsets(Ok(vec![c.clone()])))).collect();
    assert_eq!(
        told,
        [("dance-single Easy 2", 4, vec![0, 1_000_000]), ("pump-single Hard 9", 5, vec![1_000_000, 3_000_000])]
    );
    assert!(charts[0].warnings.listed.iter().any(|warning| warning.message.contains("10 columns")));
    let folded = read(text.as_bytes(), &Options { lanes: Some(2), ..Options::default() }).expect("read");
    assert_eq!(
        folded.iter().map(|c| (c.lanes, c.targets.last().map(|t| t.lane))).collect::<Vec<_>>(),
        [(2, Some(0)), (2, Some(0)), (2, Some(1))]
    );
}

#[test]
fn a_grid_lies_on_the_beats() {
    let text = format!("#BPMS:0=120,4=60;{}", notes(&[1.5, 6.0]));
    let grid = |n| onsets(read(text.as_bytes(), &Options { grid: Some(n), ..Options::default() }));
    assert_eq!(grid(1), [1_000_000, 1_500_000, 2_000_000, 3_000_000, 4_000_000]);
    assert_eq!(grid(2)[..3], [750_000, 1_000_000, 1_250_000]);
}

#[test]
fn targets_far_beyond_are_refused() {
    // case A08: 0.001 beats a minute
    let refused = with("#BPMS:0=0.001;", &[0.0, 4.0]).expect_err("days");
    assert!(refused.message.contains("targets lie within"), "{refused}");
}
