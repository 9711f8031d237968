//! Which press answers which target: the cheapest assignment of one lane that keeps the order of both.
//!
//! A match costs its asynchrony, if that is at most the half-window `w`; an omission and an extra press cost `w / 2`
//! each, so a match is never dearer than leaving both alone (skill.md §6.3). Nearest-first would let one late press
//! steal the next target and shift a whole run.

use std::ops::Range;

use crate::time::{HostTime, Nanos};

/// Matches in a row before a shift can be told from a few bad presses ◇: with two, any early pair would look shifted.
const SHIFT_PAIRS: i64 = 3;
/// A shifted reading is a rival as long as its asynchronies are at most this many times those of the assignment ◇: at
/// 2, a phrase is flagged when it lies a third of the interval or more from its beats, all on one side.
const SHIFT_RIVAL: i64 = 2;

/// An assignment of presses to targets, by their places in the two lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// (target, press), both increasing.
    pub pairs: Vec<(usize, usize)>,
    /// Targets without a press.
    pub omitted: Vec<usize>,
    /// Presses without a target.
    pub extra: Vec<usize>,
    /// Twice the cost in ns, so that half a window of an odd length stays whole.
    pub twice_cost: i64,
}

/// Targets that hang together by presses within reach of two of them, and the presses within reach of any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub targets: Range<usize>,
    pub presses: Range<usize>,
}

/// Splits one lane into runs that no press connects; presses outside all of them reach no target.
pub(super) fn runs(targets: &[HostTime], presses: &[HostTime], reach: Nanos) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut start = 0;
    while start < targets.len() {
        let mut end = start + 1;
        while end < targets.len() {
            let bridge = presses.partition_point(|&press| press < targets[end] - reach);
            if presses.get(bridge).is_none_or(|&press| press > targets[end - 1] + reach) {
                break;
            }
            end += 1;
        }
        let first = presses.partition_point(|&press| press < targets[start] - reach);
        let last = presses.partition_point(|&press| press <= targets[end - 1] + reach);
        runs.push(Run { targets: start..end, presses: first..last });
        start = end;
    }
    runs
}

/// Assigns presses to targets; both in order of time, `w ≥ 0` the closed half-window.
///
/// Of equally cheap assignments: the one with more matches, then the one that keeps the earlier press. Takes time in
/// proportion to targets × presses within each run of overlapping windows, and linear time across runs.
#[must_use]
pub fn match_presses(targets: &[HostTime], presses: &[HostTime], w: Nanos) -> Matching {
    let mut whole = Matching::default();
    let mut seen = 0;
    for run in runs(targets, presses, w) {
        whole.extra.extend(seen..run.presses.start);
        seen = run.presses.end;
        match_run(targets, presses, &run, w, &mut whole);
    }
    whole.extra.extend(seen..presses.len());
    let asynchronies: i64 = whole.pairs.iter().map(|&(t, p)| (presses[p] - targets[t]).abs().0).sum();
    whole.twice_cost = 2 * asynchronies + w.0 * (whole.omitted.len() + whole.extra.len()) as i64;
    whole
}

/// What the rest of a run costs: twice the ns, then the number of matches, negated so that less is better.
type Cost = (i64, i64);

