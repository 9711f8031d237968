//! The picture of an estimate: every tap where it fell, the median with its standard error, and how the median came to rest.
//!
//! Early is left, late is right, as everywhere. What is drawn as the median is the number that would be stored.

use bevy::{color::LinearRgba, math::Vec2, prelude::*};

use crate::{
    calibration::Estimate,
    game::{
        stage::paint::Painter,
        theme::{Palette, fade},
    },
};

/// Where the taps stand and where the run of the median does, in the stage's space (from the middle, y up).
pub const TAPS: Rect = Rect { min: Vec2::new(-560.0, -92.0), max: Vec2::new(560.0, 84.0) };
pub const RUN: Rect = Rect { min: Vec2::new(-560.0, -232.0), max: Vec2::new(560.0, -124.0) };
/// Where the flash is.
pub const FLASH_AT: Vec2 = Vec2::new(470.0, 236.0);
pub const FLASH_RADIUS: f32 = 64.0;

/// Radius of a tap's disc.
const TAP: f32 = 6.0;
/// Values of which the run of the median is drawn: more would be finer than the pixels. ◇
const RUN_SHOWN: usize = 200;

/// The axis of a picture: its middle and how far it reaches on either side, ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    pub middle: f64,
    pub reach: f64,
}

impl Axis {
    /// Round numbers around the median, wide enough for four spreads on either side, so that it rests while taps come in.
    #[must_use]
    pub fn of(estimate: Option<&Estimate>, taps: &[(f64, bool)]) -> Self {
        let latest = || taps.iter().rev().find(|(_, counted)| *counted).map(|(ms, _)| *ms);
        let middle = estimate.and_then(|e| e.median_ms).or_else(latest).unwrap_or(0.0);
        let wanted = estimate.and_then(|e| e.spread_ms).map_or(100.0, |spread| 4.0 * spread);
        let reach = [50.0, 100.0, 200.0, 400.0].into_iter().find(|reach| wanted <= *reach).unwrap_or(800.0);
        // the middle moves in steps, so that the ground does not slide under the eye
        Self { middle: (middle / (reach / 4.0)).round() * (reach / 4.0), reach }
    }

    /// Labelled places, ms.
    #[must_use]
    pub fn ticks(self) -> [f64; 5] {
        [-1.0, -0.5, 0.0, 0.5, 1.0].map(|share| self.middle + share * self.reach)
    }

    #[must_use]
    pub fn x(self, ms: f64, area: Rect) -> f32 {
        let share = ((ms - self.middle) / self.reach).clamp(-1.04, 1.04) as f32;
        area.center().x + share * (area.half_size().x - 24.0)
    }
}

/// Paints all of it.
pub fn paint(p: &mut Painter, estimate: Option<&Estimate>, taps: &[(f64, bool)], axis: Axis, palette: &Palette) {
    let linear = |colour: Color| colour.to_linear();
    for area in [TAPS, RUN] {
        let raised = linear(palette.raised);
        p.panel(area.min, area.max, 10.0, raised, raised);
        for ms in axis.ticks() {
            let x = axis.x(ms, area);
            let line = linear(if ms == 0.0 { palette.quiet } else { fade(palette.line, 0.9) });
            p.stroke(Vec2::new(x, area.min.y), Vec2::new(x, area.max.y), 1.0, line, line);
        }
    }
    if let Some(estimate) = estimate
        && let Some(median) = estimate.median_ms
    {
        let clean = linear(palette.clean);
        if let Some(se) = estimate.se_ms {
            let band = linear(fade(palette.clean, 0.16));
            let (low, high) = (axis.x(median - 1.96 * se, TAPS), axis.x(median + 1.96 * se, TAPS));
            p.wash(Vec2::new(low, TAPS.min.y), Vec2::new(high, TAPS.max.y), band, band);
        }
        let x = axis.x(median, TAPS);
        p.stroke(Vec2::new(x, TAPS.min.y), Vec2::new(x, TAPS.max.y), 2.4, clean, clean);
        paint_run(p, &estimate.history, axis, clean);
    }
    paint_taps(p, taps, axis, palette);
}

