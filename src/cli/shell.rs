//! Joins the game to everything else: folders, settings, ladders, taps for the menus, and the conductor behind each
//! session.

mod ear;
mod reload;
mod standings;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
};

use anyhow::Context as _;
use doozy_training::{
    level::drill::Drill,
    practice::{Mute, Practice, bars},
    time::{HostTime, Nanos},
};

use super::{
    Common, Failure,
    practice::{self, PracticeArgs},
    signal,
};
use crate::{
    audio::{Level, Levels},
    calibration::{self, Calibrations, Method, StoreFile},
    clock,
    conductor::{self, Keys, Learner, Pace, Terms, Who},
    game::{
        app::{self, Choices, Launch, Outcome, Player, Start, Surface},
        bridge::{Conduct, ShellClock},
        capture::FramePlan,
        controls::{Controls, KeepTable, SharedBindings},
        limits::Scales,
        measuring::Measures,
        practising::{Desk, Facts, Practising},
        screens::{LevelCard, Words},
        theme::PaletteName,
    },
    input::{Bindings, bindings::Table, labels::Labels},
    ladders::{self, Ladder, Loaded},
    paths::{DataDir, Root},
    practice::{Preset, Presets},
    record::Reader,
    settings::{Palette, Settings, SettingsFile},
    text::Text,
    what_works,
};

use ear::listener;
use reload::{Watch, looker};
use standings::asker;

/// Where a session on a virtual clock begins; any value gives the same session.
const VIRTUAL_ORIGIN: HostTime = HostTime(1_000_000_000);

/// Where the game opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Menu,
    /// A level's id or file.
    Level(String),
    /// The endless level of a kind, by any of its names.
    Endless(String),
    /// The mix of the day.
    Daily,
    /// The screen of bindings.
    Bindings,
}

/// What a command asks of the game.
pub struct Run {
    pub what: What,
    pub learner: Option<Learner>,
    pub seed: u64,
    pub seconds: Option<f64>,
    pub surface: Surface,
    pub clock: ShellClock,
    pub frames: FramePlan,
    /// How the level is practised.
    pub practice: PracticeArgs,
    /// Sessions of the level are part of the player's own trial on it.
    pub what_works: bool,
    /// Opens on the screens of calibration instead of a level.
    pub calibrate: Option<Calibrate>,
}

