//! Focus: which item of a screen is chosen next, by keyboard, pad or mouse alike.
//!
//! Every item says where it stands (row and column); moving is arithmetic on that, so that it can be tested without a
//! window and always follows the visual order. The item in focus is Bevy's `InputFocus`, which a screen reader follows.

use bevy::{
    input_focus::{FocusCause, InputFocus},
    prelude::*,
};

use super::{
    Screen,
    bridge::{Bridge, PlayState},
    controls::{Controls, Hearing, Listening, Pressed},
    measuring::{Measured, Measuring},
    theme::{Theme, space},
};
use crate::{
    calibration::Phase,
    input::{Control, MenuAction},
};

/// What a key or a pad asks of a screen. Drills are judged from the taps, never from this.
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steer {
    Up,
    Down,
    Left,
    Right,
    Accept,
    Back,
    Pause,
}

/// Something that can be chosen.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[require(Interaction)]
pub struct Item {
    /// Items of the highest layer on screen are the only ones within reach: an overlay covers what is below.
    pub layer: u8,
    pub row: u8,
    pub column: u8,
}

/// An item of one of several lists beside each other: up and down stay within its list, and left and right may lead to
/// an item of another one.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pane {
    pub list: u8,
    /// Where left and right lead from here, instead of along the row.
    pub left: Option<Entity>,
    pub right: Option<Entity>,
}

/// An item whose value left and right change, instead of leaving it.
#[derive(Component, Clone, Copy, Debug)]
pub struct Adjustable;

/// The item that has the focus when its screen arrives; else the first.
#[derive(Component, Clone, Copy, Debug)]
pub struct Preferred;

/// An item was chosen or its value changed.
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub item: Entity,
    pub how: How,
}

/// How an item was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Accept,
    /// Left (−1) or right (+1) on an [`Adjustable`].
    Step(i32),
}

/// When the present set of items arrived, in seconds of Bevy's clock, which times menus and nothing else.
#[derive(Resource, Clone, Copy, Debug, Default)]
struct Arrived(f64);

/// A screen that arrives under the fingers of somebody who is tapping must not be answered by the next tap, s. ◇
const DEAF_AT_FIRST: f64 = 0.6;
/// The same after a calibration, whose beat goes on in the fingers for a tap or two, s. ◇
const DEAF_TO_A_BEAT: f64 = 1.8;

/// Appends what something that is no device asks of the screens, once a frame.
pub type Steering = Box<dyn FnMut(&mut Vec<Steer>) + Send + Sync>;

/// What steers the screens beside the devices: a script.
#[derive(Resource)]
pub struct OtherSteering(pub Steering);

/// The place of the item that a step leads to from `from`; `None` stays.
///
/// Up and down go to the nearest row in that direction, and there to the nearest column; left and right stay in the row.
#[must_use]
pub fn neighbour(from: Item, items: &[Item], step: Steer) -> Option<Item> {
    let apart = |item: &Item| (item.column.abs_diff(from.column), item.column);
    match step {
        Steer::Up => {
            let row = items.iter().map(|item| item.row).filter(|&row| row < from.row).max()?;
            items.iter().copied().filter(|item| item.row == row).min_by_key(apart)
        }
        Steer::Down => {
            let row = items.iter().map(|item| item.row).filter(|&row| row > from.row).min()?;
            items.iter().copied().filter(|item| item.row == row).min_by_key(apart)
        }
        Steer::Left => {
            items.iter().copied().filter(|i| i.row == from.row && i.column < from.column).max_by_key(|i| i.column)
        }
        Steer::Right => {
            items.iter().copied().filter(|i| i.row == from.row && i.column > from.column).min_by_key(|i| i.column)
        }
        Steer::Accept | Steer::Back | Steer::Pause => None,
    }
}

