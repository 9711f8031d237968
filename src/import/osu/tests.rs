//! Cases A03 and A05 to A08: lines as given there, and others of their kinds.

use super::*;
use proptest::prelude::*;

fn map(mode: u8, timing: &str, objects: &str) -> String {
    format!(
        "osu file format v14\n\n[General]\nAudioFilename: song.mp3\nMode: {mode}\n\n[Metadata]\nTitle:x\nVersion:Hard\n\n\
         [Difficulty]\nCircleSize:4\n\n[TimingPoints]\n{timing}\n\n[HitObjects]\n{objects}\n"
    )
}

fn reads(text: &str) -> Result<Chart, Refused> {
    read(text.as_bytes(), &Options::default())
}

fn targets(chart: &Chart) -> Vec<(i64, u8)> {
    chart.targets.iter().map(|target| (target.at_us, target.lane)).collect()
}

const FOUR: &str =
    "64,192,500,1,0,0:0:0:0:\n192,192,2500,1,0,0:0:0:0:\n320,192,4500,1,0,0:0:0:0:\n448,192,6500,1,0,0:0:0:0:";
const RIGHT: [(i64, u8); 4] = [(500_000, 0), (2_500_000, 1), (4_500_000, 2), (6_500_000, 3)];

#[test]
fn speed_lines_are_no_tempo() {
    // case A05
    let timing = "0,500,4,1,0,100,1,0\n1000,NaN,4,1,0,100,1,0\n2000,-50,4,1,0,100,0,0\n3000,NaN,4,1,0,100,0,0\n\
                  4000,300,4,1,0,100,0,0\n6000,250,4,1,0,100,1,0";
    let text = map(3, timing, FOUR);
    let chart = reads(&text).expect("read");
    assert_eq!(targets(&chart), RIGHT);
    let tempo: Vec<_> = chart.tempo.iter().map(|tempo| (tempo.at_us, tempo.bpm())).collect();
    assert_eq!(tempo, [(0, 120.0), (6_000_000, 240.0)]);
    let line = 1 + text.lines().position(|line| line.starts_with("1000,NaN")).expect("there");
    assert_eq!(chart.warnings.listed.iter().map(|w| w.place).collect::<Vec<_>>(), [Place::Line(line)]);
    assert_eq!((chart.title.as_str(), chart.part.as_str(), chart.audio.as_deref()), ("x", "Hard", Some("song.mp3")));
}

#[test]
fn a_tempo_is_what_the_line_says() {
    // case A06
    for (line, beat_ns) in
        [("0,120000,4,1,0,100,1,0", 120_000_000_000), ("0,0.06,4,1,0,100,1,0", 60_000), ("0,333.333333", 333_333_333)]
    {
        assert_eq!(reads(&map(3, line, FOUR)).expect("read").tempo.as_ref(), [Tempo { at_us: 0, beat_ns }]);
    }
    let grid = |line: &str, objects: &str, n| {
        read(map(0, line, objects).as_bytes(), &Options { grid: Some(n), ..Options::default() })
    };
    let far = "0,0,0,1,0\n0,0,480000,1,0";
    let times = |chart: Result<Chart, Refused>| targets(&chart.expect("read")).iter().map(|t| t.0).collect::<Vec<_>>();
    assert_eq!(times(grid("0,120000,4,1,0,100,1,0", far, 1)), [0, 120_000_000, 240_000_000, 360_000_000, 480_000_000]);
    assert_eq!(times(grid("0,0.06,4,1,0,100,1,0", "0,0,0,1,0\n0,0,1,1,0", 1))[..3], [0, 60, 120]);
    assert!(grid("0,0.06,4,1,0,100,1,0", far, 1).expect_err("8 million").message.contains("8000001 targets"));
    // each tempo line begins a beat; two a beat
    assert_eq!(
        times(grid("100,400\n1000,500,4,1,0,100,1", "0,0,0,1,0\n0,0,1600,1,0", 2)),
        [100_000, 300_000, 500_000, 700_000, 900_000, 1_000_000, 1_250_000, 1_500_000]
    );
}

