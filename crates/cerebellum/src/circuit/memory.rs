//! What a circuit takes in memory: counted, and estimated before it is drawn, so that one that does not fit is refused and not
//! killed half-way.

use super::Circuit;
use crate::granule;
use crate::parameters::{Fault, Parameters, settings};
use crate::purkinje::{HISTORY, WINDOW_TO_MS};

settings! {
    /// What a circuit may take.
    pub struct Limits {
        /// Most memory that a circuit may take ◇. The model cannot ask how much there is: whoever runs it may lower this.
        memory: u32 [1, 16_777_216] "MiB",
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 1_024 }
    }
}

const MIB: f64 = 1024.0 * 1024.0;

impl Circuit {
    /// Bytes that it holds, spare room included; threads' stacks are not.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.mossy.bytes()
            + self.granular.bytes()
            + self.zones.iter().map(super::Microcomplex::bytes).sum::<usize>()
    }
}

impl Parameters {
    /// About the bytes that a circuit holds ([`Circuit::bytes`]): within a fifth.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let (cells, wires) = (&self.cells, &self.wiring);
        let [granule, fibres, mli1, mli2, mossy, nuclei] =
            [cells.granule, cells.fibres, cells.mli1, cells.mli2, cells.mossy, cells.nuclei].map(|cells| cells as u64);
        let contacts = (self.plasticity.contacts as u64).min(fibres);
        // Weights, eligibility (its value, its step, a place among those eligible where they are listed), and where its
        // contacts begin.
        let place = if self.plasticity.lists_eligible(cells.fibres) { 8 } else { 0 };
        let synapses = granule * (4 * contacts + 4 + 4 + place + 4);
        let parallel = 2 * (mli1 + mli2) * (wires.pf_partners as u64).min(granule);
        // Spikes that wait to become eligible, at some 4 Hz.
        let waiting = (WINDOW_TO_MS + self.plasticity.eligibility_lag) * granule / 32;
        // A cell's state, its spikes on their way, and its junctions' places; six bytes a pair that is connected.
        let states = (mli1 + mli2) * (40 + 18) + 112 * mli1 + fibres * (4 * HISTORY as u64 + 120) + nuclei * 60;
        let received = [
            (mli1, wires.cf_mli1_partners + wires.mli2_mli1_partners + wires.mli1_mli1_partners),
            (mli2, wires.cf_mli2_partners + wires.mli2_mli2_partners + wires.mli1_mli2_partners),
            (fibres, wires.mli1_purkinje_share * mli1 as f64 + wires.mli2_purkinje_partners),
        ];
        let pairs: f64 = received.iter().map(|(cells, partners)| *cells as f64 * partners).sum();
        let zone = synapses + parallel + waiting + states + (6.0 * pairs) as u64 + 4 * mossy * nuclei;
        2 * zone + granule::estimate(self) + 18 * mossy
    }

    /// That a circuit fits into `bytes`.
    ///
    /// # Errors
    /// If its estimate does not; the fault names what takes most.
    pub fn check_memory(&self, bytes: u64) -> Result<(), Fault> {
        let needed = self.memory();
        if needed <= bytes {
            return Ok(());
        }
        let (granule, contacts) = (self.cells.granule, self.plasticity.contacts.min(self.cells.fibres));
        Err(Fault {
            field: format!("memory for cells.granule × plasticity.contacts ({granule} × {contacts}) in 2 microzones"),
            value: libm::ceil(needed as f64 / MIB),
            low: 0.0,
            high: libm::floor(bytes as f64 / MIB),
            unit: " MiB".to_owned(),
        })
    }

    /// As [`Self::check_memory`], for what `limits.memory` allows.
    pub(crate) fn check_limit(&self) -> Result<(), Fault> {
        self.check_memory(u64::from(self.limits.memory) << 20)
            .map_err(|fault| Fault { unit: " MiB, which is limits.memory".to_owned(), ..fault })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preset;
    use crate::network::Zone;

    #[test]
    fn the_estimate_is_what_a_circuit_holds_within_a_fifth() {
        for preset in [Preset::Small, Preset::Standard, Preset::Large] {
            let mut parameters = Parameters::of(preset);
            parameters.circuit = crate::circuit::Settings { forget: 100, settle: 200 };
            let mut circuit = Circuit::new(&parameters, 1).expect("the preset passes its check");
            circuit.set_cue(Some(1));
            circuit.volley(Zone::Early, 0.6, 3.0, 100).expect("it lies ahead");
            for _ in 0..300 {
                circuit.step();
            }
            let (held, estimate) = (circuit.bytes() as f64, parameters.memory() as f64);
            assert!((estimate / held - 1.0).abs() < 0.2, "{preset:?}: {estimate} estimated, {held} held");
            assert!(held <= 64.0 * MIB, "{preset:?}: {held}");
        }
    }

    #[test]
    fn more_synapses_than_memory_are_refused_before_anything_is_drawn() {
        let mut parameters = Parameters::of(Preset::Small);
        parameters.cells.granule = 4_194_304;
        parameters.cells.fibres = 64;
        parameters.plasticity.contacts = 64;
        let faults = Circuit::new(&parameters, 1).expect_err("it takes over 2 GiB");
        assert_eq!(
            faults[0].to_string(),
            format!(
                "memory for cells.granule × plasticity.contacts (4194304 × 64) in 2 microzones is {}: it must be 0 … 1024 \
                 MiB, which is limits.memory",
                faults[0].value
            )
        );
        assert!((2_048.0..2_600.0).contains(&faults[0].value), "{}", faults[0].value);
        assert_eq!(parameters.check_memory(3 << 30), Ok(()));
    }
}
