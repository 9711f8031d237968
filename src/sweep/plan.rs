//! A plan as text: which learners meet which policies, in which drills and schedules, over how many seeds.

use std::{collections::BTreeSet, fmt};

use doozy_training::{
    contest::{Drill, Rival, Schedule},
    learner::{Hypothesis, Profile},
    session::{Amplification, Policy},
};
use ron::{Options, extensions::Extensions};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::place::{place_of, places};
use crate::lab::nearest;

/// The ending of a plan's file.
pub const ENDING: &str = ".plan.ron";
/// The largest plan that is read, bytes ◇.
pub const MAX_BYTES: usize = 256 * 1024;
/// The version of the schema that this program reads.
const VERSION: u32 = 1;
/// How deep brackets may nest ◇: a plan needs 4.
const DEPTH: usize = 32;
/// Seeds of a part where the plan does not say ◇: some hundred kilobytes a file, and a second of work.
const CHUNK: u64 = 1_000;
/// At most so many seeds to a part: one batch of the engine that sums them up, so that sums have one order.
const MOST_CHUNK: u64 = 8_192;
/// Most runs of a plan ◇: beyond this, files and hours are a mistake of the plan.
const MOST_RUNS: u128 = 10_000_000_000;

/// A plan as its author wrote it, checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Plan")]
pub struct Plan {
    version: u32,
    pub title: String,
    /// Which people the learners are at the start: `trained`, `novice` or `ataxic`.
    pub profile: String,
    #[serde(default)]
    pub first_seed: u64,
    /// Simulated people of each cell.
    pub seeds: u64,
    /// Seeds of a part, the unit of work and of files.
    #[serde(default = "chunk")]
    pub chunk: u64,
    pub schedules: Vec<Practice>,
    pub drills: Vec<Drill>,
    pub learners: Vec<Hypothesis>,
    pub policies: Vec<Contender>,
    /// Policies whose worst-case regret is compared with every other's.
    #[serde(default)]
    pub ours: Vec<String>,
}

/// A schedule with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Practice {
    pub name: String,
    pub days: u32,
    /// Events a day.
    pub events: u32,
    /// Events of a block.
    pub block: u32,
}

/// A policy with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contender {
    pub name: String,
    pub who: Who,
    /// Schedules in which it takes part; all where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
}

/// What a contender does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Who {
    /// One policy, and what it amplifies.
    Steered { policy: Policy, amplify: Amplification },
    /// The window policy's knobs on another person.
    Yoked,
    /// The window policy's own knobs in random order.
    Scrambled,
    /// "What works for you".
    Yours,
}

/// One thing that is wrong with a plan, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    pub message: String,
}

/// Why a plan was refused: a line a fault, each as `name:line:column: message`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct PlanError {
    /// The path or other name that the text was given under.
    pub name: String,
    /// At least one, in the order of the text.
    pub faults: Vec<Fault>,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Fault { line, column, message }) in self.faults.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:{line}:{column}: {message}", self.name)?;
        }
        Ok(())
    }
}

fn chunk() -> u64 {
    CHUNK
}

impl Practice {
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        Schedule { days: self.days, events: self.events, block: self.block }
    }
}

impl Contender {
    #[must_use]
    pub fn rival(&self) -> Rival {
        match self.who {
            Who::Steered { policy, amplify } => Rival::Policy { policy, amplification: amplify },
            Who::Yoked => Rival::Yoked,
            Who::Scrambled => Rival::Scrambled,
            Who::Yours => Rival::Yours,
        }
    }

    /// Whether it takes part in a schedule.
    #[must_use]
    pub fn plays(&self, schedule: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|name| name == schedule))
    }
}

impl Plan {
    /// Reads a plan. `name` (a path) opens every message.
    ///
    /// # Errors
    /// The first fault of syntax or of a name, or every fault of value at once.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, PlanError> {
        let one =
            |line, column, message| PlanError { name: name.to_owned(), faults: vec![Fault { line, column, message }] };
        if bytes.len() > MAX_BYTES {
            let message = format!("{} bytes are more than the {MAX_BYTES} that a plan may have", bytes.len());
            return Err(one(1, 1, message));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            let line = 1 + before.matches('\n').count();
            let column = 1 + before.rsplit('\n').next().unwrap_or("").chars().count();
            one(line, column, "this is not UTF-8; save the file as UTF-8".to_owned())
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
        if text.trim().is_empty() {
            return Err(one(1, 1, "the file is empty; levels/plans/contest.plan.ron is one to copy".to_owned()));
        }
        let options = Options::default().with_default_extension(Extensions::IMPLICIT_SOME).with_recursion_limit(DEPTH);
        let plan: Self = options.from_str(&text).map_err(|error| {
            let (line, column) = past_space(&text, error.span.start.line, error.span.start.col);
            one(line, column, told(&error.code))
        })?;
        let complaints = plan.complaints();
        if complaints.is_empty() {
            return Ok(plan);
        }
        let places = places(&text);
        let mut faults: Vec<Fault> = complaints
            .into_iter()
            .map(|(path, message)| {
                let (line, column) = place_of(&places, &path);
                Fault { line, column, message: format!("{path}: {message}") }
            })
            .collect();
        faults.sort_by_key(|fault| (fault.line, fault.column));
        Err(PlanError { name: name.to_owned(), faults })
    }

