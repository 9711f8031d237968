//! Plots: what the end screen shows of a session, as places first and as shapes second.
//!
//! Early is left and late is right; the first event is at the top. Each event is one mark in the form of its tier, so
//! that no fact rests on colour. An event that has no asynchrony (no press, a false start) stands in the margin of its
//! side.

use bevy::prelude::*;
use doozy_training::{
    event::{Judged, Side, Tier},
    session::constants::MAD_TO_SD,
    time::Nanos,
};

use super::{
    stage::{marks, paint::Painter},
    theme::{Palette, fade},
};

/// Presses that tell about the player as he is now (skill.md §6.1: the last 40–60).
const LATEST: usize = 60;
/// The axis reaches at least so far each way, and so many times the tolerance, ms. ◇
const LEAST_REACH_MS: f64 = 100.0;
const REACH_IN_TOLERANCES: f64 = 2.5;
/// The axis ends on a multiple of this, ms.
const REACH_STEP_MS: f64 = 50.0;

/// What a player's presses were like, without any prior: it describes, it decides nothing (skill.md §6.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Presses it rests on: the last 60 matched ones at most.
    pub n: usize,
    /// Median asynchrony, ms, negative early.
    pub median_ms: f64,
    /// Half of the presses lie this near to the median, ms.
    pub mad_ms: f64,
    /// 1.4826 MAD, ms.
    pub robust_sd_ms: f64,
}

impl Precision {
    /// Of asynchronies in order, ms; `None` where there are none.
    #[must_use]
    pub fn of(asynchronies: &[f64]) -> Option<Self> {
        let latest = &asynchronies[asynchronies.len().saturating_sub(LATEST)..];
        let median_ms = median(latest)?;
        let apart: Vec<f64> = latest.iter().map(|e| (e - median_ms).abs()).collect();
        let mad_ms = median(&apart)?;
        Some(Self { n: latest.len(), median_ms, mad_ms, robust_sd_ms: MAD_TO_SD * mad_ms })
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
    /// The axis runs from minus this to plus this, ms.
    pub reach_ms: f64,
    /// Half-width of the goal band, ms: the tolerance at each event, in order, as (y, ms).
    pub band: Vec<(f64, f64)>,
    pub places: Vec<Place>,
    /// Share of matched presses within the tolerance that was in force, 0…1.
    pub in_band: f64,
}

impl Asynchronies {
    #[must_use]
    pub fn of(judged: &[Judged]) -> Self {
        let mut sizes: Vec<f64> = judged.iter().filter_map(|j| j.e).map(|e| e.abs().as_ms()).collect();
        sizes.sort_by(f64::total_cmp);
        let most = sizes.get(sizes.len() * 19 / 20).or(sizes.last()).copied().unwrap_or(0.0);
        let widest = judged.iter().map(|j| j.tol_ms).fold(0.0, f64::max);
        let reach = most.max(REACH_IN_TOLERANCES * widest).max(LEAST_REACH_MS);
        let reach_ms = (reach / REACH_STEP_MS).ceil() * REACH_STEP_MS;
        let last = judged.len().saturating_sub(1).max(1) as f64;
        let y = |i: usize| i as f64 / last;
        let places = judged.iter().enumerate().map(|(i, j)| {
            let x = j.e.map_or(f64::INFINITY * j.side.sign(), |e| e.as_ms() / reach_ms);
            Place { x: x.clamp(-1.0, 1.0), y: y(i), in_margin: x.abs() > 1.0, tier: j.tier, side: j.side }
        });
        let matched = judged.iter().filter(|j| j.e.is_some()).count();
        let within = judged.iter().filter(|j| j.e.is_some_and(|e| e.abs() <= Nanos::from_ms(j.tol_ms))).count();
        Self {
            reach_ms,
            band: judged.iter().enumerate().map(|(i, j)| (y(i), j.tol_ms)).collect(),
            places: places.collect(),
            in_band: if matched == 0 { 0.0 } else { within as f64 / matched as f64 },
        }
    }

    /// Labelled distances from the middle, ms: at most four each way.
    #[must_use]
    pub fn ticks(&self) -> Vec<f64> {
        let step = [25.0, 50.0, 100.0, 200.0, 250.0, 500.0]
            .into_iter()
            .find(|step| self.reach_ms / step <= 4.0)
            .unwrap_or(self.reach_ms);
        let count = (self.reach_ms / step) as i32;
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
    /// Place of a signed distance in ms.
    #[must_use]
    pub fn x(&self, ms: f64, plot: &Asynchronies) -> f32 {
        let half = self.area.half_size().x - self.margin;
        self.area.center().x + (ms / plot.reach_ms).clamp(-1.0, 1.0) as f32 * half
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
        if next.is_some_and(|&(_, ms)| (ms - tol).abs() < 1e-9) {
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
            frame.x(place.x * plot.reach_ms, plot)
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
    use doozy_training::event::{EventId, EventKind, TrialId};
    use doozy_training::time::HostTime;

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
        assert_eq!(plot.reach_ms, 150.0);
        let x: Vec<f64> = plot.places.iter().map(|place| (place.x * 150.0).round()).collect();
        assert_eq!(x, [-25.0, 50.0, 150.0]);
        assert_eq!(plot.places.iter().map(|place| place.y).collect::<Vec<_>>(), [0.0, 0.5, 1.0]);
        assert_eq!(plot.places.iter().map(|place| place.in_margin).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(plot.in_band, 1.0);
        let frame = Frame { area: Rect::new(-200.0, -100.0, 200.0, 100.0), margin: 20.0, mark: 5.0 };
        assert!(frame.x(-25.0, &plot) < frame.x(0.0, &plot) && frame.x(0.0, &plot) < frame.x(50.0, &plot));
    }

    #[test]
    fn precision_is_median_and_scaled_mad_of_the_latest_presses() {
        assert_eq!(Precision::of(&[]), None);
        let precision = Precision::of(&[-30.0, -10.0, 0.0, 10.0, 100.0]).unwrap();
        assert_eq!((precision.n, precision.median_ms, precision.mad_ms), (5, 0.0, 10.0));
        assert_eq!(precision.robust_sd_ms, 10.0 * MAD_TO_SD);
        // A hundred bad presses, then sixty good ones: only the good ones tell.
        let mut run = vec![200.0; 100];
        run.extend([5.0; 60]);
        assert_eq!(Precision::of(&run).unwrap().median_ms, 5.0);
    }

    #[test]
    fn ticks_are_round_and_few() {
        let plot = Asynchronies::of(&[event(0, Some(-25.0), Side::Early, Tier::Clean)]);
        assert_eq!(plot.ticks(), [-150.0, -100.0, -50.0, 0.0, 50.0, 100.0, 150.0]);
    }
}
