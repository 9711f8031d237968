//! Plasticity: what the window lets through at the synapses of parallel fibres on Purkinje cells, and what follows at those
//! of mossy fibres on the nucleus.
//!
//! Everything here is driven by events: a climbing fibre's event touches the synapses of its own Purkinje cell that are
//! eligible, a parallel or mossy fibre's spike its own. It knows no cell's potential and no trial.

use serde::{Deserialize, Serialize};

use crate::parameters::{Parameters, settings};
use crate::presets::Preset;
use crate::purkinje::WINDOW_TO_MS;
use crate::shape::{self, Misfit};

settings! {
    /// Rates and time constants of learning.
    pub struct Settings {
        /// Share of its weight that a synapse loses at an eligibility of 1 and an open window (cerebellum.md §3.4: 0.012 for
        /// learning within a session, 0.003 for learning over days).
        depression: f64 [0, 1] "",
        /// Decay of a parallel fibre's eligibility, calibrated between Yamazaki's 50 and CbmSim's 100 ms: with 100, responses after
        /// short intervals are too wide.
        eligibility_decay: f64 [1, 2_000] "ms",
        /// From a parallel fibre's spike until it is eligible: the delay of the error's feedback (Suvrathan 2016: 120 ms in
        /// the flocculus).
        eligibility_lag: u64 [0, 1_000] "ms",
        /// Eligibility above which more does nothing ◇.
        eligibility_most: f32 [0.1, 100] "",
        /// Mean Λ of a spontaneous event: the potentiation by parallel fibres alone balances the depression that such events
        /// cause (E12 measures 0.026). In `yamazaki`, where with 8 fibres chance opens the window more often, calibrated so
        /// that weights stay at rest.
        chance: f64 [0, 1] "",
        /// How much more a parallel fibre's spike potentiates for each unit of eligibility that it finds ◇: bursts potentiate
        /// more than single spikes (bursts of parallel fibres alone: Jörntell and Ekerot 2002, from memory). The rate at rest
        /// stays in balance; 0 is cerebellum.md §3.4. Calibrated to the trials of extinction.
        burst_potentiation: f32 [0, 100] "",
        /// Calcium below which a climbing fibre's event potentiates (Rowan 2018: polarity).
        potentiating_calcium: f64 [0, 10] "",
        /// Potentiation by such an event, relative to `depression` and for each unit of missing calcium.
        potentiating_share: f64 [0, 10] "",
        /// Greatest weight of a parallel fibre's synapse on a Purkinje cell; the weight at rest is 1.
        weight_most: f32 [1, 10] "",
        /// Purkinje cells of a microzone that a granule cell contacts, at most all (Yamazaki 28 %; small and standard all).
        contacts: usize [1, 64] "",
        /// Mossy fibre → nucleus: potentiation by a spike while the Purkinje cells pause, as a share of what is left up to
        /// `nuclear_most` ◇.
        nuclear_potentiation: f64 [0, 1] "",
        /// Mossy fibre → nucleus: depression by a spike while they fire more than at rest, as a share of what is left down
        /// to `nuclear_least` ◇.
        nuclear_depression: f64 [0, 1] "",
        /// Purkinje input to a nuclear cell, relative to rest, below which its mossy synapses are potentiated (cerebellum.md
        /// §3.4; CbmSim has 2 spikes in 40 ms).
        nuclear_pause: f32 [0, 1] "",
        /// … and above which they are depressed (CbmSim has 12 spikes in 40 ms).
        nuclear_burst: f32 [1, 10] "",
        /// Least weight of a mossy fibre's synapse on the nucleus; the weight at rest is 1 ◇.
        nuclear_least: f32 [0, 1] "",
        /// Greatest ◇: low enough that this synapse alone, without a pause of the Purkinje cells, makes no response.
        nuclear_most: f32 [1, 20] "",
        /// Return of those weights to rest (cerebellum.md §3.4: 1e-4 a trial of about a second).
        nuclear_decay: f64 [0, 1] "1/s",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        Self {
            depression: 0.012,
            eligibility_decay: 80.0,
            eligibility_lag: 0,
            eligibility_most: 3.0,
            chance: if preset == Preset::Yamazaki { 0.14 } else { 0.026 },
            burst_potentiation: 2.0,
            potentiating_calcium: 1.05,
            potentiating_share: 0.2,
            weight_most: 1.6,
            contacts: match preset {
                Preset::Small | Preset::Standard => 32,
                Preset::Large => 9,
                Preset::Xl => 1,
                Preset::Yamazaki => 8,
            },
            nuclear_potentiation: 4e-3,
            nuclear_depression: 1e-4,
            nuclear_pause: 0.65,
            nuclear_burst: 1.1,
            nuclear_least: 0.5,
            nuclear_most: 1.6,
            nuclear_decay: 1e-4,
        }
    }

    /// Whether an event's moment lists all eligible cells, for each has a synapse that it changes. Elsewhere an event looks
    /// only at those that contact its Purkinje cell, one of `purkinje`.
    pub(crate) fn lists_eligible(&self, purkinje: usize) -> bool {
        self.contacts >= purkinje
    }
}

