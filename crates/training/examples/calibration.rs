//! How honest "what works for you" is: coverage of its intervals over simulated people, and what it says of them.
//!
//! `cargo run --release -p doozy-training --example calibration -- [PEOPLE] [DAYS] [EVENTS] [BLOCK]`
#![allow(clippy::print_stdout, reason = "a tool for whoever writes the page")]

use doozy_training::{
    contest::{ClosedForm, Course, Drill, Schedule, Tape, lived::live},
    learner::{Hypothesis, Profile},
    yours::Says,
};

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let of = |k: usize, other: u64| numbers.get(k).copied().unwrap_or(other);
    let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let people = of(0, 1_000);
    let schedule = Schedule { days: small(of(1, 12)), events: small(of(2, 80)), block: small(of(3, 20)) };
    let levels = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];
    let mut tape = Tape::default();
    let mut all = Held::default();
    println!("{people} people, {schedule:?}");
    println!(
        "{:>14} {:>6} {:>8} {:>8} {:>7} {:>6} {:>6}  coverage at {levels:?}",
        "", "people", "truth %", "SD %", "cannot", "helps", "hurts"
    );
    for (k, hypothesis) in Hypothesis::ALL.into_iter().enumerate() {
        let mut own = Held::default();
        for seed in (0..people).filter(|seed| seed % 9 == k as u64) {
            let drill = Drill::ALL[(seed / 9 % 3) as usize];
            let course = Course { drill, hypothesis, profile: Profile::Novice, schedule };
            tape.fill(seed, schedule.total());
            let lived = live(&course, &tape, &mut ClosedForm::default());
            for held in [&mut own, &mut all] {
                held.people += 1;
                held.truth += lived.truth;
                held.squares += lived.truth * lived.truth;
                held.says[match lived.posterior.says() {
                    Says::CannotTellYet => 0,
                    Says::Helps => 1,
                    Says::Hurts => 2,
                }] += 1;
                for (count, level) in held.inside.iter_mut().zip(levels) {
                    let (low, high) = lived.posterior.interval(level);
                    *count += u32::from(low <= lived.truth && lived.truth <= high);
                }
            }
        }
        own.tell(hypothesis.name());
    }
    all.tell("all");
}

#[derive(Default)]
struct Held {
    people: u32,
    truth: f64,
    squares: f64,
    says: [u32; 3],
    inside: [u32; 7],
}

impl Held {
    fn tell(&self, name: &str) {
        let n = f64::from(self.people.max(1));
        let mean = self.truth / n;
        let sd = (self.squares / n - mean * mean).max(0.0).sqrt();
        let share = |count: u32| f64::from(count) / n;
        let inside: Vec<String> = self.inside.iter().map(|count| format!("{:.3}", share(*count))).collect();
        println!(
            "{name:>14} {:>6} {:>8.2} {:>8.2} {:>7.3} {:>6.3} {:>6.3}  {}",
            self.people,
            100.0 * mean,
            100.0 * sd,
            share(self.says[0]),
            share(self.says[1]),
            share(self.says[2]),
            inside.join(" ")
        );
    }
}
