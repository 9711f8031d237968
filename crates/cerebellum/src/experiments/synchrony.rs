//! E2, E3, E6, E11: volleys of a set synchrony, and what MLI2 and MLI1 make of them.

use super::volleys::{Answer, EIGHTH, JITTER_MS, SYNCHRONIES, THIRD, Volleys, WHOLE, at_rest};
use super::{Band, Experiment, Figure, Measure, Sample, Setup, Standing, settling_seconds, spearman};
use crate::rng::FNV_PRIME;

/// Volleys for each synchrony.
fn repeats(setup: &Setup) -> usize {
    setup.effort.pick(200, 12)
}

/// The answers to every synchrony, and the spikes' hash.
fn answers(setup: &Setup, seed: u64) -> (Vec<Answer>, u64) {
    let circuit = at_rest(setup, seed);
    let answers: Vec<Answer> =
        SYNCHRONIES.iter().map(|s| Volleys::of(&setup.parameters, *s, repeats(setup)).run(&circuit, seed)).collect();
    let hash = answers.iter().fold(0, |hash, answer| combined(hash, answer.spikes));
    (answers, hash)
}

/// Hashes of several runs in one.
pub(super) fn combined(hash: u64, next: u64) -> u64 {
    (hash.rotate_left(1) ^ next).wrapping_mul(FNV_PRIME)
}

fn name(s: f64) -> String {
    format!("s = {s}")
}

fn calibrated(
    key: &'static str,
    what: &'static str,
    unit: &'static str,
    band: Option<Band>,
    note: &'static str,
) -> Measure {
    Measure { key, what, unit, band, standing: Standing::Calibrated, note }
}

/// E2: MLI2 burst with synchrony.
pub struct Burst;

impl Experiment for Burst {
    fn id(&self) -> &'static str {
        "E2"
    }

    fn title(&self) -> &'static str {
        "Synchrony excites MLI2"
    }

    fn protocol(&self) -> &'static str {
        "Volleys of s × 32 climbing fibres drawn at random, s = 0, 1/16, 1/8, 1/4, 3/8, 1/2, 3/4, 1, jitter SD 3 ms, 200 of \
         each, half to each microzone, 200 ms apart; no plasticity"
    }

    fn source(&self) -> &'static str {
        "Park 2026, one deposited trial (8 of 22 fibres): 20.7 → 91.5 Hz, 1.0 spike a cell, 78 % of cells"
    }

    fn measures(&self) -> Vec<Measure> {
        let note = "s ≈ 0.36 is 12 of 32 fibres. The climbing-fibre weight is fit to Park's trial";
        vec![
            calibrated("rising", "MLI2 peak rises strictly with s (1: yes)", "", Some(Band::at_least(1.0)), note),
            calibrated("ratio", "MLI2 peak at s ≈ 0.36, times rest", "", Some(Band::at_least(4.0)), note),
            calibrated("peak", "MLI2 peak at s ≈ 0.36 (5 ms)", "Hz", Some(Band::within(70.0, 200.0)), note),
            calibrated("spikes", "Spikes an MLI2 in 20 ms at s ≈ 0.36", "", Some(Band::within(0.7, 1.5)), note),
            calibrated(
                "share",
                "Share of MLI2 that fire in 20 ms at s ≈ 0.36",
                "",
                Some(Band::within(0.65, 0.9)),
                note,
            ),
            calibrated("rest", "MLI2 at rest", "Hz", None, "21 Hz by the tonic drive"),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure { key: "course", title: "MLI2 after a volley", x: "time from the volley, ms", y: "MLI2 rate, Hz" },
            Figure { key: "peak", title: "MLI2 peak", x: "synchrony", y: "MLI2 rate, Hz" },
            Figure { key: "spikes", title: "MLI2 in 20 ms", x: "synchrony", y: "spikes a cell; share that fire" },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        SYNCHRONIES.len() as f64 * Volleys::seconds(repeats(setup)) + settling_seconds(setup)
    }

    fn version(&self) -> u32 {
        2
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let (answers, spikes) = answers(setup, seed);
        let mut sample = Sample { spikes, ..Sample::default() };
        let peaks: Vec<f64> = answers.iter().map(Answer::mli2_peak_hz).collect();
        let third = &answers[THIRD];
        sample.value("rising", f64::from(u8::from(peaks.windows(2).all(|pair| pair[0] < pair[1]))));
        sample.value("ratio", peaks[THIRD] / (1e3 * third.rest.mli2));
        sample.value("peak", peaks[THIRD]);
        sample.value("spikes", third.mli2_spikes);
        sample.value("share", third.mli2_share);
        sample.value("rest", 1e3 * third.rest.mli2);
        for (s, answer) in SYNCHRONIES.iter().zip(&answers) {
            sample.line("course", name(*s), Answer::times(), answer.mli2.iter().map(|rate| 1e3 * rate).collect());
        }
        sample.line("peak", "MLI2", SYNCHRONIES.to_vec(), peaks);
        sample.line("spikes", "spikes", SYNCHRONIES.to_vec(), answers.iter().map(|a| a.mli2_spikes).collect());
        sample.line("spikes", "share", SYNCHRONIES.to_vec(), answers.iter().map(|a| a.mli2_share).collect());
        sample
    }
}

