//! Hand-written sessions for the gallery.

use bevy::math::UVec2;
use doozy::{
    conductor::note::{CortexView, Note},
    game::{limits::Scales, theme::PaletteName},
};
use doozy_training::{
    event::{
        Cue, CueKind, DeviceId, Drama, Effect, EventId, EventKind, Judged, Lane, Press, Side, Stage, Target, TargetId,
        Tier, TimeSource, TrialId, TrialPlan,
    },
    time::{HostTime, Nanos, TrialClock},
};

use super::Shot;

/// One trial's presses, and what follows the last of them.
#[derive(Clone)]
pub struct Script {
    pub stage: Stage,
    /// Asynchrony of each press, ms; `None` is an omission.
    pub errors: Vec<Option<f64>>,
    /// What the last verdict may look like; a full scene begins at once.
    pub drama: Drama,
    pub gain: f64,
    pub tol: f64,
    pub goal: f64,
    pub window_was_open: bool,
    /// A retry is planned after the scene.
    pub retry: bool,
    pub running: bool,
}

/// Interval of the gallery's beat, ms.
pub const IOI: f64 = 600.0;
/// Count-in beats before the first target.
const COUNT_IN: usize = 3;

impl Script {
    pub fn bell(errors: &[f64]) -> Self {
        Self {
            stage: Stage::Bell { ioi: Nanos::from_ms(IOI) },
            errors: errors.iter().map(|e| Some(*e)).collect(),
            drama: Drama::Calm,
            gain: 1.4,
            tol: 60.0,
            goal: 24.0,
            window_was_open: false,
            retry: false,
            running: true,
        }
    }

    pub fn gate(errors: &[f64], occluded: f64) -> Self {
        Self {
            stage: Stage::Gate { visible: Nanos::from_ms(1200.0 - occluded), occluded: Nanos::from_ms(occluded) },
            running: false,
            ..Self::bell(errors)
        }
    }

    /// When target `k` is due, ms of the script's clock.
    pub fn due(&self, k: usize) -> f64 {
        match self.stage {
            Stage::Bell { .. } => 300.0 + IOI * (COUNT_IN + k) as f64,
            Stage::Gate { .. } => 1900.0,
        }
    }

    /// When press `k` is final, ms.
    pub fn verdict(&self, k: usize) -> f64 {
        let due = self.due(k);
        self.errors[k].map_or(due + IOI / 2.0, |e| due + e.abs())
    }

    /// When the last verdict is final, ms.
    pub fn last(&self) -> f64 {
        self.verdict(self.errors.len() - 1)
    }

    fn plan(&self, trial: u32) -> TrialPlan {
        let (mut cues, mut targets) = (Vec::new(), Vec::new());
        let cue = |ms: f64, kind| Cue { at: Nanos::from_ms(ms), kind, heard: true, seen: true };
        match self.stage {
            Stage::Bell { .. } => {
                for k in 0..COUNT_IN {
                    cues.push(cue(300.0 + IOI * k as f64, CueKind::CountIn { left: (COUNT_IN - k) as u8 }));
                }
                for k in 0..8 {
                    cues.push(cue(self.due(k), CueKind::Beat { accent: k % 4 == 0 }));
                    targets.push(target(trial, k, self.due(k)));
                }
            }
            Stage::Gate { visible, occluded } => {
                cues.push(cue(self.due(0) - (visible + occluded).as_ms(), CueKind::Launch));
                targets.push(target(trial, 0, self.due(0)));
            }
        }
        TrialPlan {
            trial: TrialId(trial),
            retry_of: (trial > 0).then_some(TrialId(trial.saturating_sub(1))),
            window_was_open: self.window_was_open || trial > 0,
            not_before: HostTime(0),
            cues,
            targets,
            length: Nanos::from_ms(self.due(7) + 500.0),
            interval: Nanos::from_ms(IOI),
            window: Nanos::from_ms(240.0),
            goal_ms: self.goal,
            tol_ms: self.tol,
            rung: 0,
            count_in_ends: Nanos::from_ms(1700.0),
            running: self.running,
            stage: self.stage,
            t: HostTime(0),
        }
    }

