//! One simulated second of the whole circuit, learning on, at rest and in conditioning trials, of every preset:
//! `cargo bench -p doozy-cerebellum`. Elements are steps of 1 ms: 100 Kelem/s are 100 times real time. `xl` runs on two
//! threads, the others on one. One preset alone: `cargo bench -p doozy-cerebellum -- small/`.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use doozy_cerebellum::{
    Parameters, Preset,
    circuit::Circuit,
    workload::{self, TRIAL},
};

fn circuit(criterion: &mut Criterion) {
    for preset in Preset::ALL {
        let mut group = criterion.benchmark_group(preset.name());
        group.throughput(Throughput::Elements(TRIAL));
        // The big ones take a second and more a sample.
        group.sample_size(if preset <= Preset::Standard { 50 } else { 10 }).warm_up_time(Duration::from_secs(1));
        // Drawn and settled only where a filter lets one of its two benchmarks run.
        let mut settled = None;
        for load in ["rest", "trial"] {
            group.bench_function(BenchmarkId::from_parameter(load), |bencher| {
                let circuit = settled.get_or_insert_with(|| settle(preset));
                bencher.iter(|| match load {
                    "rest" => workload::advance(circuit, TRIAL),
                    _ => workload::trial(circuit, |circuit, stretch| workload::advance(circuit, stretch.steps))
                        .expect("the volley lies ahead"),
                });
            });
        }
        group.finish();
    }
}

fn settle(preset: Preset) -> Circuit {
    let mut circuit = Circuit::new(&Parameters::of(preset), 0).expect("a preset is within its ranges");
    circuit.set_threads(if preset == Preset::Xl { 2 } else { 1 }).expect("the system gives two threads");
    circuit
}

criterion_group!(benches, circuit);
criterion_main!(benches);
