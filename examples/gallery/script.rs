//! Hand-written sessions: the notes that a conductor would send, for pictures and for measuring a frame.

use std::collections::VecDeque;

use doozy::{
    conductor::note::{Command, CortexView, Note},
    game::bridge::Conduct,
};
use doozy_training::{
    event::{
        Cue, CueKind, DeviceId, Drama, Effect, EventId, EventKind, Judged, Lane, Measured, Press, Side, Stage, Target,
        TargetId, Terms, Tier, TimeSource, TrialId, TrialPlan,
    },
    time::{HostTime, Nanos, TrialClock},
};

/// A session that says what is written in it, when it is due, and is deaf to commands.
pub struct Player {
    pub lines: VecDeque<(HostTime, Note)>,
    pub now: HostTime,
}

impl Conduct for Player {
    fn notes(&mut self, out: &mut Vec<Note>) {
        while self.lines.front().is_some_and(|(t, _)| *t <= self.now) {
            out.extend(self.lines.pop_front().map(|(_, note)| note));
        }
    }

    fn command(&mut self, _: Command) {}

    fn now(&self) -> HostTime {
        self.now
    }

    fn drive(&mut self, now: HostTime) {
        self.now = now;
    }
}

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
    /// Interval of the beat, ms.
    pub ioi: f64,
}

/// Interval of the usual beat, ms.
const IOI: f64 = 600.0;
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
            ioi: IOI,
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
            Stage::Bell { .. } => 300.0 + self.ioi * (COUNT_IN + k) as f64,
            _ => 1900.0,
        }
    }

    /// When press `k` is final, ms.
    pub fn verdict(&self, k: usize) -> f64 {
        let due = self.due(k);
        self.errors[k].map_or(due + self.ioi / 2.0, |e| due + e.abs())
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
                    cues.push(cue(300.0 + self.ioi * k as f64, CueKind::CountIn { left: (COUNT_IN - k) as u8 }));
                }
                for k in 0..self.errors.len().max(8) {
                    cues.push(cue(self.due(k), CueKind::Beat { accent: k % 4 == 0 }));
                    targets.push(target(trial, k, self.due(k)));
                }
            }
            // the gallery shows the two stages that have a picture
            Stage::Gate { visible, occluded } => {
                cues.push(cue(self.due(0) - (visible + occluded).as_ms(), CueKind::Launch));
                targets.push(target(trial, 0, self.due(0)));
            }
            _ => {}
        }
        TrialPlan {
            trial: TrialId(trial),
            retry_of: (trial > 0).then_some(TrialId(trial.saturating_sub(1))),
            window_was_open: self.window_was_open || trial > 0,
            not_before: HostTime(0),
            cues,
            targets,
            length: Nanos::from_ms(self.due(self.errors.len().max(8) - 1) + 500.0),
            interval: Nanos::from_ms(self.ioi),
            window: Nanos::from_ms(240.0),
            goal_ms: self.goal,
            tol_ms: self.tol,
            rung: 0,
            count_in_ends: Nanos::from_ms(self.due(0) - self.ioi / 2.0),
            running: self.running,
            stage: self.stage,
            terms: Terms::default(),
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
            measured: Measured::default(),
            t,
        }
    }
}

fn target(trial: u32, k: usize, ms: f64) -> Target {
    Target::press(trial * 8 + k as u32, Nanos::from_ms(ms), Lane(0))
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