/// Eligibility below this is none.
const INELIGIBLE: f32 = 1e-3;

/// How recently each granule cell has fired, as it stands at one moment of the past: that of a climbing fibre's event
/// whose calcium is known only now, less the lag of the task.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Eligibility {
    /// Value at the cell's last spike, and the step of that spike on the trace's own clock.
    value: Vec<f32>,
    since: Vec<u32>,
    /// Spikes of the steps that the trace has yet to see, one list a step.
    waiting: Vec<Vec<u32>>,
    /// Decay after 0, 1, … steps, as far as it counts; from the last on, 0.
    decay: Vec<f32>,
    /// Steps that have been taken in; the oldest of `waiting` is next.
    clock: u32,
    place: usize,
}

impl Eligibility {
    fn new(cells: usize, decay_ms: f64, delay: usize) -> Self {
        let mut decay: Vec<f32> =
            (0u32..).map(|age| libm::exp(-f64::from(age) / decay_ms) as f32).take_while(|e| *e > 1e-6).collect();
        decay.push(0.0);
        Self {
            value: vec![0.0; cells],
            since: vec![0; cells],
            waiting: vec![Vec::new(); delay + 1],
            decay,
            clock: 0,
            place: 0,
        }
    }

    /// Takes in the spikes of this step; the trace then stands at the step `delay` ago, that step's spikes included.
    fn step(&mut self, spikes: &[u32]) {
        self.waiting[self.place].clear();
        self.waiting[self.place].extend_from_slice(spikes);
        self.place = (self.place + 1) % self.waiting.len();
        self.clock += 1;
        let due = core::mem::take(&mut self.waiting[self.place]);
        for &cell in &due {
            let cell = cell as usize;
            self.value[cell] = self.now(cell) + 1.0;
            self.since[cell] = self.clock;
        }
        self.waiting[self.place] = due;
    }

    fn now(&self, cell: usize) -> f32 {
        let age = (self.clock - self.since[cell]) as usize;
        self.decay[age.min(self.decay.len() - 1)] * self.value[cell]
    }

    /// Writes every cell whose eligibility is above `least` to `found`, with that eligibility, at most `most`.
    fn above(&self, least: f32, most: f32, found: &mut Vec<(u32, f32)>) {
        let (decay, last) = (&self.decay[..], self.decay.len() - 1);
        found.resize(self.value.len(), (0, 0.0));
        let mut count = 0;
        for (cell, (value, since)) in (0u32..).zip(self.value.iter().zip(&self.since)) {
            let e = decay[((self.clock - since) as usize).min(last)] * value;
            found[count] = (cell, e.min(most));
            count += usize::from(e > least);
        }
        found.truncate(count);
    }
}

/// Synapses of the granule cells on the Purkinje cells of one microzone.
///
/// Granule cell `g` contacts `contacts` Purkinje cells in a row (around the microzone's end), from cell `g` modulo their
/// number on, or all of them from cell 0 on; its weights lie together, so that a spike reads one stretch of memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParallelFibres {
    settings: Settings,
    contacts: usize,
    purkinje: usize,
    /// `contacts` for each granule cell.
    weights: Vec<f32>,
    eligibility: Eligibility,
    /// Eligibility of all cells at one event's moment, where they are listed ([`Settings::lists_eligible`]); kept so that
    /// nothing is allocated.
    eligible: Vec<(u32, f32)>,
    eligible_at: Option<u32>,
    /// Share of (most − weight) that a parallel fibre's spike adds.
    potentiation: f32,
    /// Sums of one step's input; longer than the microzone so that a row never breaks.
    sums: Vec<f32>,
}

