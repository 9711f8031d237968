//! Settings: every effect by itself, each down to nothing; colours and the strip.

use bevy::{a11y::AccessibilityNode, prelude::*};

use super::{
    Act, Words, theme_changed,
    widgets::{self, Button, button, words},
};
use crate::game::{
    Screen,
    app::Choices,
    focus::{Item, Preferred},
    theme::{PaletteName, Size, Theme, Weight, space},
};

/// One thing that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Flash,
    Shake,
    Rumble,
    Loudness,
    Debris,
    Motion,
    Palette,
    Strip,
}

/// A step of a scale: four of them from nothing to all, so that each is felt. ◇
const STEP: f32 = 0.25;

impl Setting {
    const ALL: [Self; 8] = [
        Self::Flash,
        Self::Shake,
        Self::Debris,
        Self::Motion,
        Self::Loudness,
        Self::Rumble,
        Self::Palette,
        Self::Strip,
    ];

    /// The Fluent ids of its label and of its hint.
    fn ids(self) -> (&'static str, &'static str) {
        match self {
            Self::Flash => ("settings-flash", "settings-flash-hint"),
            Self::Shake => ("settings-shake", "settings-shake-hint"),
            Self::Rumble => ("settings-rumble", "settings-rumble-hint"),
            Self::Loudness => ("settings-loudness", "settings-loudness-hint"),
            Self::Debris => ("settings-debris", "settings-debris-hint"),
            Self::Motion => ("settings-motion", "settings-motion-hint"),
            Self::Palette => ("settings-palette", "settings-palette-hint"),
            Self::Strip => ("settings-strip", "settings-strip-hint"),
        }
    }

    fn scale(self, choices: &mut Choices) -> Option<&mut f32> {
        Some(match self {
            Self::Flash => &mut choices.scales.flash,
            Self::Shake => &mut choices.scales.shake,
            Self::Rumble => &mut choices.scales.rumble,
            Self::Loudness => &mut choices.scales.loudness,
            Self::Debris => &mut choices.scales.debris,
            Self::Motion | Self::Palette | Self::Strip => return None,
        })
    }

    /// One step by `by`, or to the next value and round again where it is only chosen.
    pub fn change(self, choices: &mut Choices, by: Option<i32>) {
        if let Some(scale) = self.scale(choices) {
            let place = (*scale / STEP).round();
            let moved = match by {
                Some(by) => (place + by as f32).clamp(0.0, 1.0 / STEP),
                None if place >= 1.0 / STEP => 0.0,
                None => place + 1.0,
            };
            *scale = moved * STEP;
            return;
        }
        match self {
            Self::Motion => choices.scales.reduced_motion = !choices.scales.reduced_motion,
            Self::Strip => choices.strip = !choices.strip,
            Self::Palette => {
                let all = PaletteName::ALL;
                let at = all.iter().position(|name| *name == choices.palette).unwrap_or(0) as i32;
                choices.palette = all[(at + by.unwrap_or(1)).rem_euclid(all.len() as i32) as usize];
            }
            Self::Flash | Self::Shake | Self::Rumble | Self::Loudness | Self::Debris => {}
        }
    }

    fn said(self, choices: &Choices, says: &Words) -> String {
        let mut copy = *choices;
        if let Some(&mut scale) = self.scale(&mut copy) {
            if scale <= 0.0 {
                return says.get("settings-none", &[]);
            }
            return says.get("settings-percent", &[("percent", (f64::from(scale) * 100.0).round().into())]);
        }
        let on = |on: bool| says.get(if on { "settings-on" } else { "settings-off" }, &[]);
        match self {
            Self::Motion => on(choices.scales.reduced_motion),
            Self::Strip => on(choices.strip),
            _ => {
                let id = match choices.palette {
                    PaletteName::Dark => "settings-palette-dark",
                    PaletteName::Light => "settings-palette-light",
                    PaletteName::HighContrast => "settings-palette-high-contrast",
                };
                says.get(id, &[])
            }
        }
    }

    /// Share of the bar that is filled; none where it is no scale.
    fn share(self, choices: &Choices) -> Option<f32> {
        self.scale(&mut choices.clone()).copied()
    }
}

/// The text that tells a setting's present value.
#[derive(Component, Clone, Copy)]
struct Value(Setting);

/// The filled part of a scale's bar.
#[derive(Component, Clone, Copy)]
struct Fill(Setting);

const LEFT: f32 = 80.0;
const WIDTH: f32 = 544.0;
const BAR: f32 = 96.0;