#[test]
fn a_tempo_line_says_how_long_its_bars_are_and_begins_one() {
    let bars = |timing: &str| {
        let chart = reads(&map(3, timing, FOUR)).expect("read");
        (chart.bars.to_vec(), chart.warnings.listed.len())
    };
    assert_eq!(bars("0,500,4,1,0,100,1,0"), (vec![0, 2_000_000, 4_000_000, 6_000_000], 0));
    assert_eq!(bars("0,500"), bars("0,500,0,1,0,100,1,0"), "four where it does not say");
    assert_eq!(bars("0,500,3").0, [0, 1_500_000, 3_000_000, 4_500_000, 6_000_000]);
    assert_eq!(bars("0,500,3\n4000,1000,2").0, [0, 1_500_000, 3_000_000, 4_000_000, 6_000_000]);
    // a third of a second: cut to the ms in which the game has its objects
    assert_eq!(bars("0,333.333333,7").0, [0, 2_333_000, 4_666_000]);
    assert_eq!(bars("0,500,waltz"), (vec![0, 2_000_000, 4_000_000, 6_000_000], 1));
    assert_eq!(bars("0,0.06,1"), (vec![], 0), "more than a level has");
}

#[test]
fn no_tempo_is_refused() {
    // case A03
    for timing in ["", "0,0,4,1,0,100,1,0", "0,-100,4,1,0,100,1,0", "0,-100,4,1,0,100,0,0", "0,NaN,4,1,0,100,1,0"] {
        assert!(reads(&map(3, timing, FOUR)).expect_err(timing).message.contains("tempo"));
    }
    assert!(reads(&map(3, "0,500", "")).expect_err("none").message.contains("nothing to play"));
    assert!(reads(&map(0, "0,500", "256,192,1000,12,0,3000")).is_err(), "a spinner asks for no press");
}

#[test]
fn encodings_headers_and_line_ends_make_no_difference() {
    // case A07
    let text = map(3, "0,500,4,1,0,100,1,0", FOUR);
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let latin1 = text.replace("Title:x", "Title:caf\u{e9}").chars().map(|c| c as u8).collect();
    for (bytes, warned) in [
        (text.clone().into_bytes(), 0),
        ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), 0),
        (text.replace('\n', "\r\n").into_bytes(), 0),
        (text.replace('\n', "\r").into_bytes(), 0),
        (format!("\n\n{text}").into_bytes(), 0),
        (text.trim_end().as_bytes().to_vec(), 0),
        (utf16, 0),
        (text.as_bytes()[1..].to_vec(), 1),
        (text.replacen("osu file format v14\n", "", 1).into_bytes(), 1),
        (latin1, 1),
    ] {
        let chart = read(&bytes, &Options::default()).expect("read");
        assert_eq!((targets(&chart), chart.warnings.listed.len()), (RIGHT.to_vec(), warned));
    }
    let utf16_without_mark: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for wrong in [&b"hello\nworld"[..], b"", b"osu file format vX\n[General]", &utf16_without_mark] {
        assert!(read(wrong, &Options::default()).is_err());
    }
}

#[test]
fn times_out_of_reach_are_refused_and_volumes_are_not_minded() {
    // case A08
    for time in ["2147483647", "-2147483648", "1e300", "99999999999999999999"] {
        let refused = reads(&map(3, "0,500", &format!("64,192,1000,1,0\n64,192,{time},1,0")));
        match refused {
            Err(refused) => assert!(matches!(refused.place, Place::Line(_)), "{refused}"),
            Ok(chart) => assert!(targets(&chart).len() == 1 && chart.warnings.listed.len() == 1, "{time}"),
        }
    }
    let chart = reads(&map(3, "0,500,4,1,0,300,1,0", FOUR)).expect("read");
    assert_eq!((targets(&chart), chart.warnings.listed.len(), chart.tempo.len()), (RIGHT.to_vec(), 1, 1));
}

#[test]
fn seventy_thousand_are_seventy_thousand() {
    // case A08 (a)
    let objects: String = (0..70_000).map(|n| format!("64,192,{},1,0\n", n * 50)).collect();
    let chart = reads(&map(3, "0,500", &objects)).expect("read");
    assert_eq!((chart.targets.len(), chart.targets[69_999].at_us), (70_000, 69_999 * 50_000));
    let more: String = (0..=MOST_TARGETS).map(|n| format!("64,192,{n},1,0\n")).collect();
    assert!(reads(&map(3, "0,500", &more)).is_err());
}