impl From<MenuAction> for Steer {
    fn from(action: MenuAction) -> Self {
        match action {
            MenuAction::Up => Self::Up,
            MenuAction::Down => Self::Down,
            MenuAction::Left => Self::Left,
            MenuAction::Right => Self::Right,
            MenuAction::Confirm => Self::Accept,
            MenuAction::Back => Self::Back,
            MenuAction::Pause => Self::Pause,
        }
    }
}

/// evdev's KEY_ESC: the way out of every screen, whatever it is bound to.
const ESCAPE: Control = Control::Key(1);

/// What a control asks of a menu: what it is bound to; else what people expect of it, so that no table of bindings locks
/// anybody out. Any note of an instrument that does nothing else accepts.
fn asks(control: Control, bound: Option<MenuAction>) -> Option<Steer> {
    if control == ESCAPE {
        return Some(Steer::Back);
    }
    if let Some(action) = bound {
        return Some(action.into());
    }
    Some(match control {
        // evdev's KEY_ENTER, KEY_SPACE, KEY_BACKSPACE, the arrows, KEY_P and KEY_PAUSE
        Control::Key(28 | 57) | Control::Note(_) => Steer::Accept,
        Control::Key(14) => Steer::Back,
        Control::Key(103) => Steer::Up,
        Control::Key(108) => Steer::Down,
        Control::Key(105) => Steer::Left,
        Control::Key(106) => Steer::Right,
        Control::Key(25 | 119) => Steer::Pause,
        _ => return None,
    })
}

/// What a control asks while lanes are heard: what answers one steers nothing, and of all the rest only what pauses does.
fn asks_in_play(control: Control, bound: Option<MenuAction>, answers: bool) -> Option<Steer> {
    match asks(control, bound) {
        Some(Steer::Back) if control == ESCAPE => Some(Steer::Pause),
        Some(Steer::Pause) if !answers => Some(Steer::Pause),
        _ => None,
    }
}

#[expect(clippy::too_many_arguments, reason = "a system takes what it reads")]
fn listen(
    mut pressed: MessageReader<Pressed>,
    controls: Res<Controls>,
    listening: Res<Listening>,
    screen: Res<State<Screen>>,
    (play, measured): (Res<PlayState>, Res<Measured>),
    other: Option<ResMut<OtherSteering>>,
    mut heard: Local<Vec<Steer>>,
    mut out: MessageWriter<Steer>,
) {
    let plays = *screen.get() == Screen::Play && play.paused.is_none() && play.ended.is_none();
    let taps = *screen.get() == Screen::Measure && measured.phase != Some(Phase::Review);
    for Pressed { control, seat, repeat } in pressed.read().filter(|_| !listening.0) {
        let bound = controls.menu(*control);
        let asked = if plays {
            // a level has at most four lanes, or a stick; what answers one in any layout is not pressed to pause
            let answers = (0..=crate::input::bindings::MAX_LANES).any(|n| controls.answers(*control, seat, n));
            asks_in_play(*control, bound, answers)
        } else if taps && controls.answers(*control, seat, 1) {
            None
        } else {
            asks(*control, bound)
        };
        let moves = matches!(asked, Some(Steer::Up | Steer::Down | Steer::Left | Steer::Right));
        out.write_batch(asked.filter(|_| moves || !repeat));
    }
    if let Some(mut other) = other {
        (other.0)(&mut heard);
        out.write_batch(heard.drain(..));
    }
}

/// Keeps the focus on an item of the top layer, and notes when that layer arrived.
fn keep(
    items: Query<(Entity, &Item, Has<Preferred>)>,
    mut focus: ResMut<InputFocus>,
    mut arrived: ResMut<Arrived>,
    time: Res<Time>,
) {
    let top = items.iter().map(|(_, item, _)| item.layer).max();
    let in_place = focus.get().and_then(|entity| items.get(entity).ok()).map(|(_, item, _)| item.layer);
    if in_place == top {
        return;
    }
    let first = items
        .iter()
        .filter(|(_, item, _)| Some(item.layer) == top)
        .min_by_key(|(_, item, preferred)| (!preferred, item.row, item.column));
    arrived.0 = time.elapsed_secs_f64();
    match first {
        Some((entity, ..)) => focus.set(entity, FocusCause::Navigated),
        None => focus.clear(),
    }
}

