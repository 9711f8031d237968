//! The learners in numbers, for docs/science/learners.md: drives, retention, rebound, and the gate's closed form.
//!
//! `cargo run --release -p doozy-training --example learners`
#![allow(clippy::print_stdout, reason = "a tool for whoever writes the page")]

use doozy_cerebellum::{Parameters, Preset, closed_form::Drawn};
use doozy_training::{
    learner::{Hypothesis, Learning, Lesson, learning::BIAS},
    rng::Stream,
};

const GOAL: f64 = 20.0;

fn lesson(e: f64) -> Lesson {
    let u = (e.abs() / GOAL).min(4.0);
    Lesson { felt_ms: e, seen_ms: e, u, goal_ms: GOAL, success: e.abs() <= 50.0, gain: 1.0 }
}

fn mean_se(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

fn main() {
    println!("drive D and correction G / T by u");
    for hypothesis in Hypothesis::ALL {
        print!("{:>4}", hypothesis.id());
        for u in [0.5, 1.0, 1.5, 2.0, 3.0, 4.0] {
            let lesson = lesson(GOAL * u);
            let (d, g) = (hypothesis.drive(&lesson, 0.9, 0.8), hypothesis.correction(&lesson, 0.9) / GOAL);
            print!("  {d:.2} {g:.2}");
        }
        println!();
    }
    println!("share of the learned bias that is there after 24 h (200, 400 events); rebound, ms");
    for hypothesis in Hypothesis::ALL {
        print!("{:>4}", hypothesis.id());
        for events in [200, 400] {
            let kept: Vec<f64> = (0..1_000)
                .map(|seed| {
                    let mut stream = Stream::named(seed, "retention", 0);
                    let mut learner = Learning::new(hypothesis, 0.9);
                    for _ in 0..events {
                        let e = -45.0 + learner.bias.total() + 27.0 * stream.gaussian();
                        learner.learn(&lesson(e));
                    }
                    let end = learner.bias.total();
                    learner.rest(24.0);
                    learner.bias.total() / end
                })
                .collect();
            let (mean, se) = mean_se(&kept);
            print!("  {mean:.3} ± {:.3}", 1.96 * se);
        }
        let rebound: Vec<f64> = (0..1_000)
            .map(|seed| {
                let mut stream = Stream::named(seed, "rebound", 0);
                let mut learner = Learning::new(hypothesis, 0.9);
                for n in 0..320 {
                    let e = if n < 300 { -40.0 } else { 40.0 } + learner.bias.total() + 27.0 * stream.gaussian();
                    learner.learn(&lesson(e));
                }
                let first = learner.bias.total();
                (0..100)
                    .map(|_| {
                        learner.bias.learn(&BIAS, 0.0);
                        learner.bias.total() - first
                    })
                    .fold(f64::MIN, f64::max)
            })
            .collect();
        let (mean, se) = mean_se(&rebound);
        println!("  {mean:.2} ± {:.2}", 1.96 * se);
    }
    println!("the gate drawn: u, mean W, share open, mean dose, its 90th percentile");
    let drawn = Drawn::new(&Parameters::of(Preset::Small));
    let mut stream = Stream::named(1, "gate", 0);
    for quarter in 0..=16 {
        let u = f64::from(quarter) / 4.0;
        let n = 100_000;
        let answers: Vec<(f64, f64)> =
            (0..n).map(|_| drawn.answer(u, [stream.gaussian(), stream.gaussian(), stream.gaussian()])).collect();
        let mean = |f: &dyn Fn(&(f64, f64)) -> f64| answers.iter().map(f).sum::<f64>() / f64::from(n);
        let mut doses: Vec<f64> = answers.iter().map(|(w, s)| w * s).collect();
        doses.sort_by(f64::total_cmp);
        println!(
            "{u:>5.2} {:.3} {:.3} {:.3} {:.2}",
            mean(&|a| a.0),
            mean(&|a| f64::from(u8::from(a.0 > 0.5))),
            mean(&|a| a.0 * a.1),
            doses[doses.len() * 9 / 10]
        );
    }
}
