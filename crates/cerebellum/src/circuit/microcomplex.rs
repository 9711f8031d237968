//! A microcomplex: a microzone, the somata of its Purkinje cells, the plastic synapses on them, and the nucleus below.

use serde::{Deserialize, Serialize};

use super::FibreEvent;
use crate::inferior::{Cells, Coupling, Inferior};
use crate::microzone::{Microzone, Parallel, Rest, SLOTS};
use crate::mossy::Mossy;
use crate::network::Zone;
use crate::nuclei::Nuclei;
use crate::parameters::Parameters;
use crate::plasticity::{Instruction, MossySynapses, ParallelFibres};
use crate::purkinje::WINDOW_TO_MS;
use crate::rng::Stream;
use crate::shape::{self, Misfit};
use crate::soma::Somata;
use crate::wiring::{Projection, Reach, Rule};

/// Steps from an interneuron's spike to its effect on a Purkinje cell's soma (Park 2026: 1.65 ms; with steps of 1 ms, 2).
const SOMA_DELAY: usize = 2;

/// One sign of error's cells, from parallel fibre to nucleus.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Microcomplex {
    pub(crate) microzone: Microzone,
    somata: Somata,
    synapses: ParallelFibres,
    mli2_purkinje: Projection,
    /// Conductance of a parallel fibre's synapse of weight 1, nS.
    pf_conductance: f32,
    /// Conductance that a full volley of its MLI1 gives each Purkinje cell, nS.
    mli1_conductance: Vec<f32>,
    /// Parallel-fibre input of this step.
    excitation: Vec<f32>,
    /// Inhibition on its way, by step.
    inhibition: [Vec<f32>; SLOTS],
    purkinje_spikes: Vec<u16>,
    nuclei: Nuclei,
    mossy_synapses: MossySynapses,
    /// The olive's cells, where they are simulated.
    inferior: Option<Inferior>,
    coupling: Coupling,
    thinning: Stream,
    lost: Vec<u16>,
    olive_coupling: f64,
    nucleo_olivary: f64,
    /// Those that the step just done made known.
    events: Vec<FibreEvent>,
    pub(super) excitation_factor: f32,
    pub(super) inhibition_factor: f32,
    settled: bool,
}

impl Microcomplex {
    pub(super) fn new(parameters: &Parameters, seed: u64, zone: Zone, granule_rate: f64) -> Self {
        let index = zone.index() as u64;
        let cells = &parameters.cells;
        let n = cells.fibres;
        let microzone = Microzone::wired(parameters, seed, index, granule_rate);
        let soma = &parameters.soma;
        let synapses = ParallelFibres::new(parameters);
        // A steady drive of r spikes a step comes to r / (1 − e^(−1/τ)) of conductance.
        let partners = (cells.granule * synapses.contacts()) as f64 / n as f64;
        let held = 1.0 / (1.0 - libm::exp(-1.0 / soma.pf_decay));
        let pf_conductance = f64::from(soma.pf_rest) / (partners * granule_rate * 1e-3 * held);
        let rule = Rule {
            partners: parameters.wiring.mli2_purkinje_partners,
            synapses: 1.0,
            weight: soma.mli_conductance,
            reach: Reach::Zone,
            recurrent: false,
        };
        let mut stream = Stream::named(seed, "mli2 to purkinje", index);
        Self {
            somata: Somata::new(soma, n, &mut Stream::named(seed, "purkinje somata", index)),
            synapses,
            mli2_purkinje: Projection::draw(cells.mli2, n, rule, &mut stream),
            pf_conductance: pf_conductance as f32,
            mli1_conductance: microzone.purkinje_synapses().iter().map(|count| count * soma.mli_conductance).collect(),
            excitation: vec![0.0; n],
            inhibition: core::array::from_fn(|_| vec![0.0; n]),
            purkinje_spikes: Vec::with_capacity(n),
            nuclei: Nuclei::new(parameters, seed, index),
            mossy_synapses: MossySynapses::new(parameters),
            inferior: (parameters.inferior.cells == Cells::Network).then(|| Inferior::new(parameters, seed, index)),
            coupling: Coupling::new(&parameters.inferior),
            thinning: Stream::named(seed, "held olive", index),
            lost: Vec::new(),
            olive_coupling: 1.0,
            nucleo_olivary: 1.0,
            events: Vec::with_capacity(n),
            excitation_factor: 1.0,
            inhibition_factor: 1.0,
            settled: false,
            microzone,
        }
    }

    pub(super) fn set_rest(&mut self, rest: Rest, inhibition: &[f64], nuclei: f64, input: &[f64]) {
        self.microzone.set_rest(rest, inhibition);
        self.nuclei.set_rest(nuclei, input);
        self.settled = true;
    }

