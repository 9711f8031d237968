//! What the circuit is timed on: rest, and trials like those of eyelid conditioning. It knows no clock: whoever times it
//! brings one.

use crate::circuit::{Circuit, Refused};
use crate::network::Zone;

/// Steps of one trial: a second, as in Yamazaki's textbook program (`ec/param.h`), which is timed beside ours.
pub const TRIAL: u64 = 1_000;
/// The steps of a trial in which its cue is on, and that of its volley (`ec/param.h`: 250–750 and 500 ms).
pub const CUE: core::ops::Range<u64> = 250..750;
const VOLLEY: u64 = 500;
/// Share of the early zone's fibres that join the volley ◇, and the SD of their times, ms (E2).
const SHARE: f64 = 0.6;
const JITTER_MS: f64 = 3.0;

/// A stretch of a trial, within which nothing is switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub steps: u64,
    /// Whether the cue is on.
    pub cue: bool,
}

/// One trial, whose stretches `run` steps through.
///
/// # Errors
/// None, as long as the trial's numbers make a volley.
pub fn trial(circuit: &mut Circuit, mut run: impl FnMut(&mut Circuit, Stretch)) -> Result<(), Refused> {
    circuit.volley(Zone::Early, SHARE, JITTER_MS, circuit.clock() + VOLLEY)?;
    run(circuit, Stretch { steps: CUE.start, cue: false });
    circuit.set_cue(Some(0));
    run(circuit, Stretch { steps: CUE.end - CUE.start, cue: true });
    circuit.set_cue(None);
    run(circuit, Stretch { steps: TRIAL - CUE.end, cue: false });
    Ok(())
}

/// Runs `steps` steps.
pub fn advance(circuit: &mut Circuit, steps: u64) {
    for _ in 0..steps {
        circuit.step();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Experiment as _;
    use crate::experiments::rest::{self, Rest};
    use crate::{Parameters, Preset};

    /// Mean rates of Yamazaki's textbook program over its trials, Hz (docs/checks.md).
    const TEXTBOOK: [(&str, f64); 3] = [("granule", 4.27), ("golgi", 3.77), ("purkinje", 58.94)];

    #[test]
    fn yamazaki_fires_as_the_textbook_program_in_trials_and_within_its_bands_at_rest() {
        let mut parameters = Parameters::of(Preset::Yamazaki);
        parameters.circuit.forget = 500;
        parameters.circuit.settle = 2_000;
        let mut circuit = Circuit::new(&parameters, 1).expect("a preset is within its ranges");
        advance(&mut circuit, 6_000);
        let at_rest = rest::populations(&circuit.rates());
        for measure in Rest.measures() {
            if let (Some((_, rate)), Some(band)) = (at_rest.iter().find(|(key, _)| *key == measure.key), measure.band) {
                assert!((band.low..=band.high).contains(rate), "{}: {rate} Hz", measure.what);
            }
        }
        circuit.reset_rates();
        for _ in 0..6 {
            trial(&mut circuit, |circuit, stretch| advance(circuit, stretch.steps)).expect("the volley lies ahead");
        }
        let rates = rest::populations(&circuit.rates());
        for (name, textbook) in TEXTBOOK {
            let (_, rate) = rates.iter().find(|(key, _)| *key == name).expect("it is a population");
            assert!((rate / textbook - 1.0).abs() < 0.15, "{name}: {rate} Hz, not {textbook}");
        }
    }

    #[test]
    fn a_trial_lasts_a_second_and_its_volley_falls_into_its_cue() {
        let mut parameters = Parameters::of(Preset::Small);
        parameters.circuit.forget = 200;
        parameters.circuit.settle = 1_000;
        let mut circuit = Circuit::new(&parameters, 1).expect("a preset is within its ranges");
        let (mut called, mut with_cue) = (Vec::new(), 0);
        trial(&mut circuit, |circuit, stretch| {
            for _ in 0..stretch.steps {
                circuit.step();
                assert_eq!(circuit.mossy().cue().is_some(), stretch.cue);
                with_cue += u64::from(stretch.cue);
                called.extend(circuit.events().iter().filter(|event| !event.spontaneous).map(|event| event.step));
            }
        })
        .expect("the volley lies ahead");
        assert_eq!((circuit.clock(), with_cue), (TRIAL, CUE.end - CUE.start));
        assert!(called.len() > 8 && called.iter().all(|step| step.abs_diff(VOLLEY) <= 9), "{called:?}");
    }
}
