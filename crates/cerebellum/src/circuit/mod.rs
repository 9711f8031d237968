//! The whole circuit: mossy fibres, one granular layer, and two opposed microcomplexes that share its parallel fibres.
//!
//! It runs in steps of 1 ms and knows no clock, no trial and no experiment. Its spikes depend on parameters, seed and the
//! calls made at each step alone: not on how a run was cut into pieces, nor on the number of threads.

mod events;
mod manipulation;
mod memory;
mod microcomplex;
mod save;
mod threads;

use serde::{Deserialize, Serialize};

use crate::granule::GranularLayer;
use crate::microzone::Rest;
use crate::mossy::Mossy;
use crate::network::Zone;
use crate::parameters::{Fault, Parameters, settings};
use crate::presets::Preset;
use crate::rng::{FNV_OFFSET, FNV_PRIME};

pub use crate::shape::Misfit;
pub use events::{FibreEvent, Refused};
pub use manipulation::Manipulation;
pub use memory::Limits;
pub use microcomplex::Microcomplex;
pub use save::Unreadable;
pub use threads::NoThreads;

use events::Schedule;
use threads::Threads;

settings! {
    /// How a circuit settles before its step 0.
    pub struct Settings {
        /// Steps that forget the initial state ◇.
        forget: u32 [100, 100_000] "ms",
        /// Steps in which rates at rest are measured ◇. Shorter than 12 s, one Purkinje cell's inhibition at rest is off by over
        /// 1 %, which moves Λ visibly.
        settle: u32 [100, 1_000_000] "ms",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(_preset: Preset) -> Self {
        Self { forget: 1_000, settle: 12_000 }
    }
}

/// Mean rates of every population, Hz.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    pub mossy: f64,
    pub granule: f64,
    pub golgi: f64,
    /// Of each zone, early and late.
    pub mli1: [f64; 2],
    pub mli2: [f64; 2],
    pub purkinje: [f64; 2],
    pub nuclei: [f64; 2],
    pub fibres: [f64; 2],
}

/// Spikes counted over some steps.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Tally {
    steps: u64,
    mossy: u64,
    granule: u64,
    golgi: u64,
    zones: [[u64; 5]; 2],
}

/// Mossy fibres, granular layer and two microcomplexes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Circuit {
    parameters: Parameters,
    seed: u64,
    mossy: Mossy,
    granular: GranularLayer,
    zones: [Microcomplex; 2],
    schedule: Schedule,
    events: Vec<FibreEvent>,
    learning: bool,
    rest: Rates,
    tally: Tally,
    /// Steps that the microzones had lived at step 0.
    settled: u64,
    clock: u64,
    hash: u64,
    /// No part of the state: neither saved nor compared.
    #[serde(skip)]
    threads: Threads,
}

impl Circuit {
    /// Draws the circuit of `seed` and lets it settle at rest, without learning; learning is on from step 0.
    ///
    /// # Errors
    /// Every parameter that is out of its range.
    pub fn new(parameters: &Parameters, seed: u64) -> Result<Self, Vec<Fault>> {
        parameters.check()?;
        let mut mossy = Mossy::new(parameters, seed);
        let mut granular = GranularLayer::new(parameters, seed);
        let granule_rate = granule_rate(&mut mossy, &mut granular, parameters.circuit.forget);
        let mut circuit = Self {
            zones: Zone::ALL.map(|zone| Microcomplex::new(parameters, seed, zone, granule_rate)),
            parameters: parameters.clone(),
            seed,
            mossy,
            granular,
            schedule: Schedule::default(),
            events: Vec::with_capacity(2 * parameters.cells.fibres),
            learning: false,
            rest: Rates::default(),
            tally: Tally::default(),
            settled: 0,
            clock: 0,
            hash: FNV_OFFSET,
            threads: Threads::default(),
        };
        circuit.settle();
        Ok(circuit)
    }

    fn settle(&mut self) {
        let crate::circuit::Settings { forget, settle } = self.parameters.circuit;
        for _ in 0..forget {
            self.step();
        }
        self.reset_rates();
        let fibres = self.parameters.cells.fibres;
        let mut inhibition = [vec![0.0; fibres], vec![0.0; fibres]];
        let mut input = [vec![0.0; self.parameters.cells.nuclei], vec![0.0; self.parameters.cells.nuclei]];
        for _ in 0..settle {
            self.step();
            for (zone, sums) in self.zones.iter().zip(&mut inhibition) {
                for (sum, now) in sums.iter_mut().zip(zone.microzone.purkinje.filtered()) {
                    *sum += f64::from(*now);
                }
            }
            for (zone, sums) in self.zones.iter().zip(&mut input) {
                for (sum, now) in sums.iter_mut().zip(zone.nuclei().input()) {
                    *sum += f64::from(*now) / f64::from(settle);
                }
            }
        }
        self.rest = self.rates();
        for (zone, mut sums) in inhibition.into_iter().enumerate() {
            for sum in &mut sums {
                *sum /= f64::from(settle);
            }
            let rest = Rest { mli1: self.rest.mli1[zone] * 1e-3, mli2: self.rest.mli2[zone] * 1e-3 };
            self.zones[zone].set_rest(rest, &sums, self.rest.nuclei[zone], &input[zone]);
        }
        self.reset_rates();
        self.settled = self.clock;
        self.clock = 0;
        self.events.clear();
        self.hash = FNV_OFFSET;
        self.learning = true;
    }

