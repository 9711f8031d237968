//! Delay eyelid conditioning on the whole circuit: a cue, an unconditioned stimulus (US) at its end, and the release of the
//! nucleus as the response. [`Conditioning`] runs trials; what is conditioned, lesioned or compared is up to the experiment.
//!
//! It knows no bands. A trial is a cue from step 0, which ends with the US, and a pause in which the circuit forgets it;
//! the nucleus's rate in the last part of that pause is the baseline that responses are measured from.

use std::collections::VecDeque;

use crate::circuit::{Circuit, Manipulation};
use crate::network::Zone;
use crate::sum::tree_sum_f64;

/// The zone that the US recruits.
pub const ZONE: Zone = Zone::Early;
/// How long the US lasts, and the cue with it, from the ISI on.
pub const US_MS: u64 = 50;
/// From the end of the cue to the next.
pub const PAUSE_MS: u64 = 350;
/// The end of that pause, which is baseline.
const BASE_MS: u64 = 150;
/// Trials whose baselines are averaged: one trial's alone is too noisy.
const BASE_TRIALS: usize = 10;
/// The lid follows the mean release of so many ms.
const LID_MS: usize = 40;
/// Fibres that fire within this of the US are evoked by it.
const EVOKED_MS: u64 = 15;
/// Trials over which the share of responses is taken.
pub const BLOCK: usize = 10;
/// Share of responses that counts as learned, and as extinguished.
pub const LEARNED: f64 = 0.8;
pub const EXTINGUISHED: f64 = 0.2;
/// Mean release, above baseline, that counts as a response ◇, Hz.
pub const CRITERION_HZ: f64 = 15.0;

/// What a trial's stimuli are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Protocol {
    /// From the cue's onset to the US, ms.
    pub isi: u64,
    /// Share of the fibres that the US recruits, unless the nucleus holds the olive down.
    pub share: f64,
    /// SD of their times, ms.
    pub jitter_ms: f64,
    /// Made at each cue's onset, and at its end.
    pub during_cue: Option<(Manipulation, Manipulation)>,
}

impl Protocol {
    /// The US of most experiments: 0.6 of the fibres, SD 4 ms (a large error's jitter).
    #[must_use]
    pub fn of(isi: u64) -> Self {
        Self { isi, share: 0.6, jitter_ms: 4.0, during_cue: None }
    }
}

/// Kinds of trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Cue and US.
    Paired,
    /// The cue alone, as long as on paired trials.
    Alone,
    /// The cue alone, twice as long, so that its end does not end the response; nothing is learned.
    Probe,
}

/// What happened in one trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    pub kind: Kind,
    /// The nucleus's rate above baseline, Hz, by ms from the cue's onset until the next trial.
    pub release: Vec<f32>,
    /// The lid's greatest excursion before the US was due, Hz.
    pub lid: f64,
    /// … and over the whole trial.
    pub lid_ever: f64,
    /// Share of the fibres that fired within 15 ms of the US.
    pub evoked: f64,
    /// Mean Λ of their events; 0 without any.
    pub lambda: f64,
}

impl Trial {
    /// Whether there was a response before the US was due.
    #[must_use]
    pub fn responded(&self) -> bool {
        self.lid >= CRITERION_HZ
    }
}

/// Trials of one kind in a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phase {
    pub trials: Vec<Trial>,
}

impl Phase {
    /// Share of responses in each [`BLOCK`] of trials; the last may be shorter.
    #[must_use]
    pub fn shares(&self) -> Vec<f64> {
        self.trials.chunks(BLOCK).map(share).collect()
    }

    /// Share of responses in the last [`BLOCK`] of trials.
    #[must_use]
    pub fn last(&self) -> f64 {
        share(&self.trials[self.trials.len().saturating_sub(BLOCK)..])
    }

    /// Trials until the share of responses in the last [`BLOCK`] of them satisfied `reached`.
    #[must_use]
    pub fn trials_to(&self, reached: impl Fn(f64) -> bool) -> Option<usize> {
        self.trials.windows(BLOCK).position(|block| reached(share(block))).map(|at| at + BLOCK)
    }

    /// Mean over the last `n` trials.
    #[must_use]
    pub fn mean_of_last(&self, n: usize, of: impl Fn(&Trial) -> f64) -> f64 {
        let last = &self.trials[self.trials.len().saturating_sub(n)..];
        mean(last.iter().map(of))
    }

