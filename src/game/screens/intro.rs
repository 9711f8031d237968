//! The intro of a level: what it asks for and how to answer, with one obvious action.

use bevy::prelude::*;

use super::{
    Act, Words, hud, ladder_title,
    room::Behind,
    widgets::{self, Button, button, sentence, words},
};
use crate::game::{
    Screen,
    app::Sessions,
    focus::{Item, Preferred},
    theme::{Size, Theme, Weight, space},
};

fn spawn(mut commands: Commands, theme: Res<Theme>, says: Res<Words>, sessions: Res<Sessions>, mut behind: Behind) {
    let palette = theme.palette;
    let Some(card) = &sessions.chosen else { return };
    behind.spawn(&mut commands, &palette, DespawnOnExit(Screen::Intro));
    widgets::root(&mut commands, DespawnOnExit(Screen::Intro), Color::NONE, |frame| {
        let node = Node {
            left: px(80),
            top: px(120),
            width: px(720),
            position_type: PositionType::Absolute,
            ..widgets::column(space::NEAR)
        };
        frame.spawn(node).with_children(|column| {
            let ladder = ladder_title(&says, &card.ladder);
            column.spawn(words(&theme, ladder, Size::Small, Weight::Bold, palette.cortex));
            column.spawn(words(&theme, card.title.clone(), Size::Title, Weight::Bold, palette.text));
            sentence(column, &theme, card.aim.clone(), 720.0, palette.text);
            if card.tol_ms > 0.0 {
                let mut goal = super::goal(&says, card);
                if let Some(trials) = card.trials {
                    goal = format!("{goal}   ·   {}", says.get("intro-trials", &[("trials", trials.into())]));
                }
                column.spawn(words(&theme, goal, Size::Body, Weight::Regular, palette.quiet));
            }
            column.spawn(Node { height: px(space::TIGHT), ..default() });
            column.spawn(widgets::row(12.0)).with_children(|line| {
                line.spawn(words(&theme, says.get("intro-controls", &[]), Size::Body, Weight::Regular, palette.text));
                // The key looks like a key.
                line.spawn((
                    Node {
                        padding: UiRect::axes(px(22), px(6)),
                        border: UiRect { bottom: px(4), ..UiRect::all(px(1)) },
                        border_radius: BorderRadius::all(px(7)),
                        ..default()
                    },
                    BackgroundColor(palette.raised),
                    BorderColor::all(palette.quiet),
                    children![words(&theme, says.get("intro-key", &[]), Size::Body, Weight::Bold, palette.text)],
                ));
                line.spawn(words(&theme, says.get("intro-or-pad", &[]), Size::Body, Weight::Regular, palette.text));
            });
            column.spawn(Node { height: px(space::NEAR), ..default() });
            column.spawn(widgets::row(space::NEAR)).with_children(|line| {
                let (begin, back) = (says.get("intro-begin", &[]), says.get("intro-back", &[]));
                let item = |column| Item { layer: 0, row: 0, column };
                let main = Button { label: &begin, hint: None, width: 240.0, main: true };
                button(line, &theme, item(0), (Act::Begin, Preferred), &main);
                let other = Button { label: &back, hint: None, width: 168.0, main: false };
                button(line, &theme, item(1), Act::Go(Screen::Menu), &other);
            });
        });
        frame.spawn((
            Node { left: px(80), bottom: px(56), position_type: PositionType::Absolute, ..default() },
            children![words(&theme, says.get("intro-pause", &[]), Size::Small, Weight::Regular, palette.quiet)],
        ));
        hud::notices_place(frame);
    });
}

pub fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Intro), spawn);
}
