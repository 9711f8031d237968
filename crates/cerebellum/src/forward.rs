//! A forward model: two opposed microcomplexes on one granular layer that learn to foretell a signed quantity from its last
//! three values. Population rates stand for spikes: one step is one event, not one millisecond.
//!
//! What is here and where it comes from: mossy fibres carry a population code of each past value and tell the cue; granule
//! cells with four dendrites mix them, and Golgi cells hold the weaker half silent and the sum constant; Purkinje cells of two
//! zones sum the same parallel fibres; nuclei take mossy collaterals and are held down by their zone; what is foretold is the
//! difference of the two nuclei. The error of that drives the climbing fibres of its sign's zone: their number is the olive's
//! recruitment curve, the window is the gate's closed form, and parallel fibres that were active are depressed by the dose. All
//! active ones are potentiated a little, as by parallel fibres alone.
//!
//! ◇ The code's width, the mossy drive of the nuclei at birth and all rates of learning are our inventions.

use serde::{Deserialize, Serialize};

use crate::{Parameters, Preset, Zone, closed_form, rng::Stream, sum::tree_sum_f64};

/// Past values that are heard of.
pub const PAST: usize = 3;
/// Values beyond this are heard as this.
pub const REACH: f64 = 6.0;
/// Cues that have tonic granule cells of their own; further ones share them in turn.
const CUES: usize = 16;
/// Dendrites of a granule cell (cerebellum.md §3.3).
const DENDRITES: usize = 4;
/// Rates at rest, Hz (cerebellum.md §2, E1).
const PURKINJE_REST: f64 = 60.0;
const NUCLEI_REST: f64 = 40.0;
/// Greatest weight of a parallel fibre's synapse; at rest it is 1 (cerebellum.md §3.4).
const WEIGHT_MOST: f64 = 1.6;

/// Sizes and rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Granule cells that mix the past.
    pub granule: usize,
    /// Tonic granule cells of each cue.
    pub tonic: usize,
    /// Their share of all parallel-fibre activity.
    pub tonic_share: f64,
    /// Mossy lines for each past value.
    pub lines: usize,
    /// Value that the outermost lines prefer, either sign.
    pub span: f64,
    /// Width (SD) of a line's tuning.
    pub width: f64,
    /// What the nuclei's mossy drive at birth foretells, as a share of the last value.
    pub collateral: f64,
    /// What a difference of 1 Hz between the nuclei foretells.
    pub unit_per_hz: f64,
    /// Share of its weight that a parallel fibre of mean activity loses by a dose of 1.
    pub depression: f64,
    /// Share of what is left up to the greatest weight that a parallel fibre of mean activity gains with each event.
    pub potentiation: f64,
    /// Error of size 1 for the olive, in units of the value.
    pub goal: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            granule: 1_024,
            tonic: 4,
            tonic_share: 0.15,
            lines: 9,
            span: 4.0,
            width: 1.0,
            collateral: 0.6,
            unit_per_hz: 0.2,
            depression: 8e-5,
            potentiation: 2e-5,
            goal: 0.5,
        }
    }
}

/// What an event taught.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taught {
    /// Value − what was foretold.
    pub error: f64,
    /// The zone whose fibres fired: late where the value was above what was foretold.
    pub zone: Zone,
    /// W of the volley, 0…1.
    pub w: f64,
    /// W · s.
    pub dose: f64,
}

/// Rates of one event, Hz; early zone first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    pub purkinje: [f64; 2],
    pub nuclei: [f64; 2],
}

/// The forward model. A function of settings, seed and events alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Forward {
    settings: Settings,
    parameters: Parameters,
    /// Mossy lines of each granule cell.
    dendrites: Vec<[u16; DENDRITES]>,
    /// Of each zone, early and late: first the cells that mix, then the tonic ones, cue by cue.
    weights: [Vec<f64>; 2],
    /// Activity of each granule cell in the event at hand, 1 in the mean.
    active: Vec<f64>,
    rates: Rates,
    foretold: Option<f64>,
}

