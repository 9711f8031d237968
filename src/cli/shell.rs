//! Joins the game to everything else: folders, settings, ladders, taps for the menus, and the conductor behind each
//! session.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use anyhow::Context as _;
use doozy_training::{
    learner::Profile,
    time::{HostTime, Nanos},
};

use super::{Common, Failure, signal};
use crate::{
    audio::{Level, Levels},
    calibration::{self, Calibrations, Method, StoreFile},
    clock::{self, Clock},
    conductor::{self, Keys, Pace, Terms, Who},
    game::{
        app::{self, Choices, Launch, Outcome, Player, Start, Surface},
        bridge::{Conduct, ShellClock},
        capture::FramePlan,
        focus::{Steer, Steering},
        limits::Scales,
        measuring::Measures,
        screens::{LevelCard, Words},
        theme::PaletteName,
    },
    input::{Bindings, Edge, MenuAction, Taps, merge::TapKind},
    ladders,
    paths::{DataDir, Root},
    settings::{Palette, Settings, SettingsFile},
    text::Text,
};

/// Where a session on a virtual clock begins; any value gives the same session.
const VIRTUAL_ORIGIN: HostTime = HostTime(1_000_000_000);

/// What a command asks of the game.
pub struct Run {
    pub level: Option<String>,
    pub learner: Option<Profile>,
    pub seed: u64,
    pub seconds: Option<f64>,
    pub surface: Surface,
    pub clock: ShellClock,
    pub frames: FramePlan,
    /// Opens on the screens of calibration instead of a level.
    pub calibrate: Option<Calibrate>,
}

/// How calibrations are begun.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calibrate {
    /// Straight into this one.
    pub method: Option<Method>,
    /// With sound although there is no sound output.
    pub anyway: bool,
    /// One line of JSON on standard output for every stimulus, before it sounds.
    pub announce: bool,
}

/// Runs the game and says what came of it.
pub fn run(common: &Common, run: Run) -> Result<Outcome, Failure> {
    let data = common.data_dir()?;
    let root = Root::find();
    let root = root.as_ref().map_err(|e| Failure::lacking(e.to_string()));
    let start = match (&run.calibrate, &run.level) {
        (Some(calibrate), _) => Start::Calibrate(calibrate.method),
        (None, None) => Start::Menu,
        (None, Some(name)) => Start::Level(find(root.as_ref().ok().copied(), name)?.path),
    };
    let (ladders, refused) = match &root {
        Ok(root) => ladders::all(root)?,
        // a level elsewhere can be played without the ladders
        Err(_) if run.level.is_some() => (Vec::new(), Vec::new()),
        Err(failure) => return Err(Failure::lacking(failure.to_string())),
    };
    for error in refused {
        super::complain(error);
    }
    let (file, findings) = SettingsFile::open().map_err(|e| Failure::lacking(e.to_string()))?;
    let settings = file.settings.clone();
    let (bindings, conflicts) = bindings(&settings)?;
    for conflict in conflicts {
        super::complain(conflict);
    }
    let text = Text::load(&settings.language);
    for finding in findings {
        let (id, args) = finding.message();
        super::complain(text.say(id, &args));
    }
    let cards = ladders.iter().flat_map(cards).collect();
    let choices = choices(&settings);
    let begin = beginner(data, bindings.clone(), settings.clone());
    let launch = Launch {
        start,
        player: run.learner.map_or(Player::Human, |profile| Player::Learner(profile.name().to_owned())),
        seed: run.seed,
        seconds: run.seconds,
        surface: run.surface,
        clock: run.clock,
        frames: run.frames,
        levels: cards,
        choices,
        words: Words(text),
        begin,
        keep: keeper(file),
        measures: measures(run.calibrate.unwrap_or_default(), bindings.clone(), &settings),
        steering: pads(bindings),
        stop: stopper(),
    };
    let outcome = app::run(launch).map_err(|e| Failure::lacking(format!("{e:#}")))?;
    for notice in &outcome.notices {
        super::complain(notice);
    }
    Ok(outcome)
}

fn find(root: Option<&Root>, name: &str) -> Result<ladders::Loaded, Failure> {
    match root {
        Some(root) => Ok(ladders::find(Ok(root), name)?),
        None => Ok(ladders::find(Err(crate::paths::PathError::NoLevels), name)?),
    }
}

