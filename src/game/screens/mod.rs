//! Screens: what stands before, over and after a drill.
//!
//! Every string comes from [`Words`], every colour and font from the theme; every action is an [`Act`] that keyboard,
//! pad and mouse reach alike.

mod bindings;
mod calibrate;
mod end;
mod first_run;
mod hud;
mod intro;
mod menu;
mod names;
mod pause;
mod practice;
mod prompts;
mod room;
mod settings;
mod widgets;

use std::path::{Path, PathBuf};

use bevy::prelude::*;

use super::{
    Screen,
    app::{self, Choices, LevelFiles, Quit, Reload, Sessions},
    bridge::{Bridge, NoteMessage, Notice, PlayState},
    focus::{Chosen, How, Steer},
    limits::Scales,
    measuring::{Measured, Measures, Measuring},
    practising::{Dial, Practising},
    standing::{Mixing, Standings},
    theme::Theme,
};
use crate::{
    calibration::{self, Method},
    conductor::note::{Command, Note},
};
use doozy_training::{
    event::{Cause, Effect, ErrorUnit},
    level::Level,
};

pub use super::Words;
pub use settings::Setting;

/// A level as the menu and the intro show it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LevelCard {
    pub path: PathBuf,
    /// The ladder's id: the folder it lies in (`pulse`, `endless`); empty where it is on none.
    pub ladder: String,
    /// Its place on the ladder, from 1; 0 where it is on none.
    pub rung: u32,
    pub title: String,
    /// What the player is to do, in a sentence.
    pub aim: String,
    /// The tolerance it starts with, in `unit`.
    pub tol_ms: f64,
    /// What its errors are measured in.
    pub unit: ErrorUnit,
    /// How many trials it takes; none of an endless one.
    pub trials: Option<u32>,
    /// Its hardest rung, on which an endless one stays.
    pub top_rung: i32,
    /// How many lanes it has, 1 to 4; 0 where a stick steers.
    pub lanes: u8,
}

impl LevelCard {
    /// The card of a level: the folder of its ladder and its place there, from 1; "" and 0 where it is on none.
    #[must_use]
    pub fn of(level: &Level, path: &Path, ladder: &str, rung: u32) -> Self {
        Self {
            path: path.to_path_buf(),
            ladder: ladder.to_owned(),
            rung,
            title: level.title().to_owned(),
            aim: level.aim().to_owned(),
            tol_ms: level.setting(0).tol_ms,
            unit: level.unit(),
            trials: (!level.is_endless()).then(|| level.trials()),
            top_rung: level.top_rung(),
            lanes: level.lanes(),
        }
    }
}

/// The goal that a level begins with, in words.
fn goal(says: &Words, card: &LevelCard) -> String {
    let tol = [("tol", card.tol_ms.round().into())];
    match card.unit {
        ErrorUnit::Milliseconds => says.get("intro-goal", &tol),
        ErrorUnit::Percent => says.get("intro-goal-percent", &tol),
    }
}

/// What a ladder is called; one that somebody added goes by its folder's name.
fn ladder_title(says: &Words, ladder: &str) -> String {
    match ladder {
        "pulse" => says.get("ladder-pulse", &[]),
        "groove" => says.get("ladder-groove", &[]),
        "music" => says.get("ladder-music", &[]),
        "sport" => says.get("ladder-sport", &[]),
        "road" => says.get("ladder-road", &[]),
        "speech" => says.get("ladder-speech", &[]),
        "reflex" => says.get("ladder-reflex", &[]),
        "catastrophe" => says.get("ladder-catastrophe", &[]),
        "endless" => says.get("ladder-endless", &[]),
        "" => says.get("ladder-other", &[]),
        other => other.to_owned(),
    }
}

/// What a ladder is for, in a few words; nothing is known of one that somebody added.
fn ladder_aim(says: &Words, ladder: &str) -> String {
    match ladder {
        "pulse" => says.get("ladder-pulse-aim", &[]),
        "groove" => says.get("ladder-groove-aim", &[]),
        "music" => says.get("ladder-music-aim", &[]),
        "sport" => says.get("ladder-sport-aim", &[]),
        "road" => says.get("ladder-road-aim", &[]),
        "speech" => says.get("ladder-speech-aim", &[]),
        "reflex" => says.get("ladder-reflex-aim", &[]),
        "catastrophe" => says.get("ladder-catastrophe-aim", &[]),
        "endless" => says.get("ladder-endless-aim", &[]),
        _ => String::new(),
    }
}

