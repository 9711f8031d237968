//! Counts flashes in what the stage draws at 12 taps a second, with every tier among them and a doozy at the end:
//! `cargo run --example flash_check`. Cases A47: at most 3 in any second over a quarter of any third of the picture
//! (about 10° of the visual field); with reduced effects none.
//!
//! Frames are rendered small and in virtual time. It is no certified analyser.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bevy::{
    app::ScheduleRunnerPlugin,
    asset::RenderAssetUsages,
    camera::{ImageRenderTarget, RenderTarget, ScalingMode},
    prelude::*,
    render::{
        RenderPlugin,
        render_resource::{TextureFormat, TextureUsages},
        view::screenshot::{Screenshot, ScreenshotCaptured},
    },
    time::TimeUpdateStrategy,
    window::ExitCondition,
    winit::WinitPlugin,
};
use doozy::game::{
    Screen, StageCamera,
    bridge::{self, Bridge, PlayState, ShellClock},
    limits::{EffectLimits, Scales, worst_second},
    stage, theme,
};
use doozy_training::{event::Drama, time::HostTime};

#[path = "gallery/script.rs"]
#[expect(dead_code, reason = "the gallery uses all of it")]
mod script;

use script::Player;

/// Small frames are enough for light (engineering.md §5), and quick.
const SIZE: UVec2 = UVec2::new(256, 144);
/// Side of a cell whose mean luminance is followed, pixels.
const CELL: usize = 8;
/// Interval of 12 taps a second, ms.
const FAST_MS: f64 = 1000.0 / 12.0;
const FRAMES: usize = 330;
/// Frames before the first picture is whole.
const FIRST: usize = 10;

/// A frame's number and the luminance of its cells.
type Frame = (usize, Vec<f64>);

/// Luminance of each cell, frame by frame: shared, because the app is gone when its run ends.
#[derive(Resource, Clone, Default)]
struct Light {
    frames: Arc<Mutex<Vec<Frame>>>,
    asked: usize,
}

impl Light {
    fn frames(&self) -> MutexGuard<'_, Vec<(usize, Vec<f64>)>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Resource)]
struct Canvas(Handle<Image>);

fn main() -> std::process::ExitCode {
    let mut fine = true;
    for (name, scales, most) in [("all effects", Scales::FULL, 3), ("reduced effects", Scales::REDUCED, 0)] {
        let (worst, cell) = measure(scales);
        println!("{name}: at most {cell} in any one cell of 40 units");
        println!(
            "{name}: {worst} flashes in the worst second over a quarter of a third of the picture (at most {most})"
        );
        fine &= worst <= most;
    }
    if fine { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

/// Flashes in the worst second over a quarter of a third of the picture, and in any one cell.
fn measure(scales: Scales) -> (usize, usize) {
    let light = Light::default();
    let mut app = App::new();
    app.add_plugins(
        DefaultPlugins
            .build()
            .disable::<bevy::log::LogPlugin>()
            .disable::<bevy::app::TerminalCtrlCHandlerPlugin>()
            .set(WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() })
            .set(RenderPlugin { synchronous_pipeline_compilation: true, ..default() })
            .disable::<WinitPlugin>()
            .add(ScheduleRunnerPlugin::run_loop(Duration::ZERO)),
    )
    .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_nanos(16_666_667)))
    .insert_resource(ShellClock::Virtual { fps: 60 })
    .insert_resource(EffectLimits::new(scales))
    .insert_state(Screen::Play)
    .add_plugins((theme::plugin, bridge::plugin, stage::plugin))
    .insert_resource(light.clone());
    let mut image = Image::new_target_texture(SIZE.x, SIZE.y, TextureFormat::Rgba8UnormSrgb, None);
    image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
    image.asset_usage = RenderAssetUsages::all();
    let canvas = app.world_mut().resource_mut::<Assets<Image>>().add(image);
    let mut projection = OrthographicProjection::default_2d();
    projection.scaling_mode = ScalingMode::AutoMin { min_width: theme::DESIGN.x, min_height: theme::DESIGN.y };
    app.world_mut().spawn((
        StageCamera,
        Camera2d,
        Projection::Orthographic(projection),
        Msaa::Off,
        RenderTarget::Image(ImageRenderTarget { handle: canvas.clone(), scale_factor: 1.0 }),
    ));
    // Tolerances of a fast drill, so that each tier comes in turn and a doozy ends the run.
    let mut errors: Vec<f64> = (0..30).map(|k| [1.0, -9.0, 14.0, -2.0, 8.0, -15.0][k % 6]).collect();
    errors.push(41.0);
    let script = script::Script {
        stage: doozy_training::event::Stage::Bell { ioi: doozy_training::time::Nanos::from_ms(FAST_MS) },
        ioi: FAST_MS,
        tol: 10.0,
        goal: 6.0,
        drama: Drama::Full,
        ..script::Script::bell(&errors)
    };
    let start = HostTime(1_000_000_000);
    *app.world_mut().resource_mut::<PlayState>() = PlayState { now: start, shown_at: start, ..default() };
    app.world_mut().non_send_mut::<Bridge>().attach(Box::new(Player { lines: script.lines(start).into(), now: start }));
    app.insert_resource(Canvas(canvas)).add_systems(Last, shoot);
    app.run();
    let mut taken = light.frames().clone();
    taken.sort_by_key(|(frame, _)| *frame);
    let frames: Vec<Vec<f64>> = taken.into_iter().skip(FIRST).map(|(_, cells)| cells).collect();
    worst(&frames)
}

