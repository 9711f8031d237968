//! The app: one Bevy app set up for a window or without one, run to its end, and what came of it.
//!
//! It knows how pictures are made and where they go, not what a drill is: a session is begun by a function that the
//! caller gives, and seen through the [`bridge`](super::bridge).

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use bevy::{
    app::{PluginGroupBuilder, ScheduleRunnerPlugin, TerminalCtrlCHandlerPlugin},
    asset::RenderAssetUsages,
    camera::{ImageRenderTarget, RenderTarget, ScalingMode},
    input_focus::InputFocusVisible,
    log::LogPlugin,
    post_process::bloom::Bloom,
    prelude::*,
    render::{
        RenderPlugin,
        render_resource::{TextureFormat, TextureUsages},
        renderer::RenderAdapterInfo,
    },
    time::TimeUpdateStrategy,
    window::{ExitCondition, PrimaryWindow, WindowCloseRequested, WindowFocused, WindowResolution},
    winit::WinitPlugin,
};
use doozy_training::{
    event::Tier,
    practice::Practice,
    time::{HostTime, Nanos},
};

use super::{
    Screen, StageCamera, Words,
    bridge::{Bridge, Conduct, PlayState, ShellClock},
    capture::{self, FramePlan, Frames},
    controls::Controls,
    focus::{self, OtherSteering, Steering},
    limits::{EffectLimits, Scales},
    measuring::{Measured, Measures, Measuring},
    practising::Practising,
    screens::{self, LevelCard},
    stage::{self, layers::Board},
    standing::{Ask, MixCard, Mixing, Part, Standings},
    theme::{self, DESIGN, PaletteName, Theme},
    third_party,
};
use crate::{audio::Levels, calibration::Method, conductor::note::Command};

/// Where the game opens.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    Menu,
    /// Straight into a drill.
    Level(LevelCard),
    /// The intro of the first block of the day's mix.
    Daily,
    /// The screen of bindings.
    Bindings,
    /// The screen of calibration, or straight into one.
    Calibrate(Option<Method>),
}

/// Who presses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Player {
    Human,
    /// A simulated player, by name.
    Learner(String),
}

/// What the pictures go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    Window,
    /// An image of so many pixels, and no window system.
    Headless {
        size: UVec2,
    },
}

/// What a session is to be begun with.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    pub level: PathBuf,
    /// Only so much of it: a block of a mix.
    pub part: Option<Part>,
    pub player: Player,
    pub seed: u64,
    pub clock: ShellClock,
    /// Of everything that sounds, 0…1, as the player's limits have it.
    pub loudness: f32,
    /// The level is practised.
    pub practice: Option<Practice>,
}

/// What the player can choose on the screens, and what is kept of it.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct Choices {
    pub scales: Scales,
    pub palette: PaletteName,
    /// The cortex strip is shown.
    pub strip: bool,
    /// The first screen has been answered.
    pub introduced: bool,
}

impl Default for Choices {
    fn default() -> Self {
        Self { scales: Scales::FULL, palette: PaletteName::Dark, strip: true, introduced: false }
    }
}

/// Begins a session.
pub type Begin = Box<dyn FnMut(&Setup) -> Result<Box<dyn Conduct>> + Send + Sync>;
/// Keeps what the player chose.
pub type Keep = Box<dyn FnMut(&Choices) -> Result<()> + Send + Sync>;

/// What has become of a level's file since it was last read.
#[derive(Clone, Debug, PartialEq)]
pub enum Reload {
    Same,
    /// It is no level any more; told once for each text.
    Broken(String),
    Changed(LevelCard),
}

/// Looks at a level's file again.
pub type Look = Box<dyn FnMut(&Path) -> Reload + Send + Sync>;

/// Looks at level files between trials.
#[derive(Resource)]
pub struct LevelFiles(pub Look);

/// How loud each kind of sound is under the player's limit for all of them, 0…1.
pub type Loudness = Box<dyn Fn(f32) -> Levels + Send + Sync>;

