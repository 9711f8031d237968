//! The synapses of the whole circuit, read off cell by cell where they lie, so that a million granule cells are not
//! written down twice: mossy fibres, the granular layer, parallel fibres with their weights, nucleus and olive. What lies
//! between the interneurons of a microzone is in [`super::tables`].

use core::ops::Range;

use super::{Junctions, Population, Receptor};
use crate::circuit::{Circuit, Microcomplex};
use crate::network::Zone;

/// One connected pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    pub pre: u32,
    pub post: u32,
    /// In the receptor's unit, all synapses of the pair together.
    pub weight: f32,
}

type Edges<'a> = Box<dyn Iterator<Item = Edge> + 'a>;

/// Synapses from one population to another.
pub struct Tract<'a> {
    /// The microzone of its receiver; none within the granular layer, which both share.
    pub zone: Option<Zone>,
    pub from: &'static str,
    pub to: &'static str,
    pub receptor: Receptor,
    /// Steps of 1 ms from the one in which a spike falls to the one in which its effect is there. Mossy fibres, granule
    /// cells and climbing fibres come before their receivers in a step: 0.
    pub delay: u64,
    edges: Box<dyn Fn() -> Edges<'a> + 'a>,
}

impl Tract<'_> {
    /// Every pair, by presynaptic cell where not said otherwise.
    pub fn edges(&self) -> Edges<'_> {
        (self.edges)()
    }
}

/// Every tract of `circuit` outside its microzones' interneurons, with the weights that it has now.
#[must_use]
pub fn tracts(circuit: &Circuit) -> Vec<Tract<'_>> {
    let (layer, settings) = (circuit.granular(), &circuit.parameters().passage);
    let mut tracts = Vec::new();
    for (from, to, receptor, delay) in [
        ("mossy", "golgi", Receptor::Excitation, 0),
        ("granule_cluster", "golgi", Receptor::Excitation, 1),
        ("golgi", "granule_cluster", Receptor::Gaba, 0),
        ("mossy", "granule", Receptor::Excitation, 0),
    ] {
        // Cells that are a generator of spikes have no inputs.
        if layer.edges(from, to, settings).is_some() {
            let edges =
                Box::new(move || layer.edges(from, to, settings).unwrap_or_else(|| Box::new(core::iter::empty())));
            tracts.push(Tract { zone: None, from, to, receptor, delay, edges });
        }
    }
    for zone in Zone::ALL {
        tracts.extend(of_zone(circuit, zone));
    }
    tracts
}

fn of_zone<'a>(circuit: &'a Circuit, zone: Zone) -> Vec<Tract<'a>> {
    let complex = circuit.zone(zone);
    let cells = circuit.parameters().cells;
    let tract = |from, to, receptor, delay, edges: Box<dyn Fn() -> Edges<'a> + 'a>| Tract {
        zone: Some(zone),
        from,
        to,
        receptor,
        delay,
        edges,
    };
    let soma_delay = super::DELAY;
    vec![
        tract("granule", "mli1", Receptor::Excitation, 0, Box::new(move || on_interneurons(complex, 0..cells.mli1))),
        tract(
            "granule",
            "mli2",
            Receptor::Excitation,
            0,
            Box::new(move || on_interneurons(complex, cells.mli1..cells.mli1 + cells.mli2)),
        ),
        tract("granule", "purkinje", Receptor::Excitation, 0, Box::new(move || on_purkinje(complex, cells.granule))),
        tract(
            "mli2",
            "purkinje",
            Receptor::PurkinjeGaba,
            soma_delay,
            Box::new(|| {
                let edges = complex.mli2_purkinje().edges();
                Box::new(edges.map(|(pre, post, weight)| Edge { pre, post: u32::from(post), weight }))
            }),
        ),
        tract(
            "climbing_fibre",
            "purkinje",
            Receptor::ComplexSpike,
            0,
            Box::new(move || {
                Box::new((0..cells.fibres as u32).map(|cell| Edge { pre: cell, post: cell, weight: 1.0 }))
            }),
        ),
        tract(
            "purkinje",
            "nuclei",
            Receptor::Gaba,
            crate::nuclei::DELAY as u64,
            // By nuclear cell.
            Box::new(|| Box::new(complex.nuclei().purkinje_edges())),
        ),
        tract("mossy", "nuclei", Receptor::Excitation, 0, Box::new(move || on_nuclei(complex, cells.nuclei))),
        tract(
            "nuclei",
            "climbing_fibre",
            Receptor::OliveHold,
            circuit.parameters().nuclei.olive_delay,
            Box::new(move || on_olive(circuit, cells.nuclei, cells.fibres)),
        ),
    ]
}

