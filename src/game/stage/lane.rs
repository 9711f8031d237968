//! The lane: where a moment stands on the stage.
//!
//! A thing that is due reaches the strike point exactly then, coming from the left. The time from the lane's left end
//! to the strike point belongs to the drill and never to the shape of the window: a wider window stretches the way and
//! shows no target earlier.

use bevy::math::Vec2;
use doozy_training::{
    event::{CueKind, ErrorUnit, TrialPlan},
    time::{HostTime, Nanos},
};

use super::machine;

/// Height of the room in design units, as the theme has it.
const ROOM: f32 = 720.0;
/// Share of the stage's height below the lane. ◇
const LANE_HEIGHT: f32 = 0.315;
/// Half of the plate where errors are in per cent, design units. ◇ It has no moments to agree with.
const PERCENT_HALF: f32 = 240.0;

/// The space that the stage has, in design units around the window's middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Half of the visible width and height.
    pub half: Vec2,
    /// Height taken by the cortex strip at the bottom; 0 while it is hidden.
    pub strip: f32,
}

impl Default for Room {
    fn default() -> Self {
        Self { half: Vec2::new(640.0, 360.0), strip: 144.0 }
    }
}

impl Room {
    /// The stage's lower edge.
    #[must_use]
    pub fn bottom(&self) -> f32 {
        -self.half.y + self.strip
    }

    /// Height of the lane's rail.
    #[must_use]
    pub fn rail(&self) -> f32 {
        // In a tall window the machine keeps its size and stands in the middle.
        let height = (self.half.y * 2.0 - self.strip).min(ROOM);
        let middle = (self.bottom() + self.half.y) * 0.5;
        middle - height * (0.5 - LANE_HEIGHT)
    }
}

/// The lane of one trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lane {
    /// The strike point.
    pub anchor: Vec2,
    /// Way from the left end to the strike point, design units.
    pub reach: f32,
    /// Time for that way.
    pub lead: Nanos,
    /// What is due within this time is out of sight.
    pub hidden: Nanos,
    /// Design units on the plate for a unit of error: for milliseconds as many as on the lane.
    pub per_unit: f32,
}

impl Lane {
    /// The lane for a trial in this room.
    #[must_use]
    pub fn of(plan: &TrialPlan, room: &Room) -> Self {
        machine::of(&plan.stage).lane(plan, room)
    }

    /// A lane on which `reach` design units up to `anchor` take `lead`, with the plate's scale for the drill's errors.
    #[must_use]
    pub fn new(plan: &TrialPlan, anchor: Vec2, reach: f32, lead: Nanos) -> Self {
        let mut lane = Self { anchor, reach, lead, hidden: Nanos::ZERO, per_unit: 0.0 };
        lane.per_unit = match plan.terms.unit {
            ErrorUnit::Milliseconds => lane.per_ms(),
            ErrorUnit::Percent => PERCENT_HALF / (plan.tol_ms.max(1.0) * 3.0) as f32,
        };
        lane
    }

    /// Design units a millisecond.
    #[must_use]
    pub fn per_ms(&self) -> f32 {
        (f64::from(self.reach) / self.lead.as_ms().max(1.0)) as f32
    }

    /// Where a thing that is due at `due` stands at `now`.
    #[must_use]
    pub fn x(&self, due: HostTime, now: HostTime) -> f32 {
        self.offset_ms((now - due).as_ms())
    }

    /// Where a thing stands `ms` after it was due (before: negative).
    #[must_use]
    pub fn offset_ms(&self, ms: f64) -> f32 {
        self.anchor.x + (ms * f64::from(self.per_ms())) as f32
    }

    /// Where an error stands on the plate, in the drill's unit.
    #[must_use]
    pub fn of_error(&self, error: f64) -> f32 {
        self.anchor.x + (error * f64::from(self.per_unit)) as f32
    }
}

/// Time from the launch to the first target, where the trial launches something.
#[must_use]
pub fn launch_lead(plan: &TrialPlan) -> Option<Nanos> {
    let launch = plan.cues.iter().find(|cue| cue.kind == CueKind::Launch)?;
    let target = plan.targets.first()?;
    (target.at.0 > launch.at.0).then(|| target.at - launch.at)
}

#[cfg(test)]
mod tests {
    use doozy_training::event::Stage;

    use super::*;
    use crate::game::stage::sample::{BELL, plan};

    fn room(width: f32, height: f32) -> Room {
        Room { half: Vec2::new(width, height) * 0.5, strip: 144.0 }
    }

    #[test]
    fn what_is_due_is_at_the_strike_point() {
        let lane = Lane::of(&plan(0, BELL, false), &Room::default());
        let due = HostTime(5_000_000_000);
        assert_eq!(lane.x(due, due), lane.anchor.x);
        assert!(lane.x(due, due - Nanos::ms(50)) < lane.anchor.x, "not yet due is left");
        assert!(lane.x(due, due + Nanos::ms(50)) > lane.anchor.x, "past due is right");
    }

    #[test]
    fn every_window_shows_a_target_equally_long_before_it_is_due() {
        // cases A49: 4:3, 16:9, 21:9, 32:9 and 9:16.
        for stage in [BELL, Stage::Gate { visible: Nanos::ms(900), occluded: Nanos::ms(300) }] {
            let leads: Vec<f32> = [(960.0, 720.0), (1280.0, 720.0), (1680.0, 720.0), (2560.0, 720.0), (405.0, 720.0)]
                .map(|(w, h)| {
                    let lane = Lane::of(&plan(0, stage, false), &room(w, h));
                    let due = HostTime(10_000_000_000);
                    let left_end = lane.anchor.x - lane.reach;
                    (lane.x(due, due - lane.lead) - left_end).abs() + lane.lead.as_ms() as f32
                })
                .to_vec();
            assert!(leads.iter().all(|l| (l - leads[0]).abs() < 0.01), "{leads:?}");
        }
    }

    #[test]
    fn a_ball_is_under_way_as_long_as_its_launch_says() {
        let lane = Lane::of(
            &plan(0, Stage::Gate { visible: Nanos::ms(900), occluded: Nanos::ms(300) }, false),
            &Room::default(),
        );
        assert_eq!(lane.lead, Nanos::ms(1200));
        assert_eq!(lane.hidden, Nanos::ms(300));
    }
}
