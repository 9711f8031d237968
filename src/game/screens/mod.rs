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

use std::path::PathBuf;

use bevy::prelude::*;

use super::{
    Screen,
    app::{self, Choices, Quit, Sessions},
    bridge::{Bridge, Notice, PlayState},
    focus::{Chosen, How, Steer},
    limits::Scales,
    measuring::{Measured, Measures, Measuring},
    practising::{Dial, Practising},
    theme::Theme,
};
use crate::{
    calibration::{self, Method},
    conductor::note::Command,
};
use doozy_training::event::{Cause, ErrorUnit};

pub use super::Words;
pub use settings::Setting;

/// A level as the menu and the intro show it.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelCard {
    pub path: PathBuf,
    /// The ladder's id: the folder it lies in (`pulse`, `catch`); empty where it is on none.
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
    /// How many trials it takes, where that is fixed.
    pub trials: Option<u32>,
    /// How many lanes it has, 1 to 4.
    pub lanes: u8,
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
        "catch" => says.get("ladder-catch", &[]),
        "" => says.get("ladder-other", &[]),
        other => other.to_owned(),
    }
}

/// What choosing an item does.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The first screen's answer: everything, or reduced effects.
    Introduce {
        reduced: bool,
    },
    /// Shows the intro of a level, by its place in `Sessions::levels`.
    Choose(usize),
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
    /// Asks something of the calibration that runs.
    Calibration(calibration::Command),
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
) {
    let mut measures = measures;
    for chosen in chosen.read() {
        let Ok(&act) = acts.get(chosen.item) else { continue };
        match act {
            Act::Introduce { reduced } => {
                choices.scales = if reduced { Scales::REDUCED } else { Scales::FULL };
                choices.introduced = true;
                next.set(if sessions.chosen.is_some() { Screen::Intro } else { Screen::Menu });
            }
            Act::Choose(index) => {
                practising.forget();
                sessions.chosen = sessions.levels.get(index).cloned();
                next.set(Screen::Intro);
            }
            Act::Next => {
                practising.forget();
                sessions.chosen = sessions.next().cloned().or_else(|| sessions.chosen.clone());
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
            Act::Calibration(command) => measuring.command(command),
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
                    sessions.chosen = None;
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
                if let Some(card) = &sessions.chosen {
                    bridge.detach();
                    practising.open(&card.path);
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
                sessions.chosen = None;
                bridge.detach();
                next.set(Screen::Menu);
            }
            _ => {}
        }
    }
}

/// The end screen follows the session's end.
fn follow(play: Res<PlayState>, mut next: ResMut<NextState<Screen>>) {
    if play.ended.is_some() {
        next.set(Screen::End);
    }
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
    .add_systems(Update, follow.run_if(in_state(Screen::Play)));
}
