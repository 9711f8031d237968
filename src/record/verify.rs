//! Verification: a session recomputed from its inputs says what the record says, bit for bit, or we name the first
//! difference.
//!
//! The recomputing itself belongs to `doozy_training` and is handed in, so that this room need not know the reducer.

use std::collections::HashMap;

use doozy_training::{
    event::{Effect, EventId, Input},
    rehearse::Told,
};
use serde::Serialize;
use serde_json::Value;

use super::{Damage, LoadedSession, State, row::Table, session::StoredRow};

/// The outcome of a verification.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verification {
    /// Effects that were compared and equal.
    pub effects: usize,
    /// Answers of the network that were compared and equal.
    pub windows: usize,
    /// How the session ended; one that was cut is compared up to the cut.
    pub state: State,
    pub difference: Option<Difference>,
}

impl Verification {
    /// Whether the recomputed session is the recorded one.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.difference.is_none()
    }
}

/// The first thing that record and recomputation tell differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Sequence number in the record; None where the record ends before.
    pub seq: Option<i64>,
    /// Which effect or window, and which field of it: "effect 12 (judged): u".
    pub place: String,
    pub recorded: String,
    pub recomputed: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: recorded {}, recomputed {}", self.place, self.recorded, self.recomputed)?;
        match self.seq {
            Some(seq) => write!(f, " (row {seq})"),
            None => write!(f, " (the record ends before)"),
        }
    }
}

/// Why a session cannot be verified at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("the record is damaged: {0}")]
    Damaged(Damage),
    #[error(
        "this session was judged by rule version {recorded}, and this doozy judges by {ours}: verify it with the build that recorded it, {build}"
    )]
    OtherRules { recorded: u32, ours: u32, build: String },
    #[error("the session cannot be recomputed: {0}")]
    Recompute(String),
}

/// Recomputes a session and compares every effect's JSON, and every W and dose, bit for bit, as they are told: a long
/// session takes no more memory than its record.
///
/// # Errors
/// [`VerifyError`] where there is nothing sound to compare; a difference is not an error but a finding.
pub fn verify(
    session: &LoadedSession,
    rule_version: u32,
    retell: impl FnOnce(&LoadedSession, &mut dyn FnMut(Told)) -> Result<(), String>,
) -> Result<Verification, VerifyError> {
    if let Some(damage) = &session.damage {
        return Err(VerifyError::Damaged(damage.clone()));
    }
    if session.meta.rule_version != rule_version {
        return Err(VerifyError::OtherRules {
            recorded: session.meta.rule_version,
            ours: rule_version,
            build: session.meta.build.clone(),
        });
    }
    let mut windows = Windows::of(session);
    let mut effects = Effects { rows: session.rows.iter(), state: session.info.state, outcome: Outcome::default() };
    let mut failed = None;
    let told = retell(session, &mut |told| match told {
        Told::Window { event, w, dose } => windows.compare(event, w, dose),
        Told::Effect(effect) => {
            if let Err(error) = effects.compare(&effect) {
                failed.get_or_insert(error);
            }
        }
    });
    told.map_err(VerifyError::Recompute)?;
    if let Some(error) = failed {
        return Err(error);
    }
    let (windows, effects) = (windows.finish(), effects.finish());
    // an effect that differs after a window does, differs because of it
    let compared = if windows.difference.is_some() { 0 } else { effects.equal };
    Ok(Verification {
        effects: compared,
        windows: windows.equal,
        state: session.info.state,
        difference: windows.difference.or(effects.difference),
    })
}

/// How far two tellings agree.
#[derive(Default)]
struct Outcome {
    equal: usize,
    difference: Option<Difference>,
    /// Nothing more is to be compared.
    over: bool,
}

/// The network's answers that the record has and that were not told again yet: W, dose and row by event.
struct Windows {
    recorded: HashMap<EventId, (f64, f64, i64)>,
    outcome: Outcome,
}

impl Windows {
    fn of(session: &LoadedSession) -> Self {
        let rows = session.rows.iter().filter(|row| row.table == Table::Inputs);
        let window = |(input, seq): (&Input, i64)| match *input {
            Input::Window { event, w, dose } => Some((event, (w, dose, seq))),
            _ => None,
        };
        let recorded = session.inputs.iter().zip(rows.map(|row| row.seq)).filter_map(window).collect();
        Self { recorded, outcome: Outcome::default() }
    }

