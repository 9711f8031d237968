//! Runs a circuit for some seconds and nothing else, for profilers that count instructions:
//! `cargo run --release --example work -p doozy-cerebellum -- PRESET rest|trials SECONDS [THREADS]`. It settles for a moment
//! only, so that the seconds are what is counted; a count of 3 seconds less one of 2 is a second's alone.

use doozy_cerebellum::{Parameters, Preset, circuit::Circuit, workload};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [preset, load, seconds, rest @ ..] = &given[..] else {
        return Err("usage: work PRESET rest|trials SECONDS [THREADS]".into());
    };
    let mut parameters = Parameters::of(Preset::named(preset).ok_or_else(|| format!("{preset} is no preset"))?);
    parameters.circuit.forget = 500;
    parameters.circuit.settle = 100;
    let faults = |faults: Vec<_>| format!("{faults:?}");
    let mut circuit = Circuit::new(&parameters, 0).map_err(faults)?;
    circuit.set_threads(rest.first().map_or(Ok(1), |threads| threads.parse())?)?;
    for _ in 0..seconds.parse::<u64>()? {
        match load.as_str() {
            "rest" => workload::advance(&mut circuit, workload::TRIAL),
            "trials" => workload::trial(&mut circuit, |circuit, stretch| workload::advance(circuit, stretch.steps))?,
            other => return Err(format!("{other} is neither rest nor trials").into()),
        }
    }
    println!("{:#?}\nspikes {:016x}", circuit.rates(), circuit.spike_hash());
    Ok(())
}
