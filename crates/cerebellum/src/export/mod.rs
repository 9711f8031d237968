//! The network as plain tables, for simulators that are not ours: who there is, who contacts whom and how strongly, and
//! a set of volleys with what our own simulator makes of them. Knows no file and no format.
//!
//! Two microzones with their somata are copied into [`tables`]; what only the whole circuit has is read off it by [`tracts`].

pub mod tracts;

use serde::Serialize;

use crate::microzone::{Microzone, Parallel, SETTLED};
use crate::network::Zone;
use crate::parameters::{Fault, Parameters};
use crate::rng::{FNV_PRIME, Stream};
use crate::soma::Somata;
use crate::wiring::Projection;

/// What a spike changes in the cell that receives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Receptor {
    /// Conductance of a climbing fibre's synapse.
    ClimbingFibre,
    /// Conductance of an inhibitory synapse between interneurons.
    Gaba,
    /// A Purkinje dendrite's view of inhibition.
    Inhibition,
    /// Conductance of an inhibitory synapse on a Purkinje soma.
    PurkinjeGaba,
    /// Conductance of an excitatory synapse; the receiver's parameters say how it divides and decays.
    Excitation,
    /// A complex spike.
    ComplexSpike,
    /// The nucleus's hold on the olive.
    OliveHold,
}

impl Receptor {
    /// Unit of its weights.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::ClimbingFibre | Self::Gaba | Self::PurkinjeGaba | Self::Excitation => "nS",
            Self::ComplexSpike => "",
            Self::OliveHold => "share of a volley that each Hz above rest takes away",
            Self::Inhibition => "share of what arrives when every MLI1 fires once",
        }
    }
}

/// A projection with the names of its ends.
pub(crate) struct Between<'a> {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) receptor: Receptor,
    pub(crate) delay: u64,
    pub(crate) projection: &'a Projection,
}

/// Cells of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    pub name: &'static str,
    pub cells: usize,
    /// Tonic drive of each cell, pA; empty where the kind has none.
    pub bias: Vec<f32>,
}

/// Synapses from one population to another: one row a connected pair, in the order of presynaptic cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    pub from: &'static str,
    pub to: &'static str,
    pub receptor: Receptor,
    /// Steps of 1 ms from the one in which a spike falls to the one at whose beginning its effect is there.
    pub delay: u64,
    /// Presynaptic and postsynaptic cells, from 0 within their populations.
    pub pre: Vec<u32>,
    pub post: Vec<u32>,
    /// In the receptor's unit, all synapses of the pair together.
    pub weight: Vec<f32>,
}

/// Gap junctions within one population: one row a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Junctions {
    pub population: &'static str,
    pub a: Vec<u32>,
    pub b: Vec<u32>,
    /// Conductance of each, nS.
    pub conductance: f32,
}

/// One microzone.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub zone: Zone,
    pub populations: Vec<Population>,
    pub bundles: Vec<Bundle>,
    pub junctions: Junctions,
    /// Hash of every spike of its first second after settling.
    pub spikes: u64,
}

/// Both microzones of the network of `seed`.
///
/// # Errors
/// Every parameter that is out of its range.
pub fn tables(parameters: &Parameters, seed: u64) -> Result<Vec<Part>, Vec<Fault>> {
    parameters.check()?;
    let part = |(zone, index)| part(zone, Microzone::new(parameters, seed, index), &somata(parameters, seed, index));
    Ok(Zone::ALL.into_iter().zip(0..).map(part).collect())
}

/// The Purkinje somata of microzone `index`, as the circuit draws them.
fn somata(parameters: &Parameters, seed: u64, index: u64) -> Somata {
    Somata::new(&parameters.soma, parameters.cells.fibres, &mut Stream::named(seed, "purkinje somata", index))
}