    /// Mean course of the release, Hz by ms from the cue's onset.
    #[must_use]
    pub fn course(&self) -> Vec<f64> {
        let length = self.trials.iter().map(|trial| trial.release.len()).min().unwrap_or(0);
        (0..length).map(|at| mean(self.trials.iter().map(|trial| f64::from(trial.release[at])))).collect()
    }
}

fn share(trials: &[Trial]) -> f64 {
    mean(trials.iter().map(|trial| f64::from(u8::from(trial.responded()))))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    mean_of(&values.collect::<Vec<f64>>())
}

/// Mean of some values; 0 without any.
pub(super) fn mean_of(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { tree_sum_f64(values) / values.len() as f64 }
}

/// Time and width of a mean response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Height of the peak, Hz.
    pub height: f64,
    /// When it is reached, ms from the cue's onset.
    pub peak: f64,
    /// SD that a bell of the same width at half height has, ms.
    pub spread: f64,
}

impl Shape {
    /// Of a course after training at `isi`, smoothed over a tenth of it.
    #[must_use]
    pub fn of(course: &[f64], isi: u64) -> Self {
        let half = isi as usize / 20;
        let smooth: Vec<f64> =
            course.windows(2 * half + 1).map(|part| tree_sum_f64(part) / part.len() as f64).collect();
        let mut at = 0;
        for (k, value) in smooth.iter().enumerate() {
            if *value > smooth[at] {
                at = k;
            }
        }
        let height = smooth.get(at).copied().unwrap_or(0.0);
        let below = |value: &&f64| **value < 0.5 * height;
        let left = smooth[..at].iter().rev().take_while(|value| !below(value)).count();
        let right = smooth[at.min(smooth.len())..].iter().take_while(|value| !below(value)).count();
        Self { height, peak: (at + half) as f64, spread: (left + right) as f64 / 2.354_8 }
    }
}

/// A circuit in training.
#[derive(Clone, Debug)]
pub struct Conditioning {
    /// To be manipulated, and looked at, between trials.
    pub circuit: Circuit,
    pub protocol: Protocol,
    /// The nucleus's mean rate in the last pauses, Hz.
    bases: VecDeque<f64>,
    /// Simulated ms.
    pub elapsed: u64,
}

impl Conditioning {
    /// Takes a circuit that is at rest.
    #[must_use]
    pub fn new(circuit: Circuit, protocol: Protocol) -> Self {
        let mut conditioning = Self { circuit, protocol, bases: VecDeque::new(), elapsed: 0 };
        conditioning.rest(1_000);
        conditioning
    }

    /// Makes a change for all that follows, and measures the baseline anew.
    pub fn manipulate(&mut self, manipulation: Manipulation) {
        self.circuit.manipulate(manipulation);
        self.rest(1_000);
    }

    /// Lets the circuit be for `ms` (at least 300), and measures the baseline anew.
    pub fn rest(&mut self, ms: u64) {
        let learning = self.circuit.learning();
        self.circuit.set_learning(false);
        let settle = ms.min(300);
        self.pass(settle);
        let mut sum = 0.0;
        for _ in settle..ms {
            self.pass(1);
            sum += self.circuit.zone(ZONE).nuclei().rate();
        }
        self.circuit.set_learning(learning);
        self.bases.clear();
        self.bases.push_back(sum / (ms - settle).max(1) as f64);
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms {
            self.circuit.step();
        }
        self.elapsed += ms;
    }

    /// The nucleus's rate between trials, Hz.
    #[must_use]
    pub fn baseline(&self) -> f64 {
        mean(self.bases.iter().copied())
    }

