//! A small contest on standard output, as Markdown: what is retained by learner, drill and policy, regrets, and how fast it ran.
//! The whole contest is `doozy simulate levels/plans/contest.plan.ron`; this one is for whoever tries a constant.
//!
//! `cargo run --release -p doozy-training --example contest -- [PEOPLE] [massed|spaced]`
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a tool for whoever sets constants: it may look at the clock"
)]

use doozy_training::{
    contest::{
        ClosedForm, Course, Drill, Outcome, Rival, Schedule, Tape,
        rivals::{EDGE, Knobs},
    },
    learner::{Hypothesis, Profile},
    rng::Stream,
    session::{Amplification, Policy},
};

/// People who are resampled together.
const GROUP: u64 = 20;
const RESAMPLES: usize = 1_000;
/// What is told of a run.
type Measure = fn(&Outcome) -> f64;
/// Each policy's worst and mean regret.
type Regrets = [(f64, f64)];

const MEASURES: [(&str, Measure); 7] = [
    ("RMS a day later, ms", |o| o.retention_rms),
    ("failures a minute", Outcome::failures_a_minute),
    ("mean gain", |o| o.gain),
    ("brakes", |o| o.brakes as f64),
    ("share of events with success in 0.70…0.88", |o| o.in_band),
    ("mean rung", |o| o.rung),
    ("share within 1.5 T before the end", |o| if o.criterion.is_some() { 1.0 } else { 0.0 }),
];

fn rivals(schedule: Schedule) -> Vec<(&'static str, Rival)> {
    let big = |policy| Rival::Policy { policy, amplification: Amplification::BigErrors };
    let gain = |gain, amplification| Rival::Policy { policy: Policy::Weighted { success: 0.8, gain }, amplification };
    let mut all = vec![
        ("window", big(Policy::Window)),
        ("paced", big(Policy::Paced { success: 0.8 })),
        ("edge", Rival::Policy { policy: EDGE, amplification: Amplification::IntoWindow }),
    ];
    if schedule.days > 1 {
        all.push(("yours", Rival::Yours));
    }
    all.extend([
        ("yoked", Rival::Yoked),
        ("scrambled", Rival::Scrambled),
        ("fixed", big(Policy::Fixed { gain: 1.0 })),
        ("random", big(Policy::Random)),
        ("2-down", big(Policy::UpDown { down: 2, gain: 1.0 })),
        ("3-down", big(Policy::UpDown { down: 3, gain: 1.0 })),
        ("weighted-85", big(Policy::Weighted { success: 0.85, gain: 1.0 })),
        ("quest", big(Policy::Quest { gain: 1.0 })),
        ("gain-1.5", gain(1.5, Amplification::BigErrors)),
        ("gain-2", gain(2.0, Amplification::BigErrors)),
        ("gain-2-all", gain(2.0, Amplification::AllErrors)),
        ("reduced", gain(1.0, Amplification::ErrorsReduced)),
    ]);
    all
}

fn head(first: &str, rivals: &[(&str, Rival)]) {
    let names: Vec<&str> = rivals.iter().map(|(name, _)| *name).collect();
    println!("\n| {first} | {} |\n| --- |{}", names.join(" | "), " ---: |".repeat(names.len()));
}

