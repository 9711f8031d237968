//! Pictures of every screen, reached the way a pad reaches them: `cargo run --example screens -- DIR [palette] [tour] [SIZE]`,
//! tour being `play` (the default), `delays` (the screens of calibration), `keys` (the screen of bindings) or `mix` (of the
//! day), and SIZE as `960x600`.
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
        app::{self, Choices, Launch, Player, Reload, Start, Surface},
        bridge::{Conduct, ShellClock},
        capture::FramePlan,
        controls::{Controls, Heard, Listen, Seat, SharedBindings},
        focus::Steer,
        measuring::Measures,
        practising::Practising,
        screens::LevelCard,
        standing::{MixCard, PickCard, Standing},
        theme::PaletteName,
    },
    input::{Bindings, DeviceKind, bindings::Table},
    ladders,
    paths::{DataDir, Root},
    progress::Best,
    text::Text,
};
use doozy_training::{learner::Profile, schedule::Why, time::HostTime};

const FPS: u32 = 30;

/// Frame → what the hand asks then; a picture is taken at every multiple of 30.
const HAND: [(u32, Steer); 41] = [
    // the first screen, then the menu: the mix of the day, a ladder, its levels
    (35, Steer::Accept),
    (62, Steer::Up),
    (92, Steer::Down),
    (94, Steer::Down),
    (122, Steer::Right),
    (152, Steer::Back),
    // down to the endless levels
    (154, Steer::Down),
    (156, Steer::Down),
    (158, Steer::Down),
    (160, Steer::Down),
    (162, Steer::Down),
    (164, Steer::Down),
    (166, Steer::Down),
    (182, Steer::Right),
    (212, Steer::Left),
    // the settings: a step less light, then down to the next
    (214, Steer::Down),
    (216, Steer::Accept),
    (224, Steer::Left),
    (226, Steer::Down),
    (242, Steer::Back),
    // back up to the first ladder, and from the level to go on with to its first
    (272, Steer::Up),
    (273, Steer::Up),
    (274, Steer::Up),
    (275, Steer::Up),
    (276, Steer::Up),
    (277, Steer::Up),
    (278, Steer::Up),
    (279, Steer::Up),
    (282, Steer::Accept),
    (290, Steer::Up),
    (292, Steer::Up),
    (294, Steer::Up),
    // its intro, and the drill
    (302, Steer::Accept),
    (332, Steer::Accept),
    (577, Steer::Pause),
    (602, Steer::Accept),
    (1382, Steer::Pause),
    // ended from the pause
    (1412, Steer::Right),
    (1417, Steer::Accept),
    (1452, Steer::Right),
    (1487, Steer::Back),
];
/// The last picture is the menu again.
const LAST: u32 = 1517;

/// The mix of the day, begun from the menu: its first two blocks.
const HAND_AT_MIX: [(u32, Steer); 4] =
    [(32, Steer::Up), (62, Steer::Accept), (92, Steer::Accept), (2700, Steer::Accept)];
const LAST_OF_MIX: u32 = 2760;

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
    let (mut ladders, _) = ladders::all(&root)?;
    ladders.push(ladders::endless(&root)?.0);
    let levels = ladders.iter().flat_map(|ladder| {
        let card = |(at, l): (usize, &ladders::Loaded)| LevelCard::of(&l.level, &l.path, &ladder.name, at as u32 + 1);
        ladder.levels.iter().enumerate().map(card)
    });
    let levels: Vec<LevelCard> = levels.collect();
    let standing = standing(&levels);
    let tour = args.next().unwrap_or_default();
    let (delays, keys, mix) = (tour == "delays", tour == "keys", tour == "mix");
    let (hand, last): (&'static [_], _) = match tour.as_str() {
        "delays" => (&HAND_AT_DELAYS, LAST_OF_DELAYS),
        "keys" => (&HAND_AT_KEYS, LAST_OF_KEYS),
        "mix" => (&HAND_AT_MIX, LAST_OF_MIX),
        _ => (&HAND, LAST),
    };
    let size = args.next().and_then(|size| {
        let (width, height) = size.split_once('x')?;
        Some(UVec2::new(width.parse().ok()?, height.parse().ok()?))
    });
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
        surface: Surface::Headless { size: size.unwrap_or(UVec2::new(1280, 720)) },
        clock: ShellClock::Virtual { fps: FPS },
        frames: FramePlan::Every { dir: dir.clone(), step: FPS },
        levels,
        choices: Choices { palette, introduced: delays || keys || mix, ..Choices::default() },
        words: Words(Text::default()),
        begin: Box::new(move |asked| {
            let handle = conductor::start(conductor::Setup {
                level: {
                    let mut level = ladders::read(&asked.level, "tour")?;
                    if let Some(part) = asked.part {
                        level.level = level.level.in_part(part.trials);
                        level.text = level.level.to_ron();
                    }
                    level
                },
                seed: asked.seed,
                terms: Terms::default(),
                who: Who::Learner(Profile::Showcase.into()),
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
        standing: Box::new(move || standing.clone()),
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

/// Somebody who has begun two ladders, with a mix to choose.
fn standing(levels: &[LevelCard]) -> Standing {
    let of = |ladder: &str, rung: u32| levels.iter().find(|card| card.ladder == ladder && card.rung == rung);
    let mut standing = Standing::default();
    let best = |sd: f64, reached| Best { spread: Some(sd), percent: false, in_time: 0.83, reached };
    for (ladder, rung, best) in [
        ("pulse", 1, best(18.0, true)),
        ("pulse", 2, best(16.4, true)),
        ("pulse", 3, best(31.0, true)),
        ("pulse", 4, best(27.0, false)),
        ("groove", 1, best(48.0, false)),
        ("music", 1, Best { percent: true, ..best(5.2, true) }),
        ("reflex", 1, Best { spread: None, in_time: 0.9, ..best(0.0, true) }),
        ("endless", 2, best(33.0, false)),
    ] {
        standing.best.extend(of(ladder, rung).map(|card| (card.path.clone(), best)));
    }
    let pick = |ladder, rung, trials, why| {
        let card = of(ladder, rung).cloned().unwrap_or_default();
        PickCard { card: LevelCard { trials: Some(trials), ..card }, why }
    };
    standing.mix = MixCard {
        picks: vec![
            pick("pulse", 4, 4, Why::Due { days: 3, overdue: 1 }),
            pick("groove", 1, 3, Why::Due { days: 1, overdue: 0 }),
            pick("sport", 1, 14, Why::New),
        ],
        blocks: vec![0, 1, 2, 1, 0, 2, 0, 2, 1],
    };
    standing
}
