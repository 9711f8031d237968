//! Prints the rates of every population at rest, the circuit's speed there and in conditioning trials, what it takes in
//! memory and on disk, and the hash of its spikes, of one preset and seed, with learning on:
//! `cargo run --release --example rest_rates -p doozy-cerebellum -- small 1 [threads]`.

use std::time::{Duration, Instant};

use doozy_cerebellum::{Parameters, Preset, Zone, circuit::Circuit};

/// Trials that are timed, one a second.
const TRIALS: u64 = 10;
/// A cue lasts this long, ms; a volley comes at its end.
const CUE_MS: u64 = 500;

#[expect(clippy::disallowed_methods, reason = "the model knows no clock; who times it may")]
fn timed(circuit: &mut Circuit, steps: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..steps {
        circuit.step();
    }
    start.elapsed()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "small".to_owned());
    let seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let threads = arguments.next().map_or(Ok(1), |threads| threads.parse())?;
    let preset = Preset::named(&name)
        .ok_or_else(|| format!("no preset {name}: it must be one of small, standard, large, xl, yamazaki"))?;
    let mut circuit = Circuit::new(&Parameters::of(preset), seed)
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    circuit.set_threads(threads)?;
    println!("{:#?}", circuit.rest());
    let rest = timed(&mut circuit, 1_000 * TRIALS);
    let (mut on, mut off) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..TRIALS {
        circuit.volley(Zone::Early, 0.6, 3.0, circuit.clock() + CUE_MS)?;
        circuit.set_cue(Some(1));
        on += timed(&mut circuit, CUE_MS);
        circuit.set_cue(None);
        off += timed(&mut circuit, 1_000 - CUE_MS);
    }
    let times = |steps: u64, taken: Duration| steps as f64 * 1e-3 / taken.as_secs_f64();
    println!("times real time, {} thread(s):", circuit.threads());
    println!("{:8.1} at rest", times(1_000 * TRIALS, rest));
    println!("{:8.1} in trials", times(1_000 * TRIALS, on + off));
    println!("{:8.1} with the cue on", times(CUE_MS * TRIALS, on));
    let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
    let estimate = circuit.parameters().memory() as usize;
    println!(
        "MiB: {:.2} held, {:.2} estimated, {:.2} saved",
        mib(circuit.bytes()),
        mib(estimate),
        mib(circuit.save().len())
    );
    println!("spikes {:016x}", circuit.spike_hash());
    Ok(())
}
