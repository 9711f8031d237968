//! Eight simulated hours (cases A15 d and e): judged to the nanosecond at their end, in memory that does not grow with them.
//!
//! Too long for every day: `./doozy.sh check hours`.

use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use doozy::{
    conductor::{self, Who, note::Note},
    paths::DataDir,
    record::Reader,
};
use doozy_training::{
    event::{Effect, Input},
    learner::Profile,
    time::Nanos,
};

use crate::rates::{begin, level};

const HOUR: i64 = 3_600;
const LENGTH: i64 = 8 * HOUR + 60;
/// Phrases of 256 s; more of them than eight hours hold.
const LEVEL: &str = "(version: 1, title: \"Hours\", aim: \"Eight hours of taps.\", trials: 200, seconds: 3600,
    drill: SteadyBeat(ioi_ms: 500, beats: 512, count_in: 4))";
/// After ten minutes memory may move by this much.
const FLAT_MIB: f64 = 20.0;

/// Resident memory of a process, MiB.
fn resident(process: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}

#[test]
#[ignore = "eight simulated hours: ./doozy.sh check hours"]
fn eight_hours_are_judged_in_flat_memory() {
    let _alone = crate::alone();
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("hours.level.ron");
    fs::write(&file, LEVEL).expect("a file");
    let data = home.path().join("data");
    let mut handle =
        begin(level(&file.display().to_string()), Who::Learner(Profile::Trained.into()), &data, Some(LENGTH));
    let origin = handle.now();
    let (mut notes, mut judged, mut last, mut after_ten, mut most) = (Vec::new(), 0_u32, None, None, 0.0_f64);
    'played: for step in 1.. {
        let now = origin + Nanos::ms(50 * step);
        handle.drive(now);
        handle.notes(&mut notes);
        for note in notes.drain(..) {
            match note {
                Note::Effect(Effect::Judged(one)) => {
                    judged += 1;
                    if one.e.is_some() {
                        last = Some(one);
                    }
                }
                Note::Effect(Effect::Paused { .. }) => handle.command(conductor::note::Command::Resume),
                Note::Ended { .. } => break 'played,
                _ => {}
            }
        }
        if step % (20 * 600) == 0 {
            let mib = resident("self").expect("Linux tells");
            println!("live, {:>4.1} h: {judged} events, {mib:.1} MiB", (now - origin).as_secs() / HOUR as f64);
            most = most.max((mib - *after_ten.get_or_insert(mib)).abs());
        }
    }
    drop(handle);
    assert!(most <= FLAT_MIB, "memory moved by {most:.1} MiB after the first ten minutes");
    let session = Reader::open(&DataDir::at(&data)).expect("a record").load("last").expect("a session");
    let last = last.expect("something was judged");
    // what is judged at the end of eight hours is the very difference of press and target, on the anchored clock
    let anchor = session.inputs.iter().find_map(|input| match input {
        Input::Anchor { trial, clock } if *trial == last.trial => Some(*clock),
        _ => None,
    });
    let plan = session.effects.iter().find_map(|effect| match effect {
        Effect::Planned(plan) if plan.trial == last.trial => Some(plan),
        _ => None,
    });
    let target =
        plan.expect("its plan").targets.iter().find(|target| Some(target.id) == last.target).expect("its target");
    let due = anchor.expect("its anchor").host(target.at);
    assert!((due - origin).as_secs() > 8.0 * HOUR as f64 - 300.0, "near the end: {}", due - origin);
    assert_eq!(last.e, last.press.map(|press| press.t - due), "to the nanosecond");
    println!("last target at {:.3} h: {:?}", (due - origin).as_secs() / HOUR as f64, last.e);
    drop(session);

    let mut replay = Command::new(env!("CARGO_BIN_EXE_doozy"))
        .args(["replay", "last", "--verify", "--data"])
        .arg(&data)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut seen = Vec::new();
    while replay.try_wait().expect("it can be asked").is_none() {
        seen.extend(resident(&replay.id().to_string()));
        std::thread::sleep(Duration::from_millis(250));
    }
    assert!(replay.wait().expect("it has ended").success(), "live and replayed agree over eight hours");
    // It begins by reading the record, checksums and all; after that it recomputes, and what it frees at its end is no growth.
    let later = &seen[seen.len() / 4..];
    let grown = later.iter().fold(0.0_f64, |most, mib| most.max(mib - later[0]));
    println!(
        "replay --verify: {:.1} MiB after its first quarter, of which the record is the most; then {grown:+.1} MiB",
        later[0]
    );
    assert!(grown <= FLAT_MIB, "replaying takes memory as it goes on");
}
