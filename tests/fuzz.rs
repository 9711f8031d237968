//! Every parser of files that people bring, under random mutations of a corpus that is made here: no panic, and what is
//! read keeps its promises. A few thousand in every run of the tests; millions in `./doozy.sh check fuzz`, which also
//! bounds time and memory.
//!
//! Input `n` is a function of `n` alone: what fails once fails again.

use std::{
    io::{Cursor, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use doozy::import::{
    Chart, MOST_TARGETS, Options,
    level::{Says, level},
    midi, osu, osz, sm,
};
use doozy_training::level::Level;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// splitmix64: a stream for each input's number.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parser {
    Ron,
    Midi,
    Osu,
    Osz,
    Sm,
}

const SHORT: &str = include_str!("fixtures/short.level.ron");
const CHART: &str = r#"(version: 1, title: "A song", aim: "Play it.", drill: Chart(
    source: (title: "A song", file: "song.mid", part: "drums"), audio: (file: "song.ogg", zero_us: 120000),
    lanes: 4, beat_us: 500000, targets: [(-5, 0, 0), (500000, 2, 250000), (500000, 3, 0), (900000, 1, 0)],
    sections: [-5, 900000], bars: [-1500000, 0, 1500000], knobs: [Rate(to: 1.25, steps: 5)]), trials: 2, seconds: 8)"#;
const MANIA: &str = "osu file format v14\r\n\r\n[General]\r\nAudioFilename: a.mp3\r\nMode: 3\r\n\r\n[Metadata]\r\nTitle:A\r\nVersion:Hard\r\n\r\n\
    [Difficulty]\r\nCircleSize:4\r\n\r\n[TimingPoints]\r\n0,500,4,1,0,100,1,0\r\n1000,-50,4,1,0,70,0,0\r\n3000,333.333,3,1,0,100,1,0\r\n\r\n\
    [HitObjects]\r\n64,192,500,1,0,0:0:0:0:\r\n192,192,2500,128,0,3000:0:0:0:0:\r\n320,192,4500,5,2,0:0:0:0:\r\n448,192,6500.5,1,0\r\n";
const STANDARD: &str = "osu file format v4\n[General]\nMode: 0\n[TimingPoints]\n24,300\n[HitObjects]\n10,20,100,1,0\n\
    50,60,400,2,0,B|90:90|12:5,1,140\n256,192,900,12,0,1500\n300,10,2000,1,8\n";
const SM: &str = "#TITLE:A;\n#MUSIC:a.ogg;\n#OFFSET:0.100;\n#BPMS:0=100,4=150,8=-150,9=150;\n#STOPS:2=0.300,4=0.200;\n\
    #NOTES:\n  dance-single:\n  me:\n  Hard:\n  9:\n  0,0,0,0,0:\n1000 // a\n0200\n0000\n0301\n,\n1000\n0M00\n00F0\n0L0K\n1111\n,\n0001\n0000\n;\n";
const SSC: &str = "#VERSION:0.83;\n#TITLE:A;\n#BPMS:0.000=120.000;\n#DELAYS:1=0.5;\n#WARPS:4=2;\n#FAKES:8=1;\n#NOTEDATA:;\n#STEPSTYPE:pump-single;\n\
    #DIFFICULTY:Easy;\n#BPMS:0=60,2=1e8,3=60;\n#OFFSET:-1;\n#NOTES:\n10001\n00200\n00000\n00300\n,\n00001\n;\n#NOTEDATA:;\n#STEPSTYPE:dance-double;\n#NOTES:\n10000001\n;\n";

fn midi_file(format: u16, division: u16, tracks: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06".to_vec();
    for word in [format, u16::try_from(tracks.len()).expect("few"), division] {
        bytes.extend(word.to_be_bytes());
    }
    for track in tracks {
        bytes.extend(b"MTrk");
        bytes.extend(u32::try_from(track.len()).expect("small").to_be_bytes());
        bytes.extend(*track);
    }
    bytes
}

fn archive(method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, text) in [("A/hard.osu", MANIA), ("A/easy.osu", STANDARD), ("A/a.mp3", "sound")] {
        zip.start_file(name, options).expect("an entry");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("an archive").into_inner()
}

