//! `doozy lab`: the cerebellar model.

use clap::{Args, Subcommand};
use doozy_cerebellum::Preset;

use super::{Common, Failure, export_network};

#[derive(Args, Debug)]
pub struct Lab {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The network's cells, connections and parameters for other simulators, with volleys and our spikes to compare with
    ExportNetwork(export_network::ExportNetwork),
}

/// A preset by its name. `yamazaki` is for timing alone.
pub(super) fn preset(name: &str) -> Result<Preset, String> {
    Preset::named(name)
        .filter(|preset| *preset != Preset::Yamazaki)
        .ok_or_else(|| "it must be one of small, standard, large, xl".to_owned())
}

impl Lab {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        match &self.what {
            What::ExportNetwork(export) => export.run(common),
        }
    }
}
