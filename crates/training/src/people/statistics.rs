//! What is compared between a person and a player made like one: mean, spread, and how like the last tap the next one is.

/// Of somebody's asynchronies at one interval, over trials.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Statistics {
    /// Taps that were counted.
    pub taps: usize,
    /// ms; negative is early.
    pub mean: f64,
    /// About that mean, ms (divided by one less than the number of taps).
    pub sd: f64,
    /// Autocorrelation at lag 1 about that mean, over pairs of neighbours within a trial, −1…1.
    pub lag_1: f64,
}

impl Statistics {
    /// Of trials, each in the order of tapping, None where there is no tap to count; None with fewer than three taps or two
    /// pairs of neighbours, or without any spread.
    #[must_use]
    pub fn of(trials: &[Vec<Option<f64>>]) -> Option<Self> {
        let values: Vec<f64> = trials.iter().flatten().copied().flatten().collect();
        let n = values.len() as f64;
        if values.len() < 3 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n;
        let square: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let pairs: Vec<f64> = trials
            .iter()
            .flat_map(|trial| trial.windows(2))
            .filter_map(|pair| Some((pair[0]? - mean) * (pair[1]? - mean)))
            .collect();
        if pairs.len() < 2 || square <= 0.0 {
            return None;
        }
        let lag_1 = pairs.iter().sum::<f64>() / pairs.len() as f64 / (square / n);
        Some(Self { taps: values.len(), mean, sd: libm::sqrt(square / (n - 1.0)), lag_1 })
    }
}

/// The median of `values`, 0 of none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    match n {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        _ => 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]),
    }
}

/// The `share` quantile of `values` by linear interpolation, 0 of none.
#[must_use]
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = share.clamp(0.0, 1.0) * last as f64;
    let below = libm::floor(at) as usize;
    let above = (below + 1).min(last);
    sorted[below] + (at - below as f64) * (sorted[above] - sorted[below])
}

/// Takes out what lies further from the median than three robust SDs, or than 0.4 of the interval (skill.md §6.2), and tells
/// how many those were. They leave a gap: their neighbours do not become neighbours.
#[must_use]
pub fn without_lapses(trials: &[Vec<Option<f64>>], interval_ms: f64) -> (Vec<Vec<Option<f64>>>, usize) {
    let values: Vec<f64> = trials.iter().flatten().copied().flatten().collect();
    let centre = median(&values);
    let away: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    let spread = 1.4826 * median(&away);
    // people who are all alike to the millisecond have no spread to judge by
    let most = (0.4 * interval_ms).min(if spread > 0.0 { 3.0 * spread } else { f64::INFINITY });
    let mut lapses = 0;
    let kept = trials
        .iter()
        .map(|trial| {
            let keep = |tap: &Option<f64>| {
                tap.filter(|value| {
                    let fits = (value - centre).abs() <= most;
                    lapses += usize::from(!fits);
                    fits
                })
            };
            trial.iter().map(keep).collect()
        })
        .collect();
    (kept, lapses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_makes_no_neighbours() {
        let whole = Statistics::of(&[vec![Some(1.0), Some(-1.0), Some(1.0), Some(-1.0)]]).unwrap();
        assert_eq!((whole.taps, whole.mean, whole.lag_1), (4, 0.0, -1.0));
        let gap = Statistics::of(&[vec![Some(1.0), Some(-1.0), None, Some(-1.0), Some(1.0)]]).unwrap();
        assert_eq!(gap.lag_1, -1.0);
        assert_eq!(Statistics::of(&[vec![Some(1.0)], vec![Some(2.0)], vec![Some(3.0)]]), None);
    }

    #[test]
    fn the_robust_set_of_skill_6_5_loses_its_180() {
        let taps = [-42.0, -31.0, -28.0, -25.0, -22.0, -18.0, -15.0, -10.0, 180.0].map(Some).to_vec();
        let (kept, lapses) = without_lapses(&[taps], 600.0);
        assert_eq!((lapses, kept[0][8]), (1, None));
        let rest = Statistics::of(&kept).unwrap();
        assert!((rest.mean + 23.875).abs() < 1e-12 && (rest.sd - 10.04899).abs() < 1e-5);
    }

    #[test]
    fn quantiles_are_interpolated() {
        let values = [-42.0, -31.0, -28.0, -25.0, -22.0, -18.0, -15.0, -10.0, 180.0];
        assert_eq!((quantile(&values, 0.25), quantile(&values, 0.75), median(&values)), (-28.0, -15.0, -22.0));
        assert_eq!((median(&[]), quantile(&[], 0.5)), (0.0, 0.0));
    }
}
