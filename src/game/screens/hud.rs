//! The head-up display: which try this is, how wide the goal is, what the player should know. Quiet, at the edges.

use bevy::prelude::*;
use doozy_training::event::{ErrorUnit, Passage};

use super::{
    Words, prompts, theme_changed,
    widgets::{self, words},
};
use crate::game::{
    Screen,
    app::{Player, Quality, Sessions},
    bridge::PlayState,
    controls::{Controls, Hands},
    theme::{Size, Theme, Weight, space},
};

/// A line of the display, by what it says.
#[derive(Component, Clone, Copy, PartialEq, Eq)]
enum Line {
    Try,
    Retry,
    Practice,
    Tolerance,
    Gain,
    /// That an endless level has nothing harder left.
    Top,
    /// That the picture is less than it could be.
    Picture,
}

/// The display as a whole.
#[derive(Component)]
struct Head;

/// Where notices stand.
#[derive(Component)]
struct Notices {
    /// How many of the session's notices have been put up.
    shown: usize,
}

/// A notice on screen; leaves after so many seconds, or stays.
#[derive(Component)]
struct Fading(Option<f32>);

/// How long a notice that is not grave stays, s: two short lines read twice. ◇
const NOTICE_STAYS: f32 = 7.0;
/// Where notices begin and how wide they are, px of the design: the corners keep what is beside. ◇
const NOTICES: (f32, f32) = (392.0, 496.0);
/// A gain this near to 1 amplifies nothing that could be seen. ◇
const GAIN_SHOWS: f64 = 1.05;

fn spawn(
    mut commands: Commands,
    theme: Res<Theme>,
    says: Res<Words>,
    sessions: Res<Sessions>,
    controls: Res<Controls>,
    hands: Res<Hands>,
) {
    let palette = theme.palette;
    // with one lane any key that was found will do; with more it matters which is which
    let keys = sessions.chosen.as_ref().filter(|card| card.lanes != 1).map(|card| {
        let seat = prompts::seat(&controls, &hands.last, card.lanes);
        prompts::line(&says, &(controls.labels)(), &prompts::of(&controls, &seat, card.lanes))
    });
    let line = |line: Line, colour: Color| {
        (line, words(&theme, String::new(), Size::Small, Weight::Regular, colour), Visibility::Inherited)
    };
    widgets::root(&mut commands, (Head, DespawnOnExit(Screen::Play)), Color::NONE, |frame| {
        let corner = |right: bool| Node {
            left: if right { auto() } else { px(space::APART) },
            right: if right { px(space::APART) } else { auto() },
            top: px(24),
            // a long title takes a second line before it runs under the notices
            max_width: px(NOTICES.0 - space::APART - space::NEAR),
            align_items: if right { AlignItems::FlexEnd } else { AlignItems::FlexStart },
            position_type: PositionType::Absolute,
            ..widgets::column(2.0)
        };
        frame.spawn(corner(false)).with_children(|left| {
            let title = sessions.chosen.as_ref().map(|card| card.title.clone()).unwrap_or_default();
            left.spawn(words(&theme, title, Size::Small, Weight::Bold, palette.text));
            left.spawn(line(Line::Try, palette.quiet));
            left.spawn(line(Line::Retry, palette.cortex));
            left.spawn(line(Line::Practice, palette.cortex));
            if let Some(keys) = keys {
                left.spawn(words(&theme, keys, Size::Small, Weight::Bold, palette.quiet));
            }
        });
        frame.spawn(corner(true)).with_children(|right| {
            right.spawn(line(Line::Tolerance, palette.quiet));
            right.spawn(line(Line::Gain, palette.quiet));
            right.spawn(line(Line::Top, palette.quiet));
            right.spawn(line(Line::Picture, palette.quiet));
            if let Player::Learner(name) = &sessions.player {
                let said = says.get("play-learner", &[("name", name.clone().into())]);
                right.spawn(words(&theme, said, Size::Small, Weight::Regular, palette.cortex));
            }
        });
        notices_place(frame);
    });
}

/// Puts the place of notices into a screen's frame: top middle, away from the lane and between what stands in the corners.
pub fn notices_place(frame: &mut ChildSpawnerCommands) {
    let (left, width) = NOTICES;
    notices_in(frame, Node { left: px(left), width: px(width), top: px(24), ..widgets::column(space::TIGHT) });
}

/// Puts the place of notices where a screen has room for them.
pub fn notices_in(frame: &mut ChildSpawnerCommands, place: Node) {
    let place = Node { align_items: AlignItems::Center, position_type: PositionType::Absolute, ..place };
    frame.spawn((Notices { shown: 0 }, place));
}