/// What a parallel fibre's spike must give at weight 1, so that spontaneous events at `spontaneous` Hz, through the
/// eligibility that it leaves behind (whose integral is its decay), take as much.
fn balance(settings: &Settings, spontaneous: f64) -> f64 {
    settings.depression * settings.chance * spontaneous * 1e-3 * settings.eligibility_decay
}

/// A climbing fibre's event whose calcium has become known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Instruction {
    /// Purkinje cell = climbing fibre.
    pub cell: usize,
    /// Amplitude A; a solitary event has 1.
    pub calcium: f64,
    /// Λ(A), 0…1.
    pub lambda: f64,
}

/// What an event does to a weight, for each unit of eligibility.
#[derive(Clone, Copy)]
struct Change {
    down: f32,
    up: f32,
    most: f32,
}

impl Change {
    fn of(settings: &Settings, event: Instruction) -> Self {
        let rate = settings.depression;
        let missing = (settings.potentiating_calcium - event.calcium).max(0.0);
        Self {
            down: (rate * event.lambda) as f32,
            up: (rate * settings.potentiating_share * missing) as f32,
            most: settings.weight_most,
        }
    }

    fn of_weight(self, weight: f32, e: f32) -> f32 {
        // exp(−x), x < 0.1: within 4e-6 of it, and the same bits everywhere.
        let x = self.down * e;
        (weight * (1.0 - x * (1.0 - 0.5 * x * (1.0 - x * (1.0 / 3.0)))) + self.up * e).min(self.most)
    }
}

impl ParallelFibres {
    /// Synapses of weight 1.
    #[must_use]
    pub fn new(parameters: &Parameters) -> Self {
        let settings = parameters.plasticity.clone();
        let purkinje = parameters.cells.fibres;
        let contacts = settings.contacts.min(purkinje);
        let granule = parameters.cells.granule;
        let per_spike = balance(&settings, parameters.olive.spontaneous);
        // Poisson spikes at rest find this eligibility on average.
        let found = parameters.spectral.background * 1e-3 * settings.eligibility_decay;
        let per_spike = per_spike / (1.0 + f64::from(settings.burst_potentiation) * found);
        let delay = WINDOW_TO_MS + settings.eligibility_lag;
        Self {
            contacts,
            purkinje,
            weights: vec![1.0; granule * contacts],
            eligibility: Eligibility::new(granule, settings.eligibility_decay, delay as usize),
            eligible: Vec::with_capacity(if settings.lists_eligible(purkinje) { granule } else { 0 }),
            eligible_at: None,
            potentiation: (per_spike / f64::from(settings.weight_most - 1.0).max(0.1)) as f32,
            sums: vec![0.0; purkinje + contacts],
            settings,
        }
    }

    /// Adds to `into`, one value a Purkinje cell, the weights of the granule cells that fired.
    pub fn deliver(&mut self, spikes: &[u32], into: &mut [f32]) {
        match self.contacts {
            8 if self.purkinje == 8 => return deliver_all::<8>(&self.weights, spikes, into),
            32 if self.purkinje == 32 => return deliver_all::<32>(&self.weights, spikes, into),
            _ => {}
        }
        self.sums.fill(0.0);
        for &cell in spikes {
            let from = self.first(cell);
            let row = &self.weights[cell as usize * self.contacts..][..self.contacts];
            for (sum, weight) in self.sums[from..from + self.contacts].iter_mut().zip(row) {
                *sum += weight;
            }
        }
        for (k, sum) in self.sums.iter().enumerate() {
            into[k % self.purkinje] += sum;
        }
    }

    /// The first Purkinje cell of a granule cell's row.
    pub(crate) fn first(&self, cell: u32) -> usize {
        if self.contacts == self.purkinje { 0 } else { (cell % self.purkinje as u32) as usize }
    }

    /// One step: the granule cells that fired become eligible, and potentiated where `learning`.
    pub fn step(&mut self, spikes: &[u32], learning: bool) {
        self.eligibility.step(spikes);
        if !learning {
            return;
        }
        match self.contacts {
            8 => self.potentiate::<8>(spikes),
            9 => self.potentiate::<9>(spikes),
            32 => self.potentiate::<32>(spikes),
            _ => {
                for &cell in spikes {
                    let (share, most) = (self.share(cell), self.settings.weight_most);
                    for weight in &mut self.weights[cell as usize * self.contacts..][..self.contacts] {
                        *weight += share * (most - *weight);
                    }
                }
            }
        }
    }

