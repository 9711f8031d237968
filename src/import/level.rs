//! A chart as a level: the same targets, cut into phrases that fit a trial.

use doozy_training::level::{
    Level, LevelError,
    drill::{
        Drill,
        chart::{self as drill, Knob, Note, Source},
        knob::To,
    },
};
use ron::extensions::Extensions;
use serde::Serialize;

use super::chart::{Chart, shown};

/// Beats in a phrase, at least ◇: four bars, after which a player may breathe and the level may step.
const PHRASE_BEATS: i64 = 16;
/// Phrases that a level has at most.
const MOST_PHRASES: i64 = 500;
/// The pace of the count-in where the file has no tempo.
const DEFAULT_BEAT_NS: i64 = 500_000_000;
/// Beats between which a count-in falls, ns: the level's own bounds.
const COUNTED_NS: (i64, i64) = (150_000_000, 3_000_000_000);
/// How much faster than written the hardest rung is ◇, and in how many steps.
const FASTER: Knob = Knob::Rate(To { to: 1.2, steps: 4 });

/// What a level says besides its targets.
#[derive(Clone, Debug)]
pub struct Says<'a> {
    /// The name of the file that was read.
    pub file: &'a str,
    /// What the level is called where the chart has no title.
    pub stem: &'a str,
    /// The sound file beside the level, and whether it is there.
    pub audio: Option<(&'a str, bool)>,
}

/// As `level::parse` reads it.
#[derive(Serialize)]
#[serde(rename = "Level")]
struct Sheet<'a> {
    version: u32,
    title: &'a str,
    aim: &'a str,
    drill: Drill,
    trials: u32,
    seconds: u32,
}

/// Makes a level.
///
/// # Errors
/// What the level's own checks find: targets beyond its bounds.
pub fn level(chart: &Chart, says: &Says<'_>) -> Result<Level, LevelError> {
    let name = if chart.title.is_empty() { says.stem } else { &chart.title };
    let (name, part) = (cut(name, 50), cut(&chart.part, 24));
    let name = if name.is_empty() { "Imported".to_owned() } else { name };
    let title = if part.is_empty() { name.clone() } else { format!("{name} · {part}") };
    let aim = if part.is_empty() {
        format!("Play {name}, each note in its place.")
    } else {
        format!("Play {part} of {name}, each note in its place.")
    };
    let sections = phrases(chart);
    let trials = u32::try_from(sections.len().max(1)).unwrap_or(u32::MAX);
    let drill = Drill::Chart(drill::Chart {
        source: Some(Source {
            title: cut(&chart.title, 150),
            artist: String::new(),
            file: cut(says.file, 150),
            part: cut(&chart.part, 150),
        }),
        audio: says.audio.map(|(file, _)| drill::Audio { file: file.to_owned(), zero_us: 0 }),
        lanes: chart.lanes,
        beat_us: u32::try_from(counted_ns(chart) / 1000).unwrap_or(500_000),
        count_in: 4,
        // a recording carries its own notes
        heard: !says.audio.is_some_and(|(_, there)| there),
        targets: chart.targets.iter().map(note).collect(),
        sections,
        bars: bars(chart),
        rate: 1.0,
        least_gap_ms: 0.0,
        knobs: vec![FASTER],
    });
    let mut sheet = Sheet { version: 1, title: &title, aim: &aim, drill, trials, seconds: 1 };
    let shown_as = says.file;
    // as levels are read
    let written =
        ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES);
    let parse = |sheet: &Sheet<'_>| {
        // plain structs of numbers and strings; if one could not be written, its empty text is refused with a reason
        Level::parse(shown_as, &written.to_string(sheet).unwrap_or_default())
    };
    let draft = parse(&sheet)?;
    let first = draft.plan(&draft.setting(0), &mut || 0.5);
    sheet.seconds = (first.length.as_secs() * f64::from(trials)).round().clamp(1.0, 86_400.0) as u32;
    parse(&sheet)
}

fn note(target: &super::chart::Target) -> Note {
    let hold_us = target.length_us.filter(|_| target.hold).and_then(|length| u32::try_from(length).ok()).unwrap_or(0);
    Note { at_us: target.at_us, lane: target.lane, hold_us }
}