/// Parallel fibres on the interneurons of those numbers, MLI1 before MLI2.
fn on_interneurons(complex: &Microcomplex, those: Range<usize>) -> Edges<'_> {
    let zone = complex.microzone();
    let cells = if those.start == 0 { &zone.mli1 } else { &zone.mli2 };
    let (start, weight) = (those.start, cells.fibre_conductance());
    let Some(contacts) = zone.parallel_contacts() else { return Box::new(core::iter::empty()) };
    Box::new((0..contacts.granule() as u32).flat_map(move |pre| {
        let those = those.clone();
        // Both kinds share a row.
        let reached = contacts.row(pre).iter().map(|post| usize::from(*post)).filter(move |post| those.contains(post));
        reached.map(move |post| Edge { pre, post: (post - start) as u32, weight })
    }))
}

fn on_purkinje(complex: &Microcomplex, granule: usize) -> Edges<'_> {
    let (synapses, conductance) = (complex.synapses(), complex.pf_conductance());
    let purkinje = complex.somata().count();
    Box::new(synapses.weights().chunks_exact(synapses.contacts()).zip(0..granule as u32).flat_map(move |(row, pre)| {
        let first = synapses.first(pre);
        row.iter().zip(first..).map(move |(weight, post)| Edge {
            pre,
            post: (post % purkinje) as u32,
            weight: weight * conductance,
        })
    }))
}

fn on_nuclei(complex: &Microcomplex, nuclei: usize) -> Edges<'_> {
    let conductance = complex.nuclei().mossy_conductance();
    Box::new(complex.mossy_synapses().weights().chunks_exact(nuclei).zip(0..).flat_map(move |(row, pre)| {
        row.iter().zip(0..).map(move |(weight, post)| Edge { pre, post, weight: weight * conductance })
    }))
}

/// Every nuclear cell holds every olive cell.
fn on_olive(circuit: &Circuit, nuclei: usize, fibres: usize) -> Edges<'_> {
    let settings = &circuit.parameters().nuclei;
    let weight = (settings.olive_share / (settings.olive_full * nuclei as f64)) as f32;
    Box::new((0..nuclei as u32).flat_map(move |pre| (0..fibres as u32).map(move |post| Edge { pre, post, weight })))
}

/// Cells of the kinds that [`super::tables`] does not have: of the granular layer, and each microzone's nucleus.
#[must_use]
pub fn populations(circuit: &Circuit) -> Vec<(Option<Zone>, Population)> {
    let cells = circuit.parameters().cells;
    let shared =
        [("mossy", cells.mossy), ("granule", cells.granule), ("granule_cluster", cells.golgi), ("golgi", cells.golgi)];
    let shared = shared.map(|(name, cells)| (None, Population { name, cells, bias: Vec::new() }));
    let nuclei = Zone::ALL.map(|zone| {
        let bias = circuit.zone(zone).nuclei().bias().to_vec();
        (Some(zone), Population { name: "nuclei", cells: cells.nuclei, bias })
    });
    shared.into_iter().chain(nuclei).collect()
}

/// The cluster of each granule cell, whose cells share their inhibition and drive Golgi cells together.
pub fn clusters(circuit: &Circuit) -> impl Iterator<Item = u16> + '_ {
    let layer = circuit.granular();
    (0..layer.count()).map(|cell| layer.cluster(cell))
}