    /// A hash that two plans share only if every run of theirs is the same.
    #[must_use]
    pub fn hash(&self) -> String {
        // Fields are written in the order of their declaration, numbers with all their digits.
        let text = serde_json::to_string(self).unwrap_or_default();
        Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Who the learners are at the start.
    #[must_use]
    pub fn profile(&self) -> Profile {
        // checked when it was read
        self.profile.parse().unwrap_or(Profile::Novice)
    }

    /// Runs of the whole plan.
    #[must_use]
    pub fn runs(&self) -> u128 {
        self.cells().map(|_| u128::from(self.seeds)).sum()
    }

    /// Every cell that is played, in the order of tables.
    pub fn cells(&self) -> impl Iterator<Item = (&Practice, Drill, Hypothesis, &Contender)> {
        self.schedules.iter().flat_map(move |practice| {
            self.drills.iter().flat_map(move |drill| {
                self.learners.iter().flat_map(move |learner| {
                    let playing = self.policies.iter().filter(|contender| contender.plays(&practice.name));
                    playing.map(move |contender| (practice, *drill, *learner, contender))
                })
            })
        })
    }

    fn complaints(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut say = |path: String, message: String| found.push((path, message));
        if self.version != VERSION {
            say("version".into(), format!("{} is not known here; this program reads version {VERSION}", self.version));
        }
        if self.title.trim().is_empty() || self.title.chars().count() > 120 {
            say("title".into(), "give 1 to 120 characters, not only spaces".into());
        }
        let profiles = ["trained", "novice", "ataxic"];
        if !profiles.contains(&self.profile.as_str()) {
            let message = unknown(&self.profile, "profile", &profiles);
            say("profile".into(), message);
        }
        if self.seeds == 0 {
            say("seeds".into(), "0 seeds are no simulation; give at least 1".into());
        }
        // seeds are written as the 64-bit integers that have a sign
        if self.first_seed.checked_add(self.seeds).is_none_or(|end| i64::try_from(end).is_err()) {
            say("first_seed".into(), format!("{} seeds from {} on go beyond 2^63", self.seeds, self.first_seed));
        }
        if !(1..=MOST_CHUNK).contains(&self.chunk) {
            say("chunk".into(), format!("{} seeds a part lie outside 1 to {MOST_CHUNK}", self.chunk));
        }
        for (path, is_empty) in [
            ("schedules", self.schedules.is_empty()),
            ("drills", self.drills.is_empty()),
            ("learners", self.learners.is_empty()),
            ("policies", self.policies.is_empty()),
        ] {
            if is_empty {
                say(path.into(), "name at least one".into());
            }
        }
        self.check_schedules(&mut say);
        for (k, drill) in self.drills.iter().enumerate() {
            if self.drills[..k].contains(drill) {
                say(format!("drills[{k}]"), format!("{} is named twice", drill.id()));
            }
        }
        for (k, learner) in self.learners.iter().enumerate() {
            if self.learners[..k].contains(learner) {
                say(format!("learners[{k}]"), format!("{learner} is named twice"));
            }
        }
        self.check_policies(&mut say);
        if self.runs() > MOST_RUNS {
            say("seeds".into(), format!("{} runs are more than {MOST_RUNS}", self.runs()));
        }
        found
    }

    fn check_schedules(&self, say: &mut impl FnMut(String, String)) {
        let mut names = BTreeSet::new();
        for (k, Practice { name, days, events, block }) in self.schedules.iter().enumerate() {
            let at = |field: &str| format!("schedules[{k}].{field}");
            check_name(&at("name"), name, &mut names, say);
            if !(1..=365).contains(days) {
                say(at("days"), format!("{days} days lie outside 1 to 365"));
            }
            if !(1..=100_000).contains(events) {
                say(at("events"), format!("{events} events a day lie outside 1 to 100000"));
            }
            if *block == 0 || block > events {
                say(
                    at("block"),
                    format!("a block of {block} events does not fit into a day of {events}; give 1 to {events}"),
                );
            } else if block == events {
                say(
                    at("block"),
                    format!(
                        "the first block of a day is a probe: with a block of {block} nothing of {events} events is practised"
                    ),
                );
            }
        }
    }

    fn check_policies(&self, say: &mut impl FnMut(String, String)) {
        let mut names = BTreeSet::new();
        let schedules: Vec<&str> = self.schedules.iter().map(|practice| practice.name.as_str()).collect();
        for (k, contender) in self.policies.iter().enumerate() {
            let at = |field: &str| format!("policies[{k}].{field}");
            check_name(&at("name"), &contender.name, &mut names, say);
            if let Some(twin) = self.policies[..k].iter().find(|other| other.who == contender.who) {
                say(at("who"), format!("it does the same as {}", twin.name));
            }
            if let Who::Steered { policy, .. } = contender.who
                && let Some(fault) = policy.fault()
            {
                say(at("who.policy"), fault);
            }
            for (n, name) in contender.only.iter().flatten().enumerate() {
                if !schedules.contains(&name.as_str()) {
                    say(format!("policies[{k}].only[{n}]"), unknown(name, "schedule", &schedules));
                } else if contender.only.iter().flatten().take(n).any(|other| other == name) {
                    say(format!("policies[{k}].only[{n}]"), format!("{name} is named twice"));
                }
            }
            if contender.only.as_ref().is_some_and(Vec::is_empty) {
                say(at("only"), "it takes part in no schedule; leave it out, or name one".into());
            }
            let short = self.schedules.iter().find(|p| p.days < 2 && contender.plays(&p.name));
            if let (Who::Yours, Some(practice)) = (contender.who, short) {
                say(
                    at("who"),
                    format!(
                        "it decides by days, and {} has one: say only: [\"…\"] with a schedule of more",
                        practice.name
                    ),
                );
            }
        }
        let known: Vec<&str> = self.policies.iter().map(|contender| contender.name.as_str()).collect();
        for (k, name) in self.ours.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                say(format!("ours[{k}]"), unknown(name, "policy", &known));
            } else if self.ours[..k].contains(name) {
                say(format!("ours[{k}]"), format!("{name} is named twice"));
            }
        }
    }
}

