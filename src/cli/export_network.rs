//! `doozy lab export-network`: the network written down for other simulators.

use std::path::PathBuf;

use clap::Args;
use doozy_cerebellum::{Parameters, Preset, export::Protocol};
use serde_json::json;

use super::{Common, Failure, line};
use crate::lab::export::{ExportError, export_network};

#[derive(Args, Debug)]
pub struct ExportNetwork {
    /// Folder for network.json and the arrays; made if it is not there
    dir: PathBuf,
    /// Size of the model: small, standard, large or xl
    #[arg(long, value_parser = super::lab::preset, default_value = "small")]
    preset: Preset,
    /// Which network of that size
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// Seconds of rest in the protocol that both simulators run
    #[arg(long, default_value_t = 20, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    rest: u64,
    /// Volleys of each size in it
    #[arg(long, default_value_t = 40, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    repeats: u16,
    /// Overwrite what is there
    #[arg(long)]
    force: bool,
}

impl ExportNetwork {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let protocol = Protocol::of(self.rest, usize::from(self.repeats));
        let parameters = Parameters::of(self.preset);
        let exported = export_network(&self.dir, &parameters, self.seed, &protocol, self.force)?;
        let files: Vec<String> = exported.files.iter().map(|file| file.display().to_string()).collect();
        let [coupled, uncoupled] = exported.speed;
        if common.json {
            return line(json!({
                "files": files, "spike_hash": exported.description["spike_hash"],
                "speed": {"coupled": coupled, "uncoupled": uncoupled},
            }));
        }
        for file in files {
            line(file)?;
        }
        if !common.quiet {
            let seconds = protocol.steps() as f64 * 1e-3;
            line(format!(
                "one microzone on one core: {seconds:.0} s in {:.2} s, {coupled:.0} times real time",
                seconds / coupled
            ))?;
        }
        Ok(())
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Exists(_) | ExportError::Parameters(_) => Self::usage(error.to_string()),
            ExportError::Write { .. } => Self::lacking(error.to_string()),
        }
    }
}
