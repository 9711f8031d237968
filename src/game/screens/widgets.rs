//! Widgets: the few parts that every screen is built of, in the theme's type and colours.
//!
//! They know how things look, and nothing of what they do: a screen puts its own `Act` on what can be chosen.

use bevy::prelude::*;

use crate::game::{
    focus::{Adjustable, Item},
    theme::{DESIGN, Size, Theme, Weight, space},
};

/// A screen's root: fills what it is shown on, with the design's frame in the middle.
pub fn root(
    commands: &mut Commands,
    scope: impl Bundle,
    ground: Color,
    content: impl FnOnce(&mut ChildSpawnerCommands),
) {
    commands
        .spawn((
            Node {
                position_type: PositionType::Absolute,
                width: percent(100),
                height: percent(100),
                align_items: AlignItems::Center,
                justify_content: JustifyContent::Center,
                ..default()
            },
            BackgroundColor(ground),
            scope,
        ))
        .with_children(|parent| {
            parent
                .spawn(Node { width: px(DESIGN.x), height: px(DESIGN.y), flex_shrink: 0.0, ..default() })
                .with_children(content);
        });
}

/// A column of things, `gap` apart.
#[must_use]
pub fn column(gap: f32) -> Node {
    Node { flex_direction: FlexDirection::Column, row_gap: px(gap), ..default() }
}

/// A row of things, `gap` apart, on one middle line.
#[must_use]
pub fn row(gap: f32) -> Node {
    Node { column_gap: px(gap), align_items: AlignItems::Center, ..default() }
}

/// At a place of the design's frame: from its left and top, design pixels.
#[must_use]
pub fn at(left: f32, top: f32) -> Node {
    Node { position_type: PositionType::Absolute, left: px(left), top: px(top), ..default() }
}

/// A text of one look.
#[must_use]
pub fn words(theme: &Theme, said: impl Into<String>, size: Size, weight: Weight, colour: Color) -> impl Bundle {
    (Text::new(said.into()), theme.font(size, weight), TextColor(colour))
}

/// A sentence of at most `width` design pixels a line.
pub fn sentence(parent: &mut ChildSpawnerCommands, theme: &Theme, said: String, width: f32, colour: Color) {
    parent.spawn((words(theme, said, Size::Body, Weight::Regular, colour), Node { max_width: px(width), ..default() }));
}

/// What a button says and how wide it is.
pub struct Button<'a> {
    pub label: &'a str,
    pub hint: Option<&'a str>,
    /// Design pixels.
    pub width: f32,
    /// The one obvious action of its screen.
    pub main: bool,
}

/// Something to choose: a raised surface with a label, and a hint below it.
pub fn button(parent: &mut ChildSpawnerCommands, theme: &Theme, item: Item, act: impl Bundle, says: &Button) {
    let palette = theme.palette;
    let weight = if says.main { Weight::Bold } else { Weight::Regular };
    let mut spawned = parent.spawn((
        item,
        act,
        bevy::ui::widget::Button,
        Node {
            width: px(says.width),
            padding: UiRect::axes(px(20), px(if says.hint.is_some() { 14.0 } else { 11.0 })),
            border: UiRect::left(px(4)),
            border_radius: BorderRadius::all(px(space::CORNER)),
            ..column(4.0)
        },
        BackgroundColor(palette.raised),
        BorderColor::all(if says.main { palette.clean } else { palette.raised }),
        Outline { width: px(space::HAIR), offset: px(3), color: Color::NONE },
    ));
    spawned.with_children(|inner| labelled(inner, theme, says.label, says.hint, weight));
}

/// Something to turn left and right: a raised row with a label and its hint, if it has one, and at its right end whatever shows the value.
pub fn dial<'a>(
    parent: &'a mut ChildSpawnerCommands,
    theme: &Theme,
    item: Item,
    act: impl Bundle,
    (label, hint, width): (&str, Option<&str>, f32),
    value: impl FnOnce(&mut ChildSpawnerCommands),
) -> EntityCommands<'a> {
    let mut spawned = parent.spawn((
        item,
        act,
        Adjustable,
        bevy::ui::widget::Button,
        Node {
            width: px(width),
            padding: UiRect::axes(px(20), px(9)),
            align_items: AlignItems::Center,
            // the label comes last among the children and so names the row; it stands first to the eye
            flex_direction: FlexDirection::RowReverse,
            justify_content: JustifyContent::SpaceBetween,
            border_radius: BorderRadius::all(px(space::CORNER)),
            ..default()
        },
        BackgroundColor(theme.palette.raised),
        Outline { width: px(space::HAIR), offset: px(3), color: Color::NONE },
    ));
    spawned.with_children(|row| {
        value(row);
        labelled(row, theme, label, hint, Weight::Regular);
    });
    spawned
}

/// A label with its hint below it, as one text: a screen reader says both as the name of what they are in.
pub fn labelled(parent: &mut ChildSpawnerCommands, theme: &Theme, label: &str, hint: Option<&str>, weight: Weight) {
    let palette = theme.palette;
    parent.spawn(words(theme, label, Size::Body, weight, palette.text)).with_children(|text| {
        if let Some(hint) = hint {
            text.spawn((
                TextSpan::new(format!("\n{hint}")),
                theme.font(Size::Small, Weight::Regular),
                TextColor(palette.quiet),
            ));
        }
    });
}
