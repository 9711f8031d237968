//! A chart's rows: bars of rows, rows of columns, a character a column.

use std::sync::Arc;

use super::super::{
    MOST_TARGETS, Options, Refused,
    chart::{Chart, Place, Target, shown},
    exact::Beat,
    folded, out_of_time, too_many,
};
use super::{
    msd::Value,
    row_beat,
    timing::{Due, Timing},
};

/// Rows that a bar has at most ◇: StepMania itself tells 192 apart.
const MOST_ROWS: usize = 65_536;

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Tap,
    /// A hold or a roll begins.
    Head,
    /// It ends.
    Tail,
    Mine,
    Lift,
    Fake,
    /// A sound that plays by itself.
    Sound,
}

/// The steps of a chart by row.
#[derive(Debug, Default)]
pub struct Rows {
    pub columns: usize,
    steps: Vec<(Beat, usize, usize, Step)>,
}

/// Reads the rows. A bar is 4 beats, which its rows divide evenly; a row that cannot be read keeps its place.
///
/// # Errors
/// More steps than a level may have, or bars beyond all bounds.
pub fn rows(value: &Value, columns: Option<usize>, chart: &mut Chart) -> Result<Rows, Refused> {
    let mut found = Rows { columns: columns.unwrap_or(0), ..Rows::default() };
    // a value may hold several layers (routine charts), each from the first bar
    let mut bar = 0;
    let mut lines: Vec<(usize, &str)> = Vec::new();
    for (line, text) in value.lines() {
        let mut rest = text;
        loop {
            let end = rest.find([',', '&']);
            let row = rest[..end.unwrap_or(rest.len())].trim();
            if !row.is_empty() {
                lines.push((line, row));
                if lines.len() > MOST_ROWS {
                    return Err(Refused::line(
                        line,
                        format!("more than {MOST_ROWS} rows in a bar; a bar has at most that"),
                    ));
                }
            }
            let Some(end) = end else { break };
            found.bar(bar, &lines, chart)?;
            lines.clear();
            bar = if rest[end..].starts_with('&') { 0 } else { bar + 1 };
            rest = &rest[end + 1..];
        }
    }
    found.bar(bar, &lines, chart)?;
    found.steps.sort_by_key(|&(beat, ..)| beat);
    Ok(found)
}

impl Rows {
    fn bar(&mut self, bar: usize, lines: &[(usize, &str)], chart: &mut Chart) -> Result<(), Refused> {
        for (at, &(line, text)) in lines.iter().enumerate() {
            let cells = cells(text);
            if self.columns == 0 {
                self.columns = cells.len();
            }
            if cells.len() != self.columns {
                let message = format!("a row of {} columns in a chart of {}; dropped", cells.len(), self.columns);
                chart.warnings.say(Place::Line(line), message);
                chart.drop("unreadable rows", 1);
                continue;
            }
            let beat = row_beat(bar, at, lines.len())
                .ok_or_else(|| Refused::line(line, format!("the chart goes on beyond beat {}", Beat::MOST)))?;
            for (column, &cell) in cells.iter().enumerate() {
                let step = match cell {
                    '0' => continue,
                    '1' => Step::Tap,
                    '2' | '4' => Step::Head,
                    '3' => Step::Tail,
                    'M' | 'm' => Step::Mine,
                    'L' | 'l' => Step::Lift,
                    'F' | 'f' => Step::Fake,
                    'K' | 'k' => Step::Sound,
                    other => {
                        let message =
                            format!("'{}' in column {column} of a row is no note; dropped", shown(&other.to_string()));
                        chart.warnings.say(Place::Line(line), message);
                        chart.drop("unreadable notes", 1);
                        continue;
                    }
                };
                self.steps.push((beat, line, column, step));
                // heads, tails, mines and fakes are more than the targets, but not by much
                if self.steps.len() > 4 * MOST_TARGETS {
                    return Err(Refused::line(line, too_many("the chart has far more than", MOST_TARGETS as u64)));
                }
            }
        }
        Ok(())
    }
}

/// The characters of a row; keysounds `[…]`, attacks `{…}` and items `<…>` after a note belong to it.
fn cells(text: &str) -> Vec<char> {
    let mut cells = Vec::new();
    let mut closing = None;
    for c in text.chars() {
        match (closing, c) {
            (Some(close), c) if c == close => closing = None,
            (Some(_), _) => {}
            (None, '[') => closing = Some(']'),
            (None, '{') => closing = Some('}'),
            (None, '<') => closing = Some('>'),
            (None, c) if c.is_whitespace() => {}
            (None, c) => cells.push(c),
        }
    }
    cells
}

