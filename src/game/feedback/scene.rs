//! A doozy, on the clock: the picture holds for 60 ms, parts fly to 600 ms while the edges darken, and to 1600 ms the
//! press is seen again in slow motion against the target, with one number.
//!
//! Which verdict gets how much scene is the session's decision; this file only keeps its clock, in host time. No clock
//! that judges stops while the picture does.

use bevy::{color::LinearRgba, prelude::*};
use doozy_training::{
    event::{Drama, EventId, Judged, Tier, TrialPlan},
    time::{HostTime, Nanos},
};

use super::debris::{Burst, LIFE_MS};
use crate::{
    conductor::note::Command,
    game::{
        bridge::{Bridge, NoteMessage, PlayState},
        limits::{EffectLimits, Light, Rumble},
        stage::{
            lane::{Lane, Room},
            layers::Board,
            look::Look,
            machine::{self, Breaks},
            paint::{Painter, Tint},
            parts::{Breakage, FLOOR_BELOW},
            timeline::{Staged, Timeline},
        },
        theme::motion::{ARRIVE, DEBRIS_ENDS, HIT_STOP, LEAVE, SCENE_ENDS, SHORT_ENDS, ease_out},
    },
};

/// Push of the camera towards the wreck. ◇ 7 % is felt and moves no target out of its place.
const PUSH: f32 = 0.07;
/// Shake that is asked for at the largest error, design units; the limits have the last word.
const SHAKE: f64 = 8.0;
/// Parts at the smallest and the largest doozy. ◇ Their count, like their speed, grows with the error.
const PARTS: (f32, f32) = (90.0, 400.0);
/// Start of the replay with reduced motion, ms. ◇ Early enough that the number stands longer than a second: coming and
/// going within one would be a flash where there is to be none (cases A47).
const STILL_REPLAY: f64 = 420.0;
/// Share of them for a miss. ◇ It comes loose; it does not break.
const MISS_SHARE: f32 = 0.3;
/// Parts of the short form. ◇ Few enough to stay at the edge of attention.
const SHORT_PARTS: usize = 26;

/// The order in which a frame is made.
#[derive(SystemSet, Debug, Hash, PartialEq, Eq, Clone)]
pub enum SceneSet {
    /// Notes become a timeline and scenes.
    Hear,
    /// Parts are let loose.
    Scatter,
    /// Everything is painted.
    Paint,
}

/// The scene that plays, and the last short one.
#[derive(Resource, Clone, Debug, Default)]
pub struct Show {
    full: Option<Staged>,
    short: Option<Staged>,
    burst_done: bool,
    /// Travel is replaced by fades.
    still: bool,
    /// What the limits have left of the newest verdict's glow.
    pub light: f32,
    rumbles: Vec<(HostTime, Rumble)>,
}

impl Show {
    /// The error whose full scene plays or played last.
    #[must_use]
    pub fn full_event(&self) -> Option<EventId> {
        self.full.as_ref().map(|staged| staged.judged.event)
    }

    /// Begins a scene at `from`.
    fn begin(&mut self, staged: Staged) {
        if staged.drama == Drama::Full {
            self.full = Some(staged);
            self.burst_done = false;
        } else {
            self.short = Some(staged);
        }
    }

    /// The full scene and how long it has run, ms, while it runs.
    #[must_use]
    pub fn playing(&self, now: HostTime) -> Option<(&Staged, f64)> {
        let staged = self.full.as_ref()?;
        let age = (now - staged.from).as_ms();
        (0.0..SCENE_ENDS + LEAVE).contains(&age).then_some((staged, age))
    }

    /// The moment to draw for: the picture holds during the hit-stop.
    #[must_use]
    pub fn picture_time(&self, now: HostTime) -> HostTime {
        match self.playing(now) {
            Some((staged, age)) if age < HIT_STOP => staged.from,
            _ => now,
        }
    }

