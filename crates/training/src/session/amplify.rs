//! Amplification: the consequences of an error grow with the gain; its number in milliseconds never does.

use serde::{Deserialize, Serialize};

use super::constants::{GAIN_REDUCED, SATURATION, WINDOW_EDGE};
use crate::event::{Amplify, EventKind, Tier};

/// Which errors the gain applies to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amplification {
    /// Misses and doozies only: the product.
    #[default]
    BigErrors,
    /// Every matched error (a study condition).
    AllErrors,
    /// Every matched error that is smaller than the window's edge, and no further than to it: what would open the window by
    /// itself is shown as it is (simulations; the idea is tried in docs/science/policies.md).
    IntoWindow,
    /// Every matched error is halved (a study condition, guidance).
    ErrorsReduced,
    /// Nothing is amplified; the gain stays 1.
    Off,
}

impl Amplify {
    /// Whether an event of this kind may have gain and drama at all (drills.md, "amplify").
    #[must_use]
    pub fn reaches(self, kind: EventKind) -> bool {
        match self {
            Self::AtOnce | Self::AtPhraseEnd => true,
            // whoever is late is sized by it, and who did not come at all was later still
            Self::Late => matches!(kind, EventKind::Press | EventKind::Omission),
            Self::WrongLane => kind == EventKind::WrongLane,
        }
    }
}

impl Amplification {
    /// The gain that an event's consequences feel: `in_force` at its target, by the kind of event and its true tier.
    ///
    /// Only matched responses and pairs are amplified (training.md §2); in a drill of choice, wrong lanes only.
    #[must_use]
    pub fn felt(self, in_force: f64, terms: Amplify, kind: EventKind, tier: Tier) -> f64 {
        let is_matched = matches!(kind, EventKind::Press | EventKind::Pair | EventKind::Release | EventKind::Excursion);
        if !is_matched && terms != Amplify::WrongLane {
            return 1.0;
        }
        match self {
            Self::BigErrors if tier.is_success() => 1.0,
            Self::BigErrors | Self::AllErrors | Self::IntoWindow => in_force,
            Self::ErrorsReduced => GAIN_REDUCED,
            Self::Off => 1.0,
        }
    }

    /// Whether the gain follows the player at all.
    #[must_use]
    pub fn is_adaptive(self) -> bool {
        matches!(self, Self::BigErrors | Self::AllErrors | Self::IntoWindow)
    }

    /// What of a gain an error of `e_ms` can take, in a drill of the goal SD `goal_ms`: all of it, but where amplification
    /// ends at the window's edge.
    #[must_use]
    pub fn limited(self, gain: f64, e_ms: f64, goal_ms: f64) -> f64 {
        if self != Self::IntoWindow || gain <= 1.0 {
            return gain;
        }
        let reach = SATURATION * goal_ms;
        let size = libm::fabs(e_ms);
        let room = (WINDOW_EDGE * goal_ms - size).max(0.0);
        let grows = reach * libm::tanh(size / reach);
        if grows > 0.0 { gain.min(1.0 + room / grows) } else { gain }
    }
}

/// The displayed error `e + (g − 1) · h(e)`, `h(e) = 4T · tanh(e / 4T)`, in ms: for g ≥ 1 never smaller than e, and at
/// most `4T (g − 1)` larger.
#[must_use]
pub fn displayed_ms(e_ms: f64, gain: f64, goal_ms: f64) -> f64 {
    let reach = SATURATION * goal_ms;
    e_ms + (gain - 1.0) * reach * libm::tanh(e_ms / reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_of_one_shows_the_true_error() {
        assert_eq!(displayed_ms(-37.0, 1.0, 20.0), -37.0);
    }

    #[test]
    fn an_error_of_four_goals_grows_by_tanh_one() {
        // T 20: h(80) = 80 · tanh 1 = 60.92753246...
        assert!((displayed_ms(80.0, 2.0, 20.0) - 140.927_532_476_461_3).abs() < 1e-9);
        assert!((displayed_ms(-80.0, 1.5, 20.0) + 110.463_766_238_230_6).abs() < 1e-9);
    }

    #[test]
    fn it_never_shrinks_and_adds_four_goals_at_most() {
        for tenth in 0..4_000 {
            let e = f64::from(tenth) / 10.0;
            let shown = displayed_ms(e, 2.0, 24.0);
            assert!(shown >= e && shown - e <= 4.0 * 24.0, "{e} → {shown}");
            assert_eq!(displayed_ms(-e, 2.0, 24.0), -shown);
        }
    }

    #[test]
    fn reduced_errors_show_less_than_they_are() {
        let shown = displayed_ms(40.0, GAIN_REDUCED, 20.0);
        assert!(shown > 20.0 && shown < 22.0, "{shown}");
    }

    #[test]
    fn by_default_misses_and_doozies_feel_the_gain_and_nothing_else() {
        let felt = |kind, tier| Amplification::BigErrors.felt(1.7, Amplify::AtOnce, kind, tier);
        assert_eq!(felt(EventKind::Press, Tier::Clean), 1.0);
        assert_eq!(felt(EventKind::Press, Tier::Slip), 1.0);
        assert_eq!(felt(EventKind::Press, Tier::Miss), 1.7);
        assert_eq!(felt(EventKind::Press, Tier::Doozy), 1.7);
        assert_eq!(felt(EventKind::Pair, Tier::Doozy), 1.7);
        assert_eq!(felt(EventKind::Omission, Tier::Doozy), 1.0);
        assert_eq!(felt(EventKind::WrongLane, Tier::Doozy), 1.0);
        assert_eq!(felt(EventKind::FalseStart, Tier::Doozy), 1.0);
    }

    #[test]
    fn the_study_conditions_reach_every_matched_error() {
        assert_eq!(Amplification::AllErrors.felt(1.7, Amplify::AtOnce, EventKind::Press, Tier::Clean), 1.7);
        assert_eq!(Amplification::ErrorsReduced.felt(1.7, Amplify::AtOnce, EventKind::Press, Tier::Clean), 0.5);
        assert_eq!(Amplification::Off.felt(1.7, Amplify::AtOnce, EventKind::Press, Tier::Doozy), 1.0);
    }

    #[test]
    fn what_is_lifted_into_the_window_is_lifted_to_its_edge_and_no_further() {
        for tenth in 1..800 {
            let e = f64::from(tenth) / 10.0;
            let felt = Amplification::IntoWindow.limited(2.0, e, 20.0);
            let shown = displayed_ms(e, felt, 20.0);
            assert!((1.0..=2.0).contains(&felt));
            if e >= WINDOW_EDGE * 20.0 {
                assert_eq!(felt, 1.0, "{e}");
            } else {
                assert!(shown > e && shown <= WINDOW_EDGE * 20.0 + 1e-9, "{e}: {shown}");
            }
            assert_eq!(Amplification::IntoWindow.limited(2.0, -e, 20.0), felt);
            assert_eq!(Amplification::AllErrors.limited(2.0, e, 20.0), 2.0);
        }
        assert_eq!(Amplification::IntoWindow.limited(2.0, 0.0, 20.0), 2.0);
        assert_eq!(displayed_ms(0.0, 2.0, 20.0), 0.0);
    }
}
