//! Runs experiments on the library alone and prints each measure against its band:
//! `cargo run --example experiments -p doozy-cerebellum -- [preset] [seeds] [full|brief] [id …]`; small, 20, full and all
//! by default. `doozy lab` does the same with figures, and can be stopped and resumed.

use doozy_cerebellum::experiments::{Effort, Estimate, Experiment, Sample, Setup, Standing, all};
use doozy_cerebellum::{Parameters, Preset};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut given = std::env::args().skip(1);
    let preset = given.next().unwrap_or_else(|| "small".to_owned());
    let preset = Preset::named(&preset).ok_or_else(|| format!("{preset} is no preset"))?;
    let seeds: u64 = given.next().map_or(Ok(20), |seeds| seeds.parse())?;
    let effort = match given.next().as_deref() {
        None | Some("full") => Effort::Full,
        Some("brief") => Effort::Brief,
        Some(other) => return Err(format!("{other} is neither full nor brief").into()),
    };
    let ids: Vec<String> = given.collect();
    let setup = Setup { parameters: Parameters::of(preset), effort };
    for experiment in all().iter().filter(|experiment| ids.is_empty() || ids.iter().any(|id| id == experiment.id())) {
        let samples: Vec<Sample> = (0..seeds).map(|seed| experiment.run(&setup, seed)).collect();
        print(*experiment, &setup, &samples);
    }
    Ok(())
}

fn print(experiment: &dyn Experiment, setup: &Setup, samples: &[Sample]) {
    let (id, title, seconds) = (experiment.id(), experiment.title(), experiment.seconds(setup));
    println!("\n## {id}: {title} ({seconds:.0} simulated s a seed)\n");
    println!("| measure | measured (95 % CI) | band | standing | |\n| --- | --- | --- | --- | --- |");
    for measure in experiment.measures() {
        let values: Vec<f64> = samples.iter().filter_map(|sample| sample.values.get(measure.key).copied()).collect();
        let standing = match measure.standing {
            Standing::Calibrated => "calibrated",
            Standing::Predicted => "predicted",
        };
        if values.is_empty() {
            println!("| {} | none | | {standing} | |", measure.what);
            continue;
        }
        let estimate = Estimate::of(&values);
        let (band, verdict) = match measure.band {
            None => (String::new(), ""),
            Some(band) => {
                (format!("{} … {}", band.low, band.high), if band.holds(estimate) { "holds" } else { "falls short" })
            }
        };
        let (mean, half, unit) = (estimate.mean, estimate.half, measure.unit);
        println!("| {} | {mean:.3} ± {half:.3} {unit} | {band} | {standing} | {verdict} |", measure.what);
    }
}
