//! The panel of practice: how fast, which bars, what is silent. Every row by keys, pad or mouse; none of their keys plays.

use bevy::{a11y::AccessibilityNode, prelude::*};

use super::{
    Act, Words, hud, theme_changed,
    widgets::{self, Button, button, sentence, words},
};
use crate::game::{
    Screen,
    app::Sessions,
    focus::{Item, Preferred},
    practising::{Dial, Practising},
    theme::{Size, Theme, Weight, fade, space},
};

const LEFT: f32 = 80.0;
const WIDTH: f32 = 544.0;
/// How bright a row is that does not apply to this level.
const UNUSED: f32 = 0.45;
/// The rows of the left and of the right column.
const ROWS: [[Dial; 4]; 2] =
    [[Dial::Rate, Dial::From, Dial::To, Dial::Failed], [Dial::PreRoll, Dial::Ramp, Dial::Mute, Dial::Ghost]];

impl Dial {
    /// The Fluent ids of its label and of its hint.
    fn ids(self) -> (&'static str, &'static str) {
        match self {
            Self::Rate => ("practice-rate", "practice-rate-hint"),
            Self::From => ("practice-from", "practice-from-hint"),
            Self::To => ("practice-to", "practice-to-hint"),
            Self::Failed => ("practice-failed", "practice-failed-hint"),
            Self::PreRoll => ("practice-pre-roll", "practice-pre-roll-hint"),
            Self::Ramp => ("practice-ramp", "practice-ramp-hint"),
            Self::Mute => ("practice-mute", "practice-mute-hint"),
            Self::Ghost => ("practice-ghost", "practice-ghost-hint"),
            Self::Preset => ("practice-preset", "practice-preset"),
        }
    }

    fn said(self, practising: &Practising, says: &Words) -> String {
        let practice = &practising.practice;
        let off = || says.get("practice-off", &[]);
        if !practising.applies(self) {
            // what is missing, where something else would bring it
            return match self {
                Self::PreRoll if practising.facts.bars > 0 => says.get("practice-needs-loop", &[]),
                Self::Failed if practising.facts.bars > 0 => says.get("practice-none-failed", &[]),
                Self::Preset => says.get("practice-no-preset", &[]),
                _ => says.get("practice-none", &[]),
            };
        }
        let loops = practice.loops.as_slice();
        match self {
            Self::Rate => says.get("practice-percent", &[("percent", practice.rate.into())]),
            Self::From => loops.first().map_or_else(off, |bars| bars.from.to_string()),
            Self::To => loops.last().map_or_else(off, |bars| bars.to.to_string()),
            Self::Failed => {
                let failed: Vec<String> = practising.facts.failed.as_slice().iter().map(ToString::to_string).collect();
                if practice.loops == practising.facts.failed { failed.join(", ") } else { off() }
            }
            Self::PreRoll if practice.pre_roll == 0 => off(),
            Self::PreRoll => says.get("practice-bars", &[("bars", practice.pre_roll.into())]),
            Self::Ramp => practice.ramp.map_or_else(off, |ramp| {
                let id = if ramp.both { "practice-ramp-both" } else { "practice-ramp-by" };
                says.get(id, &[("percent", ramp.step.into()), ("to", ramp.to.into())])
            }),
            Self::Mute => practice.mute.map_or_else(off, |mute| {
                says.get("practice-mute-by", &[("heard", mute.heard.into()), ("silent", mute.silent.into())])
            }),
            Self::Ghost => {
                if practice.ghost {
                    says.get("practice-on", &[])
                } else {
                    off()
                }
            }
            Self::Preset => practising.preset.and_then(|at| practising.presets.get(at)).map_or_else(
                || says.get("practice-preset", &[]),
                |(name, _)| says.get("practice-preset-is", &[("name", name.clone().into())]),
            ),
        }
    }
}

/// The text that tells a row's present value.
#[derive(Component, Clone, Copy)]
struct Value(Dial);

/// What came of saving a preset.
#[derive(Component)]
struct Saved;

#[derive(Component)]
struct Panel;

fn dial_row(parent: &mut ChildSpawnerCommands, theme: &Theme, says: &Words, item: Item, dial: Dial, now: &Practising) {
    let (label, hint) = dial.ids();
    let (label, hint) = (says.get(label, &[]), says.get(hint, &[]));
    let mut row = widgets::dial(parent, theme, item, Act::Turn(dial), (&label, Some(&hint), WIDTH), |row| {
        row.spawn((
            Node { width: px(180), flex_shrink: 0.0, justify_content: JustifyContent::FlexEnd, ..default() },
            children![(
                Value(dial),
                words(theme, dial.said(now, says), Size::Small, Weight::Bold, colour(theme, dial, now))
            )],
        ));
    });
    if dial == Dial::Rate {
        row.insert(Preferred);
    }
}

