//! The course of a practice: which loop comes next, how fast, and which bars are silent.

use super::{Bars, Mute, Pace, Practice, Ramp, bars};
use crate::{
    event::{Cue, CueKind, ErrorUnit, Lane, Passage},
    level::{
        Level, Setting, TrialBody,
        drill::{Drill, chart::Chart},
        window,
    },
    time::Nanos,
};

/// A practice that goes round ends after so many trials ◇, as the longest level does.
pub const PASSES_MOST: u32 = 500;
/// A trial went well if so many of its events in ten were within the tolerance ◇.
const WELL_IN_TEN: u32 = 9;
/// … and badly if fewer than so many in ten were ◇: between the two the rate is where it teaches.
const BADLY_IN_TEN: u32 = 5;
/// Intervals of a bar where a drill has no bars of its own ◇.
const BEATS: u32 = 4;

/// A practice under way.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    practice: Practice,
    pace: Pace,
    /// The chart that loops were cut out of, and where its bars begin.
    chart: Option<Box<Chart>>,
    lines: Vec<i64>,
    unit: ErrorUnit,
    /// The level's author gave the goal.
    fixed: bool,
}

impl Course {
    /// The course of a practice, and the level that is played in it: the loops alone, where there are any.
    pub(crate) fn of(practice: Practice, level: Level) -> (Self, Level) {
        let mut course = Self {
            practice,
            pace: Pace(practice.rate),
            chart: None,
            lines: Vec::new(),
            unit: level.drill().kind().unit(),
            fixed: level.fixes_goal(),
        };
        let Drill::Chart(chart) = level.drill() else { return (course, level) };
        course.lines = bars::bars(chart);
        if practice.loops.is_empty() {
            return (course, level);
        }
        let looped = bars::looped(chart, practice.loops.as_slice());
        course.chart = Some(Box::new(chart.clone()));
        let level = level.with_drill(looped.into());
        (course, level)
    }

    /// What applies at the present rate.
    pub(crate) fn setting(&self, mut setting: Setting) -> Setting {
        self.pace.setting(&mut setting, self.unit, self.fixed);
        setting
    }

    /// How many trials make it complete, of a level that takes `trials`.
    pub(crate) fn trials(&self, trials: u32) -> u32 {
        if self.practice.loops.is_empty() && self.practice.ramp.is_none() { trials } else { PASSES_MOST }
    }

    /// The rate rises after a trial that went well, and may fall after one that went badly; true if it changed, for what
    /// was counted so far was counted at another.
    pub(crate) fn went(&mut self, events: u32, failed: u32) -> bool {
        let Some(Ramp { step, to, both }) = self.practice.ramp else { return false };
        let in_time = (events - failed.min(events)) * 10;
        let rate = if events > 0 && in_time >= events * WELL_IN_TEN {
            (self.pace.0 + step).min(to.max(self.pace.0))
        } else if both && in_time < events * BADLY_IN_TEN {
            self.pace.0.saturating_sub(step).max(self.practice.rate)
        } else {
            self.pace.0
        };
        std::mem::replace(&mut self.pace, Pace(rate)) != Pace(rate)
    }

    /// Makes of the trial `nth` that the level planned the one that is practised. `drill`: as it was planned.
    pub(crate) fn shape(&self, body: &mut TrialBody, drill: &Drill, nth: u32) {
        let mut passage = Passage { rate: self.pace.0, bars: None };
        match drill {
            Drill::Chart(chart) => {
                let first_us = chart.section(nth).first().map_or(0, |note| note.at_us);
                let loops = self.practice.loops.as_slice();
                let bars = (!loops.is_empty()).then(|| loops[nth as usize % loops.len()]);
                if let Some(bars) = bars {
                    passage.bars = Some((bars.from, bars.to));
                    self.run_up(body, chart, bars, first_us);
                }
                if let Some(mute) = self.practice.mute {
                    let from = bars.map_or_else(|| bars::bar_at(&self.lines, first_us), |bars| bars.from);
                    let to = bars.map_or(u32::MAX, |bars| bars.to);
                    self.silence_bars(body, chart, mute, (from, to), first_us);
                }
            }
            _ => {
                if let Some(mute) = self.practice.mute {
                    silence_beats(body, mute);
                }
            }
        }
        self.pace.body(body);
        body.terms.practice = Some(passage);
    }

