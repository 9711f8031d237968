//! The main menu: the ladders with their levels, and little else.

use bevy::prelude::*;

use super::{
    Act, LevelCard, Words, ladder_title,
    room::Behind,
    widgets::{self, Button, button, words},
};
use crate::game::{
    Screen,
    app::Sessions,
    focus::{Item, Preferred},
    theme::{Size, Theme, Weight, space},
};

/// Width of a ladder's column and the gap between two, design pixels: two ladders fit beside the machine. ◇
const LADDER: f32 = 320.0;
const MARGIN: f32 = 80.0;

/// Where a newcomer starts, and what follows; ladders that somebody added come last, by name.
const ORDER: [&str; 2] = ["pulse", "catch"];

/// The ladders in their order.
fn ladders(levels: &[LevelCard]) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for card in levels {
        if !found.contains(&card.ladder.as_str()) {
            found.push(&card.ladder);
        }
    }
    found.sort_by_key(|ladder| (ORDER.iter().position(|known| known == ladder).unwrap_or(ORDER.len()), *ladder));
    found
}

fn spawn(mut commands: Commands, theme: Res<Theme>, says: Res<Words>, sessions: Res<Sessions>, mut behind: Behind) {
    let palette = theme.palette;
    behind.spawn(&mut commands, &palette, DespawnOnExit(Screen::Menu));
    let levels = &sessions.levels;
    let ladders = ladders(levels);
    let deepest =
        ladders.iter().map(|name| levels.iter().filter(|card| card.ladder == **name).count()).max().unwrap_or(0);
    widgets::root(&mut commands, DespawnOnExit(Screen::Menu), Color::NONE, |frame| {
        frame
            .spawn(Node {
                left: px(MARGIN),
                top: px(64),
                position_type: PositionType::Absolute,
                ..widgets::column(2.0)
            })
            .with_children(|head| {
                head.spawn(words(&theme, says.get("app-name", &[]), Size::Title, Weight::Bold, palette.text));
                head.spawn(words(&theme, says.get("app-line", &[]), Size::Body, Weight::Regular, palette.quiet));
            });
        for (column, ladder) in ladders.iter().enumerate() {
            let left = MARGIN + column as f32 * (LADDER + space::APART);
            let node =
                Node { left: px(left), top: px(200), position_type: PositionType::Absolute, ..widgets::column(12.0) };
            frame.spawn(node).with_children(|rungs| {
                let title = ladder_title(&says, ladder);
                rungs.spawn(words(&theme, title, Size::Body, Weight::Bold, palette.text));
                let cards = levels.iter().enumerate().filter(|(_, card)| card.ladder == **ladder);
                for (row, (index, card)) in cards.enumerate() {
                    let item = Item { layer: 0, row: row as u8, column: column as u8 };
                    let hint = super::goal(&says, card);
                    let label = format!("{}  {}", card.rung, card.title);
                    let button_says = Button { label: &label, hint: Some(&hint), width: LADDER, main: false };
                    if row == 0 && column == 0 {
                        button(rungs, &theme, item, (Act::Choose(index), Preferred), &button_says);
                    } else {
                        button(rungs, &theme, item, Act::Choose(index), &button_says);
                    }
                }
            });
        }
        let node = Node {
            bottom: px(56),
            left: px(MARGIN),
            position_type: PositionType::Absolute,
            ..widgets::row(space::NEAR)
        };
        frame.spawn(node).with_children(|foot| {
            let row = deepest as u8;
            for (column, (id, act)) in
                [("menu-settings", Act::Go(Screen::Settings)), ("menu-quit", Act::Quit)].into_iter().enumerate()
            {
                let label = says.get(id, &[]);
                let item = Item { layer: 0, row, column: column as u8 };
                button(foot, &theme, item, act, &Button { label: &label, hint: None, width: 168.0, main: false });
            }
        });
        frame.spawn((
            Node { right: px(MARGIN), bottom: px(66), position_type: PositionType::Absolute, ..default() },
            children![words(&theme, says.get("menu-hint", &[]), Size::Small, Weight::Regular, palette.quiet)],
        ));
    });
}

pub fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Menu), spawn);
}
