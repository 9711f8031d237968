//! The scenes of the gallery and the moments of each that are taken.

use bevy::math::UVec2;
use doozy::game::{limits::Scales, theme::PaletteName};
use doozy_training::event::Drama;

use super::{Shot, script::Script};

/// Everything in the gallery.
pub fn shots() -> Vec<Shot> {
    let full = |name, script: Script, at: Vec<(&'static str, f64)>| Shot {
        name,
        script,
        at,
        scales: Scales::FULL,
        palette: PaletteName::Dark,
        size: UVec2::new(1280, 720),
        grey: false,
    };
    let mut shots = Vec::new();
    let steady = Script::bell(&[4.0, -22.0, 38.0, 6.0]);
    shots.push(full("bell", steady.clone(), vec![("count-in", 1180.0), ("approach", steady.due(0) - 150.0)]));
    shots.push(full("bell-drill", steady.clone(), vec![("clean", steady.verdict(3) + 130.0)]));
    for (name, e) in [
        ("tier-clean-early", -12.0),
        ("tier-clean-late", 14.0),
        ("tier-slip-early", -48.0),
        ("tier-slip-late", 52.0),
        ("tier-miss-early", -96.0),
        ("tier-miss-late", 92.0),
    ] {
        let script = Script::bell(&[4.0, -18.0, e]);
        let t = script.last();
        for grey in [false, true] {
            let name = if grey { grey_name(name) } else { name };
            shots.push(Shot { grey, ..full(name, script.clone(), vec![("at-160", t + 160.0)]) });
        }
    }
    let doozy = |e: f64| Script { drama: Drama::Full, retry: true, ..Script::bell(&[4.0, -18.0, e]) };
    for (name, e) in
        [("doozy-early-143", -143.0), ("doozy-late-030", 30.0), ("doozy-late-100", 100.0), ("doozy-late-200", 200.0)]
    {
        let mut script = doozy(e);
        if e.abs() < 40.0 {
            // Small in ms is large in a fine drill; below 40 ms it stays a miss (training.md §1).
            (script.tol, script.goal) = (12.0, 10.0);
        }
        let t = script.last();
        shots.push(full(
            name,
            script,
            vec![
                ("060", t + 40.0),
                ("150", t + 150.0),
                ("260", t + 260.0),
                ("480", t + 480.0),
                ("800", t + 800.0),
                ("1350", t + 1350.0),
            ],
        ));
    }
    for (name, e) in [("doozy-late-400", 400.0), ("doozy-late-900", 900.0)] {
        let script = doozy(e);
        let t = script.last();
        shots.push(full(name, script, vec![("200", t + 200.0), ("1350", t + 1350.0)]));
    }
    let late = doozy(143.0);
    let t = late.last();
    shots.push(full(
        "doozy-late-143",
        late.clone(),
        vec![("220", t + 220.0), ("1000", t + 1000.0), ("1400", t + 1400.0), ("retry", t + 2900.0)],
    ));
    let missed = Script { drama: Drama::Full, errors: vec![Some(4.0), None], ..doozy(0.0) };
    let t = missed.last();
    shots.push(full("doozy-omission", missed, vec![("260", t + 260.0), ("1300", t + 1300.0)]));
    let short = Script { drama: Drama::Short, ..doozy(150.0) };
    let t = short.last();
    shots.push(full("doozy-short", short, vec![("180", t + 180.0)]));
    let t = late.last();
    shots.push(full(
        "strip",
        late.clone(),
        vec![
            ("volley", t + 60.0 + 180.0),
            ("opening", t + 60.0 + 380.0),
            ("open", t + 60.0 + 620.0),
            ("after", t + 2700.0),
        ],
    ));
    let open = Script { window_was_open: true, ..Script::bell(&[5.0, 10.0]) };
    shots.push(full("retry", open.clone(), vec![("lane", open.due(2) - 180.0)]));
    let gate = Script::gate(&[8.0], 0.0);
    shots.push(full("gate", gate.clone(), vec![("approach", gate.due(0) - 420.0), ("clean", gate.last() + 130.0)]));
    let hidden = Script::gate(&[-20.0], 350.0);
    shots.push(full(
        "gate-hidden",
        hidden.clone(),
        vec![("visible", hidden.due(0) - 560.0), ("occluded", hidden.due(0) - 150.0)],
    ));
    for (name, e) in [("gate-doozy-early", -160.0), ("gate-doozy-late", 180.0)] {
        let script = Script { drama: Drama::Full, retry: true, ..Script::gate(&[e], 0.0) };
        let t = script.last();
        shots.push(full(name, script, vec![("220", t + 220.0), ("420", t + 420.0), ("1300", t + 1300.0)]));
    }
    let t = late.last();
    shots.push(Shot {
        scales: Scales::REDUCED,
        ..full("reduced", late.clone(), vec![("220", t + 220.0), ("700", t + 700.0), ("1300", t + 1300.0)])
    });
    for (name, palette) in [("light", PaletteName::Light), ("contrast", PaletteName::HighContrast)] {
        shots.push(Shot {
            palette,
            ..full(name, late.clone(), vec![("drill", late.due(1) + 60.0), ("260", t + 260.0), ("1300", t + 1300.0)])
        });
    }
    for (name, size) in [
        ("aspect-4x3", UVec2::new(960, 720)),
        ("aspect-21x9", UVec2::new(1680, 720)),
        ("aspect-32x9", UVec2::new(1920, 540)),
        ("aspect-9x16", UVec2::new(540, 960)),
    ] {
        shots.push(Shot {
            size,
            ..full(name, late.clone(), vec![("drill", late.due(1) - 100.0), ("1300", t + 1300.0)])
        });
    }
    shots
}

fn grey_name(name: &'static str) -> &'static str {
    match name {
        "tier-clean-early" => "grey-clean-early",
        "tier-clean-late" => "grey-clean-late",
        "tier-slip-early" => "grey-slip-early",
        "tier-slip-late" => "grey-slip-late",
        "tier-miss-early" => "grey-miss-early",
        _ => "grey-miss-late",
    }
}
