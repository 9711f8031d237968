//! `doozy lab twin`: how well the player's twin foretells people's next taps, beside predictors without a cerebellum.

use std::path::PathBuf;

use clap::Args;
use doozy_training::people::{
    plain::Plain,
    twin::{self, Compared, RANGE_MS, Twin},
};
use serde_json::{Value, json};

use super::{Common, Failure, fit, line};
use crate::report::{Cell, Table};

#[derive(Args, Debug)]
pub struct LabTwin {
    /// Taps as `doozy fit` reads them
    #[arg(value_name = "TAPS")]
    taps: PathBuf,
    /// Which network
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

impl LabTwin {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let runs = fit::read(&self.taps)?;
        let compared = twin::compare(&Twin::born(self.seed), &runs);
        if compared.iter().all(|row| row.taps == 0) {
            return Err(Failure::wrong(format!(
                "{}: no trial has a seventh tap; guesses are compared from there on",
                self.taps.display()
            )));
        }
        if common.json {
            return line(json!(compared.iter().map(as_json).collect::<Vec<Value>>()));
        }
        line(table(&compared).text())?;
        if common.quiet {
            return Ok(());
        }
        line("")?;
        line(
            "Root mean square error of guesses from the seventh tap of a trial on, ms; each made before its tap is heard.",
        )?;
        for row in &compared {
            line(verdict(row))?;
        }
        Ok(())
    }
}

fn as_json(row: &Compared) -> Value {
    let plain: serde_json::Map<String, Value> =
        Plain::ALL.iter().zip(row.plain).map(|(plain, error)| (plain.name().to_owned(), json!(error))).collect();
    json!({
        "interval_ms": row.interval_ms, "people": row.people, "taps": row.taps, "twin": row.twin, "plain": plain,
        "best": row.best, "difference": row.difference, "better_for": row.better_for,
    })
}

fn table(compared: &[Compared]) -> Table {
    let mut columns = vec!["isi", "people", "taps", "twin"];
    columns.extend(Plain::ALL.map(Plain::name));
    let mut table = Table::new(&columns, &columns);
    for row in compared {
        let mut cells: Vec<Cell> = vec![
            format!("{}", row.interval_ms).into(),
            row.people.to_string().into(),
            row.taps.to_string().into(),
            row.twin.map_or("–".to_owned(), |error| format!("{error:.1}")).into(),
        ];
        cells.extend(row.plain.iter().map(|error| Cell::from(format!("{error:.1}"))));
        table.row(cells);
    }
    table
}

/// Whether the twin is better than the best of the plain ones, in words; where it is not, that too.
fn verdict(row: &Compared) -> String {
    let at = row.interval_ms;
    let best = row.plain.iter().copied().fold(f64::INFINITY, f64::min);
    let Some(twin) = row.twin else {
        let (least, most) = RANGE_MS;
        return format!("{at} ms: beyond the twin's range ({least} to {most} ms); it does not guess");
    };
    let told = if twin < best { "is better than" } else { "falls short of" };
    let chance = match row.difference {
        Some([low, high]) => {
            let sure = if low <= 0.0 && high >= 0.0 { ", which may be chance" } else { "" };
            format!(" (95 % interval of the difference {low:.1} … {high:.1}, people drawn again{sure})")
        }
        None => " (one person: no interval)".to_owned(),
    };
    format!(
        "{at} ms: the twin {told} the best plain predictor ({}) by {:.1} ms{chance}; better for {} of {} people",
        row.best,
        (twin - best).abs(),
        row.better_for,
        row.people
    )
}