fn cards(ladder: &ladders::Ladder) -> Vec<LevelCard> {
    let card = |(at, loaded): (usize, &ladders::Loaded)| LevelCard {
        path: loaded.path.clone(),
        ladder: ladder.name.clone(),
        rung: u32::try_from(at + 1).unwrap_or(u32::MAX),
        title: loaded.level.title().to_owned(),
        aim: loaded.level.aim().to_owned(),
        tol_ms: loaded.level.setting(0).tol_ms,
        unit: loaded.level.unit(),
        trials: Some(loaded.level.trials()),
    };
    ladder.levels.iter().enumerate().map(card).collect()
}

fn bindings(settings: &Settings) -> Result<(Bindings, Vec<crate::input::bindings::Conflict>), Failure> {
    let text = toml::to_string(&settings.bindings).map_err(|e| Failure::wrong(e.to_string()))?;
    Bindings::with_player_file(&text).map_err(|e| Failure::wrong(format!("settings.toml: bindings: {e}")))
}

/// What the player chose in an earlier run.
fn choices(settings: &Settings) -> Choices {
    let effects = &settings.effects;
    Choices {
        scales: Scales {
            flash: effects.flash as f32,
            shake: effects.shake as f32,
            rumble: effects.rumble as f32,
            loudness: effects.loudness as f32,
            debris: effects.debris as f32,
            reduced_motion: effects.reduced_effects,
        },
        palette: match settings.palette {
            Palette::Dark => PaletteName::Dark,
            Palette::Light => PaletteName::Light,
            Palette::HighContrast => PaletteName::HighContrast,
        },
        strip: !settings.hide_strip,
        introduced: settings.first_run_done,
    }
}

/// Keeps what the player chose. Settings that cannot be written are told once and stay in force for this run.
fn keeper(mut file: SettingsFile) -> app::Keep {
    Box::new(move |choices| {
        let settings = &mut file.settings;
        settings.first_run_done = choices.introduced;
        settings.hide_strip = !choices.strip;
        settings.palette = match choices.palette {
            PaletteName::Dark => Palette::Dark,
            PaletteName::Light => Palette::Light,
            PaletteName::HighContrast => Palette::HighContrast,
        };
        settings.effects.flash = f64::from(choices.scales.flash);
        settings.effects.shake = f64::from(choices.scales.shake);
        settings.effects.rumble = f64::from(choices.scales.rumble);
        settings.effects.loudness = f64::from(choices.scales.loudness);
        settings.effects.debris = f64::from(choices.scales.debris);
        settings.effects.reduced_effects = choices.scales.reduced_motion;
        file.save().context("the settings could not be kept")
    })
}

/// Loudness as the settings have it, under the player's limit for all of it.
fn levels(settings: &Settings, loudness: f32) -> Levels {
    let level = |per_cent: f64| Level(per_cent.clamp(0.0, 100.0) as u8);
    let audio = &settings.audio;
    Levels {
        master: level(audio.master * f64::from(loudness)),
        cues: level(audio.cues),
        feedback: level(audio.feedback),
        scene: level(audio.scene),
        bed: level(audio.bed),
        ..Levels::default()
    }
}

/// How the screens of calibration begin one, and tell what is stored.
fn measures(how: Calibrate, bindings: Bindings, settings: &Settings) -> Measures {
    let text = Text::load(&settings.language);
    let settings = settings.clone();
    let begin = move |method| {
        let setup = calibration::Setup {
            method,
            seed: clock::wall().unsigned_abs(),
            who: calibration::Who::Person,
            pace: Pace::Host { keys: Keys::Tap },
            levels: levels(&settings, settings.effects.loudness as f32),
            bindings: bindings.clone(),
            display: calibration::lookup::DISPLAY.to_owned(),
            store: Some(calibration::StoreFile::place()?),
            anyway: how.anyway,
            announce: how.announce.then(super::calibrate::announcer),
        };
        Ok(calibration::start(setup)?)
    };
    let stored = move |method| {
        // a file that cannot be read is put aside and told when a calibration begins
        let Ok((file, _)) = calibration::StoreFile::open() else { return Vec::new() };
        let mut entries: Vec<_> = file.entries.iter().filter(|entry| entry.method == method).collect();
        entries.sort_by(|a, b| b.date.cmp(&a.date));
        let line = |entry: &calibration::Entry| {
            let args = [
                ("ms", format!("{:+.1}", entry.offset_ms)),
                ("se", entry.se_ms.map_or_else(|| "?".to_owned(), |se| format!("{se:.1}"))),
                ("on", entry.on().to_owned()),
                ("with", entry.input.label().to_owned()),
                ("day", entry.date.chars().take(10).collect()),
            ];
            text.say("calibrate-stored", &args)
        };
        entries.into_iter().map(line).collect()
    };
    Measures { begin: Box::new(begin), stored: Box::new(stored) }
}