    /// Runs each step on `threads` threads, of which 1 is the calling one alone (as 0 is). It pays from `large` on: handing a
    /// step over takes longer than a step of `small`. Spikes do not depend on it; copies share the threads.
    ///
    /// # Errors
    /// If the system gives no threads; the circuit then keeps those it had.
    pub fn set_threads(&mut self, threads: usize) -> Result<(), NoThreads> {
        self.threads = Threads::new(threads)?;
        Ok(())
    }

    /// Threads that a step runs on.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.count()
    }

    /// One step of 1 ms.
    pub fn step(&mut self) {
        self.mossy.step();
        self.granular.step(&self.mossy, self.threads.pool());
        self.release();
        let withheld = Zone::ALL.map(|zone| self.schedule.withholds(zone, self.clock));
        let Self { parameters, mossy, granular, zones: [early, late], settled, learning, .. } = self;
        let live = |complex: &mut Microcomplex, zone: Zone| {
            complex.step(mossy, granular.spikes(), withheld[zone.index()], *learning);
            complex.collect(parameters, zone, *settled);
            if *learning {
                complex.learn();
            }
        };
        match self.threads.pool() {
            None => {
                live(early, Zone::Early);
                live(late, Zone::Late);
            }
            Some(pool) => {
                pool.join(|| live(early, Zone::Early), || live(late, Zone::Late));
            }
        }
        self.events.clear();
        self.events.extend(self.zones.iter().flat_map(Microcomplex::events));
        self.count();
        self.clock += 1;
    }

    fn count(&mut self) {
        let tally = &mut self.tally;
        tally.steps += 1;
        tally.mossy += self.mossy.spikes().len() as u64;
        tally.granule += self.granular.spikes().len() as u64;
        tally.golgi += self.granular.golgi_spikes().len() as u64;
        let mut hash = (self.hash ^ self.clock).wrapping_mul(FNV_PRIME);
        for cell in self.granular.spikes() {
            hash = (hash ^ u64::from(*cell)).wrapping_mul(FNV_PRIME);
        }
        for cell in self.granular.golgi_spikes() {
            hash = (hash ^ u64::from(*cell)).wrapping_mul(FNV_PRIME);
        }
        for (zone, counts) in self.zones.iter().zip(&mut tally.zones) {
            let spikes = [zone.mli1_spikes(), zone.mli2_spikes(), zone.purkinje_spikes(), zone.nuclear_spikes()];
            for (count, spikes) in counts.iter_mut().zip(spikes) {
                *count += spikes.len() as u64;
            }
            counts[4] += u64::from(zone.fired().count_ones());
            for cell in zone.purkinje_spikes().iter().chain(zone.nuclear_spikes()) {
                hash = (hash ^ u64::from(*cell)).wrapping_mul(FNV_PRIME);
            }
        }
        self.hash = hash;
    }

    /// Steps done since the circuit settled; the next to come has this number.
    #[must_use]
    pub fn clock(&self) -> u64 {
        self.clock
    }

    /// Turns a cue on (its onset is the next step) or off.
    pub fn set_cue(&mut self, cue: Option<u32>) {
        self.mossy.set_cue(cue);
    }

    /// Says which drill is on.
    pub fn set_context(&mut self, context: u32) {
        self.mossy.set_context(context);
    }

    /// The mossy fibres, to be driven from outside.
    pub fn mossy_mut(&mut self) -> &mut Mossy {
        &mut self.mossy
    }

    #[must_use]
    pub fn mossy(&self) -> &Mossy {
        &self.mossy
    }

    #[must_use]
    pub fn granular(&self) -> &GranularLayer {
        &self.granular
    }

    #[must_use]
    pub fn zone(&self, zone: Zone) -> &Microcomplex {
        &self.zones[zone.index()]
    }

    /// As [`Self::zone`], to set weights by hand.
    pub fn zone_mut(&mut self, zone: Zone) -> &mut Microcomplex {
        &mut self.zones[zone.index()]
    }

    /// Switches all plasticity on or off.
    pub fn set_learning(&mut self, learning: bool) {
        self.learning = learning;
    }

    #[must_use]
    pub fn learning(&self) -> bool {
        self.learning
    }

    /// Climbing-fibre events whose calcium became known in the step just done, 22 steps after the fibre's spike: early
    /// zone first, fibres ascending.
    #[must_use]
    pub fn events(&self) -> &[FibreEvent] {
        &self.events
    }

    /// Mean rates while the circuit settled, before any manipulation.
    #[must_use]
    pub fn rest(&self) -> Rates {
        self.rest
    }

    /// Mean rates since [`Self::reset_rates`], or since step 0.
    #[must_use]
    pub fn rates(&self) -> Rates {
        let Tally { steps, mossy, granule, golgi, zones } = &self.tally;
        let seconds = (*steps).max(1) as f64 * 1e-3;
        let cells = &self.parameters.cells;
        let rate = |spikes: u64, cells: usize| spikes as f64 / (cells as f64 * seconds);
        let each = |kind: usize, cells: usize| [rate(zones[0][kind], cells), rate(zones[1][kind], cells)];
        Rates {
            mossy: rate(*mossy, cells.mossy),
            granule: rate(*granule, cells.granule),
            golgi: rate(*golgi, cells.golgi),
            mli1: each(0, cells.mli1),
            mli2: each(1, cells.mli2),
            purkinje: each(2, cells.fibres),
            nuclei: each(3, cells.nuclei),
            fibres: each(4, cells.fibres),
        }
    }

    /// Begins to count anew for [`Self::rates`].
    pub fn reset_rates(&mut self) {
        self.tally = Tally::default();
    }

    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Hash of every spike since step 0.
    #[must_use]
    pub fn spike_hash(&self) -> u64 {
        self.zones.iter().fold(self.hash, |hash, zone| (hash ^ zone.microzone.spike_hash()).wrapping_mul(FNV_PRIME))
    }
}

