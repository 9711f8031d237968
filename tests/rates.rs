//! The same drill, played by the same script, judged alike at every frame rate and through a stall (cases A16).

use doozy::{
    audio::Levels,
    calibration::Calibrations,
    conductor::{Handle, Pace, Setup, Terms, Who, note::Note, start},
    input::Bindings,
    ladders::{self, Loaded},
    paths::{DataDir, Root},
    record::{LoadedSession, Reader},
};
use doozy_training::{
    event::{Effect, Input, Judged},
    learner::Profile,
    time::{HostTime, Nanos},
};

/// A shipped level.
pub fn level(id: &str) -> Loaded {
    let root = Root::at(env!("CARGO_MANIFEST_DIR"));
    ladders::find(Ok(&root), id).expect("a shipped level is valid")
}

/// A session on a virtual clock, recorded in `data`.
pub fn begin(level: Loaded, who: Who, data: &std::path::Path, seconds: Option<i64>) -> Handle {
    start(Setup {
        level,
        seed: 7,
        terms: Terms::default(),
        who,
        pace: Pace::Virtual { from: HostTime(5_000_000_000) },
        levels: Levels::default(),
        calibrations: Calibrations::default(),
        bindings: Bindings::default(),
        data: DataDir::at(data),
        length: seconds.map(|s| Nanos::ms(s * 1000)),
    })
    .expect("a session starts anywhere")
}

/// Drives a session to its end, `fps` frames a second, standing still once for `stall` at `stall_at` after the start.
pub fn play(handle: &mut Handle, fps: i64, stall_at: Nanos, stall: Nanos) -> Vec<Note> {
    let origin = handle.now();
    let (mut said, mut frame, mut held) = (Vec::new(), 0_i64, Nanos::ZERO);
    loop {
        let mut t = origin + Nanos(frame * 1_000_000_000 / fps) + held;
        if held == Nanos::ZERO && stall.0 > 0 && t - origin >= stall_at {
            held = stall;
            t = t + stall;
        }
        handle.drive(t);
        handle.notes(&mut said);
        if said.iter().any(|note| matches!(note, Note::Ended { .. })) {
            return said;
        }
        frame += 1;
        assert!(frame < 300 * fps, "the session ends by itself");
    }
}

fn judged(notes: &[Note]) -> Vec<Judged> {
    notes
        .iter()
        .filter_map(|note| if let Note::Effect(Effect::Judged(j)) = note { Some(j.clone()) } else { None })
        .collect()
}

fn recorded(data: &std::path::Path) -> LoadedSession {
    Reader::open(&DataDir::at(data)).expect("the record is there").load("last").expect("the session is in it")
}

#[test]
fn frame_rates_and_a_stall_change_no_effect_of_the_record() {
    let _alone = crate::alone();
    for id in ["pulse/1", "sport/1"] {
        let mut first: Option<(Vec<Judged>, Vec<Effect>)> = None;
        for (fps, stall) in [(30, 0), (60, 0), (144, 0), (240, 0), (60, 200)] {
            let folder = tempfile::tempdir().expect("a folder");
            let mut handle = begin(level(id), Who::Learner(Profile::Showcase.into()), folder.path(), Some(20));
            let notes = play(&mut handle, fps, Nanos::ms(6_000), Nanos::ms(stall));
            drop(handle);
            let verdicts = judged(&notes);
            assert!(verdicts.len() >= 5, "{id}: something was played: {}", verdicts.len());
            let session = recorded(folder.path());
            // where the clock stood at the end is the driver's choice; everything before it is the session's
            let effects: Vec<_> =
                session.effects.iter().filter(|e| !matches!(e, Effect::SessionEnded { .. })).cloned().collect();
            match &first {
                None => first = Some((verdicts, effects)),
                Some((expected, all)) => {
                    assert_eq!(&verdicts, expected, "{id} at {fps} Hz with a stall of {stall} ms");
                    assert_eq!(&effects, all, "{id} at {fps} Hz with a stall of {stall} ms");
                }
            }
            assert!(session.inputs.iter().any(|i| matches!(i, Input::Window { .. })), "the network answered");
            let verified = std::process::Command::new(env!("CARGO_BIN_EXE_doozy"))
                .args(["replay", "last", "--verify", "--data"])
                .arg(folder.path())
                .output()
                .expect("the program runs");
            assert!(verified.status.success(), "{id}: {}", String::from_utf8_lossy(&verified.stderr));
        }
    }
}
