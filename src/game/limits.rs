//! The limits of effects: the one place that every flash, shake, rumble, loudness and scatter of debris asks.
//!
//! What a player has set to nothing is nothing here, whoever asks; no level can go past it. The figures are skill.md §7
//! (WCAG 2.3.1 and its kin); those marked ◇ are ours. They bound what this program draws: they are no promise about a
//! display, and no medical advice.

use std::collections::VecDeque;

use bevy::prelude::*;
use doozy_training::time::{HostTime, Nanos};

/// A change of relative luminance from here on is half a flash (WCAG 2.x, 2.3.1)…
const FLASH_CHANGE: f64 = 0.10;
/// …while the darker of the two images stays below this.
const FLASH_DARKER: f64 = 0.80;
/// Rounding of frames and sums that must not turn a change of exactly .10 into none.
const FLASH_ROUNDING: f64 = 1e-9;
/// Flashes of all effects together in any second; the third is dropped (skill.md §7).
const FLASHES_A_SECOND: usize = 2;
/// Above this share of the screen a light is a large one, and bounded in change, ramp and rate (skill.md §7).
const LARGE_AREA: f64 = 0.10;
/// Largest change of relative luminance of a large light.
const LARGE_CHANGE: f64 = 0.08;
/// Shortest ramp of a large light, each way, ms.
const LARGE_RAMP_MS: f64 = 100.0;
/// Below this share of the screen (96 × 96 of 1280 × 720) a light is a mark, and counts for nothing. ◇
const MARK_AREA: f64 = 0.01;
/// R / (R + G + B) in linear light from which a red is saturated; .8 in WCAG, a little less for bloom and rounding. ◇
const SATURATED_RED: f32 = 0.78;
/// Largest displacement of the picture, design pixels, and when it has died, ms.
const SHAKE_PX: f64 = 8.0;
const SHAKE_MS: f64 = 300.0;
/// Largest share of a rumble motor, longest rumble (ms), and longest sum of rumbles in a minute (10 % of it, ms).
const RUMBLE_STRENGTH: f32 = 0.6;
const RUMBLE_MS: u32 = 250;
const RUMBLE_MS_A_MINUTE: u32 = 6_000;
/// No rumble this near a target: it disturbs timing (skill.md §7).
const RUMBLE_CLEAR: Nanos = Nanos::ms(150);
/// A rumble cut shorter than this is felt as a fault of the pad: none instead. ◇
const RUMBLE_SHORTEST_MS: u32 = 30;
/// Live debris bodies: at 60 Hz they stay far within the frame's budget (engineering.md §4).
pub const DEBRIS: usize = 400;

/// How much of each effect the player wants, 0…1; 0 is none of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scales {
    /// Lights that grow and fade, darkening of the edges, bloom.
    pub flash: f32,
    /// Camera shake and push.
    pub shake: f32,
    pub rumble: f32,
    /// Of the session's loudness.
    pub loudness: f32,
    pub debris: f32,
    /// Travel is replaced by fades.
    pub reduced_motion: bool,
}

impl Scales {
    /// Everything, within the limits.
    pub const FULL: Self =
        Self { flash: 1.0, shake: 1.0, rumble: 1.0, loudness: 1.0, debris: 1.0, reduced_motion: false };
    /// What "reduced effects" on the first screen chooses: every fact stays, nothing flashes, shakes or travels. ◇
    pub const REDUCED: Self =
        Self { flash: 0.0, shake: 0.0, rumble: 0.0, loudness: 0.7, debris: 0.25, reduced_motion: true };
}

impl Default for Scales {
    fn default() -> Self {
        Self::FULL
    }
}

/// A light that an effect would like to make: up, then down again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Light {
    /// Share of the screen, 0…1.
    pub area: f64,
    /// Change of relative luminance, 0…1, either way.
    pub change: f64,
    /// Ramps up and down, ms.
    pub rise_ms: f64,
    pub fall_ms: f64,
}

/// A rumble that an effect would like to make, or may.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rumble {
    /// The heavy motor, 0…1.
    pub strong: f32,
    /// The light motor, 0…1.
    pub weak: f32,
    pub ms: u32,
}