/// A setting as a row: its label and hint, its value, and a bar where it is a scale.
pub(super) fn setting_row(
    parent: &mut ChildSpawnerCommands,
    theme: &Theme,
    says: &Words,
    item: Item,
    setting: Setting,
    choices: &Choices,
) {
    let palette = theme.palette;
    let (label, hint) = setting.ids();
    let (label, hint) = (says.get(label, &[]), says.get(hint, &[]));
    let mut row = widgets::dial(parent, theme, item, Act::Change(setting), (&label, Some(&hint), WIDTH), |row| {
        row.spawn(Node { width: px(200), justify_content: JustifyContent::FlexEnd, ..widgets::row(14.0) })
            .with_children(|right| {
                if let Some(share) = setting.share(choices) {
                    right.spawn((
                        Node { width: px(BAR), height: px(8), border_radius: BorderRadius::all(px(4)), ..default() },
                        BackgroundColor(palette.line),
                        children![(
                            Fill(setting),
                            Node {
                                width: px(BAR * share),
                                height: px(8),
                                border_radius: BorderRadius::all(px(4)),
                                ..default()
                            },
                            BackgroundColor(palette.clean),
                        )],
                    ));
                }
                let width = if setting.share(choices).is_some() { 66.0 } else { 180.0 };
                right.spawn((
                    Node { width: px(width), justify_content: JustifyContent::FlexEnd, ..default() },
                    children![(
                        Value(setting),
                        words(theme, setting.said(choices, says), Size::Small, Weight::Bold, palette.text)
                    )],
                ));
            });
    });
    if item.layer == 0 && setting == Setting::ALL[0] {
        row.insert(Preferred);
    }
}

fn spawn(mut commands: Commands, theme: Res<Theme>, says: Res<Words>, choices: Res<Choices>) {
    let palette = theme.palette;
    widgets::root(&mut commands, (SettingsScreen, DespawnOnExit(Screen::Settings)), palette.ground, |frame| {
        frame.spawn((
            widgets::at(LEFT, 48.0),
            children![words(&theme, says.get("settings-title", &[]), Size::Title, Weight::Bold, palette.text)],
        ));
        for side in 0..2_u8 {
            let left = LEFT + f32::from(side) * (WIDTH + space::APART);
            let node =
                Node { left: px(left), top: px(140), position_type: PositionType::Absolute, ..widgets::column(14.0) };
            frame.spawn(node).with_children(|column| {
                for row in 0..4_u8 {
                    let setting = Setting::ALL[usize::from(side * 4 + row)];
                    setting_row(column, &theme, &says, Item { layer: 0, row, column: side }, setting, &choices);
                }
            });
        }
        let node =
            Node { left: px(LEFT), bottom: px(56), position_type: PositionType::Absolute, ..widgets::row(space::NEAR) };
        frame.spawn(node).with_children(|foot| {
            let (back, reduced) = (says.get("settings-back", &[]), says.get("settings-reduced", &[]));
            let item = |column| Item { layer: 0, row: 4, column };
            let main = Button { label: &back, hint: None, width: 168.0, main: true };
            button(foot, &theme, item(0), Act::Go(Screen::Menu), &main);
            let other = Button { label: &reduced, hint: None, width: 264.0, main: false };
            button(foot, &theme, item(1), Act::Reduce, &other);
            let delays = says.get("settings-delays", &[]);
            let third = Button { label: &delays, hint: None, width: 264.0, main: false };
            button(foot, &theme, item(2), Act::Go(Screen::Calibrate), &third);
            let keys = says.get("settings-bindings", &[]);
            let fourth = Button { label: &keys, hint: None, width: 264.0, main: false };
            button(foot, &theme, item(3), Act::Go(Screen::Bindings), &fourth);
        });
    });
}

#[derive(Component)]
struct SettingsScreen;

fn refresh(
    choices: Res<Choices>,
    says: Res<Words>,
    mut values: Query<(&Value, &mut Text)>,
    mut fills: Query<(&Fill, &mut Node)>,
    mut rows: Query<(&Act, &mut AccessibilityNode)>,
) {
    for (value, mut text) in &mut values {
        text.0 = value.0.said(&choices, &says);
    }
    for (fill, mut node) in &mut fills {
        node.width = px(BAR * fill.0.share(&choices).unwrap_or(0.0));
    }
    for (act, mut node) in &mut rows {
        if let Act::Change(setting) = act {
            node.set_value(setting.said(&choices, &says));
        }
    }
}

fn take_down(mut commands: Commands, screens: Query<Entity, With<SettingsScreen>>) {
    for screen in &screens {
        commands.entity(screen).despawn();
    }
}

pub fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Settings), spawn).add_systems(
        Update,
        (
            // the pause of a drill has one of the settings, too
            refresh.run_if(resource_changed::<Choices>),
            (take_down, spawn).chain().run_if(theme_changed).run_if(in_state(Screen::Settings)),
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scale_goes_down_to_nothing_and_stays_there() {
        for setting in [Setting::Flash, Setting::Shake, Setting::Rumble, Setting::Loudness, Setting::Debris] {
            let mut choices = Choices::default();
            for _ in 0..6 {
                setting.change(&mut choices, Some(-1));
            }
            assert_eq!(setting.share(&choices), Some(0.0), "{setting:?}");
            setting.change(&mut choices, Some(1));
            assert_eq!(setting.share(&choices), Some(0.25), "{setting:?}");
        }
    }

    #[test]
    fn choosing_alone_reaches_every_value() {
        let mut choices = Choices::default();
        Setting::Shake.change(&mut choices, None);
        assert_eq!(choices.scales.shake, 0.0);
        Setting::Palette.change(&mut choices, Some(-1));
        assert_eq!(choices.palette, PaletteName::HighContrast);
        Setting::Palette.change(&mut choices, None);
        assert_eq!(choices.palette, PaletteName::Dark);
    }
}