fn shoot(mut light: ResMut<Light>, canvas: Res<Canvas>, mut commands: Commands, mut exit: MessageWriter<AppExit>) {
    if light.frames().len() >= FRAMES {
        exit.write(AppExit::Success);
        return;
    }
    if light.asked >= FRAMES {
        return;
    }
    let frame = light.asked;
    light.asked += 1;
    commands.spawn(Screenshot::image(canvas.0.clone())).observe(
        move |captured: On<ScreenshotCaptured>, light: Res<Light>| {
            let cells = captured.image.data.as_deref().map(cells).unwrap_or_default();
            light.frames().push((frame, cells));
        },
    );
}

/// Mean relative luminance of each cell of a picture.
fn cells(data: &[u8]) -> Vec<f64> {
    let (wide, high) = (SIZE.x as usize / CELL, SIZE.y as usize / CELL);
    let mut sums = vec![0.0; wide * high];
    for (i, pixel) in data.chunks_exact(4).enumerate() {
        let (x, y) = (i % SIZE.x as usize, i / SIZE.x as usize);
        let l = Color::srgb_u8(pixel[0], pixel[1], pixel[2]).to_linear();
        let luminance = 0.2126 * l.red + 0.7152 * l.green + 0.0722 * l.blue;
        sums[(y / CELL).min(high - 1) * wide + (x / CELL).min(wide - 1)] += f64::from(luminance);
    }
    sums.iter().map(|sum| sum / (CELL * CELL) as f64).collect()
}

/// The most flashes in any second that a quarter of some third of the picture has, and the most in one cell.
fn worst(frames: &[Vec<f64>]) -> (usize, usize) {
    // A check that has seen nothing has found nothing.
    assert_eq!(frames.len(), FRAMES - FIRST, "frames were lost");
    let (wide, high) = (SIZE.x as usize / CELL, SIZE.y as usize / CELL);
    let counts: Vec<usize> = (0..wide * high)
        .map(|cell| {
            let run: Vec<f64> = frames.iter().filter_map(|frame| frame.get(cell).copied()).collect();
            worst_second(&run, 60)
        })
        .collect();
    let (w, h) = (wide / 3, high / 3);
    let mut most = 0;
    for y in 0..=high - h {
        for x in 0..=wide - w {
            let mut field: Vec<usize> = (0..w * h).map(|i| counts[(y + i / w) * wide + x + i % w]).collect();
            field.sort_unstable_by(|a, b| b.cmp(a));
            most = most.max(field[field.len() / 4]);
        }
    }
    (most, counts.into_iter().max().unwrap_or(0))
}