fn refresh(
    play: Res<PlayState>,
    says: Res<Words>,
    sessions: Res<Sessions>,
    quality: Res<Quality>,
    mut lines: Query<(&Line, &mut Text)>,
) {
    let trial = play.present();
    // a second chance belongs to the try that it repeats
    let again = trial.is_some_and(|trial| trial.plan.retry_of.is_some());
    let number = play.trials_done + u32::from(play.ended.is_none() && !again);
    let practice = trial.and_then(|trial| trial.plan.terms.practice);
    // loops go on until they are stopped
    let total = sessions.chosen.as_ref().and_then(|card| card.trials).filter(|_| practice.is_none());
    let endless = sessions.chosen.as_ref().filter(|card| card.trials.is_none());
    for (line, mut text) in &mut lines {
        let said = match line {
            Line::Try => match total {
                Some(total) => says.get("play-try-of", &[("n", number.min(total).into()), ("total", total.into())]),
                None => says.get("play-try", &[("n", number.into())]),
            },
            Line::Retry => trial
                .filter(|trial| trial.plan.retry_of.is_some())
                .map(|_| says.get("play-retry", &[]))
                .unwrap_or_default(),
            Line::Practice => match practice {
                None => String::new(),
                Some(Passage { rate, bars: None }) => says.get("hud-practice", &[("percent", rate.into())]),
                Some(Passage { rate, bars: Some((from, to)) }) => {
                    let args = [("percent", rate.into()), ("from", from.into()), ("to", to.into())];
                    says.get("hud-practice-bars", &args)
                }
            },
            Line::Tolerance if play.tol_ms > 0.0 => match trial.map(|trial| trial.plan.terms.unit) {
                Some(ErrorUnit::Percent) => {
                    says.get("play-tolerance-percent", &[("percent", play.tol_ms.round().into())])
                }
                _ => says.get("play-tolerance", &[("ms", play.tol_ms.round().into())]),
            },
            Line::Gain if play.gain >= GAIN_SHOWS => {
                says.get("play-gain", &[("gain", format!("{:.1}", play.gain).into())])
            }
            Line::Top if practice.is_none() && endless.is_some_and(|card| play.rung >= card.top_rung) => {
                says.get("play-top", &[])
            }
            Line::Picture if quality.reduced => says.get("play-software", &[]),
            Line::Tolerance | Line::Gain | Line::Top | Line::Picture => String::new(),
        };
        if text.0 != said {
            text.0 = said;
        }
    }
}

fn put_up(
    mut commands: Commands,
    play: Res<PlayState>,
    says: Res<Words>,
    theme: Res<Theme>,
    mut places: Query<(Entity, &mut Notices)>,
) {
    let palette = theme.palette;
    for (place, mut notices) in &mut places {
        for notice in play.notices.iter().skip(notices.shown) {
            let edge = if notice.grave { palette.miss } else { palette.line };
            commands.entity(place).with_children(|parent| {
                parent.spawn((
                    Fading((!notice.grave).then_some(NOTICE_STAYS)),
                    Node {
                        padding: UiRect::axes(px(space::NEAR), px(8)),
                        border: UiRect::left(px(4)),
                        border_radius: BorderRadius::all(px(6)),
                        max_width: percent(100),
                        ..default()
                    },
                    BackgroundColor(palette.raised),
                    BorderColor::all(edge),
                    children![words(
                        &theme,
                        says.say(notice.id, &notice.args),
                        Size::Small,
                        Weight::Regular,
                        palette.text
                    )],
                ));
            });
        }
        if notices.shown != play.notices.len() {
            notices.shown = play.notices.len();
        }
    }
}

/// In other colours it is put up anew.
fn clear(mut commands: Commands, heads: Query<Entity, With<Head>>) {
    for head in &heads {
        commands.entity(head).despawn();
    }
}

fn take_down(mut commands: Commands, time: Res<Time>, mut notices: Query<(Entity, &mut Fading)>) {
    for (entity, mut fading) in &mut notices {
        if let Some(left) = &mut fading.0 {
            *left -= time.delta_secs();
            if *left <= 0.0 {
                commands.entity(entity).despawn();
            }
        }
    }
}

pub fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Play), spawn)
        .add_systems(Update, (clear, spawn).chain().run_if(theme_changed).run_if(in_state(Screen::Play)))
        .add_systems(Update, refresh.run_if(in_state(Screen::Play)))
        .add_systems(Update, (put_up, take_down));
}
