//! Pictures of every screen, reached the way a pad reaches them: `cargo run --example screens -- DIR [palette]`.
//!
//! A scripted hand steers the menus, and a simulated player plays the drill that it starts, all in virtual time and
//! without a window. One picture a second.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bevy::math::UVec2;
use doozy::{
    audio::Levels,
    calibration::Calibrations,
    conductor::{self, Pace, Terms, Who},
    game::{
        Words,
        app::{self, Choices, Launch, Player, Start, Surface},
        bridge::{Conduct, ShellClock},
        capture::FramePlan,
        focus::Steer,
        screens::LevelCard,
        theme::PaletteName,
    },
    input::Bindings,
    ladders,
    paths::{DataDir, Root},
    text::Text,
};
use doozy_training::{learner::Profile, time::HostTime};

const FPS: u32 = 30;

/// Frame → what the hand asks then; a picture is taken at every multiple of 30.
const HAND: [(u32, Steer); 17] = [
    // the first screen, then the menu
    (35, Steer::Accept),
    (62, Steer::Down),
    (64, Steer::Down),
    (66, Steer::Down),
    // the settings: a step less light, then down to the next
    (70, Steer::Accept),
    (94, Steer::Left),
    (96, Steer::Down),
    (125, Steer::Back),
    // the first level's intro, and the drill
    (130, Steer::Accept),
    (155, Steer::Accept),
    (400, Steer::Pause),
    (425, Steer::Accept),
    (1205, Steer::Pause),
    // ended from the pause
    (1235, Steer::Right),
    (1240, Steer::Accept),
    (1275, Steer::Right),
    (1310, Steer::Back),
];
/// The last picture is the menu again.
const LAST: u32 = 1340;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let dir = PathBuf::from(args.next().unwrap_or_else(|| "screens".into()));
    let palette = PaletteName::of(&args.next().unwrap_or_default());
    let root = Root::find()?;
    let (ladders, _) = ladders::all(&root)?;
    let levels = ladders.iter().flat_map(|ladder| {
        ladder.levels.iter().enumerate().map(|(at, loaded)| LevelCard {
            path: loaded.path.clone(),
            ladder: ladder.name.clone(),
            rung: at as u32 + 1,
            title: loaded.level.title().to_owned(),
            aim: loaded.level.aim().to_owned(),
            tol_ms: loaded.level.setting(0).tol_ms,
            trials: Some(loaded.level.trials()),
        })
    });
    let stop = Arc::new(AtomicBool::new(false));
    let (stopper, mut frame) = (stop.clone(), 0);
    let data = DataDir::at(dir.join("data"));
    let outcome = app::run(Launch {
        start: Start::Menu,
        player: Player::Human,
        seed: 7,
        seconds: None,
        surface: Surface::Headless { size: UVec2::new(1280, 720) },
        clock: ShellClock::Virtual { fps: FPS },
        frames: FramePlan::Every { dir: dir.clone(), step: FPS },
        levels: levels.collect(),
        choices: Choices { palette, ..Choices::default() },
        words: Words(Text::default()),
        begin: Box::new(move |asked| {
            let handle = conductor::start(conductor::Setup {
                level: ladders::read(&asked.level, "tour")?,
                seed: asked.seed,
                terms: Terms::default(),
                who: Who::Learner(Profile::Showcase),
                pace: Pace::Virtual { from: HostTime(1_000_000_000) },
                levels: Levels::default(),
                calibrations: Calibrations::default(),
                bindings: Bindings::default(),
                data: data.clone(),
                length: None,
            })?;
            Ok(Box::new(handle) as Box<dyn Conduct>)
        }),
        keep: Box::new(|_| Ok(())),
        steering: Some(Box::new(move |steers| {
            frame += 1;
            steers.extend(HAND.iter().filter(|(at, _)| *at == frame).map(|(_, steer)| *steer));
            if frame >= LAST {
                stopper.store(true, Ordering::Relaxed);
            }
        })),
        stop,
    })?;
    println!("{} pictures in {} on {}", outcome.frames.len(), dir.display(), outcome.adapter);
    for fault in outcome.faults {
        eprintln!("{fault}");
    }
    Ok(())
}