    /// How broken the machine is.
    #[must_use]
    pub fn breakage(&self, now: HostTime) -> Option<Breakage> {
        let (staged, age) = self.playing(now)?;
        if age < HIT_STOP {
            return None;
        }
        // It is whole again as the retry's count-in begins.
        let left = 1.0 - ease_out((age - (SCENE_ENDS - ARRIVE)) / ARRIVE) as f32;
        Some(Breakage {
            sign: staged.judged.side.sign() as f32,
            size: energy(&staged.judged),
            age_ms: age - HIT_STOP,
            left,
        })
    }

    /// The camera's push, 0…1: in with the debris, out before the replay.
    #[must_use]
    pub fn push(&self, now: HostTime) -> f32 {
        let Some((_, age)) = self.playing(now) else { return 0.0 };
        let inward = ease_out((age - HIT_STOP) / 220.0);
        let outward = ease_out((age - DEBRIS_ENDS) / 200.0);
        (inward * (1.0 - outward)) as f32 * PUSH
    }

    /// How far the edges have darkened, 0…1: slowly in, and out with the scene.
    #[must_use]
    pub fn dusk(&self, now: HostTime) -> f32 {
        let Some((_, age)) = self.playing(now) else { return 0.0 };
        let rise = ((age - HIT_STOP) / (DEBRIS_ENDS - HIT_STOP)).clamp(0.0, 1.0);
        let fall = ((age - (SCENE_ENDS - ARRIVE)) / (ARRIVE + LEAVE)).clamp(0.0, 1.0);
        (rise * (1.0 - fall)) as f32
    }

    /// How much of what travels on the lane is to be seen: the replay has it to itself, the retry gets it back in time.
    #[must_use]
    pub fn travellers(&self, now: HostTime) -> f32 {
        let Some((_, age)) = self.playing(now) else { return 1.0 };
        let away = ease_out((age - self.replay_from()) / ARRIVE);
        let back = ease_out((age - (SCENE_ENDS - 2.0 * ARRIVE)) / ARRIVE);
        (1.0 - away + away * back) as f32
    }

    /// When the replay begins, ms into the scene: after the debris, or at once where none flies.
    #[must_use]
    pub fn replay_from(&self) -> f64 {
        if self.still { STILL_REPLAY } else { DEBRIS_ENDS }
    }

    /// How far into the replay the scene is, 0…1; `None` outside of it.
    #[must_use]
    pub fn replay(&self, now: HostTime) -> Option<f64> {
        let (_, age) = self.playing(now)?;
        let from = self.replay_from();
        (age >= from).then(|| ((age - from) / (SCENE_ENDS - from)).min(1.0))
    }
}

/// Size of the shown error, 0…1 of the largest that is told apart (u = 4).
#[must_use]
pub fn energy(judged: &Judged) -> f32 {
    (judged.u / 4.0).clamp(0.0, 1.0) as f32
}

/// How the picture is moved: shift and scale about the strike point.
#[must_use]
pub fn camera(show: &Show, limits: &EffectLimits, now: HostTime) -> (Vec2, f32) {
    let Some((staged, age)) = show.playing(now) else { return (Vec2::ZERO, 1.0) };
    let size = SHAKE * f64::from(0.5 + 0.5 * energy(&staged.judged));
    let reach = limits.shake(size, Nanos::from_ms(age - HIT_STOP)) as f32;
    // Two incommensurate swings, mostly along the side of the error: a blow, not noise.
    let t = (age - HIT_STOP) as f32;
    let sign = staged.judged.side.sign() as f32;
    let shift = Vec2::new(sign * (t * 0.085).cos(), 0.55 * (t * 0.121).sin()) * reach;
    let push = if limits.reduced_motion() { 0.0 } else { show.push(now) * limits.scales().shake };
    (shift, 1.0 + push)
}

