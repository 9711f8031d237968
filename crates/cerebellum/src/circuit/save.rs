//! A circuit as bytes, to be kept and gone on with: the run in pieces gives the spikes of the run in one. Threads are not
//! kept; a circuit that was read runs on one.

use thiserror::Error;

use super::Circuit;
use crate::MODEL_VERSION;
use crate::parameters::Fault;
use crate::rng::{FNV_OFFSET, FNV_PRIME};
use crate::shape::{self, Misfit};

/// First bytes.
const MAGIC: [u8; 8] = *b"DOOZYCIR";
/// Layout of what follows: format, model (u32 each), length of the content, checksum (u64 each; all little-endian), and the
/// content (postcard 1), parameters first.
const FORMAT: u32 = 2;
const HEAD: usize = 32;

/// Why bytes are no circuit.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Unreadable {
    #[error("these are not the bytes of a circuit: they must begin with \"DOOZYCIR\" and be at least {HEAD} long")]
    Foreign,
    #[error("the circuit is written in format {found}; this program reads format {FORMAT}")]
    Format { found: u32 },
    #[error("the circuit is of model {found}, this program of model {MODEL_VERSION}: it must be run anew")]
    Model { found: u32 },
    #[error(
        "the circuit has {found} bytes of content and says that it has {said}: it is cut off, or something follows it"
    )]
    Length { found: u64, said: u64 },
    #[error("the circuit is damaged: its checksum is {found:016x} and must be {said:016x}")]
    Damaged { found: u64, said: u64 },
    #[error("the circuit's content cannot be read: {0}")]
    Content(String),
    #[error("the circuit's parameters are out of their ranges: {}", shown(.0))]
    Parameters(Vec<Fault>),
    #[error("the circuit's state does not fit its parameters: {0}")]
    State(#[from] Misfit),
}

fn shown(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// FNV-1a of what lies before the checksum and of the content.
fn checksum(head: &[u8], content: &[u8]) -> u64 {
    head.iter().chain(content).fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME))
}