fn corpus() -> Vec<(Parser, Vec<u8>)> {
    let tempo =
        b"\x00\xff\x51\x03\x0f\x42\x40\x81\x40\xff\x51\x03\x07\xa1\x20\x00\xff\x58\x04\x06\x03\x24\x08\x00\xff\x2f\x00";
    let tune = b"\x00\xff\x03\x05Piano\x00\x90\x3c\x64\x40\x3c\x00\x20\x40\x64\x00\x43\x64\x40\x40\x00\x10\x80\x43\x00\x00\xff\x2f\x00";
    let drums = b"\x00\x99\x24\x64\x60\x26\x64\x00\x24\x00\x60\x2a\x40\x00\xf0\x03\x01\x02\xf7\x10\x89\x2a\x00\x00\xc9\x05\x00\xff\x2f\x00";
    let texts = [
        (Parser::Ron, SHORT),
        (Parser::Ron, CHART),
        (Parser::Osu, MANIA),
        (Parser::Osu, STANDARD),
        (Parser::Sm, SM),
        (Parser::Sm, SSC),
    ];
    let mut corpus: Vec<(Parser, Vec<u8>)> =
        texts.iter().map(|&(parser, text)| (parser, text.as_bytes().to_vec())).collect();
    corpus.push((Parser::Midi, midi_file(1, 96, &[tempo, tune, drums])));
    corpus.push((Parser::Midi, midi_file(0, 480, &[drums])));
    corpus.push((Parser::Midi, midi_file(2, 0xE728, &[tune, drums])));
    corpus.push((Parser::Osz, archive(CompressionMethod::Deflated)));
    corpus.push((Parser::Osz, archive(CompressionMethod::Stored)));
    corpus
}

/// Bytes and words that parsers trip over.
const BYTES: [u8; 16] = [0, 1, 9, 10, 13, 0x20, 0x2F, 0x51, 0x7F, 0x80, 0x90, 0xF0, 0xF7, 0xFE, 0xFF, b';'];
const WORDS: [&str; 30] = [
    "0",
    "-1",
    "-0.0",
    "NaN",
    "inf",
    "1e308",
    "1e-308",
    "9999999999999999999999",
    "-2147483648",
    "4294967296",
    "0.000001",
    "=",
    ",",
    ":",
    "#",
    ";",
    "//",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "{",
    "}",
    "..",
    "#BPMS:0=",
    "[HitObjects]",
    "MTrk",
    "PK\x05\x06",
    "\u{feff}",
];

fn mutate(bytes: &mut Vec<u8>, corpus: &[(Parser, Vec<u8>)], draw: &mut Draw) {
    let at = draw.below(bytes.len() + 1);
    let room = bytes.len() - at;
    match draw.below(11) {
        0 if room > 0 => bytes[at] ^= 1 << draw.below(8),
        1 if room > 0 => bytes[at] = *draw.of(&BYTES),
        2 => bytes.insert(at, *draw.of(&BYTES)),
        3 if room > 0 => {
            let end = at + 1 + draw.below(room.min(64));
            bytes.drain(at..end);
        }
        4 => bytes.truncate(at),
        5 => drop(bytes.splice(at..at, draw.of(&WORDS).bytes())),
        6 if room > 0 => {
            // a piece again, perhaps many times
            let piece = bytes[at..at + 1 + draw.below(room.min(32))].to_vec();
            let times = 1 << draw.below(8);
            bytes.splice(at..at, piece.repeat(times));
        }
        7 => {
            // a piece of another file
            let other = &draw.of(corpus).1;
            let from = draw.below(other.len());
            let piece = &other[from..from + draw.below(other.len() - from)];
            bytes.splice(at..at, piece.iter().copied());
        }
        8 => {
            // a number becomes another one
            let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|by| at + by) else { return };
            let digits = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
            bytes.splice(start..start + digits, draw.of(&WORDS[..11]).bytes());
        }
        9 if room >= 4 => bytes[at..at + 4]
            .copy_from_slice(&draw.of(&[0_u32, 1, 0x7FFF_FFFF, u32::MAX, 0x8000_0000, 14]).to_be_bytes()),
        10 if room > 1 => {
            let with = at + draw.below(room);
            bytes.swap(at, with);
        }
        _ => {}
    }
}

/// Input `n`: which parser, and its bytes.
fn input(n: u64, corpus: &[(Parser, Vec<u8>)]) -> (Parser, Vec<u8>, Options, Draw) {
    let mut draw = Draw(n.wrapping_mul(0xD134_2543_DE82_EF95));
    let (parser, mut bytes) = draw.of(corpus).clone();
    for _ in 0..1 + draw.below(4) {
        mutate(&mut bytes, corpus, &mut draw);
    }
    let options = Options {
        merge: draw.below(4) == 0,
        lanes: *draw.of(&[None, None, Some(1), Some(3), Some(8)]),
        grid: *draw.of(&[None, None, None, Some(1), Some(4)]),
        holds_us: *draw.of(&[None, Some(1_000)]),
        ..Options::default()
    };
    (parser, bytes, options, draw)
}