fn hear(
    mut notes: MessageReader<NoteMessage>,
    play: Res<PlayState>,
    mut timeline: ResMut<Timeline>,
    mut show: ResMut<Show>,
    mut limits: ResMut<EffectLimits>,
) {
    for note in notes.read() {
        show.still = limits.reduced_motion();
        let before = timeline.latest().map(|m| m.since);
        if let Some(staged) = timeline.apply(note, play.now) {
            ask_rumble(&mut show, &staged, play.now);
            show.begin(staged);
        }
        // A new verdict asks for its glow once.
        let newest = timeline.latest().filter(|m| Some(m.since) != before).and_then(|m| m.tier());
        if let Some(tier) = newest {
            let ask = glow_of(tier);
            show.light = limits.light(play.now, ask).map_or(0.0, |granted| (granted.change / ask.change) as f32);
        }
    }
}

/// The glow that a tier would like.
fn glow_of(tier: Tier) -> Light {
    let (area, change) = match tier {
        Tier::Clean => (0.09, 0.10),
        Tier::Slip => (0.017, 0.08),
        Tier::Miss => (0.024, 0.10),
        Tier::Doozy => (0.041, 0.14),
    };
    Light { area, change, rise_ms: 0.0, fall_ms: 500.0 }
}

fn ask_rumble(show: &mut Show, staged: &Staged, now: HostTime) {
    let judged = &staged.judged;
    // Early is the heavy motor, late the light one: left and right of a pad.
    let by_side = |strength: f32, ms| {
        if judged.side.sign() < 0.0 {
            Rumble { strong: strength, weak: 0.0, ms }
        } else {
            Rumble { strong: 0.0, weak: strength, ms }
        }
    };
    match (judged.tier, staged.drama) {
        (_, Drama::Calm) | (Tier::Clean | Tier::Slip, _) => {}
        (Tier::Miss, _) => show.rumbles.push((now, by_side(0.4, 90))),
        (Tier::Doozy, _) => {
            let from = now + Nanos::from_ms(HIT_STOP);
            let strength = 0.35 + 0.65 * energy(judged);
            for (k, rise) in [0.4, 0.7, 1.0].into_iter().enumerate() {
                show.rumbles.push((from + Nanos::ms(80 * k as i64), by_side(strength * rise, 80)));
            }
        }
    }
}

fn rumble(
    mut show: ResMut<Show>,
    play: Res<PlayState>,
    mut limits: ResMut<EffectLimits>,
    mut bridge: NonSendMut<Bridge>,
) {
    if show.rumbles.is_empty() {
        return;
    }
    let now = play.now;
    let mut waiting = std::mem::take(&mut show.rumbles);
    waiting.retain(|&(at, ask)| {
        if at > now {
            return true;
        }
        // One that comes late has lost its meaning.
        if now - at < Nanos::ms(120)
            && let Some(Rumble { strong, weak, ms }) = limits.rumble(now, ask, play.targets())
        {
            bridge.command(Command::Rumble { strong, weak, ms });
        }
        false
    });
    show.rumbles = waiting;
}

/// Lets parts loose when their moment has come.
fn scatter(
    mut show: ResMut<Show>,
    play: Res<PlayState>,
    board: Res<Board>,
    limits: Res<EffectLimits>,
    mut bursts: MessageWriter<Burst>,
) {
    let short = show.short.take();
    if limits.reduced_motion() {
        // Nothing flies: the wreck is drawn where it would have come to rest.
        return;
    }
    let plan_of = |judged: &Judged| play.trial(judged.trial).map(|trial| &trial.plan);
    if let Some((staged, age)) = show.playing(play.shown_at)
        && age >= HIT_STOP
        && !show.burst_done
    {
        if let Some(plan) = plan_of(&staged.judged) {
            bursts.write(whole_burst(&staged.judged, plan, &board.room));
        }
        show.burst_done = true;
    }
    if let Some(Staged { judged, .. }) = short
        && let Some(plan) = plan_of(&judged)
    {
        bursts.write(short_burst(&judged, plan, &board.room));
    }
}