impl Circuit {
    /// Everything that decides its spikes to come, as bytes.
    ///
    /// # Panics
    /// Never: everything in a circuit can be written.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let content = postcard::to_allocvec(self).expect("all that a circuit holds can be written");
        let mut bytes = Vec::with_capacity(HEAD + content.len());
        bytes.extend(MAGIC);
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend(MODEL_VERSION.to_le_bytes());
        bytes.extend((content.len() as u64).to_le_bytes());
        bytes.extend(checksum(&bytes, &content).to_le_bytes());
        bytes.extend(content);
        bytes
    }

    /// The circuit that [`Self::save`] wrote.
    ///
    /// # Errors
    /// If the bytes are not that, all of it and no more; of another format or model; or of a state that its own parameters
    /// do not allow.
    pub fn restore(bytes: &[u8]) -> Result<Self, Unreadable> {
        let (head, content) = bytes.split_at_checked(HEAD).ok_or(Unreadable::Foreign)?;
        if head[..8] != MAGIC {
            return Err(Unreadable::Foreign);
        }
        let short = |at: usize| u32::from_le_bytes(core::array::from_fn(|k| head[at + k]));
        let long = |at: usize| u64::from_le_bytes(core::array::from_fn(|k| head[at + k]));
        let (format, model, length, said) = (short(8), short(12), long(16), long(24));
        if format != FORMAT {
            return Err(Unreadable::Format { found: format });
        }
        if model != MODEL_VERSION {
            return Err(Unreadable::Model { found: model });
        }
        if length != content.len() as u64 {
            return Err(Unreadable::Length { found: content.len() as u64, said: length });
        }
        let found = checksum(&head[..24], content);
        if found != said {
            return Err(Unreadable::Damaged { found, said });
        }
        let (circuit, rest): (Self, _) =
            postcard::take_from_bytes(content).map_err(|why| Unreadable::Content(why.to_string()))?;
        if !rest.is_empty() {
            return Err(Unreadable::Content(format!("{} bytes are left over", rest.len())));
        }
        circuit.parameters.check().map_err(Unreadable::Parameters)?;
        circuit.fits()?;
        Ok(circuit)
    }

    /// That the state fits the parameters.
    fn fits(&self) -> Result<(), Misfit> {
        shape::below("circuit: steps", &[self.clock, self.settled], shape::LATEST)?;
        self.mossy.fits(&self.parameters)?;
        self.granular.fits(&self.parameters)?;
        self.schedule.fits(self.parameters.cells.fibres)?;
        self.zones.iter().try_for_each(|zone| zone.fits(&self.parameters, self.settled + self.clock))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::circuit::{Manipulation, Settings};
    use crate::granule::Layer;
    use crate::network::Zone;
    use crate::{Parameters, Preset};

    fn quick(preset: Preset) -> Parameters {
        let mut parameters = Parameters::of(preset);
        parameters.cells.granule = 512;
        parameters.circuit = Settings { forget: 100, settle: 300 };
        parameters
    }

    /// A circuit in the middle of everything: a cue, volleys asked for and on their way, cells lost.
    fn busy(parameters: &Parameters) -> Circuit {
        let mut circuit = Circuit::new(parameters, 3).expect("the parameters pass their check");
        circuit.set_context(2);
        circuit.set_cue(Some(1));
        for _ in 0..90 {
            circuit.step();
        }
        for manipulation in [
            Manipulation::Mli2Drive(1.2),
            Manipulation::GapConductance(0.5),
            Manipulation::OliveCoupling(0.7),
            Manipulation::PurkinjeLoss(0.1),
            Manipulation::Excitation(1.1),
        ] {
            circuit.manipulate(manipulation);
        }
        circuit.mossy_mut().set_rate(40, Some(70.0));
        circuit.volley(Zone::Early, 0.7, 5.0, 130).expect("it lies ahead");
        circuit.volley(Zone::Late, 0.4, 20.0, 400).expect("it lies ahead");
        circuit.error(7, Zone::Late, 2.5, 95).expect("it lies ahead");
        circuit.recruit(Zone::Early, 5, 160).expect("it lies ahead");
        for _ in 0..40 {
            circuit.step();
        }
        circuit
    }

    fn passage() -> Parameters {
        let mut parameters = quick(Preset::Small);
        parameters.granule.layer = Layer::PassageOfTime;
        parameters
    }

    static SAVED: LazyLock<Vec<u8>> = LazyLock::new(|| busy(&quick(Preset::Small)).save());
    static PASSAGE: LazyLock<Vec<u8>> = LazyLock::new(|| busy(&passage()).save());

    /// `content` with the head that belongs to it.
    fn sealed(content: &[u8]) -> Vec<u8> {
        let mut bytes = SAVED[..16].to_vec();
        bytes.extend((content.len() as u64).to_le_bytes());
        bytes.extend(checksum(&bytes, content).to_le_bytes());
        bytes.extend(content);
        bytes
    }

    #[test]
    fn a_run_in_pieces_is_the_run_in_one() {
        let mut parameters = [quick(Preset::Small), quick(Preset::Small), passage()];
        parameters[1].inferior.cells = crate::inferior::Cells::Network;
        parameters[1].inferior.uncoupling = true;
        parameters[1].interneurons.cf_kernel = crate::interneurons::Kernel::Spillover;
        parameters[1].interneurons.gaba_rise = 1.8;
        parameters[1].plasticity.contacts = 9;
        for parameters in parameters {
            let mut whole = busy(&parameters);
            let mut pieces = whole.clone();
            for steps in [1, 7, 30, 200, 60] {
                pieces = Circuit::restore(&pieces.save()).expect("it was saved just now");
                for circuit in [&mut whole, &mut pieces] {
                    for _ in 0..steps {
                        circuit.step();
                    }
                }
                assert_eq!(whole.spike_hash(), pieces.spike_hash(), "{steps}");
                // Weights, potentials, all that there is.
                assert!(whole.save() == pieces.save(), "{steps}");
            }
        }
    }

    #[test]
    fn what_is_cut_off_or_followed_by_more_is_refused() {
        for end in 0..SAVED.len() {
            assert!(Circuit::restore(&SAVED[..end]).is_err(), "{end}");
        }
        let mut more = SAVED.clone();
        more.push(0);
        let content = more.len() as u64 - HEAD as u64;
        let refused = Circuit::restore(&more).expect_err("a byte follows");
        assert_eq!(refused, Unreadable::Length { found: content, said: content - 1 });
        assert!(matches!(Circuit::restore(&sealed(&more[HEAD..])), Err(Unreadable::Content(_))));
    }

    #[test]
    fn another_format_or_model_is_refused_by_name() {
        let mut other = SAVED.clone();
        other[12..16].copy_from_slice(&(MODEL_VERSION + 1).to_le_bytes());
        let refused = Circuit::restore(&other).expect_err("it is of another model");
        assert_eq!(refused, Unreadable::Model { found: MODEL_VERSION + 1 });
        other[8] = 9;
        assert_eq!(Circuit::restore(&other).expect_err("and of another format"), Unreadable::Format { found: 9 });
        other[0] = b'd';
        assert_eq!(Circuit::restore(&other).expect_err("and no circuit"), Unreadable::Foreign);
    }

    #[test]
    fn a_state_that_contradicts_its_parameters_is_refused() {
        let refused = |change: fn(&mut Circuit)| {
            let mut circuit = Circuit::restore(&SAVED).expect("it was saved");
            change(&mut circuit);
            Circuit::restore(&circuit.save()).expect_err("the state does not fit").to_string()
        };
        assert_eq!(
            refused(|circuit| circuit.parameters.cells.golgi = 33),
            "the circuit's state does not fit its parameters: clusters of granule cells has 32 elements; by its \
             parameters it must have 33"
        );
        assert!(refused(|circuit| circuit.parameters.cells.fibres = 31).contains("must"));
        assert!(refused(|circuit| circuit.parameters.cells.granule = 600).contains("must be 600"));
        assert!(refused(|circuit| circuit.parameters.plasticity.depression = 0.003).contains("other settings"));
        assert!(refused(|circuit| circuit.parameters.mli1.capacitance = -1.0).contains("mli1.capacitance is -1"));
        assert!(refused(|circuit| circuit.clock += 1).contains("steps"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_flipped_bit_is_refused(at in 0..SAVED.len(), bit in 0..8u8) {
            let mut bytes = SAVED.clone();
            bytes[at] ^= 1u8 << bit;
            prop_assert!(Circuit::restore(&bytes).is_err());
        }

        /// Damage under a valid checksum: refused, or a circuit that steps; never a panic or a huge allocation.
        #[test]
        fn nonsense_does_no_harm(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6),
            cut in prop::option::of(any::<prop::sample::Index>()),
            passage in any::<bool>(),
        ) {
            let mut content = if passage { &PASSAGE } else { &SAVED }[HEAD..].to_vec();
            for (at, byte, early) in changes {
                // Parameters and lengths of most arrays lie early.
                let reach = if early { 4_096 } else { content.len() };
                let at = at.index(reach);
                content[at] = byte;
            }
            if let Some(cut) = cut {
                content.truncate(cut.index(content.len()));
            }
            if let Ok(mut circuit) = Circuit::restore(&sealed(&content)) {
                for _ in 0..20 {
                    circuit.step();
                }
            }
        }
    }

    #[test]
    fn a_length_beyond_all_memory_does_no_harm() {
        let length = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        // In a few places such a number is no length, and allowed: the seed is one.
        let mut allowed = 0;
        for at in (0..2_000).step_by(7) {
            let mut content = SAVED[HEAD..].to_vec();
            content.splice(at..at + 1, length);
            allowed += u32::from(Circuit::restore(&sealed(&content)).is_ok());
        }
        assert!(allowed < 10, "{allowed}");
    }
}
