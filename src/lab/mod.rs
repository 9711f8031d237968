//! The lab: experiments in the cerebellar model, run over seeds on every core, kept, judged against their bands and drawn.
//!
//! What an experiment does is the crate's; the lab knows how to run it many times, to go on where a run was broken off
//! ([`store`]), to sum up over seeds ([`findings`]), and to lay that out ([`sheet`]). It knows no session, level or player.

use doozy_cerebellum::{
    Parameters,
    experiments::{Effort, Experiment, Setup},
};
use sha2::{Digest as _, Sha256};

pub mod export;
pub mod findings;
pub mod memory;
mod npz;
pub mod overlay;
pub mod reference;
pub mod runs;
pub mod sheet;
pub mod store;

/// An experiment that lives as long as the program.
pub type Registered = &'static dyn Experiment;

/// What a run is asked for.
#[derive(Clone, Debug)]
pub struct Plan {
    pub setup: Setup,
    /// What the results are filed under: the preset's name, with the parameter file's where there is one.
    pub name: String,
    pub first_seed: u64,
    pub seeds: u64,
}

impl Plan {
    pub fn seeds(&self) -> impl Iterator<Item = u64> + use<> {
        self.first_seed..self.first_seed + self.seeds
    }
}

/// A hash that two sets of parameters share only if every value is the same.
#[must_use]
pub fn fingerprint(parameters: &Parameters) -> String {
    // Fields are written in the order of their declaration, numbers with all their digits.
    let text = serde_json::to_string(parameters).unwrap_or_default();
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The word for an effort in files and tables.
#[must_use]
pub fn effort_name(effort: Effort) -> &'static str {
    effort.pick("full", "brief")
}

/// The experiments of that name, `all` for every one; without regard to capitals.
///
/// # Errors
/// A name that no experiment has, with the nearest that one has.
pub fn chosen(known: &[Registered], names: &[String]) -> Result<Vec<Registered>, String> {
    let ids = || known.iter().map(|experiment| experiment.id());
    for name in names {
        if !name.eq_ignore_ascii_case("all") && !ids().any(|id| id.eq_ignore_ascii_case(name)) {
            let near = nearest(name, ids()).map(|id| format!("; did you mean {id}?")).unwrap_or_default();
            let all = ids().collect::<Vec<_>>().join(", ");
            return Err(format!("there is no experiment '{name}'{near} (known: {all}, or 'all')"));
        }
    }
    let wanted = |id: &str| names.iter().any(|name| name.eq_ignore_ascii_case("all") || name.eq_ignore_ascii_case(id));
    Ok(known.iter().copied().filter(|experiment| wanted(experiment.id())).collect())
}

/// The word that `name` was most likely meant to be, if any is near.
#[must_use]
pub fn nearest<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Damerau–Levenshtein similarity above which people's slips of the keyboard lie and other words seldom do. ◇
    const NEAR: f64 = 0.5;
    let name = name.to_lowercase();
    words
        .map(|word| (strsim::normalized_damerau_levenshtein(&name, &word.to_lowercase()), word))
        .filter(|(near, _)| *near >= NEAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}
