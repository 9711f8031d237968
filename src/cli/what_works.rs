//! `doozy what-works`: a player's own trials, by level: does amplification help?

use clap::Args;

use super::{Common, Failure, line};
use crate::{
    ladders,
    paths::Root,
    record::text_sha256,
    what_works::{self, Standing, WhatWorksError},
};

#[derive(Args, Debug)]
pub struct WhatWorks {
    /// Only the trials on this level, by its id (as `pulse/1`) or file
    level: Option<String>,
}

impl From<WhatWorksError> for Failure {
    fn from(error: WhatWorksError) -> Self {
        match error {
            WhatWorksError::Unsuited { .. } => Self::usage(error.to_string()),
            WhatWorksError::Record(error) => error.into(),
        }
    }
}

impl WhatWorks {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let mut standings = what_works::standings(&common.data_dir()?)?;
        let mut shown = "LEVEL".to_owned();
        if let Some(name) = &self.level {
            let root = Root::find();
            let level = match &root {
                Ok(root) => ladders::find(Ok(root), name),
                Err(_) => ladders::find(Err(crate::paths::PathError::NoLevels), name),
            }?;
            what_works::check(&level)?;
            let sha256 = text_sha256(&level.text);
            standings.retain(|standing| standing.level_sha256 == sha256);
            shown = level.id;
        }
        if common.json {
            let all: Vec<_> = standings.iter().map(Standing::json).collect::<Result<_, _>>()?;
            return line(serde_json::Value::from(all));
        }
        if standings.is_empty() {
            return line(format!("no trial yet; one begins with: doozy play {shown} --what-works"));
        }
        line(format!(
            "{:<16} {:<18} {:>5} {:>9} {:>11}  {}",
            "player", "level", "days", "amplified", "unpractised", "a day's amplified practice, against one without"
        ))?;
        for standing in &standings {
            let (amplified, unpractised) = standing.counts();
            line(format!(
                "{:<16} {:<18} {:>5} {:>9} {:>11}  {}",
                standing.player,
                standing.level,
                standing.diary.days().len(),
                amplified,
                unpractised,
                standing.verdict()
            ))?;
        }
        Ok(())
    }
}
