//! Steady hand by the way of the game: sticks, keys that push one, the record, and judgements that no delivery changes.

use std::path::Path;

use doozy::{
    conductor::{Who, note::Note},
    input::{Captured, Control, Deflection, Edge, control::PadSide},
    ladders::{self, Loaded},
    paths::DataDir,
    record::{LoadedSession, Reader},
};
use doozy_cerebellum::{Lesion, Preset};
use doozy_training::{
    event::{Effect, EventKind, Input, Judged, ReleaseCause, Tier, TrialPlan},
    learner::Profile,
    rehearse::{Recital, Setup},
    session::Options,
    time::{HostTime, Nanos, TrialClock},
};

use crate::rates::{begin, play};

const STEADY: &str = include_str!("fixtures/steady.level.ron");
const AXIS: Control = Control::Axis(PadSide::Left);
const LEFT: Control = Control::Key(105);
const RIGHT: Control = Control::Key(106);

fn level() -> Loaded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/steady.level.ron");
    ladders::read(&path, "steady").expect("a valid level")
}

fn judged(effects: &[Effect]) -> Vec<Judged> {
    effects.iter().filter_map(|e| if let Effect::Judged(judged) = e { Some(judged.clone()) } else { None }).collect()
}

/// The session as it was recorded, and what was told while it was played.
fn session(who: Who, fps: i64) -> (LoadedSession, Vec<Note>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut handle = begin(level(), who, folder.path(), None);
    let notes = play(&mut handle, fps, Nanos::ZERO, Nanos::ZERO);
    drop(handle);
    let verified = std::process::Command::new(env!("CARGO_BIN_EXE_doozy"))
        .args(["replay", "last", "--verify", "--data"])
        .arg(folder.path())
        .output()
        .expect("the program runs");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let session = Reader::open(&DataDir::at(folder.path())).expect("the record").load("last").expect("the session");
    (session, notes)
}

/// Where the first trial of every session here lies: nothing that a script does moves it.
fn first_trial() -> (TrialPlan, TrialClock) {
    let (_, notes) = session(Who::Script(Vec::new()), 60);
    let plan =
        notes.iter().find_map(|n| if let Note::Effect(Effect::Planned(plan)) = n { Some(plan.clone()) } else { None });
    let clock = notes.iter().find_map(|n| if let Note::Anchored { clock, .. } = n { Some(*clock) } else { None });
    (plan.expect("a plan"), clock.expect("a clock"))
}

fn excursions(session: &LoadedSession, plan: &TrialPlan) -> Vec<(f64, Tier)> {
    let first = judged(&session.effects).into_iter().filter(|j| j.trial == plan.trial);
    first
        .inspect(|j| assert_eq!(j.kind, EventKind::Excursion))
        .map(|j| (j.measured.error.expect("an excursion"), j.tier))
        .collect()
}

fn moves(session: &LoadedSession) -> usize {
    session.inputs.iter().filter(|input| matches!(input, Input::Tilt(_))).count()
}

#[test]
fn a_stick_that_follows_the_path_is_clean_and_one_pushed_aside_is_a_catastrophe() {
    let (plan, clock) = first_trial();
    let on_path = |aside: f64| {
        let steps = (0..plan.length.0 / 4_000_000).map(|n| Nanos::ms(4 * n));
        steps.map(move |at| (at, aside)).collect::<Vec<_>>()
    };
    let path = plan.terms.path.clone();
    let centre = move |at: Nanos| {
        let after = path.partition_point(|point| point.at <= at).clamp(1, path.len() - 1);
        let (a, b) = (path[after - 1], path[after]);
        let share = ((at - a.at).as_ms() / (b.at - a.at).as_ms()).clamp(0.0, 1.0);
        a.centre + (b.centre - a.centre) * share
    };
    let tilted = |aside: f64| -> Vec<Captured> {
        let to = |(at, aside): (Nanos, f64)| (clock.host(at), Edge::Tilt(Deflection::new(centre(at) + aside)));
        on_path(aside).into_iter().map(to).map(|(t, edge)| Captured::scripted(t, AXIS, edge)).collect()
    };
    let (session_on, notes) = session(Who::Script(tilted(0.0)), 60);
    let followed = excursions(&session_on, &plan);
    assert_eq!(followed.len(), plan.targets.len());
    assert!(followed.iter().all(|(error, tier)| *error == 0.0 && *tier == Tier::Clean), "{followed:?}");
    // whoever draws is told of every move
    let told = notes.iter().filter(|note| matches!(note, Note::Stick { .. })).count();
    assert_eq!(told, moves(&session_on));
    assert!(told > 500, "{told}");
    for (aside, side) in [(-0.5, -1.0), (0.5, 1.0)] {
        let (off, _) = session(Who::Script(tilted(aside)), 60);
        let left = excursions(&off, &plan);
        assert!(left[2..].iter().all(|(error, tier)| error * side > 0.0 && *tier == Tier::Doozy), "{left:?}");
    }
}

