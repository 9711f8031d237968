//! The main menu: the ladders on the left; beside them the levels of the one in focus, how they stand, and where to go on.
//!
//! Two lists, reached alike by keyboard, pad and mouse: up and down stay within a list, right (or accept) goes from a
//! ladder to the level to go on with, left (or back) returns to the ladder.

mod pane;

pub use pane::why;

use bevy::{
    input_focus::{FocusCause, InputFocus},
    prelude::*,
};

use super::{
    Act, Words, hud, ladder_title,
    room::Behind,
    theme_changed,
    widgets::{self, at, words},
};
use crate::game::{
    Screen,
    app::Sessions,
    focus::{Chosen, Item, Pane, Preferred, Steer},
    standing::Standings,
    theme::{Size, Theme, Weight, space},
};

/// The list of ladders, design pixels. ◇
const LEFT: f32 = 64.0;
const TOP: f32 = 124.0;
const WIDTH: f32 = 316.0;
/// A row of either list, and what is between two. ◇ Twelve rows fill the height.
const ROW: f32 = 40.0;
const GAP: f32 = 6.0;
/// How many rows are seen at a time.
const ROWS: usize = 12;

/// Ids of the two lists.
const LADDERS: u8 = 0;
const LEVELS: u8 = 1;

/// What a row of the left list shows beside itself.
#[derive(Component, Clone, Debug, PartialEq, Eq)]
enum Leads {
    /// The mix of the day.
    Daily,
    /// The levels of a ladder, the endless ones too.
    Ladder(String),
}

/// What is shown on the right, and where the player was last.
#[derive(Resource, Clone, Debug, Default)]
struct Shown(Option<Leads>);

#[derive(Component)]
struct MenuScreen;

/// A list that is longer than its place moves under it, so that what has the focus is seen.
#[derive(Component)]
struct Scrolled {
    list: u8,
    rows: usize,
}

/// The ladders, in the order in which the cards have them.
fn ladders(sessions: &Sessions) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for card in &sessions.levels {
        if !found.contains(&card.ladder) {
            found.push(card.ladder.clone());
        }
    }
    found
}

/// The place in the cards of the level of a ladder to go on with: the first whose goal has not been reached, else the last.
fn goes_on(sessions: &Sessions, standings: &Standings, ladder: &str) -> Option<usize> {
    let of_ladder = || sessions.levels.iter().enumerate().filter(|(_, card)| card.ladder == ladder);
    let open = |(_, card): &(usize, &super::LevelCard)| !standings.best(&card.path).is_some_and(|best| best.reached);
    of_ladder().find(open).or_else(|| of_ladder().next_back()).map(|(index, _)| index)
}

fn refresh(mut standings: ResMut<Standings>) {
    standings.refresh();
}

