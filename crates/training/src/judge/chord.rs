//! Chords: targets that are due together, and how far apart in time they were answered (cases A27).

use std::collections::BTreeMap;

use crate::{
    event::Judged,
    time::{HostTime, Nanos},
};

/// For each moment at which several targets were due and answered by matched presses, the time from the first of these
/// presses to the last, in order of the moments. The order of the verdicts changes nothing.
#[must_use]
pub fn spreads(judged: &[Judged]) -> Vec<(HostTime, Nanos)> {
    let mut chords: BTreeMap<HostTime, Vec<HostTime>> = BTreeMap::new();
    for event in judged {
        if let (Some(due), Some(press), Some(_)) = (event.due, event.press, event.e) {
            chords.entry(due).or_default().push(press.t);
        }
    }
    chords
        .into_iter()
        .filter(|(_, presses)| presses.len() > 1)
        .filter_map(|(due, presses)| Some((due, *presses.iter().max()? - *presses.iter().min()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{
        DeviceId, EventId, EventKind, Lane, Measured, Press, Side, TargetId, Tier, TimeSource, TrialId,
    };

    fn answered(lane: u8, due_ms: f64, press_ms: f64) -> Judged {
        let at = |ms| HostTime(0) + Nanos::from_ms(ms);
        let press = Press {
            t: at(press_ms),
            err: Nanos::ZERO,
            source: TimeSource::Scripted,
            device: DeviceId(0),
            lane: Lane(lane),
            control: u16::from(lane),
            seq: u64::from(lane),
        };
        Judged {
            event: EventId(u32::from(lane)),
            trial: TrialId(0),
            kind: EventKind::Press,
            target: Some(TargetId(u32::from(lane))),
            due: Some(at(due_ms)),
            press: Some(press),
            e: Some(at(press_ms) - at(due_ms)),
            side: Side::Late,
            gain: 1.0,
            shown_ms: press_ms - due_ms,
            u: 0.1,
            tier: Tier::Clean,
            tol_ms: 50.0,
            goal_ms: 20.0,
            measured: Measured::default(),
            t: at(press_ms),
        }
    }

    #[test]
    fn a_chord_struck_at_once_has_no_spread_and_one_0_4_ms_apart_has_that() {
        let at = HostTime(0) + Nanos::ms(1000);
        let together = [0, 1, 2].map(|lane| answered(lane, 1000.0, 1002.0));
        assert_eq!(spreads(&together), [(at, Nanos::ZERO)]);
        let apart = [answered(2, 1000.0, 1002.4), answered(0, 1000.0, 1002.0), answered(1, 1000.0, 1002.0)];
        assert_eq!(spreads(&apart), [(at, Nanos(400_000))]);
        assert_eq!(spreads(&together[..1]), [], "one answer is no chord");
    }
}