/// Discs piled up where they fall, the newest on top and bright.
fn paint_taps(p: &mut Painter, taps: &[(f64, bool)], axis: Axis, palette: &Palette) {
    let mut piles = std::collections::BTreeMap::<i32, u32>::new();
    let newest = taps.len().saturating_sub(1);
    for (n, &(ms, counted)) in taps.iter().enumerate() {
        let x = axis.x(ms, TAPS);
        let pile = piles.entry((x / (2.0 * TAP)).round() as i32).or_default();
        let height = (*pile as f32 * (2.0 * TAP + 1.0)).min(TAPS.height() - 4.0 * TAP);
        *pile += 1;
        let at = Vec2::new(x, TAPS.min.y + 2.0 * TAP + height);
        let colour = match (counted, n == newest) {
            (true, true) => palette.text,
            (true, false) => fade(palette.clean, 0.75),
            (false, _) => fade(palette.quiet, 0.45),
        };
        let colour: LinearRgba = colour.to_linear();
        if counted {
            p.disc(at, TAP, colour, colour);
        } else {
            p.ring(at, TAP - 1.0, 1.6, colour);
        }
    }
}

/// The median after each value, from top to bottom.
fn paint_run(p: &mut Painter, history: &[f64], axis: Axis, colour: LinearRgba) {
    let shown = &history[history.len().saturating_sub(RUN_SHOWN)..];
    let step = (RUN.height() - 20.0) / shown.len().max(20) as f32;
    let points: Vec<Vec2> = shown
        .iter()
        .enumerate()
        .map(|(n, ms)| Vec2::new(axis.x(*ms, RUN), RUN.max.y - 10.0 - n as f32 * step))
        .collect();
    p.strokes(&points, 2.2, colour);
    if let Some(last) = points.last() {
        p.disc(*last, 5.0, colour, colour);
    }
}

/// The flash: a ring that is always there, filled while it is lit. What counts is its form; it needs no glare.
pub fn paint_flash(p: &mut Painter, lit: bool, palette: &Palette) {
    let ring = palette.quiet.to_linear();
    p.ring(FLASH_AT, FLASH_RADIUS, 3.0, ring);
    if lit {
        let fill = palette.text.to_linear();
        p.disc(FLASH_AT, FLASH_RADIUS - 8.0, fill, fill);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::Verdict;

    fn estimate(median: f64, spread: f64) -> Estimate {
        Estimate {
            median_ms: Some(median),
            se_ms: Some(2.0),
            spread_ms: Some(spread),
            n: 30,
            verdict: Verdict::Ready,
            history: vec![median],
        }
    }

    #[test]
    fn early_is_left_of_late_and_what_is_off_the_axis_stays_on_the_panel() {
        let axis = Axis::of(Some(&estimate(-30.0, 12.0)), &[]);
        assert_eq!((axis.middle, axis.reach), (-25.0, 50.0));
        assert!(axis.x(-40.0, TAPS) < axis.x(-30.0, TAPS));
        for ms in [-2000.0, 2000.0] {
            let x = axis.x(ms, TAPS);
            assert!(x > TAPS.min.x && x < TAPS.max.x, "{x}");
        }
    }

    #[test]
    fn the_axis_widens_with_the_spread_and_follows_the_median_in_steps() {
        let narrow = Axis::of(Some(&estimate(650.0, 9.0)), &[]);
        assert_eq!((narrow.middle, narrow.reach), (650.0, 50.0));
        let wide = Axis::of(Some(&estimate(650.0, 70.0)), &[]);
        assert_eq!((wide.middle, wide.reach), (700.0, 400.0));
        assert_eq!(Axis::of(None, &[]), Axis { middle: 0.0, reach: 100.0 });
    }
}
