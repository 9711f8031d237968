//! `doozy history`: recorded sessions, newest last.

use clap::Args;

use super::{Common, Failure, line};
use crate::record::Reader;

#[derive(Args, Debug)]
pub struct History {
    /// Only the last so many sessions
    #[arg(long, value_name = "N")]
    last: Option<usize>,
}

impl History {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let reader = Reader::open(&common.data_dir()?)?;
        let sessions = reader.sessions()?;
        let skip = self.last.map_or(0, |n| sessions.len().saturating_sub(n));
        if common.json {
            return line(serde_json::to_string(&sessions[skip..]).map_err(|e| Failure::wrong(e.to_string()))?);
        }
        line(format!(
            "{:>4}  {:<24} {:<16} {:<18} {:<9} {:>5} {:>5} {:>5} {:>5}",
            "no", "started (UTC)", "player", "level", "state", "clean", "slip", "miss", "doozy"
        ))?;
        for s in &sessions[skip..] {
            let mut state =
                serde_json::to_value(s.state).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
            if s.practice {
                state = "practice".to_owned();
            }
            line(format!(
                "{:>4}  {:<24} {:<16} {:<18} {:<9} {:>5} {:>5} {:>5} {:>5}",
                s.number, s.started_utc, s.player, s.level, state, s.tiers[0], s.tiers[1], s.tiers[2], s.tiers[3]
            ))?;
        }
        Ok(())
    }
}
