//! Molecular-layer interneurons: MLI1, which brake the Purkinje cells and are electrically coupled, and MLI2, which
//! brake the brake.
//!
//! Conductance-based leaky integrate-and-fire cells at a step of 1 ms, in arrays of `f32`.

use crate::rng::Stream;
use crate::wiring::Projection;

/// Parameters of one kind of cell: pF, nS, mV, pA, ms.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub capacitance: f32,
    pub leak: f32,
    /// Tonic drive and its spread over cells (SD).
    pub bias: f32,
    pub bias_sd: f32,
}

/// MLI1: size of Park 2026's cell. Bias calibrated to 34 Hz at rest (the pilot had 42.8 pA; ours is more because MLI2
/// hold MLI1 down more firmly, see `G_MLI2_MLI1`).
pub const MLI1: Kind = Kind { capacitance: 45.0, leak: 2.1, bias: 48.5, bias_sd: 6.0 };
/// MLI2: as MLI1. Bias calibrated to 21 Hz at rest (the pilot had 18.7 pA).
pub const MLI2: Kind = Kind { capacitance: 28.0, leak: 1.3, bias: 19.5, bias_sd: 1.5 };

/// Resting, threshold and reset potential, mV (both kinds; cerebellum.md §3.4).
const E_LEAK: f32 = -65.0;
const V_THRESHOLD: f32 = -50.0;
const V_RESET: f32 = -62.0;
/// Reversal of GABA, mV; of excitation it is 0.
const E_GABA: f32 = -70.0;
/// Absolute refractory time, steps of 1 ms.
const REFRACTORY: f32 = 2.0;
/// Decay of excitation by parallel and by climbing fibres, and of inhibition, ms (Park 2026).
const TAU_PF: f64 = 1.5;
const TAU_CF: f64 = 3.0;
const TAU_GABA: f64 = 8.5;
/// Conductance of one parallel-fibre input, nS, and its rate: 406 fibres of 4 Hz (Park 2026), in 1 ms.
const G_PF: f32 = 0.015;
const PF_PER_STEP: f64 = 406.0 * 4.0 * 1e-3;
/// A conductance below this (nS) is nothing; without it, a silent synapse decays into denormals.
const NEGLIGIBLE: f32 = 1e-9;

/// Thresholds on 16 random bits that turn them into a Poisson count: the count is the number of thresholds passed.
#[derive(Clone, Debug)]
pub struct PoissonInput([u16; 12]);

impl PoissonInput {
    /// Background of parallel fibres.
    #[must_use]
    pub fn parallel_fibres() -> Self {
        let mut term = libm::exp(-PF_PER_STEP);
        let mut cumulative = 0.0;
        let mut thresholds = [u16::MAX; 12];
        for (k, threshold) in thresholds.iter_mut().enumerate() {
            cumulative += term;
            term *= PF_PER_STEP / (k + 1) as f64;
            *threshold = libm::round(cumulative * 65536.0).min(65535.0) as u16;
        }
        Self(thresholds)
    }

    fn count(&self, bits: u16) -> u16 {
        self.0.iter().map(|threshold| u16::from(bits >= *threshold)).sum()
    }
}

/// A population of one kind: state in arrays, one element a cell.
#[derive(Clone, Debug)]
pub struct Interneurons {
    kind: Kind,
    v: Vec<f32>,
    g_pf: Vec<f32>,
    g_cf: Vec<f32>,
    g_gaba: Vec<f32>,
    bias: Vec<f32>,
    refractory: Vec<f32>,
    coupling: Vec<f32>,
    bits: Vec<u16>,
    input: PoissonInput,
    decay: [f32; 3],
    /// Silenced cells never fire.
    pub silenced: bool,
}

