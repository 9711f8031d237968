//! The right half of the menu: the levels of a ladder as a path, or the mix of the day with its reasons.

use bevy::prelude::*;
use doozy_training::schedule::Why;

use super::{
    super::{Act, LevelCard, Words, ladder_aim, ladder_title, widgets},
    GAP, LEVELS, ROW, ROWS, TOP, list,
};
use crate::{
    game::{
        focus::{Item, Pane},
        standing::{MixCard, Standings},
        theme::{Palette, Size, Theme, Weight, space},
    },
    progress::Best,
};

/// The pane's place in the frame, design pixels. ◇
const LEFT: f32 = 424.0;
const WIDTH: f32 = 792.0;
/// The mark of a level on the path.
const MARK: f32 = 28.0;
const MARK_LEFT: f32 = 10.0;

/// Where the pane's content goes.
#[derive(Component)]
pub struct Place;

pub fn place(frame: &mut ChildSpawnerCommands, palette: &Palette) {
    const PAD: f32 = 16.0;
    frame.spawn((
        Node {
            width: px(WIDTH + 2.0 * PAD),
            height: px((ROW + GAP) * ROWS as f32 + 2.0 * PAD - GAP),
            border_radius: BorderRadius::all(px(space::CORNER)),
            ..widgets::at(LEFT - PAD, TOP - PAD)
        },
        // the machine behind is seen, and never read
        BackgroundColor(palette.ground.with_alpha(0.86)),
    ));
    frame.spawn((Place, Node { width: percent(100), height: percent(100), ..widgets::at(0.0, 0.0) }));
}

/// A ladder's levels and where they stand.
pub struct Levels<'a> {
    pub ladder: &'a str,
    /// All cards; the places of those of this ladder are what is chosen.
    pub cards: &'a [LevelCard],
    pub standings: &'a Standings,
    /// The level to go on with.
    pub next: Option<usize>,
    /// Where left leads.
    pub back: Option<Entity>,
}

/// Shows them, and says which item the ladder leads to.
pub fn levels(commands: &mut Commands, place: Entity, theme: &Theme, says: &Words, levels: &Levels) -> Option<Entity> {
    let of_ladder: Vec<(usize, &LevelCard)> =
        levels.cards.iter().enumerate().filter(|(_, card)| card.ladder == levels.ladder).collect();
    let is_path = of_ladder.iter().any(|(_, card)| card.trials.is_some());
    // what is no path is a choice, and stands in two columns
    let columns = if is_path || of_ladder.len() <= ROWS { 1 } else { 2 };
    let rows = of_ladder.len().div_ceil(columns);
    let width = (WIDTH - space::NEAR * (columns - 1) as f32) / columns as f32;
    let mut on = None;
    commands.entity(place).with_children(|frame| {
        head(frame, theme, &ladder_title(says, levels.ladder), &ladder_aim(says, levels.ladder));
        let many = |row: usize| u8::try_from(row).unwrap_or(u8::MAX);
        list(frame, LEFT, TOP, WIDTH, LEVELS, rows, |lines| {
            for row in 0..rows {
                lines.spawn(Node { flex_shrink: 0.0, ..widgets::row(space::NEAR) }).with_children(|line| {
                    for column in 0..columns {
                        let Some(&(index, card)) = of_ladder.get(column * rows + row) else { continue };
                        let look = Look {
                            width,
                            best: levels.standings.best(&card.path),
                            next: levels.next == Some(index),
                            path: is_path.then_some((row > 0, row + 1 < rows)),
                        };
                        let item = Item { layer: 0, row: many(row), column: many(column) };
                        let pane =
                            Pane { list: LEVELS, left: if column == 0 { levels.back } else { None }, right: None };
                        let entity = level_row(line, theme, says, card, &look, (item, pane, Act::Choose(index)));
                        if look.next {
                            on = Some(entity);
                        }
                    }
                });
            }
        });
    });
    on
}

/// The heading stands above the pane.
fn head(frame: &mut ChildSpawnerCommands, theme: &Theme, title: &str, aim: &str) {
    let palette = theme.palette;
    frame.spawn(Node { width: px(WIDTH), ..widgets::at(LEFT, TOP - 44.0) }).with_children(|head| {
        head.spawn(Node { align_items: AlignItems::Baseline, ..widgets::row(space::NEAR) }).with_children(|line| {
            line.spawn(widgets::words(theme, title, Size::Body, Weight::Bold, palette.text));
            line.spawn(widgets::words(theme, aim, Size::Small, Weight::Regular, palette.quiet));
        });
    });
}

/// How a level's row looks.
struct Look {
    width: f32,
    best: Option<Best>,
    next: bool,
    /// On a path: whether there is a level before it, and one after.
    path: Option<(bool, bool)>,
}

/// What is said of how a level stands.
fn said(says: &Words, best: Option<Best>) -> String {
    let Some(best) = best else { return says.get("menu-not-yet", &[]) };
    let result = match best.spread {
        Some(sd) if best.percent => says.get("menu-best-percent", &[("sd", sd.round().into())]),
        Some(sd) => says.get("menu-best-ms", &[("sd", sd.round().into())]),
        None => says.get("menu-best-share", &[("share", (best.in_time * 100.0).round().into())]),
    };
    if best.reached { format!("{result}   ·   {}", says.get("menu-reached", &[])) } else { result }
}

