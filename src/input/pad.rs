//! What a pad's reports mean: presses and releases of its controls, and which of the pads counts.
//!
//! Plain translation without a device, so that its cases (A21–A24) are tests on a machine without pads.

use std::collections::{BTreeMap, BTreeSet};

use doozy_training::event::{DeviceId, ReleaseCause};

use super::{
    Control, Edge,
    control::{Direction, PadSide},
    held::Held,
};

/// Travel at which an analogue trigger is pressed and, on its way back, released; 0…1.
///
/// ◇ Ours: half-way is where people expect the press; the 0.15 between the two is over twice the jitter of worn pads.
const TRIGGER: Hysteresis = Hysteresis { press: 0.5, release: 0.35 };

/// Deflection at which a stick or hat points somewhere and at which it does not any more; 0…1.
///
/// ◇ Ours: cases A24 asks for a release below 0.45 and a dead zone of 0.1 or more; a new pad rests up to 0.06 off centre.
const STICK: Hysteresis = Hysteresis { press: 0.5, release: 0.4 };

struct Hysteresis {
    press: f32,
    release: f32,
}

impl Hysteresis {
    fn is_down(&self, was_down: bool, value: f32) -> bool {
        if was_down { value > self.release } else { value >= self.press }
    }
}

/// A pair of opposite directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PadAxis {
    HatX,
    HatY,
    StickX(PadSide),
    StickY(PadSide),
}

impl PadAxis {
    /// Its directions: towards −1 (left, down) and towards +1 (right, up).
    fn ends(self) -> [Control; 2] {
        use Direction::{Down, Left, Right, Up};
        match self {
            Self::HatX => [Control::Hat(Left), Control::Hat(Right)],
            Self::HatY => [Control::Hat(Down), Control::Hat(Up)],
            Self::StickX(side) => [Control::Stick(side, Left), Control::Stick(side, Right)],
            Self::StickY(side) => [Control::Stick(side, Down), Control::Stick(side, Up)],
        }
    }
}

/// One change that a pad reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PadChange {
    /// A button or trigger, 0 (up) … 1 (down).
    Button(Control, f32),
    /// An axis, −1 (left, down) … 1 (right, up).
    Axis(PadAxis, f32),
}

/// One pad's controls.
#[derive(Clone, Debug, Default)]
pub struct PadState(Held);

impl PadState {
    /// Appends the edges that a change makes, releases first.
    ///
    /// Opposite directions exclude each other: a hat that jumps from left to right lets go of left.
    pub fn apply(&mut self, change: PadChange, edges: &mut Vec<(Control, Edge)>) {
        match change {
            PadChange::Button(control @ Control::Trigger(_), value) => {
                self.set(control, TRIGGER.is_down(self.0.is_down(control), value), edges);
            }
            PadChange::Button(control, value) => self.set(control, value >= 0.5, edges),
            PadChange::Axis(axis, value) => {
                let [negative, positive] = axis.ends();
                let to_negative = STICK.is_down(self.0.is_down(negative), -value);
                let to_positive = STICK.is_down(self.0.is_down(positive), value);
                if to_positive {
                    self.set(negative, to_negative, edges);
                    self.set(positive, to_positive, edges);
                } else {
                    self.set(positive, to_positive, edges);
                    self.set(negative, to_negative, edges);
                }
            }
        }
    }

    /// The pad is gone: whatever it held comes up.
    pub fn lose(&mut self, edges: &mut Vec<(Control, Edge)>) {
        edges.extend(self.0.release_all().map(|control| (control, Edge::Up(ReleaseCause::DeviceLost))));
    }

    fn set(&mut self, control: Control, down: bool, edges: &mut Vec<(Control, Edge)>) {
        if down && self.0.press(control) {
            edges.push((control, Edge::Down));
        } else if !down && self.0.release(control) {
            edges.push((control, Edge::Up(ReleaseCause::Released)));
        }
    }
}

/// Which pads' presses count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PadChoice {
    /// The first that presses something; then it alone, also after it was gone and came back.
    #[default]
    First,
    /// The one with this identity (hex, as [`super::Notice::DeviceFound`] gives it).
    Uuid(String),
    /// All of them, for drills with a pad a lane.
    All,
}

