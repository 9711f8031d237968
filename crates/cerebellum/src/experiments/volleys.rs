//! The protocol that most experiments on the gate share: volleys of a set number of fibres through the whole circuit, far
//! enough apart that each finds it at rest, and the mean of what the cells make of them. It knows no bands.

use crate::calcium::Dendrites;
use crate::circuit::Circuit;
use crate::granule::Stimulus;
use crate::microzone::Rest;
use crate::network::Zone;
use crate::parameters::Parameters;
use crate::purkinje::{WINDOW_FROM_MS, WINDOW_TO_MS};
use crate::rng::Stream;
use crate::sum::tree_sum_f64;

use super::Setup;

/// SD of the fibres' times, ms (Park 2026: 2.8).
pub const JITTER_MS: f64 = 3.0;
/// Shares of a microzone's fibres that the protocol sends.
pub const SYNCHRONIES: [f64; 8] = [0.0, 1.0 / 16.0, 1.0 / 8.0, 1.0 / 4.0, 3.0 / 8.0, 1.0 / 2.0, 3.0 / 4.0, 1.0];
/// Where 1/8, the published 0.36 (12 of 32 fibres) and 1 stand among them.
pub const EIGHTH: usize = 2;
pub const THIRD: usize = 4;
pub const WHOLE: usize = 7;

/// ms before and after the volley's centre that are averaged.
pub const BEFORE: usize = 30;
pub const AFTER: usize = 60;
/// Steps between volleys; the circuit is at rest again well before.
pub const APART: u64 = 200;
/// Steps from the start of a repeat to its volley's centre; no fibre fires further from it.
const LEAD: u64 = 60;
/// Steps over which an event's dendrite is followed.
pub const FOLLOWED: usize = 60;

/// How volleys are sent.
#[derive(Clone, Copy, Debug)]
pub struct Volleys {
    /// Fibres of each volley, drawn at random.
    pub fibres: usize,
    /// SD of their times, ms.
    pub jitter_ms: f64,
    /// Volleys in all; half of them go to each microzone, two at a time.
    pub repeats: usize,
    /// Rate of all parallel fibres over the [`BURST_MS`] from the volley's centre on, as a multiple of that at rest; at 1 they
    /// are left alone.
    pub burst: f64,
}

/// Length of the parallel fibres' burst, ms.
pub const BURST_MS: u64 = 30;

/// A setup's circuit, at rest and without plasticity: each volley finds it as the last did.
///
/// # Panics
/// If the parameters are out of their ranges: who made the setup has checked them.
#[must_use]
pub fn at_rest(setup: &Setup, seed: u64) -> Circuit {
    let mut circuit = Circuit::new(&setup.parameters, seed).expect("a setup's parameters have been checked");
    circuit.set_learning(false);
    circuit
}

/// Answer of the microzones to volleys of one kind, averaged over both and over repeats.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Spikes a cell and ms, from −30 to +60 ms.
    pub mli1: Vec<f64>,
    pub mli2: Vec<f64>,
    /// Spikes an MLI2 over the 20 ms after the volley's centre, and share of MLI2 that fire in them.
    pub mli2_spikes: f64,
    pub mli2_share: f64,
    /// First spike of each MLI2 that fires within them, ms after the centre; how many there were of each latency.
    pub mli2_first: [u32; 20],
    /// Mean Λ over the recruited Purkinje cells; 0 without any.
    pub w: f64,
    /// Mean fast and slow calcium of the recruited Purkinje cells, each ms from their fibre's own spike on, and the mean length
    /// of their somata's complex spikes, ms.
    pub fast: Vec<f64>,
    pub slow: Vec<f64>,
    pub complex_spike_ms: f64,
    /// Rates at rest, spikes a cell and ms.
    pub rest: Rest,
    /// Hash of the spikes.
    pub spikes: u64,
}

impl Volleys {
    /// Volleys of the share `s` of the microzone's fibres, with the usual jitter.
    #[must_use]
    pub fn of(parameters: &Parameters, s: f64, repeats: usize) -> Self {
        Self {
            fibres: libm::round(s * parameters.cells.fibres as f64) as usize,
            jitter_ms: JITTER_MS,
            repeats,
            burst: 1.0,
        }
    }

    /// Simulated seconds that they take, less the circuit's settling.
    #[must_use]
    pub fn seconds(repeats: usize) -> f64 {
        repeats.div_ceil(2) as f64 * APART as f64 * 1e-3
    }

