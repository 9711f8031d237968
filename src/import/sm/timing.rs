//! From beats to time as StepMania has it: tempo changes, stops, delays, warps, and tempos or stops below zero.
//!
//! Time never runs back. A negative tempo or stop puts the music in debt; until positive time has paid it back, time
//! stands still and nothing there is a target: a jump. A tempo above [`FASTEST`] takes no time either.

use std::{collections::BTreeMap, sync::Arc};

use super::super::{
    Refused,
    chart::{Chart, MOST_BARS, Place, Tempo, Warnings, shown},
    exact::{Beat, MINUTE_US, Sum, decimal, nearest},
};
use super::msd::Value;

/// Beats a minute above which StepMania lets no time pass (`FAST_BPM_WARP`).
const FASTEST: i128 = 9_999_999;

/// Tempo changes, stops and so on that a chart has at most, each. ◇
const MOST_CHANGES: usize = 100_000;

/// What a chart says about time, as written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Seconds that the first beat comes before the music's zero.
    pub offset: Option<Value>,
    pub bpms: Option<Value>,
    pub stops: Option<Value>,
    pub delays: Option<Value>,
    pub warps: Option<Value>,
    pub fakes: Option<Value>,
}

/// What stands at one beat.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    bpm: Option<i128>,
    /// µs.
    stop: i128,
    delay: i128,
    /// A warp or a stretch of fakes begins here and ends there.
    warp_to: Option<Beat>,
    fake_to: Option<Beat>,
}

/// From one mark to the next, everything is even.
#[derive(Clone, Copy, Debug)]
struct Leg {
    beat: Beat,
    /// When a note right on the beat is due; none where time jumps over it.
    on_beat: Option<Sum>,
    /// The time after what stands on the beat, and what is owed.
    time: Sum,
    debt: Sum,
    /// In millionths of a beat a minute.
    bpm: i128,
    /// No time passes.
    still: bool,
    /// What is here is shown and not asked for.
    fake: bool,
}

impl Leg {
    /// The time of a beat on it; none where time jumps over that.
    fn time_of(&self, beat: Beat) -> Option<Sum> {
        if self.beat == beat {
            return self.on_beat;
        }
        if self.still || self.bpm <= 0 {
            return None;
        }
        let passed = beat.elapsed(self.beat, self.bpm)?;
        let jumped = passed + Sum::SAME < self.debt;
        let after = if passed > self.debt { passed - self.debt } else { Sum::ZERO };
        (!jumped).then(|| self.time + after)
    }
}

/// What a note at a beat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// µs.
    At(i64),
    /// Time jumps over it.
    Jumped,
    /// It stands in a stretch of fakes.
    Fake,
}

/// Beats to time.
#[derive(Clone, Debug)]
pub struct Timing {
    legs: Vec<Leg>,
}