/// Everything that a run of the game is started with.
pub struct Launch {
    pub start: Start,
    pub player: Player,
    /// Of the first session; each further one counts on from it.
    pub seed: u64,
    /// The session is asked to stop after so many seconds of its own clock.
    pub seconds: Option<f64>,
    pub surface: Surface,
    pub clock: ShellClock,
    pub frames: FramePlan,
    /// The levels on the menu, in order, ladder by ladder.
    pub levels: Vec<LevelCard>,
    pub choices: Choices,
    pub words: Words,
    pub begin: Begin,
    pub look: Look,
    /// What the record says of the player's levels and of today.
    pub standing: Ask,
    pub keep: Keep,
    pub measures: Measures,
    pub practising: Practising,
    /// What is bound to what, and how pads and instruments are heard.
    pub controls: Controls,
    /// How loud everything is under the player's limit, 0…1, for the session that runs.
    pub loudness: Loudness,
    /// A script that steers the screens.
    pub steering: Option<Steering>,
    /// Set from outside (a signal) to end the run with everything stored.
    pub stop: Arc<AtomicBool>,
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The last session's id in the record.
    pub session: Option<String>,
    /// Whether the last session ran to its end.
    pub finished: bool,
    pub trials: u32,
    /// Verdicts of the last session: clean, slip, miss, doozy.
    pub tiers: [u32; 4],
    pub brakes: u32,
    /// PNG frames, in the order they were written.
    pub frames: Vec<PathBuf>,
    /// What could not be written, in words.
    pub faults: Vec<String>,
    /// What the player had to be told, in words: that nothing is recorded, that times are coarse.
    pub notices: Vec<String>,
    /// The graphics adapter, and whether it is a software renderer.
    pub adapter: String,
    pub software: bool,
    /// Mean length of a frame on the host's clock, from the first to the last, ms.
    pub mean_frame_ms: f64,
}

/// How the present machine draws.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    pub adapter: String,
    /// A software renderer: fewer pixels, no glow.
    pub software: bool,
    pub bloom: bool,
    /// Drawn smaller and plainer than it could be, so that it keeps up; the player is told.
    pub reduced: bool,
}

/// What a session in progress or the next one is begun with; screens ask it.
#[derive(Resource)]
pub struct Sessions {
    pub player: Player,
    pub clock: ShellClock,
    pub levels: Vec<LevelCard>,
    /// The level on the intro, in play or just played: an index into `levels`, or a file that is in none of the ladders.
    pub chosen: Option<LevelCard>,
    /// The daily mix that is under way.
    pub mix: Option<Mixing>,
    seed: u64,
    begin: Begin,
}

impl Sessions {
    /// Begins the chosen level; the message of a failure is for the player.
    pub fn begin(
        &mut self,
        loudness: f32,
        practice: Option<Practice>,
        bridge: &mut Bridge,
        play: &mut PlayState,
    ) -> Result<()> {
        let card = self.chosen.as_ref().context("no level is chosen")?;
        let setup = Setup {
            level: card.path.clone(),
            part: self
                .mix
                .as_ref()
                .map(|mix| Part { trials: mix.pick().card.trials.unwrap_or(1), from_rung: mix.rung() }),
            player: self.player.clone(),
            seed: self.seed,
            clock: self.clock,
            loudness,
            practice,
        };
        bridge.detach();
        let session = (self.begin)(&setup)?;
        self.seed = self.seed.wrapping_add(1);
        *play = PlayState::default();
        bridge.attach(session);
        Ok(())
    }

    /// Chooses the first block of a mix; false where there is nothing in it.
    pub fn begin_mix(&mut self, mix: &MixCard) -> bool {
        self.mix = Mixing::of(mix);
        self.chosen = self.mix.as_ref().map(|mix| mix.pick().card.clone());
        self.mix.is_some()
    }

