//! The network written down for other simulators: cells, connections and parameters of the whole circuit, and a set of
//! volleys with our own simulator's spikes of the early microzone, so that `examples/compare_nest.py` needs nothing else. Knows files; what is in them is the
//! cerebellum's to say.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Instant,
};

use doozy_cerebellum::{
    Parameters, Zone,
    circuit::Circuit,
    export::{
        self, Answer, Junctions, Part, Population, Protocol, Raster, Run, Volley,
        tracts::{self, Tract},
    },
    parameters::Fault,
};
use serde_json::{Value, json};
use thiserror::Error;

use super::npz::{Described, Npz};

/// Raised when files or arrays change their meaning, not when some are added.
const FORMAT: u32 = 1;
const NETWORK: &str = "network.json";
const NEURONS: &str = "neurons.npz";
const CONNECTIONS: &str = "connections.npz";
const VOLLEYS: &str = "volleys.npz";
const SPIKES: &str = "spikes.npz";
/// The one file whose bytes differ from run to run.
const SPEED: &str = "speed.json";
const FILES: [&str; 6] = [NETWORK, NEURONS, CONNECTIONS, VOLLEYS, SPIKES, SPEED];

/// Why a network was not written.
#[derive(Debug, Error)]
pub enum ExportError {
    #[error("{} is there already: name another folder, or overwrite it with --force", .0.display())]
    Exists(PathBuf),
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Parameters(Vec<Fault>),
    #[error("{}: {error}", .path.display())]
    Write { path: PathBuf, error: io::Error },
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Exported {
    /// As in `network.json`.
    pub description: Value,
    pub files: Vec<PathBuf>,
    /// Simulated seconds a second of wall time, one microzone on one core, with and without gap junctions.
    pub speed: [f64; 2],
}

/// Writes the network of `seed`, and `protocol` with what our simulator makes of it, into the folder `dir`.
///
/// # Errors
/// If parameters are out of range, a file is there already and `force` is not given, or something cannot be written.
pub fn export_network(
    dir: &Path,
    parameters: &Parameters,
    seed: u64,
    protocol: &Protocol,
    force: bool,
) -> Result<Exported, ExportError> {
    let paths = FILES.map(|name| dir.join(name));
    if let Some(there) = paths.iter().find(|path| !force && path.exists()) {
        return Err(ExportError::Exists(there.clone()));
    }
    let parts = export::tables(parameters, seed).map_err(ExportError::Parameters)?;
    let circuit = Circuit::new(parameters, seed).map_err(ExportError::Parameters)?;
    let tracts: Vec<(Tract<'_>, usize)> = tracts::tracts(&circuit)
        .into_iter()
        .map(|tract| {
            let pairs = tract.edges().count();
            (tract, pairs)
        })
        .collect();
    let around = tracts::populations(&circuit);
    let olive = tracts::olive_junctions(&circuit);
    let volleys = export::volleys(protocol, parameters.cells.fibres, seed);
    let mut uncoupled = parameters.clone();
    uncoupled.wiring.gap_conductance = 0.0;
    let (with, fast_with) = timed(parameters, seed, protocol, &volleys);
    let (without, fast_without) = timed(&uncoupled, seed, protocol, &volleys);

    let written = |path: &Path, result: io::Result<Vec<Described>>| {
        result.map_err(|error| ExportError::Write { path: path.to_owned(), error })
    };
    written(dir, fs::create_dir_all(dir).map(|()| Vec::new()))?;
    let [network, neurons, connections, driven, spikes, speed] = &paths;
    let arrays = json!({
        NEURONS: written(neurons, write_neurons(neurons, &parts, &circuit, &around))?,
        CONNECTIONS: written(connections, write_connections(connections, &parts, &tracts, &olive))?,
        VOLLEYS: written(driven, write_volleys(driven, &volleys, &with.fibres))?,
        SPIKES: written(spikes, write_spikes(spikes, &with, &without))?,
    });
    let description = json!({
        "format": "doozy network",
        "version": FORMAT,
        "program": env!("CARGO_PKG_VERSION"),
        "preset": parameters.preset,
        "seed": seed,
        "step_ms": 1.0,
        "parameters": parameters,
        "populations": parts.iter().flat_map(populations).chain(around.iter().map(|(zone, kind)| population(*zone, kind)))
            .collect::<Vec<Value>>(),
        "projections": parts.iter().flat_map(projections).chain(tracts.iter().map(projection)).collect::<Vec<Value>>(),
        "gap_junctions": parts.iter().map(|part| junctions(part.zone, &part.junctions))
            .chain(olive.iter().map(|(zone, olive)| junctions(*zone, olive))).collect::<Vec<Value>>(),
        "protocol": protocol,
        "protocol_steps": protocol.steps(),
        "arrays": arrays,
        "spike_hash": {
            "first_second": hex(export::spike_hash(&parts)),
            "coupled": hex(with.spikes),
            "uncoupled": hex(without.spikes),
        },
    });
    let speeds = json!({
        "coupled": fast_with,
        "uncoupled": fast_without,
        "unit": "simulated seconds a second of wall time, the early microzone, one core",
    });
    for (path, value) in [(network, &description), (speed, &speeds)] {
        let text = format!("{value:#}\n");
        written(path, fs::write(path, text).map(|()| Vec::new()))?;
    }
    Ok(Exported { description, files: paths.to_vec(), speed: [fast_with, fast_without] })
}

/// Runs the protocol through the early microzone, and tells how many times faster than real time that was.
fn timed(parameters: &Parameters, seed: u64, protocol: &Protocol, volleys: &[Volley]) -> (Answer, f64) {
    let run = Run::new(parameters, seed);
    let start = Instant::now();
    let answer = run.answer(protocol, volleys);
    (answer, protocol.steps() as f64 * 1e-3 / start.elapsed().as_secs_f64())
}

fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

fn zone_name(zone: Zone) -> &'static str {
    match zone {
        Zone::Early => "early",
        Zone::Late => "late",
    }
}

/// The first part of an array's name: the zone, or `shared` for the granular layer's.
fn prefix(zone: Option<Zone>) -> &'static str {
    zone.map_or("shared", zone_name)
}