/// What choosing an item does.
#[derive(Component, Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The first screen's answer: everything, or reduced effects.
    Introduce {
        reduced: bool,
    },
    /// Shows the intro of a level, by its place in `Sessions::levels`.
    Choose(usize),
    /// Goes from a ladder to its levels.
    Open,
    /// Shows the intro of the first block of the day's mix.
    Mix,
    /// Starts the chosen level (again).
    Begin,
    /// Shows the intro of the next level.
    Next,
    Resume,
    /// Ends the session; the end screen follows when it is stored.
    EndSession,
    Go(Screen),
    /// Begins a calibration.
    Measure(Method),
    /// What becomes of the calibration that runs.
    Calibration(Answer),
    Change(Setting),
    /// The pad or instrument that was asked about may play, too, or not.
    Stranger {
        may: bool,
    },
    /// Shows the panel of practice; a session in progress ends.
    Practise,
    /// Turns a row of the panel.
    Turn(Dial),
    SavePreset,
    /// Back to the intro, with nothing of the practice left.
    LeavePractice,
    /// The preset of reduced effects.
    Reduce,
    Quit,
}

/// What becomes of a calibration's estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Keep,
    /// Forgotten, and measured anew.
    Again,
    Leave,
}

impl From<Answer> for calibration::Command {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Keep => Self::Keep,
            Answer::Again => Self::Restart,
            Answer::Leave => Self::Stop,
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "a system takes what it reads")]
fn act(
    mut chosen: MessageReader<Chosen>,
    acts: Query<&Act>,
    mut next: ResMut<NextState<Screen>>,
    mut choices: ResMut<Choices>,
    mut sessions: ResMut<Sessions>,
    mut bridge: NonSendMut<Bridge>,
    mut play: ResMut<PlayState>,
    mut quit: MessageWriter<Quit>,
    (mut measuring, mut measured, measures): (NonSendMut<Measuring>, ResMut<Measured>, Option<ResMut<Measures>>),
    mut practising: ResMut<Practising>,
    standings: Option<Res<Standings>>,
) {
    let mut measures = measures;
    for chosen in chosen.read() {
        let Ok(act) = acts.get(chosen.item).cloned() else { continue };
        match act {
            Act::Introduce { reduced } => {
                choices.scales = if reduced { Scales::REDUCED } else { Scales::FULL };
                choices.introduced = true;
                next.set(if sessions.chosen.is_some() { Screen::Intro } else { Screen::Menu });
            }
            // the menu moves the focus
            Act::Open => {}
            Act::Mix => {
                if standings.as_ref().is_some_and(|standings| sessions.begin_mix(&standings.now.mix)) {
                    next.set(Screen::Intro);
                }
            }
            Act::Choose(index) => {
                practising.forget();
                sessions.chosen = sessions.levels.get(index).cloned();
                next.set(Screen::Intro);
            }
            Act::Next => {
                practising.forget();
                sessions.go_on(play.rung);
                next.set(Screen::Intro);
            }
            Act::Begin => match sessions.begin(choices.scales.loudness, practising.asked(), &mut bridge, &mut play) {
                Ok(()) => next.set(Screen::Play),
                Err(fault) => {
                    let args = vec![("fault", format!("{fault:#}"))];
                    play.notices.push(Notice { id: "notice-session-failed", args, grave: true });
                }
            },
            Act::Measure(method) => {
                let Some(measures) = &mut measures else { continue };
                match (measures.begin)(method) {
                    Ok(run) => {
                        *measured = Measured::of(method);
                        measuring.attach(run);
                        next.set(Screen::Measure);
                    }
                    Err(fault) => {
                        let args = vec![("fault", format!("{fault:#}"))];
                        play.notices.push(Notice { id: "notice-measuring-failed", args, grave: true });
                    }
                }
            }
            Act::Calibration(answer) => measuring.command(answer.into()),
            Act::Resume => bridge.command(Command::Resume),
            Act::Stranger { may } => {
                if let Some((device, _)) = play.stranger.take().filter(|_| may) {
                    bridge.command(Command::Adopt(device));
                }
            }
            Act::EndSession => bridge.command(Command::Stop),
            Act::Go(screen) => {
                if screen == Screen::Menu {
                    practising.forget();
                    sessions.leave();
                    bridge.detach();
                }
                next.set(screen);
            }
            Act::Change(setting) => {
                let by = match chosen.how {
                    How::Accept => None,
                    How::Step(by) => Some(by),
                };
                setting.change(&mut choices, by);
            }
            Act::Practise => {
                if let Some(path) = sessions.chosen.as_ref().map(|card| card.path.clone()) {
                    bridge.detach();
                    // a block of a mix is not practised: what follows it would be, too
                    sessions.mix = None;
                    practising.open(&path);
                    next.set(Screen::Practice);
                }
            }
            Act::Turn(dial) => {
                let by = match chosen.how {
                    How::Accept => None,
                    How::Step(by) => Some(by),
                };
                practising.turn(dial, by);
            }
            Act::SavePreset => practising.save(),
            Act::LeavePractice => {
                practising.forget();
                next.set(Screen::Intro);
            }
            Act::Reduce => choices.scales = Scales::REDUCED,
            Act::Quit => {
                quit.write(Quit);
            }
        }
    }
}