    /// Chooses what comes next: the next block of the mix, of which this one ended on a rung, or the ladder's next level.
    pub fn go_on(&mut self, rung: i32) {
        match &mut self.mix {
            Some(mix) => {
                mix.advance(rung);
                self.chosen = Some(mix.pick().card.clone());
            }
            None => self.chosen = self.next().cloned().or_else(|| self.chosen.clone()),
        }
    }

    /// Back to the menu.
    pub fn leave(&mut self) {
        (self.chosen, self.mix) = (None, None);
    }

    /// A level's file has changed.
    pub fn change(&mut self, path: &Path, card: LevelCard) {
        for held in self.levels.iter_mut().chain(&mut self.chosen).filter(|held| held.path == path) {
            *held = card.clone();
        }
    }

    /// Whether something comes after what is chosen.
    #[must_use]
    pub fn has_next(&self) -> bool {
        self.mix.as_ref().map_or_else(|| self.next().is_some(), Mixing::has_next)
    }

    /// The level after the chosen one, within its ladder; an endless one has none.
    #[must_use]
    pub fn next(&self) -> Option<&LevelCard> {
        let chosen = self.chosen.as_ref().filter(|card| card.trials.is_some())?;
        let at = self.levels.iter().position(|card| card.path == chosen.path)?;
        self.levels.get(at + 1).filter(|card| card.ladder == chosen.ladder)
    }
}

/// The end of the run: asked for by a person, a signal, a window that closes, or a demo that is over.
#[derive(Resource, Default)]
struct Ending {
    asked: bool,
    /// Seconds since the end was asked for.
    waited: f64,
    /// Session time after which to stop, and whether that has been asked.
    limit: Option<Nanos>,
    limit_asked: bool,
    began: Option<HostTime>,
    /// A demo leaves by itself this long after its end screen arrived, s.
    linger: Option<f64>,
}

#[derive(Resource, Clone)]
struct Stop(Arc<AtomicBool>);

#[derive(Resource)]
struct Keeper(Keep);

#[derive(Resource)]
struct Loud(Loudness);

#[derive(Resource, Clone)]
struct Report(Arc<Mutex<Outcome>>);

/// Which image takes the place of a window.
#[derive(Resource, Clone)]
pub struct Canvas(pub Handle<Image>);

/// A real-time picture for a software renderer, pixels: about 34 ms a frame on two cores (engineering.md §5.7).
pub const SOFTWARE_SIZE: UVec2 = UVec2::new(854, 480);
/// How long the end waits for pictures on their way and for the session to be stored, s. ◇ Both take well under one.
const PATIENCE: f64 = 10.0;
/// How long a demo's end screen stays, s: long enough to be read, and for its picture.
const LINGER: f64 = 3.0;

fn plugins(surface: Surface, clock: ShellClock) -> PluginGroupBuilder {
    let headless = matches!(surface, Surface::Headless { .. });
    let window = Window {
        title: "Doozy".into(),
        name: Some("doozy".into()),
        resolution: WindowResolution::new(DESIGN.x as u32, DESIGN.y as u32),
        resize_constraints: bevy::window::WindowResizeConstraints { min_width: 480.0, min_height: 270.0, ..default() },
        present_mode: bevy::window::PresentMode::AutoVsync,
        ..default()
    };
    let group = DefaultPlugins
        .build()
        // The command line sets up logging and signals for every command alike.
        .disable::<LogPlugin>()
        .disable::<TerminalCtrlCHandlerPlugin>()
        .set(WindowPlugin {
            primary_window: (!headless).then_some(window),
            exit_condition: ExitCondition::DontExit,
            close_when_requested: false,
            ..default()
        })
        // Frames in virtual time are to be whole from the first.
        .set(RenderPlugin { synchronous_pipeline_compilation: headless, ..default() });
    if headless {
        let wait = match clock {
            ShellClock::Real => Duration::from_secs_f64(1.0 / 60.0),
            ShellClock::Virtual { .. } => Duration::ZERO,
        };
        group.disable::<WinitPlugin>().add(ScheduleRunnerPlugin::run_loop(wait))
    } else {
        group
    }
}

