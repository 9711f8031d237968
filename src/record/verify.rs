//! Verification: a session recomputed from its inputs says what the record says, bit for bit, or we name the first
//! difference.
//!
//! The recomputing itself belongs to `doozy_training` and is handed in, so that this room need not know the reducer.

use doozy_training::event::{Effect, EventId, Input};
use serde::Serialize;
use serde_json::Value;

use super::{Damage, LoadedSession, State, row::Table};

/// What a recomputed session says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recomputed {
    /// All effects in order; [`Effect::Provisional`] is passed over.
    pub effects: Vec<Effect>,
    /// The network's answers, W and dose, in the order of events; those that the record has are compared.
    pub windows: Vec<(EventId, f64, f64)>,
}

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

/// Recomputes a session and compares every effect's JSON, and every W and dose, bit for bit.
///
/// # Errors
/// [`VerifyError`] where there is nothing sound to compare; a difference is not an error but a finding.
pub fn verify(
    session: &LoadedSession,
    rule_version: u32,
    recompute: impl FnOnce(&LoadedSession) -> Result<Recomputed, String>,
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
    let recomputed = recompute(session).map_err(VerifyError::Recompute)?;
    let mut found = Verification { effects: 0, windows: 0, state: session.info.state, difference: None };
    found.difference = windows(session, &recomputed, &mut found.windows);
    if found.difference.is_none() {
        found.difference = effects(session, &recomputed, &mut found.effects)?;
    }
    Ok(found)
}

fn windows(session: &LoadedSession, recomputed: &Recomputed, equal: &mut usize) -> Option<Difference> {
    let rows = session.rows.iter().filter(|row| row.table == Table::Inputs);
    for (input, row) in session.inputs.iter().zip(rows) {
        let Input::Window { event, w, dose } = *input else { continue };
        let again = recomputed.windows.iter().find(|(of, ..)| *of == event);
        let same =
            again.is_some_and(|(_, ours, theirs)| (ours.to_bits(), theirs.to_bits()) == (w.to_bits(), dose.to_bits()));
        if !same {
            return Some(Difference {
                seq: Some(row.seq),
                place: format!("window of event {}: W, dose", event.0),
                recorded: format!("{w:?}, {dose:?}"),
                recomputed: again.map_or_else(|| "nothing".into(), |(_, w, dose)| format!("{w:?}, {dose:?}")),
            });
        }
        *equal += 1;
    }
    None
}

fn effects(
    session: &LoadedSession,
    recomputed: &Recomputed,
    equal: &mut usize,
) -> Result<Option<Difference>, VerifyError> {
    let mut rows = session.rows.iter().filter(|row| row.table == Table::Effects);
    let lasting = recomputed.effects.iter().filter(|effect| !matches!(effect, Effect::Provisional { .. }));
    for (n, effect) in lasting.enumerate() {
        let json = serde_json::to_string(effect).map_err(|error| VerifyError::Recompute(error.to_string()))?;
        let Some(row) = rows.next() else {
            // What a cut session would have said after the cut is no difference.
            let is_after_cut = matches!(session.info.state, State::Cut | State::Running);
            return Ok((!is_after_cut).then(|| Difference {
                seq: None,
                place: format!("effect {n}"),
                recorded: "nothing".into(),
                recomputed: json,
            }));
        };
        if row.json != json {
            let (field, recorded, recomputed) = first_field(&row.json, &json);
            let place = format!("effect {n} ({}){field}", row.kind);
            return Ok(Some(Difference { seq: Some(row.seq), place, recorded, recomputed }));
        }
        *equal += 1;
    }
    Ok(rows.next().map(|row| Difference {
        seq: Some(row.seq),
        place: format!("effect {} ({})", *equal, row.kind),
        recorded: row.json.clone(),
        recomputed: "nothing".into(),
    }))
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
