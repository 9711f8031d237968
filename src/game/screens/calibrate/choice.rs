//! Which way to measure: each with what it contains, and what is stored of it.

use bevy::prelude::*;

use super::super::{
    Act, Words, hud, theme_changed,
    widgets::{self, Button, button, sentence, words},
};
use crate::{
    calibration::Method,
    game::{
        Screen,
        focus::{Item, Preferred},
        measuring::Measures,
        theme::{Size, Theme, Weight, space},
    },
};

const LEFT: f32 = 80.0;
const WIDTH: f32 = 620.0;
/// Where what is stored stands, right of the ways.
const RIGHT: f32 = 752.0;
const WAYS: f32 = 212.0;
const STEP: f32 = 132.0;

/// The order of the screen: what holds no anticipation comes first, because it is what sessions use where it is there.
const ORDER: [Method; 3] = [Method::Adjust, Method::TapToSound, Method::TapToFlash];

#[derive(Component)]
struct ChoiceScreen;

fn spawn(mut commands: Commands, theme: Res<Theme>, says: Res<Words>, measures: Option<Res<Measures>>) {
    let palette = theme.palette;
    widgets::root(&mut commands, (ChoiceScreen, DespawnOnExit(Screen::Calibrate)), palette.ground, |frame| {
        frame.spawn(Node { width: px(1120), ..widgets::at(LEFT, 44.0) }).with_children(|head| {
            head.spawn(words(&theme, says.get("calibrate-title", &[]), Size::Title, Weight::Bold, palette.text));
        });
        frame.spawn(widgets::at(LEFT, 108.0)).with_children(|head| {
            sentence(head, &theme, says.get("calibrate-body", &[]), 1120.0, palette.quiet);
        });
        for (row, method) in ORDER.into_iter().enumerate() {
            let top = WAYS + STEP * row as f32;
            let (label, hint) = (says.get(method.title(), &[]), says.get(&format!("{}-hint", method.title()), &[]));
            frame.spawn(widgets::at(LEFT, top)).with_children(|place| {
                let item = Item { layer: 0, row: row as u8, column: 0 };
                let look = Button { label: &label, hint: Some(&hint), width: WIDTH, main: row == 0 };
                if row == 0 {
                    button(place, &theme, item, (Act::Measure(method), Preferred), &look);
                } else {
                    button(place, &theme, item, Act::Measure(method), &look);
                }
            });
            let stored = measures.as_ref().map(|m| (m.stored)(method)).unwrap_or_default();
            frame.spawn(Node { width: px(448), ..widgets::at(RIGHT, top + 14.0) }).with_children(|place| {
                place.spawn(widgets::column(2.0)).with_children(|lines| {
                    if stored.is_empty() {
                        let none = says.get("calibrate-none", &[]);
                        lines.spawn(words(&theme, none, Size::Small, Weight::Regular, palette.quiet));
                    }
                    for line in stored.iter().take(3) {
                        lines.spawn(words(&theme, line.clone(), Size::Small, Weight::Regular, palette.text));
                    }
                });
            });
        }
        let foot = Node { left: px(LEFT), bottom: px(48), position_type: PositionType::Absolute, ..default() };
        frame.spawn(foot).with_children(|foot| {
            let back = says.get("settings-back", &[]);
            let look = Button { label: &back, hint: None, width: 168.0, main: false };
            button(foot, &theme, Item { layer: 0, row: 3, column: 0 }, Act::Go(Screen::Settings), &look);
        });
        frame.spawn((
            Node {
                left: px(LEFT + 168.0 + space::APART),
                bottom: px(56),
                width: px(860),
                position_type: PositionType::Absolute,
                ..default()
            },
            children![words(&theme, says.get("calibrate-never", &[]), Size::Small, Weight::Regular, palette.quiet)],
        ));
        hud::notices_place(frame);
    });
}

fn take_down(mut commands: Commands, screens: Query<Entity, With<ChoiceScreen>>) {
    for screen in &screens {
        commands.entity(screen).despawn();
    }
}

pub fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Calibrate), spawn)
        .add_systems(Update, (take_down, spawn).chain().run_if(theme_changed).run_if(in_state(Screen::Calibrate)));
}