/// Back and pause, which no item stands for.
#[expect(clippy::too_many_arguments, reason = "a system takes what it reads")]
fn step_back(
    mut steers: MessageReader<Steer>,
    screen: Res<State<Screen>>,
    mut next: ResMut<NextState<Screen>>,
    mut bridge: NonSendMut<Bridge>,
    mut sessions: ResMut<Sessions>,
    mut measuring: NonSendMut<Measuring>,
    mut practising: ResMut<Practising>,
    play: Res<PlayState>,
) {
    for steer in steers.read() {
        match (screen.get(), steer) {
            (Screen::Play, Steer::Back | Steer::Pause) if play.ended.is_none() => {
                bridge.command(if play.paused.is_some() { Command::Resume } else { Command::Pause(Cause::Player) });
            }
            (Screen::Measure, Steer::Back) => measuring.command(calibration::Command::Stop),
            (Screen::Calibrate | Screen::Bindings, Steer::Back) => next.set(Screen::Settings),
            (Screen::Practice, Steer::Back) => {
                practising.forget();
                next.set(Screen::Intro);
            }
            (Screen::Settings | Screen::Intro | Screen::End, Steer::Back) => {
                practising.forget();
                sessions.leave();
                bridge.detach();
                next.set(Screen::Menu);
            }
            _ => {}
        }
    }
}

/// The end screen follows the session's end; within a mix, the next block does.
fn follow(
    play: Res<PlayState>,
    mut next: ResMut<NextState<Screen>>,
    mut sessions: ResMut<Sessions>,
    mut bridge: NonSendMut<Bridge>,
) {
    let Some((_, finished)) = play.ended else { return };
    if finished && sessions.mix.as_ref().is_some_and(Mixing::has_next) {
        sessions.go_on(play.rung);
        bridge.detach();
        next.set(Screen::Intro);
    } else {
        next.set(Screen::End);
    }
}

/// A level file that has changed is played from the next trial on, as a session of its own; one that is broken is told
/// and changes nothing.
#[expect(clippy::too_many_arguments, reason = "a system takes what it reads")]
fn reload(
    mut notes: MessageReader<NoteMessage>,
    mut files: ResMut<LevelFiles>,
    mut sessions: ResMut<Sessions>,
    choices: Res<Choices>,
    practising: Res<Practising>,
    mut bridge: NonSendMut<Bridge>,
    mut play: ResMut<PlayState>,
    mut next: ResMut<NextState<Screen>>,
) {
    let ended = |note: &NoteMessage| matches!(note.0, Note::Effect(Effect::TrialEnded { void: None, .. }));
    let trial_ended = notes.read().filter(|note| ended(note)).count() > 0;
    // a block of a mix stays what was planned
    let Some(path) = sessions.chosen.as_ref().map(|card| card.path.clone()) else { return };
    if !trial_ended || play.ended.is_some() || sessions.mix.is_some() {
        return;
    }
    let told = match (files.0)(&path) {
        Reload::Same => return,
        Reload::Broken(fault) => Notice { id: "notice-level-broken", args: vec![("fault", fault)], grave: false },
        Reload::Changed(card) => {
            sessions.change(&path, card);
            match sessions.begin(choices.scales.loudness, practising.asked(), &mut bridge, &mut play) {
                Ok(()) => {
                    next.set(Screen::Play);
                    Notice { id: "notice-level-changed", args: Vec::new(), grave: false }
                }
                Err(fault) => {
                    let args = vec![("fault", format!("{fault:#}"))];
                    Notice { id: "notice-session-failed", args, grave: true }
                }
            }
        }
    };
    play.notices.push(told);
}

/// A screen is drawn anew when the palette changes under it.
fn theme_changed(theme: Res<Theme>) -> bool {
    theme.is_changed() && !theme.is_added()
}

pub fn plugin(app: &mut App) {
    app.add_plugins((
        app::plugin,
        bindings::plugin,
        calibrate::plugin,
        end::plugin,
        first_run::plugin,
        hud::plugin,
        intro::plugin,
        menu::plugin,
        pause::plugin,
        practice::plugin,
        settings::plugin,
    ))
    .add_systems(Update, (act, step_back))
    .add_systems(Update, (follow, reload).chain().run_if(in_state(Screen::Play)));
}
