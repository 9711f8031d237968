//! Pause and rest: what lies over a drill that stands still, and why it does.

use bevy::prelude::*;
use doozy_training::event::Cause;

use super::{
    Act, Words,
    widgets::{self, Button, button, sentence, words},
};
use crate::game::{
    Screen,
    bridge::PlayState,
    focus::{Item, Preferred},
    theme::{Size, Theme, Weight, fade, space},
};

/// The overlay, and what it explains.
#[derive(Component)]
struct Overlay(Cause);

/// How much of the stage shows through: enough to know where one was, too little to practise on. ◇
const VEIL: f32 = 0.88;

fn follow(
    mut commands: Commands,
    play: Res<PlayState>,
    overlays: Query<(Entity, &Overlay)>,
    theme: Res<Theme>,
    says: Res<Words>,
) {
    let wanted = play.paused.filter(|_| play.ended.is_none());
    let present = overlays.iter().next();
    if present.map(|(_, overlay)| overlay.0) == wanted {
        return;
    }
    if let Some((entity, _)) = present {
        commands.entity(entity).despawn();
    }
    if let Some(cause) = wanted {
        spawn(&mut commands, &theme, &says, cause);
    }
}

fn spawn(commands: &mut Commands, theme: &Theme, says: &Words, cause: Cause) {
    let palette = theme.palette;
    let (title, body) = match cause {
        Cause::Rest => ("rest-title", "rest-body"),
        Cause::Player => ("pause-title", "pause-player"),
        Cause::FocusLost => ("pause-title", "pause-focus"),
        Cause::DeviceLost => ("pause-title", "pause-device"),
        Cause::AudioLost => ("pause-title", "pause-audio"),
        Cause::Suspended => ("pause-title", "pause-suspended"),
    };
    let scope = (Overlay(cause), DespawnOnExit(Screen::Play), GlobalZIndex(10));
    widgets::root(commands, scope, fade(palette.ground, VEIL), |frame| {
        let node = Node {
            left: px(320),
            top: px(208),
            width: px(640),
            position_type: PositionType::Absolute,
            ..widgets::column(space::NEAR)
        };
        frame.spawn(node).with_children(|column| {
            column.spawn(words(theme, says.get(title, &[]), Size::Title, Weight::Bold, palette.text));
            sentence(column, theme, says.get(body, &[]), 640.0, palette.quiet);
            column.spawn(Node { height: px(space::TIGHT), ..default() });
            column.spawn(widgets::row(space::NEAR)).with_children(|line| {
                let (resume, end) = (says.get("pause-resume", &[]), says.get("pause-end", &[]));
                let item = |column| Item { layer: 1, row: 0, column };
                let main = Button { label: &resume, hint: None, width: 240.0, main: true };
                button(line, theme, item(0), (Act::Resume, Preferred), &main);
                let other = Button { label: &end, hint: None, width: 200.0, main: false };
                button(line, theme, item(1), Act::EndSession, &other);
            });
        });
    });
}

pub fn plugin(app: &mut App) {
    app.add_systems(Update, follow.run_if(in_state(Screen::Play)));
}
