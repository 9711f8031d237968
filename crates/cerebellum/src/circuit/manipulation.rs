//! Manipulations: what an experiment takes out of the circuit, or turns up and down. Rates at rest, and each Purkinje
//! cell's inhibition at rest, stay those of the intact circuit.

use serde::{Deserialize, Serialize};

use super::Circuit;
use crate::rng::Stream;

/// One change, of both microzones. A factor of 1 undoes the last of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manipulation {
    /// MLI2 never fire.
    Mli2Silenced(bool),
    /// Factor on the tonic drive of MLI1.
    Mli1Drive(f32),
    /// Factor on the tonic drive of MLI2.
    Mli2Drive(f32),
    /// Factor on the gap junctions between MLI1.
    GapConductance(f32),
    /// Factor on the coupling of the olive's cells, 0…1.
    OliveCoupling(f64),
    /// Factor on the nucleus's inhibition of the olive.
    NucleoOlivary(f64),
    /// This share of the Purkinje cells, chosen by chance, is lost for good.
    PurkinjeLoss(f64),
    /// Factor on what parallel fibres do to interneurons and Purkinje cells.
    Excitation(f32),
    /// Factor on what interneurons do to one another and to Purkinje cells.
    Inhibition(f32),
    /// Factor on the calcium of climbing fibres' events, as a chelator or uncaging would set it.
    Calcium(f64),
}

impl Circuit {
    /// Makes a change from the next step on.
    pub fn manipulate(&mut self, manipulation: Manipulation) {
        for (index, complex) in self.zones.iter_mut().enumerate() {
            let zone = &mut complex.microzone;
            match manipulation {
                Manipulation::Mli2Silenced(silenced) => zone.mli2.silenced = silenced,
                Manipulation::Mli1Drive(factor) => zone.mli1.factors.drive = factor,
                Manipulation::Mli2Drive(factor) => zone.mli2.factors.drive = factor,
                Manipulation::GapConductance(factor) => {
                    zone.set_gap_conductance(self.parameters.wiring.gap_conductance * factor);
                }
                Manipulation::OliveCoupling(factor) => complex.set_olive_coupling(factor),
                Manipulation::NucleoOlivary(factor) => complex.set_nucleo_olivary(factor),
                Manipulation::PurkinjeLoss(share) => {
                    let mut cells: Vec<usize> = (0..self.parameters.cells.fibres).collect();
                    Stream::named(self.seed, "purkinje loss", index as u64).shuffle(&mut cells);
                    let lost = libm::round(share.clamp(0.0, 1.0) * cells.len() as f64) as usize;
                    complex.lose(&cells[..lost]);
                }
                Manipulation::Excitation(factor) => {
                    zone.mli1.factors.excitation = factor;
                    zone.mli2.factors.excitation = factor;
                    complex.excitation_factor = factor;
                }
                Manipulation::Inhibition(factor) => {
                    zone.mli1.factors.inhibition = factor;
                    zone.mli2.factors.inhibition = factor;
                    complex.inhibition_factor = factor;
                }
                Manipulation::Calcium(factor) => complex.calcium_factor = factor,
            }
        }
    }
}