    /// Puts the bars before a loop in front of it: heard and seen, and not judged.
    fn run_up(&self, body: &mut TrialBody, chart: &Chart, bars: Bars, first_us: i64) {
        let Some(whole) = &self.chart else { return };
        let Some((from_us, notes)) = bars::before(whole, &self.lines, bars, self.practice.pre_roll) else { return };
        let Some(first) = body.targets.first().map(|target| target.at) else { return };
        let by = chart.played(first_us - from_us);
        // the count-in leads into the bars before, not into the loop
        let counts = body.cues.iter().filter(|cue| matches!(cue.kind, CueKind::CountIn { .. })).count();
        super::pace::later(body, by);
        for count in body.cues.iter_mut().take(counts) {
            count.at = count.at - by;
        }
        let at = |us: i64| first + by - chart.played(first_us - us);
        let note = |note: &crate::level::drill::chart::Note| Cue {
            at: at(note.at_us),
            kind: CueKind::Note { lane: Lane(note.lane) },
            heard: chart.heard,
            seen: true,
        };
        let before: Vec<Cue> = notes.iter().map(note).collect();
        body.cues.splice(counts..counts, before);
        body.count_in_ends = first + by - window(body.interval) - Nanos(1);
    }

    /// Silences bars of a chart, counted from bar `from` on and up to bar `to`, and the recording with them.
    fn silence_bars(&self, body: &mut TrialBody, chart: &Chart, mute: Mute, (from, to): (u32, u32), first_us: i64) {
        let Some(first) = body.targets.first().map(|target| target.at) else { return };
        let at = |us: i64| first + chart.played(us - first_us);
        let cycle = u32::from(mute.heard) + u32::from(mute.silent);
        let mut spans = Vec::new();
        for n in 0..=to.saturating_sub(from) {
            let Some(line) = self.lines.get((from + n).saturating_sub(1) as usize) else { break };
            let begins = at(*line);
            if begins >= body.length {
                break;
            }
            if n % cycle >= u32::from(mute.heard) {
                let ends = self.lines.get((from + n) as usize).map_or(body.length, |line| at(*line));
                spans.push((begins, ends.min(body.length)));
            }
        }
        silence(body, spans);
    }
}

/// Silences bars of four intervals, counted from the first target on.
fn silence_beats(body: &mut TrialBody, mute: Mute) {
    let Some(first) = body.targets.first().map(|target| target.at) else { return };
    let bar = i64::from(BEATS) * body.interval.0.max(1);
    let (heard, silent) = (i64::from(mute.heard) * bar, i64::from(mute.silent) * bar);
    // a beat belongs to the bar that begins with it, whatever was drawn about its own moment
    let early = Nanos(body.interval.0 / 4);
    let spans = (0..)
        .map(|n| first - early + Nanos(heard + n * (heard + silent)))
        .take_while(|from| *from < body.length)
        .map(|from| (from, from + Nanos(silent)))
        .collect();
    silence(body, spans);
}

fn silence(body: &mut TrialBody, spans: Vec<(Nanos, Nanos)>) {
    let silent = |at: Nanos| spans.iter().any(|(from, to)| (*from..*to).contains(&at));
    for cue in &mut body.cues {
        let beat = matches!(
            cue.kind,
            CueKind::Beat { .. } | CueKind::Note { .. } | CueKind::Subdivision | CueKind::Syllable { .. }
        );
        if beat && silent(cue.at) {
            cue.heard = false;
        }
    }
    if let Some(music) = &mut body.terms.music {
        music.silent = spans;
    }
}
