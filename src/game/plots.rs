//! Plots: what the end screen shows of a session, as places first and as shapes second.
//!
//! Early is left and late is right; the first event is at the top. Each event is one mark in the form of its tier, so
//! that no fact rests on colour. An event that has no asynchrony (no press, a false start) stands in the margin of its
//! side.

use bevy::prelude::*;
use doozy_training::{
    event::{Amplify, ErrorUnit, EventKind, Judged, Side, Tier},
    level::JND_PERCENT,
    session::constants::MAD_TO_SD,
};

use super::{
    stage::{marks, paint::Painter},
    theme::{Palette, fade},
};

/// Presses that tell about the player as he is now (skill.md §6.1: the last 40–60).
const LATEST: usize = 60;
/// The axis reaches at least so many times the tolerance each way. ◇
const REACH_IN_TOLERANCES: f64 = 2.5;
/// Medians nearer to the target than this are on time: nobody tells them apart by ear (skill.md §1, 6 ms at best).
const ON_TIME_MS: f64 = 6.0;

/// What the errors of a session are errors of: it gives them their unit and their words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// Moments, in ms: early and late.
    #[default]
    Time,
    /// Delays beyond the player's usual reaction, in ms: what is sooner is no error.
    Reaction,
    /// Lengths, in per cent of what they were to be: short and long.
    Length,
    /// Places, in per cent of a width: left and right.
    Place,
}

impl Measure {
    /// Of a session; one of nothing is one of moments.
    #[must_use]
    pub fn of(judged: &[Judged]) -> Self {
        let percent = judged.iter().any(|j| j.measured.unit == ErrorUnit::Percent);
        let reacts = |j: &Judged| matches!(j.measured.amplify, Amplify::Late | Amplify::WrongLane);
        match percent {
            false if judged.iter().any(reacts) => Self::Reaction,
            false => Self::Time,
            true if judged.iter().any(|j| j.kind == EventKind::Excursion) => Self::Place,
            true => Self::Length,
        }
    }

    fn in_ms(self) -> bool {
        matches!(self, Self::Time | Self::Reaction)
    }

    /// A median nearer to none than this is none.
    #[must_use]
    pub fn even(self) -> f64 {
        if self.in_ms() { ON_TIME_MS } else { JND_PERCENT }
    }

    /// The axis reaches at least so far each way, and ends on a multiple of the second. ◇
    fn reach(self) -> (f64, f64) {
        if self.in_ms() { (100.0, 50.0) } else { (20.0, 10.0) }
    }
}

/// What a player's presses were like, without any prior: it describes, it decides nothing (skill.md §6.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Presses it rests on: the last 60 matched ones at most.
    pub n: usize,
    /// Median error in the drill's unit, negative early (short, left).
    pub median: f64,
    /// Half of the presses lie this near to the median.
    pub mad: f64,
    /// 1.4826 MAD.
    pub robust_sd: f64,
}

impl Precision {
    /// Of true errors in order; `None` where there are none.
    #[must_use]
    pub fn of(errors: &[f64]) -> Option<Self> {
        let latest = &errors[errors.len().saturating_sub(LATEST)..];
        let middle = median(latest)?;
        let apart: Vec<f64> = latest.iter().map(|e| (e - middle).abs()).collect();
        let mad = median(&apart)?;
        Some(Self { n: latest.len(), median: middle, mad, robust_sd: MAD_TO_SD * mad })
    }
}

/// The middle value, or the mean of the two in the middle.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    let upper = *sorted.get(half)?;
    Some(if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[half - 1], upper) } else { upper })
}

/// One event's place: `x` from −1 (the axis's early end) to 1 (its late end), ±1 in the margin beyond it where it has no
/// asynchrony or one off the axis; `y` from 0 (first) to 1 (last).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub x: f64,
    pub y: f64,
    pub in_margin: bool,
    pub tier: Tier,
    pub side: Side,
}

/// A session's events as places.
#[derive(Clone, Debug, PartialEq)]
pub struct Asynchronies {
    pub measure: Measure,
    /// The axis runs from minus this to plus this, in the drill's unit.
    pub reach: f64,
    /// Half-width of the goal band: the tolerance at each event, in order, as (y, tolerance).
    pub band: Vec<(f64, f64)>,
    pub places: Vec<Place>,
    /// Share of matched presses within the tolerance that was in force, 0…1.
    pub in_band: f64,
}

