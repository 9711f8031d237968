//! What is said about a verdict: the error in ms with its side, or what happened instead.

use doozy_training::event::{EventKind, Judged, Side};

/// The sentence for a verdict. The number is always the true asynchrony.
#[must_use]
pub fn headline(judged: &Judged) -> String {
    if let (Some(e), EventKind::Press | EventKind::Pair | EventKind::WrongLane) = (judged.e, judged.kind) {
        let ms = libm::round(e.as_ms().abs()) as i64;
        return match judged.side {
            Side::Early => format!("{ms} ms early"),
            Side::Late => format!("{ms} ms late"),
        };
    }
    match judged.kind {
        EventKind::Omission => "missed it".into(),
        EventKind::FalseStart => "too soon".into(),
        EventKind::StopResponse => "that one was to be left".into(),
        EventKind::WrongLane => "the other one".into(),
        EventKind::Extra | EventKind::Press | EventKind::Pair => "one too many".into(),
    }
}
