//! Sample trials, presses and verdicts for the tests of what is drawn from them.

use doozy_training::{
    event::{
        Cue, CueKind, DeviceId, EventId, EventKind, Judged, Lane, Measured, Press, Side, Stage, Target, TargetId,
        Terms, Tier, TimeSource, TrialId, TrialPlan,
    },
    time::{HostTime, Nanos},
};

/// A trial with a launch at 1000 ms and targets at 2200, 2800 and 3400 ms.
pub fn plan(trial: u32, stage: Stage, running: bool) -> TrialPlan {
    let target = |k: u32, ms: i64| Target::press(k, Nanos::ms(ms), Lane(0));
    TrialPlan {
        trial: TrialId(trial),
        retry_of: None,
        window_was_open: false,
        not_before: HostTime(0),
        cues: vec![Cue { at: Nanos::ms(1000), kind: CueKind::Launch, heard: true, seen: true }],
        targets: vec![target(0, 2200), target(1, 2800), target(2, 3400)],
        length: Nanos::ms(4000),
        interval: Nanos::ms(600),
        window: Nanos::ms(240),
        goal_ms: 24.0,
        tol_ms: 60.0,
        rung: 0,
        count_in_ends: Nanos::ms(900),
        running,
        stage,
        terms: Terms::default(),
        t: HostTime(0),
    }
}

/// The beat of the samples.
pub const BELL: Stage = Stage::Bell { ioi: Nanos::ms(600) };

pub fn press(t: HostTime) -> Press {
    Press { t, err: Nanos(0), source: TimeSource::Scripted, device: DeviceId(0), lane: Lane(0), control: 57, seq: 0 }
}

/// A matched press `e` ms from a target that is due at `due`, shown at `shown` ms.
pub fn judged(event: u32, due: HostTime, e: f64, shown: f64, tier: Tier) -> Judged {
    let e = Nanos::from_ms(e);
    Judged {
        event: EventId(event),
        trial: TrialId(0),
        kind: EventKind::Press,
        target: Some(TargetId(event)),
        due: Some(due),
        press: Some(press(due + e)),
        e: Some(e),
        side: Side::of(e),
        gain: 1.4,
        shown_ms: shown,
        u: (shown.abs() / 24.0).min(4.0),
        tier,
        tol_ms: 60.0,
        goal_ms: 24.0,
        measured: Measured::default(),
        t: due + e.abs(),
    }
}