    /// Sends them through a copy of `circuit`.
    #[must_use]
    pub fn run(self, circuit: &Circuit, seed: u64) -> Answer {
        let mut circuit = circuit.clone();
        let mut stream = Stream::named(seed, "experiment volleys", self.fibres as u64);
        let parameters = circuit.parameters().clone();
        let (n, m1, m2) = (parameters.cells.fibres, parameters.cells.mli1 as f64, parameters.cells.mli2 as f64);
        let mut order: Vec<usize> = (0..n).collect();
        let mut mli1 = vec![0.0; BEFORE + AFTER];
        let mut mli2 = vec![0.0; BEFORE + AFTER];
        let (mut spikes, mut share) = (0.0, 0.0);
        let mut mli2_first = [0u32; 20];
        let mut w = 0.0;
        let mut dendrites = Followed::new(&parameters);
        let mut counts = vec![0u32; 2 * parameters.cells.mli2];
        let mut recruited = Vec::with_capacity(2 * self.fibres);
        let epochs = self.repeats.div_ceil(2);
        for _ in 0..epochs {
            let start = circuit.clock();
            let centre = start + LEAD;
            recruited.clear();
            for zone in Zone::ALL {
                stream.shuffle(&mut order);
                for &fibre in &order[..self.fibres] {
                    let offset = (self.jitter_ms * stream.gaussian()).clamp(-(LEAD as f64), LEAD as f64);
                    let at = (centre as f64 + libm::floor(offset + 0.5)) as u64;
                    circuit.recruit(zone, fibre, at).expect("a fibre of the circuit, in a step to come");
                    recruited.push((zone, fibre, at));
                }
            }
            counts.fill(0);
            let mut lambda = [Vec::with_capacity(self.fibres), Vec::with_capacity(self.fibres)];
            while circuit.clock() < start + APART {
                let now = circuit.clock();
                if now == centre {
                    circuit.stimulate(Some(Stimulus { every: 1, rate: (self.burst - 1.0) * circuit.rest().granule }));
                } else if now == centre + BURST_MS {
                    circuit.stimulate(None);
                }
                circuit.step();
                let at = (now + BEFORE as u64).checked_sub(centre).map(|at| at as usize);
                for zone in Zone::ALL {
                    let complex = circuit.zone(zone);
                    if let Some(at) = at.filter(|at| *at < BEFORE + AFTER) {
                        mli1[at] += complex.mli1_spikes().len() as f64 / m1;
                        mli2[at] += complex.mli2_spikes().len() as f64 / m2;
                    }
                    if (centre..centre + 20).contains(&now) {
                        for cell in complex.mli2_spikes() {
                            let count = &mut counts[zone.index() * parameters.cells.mli2 + usize::from(*cell)];
                            mli2_first[(now - centre) as usize] += u32::from(*count == 0);
                            *count += 1;
                        }
                    }
                }
                for event in circuit.events() {
                    if recruited.contains(&(event.zone, usize::from(event.fibre), event.step)) {
                        lambda[event.zone.index()].push(event.lambda);
                    }
                }
                for &(zone, fibre, at) in &recruited {
                    if at + FOLLOWED as u64 == now {
                        let complex = circuit.zone(zone);
                        let settled = complex.microzone().clock() - 1 - now;
                        let purkinje = &complex.microzone().purkinje;
                        let course = core::array::from_fn(|k| purkinje.inhibition_at(fibre, settled + at + k as u64));
                        dendrites.event(course, complex.somata().complex_ms()[fibre]);
                    }
                }
            }
            spikes += f64::from(counts.iter().sum::<u32>()) / (2.0 * m2);
            share += counts.iter().filter(|c| **c > 0).count() as f64 / (2.0 * m2);
            for lambda in lambda.iter().filter(|lambda| !lambda.is_empty()) {
                w += tree_sum_f64(lambda) / lambda.len() as f64 / 2.0;
            }
        }
        let epochs = epochs as f64;
        for value in mli1.iter_mut().chain(&mut mli2) {
            *value /= 2.0 * epochs;
        }
        let (fast, slow, complex_spike_ms) = dendrites.means();
        let [early, late] = Zone::ALL.map(|zone| circuit.zone(zone).microzone().rest());
        Answer {
            mli1,
            mli2,
            mli2_spikes: spikes / epochs,
            mli2_share: share / epochs,
            mli2_first,
            w: w / epochs,
            fast,
            slow,
            complex_spike_ms,
            rest: Rest { mli1: (early.mli1 + late.mli1) / 2.0, mli2: (early.mli2 + late.mli2) / 2.0 },
            spikes: circuit.spike_hash(),
        }
    }
}