impl Interneurons {
    /// `n` cells at random potentials.
    pub fn new(kind: Kind, n: usize, stream: &mut Stream) -> Self {
        let span = f64::from(V_THRESHOLD - V_RESET);
        Self {
            kind,
            v: (0..n).map(|_| V_RESET + (span * stream.uniform()) as f32).collect(),
            g_pf: vec![0.0; n],
            g_cf: vec![0.0; n],
            g_gaba: vec![0.0; n],
            bias: (0..n).map(|_| kind.bias + kind.bias_sd * stream.gaussian() as f32).collect(),
            refractory: vec![0.0; n],
            coupling: vec![0.0; n],
            // Four cells share one draw.
            bits: vec![0; n.next_multiple_of(4)],
            input: PoissonInput::parallel_fibres(),
            decay: [TAU_PF, TAU_CF, TAU_GABA].map(|tau| libm::exp(-1.0 / tau) as f32),
            silenced: false,
        }
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.v.len()
    }

    /// Climbing-fibre excitation arrives.
    pub fn excite(&mut self, projection: &Projection, spikes: &[u16]) {
        projection.deliver(spikes, &mut self.g_cf);
    }

    /// Inhibition by other interneurons arrives.
    pub fn inhibit(&mut self, projection: &Projection, spikes: &[u16]) {
        projection.deliver(spikes, &mut self.g_gaba);
    }

    /// Current through gap junctions of conductance `g` (nS) between the cells of each pair.
    pub fn couple(&mut self, junctions: &[(u16, u16)], g: f32) {
        self.coupling.fill(0.0);
        for &(a, b) in junctions {
            let (a, b) = (usize::from(a), usize::from(b));
            let current = g * (self.v[b] - self.v[a]);
            self.coupling[a] += current;
            self.coupling[b] -= current;
        }
    }

