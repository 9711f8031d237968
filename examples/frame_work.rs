//! The main thread's own work in a frame of a doozy with all debris loose: a fixed step of 1/60 s, everything that the
//! game does in a frame but drawing on a graphics device. `cargo run --example frame_work -- [frames]`.
//!
//! Software rendering is left out on purpose: its frames of 100 ms would put a dozen physics steps into one
//! (engineering.md §5). Every schedule runs on the main thread alone, so that nothing is left to others, and what counts
//! is that thread's processor time, free of what else the machine does; wall time is printed beside it.

use std::time::Duration;

use bevy::{
    ecs::schedule::SingleThreadedExecutor,
    prelude::*,
    render::{
        RenderPlugin,
        settings::{RenderCreation, WgpuSettings},
    },
    time::TimeUpdateStrategy,
    window::ExitCondition,
    winit::WinitPlugin,
};
use doozy::game::{
    Screen,
    bridge::{self, Bridge, PlayState, ShellClock},
    feedback::debris::Live,
    limits::{DEBRIS, EffectLimits},
    stage, theme,
};
use doozy_training::{event::Drama, time::HostTime};
use rustix::time::{ClockId, clock_gettime};

#[path = "gallery/script.rs"]
#[expect(dead_code, reason = "the gallery uses all of it")]
mod script;

use script::Player;

/// Frames of one scene: its 1.6 s and a little of what follows.
const SCENE_FRAMES: usize = 110;
/// Most that the main thread may need in a frame, ms (issue 3, "Must hold").
const BUDGET_MS: f64 = 4.0;

fn ms(clock: ClockId) -> f64 {
    let t = clock_gettime(clock);
    t.tv_sec as f64 * 1e3 + t.tv_nsec as f64 / 1e6
}

fn quantile(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len() - 1;
    sorted[((last as f64 * q).round() as usize).min(last)]
}

fn main() -> std::process::ExitCode {
    let wanted: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(600);
    let mut app = App::new();
    app.add_plugins(
        DefaultPlugins
            .set(WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() })
            .set(RenderPlugin {
                render_creation: RenderCreation::Automatic(Box::new(WgpuSettings { backends: None, ..default() })),
                ..default()
            })
            .disable::<WinitPlugin>(),
    )
    .insert_resource(TimeUpdateStrategy::FixedTimesteps(1))
    .insert_resource(ShellClock::Virtual { fps: 60 })
    .insert_resource(EffectLimits::default())
    .insert_state(Screen::Play)
    .add_plugins((theme::plugin, bridge::plugin, stage::plugin));
    app.finish();
    app.cleanup();
    for (_, schedule) in app.world_mut().resource_mut::<Schedules>().iter_mut() {
        schedule.set_executor(SingleThreadedExecutor::new());
    }
    let (mut wall, mut own, mut most) = (Vec::new(), Vec::new(), 0);
    let mut start = HostTime(1_000_000_000);
    // The first scene builds pools, fonts and meshes, and is not counted.
    let mut counted = false;
    while own.len() < wanted {
        let script = script::Script { drama: Drama::Full, retry: true, ..script::Script::bell(&[4.0, -18.0, 240.0]) };
        let begins = script.last();
        *app.world_mut().resource_mut::<PlayState>() = PlayState { now: start, shown_at: start, ..default() };
        let player = Player { lines: script.lines(start).into(), now: start };
        app.world_mut().non_send_mut::<Bridge>().attach(Box::new(player));
        for _ in 0..(begins / 1000.0 * 60.0) as usize {
            app.update();
        }
        for _ in 0..SCENE_FRAMES {
            let (w, o) = (ms(ClockId::Monotonic), ms(ClockId::ThreadCPUTime));
            app.update();
            let (w, o) = (ms(ClockId::Monotonic) - w, ms(ClockId::ThreadCPUTime) - o);
            let live = app.world().resource::<Live>().0;
            most = most.max(live);
            if counted && live == DEBRIS {
                wall.push(w);
                own.push(o);
            }
        }
        // Until all parts are back in the pool.
        for _ in 0..200 {
            app.update();
        }
        counted = true;
        start = HostTime(start.0 + 30_000_000_000);
        std::thread::sleep(Duration::from_millis(1));
    }
    wall.sort_by(f64::total_cmp);
    own.sort_by(f64::total_cmp);
    println!("{} frames of doozies with {most} bodies loose (at most {DEBRIS}), step 1/60 s, no rendering", own.len());
    for (name, sorted) in [("main thread's processor time", &own), ("wall time", &wall)] {
        println!(
            "{name}: p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
            quantile(sorted, 0.5),
            quantile(sorted, 0.95),
            quantile(sorted, 0.99),
            quantile(sorted, 1.0)
        );
    }
    let p99 = quantile(&own, 0.99);
    if p99 <= BUDGET_MS && most <= DEBRIS {
        println!("within {BUDGET_MS} ms");
        std::process::ExitCode::SUCCESS
    } else {
        println!("over {BUDGET_MS} ms");
        std::process::ExitCode::FAILURE
    }
}
