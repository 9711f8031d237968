//! The network: two opposed microzones, early and late, that answer each scheduled error with a window.
//!
//! It runs in steps of 1 ms and knows no clock. Its spikes depend on preset, seed, lesion and schedule alone: not on
//! how [`Network::advance`] was cut into pieces, nor on the order in which volleys were scheduled.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::microzone::{Microzone, Parallel, SETTLED};
use crate::olive::SYNCHRONY_MS;
use crate::parameters::Parameters;
use crate::presets::Preset;
use crate::rng::{FNV_PRIME, Stream};
use crate::sum::tree_sum_f64;

/// Every fibre of a volley fires this long after the verdict, at least and at most, ms (cerebellum.md §5.1).
pub const LATENCY_MIN_MS: u64 = 30;
pub const LATENCY_MAX_MS: u64 = 80;
/// Latest centre of a volley after the verdict, ms, so that the trace is whole when the answer is given.
const CENTRE_MAX_MS: f64 = 60.0;
/// A response is given this long after the latest moment at which its volley could have fired, ms: always
/// `LATENCY_MAX_MS + RESPONSE_HORIZON_MS` steps after the verdict, whatever was drawn.
pub const RESPONSE_HORIZON_MS: u64 = 40;
/// What a trace shows before and after the volley's centre, ms.
pub const TRACE_BEFORE_MS: u64 = 20;
pub const TRACE_AFTER_MS: u64 = 60;
/// Samples of a trace.
pub const TRACE_SAMPLES: usize = (TRACE_BEFORE_MS + TRACE_AFTER_MS) as usize;

/// The microzone that a sign of error drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    Early,
    Late,
}

impl Zone {
    pub const ALL: [Self; 2] = [Self::Early, Self::Late];

    pub(crate) fn index(self) -> usize {
        match self {
            Self::Early => 0,
            Self::Late => 1,
        }
    }
}

/// What is taken out of the circuit, or forced, from step 0 on. Rates at rest are those of the intact circuit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lesion {
    #[default]
    None,
    /// MLI2 never fire: nothing releases the brake.
    Mli2Silenced,
    /// The circuit runs as ever, but W reads 1 after every error.
    WindowForcedOpen,
}

/// An error on its way to the olive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recruitment {
    /// Names the stream from which the volley is drawn; one per error.
    pub id: u32,
    pub zone: Zone,
    /// Size of the error in goal SDs; capped at 4.
    pub u: f64,
    /// Step of the verdict.
    pub at_step: u64,
}

/// Why a volley was refused.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum ScheduleError {
    #[error(
        "volley {id}: its verdict at step {at_step} lies too far back, the network stands at step {now}; \
         schedule it before step {} is simulated", .at_step + LATENCY_MIN_MS
    )]
    Past { id: u32, at_step: u64, now: u64 },
    #[error("volley {id}: error size is {u}; it must be a number of at least 0")]
    Size { id: u32, u: f64 },
}

/// A climbing fibre's spike.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FibreSpike {
    pub fibre: u16,
    /// Relative to the volley's centre, ms; whole steps.
    pub at_ms: f32,
}

/// The circuit around a volley, one sample a ms from −20 ms up to, not including, +60 ms about the volley's centre.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Population rate relative to rest, mean over 3 ms.
    pub mli2: Vec<f32>,
    pub mli1: Vec<f32>,
    /// Fast calcium, mean over the volley's Purkinje cells; the peak of a solitary event is 1.
    pub calcium: Vec<f32>,
    /// Λ of the momentary inhibition, mean over the microzone's Purkinje cells, 0…1: how far a climbing fibre's event
    /// would open the window if inhibition stood still there. For pictures; `Response::w` is the measure.
    pub window: Vec<f32>,
}