fn populations(part: &Part) -> impl Iterator<Item = Value> + '_ {
    part.populations.iter().map(|kind| population(Some(part.zone), kind))
}

fn population(zone: Option<Zone>, population: &Population) -> Value {
    json!({"zone": zone, "name": population.name, "cells": population.cells})
}

fn projection((tract, pairs): &(Tract<'_>, usize)) -> Value {
    json!({
        "zone": tract.zone,
        "name": format!("{}_{}", tract.from, tract.to),
        "from": tract.from,
        "to": tract.to,
        "receptor": tract.receptor,
        "delay_steps": tract.delay,
        "pairs": pairs,
    })
}

fn projections(part: &Part) -> impl Iterator<Item = Value> + '_ {
    part.bundles.iter().map(|bundle| {
        json!({
            "zone": part.zone,
            "name": format!("{}_{}", bundle.from, bundle.to),
            "from": bundle.from,
            "to": bundle.to,
            "receptor": bundle.receptor,
            "delay_steps": bundle.delay,
            "pairs": bundle.pre.len(),
        })
    })
}

fn junctions(zone: Zone, junctions: &Junctions) -> Value {
    let Junctions { population, a, conductance, .. } = junctions;
    json!({"zone": zone, "population": population, "pairs": a.len(), "conductance_ns": conductance})
}

fn write_neurons(
    path: &Path,
    parts: &[Part],
    circuit: &Circuit,
    around: &[(Option<Zone>, Population)],
) -> io::Result<Vec<Described>> {
    let mut file = Npz::create(path)?;
    let of_parts = parts.iter().flat_map(|part| part.populations.iter().map(|kind| (Some(part.zone), kind)));
    let all = of_parts.chain(around.iter().map(|(zone, kind)| (*zone, kind)));
    for (zone, population) in all.filter(|(_, population)| !population.bias.is_empty()) {
        let name = format!("{}.{}.bias", prefix(zone), population.name);
        file.add(name, &population.bias, "pA", "tonic drive of each cell")?;
    }
    let granule = circuit.granular().count();
    let meaning = "cluster of each granule cell; a row of granule_cluster_golgi stands for each of its cells";
    file.add_each("shared.granule.cluster", granule, tracts::clusters(circuit), "", meaning)?;
    file.finish()
}

