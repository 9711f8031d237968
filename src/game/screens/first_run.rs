//! The first screen: how much of a scene a doozy may make, asked before any effect has been seen.

use bevy::prelude::*;

use super::{
    Act, Words,
    room::Behind,
    widgets::{self, Button, at, button, sentence, words},
};
use crate::game::{
    Screen,
    focus::{Item, Preferred},
    theme::{Size, Theme, Weight, space},
};

fn spawn(mut commands: Commands, theme: Res<Theme>, says: Res<Words>, mut behind: Behind) {
    let palette = theme.palette;
    behind.spawn(&mut commands, &palette, DespawnOnExit(Screen::FirstRun));
    widgets::root(&mut commands, DespawnOnExit(Screen::FirstRun), Color::NONE, |frame| {
        let column = Node { width: px(656), ..widgets::column(space::NEAR) };
        frame
            .spawn(Node { left: px(80), top: px(112), position_type: PositionType::Absolute, ..column })
            .with_children(|column| {
                column.spawn(words(&theme, says.get("first-title", &[]), Size::Title, Weight::Bold, palette.text));
                sentence(column, &theme, says.get("first-body", &[]), 656.0, palette.quiet);
                column.spawn(Node { height: px(space::NEAR), ..default() });
                column.spawn(words(&theme, says.get("first-question", &[]), Size::Body, Weight::Bold, palette.text));
                let answer = |parent: &mut ChildSpawnerCommands, reduced: bool, label: &str, hint: &str| {
                    let item = Item { layer: 0, row: u8::from(reduced), column: 0 };
                    let (label, hint) = (says.get(label, &[]), says.get(hint, &[]));
                    let button_says = Button { label: &label, hint: Some(&hint), width: 656.0, main: true };
                    button(parent, &theme, item, (Act::Introduce { reduced }, Preferred), &button_says);
                };
                answer(column, false, "first-full", "first-full-hint");
                answer(column, true, "first-reduced", "first-reduced-hint");
            });
        frame.spawn((
            at(80.0, 640.0),
            children![words(&theme, says.get("first-later", &[]), Size::Small, Weight::Regular, palette.quiet)],
        ));
    });
}

pub fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::FirstRun), spawn);
}