/// The one place. Ask before every effect; draw what it gives back.
#[derive(Resource, Clone, Debug, Default)]
pub struct EffectLimits {
    scales: Scales,
    /// When each light began that counts as a flash, within the last second.
    flashes: VecDeque<HostTime>,
    /// When the last large light began.
    large: Option<HostTime>,
    /// When each rumble began and how long it was, within the last minute.
    rumbles: VecDeque<(HostTime, u32)>,
}

impl EffectLimits {
    #[must_use]
    pub fn new(scales: Scales) -> Self {
        Self { scales, ..Self::default() }
    }

    #[must_use]
    pub fn scales(&self) -> Scales {
        self.scales
    }

    pub fn set_scales(&mut self, scales: Scales) {
        self.scales = scales;
    }

    /// Whether travel is to be replaced by fades.
    #[must_use]
    pub fn reduced_motion(&self) -> bool {
        self.scales.reduced_motion
    }

    /// What remains of a light that would begin at `now`; `None` if it must not be.
    pub fn light(&mut self, now: HostTime, ask: Light) -> Option<Light> {
        let second = Nanos::ms(1000);
        let change = ask.change.abs() * f64::from(self.scales.flash.clamp(0.0, 1.0));
        if change <= 0.0 || ask.area <= 0.0 {
            return None;
        }
        if ask.area < MARK_AREA {
            return Some(Light { change, ..ask });
        }
        while self.flashes.front().is_some_and(|&t| now - t >= second) {
            self.flashes.pop_front();
        }
        if self.flashes.len() >= FLASHES_A_SECOND {
            return None;
        }
        let granted = if ask.area > LARGE_AREA {
            if self.large.is_some_and(|t| now - t < second) {
                return None;
            }
            self.large = Some(now);
            Light {
                area: ask.area,
                change: change.min(LARGE_CHANGE),
                rise_ms: ask.rise_ms.max(LARGE_RAMP_MS),
                fall_ms: ask.fall_ms.max(LARGE_RAMP_MS),
            }
        } else {
            Light { change, ..ask }
        };
        self.flashes.push_back(now);
        Some(granted)
    }

    /// The share (0…1) that is left of a light that stands still or moves with the picture (glow, bloom, darkened
    /// edges): no flash of its own.
    #[must_use]
    pub fn glow(&self) -> f32 {
        self.scales.flash.clamp(0.0, 1.0)
    }

    /// How far the picture may be off its place, design pixels, `since` a shake of `asked` pixels began.
    #[must_use]
    pub fn shake(&self, asked: f64, since: Nanos) -> f64 {
        let left = 1.0 - since.as_ms() / SHAKE_MS;
        if since.0 < 0 || left <= 0.0 {
            return 0.0;
        }
        asked.abs().min(SHAKE_PX) * f64::from(self.scales.shake.clamp(0.0, 1.0)) * left * left
    }

    /// What remains of a rumble at `now` when targets lie at `targets`; `None` if it must not be.
    pub fn rumble(
        &mut self,
        now: HostTime,
        ask: Rumble,
        targets: impl IntoIterator<Item = HostTime>,
    ) -> Option<Rumble> {
        let scale = self.scales.rumble.clamp(0.0, 1.0);
        let strength = |x: f32| (x.clamp(0.0, 1.0) * scale).min(RUMBLE_STRENGTH);
        let (strong, weak) = (strength(ask.strong), strength(ask.weak));
        while self.rumbles.front().is_some_and(|&(t, _)| now - t >= Nanos::ms(60_000)) {
            self.rumbles.pop_front();
        }
        let spent: u32 = self.rumbles.iter().map(|&(_, ms)| ms).sum();
        let mut ms = ask.ms.min(RUMBLE_MS).min(RUMBLE_MS_A_MINUTE.saturating_sub(spent));
        for target in targets {
            if (now - target).0 >= RUMBLE_CLEAR.0 {
                continue;
            }
            let room = (target - now).0 - RUMBLE_CLEAR.0;
            ms = ms.min(u32::try_from(room.max(0) / 1_000_000).unwrap_or(u32::MAX));
        }
        if ms < RUMBLE_SHORTEST_MS || (strong <= 0.0 && weak <= 0.0) {
            return None;
        }
        self.rumbles.push_back((now, ms));
        Some(Rumble { strong, weak, ms })
    }

    /// Loudness of what an effect sounds, 0…1 of the session's.
    #[must_use]
    pub fn loudness(&self) -> f32 {
        self.scales.loudness.clamp(0.0, 1.0)
    }

