//! Pictures of every screen, reached the way a pad reaches them: `cargo run --example screens -- DIR [palette] [tour]`, tour
//! being `play` (the default), `delays`, the screens of calibration, or `keys`, the screen of bindings.
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
    calibration::{self, Calibrations, Tapper},
    conductor::{self, Pace, Terms, Who},
    game::{
        Words,
        app::{self, Choices, Launch, Player, Start, Surface},
        bridge::{Conduct, ShellClock},
        capture::FramePlan,
        controls::{Controls, Heard, Listen, Seat, SharedBindings},
        focus::Steer,
        measuring::Measures,
        practising::Practising,
        screens::LevelCard,
        theme::PaletteName,
    },
    input::{Bindings, DeviceKind, bindings::Table},
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

/// The same for the screens of calibration: by tapping to a sound, which is kept, then to a flash, then by ear and finger.
const HAND_AT_DELAYS: [(u32, Steer); 9] = [
    (32, Steer::Down),
    (40, Steer::Accept),
    (1800, Steer::Left),
    (1810, Steer::Accept),
    (1850, Steer::Down),
    (1855, Steer::Down),
    (1860, Steer::Accept),
    (3700, Steer::Back),
    (3760, Steer::Accept),
];
const LAST_OF_DELAYS: u32 = 6000;
/// A player who taps 43 ms ahead of what is heard 61 ms late, with the spread of somebody who plays an instrument.
const TAPPER: Tapper = Tapper { offset_ms: 61.0, sd_ms: 14.0, anticipation_ms: -43.0, outliers: 0.05 };

/// The same for the screen of bindings: one lane, a key that waits, one that is bound; four lanes; a drum kit; a ready-made
/// set; the defaults again.
const HAND_AT_KEYS: [(u32, Steer); 15] = [
    (40, Steer::Accept),
    (100, Steer::Up),
    (102, Steer::Right),
    (104, Steer::Right),
    (106, Steer::Right),
    (130, Steer::Down),
    (132, Steer::Accept),
    (190, Steer::Up),
    (192, Steer::Up),
    (194, Steer::Right),
    (196, Steer::Right),
    (220, Steer::Up),
    (222, Steer::Right),
    (224, Steer::Right),
    (250, Steer::Down),
];
const LAST_OF_KEYS: u32 = 285;
/// A table with something that clashes.
const TABLE: &str = "[layouts.2]\n0 = [\"KeyS\", \"KeyL\"]\n1 = [\"KeyL\"]\n";
/// Frame → what is pressed then.
const PRESSED: [(u32, &str, Seat); 3] =
    [(62, "PadSouth", Seat::any(DeviceKind::Pad)), (72, "KeyG", Seat::KEYBOARD), (152, "KeyK", Seat::KEYBOARD)];

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
            unit: loaded.level.unit(),
            trials: Some(loaded.level.trials()),
            lanes: loaded.level.lanes(),
        })
    });
    let tour = args.next().unwrap_or_default();
    let (delays, keys) = (tour == "delays", tour == "keys");
    let (hand, last): (&'static [_], _) = match tour.as_str() {
        "delays" => (&HAND_AT_DELAYS, LAST_OF_DELAYS),
        "keys" => (&HAND_AT_KEYS, LAST_OF_KEYS),
        _ => (&HAND, LAST),
    };
    let mut pressed = 0;
    let controls = Controls {
        table: Table::parse(if keys { TABLE } else { "" })?,
        bindings: SharedBindings::new(Bindings::with_player_file(if keys { TABLE } else { "" })?.0),
        listen: keys.then(|| -> Listen {
            Box::new(move |heard| {
                pressed += 1;
                let due = PRESSED.into_iter().filter(|(at, ..)| *at == pressed);
                heard.extend(
                    due.filter_map(|(_, control, seat)| Some(Heard::Pressed { control: control.parse().ok()?, seat })),
                );
            })
        }),
        ..Controls::default()
    };
    let stop = Arc::new(AtomicBool::new(false));
    let (stopper, mut frame) = (stop.clone(), 0);
    let data = DataDir::at(dir.join("data"));
    let store = dir.join("calibration.toml");
    let outcome = app::run(Launch {
        start: match tour.as_str() {
            "delays" => Start::Calibrate(None),
            "keys" => Start::Bindings,
            _ => Start::Menu,
        },
        player: Player::Human,
        seed: 7,
        seconds: None,
        surface: Surface::Headless { size: UVec2::new(1280, 720) },
        clock: ShellClock::Virtual { fps: FPS },
        frames: FramePlan::Every { dir: dir.clone(), step: FPS },
        levels: levels.collect(),
        choices: Choices { palette, introduced: delays || keys, ..Choices::default() },
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
        practising: Practising::default(),
        measures: Measures {
            begin: Box::new(move |method| {
                Ok(calibration::start(calibration::Setup {
                    method,
                    seed: 7,
                    who: calibration::Who::Simulated(TAPPER),
                    pace: Pace::Virtual { from: HostTime(1_000_000_000) },
                    levels: Levels::default(),
                    bindings: Bindings::default(),
                    display: calibration::lookup::DISPLAY.to_owned(),
                    store: Some(store.clone()),
                    anyway: true,
                    announce: None,
                })?)
            }),
            stored: Box::new(|_| vec!["+18.2 ms ± 2.6 · USB Audio with keyboard · 2026-11-28".to_owned()]),
        },
        controls,
        loudness: Box::new(|_| Levels::default()),
        steering: Some(Box::new(move |steers| {
            frame += 1;
            steers.extend(hand.iter().filter(|(at, _)| *at == frame).map(|(_, steer)| *steer));
            if frame >= last {
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