impl Asynchronies {
    #[must_use]
    pub fn of(judged: &[Judged]) -> Self {
        let measure = Measure::of(judged);
        let mut sizes: Vec<f64> = judged.iter().filter_map(Judged::error).map(f64::abs).collect();
        sizes.sort_by(f64::total_cmp);
        let most = sizes.get(sizes.len() * 19 / 20).or(sizes.last()).copied().unwrap_or(0.0);
        let widest = judged.iter().map(|j| j.tol_ms).fold(0.0, f64::max);
        let (least, step) = measure.reach();
        let reach = (most.max(REACH_IN_TOLERANCES * widest).max(least) / step).ceil() * step;
        let last = judged.len().saturating_sub(1).max(1) as f64;
        let y = |i: usize| i as f64 / last;
        let places = judged.iter().enumerate().map(|(i, j)| {
            let x = j.error().map_or(f64::INFINITY * j.side.sign(), |error| error / reach);
            Place { x: x.clamp(-1.0, 1.0), y: y(i), in_margin: x.abs() > 1.0, tier: j.tier, side: j.side }
        });
        let matched = judged.iter().filter(|j| j.error().is_some()).count();
        // as the session counts it: a hair beyond the tolerance is beyond it
        let within = judged.iter().filter(|j| j.error().is_some_and(|error| error.abs() <= j.tol_ms)).count();
        Self {
            measure,
            reach,
            band: judged.iter().enumerate().map(|(i, j)| (y(i), j.tol_ms)).collect(),
            places: places.collect(),
            in_band: if matched == 0 { 0.0 } else { within as f64 / matched as f64 },
        }
    }

    /// Labelled distances from the middle, in the drill's unit: at most four each way.
    #[must_use]
    pub fn ticks(&self) -> Vec<f64> {
        let step = [5.0, 10.0, 25.0, 50.0, 100.0, 200.0, 250.0, 500.0]
            .into_iter()
            .find(|step| self.reach / step <= 4.0)
            .unwrap_or(self.reach);
        let count = (self.reach / step) as i32;
        (-count..=count).map(|k| f64::from(k) * step).collect()
    }
}

/// Where a plot stands in the design's space, y up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    pub area: Rect,
    /// Width of the margin on either side that takes what is off the axis.
    pub margin: f32,
    /// Radius of a mark at its largest.
    pub mark: f32,
}

impl Frame {
    /// Place of a signed distance in the drill's unit.
    #[must_use]
    pub fn x(&self, error: f64, plot: &Asynchronies) -> f32 {
        let half = self.area.half_size().x - self.margin;
        self.area.center().x + (error / plot.reach).clamp(-1.0, 1.0) as f32 * half
    }

    fn y(&self, share: f64) -> f32 {
        let inner = self.area.height() - 4.0 * self.mark;
        self.area.max.y - 2.0 * self.mark - share as f32 * inner
    }
}

