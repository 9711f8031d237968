//! Bars of a chart, and the loops cut out of it.

use super::Bars;
use crate::level::drill::chart::{Chart, Note};

/// Beats of a bar where the chart does not say where its bars begin ◇.
const BEATS: i64 = 4;

/// Where a chart's bars begin, µs of the song: as the chart says, else every four of its beats from its first target on.
/// Notes before the first belong to it; the last one never ends.
#[must_use]
pub fn bars(chart: &Chart) -> Vec<i64> {
    if !chart.bars.is_empty() {
        return chart.bars.clone();
    }
    let (Some(first), Some(last)) = (chart.targets.first(), chart.targets.last()) else { return Vec::new() };
    let bar_us = BEATS * i64::from(chart.beat_us.max(1));
    (0..=(last.at_us - first.at_us) / bar_us).map(|n| first.at_us + n * bar_us).collect()
}

/// The times that a loop spans, µs: from and up to.
pub(super) fn span(lines: &[i64], bars: Bars) -> (i64, i64) {
    let from = if bars.from <= 1 { None } else { lines.get(bars.from as usize - 1) };
    (from.copied().unwrap_or(i64::MIN), lines.get(bars.to as usize).copied().unwrap_or(i64::MAX))
}

/// Which bar a time lies in, from 1.
pub(super) fn bar_at(lines: &[i64], at_us: i64) -> u32 {
    u32::try_from(lines.partition_point(|line| *line <= at_us).max(1)).unwrap_or(u32::MAX)
}

fn between(chart: &Chart, (from, to): (i64, i64)) -> &[Note] {
    let begins = chart.targets.partition_point(|note| note.at_us < from);
    let ends = chart.targets.partition_point(|note| note.at_us < to);
    chart.targets.get(begins..ends).unwrap_or_default()
}

/// The notes of a loop.
pub(super) fn cut(chart: &Chart, bars: Bars) -> &[Note] {
    between(chart, span(&self::bars(chart), bars))
}

/// The notes of the bars before a loop, at most `count` of them, and where the first of these begins.
pub(super) fn before<'a>(chart: &'a Chart, lines: &[i64], bars: Bars, count: u8) -> Option<(i64, &'a [Note])> {
    let place = (bars.from as usize).checked_sub(1)?;
    let to = *lines.get(place)?;
    let from = *lines.get(place.saturating_sub(usize::from(count)))?;
    Some((from, between(chart, (from, to)))).filter(|_| from < to)
}

/// The chart with nothing but its loops: a section each.
pub(super) fn looped(chart: &Chart, loops: &[Bars]) -> Chart {
    let mut cut = chart.clone();
    cut.targets.clear();
    cut.sections.clear();
    for bars in loops {
        let notes = self::cut(chart, *bars);
        cut.sections.extend(notes.first().map(|note| note.at_us));
        cut.targets.extend_from_slice(notes);
    }
    cut
}
