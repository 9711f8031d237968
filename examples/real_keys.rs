//! Measures the error of key times in the real game: `doozy play` in a window under Xvfb with its rendering confined to
//! one core, a level played so badly that every phrase ends in a doozy's scene, keys pressed through XTEST all the while,
//! and what the record has of them.
//!
//! `cargo run --example real_keys` prints |recorded − injected| and ends with 1 where a bound is missed. The machine must
//! be idle otherwise: it has two cores' worth of work to do. `DOOZY_PROGRAM` names another build of the game.

#[path = "../tests/display.rs"]
mod display;
#[path = "../tests/player.rs"]
mod player;

use std::{path::Path, process::ExitCode, time::Duration};

use doozy::record::LoadedSession;
use doozy_training::{
    event::{Drama, Effect},
    session::constants::SCENE_FULL,
};
use player::{Made, Manner};

/// The bounds, ms: of the 95th percentile everywhere, and of the 99th while a doozy is rendered.
const P95_MS: f64 = 1.0;
const P99_MS: f64 = 1.0;

/// One phrase of sixteen with a disaster in it, the rest in time, so that no brake takes the scene away.
const CLUMSY: Manner = Manner {
    offsets_ms: &[-12.0, 0.0, 9.0, 4.0, -6.0, 170.0, 11.0, 3.0, -9.0, 0.0, 8.0, -4.0, 6.0, 0.0, -3.0, 5.0],
    key: player::J,
    chatter: true,
};

fn main() -> ExitCode {
    let xvfb = display::Xvfb::start();
    let keyboard = xvfb.keyboard();
    let home = tempfile::tempdir().expect("a folder");
    let level = Path::new(env!("CARGO_MANIFEST_DIR")).join("levels/pulse/1.level.ron");
    let mut game = player::Game::start(&xvfb.display, &level, home.path());
    let played = player::play_through(keyboard, &mut game, home.path(), CLUMSY, Duration::from_secs(400));
    let session = player::record(home.path()).expect("the session is recorded");
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");

    let judged: Vec<f64> = player::stamp_errors(&session, &played.targets).iter().map(|e| e.abs()).collect();
    // what is pressed once the level is over is nobody's
    let over = session.effects.iter().find_map(|effect| match effect {
        Effect::SessionEnded { t, .. } => Some(t.0),
        _ => None,
    });
    let edges: Vec<Made> = played.edges.into_iter().filter(|made| over.is_none_or(|over| made.t < over)).collect();
    let errors = compare(&session, &edges);
    let missed = errors.iter().filter(|(_, error)| error.is_none()).count();
    let scenes = scenes(&session);
    let during = |(made, _): &&(Made, Option<f64>)| scenes.iter().any(|scene| (scene.0..scene.1).contains(&made.t));
    let sizes =
        |edges: Vec<&(Made, Option<f64>)>| edges.into_iter().filter_map(|(_, e)| e.map(f64::abs)).collect::<Vec<_>>();
    println!("|recorded − injected|, ms; {} full scenes of a doozy, load {load}", scenes.len());
    let all = told("presses and releases", sizes(errors.iter().collect()));
    let rendering = told("of them while a doozy is rendered", sizes(errors.iter().filter(during).collect()));
    told("presses that were judged", judged);
    let early = errors.iter().filter_map(|(_, e)| *e).fold(0.0_f64, |most, e| most.max(-e));
    println!("{missed} never recorded; at most {early:.3} ms before the press");
    let (Some(all), Some(rendering)) = (all, rendering) else { return ExitCode::FAILURE };
    let holds = all.0 <= P95_MS && rendering.1 <= P99_MS && missed == 0;
    println!(
        "p95 at most {P95_MS} ms: {}; p99 while a doozy is rendered at most {P99_MS} ms: {}",
        if all.0 <= P95_MS { "holds" } else { "does not hold" },
        if rendering.1 <= P99_MS { "holds" } else { "does not hold" }
    );
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints the percentiles of a set of sizes and gives the 95th and 99th, by nearest ranks.
fn told(what: &str, mut sizes: Vec<f64>) -> Option<(f64, f64)> {
    sizes.sort_by(f64::total_cmp);
    let at = |share: f64| sizes.get(((sizes.len() as f64 * share).ceil() as usize).max(1) - 1).copied();
    let (p50, p95, p99, max) = (at(0.5)?, at(0.95)?, at(0.99)?, at(1.0)?);
    println!("{what:<34} n {:>5}  p50 {p50:.3}  p95 {p95:.3}  p99 {p99:.3}  max {max:.3}", sizes.len());
    Some((p95, p99))
}

/// Each edge with recorded − injected, ms. Of a key's edges in one direction, those made and those recorded in order where
/// there are as many of both; else for each made the first that is recorded before the key's next one.
fn compare(session: &LoadedSession, edges: &[Made]) -> Vec<(Made, Option<f64>)> {
    let mut compared = Vec::new();
    for (key, down) in [player::X, player::J].into_iter().flat_map(|key| [(key, true), (key, false)]) {
        let made: Vec<&Made> = edges.iter().filter(|made| (made.key, made.down) == (key, down)).collect();
        let recorded = session.raw_inputs.iter().filter(|raw| (raw.control, raw.down) == (u16::from(key), down));
        let recorded: Vec<i64> = recorded.map(|raw| raw.t.0).collect();
        for (n, one) in made.iter().enumerate() {
            let found = if made.len() == recorded.len() {
                recorded.get(n)
            } else {
                let until = made.get(n + 1).map_or(i64::MAX, |next| next.t);
                recorded.iter().find(|t| (one.t..until).contains(*t))
            };
            compared.push((**one, found.map(|t| (t - one.t) as f64 / 1e6)));
        }
    }
    compared
}

/// From when to when a doozy's full scene was on the stage, ns.
fn scenes(session: &LoadedSession) -> Vec<(i64, i64)> {
    let full = session.effects.iter().filter_map(|effect| match effect {
        Effect::Amplify { drama: Drama::Full, t, .. } => Some((t.0, t.0 + SCENE_FULL.0)),
        _ => None,
    });
    full.collect()
}