/// The pads of a session: their numbers, which are connected, and the chosen one. MIDI instruments are kept in one of
/// their own.
#[derive(Clone, Debug)]
pub struct Pads {
    first: u16,
    choice: PadChoice,
    chosen: Option<DeviceId>,
    /// Those that count beside it, because the player said so.
    adopted: BTreeSet<DeviceId>,
    pads: BTreeMap<DeviceId, Pad>,
    by_backend: BTreeMap<usize, DeviceId>,
}

/// One pad as this session knows it.
#[derive(Clone, Debug)]
pub struct Pad {
    pub name: String,
    pub uuid: String,
    pub connected: bool,
}

impl Pads {
    /// Pads are numbered from 1 in the order in which they were seen.
    #[must_use]
    pub fn new(choice: PadChoice) -> Self {
        Self::numbered_from(1, choice)
    }

    /// Devices of another kind, numbered from `first`.
    #[must_use]
    pub fn numbered_from(first: u16, choice: PadChoice) -> Self {
        Self {
            first,
            choice,
            chosen: None,
            adopted: BTreeSet::new(),
            pads: BTreeMap::new(),
            by_backend: BTreeMap::new(),
        }
    }

    /// Changes what was chosen; what counts is then decided anew.
    pub fn choose(&mut self, choice: PadChoice) {
        self.chosen = None;
        self.adopted.clear();
        self.choice = choice;
        if let PadChoice::Uuid(uuid) = &self.choice {
            self.chosen = self.pads.iter().find(|(_, pad)| pad.connected && pad.uuid == *uuid).map(|(id, _)| *id);
        }
    }

    /// A pad appeared under the backend's number. One that was gone and has the same identity gets its number back.
    pub fn connect(&mut self, backend: usize, name: String, uuid: String) -> DeviceId {
        let returned = self.pads.iter().find(|(_, pad)| !pad.connected && pad.uuid == uuid).map(|(id, _)| *id);
        let id = returned.unwrap_or(DeviceId(self.first + self.pads.len() as u16));
        if self.chosen.is_none() && self.choice == PadChoice::Uuid(uuid.clone()) {
            self.chosen = Some(id);
        }
        self.pads.insert(id, Pad { name, uuid, connected: true });
        self.by_backend.insert(backend, id);
        id
    }

    /// The pad under the backend's number is gone.
    pub fn disconnect(&mut self, backend: usize) -> Option<DeviceId> {
        let id = self.by_backend.remove(&backend)?;
        self.pads.get_mut(&id)?.connected = false;
        Some(id)
    }

    #[must_use]
    pub fn device(&self, backend: usize) -> Option<DeviceId> {
        self.by_backend.get(&backend).copied()
    }

    #[must_use]
    pub fn pad(&self, id: DeviceId) -> Option<&Pad> {
        self.pads.get(&id)
    }

    /// Whether a press of this pad makes it the chosen one, because none was. A chosen pad that is gone stays chosen.
    pub fn press_chooses(&mut self, id: DeviceId) -> bool {
        let chooses = self.choice == PadChoice::First && self.chosen.is_none();
        if chooses {
            self.chosen = Some(id);
        }
        chooses
    }

    /// From now on this pad counts too, because the player was asked and said so. False for one that is not there or counts
    /// already.
    pub fn adopt(&mut self, id: DeviceId) -> bool {
        let there = self.pads.get(&id).is_some_and(|pad| pad.connected);
        there && !self.counts(id) && self.adopted.insert(id)
    }

    /// Whether what this pad does counts.
    #[must_use]
    pub fn counts(&self, id: DeviceId) -> bool {
        self.choice == PadChoice::All || self.chosen == Some(id) || self.adopted.contains(&id)
    }

    /// How many pads are connected.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.pads.values().filter(|pad| pad.connected).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::control::PadButton;

    const LEFT: Control = Control::Hat(Direction::Left);
    const RIGHT: Control = Control::Hat(Direction::Right);
    const UP: Control = Control::Hat(Direction::Up);
    const SOUTH: Control = Control::Button(PadButton::South);
    const UP_EDGE: Edge = Edge::Up(ReleaseCause::Released);