/// The machine itself flies apart.
fn whole_burst(judged: &Judged, plan: &TrialPlan, room: &Room) -> Burst {
    let lane = Lane::of(plan, room);
    let size = energy(judged);
    let Breaks { at, spread } = machine::of(&plan.stage).breaks(&lane);
    let share = if judged.tier == Tier::Doozy { 1.0 } else { MISS_SHARE };
    Burst {
        at,
        spread,
        sign: judged.side.sign() as f32,
        energy: size,
        count: (share * (PARTS.0 + (PARTS.1 - PARTS.0) * size)) as usize,
        seed: judged.event.0,
        floor: lane.anchor.y - FLOOR_BELOW,
        life_ms: LIFE_MS,
    }
}

/// Within a phrase: a few parts from the machine's top, well away from the lane, and gone before they could fall on it.
fn short_burst(judged: &Judged, plan: &TrialPlan, room: &Room) -> Burst {
    let sign = judged.side.sign() as f32;
    let top = machine::of(&plan.stage).sheds(&Lane::of(plan, room), sign);
    Burst {
        at: top,
        spread: Vec2::new(40.0, 16.0),
        energy: energy(judged) * 0.6,
        count: if judged.tier == Tier::Doozy { SHORT_PARTS } else { SHORT_PARTS / 3 },
        life_ms: SHORT_ENDS,
        ..whole_burst(judged, plan, room)
    }
}

/// Darkens the edges; the middle stays as it is until the replay.
pub fn paint_veil(p: &mut Painter, show: &Show, look: &Look, room: &Room, lane: &Lane, now: HostTime, glow: f32) {
    let dusk = show.dusk(now);
    if dusk <= 0.0 {
        return;
    }
    // A dark room falls darker; a light one, where darkness would hide the number, a little duller.
    let fall = if look.is_light() { 0.80 } else { 0.25 };
    let dark = LinearRgba { alpha: 1.0, ..look.ground.lightened(fall) };
    let (w, h) = (room.half.x + 90.0, room.half.y + 90.0);
    let edge = dark.with_alpha_of(0.88 * dusk * glow);
    let none = dark.with_alpha_of(0.0);
    let (inner_x, inner_y) = (room.half.x * 0.42, room.half.y * 0.5);
    let middle = Vec2::new(lane.anchor.x * 0.5, lane.anchor.y + 90.0);
    for sign in [-1.0, 1.0] {
        p.quad(
            [
                Vec2::new(sign * w, -h),
                Vec2::new(middle.x + sign * inner_x, -h),
                Vec2::new(middle.x + sign * inner_x, h),
                Vec2::new(sign * w, h),
            ],
            [edge, none, none, edge],
        );
        p.quad(
            [
                Vec2::new(-w, sign * h),
                Vec2::new(-w, middle.y + sign * inner_y),
                Vec2::new(w, middle.y + sign * inner_y),
                Vec2::new(w, sign * h),
            ],
            [edge, none, none, edge],
        );
    }
    if let Some(share) = show.replay(now) {
        // Behind the number and the replay everything steps back: they are facts, and must be read.
        let arrive = (share * 8.0).clamp(0.0, 1.0) as f32 * dusk.min(1.0);
        let band = dark.with_alpha_of(0.93 * arrive);
        let (y0, y1) = (lane.anchor.y - 118.0, lane.anchor.y + 352.0);
        p.wash(Vec2::new(-w, y0), Vec2::new(w, y1), band, band);
        p.wash(Vec2::new(-w, y0 - 70.0), Vec2::new(w, y0), none, band);
        p.wash(Vec2::new(-w, y1), Vec2::new(w, y1 + 70.0), band, none);
    }
}

/// Forgets everything when a session begins.
fn forget(mut timeline: ResMut<Timeline>, mut show: ResMut<Show>) {
    *timeline = Timeline::default();
    *show = Show::default();
}

