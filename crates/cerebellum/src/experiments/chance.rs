//! E12: how often independent spontaneous fibres open the window by chance.

use std::collections::VecDeque;

use super::{Band, Experiment, Figure, Measure, Sample, Setup, Standing};
use crate::microzone::{Microzone, Parallel};
use crate::olive::SYNCHRONY_MS;
use crate::purkinje::WINDOW_TO_MS;
use crate::sum::tree_sum_f64;

/// Finds the openings of one microzone's window that no error has called for: every climbing-fibre event is taken as the
/// centre of a volley of all fibres that fire within ±10 ms of it, W is read as of any volley, and W > 0.5 within 20 ms of
/// the last opening is still the same one.
#[derive(Clone, Debug, Default)]
pub struct Openings {
    /// (step, Λ) of the events of the last moments, oldest first.
    recent: VecDeque<(u64, f64)>,
    last_open: Option<u64>,
    last_shared: Option<u64>,
    /// Events that have been centres.
    pub events: u64,
    pub openings: u64,
    /// Openings of two fibres or more.
    pub shared: u64,
    /// Sum of W over events.
    pub total_w: f64,
}

impl Openings {
    /// An event that fired at `step` let `lambda` through. Events come in order.
    pub fn event(&mut self, step: u64, lambda: f64) {
        self.recent.push_back((step, lambda));
    }

    /// Every event up to `step` has been told.
    pub fn close(&mut self, step: u64) {
        let Some(centre) = step.checked_sub(SYNCHRONY_MS) else { return };
        while self.recent.front().is_some_and(|(at, _)| at + SYNCHRONY_MS < centre) {
            self.recent.pop_front();
        }
        let centred = self.recent.iter().filter(|(at, _)| *at == centre).count() as u64;
        if centred == 0 {
            return;
        }
        let lambda: Vec<f64> = self.recent.iter().map(|(_, lambda)| *lambda).collect();
        let w = tree_sum_f64(&lambda) / lambda.len() as f64;
        self.events += centred;
        self.total_w += w * centred as f64;
        if w > 0.5 {
            let new = |last: Option<u64>| u64::from(last.is_none_or(|last| centre > last + 2 * SYNCHRONY_MS));
            self.openings += new(self.last_open);
            self.last_open = Some(centre);
            if lambda.len() > 1 {
                self.shared += new(self.last_shared);
                self.last_shared = Some(centre);
            }
        }
    }
}

/// E12.
pub struct Chance;

fn minutes(setup: &Setup) -> f64 {
    setup.effort.pick(30.0, 0.5)
}

impl Experiment for Chance {
    fn id(&self) -> &'static str {
        "E12"
    }

    fn title(&self) -> &'static str {
        "Chance seldom opens the window"
    }

    fn protocol(&self) -> &'static str {
        "30 minutes without errors, fibres independent at 1 Hz. Every event is the centre of a volley of all fibres within ±10 ms \
         and is answered as any volley is; W > 0.5 is an opening, within 20 ms of the last one the same"
    }

    fn source(&self) -> &'static str {
        "Najafi 2014 for the rate; that the gate ignores it is design"
    }

    fn measures(&self) -> Vec<Measure> {
        let note = "MLI1→Purkinje is scaled to 25 % of pairs for it: with 15–20 partners chance opens a window 12 times a minute";
        let measure = |key, what, unit, band, standing| Measure { key, what, unit, band, standing, note };
        let (calibrated, predicted) = (Standing::Calibrated, Standing::Predicted);
        vec![
            measure("rate", "Spontaneous rate of a fibre", "Hz", Some(Band::within(0.7, 1.3)), calibrated),
            measure("openings", "Openings (W > 0.5) a minute", "", Some(Band::at_most(1.0)), calibrated),
            measure("shared", "… of two fibres or more", "", None, calibrated),
            measure("w", "Mean W of an event", "", Some(Band::at_most(0.1)), predicted),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        vec![Figure { key: "openings", title: "Openings so far", x: "time, min", y: "openings" }]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        60.0 * minutes(setup)
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let mut zone = Microzone::new(&setup.parameters, seed, 0);
        let window = &setup.parameters.window;
        let start = zone.clock();
        let steps = (minutes(setup) * 60_000.0) as u64;
        let mut openings = Openings::default();
        let (mut times, mut counts) = (vec![0.0], vec![0.0]);
        while zone.clock() < start + steps {
            zone.step(false, Parallel::Background);
            if let Some(fired) = zone.clock().checked_sub(1 + WINDOW_TO_MS).filter(|fired| *fired >= start) {
                let mut set = zone.fired(fired);
                while set != 0 {
                    let fibre = set.trailing_zeros() as usize;
                    set &= set - 1;
                    let r = zone.purkinje.inhibition_after(fibre, fired);
                    openings.event(fired, window.lambda(window.calcium(r)));
                }
                openings.close(fired);
            }
            let lived = zone.clock() - start;
            if lived.is_multiple_of(steps / 30) {
                times.push(lived as f64 / 60_000.0);
                counts.push(openings.openings as f64);
            }
        }
        let mut sample = Sample { spikes: zone.spike_hash(), ..Sample::default() };
        let events = openings.events as f64;
        sample.value("rate", events / (steps as f64 * 1e-3 * zone.fibres.count() as f64));
        sample.value("openings", openings.openings as f64 / minutes(setup));
        sample.value("shared", openings.shared as f64 / minutes(setup));
        sample.value("w", openings.total_w / events.max(1.0));
        sample.line("openings", "all", times, counts);
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Effort;
    use crate::parameters::Parameters;
    use crate::presets::Preset;

    #[test]
    fn events_within_10_ms_are_one_volley_and_openings_within_20_ms_one_opening() {
        let mut openings = Openings::default();
        for step in 100..400 {
            for (at, lambda) in [(150, 0.9), (155, 0.3), (165, 1.0), (300, 0.8)] {
                if at == step {
                    openings.event(step, lambda);
                }
            }
            openings.close(step);
        }
        // W about 150: (0.9 + 0.3) / 2; about 155: (0.9 + 0.3 + 1) / 3; about 165: (0.3 + 1) / 2; about 300: 0.8, alone.
        assert_eq!((openings.events, openings.openings, openings.shared), (4, 2, 1));
        assert!((openings.total_w - (0.6 + 2.2 / 3.0 + 0.65 + 0.8)).abs() < 1e-12);
    }

    #[test]
    fn chance_seldom_opens_the_window() {
        let setup = Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief };
        let values = Chance.run(&setup, 1).values;
        assert!((values["rate"] - 1.0).abs() < 0.15, "{values:?}");
        assert!(values["w"] < 0.1, "{values:?}");
    }
}
