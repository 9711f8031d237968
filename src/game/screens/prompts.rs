//! Which key is which lane, wherever a screen tells it: in the intro, over a paused drill, at the edge of a running one.

use bevy::prelude::*;

use super::{
    Words, names,
    widgets::{self, words},
};
use crate::{
    game::{
        controls::{Controls, Seat},
        theme::{Size, Theme, Weight},
    },
    input::{DeviceKind, bindings::Slot, labels::Labels},
};

/// How many controls of one lane are named: enough for either hand, few enough to be read at a glance. ◇
const NAMED: usize = 3;

/// What to press for each lane, from the first: a single lane's handiest controls, of several lanes the handiest of each.
/// A lane that nothing answers on the device has none. Without lanes: what steers.
pub fn of(controls: &Controls, seat: &Seat, lanes: u8) -> Vec<Vec<Slot>> {
    if lanes == 0 {
        return controls.stick_prompts(seat).into_iter().map(|slots| slots.into_iter().take(1).collect()).collect();
    }
    let most = if lanes == 1 { NAMED } else { 1 };
    let prompts = controls.prompts(seat, lanes).into_iter();
    prompts.map(|(_, slots)| slots.into_iter().take(most).collect()).collect()
}

/// A device whose prompts can be told: the one used last if it has something for every lane, else the first kind that has.
pub fn seat(controls: &Controls, last: &Seat, lanes: u8) -> Seat {
    let answers = |seat: &Seat| of(controls, seat, lanes).iter().all(|slots| !slots.is_empty());
    let kinds = DeviceKind::ALL.map(Seat::any);
    [last.clone()].into_iter().chain(kinds).find(answers).unwrap_or_else(|| last.clone())
}

/// What to press in one line of text, as "F · J".
pub fn line(says: &Words, labels: &Labels, prompts: &[Vec<Slot>]) -> String {
    let lane = |slots: &Vec<Slot>| match slots.first() {
        Some(_) => {
            let names: Vec<String> = slots.iter().map(|slot| names::name(says, labels, *slot)).collect();
            names.join(" / ")
        }
        None => "–".to_owned(),
    };
    prompts.iter().map(lane).collect::<Vec<_>>().join("   ·   ")
}

/// A key that looks like one.
pub fn cap(parent: &mut ChildSpawnerCommands, theme: &Theme, said: String) {
    let palette = theme.palette;
    parent.spawn((
        Node {
            padding: UiRect::axes(px(18), px(6)),
            border: UiRect { bottom: px(4), ..UiRect::all(px(1)) },
            border_radius: BorderRadius::all(px(7)),
            ..default()
        },
        BackgroundColor(palette.raised),
        BorderColor::all(palette.quiet),
        children![words(theme, said, Size::Body, Weight::Bold, palette.text)],
    ));
}

/// What to press as a row of keys between words; what to steer with in a level without lanes.
pub fn row(
    parent: &mut ChildSpawnerCommands,
    theme: &Theme,
    says: &Words,
    labels: &Labels,
    lanes: u8,
    prompts: &[Vec<Slot>],
) {
    let palette = theme.palette;
    let plain = |line: &mut ChildSpawnerCommands, said: String| {
        line.spawn(words(theme, said, Size::Body, Weight::Regular, palette.text));
    };
    parent.spawn(widgets::row(12.0)).with_children(|line| {
        if lanes == 0 {
            plain(line, says.get("intro-steer", &[]));
            for (i, slot) in prompts.iter().filter_map(|slots| slots.first()).enumerate() {
                if i > 0 {
                    plain(line, says.get("intro-and", &[]));
                }
                cap(line, theme, names::name(says, labels, *slot));
            }
            return;
        }
        plain(line, says.get("intro-controls", &[]));
        if let [only] = prompts {
            for (i, slot) in only.iter().enumerate() {
                if i > 0 {
                    plain(line, says.get("intro-or", &[]));
                }
                cap(line, theme, names::name(says, labels, *slot));
            }
            return;
        }
        for slots in prompts {
            let said = slots.first().map_or_else(|| "–".to_owned(), |slot| names::name(says, labels, *slot));
            cap(line, theme, said);
        }
        line.spawn(words(theme, says.get("intro-lanes", &[]), Size::Small, Weight::Regular, palette.quiet));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::bindings::Table;

    #[test]
    fn a_device_that_answers_nothing_is_not_prompted_for() {
        let mut controls = Controls::default();
        let keyboard = Seat::KEYBOARD;
        assert_eq!(seat(&controls, &keyboard, 2), keyboard);
        controls.change(Table::parse("preset = \"drums\"\n").unwrap()).unwrap();
        assert_eq!(seat(&controls, &keyboard, 2), Seat::any(DeviceKind::Midi));
        controls.change(Table::parse("preset = \"pad-only\"\n").unwrap()).unwrap();
        assert_eq!(seat(&controls, &keyboard, 4), Seat::any(DeviceKind::Pad));
    }

    #[test]
    fn the_keys_of_the_lanes_stand_in_their_order() {
        let (says, labels, controls) = (Words::default(), Labels::default(), Controls::default());
        let said = |lanes| line(&says, &labels, &of(&controls, &Seat::KEYBOARD, lanes));
        assert_eq!(said(1), "Space / F / J");
        assert_eq!(said(4), "D   ·   F   ·   J   ·   K");
        let pad = Seat::any(DeviceKind::Pad);
        assert_eq!(line(&says, &labels, &of(&controls, &pad, 0)), "left stick, left and right");
        assert_eq!(seat(&controls, &Seat::any(DeviceKind::Midi), 0), Seat::KEYBOARD, "no instrument steers");
    }
}