fn part(zone: Zone, mut microzone: Microzone, somata: &Somata) -> Part {
    let population = |name, cells, bias: &[f32]| Population { name, cells, bias: bias.to_vec() };
    let (pairs, conductance) = microzone.junctions();
    let fibres = microzone.fibres.count();
    let mut part = Part {
        zone,
        populations: vec![
            population("climbing_fibre", fibres, &[]),
            population("mli1", microzone.mli1.count(), microzone.mli1.bias()),
            population("mli2", microzone.mli2.count(), microzone.mli2.bias()),
            population("purkinje", fibres, somata.bias()),
        ],
        bundles: microzone.projections().into_iter().map(bundle).chain([on_somata(&microzone, somata)]).collect(),
        junctions: Junctions {
            population: "mli1",
            a: pairs.iter().map(|(a, _)| u32::from(*a)).collect(),
            b: pairs.iter().map(|(_, b)| u32::from(*b)).collect(),
            conductance,
        },
        spikes: 0,
    };
    for _ in 0..1_000 {
        microzone.step(false, Parallel::Background);
    }
    part.spikes = microzone.spike_hash();
    part
}

fn bundle(between: Between<'_>) -> Bundle {
    let Between { from, to, receptor, delay, projection } = between;
    let mut bundle = Bundle { from, to, receptor, delay, pre: Vec::new(), post: Vec::new(), weight: Vec::new() };
    for (pre, post, weight) in projection.edges() {
        bundle.pre.push(pre);
        bundle.post.push(u32::from(post));
        bundle.weight.push(weight);
    }
    bundle
}

/// MLI1 → Purkinje somata: the same pairs as on the dendrites, in conductances.
fn on_somata(microzone: &Microzone, somata: &Somata) -> Bundle {
    let [.., dendrites] = microzone.projections();
    let mut bundle = bundle(dendrites);
    for (weight, post) in bundle.weight.iter_mut().zip(&bundle.post) {
        *weight *= microzone.purkinje_synapses()[*post as usize] * somata.settings().mli_conductance;
    }
    Bundle { to: "purkinje", receptor: Receptor::PurkinjeGaba, delay: DELAY, ..bundle }
}

/// Steps from an MLI1 spike to its effect on a Purkinje cell's soma (Park 2026: 1.65 ms; with steps of 1 ms, 2).
const DELAY: u64 = 2;

/// Volleys to send through the microzone, and the rest before them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Protocol {
    /// Steps at the start that no measure uses, so that a simulator may forget how it began.
    pub forget: u64,
    /// Steps of rest that follow, with spontaneous climbing fibres only.
    pub rest: u64,
    /// Sizes of the volleys, shares of the microzone's fibres; they take turns.
    pub synchrony: Vec<f64>,
    /// Volleys of each size.
    pub repeats: usize,
    /// SD of the fibres' times about a volley's centre, ms.
    pub jitter: f64,
    /// Steps from the start of one volley's stretch to the next's; the circuit is at rest again well before.
    pub apart: u64,
    /// Steps from the start of a stretch to its volley's centre; no fibre of the volley fires further from it.
    pub lead: u64,
}

impl Protocol {
    /// What docs/science/nest.md reports: closed, ajar, open and fully open windows.
    #[must_use]
    pub fn of(rest_seconds: u64, repeats: usize) -> Self {
        Self {
            forget: 1_000,
            rest: 1_000 * rest_seconds,
            synchrony: vec![0.0, 0.125, 0.375, 1.0],
            repeats,
            jitter: 3.0,
            apart: 200,
            lead: 60,
        }
    }

    /// Steps of all of it.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.forget + self.rest + self.apart * (self.synchrony.len() * self.repeats) as u64
    }
}

/// Spikes of one population: one row a spike, in the order of steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raster {
    /// From the protocol's start.
    pub step: Vec<u32>,
    pub cell: Vec<u16>,
}

impl Raster {
    fn push(&mut self, step: u64, cells: impl IntoIterator<Item = u16>) {
        for cell in cells {
            self.step.push(step as u32);
            self.cell.push(cell);
        }
    }
}