    /// As the last arm of [`Self::step`] does, where rows have `N` synapses: it need not count them.
    fn potentiate<const N: usize>(&mut self, spikes: &[u32]) {
        let most = self.settings.weight_most;
        for &cell in spikes {
            let share = self.share(cell);
            for weight in &mut self.weights.as_chunks_mut::<N>().0[cell as usize] {
                *weight += share * (most - *weight);
            }
        }
    }

    /// Of what a synapse of granule cell `cell` lacks, what a spike adds.
    fn share(&self, cell: u32) -> f32 {
        let found = self.eligibility.now(cell as usize).min(self.settings.eligibility_most);
        self.potentiation * (1.0 + self.settings.burst_potentiation * found)
    }

    /// An event that happened [`WINDOW_TO_MS`] steps before the step just done: its Purkinje cell's synapses change by
    /// their eligibility at its moment.
    pub fn instruct(&mut self, event: Instruction) {
        if self.settings.lists_eligible(self.purkinje) { self.instruct_listed(event) } else { self.instruct_own(event) }
    }

    /// By a list of all cells that are eligible, which the events of a step share.
    fn instruct_listed(&mut self, event: Instruction) {
        let Self { settings, contacts, purkinje, weights, eligibility, eligible, eligible_at, .. } = self;
        let change = Change::of(settings, event);
        if *eligible_at != Some(eligibility.clock) {
            *eligible_at = Some(eligibility.clock);
            eligibility.above(INELIGIBLE, settings.eligibility_most, eligible);
        }
        for &(cell, e) in &*eligible {
            let first = if contacts == purkinje { 0 } else { cell as usize % *purkinje };
            let place = if event.cell < first { event.cell + *purkinje - first } else { event.cell - first };
            if place < *contacts {
                let weight = &mut weights[cell as usize * *contacts + place];
                *weight = change.of_weight(*weight, e);
            }
        }
    }

    /// By the eligibility of those cells alone that contact its Purkinje cell.
    fn instruct_own(&mut self, event: Instruction) {
        let Self { settings, contacts, purkinje, weights, eligibility, .. } = self;
        let (contacts, purkinje) = (*contacts, *purkinje);
        let change = Change::of(settings, event);
        // Of each `purkinje` granule cells, `contacts` in a row contact this Purkinje cell, the last with its first synapse.
        let granule = eligibility.value.len();
        for end in (event.cell + 1..granule + contacts).step_by(purkinje) {
            for cell in end.saturating_sub(contacts)..end.min(granule) {
                let e = eligibility.now(cell);
                if e > INELIGIBLE {
                    let weight = &mut weights[cell * contacts + (end - 1 - cell)];
                    *weight = change.of_weight(*weight, e.min(settings.eligibility_most));
                }
            }
        }
    }

    /// Eligibility of granule cell `cell`, as an event that becomes known now would find it.
    #[must_use]
    pub fn eligibility(&self, cell: usize) -> f32 {
        self.eligibility.now(cell)
    }

    pub(crate) fn bytes(&self) -> usize {
        let trace = &self.eligibility;
        shape::held(&[&self.weights, &self.sums, &trace.value, &trace.decay])
            + shape::held(&[&trace.since])
            + shape::held(&trace.waiting.iter().collect::<Vec<_>>())
            + shape::held(&[&self.eligible])
    }

    /// That a state fits its parameters.
    pub(crate) fn fits(&self, parameters: &Parameters) -> Result<(), Misfit> {
        let (granule, purkinje) = (parameters.cells.granule, parameters.cells.fibres);
        let contacts = parameters.plasticity.contacts.min(purkinje);
        shape::settings("Purkinje synapses", &self.settings, &parameters.plasticity)?;
        shape::same("Purkinje synapses: contacts", self.contacts as u64, contacts as u64)?;
        shape::same("Purkinje synapses: cells", self.purkinje as u64, purkinje as u64)?;
        shape::length("Purkinje synapses: weights", &self.weights, granule * contacts)?;
        shape::length("Purkinje synapses: sums", &self.sums, purkinje + contacts)?;
        let eligible: Vec<u32> = self.eligible.iter().map(|(cell, _)| *cell).collect();
        shape::below("Purkinje synapses: those eligible", &eligible, granule as u64)?;
        let trace = &self.eligibility;
        let delay = WINDOW_TO_MS + parameters.plasticity.eligibility_lag;
        shape::length("eligibility", &trace.value, granule)?;
        shape::length("eligibility", &trace.since, granule)?;
        shape::below("eligibility: last spikes", &trace.since, u64::from(trace.clock) + 1)?;
        shape::length("eligibility: spikes that wait", &trace.waiting, delay as usize + 1)?;
        shape::below("eligibility: place", &[trace.place as u64], trace.waiting.len() as u64)?;
        trace.waiting.iter().try_for_each(|set| shape::below("eligibility: spikes that wait", set, granule as u64))?;
        shape::below("eligibility: length of its decay", &[(trace.decay.len() as u64).wrapping_sub(1)], 1 << 20)
    }