/// The network's answer to one error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    pub id: u32,
    pub zone: Zone,
    /// Mean Λ over the Purkinje cells whose fibre fired in the volley, 0 if none did.
    pub w: f64,
    /// `w` × `synchrony`.
    pub dose: f64,
    /// Share of the microzone's fibres that fired within ±10 ms of the volley's centre.
    pub synchrony: f64,
    /// The volley's centre.
    pub onset_step: u64,
    /// The volley's spikes, in the order of fibres.
    pub fibres: Vec<FibreSpike>,
    pub trace: Trace,
}

/// A volley that has been drawn and waits for its answer. Steps are the microzones' own.
#[derive(Clone, Debug)]
struct Underway {
    ready: u64,
    id: u32,
    zone: Zone,
    centre: u64,
    spikes: Vec<(u16, u64)>,
}

/// Two opposed microzones and the volleys on their way.
#[derive(Clone, Debug)]
pub struct Network {
    seed: u64,
    lesion: Lesion,
    parameters: Parameters,
    zones: [Microzone; 2],
    /// In order of (verdict, id).
    waiting: Vec<Recruitment>,
    /// In order of (ready, id).
    underway: Vec<Underway>,
    step: u64,
}

impl Network {
    /// Draws the network of `seed` and lets it settle at rest (13 simulated seconds).
    #[must_use]
    pub fn new(preset: Preset, seed: u64, lesion: Lesion) -> Self {
        Self::of(&Parameters::of(preset), seed, lesion)
    }

    /// As [`Network::new`], of parameters of one's own.
    #[must_use]
    pub fn of(parameters: &Parameters, seed: u64, lesion: Lesion) -> Self {
        let parameters = parameters.clone();
        let mut zones = Zone::ALL.map(|zone| Microzone::new(&parameters, seed, zone.index() as u64));
        for zone in &mut zones {
            zone.mli2.silenced = lesion == Lesion::Mli2Silenced;
        }
        Self { seed, lesion, parameters, zones, waiting: Vec::new(), underway: Vec::new(), step: 0 }
    }