/// Makes targets of the steps.
///
/// # Errors
/// More targets than a level may have.
pub fn place(rows: &Rows, timing: &Timing, options: &Options, chart: &mut Chart) -> Result<(), Refused> {
    let into = options.lanes.map_or(rows.columns, |lanes| rows.columns.min(usize::from(lanes)));
    chart.lanes = u8::try_from(into).unwrap_or(u8::MAX).max(1);
    chart.bars = rows.steps.last().map_or_else(Arc::default, |&(last, ..)| timing.bars(last));
    // by column: the line of an open hold's head, and its target, unless time jumps over it
    let mut open: Vec<Option<(usize, Option<usize>)>> = vec![None; rows.columns];
    for &(beat, line, column, step) in &rows.steps {
        let due = timing.due(beat);
        match step {
            Step::Mine => chart.drop("mines", 1),
            Step::Lift => chart.drop("lifts", 1),
            Step::Fake => chart.drop("fakes", 1),
            Step::Sound => chart.drop("automatic sounds", 1),
            Step::Tail => match open[column].take() {
                Some((_, Some(target))) => {
                    let at_us = chart.targets[target].at_us;
                    match due {
                        Due::At(end) if end > at_us => chart.targets[target].length_us = Some(end - at_us),
                        _ => {
                            chart.warnings.say(
                                Place::Line(line),
                                "a hold ends where time jumps; its head is kept as a plain note",
                            );
                            chart.targets[target].hold = false;
                        }
                    }
                }
                Some((_, None)) => {}
                None => {
                    chart
                        .warnings
                        .say(Place::Line(line), format!("a hold ends in column {column} that never began; dropped"));
                    chart.drop("ends of no hold", 1);
                }
            },
            Step::Tap | Step::Head => {
                let target = match due {
                    Due::At(at_us) => {
                        if let Some(message) = out_of_time(at_us) {
                            return Err(Refused::line(line, message));
                        }
                        let lane = folded(column, rows.columns, chart.lanes);
                        chart.targets.push(Target { at_us, lane, length_us: None, hold: step == Step::Head });
                        Some(chart.targets.len() - 1)
                    }
                    Due::Jumped => {
                        chart.drop("where time jumps", 1);
                        None
                    }
                    Due::Fake => {
                        chart.drop("fakes", 1);
                        None
                    }
                };
                let head = (step == Step::Head).then_some((line, target));
                if let Some((begun, unended)) = std::mem::replace(&mut open[column], head) {
                    endless(begun, unended, chart);
                }
            }
        }
        if chart.targets.len() > MOST_TARGETS {
            return Err(Refused::line(line, too_many("the chart has more than", MOST_TARGETS as u64)));
        }
    }
    for (begun, unended) in open.into_iter().flatten() {
        endless(begun, unended, chart);
    }
    if let (Some(per_beat), Some(&(first, ..)), Some(&(last, ..))) =
        (options.grid, rows.steps.first(), rows.steps.last())
    {
        chart.drop("notes, for the grid", chart.targets.len() as u64);
        grid(first, last, per_beat, timing, chart)?;
    }
    Ok(())
}

/// A hold whose end never comes is a plain note.
fn endless(line: usize, target: Option<usize>, chart: &mut Chart) {
    if let Some(target) = target {
        chart.targets[target].hold = false;
        chart.warnings.say(Place::Line(line), "a hold without an end; kept as a plain note");
    }
}

/// Even targets, `per_beat` a beat, between two beats.
fn grid(first: Beat, last: Beat, per_beat: u8, timing: &Timing, chart: &mut Chart) -> Result<(), Refused> {
    chart.targets.clear();
    chart.lanes = 1;
    let parts = i64::from(per_beat);
    let step = |n: i64| Beat::ratio(n, parts);
    let mut n = first.ceiling() * parts;
    // the beat's parts before the ceiling that still lie after the first
    while n > 0 && step(n - 1).is_some_and(|beat| beat >= first) {
        n -= 1;
    }
    // over what time jumps there may be more beats than targets, but not without end
    let stop = n + 10 * MOST_TARGETS as i64;
    while let Some(beat) = step(n).filter(|&beat| beat <= last) {
        if n > stop {
            return Err(Refused::whole(too_many("the grid has far more than", MOST_TARGETS as u64)));
        }
        if let Due::At(at_us) = timing.due(beat) {
            chart.targets.push(Target { at_us, lane: 0, length_us: None, hold: false });
            if chart.targets.len() > MOST_TARGETS {
                return Err(Refused::whole(too_many("the grid has more than", MOST_TARGETS as u64)));
            }
        }
        n += 1;
    }
    Ok(())
}
