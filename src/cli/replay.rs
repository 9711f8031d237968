//! `doozy replay`: recompute a recorded session, and compare every effect with the record bit for bit.

use clap::Args;
use doozy_training::{
    RULE_VERSION,
    event::{Effect, ErrorUnit, Judged, Tier},
    judge::chord,
    level::Level,
    rehearse::{self, Told},
};
use serde_json::json;

use super::{Common, Failure, line};
use crate::{
    conductor::Terms,
    record::{LoadedSession, Reader, VerifyError, verify},
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
        let (mut judged, mut failed) = (Vec::new(), None);
        retell(&session, &mut |piece| {
            if failed.is_none()
                && let Told::Effect(effect) = piece
            {
                failed = Self::tell(effect, common, &mut judged).err();
            }
        })
        .map_err(Failure::wrong)?;
        if let Some(failure) = failed {
            return Err(failure);
        }
        for (_, spread) in chord::spreads(&judged) {
            line(format!("a chord was struck within {:.1} ms", spread.as_ms()))?;
        }
        Ok(())
    }

    /// Writes an effect as it comes; for people the judged ones alone, which are kept for their chords.
    fn tell(effect: Effect, common: &Common, judged: &mut Vec<Judged>) -> Result<(), Failure> {
        if common.json {
            line(serde_json::to_string(&effect).map_err(|e| Failure::wrong(e.to_string()))?)?;
        } else if let Effect::Judged(one) = effect {
            line(told(&one))?;
            judged.push(one);
        }
        Ok(())
    }
}

fn compare(session: &LoadedSession, common: &Common) -> Result<(), Failure> {
    let number = session.info.number;
    let outcome = match verify(session, RULE_VERSION, retell) {
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
fn retell(session: &LoadedSession, tell: &mut dyn FnMut(Told)) -> Result<(), String> {
    let terms: Terms = serde_json::from_value(session.meta.options.clone()).map_err(|e| format!("its options: {e}"))?;
    let level = Level::parse(&session.meta.level_path, &session.meta.level_text).map_err(|e| e.to_string())?;
    if let Some(practice) = terms.session.practice {
        practice.fit(&level).map_err(|unfit| format!("its practice: {unfit}"))?;
    }
    let setup = rehearse::Setup {
        level,
        seed: session.meta.seed,
        options: terms.session,
        preset: terms.preset,
        lesion: terms.lesion,
    };
    rehearse::retell(setup, &session.inputs, tell).map_err(|e| e.to_string())
}

fn told(judged: &Judged) -> String {
    let tier = match judged.tier {
        Tier::Clean => "clean",
        Tier::Slip => "slip",
        Tier::Miss => "miss",
        Tier::Doozy => "doozy",
    };
    let e = judged.error().map_or_else(|| "-".to_owned(), |error| format!("{error:+.3}"));
    let unit = match judged.measured.unit {
        ErrorUnit::Milliseconds => "ms",
        ErrorUnit::Percent => "% ",
    };
    format!(
        "{:>5}  trial {:<4} {:<14} {:<6} e {:>10} {unit}  gain {:.2}  u {:.2}",
        judged.event.0,
        judged.trial.0,
        format!("{:?}", judged.kind),
        tier,
        e,
        judged.gain,
        judged.u
    )
}
