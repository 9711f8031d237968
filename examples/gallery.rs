//! Pictures of the stage from hand-written notes, without a window and in virtual time: what a drill, each tier, a
//! doozy, the strip and the retry look like. `cargo run --example gallery -- DIR [part of a name]`.
//!
//! The notes are illustrations, volleys and windows included; nothing here is judged or simulated.

use std::{collections::VecDeque, path::PathBuf, time::Duration};

use bevy::{
    app::ScheduleRunnerPlugin,
    asset::RenderAssetUsages,
    camera::{ImageRenderTarget, RenderTarget, ScalingMode},
    post_process::bloom::Bloom,
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
    limits::{EffectLimits, Scales},
    stage,
    theme::{self, PaletteName, Theme},
};
use doozy_training::time::{HostTime, Nanos};

#[path = "gallery/script.rs"]
mod script;
#[path = "gallery/shots.rs"]
mod shots;

use script::{Player, Script};
use shots::shots;

/// Frames drawn before a picture is taken, so that fonts and meshes are on the graphics device.
const WARM: u32 = 2;

/// A scene of the gallery and the moments of it that are taken, ms of its own clock.
pub struct Shot {
    pub name: &'static str,
    pub script: Script,
    pub at: Vec<(&'static str, f64)>,
    pub scales: Scales,
    pub palette: PaletteName,
    pub size: UVec2,
    pub grey: bool,
}

#[derive(Resource)]
struct Gallery {
    dir: PathBuf,
    shots: VecDeque<Shot>,
    moments: VecDeque<(&'static str, f64)>,
    present: Option<(&'static str, bool)>,
    canvas: Option<(Handle<Image>, UVec2)>,
    warm: u32,
    flying: u32,
    idle: u32,
    started: HostTime,
}

fn main() {
    let mut args = std::env::args().skip(1);
    let dir = PathBuf::from(args.next().unwrap_or_else(|| "gallery".into()));
    let part = args.next().unwrap_or_default();
    if let Err(fault) = std::fs::create_dir_all(&dir) {
        eprintln!("{}: {fault}", dir.display());
        return;
    }
    let shots: VecDeque<Shot> = shots().into_iter().filter(|shot| shot.name.contains(&part)).collect();
    let mut app = App::new();
    app.add_plugins(
        DefaultPlugins
            .set(WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() })
            .set(RenderPlugin { synchronous_pipeline_compilation: true, ..default() })
            .disable::<WinitPlugin>()
            .add(ScheduleRunnerPlugin::run_loop(Duration::ZERO)),
    )
    .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_nanos(16_666_667)))
    .insert_resource(ShellClock::Virtual { fps: 60 })
    .insert_resource(EffectLimits::default())
    .insert_state(Screen::Play)
    .add_plugins((theme::plugin, bridge::plugin, stage::plugin))
    .insert_resource(Gallery {
        dir,
        shots,
        moments: VecDeque::new(),
        present: None,
        canvas: None,
        warm: 0,
        flying: 0,
        idle: 0,
        started: HostTime(0),
    })
    .add_systems(Startup, camera)
    .add_systems(PreUpdate, direct)
    .run();
}

fn camera(mut commands: Commands) {
    let mut projection = OrthographicProjection::default_2d();
    projection.scaling_mode = ScalingMode::AutoMin { min_width: theme::DESIGN.x, min_height: theme::DESIGN.y };
    let mut camera =
        commands.spawn((StageCamera, Camera2d, Projection::Orthographic(projection), Msaa::Off, IsDefaultUiCamera));
    if std::env::var_os("GALLERY_PLAIN").is_none() {
        camera.insert(Bloom { intensity: 0.10, ..Bloom::NATURAL });
    }
}

#[expect(clippy::too_many_arguments, reason = "the director sees the whole set")]
fn direct(
    mut gallery: ResMut<Gallery>,
    mut bridge: NonSendMut<Bridge>,
    mut play: ResMut<PlayState>,
    mut limits: ResMut<EffectLimits>,
    mut theme: ResMut<Theme>,
    mut images: ResMut<Assets<Image>>,
    mut cameras: Query<(Entity, &mut Camera), With<StageCamera>>,
    mut commands: Commands,
    mut exit: MessageWriter<AppExit>,
) {
    let Ok((entity, mut camera)) = cameras.single_mut() else { return };
    let gallery = &mut *gallery;
    let Some(&(name, ms)) = gallery.moments.front() else {
        let Some(shot) = gallery.shots.pop_front() else {
            gallery.idle += 1;
            if gallery.flying == 0 && gallery.idle > 5 || gallery.idle > 400 {
                exit.write(AppExit::Success);
            }
            return;
        };
        println!("{}", shot.name);
        // Each scene begins ten seconds after the last one's end, when its debris is gone.
        let start = HostTime(play.now.0 + 10_000_000_000);
        gallery.started = start;
        gallery.moments = shot.at.into();
        gallery.present = Some((shot.name, shot.grey));
        *limits = EffectLimits::new(shot.scales);
        theme.choose(shot.palette);
        *play = PlayState { now: start, shown_at: start, ..default() };
        bridge.attach(Box::new(Player { lines: shot.script.lines(start).into(), now: start }));
        if gallery.canvas.as_ref().is_none_or(|(_, size)| *size != shot.size) {
            let mut image = Image::new_target_texture(shot.size.x, shot.size.y, TextureFormat::Rgba8UnormSrgb, None);
            image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
            image.asset_usage = RenderAssetUsages::all();
            let handle = images.add(image);
            commands
                .entity(entity)
                .insert(RenderTarget::Image(ImageRenderTarget { handle: handle.clone(), scale_factor: 1.0 }));
            gallery.canvas = Some((handle, shot.size));
        }
        gallery.warm = 0;
        return;
    };
    let due = gallery.started + Nanos::from_ms(ms);
    let ahead = (due - play.now).as_ms();
    camera.is_active = ahead <= 17.0 * f64::from(WARM + 1);
    if ahead > 0.0 {
        return;
    }
    gallery.moments.pop_front();
    let (Some((scene, grey)), Some((canvas, _))) = (gallery.present, gallery.canvas.clone()) else { return };
    let path = gallery.dir.join(format!("{scene}-{name}.png"));
    gallery.flying += 1;
    commands.spawn(Screenshot::image(canvas)).observe(
        move |captured: On<ScreenshotCaptured>, mut gallery: ResMut<Gallery>| {
            gallery.flying -= 1;
            let Ok(image) = captured.image.clone().try_into_dynamic() else { return };
            let saved = if grey { image.grayscale().to_rgb8().save(&path) } else { image.to_rgb8().save(&path) };
            if let Err(fault) = saved {
                eprintln!("{}: {fault}", path.display());
            }
        },
    );
}