    fn edges(reports: &[(i64, PadChange)]) -> Vec<(i64, Control, Edge)> {
        let mut state = PadState::default();
        let mut all = Vec::new();
        for (t, change) in reports {
            let mut now = Vec::new();
            state.apply(*change, &mut now);
            all.extend(now.into_iter().map(|(control, edge)| (*t, control, edge)));
        }
        all
    }

    #[test]
    fn a_hat_that_flips_lets_go_of_the_other_side() {
        // cases A23
        use PadAxis::{HatX, HatY};
        let reports = [(1000, HatX, -1.0), (1040, HatX, 1.0), (1080, HatX, 0.0)];
        let diagonal = [(2000, HatX, 1.0), (2000, HatY, 1.0), (2030, HatY, 0.0), (2050, HatX, 0.0)];
        let changes = reports.into_iter().chain(diagonal).map(|(t, axis, value)| (t, PadChange::Axis(axis, value)));
        assert_eq!(
            edges(&changes.collect::<Vec<_>>()),
            [
                (1000, LEFT, Edge::Down),
                (1040, LEFT, UP_EDGE),
                (1040, RIGHT, Edge::Down),
                (1080, RIGHT, UP_EDGE),
                (2000, RIGHT, Edge::Down),
                (2000, UP, Edge::Down),
                (2030, UP, UP_EDGE),
                (2050, RIGHT, UP_EDGE)
            ]
        );
    }

    #[test]
    fn a_hat_flips_back_in_the_same_order() {
        let reports = [(0, 1.0), (1, -1.0)].map(|(t, value)| (t, PadChange::Axis(PadAxis::HatX, value)));
        assert_eq!(edges(&reports), [(0, RIGHT, Edge::Down), (1, RIGHT, UP_EDGE), (1, LEFT, Edge::Down)]);
    }

    #[test]
    fn no_release_comes_before_a_press() {
        let changes =
            [PadChange::Axis(PadAxis::HatX, 0.0), PadChange::Button(SOUTH, 0.0), PadChange::Axis(PadAxis::HatX, 1.0)];
        assert_eq!(edges(&changes.map(|c| (0, c))), [(0, RIGHT, Edge::Down)]);
    }

    #[test]
    fn a_d_pad_of_buttons_gives_the_same_controls() {
        let changes = [(0, PadChange::Button(LEFT, 1.0)), (40, PadChange::Button(LEFT, 0.0))];
        assert_eq!(edges(&changes), [(0, LEFT, Edge::Down), (40, LEFT, UP_EDGE)]);
    }

    #[test]
    fn a_stick_that_drifts_and_chatters_presses_once() {
        // cases A24
        let x = |value| PadChange::Axis(PadAxis::StickX(PadSide::Left), value);
        let drift = (0..15_000).map(|i| (i * 4, x(0.06 + 0.02 * ((i % 5) as f32 / 2.0 - 1.0))));
        assert_eq!(edges(&drift.collect::<Vec<_>>()), []);
        let chatter = (0..40).map(|i| (i * 4, x(if i % 2 == 0 { 0.49 } else { 0.51 })));
        let right = Control::Stick(PadSide::Left, Direction::Right);
        assert_eq!(edges(&chatter.collect::<Vec<_>>()), [(4, right, Edge::Down)]);
        let pure_y = [(0, x(0.0)), (0, PadChange::Axis(PadAxis::StickY(PadSide::Left), 0.9))];
        assert_eq!(edges(&pure_y), [(0, Control::Stick(PadSide::Left, Direction::Up), Edge::Down)]);
        assert_eq!(edges(&[(0, x(0.5)), (1, x(0.41)), (2, x(0.4))]), [(0, right, Edge::Down), (2, right, UP_EDGE)]);
    }

