//! `doozy demo`: a simulated player plays the real game, through the same input path as a person.

use std::path::{Path, PathBuf};

use clap::Args;
use doozy_training::{
    learner::Profile,
    people::{Person, person},
};

use super::{Common, Failure};
use crate::{conductor::Learner, paths};

/// The level that shows most in a few seconds.
const DEFAULT_LEVEL: &str = "pulse/1";

#[derive(Args, Debug)]
pub struct Demo {
    /// A level's id (as `pulse/1`) or file
    #[arg(default_value = DEFAULT_LEVEL)]
    level: String,
    /// Who plays: trained, novice, ataxic, showcase (who stumbles every few seconds), or a file of `doozy fit --out`
    #[arg(long, default_value = "showcase", value_name = "NAME|FILE", value_parser = learner)]
    learner: Learner,
    /// Of everything random; the same seed gives the same session
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long the session lasts; to the level's end if not given
    #[arg(long, value_parser = seconds)]
    seconds: Option<f64>,
    /// Without a window: pictures of the moments that tell the session go to a folder
    #[arg(long)]
    headless: bool,
    /// Keep every frame as a PNG in this folder, in virtual time (may take longer than the session)
    #[arg(long, value_name = "DIR")]
    frames: Option<PathBuf>,
    /// The session is part of the simulated player's own trial on the level (see `doozy what-works`)
    #[arg(long)]
    what_works: bool,
    #[command(flatten)]
    practice: super::practice::PracticeArgs,
}

/// A simulated player by name, or from a file.
fn learner(text: &str) -> Result<Learner, String> {
    let unknown = match text.parse::<Profile>() {
        Ok(profile) => return Ok(profile.into()),
        Err(unknown) => unknown,
    };
    let path = Path::new(text);
    if !path.exists() {
        return Err(format!("{unknown}; nor is there such a file (`doozy fit --out` writes files of people)"));
    }
    let bytes = paths::read_at_most(path, person::MAX_BYTES).map_err(|error| format!("{text}: {error}"))?;
    let read = std::str::from_utf8(&bytes).map_err(|_| format!("{text}: this is not UTF-8; save the file as UTF-8"))?;
    Person::parse(read, text).map(Learner::Fitted).map_err(|error| error.to_string())
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(s) if (1.0..=36_000.0).contains(&s) => Ok(s),
        _ => Err("a number of seconds from 1 to 36000".to_owned()),
    }
}

impl Demo {
    #[cfg(feature = "game")]
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        use super::{
            line,
            shell::{self, Run, What},
        };
        use crate::game::{app::Surface, bridge::ShellClock, capture::FramePlan};

        /// Frames a second of a kept film, and what of a picture's pixels a software renderer draws in time.
        const FPS: u32 = 30;
        const SIZE: (u32, u32) = (1280, 720);

        if !self.headless {
            super::display()?;
        }
        let moments = common.data_dir()?.path().join("demo");
        let frames = match (&self.frames, self.headless) {
            (Some(dir), _) => FramePlan::Every { dir: dir.clone(), step: 1 },
            (None, true) => FramePlan::Moments { dir: moments },
            (None, false) => FramePlan::None,
        };
        // Without a window nobody waits for a picture: in virtual time every one is drawn for its exact moment.
        let virtual_time = self.headless || self.frames.is_some();
        let run = Run {
            what: What::Level(self.level.clone()),
            learner: Some(self.learner.clone()),
            seed: self.seed,
            seconds: self.seconds,
            surface: if self.headless { Surface::Headless { size: SIZE.into() } } else { Surface::Window },
            clock: if virtual_time { ShellClock::Virtual { fps: FPS } } else { ShellClock::Real },
            frames,
            practice: self.practice.clone(),
            what_works: self.what_works,
            calibrate: None,
        };
        let shell::Ran { outcome, trial } = shell::run(common, run)?;
        if common.json {
            let mut told = serde_json::json!({
                "session": outcome.session,
                "finished": outcome.finished,
                "trials": outcome.trials,
                "clean": outcome.tiers[0],
                "slip": outcome.tiers[1],
                "miss": outcome.tiers[2],
                "doozy": outcome.tiers[3],
                "brakes": outcome.brakes,
                "frames": outcome.frames.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
                "adapter": outcome.adapter,
                "mean_frame_ms": outcome.mean_frame_ms,
            });
            if let Some(trial) = trial {
                told["what_works"] = trial.json;
            }
            line(told)?;
        } else if !common.quiet {
            let [clean, slip, miss, doozy] = outcome.tiers;
            line(format!("{} trials by {} on {}", outcome.trials, self.learner.name(), self.level))?;
            line(format!("clean {clean} · slip {slip} · miss {miss} · doozy {doozy} · brakes {}", outcome.brakes))?;
            match &outcome.session {
                Some(id) => line(format!("recorded as {id} in {}", common.data_dir()?.database().display()))?,
                None => line("not recorded")?,
            }
            if let Some(dir) = outcome.frames.first().and_then(|frame| frame.parent()) {
                line(format!("{} pictures in {}", outcome.frames.len(), dir.display()))?;
            }
            if let Some(trial) = trial {
                line(trial.line)?;
            }
            if outcome.session.is_some() {
                let data = common.data.as_ref().map(|dir| format!(" --data {}", dir.display())).unwrap_or_default();
                line(format!("check it with: doozy replay last --verify{data}"))?;
            }
        }
        if outcome.faults.is_empty() { Ok(()) } else { Err(Failure::lacking(outcome.faults.join("\n"))) }
    }

    #[cfg(not(feature = "game"))]
    pub fn run(&self, _common: &Common) -> Result<(), Failure> {
        let _ = (&self.level, &self.learner, self.seed, self.seconds, self.headless, &self.frames, self.what_works);
        Err(Failure::lacking("this build has no game: build it with the feature `game` (it is on by default)"))
    }
}
