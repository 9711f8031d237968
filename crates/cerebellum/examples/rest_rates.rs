//! Prints the rates of every population at rest and the circuit's speed, of one preset and seed, with learning on:
//! `cargo run --release --example rest_rates -p doozy-cerebellum -- small 1`.

use std::time::Instant;

use doozy_cerebellum::{Parameters, Preset, circuit::Circuit};

#[expect(clippy::disallowed_methods, reason = "the model knows no clock; who times it may")]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "small".to_owned());
    let seed = arguments.next().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let Some(preset) = Preset::named(&name) else {
        eprintln!("no preset {name}: it must be one of small, standard, large, xl, yamazaki");
        std::process::exit(2);
    };
    let mut circuit = match Circuit::new(&Parameters::of(preset), seed) {
        Ok(circuit) => circuit,
        Err(faults) => {
            faults.iter().for_each(|fault| eprintln!("{fault}"));
            std::process::exit(2);
        }
    };
    println!("{:#?}", circuit.rest());
    let start = Instant::now();
    for _ in 0..10_000 {
        circuit.step();
    }
    println!("{:.1} times real time", 10.0 / start.elapsed().as_secs_f64());
}