fn spawn(
    mut commands: Commands,
    theme: Res<Theme>,
    says: Res<Words>,
    sessions: Res<Sessions>,
    standings: Res<Standings>,
    mut shown: ResMut<Shown>,
    mut behind: Behind,
) {
    let palette = theme.palette;
    let scope = || (MenuScreen, DespawnOnExit(Screen::Menu));
    behind.spawn(&mut commands, &palette, scope());
    let ladders = ladders(&sessions);
    // where the player was, if that is still there; else the first ladder
    let known = |leads: &Leads| match leads {
        Leads::Daily => true,
        Leads::Ladder(name) => ladders.contains(name),
    };
    let came_from = shown.0.take().filter(known).or_else(|| ladders.first().cloned().map(Leads::Ladder));
    let mut rows: Vec<(Option<Leads>, Act, String, String)> = Vec::new();
    if !standings.now.mix.blocks.is_empty() {
        rows.push((Some(Leads::Daily), Act::Mix, says.get("menu-daily", &[]), String::new()));
    }
    for ladder in &ladders {
        let cards: Vec<_> = sessions.levels.iter().filter(|card| card.ladder == *ladder).collect();
        let reached = cards.iter().filter(|card| standings.best(&card.path).is_some_and(|best| best.reached)).count();
        let endless = cards.iter().all(|card| card.trials.is_none());
        let count = if endless { String::new() } else { format!("{reached} / {}", cards.len()) };
        rows.push((Some(Leads::Ladder(ladder.clone())), Act::Open, ladder_title(&says, ladder), count));
    }
    rows.push((None, Act::Go(Screen::Settings), says.get("menu-settings", &[]), String::new()));
    rows.push((None, Act::Quit, says.get("menu-quit", &[]), String::new()));
    widgets::root(&mut commands, scope(), Color::NONE, |frame| {
        frame.spawn(at(LEFT, 28.0)).with_children(|head| {
            head.spawn(widgets::row(space::NEAR)).with_children(|line| {
                line.spawn(words(&theme, says.get("app-name", &[]), Size::Title, Weight::Bold, palette.text));
                line.spawn((
                    Node { margin: UiRect::top(px(14)), ..default() },
                    children![words(&theme, says.get("app-line", &[]), Size::Small, Weight::Regular, palette.quiet)],
                ));
            });
        });
        frame.spawn((
            Node { right: px(LEFT), top: px(58), position_type: PositionType::Absolute, ..default() },
            children![words(&theme, says.get("menu-hint", &[]), Size::Small, Weight::Regular, palette.quiet)],
        ));
        list(frame, LEFT, TOP, WIDTH, LADDERS, rows.len(), |column| {
            for (row, (leads, act, label, count)) in rows.into_iter().enumerate() {
                let item = Item { layer: 0, row: u8::try_from(row).unwrap_or(u8::MAX), column: 0 };
                let preferred = leads.is_some() && leads == came_from;
                let mut spawned = ladder_row(column, &theme, item, act, &label, &count);
                if let Some(leads) = leads {
                    spawned.insert(leads);
                }
                if preferred {
                    spawned.insert(Preferred);
                }
            }
        });
        pane::place(frame, &palette);
        hud::notices_place(frame);
    });
}

/// A list's place in the frame: [`ROWS`] rows of it are seen.
fn list(
    frame: &mut ChildSpawnerCommands,
    left: f32,
    top: f32,
    width: f32,
    list: u8,
    rows: usize,
    content: impl FnOnce(&mut ChildSpawnerCommands),
) {
    // room for the ring around what has the focus
    const RING: f32 = 6.0;
    let height = (ROW + GAP) * ROWS as f32 + 2.0 * RING;
    let clips = if rows > ROWS { Overflow::clip() } else { Overflow::visible() };
    let place = Node {
        width: px(width + 2.0 * RING),
        height: px(height),
        padding: UiRect::all(px(RING)),
        overflow: clips,
        ..at(left - RING, top - RING)
    };
    frame.spawn(place).with_children(|clip| {
        clip.spawn((Scrolled { list, rows }, Node { width: px(width), ..widgets::column(GAP) })).with_children(content);
    });
}

fn ladder_row<'a>(
    parent: &'a mut ChildSpawnerCommands,
    theme: &Theme,
    item: Item,
    act: Act,
    label: &str,
    count: &str,
) -> EntityCommands<'a> {
    let palette = theme.palette;
    let mut spawned = parent.spawn((
        item,
        act,
        Pane { list: LADDERS, ..default() },
        bevy::ui::widget::Button,
        Node {
            width: px(WIDTH),
            height: px(ROW),
            flex_shrink: 0.0,
            padding: UiRect::axes(px(14), px(0)),
            border: UiRect::left(px(4)),
            align_items: AlignItems::Center,
            // the label comes last, and so names the row; it stands first to the eye
            flex_direction: FlexDirection::RowReverse,
            justify_content: JustifyContent::SpaceBetween,
            border_radius: BorderRadius::all(px(space::CORNER)),
            ..default()
        },
        BackgroundColor(palette.raised),
        BorderColor::all(palette.raised),
        Outline { width: px(space::HAIR), offset: px(3), color: Color::NONE },
    ));
    spawned.with_children(|row| {
        row.spawn(words(theme, count, Size::Small, Weight::Regular, palette.quiet));
        row.spawn(words(theme, label, Size::Body, Weight::Regular, palette.text));
    });
    spawned
}