    /// Weights, `contacts` for each granule cell, from the first Purkinje cell of its row on.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Weight of a granule cell's synapse on a Purkinje cell, where it has one.
    #[must_use]
    pub fn weight(&self, granule: usize, purkinje: usize) -> Option<f32> {
        let place = (purkinje + self.purkinje - self.first(granule as u32)) % self.purkinje;
        (place < self.contacts).then(|| self.weights[granule * self.contacts + place])
    }

    /// Purkinje cells that each granule cell contacts.
    #[must_use]
    pub fn contacts(&self) -> usize {
        self.contacts
    }

    /// Mean weight.
    #[must_use]
    pub fn mean_weight(&self) -> f64 {
        f64::from(crate::sum::tree_sum(&self.weights)) / self.weights.len() as f64
    }

    /// Puts every weight back to 1.
    pub fn reset(&mut self) {
        self.weights.fill(1.0);
    }
}

/// As [`ParallelFibres::deliver`], of granule cells that contact all of `N` Purkinje cells: the sums stay in registers.
fn deliver_all<const N: usize>(weights: &[f32], spikes: &[u32], into: &mut [f32]) {
    let (rows, _) = weights.as_chunks::<N>();
    let mut sums = [0.0; N];
    for &cell in spikes {
        for (sum, weight) in sums.iter_mut().zip(&rows[cell as usize]) {
            *sum += weight;
        }
    }
    for (into, sum) in into.iter_mut().zip(sums) {
        *into += sum;
    }
}

/// Synapses of all mossy fibres on all cells of one microzone's nucleus.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MossySynapses {
    nuclei: usize,
    /// `nuclei` for each mossy fibre.
    weights: Vec<f32>,
    up: f32,
    down: f32,
    pause: f32,
    burst: f32,
    least: f32,
    most: f32,
    decay: f32,
    clock: u64,
}

/// Steps between two decays of the nucleus's weights.
const DECAY_STEPS: u64 = 1_000;

impl MossySynapses {
    /// Synapses of weight 1.
    #[must_use]
    pub fn new(parameters: &Parameters) -> Self {
        let settings = &parameters.plasticity;
        let nuclei = parameters.cells.nuclei;
        Self {
            nuclei,
            weights: vec![1.0; parameters.cells.mossy * nuclei],
            up: settings.nuclear_potentiation as f32,
            down: settings.nuclear_depression as f32,
            pause: settings.nuclear_pause,
            burst: settings.nuclear_burst,
            least: settings.nuclear_least,
            most: settings.nuclear_most,
            decay: (settings.nuclear_decay * DECAY_STEPS as f64 * 1e-3) as f32,
            clock: 0,
        }
    }

    /// Adds to `into`, one value a nuclear cell, the weights of the mossy fibres that fired, times `conductance`.
    pub fn deliver(&self, spikes: &[u16], conductance: f32, into: &mut [f32]) {
        for &fibre in spikes {
            let row = &self.weights[usize::from(fibre) * self.nuclei..][..self.nuclei];
            for (sum, weight) in into.iter_mut().zip(row) {
                *sum += conductance * weight;
            }
        }
    }

