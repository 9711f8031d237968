//! Intervals given back from memory: what a measured interval is taken to be by somebody who knows which ones come up
//! (the Bayes least squares estimator of Jazayeri and Shadlen 2010; science/skill.md §2).

/// Steps of the integral over the intervals that come up; even. 200 leave an error below 1e-3 ms at a measuring SD of 5 %.
const STEPS: u32 = 200;

/// Somebody who measures an interval with an SD of `measuring` times its length, gives it back with an SD of `producing`
/// times what they mean, and expects any interval of `range` alike, ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reproducer {
    pub measuring: f64,
    pub producing: f64,
    pub range_ms: (f64, f64),
}

impl Reproducer {
    /// The mean of what the interval may have been, ms, when it was measured as `measured` ms: it lies between the measured
    /// length and the middle of the range. By Simpson's rule.
    #[must_use]
    pub fn estimate(&self, measured: f64) -> f64 {
        let (least, most) = self.range_ms;
        let step = (most - least) / f64::from(STEPS);
        let (mut weights, mut moments) = (0.0, 0.0);
        for k in 0..=STEPS {
            let t = least + f64::from(k) * step;
            let z = (measured - t) / (self.measuring * t);
            let simpson = if k == 0 || k == STEPS { 1.0 } else { 2.0 + 2.0 * f64::from(k % 2) };
            let weight = simpson * libm::exp(-0.5 * z * z) / t;
            weights += weight;
            moments += weight * t;
        }
        // measured so far outside that no weight is left
        if weights > 0.0 { moments / weights } else { measured.clamp(least, most) }
    }

    /// The interval that is given back, ms, of one that is `true_ms` long; the two draws are standard Gaussians.
    #[must_use]
    pub fn reproduce(&self, true_ms: f64, z_measuring: f64, z_producing: f64) -> f64 {
        let meant = self.estimate(true_ms * (1.0 + self.measuring * z_measuring));
        meant * (1.0 + self.producing * z_producing)
    }
}

#[cfg(test)]
mod tests {
    use doozy_cerebellum::rng::Stream;

    use super::*;

    #[test]
    fn estimates_are_those_of_the_vector() {
        let table = [
            ((494.0, 847.0), [(494.0, 542.047), (670.5, 679.481), (847.0, 788.982)]),
            ((671.0, 1023.0), [(671.0, 736.005), (847.0, 853.258), (1023.0, 952.927)]),
            ((847.0, 1200.0), [(847.0, 927.961), (1023.5, 1026.785), (1200.0, 1117.809)]),
        ];
        for (range_ms, rows) in table {
            let person = Reproducer { measuring: 0.10, producing: 0.06, range_ms };
            for (measured, expected) in rows {
                let found = person.estimate(measured);
                assert!((found - expected).abs() < 1e-3, "{measured}: {found} for {expected}");
            }
        }
    }

    #[test]
    fn what_lies_far_outside_is_taken_for_the_nearest_that_comes_up() {
        let person = Reproducer { measuring: 0.01, producing: 0.0, range_ms: (494.0, 847.0) };
        assert_eq!(person.estimate(9_000.0), 847.0);
        assert_eq!(person.estimate(0.0), 494.0);
    }

    /// Slope of what is given back over what was shown, for one seed of 150 trials.
    fn slope(person: &Reproducer, seed: u64) -> f64 {
        let mut stream = Stream::named(seed, "band 13", 0);
        let (least, most) = person.range_ms;
        let pairs: Vec<(f64, f64)> = (0..150)
            .map(|_| {
                let t = stream.between(least, most);
                (t, person.reproduce(t, stream.gaussian(), stream.gaussian()))
            })
            .collect();
        let n = pairs.len() as f64;
        let (mt, mp) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
        let (mut sxy, mut sxx) = (0.0, 0.0);
        for (t, p) in pairs {
            sxy += (t - mt) * (p - mp);
            sxx += (t - mt) * (t - mt);
        }
        sxy / sxx
    }

    #[test]
    fn band_13_the_slope_lies_between_04_and_09_and_rises_with_precision() {
        // drummer-like, average, novice; each over the three ranges of skill.md §2
        let ranges = [(494.0, 847.0), (671.0, 1023.0), (847.0, 1200.0)];
        let slopes: Vec<f64> = [(0.05, 0.03), (0.10, 0.06), (0.13, 0.08)]
            .into_iter()
            .map(|(measuring, producing)| {
                let found: Vec<f64> = (0..200)
                    .map(|seed| {
                        let of = |range_ms| slope(&Reproducer { measuring, producing, range_ms }, seed);
                        ranges.iter().map(|range| of(*range)).sum::<f64>() / 3.0
                    })
                    .collect();
                let n = found.len() as f64;
                let mean = found.iter().sum::<f64>() / n;
                let se = libm::sqrt(found.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / (n - 1.0) / n);
                assert!(mean - 1.96 * se > 0.4 && mean + 1.96 * se < 0.9, "{measuring}: {mean} ± {se}");
                mean
            })
            .collect();
        assert!(slopes[0] > slopes[1] && slopes[1] > slopes[2], "{slopes:?}");
    }
}