/// Shows what the row in focus leads to.
#[expect(clippy::too_many_arguments, reason = "a system takes what it reads")]
fn follow(
    mut commands: Commands,
    focus: Res<InputFocus>,
    (theme, says, sessions, standings): (Res<Theme>, Res<Words>, Res<Sessions>, Res<Standings>),
    mut shown: ResMut<Shown>,
    panes: Query<Entity, With<pane::Place>>,
    leads: Query<&Leads>,
    mut lefts: Query<(Entity, &mut Pane, &mut BorderColor, Option<&Leads>)>,
    new: Query<(), Added<pane::Place>>,
) {
    let Ok(place) = panes.single() else { return };
    // settings and leaving show nothing of their own
    let Some(wanted) = focus.get().and_then(|entity| leads.get(entity).ok()).cloned() else { return };
    if shown.0.as_ref() == Some(&wanted) && new.is_empty() {
        return;
    }
    commands.entity(place).despawn_related::<Children>();
    let back = lefts.iter().find(|(.., leads)| *leads == Some(&wanted)).map(|(entity, ..)| entity);
    let on = match &wanted {
        Leads::Daily => {
            pane::daily(&mut commands, place, &theme, &says, &standings.now.mix);
            None
        }
        Leads::Ladder(ladder) => {
            let next = goes_on(&sessions, &standings, ladder);
            pane::levels(
                &mut commands,
                place,
                &theme,
                &says,
                &pane::Levels { ladder, cards: &sessions.levels, standings: &standings, next, back },
            )
        }
    };
    for (_, mut pane, mut border, leads) in &mut lefts {
        if pane.list == LADDERS {
            pane.right = on;
            let edge = if leads == Some(&wanted) { theme.palette.focus } else { theme.palette.raised };
            border.set_if_neq(BorderColor::all(edge));
        }
    }
    shown.0 = Some(wanted);
}

/// From a ladder to its levels by choosing it, and back to it by stepping back.
fn cross(
    mut chosen: MessageReader<Chosen>,
    mut steers: MessageReader<Steer>,
    items: Query<(&Act, &Pane)>,
    mut focus: ResMut<InputFocus>,
) {
    for chosen in chosen.read() {
        if let Ok((Act::Open, Pane { right: Some(to), .. })) = items.get(chosen.item) {
            focus.set(*to, FocusCause::Navigated);
        }
    }
    for steer in steers.read() {
        let from = focus.get().and_then(|entity| items.get(entity).ok());
        if let (Steer::Back, Some((_, Pane { list: LEVELS, left: Some(to), .. }))) = (steer, from) {
            focus.set(*to, FocusCause::Navigated);
        }
    }
}

/// Moves a long list so that the row in focus is seen, with what is next to it.
fn scroll(focus: Res<InputFocus>, items: Query<(&Item, &Pane)>, mut lists: Query<(&Scrolled, &mut Node)>) {
    let Some((item, pane)) = focus.get().and_then(|entity| items.get(entity).ok()) else { return };
    for (scrolled, mut node) in &mut lists {
        if scrolled.list == pane.list && scrolled.rows > ROWS {
            let first = usize::from(item.row).saturating_sub(ROWS / 2).min(scrolled.rows - ROWS);
            let top = px(-(ROW + GAP) * first as f32);
            if node.top != top {
                node.top = top;
            }
        }
    }
}

fn take_down(mut commands: Commands, screens: Query<Entity, With<MenuScreen>>) {
    for screen in &screens {
        commands.entity(screen).despawn();
    }
}

pub fn plugin(app: &mut App) {
    app.init_resource::<Shown>().add_systems(OnEnter(Screen::Menu), (refresh, spawn).chain()).add_systems(
        Update,
        ((take_down, spawn).chain().run_if(theme_changed), (cross, follow, scroll).chain())
            .chain()
            .run_if(in_state(Screen::Menu)),
    );
}