/// What every chart promises, and that it becomes a level or says why not.
fn promised(chart: &Chart, make: bool) {
    assert!(!chart.targets.is_empty() && chart.targets.len() <= MOST_TARGETS, "{} targets", chart.targets.len());
    assert!((1..=8).contains(&chart.lanes) && chart.targets.iter().all(|target| target.lane < chart.lanes), "lanes");
    assert!(chart.targets.windows(2).all(|two| (two[0].at_us, two[0].lane) < (two[1].at_us, two[1].lane)), "order");
    assert!(chart.targets.iter().all(|target| target.length_us.is_none_or(|length| length > 0)), "lengths");
    assert!(chart.tempo.iter().all(|tempo| tempo.beat_ns >= 0), "tempo");
    if make && let Ok(level) = level(chart, &Says { file: "x", stem: "x", audio: None }) {
        let text = level.to_ron();
        let again = Level::parse("x", &text).map(|level| level.to_ron());
        assert_eq!(again.as_deref(), Ok(text.as_str()), "a level reads back as it was written");
    }
}

/// Reads an input; how many charts or levels came of it.
fn feed(parser: Parser, bytes: &[u8], options: &Options, make: bool) -> usize {
    let charts = match parser {
        Parser::Ron => {
            return Level::from_bytes("x", bytes).map_or(0, |level| {
                let text = level.to_ron();
                assert_eq!(Level::parse("x", &text).map(|level| level.to_ron()).as_deref(), Ok(text.as_str()));
                drop(level.warnings());
                1
            });
        }
        Parser::Midi => midi::read(bytes, options).unwrap_or_default(),
        Parser::Osu => osu::read(bytes, options).map(|chart| vec![chart]).unwrap_or_default(),
        Parser::Sm => sm::read(bytes, options).unwrap_or_default(),
        Parser::Osz => {
            drop(osz::audio(Cursor::new(bytes), "A/hard.osu", "a.mp3"));
            osz::read(Cursor::new(bytes), options).unwrap_or_default().into_iter().map(|map| map.chart).collect()
        }
    };
    charts.iter().for_each(|chart| promised(chart, make));
    charts.len()
}

/// What this thread has used of a core: other programs do not count.
fn core_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

/// Feeds inputs `from..to`: how many were read, and the slowest of them.
fn run(from: u64, to: u64) -> (u64, Duration, u64) {
    let corpus = corpus();
    let (mut read, mut slowest) = (0, (Duration::ZERO, 0));
    for n in from..to {
        let (parser, bytes, options, mut draw) = input(n, &corpus);
        let make = draw.below(16) == 0;
        let begun = core_time();
        let fed = catch_unwind(AssertUnwindSafe(|| feed(parser, &bytes, &options, make)));
        slowest = slowest.max((core_time().saturating_sub(begun), n));
        match fed {
            Ok(charts) => read += u64::from(charts > 0),
            Err(_) => panic!("input {n} for {parser:?} panics: {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
    (read, slowest.0, slowest.1)
}

#[test]
fn the_corpus_itself_is_read() {
    for (parser, bytes) in corpus() {
        assert!(feed(parser, &bytes, &Options::default(), true) > 0, "{parser:?}: {}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn no_mutation_makes_a_parser_panic() {
    let (read, ..) = run(0, 4_000);
    // a mutator that breaks everything would test nothing behind the first check
    assert!(read > 600, "{read} of 4000 are still read");
}

/// The largest memory that this process ever held, MiB; none where the system does not tell.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

#[test]
#[ignore = "minutes; ./doozy.sh check fuzz"]
fn millions_of_mutations() {
    const MOST_TIME: Duration = Duration::from_secs(5);
    const MOST_MIB: u64 = 256;
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    // one input again: FUZZ_FROM=n FUZZ_INPUTS=1
    let (from, count) = (number("FUZZ_FROM").unwrap_or(0), number("FUZZ_INPUTS").unwrap_or(2_000_000));
    let begun = Instant::now();
    let halves = std::thread::scope(|scope| {
        let first = scope.spawn(move || run(from, from + count / 2));
        let second = run(from + count / 2, from + count);
        [first.join().expect("no panic"), second]
    });
    let read: u64 = halves.iter().map(|half| half.0).sum();
    let (slowest, which) = halves.iter().map(|half| (half.1, half.2)).max().unwrap_or_default();
    let peak = peak_mib();
    println!(
        "{count} inputs of {} files, {read} of them read, no panic; {:.0} s",
        corpus().len(),
        begun.elapsed().as_secs_f64()
    );
    println!(
        "slowest: {:.1} ms of a core (input {which}), at most {} s",
        slowest.as_secs_f64() * 1e3,
        MOST_TIME.as_secs()
    );
    println!(
        "memory at its peak: {} MiB, at most {MOST_MIB}",
        peak.map_or("unknown".to_owned(), |mib| mib.to_string())
    );
    assert!(slowest < MOST_TIME && peak.is_none_or(|mib| mib < MOST_MIB));
}