#[test]
fn every_kind_of_object_is_kept_or_counted() {
    let objects = "0,0,100,5,0\n0,0,200.5,2,0,B|1:1,1,50\n256,192,300,12,0,900\n64,192,400,128,0,700:0:0:0:0:\n\
                   600,192,500,1,8\nnonsense\n0,0,x,1,0\n0,0,600,0,0\n64,0,800,128,0,800:0\n64,0,900,128,0";
    let mania = reads(&map(3, "0,500", objects)).expect("read");
    let all: Vec<_> = mania.targets.iter().map(|t| (t.at_us, t.lane, t.length_us, t.hold)).collect();
    assert_eq!(
        all,
        [
            (100_000, 0, None, false),
            (200_500, 0, None, false),
            (400_000, 0, Some(300_000), true),
            (500_000, 3, None, false),
            (800_000, 0, None, false),
            (900_000, 0, None, false),
        ]
    );
    assert_eq!(
        mania.dropped.iter().map(|(what, count)| (*what, *count)).collect::<Vec<_>>(),
        [("slider bodies (their heads are kept)", 1), ("spinners", 1), ("unreadable lines", 3)]
    );
    assert_eq!(mania.warnings.listed.len(), 6);
    let taiko = reads(&map(1, "0,500", "0,0,100,1,0\n0,0,200,1,2\n0,0,300,1,8\n0,0,400,1,4")).expect("read");
    assert_eq!((targets(&taiko), taiko.lanes), (vec![(100_000, 0), (200_000, 1), (300_000, 1), (400_000, 0)], 2));
    let standard = reads(&map(0, "0,500", "511,0,100,1,0")).expect("read");
    assert_eq!((targets(&standard), standard.lanes), (vec![(100_000, 0)], 1));
    let lanes = |mode, lanes| {
        let text = map(mode, "0,500", "0,0,100,1,0\n511,0,200,1,0");
        let chart = read(text.as_bytes(), &Options { lanes: Some(lanes), ..Options::default() }).expect("read");
        chart.targets.iter().map(|t| t.lane).collect::<Vec<_>>()
    };
    assert_eq!((lanes(0, 4), lanes(3, 2), lanes(1, 1)), (vec![0, 3], vec![0, 1], vec![0, 0]));
    let ten = map(3, "0,500", FOUR).replace("CircleSize:4", "CircleSize:10");
    assert!(reads(&ten).expect_err("10 keys").message.contains("--lanes 8"));
    assert!(reads(&map(7, "0,500", FOUR)).is_err());
}

#[test]
fn charts_of_the_first_formats_are_24_ms_late() {
    let text = map(3, "0,500", "64,192,500,128,0,700").replace("v14", "v4");
    let chart = reads(&text).expect("read");
    assert_eq!(
        (chart.targets[0].at_us, chart.targets[0].length_us, chart.tempo[0].at_us),
        (524_000, Some(200_000), 24_000)
    );
}

proptest! {
    /// Where rosu-map neither clamps nor drops, nor leaves the 24 ms of old formats out, the two readers agree.
    #[test]
    fn another_reader_gives_the_same_hits(
        version in 5_u32..15,
        timing in prop::collection::vec((0_i32..100_000, 100_i32..2_000, any::<bool>()), 0..6),
        hits in prop::collection::vec((0_i32..512, 0_i32..1_000_000, any::<bool>(), 1_i32..5_000), 1..50),
    ) {
        let timing: String = std::iter::once((0, 500, true)).chain(timing)
            .map(|(at, beat, red)| format!("{at},{beat},4,1,0,100,{},0\n", u8::from(red)))
            .collect();
        let objects: String = hits.iter()
            .map(|&(x, at, held, length)| if held { format!("{x},192,{at},128,0,{}:0:0:0:0:\n", at + length) } else { format!("{x},192,{at},1,0,0:0:0:0:\n") })
            .collect();
        let text = map(3, &timing, &objects).replace("v14", &format!("v{version}"));
        let chart = reads(&text).expect("read");
        let theirs: rosu_map::Beatmap = text.parse().expect("rosu-map reads it");
        let mut right: Vec<(i64, u8)> = theirs.hit_objects.iter().map(|object| {
            let x = match &object.kind {
                rosu_map::section::hit_objects::HitObjectKind::Circle(circle) => circle.pos.x,
                rosu_map::section::hit_objects::HitObjectKind::Hold(hold) => hold.pos_x,
                _ => unreachable!("only circles and holds are written"),
            };
            ((object.start_time * 1000.0) as i64, (x * 4.0 / 512.0) as u8)
        }).collect();
        right.sort_unstable();
        right.dedup();
        prop_assert_eq!(targets(&chart), right);
        let mut tempo: Vec<(i64, i64)> = theirs.control_points.timing_points.iter()
            .map(|point| ((point.time * 1000.0) as i64, (point.beat_len * 1e6) as i64)).collect();
        tempo.sort_unstable();
        let mut ours: Vec<(i64, i64)> = chart.tempo.iter().map(|tempo| (tempo.at_us, tempo.beat_ns)).collect();
        ours.dedup_by_key(|tempo| tempo.0);
        let mut at: Vec<i64> = tempo.iter().map(|tempo| tempo.0).collect();
        at.dedup();
        prop_assert_eq!(ours.iter().map(|tempo| tempo.0).collect::<Vec<_>>(), at);
    }
}