    /// Steps done; the next to come has this number.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.step
    }

    #[must_use]
    pub fn zone(&self, zone: Zone) -> &Microzone {
        &self.zones[zone.index()]
    }

    /// Announces an error. Order of calls does not matter.
    ///
    /// # Errors
    /// If the volley's earliest moment has already been simulated, or its size is not a number of at least 0. Nothing
    /// is scheduled then.
    pub fn schedule(&mut self, recruitment: Recruitment) -> Result<(), ScheduleError> {
        let Recruitment { id, u, at_step, .. } = recruitment;
        if !(u >= 0.0 && u.is_finite()) {
            return Err(ScheduleError::Size { id, u });
        }
        if at_step.saturating_add(LATENCY_MIN_MS) < self.step {
            return Err(ScheduleError::Past { id, at_step, now: self.step });
        }
        if at_step <= self.step {
            self.draw(recruitment);
        } else {
            let place = self.waiting.partition_point(|other| (other.at_step, other.id) < (at_step, id));
            self.waiting.insert(place, recruitment);
        }
        Ok(())
    }

    /// Runs until `to_step` steps are done and appends the answers that became ready, in order of (verdict, id).
    pub fn advance(&mut self, to_step: u64, out: &mut Vec<Response>) {
        while self.step < to_step {
            while self.waiting.first().is_some_and(|next| next.at_step <= self.step) {
                let recruitment = self.waiting.remove(0);
                self.draw(recruitment);
            }
            let clock = self.step + SETTLED;
            for zone in Zone::ALL {
                let withhold = self
                    .underway
                    .iter()
                    .any(|volley| volley.zone == zone && volley.centre.abs_diff(clock) <= SYNCHRONY_MS);
                self.zones[zone.index()].step(withhold, Parallel::Background);
            }
            self.step += 1;
            while self.underway.first().is_some_and(|next| next.ready <= clock + 1) {
                let volley = self.underway.remove(0);
                out.push(self.answer(&volley));
            }
        }
    }

    /// Hash of every spike since step 0.
    #[must_use]
    pub fn spike_hash(&self) -> u64 {
        let [early, late] = &self.zones;
        (early.spike_hash() ^ late.spike_hash().rotate_left(32)).wrapping_mul(FNV_PRIME)
    }

    /// Draws the fibres of a volley and puts their spikes ahead of the microzone.
    fn draw(&mut self, recruitment: Recruitment) {
        let Recruitment { id, zone, u, at_step } = recruitment;
        let mut stream = Stream::named(self.seed, "volley", u64::from(id));
        let reach = self.parameters.olive.jitter_cut_ms(u);
        let earliest = LATENCY_MIN_MS as f64 + reach;
        let latest = (LATENCY_MAX_MS as f64 - reach).min(CENTRE_MAX_MS);
        let verdict = at_step + SETTLED;
        let centre = verdict + libm::floor(stream.between(earliest, latest) + 0.5) as u64;
        let mut spikes = Vec::new();
        let microzone = &mut self.zones[zone.index()];
        // Rounding may not carry a spike beyond the latencies that are promised.
        let (first, last) = (verdict + LATENCY_MIN_MS, verdict + LATENCY_MAX_MS);
        microzone.fibres.volley(u, 1.0, &mut stream, |fibre, offset| {
            let at = (centre as i64 + libm::floor(offset + 0.5) as i64) as u64;
            spikes.push((fibre as u16, at.clamp(first, last)));
        });
        for &(fibre, at) in &spikes {
            microzone.recruit(usize::from(fibre), at);
        }
        let ready = verdict + LATENCY_MAX_MS + RESPONSE_HORIZON_MS;
        let place = self.underway.partition_point(|other| (other.ready, other.id) < (ready, id));
        self.underway.insert(place, Underway { ready, id, zone, centre, spikes });
    }

    fn answer(&self, volley: &Underway) -> Response {
        let zone = &self.zones[volley.zone.index()];
        let window = &self.parameters.window;
        let calcium: Vec<f64> = volley
            .spikes
            .iter()
            .map(|&(fibre, at)| window.calcium(zone.purkinje.inhibition_after(usize::from(fibre), at)))
            .collect();
        let lambda: Vec<f64> = calcium.iter().map(|a| window.lambda(*a)).collect();
        let w = match self.lesion {
            Lesion::WindowForcedOpen => 1.0,
            Lesion::None | Lesion::Mli2Silenced if lambda.is_empty() => 0.0,
            Lesion::None | Lesion::Mli2Silenced => tree_sum_f64(&lambda) / lambda.len() as f64,
        };
        let near = volley.centre - SYNCHRONY_MS..=volley.centre + SYNCHRONY_MS;
        let together = near.fold(0, |set, step| set | zone.fired(step)).count_ones();
        let synchrony = f64::from(together) / zone.fibres.count() as f64;
        Response {
            id: volley.id,
            zone: volley.zone,
            w,
            dose: w * synchrony,
            synchrony,
            onset_step: volley.centre - SETTLED,
            fibres: volley
                .spikes
                .iter()
                .map(|&(fibre, at)| FibreSpike { fibre, at_ms: (at as f64 - volley.centre as f64) as f32 })
                .collect(),
            trace: self.trace(volley, &calcium),
        }
    }

    fn trace(&self, volley: &Underway, calcium: &[f64]) -> Trace {
        let zone = &self.zones[volley.zone.index()];
        let first = volley.centre - TRACE_BEFORE_MS;
        let rest = zone.rest();
        let smooth = |count: &dyn Fn(u64) -> u16, cells: usize, base: f64, step: u64| {
            let steps = step - 1..=(step + 1).min(zone.clock() - 1);
            let span = (steps.end() - steps.start() + 1) as f64;
            let spikes: u32 = steps.map(|step| u32::from(count(step))).sum();
            (f64::from(spikes) / (span * cells as f64 * base)) as f32
        };
        let steps = || first..first + TRACE_SAMPLES as u64;
        Trace {
            mli2: steps().map(|step| smooth(&|s| zone.mli2_count(s), zone.mli2.count(), rest.mli2, step)).collect(),
            mli1: steps().map(|step| smooth(&|s| zone.mli1_count(s), zone.mli1.count(), rest.mli1, step)).collect(),
            calcium: steps()
                .map(|step| {
                    let terms: Vec<f64> = volley
                        .spikes
                        .iter()
                        .zip(calcium)
                        .filter(|((_, at), _)| *at <= step)
                        .map(|((_, at), a)| a * self.parameters.calcium.solitary((step - at) as f64))
                        .collect();
                    (tree_sum_f64(&terms) / volley.spikes.len().max(1) as f64) as f32
                })
                .collect(),
            window: steps()
                .map(|step| {
                    let inhibition: Vec<f64> =
                        (0..zone.fibres.count()).map(|cell| zone.purkinje.inhibition_at(cell, step)).collect();
                    match self.lesion {
                        Lesion::WindowForcedOpen => 1.0,
                        Lesion::None | Lesion::Mli2Silenced => {
                            let window = &self.parameters.window;
                            window.lambda(window.calcium(tree_sum_f64(&inhibition) / inhibition.len() as f64)) as f32
                        }
                    }
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(lesion: Lesion) -> Network {
        Network::new(Preset::Small, 1, lesion)
    }

    /// Errors of every size to both zones, some of them overlapping.
    fn errors() -> Vec<Recruitment> {
        (0..24u32)
            .map(|id| Recruitment {
                id,
                zone: Zone::ALL[id as usize % 2],
                u: f64::from(id % 9) / 2.0,
                at_step: u64::from(id) * 37 + u64::from(id % 3),
            })
            .collect()
    }

    fn schedule_all(network: &mut Network, errors: impl IntoIterator<Item = Recruitment>) {
        for error in errors {
            network.schedule(error).expect("nothing has run yet");
        }
    }

    #[test]
    fn spikes_keep_their_hash() {
        let mut network = network(Lesion::None);
        schedule_all(&mut network, errors());
        network.advance(1_200, &mut Vec::new());
        assert_eq!(network.spike_hash(), 88_866_935_953_591_019);
    }

    #[test]
    fn pieces_equal_the_whole_and_the_order_of_calls_does_not_matter() {
        let mut whole = network(Lesion::None);
        schedule_all(&mut whole, errors());
        let mut expected = Vec::new();
        whole.advance(1_200, &mut expected);

        let mut pieces = network(Lesion::None);
        let mut got = Vec::new();
        let mut later = errors();
        later.reverse();
        for piece in 0..1_200 / 7 {
            let step = piece * 7;
            // Each verdict is told as late as it may be, the youngest first.
            let (now, rest): (Vec<_>, Vec<_>) = later.into_iter().partition(|e| e.at_step + LATENCY_MIN_MS < step + 7);
            schedule_all(&mut pieces, now);
            later = rest;
            pieces.advance(step + 7, &mut got);
        }
        pieces.advance(1_200, &mut got);
        assert_eq!(got, expected);
        assert_eq!(got.len(), 24);
        assert_eq!(pieces.spike_hash(), whole.spike_hash());
    }

    #[test]
    fn an_answer_comes_120_ms_after_its_verdict_with_every_fibre_within_the_latency() {
        let mut network = network(Lesion::None);
        schedule_all(&mut network, errors());
        let mut out = Vec::new();
        for error in errors() {
            let ready = error.at_step + LATENCY_MAX_MS + RESPONSE_HORIZON_MS;
            network.advance(ready - 1, &mut out);
            assert_eq!(out.len(), error.id as usize);
            network.advance(ready, &mut out);
            let response = &out[error.id as usize];
            assert_eq!((response.id, response.zone), (error.id, error.zone));
            for spike in &response.fibres {
                let at = response.onset_step as f64 + f64::from(spike.at_ms) - error.at_step as f64;
                assert!((LATENCY_MIN_MS as f64..=LATENCY_MAX_MS as f64).contains(&at), "{at} ms");
            }
            assert_eq!(response.trace.mli2.len(), TRACE_SAMPLES);
            assert_eq!(response.trace.window.len(), TRACE_SAMPLES);
            assert_eq!(response.dose, response.w * response.synchrony);
        }
    }

    #[test]
    fn a_verdict_that_comes_too_late_is_refused_with_its_numbers() {
        let mut network = network(Lesion::None);
        network.advance(200, &mut Vec::new());
        let late = Recruitment { id: 4, zone: Zone::Late, u: 2.0, at_step: 169 };
        let refused = network.schedule(late).expect_err("its first fibre may have fired at step 199");
        assert_eq!(
            refused.to_string(),
            "volley 4: its verdict at step 169 lies too far back, the network stands at step 200; \
             schedule it before step 199 is simulated"
        );
        assert_eq!(network.schedule(Recruitment { at_step: 170, ..late }), Ok(()));
    }

    #[test]
    fn a_size_that_is_no_number_is_refused() {
        let mut network = network(Lesion::None);
        for u in [f64::NAN, f64::INFINITY, -0.5] {
            let refused = network.schedule(Recruitment { id: 0, zone: Zone::Late, u, at_step: 0 });
            assert!(matches!(refused, Err(ScheduleError::Size { id: 0, .. })), "{u}");
        }
    }

    fn windows(lesion: Lesion, u: f64) -> Vec<f64> {
        let answers = crate::experiments::curve::answer_all(&mut network(lesion), 0, (0..100).map(|_| u));
        answers.iter().map(|r| r.w).collect()
    }

    fn mean(values: &[f64]) -> f64 {
        tree_sum_f64(values) / values.len() as f64
    }

    #[test]
    fn without_mli2_no_error_opens_the_window() {
        assert!(mean(&windows(Lesion::None, 3.0)) > 0.8);
        let lesioned = windows(Lesion::Mli2Silenced, 3.0);
        assert!(mean(&lesioned) < 0.01, "{}", mean(&lesioned));
        assert!(lesioned.iter().all(|w| *w < 0.1));
    }

    #[test]
    fn a_window_forced_open_reads_1_after_every_error_and_leaves_the_spikes_alone() {
        assert!(windows(Lesion::WindowForcedOpen, 0.0).iter().all(|w| *w == 1.0));
        let mut intact = network(Lesion::None);
        let mut forced = network(Lesion::WindowForcedOpen);
        intact.advance(500, &mut Vec::new());
        forced.advance(500, &mut Vec::new());
        assert_eq!(intact.spike_hash(), forced.spike_hash());
    }

    #[test]
    fn a_big_error_shows_the_burst_then_the_released_brake_then_the_open_window() {
        let mut network = network(Lesion::None);
        network.schedule(Recruitment { id: 0, zone: Zone::Early, u: 3.5, at_step: 100 }).expect("nothing has run yet");
        let mut out = Vec::new();
        network.advance(220, &mut out);
        let trace = &out[0].trace;
        let at = |ms: usize| TRACE_BEFORE_MS as usize + ms;
        let over = |values: &[f32]| f64::from(crate::sum::tree_sum(values)) / values.len() as f64;
        assert!(over(&trace.mli2[at(0)..at(8)]) > 3.0);
        assert!(over(&trace.mli1[at(8)..at(20)]) < 0.5);
        assert!(over(&trace.window[at(8)..at(20)]) > 0.9);
        assert!(over(&trace.window[..at(0) - 8]) < 0.2);
        assert!(trace.calcium[..at(0) - 12].iter().all(|c| *c == 0.0));
    }
}