    pub(super) fn step(&mut self, mossy: &Mossy, granule: &[u32], withhold: bool, learning: bool) {
        let step = self.microzone.clock();
        self.step_olive(step);
        self.microzone.step(withhold, Parallel::Spikes(granule));
        self.excitation.fill(0.0);
        self.synapses.deliver(granule, &mut self.excitation);
        self.synapses.step(granule, learning);
        let scale = self.pf_conductance * self.excitation_factor;
        for sum in &mut self.excitation {
            *sum *= scale;
        }
        let now = step as usize % SLOTS;
        let arrived = (now + SLOTS - SOMA_DELAY) % SLOTS;
        let leaving = &mut self.inhibition[now];
        for ((sum, arriving), conductance) in
            leaving.iter_mut().zip(self.microzone.purkinje.arriving()).zip(&self.mli1_conductance)
        {
            *sum = arriving * conductance;
        }
        self.mli2_purkinje.deliver(self.microzone.mli2_spikes(), leaving);
        for sum in leaving.iter_mut() {
            *sum *= self.inhibition_factor;
        }
        self.somata.climb(self.microzone.fired(step));
        let (purkinje, settled) = (&self.microzone.purkinje, self.settled);
        // What rest is becomes known when the circuit has settled.
        let brake = |cell| if settled { purkinje.inhibition_at(cell, step) as f32 } else { 1.0 };
        self.somata.step(&self.excitation, &self.inhibition[arrived], brake, &mut self.purkinje_spikes);
        self.nuclei.step(&self.purkinje_spikes, mossy.spikes(), &self.mossy_synapses);
        if learning {
            self.mossy_synapses.learn(mossy.spikes(), self.nuclei.inhibition());
        }
    }