    /// How many of `asked` debris bodies may be added to `live` ones.
    #[must_use]
    pub fn debris(&self, asked: usize, live: usize) -> usize {
        let scaled = (asked as f32 * self.scales.debris.clamp(0.0, 1.0)) as usize;
        scaled.min(DEBRIS.saturating_sub(live))
    }

    /// `colour`, with green and blue raised until its red is not a saturated one.
    #[must_use]
    pub fn colour(colour: Color) -> Color {
        let mut l = colour.to_linear();
        let others = l.green + l.blue;
        if l.red > 0.0 && l.red / (l.red + others) >= SATURATED_RED {
            let add = (l.red * (1.0 - SATURATED_RED) / SATURATED_RED - others) / 2.0;
            l.green += add;
            l.blue += add;
            return Color::LinearRgba(l);
        }
        colour
    }
}

/// Flashes in a run of relative luminances, one a frame: pairs of opposing changes between neighbouring extremes, each
/// of at least .10 with its darker image below .80 (WCAG 2.x, 2.3.1).
#[must_use]
pub fn flashes(luminance: &[f64]) -> usize {
    opposing_changes(luminance).len() / 2
}

/// The most flashes in any second of a run of relative luminances at `fps` frames a second.
#[must_use]
pub fn worst_second(luminance: &[f64], fps: usize) -> usize {
    let changes = opposing_changes(luminance);
    let within = |start: usize| changes[start..].iter().take_while(|&&at| at < changes[start] + fps).count();
    (0..changes.len()).map(|start| within(start) / 2).max().unwrap_or(0)
}

