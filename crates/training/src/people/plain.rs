//! Predictors without a cerebellum, beside which the twin's error is told: each guesses the next asynchrony of a trial from
//! those before it in the same trial.

/// A way to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// On the beat.
    Zero,
    /// As the last one.
    Last,
    /// As the mean of all so far.
    Mean,
    /// The mean, and from there towards the last one by the autocorrelation so far, shrunk towards 0 as by four more taps
    /// without any.
    Autoregressive,
    /// Halfway between the mean and the last one: what somebody would say who knows that taps hang together.
    Halfway,
}

/// Imagined taps without correlation ◇.
const SHRINK: f64 = 4.0;
/// How many ways there are.
pub const COUNT: usize = 5;

impl Plain {
    pub const ALL: [Self; COUNT] = [Self::Zero, Self::Last, Self::Mean, Self::Autoregressive, Self::Halfway];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Last => "last value",
            Self::Mean => "running mean",
            Self::Autoregressive => "shrunken AR(1)",
            Self::Halfway => "halfway",
        }
    }

    /// The guess after `before`, ms, oldest first; 0 of nothing.
    #[must_use]
    pub fn guess(self, before: &[f64]) -> f64 {
        let Some(last) = before.last() else { return 0.0 };
        let mean = before.iter().sum::<f64>() / before.len() as f64;
        match self {
            Self::Zero => 0.0,
            Self::Last => *last,
            Self::Mean => mean,
            Self::Halfway => 0.5 * (mean + last),
            Self::Autoregressive => {
                let square = before.iter().map(|a| (a - mean) * (a - mean)).sum::<f64>();
                let both = before.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum::<f64>();
                let n = before.len() as f64;
                let share = if square > 0.0 { both / square * (n / (n + SHRINK)) } else { 0.0 };
                mean + share.clamp(-1.0, 1.0) * (last - mean)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_what_their_names_say() {
        let before = [10.0, 20.0, 30.0, 40.0];
        assert_eq!(Plain::Zero.guess(&before), 0.0);
        assert_eq!(Plain::Last.guess(&before), 40.0);
        assert_eq!(Plain::Mean.guess(&before), 25.0);
        assert_eq!(Plain::Halfway.guess(&before), 32.5);
        // both 75 + … = 15·5 + (−5)(5) + 5·15 = 125, square 500, shrunk by 4/8
        assert!((Plain::Autoregressive.guess(&before) - (25.0 + 0.25 * 0.5 * 15.0)).abs() < 1e-12);
        assert!(Plain::ALL.iter().all(|plain| plain.guess(&[]) == 0.0));
    }
}
