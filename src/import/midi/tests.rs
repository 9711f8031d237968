//! Cases A09 to A15 and kin: bytes as given there, and others of their kinds.

use super::*;
use proptest::prelude::*;

/// Bytes from hex; spaces and `|` are for the eye.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex");
    digits.chunks(2).map(pair).collect()
}

fn track(events: &str) -> Vec<u8> {
    let events = hex(events);
    [b"MTrk".to_vec(), u32::try_from(events.len()).expect("small").to_be_bytes().to_vec(), events].concat()
}

fn file(format: u16, division: u16, tracks: &[Vec<u8>]) -> Vec<u8> {
    let count = u16::try_from(tracks.len()).expect("few");
    let words: Vec<u8> = [format, count, division].iter().flat_map(|word| word.to_be_bytes()).collect();
    [b"MThd\0\0\0\x06".to_vec(), words, tracks.concat()].concat()
}

fn charts(bytes: &[u8]) -> Result<Vec<Chart>, Refused> {
    read(bytes, &Options::default())
}

fn one(bytes: &[u8]) -> Chart {
    let mut charts = charts(bytes).expect("it is read");
    assert_eq!(charts.len(), 1);
    charts.remove(0)
}

fn onsets(chart: &Chart) -> Vec<i64> {
    chart.targets.iter().map(|target| target.at_us).collect()
}

fn lengths(chart: &Chart) -> Vec<Option<i64>> {
    chart.targets.iter().map(|target| target.length_us).collect()
}

const TEMPOS: &str = "00 ff 51 03 0f 42 40 81 40 ff 51 03 07 a1 20 81 40 ff 51 03 05 16 15 00 ff 2f 00";
const NOTES: &str =
    "00 90 3c 64 01 80 3c 00 5f 90 3c 64 01 80 3c 00 5f 90 3c 64 01 80 3c 00 5f 90 3c 64 01 80 3c 00 5f 90 3c 64
    01 80 3c 00 5f 90 3c 64 01 80 3c 00 00 ff 2f 00";
const A09: [i64; 6] = [0, 1_000_000, 2_000_000, 2_500_000, 3_000_000, 3_333_333];