/// Fixed steps to the second, and the longest time that one frame makes up for: after a frame of any length at most 16 steps
/// run (cases A34, A20). ◇ As Bevy has them; that a new Bevy has others must not change what a machine does that wakes up.
const STEPS_A_SECOND: f64 = 64.0;
const LONGEST_FRAME: Duration = Duration::from_millis(250);

fn limit_steps(app: &mut App) {
    app.insert_resource(Time::<Fixed>::from_hz(STEPS_A_SECOND));
    app.insert_resource(Time::<Virtual>::from_max_delta(LONGEST_FRAME));
}

/// Runs the game to its end.
///
/// # Errors
/// Where no session can be begun, or no picture can be made. The caller has looked for a display before a
/// [`Surface::Window`] (winit cannot be asked to report one missing).
pub fn run(launch: Launch) -> Result<Outcome> {
    let Launch {
        start,
        player,
        seed,
        seconds,
        surface,
        clock,
        frames,
        levels,
        choices,
        words,
        begin,
        look,
        standing,
        keep,
        measures,
        controls,
        loudness,
        practising,
        steering,
        stop,
    } = launch;
    let report = Report(Arc::new(Mutex::new(Outcome::default())));
    let demo = matches!(player, Player::Learner(_));
    let mut sessions = Sessions { player, clock, levels, chosen: None, mix: None, seed, begin };
    let mut standings = Standings::new(standing);
    let mut bridge = Bridge::default();
    let mut play = PlayState::default();
    let mut measures = measures;
    let mut measuring = Measuring::default();
    let mut measured = Measured::default();
    let introduce = !choices.introduced && !demo;
    let first = match &start {
        Start::Menu if introduce => Screen::FirstRun,
        Start::Menu => Screen::Menu,
        Start::Calibrate(None) => Screen::Calibrate,
        Start::Calibrate(Some(method)) => {
            measuring.attach((measures.begin)(*method)?);
            measured = Measured::of(*method);
            Screen::Measure
        }
        Start::Daily => {
            standings.refresh();
            let any = sessions.begin_mix(&standings.now.mix);
            match (introduce, any) {
                (true, _) => Screen::FirstRun,
                (false, true) => Screen::Intro,
                (false, false) => Screen::Menu,
            }
        }
        Start::Bindings => Screen::Bindings,
        Start::Level(card) => {
            sessions.chosen = Some(card.clone());
            if introduce {
                Screen::FirstRun
            } else {
                sessions.begin(choices.scales.loudness, practising.asked(), &mut bridge, &mut play)?;
                Screen::Play
            }
        }
    };

    let mut app = App::new();
    app.add_plugins(plugins(surface, clock));
    if let ShellClock::Virtual { fps } = clock {
        let frame = Duration::from_secs_f64(1.0 / f64::from(fps.max(1)));
        app.insert_resource(TimeUpdateStrategy::ManualDuration(frame));
    }
    limit_steps(&mut app);
    app.insert_resource(InputFocusVisible(true))
        .insert_resource(clock)
        .insert_resource(choices)
        .insert_resource(EffectLimits::new(choices.scales))
        .insert_resource(words)
        .insert_resource(sessions)
        .insert_resource(standings)
        .insert_resource(LevelFiles(look))
        .insert_non_send(bridge)
        .insert_non_send(measuring)
        .insert_resource(measured)
        .insert_resource(measures)
        .insert_resource(practising)
        .insert_resource(play)
        // The first screen enters before the adapter has been looked at.
        .init_resource::<Quality>()
        .insert_resource(Stop(stop))
        .insert_resource(Keeper(keep))
        .insert_resource(Loud(loudness))
        .insert_resource(controls)
        .insert_resource(report.clone())
        .insert_resource(Frames::new(frames))
        .insert_resource(Ending {
            limit: seconds.map(|s| Nanos::from_ms(s * 1000.0)),
            linger: demo.then_some(LINGER),
            ..default()
        })
        .insert_state(first)
        .add_plugins((
            theme::plugin,
            super::bridge::plugin,
            super::measuring::plugin,
            super::controls::plugin,
            focus::plugin,
            screens::plugin,
            capture::plugin,
            third_party::plugin,
            stage::plugin,
        ))
        .add_systems(PreStartup, (survey, set_up_camera).chain())
        .add_systems(PreUpdate, (fit, hear_window))
        .add_systems(Update, apply_choices.run_if(resource_changed::<Choices>))
        .add_systems(Last, (end_sessions, leave).chain());
    if let Some(steering) = steering {
        app.insert_resource(OtherSteering(steering));
    }
    if let Surface::Headless { size } = surface {
        let mut image = Image::new_target_texture(size.x.max(1), size.y.max(1), TextureFormat::Rgba8UnormSrgb, None);
        image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
        image.asset_usage = RenderAssetUsages::all();
        let handle = app.world_mut().resource_mut::<Assets<Image>>().add(image);
        app.insert_resource(Canvas(handle));
    }
    app.run();
    let outcome = report.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    Ok(outcome)
}

