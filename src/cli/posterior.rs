//! `doozy lab posterior`: whether "what works for you" is honest, over simulated people whose truth is known.

use std::path::PathBuf;

use clap::{Args, value_parser};

use super::{Common, Failure, line};
use crate::{
    paths,
    sweep::calibration::{self, People},
};

#[derive(Args, Debug)]
pub struct LabPosterior {
    /// People; the nine learners and three drills take turns
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// Days of practice
    #[arg(long, default_value_t = 12, value_name = "N", value_parser = value_parser!(u32).range(2..=400))]
    days: u32,
    /// Events of a day, its probe among them
    #[arg(long, default_value_t = 80, value_name = "N", value_parser = value_parser!(u32).range(2..=10_000))]
    events: u32,
    /// Events of the probe that a day begins with
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = value_parser!(u32).range(1..=5_000))]
    block: u32,
    /// Seed of the first person
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = value_parser!(u64).range(..=1_000_000_000))]
    first_seed: u64,
    /// A page with the calibration plot
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
}

impl LabPosterior {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let Self { people, days, events, block, first_seed, .. } = *self;
        if block >= events {
            return Err(Failure::usage(format!(
                "--block {block} leaves nothing to practise of --events {events}; it must be less"
            )));
        }
        let calibration = calibration::calibrate(People { first_seed, people, days, events, block });
        if let Some(out) = &self.out {
            paths::write_whole(out, calibration::document(&calibration).html().as_bytes())
                .map_err(|error| Failure::lacking(error.to_string()))?;
        }
        if common.json {
            return line(serde_json::json!(calibration));
        }
        line(calibration::table(&calibration).text())?;
        if common.quiet {
            return Ok(());
        }
        line("")?;
        line(
            "Effect: change of the RMS of the next morning by a day's amplified practice; below zero it helps. wrong: told what \
             is not so. Last columns: per cent of people whose interval of that level holds the truth.",
        )
    }
}