/// Frames at which a change of at least .10 ends, each opposed to the one before it.
fn opposing_changes(luminance: &[f64]) -> Vec<usize> {
    let mut extremes: Vec<(usize, f64)> = Vec::new();
    for (i, &value) in luminance.iter().enumerate() {
        let continues = match extremes.as_slice() {
            [.., (_, before), (_, last)] => (last - before) * (value - last) >= 0.0,
            _ => false,
        };
        match extremes.last_mut() {
            Some(last) if continues || last.1 == value => *last = (i, value),
            _ => extremes.push((i, value)),
        }
    }
    let mut found: Vec<usize> = Vec::new();
    let mut last_sign = 0.0;
    for pair in extremes.windows(2) {
        let [(_, from), (at, to)] = [pair[0], pair[1]];
        let change = to - from;
        let counts = change.abs() >= FLASH_CHANGE - FLASH_ROUNDING && from.min(to) < FLASH_DARKER;
        if counts && change.signum() != last_sign {
            last_sign = change.signum();
            found.push(at);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIG: Light = Light { area: 1.0, change: 0.5, rise_ms: 10.0, fall_ms: 400.0 };
    const SMALL: Light = Light { area: 0.05, change: 0.5, rise_ms: 10.0, fall_ms: 80.0 };

    fn at(ms: i64) -> HostTime {
        HostTime(ms * 1_000_000)
    }

    #[test]
    fn flashes_are_counted_as_the_web_counts_them() {
        // skill.md §7, the flash counter's vectors
        assert_eq!(flashes(&[0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]), 3);
        assert_eq!(flashes(&[0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]), 4);
        assert_eq!(flashes(&[0.0, 0.09, 0.0, 0.09, 0.0]), 0);
        assert_eq!(flashes(&[0.82, 1.0, 0.82, 1.0, 0.82]), 0);
        assert_eq!(flashes(&[0.5, 0.6, 0.5, 0.6, 0.5]), 2);
        assert_eq!(flashes(&[0.0, 0.2, 0.5, 1.0, 0.4, 0.0]), 1);
        assert_eq!(flashes(&[0.0, 1.0, 1.0, 1.0]), 0);
        assert_eq!(flashes(&[]), 0);
    }

    #[test]
    fn the_worst_second_slides() {
        // One flash in each half second: two in every second, though the run has four.
        let run: Vec<f64> = (0..120).map(|frame| if frame % 30 < 3 { 1.0 } else { 0.0 }).collect();
        assert_eq!(worst_second(&run, 60), 2);
    }

    #[test]
    fn a_large_light_is_slow_faint_and_rare() {
        let mut limits = EffectLimits::default();
        let granted = limits.light(at(0), BIG).unwrap();
        assert_eq!((granted.change, granted.rise_ms, granted.fall_ms), (0.08, 100.0, 400.0));
        assert_eq!(limits.light(at(999), BIG), None);
        assert!(limits.light(at(1000), BIG).is_some());
    }

    #[test]
    fn the_third_flash_of_a_second_is_dropped_whoever_asks() {
        let mut limits = EffectLimits::default();
        assert!(limits.light(at(0), BIG).is_some());
        assert!(limits.light(at(300), SMALL).is_some());
        assert_eq!(limits.light(at(600), SMALL), None);
        assert!(limits.light(at(1000), SMALL).is_some());
        assert_eq!(limits.light(at(1299), SMALL), None);
    }

    #[test]
    fn marks_are_no_lights() {
        let mut limits = EffectLimits::default();
        let mark = Light { area: 0.005, ..SMALL };
        assert!((0..12).all(|tap| limits.light(at(tap * 83), mark) == Some(mark)));
    }

    #[test]
    fn nothing_means_nothing() {
        let none = Scales { flash: 0.0, shake: 0.0, rumble: 0.0, loudness: 0.0, debris: 0.0, reduced_motion: true };
        let mut limits = EffectLimits::new(none);
        assert_eq!(limits.light(at(0), SMALL), None);
        assert_eq!(limits.light(at(0), Light { area: 0.001, ..SMALL }), None);
        assert_eq!(limits.glow(), 0.0);
        assert_eq!(limits.shake(8.0, Nanos::ms(10)), 0.0);
        assert_eq!(limits.rumble(at(0), Rumble { strong: 1.0, weak: 1.0, ms: 200 }, []), None);
        assert_eq!(limits.loudness(), 0.0);
        assert_eq!(limits.debris(100, 0), 0);
    }

    #[test]
    fn a_shake_dies_within_its_time() {
        let limits = EffectLimits::default();
        assert_eq!(limits.shake(50.0, Nanos::ZERO), 8.0);
        assert_eq!(limits.shake(8.0, Nanos::ms(150)), 2.0);
        assert_eq!(limits.shake(8.0, Nanos::ms(300)), 0.0);
        assert_eq!(limits.shake(8.0, Nanos::ms(-1)), 0.0);
    }

    #[test]
    fn no_rumble_near_a_target() {
        let mut limits = EffectLimits::default();
        let ask = Rumble { strong: 1.0, weak: 0.2, ms: 400 };
        let granted = Rumble { strong: 0.6, weak: 0.2, ms: 250 };
        assert_eq!(limits.rumble(at(1000), ask, [at(0), at(2000)]), Some(granted));
        // 149 ms after a target, and 149 ms before one.
        assert_eq!(limits.rumble(at(1149), ask, [at(1000)]), None);
        assert_eq!(limits.rumble(at(1149), ask, [at(1298)]), None);
        // 300 ms before a target: over 150 ms before it.
        assert_eq!(limits.rumble(at(1150), ask, [at(1000), at(1450)]).unwrap().ms, 150);
    }

    #[test]
    fn rumble_takes_a_tenth_of_a_minute_at_most() {
        let mut limits = EffectLimits::default();
        let ask = Rumble { strong: 0.5, weak: 0.0, ms: 250 };
        let felt: u32 = (0..100).filter_map(|n| limits.rumble(at(n * 500), ask, [])).map(|r| r.ms).sum();
        assert_eq!(felt, 6_000);
        assert!(limits.rumble(at(60_000), ask, []).is_some());
    }

    #[test]
    fn debris_has_one_ceiling() {
        let limits = EffectLimits::default();
        assert_eq!(limits.debris(120, 0), 120);
        assert_eq!(limits.debris(120, 350), 50);
        assert_eq!(limits.debris(120, 400), 0);
        assert_eq!(EffectLimits::new(Scales::REDUCED).debris(120, 0), 30);
    }

    #[test]
    fn a_saturated_red_is_softened_and_nothing_else() {
        let red = EffectLimits::colour(Color::srgb(1.0, 0.0, 0.0)).to_linear();
        assert!(red.red / (red.red + red.green + red.blue) < 0.8);
        let coral = Color::srgb_u8(0xFF, 0x6B, 0x6B);
        assert_eq!(EffectLimits::colour(coral), coral);
    }
}
