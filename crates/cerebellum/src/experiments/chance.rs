//! E12: how often independent spontaneous fibres open the window by chance.

use super::Estimate;
use crate::microzone::{Microzone, Parallel};
use crate::olive::SYNCHRONY_MS;
use crate::parameters::Parameters;
use crate::presets::Preset;
use crate::purkinje::WINDOW_TO_MS;
use crate::sum::tree_sum_f64;
use crate::window;

/// What half an hour without errors does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    /// Spontaneous events a fibre and second.
    pub rate_hz: f64,
    /// Openings a minute: every climbing-fibre event is taken as the centre of a volley of all fibres that fire within
    /// ±10 ms of it, W is read as of any volley, and W > 0.5 within 20 ms of the last opening is still the same one.
    pub openings_per_minute: f64,
    /// The same, lone events left out.
    pub shared_openings_per_minute: f64,
    /// Mean W over events.
    pub mean_w: f64,
}

/// Runs one microzone for `minutes`.
#[must_use]
pub fn run(preset: Preset, seed: u64, minutes: f64) -> Chance {
    let mut zone = Microzone::new(&Parameters::of(preset), seed, 0);
    let start = zone.clock();
    let steps = (minutes * 60_000.0) as u64;
    // (step, Λ) of the events of the last moments, oldest first.
    let mut recent: std::collections::VecDeque<(u64, f64)> = std::collections::VecDeque::new();
    let (mut events, mut openings, mut shared, mut total) = (0u64, 0u64, 0u64, 0.0);
    let (mut last_open, mut last_shared) = (0u64, 0u64);
    while zone.clock() < start + steps {
        zone.step(false, Parallel::Background);
        let Some(fired) = zone.clock().checked_sub(1 + WINDOW_TO_MS).filter(|fired| *fired >= start) else {
            continue;
        };
        let mut set = zone.fired(fired);
        while set != 0 {
            let fibre = set.trailing_zeros() as usize;
            set &= set - 1;
            recent.push_back((fired, window::lambda(window::calcium(zone.purkinje.inhibition_after(fibre, fired)))));
        }
        let Some(centre) = fired.checked_sub(SYNCHRONY_MS) else { continue };
        while recent.front().is_some_and(|(at, _)| at + SYNCHRONY_MS < centre) {
            recent.pop_front();
        }
        let centred = recent.iter().filter(|(at, _)| *at == centre).count() as u64;
        if centred > 0 {
            let lambda: Vec<f64> = recent.iter().map(|(_, lambda)| *lambda).collect();
            let w = tree_sum_f64(&lambda) / lambda.len() as f64;
            events += centred;
            total += w * centred as f64;
            if w > 0.5 {
                openings += u64::from(centre > last_open + 2 * SYNCHRONY_MS);
                last_open = centre;
                if lambda.len() > 1 {
                    shared += u64::from(centre > last_shared + 2 * SYNCHRONY_MS);
                    last_shared = centre;
                }
            }
        }
    }
    Chance {
        rate_hz: events as f64 / (minutes * 60.0 * zone.fibres.count() as f64),
        openings_per_minute: openings as f64 / minutes,
        shared_openings_per_minute: shared as f64 / minutes,
        mean_w: total / events.max(1) as f64,
    }
}

/// E12 over seeds.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub rate_hz: Estimate,
    pub openings_per_minute: Estimate,
    pub shared_openings_per_minute: Estimate,
    pub mean_w: Estimate,
}

/// Runs E12.
#[must_use]
pub fn table(preset: Preset, seeds: core::ops::Range<u64>, minutes: f64) -> Table {
    let runs: Vec<Chance> = seeds.map(|seed| run(preset, seed, minutes)).collect();
    let over = |f: &dyn Fn(&Chance) -> f64| Estimate::of(&runs.iter().map(f).collect::<Vec<f64>>());
    Table {
        rate_hz: over(&|c| c.rate_hz),
        openings_per_minute: over(&|c| c.openings_per_minute),
        shared_openings_per_minute: over(&|c| c.shared_openings_per_minute),
        mean_w: over(&|c| c.mean_w),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_seldom_opens_the_window() {
        let table = table(Preset::Small, 0..3, 5.0);
        assert!((table.rate_hz.mean - 1.0).abs() < 0.05);
        assert!(table.openings_per_minute.mean <= 1.0, "{table:?}");
        assert!(table.mean_w.mean < 0.1);
    }
}
