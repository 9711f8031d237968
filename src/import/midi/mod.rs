//! MIDI: a file's parts as charts. A part is what one track plays on one channel.

mod drums;
pub mod smf;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub use self::drums::DrumMap;
use self::smf::{Division, Note, SignatureEvent, Smf, TempoEvent, Track};
use super::{
    MOST_TARGETS, Options, Refused,
    chart::{Chart, MOST_BARS, Place, Target, Tempo, Warnings, shown},
    exact::nearest,
    out_of_time,
};

/// Microseconds a quarter note until a file says otherwise: 120 a minute.
const DEFAULT_QUARTER_US: u32 = 500_000;

/// Parts that one file has at most ◇: each becomes a level.
const MOST_PARTS: usize = 256;

/// Reads a file.
///
/// # Errors
/// As [`smf::read`]; also a file without notes, or without those that were asked for.
pub fn read(bytes: &[u8], options: &Options) -> Result<Vec<Chart>, Refused> {
    let mut warnings = Warnings::default();
    let smf = smf::read(bytes, &mut warnings)?;
    if smf.format == 0 && smf.tracks.len() > 1 {
        warnings.say(Place::Whole, format!("a file of format 0 with {} tracks is read as format 1", smf.tracks.len()));
    }
    if smf.tracks.iter().all(|track| track.notes.is_empty()) {
        return Err(Refused::whole(format!("no notes in {} tracks; there is nothing to play", smf.tracks.len())));
    }
    let parts = parts(&smf, options);
    if parts.is_empty() {
        return Err(Refused::whole(format!("no notes there; the file has {}", inventory(&smf))));
    }
    if parts.len() > MOST_PARTS {
        return Err(Refused::whole(format!(
            "{} parts are more than the {MOST_PARTS} that are read at once; choose some with --track and --channel, or --merge them",
            parts.len()
        )));
    }
    let alone = parts.len() == 1;
    let together = smf.format != 2;
    let mut maps = BTreeMap::new();
    let mut charts = Vec::new();
    for ((number, channel), notes) in parts {
        let own = if together { 0 } else { number };
        let map = &*maps.entry(own).or_insert_with(|| TempoMap::of(&smf, own, &mut warnings));
        let mut chart = chart(&notes, map, options)?;
        chart.title = match &smf.tracks[0].name {
            Some(name) if together && smf.tracks.len() > 1 => name.clone(),
            _ => String::new(),
        };
        if !alone {
            chart.part = match (number, channel) {
                (0, _) => String::new(),
                (number, None) => format!("track {number}"),
                (number, Some(channel)) => format!("track {number} channel {}", channel + 1),
            };
            let name = number.checked_sub(1).and_then(|track| smf.tracks[track].name.as_deref());
            if let Some(name) = name.map(shown).filter(|name| !name.is_empty()) {
                chart.part = format!("{} {name}", chart.part);
            }
        }
        charts.push(chart);
    }
    if let Some(first) = charts.first_mut() {
        // what is wrong with the file is told once, before what is wrong with a part
        let own = std::mem::take(&mut first.warnings);
        first.warnings = warnings;
        first.warnings.take(&own);
    }
    Ok(charts)
}

/// A part's track (counted from 1) and channel (from 0); track 0 stands for all of them together.
type PartKey = (usize, Option<u8>);

fn parts(smf: &Smf, options: &Options) -> BTreeMap<PartKey, Vec<Note>> {
    let mut parts: BTreeMap<PartKey, Vec<Note>> = BTreeMap::new();
    for (at, track) in smf.tracks.iter().enumerate() {
        let number = at + 1;
        if !options.tracks.is_empty() && !options.tracks.contains(&number) {
            continue;
        }
        for note in &track.notes {
            if !options.channels.is_empty() && !options.channels.contains(&(note.channel + 1)) {
                continue;
            }
            let key = match (options.merge, smf.format) {
                (true, 2) => (number, None),
                (true, _) => (0, None),
                (false, _) => (number, Some(note.channel)),
            };
            parts.entry(key).or_default().push(*note);
        }
    }
    parts
}

