//! Drift is offered when it is there, once, and seldom when it is not.

use doozy_cerebellum::rng::Stream;

use crate::calibration::drift::Drift;

/// Asynchronies of a session: SD 30, moving by `by` ms from hit 100 to hit 200; what was offered, at which hit.
fn session(seed: u64, hits: u32, by: f64) -> Vec<(u32, f64)> {
    let mut hand = Stream::named(seed, "drift", 0);
    let mut drift = Drift::default();
    let mut offers = Vec::new();
    for n in 0..hits {
        let moved = by * (f64::from(n.saturating_sub(100)) / 100.0).min(1.0);
        offers.extend(drift.hit(-20.0 + moved + 30.0 * hand.gaussian()).map(|offer| (n, offer.by_ms)));
    }
    offers
}

#[test]
fn a_device_that_falls_behind_is_told_once() {
    for by in [-60.0, 45.0, 60.0] {
        let told: Vec<_> = (0..50).map(|seed| session(seed, 600, by)).collect();
        assert!(told.iter().all(|offers| offers.len() <= 1));
        let found = told.iter().flatten().filter(|(n, ms)| *n > 100 && ms.signum() == by.signum()).count();
        assert!(found >= 47, "{by}: {found} of 50");
    }
}

#[test]
fn a_steady_session_is_seldom_disturbed() {
    let alarms = (0..200).filter(|seed| !session(*seed, 400, 0.0).is_empty()).count();
    assert!(alarms <= 10, "{alarms} of 200 sessions of 400 hits");
    // a little is not worth a word, however sure
    let mut drift = Drift::default();
    assert!((0..400).all(|n| drift.hit(if n < 200 { 0.0 } else { 14.0 }).is_none()));
}

#[test]
fn misses_gone_astray_are_no_drift() {
    let mut drift = Drift::default();
    let mut hand = Stream::named(1, "astray", 0);
    for n in 0..400 {
        let astray = if n > 200 && n % 5 == 0 { 300.0 } else { 0.0 };
        assert_eq!(drift.hit(20.0 * hand.gaussian() + astray), None, "hit {n}");
    }
}

#[test]
fn another_offset_starts_the_comparison_anew() {
    let mut drift = Drift::default();
    for _ in 0..100 {
        assert_eq!(drift.hit(0.0), None);
    }
    drift.rebase();
    for _ in 0..300 {
        assert_eq!(drift.hit(80.0), None);
    }
    assert_eq!(drift.hit(f64::NAN), None);
}
