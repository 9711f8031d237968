//! E10: parallel fibres, which excite MLI1, against synchronous climbing fibres, which silence them.

use super::volleys::{BURST_MS, Volleys, at_rest};
use super::{Band, Experiment, Figure, Measure, Sample, Setup, Standing, settling_seconds, synchrony::combined};

/// E10.
pub struct Competition;

/// Rates of the parallel fibres in the burst, as multiples of that at rest, and shares of the fibres in the volley.
const LEVELS: [f64; 6] = [1.0, 3.0, 5.0, 7.0, 9.0, 11.0];
const SHARES: [f64; 3] = [0.0, 0.125, 0.5];
/// Where ×7 stands among the levels.
const SEVEN: usize = 3;

fn repeats(setup: &Setup) -> usize {
    setup.effort.pick(120, 12)
}

impl Experiment for Competition {
    fn id(&self) -> &'static str {
        "E10"
    }

    fn title(&self) -> &'static str {
        "Synchrony wins over the parallel fibres"
    }

    fn protocol(&self) -> &'static str {
        "All parallel fibres at 1, 3, 5, 7, 9, 11 times their rate at rest for 30 ms from the centre of a volley of 0, 4 or 16 of \
         32 fibres (jitter SD 3 ms), 120 of each; MLI1 rate over +5…+25 ms relative to rest"
    }

    fn source(&self) -> &'static str {
        "Santos-Valencia 2026: parallel fibres alone activate MLI1, synchronous climbing fibres shift them to suppression"
    }

    fn measures(&self) -> Vec<Measure> {
        let note = "Nothing was tuned to it. An electrode adds the burst's spikes to those of all granule cells";
        let alone = "Nothing was tuned to it. Parallel fibres excite MLI2 too, which hold MLI1 down: with MLI2→MLI1 at the pilot's 28 pS \
                     (42 here, for E3) it is 1.41, but then s = 1/2 takes no more than 0.19";
        let predicted =
            |key, what, band, note| Measure { key, what, unit: "× rest", band, standing: Standing::Predicted, note };
        vec![
            predicted("alone", "MLI1, parallel fibres at × 7 alone", Some(Band::at_least(1.3)), alone),
            predicted("less", "Least that s = 1/2 takes from MLI1, any level", Some(Band::at_least(0.25)), note),
            predicted("both", "MLI1, parallel fibres at × 7 and s = 1/2", None, note),
            predicted("eighth", "Least that s = 1/8 takes from MLI1, any level", None, note),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        let y = "MLI1 over +5…+25 ms, × rest";
        vec![Figure { key: "mli1", title: "MLI1 under parallel fibres and volleys", x: "parallel fibres, × rest", y }]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        (LEVELS.len() * SHARES.len()) as f64 * Volleys::seconds(repeats(setup)) + settling_seconds(setup)
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let circuit = at_rest(setup, seed);
        let mut sample = Sample::default();
        let ratios = SHARES.map(|s| {
            LEVELS.map(|burst| {
                let volleys = Volleys { burst, ..Volleys::of(&setup.parameters, s, repeats(setup)) };
                let answer = volleys.run(&circuit, seed);
                sample.spikes = combined(sample.spikes, answer.spikes);
                answer.mli1_ratio()
            })
        });
        let least =
            |with: &[f64; 6]| ratios[0].iter().zip(with).map(|(alone, r)| alone - r).fold(f64::INFINITY, f64::min);
        sample.value("alone", ratios[0][SEVEN]);
        sample.value("both", ratios[2][SEVEN]);
        sample.value("eighth", least(&ratios[1]));
        sample.value("less", least(&ratios[2]));
        for (s, line) in SHARES.iter().zip(ratios) {
            sample.line("mli1", format!("s = {s}"), LEVELS.to_vec(), line.to_vec());
        }
        sample
    }
}

/// The window in which MLI1 are counted lies within the burst.
const _: () = assert!(BURST_MS >= 25);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Effort;
    use crate::parameters::Parameters;
    use crate::presets::Preset;

    #[test]
    fn parallel_fibres_excite_mli1_and_synchrony_takes_them_down_again() {
        let setup = Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief };
        let values = Competition.run(&setup, 1).values;
        assert!(values["alone"] > 1.1 && values["less"] > 0.1, "{values:?}");
        assert!(values["both"] < values["alone"], "{values:?}");
    }
}