fn colour(theme: &Theme, dial: Dial, now: &Practising) -> Color {
    if now.applies(dial) { theme.palette.text } else { fade(theme.palette.text, UNUSED) }
}

fn spawn(mut commands: Commands, theme: Res<Theme>, says: Res<Words>, sessions: Res<Sessions>, now: Res<Practising>) {
    let palette = theme.palette;
    let Some(card) = &sessions.chosen else { return };
    widgets::root(&mut commands, (Panel, DespawnOnExit(Screen::Practice)), palette.ground, |frame| {
        let head = Node {
            left: px(LEFT),
            top: px(36),
            width: px(1120),
            position_type: PositionType::Absolute,
            ..widgets::column(4.0)
        };
        frame.spawn(head).with_children(|head| {
            let title = says.get("practice-title", &[("level", card.title.clone().into())]);
            head.spawn(words(&theme, title, Size::Title, Weight::Bold, palette.text));
            sentence(head, &theme, says.get("practice-body", &[]), 1120.0, palette.quiet);
        });
        for (side, dials) in ROWS.iter().enumerate() {
            let left = LEFT + side as f32 * (WIDTH + space::APART);
            let node =
                Node { left: px(left), top: px(156), position_type: PositionType::Absolute, ..widgets::column(14.0) };
            frame.spawn(node).with_children(|column| {
                for (row, dial) in dials.iter().enumerate() {
                    let item = Item { layer: 0, row: row as u8, column: side as u8 };
                    dial_row(column, &theme, &says, item, *dial, &now);
                }
            });
        }
        let node =
            Node { left: px(LEFT), bottom: px(92), position_type: PositionType::Absolute, ..widgets::row(space::NEAR) };
        frame.spawn(node).with_children(|foot| {
            let item = |column| Item { layer: 0, row: 4, column };
            let begin = says.get("practice-begin", &[]);
            button(foot, &theme, item(0), Act::Begin, &Button { label: &begin, hint: None, width: 232.0, main: true });
            let preset = Dial::Preset.said(&now, &says);
            foot.spawn((
                item(1),
                Act::Turn(Dial::Preset),
                bevy::ui::widget::Button,
                Node {
                    width: px(272),
                    padding: UiRect::axes(px(20), px(11)),
                    border: UiRect::left(px(4)),
                    border_radius: BorderRadius::all(px(space::CORNER)),
                    ..default()
                },
                BackgroundColor(palette.raised),
                BorderColor::all(palette.raised),
                Outline { width: px(space::HAIR), offset: px(3), color: Color::NONE },
                children![(
                    Value(Dial::Preset),
                    words(&theme, preset, Size::Body, Weight::Regular, colour(&theme, Dial::Preset, &now))
                )],
            ));
            let save = says.get("practice-save", &[]);
            let keep = Button { label: &save, hint: None, width: 232.0, main: false };
            button(foot, &theme, item(2), Act::SavePreset, &keep);
            let back = says.get("practice-back", &[]);
            let leave = Button { label: &back, hint: None, width: 216.0, main: false };
            button(foot, &theme, item(3), Act::LeavePractice, &leave);
        });
        frame.spawn((
            Node { left: px(LEFT), bottom: px(48), position_type: PositionType::Absolute, ..default() },
            children![(Saved, words(&theme, String::new(), Size::Small, Weight::Regular, palette.quiet))],
        ));
        // the title takes the top; below the buttons there is room
        let foot = Node { left: px(640), width: px(560), bottom: px(16), ..widgets::column(space::TIGHT) };
        hud::notices_in(frame, foot);
    });
}

fn refresh(
    now: Res<Practising>,
    says: Res<Words>,
    theme: Res<Theme>,
    mut values: Query<(&Value, &mut Text, &mut TextColor), Without<Saved>>,
    mut saved: Query<&mut Text, With<Saved>>,
    mut rows: Query<(&Act, &mut AccessibilityNode)>,
) {
    for (value, mut text, mut shade) in &mut values {
        text.0 = value.0.said(&now, &says);
        shade.0 = colour(&theme, value.0, &now);
    }
    for mut text in &mut saved {
        text.0 = match &now.saved {
            None => String::new(),
            Some(Ok(name)) => says.get("practice-saved", &[("name", name.clone().into())]),
            Some(Err(why)) => says.get("practice-not-saved", &[("why", why.clone().into())]),
        };
    }
    for (act, mut node) in &mut rows {
        if let Act::Turn(dial) = act {
            node.set_value(dial.said(&now, &says));
        }
    }
}

fn take_down(mut commands: Commands, screens: Query<Entity, With<Panel>>) {
    for screen in &screens {
        commands.entity(screen).despawn();
    }
}

pub fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Practice), spawn).add_systems(
        Update,
        (refresh.run_if(resource_changed::<Practising>), (take_down, spawn).chain().run_if(theme_changed))
            .run_if(in_state(Screen::Practice)),
    );
}