impl Timing {
    /// # Errors
    /// A tag that cannot be read, or no tempo, with its line.
    pub fn of(written: &Written, warnings: &mut Warnings) -> Result<Self, Refused> {
        let marks = marks(written, warnings)?;
        let offset = match &written.offset {
            Some(value) if !value.text.trim().is_empty() => {
                let text = value.text.trim();
                decimal(text, 6).map_err(|bad| Refused::line(value.line, format!("OFFSET: {}", bad.tell(text))))?
            }
            _ => 0,
        };
        let too_far = || Refused::whole("the tempo map leads further than 30 years");
        let first = marks.values().find_map(|mark| mark.bpm).unwrap_or(0);
        let mut time = Sum::ratio(-offset, 1).ok_or_else(too_far)?;
        let mut debt = Sum::ZERO;
        let mut bpm = first;
        let (mut warp, mut fake) = (None::<Beat>, None::<Beat>);
        let mut legs: Vec<Leg> = Vec::with_capacity(marks.len());
        for (&beat, mark) in &marks {
            if let Some(last) = legs.last().filter(|last| !last.still) {
                let passed = beat.elapsed(last.beat, bpm).ok_or_else(too_far)?;
                (time, debt) = passing(time, debt, passed, bpm > 0);
            }
            (time, debt) = waiting(time, debt, Sum::ratio(mark.delay, 1).ok_or_else(too_far)?);
            let due = time;
            let owed = debt;
            let stop = Sum::ratio(mark.stop, 1).ok_or_else(too_far)?;
            (time, debt) = waiting(time, debt, stop);
            bpm = mark.bpm.unwrap_or(bpm);
            warp = warp.max(mark.warp_to);
            fake = fake.max(mark.fake_to);
            let warped = warp.is_some_and(|to| to > beat);
            let still = warped || bpm.abs() > FASTEST * 1_000_000;
            let held = mark.stop > 0 || mark.delay > 0;
            let due_here = if owed > Sum::SAME {
                // what is owed is paid by the stop on this very beat: the jump ends here
                mark.stop > 0 && debt <= Sum::SAME
            } else {
                // where a jump begins only what the music waits for is played
                held || (debt <= Sum::SAME && !still && bpm > 0)
            };
            let fake = fake.is_some_and(|to| to > beat);
            legs.push(Leg { beat, on_beat: due_here.then_some(due), time, debt, bpm, still, fake });
        }
        if let Some(last) = legs.last().filter(|last| last.bpm < 0 && !last.still) {
            let message =
                format!("from beat {} on the tempo stays below 0; nothing after it is a target", last.beat.as_f64());
            warnings.say(Place::Whole, message);
        }
        Ok(Self { legs })
    }

    /// When a note at a beat is due.
    #[must_use]
    pub fn due(&self, beat: Beat) -> Due {
        match self.leg(beat).map(|leg| (leg.time_of(beat), leg.fake)) {
            Some((Some(_), true)) => Due::Fake,
            Some((Some(time), false)) => Due::At(time.micros()),
            Some((None, _)) | None => Due::Jumped,
        }
    }

    /// The first leg begins at or before every note.
    fn leg(&self, beat: Beat) -> Option<&Leg> {
        let next = self.legs.partition_point(|leg| leg.beat <= beat);
        self.legs.get(next.saturating_sub(1))
    }

    /// Where bars of four beats begin, up to a beat, without those that time jumps over. None where there are too many.
    #[must_use]
    pub fn bars(&self, last: Beat) -> Arc<[i64]> {
        const BEATS: i64 = 4;
        let count = last.ceiling().max(0) / BEATS + 1;
        if count > MOST_BARS as i64 {
            return Arc::default();
        }
        let beats = (0..count).filter_map(|bar| Beat::ratio(bar * BEATS, 1));
        let begin = beats.filter_map(|beat| self.leg(beat)?.time_of(beat));
        Chart::lines(begin.map(Sum::micros).collect())
    }

    /// The tempo map, without what takes no time.
    #[must_use]
    pub fn tempo(&self) -> Arc<[Tempo]> {
        let mut tempo: Vec<Tempo> = Vec::new();
        for leg in self.legs.iter().filter(|leg| leg.bpm > 0 && !leg.still) {
            let beat_ns = nearest(MINUTE_US * 1_000_000_000, leg.bpm);
            let beat_ns = i64::try_from(beat_ns).unwrap_or(i64::MAX);
            if tempo.last().is_none_or(|last| last.beat_ns != beat_ns) {
                tempo.push(Tempo { at_us: leg.on_beat.unwrap_or(leg.time).micros(), beat_ns });
            }
        }
        tempo.into()
    }
}

/// Time and debt after `passed` went by, forwards or backwards.
fn passing(time: Sum, debt: Sum, passed: Sum, forwards: bool) -> (Sum, Sum) {
    if !forwards {
        return (time, debt + passed.abs());
    }
    let paid = passed.min(debt);
    (time + (passed - paid), debt - paid)
}

/// Time and debt after a stop or delay, which may be negative.
fn waiting(time: Sum, debt: Sum, wait: Sum) -> (Sum, Sum) {
    passing(time, debt, wait.abs(), wait >= Sum::ZERO)
}