    /// The notes, from `start` on.
    pub fn lines(&self, start: HostTime) -> Vec<(HostTime, Note)> {
        let at = |ms: f64| start + Nanos::from_ms(ms);
        let clock = |ms: f64| TrialClock { origin: at(ms), rate_ppb: 0 };
        let mut lines = vec![
            (start, Note::Effect(Effect::Planned(self.plan(0)))),
            (start, Note::Anchored { trial: TrialId(0), clock: clock(0.0) }),
        ];
        for (k, e) in self.errors.iter().enumerate() {
            let due = at(self.due(k));
            let press = e.map(|e| Press {
                t: due + Nanos::from_ms(e),
                err: Nanos(0),
                source: TimeSource::Scripted,
                device: DeviceId(0),
                lane: Lane(0),
                control: 57,
                seq: k as u64,
            });
            if let Some(press) = press {
                lines.push((
                    press.t,
                    Note::Effect(Effect::Provisional {
                        trial: TrialId(0),
                        press,
                        target: Some(TargetId(k as u32)),
                        e: e.map(Nanos::from_ms),
                    }),
                ));
            }
            let t = at(self.verdict(k));
            let judged = self.judged(k, *e, due, press, t);
            let (u, side) = (judged.u, judged.side);
            lines.push((t, Note::Effect(Effect::Judged(judged))));
            let event = EventId(k as u32);
            let last = k + 1 == self.errors.len();
            let drama = if last { self.drama } else { Drama::Calm };
            if last && drama == Drama::Full {
                lines.push((
                    t,
                    Note::Effect(Effect::TrialEnded { trial: TrialId(0), void: None, worst: Some(event), t }),
                ));
            }
            lines.push((t, Note::Effect(Effect::Amplify { event, drama, t })));
            lines.push((t + Nanos::ms(60), Note::Cortex(cortex(event, side, u))));
        }
        if self.retry {
            let from = self.last() + 1620.0;
            lines.push((at(self.last() + 300.0), Note::Effect(Effect::Planned(self.plan(1)))));
            lines.push((at(self.last() + 310.0), Note::Anchored { trial: TrialId(1), clock: clock(from) }));
        }
        lines.sort_by_key(|(t, _)| *t);
        lines
    }

    fn judged(&self, k: usize, e: Option<f64>, due: HostTime, press: Option<Press>, t: HostTime) -> Judged {
        let size = e.map_or(f64::MAX, f64::abs);
        let tier = if size <= self.tol / 2.0 {
            Tier::Clean
        } else if size <= self.tol {
            Tier::Slip
        } else if size <= (2.0 * self.tol).max(40.0) {
            Tier::Miss
        } else {
            Tier::Doozy
        };
        let raw = e.unwrap_or(0.0);
        let shown = if tier >= Tier::Miss {
            let cap = 4.0 * self.goal;
            raw + (self.gain - 1.0) * cap * (raw / cap).tanh()
        } else {
            raw
        };
        Judged {
            event: EventId(k as u32),
            trial: TrialId(0),
            kind: if e.is_some() { EventKind::Press } else { EventKind::Omission },
            target: Some(TargetId(k as u32)),
            due: Some(due),
            press,
            e: e.map(Nanos::from_ms),
            side: e.map_or(Side::Late, |e| Side::of(Nanos::from_ms(e))),
            gain: self.gain,
            shown_ms: shown,
            u: if e.is_some() { (shown.abs() / self.goal).min(4.0) } else { 4.0 },
            tier,
            tol_ms: self.tol,
            goal_ms: self.goal,
            t,
        }
    }
}

fn target(trial: u32, k: usize, ms: f64) -> Target {
    Target { id: TargetId(trial * 8 + k as u32), at: Nanos::from_ms(ms), lane: Lane(0), stop: false }
}

/// A volley as the strip would get it, drawn from the curve of training.md §5 and the times of cerebellum.md §5.3.
fn cortex(event: EventId, side: Side, u: f64) -> CortexView {
    let p = 0.02 + 0.78 * u.powi(3) / (u.powi(3) + 2.2_f64.powi(3));
    let fibres: Vec<(u16, f32)> = (0..32_u16)
        .filter_map(|fibre| {
            let draw = f64::from((u32::from(fibre) * 7919 + event.0 * 131) % 97) / 97.0;
            (draw < p).then(|| (fibre, ((u32::from(fibre) * 37) % 50) as f32 / 10.0))
        })
        .collect();
    let w = 1.0 / (1.0 + (-(u - 1.6) * 4.0).exp());
    let trace = |f: &dyn Fn(f64) -> f64| (-10..=70).map(|ms| f(f64::from(ms)) as f32).collect::<Vec<f32>>();
    let dip = p.min(0.95);
    CortexView {
        event,
        side,
        fibre_count: 32,
        fibres,
        from_ms: -10.0,
        mli1: trace(&|t| 1.0 - dip * (-((t - 15.0) / 6.5).powi(2)).exp()),
        mli2: trace(&|t| 1.0 + 3.0 * p * (-((t - 5.0) / 3.0).powi(2)).exp()),
        calcium: trace(&|t| {
            if t < 1.0 { 0.0 } else { (0.4 + 1.1 * w) * (1.0 - (-(t - 1.0) / 5.0).exp()) * (-t / 74.0).exp() }
        }),
        window: trace(&|t| {
            if t < 5.0 { 0.0 } else { w * (1.0 - (-(t - 5.0) / 3.0).exp()) * (-(t - 15.0).max(0.0) / 8.0).exp() }
        }),
        w: w as f32,
        dose: (w * p) as f32,
    }
}