/// E3: MLI1 fall silent with synchrony.
pub struct Silence;

impl Experiment for Silence {
    fn id(&self) -> &'static str {
        "E3"
    }

    fn title(&self) -> &'static str {
        "Synchrony silences MLI1"
    }

    fn protocol(&self) -> &'static str {
        "As E2; MLI1 rate over +5…+25 ms relative to rest"
    }

    fn source(&self) -> &'static str {
        "Park 2026, one deposited trial: about 0.50 of rest at 8 of 22 fibres"
    }

    fn measures(&self) -> Vec<Measure> {
        let note = "MLI2→MLI1 is scaled to 42 pS a synapse for it (pilot 28, Park 70)";
        vec![
            calibrated("eighth", "MLI1 at s = 1/8", "× rest", Some(Band::within(0.75, 0.95)), note),
            calibrated("third", "MLI1 at s ≈ 0.36", "× rest", Some(Band::within(0.35, 0.65)), note),
            calibrated("least", "Least MLI1 at s ≈ 0.36 (5 ms)", "× rest", Some(Band::at_most(0.35)), note),
            calibrated("whole", "MLI1 at s = 1", "× rest", Some(Band::at_most(0.3)), note),
            calibrated("order", "Spearman's ρ of synchrony and MLI1", "", Some(Band::at_most(-0.95)), note),
            calibrated("rest", "MLI1 at rest", "Hz", None, "34 Hz by the tonic drive"),
            calibrated("off", "Greatest distance of r̄ from the closed form up to s = 3/8", "", None, ""),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure { key: "course", title: "MLI1 after a volley", x: "time from the volley, ms", y: "MLI1, × rest" },
            Figure { key: "ratio", title: "MLI1 over +5…+25 ms", x: "synchrony", y: "MLI1, × rest" },
            Figure { key: "closed_form", title: "r̄: network and closed form", x: "synchrony", y: "r̄" },
            Figure { key: "window", title: "Mean W of the volley's events", x: "synchrony", y: "W" },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        Burst.seconds(setup)
    }

    fn version(&self) -> u32 {
        2
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let (answers, spikes) = answers(setup, seed);
        let mut sample = Sample { spikes, ..Sample::default() };
        let ratios: Vec<f64> = answers.iter().map(Answer::mli1_ratio).collect();
        let inhibition: Vec<f64> = answers.iter().map(Answer::inhibition).collect();
        let closed: Vec<f64> = SYNCHRONIES.iter().map(|s| crate::closed_form::inhibition(*s)).collect();
        sample.value("eighth", ratios[EIGHTH]);
        sample.value("third", ratios[THIRD]);
        sample.value("least", answers[THIRD].mli1_min());
        sample.value("whole", ratios[WHOLE]);
        sample.value("order", spearman(&SYNCHRONIES, &ratios));
        sample.value("rest", 1e3 * answers[THIRD].rest.mli1);
        let off = inhibition.iter().zip(&closed).take(THIRD + 1).map(|(r, oracle)| (r - oracle).abs());
        sample.value("off", off.fold(0.0, f64::max));
        for (s, answer) in SYNCHRONIES.iter().zip(&answers) {
            sample.line("course", name(*s), Answer::relative_times(), answer.mli1_relative());
        }
        sample.line("ratio", "MLI1", SYNCHRONIES.to_vec(), ratios);
        sample.line("closed_form", "network", SYNCHRONIES.to_vec(), inhibition);
        sample.line("closed_form", "closed form", SYNCHRONIES.to_vec(), closed);
        sample.line("window", "W", SYNCHRONIES.to_vec(), answers.iter().map(|a| a.w).collect());
        sample
    }
}