fn match_run(targets: &[HostTime], presses: &[HostTime], run: &Run, w: Nanos, into: &mut Matching) {
    let (rows, columns) = (run.targets.len(), run.presses.len());
    let width = columns + 1;
    let plus = |cost: Cost, by: Cost| (cost.0 + by.0, cost.1 + by.1);
    let pair = |i: usize, j: usize| {
        let off = (presses[run.presses.start + j] - targets[run.targets.start + i]).abs();
        (off <= w).then_some((2 * off.0, -1))
    };
    // best[i · width + j]: the cheapest way on from target i and press j of the run.
    let mut best: Vec<Cost> = vec![(0, 0); (rows + 1) * width];
    for i in (0..=rows).rev() {
        for j in (0..=columns).rev() {
            let mut least: Option<Cost> = None;
            let mut offer = |cost: Cost| least = Some(least.map_or(cost, |found| found.min(cost)));
            if i < rows {
                offer(plus(best[(i + 1) * width + j], (w.0, 0)));
            }
            if j < columns {
                offer(plus(best[i * width + j + 1], (w.0, 0)));
            }
            if i < rows
                && j < columns
                && let Some(cost) = pair(i, j)
            {
                offer(plus(best[(i + 1) * width + j + 1], cost));
            }
            best[i * width + j] = least.unwrap_or((0, 0));
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < rows || j < columns {
        let here = best[i * width + j];
        // In this order, ties go to the earliest press and, for it, to the earliest target.
        let matched =
            i < rows && j < columns && pair(i, j).is_some_and(|cost| plus(best[(i + 1) * width + j + 1], cost) == here);
        if matched {
            into.pairs.push((run.targets.start + i, run.presses.start + j));
            (i, j) = (i + 1, j + 1);
        } else if i < rows && plus(best[(i + 1) * width + j], (w.0, 0)) == here {
            into.omitted.push(run.targets.start + i);
            i += 1;
        } else {
            into.extra.push(run.presses.start + j);
            j += 1;
        }
    }
}

/// Whether the same presses fit about as well one target earlier (−1) or later (+1).
///
/// A phrase played half an interval off can be read both ways; no assignment can tell, so it is flagged. `pairs` are
/// (target, press) as a matching gives them.
#[must_use]
pub fn shift_ambiguity(targets: &[HostTime], presses: &[HostTime], pairs: &[(usize, usize)]) -> Option<i8> {
    let reading = |shift: i8| {
        let mut sums = (0_i64, 0_i64, 0_i64);
        for &(t, p) in pairs {
            let Some(rival) = t.checked_add_signed(isize::from(shift)).and_then(|t| targets.get(t)) else { continue };
            sums.0 += 1;
            sums.1 += (presses[p] - targets[t]).abs().0;
            sums.2 += (presses[p] - *rival).abs().0;
        }
        let (count, own, rival) = sums;
        (count >= SHIFT_PAIRS && rival <= SHIFT_RIVAL * own).then_some((rival, shift))
    };
    [-1, 1].into_iter().filter_map(reading).min().map(|(_, shift)| shift)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: &[f64]) -> Vec<HostTime> {
        ms.iter().map(|&ms| HostTime(Nanos::from_ms(ms).0)).collect()
    }

    /// (target, asynchrony or none) in order of targets; extras; cost in ms.
    type Answer = (Vec<(f64, Option<f64>)>, Vec<f64>, f64);

    fn answer(targets: &[f64], presses: &[f64], w: f64) -> Answer {
        let (t, p) = (at(targets), at(presses));
        let found = match_presses(&t, &p, Nanos::from_ms(w));
        let of = |i: usize| found.pairs.iter().find(|pair| pair.0 == i).map(|&(t, p)| presses[p] - targets[t]);
        (
            targets.iter().enumerate().map(|(i, &due)| (due, of(i))).collect(),
            found.extra.iter().map(|&p| presses[p]).collect(),
            found.twice_cost as f64 / 2e6,
        )
    }

    fn all(targets: &[f64], asynchronies: &[f64]) -> Vec<(f64, Option<f64>)> {
        targets.iter().zip(asynchronies).map(|(&t, &a)| (t, Some(a))).collect()
    }

    const BEATS: [f64; 5] = [0.0, 500.0, 1000.0, 1500.0, 2000.0];

    #[test]
    fn m1_a_plain_phrase() {
        let (matched, extra, cost) = answer(&BEATS, &[-30.0, 470.0, 985.0, 1510.0, 1990.0], 200.0);
        assert_eq!(matched, all(&BEATS, &[-30.0, -30.0, -15.0, 10.0, -10.0]));
        assert_eq!((extra, cost), (vec![], 95.0));
    }

    #[test]
    fn m2_an_omission_and_an_extra() {
        let (matched, extra, cost) = answer(&BEATS, &[-20.0, 490.0, 560.0, 1480.0, 2010.0], 200.0);
        let expected =
            vec![(0.0, Some(-20.0)), (500.0, Some(-10.0)), (1000.0, None), (1500.0, Some(-20.0)), (2000.0, Some(10.0))];
        assert_eq!((matched, extra, cost), (expected, vec![560.0], 260.0));
    }

    #[test]
    fn m3_nearest_first_would_steal_the_second_target() {
        let (matched, extra, cost) = answer(&[0.0, 200.0], &[110.0, 150.0], 120.0);
        assert_eq!((matched, extra, cost), (all(&[0.0, 200.0], &[110.0, -50.0]), vec![], 160.0));
    }

    #[test]
    fn m4_a_false_start_is_no_match() {
        let (matched, extra, cost) = answer(&BEATS, &[-400.0, -15.0, 495.0, 1002.0, 1490.0, 2030.0], 200.0);
        assert_eq!(matched, all(&BEATS, &[-15.0, -5.0, 2.0, -10.0, 30.0]));
        assert_eq!((extra, cost), (vec![-400.0], 162.0));
    }

    #[test]
    fn m5_half_an_interval_off_is_flagged() {
        let presses = [260.0, 760.0, 1260.0, 1760.0, 2260.0];
        let (matched, extra, cost) = answer(&BEATS, &presses, 250.0);
        let mut expected = all(&BEATS, &[-240.0; 5]);
        expected[0].1 = None;
        assert_eq!((matched.len(), matched[0], extra, cost), (5, (0.0, None), vec![2260.0], 1210.0));
        assert!(matched[1..].iter().all(|&(_, a)| a == Some(-240.0)));
        let (t, p) = (at(&BEATS), at(&presses));
        let found = match_presses(&t, &p, Nanos::ms(250));
        // The truth, +260 on every beat, is the reading one target earlier.
        assert_eq!(shift_ambiguity(&t, &p, &found.pairs), Some(-1));
    }

    #[test]
    fn m6_a_late_run_keeps_its_targets() {
        let targets = [0.0, 150.0, 300.0, 450.0];
        let (matched, extra, cost) = answer(&targets, &[70.0, 215.0, 380.0, 520.0], 100.0);
        assert_eq!((matched, extra, cost), (all(&targets, &[70.0, 65.0, 80.0, 70.0]), vec![], 285.0));
    }

    #[test]
    fn m7_a_press_between_two_beats_is_extra() {
        let targets = [0.0, 300.0, 600.0, 900.0];
        let (matched, extra, cost) = answer(&targets, &[-10.0, 130.0, 290.0, 610.0, 890.0], 140.0);
        assert_eq!((matched, extra, cost), (all(&targets, &[-10.0, -10.0, 10.0, -10.0]), vec![130.0], 110.0));
    }

    #[test]
    fn only_a_phrase_well_off_its_beats_is_flagged() {
        let flag = |asynchronies: &[f64; 5]| {
            let presses: Vec<_> = BEATS.iter().zip(asynchronies).map(|(b, a)| b + a).collect();
            let (t, p) = (at(&BEATS), at(&presses));
            shift_ambiguity(&t, &p, &match_presses(&t, &p, Nanos::ms(200)).pairs)
        };
        assert_eq!(flag(&[-30.0, -30.0, -15.0, 10.0, -10.0]), None);
        assert_eq!(flag(&[160.0; 5]), None);
        assert_eq!(flag(&[170.0; 5]), Some(1));
        assert_eq!(flag(&[-170.0; 5]), Some(-1));
        assert_eq!(flag(&[170.0, -170.0, 170.0, -170.0, 170.0]), None);
    }

    #[test]
    fn a17_the_window_is_closed() {
        // cases A17: target 500.000, half-width 60.000. Given in ms, in µs and in ns.
        let taps = [
            (439.6, None),
            (439.999, None),
            (440.0, Some(-60.0)),
            (559.6, Some(59.6)),
            (560.0, Some(60.0)),
            (560.4, None),
        ];
        for (tap, expected) in taps {
            let expected = expected.map(Nanos::from_ms);
            let ms = HostTime(Nanos::from_ms(tap).0);
            let us = HostTime(libm::round(tap * 1e3) as i64 * 1_000);
            let ns = HostTime(libm::round(tap * 1e6) as i64);
            for press in [ms, us, ns] {
                let target = HostTime(500_000_000);
                let found = match_presses(&[target], &[press], Nanos::ms(60));
                let e = found.pairs.first().map(|_| press - target);
                assert_eq!(e, expected, "tap at {tap}");
            }
        }
        let edge = |ns: i64| match_presses(&[HostTime(500_000_000)], &[HostTime(ns)], Nanos::ms(60)).pairs.len();
        assert_eq!((edge(439_999_999), edge(440_000_000), edge(560_000_000), edge(560_000_001)), (0, 1, 1, 0));
    }

    #[test]
    fn a18_two_targets_inside_one_window_least_total() {
        let targets = [1000.0, 1080.0];
        assert_eq!(
            answer(&targets, &[1075.0], 100.0),
            (vec![(1000.0, None), (1080.0, Some(-5.0))], vec![], 55.0),
            "S1"
        );
        assert_eq!(answer(&targets, &[1075.0, 1095.0], 100.0), (all(&targets, &[75.0, 15.0]), vec![], 90.0), "S2");
        assert_eq!(
            answer(&targets, &[930.0, 1005.0, 1085.0], 100.0),
            (all(&targets, &[5.0, 5.0]), vec![930.0], 60.0),
            "S3"
        );
    }

    #[test]
    fn of_two_equally_near_presses_the_earlier_stays() {
        assert_eq!(answer(&[1000.0], &[990.0, 1010.0], 100.0), (vec![(1000.0, Some(-10.0))], vec![1010.0], 60.0));
    }

    #[test]
    fn a_press_midway_goes_to_the_earlier_target() {
        assert_eq!(answer(&[0.0, 100.0], &[50.0], 60.0), (vec![(0.0, Some(50.0)), (100.0, None)], vec![], 80.0));
    }

    #[test]
    fn a_hundred_thousand_beats_do_not_take_quadratic_time() {
        let targets: Vec<_> = (0..100_000).map(|n| HostTime(n * 500_000_000)).collect();
        let presses: Vec<_> = targets.iter().map(|&t| t + Nanos::ms(7)).collect();
        let found = match_presses(&targets, &presses, Nanos::ms(200));
        assert_eq!((found.pairs.len(), found.twice_cost), (100_000, 2 * 7_000_000 * 100_000));
    }

    /// The cheapest order-preserving assignment by trying all: twice its cost, and its number of matches.
    fn by_force(targets: &[HostTime], presses: &[HostTime], w: Nanos) -> (i64, i64) {
        let Some((&target, later)) = targets.split_first() else { return (w.0 * presses.len() as i64, 0) };
        let (cost, less) = by_force(later, presses, w);
        let mut best = (cost + w.0, less);
        for (j, &press) in presses.iter().enumerate() {
            let off = (press - target).abs();
            if off <= w {
                let (cost, less) = by_force(later, &presses[j + 1..], w);
                best = best.min((cost + 2 * off.0 + w.0 * j as i64, less - 1));
            }
        }
        best
    }

    proptest! {
        #[test]
        fn no_other_assignment_is_cheaper(
            mut targets in prop::collection::vec(0_i64..60, 0..6),
            mut presses in prop::collection::vec(0_i64..60, 0..7),
            w in 0_i64..25,
        ) {
            targets.sort_unstable();
            presses.sort_unstable();
            let (t, p): (Vec<_>, Vec<_>) =
                (targets.into_iter().map(HostTime).collect(), presses.into_iter().map(HostTime).collect());
            let found = match_presses(&t, &p, Nanos(w));
            prop_assert_eq!((found.twice_cost, -(found.pairs.len() as i64)), by_force(&t, &p, Nanos(w)));
            prop_assert_eq!(found.pairs.len() + found.omitted.len(), t.len());
            prop_assert_eq!(found.pairs.len() + found.extra.len(), p.len());
            prop_assert!(found.pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
            prop_assert!(found.pairs.iter().all(|&(i, j)| (p[j] - t[i]).abs() <= Nanos(w)));
        }
    }
}