    /// One step of 1 ms; the cells that fire are written to `spikes` in ascending order.
    pub fn step(&mut self, stream: &mut Stream, spikes: &mut Vec<u16>) {
        for four in self.bits.chunks_exact_mut(4) {
            let draw = stream.bits();
            for (k, bits) in four.iter_mut().enumerate() {
                *bits = (draw >> (16 * k)) as u16;
            }
        }
        let n = self.count();
        let Self { v, g_pf, g_cf, g_gaba, bias, refractory, coupling, bits, input, kind, decay, .. } = self;
        let (v, g_pf, g_cf, g_gaba) = (&mut v[..n], &mut g_pf[..n], &mut g_cf[..n], &mut g_gaba[..n]);
        let (bias, refractory, coupling, bits) = (&bias[..n], &mut refractory[..n], &coupling[..n], &bits[..n]);
        let inverse_c = 1.0 / kind.capacitance;
        let leak = kind.leak;
        for i in 0..n {
            let pf = f32::from(input.count(bits[i]));
            let e_pf = g_pf[i] * decay[0] + G_PF * pf;
            let e_cf = g_cf[i] * decay[1];
            let inh = g_gaba[i] * decay[2];
            let e_cf = if e_cf < NEGLIGIBLE { 0.0 } else { e_cf };
            let inh = if inh < NEGLIGIBLE { 0.0 } else { inh };
            let e_pf = if e_pf < NEGLIGIBLE { 0.0 } else { e_pf };
            let total = leak + e_pf + g_cf[i] + g_gaba[i];
            let drive = leak * E_LEAK + g_gaba[i] * E_GABA + bias[i] + coupling[i];
            // Exponential Euler with 1 − exp(−x) ≈ x / (1 + x/2 + x²/12), x = dt·g/C: within 2e-6 for x < 0.3, and
            // the same bits everywhere, vectorised.
            let x = total * inverse_c;
            let moved = v[i] + (drive - v[i] * total) * inverse_c / (1.0 + x * (0.5 + x * (1.0 / 12.0)));
            let resting = refractory[i] > 0.0;
            v[i] = if resting { V_RESET } else { moved };
            refractory[i] = if resting { refractory[i] - 1.0 } else { 0.0 };
            g_pf[i] = e_pf;
            g_cf[i] = e_cf;
            g_gaba[i] = inh;
        }
        spikes.clear();
        for i in 0..n {
            if v[i] >= V_THRESHOLD {
                v[i] = V_RESET;
                refractory[i] = REFRACTORY;
                if !self.silenced {
                    spikes.push(i as u16);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population(kind: Kind, n: usize) -> (Interneurons, Stream) {
        let mut stream = Stream::named(1, "test cells", 0);
        (Interneurons::new(kind, n, &mut stream), stream)
    }

    fn spikes(cells: &mut Interneurons, stream: &mut Stream, steps: u32) -> usize {
        let mut fired = Vec::new();
        (0..steps)
            .map(|_| {
                cells.step(stream, &mut fired);
                fired.len()
            })
            .sum()
    }

    #[test]
    fn sixteen_bits_become_a_poisson_count_of_the_right_mean() {
        let input = PoissonInput::parallel_fibres();
        let total: u64 = (0..=u16::MAX).map(|bits| u64::from(input.count(bits))).sum();
        assert!((total as f64 / 65_536.0 - PF_PER_STEP).abs() < 1e-3);
        assert_eq!(input.count(0), 0);
    }

    #[test]
    fn a_cell_without_drive_rests_below_threshold() {
        let (mut cells, mut stream) = population(Kind { bias: 0.0, bias_sd: 0.0, ..MLI1 }, 16);
        spikes(&mut cells, &mut stream, 200);
        assert_eq!(spikes(&mut cells, &mut stream, 1_000), 0);
        assert!(cells.v.iter().all(|v| (-66.0..-60.0).contains(v)), "{:?}", cells.v);
    }

    #[test]
    fn a_spike_is_followed_by_two_silent_steps() {
        let (mut cells, mut stream) = population(Kind { bias: 1_000.0, bias_sd: 0.0, ..MLI1 }, 1);
        let mut fired = Vec::new();
        let mut times = Vec::new();
        for step in 0..50 {
            cells.step(&mut stream, &mut fired);
            if !fired.is_empty() {
                times.push(step);
            }
        }
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 3), "{times:?}");
    }

    #[test]
    fn excitation_speeds_up_and_inhibition_slows_down() {
        let one = Projection::draw(
            1,
            64,
            crate::wiring::Rule {
                partners: 40.0,
                synapses: 1.0,
                weight: 3.0,
                reach: crate::wiring::Reach::Zone,
                recurrent: false,
            },
            &mut Stream::named(1, "test wiring", 0),
        );
        let after = |change: &dyn Fn(&mut Interneurons)| {
            let (mut cells, mut stream) = population(MLI2, 64);
            spikes(&mut cells, &mut stream, 500);
            change(&mut cells);
            spikes(&mut cells, &mut stream, 10)
        };
        let untouched = after(&|_| ());
        assert!(after(&|cells| cells.excite(&one, &[0])) > 2 * untouched);
        assert!(2 * after(&|cells| cells.inhibit(&one, &[0])) < untouched);
    }

    #[test]
    fn gap_junctions_draw_two_cells_together() {
        let (mut cells, mut stream) = population(Kind { bias: 0.0, bias_sd: 0.0, ..MLI1 }, 2);
        cells.v = vec![-65.0, -55.0];
        cells.couple(&[(0, 1)], 0.3);
        assert_eq!(cells.coupling, [3.0, -3.0]);
        spikes(&mut cells, &mut stream, 1);
        assert!(cells.v[0] > -65.0 && cells.v[1] < -55.0);
    }

    #[test]
    fn silenced_cells_do_not_fire() {
        let (mut cells, mut stream) = population(MLI2, 48);
        assert!(spikes(&mut cells, &mut stream, 1_000) > 500);
        cells.silenced = true;
        assert_eq!(spikes(&mut cells, &mut stream, 1_000), 0);
    }

    #[test]
    fn silent_synapses_fall_to_nothing_before_they_are_denormal() {
        let (mut cells, mut stream) = population(MLI1, 8);
        cells.g_cf.fill(1.0);
        cells.g_gaba.fill(1.0);
        spikes(&mut cells, &mut stream, 400);
        assert!(cells.g_cf.iter().chain(&cells.g_gaba).all(|g| *g == 0.0));
    }
}