#[test]
fn the_tempo_map_of_one_track_holds_for_the_others() {
    // case A09
    let given = hex("4d 54 68 64 00 00 00 06 00 01 00 02 00 60 | 4d 54 72 6b 00 00 00 1b 00 ff 51 03 0f 42 40 81 40 ff 51 03 07 a1 20
        81 40 ff 51 03 05 16 15 00 ff 2f 00 | 4d 54 72 6b 00 00 00 34 00 90 3c 64 01 80 3c 00 5f 90 3c 64 01 80 3c 00 5f 90 3c 64
        01 80 3c 00 5f 90 3c 64 01 80 3c 00 5f 90 3c 64 01 80 3c 00 5f 90 3c 64 01 80 3c 00 00 ff 2f 00");
    assert_eq!(given, file(1, 96, &[track(TEMPOS), track(NOTES)]));
    assert_eq!(given.len(), 109);
    let chart = one(&given);
    assert_eq!(onsets(&chart), A09);
    assert!(chart.warnings.is_empty());
    assert_eq!(onsets(&one(&file(1, 96, &[track(NOTES), track(TEMPOS)]))), A09);
    let six_eight = format!("00 ff 58 04 06 03 24 08 {TEMPOS}");
    assert_eq!(onsets(&one(&file(1, 96, &[track(&six_eight), track(NOTES)]))), A09);
}

#[test]
fn bars_follow_the_time_signatures() {
    // onsets at ticks 0, 96 … 480; quarters of 1 s up to tick 192, of 0.5 s up to 384, then of a third
    let bars = |signatures: &str| {
        let tempos = track(&format!("{signatures} 00 ff 2f 00"));
        let chart = one(&file(1, 96, &[track(TEMPOS), tempos, track(NOTES)]));
        assert_eq!(onsets(&chart), A09, "they say nothing about time");
        (chart.bars.to_vec(), chart.warnings.listed.len())
    };
    assert_eq!(bars(""), (vec![0, 3_000_000], 0));
    assert_eq!(bars("00 ff 58 04 03 02 18 08"), (vec![0, 2_500_000], 0), "three quarters");
    assert_eq!(bars("00 ff 58 04 06 03 24 08"), (vec![0, 2_500_000], 0), "six eighths");
    assert_eq!(bars("00 ff 58 02 05 02"), (vec![0, 3_333_333], 0), "five quarters, and no word of a metronome");
    // two quarters from tick 288 on, and again, with a bar cut short, from tick 432
    let change = "00 ff 58 04 03 02 18 08 82 20 ff 58 04 02 02 18 08 81 10 ff 58 04 02 02 18 08";
    assert_eq!(bars(change), (vec![0, 2_500_000, 3_166_667], 0));
    // none before tick 96: four quarters until then
    assert_eq!(bars("60 ff 58 04 03 02 18 08"), (vec![0, 1_000_000, 3_000_000], 0));
    // a bar of one and a half ticks; what holds is the last of a tick
    let (short, told) = bars("00 ff 58 04 03 02 18 08 00 ff 58 04 01 08 18 08");
    assert_eq!((&short[..4], short.len(), told), (&[0, 15_625, 31_250, 46_875][..], 321, 1));
    // none of no beats, of a unit that no notation has, of half of its bytes
    for odd in ["ff 58 04 00 02 18 08", "ff 58 04 03 09 18 08", "ff 58 01 03"] {
        assert_eq!(bars(&format!("00 {odd}")), (vec![0, 3_000_000], 1), "{odd}");
    }
    // far more of them than a level has
    let endless = track("00 ff 58 04 01 08 18 08 00 90 3c 64 ff ff 00 80 3c 00 00 90 3c 64 01 80 3c 00 00 ff 2f 00");
    assert!(one(&file(0, 96, &[endless])).bars.is_empty());
    let timecode = track("00 ff 58 04 03 02 18 08 00 90 3c 64 60 80 3c 00 00 ff 2f 00");
    assert!(one(&file(0, 0xE728, &[timecode])).bars.is_empty(), "seconds have no beats");
}

#[test]
fn tracks_of_format_2_have_tempos_of_their_own() {
    let slow = track("00 ff 58 04 01 02 18 08 00 ff 51 03 0f 42 40 60 90 3c 64 60 80 3c 00 00 ff 2f 00");
    let plain = track("60 90 3c 64 60 80 3c 00 00 ff 2f 00");
    let charts = charts(&file(2, 96, &[slow, plain])).expect("it is read");
    assert_eq!(charts.iter().map(onsets).collect::<Vec<_>>(), [[1_000_000], [500_000]]);
    assert_eq!(charts.iter().map(|chart| chart.bars.to_vec()).collect::<Vec<_>>(), [vec![0, 1_000_000], vec![0]]);
}

#[test]
fn an_smpte_division_counts_ticks_in_seconds() {
    // case A10
    let given = hex(
        "4d 54 68 64 00 00 00 06 00 00 00 01 e7 28 | 4d 54 72 6b 00 00 00 1f 00 ff 51 03 07 a1 20 8b 5c 90 3c 64 81 7a
        80 3c 00 81 7a 90 3e 64 81 7a 80 3e 00 00 ff 2f 00",
    );
    let chart = one(&given);
    assert_eq!(onsets(&chart), [1_500_000, 2_000_000]);
    assert_eq!(chart.warnings.listed.len(), 1, "the tempo event");
    assert!(chart.tempo.is_empty());
    // 30 frames in 1.001 s, 100 ticks a frame: 3000 ticks are 1.001 s
    let drop = file(0, 0xE364, &[track("97 38 90 3c 64 01 80 3c 00 00 ff 2f 00")]);
    assert_eq!(onsets(&one(&drop)), [1_001_000]);
    for (division, said) in [(0_u16, "0 ticks"), (0xE700, "0 ticks"), (0xFF28, "SMPTE"), (0x8028, "SMPTE")] {
        let refused = charts(&file(0, division, &[track(NOTES)])).expect_err("no such division");
        assert!(refused.message.contains(said) && refused.place == Place::Byte(12), "{refused}");
    }
}

#[test]
fn running_status_survives_a_meta_event_with_a_word() {
    // case A11
    let with = |between: &str| track(&format!("00 90 3e 50 06 {between} 12 3e 00 00 40 50 18 40 00 00 ff 2f 00"));
    for between in ["ff 01 01 41", "f0 02 01 f7", "f7 01 41"] {
        let chart = one(&file(0, 96, &[with(between)]));
        assert_eq!(onsets(&chart), [0, 125_000], "{between}");
        assert_eq!(chart.warnings.listed.len(), 1);
        assert!(chart.warnings.listed[0].message.contains("running status"));
    }
    // the case's sysex, with a length of 1 and f7 as its data
    let chart = one(&file(0, 96, &[with("f0 01 f7")]));
    assert_eq!((onsets(&chart), chart.warnings.listed[0].place), (vec![0, 125_000], Place::Byte(31)));
    // none before it: nothing to run on
    let refused = charts(&file(0, 96, &[track("00 3e 50 00 ff 2f 00")])).expect_err("no status");
    assert_eq!(refused.place, Place::Byte(23));
}

#[test]
fn bytes_too_many_or_too_few_are_told() {
    // case A12
    let given = file(1, 96, &[track(TEMPOS), track(NOTES)]);
    let after = [given.clone(), vec![0x0D, 0x0A]].concat();
    let cut = |by: usize| given[..given.len() - by].to_vec();
    let length = |bytes: &[u8]| [&given[..53], bytes, &given[57..]].concat();
    for (what, bytes, count) in [
        ("stray bytes", after, 6),
        ("one byte short", cut(1), 6),
        ("40 bytes short", cut(40), 2),
        ("a length that is too large", length(&[0, 0, 0, 0x3C]), 6),
        ("a length of 2 GB", length(&[0x7F, 0xFF, 0xFF, 0xFF]), 6),
        ("a length that is too small", length(&[0, 0, 0, 0x20]), 6),
        ("a length of 0", length(&[0; 4]), 6),
    ] {
        let chart = one(&bytes);
        assert_eq!(onsets(&chart), A09[..count], "{what}");
        assert!(!chart.warnings.is_empty(), "{what}");
    }
    let told = &one(&cut(40)).warnings.listed;
    assert!(told.iter().any(|warning| warning.message.contains("ends early") && warning.message.contains("2 notes")));
    // the first track's length swallows the second's header
    let swallows = [&given[..18], &[0, 0, 0, 0x30], &given[22..]].concat();
    let chart = one(&swallows);
    assert_eq!(onsets(&chart), A09);
    assert!(!chart.warnings.is_empty());
    // a name of a chunk, and no room for its length
    assert_eq!(onsets(&one(&[given.clone(), b"MTrk".to_vec()].concat())), A09);
    for length in [0, 3, 10, 13] {
        assert!(charts(&given[..length]).is_err(), "{length} bytes");
    }
    // what stands in for a header of another program's
    let chart = one(&[vec![0; 128], given.clone()].concat());
    assert_eq!((onsets(&chart), chart.warnings.listed.len()), (A09.to_vec(), 1));
    // a chunk of an unknown kind is nothing to speak of; a track more than the header says is
    let other = [&given[..14], b"XFIH\0\0\0\x02ab", &given[14..]].concat();
    let chart = one(&other);
    assert!(onsets(&chart) == A09 && chart.warnings.is_empty());
    let mut more = given.clone();
    more[11] = 1;
    assert!(one(&more).warnings.listed[0].message.contains("1 tracks, the file has 2"));
}

#[test]
fn overlapping_notes_end_in_the_order_they_began() {
    // case A13
    let given = hex(
        "4d 54 68 64 00 00 00 06 00 00 00 01 01 e0 | 4d 54 72 6b 00 00 00 16 00 90 3c 64 81 70 90 3c 64 78 90 3c 00 81
        70 90 3c 00 00 ff 2f 00",
    );
    let chart = one(&given);
    assert_eq!(onsets(&chart), [0, 250_000]);
    assert_eq!(lengths(&chart), [Some(375_000); 2]);
    // struck again at 240, with the release of the first before and after it
    for again in ["80 3c 00 00 90 3c 64", "90 3c 64 00 80 3c 00", "90 3c 64 00 90 3c 00"] {
        let chart = one(&file(0, 480, &[track(&format!("00 90 3c 64 81 70 {again} 81 70 80 3c 00 00 ff 2f 00"))]));
        assert_eq!((onsets(&chart), lengths(&chart)), (vec![0, 250_000], vec![Some(250_000); 2]), "{again}");
        assert!(chart.warnings.is_empty());
    }
    // released at once: a note without a length, not one of length 0
    let chart = one(&file(0, 480, &[track("00 90 3c 64 00 80 3c 00 00 ff 2f 00")]));
    assert_eq!(lengths(&chart), [None]);
    // a release before its note is none of it
    let chart = one(&file(0, 480, &[track("00 80 3c 00 00 90 3c 64 81 70 80 3c 00 00 ff 2f 00")]));
    assert_eq!((lengths(&chart), chart.warnings.listed.len()), (vec![Some(250_000)], 1));
    // never released
    let chart = one(&file(0, 480, &[track("00 90 3c 64 00 ff 2f 00")]));
    assert_eq!((lengths(&chart), chart.warnings.listed.len()), (vec![None], 1));
}

#[test]
fn the_tempo_is_120_until_the_file_says_otherwise() {
    // case A14
    let late = hex(
        "4d 54 68 64 00 00 00 06 00 00 00 01 01 e0 | 4d 54 72 6b 00 00 00 1f 83 60 90 3c 64 81 70 80 3c 00 81 70 ff 51
        03 0f 42 40 83 60 90 3e 64 01 80 3e 00 00 ff 2f 00",
    );
    assert_eq!(onsets(&one(&late)), [500_000, 2_000_000]);
    let zero = hex(
        "4d 54 68 64 00 00 00 06 00 00 00 01 01 e0 | 4d 54 72 6b 00 00 00 14 00 ff 51 03 00 00 00 83 60 90 3c 64 01 80
        3c 00 00 ff 2f 00",
    );
    let refused = charts(&zero).expect_err("no tempo");
    assert!(refused.place == Place::Byte(23) && refused.message.contains("tempo"), "{refused}");
    let short = file(0, 96, &[track("00 ff 51 02 0f 42 00 90 3c 64 00 ff 2f 00")]);
    assert!(charts(&short).expect_err("3 bytes").message.contains("tempo"));
}

#[test]
fn an_hour_comes_out_to_the_microsecond() {
    // case A15 (a): 4 043 520 ticks = 81 f6 e6 00
    let hour = file(0, 480, &[track("00 ff 51 03 06 85 56 81 f6 e6 00 90 3c 64 01 80 3c 00 00 ff 2f 00")]);
    assert_eq!(onsets(&one(&hour)), [3_599_996_400]);
}

#[test]
fn what_no_file_may_have_is_refused_to_the_byte() {
    for (events, byte) in
        [("00 90 3c ff 00 ff 2f 00", 25), ("00 f8 00 ff 2f 00", 23), ("ff ff ff ff 7f 90 3c 64 00 ff 2f 00", 22)]
    {
        let refused = charts(&file(0, 96, &[track(events)])).expect_err(events);
        assert_eq!(refused.place, Place::Byte(byte), "{refused}");
    }
    for (format, tracks) in [(3, vec![track(NOTES)]), (0, vec![]), (1, vec![track(TEMPOS)])] {
        assert!(charts(&file(format, 96, &tracks)).is_err(), "{format}");
    }
    assert!(charts(b"RIFF....WAVE").is_err());
}

#[test]
fn parts_are_chosen_by_track_and_channel() {
    let two = "00 ff 03 05 50 69 61 6e 6f 00 90 3c 64 00 91 3e 64 60 80 3c 00 00 81 3e 00 60 90 40 64 10 80 40 00 00 ff 2f 00";
    let bytes = file(1, 96, &[track(two), track("00 99 24 64 60 99 26 64 60 99 24 00 00 99 26 00 00 ff 2f 00")]);
    let with = |options: Options| read(&bytes, &options).map(|charts| charts.iter().map(onsets).collect::<Vec<_>>());
    assert_eq!(with(Options::default()), Ok(vec![vec![0, 1_000_000], vec![0], vec![0, 500_000]]));
    let parts: Vec<String> = charts(&bytes).expect("read").into_iter().map(|chart| chart.part).collect();
    assert_eq!(parts, ["track 1 channel 1 Piano", "track 1 channel 2 Piano", "track 2 channel 10"]);
    assert_eq!(with(Options { tracks: vec![2], ..Options::default() }), Ok(vec![vec![0, 500_000]]));
    assert_eq!(with(Options { channels: vec![2], ..Options::default() }), Ok(vec![vec![0]]));
    let merged = read(&bytes, &Options { merge: true, ..Options::default() }).expect("read").remove(0);
    // kick and snare have lanes of their own, the piano has one
    assert_eq!(
        merged.targets.iter().map(|t| (t.at_us, t.lane)).collect::<Vec<_>>(),
        [(0, 0), (0, 2), (500_000, 1), (1_000_000, 2)]
    );
    assert_eq!(merged.dropped.values().sum::<u64>(), 1);
    let refused = with(Options { tracks: vec![3], ..Options::default() }).expect_err("no such track");
    assert!(refused.message.contains("track 1 on channel 1, 2"), "{refused}");
    let map = "36=2".parse().expect("a map");
    let kicks =
        read(&bytes, &Options { drum_map: map, tracks: vec![2], ..Options::default() }).expect("read").remove(0);
    assert_eq!((onsets(&kicks), kicks.targets[0].lane, kicks.lanes), (vec![0], 2, 3));
}

#[test]
fn long_notes_are_held_if_asked_for() {
    let held = |least| {
        let chart = read(&file(0, 480, &[track(NOTES)]), &Options { holds_us: Some(least), ..Options::default() });
        chart.expect("read").remove(0).targets.iter().filter(|target| target.hold).count()
    };
    assert_eq!((held(1_000), held(2_000)), (6, 0));
}

#[test]
fn a_grid_lies_on_the_quarters() {
    let bytes = file(1, 96, &[track(TEMPOS), track(NOTES)]);
    let grid = read(&bytes, &Options { grid: Some(2), ..Options::default() }).expect("read").remove(0);
    assert_eq!(
        onsets(&grid),
        [0, 500_000, 1_000_000, 1_500_000, 2_000_000, 2_250_000, 2_500_000, 2_750_000, 3_000_000, 3_166_667, 3_333_333]
    );
    assert_eq!(grid.dropped["notes, for the grid"], 6);
    let smpte = file(0, 0xE728, &[track(NOTES)]);
    assert!(read(&smpte, &Options { grid: Some(1), ..Options::default() }).is_err());
}

/// Format, division, and tracks of events with their distances.
type Song = (u16, u16, Vec<Vec<(u32, Vec<u8>)>>);

/// A file of several tracks with tempos and notes.
fn song() -> impl Strategy<Value = Song> {
    let event = prop_oneof![
        4 => (0_u8..16, 40_u8..90, 0_u8..3).prop_map(|(c, key, v)| vec![0x90 | c, key, v * 40]),
        2 => (0_u8..16, 40_u8..90).prop_map(|(c, key)| vec![0x80 | c, key, 0]),
        1 => (1_u32..3_000_000).prop_map(|us| [&[0xFF, 0x51, 3], &us.to_be_bytes()[1..]].concat()),
        1 => (0_u8..16, 0_u8..128).prop_map(|(c, program)| vec![0xC0 | c, program]),
        1 => Just(vec![0xFF, 0x01, 2, 65, 66]),
        1 => Just(vec![0xF0, 3, 1, 2, 0xF7]),
    ];
    let tracks = prop::collection::vec(prop::collection::vec((0_u32..3_000, event), 0..40), 1..5);
    (0_u16..2, 1_u16..0x7FFF, tracks)
        .prop_map(|(format, division, tracks)| (if tracks.len() == 1 { format } else { 1 }, division, tracks))
}

fn quantity(value: u32) -> Vec<u8> {
    let mut bytes = vec![(value & 0x7F) as u8];
    let mut rest = value >> 7;
    while rest > 0 {
        bytes.insert(0, (rest & 0x7F) as u8 | 0x80);
        rest >>= 7;
    }
    bytes
}

/// Onsets in µs as midly reads the bytes, by its own events and sums of fractions.
fn by_midly(bytes: &[u8]) -> Vec<i64> {
    use midly::{MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};
    let smf = Smf::parse(bytes).expect("midly, which is strict here, reads it");
    let Timing::Metrical(division) = smf.header.timing else { panic!("quarters") };
    let mut events = Vec::new();
    for track in &smf.tracks {
        let mut tick = 0_u64;
        for event in track {
            tick += u64::from(event.delta.as_int());
            match event.kind {
                TrackEventKind::Meta(MetaMessage::Tempo(us)) => events.push((tick, 0, i128::from(us.as_int()))),
                TrackEventKind::Midi { message: MidiMessage::NoteOn { vel, .. }, .. } if vel.as_int() > 0 => {
                    events.push((tick, 1, 0));
                }
                _ => {}
            }
        }
    }
    events.sort_by_key(|&(tick, kind, _)| (tick, kind));
    let (mut now, mut before, mut quarter) = (0_i128, 0, 500_000);
    let mut onsets = Vec::new();
    for (tick, kind, us) in events {
        now += i128::from(tick - before) * quarter;
        before = tick;
        if kind == 0 {
            quarter = us;
        } else {
            let division = i128::from(division.as_int());
            onsets.push(((2 * now + division) / (2 * division)) as i64);
        }
    }
    onsets.sort_unstable();
    onsets.dedup();
    onsets
}

proptest! {
    #[test]
    fn another_reader_gives_the_same_onsets((format, division, tracks) in song(), running in any::<bool>()) {
        let bytes: Vec<Vec<u8>> = tracks.iter().map(|events| {
            let mut bytes = Vec::new();
            let mut status = 0;
            for (delta, event) in events {
                bytes.extend(quantity(*delta));
                let same = running && event[0] == status && event[0] < 0xF0;
                bytes.extend(&event[usize::from(same)..]);
                status = if event[0] < 0xF0 { event[0] } else { 0 };
            }
            bytes.extend([0, 0xFF, 0x2F, 0]);
            [b"MTrk".to_vec(), (bytes.len() as u32).to_be_bytes().to_vec(), bytes].concat()
        }).collect();
        let bytes = file(format, division, &bytes);
        let right = by_midly(&bytes);
        match read(&bytes, &Options { merge: true, drum_map: DrumMap::Pitch, ..Options::default() }) {
            Ok(charts) => prop_assert_eq!(onsets(&charts[0]), right),
            Err(_) => prop_assert!(right.is_empty()),
        }
    }
}