/// Gap junctions between the olive's cells, where they are simulated (`inferior.cells`), at a coupling of 1.
#[must_use]
pub fn olive_junctions(circuit: &Circuit) -> Vec<(Zone, Junctions)> {
    let of = |zone| {
        let (pairs, conductance) = circuit.zone(zone).inferior()?.junctions();
        let end = |of: fn(&(u16, u16)) -> u16| pairs.iter().map(|pair| u32::from(of(pair))).collect();
        Some((
            zone,
            Junctions { population: "climbing_fibre", a: end(|pair| pair.0), b: end(|pair| pair.1), conductance },
        ))
    };
    Zone::ALL.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::granule::Layer;
    use crate::{Parameters, Preset};

    fn circuit(layer: Layer) -> Circuit {
        let mut parameters = Parameters::of(Preset::Small);
        parameters.granule.layer = layer;
        parameters.circuit.forget = 200;
        parameters.circuit.settle = 1_000;
        parameters.plasticity.contacts = 9;
        Circuit::new(&parameters, 3).expect("within its ranges")
    }

    fn tract<'a, 'b>(tracts: &'b [Tract<'a>], zone: Option<Zone>, from: &str, to: &str) -> &'b Tract<'a> {
        let mut found = tracts.iter().filter(|tract| (tract.zone, tract.from, tract.to) == (zone, from, to));
        found.next().expect("it is there")
    }

    #[test]
    fn every_cell_is_one_of_its_population_and_every_weight_excites_or_inhibits() {
        let circuit = circuit(Layer::PassageOfTime);
        let cells = circuit.parameters().cells;
        let count = |name: &str| match name {
            "mossy" => cells.mossy,
            "granule" => cells.granule,
            "golgi" | "granule_cluster" => cells.golgi,
            "mli1" => cells.mli1,
            "mli2" => cells.mli2,
            "nuclei" => cells.nuclei,
            "purkinje" | "climbing_fibre" => cells.fibres,
            other => panic!("{other}"),
        } as u32;
        for tract in tracts(&circuit) {
            let mut pairs = 0;
            for edge in tract.edges() {
                let name = || format!("{} → {}: {edge:?}", tract.from, tract.to);
                assert!(edge.pre < count(tract.from) && edge.post < count(tract.to), "{}", name());
                assert!(edge.weight > 0.0 && edge.weight.is_finite(), "{}", name());
                pairs += 1;
            }
            assert!(pairs > 0, "{} → {}", tract.from, tract.to);
        }
    }

    #[test]
    fn parallel_fibres_reach_whom_a_step_reaches() {
        let circuit = circuit(Layer::Spectral);
        let tracts = tracts(&circuit);
        let (late, complex) = (Some(Zone::Late), circuit.zone(Zone::Late));
        let spikes = [0, 7, 33, 2_047];
        let mut wanted = vec![0.0; 32];
        complex.synapses().clone().deliver(&spikes, &mut wanted);
        let mut found = vec![0.0; 32];
        for edge in tract(&tracts, late, "granule", "purkinje").edges().filter(|edge| spikes.contains(&edge.pre)) {
            found[edge.post as usize] += edge.weight / complex.pf_conductance();
        }
        assert!(wanted.iter().zip(&found).all(|(a, b)| (a - b).abs() < 1e-5), "{wanted:?} {found:?}");
        let partners = circuit.parameters().wiring.pf_partners;
        assert_eq!(tract(&tracts, late, "granule", "mli1").edges().count(), partners * 176);
        assert_eq!(tract(&tracts, late, "granule", "mli2").edges().count(), partners * 48);
        assert_eq!(tract(&tracts, late, "purkinje", "nuclei").edges().count(), 4 * 12);
    }

    #[test]
    fn a_generator_of_spikes_has_no_inputs_and_cells_have_four_mossy_fibres() {
        let generator = circuit(Layer::Spectral);
        assert!(tracts(&generator).iter().all(|tract| tract.to != "granule" && tract.to != "granule_cluster"));
        assert_eq!(clusters(&generator).take(34).collect::<Vec<_>>()[30..], [30, 31, 0, 1]);
        let cells = circuit(Layer::PassageOfTime);
        let tracts = tracts(&cells);
        let mut dendrites = vec![0; 2_048];
        for edge in tract(&tracts, None, "mossy", "granule").edges() {
            dendrites[edge.post as usize] += 1;
        }
        assert!(dendrites.iter().all(|count| *count == 4));
        assert!(tract(&tracts, None, "golgi", "granule_cluster").edges().any(|edge| edge.pre == edge.post));
        assert_eq!(clusters(&cells).take(65).collect::<Vec<_>>()[63..], [0, 1]);
    }
}