/// A name becomes a folder's: short, plain, and nobody else's.
fn check_name(path: &str, name: &str, names: &mut BTreeSet<String>, say: &mut impl FnMut(String, String)) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 32 || !name.chars().all(plain) || name.starts_with('.') {
        say(
            path.to_owned(),
            format!("{name:?} names a folder too: give 1 to 32 of a–z, 0–9, - _ and ., not beginning with a point"),
        );
    } else if !names.insert(name.to_owned()) {
        say(path.to_owned(), format!("{name} is named twice"));
    }
}

fn unknown(name: &str, what: &str, known: &[&str]) -> String {
    let near = nearest(name, known.iter().copied()).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    format!("there is no {what} {name:?}{near} (there are: {})", known.join(", "))
}

/// What is wrong with syntax or type, in words; a name that is not known with the one that was likely meant.
fn told(error: &ron::Error) -> String {
    match error {
        ron::Error::NoSuchEnumVariant { expected, found, outer } => {
            let what = match outer.as_deref() {
                Some("Hypothesis") => "learner",
                Some("Drill") => "drill",
                Some("Policy" | "Who") => "policy",
                Some("Amplification") => "amplification",
                _ => "name",
            };
            unknown(found, what, expected)
        }
        ron::Error::NoSuchStructField { expected, found, .. } => unknown(found, "field", expected),
        other => other.to_string(),
    }
}

/// A place in a text, moved past the white space that it lies in: ron's faults begin where the token before ended.
fn past_space(text: &str, line: usize, column: usize) -> (usize, usize) {
    let lines = text.split('\n').enumerate().skip(line.saturating_sub(1));
    let places = lines.flat_map(|(n, content)| content.chars().enumerate().map(move |(at, c)| (n + 1, at + 1, c)));
    let before = |&(n, at, _): &(usize, usize, char)| n == line && at < column;
    let mut ahead = places.skip_while(before).filter(|&(_, _, c)| !c.is_whitespace() && c != ',');
    ahead.next().map_or((line, column), |(line, column, _)| (line, column))
}