/// Sums over climbing-fibre events of what their dendrites do.
struct Followed {
    quiet: Dendrites,
    fast: [f64; FOLLOWED],
    slow: [f64; FOLLOWED],
    complex_spike_ms: f64,
    events: f64,
}

impl Followed {
    fn new(parameters: &Parameters) -> Self {
        let quiet = Dendrites::new(&parameters.calcium, &parameters.window, 1);
        Self { quiet, fast: [0.0; FOLLOWED], slow: [0.0; FOLLOWED], complex_spike_ms: 0.0, events: 0.0 }
    }

    /// An event with the inhibition of each ms from it on, and the length of its complex spike, ms.
    fn event(&mut self, inhibition: [f64; FOLLOWED], complex_spike_ms: u32) {
        let mut dendrite = self.quiet.clone();
        for (step, r) in inhibition.iter().enumerate() {
            dendrite.step(u64::from(step == 0), &[*r as f32]);
            self.fast[step] += f64::from(dendrite.fast()[0]);
            self.slow[step] += f64::from(dendrite.slow()[0]);
        }
        self.complex_spike_ms += f64::from(complex_spike_ms);
        self.events += 1.0;
    }

    fn means(&self) -> (Vec<f64>, Vec<f64>, f64) {
        let events = self.events.max(1.0);
        let mean = |sums: &[f64]| sums.iter().map(|sum| sum / events).collect();
        (mean(&self.fast), mean(&self.slow), self.complex_spike_ms / events)
    }
}