fn beginner(data: DataDir, bindings: Bindings, settings: Settings) -> app::Begin {
    Box::new(move |asked| {
        let level = ladders::read(&asked.level, &level_id(&asked.level))?;
        let who = match &asked.player {
            Player::Human => Who::Person,
            Player::Learner(name) => Who::Learner(name.parse()?),
        };
        let pace = match asked.clock {
            ShellClock::Real => Pace::Host { keys: Keys::Tap },
            ShellClock::Virtual { .. } => Pace::Virtual { from: VIRTUAL_ORIGIN },
        };
        let handle = conductor::start(conductor::Setup {
            level,
            seed: asked.seed,
            terms: Terms::default(),
            who,
            pace,
            levels: levels(&settings, asked.loudness),
            calibrations: match &asked.player {
                Player::Human => calibrations(&settings),
                // nobody's devices are in its way
                Player::Learner(_) => Calibrations::default(),
            },
            bindings: bindings.clone(),
            data: data.clone(),
            length: None,
        })?;
        Ok(Box::new(handle) as Box<dyn Conduct>)
    })
}

/// What was measured by now, and the numbers set by hand for everything else. Read anew for each session: a calibration
/// may have come between.
fn calibrations(settings: &Settings) -> Calibrations {
    let (entries, findings) = match StoreFile::open() {
        Ok((file, findings)) => (file.entries, findings),
        // without a folder of settings there is nothing stored
        Err(error) => {
            tracing::info!("{error}");
            (Vec::new(), Vec::new())
        }
    };
    let text = Text::load(&settings.language);
    for finding in findings {
        let (id, args) = finding.message();
        super::complain(text.say(id, &args));
    }
    Calibrations {
        entries,
        audio_by_hand: Nanos::from_ms(settings.audio.audio_offset_ms),
        video_by_hand: Nanos::from_ms(settings.audio.video_offset_ms),
        ..Calibrations::default()
    }
}

/// A shipped level by its place under `levels/`, any other by its path.
fn level_id(path: &std::path::Path) -> String {
    let shipped = Root::find().ok().and_then(|root| path.strip_prefix(root.levels()).ok().map(PathBuf::from));
    shipped.as_deref().unwrap_or(path).display().to_string().trim_end_matches(ladders::ENDING).to_owned()
}

/// A pad's way through the menus: a tap of its own beside the session's, since menus are there without a session.
#[cfg(feature = "devices")]
fn pads(bindings: Bindings) -> Option<Steering> {
    use crate::input::{pad::PadChoice, taps::gilrs::GilrsTap};
    let mut taps = Taps::new(Clock::host());
    let tap = match GilrsTap::start(taps.port(TapKind::Gilrs), PadChoice::default()) {
        Ok(tap) => tap,
        Err(error) => {
            tracing::info!("{error}");
            return None;
        }
    };
    let taps = std::sync::Mutex::new((taps, tap));
    let mut inputs = Vec::new();
    Some(Box::new(move |steers| {
        let Ok(mut taps) = taps.lock() else { return };
        taps.0.poll(&mut inputs);
        taps.0.take_notices();
        for input in inputs.drain(..).filter(|input| input.edge == Edge::Down) {
            if let Some(action) = bindings.menu(input.control) {
                steers.push(steer(action));
            }
        }
    }))
}

#[cfg(not(feature = "devices"))]
fn pads(_bindings: Bindings) -> Option<Steering> {
    None
}

fn steer(action: MenuAction) -> Steer {
    match action {
        MenuAction::Up => Steer::Up,
        MenuAction::Down => Steer::Down,
        MenuAction::Left => Steer::Left,
        MenuAction::Right => Steer::Right,
        MenuAction::Confirm => Steer::Accept,
        MenuAction::Back => Steer::Back,
        MenuAction::Pause => Steer::Pause,
    }
}

/// Set by SIGINT and SIGTERM; looked at once a frame.
fn stopper() -> Arc<AtomicBool> {
    signal::asked()
}