/// One volley of a protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct Volley {
    /// Its place among the protocol's sizes.
    pub size: usize,
    /// Step of its centre.
    pub centre: u64,
    /// Its fibres and the steps at which they fire.
    pub fibres: Vec<(u16, u64)>,
}

/// The volleys of a protocol, drawn for `fibres` climbing fibres.
#[must_use]
pub fn volleys(protocol: &Protocol, fibres: usize, seed: u64) -> Vec<Volley> {
    let mut stream = Stream::named(seed, "export volleys", 0);
    let mut order: Vec<u16> = (0..fibres as u16).collect();
    let sizes = protocol.synchrony.len();
    let lead = protocol.lead as f64;
    (0..sizes * protocol.repeats)
        .map(|number| {
            let size = number % sizes;
            let centre = protocol.forget + protocol.rest + protocol.apart * number as u64 + protocol.lead;
            let joining = libm::round(protocol.synchrony[size] * fibres as f64) as usize;
            stream.shuffle(&mut order);
            let fibres = order[..joining].iter().map(|fibre| {
                let offset = (protocol.jitter * stream.gaussian()).clamp(-lead, lead);
                (*fibre, (centre as f64 + libm::floor(offset + 0.5)) as u64)
            });
            Volley { size, centre, fibres: fibres.collect() }
        })
        .collect()
}

/// What a microzone makes of a protocol.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Climbing-fibre spikes: those of the volleys and the spontaneous ones.
    pub fibres: Raster,
    pub mli1: Raster,
    pub mli2: Raster,
    /// Simple spikes of Purkinje somata that have a steady parallel-fibre conductance of `soma.pf_rest` and no complex spikes.
    pub purkinje: Raster,
    /// Hash of the fibres' and interneurons' spikes.
    pub spikes: u64,
}

/// The early microzone of a seed, settled, before a protocol.
#[derive(Clone, Debug)]
pub struct Run {
    zone: Microzone,
    somata: Somata,
}

impl Run {
    /// The microzone at rest.
    #[must_use]
    pub fn new(parameters: &Parameters, seed: u64) -> Self {
        Self { zone: Microzone::new(parameters, seed, 0), somata: somata(parameters, seed, 0) }
    }

    /// Runs the whole protocol.
    #[must_use]
    pub fn answer(self, protocol: &Protocol, volleys: &[Volley]) -> Answer {
        let Self { mut zone, mut somata } = self;
        let mut answer = Answer::default();
        let mut volleys = volleys.iter().peekable();
        let n = somata.count();
        let soma = somata.settings().clone();
        // A steady drive of r a step comes to r / (1 − e^(−1/τ)) of conductance.
        let excitation = vec![soma.pf_rest * (1.0 - libm::exp(-1.0 / soma.pf_decay)) as f32; n];
        let mut inhibition = vec![vec![0.0f32; n]; DELAY as usize + 1];
        let slots = inhibition.len();
        let mut fired = Vec::with_capacity(n);
        for step in 0..protocol.steps() {
            while let Some(volley) = volleys.next_if(|volley| volley.centre - protocol.lead == step) {
                for (fibre, at) in &volley.fibres {
                    zone.recruit(usize::from(*fibre), at + SETTLED);
                }
            }
            zone.step(false, Parallel::Background);
            let leaving = &mut inhibition[step as usize % slots];
            for ((sum, arriving), synapses) in
                leaving.iter_mut().zip(zone.purkinje.arriving()).zip(zone.purkinje_synapses())
            {
                *sum = arriving * synapses * soma.mli_conductance;
            }
            somata.step(&excitation, &inhibition[(step + 1) as usize % slots], |_| 1.0, &mut fired);
            let mut set = zone.fired(step + SETTLED);
            while set != 0 {
                answer.fibres.push(step, [set.trailing_zeros() as u16]);
                set &= set - 1;
            }
            answer.mli1.push(step, zone.mli1_spikes().iter().copied());
            answer.mli2.push(step, zone.mli2_spikes().iter().copied());
            answer.purkinje.push(step, fired.iter().copied());
        }
        answer.spikes = zone.spike_hash();
        answer
    }
}