    /// Runs one trial.
    ///
    /// # Panics
    /// If the protocol's share or jitter is out of range.
    pub fn trial(&mut self, kind: Kind) -> Trial {
        let Protocol { isi, share, jitter_ms, during_cue } = self.protocol;
        let start = self.circuit.clock();
        let cue = if kind == Kind::Probe { isi + isi * 3 / 10 + US_MS } else { isi + US_MS };
        let length = cue + PAUSE_MS;
        let learning = self.circuit.learning();
        if kind == Kind::Probe {
            self.circuit.set_learning(false);
        }
        if kind == Kind::Paired {
            self.circuit.volley(ZONE, share, jitter_ms, start + isi).expect("the protocol's US is a volley");
        }
        if let Some((change, _)) = during_cue {
            self.circuit.manipulate(change);
        }
        self.circuit.set_cue(Some(0));
        let base = self.baseline();
        let (mut release, mut next_base) = (Vec::with_capacity(length as usize), 0.0);
        let (mut evoked, mut lambda, mut known) = (0u64, 0.0, 0u32);
        for at in 0..length {
            if at == cue {
                self.circuit.set_cue(None);
                if let Some((_, back)) = during_cue {
                    self.circuit.manipulate(back);
                }
            }
            self.circuit.step();
            let zone = self.circuit.zone(ZONE);
            let rate = zone.nuclei().rate();
            release.push((rate - base) as f32);
            if at >= length - BASE_MS {
                next_base += rate / BASE_MS as f64;
            }
            if at.abs_diff(isi) <= EVOKED_MS {
                evoked |= zone.fired();
            }
            for event in self.circuit.events() {
                if event.zone == ZONE && event.step.abs_diff(start + isi) <= EVOKED_MS {
                    lambda += event.lambda;
                    known += 1;
                }
            }
        }
        self.elapsed += length;
        self.circuit.set_learning(learning);
        self.bases.push_back(next_base);
        if self.bases.len() > BASE_TRIALS {
            self.bases.pop_front();
        }
        let lid = |until: usize| {
            release[..until]
                .windows(LID_MS.min(until))
                .map(|part| mean(part.iter().map(|rate| f64::from(*rate))))
                .fold(f64::NEG_INFINITY, f64::max)
        };
        let fibres = self.circuit.parameters().cells.fibres as f64;
        Trial {
            kind,
            lid: lid(isi as usize),
            lid_ever: lid(length as usize),
            evoked: f64::from(evoked.count_ones()) / fibres,
            lambda: if known == 0 { 0.0 } else { lambda / f64::from(known) },
            release,
        }
    }

    /// Runs `n` trials.
    pub fn trials(&mut self, kind: Kind, n: usize) -> Phase {
        Phase { trials: (0..n).map(|_| self.trial(kind)).collect() }
    }

    /// Runs at most `most` trials, and stops once the share of responses in the last [`BLOCK`] satisfies `reached`.
    pub fn until(&mut self, kind: Kind, most: usize, reached: impl Fn(f64) -> bool) -> Phase {
        let mut phase = Phase::default();
        while phase.trials.len() < most {
            phase.trials.push(self.trial(kind));
            if phase.trials.len() >= BLOCK && reached(phase.last()) {
                break;
            }
        }
        phase
    }

    /// Pairs until the response is learned, at most `most` times.
    pub fn acquire(&mut self, most: usize) -> Phase {
        self.until(Kind::Paired, most, |share| share >= LEARNED)
    }

    /// Gives the cue alone until the response is gone, at most `most` times.
    pub fn extinguish(&mut self, most: usize) -> Phase {
        self.until(Kind::Alone, most, |share| share < EXTINGUISHED)
    }

    /// Weights of the parallel fibres on the zone's Purkinje cells, averaged over the cells: one value a granule cell.
    #[must_use]
    pub fn weights(&self) -> Vec<f64> {
        let synapses = self.circuit.zone(ZONE).synapses();
        synapses
            .weights()
            .chunks_exact(synapses.contacts())
            .map(|row| mean(row.iter().map(|w| f64::from(*w))))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(lid: f64) -> Trial {
        Trial { kind: Kind::Paired, release: vec![lid as f32; 3], lid, lid_ever: lid, evoked: 0.5, lambda: 1.0 }
    }

    #[test]
    fn trials_are_counted_to_the_end_of_the_first_ten_with_so_many_responses() {
        // No response in the first twelve trials, then always.
        let phase = Phase { trials: (0..30).map(|at| trial(if at < 12 { 3.0 } else { 20.0 })).collect() };
        assert_eq!(phase.trials_to(|share| share >= LEARNED), Some(20));
        assert_eq!(phase.trials_to(|share| share < EXTINGUISHED), Some(10));
        assert_eq!(phase.shares(), [0.0, 0.8, 1.0]);
        assert_eq!(phase.last(), 1.0);
        assert_eq!(Phase { trials: phase.trials[..9].to_vec() }.trials_to(|share| share < 0.5), None);
    }

    #[test]
    fn a_bells_shape_is_its_own() {
        let bell: Vec<f64> = (0..800)
            .map(|at| {
                let x = (f64::from(at) - 430.0) / 60.0;
                25.0 * libm::exp(-0.5 * x * x)
            })
            .collect();
        let shape = Shape::of(&bell, 500);
        assert!((shape.peak - 430.0).abs() <= 1.0, "{shape:?}");
        assert!((shape.spread - 60.0).abs() < 3.0, "{shape:?}");
        assert!((shape.height - 25.0).abs() < 1.0, "{shape:?}");
    }
}