#[expect(clippy::too_many_arguments, reason = "a system takes what it reads")]
fn steer(
    mut steers: MessageReader<Steer>,
    items: Query<(Entity, &Item, Has<Adjustable>, Option<&Pane>)>,
    hovered: Query<(Entity, &Item, Ref<Interaction>)>,
    mut moved: MessageReader<CursorMoved>,
    mut focus: ResMut<InputFocus>,
    mut chosen: MessageWriter<Chosen>,
    arrived: Res<Arrived>,
    time: Res<Time>,
    bridge: NonSend<Bridge>,
    measuring: NonSend<Measuring>,
) {
    let top = items.iter().map(|(_, item, ..)| item.layer).max();
    let stood = time.elapsed_secs_f64() - arrived.0;
    let deaf = bridge.is_attached() && stood < DEAF_AT_FIRST || measuring.is_attached() && stood < DEAF_TO_A_BEAT;
    // an item that arrives under a pointer at rest takes nothing from the keys; nor does a window that opens under one,
    // which tells where the pointer is without its having moved
    let moved = moved.read().filter(|moved| moved.delta.is_some_and(|way| way != Vec2::ZERO)).count() > 0;
    for (entity, _, interaction) in hovered.iter().filter(|(_, item, _)| Some(item.layer) == top) {
        match *interaction {
            Interaction::Pressed if interaction.is_changed() => {
                focus.set(entity, FocusCause::Pressed);
                chosen.write(Chosen { item: entity, how: How::Accept });
            }
            Interaction::Hovered if moved && focus.get() != Some(entity) => focus.set(entity, FocusCause::Pressed),
            _ => {}
        }
    }
    for &step in steers.read() {
        let Some((entity, from, adjustable, pane)) = focus.get().and_then(|entity| items.get(entity).ok()) else {
            continue;
        };
        let by = match step {
            Steer::Left if adjustable => Some(How::Step(-1)),
            Steer::Right if adjustable => Some(How::Step(1)),
            Steer::Accept if !deaf => Some(How::Accept),
            _ => None,
        };
        if let Some(how) = by {
            chosen.write(Chosen { item: entity, how });
            continue;
        }
        let aside = pane.and_then(|pane| match step {
            Steer::Left => pane.left,
            Steer::Right => pane.right,
            _ => None,
        });
        if let Some(aside) = aside.filter(|aside| items.contains(*aside)) {
            focus.set(aside, FocusCause::Navigated);
            continue;
        }
        let list = |pane: Option<&Pane>| pane.map(|pane| pane.list);
        let beside =
            || items.iter().filter(|(_, item, _, other)| Some(item.layer) == top && list(*other) == list(pane));
        let within: Vec<Item> = beside().map(|(_, item, ..)| *item).collect();
        if let Some(to) = neighbour(*from, &within, step)
            && let Some((entity, ..)) = beside().find(|(_, item, ..)| **item == to)
        {
            focus.set(entity, FocusCause::Navigated);
        }
    }
}

/// The item in focus has a ring and stands out; form as well as colour.
fn show(
    focus: Res<InputFocus>,
    theme: Res<Theme>,
    mut items: Query<(Entity, &mut BackgroundColor, &mut Outline), With<Item>>,
) {
    for (entity, mut background, mut outline) in &mut items {
        let has = focus.get() == Some(entity);
        let surface = if has { theme.palette.lifted } else { theme.palette.raised };
        let ring = if has { theme.palette.focus } else { Color::NONE };
        background.set_if_neq(BackgroundColor(surface));
        outline.set_if_neq(Outline { width: px(space::HAIR), offset: px(3.0), color: ring });
    }
}

