//! The closed form against the network: the same people under both gates, with the same luck of everything but the gate.
//!
//! `cargo run --release -p doozy-training --example agreement -- [PEOPLE]`
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a tool for whoever writes the page: it may look at the clock"
)]

use doozy_training::{
    contest::{ClosedForm, Course, Days, Drill, Gate, Outcome, Schedule, Spiking, Tape, run},
    learner::{Hypothesis, Profile},
    session::{Amplification, Policy, policy::Pilot, steering::Steering},
};

fn main() {
    let people: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(20);
    let schedule = Schedule { days: 1, events: 400, block: 20 };
    let mut tape = Tape::default();
    let (mut seconds, mut simulated) = (0.0, 0.0);
    println!(
        "{people} people a row, beat, {schedule:?}: closed form, network, mean paired difference ± its standard error"
    );
    for (name, policy) in [("window", Policy::Window), ("paced", Policy::Paced { success: 0.8 })] {
        for hypothesis in [Hypothesis::Linear, Hypothesis::Window, Hypothesis::Success] {
            let course = Course { drill: Drill::Beat, hypothesis, profile: Profile::Novice, schedule };
            let mut pairs: Vec<(Outcome, Outcome)> = Vec::new();
            for seed in 0..people {
                tape.fill(seed, schedule.total());
                let of = |gate: &mut dyn FnMut(&Course, Steering, Days<'_>, &Tape) -> Outcome| {
                    let steering = Steering::new(Pilot::new(policy, seed), Amplification::BigErrors);
                    gate(&course, steering, Days::Alike(Amplification::BigErrors), &tape)
                };
                fn by<G: Gate>(gate: &mut G) -> impl FnMut(&Course, Steering, Days<'_>, &Tape) -> Outcome + '_ {
                    move |course, steering, days, tape| run(course, steering, days, tape, gate, &mut ())
                }
                let closed = of(&mut by(&mut ClosedForm::default()));
                let started = std::time::Instant::now();
                let spiking = of(&mut by(&mut Spiking::new(seed)));
                seconds += started.elapsed().as_secs_f64();
                simulated += spiking.minutes * 60.0;
                pairs.push((closed, spiking));
            }
            let told = |what: &str, of: fn(&Outcome) -> f64| {
                let n = pairs.len() as f64;
                let mean = |f: &dyn Fn(&(Outcome, Outcome)) -> f64| pairs.iter().map(f).sum::<f64>() / n;
                let (closed, spiking) = (mean(&|pair| of(&pair.0)), mean(&|pair| of(&pair.1)));
                let difference = spiking - closed;
                let square = mean(&|pair| (of(&pair.1) - of(&pair.0) - difference).powi(2));
                let se = (square / (n - 1.0).max(1.0)).sqrt();
                println!("{name:>8} {hypothesis} {what:>14} {closed:>9.3} {spiking:>9.3} {difference:>+9.3} ± {se:.3}");
            };
            told("retained RMS", |o| o.retention_rms);
            told("mean gain", |o| o.gain);
            told("mean rung", |o| o.rung);
            told("failures", |o| f64::from(o.failures));
            told("brakes", |o| f64::from(o.brakes));
        }
    }
    println!("network: {simulated:.0} s of practice in {seconds:.1} s, {:.0} times real time", simulated / seconds);
}
