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

#[cfg(test)]
mod tests {
    use doozy_training::{
        event::{Amplify, Cue, CueKind, Effect, ErrorUnit, PathPoint, Role, Target, TargetId, Tier, TrialId},
        time::{HostTime, Nanos, TrialClock},
    };

    use super::*;
    use crate::{
        conductor::note::Note,
        game::{
            stage::{parts::Breakage, sample, timeline::Timeline},
            theme::{Palette, PaletteName},
        },
    };

    const STAGES: [Stage; 16] = [
        sample::BELL,
        Stage::Gate { visible: Nanos::ms(900), occluded: Nanos::ms(300) },
        Stage::Lanes { lanes: 4, approach: Nanos::ms(1500) },
        Stage::Grid { beat: Nanos::ms(600), divisions: 2 },
        Stage::Streams { fast: 3, slow: 2, cycle: Nanos::ms(1800) },
        Stage::Echo { reply: Nanos::ms(2000) },
        Stage::Items { lanes: 4 },
        Stage::Syllables { interval: Nanos::ms(600) },
        Stage::Interval { shown: Nanos::ms(700), reply: Nanos::ms(2000) },
        Stage::Hold { due: Nanos::ms(600) },
        Stage::Swing { from: Nanos::ms(1600), way: Nanos::ms(600) },
        Stage::Road { speed_mps: 30.0, grip_mps2: 8.8, sight: Nanos::ms(1200), turn: false },
        Stage::Road { speed_mps: 30.0, grip_mps2: 8.8, sight: Nanos::ms(1200), turn: true },
        Stage::Signal { onset: Nanos::ms(1800), stop: None },
        Stage::Signal { onset: Nanos::ms(1800), stop: Some(Nanos::ms(200)) },
        Stage::Path,
    ];
    /// 4:3, 16:9, 21:9, 32:9 and 9:16 (cases A49).
    const ROOMS: [(f32, f32); 5] = [(960.0, 720.0), (1280.0, 720.0), (1680.0, 720.0), (2560.0, 720.0), (405.0, 720.0)];

    fn room((width, height): (f32, f32)) -> Room {
        Room { half: Vec2::new(width, height) * 0.5, strip: 144.0 }
    }

    /// A plan with a cue of every kind that a stage may meet, and targets of every role.
    fn plan(stage: Stage) -> TrialPlan {
        let mut plan = sample::plan(0, stage, true);
        let cue = |ms: i64, kind| Cue { at: Nanos::ms(ms), kind, heard: ms % 200 == 0, seen: true };
        plan.cues = vec![
            cue(0, CueKind::CountIn { left: 1 }),
            cue(500, CueKind::Model { accent: true }),
            cue(1000, CueKind::Model { accent: false }),
            cue(1900, CueKind::Surprise(doozy_training::event::SurpriseKind::Edge)),
            cue(2000, CueKind::Surprise(doozy_training::event::SurpriseKind::Obstacle)),
            cue(2200, CueKind::Beat { accent: true }),
            cue(2500, CueKind::Subdivision),
            cue(2800, CueKind::Syllable { stressed: true }),
            cue(3400, CueKind::Item { lane: event::Lane(1) }),
        ];
        plan.targets[1].lane = event::Lane(1);
        plan.targets[1].surprise = Some(doozy_training::event::SurpriseKind::Obstacle);
        plan.targets[2].hold = Some(Nanos::ms(400));
        plan.terms.words = ["straw", "ber", "ry"].map(str::to_owned).to_vec();
        match stage {
            Stage::Echo { .. } => {
                plan.terms.unit = ErrorUnit::Percent;
                plan.terms.amplify = Amplify::AtPhraseEnd;
                plan.targets[0].role = Role::Begin;
                plan.targets[1].role = Role::PressAfter { after: Nanos::ms(500) };
            }
            Stage::Items { .. } => {
                for target in &mut plan.targets {
                    let onset = target.at - Nanos::ms(350);
                    target.role = Role::React { onset, least: Nanos::ZERO };
                }
            }
            Stage::Interval { shown: after, .. } | Stage::Hold { due: after } => {
                plan.cues.extend([
                    cue(1000, CueKind::IntervalBegins),
                    cue(1600, CueKind::IntervalEnds),
                    cue(2000, CueKind::YourTurn),
                    cue(2300, CueKind::Distractor),
                ]);
                plan.targets.truncate(2);
                plan.targets[0].role = Role::Begin;
                let held = matches!(stage, Stage::Hold { .. });
                plan.targets[1].role = if held { Role::ReleaseAfter { after } } else { Role::PressAfter { after } };
            }
            Stage::Swing { .. } => {
                plan.targets.truncate(1);
                plan.targets[0].role = Role::Release;
            }
            Stage::Road { turn, .. } => {
                plan.cues.push(cue(1000, CueKind::Sign));
                plan.targets.truncate(if turn { 2 } else { 1 });
            }
            Stage::Signal { onset, stop } => {
                plan.targets.truncate(1);
                plan.targets[0].role = Role::React { onset, least: Nanos::ms(100) };
                plan.targets[0].stop = stop.is_some();
            }
            Stage::Path => {
                plan.terms.unit = ErrorUnit::Percent;
                plan.targets.iter_mut().for_each(|target| target.role = Role::Gate);
                let point = |ms: i64, centre| PathPoint { at: Nanos::ms(ms), centre, width: 0.3 };
                plan.terms.path = vec![point(0, 0.0), point(2200, 0.4), point(2800, -0.7), point(3400, 0.0)];
            }
            Stage::Bell { .. } => plan.targets[2].role = Role::PressAfter { after: Nanos::ms(600) },
            _ => {}
        }
        plan
    }

