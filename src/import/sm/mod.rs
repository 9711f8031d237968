//! StepMania: simfiles (`.sm`) and their successors (`.ssc`), a chart a difficulty.

mod msd;
mod notes;
mod timing;

use std::sync::Arc;

use self::{
    msd::{Tag, Value},
    timing::{Timing, Written},
};
use super::{
    Options, Refused,
    chart::{Chart, MOST_LANES, Place, Warnings, shown},
    exact::Beat,
    text,
};

/// Charts that one file has at most. ◇
const MOST_CHARTS: usize = 200;

/// Reads a file of either kind.
///
/// # Errors
/// What is no simfile, or one whose tempo map or notes cannot be read, with the line.
pub fn read(bytes: &[u8], options: &Options) -> Result<Vec<Chart>, Refused> {
    let mut warnings = Warnings::default();
    let text = text::decode(bytes, &mut warnings)?;
    let (tags, stray) = msd::tags(&text)?;
    if tags.is_empty() {
        return Err(Refused::whole("this is no simfile; one has tags such as #BPMS:0=120;"));
    }
    for line in stray {
        warnings.say(Place::Line(line), "text that belongs to no tag");
    }
    let mut song = Song::default();
    let mut charts = Vec::new();
    let mut part: Option<Part> = None;
    let last = tags.len() - 1;
    for (at, tag) in tags.into_iter().enumerate() {
        // the end of the file ends its last tag as well as a ; does
        if !tag.closed && at < last {
            let message = format!("{} has no ; and is taken to end before the next line with a #", shown(&tag.name));
            warnings.say(Place::Line(tag.line), message);
        }
        match tag.name.as_str() {
            "NOTES" | "NOTES2" if tag.values.len() >= 6 => {
                let mut values = tag.values;
                let rows = values.swap_remove(5);
                let name = |at: usize| values[at].text.trim().to_owned();
                let part = Part {
                    line: tag.line,
                    style: name(0),
                    difficulty: name(2),
                    meter: name(3),
                    rows: Some(rows),
                    ..Part::default()
                };
                charts.push(part);
            }
            "NOTES" | "NOTES2" => match (&mut part, tag.values.into_iter().next()) {
                (Some(part), Some(rows)) => part.rows = Some(rows),
                _ => {
                    let message = "NOTES has 6 values: style, author, difficulty, meter, groove, notes";
                    return Err(Refused::line(tag.line, message));
                }
            },
            "NOTEDATA" => {
                charts.extend(part.take());
                part = Some(Part { line: tag.line, ..Part::default() });
            }
            _ => match &mut part {
                Some(part) => part.take(tag),
                None => song.take(tag),
            },
        }
        if charts.len() > MOST_CHARTS {
            return Err(Refused::line(charts[MOST_CHARTS].line, format!("more than {MOST_CHARTS} charts in one file")));
        }
    }
    charts.extend(part);
    song.charts(charts, options, warnings)
}

/// What holds for every chart of the file.
#[derive(Default)]
struct Song {
    title: String,
    audio: Option<String>,
    written: Written,
}

/// One difficulty.
#[derive(Default)]
struct Part {
    line: usize,
    style: String,
    difficulty: String,
    name: String,
    meter: String,
    audio: Option<String>,
    /// Its own timing; any of it replaces the song's whole.
    written: Written,
    own: bool,
    rows: Option<Value>,
}

/// Puts a tag about time in its place; whether it was one.
fn timed(written: &mut Written, tag: &mut Tag) -> bool {
    let slot = match tag.name.as_str() {
        "OFFSET" => &mut written.offset,
        "BPMS" => &mut written.bpms,
        "STOPS" | "FREEZES" => &mut written.stops,
        "DELAYS" => &mut written.delays,
        "WARPS" => &mut written.warps,
        "FAKES" => &mut written.fakes,
        _ => return false,
    };
    *slot = Some(if tag.values.is_empty() {
        Value { line: tag.line, ..Value::default() }
    } else {
        tag.values.swap_remove(0)
    });
    true
}

fn first(tag: &Tag) -> String {
    tag.values.first().map_or(String::new(), |value| value.text.trim().to_owned())
}

impl Song {
    fn take(&mut self, mut tag: Tag) {
        if timed(&mut self.written, &mut tag) {
            return;
        }
        match tag.name.as_str() {
            "TITLE" => self.title = first(&tag),
            "MUSIC" => self.audio = Some(first(&tag)).filter(|name| !name.is_empty()),
            _ => {}
        }
    }

