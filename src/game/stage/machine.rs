//! The machine: what one kind of drill is played on.
//!
//! A machine is one file that says where its lane lies, how it looks at rest, at work and broken, and what it shows again
//! after a doozy; [`of`] names it for its stage. Everything else on the stage (the plate, marks, tiers, debris, captions,
//! the clock of scenes) is the same for all.

use bevy::math::Vec2;
use doozy_training::event::{self, Judged, Stage, TrialPlan};

use super::{
    bell, crane, echo, gate, glass, grid, items,
    lane::{Lane, Room},
    lanes,
    look::Look,
    paint::Painter,
    parts::Scene,
    path, road, server, signal, streams, syllables,
    timeline::Run,
};
use crate::{
    game::feedback::{
        captions::Captions,
        replay::{self, Retold},
    },
    text::Text,
};

/// Part of a machine that flies apart, in design units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaks {
    pub at: Vec2,
    /// Half-extents around it.
    pub spread: Vec2,
}

/// One machine. All places are in design units, y upwards, around the window's middle.
pub trait Machine: Sync {
    /// Where its lane lies for a trial in this room.
    fn lane(&self, plan: &TrialPlan, room: &Room) -> Lane;

    /// What stands behind the lane.
    fn back(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run);

    /// The lane and what travels on it.
    fn front(&self, p: &mut Painter, scene: &Scene<'_>, lane: &Lane, run: &Run);

    /// Middle of what rings after a clean press.
    fn heart(&self, lane: &Lane) -> Vec2;

    /// Where a clean press of lane `pressed` rings outward from, and how large its rings are, 1 being the bell's.
    fn rings(&self, lane: &Lane, _plan: &TrialPlan, _pressed: event::Lane) -> (Vec2, f32) {
        (self.heart(lane), 1.0)
    }

    /// Words that are part of the machine.
    fn words(&self, _captions: &mut Captions, _text: &Text, _scene: &Scene<'_>, _lane: &Lane, _run: &Run) {}

    /// Where a press of lane `pressed` acts: the form of its tier is drawn there, at the error's distance in x.
    fn strike(&self, lane: &Lane, _plan: &TrialPlan, _pressed: event::Lane) -> Vec2 {
        lane.anchor
    }

    /// Where the count-in's figure stands.
    fn count_in(&self, lane: &Lane) -> Vec2 {
        lane.anchor + Vec2::new(0.0, 48.0)
    }

    /// What a doozy breaks off.
    fn breaks(&self, lane: &Lane) -> Breaks {
        Breaks { at: self.heart(lane), spread: Vec2::new(90.0, 80.0) }
    }

    /// Where the few parts of an error within a phrase come from, on the error's side (`sign` −1 or +1): away from the
    /// lane, so that they never lie over what is still to come.
    fn sheds(&self, lane: &Lane, sign: f32) -> Vec2 {
        lane.anchor + Vec2::new(sign * 200.0, 330.0)
    }

    /// What travels on the lane, as the replay shows it: about 17 units in radius, rolled by `roll` radians.
    fn traveller(&self, p: &mut Painter, look: &Look, at: Vec2, roll: f32) {
        p.ball(at, replay::TRAVELLER, roll, look.steel);
    }

    /// The press again, slowly, against a ghost of its target.
    fn replay(&self, p: &mut Painter, _captions: &mut Captions, told: &Retold<'_>) {
        replay::on_a_line(p, told, |p, at, roll| self.traveller(p, told.look, at, roll));
    }

    /// What else the replay says, under the number: what the error came to on this machine.
    fn tells(&self, _text: &Text, _judged: &Judged, _plan: &TrialPlan) -> Option<String> {
        None
    }
}

/// The machine for a stage.
#[must_use]
pub fn of(stage: &Stage) -> &'static dyn Machine {
    match stage {
        Stage::Bell { .. } => &bell::Bell,
        Stage::Gate { .. } => &gate::Gate,
        Stage::Lanes { .. } => &lanes::Lanes,
        Stage::Grid { .. } => &grid::Grid,
        Stage::Streams { .. } => &streams::Streams,
        Stage::Echo { .. } => &echo::Echo,
        Stage::Items { .. } => &items::Items,
        Stage::Syllables { .. } => &syllables::Syllables,
        Stage::Interval { .. } => &glass::Glass,
        Stage::Hold { .. } => &crane::Crane,
        Stage::Swing { .. } => &server::Server,
        Stage::Road { .. } => &road::Road,
        Stage::Signal { .. } => &signal::Signal,
        Stage::Path => &path::Path,
    }
}