fn write_connections(
    path: &Path,
    parts: &[Part],
    tracts: &[(Tract<'_>, usize)],
    olive: &[(Zone, Junctions)],
) -> io::Result<Vec<Described>> {
    const PRE: &str = "presynaptic cell of each connected pair";
    const POST: &str = "postsynaptic cell of each connected pair";
    const WEIGHT: &str = "all synapses of the pair";
    let mut file = Npz::create(path)?;
    for part in parts {
        let zone = zone_name(part.zone);
        for bundle in &part.bundles {
            let name = format!("{zone}.{}_{}", bundle.from, bundle.to);
            file.add(format!("{name}.pre"), &bundle.pre, "", PRE)?;
            file.add(format!("{name}.post"), &bundle.post, "", POST)?;
            file.add(format!("{name}.weight"), &bundle.weight, bundle.receptor.unit(), WEIGHT)?;
        }
        write_junctions(&mut file, part.zone, &part.junctions)?;
    }
    for (tract, pairs) in tracts {
        let name = format!("{}.{}_{}", prefix(tract.zone), tract.from, tract.to);
        file.add_each(format!("{name}.pre"), *pairs, tract.edges().map(|edge| edge.pre), "", PRE)?;
        file.add_each(format!("{name}.post"), *pairs, tract.edges().map(|edge| edge.post), "", POST)?;
        let weights = tract.edges().map(|edge| edge.weight);
        file.add_each(format!("{name}.weight"), *pairs, weights, tract.receptor.unit(), WEIGHT)?;
    }
    for (zone, junctions) in olive {
        write_junctions(&mut file, *zone, junctions)?;
    }
    file.finish()
}

fn write_junctions(file: &mut Npz, zone: Zone, junctions: &Junctions) -> io::Result<()> {
    let name = format!("{}.{}.gap", zone_name(zone), junctions.population);
    file.add(format!("{name}.a"), &junctions.a, "", "one cell of each pair that a gap junction couples")?;
    file.add(format!("{name}.b"), &junctions.b, "", "the other cell of each pair")
}

fn write_volleys(path: &Path, volleys: &[Volley], fibres: &Raster) -> io::Result<Vec<Described>> {
    let each =
        || volleys.iter().zip(0u32..).flat_map(|(volley, number)| volley.fibres.iter().map(move |f| (number, f)));
    let mut file = Npz::create(path)?;
    let sizes: Vec<u8> = volleys.iter().map(|volley| volley.size as u8).collect();
    let centres: Vec<u32> = volleys.iter().map(|volley| volley.centre as u32).collect();
    file.add("volley.size", &sizes, "", "place of each volley's size in protocol.synchrony")?;
    file.add("volley.centre", &centres, "step", "centre of each volley, from the protocol's start")?;
    let numbers: Vec<u32> = each().map(|(number, _)| number).collect();
    let cells: Vec<u16> = each().map(|(_, (fibre, _))| *fibre).collect();
    let steps: Vec<u32> = each().map(|(_, (_, step))| *step as u32).collect();
    file.add("recruited.volley", &numbers, "", "volley of each spike that a volley made")?;
    file.add("recruited.cell", &cells, "", "its climbing fibre")?;
    file.add("recruited.step", &steps, "step", "when it fired")?;
    write_raster(&mut file, "climbing_fibre", fibres)?;
    file.finish()
}

fn write_spikes(path: &Path, coupled: &Answer, uncoupled: &Answer) -> io::Result<Vec<Described>> {
    let mut file = Npz::create(path)?;
    for (name, answer) in [("coupled", coupled), ("uncoupled", uncoupled)] {
        write_raster(&mut file, &format!("{name}.mli1"), &answer.mli1)?;
        write_raster(&mut file, &format!("{name}.mli2"), &answer.mli2)?;
        write_raster(&mut file, &format!("{name}.purkinje"), &answer.purkinje)?;
    }
    file.finish()
}

fn write_raster(file: &mut Npz, name: &str, raster: &Raster) -> io::Result<()> {
    file.add(format!("{name}.step"), &raster.step, "step", "when each spike fell, from the protocol's start")?;
    file.add(format!("{name}.cell"), &raster.cell, "", "the cell that fired")
}

#[cfg(test)]
mod tests {
    use super::*;
    use doozy_cerebellum::Preset;

    #[test]
    fn what_is_there_is_not_overwritten_unless_asked_and_equal_seeds_give_equal_bytes() {
        let dir = tempfile::tempdir().expect("a folder");
        let (parameters, protocol) = (Parameters::of(Preset::Small), Protocol::of(1, 1));
        let write =
            |name: &str, seed, force| export_network(&dir.path().join(name), &parameters, seed, &protocol, force);
        let first = write("a", 1, false).expect("an empty folder");
        let refused = write("a", 1, false).expect_err("it is there");
        assert!(refused.to_string().contains("network.json is there already"), "{refused}");
        write("a", 1, true).expect("forced");
        write("b", 1, false).expect("an empty folder");
        write("c", 2, false).expect("an empty folder");
        let read = |path: PathBuf| fs::read(path).expect("it was written");
        for file in first.files.iter().filter(|file| !file.ends_with(SPEED)) {
            let name = file.file_name().expect("it has one");
            assert_eq!(read(dir.path().join("a").join(name)), read(dir.path().join("b").join(name)), "{name:?}");
        }
        assert_ne!(read(dir.path().join("a").join(NETWORK)), read(dir.path().join("c").join(NETWORK)));
    }
}