    fn charts(self, parts: Vec<Part>, options: &Options, mut warnings: Warnings) -> Result<Vec<Chart>, Refused> {
        if parts.is_empty() {
            // a tempo that is none is told before that there is nothing to play
            Timing::of(&self.written, &mut warnings)?;
            return Err(Refused::whole("no NOTES; there is nothing to play"));
        }
        let alone = parts.len() == 1;
        let shared = Timing::of(&self.written, &mut Warnings::default());
        let tempo = shared.as_ref().map_or_else(|_| Arc::default(), Timing::tempo);
        if shared.is_ok() {
            // for its warnings, which are the file's and not a chart's
            Timing::of(&self.written, &mut warnings)?;
        }
        let mut charts: Vec<Chart> = Vec::new();
        let mut left_out = None;
        for part in parts {
            let mut chart = Chart { title: self.title.clone(), part: part.title(alone), ..Chart::default() };
            chart.audio = part.audio.clone().or_else(|| self.audio.clone());
            let own;
            let timing = if part.own {
                own = Timing::of(&part.written, &mut chart.warnings)?;
                &own
            } else {
                shared.as_ref().map_err(Clone::clone)?
            };
            let line = part.line;
            let Some(rows) = part.rows else {
                warnings.say(Place::Line(line), "a chart without NOTES; left out");
                continue;
            };
            let rows = notes::rows(&rows, columns(&part.style), &mut chart)?;
            if rows.columns > usize::from(MOST_LANES) && options.lanes.is_none() {
                let message = format!(
                    "{} has {} columns, more than the {MOST_LANES} lanes of a level; fold them with --lanes {MOST_LANES}",
                    shown(&part.style),
                    rows.columns
                );
                warnings.say(Place::Line(line), format!("{message}; left out"));
                left_out = Some(Refused::line(line, message));
                continue;
            }
            notes::place(&rows, timing, options, &mut chart)?;
            if chart.targets.is_empty() {
                let refused = Refused::line(line, "no notes that ask for a press; there is nothing to play");
                warnings.say(refused.place, format!("{}; left out", refused.message));
                left_out = Some(refused);
                continue;
            }
            chart.tempo = if part.own { timing.tempo() } else { tempo.clone() };
            chart.settle();
            charts.push(chart);
        }
        let Some(first) = charts.first_mut() else {
            return Err(left_out.unwrap_or_else(|| Refused::whole("no chart has NOTES; there is nothing to play")));
        };
        let own = std::mem::take(&mut first.warnings);
        first.warnings = warnings;
        first.warnings.take(&own);
        Ok(charts)
    }
}

impl Part {
    fn take(&mut self, mut tag: Tag) {
        if timed(&mut self.written, &mut tag) {
            self.own = true;
            return;
        }
        match tag.name.as_str() {
            "STEPSTYPE" => self.style = first(&tag),
            "DIFFICULTY" => self.difficulty = first(&tag),
            "CHARTNAME" => self.name = first(&tag),
            "METER" => self.meter = first(&tag),
            "MUSIC" => self.audio = Some(first(&tag)).filter(|name| !name.is_empty()),
            _ => {}
        }
    }

    /// What tells it from the file's other charts.
    fn title(&self, alone: bool) -> String {
        let named = if self.name.is_empty() { &self.difficulty } else { &self.name };
        if alone {
            return named.clone();
        }
        [&self.style, named, &self.meter]
            .into_iter()
            .filter(|word| !word.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Columns of the styles that StepMania knows; none for others, whose rows tell.
fn columns(style: &str) -> Option<usize> {
    Some(match style.to_ascii_lowercase().as_str() {
        "dance-threepanel" | "pump-halfdouble-half" => 3,
        "dance-single" | "kickbox-human" | "para-versus-half" => 4,
        "pump-single" | "ez2-single" | "para-single" | "bm-single5-half" => 5,
        "dance-solo" | "pump-halfdouble" | "bm-single5" => 6,
        "ez2-real" | "kb7-single" => 7,
        "dance-double" | "dance-couple" | "dance-routine" | "bm-single7" | "maniax-double" => 8,
        "maniax-single" => 4,
        "pnm-five" => 5,
        "pnm-nine" => 9,
        "pump-double" | "pump-couple" | "pump-routine" | "ez2-double" | "para-double" => 10,
        "bm-double5" => 12,
        "bm-double7" => 16,
        _ => return None,
    })
}

/// A row's beat: the `row`-th of `rows` in the `bar`-th bar of 4 beats.
fn row_beat(bar: usize, row: usize, rows: usize) -> Option<Beat> {
    let num = (bar.checked_mul(rows)?.checked_add(row)?).checked_mul(4)?;
    Beat::ratio(i64::try_from(num).ok()?, i64::try_from(rows).ok()?)
}

#[cfg(test)]
mod tests;