/// Paints the plot: its ground, the goal band, the lines of the axis and every event.
pub fn paint(p: &mut Painter, plot: &Asynchronies, frame: &Frame, palette: &Palette) {
    let linear = |colour: Color| colour.to_linear();
    let area = frame.area;
    let raised = linear(palette.raised);
    p.panel(area.min, area.max, 10.0, raised, raised);
    // Light is mixed linearly, where a little of a bright colour shows more on dark than on light.
    let share = if palette.ground.to_linear().luminance() > 0.4 { 3.0 } else { 1.0 };
    let band = linear(fade(palette.clean, 0.055 * share));
    let edge = linear(fade(palette.clean, 0.30 * share));
    let mut from = area.max.y;
    for (i, &(y, tol)) in plot.band.iter().enumerate() {
        let next = plot.band.get(i + 1);
        // Runs of one tolerance are one piece, so that no seam shows between events.
        if next.is_some_and(|&(_, other)| (other - tol).abs() < 1e-9) {
            continue;
        }
        let to = next.map_or(area.min.y, |&(below, _)| frame.y(f64::midpoint(y, below)));
        let (left, right) = (frame.x(-tol, plot), frame.x(tol, plot));
        p.wash(Vec2::new(left, to), Vec2::new(right, from), band, band);
        for x in [left, right] {
            p.stroke(Vec2::new(x, from), Vec2::new(x, to), 1.4, edge, edge);
        }
        from = to;
    }
    for ms in plot.ticks() {
        let x = frame.x(ms, plot);
        let zero = ms == 0.0;
        let line = linear(if zero { palette.quiet } else { fade(palette.line, 0.9) });
        p.stroke(Vec2::new(x, area.max.y), Vec2::new(x, area.min.y), if zero { 1.8 } else { 1.0 }, line, line);
    }
    let rows = plot.places.len().max(1) as f32;
    let room = (area.height() - 4.0 * frame.mark) / rows;
    for place in &plot.places {
        let x = if place.in_margin {
            let edge = if place.x < 0.0 { area.min.x } else { area.max.x };
            edge - place.x as f32 * frame.margin * 0.5
        } else {
            frame.x(place.x * plot.reach, plot)
        };
        let colour = linear(palette.tier(place.tier));
        // Small where many share the height; a failure stays large enough for its form to be told.
        let size = match place.tier {
            Tier::Clean | Tier::Slip => (room * 0.62).clamp(2.6, frame.mark),
            Tier::Miss => (room * 0.8).clamp(4.6, frame.mark),
            Tier::Doozy => (room * 0.9).clamp(6.0, frame.mark * 1.2),
        };
        marks::form(p, Vec2::new(x, frame.y(place.y)), size, place.tier, place.side.sign() as f32, colour);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doozy_training::event::{EventId, Measured, TrialId};
    use doozy_training::time::{HostTime, Nanos};

    fn event(n: u32, e_ms: Option<f64>, side: Side, tier: Tier) -> Judged {
        Judged {
            event: EventId(n),
            trial: TrialId(0),
            kind: if e_ms.is_some() { EventKind::Press } else { EventKind::Omission },
            target: None,
            due: None,
            press: None,
            e: e_ms.map(Nanos::from_ms),
            side,
            gain: 1.0,
            shown_ms: e_ms.unwrap_or(0.0),
            u: 0.0,
            tier,
            tol_ms: 50.0,
            goal_ms: 20.0,
            measured: doozy_training::event::Measured::default(),
            t: HostTime(0),
        }
    }

    #[test]
    fn early_is_left_and_late_is_right() {
        let plot = Asynchronies::of(&[
            event(0, Some(-25.0), Side::Early, Tier::Clean),
            event(1, Some(50.0), Side::Late, Tier::Slip),
            event(2, None, Side::Late, Tier::Doozy),
        ]);
        assert_eq!(plot.reach, 150.0);
        let x: Vec<f64> = plot.places.iter().map(|place| (place.x * 150.0).round()).collect();
        assert_eq!(x, [-25.0, 50.0, 150.0]);
        assert_eq!(plot.places.iter().map(|place| place.y).collect::<Vec<_>>(), [0.0, 0.5, 1.0]);
        assert_eq!(plot.places.iter().map(|place| place.in_margin).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(plot.in_band, 1.0);
        let frame = Frame { area: Rect::new(-200.0, -100.0, 200.0, 100.0), margin: 20.0, mark: 5.0 };
        assert!(frame.x(-25.0, &plot) < frame.x(0.0, &plot) && frame.x(0.0, &plot) < frame.x(50.0, &plot));
    }

    #[test]
    fn errors_in_per_cent_are_laid_out_in_per_cent() {
        // 40 ms of an interval of 400 ms are 10 %: the axis is in the drill's unit, whatever the press was in ms.
        let percent = |n, error: f64, tier| {
            let measured = Measured { unit: ErrorUnit::Percent, error: Some(error), ..Measured::default() };
            Judged {
                tol_ms: 15.0,
                measured,
                ..event(n, Some(40.0), if error < 0.0 { Side::Early } else { Side::Late }, tier)
            }
        };
        let plot = Asynchronies::of(&[percent(0, 10.0, Tier::Slip), percent(1, -20.0, Tier::Miss)]);
        assert_eq!((plot.measure, plot.reach), (Measure::Length, 40.0));
        let x: Vec<f64> = plot.places.iter().map(|place| (place.x * 40.0).round()).collect();
        assert_eq!(x, [10.0, -20.0]);
        assert_eq!(plot.in_band, 0.5);
        assert_eq!(plot.ticks(), [-40.0, -30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0, 40.0]);
        let out = Judged { kind: EventKind::Excursion, ..percent(2, 5.0, Tier::Clean) };
        assert_eq!(Measure::of(&[out]), Measure::Place);
    }

    #[test]
    fn drills_of_reaction_are_no_drills_of_timing() {
        for amplify in [Amplify::Late, Amplify::WrongLane] {
            let measured = Measured { amplify, ..Measured::default() };
            let answer = Judged { measured, ..event(0, Some(0.0), Side::Late, Tier::Clean) };
            assert_eq!(Measure::of(&[answer]), Measure::Reaction);
        }
        assert_eq!(Measure::of(&[event(0, Some(0.0), Side::Late, Tier::Clean)]), Measure::Time);
    }

    #[test]
    fn precision_is_median_and_scaled_mad_of_the_latest_presses() {
        assert_eq!(Precision::of(&[]), None);
        let precision = Precision::of(&[-30.0, -10.0, 0.0, 10.0, 100.0]).unwrap();
        assert_eq!((precision.n, precision.median, precision.mad), (5, 0.0, 10.0));
        assert_eq!(precision.robust_sd, 10.0 * MAD_TO_SD);
        // A hundred bad presses, then sixty good ones: only the good ones tell.
        let mut run = vec![200.0; 100];
        run.extend([5.0; 60]);
        assert_eq!(Precision::of(&run).unwrap().median, 5.0);
    }

    #[test]
    fn ticks_are_round_and_few() {
        let plot = Asynchronies::of(&[event(0, Some(-25.0), Side::Early, Tier::Clean)]);
        assert_eq!(plot.ticks(), [-150.0, -100.0, -50.0, 0.0, 50.0, 100.0, 150.0]);
    }
}
