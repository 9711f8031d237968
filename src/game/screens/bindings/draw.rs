//! The screen of bindings as it is put up: three choices, the lanes with their keys, and what there is to know.

use bevy::{a11y::AccessibilityNode, input_focus::InputFocus, prelude::*};

use super::{
    super::{
        Act, Words, hud, names,
        widgets::{self, Button, button, words},
    },
    edit::{Bind, Editing, preview},
};
use crate::{
    game::{
        Screen,
        controls::Controls,
        focus::{Item, Preferred},
        theme::{Size, Theme, Weight, space},
    },
    input::bindings::{Preset, Slot},
};

const LEFT: f32 = 80.0;
const WIDTH: f32 = 544.0;
/// Where what there is to know stands, right of the choices.
const RIGHT: f32 = LEFT + WIDTH + space::APART;
const CHOICES: f32 = 112.0;
const LANES: f32 = 300.0;
const LANE_NAME: f32 = 176.0;
/// How many conflicts of the table are told at once; the rest follows when these are mended. ◇
const TOLD: usize = 2;
/// Rows of items: the choices, then the lanes, then the foot.
const FIRST_LANE: u8 = 3;
const FOOT: u8 = 7;

#[derive(Component)]
pub(super) struct BindingsScreen;

/// What Enter does on the item in focus.
#[derive(Component)]
pub(super) struct Hint;

/// Puts items up, the one at the remembered place preferred.
struct Items {
    at: Option<Item>,
}

impl Items {
    fn mark(&self, spawned: &mut EntityCommands, item: Item, act: Bind) {
        spawned.insert((item, act));
        self.prefer(spawned, item);
    }

    fn prefer(&self, spawned: &mut EntityCommands, item: Item) {
        let preferred = match self.at {
            Some(at) => at.row == item.row && at.column == item.column,
            None => item.row == FIRST_LANE && item.column == 0,
        };
        if preferred {
            spawned.insert(Preferred);
        }
    }
}

fn item(row: u8, column: u8) -> Item {
    Item { layer: 0, row, column }
}

/// A choice that left and right change.
fn chooser(
    parent: &mut ChildSpawnerCommands,
    theme: &Theme,
    items: &Items,
    row: u8,
    act: Bind,
    label: String,
    value: String,
) {
    let palette = theme.palette;
    let mut node = AccessibilityNode::default();
    node.set_value(value.clone());
    let item = item(row, 0);
    let mut spawned = widgets::dial(parent, theme, item, (act, node), (&label, None, WIDTH), |row| {
        row.spawn(words(theme, format!("‹  {value}  ›"), Size::Small, Weight::Bold, palette.text));
    });
    items.prefer(&mut spawned, item);
}

/// Something small to choose, in a lane's row.
fn small(
    parent: &mut ChildSpawnerCommands,
    theme: &Theme,
    items: &Items,
    item: Item,
    act: Bind,
    said: String,
    look: Look,
) {
    let palette = theme.palette;
    let (width, edge, weight) = match look {
        Look::Lane => (px(LANE_NAME), palette.raised, Weight::Regular),
        Look::Key => (auto(), palette.quiet, Weight::Bold),
        Look::Plus => (auto(), palette.raised, Weight::Bold),
    };
    let mut spawned = parent.spawn((
        bevy::ui::widget::Button,
        Node {
            width,
            padding: UiRect::axes(px(14), px(5)),
            border: UiRect { bottom: px(3), ..UiRect::all(px(1)) },
            border_radius: BorderRadius::all(px(7)),
            ..default()
        },
        BackgroundColor(palette.raised),
        BorderColor::all(edge),
        Outline { width: px(space::HAIR), offset: px(3), color: Color::NONE },
    ));
    items.mark(&mut spawned, item, act);
    spawned.with_children(|inner| {
        inner.spawn(words(theme, said, Size::Body, weight, palette.text));
    });
}

#[derive(Clone, Copy)]
enum Look {
    Lane,
    Key,
    Plus,
}