impl Answer {
    fn sliding(values: &[f64], width: usize) -> impl Iterator<Item = f64> + '_ {
        values.windows(width).map(move |part| tree_sum_f64(part) / width as f64)
    }

    /// Milliseconds of `mli1` and `mli2`, about the volley's centre.
    #[must_use]
    pub fn times() -> Vec<f64> {
        (0..BEFORE + AFTER).map(|at| at as f64 - BEFORE as f64).collect()
    }

    /// MLI1 rate in 3-ms means relative to rest, one value a ms from −29 to +58 ms.
    #[must_use]
    pub fn mli1_relative(&self) -> Vec<f64> {
        Self::sliding(&self.mli1, 3).map(|rate| rate / self.rest.mli1).collect()
    }

    /// Milliseconds of [`Answer::mli1_relative`].
    #[must_use]
    pub fn relative_times() -> Vec<f64> {
        Self::times()[1..BEFORE + AFTER - 1].to_vec()
    }

    /// Greatest MLI2 rate in any 5 ms from −5 to +30 ms, Hz.
    #[must_use]
    pub fn mli2_peak_hz(&self) -> f64 {
        1e3 * Self::sliding(&self.mli2[BEFORE - 5..BEFORE + 30], 5).fold(0.0, f64::max)
    }

    /// MLI1 rate over +5…+25 ms relative to rest.
    #[must_use]
    pub fn mli1_ratio(&self) -> f64 {
        tree_sum_f64(&self.mli1[BEFORE + 5..BEFORE + 25]) / 20.0 / self.rest.mli1
    }

    /// Least MLI1 rate in any 5 ms from 0 to +40 ms relative to rest.
    #[must_use]
    pub fn mli1_min(&self) -> f64 {
        Self::sliding(&self.mli1[BEFORE..BEFORE + 40], 5).fold(f64::INFINITY, f64::min) / self.rest.mli1
    }

    /// The closed form's r̄: population mean MLI1 rate, 6-ms filtered, over +2…+22 ms, relative to rest.
    #[must_use]
    pub fn inhibition(&self) -> f64 {
        let decay = libm::exp(-1.0 / 6.0);
        let mut filtered = self.rest.mli1;
        let mut kept = Vec::with_capacity(self.mli1.len());
        for rate in &self.mli1 {
            filtered = filtered * decay + rate * (1.0 - decay);
            kept.push(filtered);
        }
        let window = &kept[BEFORE + WINDOW_FROM_MS as usize..BEFORE + WINDOW_TO_MS as usize];
        tree_sum_f64(window) / window.len() as f64 / self.rest.mli1
    }

    /// Milliseconds for which the MLI1 rate (3-ms means from the centre on) stays below 0.6 of rest.
    #[must_use]
    pub fn window_ms(&self) -> f64 {
        let open = 0.6 * self.rest.mli1;
        Self::sliding(&self.mli1[BEFORE..], 3).take(45).filter(|rate| *rate < open).count() as f64
    }

    /// First ms, from `from` ms after the centre on, at which `holds` is true of the MLI1 rate (3-ms mean, relative to rest)
    /// and of the two following ones. `from` is at least −29.
    #[must_use]
    pub fn mli1_first(&self, from: i32, holds: impl Fn(f64) -> bool) -> Option<f64> {
        let relative = self.mli1_relative();
        // Its first value is centred on −29 ms.
        let after = &relative[(BEFORE as i32 - 1 + from) as usize..];
        after.windows(3).position(|three| three.iter().all(|r| holds(*r))).map(|at| at as f64 + f64::from(from))
    }

    /// Millisecond after the centre, within 40, at which the MLI1 rate (3-ms mean) is least.
    #[must_use]
    pub fn mli1_least_at(&self) -> f64 {
        let relative = self.mli1_relative();
        let after = &relative[BEFORE - 1..BEFORE + 39];
        let least = after.iter().copied().fold(f64::INFINITY, f64::min);
        after.iter().position(|r| *r <= least).map_or(f64::NAN, |at| at as f64)
    }

    /// Greatest MLI1 rate (3-ms mean) from +20 to +58 ms, relative to rest.
    #[must_use]
    pub fn mli1_rebound(&self) -> f64 {
        self.mli1_relative()[BEFORE - 1 + 20..].iter().copied().fold(0.0, f64::max)
    }

    /// Mean MLI1 rate over `from`…`to` ms after the centre, relative to rest.
    #[must_use]
    pub fn mli1_over(&self, from: usize, to: usize) -> f64 {
        tree_sum_f64(&self.mli1[BEFORE + from..BEFORE + to]) / (to - from) as f64 / self.rest.mli1
    }

    /// Median latency of the first spikes of the MLI2 that fire within 20 ms of the centre, ms, interpolated within its step.
    /// None if none fires.
    #[must_use]
    pub fn mli2_latency(&self) -> Option<f64> {
        let total: u32 = self.mli2_first.iter().sum();
        let mut seen = 0.0;
        for (at, count) in self.mli2_first.iter().enumerate() {
            let count = f64::from(*count);
            let half = f64::from(total) / 2.0;
            if count > 0.0 && seen + count >= half {
                return Some(at as f64 + (half - seen) / count);
            }
            seen += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer of which only MLI1 say anything: rest but for 0.2 of it from `from` to `to` ms.
    fn dip(from: usize, to: usize) -> Answer {
        let mut mli1 = vec![0.03; BEFORE + AFTER];
        mli1[BEFORE + from..BEFORE + to].fill(0.006);
        Answer {
            mli1,
            mli2: vec![0.02; BEFORE + AFTER],
            mli2_spikes: 0.0,
            mli2_share: 0.0,
            mli2_first: core::array::from_fn(|at| u32::from(at == 3) * 10),
            w: 0.0,
            fast: Vec::new(),
            slow: Vec::new(),
            complex_spike_ms: 0.0,
            rest: Rest { mli1: 0.03, mli2: 0.02 },
            spikes: 0,
        }
    }

    #[test]
    fn a_dip_is_read_where_it_was_put() {
        let answer = dip(6, 20);
        // A 3-ms mean knows of the dip one ms early and leaves it one ms late: below 0.85 from 5, back above 0.8 at 21.
        assert_eq!(answer.mli1_first(-10, |r| r < 0.85), Some(5.0));
        assert_eq!(answer.mli1_first(10, |r| r > 0.8), Some(21.0));
        assert_eq!(answer.mli1_least_at(), 7.0);
        assert_eq!(answer.window_ms(), 14.0);
        assert!((answer.mli1_ratio() - (6.0 + 14.0 * 0.2) / 20.0).abs() < 1e-12);
        assert!((answer.mli1_min() - 0.2).abs() < 1e-12);
        assert_eq!(answer.mli2_latency(), Some(3.5));
    }
}