/// One number for the spikes of all parts, to tell two exports apart.
#[must_use]
pub fn spike_hash(parts: &[Part]) -> u64 {
    parts.iter().fold(0, |hash, part| (hash ^ part.spikes).wrapping_mul(FNV_PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::Preset;

    fn small() -> Parameters {
        Parameters::of(Preset::Small)
    }

    #[test]
    fn the_tables_hold_every_pair_of_the_microzone_with_its_weight() {
        let parts = tables(&small(), 3).expect("a preset is within its ranges");
        assert_eq!(parts.iter().map(|part| part.zone).collect::<Vec<_>>(), Zone::ALL);
        let zone = Microzone::new(&small(), 3, 1);
        for (bundle, between) in parts[1].bundles.iter().zip(zone.projections()) {
            assert_eq!(bundle.pre.len(), between.projection.pairs());
            let all: Vec<u16> = (0..=bundle.pre.iter().copied().max().expect("it has pairs") as u16).collect();
            let mut received = vec![0.0f32; 1 + *bundle.post.iter().max().expect("it has pairs") as usize];
            between.projection.deliver(&all, &mut received);
            for ((pre, post), weight) in bundle.pre.iter().zip(&bundle.post).zip(&bundle.weight) {
                assert!(usize::try_from(*pre).expect("small") < zone.mli1.count());
                received[*post as usize] -= weight;
            }
            assert!(received.iter().all(|left| left.abs() < 1e-4), "{} → {}", bundle.from, bundle.to);
        }
        assert_eq!(parts[0].populations[1].bias.len(), 176);
        assert_eq!(parts[0].junctions.conductance, 0.3);
    }

    #[test]
    fn parameters_out_of_range_are_not_exported() {
        let mut parameters = small();
        parameters.wiring.gap_conductance = -1.0;
        assert_eq!(tables(&parameters, 1).expect_err("it is negative")[0].field, "wiring.gap_conductance");
    }

    #[test]
    fn volleys_of_all_sizes_take_turns_and_their_fibres_fire_when_they_should() {
        let protocol = Protocol::of(1, 3);
        let volleys = volleys(&protocol, 32, 5);
        let sizes: Vec<usize> = volleys.iter().map(|volley| volley.fibres.len()).collect();
        assert_eq!(sizes, [0, 4, 12, 32].repeat(3));
        let answer = Run::new(&small(), 5).answer(&protocol, &volleys);
        let fired: Vec<(u16, u64)> =
            answer.fibres.cell.iter().copied().zip(answer.fibres.step.iter().map(|step| u64::from(*step))).collect();
        assert!(volleys.iter().flat_map(|volley| &volley.fibres).all(|spike| fired.contains(spike)));
        let simple = answer.purkinje.step.len() as f64 / (32e-3 * protocol.steps() as f64);
        assert!((40.0..90.0).contains(&simple), "{simple} Hz");
        assert!(answer.mli1.step.len() > 176 * 2 * 30, "{}", answer.mli1.step.len());
    }

    #[test]
    fn without_gap_junctions_the_same_cells_get_the_same_fibres() {
        let protocol = Protocol::of(1, 2);
        let volleys = volleys(&protocol, 32, 5);
        let mut uncoupled = small();
        uncoupled.wiring.gap_conductance = 0.0;
        let run = |parameters| Run::new(parameters, 5).answer(&protocol, &volleys);
        let (with, without) = (run(&small()), run(&uncoupled));
        assert_eq!(with.fibres, without.fibres);
        assert_ne!(with.spikes, without.spikes);
        let bias = |parameters| tables(parameters, 5).expect("in range")[0].populations[1].bias.clone();
        assert_eq!(bias(&small()), bias(&uncoupled));
    }
}