impl Forward {
    /// Draws the dendrites of `seed`; all weights are at rest.
    #[must_use]
    pub fn new(settings: Settings, seed: u64) -> Self {
        let mut stream = Stream::named(seed, "forward dendrites", 0);
        let lines = PAST * settings.lines;
        let dendrites: Vec<[u16; DENDRITES]> =
            (0..settings.granule).map(|_| core::array::from_fn(|_| stream.below(lines) as u16)).collect();
        let cells = settings.granule + CUES * settings.tonic;
        Self {
            parameters: Parameters::of(Preset::Small),
            dendrites,
            weights: [vec![1.0; cells], vec![1.0; cells]],
            active: vec![0.0; cells],
            rates: Rates::default(),
            foretold: None,
            settings,
        }
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Rates in the event last foretold.
    #[must_use]
    pub fn rates(&self) -> Rates {
        self.rates
    }

    /// Foretells the next value from the last three, the latest first, where they exist (a line without a value is silent).
    /// Not a number counts as none.
    pub fn foretell(&mut self, cue: u32, past: [Option<f64>; PAST]) -> f64 {
        let past = past.map(|value| value.filter(|v| v.is_finite()).map(|v| v.clamp(-REACH, REACH)));
        self.activate(cue, past);
        // the mossy collaterals tell the last value by rate, one sign to either nucleus
        let drive = past[0].unwrap_or(0.0) * self.settings.collateral / self.settings.unit_per_hz;
        let mossy = [-0.5 * drive, 0.5 * drive];
        let cells = self.active.len() as f64;
        for (zone, mossy) in mossy.into_iter().enumerate() {
            let terms: Vec<f64> = self.weights[zone].iter().zip(&self.active).map(|(w, a)| w * a).collect();
            self.rates.purkinje[zone] = PURKINJE_REST * tree_sum_f64(&terms) / cells;
            let held = self.rates.purkinje[zone] - PURKINJE_REST;
            self.rates.nuclei[zone] = (NUCLEI_REST + mossy - held).max(0.0);
        }
        let [early, late] = self.rates.nuclei;
        let foretold = (self.settings.unit_per_hz * (late - early)).clamp(-REACH, REACH);
        self.foretold = Some(foretold);
        foretold
    }

    /// Learns from the value that came; None if nothing was foretold, or the value is no number.
    pub fn learn(&mut self, value: f64) -> Option<Taught> {
        let foretold = self.foretold.take()?;
        if !value.is_finite() {
            return None;
        }
        let error = value.clamp(-REACH, REACH) - foretold;
        let zone = if error > 0.0 { Zone::Late } else { Zone::Early };
        let u = error.abs() / self.settings.goal;
        let (w, share) = (closed_form::window(&self.parameters, u), self.parameters.olive.recruitment(u));
        let dose = w * share;
        let (down, up) = (self.settings.depression * dose, self.settings.potentiation);
        for (taught, weights) in self.weights.iter_mut().enumerate() {
            let down = if taught == zone.index() { down } else { 0.0 };
            for (weight, active) in weights.iter_mut().zip(&self.active) {
                // both far below 1: the exponential's first term
                *weight += active * (up * (WEIGHT_MOST - *weight) - down * *weight);
                *weight = weight.clamp(0.0, WEIGHT_MOST);
            }
        }
        Some(Taught { error, zone, w, dose })
    }

    /// Activity of all granule cells.
    fn activate(&mut self, cue: u32, past: [Option<f64>; PAST]) {
        let Settings { granule, tonic, tonic_share, lines, span, width, .. } = self.settings;
        let mut mossy = vec![0.0; PAST * lines];
        for (value, row) in past.iter().zip(mossy.chunks_mut(lines)) {
            let Some(value) = value else { continue };
            for (k, rate) in row.iter_mut().enumerate() {
                let prefers = span * (2.0 * k as f64 / (lines - 1).max(1) as f64 - 1.0);
                let away = (value - prefers) / width;
                *rate = libm::exp(-0.5 * away * away);
            }
        }
        let (mixing, tonic_cells) = self.active.split_at_mut(granule);
        for (active, dendrites) in mixing.iter_mut().zip(&self.dendrites) {
            *active = dendrites.iter().map(|line| mossy[usize::from(*line)]).sum::<f64>() / DENDRITES as f64;
        }
        // Golgi cells: the weaker half is silent, the sum is what it always is
        let mut sorted = mixing.to_vec();
        let (_, threshold, _) = sorted.select_nth_unstable_by(granule / 2, f64::total_cmp);
        let threshold = *threshold;
        for active in mixing.iter_mut() {
            *active = (*active - threshold).max(0.0);
        }
        let cells = (granule + tonic_cells.len()) as f64;
        let sum = tree_sum_f64(mixing);
        // nothing is heard of the past before a trial's first event: the cue's own cells then have all of it
        let share = if sum > 0.0 { tonic_share } else { 1.0 };
        if sum > 0.0 {
            for active in mixing.iter_mut() {
                *active *= (1.0 - share) * cells / sum;
            }
        }
        tonic_cells.fill(0.0);
        let from = cue as usize % CUES * tonic;
        for active in &mut tonic_cells[from..from + tonic] {
            *active = share * cells / tonic as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn() -> Forward {
        Forward::new(Settings::default(), 1)
    }

    #[test]
    fn at_birth_it_foretells_what_the_collaterals_say() {
        let mut forward = drawn();
        for last in [-2.0, 0.0, 1.5] {
            let foretold = forward.foretell(0, [Some(last), Some(1.0), None]);
            assert!((foretold - 0.6 * last).abs() < 1e-9, "{foretold} after {last}");
        }
        assert!(forward.foretell(0, [None; 3]).abs() < 1e-9);
    }

    #[test]
    fn an_error_depresses_its_own_zone_alone_and_shrinks() {
        let mut forward = drawn();
        let past = [Some(0.5), Some(-0.5), Some(0.0)];
        let before = forward.foretell(0, past);
        let taught = forward.learn(3.0).unwrap();
        assert_eq!((taught.zone, taught.error > 2.0, taught.w > 0.9), (Zone::Late, true, true));
        let weights = |zone: usize| forward.weights[zone].iter().sum::<f64>() / forward.weights[zone].len() as f64;
        assert!(weights(1) < 1.0 && weights(0) > 1.0);
        let after = forward.foretell(0, past);
        assert!(after > before, "{after} after {before}");
        assert_eq!(forward.clone().learn(f64::NAN), None);
    }

    #[test]
    fn it_learns_a_rule_of_the_last_two_values_that_the_collaterals_do_not_have() {
        // next = −0.5 · the last but one: half of the variance is to be explained
        let mut forward = drawn();
        let mut stream = Stream::named(5, "rule", 0);
        let mut past = [0.0; 3];
        let (mut early, mut late) = (0.0, 0.0);
        for n in 0..40_000 {
            let next = -0.7 * past[1] + 0.5 * stream.gaussian();
            let foretold = forward.foretell(0, past.map(Some));
            let square = (next - foretold) * (next - foretold);
            if n < 500 {
                early += square / 500.0;
            } else if n >= 38_000 {
                late += square / 2_000.0;
            }
            forward.learn(next);
            past = [next, past[0], past[1]];
        }
        // 0.49 is the variance of what is foretold, of which 0.25 is noise that nothing foretells
        assert!(early > 0.55 && late < 0.41, "{early} → {late}");
    }

    #[test]
    fn two_cues_are_learned_apart() {
        let mut forward = drawn();
        for _ in 0..400 {
            for (cue, value) in [(0, 1.0), (1, -1.0)] {
                forward.foretell(cue, [None; 3]);
                forward.learn(value);
            }
        }
        assert!(forward.foretell(0, [None; 3]) > 0.3 && forward.foretell(1, [None; 3]) < -0.3);
    }

    #[test]
    fn whatever_comes_weights_stay_within_their_bounds_and_answers_finite() {
        let mut forward = drawn();
        let mut stream = Stream::named(9, "anything", 0);
        for n in 0..3_000 {
            let value = [1e300, -1e300, 0.0, 50.0 * stream.gaussian()][n % 4];
            let foretold = forward.foretell(n as u32, [Some(value), Some(f64::INFINITY), None]);
            assert!(foretold.abs() <= REACH);
            forward.learn(-value);
        }
        assert!(forward.weights.iter().flatten().all(|w| (0.0..=WEIGHT_MOST).contains(w)));
    }
}