    #[test]
    fn a_trigger_is_down_from_half_way_until_it_is_clearly_back() {
        let trigger = Control::Trigger(PadSide::Right);
        let travel = [0.2, 0.49, 0.5, 0.45, 0.55, 0.36, 0.35, 0.45, 1.0].iter().enumerate();
        let changes = travel.map(|(t, value)| (t as i64, PadChange::Button(trigger, *value)));
        assert_eq!(
            edges(&changes.collect::<Vec<_>>()),
            [(2, trigger, Edge::Down), (6, trigger, UP_EDGE), (8, trigger, Edge::Down)]
        );
    }

    #[test]
    fn a_pad_that_goes_lets_go() {
        // cases A21
        let (mut state, mut out) = (PadState::default(), Vec::new());
        state.apply(PadChange::Button(SOUTH, 1.0), &mut out);
        state.lose(&mut out);
        state.apply(PadChange::Button(SOUTH, 0.0), &mut out);
        assert_eq!(out, [(SOUTH, Edge::Down), (SOUTH, Edge::Up(ReleaseCause::DeviceLost))]);
    }

    #[test]
    fn the_same_pad_gets_its_number_back_under_a_new_id() {
        // cases A21, with its variant: another pad is a stranger and never takes over by itself.
        let mut pads = Pads::new(PadChoice::First);
        let first = pads.connect(0, "Pad".into(), "aa".into());
        assert!(pads.press_chooses(first));
        assert_eq!(pads.disconnect(0), Some(first));
        let stranger = pads.connect(1, "Other".into(), "bb".into());
        assert_ne!(stranger, first);
        assert!(!pads.press_chooses(stranger) && !pads.counts(stranger));
        assert_eq!(pads.connect(7, "Pad".into(), "aa".into()), first);
        assert!(pads.counts(first) && !pads.press_chooses(first));
        assert_eq!((pads.device(7), pads.device(0), pads.connected()), (Some(first), None, 2));
    }

    #[test]
    fn a_stranger_counts_once_the_player_says_so_and_the_first_still_does() {
        // cases A21, the variant with another identity
        let mut pads = Pads::new(PadChoice::First);
        let first = pads.connect(0, "Pad".into(), "aa".into());
        assert!(pads.press_chooses(first));
        pads.disconnect(0);
        let stranger = pads.connect(1, "Other".into(), "bb".into());
        assert!(!pads.counts(stranger) && pads.adopt(stranger) && pads.counts(stranger));
        assert!(!pads.adopt(stranger), "it counts already");
        assert_eq!(pads.connect(2, "Pad".into(), "aa".into()), first);
        assert!(pads.counts(first) && !pads.adopt(first));
        assert!(!pads.adopt(DeviceId(9)), "there is none of this number");
        pads.choose(PadChoice::First);
        assert!(!pads.counts(stranger), "a new choice forgets it");
    }

    #[test]
    fn of_two_copies_one_is_chosen_and_two_pads_can_both_count() {
        // cases A22: A 1000.0, B 1000.8, A 2000.0, B 2000.6, A 3000.0, B 3001.1.
        let mut pads = Pads::new(PadChoice::First);
        let [a, b] = [0, 1].map(|i| pads.connect(i, "Pad".into(), "aa".into()));
        assert_ne!(a, b);
        let taps = [(a, 10_000), (b, 10_008), (a, 20_000), (b, 20_006), (a, 30_000), (b, 30_011)];
        let counted = taps.iter().filter(|(pad, _)| {
            pads.press_chooses(*pad);
            pads.counts(*pad)
        });
        assert_eq!(counted.map(|(_, t)| *t).collect::<Vec<_>>(), [10_000, 20_000, 30_000]);
        pads.choose(PadChoice::All);
        assert!(pads.counts(a) && pads.counts(b));
    }

    #[test]
    fn a_pad_can_be_chosen_before_it_is_there() {
        let mut pads = Pads::new(PadChoice::Uuid("bb".into()));
        let a = pads.connect(0, "Pad".into(), "aa".into());
        let b = pads.connect(1, "Pad".into(), "bb".into());
        assert!(!pads.press_chooses(a) && !pads.counts(a) && pads.counts(b));
        pads.choose(PadChoice::Uuid("aa".into()));
        assert!(pads.counts(a) && !pads.counts(b));
    }
}
