//! Prints what the gate does against its bands, as the tables of docs/science/cerebellum.md:
//! `cargo run --example gate_bands -p doozy-cerebellum -- [seeds] [repeats] [minutes] [volleys]`.
//! By default 20 seeds, 200 volleys for each synchrony, 30 minutes at rest, 400 volleys for each size and seed.

use doozy_cerebellum::experiments::{Estimate, chance, curve, sweep, synchrony};
use doozy_cerebellum::{Preset, closed_form};

fn main() -> Result<(), std::num::ParseIntError> {
    let mut sizes = [20, 200, 30, 400u32];
    for (size, given) in sizes.iter_mut().zip(std::env::args().skip(1)) {
        *size = given.parse()?;
    }
    let [seeds, repeats, minutes, volleys] = sizes;
    let seeds = 0..u64::from(seeds);
    let preset = Preset::Small;

    let table = synchrony::run(preset, seeds.clone(), repeats as usize);
    print_synchrony(&table);
    print_bands(&table);
    println!("\n## E11\n\n| jitter, ms | release left | band |\n| --- | --- | --- |");
    for row in synchrony::scatter(preset, seeds.clone(), &[1.0, 6.0, 10.0, 20.0, 40.0], repeats as usize) {
        let band = match row.jitter_ms {
            10.0 => format!("≥ 0.85: {}", verdict(row.left.low() >= 0.85)),
            20.0 => format!("0.5–0.8: {}", verdict(row.left.within(0.5, 0.8))),
            40.0 => format!("≤ 0.4: {}", verdict(row.left.high() <= 0.4)),
            _ => String::new(),
        };
        println!("| {} | {} | {band} |", row.jitter_ms, show(row.left, 3));
    }
    let chance = chance::table(preset, seeds.clone(), f64::from(minutes));
    println!("\n## E12, {minutes} min\n");
    println!("| measure | value | band |\n| --- | --- | --- |");
    println!("| spontaneous rate, Hz | {} | 0.7–1.3 |", show(chance.rate_hz, 3));
    println!(
        "| openings a minute | {} | ≤ 1: {} |",
        show(chance.openings_per_minute, 3),
        verdict(chance.openings_per_minute.high() <= 1.0)
    );
    println!("| of two fibres or more | {} | |", show(chance.shared_openings_per_minute, 3));
    println!("| mean W of an event | {} | < 0.1: {} |", show(chance.mean_w, 4), verdict(chance.mean_w.high() < 0.1));

    println!("\n## W(u)\n");
    println!("| u | mean W | SD of W | P(W > 0.5) | mean dose | 90th pct of dose | synchrony | closed form W |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let grid: Vec<f64> = (0..=16).map(|k| f64::from(k) / 4.0).collect();
    for row in curve::run(preset, seeds.clone(), &grid, volleys) {
        println!(
            "| {} | {} | {:.2} | {} | {} | {:.2} | {} | {:.3} |",
            row.u,
            show(row.w, 3),
            row.w_sd,
            show(row.open, 3),
            show(row.dose, 3),
            row.dose_90,
            show(row.synchrony, 3),
            row.closed_form
        );
    }

    println!("\n## Share of windows open, Gaussian errors\n");
    println!(
        "| spread / T | gain | share open | 90th pct of dose | closed form share |\n| --- | --- | --- | --- | --- |"
    );
    let mut conditions = Vec::new();
    for gain in [1.0, 1.5, 2.0] {
        for spread in [0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25] {
            // Tolerance at which 80 % of such errors succeed, never below the goal.
            conditions.push((spread, gain, (1.2816f64 * spread).max(1.0)));
        }
    }
    for row in sweep::run(preset, seeds.clone(), &conditions, volleys) {
        println!(
            "| {} | {} | {} | {} | {:.3} |",
            row.spread,
            row.gain,
            show(row.open, 3),
            show(row.dose_90, 2),
            row.closed_form
        );
    }

    println!("\n## Share of windows open where the gain rests\n");
    println!(
        "| spread / T | gain | share open | ≤ 3 of 24 | ≤ 4 of 24 | ≥ 9 of 24 | ≥ 10 of 24 |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    for row in sweep::rest(preset, seeds, &[0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25], volleys) {
        println!(
            "| {} | {} | {} | {:.2} | {:.2} | {:.2} | {:.2} |",
            row.spread,
            show(row.gain, 2),
            show(row.open, 3),
            row.at_most_3.mean,
            row.at_most_4.mean,
            row.at_least_9.mean,
            row.at_least_10.mean
        );
    }
    Ok(())
}

fn show(estimate: Estimate, digits: usize) -> String {
    format!("{:.digits$} ± {:.digits$}", estimate.mean, estimate.half)
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds" } else { "falls short" }
}

fn print_synchrony(table: &synchrony::Table) {
    println!("## E2, E3\n");
    println!("At rest: MLI1 {} Hz, MLI2 {} Hz\n", show(table.mli1_rest_hz, 1), show(table.mli2_rest_hz, 1));
    println!(
        "| s | MLI2 peak, Hz | × rest | spikes a cell | share firing | MLI1 +5…+25 ms / rest | MLI1 least / rest | r̄ | closed form r̄ | ms below 0.6 | W |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for row in &table.rows {
        println!(
            "| {:.4} | {} | {} | {} | {} | {} | {} | {} | {:.3} | {} | {} |",
            row.synchrony,
            show(row.mli2_peak_hz, 0),
            show(row.mli2_peak_ratio, 1),
            show(row.mli2_spikes, 2),
            show(row.mli2_share, 2),
            show(row.mli1_ratio, 3),
            show(row.mli1_min, 3),
            show(row.inhibition, 3),
            closed_form::inhibition(row.synchrony),
            show(row.window_ms, 1),
            show(row.w, 3)
        );
    }
}

fn print_bands(table: &synchrony::Table) {
    let [_, _, eighth, _, third, _, _, all] = table.rows[..] else { return };
    println!("\n| band | measured (95 % CI) | holds |\n| --- | --- | --- |");
    let line = |what: &str, estimate: Estimate, low: f64, high: f64| {
        println!("| {what} | {} | {} |", show(estimate, 3), verdict(estimate.within(low, high)));
    };
    println!(
        "| E2 MLI2 peak strictly increasing | in {:.0} % of seeds | {} |",
        100.0 * table.rising,
        verdict(table.rising == 1.0)
    );
    line("E2 s≈0.36: peak ≥ 4 × rest", third.mli2_peak_ratio, 4.0, f64::INFINITY);
    line("E2 s≈0.36: peak 70–200 Hz", third.mli2_peak_hz, 70.0, 200.0);
    line("E2 s≈0.36: 0.7–1.5 spikes a cell", third.mli2_spikes, 0.7, 1.5);
    line("E2 s≈0.36: 65–90 % fire", third.mli2_share, 0.65, 0.9);
    line("E3 s=1/8: 0.75–0.95", eighth.mli1_ratio, 0.75, 0.95);
    line("E3 s≈0.36: 0.35–0.65", third.mli1_ratio, 0.35, 0.65);
    line("E3 s≈0.36: least ≤ 0.35", third.mli1_min, 0.0, 0.35);
    line("E3 s=1: ≤ 0.3", all.mli1_ratio, 0.0, 0.3);
    line("E6 s=1/8: 2–6 ms below 0.6", eighth.window_ms, 2.0, 6.0);
    line("E6 s≈0.36: 15–20 ms", third.window_ms, 15.0, 20.0);
    line("E6 s=1: 22–28 ms", all.window_ms, 22.0, 28.0);
    line("E3 Spearman ≤ −0.95", table.spearman, -1.0, -0.95);
}
