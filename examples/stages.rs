//! Pictures of one level as a simulated player plays it, for judging a stage by eye:
//! `cargo run --example stages -- DIR LEVEL [key=value …]`, LEVEL being a level file, the keys `palette`, `size` (as
//! 1280x720), `still` (1: reduced motion), `who`, `seed`, `from` and `to` (s of the session), `step` (ms between two).
//!
//! All of it in virtual time and without a window, so that the same words give the same pictures.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use anyhow::Context as _;
use bevy::math::UVec2;
use doozy::{
    audio::Levels,
    calibration::Calibrations,
    conductor::{self, Pace, Terms, Who},
    game::{
        Words,
        app::{self, Choices, Launch, Player, Reload, Start, Surface},
        bridge::{Conduct, ShellClock},
        capture::FramePlan,
        controls::Controls,
        limits::Scales,
        measuring::Measures,
        practising::Practising,
        screens::LevelCard,
        standing::Standing,
        theme::PaletteName,
    },
    input::Bindings,
    ladders,
    paths::DataDir,
    text::Text,
};
use doozy_training::{learner::Profile, time::HostTime};

const FPS: u32 = 60;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let dir = PathBuf::from(args.next().context("name a folder")?);
    let level = PathBuf::from(args.next().context("name a level file")?);
    let given: BTreeMap<String, String> =
        args.filter_map(|arg| arg.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))).collect();
    let number = |key: &str, otherwise: f64| given.get(key).and_then(|v| v.parse().ok()).unwrap_or(otherwise);
    let text = |key: &str, otherwise: &str| given.get(key).cloned().unwrap_or_else(|| otherwise.to_owned());
    let (width, height) = text("size", "1280x720")
        .split_once('x')
        .map_or((1280, 720), |(w, h)| (w.parse().unwrap_or(1280), h.parse().unwrap_or(720)));
    let step = (number("step", 500.0) / 1000.0 * f64::from(FPS)).round().max(1.0) as u32;
    let (from, to) = (number("from", 0.0), number("to", 12.0));
    let who: Profile = text("who", "showcase").parse()?;
    let palette = PaletteName::of(&text("palette", "dark"));
    let still = number("still", 0.0) > 0.0;
    let data = DataDir::at(dir.join("data"));
    let card = LevelCard::of(&ladders::read(&level, "stages")?.level, &level, "", 0);
    let outcome = app::run(Launch {
        start: Start::Level(card),
        player: Player::Learner(who.name().to_owned()),
        seed: number("seed", 7.0) as u64,
        seconds: Some(to),
        surface: Surface::Headless { size: UVec2::new(width, height) },
        clock: ShellClock::Virtual { fps: FPS },
        frames: FramePlan::Every { dir: dir.clone(), step },
        levels: Vec::new(),
        choices: Choices {
            palette,
            introduced: true,
            scales: if still { Scales::REDUCED } else { Scales::FULL },
            ..Choices::default()
        },
        words: Words(Text::default()),
        begin: Box::new(move |asked| {
            let handle = conductor::start(conductor::Setup {
                level: ladders::read(&asked.level, "stages")?,
                seed: asked.seed,
                terms: Terms::default(),
                who: Who::Learner(who.into()),
                pace: Pace::Virtual { from: HostTime(1_000_000_000) },
                levels: Levels::default(),
                calibrations: Calibrations::default(),
                bindings: Bindings::default(),
                data: data.clone(),
                length: None,
            })?;
            Ok(Box::new(handle) as Box<dyn Conduct>)
        }),
        look: Box::new(|_| Reload::Same),
        standing: Box::new(Standing::default),
        keep: Box::new(|_| Ok(())),
        practising: Practising::default(),
        measures: Measures {
            begin: Box::new(|_| anyhow::bail!("no calibration here")),
            stored: Box::new(|_| Vec::new()),
        },
        controls: Controls::default(),
        loudness: Box::new(|_| Levels::default()),
        steering: None,
        stop: Arc::new(AtomicBool::new(false)),
    })?;
    let early = outcome.frames.iter().take((from * 1000.0 / number("step", 500.0)) as usize);
    for frame in early {
        // what comes before was asked not to be kept
        std::fs::remove_file(frame)?;
    }
    println!("{} pictures in {} on {}", outcome.frames.len(), dir.display(), outcome.adapter);
    outcome.faults.iter().for_each(|fault| eprintln!("{fault}"));
    Ok(())
}