fn marks(written: &Written, warnings: &mut Warnings) -> Result<BTreeMap<Beat, Mark>, Refused> {
    let mut marks: BTreeMap<Beat, Mark> = BTreeMap::from([(Beat::ZERO, Mark::default())]);
    let bpms = written.bpms.as_ref().ok_or_else(|| Refused::whole("no BPMS; give the tempo, as in #BPMS:0=120;"))?;
    let mut first = None;
    for (line, beat, bpm) in pairs("BPMS", bpms, warnings)? {
        if bpm == 0 {
            return Err(Refused::line(line, "BPMS: a tempo of 0 never reaches the next beat; give one above 0"));
        }
        first = first.min(Some((beat, line))).or(Some((beat, line)));
        if marks.entry(beat).or_default().bpm.replace(bpm).is_some_and(|before| before != bpm) {
            warnings.say(Place::Line(line), format!("BPMS: a second tempo at beat {}; this one holds", beat.as_f64()));
        }
    }
    match first {
        None => return Err(Refused::line(bpms.line, "BPMS is empty; give the tempo, as in #BPMS:0=120;")),
        Some((beat, line)) if beat > Beat::ZERO => {
            warnings
                .say(Place::Line(line), format!("BPMS: the first tempo, at beat {}, holds from beat 0", beat.as_f64()));
        }
        Some(_) => {}
    }
    for (name, value) in [("STOPS", &written.stops), ("DELAYS", &written.delays)] {
        for (line, beat, wait) in
            value.iter().map(|value| pairs(name, value, warnings)).collect::<Result<Vec<_>, _>>()?.concat()
        {
            let mark = marks.entry(beat).or_default();
            let slot = if name == "STOPS" { &mut mark.stop } else { &mut mark.delay };
            if *slot != 0 && *slot != wait {
                warnings
                    .say(Place::Line(line), format!("{name}: a second one at beat {}; this one holds", beat.as_f64()));
            }
            *slot = wait;
        }
    }
    for (name, value) in [("WARPS", &written.warps), ("FAKES", &written.fakes)] {
        for (line, beat, length) in
            value.iter().map(|value| pairs(name, value, warnings)).collect::<Result<Vec<_>, _>>()?.concat()
        {
            let end = nearest(length, 1);
            let to = i64::try_from(end).ok().and_then(|end| Beat::ratio(end, 1_000_000)).and_then(|by| beat.plus(by));
            let Some(to) = to.filter(|&to| to > beat) else {
                warnings.say(Place::Line(line), format!("{name}: a length that is not above 0; ignored"));
                continue;
            };
            let mark = marks.entry(beat).or_default();
            let slot = if name == "WARPS" { &mut mark.warp_to } else { &mut mark.fake_to };
            *slot = (*slot).max(Some(to));
            marks.entry(to).or_default();
        }
    }
    Ok(marks)
}

/// `beat=number,…`: the line, the beat, and the number in millionths.
fn pairs(name: &str, value: &Value, warnings: &mut Warnings) -> Result<Vec<(usize, Beat, i128)>, Refused> {
    let mut pairs = Vec::new();
    for (line, text) in value.lines() {
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let Some((beat, number)) = pair.split_once('=') else {
                return Err(Refused::line(line, format!("{name}: '{}' is no beat=number", shown(pair))));
            };
            let at = Beat::written(beat).map_err(|bad| Refused::line(line, format!("{name}: {}", bad.tell(beat))))?;
            let number = decimal(number, Beat::PLACES)
                .map_err(|bad| Refused::line(line, format!("{name}: {}", bad.tell(number))))?;
            if at < Beat::ZERO {
                warnings.say(Place::Line(line), format!("{name}: beat {} lies before the first; ignored", at.as_f64()));
                continue;
            }
            pairs.push((line, at, number));
            if pairs.len() > MOST_CHANGES {
                return Err(Refused::line(
                    line,
                    format!("{name}: more than {MOST_CHANGES} of them; a chart has at most that"),
                ));
            }
        }
    }
    Ok(pairs)
}