    fn compare(&mut self, event: EventId, w: f64, dose: f64) {
        let Some(recorded) = self.recorded.remove(&event) else { return };
        if (recorded.0.to_bits(), recorded.1.to_bits()) == (w.to_bits(), dose.to_bits()) {
            self.outcome.equal += 1;
        } else {
            self.differ(event, recorded, format!("{w:?}, {dose:?}"));
        }
    }

    /// Keeps the difference that the record comes to first.
    fn differ(&mut self, event: EventId, (w, dose, seq): (f64, f64, i64), recomputed: String) {
        if self.outcome.difference.as_ref().is_none_or(|first| first.seq > Some(seq)) {
            self.outcome.difference = Some(Difference {
                seq: Some(seq),
                place: format!("window of event {}: W, dose", event.0),
                recorded: format!("{w:?}, {dose:?}"),
                recomputed,
            });
        }
    }

    fn finish(mut self) -> Outcome {
        for (event, recorded) in std::mem::take(&mut self.recorded) {
            self.differ(event, recorded, "nothing".into());
        }
        self.outcome
    }
}

/// The effects of the record that were not told again yet.
struct Effects<'a> {
    rows: std::slice::Iter<'a, StoredRow>,
    state: State,
    outcome: Outcome,
}

impl<'a> Effects<'a> {
    fn next_row(&mut self) -> Option<&'a StoredRow> {
        self.rows.by_ref().find(|row| row.table == Table::Effects)
    }

    fn compare(&mut self, effect: &Effect) -> Result<(), VerifyError> {
        if self.outcome.over || matches!(effect, Effect::Provisional { .. }) {
            return Ok(());
        }
        let json = serde_json::to_string(effect).map_err(|error| VerifyError::Recompute(error.to_string()))?;
        let n = self.outcome.equal;
        match self.next_row() {
            Some(row) if row.json == json => self.outcome.equal += 1,
            Some(row) => {
                let (field, recorded, recomputed) = first_field(&row.json, &json);
                let place = format!("effect {n} ({}){field}", row.kind);
                self.outcome.difference = Some(Difference { seq: Some(row.seq), place, recorded, recomputed });
                self.outcome.over = true;
            }
            None => {
                // What a cut session would have said after the cut is no difference.
                if !matches!(self.state, State::Cut | State::Running) {
                    self.outcome.difference = Some(Difference {
                        seq: None,
                        place: format!("effect {n}"),
                        recorded: "nothing".into(),
                        recomputed: json,
                    });
                }
                self.outcome.over = true;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Outcome {
        if !self.outcome.over
            && let Some(row) = self.next_row()
        {
            self.outcome.difference = Some(Difference {
                seq: Some(row.seq),
                place: format!("effect {} ({})", self.outcome.equal, row.kind),
                recorded: row.json.clone(),
                recomputed: "nothing".into(),
            });
        }
        self.outcome
    }
}

/// The first field in which two JSON texts differ, as ": path", and its two values; the texts where they differ in kind.
fn first_field(recorded: &str, recomputed: &str) -> (String, String, String) {
    let whole = || (String::new(), recorded.to_owned(), recomputed.to_owned());
    let (Ok(a), Ok(b)) = (serde_json::from_str::<Value>(recorded), serde_json::from_str::<Value>(recomputed)) else {
        return whole();
    };
    if a.get("effect") != b.get("effect") {
        return whole();
    }
    let mut path = String::new();
    match descend(&a, &b, &mut path) {
        Some((a, b)) => (format!(": {path}"), a, b),
        None => whole(),
    }
}

fn descend(a: &Value, b: &Value, path: &mut String) -> Option<(String, String)> {
    let length = path.len();
    let mut inside = |key: &str, a: &Value, b: &Value| {
        if length > 0 {
            path.push('.');
        }
        path.push_str(key);
        let found = descend(a, b, path);
        if found.is_none() {
            path.truncate(length);
        }
        found
    };
    match (a, b) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            a.iter().find_map(|(key, a)| inside(key, a, b.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(n, (a, b))| inside(&n.to_string(), a, b))
        }
        _ => {
            let (a, b) = (a.to_string(), b.to_string());
            (a != b).then_some((a, b))
        }
    }
}