/// Text for a title: one line, without control characters, at most so many characters.
fn cut(text: &str, most: usize) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    let clean = clean.trim();
    match clean.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", clean[..at].trim_end()),
        None => clean.to_owned(),
    }
}

/// The beat at the first target, doubled or halved until it can be counted.
fn counted_ns(chart: &Chart) -> i64 {
    let first = chart.targets.first().map_or(0, |target| target.at_us);
    let before = chart.tempo.partition_point(|tempo| tempo.at_us <= first);
    let tempo = chart.tempo.get(before.saturating_sub(1));
    let mut beat = tempo.map_or(DEFAULT_BEAT_NS, |tempo| tempo.beat_ns).max(1);
    while beat < COUNTED_NS.0 {
        beat *= 2;
    }
    while beat > COUNTED_NS.1 {
        beat /= 2;
    }
    beat
}

/// Where phrases begin: 16 beats or more after the phrase before, at a target before which no hold is open; where it
/// can be, at one that follows a rest of a beat.
fn phrases(chart: &Chart) -> Vec<i64> {
    let beat_us = counted_ns(chart) / 1000;
    let (Some(first), Some(last)) = (chart.targets.first(), chart.targets.last()) else { return Vec::new() };
    let least = (PHRASE_BEATS * beat_us).max((last.at_us - first.at_us) / MOST_PHRASES + 1);
    let mut begins = vec![first.at_us];
    let (mut began, mut before, mut held_to) = (first.at_us, first.at_us, i64::MIN);
    for target in &chart.targets {
        let rested = target.at_us - before >= beat_us;
        let due = if rested { least } else { least * 3 / 2 };
        // what is left at the end is no phrase of its own unless it is half of one
        let worth = last.at_us - target.at_us >= least / 2;
        if target.at_us > before && target.at_us - began >= due && held_to <= target.at_us && worth {
            began = target.at_us;
            begins.push(began);
        }
        before = target.at_us;
        if target.hold {
            held_to = held_to.max(target.at_us + target.length_us.unwrap_or(0));
        }
    }
    begins
}

/// Where bars begin, from the bar of the first target to that of the last: those before and after are none of the player's.
fn bars(chart: &Chart) -> Vec<i64> {
    let (Some(first), Some(last)) = (chart.targets.first(), chart.targets.last()) else { return Vec::new() };
    let from = chart.bars.partition_point(|line| *line <= first.at_us).saturating_sub(1);
    let to = chart.bars.partition_point(|line| *line <= last.at_us);
    chart.bars.get(from..to).unwrap_or_default().to_vec()
}

/// A file name for a text: letters and digits of it in lower case, joined by `-`; never empty, never one that some
/// system keeps for itself.
#[must_use]
pub fn slug(text: &str) -> String {
    const LONGEST: usize = 60;
    const KEPT: [&str; 4] = ["con", "prn", "aux", "nul"];
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= LONGEST {
            break;
        }
    }
    let slug = slug.trim_matches('-');
    let port = slug.len() == 4 && (slug.starts_with("com") || slug.starts_with("lpt"));
    if slug.is_empty() || KEPT.contains(&slug) || port { format!("{slug}chart") } else { slug.to_owned() }
}