fn level_row(
    parent: &mut ChildSpawnerCommands,
    theme: &Theme,
    says: &Words,
    card: &LevelCard,
    look: &Look,
    item: impl Bundle,
) -> Entity {
    let palette = theme.palette;
    let left = if look.path.is_some() { MARK_LEFT + MARK + 14.0 } else { 16.0 };
    let mut spawned = parent.spawn((
        item,
        bevy::ui::widget::Button,
        Node {
            width: px(look.width),
            height: px(ROW),
            padding: UiRect { left: px(left), right: px(16), ..default() },
            align_items: AlignItems::Center,
            // the title comes last, and so names the row; it stands first to the eye
            flex_direction: FlexDirection::RowReverse,
            justify_content: JustifyContent::SpaceBetween,
            border_radius: BorderRadius::all(px(space::CORNER)),
            ..default()
        },
        BackgroundColor(palette.raised),
        Outline { width: px(space::HAIR), offset: px(3), color: Color::NONE },
    ));
    spawned.with_children(|row| {
        if let Some((before, after)) = look.path {
            mark(row, theme, card.rung, look, (before, after));
        }
        let result = match (look.next, look.best, look.path) {
            (true, None, Some(_)) => says.get("menu-next", &[]),
            (_, None, None) => String::new(),
            (_, best, _) => said(says, best),
        };
        let reached = look.best.is_some_and(|best| best.reached);
        let colour = if look.next || reached { palette.clean } else { palette.quiet };
        row.spawn(widgets::words(theme, result, Size::Small, Weight::Regular, colour));
        let weight = if look.next && look.path.is_some() { Weight::Bold } else { Weight::Regular };
        row.spawn(widgets::words(theme, card.title.clone(), Size::Body, weight, palette.text));
    });
    spawned.id()
}

/// A level's place on the path: a ring with its number, filled once its goal is reached, with the way before and after it.
fn mark(row: &mut ChildSpawnerCommands, theme: &Theme, rung: u32, look: &Look, (before, after): (bool, bool)) {
    let palette = theme.palette;
    let reached = look.best.is_some_and(|best| best.reached);
    let middle = MARK_LEFT + MARK / 2.0 - 1.0;
    let reach = (ROW - MARK) / 2.0 + GAP / 2.0;
    let way = |top: f32| Node { width: px(2), height: px(reach), ..widgets::at(middle, top) };
    if before {
        row.spawn((way(-GAP / 2.0), BackgroundColor(palette.line)));
    }
    if after {
        row.spawn((way(ROW - (ROW - MARK) / 2.0), BackgroundColor(palette.line)));
    }
    let edge = match (reached, look.next, look.best) {
        (true, ..) => palette.clean,
        (_, true, _) => palette.focus,
        (.., Some(_)) => palette.slip,
        _ => palette.line,
    };
    let (ground, ink) = if reached { (palette.clean, palette.ground) } else { (palette.ground, palette.text) };
    row.spawn((
        Node {
            width: px(MARK),
            height: px(MARK),
            border: UiRect::all(px(2)),
            border_radius: BorderRadius::all(px(MARK / 2.0)),
            align_items: AlignItems::Center,
            justify_content: JustifyContent::Center,
            ..widgets::at(MARK_LEFT, (ROW - MARK) / 2.0)
        },
        BackgroundColor(ground),
        BorderColor::all(edge),
        children![widgets::words(theme, rung.to_string(), Size::Small, Weight::Bold, ink)],
    ));
}

/// Why a kind is in the mix.
pub fn why(says: &Words, why: Why) -> String {
    match why {
        Why::New => says.get("daily-new", &[]),
        Why::Due { days, overdue: 0 } => says.get("daily-due", &[("days", days.into())]),
        Why::Due { days, .. } => says.get("daily-overdue", &[("days", days.into())]),
        Why::Early { days: 0, .. } => says.get("daily-today", &[]),
        Why::Early { left, .. } => says.get("daily-early", &[("days", left.into())]),
    }
}

/// Shows the mix of the day.
pub fn daily(commands: &mut Commands, place: Entity, theme: &Theme, says: &Words, mix: &MixCard) {
    let palette = theme.palette;
    commands.entity(place).with_children(|frame| {
        head(frame, theme, &says.get("menu-daily", &[]), &says.get("daily-aim", &[]));
        frame.spawn(Node { width: px(WIDTH), ..widgets::at(LEFT, TOP + 4.0) }).with_children(|node| {
            node.spawn(Node { width: px(WIDTH), ..widgets::column(14.0) }).with_children(|column| {
                for pick in &mix.picks {
                    column
                        .spawn((
                            Node {
                                width: px(WIDTH),
                                padding: UiRect::axes(px(20), px(14)),
                                border_radius: BorderRadius::all(px(space::CORNER)),
                                ..widgets::column(2.0)
                            },
                            BackgroundColor(palette.raised),
                        ))
                        .with_children(|card| {
                            let title = format!("{}   ·   {}", pick.card.title, ladder_title(says, &pick.card.ladder));
                            card.spawn(widgets::words(theme, title, Size::Body, Weight::Bold, palette.text));
                            card.spawn(widgets::words(
                                theme,
                                pick.card.aim.clone(),
                                Size::Small,
                                Weight::Regular,
                                palette.quiet,
                            ));
                            let reason = why(says, pick.why);
                            card.spawn(widgets::words(theme, reason, Size::Small, Weight::Regular, palette.clean));
                        });
                }
                let how = says.get("daily-how", &[("blocks", mix.blocks.len().into())]);
                widgets::sentence(column, theme, how, WIDTH, palette.text);
                let start = says.get("daily-start", &[]);
                column.spawn(widgets::words(theme, start, Size::Small, Weight::Regular, palette.quiet));
            });
        });
    });
}