pub fn plugin(app: &mut App) {
    app.add_message::<Steer>()
        .add_message::<Chosen>()
        .init_resource::<Arrived>()
        .add_systems(PreUpdate, (listen, keep, steer).chain().after(bevy::ui::UiSystems::Focus).after(Hearing))
        .add_systems(Update, show);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(row: u8, column: u8) -> Item {
        Item { layer: 0, row, column }
    }

    #[test]
    fn up_and_down_keep_to_the_column_they_can() {
        // Two ladders of three levels above a row of one.
        let items = [item(0, 0), item(0, 1), item(1, 0), item(1, 1), item(2, 0), item(2, 1), item(3, 0)];
        assert_eq!(neighbour(item(0, 1), &items, Steer::Down), Some(item(1, 1)));
        assert_eq!(neighbour(item(2, 1), &items, Steer::Down), Some(item(3, 0)));
        assert_eq!(neighbour(item(3, 0), &items, Steer::Up), Some(item(2, 0)));
        assert_eq!(neighbour(item(0, 0), &items, Steer::Right), Some(item(0, 1)));
    }

    #[test]
    fn the_edge_holds() {
        let items = [item(0, 0), item(1, 0)];
        assert_eq!(neighbour(item(0, 0), &items, Steer::Up), None);
        assert_eq!(neighbour(item(1, 0), &items, Steer::Down), None);
        assert_eq!(neighbour(item(0, 0), &items, Steer::Left), None);
        assert_eq!(neighbour(item(0, 0), &items, Steer::Accept), None);
    }

    #[test]
    fn a_control_asks_what_it_is_bound_to_and_else_what_people_expect() {
        let control = |name: &str| name.parse::<Control>().unwrap();
        let controls = Controls::default();
        let asked = |name| asks(control(name), controls.menu(control(name)));
        assert_eq!(
            ["Escape", "KeyP", "PadStart", "PadEast", "Note36", "Note60", "KeyQ"].map(asked),
            [
                Some(Steer::Back),
                Some(Steer::Pause),
                Some(Steer::Pause),
                Some(Steer::Back),
                Some(Steer::Down),
                Some(Steer::Accept),
                None
            ]
        );
        // a table that binds the arrows' actions elsewhere
        assert_eq!(asks(control("ArrowUp"), None), Some(Steer::Up));
        assert_eq!(asks(control("KeyP"), Some(MenuAction::Left)), Some(Steer::Left));
    }

    #[test]
    fn in_play_only_what_pauses_is_heard_and_never_what_answers_a_lane() {
        let control = |name: &str| name.parse::<Control>().unwrap();
        let controls = Controls::default();
        let asked = |name, answers| asks_in_play(control(name), controls.menu(control(name)), answers);
        assert_eq!(asked("Escape", false), Some(Steer::Pause));
        assert_eq!(asked("PadStart", false), Some(Steer::Pause));
        assert_eq!((asked("KeyP", false), asked("KeyP", true)), (Some(Steer::Pause), None));
        for name in ["PadEast", "Backspace", "Enter", "Note49", "ArrowLeft"] {
            assert_eq!(asked(name, false), None, "{name}");
        }
    }

    #[test]
    fn every_item_is_reached_from_every_other() {
        let items = [item(0, 0), item(0, 1), item(1, 1), item(2, 0), item(4, 2)];
        for start in items {
            let mut reached = vec![start];
            let mut next = 0;
            while next < reached.len() {
                for step in [Steer::Up, Steer::Down, Steer::Left, Steer::Right] {
                    if let Some(to) = neighbour(reached[next], &items, step)
                        && !reached.contains(&to)
                    {
                        reached.push(to);
                    }
                }
                next += 1;
            }
            assert_eq!(reached.len(), items.len(), "from {start:?}");
        }
    }
}