/// What came of a run.
pub struct Ran {
    pub outcome: Outcome,
    /// Where the player's own trial stands, if the run had a session of it.
    pub trial: Option<what_works::Told>,
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
pub fn run(common: &Common, run: Run) -> Result<Ran, Failure> {
    let data = common.data_dir()?;
    let root = Root::find();
    let root = root.as_ref().map_err(|e| Failure::lacking(e.to_string()));
    let (mut ladders, refused) = match &root {
        Ok(root) => {
            let (ladders, mut refused) = ladders::all(root)?;
            let (endless, more) = ladders::endless(root)?;
            refused.extend(more);
            ((ladders, endless), refused)
        }
        // a level elsewhere can be played without the ladders
        Err(_) if matches!(run.what, What::Level(_)) => {
            ((Vec::new(), Ladder { name: ladders::ENDLESS.to_owned(), levels: Vec::new() }), Vec::new())
        }
        Err(failure) => return Err(Failure::lacking(failure.to_string())),
    };
    let named = match &run.what {
        What::Level(name) => Some(find(root.as_ref().ok().copied(), name)?),
        What::Endless(kind) => Some(endless(&ladders.1, kind)?),
        What::Menu | What::Bindings | What::Daily => None,
    };
    let tried = named.clone().filter(|_| run.what_works);
    if let Some(level) = &tried {
        tries(level, &run.practice)?;
    }
    let asked = match (&run.what, &named) {
        (What::Level(_), Some(level)) => run.practice.practice(common, level)?.unwrap_or_default(),
        _ if run.practice.is_empty() => Practice::default(),
        _ => return Err(Failure::usage("practice needs a level: doozy play LEVEL --rate 0.8")),
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
    let mut cards: Vec<LevelCard> = ladders.0.iter().flat_map(cards_of).collect();
    if !ladders.1.levels.is_empty() {
        cards.extend(cards_of(&ladders.1));
    }
    ladders.0.push(ladders.1);
    let watch = Watch::default();
    let look = looker(watch.clone(), cards.clone());
    let standing = asker(data.clone(), ladders.0);
    let start = match (&run.calibrate, &run.what) {
        (Some(calibrate), _) => Start::Calibrate(calibrate.method),
        (None, What::Menu) => Start::Menu,
        (None, What::Bindings) => Start::Bindings,
        (None, What::Daily) => Start::Daily,
        (None, What::Level(_) | What::Endless(_)) => match named {
            Some(level) => {
                let known = cards.iter().find(|card| card.path == level.path).cloned();
                Start::Level(known.unwrap_or_else(|| card_of(&level, "", 0)))
            }
            None => Start::Menu,
        },
    };
    let choices = choices(&settings);
    let bindings = SharedBindings::new(bindings);
    let file = Arc::new(Mutex::new(file));
    let controls = Controls {
        table: table(&settings)?,
        bindings: bindings.clone(),
        keep: keeper_of_bindings(Arc::clone(&file)),
        labels: Box::new(|| Labels::ask(None)),
        listen: listener(),
    };
    let practising = Practising::new(asked, Box::new(PracticeDesk { data: data.clone() }));
    let who = run.learner.clone().map_or(Who::Person, Who::Learner);
    let player = who.name();
    let before = if tried.is_some() { what_works::last(&data)? } else { 0 };
    let asked_for = tried.as_ref().map(|it| it.path.clone());
    let begin = beginner(data.clone(), bindings.clone(), settings.clone(), watch, who, asked_for);
    let loud = settings.clone();
    let launch = Launch {
        start,
        player: run.learner.as_ref().map_or(Player::Human, |learner| Player::Learner(learner.name())),
        seed: run.seed,
        seconds: run.seconds,
        surface: run.surface,
        clock: run.clock,
        frames: run.frames,
        levels: cards,
        choices,
        words: Words(text),
        begin,
        look,
        standing,
        measures: measures(run.calibrate.unwrap_or_default(), bindings, Arc::clone(&file)),
        keep: keeper(file),
        controls,
        loudness: Box::new(move |loudness| levels(&loud, loudness)),
        steering: None,
        practising,
        stop: stopper(),
    };
    let outcome = app::run(launch).map_err(|e| Failure::lacking(format!("{e:#}")))?;
    for notice in &outcome.notices {
        super::complain(notice);
    }
    let trial = match tried {
        Some(level) if outcome.session.is_some() => Some(what_works::told(&data, &level, &player, before)?),
        _ => None,
    };
    Ok(Ran { outcome, trial })
}

/// Whether a session of a level can be part of its player's own trial, asked before anything is opened.
pub fn may_try(level: &str, practice: &PracticeArgs) -> Result<(), Failure> {
    tries(&find(Root::find().ok().as_ref(), level)?, practice)
}

fn tries(level: &Loaded, practice: &PracticeArgs) -> Result<(), Failure> {
    if !practice.is_empty() {
        return Err(Failure::usage(
            "--what-works measures the level as it is, so it cannot be practised at the same time: leave out --what-works, \
             or --rate, --loop and the other options of practice",
        ));
    }
    Ok(what_works::check(level)?)
}

fn find(root: Option<&Root>, name: &str) -> Result<Loaded, Failure> {
    match root {
        Some(root) => Ok(ladders::find(Ok(root), name)?),
        None => Ok(ladders::find(Err(crate::paths::PathError::NoLevels), name)?),
    }
}

/// Whether there is an endless level of a kind.
pub fn knows(kind: &str) -> Result<(), Failure> {
    let root = Root::find().map_err(|e| Failure::lacking(e.to_string()))?;
    endless(&ladders::endless(&root)?.0, kind).map(|_| ())
}

/// The endless level of a kind, or which kinds there are.
fn endless(ladder: &Ladder, kind: &str) -> Result<Loaded, Failure> {
    ladders::endless_of(ladder.clone(), kind).map_err(|names| {
        Failure::usage(format!("no endless level of the kind {kind:?}; there are: {}", names.join(", ")))
    })
}

fn cards_of(ladder: &Ladder) -> Vec<LevelCard> {
    let levels = ladder.levels.iter().enumerate();
    levels.map(|(at, loaded)| card_of(loaded, &ladder.name, u32::try_from(at + 1).unwrap_or(u32::MAX))).collect()
}

/// A level as the menu shows it.
fn card_of(loaded: &Loaded, ladder: &str, rung: u32) -> LevelCard {
    LevelCard::of(&loaded.level, &loaded.path, ladder, rung)
}

/// The player's own table of bindings.
pub fn table(settings: &Settings) -> Result<Table, Failure> {
    Table::parse(&settings.bindings_text()).map_err(|e| Failure::wrong(format!("settings.toml: bindings: {e}")))
}

fn bindings(settings: &Settings) -> Result<(Bindings, Vec<crate::input::bindings::Conflict>), Failure> {
    Bindings::in_force(&table(settings)?).map_err(|e| Failure::wrong(format!("settings.toml: bindings: {e}")))
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
fn keeper(file: Arc<Mutex<SettingsFile>>) -> app::Keep {
    Box::new(move |choices| {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
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

/// Keeps what was bound; everything else in the file stays as it was read.
fn keeper_of_bindings(file: Arc<Mutex<SettingsFile>>) -> KeepTable {
    Box::new(move |table| {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.settings.bindings = table.to_text().parse().context("the bindings could not be written as TOML")?;
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
        music: level(audio.music),
        ..Levels::default()
    }
}

/// How the screens of calibration begin one, and tell what is stored.
fn measures(how: Calibrate, bindings: SharedBindings, file: Arc<Mutex<SettingsFile>>) -> Measures {
    let now = move || file.lock().unwrap_or_else(PoisonError::into_inner).settings.clone();
    let text = Text::load(&now().language);
    let begin = move |method| {
        let settings = now();
        let setup = calibration::Setup {
            method,
            seed: clock::wall().unsigned_abs(),
            who: calibration::Who::Person,
            pace: Pace::Host { keys: Keys::Tap },
            levels: levels(&settings, settings.effects.loudness as f32),
            bindings: bindings.now(),
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

/// What the panel of practice asks for.
struct PracticeDesk {
    data: DataDir,
}

impl Desk for PracticeDesk {
    fn facts(&mut self, level: &std::path::Path) -> Facts {
        // a level that cannot be read says so when it is begun
        let Ok(level) = ladders::read(level, &level_id(level)) else { return Facts::default() };
        let fits = |practice: Practice| practice.fit(&level.level).is_ok();
        let reader = Some(&self.data).filter(|data| data.database().exists()).map(Reader::open);
        let failed =
            reader.and_then(Result::ok).and_then(|reader| practice::last_failed(&reader, &level).ok().flatten());
        Facts {
            bars: match level.level.drill() {
                Drill::Chart(chart) => u32::try_from(bars(chart).len()).unwrap_or(u32::MAX),
                _ => 0,
            },
            failed: failed.filter(|loops| fits(Practice { loops: *loops, ..Practice::default() })).unwrap_or_default(),
            slows: fits(Practice { rate: 90, ..Practice::default() }),
            silences: fits(Practice { mute: Some(Mute { heard: 1, silent: 1 }), ..Practice::default() }),
        }
    }

    fn presets(&mut self) -> Vec<(String, Practice)> {
        let Ok(presets) = Presets::open() else { return Vec::new() };
        let one = |name: &str| Some((name.to_owned(), presets.get(name)?.practice()));
        presets.names().filter_map(one).collect()
    }

    fn save(&mut self, practice: &Practice) -> anyhow::Result<String> {
        let mut presets = Presets::open()?;
        let name = presets.save_next(Preset::of(practice)).map_err(anyhow::Error::msg)?;
        presets.write()?;
        Ok(name)
    }
}

fn beginner(
    data: DataDir,
    bindings: SharedBindings,
    settings: Settings,
    watch: Watch,
    who: Who,
    tried: Option<PathBuf>,
) -> app::Begin {
    Box::new(move |asked| {
        let stamp = Watch::stamp(&asked.level);
        let mut level = ladders::read(&asked.level, &level_id(&asked.level))?;
        watch.see(&asked.level, stamp, level.text.clone());
        let mut terms = Terms::default();
        if let Some(practice) = asked.practice {
            // a file may have changed since it was chosen
            practice.fit(&level.level)?;
            terms.session.practice = Some(practice);
        }
        if let Some(part) = asked.part {
            level.level = level.level.in_part(part.trials);
            // what is recorded is what is played
            level.text = level.level.to_ron();
            terms.session.from_rung = part.from_rung;
        }
        // what is practised, or only a block of a mix, is another task than the one that the trial measures
        if tried.as_ref() == Some(&asked.level) && asked.practice.is_none() && asked.part.is_none() {
            let now_s = clock::wall() / 1_000_000_000;
            terms.session = what_works::next(&data, &level, &who.name(), now_s)?.options();
        }
        let pace = match asked.clock {
            ShellClock::Real => Pace::Host { keys: Keys::Tap },
            ShellClock::Virtual { .. } => Pace::Virtual { from: VIRTUAL_ORIGIN },
        };
        let handle = conductor::start(conductor::Setup {
            level,
            seed: asked.seed,
            terms,
            who: who.clone(),
            pace,
            levels: levels(&settings, asked.loudness),
            // nobody's devices are in a simulated player's way
            calibrations: if who == Who::Person { calibrations(&settings) } else { Calibrations::default() },
            bindings: bindings.now(),
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
fn level_id(path: &Path) -> String {
    let shipped = Root::find().ok().and_then(|root| path.strip_prefix(root.levels()).ok().map(PathBuf::from));
    shipped.as_deref().unwrap_or(path).display().to_string().trim_end_matches(ladders::ENDING).to_owned()
}

/// Set by SIGINT and SIGTERM; looked at once a frame.
fn stopper() -> Arc<AtomicBool> {
    signal::asked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bound_is_kept_and_everything_else_in_the_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        let text =
            "sparkle = 3\n[effects]\nshake = 0.5\n[glitter]\nhue = \"teal\"\n[bindings]\npreset = \"left-handed\"\n";
        std::fs::write(&path, text).unwrap();
        let file = Arc::new(Mutex::new(SettingsFile::open_at(&path).0));
        let new = Table::parse("[device.keyboard.layouts.1]\n0 = [\"KeyG\"]\n").unwrap();
        keeper_of_bindings(Arc::clone(&file))(&new).unwrap();
        let (after, _) = SettingsFile::open_at(&path);
        assert_eq!(table(&after.settings).unwrap(), new);
        let text = std::fs::read_to_string(&path).unwrap();
        for kept in ["sparkle = 3", "hue = \"teal\"", "shake = 0.5"] {
            assert!(text.contains(kept), "{text}");
        }
    }
}