/// Which tracks and channels have notes, for a message.
fn inventory(smf: &Smf) -> String {
    let list = |track: &Track| {
        let channels: BTreeSet<u8> = track.notes.iter().map(|note| note.channel + 1).collect();
        channels.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
    };
    let with_notes = smf.tracks.iter().enumerate().filter(|(_, track)| !track.notes.is_empty());
    with_notes
        .map(|(at, track)| format!("track {} on channel {}", at + 1, list(track)))
        .take(20)
        .collect::<Vec<_>>()
        .join("; ")
}

fn chart(notes: &[Note], map: &TempoMap, options: &Options) -> Result<Chart, Refused> {
    let mut chart = Chart { tempo: map.tempo.clone(), bars: map.bars.clone(), ..Chart::default() };
    let (lane_of, lanes) = options.drum_map.lanes(notes, options.lanes);
    chart.lanes = lanes;
    for note in notes {
        let Some(lane) = lane_of[usize::from(note.channel)][usize::from(note.key)] else {
            chart.drop("on keys that the drum map leaves out", 1);
            continue;
        };
        let at_us = map.at(note.tick);
        if let Some(message) = out_of_time(at_us) {
            return Err(Refused::whole(format!("{message} (tick {})", note.tick)));
        }
        let length_us = note.until.map(|tick| map.at(tick) - at_us).filter(|&length| length > 0);
        let hold = options.holds_us.zip(length_us).is_some_and(|(least, length)| length >= least);
        chart.targets.push(Target { at_us, lane, length_us, hold });
    }
    let (first, last) = (notes.iter().map(|n| n.tick).min(), notes.iter().map(|n| n.tick).max());
    if let (Some(per_beat), Some(first), Some(last)) = (options.grid, first, last) {
        chart.drop("notes, for the grid", chart.targets.len() as u64);
        chart.targets = map.grid(first, last, per_beat)?;
        chart.lanes = 1;
    }
    if chart.targets.len() > MOST_TARGETS {
        return Err(Refused::whole(super::too_many("a part has", chart.targets.len() as u64)));
    }
    if chart.targets.is_empty() {
        return Err(Refused::whole("the drum map leaves out every note; it needs a key that sounds"));
    }
    chart.settle();
    Ok(chart)
}

/// Ticks to microseconds, exact and rounded once.
#[derive(Debug)]
struct TempoMap {
    division: Division,
    legs: Vec<Leg>,
    /// The same, for people.
    tempo: Arc<[Tempo]>,
    bars: Arc<[i64]>,
}

#[derive(Clone, Copy, Debug)]
struct Leg {
    tick: u64,
    /// The time at `tick`, in µs times the ticks in a quarter note.
    before: i128,
    quarter_us: u32,
}

impl TempoMap {
    /// The map of all tracks together, or (counted from 1) of one track alone.
    fn of(smf: &Smf, own: usize, warnings: &mut Warnings) -> Self {
        let tracks = if own == 0 { &smf.tracks[..] } else { &smf.tracks[own - 1..own] };
        let mut events: Vec<TempoEvent> = tracks.iter().flat_map(|track| track.tempos.iter().copied()).collect();
        events.sort_by_key(|event| event.tick);
        if let Division::Smpte { .. } = smf.division {
            if let Some(event) = events.first() {
                warnings.say(Place::Byte(event.byte), "tempo events mean nothing under an SMPTE division");
            }
            events.clear();
        }
        let mut legs = vec![Leg { tick: 0, before: 0, quarter_us: DEFAULT_QUARTER_US }];
        for event in events {
            let last = legs[legs.len() - 1];
            let ticks = event.tick - last.tick;
            if ticks == 0 {
                if legs.len() > 1 && last.quarter_us != event.quarter_us {
                    warnings.say(Place::Byte(event.byte), "a second tempo at the same tick; this one holds");
                }
                legs.pop();
            }
            let before = last.before + i128::from(ticks) * i128::from(last.quarter_us);
            legs.push(Leg { tick: event.tick, before, quarter_us: event.quarter_us });
        }
        let mut map = Self { division: smf.division, legs, tempo: Arc::default(), bars: Arc::default() };
        map.tempo = map.beats();
        let last = tracks.iter().flat_map(|track| track.notes.iter().map(|note| note.tick)).max();
        map.bars = map.bars(&signatures(tracks, warnings), last.unwrap_or(0));
        map
    }