    /// The nucleus holds the olive down, whose cells, where they are simulated, fire by themselves.
    fn step_olive(&mut self, step: u64) {
        let hold = if self.settled { self.olive_suppression() } else { 0.0 };
        self.coupling.step(hold);
        let coupling = self.olive_coupling();
        match &mut self.inferior {
            Some(cells) => {
                debug_assert_eq!(cells.clock(), step);
                cells.step(hold, coupling);
                self.microzone.allowed = 0;
                self.microzone.olive = cells.spikes().iter().fold(0, |set, cell| set | 1 << cell);
            }
            // Two spontaneous fibres seldom share a step, so that one coin will do for both.
            None => self.microzone.allowed = if hold > 0.0 && self.thinning.bernoulli(hold) { 0 } else { u64::MAX },
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.microzone.bytes()
            + self.somata.bytes()
            + self.synapses.bytes()
            + self.mli2_purkinje.bytes()
            + self.nuclei.bytes()
            + self.mossy_synapses.bytes()
            + self.inferior.as_ref().map_or(0, Inferior::bytes)
            + shape::held(&[&self.mli1_conductance, &self.excitation])
            + shape::held(&self.inhibition.each_ref())
            + shape::held(&[&self.purkinje_spikes, &self.lost])
            + shape::held(&[&self.events])
    }

    /// That a state fits its parameters and has lived `steps`.
    pub(super) fn fits(&self, parameters: &Parameters, steps: u64) -> Result<(), Misfit> {
        let crate::presets::Cells { fibres, mli2, .. } = parameters.cells;
        shape::same("microzone: steps", self.microzone.clock(), steps)?;
        self.microzone.fits(parameters)?;
        self.somata.fits(fibres)?;
        shape::settings("Purkinje somata", self.somata.settings(), &parameters.soma)?;
        self.synapses.fits(parameters)?;
        self.mli2_purkinje.fits(mli2, fibres)?;
        shape::lengths("Purkinje cells: input", &[&self.mli1_conductance, &self.excitation], fibres)?;
        self.inhibition.iter().try_for_each(|row| shape::length("Purkinje cells: inhibition", row, fibres))?;
        shape::below("Purkinje cells: spikes", &self.purkinje_spikes, fibres as u64)?;
        self.nuclei.fits(parameters, steps)?;
        self.mossy_synapses.fits(parameters)?;
        shape::same(
            "olive cells",
            self.inferior.is_some().into(),
            (parameters.inferior.cells == Cells::Network).into(),
        )?;
        self.inferior.iter().try_for_each(|cells| cells.fits(parameters, steps))
    }

    pub(super) fn has_olive_cells(&self) -> bool {
        self.inferior.is_some()
    }

    /// Excites olive cells: (cell, step, share of cells that such a pulse makes fire), where `now` is the circuit's clock.
    pub(super) fn excite_olive(&mut self, pulses: &[(usize, u64, f64)], now: u64) {
        if let Some(cells) = &mut self.inferior {
            for &(cell, at, share) in pulses {
                let charge = cells.charge(share);
                cells.excite(cell, cells.clock() + (at - now), charge);
            }
        }
    }

    /// Finds the events that this step made known.
    pub(super) fn collect(&mut self, parameters: &Parameters, zone: Zone, settled: u64) {
        self.events.clear();
        let Some(fired) = (self.microzone.clock() - 1).checked_sub(WINDOW_TO_MS).filter(|fired| *fired >= settled)
        else {
            return;
        };
        let called = self.microzone.called(fired);
        let mut set = self.microzone.fired(fired);
        while set != 0 {
            let fibre = set.trailing_zeros();
            set &= set - 1;
            let calcium = parameters.window.calcium(self.microzone.purkinje.inhibition_after(fibre as usize, fired));
            self.events.push(FibreEvent {
                zone,
                fibre: fibre as u16,
                step: fired - settled,
                calcium,
                lambda: parameters.window.lambda(calcium),
                spontaneous: called >> fibre & 1 == 0,
            });
        }
    }

    /// Events that the step just done made known, fibres ascending.
    pub(super) fn events(&self) -> &[FibreEvent] {
        &self.events
    }

    pub(super) fn learn(&mut self) {
        for event in &self.events {
            if !self.lost.contains(&event.fibre) {
                let (cell, calcium, lambda) = (usize::from(event.fibre), event.calcium, event.lambda);
                self.synapses.instruct(Instruction { cell, calcium, lambda });
            }
        }
    }

    pub(super) fn lose(&mut self, cells: &[usize]) {
        for &cell in cells {
            self.somata.lose(cell);
            self.lost.push(cell as u16);
        }
    }

    pub(super) fn set_olive_coupling(&mut self, factor: f64) {
        self.olive_coupling = factor.clamp(0.0, 1.0);
    }

    pub(super) fn set_nucleo_olivary(&mut self, factor: f64) {
        self.nucleo_olivary = factor.max(0.0);
    }

    /// Share of a volley that the nucleus's inhibition of the olive takes away now, 0…1.
    #[must_use]
    pub fn olive_suppression(&self) -> f64 {
        (self.nuclei.hold() * self.nucleo_olivary).clamp(0.0, 1.0)
    }

    /// How far the olive's cells are coupled, 0…1.
    #[must_use]
    pub fn olive_coupling(&self) -> f64 {
        self.olive_coupling * self.coupling.state()
    }

    /// MLI1 that fired in the step just done, ascending; so are the next.
    #[must_use]
    pub fn mli1_spikes(&self) -> &[u16] {
        self.microzone.mli1_spikes()
    }

    #[must_use]
    pub fn mli2_spikes(&self) -> &[u16] {
        self.microzone.mli2_spikes()
    }

    /// Purkinje cells that fired a simple spike or a complex spike's spikelet.
    #[must_use]
    pub fn purkinje_spikes(&self) -> &[u16] {
        &self.purkinje_spikes
    }

    #[must_use]
    pub fn nuclear_spikes(&self) -> &[u16] {
        self.nuclei.spikes()
    }

    /// The nucleus below.
    #[must_use]
    pub fn nuclei(&self) -> &Nuclei {
        &self.nuclei
    }

    /// Synapses of mossy fibres on the nucleus.
    #[must_use]
    pub fn mossy_synapses(&self) -> &MossySynapses {
        &self.mossy_synapses
    }

    /// Climbing fibres that fired in the step just done, one bit each.
    #[must_use]
    pub fn fired(&self) -> u64 {
        self.microzone.fired(self.microzone.clock() - 1)
    }

    /// Interneurons, fibres and dendrites.
    #[must_use]
    pub fn microzone(&self) -> &Microzone {
        &self.microzone
    }

    #[must_use]
    pub fn somata(&self) -> &Somata {
        &self.somata
    }

    /// Synapses of parallel fibres on the Purkinje cells.
    #[must_use]
    pub fn synapses(&self) -> &ParallelFibres {
        &self.synapses
    }

    /// As [`Self::synapses`], to set weights by hand.
    pub fn synapses_mut(&mut self) -> &mut ParallelFibres {
        &mut self.synapses
    }

    /// Conductance of a parallel fibre's synapse of weight 1 on a Purkinje cell, nS.
    #[must_use]
    pub fn pf_conductance(&self) -> f32 {
        self.pf_conductance
    }
}