/// Looks at the adapter, and chooses what this machine can draw in time.
fn survey(
    mut commands: Commands,
    adapter: Option<Res<RenderAdapterInfo>>,
    clock: Res<ShellClock>,
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
    words: Res<Words>,
) {
    let (name, software) = adapter.map_or_else(
        || (String::new(), true),
        |info| {
            // wgpu is not among our own dependencies, so its type is known by name.
            let software = format!("{:?}", info.device_type) == "Cpu";
            (format!("{} ({:?})", info.name, info.backend), software)
        },
    );
    // In virtual time a frame may take as long as it likes.
    let in_time = matches!(*clock, ShellClock::Real);
    if software && in_time {
        for mut window in &mut windows {
            window.resolution.set(SOFTWARE_SIZE.x as f32, SOFTWARE_SIZE.y as f32);
        }
        tracing::warn!("{}", words.get("renderer-software", &[("adapter", name.clone().into())]));
    }
    commands.insert_resource(Quality {
        adapter: name,
        software,
        bloom: !(software && in_time),
        reduced: software && in_time,
    });
}

fn set_up_camera(mut commands: Commands, canvas: Option<Res<Canvas>>, quality: Res<Quality>) {
    let mut projection = OrthographicProjection::default_2d();
    projection.scaling_mode = ScalingMode::AutoMin { min_width: DESIGN.x, min_height: DESIGN.y };
    let mut camera = commands.spawn((
        StageCamera,
        Camera2d,
        Projection::Orthographic(projection),
        IsDefaultUiCamera,
        // Shapes, text and screens are all drawn with soft edges of their own.
        Msaa::Off,
    ));
    if quality.bloom {
        camera.insert(Bloom { intensity: 0.10, ..Bloom::NATURAL });
    }
    if let Some(canvas) = canvas {
        camera.insert(RenderTarget::Image(ImageRenderTarget { handle: canvas.0.clone(), scale_factor: 1.0 }));
    }
}

/// Scales the screens to fit what they are shown on, as the camera does with the stage.
fn fit(cameras: Query<&Camera, With<StageCamera>>, mut scale: ResMut<UiScale>) {
    let Some(size) = cameras.iter().next().and_then(Camera::logical_target_size) else { return };
    let fitted = (size.x / DESIGN.x).min(size.y / DESIGN.y).max(0.1);
    if (scale.0 - fitted).abs() > 1e-4 {
        scale.0 = fitted;
    }
}

