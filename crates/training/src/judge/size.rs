//! How big an event is and which tier it has: the columns "u" and "tier" of training.md §1 and §2.

use crate::event::{ErrorUnit, EventKind, Tier};

/// Sizes are capped here (training.md §2), in goal SDs.
pub const LARGEST: f64 = 4.0;
/// A matched press beyond this is a doozy however tight the tolerance, ms (training.md §1 ◇): twice a tolerance that
/// has come down to a goal of 12–20 ms is an error that nobody feels as a disaster.
pub const DOOZY_FLOOR_MS: f64 = 40.0;

/// The size of an event in goal SDs, 0 to 4.
///
/// `shown` is the displayed (amplified) error of a matched press or pair; `distance` is press − nearest target, of a
/// press that is amplified never; both signed, in the unit of `goal`, which is the goal SD `T > 0`. Rows that use
/// neither ignore both.
#[must_use]
pub fn size(kind: EventKind, shown: f64, distance: f64, goal: f64) -> f64 {
    let goals = |error: f64| libm::fabs(error) / goal;
    let u = match kind {
        EventKind::StopResponse => 2.0,
        EventKind::WrongLane => goals(distance).max(3.0),
        EventKind::FalseStart | EventKind::Omission => LARGEST,
        EventKind::Press | EventKind::Pair | EventKind::Release | EventKind::Excursion => goals(shown),
        EventKind::Extra => (goals(distance) / 2.0).min(2.0),
    };
    u.min(LARGEST)
}

/// The tier of an event whose error is in ms; `e` is the true error, and only a matched press looks at it.
#[must_use]
pub fn tier(kind: EventKind, e: f64, tol: f64, jnd: f64) -> Tier {
    tier_in(ErrorUnit::Milliseconds, kind, e, tol, jnd)
}

/// The tier of an event; `e`, the tolerance and the just-noticeable difference share one unit.
#[must_use]
pub fn tier_in(unit: ErrorUnit, kind: EventKind, e: f64, tol: f64, jnd: f64) -> Tier {
    match kind {
        EventKind::Press | EventKind::Release | EventKind::Excursion => {
            let off = libm::fabs(e);
            let floor = match unit {
                ErrorUnit::Milliseconds => DOOZY_FLOOR_MS,
                ErrorUnit::Percent => 0.0,
            };
            if off > tol {
                if off > (2.0 * tol).max(floor) { Tier::Doozy } else { Tier::Miss }
            } else if off <= (tol / 2.0).max(jnd) {
                Tier::Clean
            } else {
                Tier::Slip
            }
        }
        EventKind::StopResponse | EventKind::Extra => Tier::Miss,
        EventKind::WrongLane | EventKind::FalseStart | EventKind::Pair | EventKind::Omission => Tier::Doozy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(e: f64, tol: f64, jnd: f64) -> Tier {
        tier(EventKind::Press, e, tol, jnd)
    }

    #[test]
    fn clean_is_half_the_tolerance_or_what_cannot_be_noticed() {
        assert_eq!(press(-30.0, 60.0, 15.0), Tier::Clean);
        assert_eq!(press(30.000_001, 60.0, 15.0), Tier::Slip);
        assert_eq!(press(12.5, 20.0, 12.5), Tier::Clean);
        assert_eq!(press(-12.6, 20.0, 12.5), Tier::Slip);
    }

    #[test]
    fn slip_reaches_to_the_tolerance() {
        assert_eq!(press(60.0, 60.0, 15.0), Tier::Slip);
        assert_eq!(press(-60.0, 60.0, 15.0), Tier::Slip);
        assert_eq!(press(-60.000_001, 60.0, 15.0), Tier::Miss);
    }

    #[test]
    fn nothing_beyond_the_tolerance_is_clean() {
        assert_eq!(press(7.0, 5.0, 8.0), Tier::Miss);
    }

    #[test]
    fn a_miss_is_beyond_the_tolerance_or_an_extra_press() {
        assert_eq!(press(119.9, 60.0, 15.0), Tier::Miss);
        assert_eq!(tier(EventKind::Extra, 0.0, 60.0, 15.0), Tier::Miss);
        assert_eq!(tier(EventKind::StopResponse, 0.0, 60.0, 15.0), Tier::Miss);
    }

    #[test]
    fn a_doozy_is_beyond_twice_the_tolerance_and_40_ms() {
        assert_eq!(press(120.0, 60.0, 15.0), Tier::Miss);
        assert_eq!(press(-120.1, 60.0, 15.0), Tier::Doozy);
        assert_eq!(press(40.0, 12.0, 7.5), Tier::Miss);
        assert_eq!(press(40.1, 12.0, 7.5), Tier::Doozy);
    }

    #[test]
    fn errors_not_in_ms_know_no_40() {
        let percent = |e| tier_in(ErrorUnit::Percent, EventKind::Press, e, 10.0, 2.5);
        assert_eq!((percent(20.0), percent(20.1)), (Tier::Miss, Tier::Doozy));
    }

    #[test]
    fn what_else_goes_wrong_is_a_doozy() {
        for kind in [EventKind::Omission, EventKind::FalseStart, EventKind::WrongLane, EventKind::Pair] {
            assert_eq!(tier(kind, 0.0, 60.0, 15.0), Tier::Doozy, "{kind:?}");
        }
    }

    #[test]
    fn a_gaussian_at_80_per_cent_success_falls_into_tiers_as_the_table_says() {
        // tol = 1.2816 SD. P(|z| ≤ x) = erf(x / √2).
        let within = |x: f64| libm::erf(x / std::f64::consts::SQRT_2);
        let tol = 1.281_551_565_5;
        let shares = [
            within(tol / 2.0),
            within(tol) - within(tol / 2.0),
            within(2.0 * tol) - within(tol),
            1.0 - within(2.0 * tol),
        ];
        assert_eq!(shares.map(|share| libm::round(share * 100.0)), [48.0, 32.0, 19.0, 1.0]);
    }

    #[test]
    fn sizes_by_the_rows_of_the_table() {
        let t = 20.0;
        assert_eq!(size(EventKind::StopResponse, 0.0, -70.0, t), 2.0);
        assert_eq!(size(EventKind::WrongLane, 0.0, 10.0, t), 3.0);
        assert_eq!(size(EventKind::WrongLane, 0.0, -70.0, t), 3.5);
        assert_eq!(size(EventKind::WrongLane, 0.0, 200.0, t), 4.0);
        assert_eq!(size(EventKind::FalseStart, 0.0, -300.0, t), 4.0);
        assert_eq!(size(EventKind::Press, -30.0, -20.0, t), 1.5);
        assert_eq!(size(EventKind::Press, 100.0, 60.0, t), 4.0);
        assert_eq!(size(EventKind::Pair, -50.0, -40.0, t), 2.5);
        assert_eq!(size(EventKind::Omission, 0.0, 0.0, t), 4.0);
        assert_eq!(size(EventKind::Extra, 0.0, -30.0, t), 0.75);
        assert_eq!(size(EventKind::Extra, 0.0, 90.0, t), 2.0);
    }
}
