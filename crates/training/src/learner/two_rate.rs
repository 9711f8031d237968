//! A state of two rates: one that learns and forgets fast, one that does both slowly (Smith and others 2006; science/skill.md
//! §3.1).

/// What is kept from event to event, and what an error teaches: `x' = keep · x + learn · e`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    pub keep_fast: f64,
    pub learn_fast: f64,
    pub keep_slow: f64,
    pub learn_slow: f64,
}

/// The two parts of what is learned, in the unit of the errors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TwoRate {
    pub fast: f64,
    pub slow: f64,
}

impl TwoRate {
    /// Their sum: what shows.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.fast + self.slow
    }

    /// One event with the error `e`; 0 where nothing can be seen of it.
    pub fn learn(&mut self, rates: &Rates, e: f64) {
        self.fast = rates.keep_fast * self.fast + rates.learn_fast * e;
        self.slow = rates.keep_slow * self.slow + rates.learn_slow * e;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ILLUSTRATED: Rates = Rates { keep_fast: 0.92, learn_fast: 0.03, keep_slow: 0.996, learn_slow: 0.004 };
    const FITTED: Rates = Rates { keep_fast: 0.59, learn_fast: 0.21, keep_slow: 0.992, learn_slow: 0.02 };

    /// What is learned of a perturbation of 1, before each trial.
    fn course(rates: &Rates, trials: usize) -> Vec<f64> {
        let mut x = TwoRate::default();
        (0..=trials)
            .map(|_| {
                let before = x.total();
                x.learn(rates, 1.0 - before);
                before
            })
            .collect()
    }

    #[test]
    fn a_perturbation_is_learned_as_the_vectors_say() {
        // science/skill.md §3.1: before trials 1, 2, 5, 10, 50, 300, and the asymptote
        let table = [
            (ILLUSTRATED, [0.034, 0.064_43, 0.138_02, 0.218_63, 0.371_66, 0.541_79], 0.578_947),
            (FITTED, [0.23, 0.320_84, 0.390_94, 0.429_43, 0.613_22, 0.750_08], 0.750_760),
        ];
        for (rates, expected, asymptote) in table {
            let x = course(&rates, 20_000);
            for (trial, expected) in [1, 2, 5, 10, 50, 300].into_iter().zip(expected) {
                assert!((x[trial] - expected).abs() < 6e-6, "{trial}: {} for {expected}", x[trial]);
            }
            assert!((x[20_000] - asymptote).abs() < 6e-7, "{}", x[20_000]);
        }
    }

    #[test]
    fn what_was_unlearned_comes_back_by_itself() {
        // 300 trials of +1, 20 of −1, then 100 in which no error shows: value at the first of them, and the rebound
        let table = [(ILLUSTRATED, -0.0494, 0.2029, 41), (FITTED, -0.2314, 0.1609, 10)];
        for (rates, at_first, most, at) in table {
            let mut x = TwoRate::default();
            for _ in 0..300 {
                x.learn(&rates, 1.0 - x.total());
            }
            for _ in 0..20 {
                x.learn(&rates, -1.0 - x.total());
            }
            let mut clamped = Vec::new();
            for _ in 0..100 {
                clamped.push(x.total());
                x.learn(&rates, 0.0);
            }
            assert!((clamped[0] - at_first).abs() < 6e-5, "{}", clamped[0]);
            let (found, value) = clamped.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
            assert!((value - most).abs() < 6e-5 && found.abs_diff(at) <= 1, "{value} at {found}");
        }
    }
}