/// E6: how long the brake stays released.
pub struct Duration;

impl Experiment for Duration {
    fn id(&self) -> &'static str {
        "E6"
    }

    fn title(&self) -> &'static str {
        "How long MLI1 stay down"
    }

    fn protocol(&self) -> &'static str {
        "As E2; time for which the MLI1 rate (3-ms means) stays below 0.6 of rest"
    }

    fn source(&self) -> &'static str {
        "The pilot (3, 17 and 25 ms); consistent with Park 2026"
    }

    fn measures(&self) -> Vec<Measure> {
        let note = "Leans on the trial that E3 was scaled to. By the same count Park's own trial stays down for 14 ms. Tried: climbing \
                    fibres' excitation over 4 ms at 0.43–0.45 nS, as at the soma of Park's MLI2: 15–16 ms at s ≈ 0.36, but chance \
                    then opens the window 0.86 ± 0.43 times a minute (E12) and a jitter of 10 ms leaves 0.854 ± 0.014 (E11); 3.5 ms \
                    at 0.5 nS: 15.0; GABA rise 1.8 ms at 30 pS: 15.2, but E5's late calcium and E11 fall short; less spread of the \
                    tonic drives, spikelets, gap junctions × 2: both s ≈ 0.36 and 1/8 grow, and 1/8 leaves its band";
        vec![
            calibrated("eighth", "MLI1 below 0.6 at s = 1/8", "ms", Some(Band::within(2.0, 6.0)), note),
            calibrated("third", "MLI1 below 0.6 at s ≈ 0.36", "ms", Some(Band::within(15.0, 20.0)), note),
            calibrated("whole", "MLI1 below 0.6 at s = 1", "ms", Some(Band::within(22.0, 28.0)), note),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        vec![Figure { key: "duration", title: "Time below 0.6 of rest", x: "synchrony", y: "ms" }]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        Burst.seconds(setup)
    }

    fn version(&self) -> u32 {
        2
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let (answers, spikes) = answers(setup, seed);
        let mut sample = Sample { spikes, ..Sample::default() };
        let durations: Vec<f64> = answers.iter().map(Answer::window_ms).collect();
        sample.value("eighth", durations[EIGHTH]);
        sample.value("third", durations[THIRD]);
        sample.value("whole", durations[WHOLE]);
        sample.line("duration", "MLI1", SYNCHRONIES.to_vec(), durations);
        sample
    }
}

/// E11: fibres that scatter release less.
pub struct Jitter;

const JITTERS_MS: [f64; 6] = [1.0, 3.0, 6.0, 10.0, 20.0, 40.0];