    fn told(plan: &TrialPlan, origin: HostTime) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.apply(&Note::Effect(Effect::Planned(plan.clone())), origin);
        let clock = TrialClock { origin, rate_ppb: 0 };
        timeline.apply(&Note::Anchored { trial: TrialId(0), clock }, origin);
        timeline
    }

    fn scene<'a>(room: &'a Room, look: &'a Look, timeline: &'a Timeline, now: HostTime) -> Scene<'a> {
        Scene { now, look, room, timeline, broken: None, still: false, glow: 1.0, travellers: 1.0 }
    }

    #[test]
    fn every_machine_can_be_drawn_at_every_moment_in_every_window() {
        let origin = HostTime(7_000_000_000);
        let text = Text::default();
        for stage in STAGES {
            let plan = plan(stage);
            let mut timeline = told(&plan, origin);
            let looks = PaletteName::ALL.map(|name| Look::of(&Palette::named(name)));
            for step in 0..50 {
                let now = origin + Nanos::ms(100 * step);
                if step == 23 {
                    let due = origin + plan.targets[0].at;
                    let judged = sample::judged(0, due, 90.0, 120.0, Tier::Doozy);
                    timeline.apply(&Note::Effect(Effect::Judged(judged)), now);
                }
                if step == 42 {
                    let ended =
                        Effect::TrialEnded { trial: TrialId(0), void: None, worst: Some(event::EventId(0)), t: now };
                    timeline.apply(&Note::Effect(ended), now);
                }
                for size in ROOMS {
                    let room = room(size);
                    let machine = of(&stage);
                    let lane = machine.lane(&plan, &room);
                    let run = timeline.run(TrialId(0)).unwrap();
                    let broken = Breakage { sign: -1.0, size: 0.8, age_ms: 10.0 * step as f64, left: 0.7 };
                    for (still, broken) in [(false, None), (false, Some(broken)), (true, Some(broken))] {
                        let look = &looks[step as usize % looks.len()];
                        let scene = Scene { still, broken, ..scene(&room, look, &timeline, now) };
                        let (mut p, mut captions) = (Painter::default(), Captions::default());
                        machine.back(&mut p, &scene, &lane, run);
                        machine.front(&mut p, &scene, &lane, run);
                        super::super::surprise::paint(&mut p, &scene, &lane, run);
                        machine.words(&mut captions, &text, &scene, &lane, run);
                        assert!(p.corners() > 200 && p.is_finite(), "{stage:?} at {step} in {size:?}");
                        assert!(captions.asked().iter().all(|caption| caption.at.is_finite()), "{stage:?} {step}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_window_shows_a_target_equally_long_before_it_is_due() {
        let due = HostTime(10_000_000_000);
        for stage in STAGES {
            let plan = plan(stage);
            let leads = ROOMS.map(|size| of(&stage).lane(&plan, &room(size)).lead);
            assert!(leads.iter().all(|lead| *lead == leads[0]), "{stage:?}: {leads:?}");
            for size in ROOMS {
                let room = room(size);
                let lane = of(&stage).lane(&plan, &room);
                assert_eq!(lane.x(due, due), lane.anchor.x, "{stage:?}: what is due is at the strike point");
                assert!(lane.x(due, due - Nanos::ms(50)) < lane.anchor.x, "{stage:?}: not yet due is left");
                assert!(lane.anchor.x - lane.reach >= -room.half.x - 1.0, "{stage:?}: its way begins in sight");
            }
        }
    }

    #[test]
    fn a_machine_s_parts_lie_inside_every_window() {
        for stage in STAGES {
            let plan = plan(stage);
            for size in ROOMS {
                let room = room(size);
                let machine = of(&stage);
                let lane = machine.lane(&plan, &room);
                let heights = [
                    machine.heart(&lane).y,
                    machine.count_in(&lane).y,
                    machine.breaks(&lane).at.y,
                    machine.strike(&lane, &plan, event::Lane(1)).y,
                    machine.rings(&lane, &plan, event::Lane(1)).0.y,
                ];
                let inside = |y: &f32| *y > room.bottom() && *y < room.half.y;
                assert!(heights.iter().all(inside), "{stage:?} in {size:?}: {heights:?}");
            }
        }
    }

    #[test]
    fn a_chart_of_seventy_thousand_targets_costs_what_is_in_sight() {
        let stage = Stage::Lanes { lanes: 4, approach: Nanos::ms(1500) };
        let mut plan = sample::plan(0, stage, true);
        plan.cues.clear();
        plan.targets = (0..70_000)
            .map(|n: u32| Target::press(n, Nanos::ms(2000 + 60 * i64::from(n)), event::Lane((n % 4) as u8)))
            .collect();
        let origin = HostTime(1_000_000_000);
        let timeline = told(&plan, origin);
        let look = Look::of(&Palette::named(PaletteName::Dark));
        let room = Room::default();
        let lane = of(&stage).lane(&plan, &room);
        let run = timeline.run(TrialId(0)).unwrap();
        let corners = |at: i64| {
            let mut p = Painter::default();
            let now = origin + Nanos::ms(at);
            of(&stage).front(&mut p, &scene(&room, &look, &timeline, now), &lane, run);
            (p.corners(), timeline.next_due(now))
        };
        let (few, _) = corners(0);
        let (many, next) = corners(2_000_000);
        assert_eq!(next, Some(origin + Nanos::ms(2_000_060)));
        // In sight are 1.5 s before and as long a way after the strike point: some forty notes.
        assert!(many > few && many < few + 60 * 160, "{many} corners, {few} without notes");
        assert_eq!(run.asked(TargetId(69_999)).map(|target| target.at), Some(Nanos::ms(2000 + 60 * 69_999)));
    }
}
