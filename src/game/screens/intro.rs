//! The intro of a level: what it asks for and how to answer, with one obvious action.

use bevy::prelude::*;

use super::{
    Act, Words, hud, ladder_title,
    menu::why,
    names, prompts,
    room::Behind,
    widgets::{self, Button, button, sentence, words},
};
use crate::{
    game::{
        Screen,
        app::Sessions,
        controls::{Controls, Hands},
        focus::{Item, Preferred},
        theme::{Size, Theme, Weight, space},
    },
    input::{Control, bindings::Slot},
};

/// The intro's words; the room behind them stays.
#[derive(Component)]
struct IntroScreen;

fn enter(mut commands: Commands, theme: Res<Theme>, mut behind: Behind) {
    behind.spawn(&mut commands, &theme.palette, DespawnOnExit(Screen::Intro));
}

fn spawn(
    mut commands: Commands,
    theme: Res<Theme>,
    says: Res<Words>,
    sessions: Res<Sessions>,
    controls: Res<Controls>,
    hands: Res<Hands>,
) {
    let palette = theme.palette;
    let Some(card) = &sessions.chosen else { return };
    let labels = (controls.labels)();
    let seat = prompts::seat(&controls, &hands.last, card.lanes);
    let pressed = prompts::of(&controls, &seat, card.lanes);
    widgets::root(&mut commands, (IntroScreen, DespawnOnExit(Screen::Intro)), Color::NONE, |frame| {
        let node = Node {
            left: px(80),
            top: px(120),
            width: px(720),
            position_type: PositionType::Absolute,
            ..widgets::column(space::NEAR)
        };
        frame.spawn(node).with_children(|column| {
            let ladder = ladder_title(&says, &card.ladder);
            let over = sessions.mix.as_ref().map_or(ladder.clone(), |mix| {
                let (n, total) = mix.place();
                let block = says.get("intro-block", &[("n", n.into()), ("total", total.into())]);
                format!("{block}   ·   {ladder}   ·   {}", why(&says, mix.pick().why))
            });
            column.spawn(words(&theme, over, Size::Small, Weight::Bold, palette.cortex));
            column.spawn(words(&theme, card.title.clone(), Size::Title, Weight::Bold, palette.text));
            sentence(column, &theme, card.aim.clone(), 720.0, palette.text);
            if card.tol_ms > 0.0 {
                let mut goal = super::goal(&says, card);
                let long = match card.trials {
                    Some(trials) => says.get("intro-trials", &[("trials", trials.into())]),
                    None => says.get("intro-endless", &[]),
                };
                goal = format!("{goal}   ·   {long}");
                column.spawn(words(&theme, goal, Size::Body, Weight::Regular, palette.quiet));
            }
            column.spawn(Node { height: px(space::TIGHT), ..default() });
            prompts::row(column, &theme, &says, &labels, card.lanes, &pressed);
            column.spawn(Node { height: px(space::NEAR), ..default() });
            column.spawn(widgets::row(space::NEAR)).with_children(|line| {
                let (begin, back) = (says.get("intro-begin", &[]), says.get("intro-back", &[]));
                let item = |column| Item { layer: 0, row: 0, column };
                let main = Button { label: &begin, hint: None, width: 240.0, main: true };
                button(line, &theme, item(0), (Act::Begin, Preferred), &main);
                let practise = says.get("practice-open", &[]);
                let third = Button { label: &practise, hint: None, width: 184.0, main: false };
                button(line, &theme, item(1), Act::Practise, &third);
                let other = Button { label: &back, hint: None, width: 168.0, main: false };
                button(line, &theme, item(2), Act::Go(Screen::Menu), &other);
            });
        });
        // an instrument has nothing that pauses: the keyboard does
        let pause = controls.pauses(seat.kind).unwrap_or(Control::Key(1));
        let pauses = says.get("intro-pause", &[("key", names::name(&says, &labels, Slot::Control(pause)).into())]);
        frame.spawn((
            Node { left: px(80), bottom: px(56), position_type: PositionType::Absolute, ..default() },
            children![words(&theme, pauses, Size::Small, Weight::Regular, palette.quiet)],
        ));
        hud::notices_place(frame);
    });
}

fn take_down(mut commands: Commands, screens: Query<Entity, With<IntroScreen>>) {
    for screen in &screens {
        commands.entity(screen).despawn();
    }
}

pub fn plugin(app: &mut App) {
    // whoever takes up a pad is told the pad's buttons
    let again = |hands: Res<Hands>| hands.is_changed() && !hands.is_added();
    app.add_systems(OnEnter(Screen::Intro), (enter, spawn))
        .add_systems(Update, (take_down, spawn).chain().run_if(again).run_if(in_state(Screen::Intro)));
}