impl Experiment for Jitter {
    fn id(&self) -> &'static str {
        "E11"
    }

    fn title(&self) -> &'static str {
        "Jitter leaves the brake on"
    }

    fn protocol(&self) -> &'static str {
        "Volleys of half of the fibres, jitter SD 1, 3, 6, 10, 20, 40 ms, 200 of each; released brake (1 − MLI1 over \
         +5…+25 ms) relative to that at 3 ms"
    }

    fn source(&self) -> &'static str {
        "Design: that it is synchrony which counts. The pilot: 0.98, 0.66, 0.32"
    }

    fn measures(&self) -> Vec<Measure> {
        let predicted = |key, what, band| Measure {
            key,
            what,
            unit: "",
            band: Some(band),
            standing: Standing::Predicted,
            note: "Nothing was tuned to it",
        };
        vec![
            predicted("ten", "Release left at a jitter of 10 ms", Band::at_least(0.85)),
            predicted("twenty", "Release left at a jitter of 20 ms", Band::within(0.5, 0.8)),
            predicted("forty", "Release left at a jitter of 40 ms", Band::at_most(0.4)),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        vec![Figure { key: "left", title: "Release left", x: "jitter SD, ms", y: "relative to 3 ms" }]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        JITTERS_MS.len() as f64 * Volleys::seconds(repeats(setup)) + settling_seconds(setup)
    }

    fn version(&self) -> u32 {
        2
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let circuit = at_rest(setup, seed);
        let mut sample = Sample::default();
        let half = Volleys::of(&setup.parameters, 0.5, repeats(setup));
        let released = JITTERS_MS.map(|jitter_ms| {
            let answer = Volleys { jitter_ms, ..half }.run(&circuit, seed);
            sample.spikes = combined(sample.spikes, answer.spikes);
            1.0 - answer.mli1_ratio()
        });
        let reference =
            JITTERS_MS.iter().zip(released).find(|(jitter, _)| **jitter == JITTER_MS).map_or(1.0, |(_, r)| r);
        let left = released.map(|released| released / reference);
        for (key, at) in [("ten", 3), ("twenty", 4), ("forty", 5)] {
            sample.value(key, left[at]);
        }
        sample.line("left", "MLI1", JITTERS_MS.to_vec(), left.to_vec());
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Effort;
    use crate::parameters::Parameters;
    use crate::presets::Preset;

    fn brief() -> Setup {
        Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief }
    }

    #[test]
    fn more_synchrony_excites_mli2_and_silences_mli1_as_the_closed_form_says() {
        let circuit = at_rest(&brief(), 1);
        let answers = SYNCHRONIES.map(|s| Volleys::of(circuit.parameters(), s, 60).run(&circuit, 1));
        assert!(answers.windows(2).all(|pair| pair[0].mli2_peak_hz() < pair[1].mli2_peak_hz()));
        assert!(answers[THIRD].mli1_min() <= 0.35);
        for (s, answer) in SYNCHRONIES.iter().zip(&answers) {
            // The window is decided below s = 3/8; above, both are far past the threshold and the network's brake
            // lets go further (at s = 1 0.34 against 0.45).
            let bound = if *s <= 0.375 { 0.08 } else { 0.15 };
            let oracle = crate::closed_form::inhibition(*s);
            assert!((answer.inhibition() - oracle).abs() < bound, "s {s}: {}", answer.inhibition());
        }
    }

    #[test]
    fn the_brake_is_released_for_longer_by_more_fibres() {
        let sample = Duration.run(&brief(), 1);
        let ms = |key: &str| sample.values[key];
        assert!(ms("eighth") < ms("third") && ms("third") < ms("whole"), "{:?}", sample.values);
    }

    #[test]
    fn fibres_that_do_not_fire_together_leave_the_brake_on() {
        let sample = Jitter.run(&brief(), 1);
        let left = |key: &str| sample.values[key];
        assert!(left("ten") > left("twenty") && left("twenty") > left("forty"), "{:?}", sample.values);
        assert!(left("forty") < 0.5);
    }
}
