//! `doozy replay`: recompute a recorded session, and compare every effect with the record bit for bit.

use clap::Args;
use doozy_training::{
    RULE_VERSION,
    event::{Effect, Judged, Tier},
    judge::chord,
    level::Level,
    rehearse,
};
use serde_json::json;

use super::{Common, Failure, line};
use crate::{
    conductor::Terms,
    record::{LoadedSession, Reader, Recomputed, VerifyError, verify},
};

#[derive(Args, Debug)]
pub struct Replay {
    /// The session's number, its id or the beginning of it, or "last"
    session: String,
    /// Compare every effect and every window with the record; exit code 1 where one differs
    #[arg(long)]
    verify: bool,
}

impl Replay {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Reader::open(&common.data_dir()?)?.load(&self.session)?;
        if self.verify {
            return compare(&session, common);
        }
        if let Some(damage) = &session.damage {
            return Err(Failure::wrong(format!("session {}: {damage}", session.info.number)));
        }
        let computed = recompute(&session).map_err(Failure::wrong)?;
        for effect in &computed.effects {
            if common.json {
                line(serde_json::to_string(effect).map_err(|e| Failure::wrong(e.to_string()))?)?;
            } else if let Effect::Judged(judged) = effect {
                line(told(judged))?;
            }
        }
        if !common.json {
            let judged: Vec<Judged> = computed
                .effects
                .into_iter()
                .filter_map(|effect| if let Effect::Judged(judged) = effect { Some(judged) } else { None })
                .collect();
            for (_, spread) in chord::spreads(&judged) {
                line(format!("a chord was struck within {:.1} ms", spread.as_ms()))?;
            }
        }
        Ok(())
    }
}

fn compare(session: &LoadedSession, common: &Common) -> Result<(), Failure> {
    let number = session.info.number;
    let outcome = match verify(session, RULE_VERSION, recompute) {
        Ok(outcome) => outcome,
        Err(error @ VerifyError::OtherRules { .. }) => {
            return Err(Failure::lacking(format!("session {number}: {error}")));
        }
        Err(error) => return Err(Failure::wrong(format!("session {number}: {error}"))),
    };
    if common.json {
        line(json!({ "session": number, "holds": outcome.holds(), "verification": outcome }))?;
    } else if outcome.holds() && !common.quiet {
        line(format!(
            "session {number}: {} effects and {} windows are the same, bit for bit",
            outcome.effects, outcome.windows
        ))?;
    }
    match outcome.difference {
        None => Ok(()),
        Some(difference) => Err(Failure::wrong(format!("session {number} differs: {difference}"))),
    }
}

/// The session's own level, seed and terms, and its recorded inputs, through reducer and network again.
pub fn recompute(session: &LoadedSession) -> Result<Recomputed, String> {
    let terms: Terms = serde_json::from_value(session.meta.options.clone()).map_err(|e| format!("its options: {e}"))?;
    let level = Level::parse(&session.meta.level_path, &session.meta.level_text).map_err(|e| e.to_string())?;
    let setup = rehearse::Setup {
        level,
        seed: session.meta.seed,
        options: terms.session,
        preset: terms.preset,
        lesion: terms.lesion,
    };
    let computed = rehearse::recompute(setup, &session.inputs).map_err(|e| e.to_string())?;
    Ok(Recomputed { effects: computed.effects, windows: computed.windows })
}

fn told(judged: &Judged) -> String {
    let tier = match judged.tier {
        Tier::Clean => "clean",
        Tier::Slip => "slip",
        Tier::Miss => "miss",
        Tier::Doozy => "doozy",
    };
    let e = judged.e.map_or_else(|| "-".to_owned(), |e| format!("{:+.3}", e.as_ms()));
    format!(
        "{:>5}  trial {:<4} {:<14} {:<6} e {:>10} ms  gain {:.2}  u {:.2}",
        judged.event.0,
        judged.trial.0,
        format!("{:?}", judged.kind),
        tier,
        e,
        judged.gain,
        judged.u
    )
}
