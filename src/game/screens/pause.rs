//! Pause and rest: what lies over a drill that stands still, and why it does.

use bevy::prelude::*;
use doozy_training::event::Cause;

use super::{
    Act, Words, prompts,
    settings::{self, Setting},
    widgets::{self, Button, button, sentence, words},
};
use crate::game::{
    Screen,
    app::{Choices, Sessions},
    bridge::PlayState,
    controls::{Controls, Hands},
    focus::{Item, Preferred},
    theme::{Size, Theme, Weight, fade, space},
};

/// The overlay, what it explains, and whether it asks about a device.
#[derive(Component)]
struct Overlay(Cause, bool);

/// How much of the stage shows through: enough to know where one was, too little to practise on. ◇
const VEIL: f32 = 0.94;

#[expect(clippy::too_many_arguments, reason = "a system takes what it reads")]
fn follow(
    mut commands: Commands,
    play: Res<PlayState>,
    overlays: Query<(Entity, &Overlay)>,
    theme: Res<Theme>,
    says: Res<Words>,
    choices: Res<Choices>,
    sessions: Res<Sessions>,
    controls: Res<Controls>,
    hands: Res<Hands>,
) {
    let wanted = play.paused.filter(|_| play.ended.is_none()).map(|cause| (cause, play.stranger.is_some()));
    let present = overlays.iter().next();
    if present.map(|(_, overlay)| (overlay.0, overlay.1)) == wanted {
        return;
    }
    if let Some((entity, _)) = present {
        commands.entity(entity).despawn();
    }
    if let Some((cause, _)) = wanted {
        let lanes = sessions.chosen.as_ref().map_or(1, |card| card.lanes);
        let seat = prompts::seat(&controls, &hands.last, lanes);
        let keys = prompts::line(&says, &(controls.labels)(), &prompts::of(&controls, &seat, lanes));
        let stranger = play.stranger.as_ref().map(|(_, name)| name.as_str());
        spawn(&mut commands, &theme, &says, &choices, cause, &keys, stranger);
    }
}

fn spawn(
    commands: &mut Commands,
    theme: &Theme,
    says: &Words,
    choices: &Choices,
    cause: Cause,
    keys: &str,
    stranger: Option<&str>,
) {
    let palette = theme.palette;
    let (title, body) = match cause {
        Cause::Rest => ("rest-title", "rest-body"),
        Cause::Player => ("pause-title", "pause-player"),
        Cause::FocusLost => ("pause-title", "pause-focus"),
        Cause::DeviceLost => ("pause-title", "pause-device"),
        Cause::AudioLost => ("pause-title", "pause-audio"),
        Cause::Suspended => ("pause-title", "pause-suspended"),
    };
    let scope = (Overlay(cause, stranger.is_some()), DespawnOnExit(Screen::Play), GlobalZIndex(10));
    widgets::root(commands, scope, fade(palette.ground, VEIL), |frame| {
        let node = Node {
            left: px(320),
            top: px(168),
            width: px(640),
            position_type: PositionType::Absolute,
            ..widgets::column(space::NEAR)
        };
        frame.spawn(node).with_children(|column| {
            column.spawn(words(theme, says.get(title, &[]), Size::Title, Weight::Bold, palette.text));
            sentence(column, theme, says.get(body, &[]), 640.0, palette.quiet);
            let keys = says.get("pause-keys", &[("keys", keys.into())]);
            column.spawn(words(theme, keys, Size::Small, Weight::Regular, palette.quiet));
            column.spawn(Node { height: px(space::TIGHT), ..default() });
            if let Some(name) = stranger {
                sentence(column, theme, says.get("stranger-asks", &[("name", name.into())]), 640.0, palette.text);
                column.spawn(widgets::row(space::NEAR)).with_children(|line| {
                    let (yes, no) = (says.get("stranger-yes", &[]), says.get("stranger-no", &[]));
                    let item = |column| Item { layer: 1, row: 0, column };
                    let may = Button { label: &yes, hint: None, width: 240.0, main: false };
                    button(line, theme, item(0), Act::Stranger { may: true }, &may);
                    let not = Button { label: &no, hint: None, width: 200.0, main: false };
                    button(line, theme, item(1), (Act::Stranger { may: false }, Preferred), &not);
                });
            }
            column.spawn(widgets::row(space::NEAR)).with_children(|line| {
                let (resume, end) = (says.get("pause-resume", &[]), says.get("pause-end", &[]));
                let item = |column| Item { layer: 1, row: 1, column };
                let main = Button { label: &resume, hint: None, width: 240.0, main: true };
                if stranger.is_none() {
                    button(line, theme, item(0), (Act::Resume, Preferred), &main);
                } else {
                    button(line, theme, item(0), Act::Resume, &main);
                }
                let practise = says.get("practice-open", &[]);
                let third = Button { label: &practise, hint: None, width: 184.0, main: false };
                button(line, theme, item(1), Act::Practise, &third);
                let other = Button { label: &end, hint: None, width: 200.0, main: false };
                button(line, theme, item(2), Act::EndSession, &other);
            });
            let loudness = Item { layer: 1, row: 2, column: 0 };
            settings::setting_row(column, theme, says, loudness, Setting::Loudness, choices);
        });
    });
}

pub fn plugin(app: &mut App) {
    app.add_systems(Update, follow.run_if(in_state(Screen::Play)));
}