pub(super) fn spawn(
    mut commands: Commands,
    theme: Res<Theme>,
    says: Res<Words>,
    controls: Res<Controls>,
    editing: Res<Editing>,
) {
    let palette = theme.palette;
    let items = Items { at: editing.at };
    let seat = editing.seat();
    let scope = (BindingsScreen, DespawnOnExit(Screen::Bindings));
    widgets::root(&mut commands, scope, palette.ground, |frame| {
        frame.spawn((
            widgets::at(LEFT, 40.0),
            children![words(&theme, says.get("bindings-title", &[]), Size::Title, Weight::Bold, palette.text)],
        ));
        let preset = controls.table.preset.unwrap_or_default();
        frame.spawn(Node { ..widgets::at(LEFT, CHOICES) }).with_children(|place| {
            place.spawn(widgets::column(10.0)).with_children(|column| {
                let mut choose = |row, act, label: &str, value| {
                    chooser(column, &theme, &items, row, act, says.get(label, &[]), value);
                };
                let (name, _) = names::preset(preset);
                choose(0, Bind::Preset, "bindings-preset", says.get(name, &[]));
                choose(1, Bind::Device, "bindings-device", names::seat(&says, &seat));
                let lanes = says.get("bindings-lane-count", &[("n", editing.lanes.into())]);
                choose(2, Bind::Lanes, "bindings-lanes", lanes);
            });
        });
        frame.spawn(Node { width: px(WIDTH), ..widgets::at(RIGHT, CHOICES + 4.0) }).with_children(|place| {
            place.spawn(widgets::column(space::TIGHT)).with_children(|column| {
                about(column, &theme, &says, &controls, &editing, preset);
            });
        });
        frame.spawn(Node { width: px(1120), ..widgets::at(LEFT, LANES) }).with_children(|place| {
            place.spawn(widgets::column(14.0)).with_children(|column| {
                for (lane, slots) in controls.prompts(&seat, editing.lanes) {
                    lane_row(column, &theme, &says, &items, &editing, lane, &slots);
                }
            });
        });
        let told = match (&editing.awaited, &editing.said) {
            (_, Some(said)) => (said.line.clone(), if said.grave { palette.miss } else { palette.text }),
            (Some(awaited), None) => {
                let lane = u32::from(awaited.lane.0) + 1;
                let args = [("lane", lane.into()), ("device", names::seat(&says, &seat).into())];
                (says.get("bindings-press", &args), palette.cortex)
            }
            (None, None) => (String::new(), palette.text),
        };
        frame.spawn((
            Node { width: px(1120), ..widgets::at(LEFT, 572.0) },
            children![words(&theme, told.0, Size::Body, Weight::Regular, told.1)],
        ));
        frame.spawn((
            Node { width: px(1120), ..widgets::at(LEFT, 676.0) },
            children![(Hint, words(&theme, String::new(), Size::Small, Weight::Regular, palette.quiet))],
        ));
        let foot = Node { ..widgets::at(LEFT, 612.0) };
        frame.spawn(foot).with_children(|foot| {
            foot.spawn(widgets::row(space::NEAR)).with_children(|foot| {
                let (back, reset, undo) =
                    (says.get("settings-back", &[]), says.get("bindings-reset", &[]), says.get("bindings-undo", &[]));
                let main = Button { label: &back, hint: None, width: 168.0, main: true };
                button(foot, &theme, item(FOOT, 0), Act::Go(Screen::Settings), &main);
                let other = |label| Button { label, hint: None, width: 264.0, main: false };
                // the item stays in place, so that the focus does
                for (column, act, label, there) in
                    [(1, Bind::Reset, &reset, has_own(&controls)), (2, Bind::Undo, &undo, !editing.before.is_empty())]
                {
                    if there {
                        let item = item(FOOT, column);
                        let preferred = editing.at.is_some_and(|at| (at.row, at.column) == (item.row, item.column));
                        if preferred {
                            button(foot, &theme, item, (act, Preferred), &other(label));
                        } else {
                            button(foot, &theme, item, act, &other(label));
                        }
                    }
                }
            });
        });
        hud::notices_place(frame);
    });
}

/// Whether there is anything to go back from.
fn has_own(controls: &Controls) -> bool {
    let table = &controls.table;
    table.preset.is_some()
        || !table.lanes.is_empty()
        || !table.layouts.is_empty()
        || !table.stick.is_empty()
        || !table.device.is_empty()
}

