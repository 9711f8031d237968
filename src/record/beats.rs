//! The taps of recorded sessions that went to a steady beat, trial by trial, for whoever estimates people's timing.

use std::{collections::HashMap, fs, path::Path};

use doozy_training::{
    event::{Effect, Stage, TargetId, TrialId, TrialPlan},
    people::Run,
};

use super::{LoadedSession, Reader, RecordError, import_ndjson};

/// Taps to steady beats of a record (`.sqlite`) or of one exported session (`.ndjson`); a person is who played, a trial is
/// numbered within all sessions. Sessions that are damaged are taken up to the damage.
///
/// # Errors
/// If the file cannot be read as what its ending says, or holds no steady beat.
pub fn of_file(path: &Path) -> Result<Vec<Run>, RecordError> {
    let shown = path.display().to_string();
    let mut runs = Vec::new();
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("ndjson")) {
        let text = fs::read_to_string(path)
            .map_err(|error| RecordError::Damaged { at: shown.clone(), what: format!("it cannot be read: {error}") })?;
        take(&import_ndjson(&text, &shown)?, &mut runs);
    } else {
        let reader = Reader::open_file(path)?;
        for info in reader.sessions()? {
            take(&reader.load(&info.id.0)?, &mut runs);
        }
    }
    if runs.is_empty() {
        let what = "it has no steady beat; timing is estimated from drills with a bell".to_owned();
        return Err(RecordError::Damaged { at: shown, what });
    }
    Ok(runs)
}

/// The interval of a trial whose beat does not change, ms; None for all other trials.
#[must_use]
pub fn steady(plan: &TrialPlan) -> Option<f64> {
    let Stage::Bell { ioi } = plan.stage else { return None };
    let even = plan.targets.windows(2).all(|pair| pair[1].at - pair[0].at == ioi);
    (even && plan.targets.len() > 1).then(|| ioi.as_ms())
}

fn take(session: &LoadedSession, runs: &mut Vec<Run>) {
    let mut heard: HashMap<(TrialId, TargetId), f64> = HashMap::new();
    for effect in &session.effects {
        if let Effect::Judged(judged) = effect
            && let (Some(target), Some(e)) = (judged.target, judged.e)
        {
            heard.insert((judged.trial, target), e.as_ms());
        }
    }
    for effect in &session.effects {
        let Effect::Planned(plan) = effect else { continue };
        let Some(interval_ms) = steady(plan) else { continue };
        let asynchronies: Vec<Option<f64>> =
            plan.targets.iter().map(|target| heard.get(&(plan.trial, target.id)).copied()).collect();
        // a trial that was planned and never played has nothing to tell
        if asynchronies.iter().any(Option::is_some) {
            runs.push(Run {
                subject: session.meta.player.clone(),
                trial: format!("{}.{}", session.info.number, plan.trial.0),
                interval_ms,
                asynchronies,
            });
        }
    }
}