    /// One step: the fibres that fired are potentiated on cells whose Purkinje cells pause, and depressed on those whose
    /// Purkinje cells burst. `inhibition` is each cell's Purkinje input relative to rest.
    pub fn learn(&mut self, spikes: &[u16], inhibition: &[f32]) {
        for &fibre in spikes {
            let row = &mut self.weights[usize::from(fibre) * self.nuclei..][..self.nuclei];
            for (weight, inhibition) in row.iter_mut().zip(inhibition) {
                if *inhibition < self.pause {
                    *weight += self.up * (self.most - *weight);
                } else if *inhibition > self.burst {
                    *weight -= self.down * (*weight - self.least);
                }
            }
        }
        self.clock += 1;
        if self.clock.is_multiple_of(DECAY_STEPS) {
            for weight in &mut self.weights {
                *weight += self.decay * (1.0 - *weight);
            }
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        shape::held(&[&self.weights])
    }

    /// That a state fits its parameters.
    pub(crate) fn fits(&self, parameters: &Parameters) -> Result<(), Misfit> {
        shape::same("mossy synapses: nuclear cells", self.nuclei as u64, parameters.cells.nuclei as u64)?;
        shape::length("mossy synapses: weights", &self.weights, parameters.cells.mossy * self.nuclei)?;
        shape::below("mossy synapses: steps", &[self.clock], shape::LATEST)
    }

    /// Weights, one row of nuclear cells a mossy fibre.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Puts every weight back to 1.
    pub fn reset(&mut self) {
        self.weights.fill(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> Parameters {
        let mut parameters = Parameters::of(Preset::Small);
        parameters.cells.granule = 64;
        parameters
    }

    /// Weight on Purkinje cell 3 of granule cell 5 after one spike and, `after` steps later, one event.
    fn paired(parameters: &Parameters, after: u64, event: Instruction) -> f32 {
        let mut synapses = ParallelFibres::new(parameters);
        let step = |synapses: &mut ParallelFibres, now: u64| {
            synapses.step(if now == 0 { &[5] } else { &[] }, false);
            if now == after + WINDOW_TO_MS {
                synapses.instruct(event);
            }
        };
        for now in 0..=after + WINDOW_TO_MS {
            step(&mut synapses, now);
        }
        synapses.weights()[5 * 32 + 3]
    }

    const OPEN: Instruction = Instruction { cell: 3, calcium: 1.3, lambda: 1.0 };

    #[test]
    fn an_event_depresses_what_fired_before_it_by_its_eligibility_then() {
        let p = parameters();
        for (after, e) in [(0, 1.0), (50, 0.535_26), (100, 0.286_50), (300, 0.023_518)] {
            let w = f64::from(paired(&p, after, OPEN));
            let expected = libm::exp(-0.012 * e);
            assert!((w - expected).abs() < 2e-6, "{after} ms: {w}, not {expected}");
        }
    }

    #[test]
    fn spikes_after_the_event_are_not_blamed_although_its_calcium_is_known_later() {
        let mut synapses = ParallelFibres::new(&parameters());
        for now in 0..=100 + WINDOW_TO_MS {
            synapses.step(if now == 101 { &[5] } else { &[] }, false);
        }
        synapses.instruct(OPEN);
        assert!(synapses.weights().iter().all(|w| *w == 1.0));
    }

    #[test]
    fn a_lag_moves_the_blame_to_what_fired_that_long_before() {
        let mut p = parameters();
        p.plasticity.eligibility_lag = 120;
        assert_eq!(paired(&p, 60, OPEN), 1.0);
        assert!((f64::from(paired(&p, 120, OPEN)) - libm::exp(-0.012)).abs() < 2e-6);
        assert!(paired(&p, 220, OPEN) > paired(&p, 120, OPEN));
    }

    #[test]
    fn only_the_fibres_own_purkinje_cell_learns() {
        let mut synapses = ParallelFibres::new(&parameters());
        synapses.step(&[5, 9], false);
        for _ in 0..WINDOW_TO_MS {
            synapses.step(&[], false);
        }
        synapses.instruct(OPEN);
        let changed: Vec<usize> =
            synapses.weights().iter().enumerate().filter(|(_, w)| **w != 1.0).map(|(k, _)| k).collect();
        assert_eq!(changed, [5 * 32 + 3, 9 * 32 + 3]);
        assert!(synapses.weight(9, 3).is_some_and(|weight| weight < 1.0));
        assert_eq!(synapses.weight(9, 4), Some(1.0));
    }

    #[test]
    fn little_calcium_potentiates() {
        let weak = Instruction { calcium: 0.8, lambda: 0.0, ..OPEN };
        assert!((paired(&parameters(), 0, weak) - (1.0 + 0.2 * 0.012 * 0.25)).abs() < 1e-6);
    }

    #[test]
    fn spontaneous_events_and_parallel_fibres_balance_at_rest() {
        let p = parameters();
        let mut synapses = ParallelFibres::new(&p);
        let chance = Instruction { cell: 0, calcium: 1.06, lambda: p.plasticity.chance };
        let mut spontaneous =
            crate::olive::Spontaneous::new(1.0, 32, crate::rng::Stream::named(1, "test spontaneous", 0));
        let mut stream = crate::rng::Stream::named(1, "test granule", 0);
        for step in 0..600_000u64 {
            let fired: Vec<u32> = (0..64).filter(|_| stream.bernoulli(0.002)).collect();
            synapses.step(&fired, true);
            let mut set = spontaneous.at(step);
            while set != 0 {
                let cell = set.trailing_zeros() as usize;
                set &= set - 1;
                synapses.instruct(Instruction { cell, ..chance });
            }
        }
        // Without balance either would move the weights by 3 % in these ten minutes.
        assert!((synapses.mean_weight() - 1.0).abs() < 0.005, "{}", synapses.mean_weight());
    }

    #[test]
    fn a_granule_cell_drives_its_own_row_of_purkinje_cells() {
        let mut p = parameters();
        p.plasticity.contacts = 9;
        let mut synapses = ParallelFibres::new(&p);
        let mut into = vec![0.0; 32];
        synapses.deliver(&[30, 63], &mut into);
        let driven: Vec<usize> = into.iter().enumerate().filter(|(_, sum)| **sum > 0.0).map(|(k, _)| k).collect();
        assert_eq!(driven, [0, 1, 2, 3, 4, 5, 6, 7, 30, 31]);
        assert_eq!(into[31], 2.0);
        synapses.step(&[30, 63], false);
        for _ in 0..WINDOW_TO_MS {
            synapses.step(&[], false);
        }
        synapses.instruct(Instruction { cell: 2, ..OPEN });
        into.fill(0.0);
        synapses.deliver(&[30, 63], &mut into);
        assert!(into[2] < 2.0 && into[1] == 2.0 && into[3] == 2.0);
    }

    #[test]
    fn looking_at_an_events_own_granule_cells_changes_the_same_bits_as_a_list_of_all() {
        let mut p = parameters();
        p.cells.granule = 1_003;
        p.plasticity.contacts = 9;
        let (mut own, mut listed) = (ParallelFibres::new(&p), ParallelFibres::new(&p));
        let mut stream = crate::rng::Stream::named(1, "test granule", 0);
        for step in 0..2_000 {
            let fired: Vec<u32> = (0..1_003).filter(|_| stream.bernoulli(0.004)).collect();
            own.step(&fired, true);
            listed.step(&fired, true);
            for cell in [step % 32, (step * 7 + 31) % 32] {
                let event = Instruction { cell, calcium: if step % 3 == 0 { 0.7 } else { 1.3 }, lambda: 0.5 };
                own.instruct_own(event);
                listed.instruct_listed(event);
            }
        }
        let bits = |synapses: &ParallelFibres| synapses.weights.iter().map(|w| w.to_bits()).collect::<Vec<_>>();
        assert!(own.eligible.is_empty() && !listed.eligible.is_empty());
        assert!(own.weights.iter().filter(|w| **w < 0.9).count() > 4_000);
        assert_eq!(bits(&own), bits(&listed));
    }

    #[test]
    fn a_pause_of_the_purkinje_cells_lets_active_mossy_fibres_grow_and_a_burst_shrink() {
        let mut p = parameters();
        p.cells.nuclei = 3;
        p.plasticity.nuclear_potentiation = 0.1;
        p.plasticity.nuclear_depression = 0.1;
        let mut synapses = MossySynapses::new(&p);
        synapses.learn(&[2], &[0.3, 1.0, 1.5]);
        let most = p.plasticity.nuclear_most;
        let expected = [1.0 + 0.1 * (most - 1.0), 1.0, 1.0 - 0.1 * 0.5];
        for (weight, expected) in synapses.weights()[6..9].iter().zip(expected) {
            assert!((weight - expected).abs() < 1e-6);
        }
        assert!(synapses.weights()[..6].iter().chain(&synapses.weights()[9..]).all(|w| *w == 1.0));
        for _ in 0..1_000 {
            synapses.learn(&[2], &[0.0, 0.0, 9.0]);
        }
        assert!(synapses.weights()[6] <= most && synapses.weights()[8] >= p.plasticity.nuclear_least);
        let grown = synapses.weights()[6];
        for _ in 0..DECAY_STEPS {
            synapses.learn(&[], &[1.0; 3]);
        }
        assert!(synapses.weights()[6] < grown);
    }
}
