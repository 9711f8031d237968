//! `doozy play`: the game in a window.

use clap::Args;

use super::{Common, Failure};

#[derive(Args, Debug, Default)]
pub struct Play {
    /// A level's id (as `pulse/1`) or file, to go straight into it
    level: Option<String>,
    #[command(flatten)]
    practice: super::practice::PracticeArgs,
}

impl Play {
    #[cfg(feature = "game")]
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        use super::shell::{self, Run};
        use crate::game::{app::Surface, bridge::ShellClock, capture::FramePlan};

        super::display()?;
        let run = Run {
            level: self.level.clone(),
            learner: None,
            // each play differs; the record keeps which seed it was
            seed: crate::clock::wall().unsigned_abs(),
            seconds: None,
            surface: Surface::Window,
            clock: ShellClock::Real,
            frames: FramePlan::None,
            practice: self.practice.clone(),
            calibrate: None,
            bindings: false,
        };
        shell::run(common, run).map(|_| ())
    }

    #[cfg(not(feature = "game"))]
    pub fn run(&self, _common: &Common) -> Result<(), Failure> {
        Err(Failure::lacking("this build has no game: build it with the feature `game` (it is on by default)"))
    }
}
