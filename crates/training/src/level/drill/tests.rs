//! The kinds, a module a kind: what each asks for, its rows of `drills.md`, and what its levels may not say.

mod chart;
mod judged;
mod memory;
mod reaction;
mod rhythm;

use crate::level::{Level, Setting, TrialBody};

/// A level of a drill as levels write it.
fn level(drill: &str) -> Level {
    try_level(drill).unwrap_or_else(|error| panic!("{error}"))
}

fn try_level(drill: &str) -> Result<Level, crate::level::LevelError> {
    let text = format!("(version: 1, title: \"T\", aim: \"a\", trials: 6, seconds: 60,\n    drill: {drill})");
    Level::parse("t", &text)
}

/// What is wrong with a drill, a line a fault.
fn refusal(drill: &str) -> Vec<String> {
    let error = try_level(drill).expect_err(drill).to_string();
    error.lines().map(str::to_owned).collect()
}

fn at_mean(level: &Level, rung: i32) -> (Setting, TrialBody) {
    let setting = level.setting(rung);
    let body = level.plan(&setting, &mut || 0.5);
    (setting, body)
}

/// When targets are due, ms.
fn due_ms(body: &TrialBody) -> Vec<f64> {
    body.targets.iter().map(|target| target.at.as_ms()).collect()
}

/// What is wrong with a drill once one piece of its text is changed.
fn changed(drill: &str, from: &str, to: &str) -> String {
    assert!(drill.contains(from), "{from}");
    refusal(&drill.replacen(from, to, 1)).join("\n")
}

/// A trial laid out with these draws, over and over.
fn drawn(level: &Level, rung: i32, draws: &[f64]) -> TrialBody {
    let mut next = draws.iter().copied().cycle();
    level.plan(&level.setting(rung), &mut || next.next().expect("a cycle of draws"))
}

/// Gaps between successive targets, ms.
fn gaps_ms(body: &TrialBody) -> Vec<f64> {
    body.targets.windows(2).map(|pair| (pair[1].at - pair[0].at).as_ms()).collect()
}