fn hear_window(
    mut focused: MessageReader<WindowFocused>,
    mut closing: MessageReader<WindowCloseRequested>,
    mut bridge: NonSendMut<Bridge>,
    mut ending: ResMut<Ending>,
) {
    for message in focused.read() {
        if let Some(t) = bridge.now() {
            bridge.command(Command::Focus { has: message.focused, t });
        }
    }
    ending.asked |= closing.read().count() > 0;
}

fn apply_choices(
    choices: Res<Choices>,
    mut limits: ResMut<EffectLimits>,
    mut theme: ResMut<Theme>,
    mut keeper: ResMut<Keeper>,
    mut play: ResMut<PlayState>,
    mut board: ResMut<Board>,
    (loud, mut bridge, mut loudness): (Res<Loud>, NonSendMut<Bridge>, Local<Option<f32>>),
) {
    limits.set_scales(choices.scales);
    // a session that runs is as loud as it is set, at once
    if loudness.replace(choices.scales.loudness).is_some_and(|before| before != choices.scales.loudness) {
        bridge.command(Command::Levels((loud.0)(choices.scales.loudness)));
    }
    if board.strip != choices.strip {
        board.strip = choices.strip;
    }
    if theme.name != choices.palette {
        theme.choose(choices.palette);
    }
    if choices.is_added() {
        return;
    }
    if let Err(fault) = (keeper.0)(&choices) {
        let args = vec![("fault", format!("{fault:#}"))];
        play.notices.push(super::bridge::Notice { id: "notice-settings-not-kept", args, grave: false });
    }
}

/// Asks the session to stop when its time is up or the run is to end.
fn end_sessions(
    mut ending: ResMut<Ending>,
    stop: Res<Stop>,
    play: Res<PlayState>,
    mut bridge: NonSendMut<Bridge>,
    mut asked_stop: Local<bool>,
) {
    ending.asked |= stop.0.load(Ordering::Relaxed);
    if !bridge.is_attached() {
        (ending.began, ending.limit_asked, *asked_stop) = (None, false, false);
        return;
    }
    let began = *ending.began.get_or_insert(play.now);
    let over = ending.limit.is_some_and(|limit| (play.now - began).0 >= limit.0);
    if over && !ending.limit_asked {
        ending.limit_asked = true;
        bridge.command(Command::Stop);
    }
    if ending.asked && !*asked_stop && play.ended.is_none() {
        *asked_stop = true;
        bridge.command(Command::Stop);
    }
}

/// Leaves once the session is stored and the pictures are on disk.
#[expect(clippy::too_many_arguments, reason = "a system takes what it reads")]
fn leave(
    mut ending: ResMut<Ending>,
    play: Res<PlayState>,
    bridge: NonSend<Bridge>,
    screen: Res<State<Screen>>,
    time: Res<Time>,
    mut frames: ResMut<Frames>,
    quality: Res<Quality>,
    (real, drawn, words): (Res<Time<Real>>, Res<bevy::diagnostic::FrameCount>, Res<Words>),
    report: Res<Report>,
    mut exit: MessageWriter<AppExit>,
) {
    if *screen.get() == Screen::End
        && let Some(left) = &mut ending.linger
    {
        *left -= time.delta_secs_f64();
        if *left <= 0.0 {
            ending.asked = true;
        }
    }
    let running = bridge.is_attached() && play.ended.is_none();
    if !ending.asked {
        return;
    }
    ending.waited += real.delta_secs_f64();
    let patient = ending.waited < PATIENCE;
    if patient && (running || frames.on_their_way() > 0) {
        return;
    }
    let mut outcome = report.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (session, finished) = play.ended.clone().unwrap_or_default();
    let count = |tier| play.judged.iter().filter(|judged| judged.tier == tier).count() as u32;
    *outcome = Outcome {
        session,
        finished,
        trials: play.trials_done,
        tiers: [Tier::Clean, Tier::Slip, Tier::Miss, Tier::Doozy].map(count),
        brakes: play.brakes,
        frames: std::mem::take(&mut frames.written),
        faults: std::mem::take(&mut frames.faults),
        notices: play.notices.iter().filter(|n| n.grave).map(|n| words.say(n.id, &n.args)).collect(),
        adapter: quality.adapter.clone(),
        software: quality.software,
        mean_frame_ms: real.elapsed_secs_f64() * 1000.0 / f64::from(drawn.0.max(1)),
    };
    exit.write(AppExit::Success);
}

