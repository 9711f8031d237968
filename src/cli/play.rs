//! `doozy play`: the game in a window.

use clap::Args;

use super::{Common, Failure};

#[derive(Args, Debug, Default)]
pub struct Play {
    /// A level's id (as `pulse/1`) or file, to go straight into it
    level: Option<String>,
    /// One kind (as `steady-beat`), harder and harder until you stop
    #[arg(long, value_name = "KIND", conflicts_with = "level")]
    endless: Option<String>,
    /// The mix of the day: three kinds that take turns, by what is due
    #[arg(long, conflicts_with_all = ["level", "endless"])]
    daily: bool,
    /// The session is part of your own trial of whether amplification helps you on this level: each day's first session
    /// measures, the others are practice, amplified or not as the day was drawn (see `doozy what-works`)
    #[arg(long, requires = "level", conflicts_with_all = ["endless", "daily"])]
    what_works: bool,
    #[command(flatten)]
    practice: super::practice::PracticeArgs,
}

impl Play {
    #[cfg(feature = "game")]
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        use super::shell::{self, Run, What};
        use crate::game::{app::Surface, bridge::ShellClock, capture::FramePlan};

        let what = match (&self.level, &self.endless) {
            (Some(level), _) => What::Level(level.clone()),
            (None, Some(kind)) => What::Endless(kind.clone()),
            (None, None) if self.daily => What::Daily,
            (None, None) => What::Menu,
        };
        // a slip of the keyboard is told before what the machine lacks
        if let What::Endless(kind) = &what {
            shell::knows(kind)?;
        }
        if let (What::Level(level), true) = (&what, self.what_works) {
            shell::may_try(level, &self.practice)?;
        }
        super::display()?;
        let run = Run {
            what,
            learner: None,
            // each play differs; the record keeps which seed it was
            seed: crate::clock::wall().unsigned_abs(),
            seconds: None,
            surface: Surface::Window,
            clock: ShellClock::Real,
            frames: FramePlan::None,
            practice: self.practice.clone(),
            what_works: self.what_works,
            calibrate: None,
        };
        match shell::run(common, run)?.trial {
            Some(trial) if common.json => super::line(trial.json),
            Some(trial) if !common.quiet => super::line(trial.line),
            _ => Ok(()),
        }
    }

    #[cfg(not(feature = "game"))]
    pub fn run(&self, _common: &Common) -> Result<(), Failure> {
        Err(Failure::lacking("this build has no game: build it with the feature `game` (it is on by default)"))
    }
}
