//! What this machine's memory gives one core: reads and writes back arrays of f32 of several sizes, as a step does the
//! granule cells' state, and prints the best of many passes in GB/s (bytes read plus bytes written):
//! `cargo run --release --example bandwidth -p doozy-cerebellum`.

use std::{hint::black_box, time::Instant};

/// Passes of each size, at least.
const PASSES: usize = 20;
/// Bytes of all passes together, so that a small array's take long enough to be timed.
const BYTES: usize = 1 << 31;

#[expect(clippy::disallowed_methods, reason = "the model knows no clock; who times it may")]
fn main() {
    for kibibytes in [16, 256, 1_024, 4_096, 16_384, 65_536, 262_144] {
        let bytes = kibibytes * 1_024;
        let mut values = vec![1.0f32; bytes / size_of::<f32>()];
        let inner = (BYTES / PASSES / bytes).max(1);
        let mut best = f64::INFINITY;
        for _ in 0..PASSES {
            let start = Instant::now();
            for _ in 0..inner {
                for value in &mut values {
                    *value = *value * 0.999 + 1e-3;
                }
                black_box(&mut values);
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{kibibytes:>8} KiB  {:7.1} GB/s", 2.0 * (bytes * inner) as f64 / best * 1e-9);
    }
}