#[test]
fn keys_that_push_the_stick_are_judged_alike_at_every_frame_rate() {
    let (plan, clock) = first_trial();
    // a hand on two keys: some touches, a long push to the right until it stands at its stop, one back
    let at = |ms: i64| clock.host(Nanos::ms(ms));
    let up = Edge::Up(ReleaseCause::Released);
    let touches = [(1_300, 60, LEFT), (1_700, 90, RIGHT), (2_000, 40, RIGHT), (2_500, 900, RIGHT), (3_600, 400, LEFT)];
    let script: Vec<Captured> = touches
        .into_iter()
        .flat_map(|(ms, held, key)| {
            [Captured::scripted(at(ms), key, Edge::Down), Captured::scripted(at(ms + held), key, up)]
        })
        .collect();
    let mut first: Option<(Vec<Judged>, Vec<Input>)> = None;
    for fps in [24, 60, 1_000] {
        let (session, _) = session(Who::Script(script.clone()), fps);
        let tilts: Vec<Input> = session.inputs.iter().filter(|i| matches!(i, Input::Tilt(_))).copied().collect();
        let all = judged(&session.effects);
        let errors = excursions(&session, &plan);
        assert!(errors.iter().any(|(error, _)| *error > 0.0), "{errors:?}");
        match &first {
            None => first = Some((all, tilts)),
            Some(expected) => assert_eq!(&(all, tilts), expected, "at {fps} frames a second"),
        }
    }
}

#[test]
fn moves_that_arrive_in_any_order_before_the_watermark_are_judged_alike() {
    let (session, _) = session(Who::Learner(Profile::Ataxic.into()), 60);
    assert!(moves(&session) > 100);
    let recite = |reversed: bool| {
        let setup = Setup {
            level: doozy_training::level::Level::parse("steady", STEADY).expect("a valid level"),
            seed: 7,
            options: Options::default(),
            preset: Preset::Small,
            lesion: Lesion::None,
        };
        let mut recital = Recital::new(setup);
        let (mut inputs, mut effects, mut responses) = (Vec::new(), Vec::new(), Vec::new());
        let mut kept: Vec<Input> = Vec::new();
        let mut mark = HostTime::DISTANT_PAST;
        for input in session.inputs.iter().filter(|input| !matches!(input, Input::Window { .. })) {
            match input {
                Input::Tilt(_) if reversed => kept.push(*input),
                // a tenth of a second of moves and more comes at once, the last first
                Input::Watermark { t } if reversed && *t - mark < Nanos::ms(100) => {}
                other => {
                    if let Input::Watermark { t } = other {
                        mark = *t;
                    }
                    for tilt in kept.drain(..).rev() {
                        recital.feed(tilt, &mut inputs, &mut effects, &mut responses).expect("in time");
                    }
                    recital.feed(*other, &mut inputs, &mut effects, &mut responses).expect("in time");
                }
            }
        }
        judged(&effects)
    };
    let in_order = recite(false);
    assert!(in_order.len() >= 10 && in_order.iter().any(|j| j.tier != Tier::Clean), "{in_order:?}");
    assert_eq!(recite(true), in_order);
}

#[test]
fn elsewhere_a_stick_presses_nothing_and_fills_no_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let noise = (0..2_000).map(|n| {
        let x = if n % 2 == 0 { 0.9 } else { -0.9 };
        Captured::scripted(HostTime(5_000_000_000) + Nanos::ms(4 * n), AXIS, Edge::Tilt(Deflection::new(x)))
    });
    let level = crate::rates::level("pulse/1");
    let mut handle = begin(level, Who::Script(noise.collect()), folder.path(), Some(9));
    play(&mut handle, 60, Nanos::ZERO, Nanos::ZERO);
    drop(handle);
    let session = Reader::open(&DataDir::at(folder.path())).expect("the record").load("last").expect("the session");
    assert!(session.inputs.iter().all(|input| !matches!(input, Input::Tilt(_) | Input::Press(_))));
}