/// Mean rate of the granule cells at rest, Hz, over two seconds after `forget` steps.
fn granule_rate(mossy: &mut Mossy, granular: &mut GranularLayer, forget: u32) -> f64 {
    const STEPS: u32 = 2_000;
    let mut spikes = 0;
    for step in 0..forget + STEPS {
        mossy.step();
        granular.step(mossy, None);
        if step >= forget {
            spikes += granular.spikes().len();
        }
    }
    // A silent layer drives nothing at any conductance.
    (spikes as f64 / (f64::from(STEPS) * 1e-3 * granular.count() as f64)).max(0.01)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick() -> Parameters {
        let mut parameters = Parameters::of(Preset::Small);
        parameters.circuit = Settings { forget: 200, settle: 1_000 };
        parameters
    }

    fn run(circuit: &mut Circuit, steps: u64) {
        for _ in 0..steps {
            circuit.step();
        }
    }

    #[test]
    fn a_copy_goes_on_as_the_original_does() {
        let mut whole = Circuit::new(&quick(), 1).expect("the preset passes its check");
        run(&mut whole, 100);
        let mut copy = whole.clone();
        for circuit in [&mut whole, &mut copy] {
            circuit.set_cue(Some(0));
            run(circuit, 300);
        }
        assert_eq!(whole.spike_hash(), copy.spike_hash());
        assert_ne!(
            whole.spike_hash(),
            Circuit::new(&quick(), 2)
                .map(|mut other| {
                    run(&mut other, 400);
                    other.spike_hash()
                })
                .expect("the preset passes its check")
        );
    }

    #[test]
    fn any_number_of_threads_gives_the_same_spikes() {
        let settled = Circuit::new(&quick(), 1).expect("the preset passes its check");
        let mut hashes = Vec::new();
        for threads in [1, 2, 4] {
            for _ in 0..3 {
                let mut circuit = settled.clone();
                circuit.set_threads(threads).expect("the system gives a few threads");
                assert_eq!(circuit.threads(), threads);
                circuit.set_cue(Some(0));
                circuit.error(1, Zone::Early, 2.0, 100).expect("it lies ahead");
                circuit.volley(Zone::Late, 0.6, 5.0, 300).expect("it lies ahead");
                run(&mut circuit, 500);
                hashes.push(circuit.spike_hash());
            }
        }
        assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:x?}");
    }

    #[test]
    fn every_population_fires_at_rest() {
        let rest = Circuit::new(&quick(), 1).expect("the preset passes its check").rest();
        let zones = [rest.mli1, rest.mli2, rest.purkinje, rest.nuclei, rest.fibres].concat();
        assert!(zones.iter().chain(&[rest.mossy, rest.granule, rest.golgi]).all(|rate| *rate > 0.3), "{rest:?}");
    }

    #[test]
    fn nonsense_is_refused_before_anything_is_drawn() {
        let mut parameters = quick();
        parameters.cells.granule = 0;
        let faults = Circuit::new(&parameters, 1).expect_err("there are no granule cells");
        assert_eq!(faults[0].field, "cells.granule");
    }
}