/// The clock of scenes.
pub fn plugin(app: &mut App) {
    app.init_resource::<Timeline>()
        .init_resource::<Show>()
        .configure_sets(Update, (SceneSet::Hear, SceneSet::Scatter, SceneSet::Paint).chain())
        .add_systems(Update, ((hear, rumble, scatter).chain().in_set(SceneSet::Hear),))
        .add_systems(OnExit(crate::game::Screen::Play), forget);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::{limits::Scales, stage::sample::judged};

    const FROM: HostTime = HostTime(9_000_000_000);

    fn at(ms: i64) -> HostTime {
        FROM + Nanos::ms(ms)
    }

    fn show(e: f64) -> Show {
        let judged = judged(0, FROM, e, e, Tier::Doozy);
        let mut show = Show::default();
        show.begin(Staged { judged, drama: Drama::Full, from: FROM });
        show
    }

    #[test]
    fn the_picture_holds_for_sixty_milliseconds_and_catches_up() {
        let show = show(143.0);
        assert_eq!(show.picture_time(at(0)), FROM);
        assert_eq!(show.picture_time(at(59)), FROM);
        assert_eq!(show.picture_time(at(60)), at(60));
        assert_eq!(show.breakage(at(59)), None);
    }

    #[test]
    fn the_machine_breaks_to_the_side_of_the_error_and_is_whole_for_the_retry() {
        assert_eq!(show(143.0).breakage(at(200)).map(|b| b.sign), Some(1.0));
        assert_eq!(show(-143.0).breakage(at(200)).map(|b| b.sign), Some(-1.0));
        assert_eq!(show(143.0).breakage(at(1400)).map(|b| b.left), Some(1.0));
        assert_eq!(show(143.0).breakage(at(1600)).map(|b| b.left), Some(0.0));
    }

    #[test]
    fn the_replay_runs_from_six_hundred_to_sixteen_hundred() {
        let show = show(143.0);
        assert_eq!(show.replay(at(599)), None);
        assert_eq!(show.replay(at(600)), Some(0.0));
        assert_eq!(show.replay(at(1100)), Some(0.5));
        assert_eq!(show.replay(at(1600)), Some(1.0));
        assert!(show.playing(at(1700)).is_none());
    }

    #[test]
    fn without_travel_the_number_stands_longer_than_a_second() {
        let mut show = show(143.0);
        show.still = true;
        assert_eq!((show.replay(at(419)), show.replay(at(420))), (None, Some(0.0)));
        assert_eq!(show.replay(at(1600)), Some(1.0));
    }

    #[test]
    fn the_shake_is_over_in_three_hundred_milliseconds_and_asks_the_limits() {
        let (show, limits) = (show(143.0), EffectLimits::default());
        let reach = |show: &Show, limits: &EffectLimits, ms| camera(show, limits, at(ms)).0.length();
        assert!((0..1700).all(|ms| reach(&show, &limits, ms) <= 8.0));
        assert!((60..110).any(|ms| reach(&show, &limits, ms) > 2.0));
        assert!((360..1700).all(|ms| reach(&show, &limits, ms) == 0.0));
        let reduced = EffectLimits::new(Scales::REDUCED);
        assert!((0..1700).all(|ms| camera(&show, &reduced, at(ms)) == (Vec2::ZERO, 1.0)));
    }

    #[test]
    fn edges_darken_slowly() {
        // A tenth of the way in a tenth of a second at most, and no darkness before the debris.
        let show = show(143.0);
        assert_eq!(show.dusk(at(60)), 0.0);
        for ms in 0..1500 {
            assert!((show.dusk(at(ms + 100)) - show.dusk(at(ms))).abs() < 0.51, "{ms}");
        }
        assert_eq!(show.dusk(at(600)), 1.0);
        assert_eq!(show.dusk(at(1680)), 0.0);
    }

    #[test]
    fn a_doozy_rumbles_on_its_own_side_and_rises() {
        let mut show = show(-143.0);
        let staged = show.full.clone().unwrap();
        ask_rumble(&mut show, &staged, FROM);
        let felt: Vec<(f32, f32)> = show.rumbles.iter().map(|(_, r)| (r.strong, r.weak)).collect();
        assert_eq!(felt.len(), 3);
        assert!(felt.windows(2).all(|w| w[0].0 < w[1].0) && felt.iter().all(|(_, weak)| *weak == 0.0));
        let whole: u32 = show.rumbles.iter().map(|(_, r)| r.ms).sum();
        assert!(whole <= 250);
    }
}