/// Right of the choices: what the preset has, what goes before it, and what the table gives two things to do.
fn about(
    column: &mut ChildSpawnerCommands,
    theme: &Theme,
    says: &Words,
    controls: &Controls,
    editing: &Editing,
    preset: Preset,
) {
    let palette = theme.palette;
    let mut line = |said: String, weight: Weight, colour: Color| {
        column.spawn((words(theme, said, Size::Small, weight, colour), Node { max_width: px(WIDTH), ..default() }));
    };
    line(says.get(names::preset(preset).1, &[]), Weight::Regular, palette.text);
    match preview(preset, &editing.seat(), editing.lanes, says, &editing.labels) {
        Some(keys) => line(keys, Weight::Bold, palette.quiet),
        None => line(says.get("bindings-preset-nothing", &[]), Weight::Regular, palette.quiet),
    }
    let table = &controls.table;
    if !table.lanes.is_empty() || !table.layouts.is_empty() || !table.device.is_empty() {
        line(says.get("bindings-own", &[]), Weight::Regular, palette.quiet);
    }
    let conflicts = controls.conflicts();
    for conflict in conflicts.iter().take(TOLD) {
        let control = names::name(says, &editing.labels, conflict.control);
        let args = [
            ("key", control.into()),
            ("kept", conflict.kept.clone().into()),
            ("dropped", conflict.dropped.clone().into()),
        ];
        line(says.get("bindings-conflict", &args), Weight::Regular, palette.miss);
    }
    if conflicts.len() > TOLD {
        let more = conflicts.len() - TOLD;
        line(says.get("bindings-conflicts-more", &[("n", more.into())]), Weight::Regular, palette.miss);
    }
}

/// A lane: its name, what answers it, and room for one more.
fn lane_row(
    column: &mut ChildSpawnerCommands,
    theme: &Theme,
    says: &Words,
    items: &Items,
    editing: &Editing,
    lane: doozy_training::event::Lane,
    slots: &[Slot],
) {
    let palette = theme.palette;
    let row = FIRST_LANE + lane.0;
    let waits = editing.awaited.is_some_and(|awaited| awaited.lane == lane);
    column.spawn(Node { align_items: AlignItems::FlexStart, ..widgets::row(10.0) }).with_children(|line| {
        let name = says.get("bindings-lane", &[("n", (u32::from(lane.0) + 1).into())]);
        small(line, theme, items, item(row, 0), Bind::Instead(lane), name, Look::Lane);
        let keys = Node {
            width: px(1120.0 - LANE_NAME - 10.0),
            flex_wrap: FlexWrap::Wrap,
            row_gap: px(8),
            ..widgets::row(10.0)
        };
        line.spawn(keys).with_children(|line| {
            if slots.is_empty() && !waits {
                let nothing = says.get("bindings-nothing", &[]);
                line.spawn(words(theme, nothing, Size::Small, Weight::Regular, palette.miss));
            }
            for (at, slot) in slots.iter().enumerate() {
                let said = names::name(says, &editing.labels, *slot);
                let place = item(row, 1 + at as u8);
                small(line, theme, items, place, Bind::Without(lane, *slot), said, Look::Key);
            }
            let place = item(row, 1 + slots.len() as u8);
            small(line, theme, items, place, Bind::More(lane), says.get("bindings-more", &[]), Look::Plus);
            if waits {
                line.spawn(words(theme, says.get("bindings-waits", &[]), Size::Body, Weight::Bold, palette.cortex));
            }
        });
    });
}

/// What Enter does where the focus is.
pub(super) fn tell_focus(
    focus: Res<InputFocus>,
    acts: Query<&Bind>,
    says: Res<Words>,
    editing: Res<Editing>,
    mut hints: Query<&mut Text, With<Hint>>,
) {
    let act = focus.get().and_then(|entity| acts.get(entity).ok());
    let said = match act {
        _ if editing.awaited.is_some() => says.get("bindings-hint-cancel", &[]),
        Some(Bind::Preset | Bind::Device | Bind::Lanes) => says.get("bindings-hint-choose", &[]),
        Some(Bind::Instead(_)) => says.get("bindings-hint-instead", &[]),
        Some(Bind::More(_)) => says.get("bindings-hint-more", &[]),
        Some(Bind::Without(_, slot)) => {
            let key = names::name(&says, &editing.labels, *slot);
            says.get("bindings-hint-without", &[("key", key.into())])
        }
        Some(Bind::Undo) => says.get("bindings-hint-undo", &[]),
        Some(Bind::Reset) => says.get("bindings-hint-reset", &[]),
        None => String::new(),
    };
    for mut text in &mut hints {
        if text.0 != said {
            text.0.clone_from(&said);
        }
    }
}

pub(super) fn take_down(mut commands: Commands, screens: Query<Entity, With<BindingsScreen>>) {
    for screen in &screens {
        commands.entity(screen).despawn();
    }
}