/// Worst-case and mean regret, per cent, by policy, of means `[row][policy]` of log RMS.
fn regrets(means: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let best: Vec<f64> = means.iter().map(|row| row.iter().copied().fold(f64::INFINITY, f64::min)).collect();
    (0..means[0].len())
        .map(|k| {
            let of: Vec<f64> = means.iter().zip(&best).map(|(row, best)| 100.0 * (row[k] - best).exp_m1()).collect();
            (of.iter().copied().fold(0.0, f64::max), of.iter().sum::<f64>() / of.len() as f64)
        })
        .collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let people: u64 = arguments.first().and_then(|text| text.parse().ok()).unwrap_or(400).max(GROUP);
    let schedule = if arguments.get(1).is_some_and(|text| text == "spaced") {
        Schedule { days: 8, events: 50, block: 10 }
    } else {
        Schedule { days: 1, events: 400, block: 20 }
    };
    let rivals = rivals(schedule);
    let started = std::time::Instant::now();
    let mut gate = ClosedForm::default();
    let (mut tape, mut partner, mut knobs) = (Tape::default(), Tape::default(), Knobs::default());
    let rows: Vec<(Drill, Hypothesis)> =
        Drill::ALL.into_iter().flat_map(|drill| Hypothesis::ALL.map(|hypothesis| (drill, hypothesis))).collect();
    let mut sums = vec![vec![[0.0_f64; MEASURES.len()]; rivals.len()]; rows.len()];
    // [group][row][policy]: sums of log RMS
    let mut groups: Vec<Vec<Vec<f64>>> = Vec::new();
    let mut events = 0_u64;
    for seed in 0..people / GROUP * GROUP {
        if seed % GROUP == 0 {
            groups.push(vec![vec![0.0; rivals.len()]; rows.len()]);
        }
        tape.fill(seed, schedule.total());
        partner.fill(seed ^ 1, schedule.total());
        for (r, (drill, hypothesis)) in rows.iter().enumerate() {
            let course = Course { drill: *drill, hypothesis: *hypothesis, profile: Profile::Novice, schedule };
            knobs.record(&course, &tape, &partner, &mut gate);
            for (k, (_, rival)) in rivals.iter().enumerate() {
                let outcome = rival.run(&course, &tape, &knobs, &mut gate);
                for (sum, (_, of)) in sums[r][k].iter_mut().zip(MEASURES) {
                    *sum += of(&outcome) / people as f64;
                }
                if let Some(group) = groups.last_mut() {
                    group[r][k] += outcome.retention_rms.ln() / GROUP as f64;
                }
            }
            events += (schedule.total() * (rivals.len() + 2)) as u64;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{people} people a cell, {schedule:?}; {events} learner events in {seconds:.1} s of one core, {:.0} a second",
        events as f64 / seconds
    );
    let mean_of = |chosen: &[usize]| -> Vec<Vec<f64>> {
        (0..rows.len())
            .map(|r| {
                let mean = |k: usize| chosen.iter().map(|g| groups[*g][r][k]).sum::<f64>() / chosen.len() as f64;
                (0..rivals.len()).map(mean).collect()
            })
            .collect()
    };
    let all: Vec<usize> = (0..groups.len()).collect();
    let means = mean_of(&all);
    let told = regrets(&means);
    let mut stream = Stream::named(0, "bootstrap", 0);
    let resampled: Vec<Vec<(f64, f64)>> = (0..RESAMPLES)
        .map(|_| {
            let chosen: Vec<usize> = all.iter().map(|_| stream.below(groups.len())).collect();
            regrets(&mean_of(&chosen))
        })
        .collect();
    let interval = |of: &dyn Fn(&Regrets) -> f64| {
        let mut values: Vec<f64> = resampled.iter().map(|one| of(one)).collect();
        values.sort_by(f64::total_cmp);
        format!("[{:.2}, {:.2}]", values[RESAMPLES / 40], values[RESAMPLES - 1 - RESAMPLES / 40])
    };
    println!(
        "\n| policy | worst-case regret, % | 95 % | where | mean regret, % | 95 % | edge minus it, worst case | 95 % |"
    );
    println!("| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |");
    let mut order: Vec<usize> = (0..rivals.len()).collect();
    order.sort_by(|a, b| told[*a].0.total_cmp(&told[*b].0));
    for k in order {
        let of_row = |r: usize| means[r][k] - means[r].iter().copied().fold(f64::INFINITY, f64::min);
        let worst = (0..rows.len()).max_by(|a, b| of_row(*a).total_cmp(&of_row(*b))).unwrap_or(0);
        println!(
            "| {} | {:.2} | {} | {}, {} | {:.2} | {} | {:+.2} | {} |",
            rivals[k].0,
            told[k].0,
            interval(&|one| one[k].0),
            rows[worst].1,
            rows[worst].0.id(),
            told[k].1,
            interval(&|one| one[k].1),
            told[2].0 - told[k].0,
            interval(&|one| one[2].0 - one[k].0),
        );
    }
    for (m, (what, _)) in MEASURES.iter().enumerate() {
        head(what, &rivals);
        for (r, (drill, hypothesis)) in rows.iter().enumerate() {
            let cells: Vec<String> = sums[r].iter().map(|cell| format!("{:.2}", cell[m])).collect();
            println!("| {} {hypothesis} | {} |", drill.id(), cells.join(" | "));
        }
    }
    head("regret, %", &rivals);
    for (r, (drill, hypothesis)) in rows.iter().enumerate() {
        let best = means[r].iter().copied().fold(f64::INFINITY, f64::min);
        let cells: Vec<String> = means[r].iter().map(|mean| format!("{:.1}", 100.0 * (mean - best).exp_m1())).collect();
        println!("| {} {hypothesis} | {} |", drill.id(), cells.join(" | "));
    }
}