/// Asks the run to end, as a closed window does.
#[derive(Message, Clone, Copy, Debug)]
pub struct Quit;

fn hear_quit(mut quits: MessageReader<Quit>, mut ending: ResMut<Ending>) {
    ending.asked |= quits.read().count() > 0;
}

/// The parts of the app that screens talk to.
pub(super) fn plugin(app: &mut App) {
    app.add_message::<Quit>().add_systems(PostUpdate, hear_quit);
}

#[cfg(test)]
mod tests {
    use bevy::time::TimePlugin;

    use super::*;

    #[derive(Resource, Default)]
    struct Steps(u32);

    /// A session that writes down what it is asked.
    struct Asked(Arc<Mutex<Vec<Command>>>);

    impl Conduct for Asked {
        fn notes(&mut self, _: &mut Vec<crate::conductor::note::Note>) {}

        fn command(&mut self, command: Command) {
            self.0.lock().unwrap().push(command);
        }

        fn now(&self) -> HostTime {
            HostTime(0)
        }

        fn drive(&mut self, _: HostTime) {}
    }

    #[test]
    fn a_change_of_loudness_reaches_the_session_at_once_and_other_changes_do_not() {
        use crate::audio::Level;

        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut bridge = Bridge::default();
        bridge.attach(Box::new(Asked(Arc::clone(&asked))));
        let levels = |loudness: f32| Levels { master: Level((loudness * 100.0) as u8), ..Levels::default() };
        let mut app = App::new();
        app.add_plugins((TaskPoolPlugin::default(), AssetPlugin::default()));
        app.init_asset::<Font>().add_plugins(theme::plugin);
        app.insert_resource(Choices::default())
            .insert_resource(EffectLimits::new(Scales::FULL))
            .insert_resource(Keeper(Box::new(|_| Ok(()))))
            .insert_resource(Loud(Box::new(levels)))
            .insert_non_send(bridge)
            .init_resource::<PlayState>()
            .init_resource::<Board>()
            .add_systems(Update, apply_choices.run_if(resource_changed::<Choices>));
        app.update();
        app.world_mut().resource_mut::<Choices>().scales.shake = 0.0;
        app.update();
        assert_eq!(*asked.lock().unwrap(), []);
        app.world_mut().resource_mut::<Choices>().scales.loudness = 0.25;
        app.update();
        app.update();
        assert_eq!(*asked.lock().unwrap(), [Command::Levels(levels(0.25))]);
    }

    #[test]
    fn a_frame_of_ten_minutes_makes_up_for_sixteen_steps_at_most() {
        // cases A34: the clock leaps by 600 s while the lid is closed; cases A20: frames stop for a while
        for gap in [600_000, 10_000, 251] {
            let mut app = App::new();
            app.add_plugins(TimePlugin).init_resource::<Steps>();
            limit_steps(&mut app);
            app.add_systems(FixedUpdate, |mut steps: ResMut<Steps>| steps.0 += 1);
            let mut frame = |ms: u64| {
                app.insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(ms)));
                let before = app.world().resource::<Steps>().0;
                app.update();
                app.world().resource::<Steps>().0 - before
            };
            // the first frame only starts the clock
            frame(16);
            assert!((0..4).map(|_| frame(16)).sum::<u32>() >= 3, "steps run at all");
            let woken = frame(gap);
            assert!((1..=16).contains(&woken), "{woken} steps after {gap} ms");
            assert!(frame(16) <= 2, "and nothing is made up for later");
        }
    }
}