    fn at(&self, tick: u64) -> i64 {
        self.at_part(i128::from(tick), 1)
    }

    /// The time of `tick / parts`.
    fn at_part(&self, tick: i128, parts: i128) -> i64 {
        let (num, den) = match self.division {
            Division::Smpte { ticks, seconds } => (tick * i128::from(seconds) * 1_000_000, i128::from(ticks) * parts),
            Division::Quarter(quarter) => {
                let next = self.legs.partition_point(|leg| i128::from(leg.tick) * parts <= tick);
                let leg = self.legs[next.saturating_sub(1)];
                let since = tick - i128::from(leg.tick) * parts;
                (leg.before * parts + since * i128::from(leg.quarter_us), i128::from(quarter) * parts)
            }
        };
        i64::try_from(nearest(num, den)).unwrap_or(i64::MAX)
    }

    fn beats(&self) -> Arc<[Tempo]> {
        match self.division {
            Division::Smpte { .. } => Arc::default(),
            Division::Quarter(_) => self
                .legs
                .iter()
                .map(|leg| Tempo { at_us: self.at(leg.tick), beat_ns: i64::from(leg.quarter_us) * 1000 })
                .collect(),
        }
    }

    /// Where bars begin, up to a tick: none without beats, or where there are too many.
    fn bars(&self, signatures: &[SignatureEvent], last: u64) -> Arc<[i64]> {
        let Division::Quarter(quarter) = self.division else { return Arc::default() };
        let mut begin = Vec::new();
        for (n, signature) in signatures.iter().enumerate() {
            let until = signatures.get(n + 1).map_or(last + 1, |next| next.tick.min(last + 1));
            // in parts of a tick, in which a bar is whole
            let parts = 1_i128 << signature.halvings;
            let bar = i128::from(quarter) * 4 * i128::from(signature.count);
            let mut tick = i128::from(signature.tick) * parts;
            while tick < i128::from(until) * parts {
                begin.push(self.at_part(tick, parts));
                if begin.len() > MOST_BARS {
                    return Arc::default();
                }
                tick += bar;
            }
        }
        Chart::lines(begin)
    }

    /// Even targets, `per_beat` a quarter note, between two ticks.
    fn grid(&self, first: u64, last: u64, per_beat: u8) -> Result<Vec<Target>, Refused> {
        let Division::Quarter(quarter) = self.division else {
            return Err(Refused::whole("a file with an SMPTE division has no beats to lay a grid on"));
        };
        let parts = u64::from(per_beat);
        let step = u64::from(quarter);
        let (from, to) = ((first * parts).div_ceil(step), last * parts / step);
        if to.saturating_sub(from) >= MOST_TARGETS as u64 {
            return Err(Refused::whole(super::too_many("the grid has", to - from + 1)));
        }
        let target = |n: u64| Target {
            at_us: self.at_part(i128::from(n) * i128::from(step), i128::from(parts)),
            lane: 0,
            length_us: None,
            hold: false,
        };
        Ok((from..=to).map(target).collect())
    }
}

/// The time signatures of some tracks in order: four quarters until the first, and one a tick.
fn signatures(tracks: &[Track], warnings: &mut Warnings) -> Vec<SignatureEvent> {
    let mut events: Vec<SignatureEvent> = tracks.iter().flat_map(|track| track.signatures.iter().copied()).collect();
    events.sort_by_key(|event| event.tick);
    let mut signatures: Vec<SignatureEvent> = Vec::with_capacity(events.len() + 1);
    if events.first().is_none_or(|first| first.tick > 0) {
        signatures.push(SignatureEvent { tick: 0, count: 4, halvings: 2, byte: 0 });
    }
    for event in events {
        if let Some(last) = signatures.last_mut().filter(|last| last.tick == event.tick) {
            if (last.count, last.halvings) != (event.count, event.halvings) {
                warnings.say(Place::Byte(event.byte), "a second time signature at the same tick; this one holds");
            }
            *last = event;
        } else {
            signatures.push(event);
        }
    }
    signatures
}

#[cfg(test)]
mod tests;
