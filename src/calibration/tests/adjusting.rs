//! The adjustment: what it finds, and what it does with players who do not keep still.

use super::*;
use crate::calibration::adjust::{Adjuster, BEATS_TO_HEAR, NotYet, SETTINGS_ASKED};

fn at(ms: f64) -> HostTime {
    ORIGIN + Nanos::from_ms(ms)
}

#[test]
fn the_adjustment_finds_every_offset_of_the_range() {
    for offset in [-900.0, -320.0, -20.0, 0.0, 155.0, 320.0, 650.0, 1000.0] {
        let mut mean = 0.0;
        for seed in 0..4 {
            let found = simulate(Method::Adjust, Tapper { sd_ms: 10.0, ..exact(offset) }, seed);
            let (x, se) = (found.median_ms.unwrap(), found.se_ms.unwrap());
            assert!((x - offset).abs() < 3.5 * se + 2.0, "{offset}, seed {seed}: {found:?}");
            assert_eq!((found.n, found.verdict), (SETTINGS_ASKED, Verdict::Ready), "{offset}, seed {seed}");
            mean += x / 4.0;
        }
        assert!((mean - offset).abs() < 8.0, "{offset}: {mean} over four players");
    }
}

#[test]
fn settings_start_on_both_sides_and_differ_by_seed() {
    let mut firsts = Vec::new();
    for seed in 0..20 {
        let mut adjuster = Adjuster::new(seed, 300.0);
        let mut sides = Vec::new();
        let mut t = 0.0;
        while !adjuster.is_done() {
            let start = adjuster.x().as_ms() - 300.0;
            assert!((60.0..=180.5).contains(&start.abs()), "{start}");
            sides.push(start > 0.0);
            if sides.len() == 1 {
                firsts.push(start);
            }
            // straight to the truth, and enough beats there
            adjuster.nudge((adjuster.x().as_ms() - 300.0) as i32);
            while !adjuster.confirmable() {
                t += 1.0;
                if t % 600.0 == 0.0 {
                    adjuster.tap(at(t));
                }
                while adjuster.due(at(t), Nanos::ms(150)).is_some() {}
            }
            adjuster.confirm().unwrap();
        }
        assert!(sides.windows(2).all(|pair| pair[0] != pair[1]), "{sides:?}");
        assert_eq!(adjuster.estimate().median_ms, Some(300.0));
        assert_eq!(adjuster.confirm(), Err(NotYet::Done));
    }
    assert!(firsts.iter().any(|x| *x > 0.0) && firsts.iter().any(|x| *x < 0.0), "{firsts:?}");
}

#[test]
fn the_beat_lies_at_the_predicted_tap_less_x() {
    for x in [-1000, -150, 0, 150, 650, 1000] {
        let mut adjuster = Adjuster::new(1, 0.0);
        adjuster.nudge(adjuster.x().as_ms() as i32 - x);
        assert_eq!(adjuster.x(), Nanos::ms(i64::from(x)));
        let mut beats = Vec::new();
        for ms in 0..20_000_i64 {
            if ms % 600 == 0 {
                adjuster.tap(at(ms as f64));
            }
            while let Some(beat) = adjuster.due(at(ms as f64), Nanos::ms(150)) {
                assert!(beat - at(ms as f64) >= Nanos::ms(150));
                beats.push(beat);
            }
        }
        assert!(beats.len() > 25, "x {x}: {}", beats.len());
        for beat in &beats {
            let tap = (*beat + Nanos::ms(i64::from(x)) - ORIGIN).as_ms();
            assert!((tap / 600.0 - (tap / 600.0).round()).abs() < 1e-6, "x {x}: a beat for a tap at {tap}");
        }
        assert!(beats.windows(2).all(|pair| pair[1] - pair[0] == Nanos::ms(600)), "x {x}: each tap has one beat");
    }
}

#[test]
fn a_beat_follows_a_pace_that_changes_and_falls_silent_when_it_stops() {
    let mut adjuster = Adjuster::new(1, 0.0);
    adjuster.nudge(adjuster.x().as_ms() as i32);
    let taps: Vec<i64> = (0..12).map(|n| 600 * n).chain((1..12).map(|n| 6_600 + 700 * n)).collect();
    let mut beats = Vec::new();
    for ms in 0..25_000_i64 {
        if taps.contains(&ms) {
            adjuster.tap(at(ms as f64));
        }
        while let Some(beat) = adjuster.due(at(ms as f64), Nanos::ms(150)) {
            beats.push((beat - ORIGIN).as_ms());
        }
    }
    let last_tap = *taps.last().unwrap() as f64;
    let settled: Vec<f64> = beats.iter().copied().filter(|t| (11_500.0..=last_tap).contains(t)).collect();
    assert!(settled.len() >= 3 && settled.iter().all(|t| (t - 6_600.0).rem_euclid(700.0) < 1.0), "{settled:?}");
    let after = beats.iter().filter(|t| **t > last_tap).count();
    assert!(after <= 2, "{after} beats after the last tap");
    assert_eq!(adjuster.tempo(), None);
}

#[test]
fn a_setting_is_not_taken_before_it_was_heard() {
    let mut adjuster = Adjuster::new(1, 0.0);
    assert_eq!(adjuster.confirm(), Err(NotYet::Listen));
    let mut heard = 0;
    for ms in 0..20_000_i64 {
        if ms % 600 == 0 {
            adjuster.tap(at(ms as f64));
        }
        while adjuster.due(at(ms as f64), Nanos::ms(150)).is_some() {
            heard += 1;
            if heard < BEATS_TO_HEAR {
                assert_eq!(adjuster.confirm(), Err(NotYet::Listen));
            }
        }
        if heard == BEATS_TO_HEAR {
            adjuster.nudge(5);
            assert_eq!(adjuster.confirm(), Err(NotYet::Listen));
            return;
        }
    }
    panic!("the beat never set in");
}

#[test]
fn a_setting_a_whole_beat_off_is_read_as_what_it_sounds_like() {
    // x and x + interval sound the same; the reactions say which of them is meant
    let mut adjuster = Adjuster::new(1, 650.0);
    adjuster.nudge((adjuster.x().as_ms() - 40.0) as i32);
    for ms in 0..20_000_i64 {
        if ms % 600 == 0 {
            adjuster.tap(at(ms as f64));
        }
        while adjuster.due(at(ms as f64), Nanos::ms(150)).is_some() {}
    }
    adjuster.tap(at(20_400.0));
    for ms in 1..=4 {
        adjuster.tap(at(20_400.0 + 600.0 * f64::from(ms)));
    }
    adjuster.confirm().unwrap();
    assert_eq!(adjuster.estimate().median_ms, Some(640.0));
}

#[test]
fn x_stays_in_its_range_and_can_be_negative() {
    let mut adjuster = Adjuster::new(1, 0.0);
    adjuster.nudge(10_000);
    assert_eq!(adjuster.x(), Nanos::ms(-1000));
    adjuster.nudge(-10_000);
    assert_eq!(adjuster.x(), Nanos::ms(1000));
}

#[test]
fn double_taps_and_bounces_are_no_pace() {
    let mut adjuster = Adjuster::new(1, 0.0);
    for n in 0..8 {
        assert!(adjuster.tap(at(600.0 * f64::from(n))));
        assert!(!adjuster.tap(at(600.0 * f64::from(n) + 30.0)));
        assert!(!adjuster.tap(at(600.0 * f64::from(n) + 200.0)));
    }
    assert_eq!(adjuster.tempo(), Some(Nanos::ms(600)));
}