/// The name of a part for messages, or of the file where it is the only one.
#[must_use]
pub fn called(chart: &Chart, stem: &str) -> String {
    if chart.part.is_empty() { shown(stem) } else { shown(&chart.part) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::chart::{Target, Tempo};

    fn even(count: i64, gap_us: i64) -> Chart {
        let target = |n| Target { at_us: n * gap_us, lane: 0, length_us: None, hold: false };
        Chart {
            lanes: 1,
            targets: (0..count).map(target).collect(),
            tempo: [Tempo { at_us: 0, beat_ns: 500_000_000 }].into(),
            ..Chart::default()
        }
    }

    const SAYS: Says<'_> = Says { file: "x.mid", stem: "x", audio: None };

    #[test]
    fn a_level_keeps_every_target_and_is_its_own_canonical_form() {
        let mut chart = even(100, 250_001);
        chart.title = "A \"title\" \\ </script>".to_owned();
        chart.targets[3].length_us = Some(100);
        chart.targets[3].hold = true;
        let level = level(&chart, &SAYS).expect("a level");
        let text = level.to_ron();
        assert_eq!(Level::parse("x", &text).map(|level| level.to_ron()), Ok(text));
        let Drill::Chart(drill) = level.drill() else { panic!("a chart") };
        assert_eq!(
            drill.targets.iter().map(|note| note.at_us).collect::<Vec<_>>(),
            chart.targets.iter().map(|t| t.at_us).collect::<Vec<_>>()
        );
        assert_eq!((drill.targets[3].hold_us, drill.targets[4].hold_us), (100, 0));
        assert!(level.warnings().is_empty(), "{:?}", level.warnings());
    }

    proptest! {
        #[test]
        fn every_level_reads_back_byte_for_byte(
            title in ".{0,80}",
            part in "\\PC{0,30}",
            lanes in 1_u8..=8,
            targets in prop::collection::vec((-60_000_000_i64..600_000_000, 0_u8..8, prop::option::of(1_i64..3_000_000), any::<bool>()), 1..200),
            beat_ns in 1_000_i64..100_000_000_000,
        ) {
            let target = |&(at_us, lane, length_us, hold): &(i64, u8, Option<i64>, bool)| {
                Target { at_us, lane: lane % lanes, length_us, hold }
            };
            let tempo = [Tempo { at_us: 0, beat_ns }].into();
            let mut chart = Chart { title, part, lanes, tempo, targets: targets.iter().map(target).collect(), ..Chart::default() };
            chart.settle();
            let level = level(&chart, &SAYS).expect("whatever is settled makes a level");
            let text = level.to_ron();
            let again = Level::parse("x", &text).expect("it reads back");
            prop_assert_eq!(&again, &level);
            prop_assert_eq!(again.to_ron(), text);
            let Drill::Chart(drill) = again.drill() else { panic!("a chart") };
            let kept: Vec<(i64, u8, u32)> = drill.targets.iter().map(|note| (note.at_us, note.lane, note.hold_us)).collect();
            let right: Vec<(i64, u8, u32)> = chart.targets.iter()
                .map(|target| (target.at_us, target.lane, if target.hold { target.length_us.unwrap_or(0) as u32 } else { 0 }))
                .collect();
            prop_assert_eq!(kept, right);
        }
    }

    #[test]
    fn bars_before_the_first_target_and_after_the_last_are_left_out() {
        let mut chart = even(4, 1_000_000);
        let mut kept = |bars: &[i64]| {
            chart.bars = bars.into();
            let level = level(&chart, &SAYS).expect("a level");
            let Drill::Chart(drill) = level.drill() else { panic!("a chart") };
            drill.bars.clone()
        };
        assert_eq!(
            kept(&[-4_000_000, -1_000_000, 2_000_000, 3_000_000, 5_000_000]),
            [-1_000_000, 2_000_000, 3_000_000]
        );
        assert_eq!(kept(&[500_000, 9_000_000]), [500_000]);
        assert_eq!(kept(&[]), [0_i64; 0]);
    }

    #[test]
    fn phrases_end_at_rests_and_there_are_no_more_than_a_level_may_have() {
        // 16 beats are 8 s; without a rest half as long again
        assert_eq!(phrases(&even(100, 250_000)), [0, 12_000_000]);
        // with one a beat before each target
        assert_eq!(phrases(&even(40, 500_000)), [0, 8_000_000]);
        assert!(phrases(&even(70_000, 500_000)).len() <= 500);
        assert_eq!(phrases(&even(1, 1)), [0]);
    }

    #[test]
    fn a_hold_is_never_cut_by_a_phrase() {
        let mut chart = even(40, 500_000);
        chart.lanes = 2;
        chart.targets[15].lane = 1;
        chart.targets[15].hold = true;
        chart.targets[15].length_us = Some(1_600_000);
        assert_eq!(phrases(&chart), [0, 9_500_000]);
    }

    #[test]
    fn names_are_safe_on_any_disk() {
        for (text, right) in [
            ("../../evil", "evil"),
            ("A Song (Hard)!", "a-song-hard"),
            ("李", "chart"),
            ("", "chart"),
            ("CON", "conchart"),
            ("com1", "com1chart"),
            ("-rf", "rf"),
        ] {
            assert_eq!(slug(text), right);
        }
        assert!(slug(&"x".repeat(300)).len() <= 60);
    }
}