/// Everything in the gallery.
pub fn shots() -> Vec<Shot> {
    let full = |name, script: Script, at: Vec<(&'static str, f64)>| Shot {
        name,
        script,
        at,
        scales: Scales::FULL,
        palette: PaletteName::Dark,
        size: UVec2::new(1280, 720),
        grey: false,
    };
    let mut shots = Vec::new();
    let steady = Script::bell(&[4.0, -22.0, 38.0, 6.0]);
    shots.push(full("bell", steady.clone(), vec![("count-in", 1180.0), ("approach", steady.due(0) - 150.0)]));
    shots.push(full("bell-drill", steady.clone(), vec![("clean", steady.verdict(3) + 130.0)]));
    for (name, e) in [
        ("tier-clean-early", -12.0),
        ("tier-clean-late", 14.0),
        ("tier-slip-early", -48.0),
        ("tier-slip-late", 52.0),
        ("tier-miss-early", -96.0),
        ("tier-miss-late", 92.0),
    ] {
        let script = Script::bell(&[4.0, -18.0, e]);
        let t = script.last();
        for grey in [false, true] {
            let name = if grey { grey_name(name) } else { name };
            shots.push(Shot { grey, ..full(name, script.clone(), vec![("at-160", t + 160.0)]) });
        }
    }
    let doozy = |e: f64| Script { drama: Drama::Full, retry: true, ..Script::bell(&[4.0, -18.0, e]) };
    for (name, e) in
        [("doozy-early-143", -143.0), ("doozy-late-030", 30.0), ("doozy-late-100", 100.0), ("doozy-late-200", 200.0)]
    {
        let script = doozy(e);
        let t = script.last();
        shots.push(full(
            name,
            script,
            vec![
                ("060", t + 40.0),
                ("150", t + 150.0),
                ("260", t + 260.0),
                ("480", t + 480.0),
                ("800", t + 800.0),
                ("1350", t + 1350.0),
            ],
        ));
    }
    for (name, e) in [("doozy-late-400", 400.0), ("doozy-late-900", 900.0)] {
        let script = doozy(e);
        let t = script.last();
        shots.push(full(name, script, vec![("200", t + 200.0), ("1350", t + 1350.0)]));
    }
    let late = doozy(143.0);
    let t = late.last();
    shots.push(full(
        "doozy-late-143",
        late.clone(),
        vec![("220", t + 220.0), ("1000", t + 1000.0), ("1400", t + 1400.0), ("retry", t + 2900.0)],
    ));
    let missed = Script { drama: Drama::Full, errors: vec![Some(4.0), None], ..doozy(0.0) };
    let t = missed.last();
    shots.push(full("doozy-omission", missed, vec![("260", t + 260.0), ("1300", t + 1300.0)]));
    let short = Script { drama: Drama::Short, ..doozy(150.0) };
    let t = short.last();
    shots.push(full("doozy-short", short, vec![("180", t + 180.0)]));
    let t = late.last();
    shots.push(full(
        "strip",
        late.clone(),
        vec![
            ("volley", t + 60.0 + 180.0),
            ("opening", t + 60.0 + 380.0),
            ("open", t + 60.0 + 620.0),
            ("after", t + 2700.0),
        ],
    ));
    let open = Script { window_was_open: true, ..Script::bell(&[5.0, 10.0]) };
    shots.push(full("retry", open.clone(), vec![("lane", open.due(2) - 180.0)]));
    let gate = Script::gate(&[8.0], 0.0);
    shots.push(full("gate", gate.clone(), vec![("approach", gate.due(0) - 420.0), ("clean", gate.last() + 130.0)]));
    let hidden = Script::gate(&[-20.0], 350.0);
    shots.push(full(
        "gate-hidden",
        hidden.clone(),
        vec![("visible", hidden.due(0) - 560.0), ("occluded", hidden.due(0) - 150.0)],
    ));
    for (name, e) in [("gate-doozy-early", -160.0), ("gate-doozy-late", 180.0)] {
        let script = Script { drama: Drama::Full, retry: true, ..Script::gate(&[e], 0.0) };
        let t = script.last();
        shots.push(full(name, script, vec![("220", t + 220.0), ("420", t + 420.0), ("1300", t + 1300.0)]));
    }
    let t = late.last();
    shots.push(Shot {
        scales: Scales::REDUCED,
        ..full("reduced", late.clone(), vec![("220", t + 220.0), ("700", t + 700.0), ("1300", t + 1300.0)])
    });
    for (name, palette) in [("light", PaletteName::Light), ("contrast", PaletteName::HighContrast)] {
        shots.push(Shot {
            palette,
            ..full(name, late.clone(), vec![("drill", late.due(1) + 60.0), ("260", t + 260.0), ("1300", t + 1300.0)])
        });
    }
    for (name, size) in [
        ("aspect-4x3", UVec2::new(960, 720)),
        ("aspect-21x9", UVec2::new(1680, 720)),
        ("aspect-32x9", UVec2::new(1920, 540)),
        ("aspect-9x16", UVec2::new(540, 960)),
    ] {
        shots.push(Shot {
            size,
            ..full(name, late.clone(), vec![("drill", late.due(1) - 100.0), ("1300", t + 1300.0)])
        });
    }
    shots
}

fn grey_name(name: &'static str) -> &'static str {
    match name {
        "tier-clean-early" => "grey-clean-early",
        "tier-clean-late" => "grey-clean-late",
        "tier-slip-early" => "grey-slip-early",
        "tier-slip-late" => "grey-slip-late",
        "tier-miss-early" => "grey-miss-early",
        _ => "grey-miss-late",
    }
}
