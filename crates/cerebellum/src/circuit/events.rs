//! Climbing-fibre events: what is asked of the olive ahead of time, and what became of it. Knows no plasticity.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Circuit;
use crate::network::{LATENCY_MAX_MS, LATENCY_MIN_MS, Zone};
use crate::olive::{self, SYNCHRONY_MS};
use crate::rng::Stream;
use crate::shape::{self, Misfit};

/// A volley reaches no further than this from its centre, ms.
const REACH_MS: f64 = 100.0;
/// … and no further than this many SDs.
const REACH_SD: f64 = 3.0;

/// A climbing fibre's event whose calcium is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FibreEvent {
    pub zone: Zone,
    /// Climbing fibre = Purkinje cell.
    pub fibre: u16,
    /// When the fibre fired.
    pub step: u64,
    /// Amplitude A; a solitary event at rest has 1.
    pub calcium: f64,
    /// Λ(A), 0…1.
    pub lambda: f64,
    /// Whether nothing had asked for it.
    pub spontaneous: bool,
}

/// Why something was not scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum Refused {
    #[error("step {at_step} lies in the past: the circuit stands at step {now}")]
    Past { at_step: u64, now: u64 },
    #[error("fibre {fibre} is not one of the {fibres} of the microzone")]
    Fibre { fibre: usize, fibres: usize },
    #[error(
        "a share of {share} with a jitter of {jitter_ms} ms makes no volley: a share lies in 0 … 1, a jitter is not negative"
    )]
    Volley { share: f64, jitter_ms: f64 },
    #[error("error size is {u}; it must be a number of at least 0")]
    Size { u: f64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Cause {
    /// Each fibre joins with the same probability; the volley's centre is at the step.
    Share { share: f64, jitter_ms: f64 },
    /// An error of a size; its verdict is at the step.
    Error { u: f64 },
}

impl Cause {
    fn makes_sense(self) -> bool {
        match self {
            Self::Share { share, jitter_ms } => (0.0..=1.0).contains(&share) && (0.0..=1e3).contains(&jitter_ms),
            Self::Error { u } => u >= 0.0 && u.is_finite(),
        }
    }
}

/// A volley that has not been drawn yet.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Volley {
    /// When its fibres are drawn: no fibre fires before.
    drawn_at: u64,
    id: u64,
    zone: Zone,
    at_step: u64,
    cause: Cause,
}

/// What lies ahead.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Schedule {
    /// In order of `drawn_at`, then of calls.
    volleys: Vec<Volley>,
    /// Step, zone and fibre of each spike to come, in that order.
    spikes: Vec<(u64, Zone, u16)>,
    /// Centres around which spontaneous spikes are withheld: an error's floor stands for them.
    withheld: Vec<(Zone, u64)>,
    /// Volleys asked for by share so far.
    asked: u64,
}

impl Schedule {
    /// Whether spontaneous spikes of `zone` are withheld at `step`.
    pub(super) fn withholds(&self, zone: Zone, step: u64) -> bool {
        self.withheld.iter().any(|(of, centre)| *of == zone && centre.abs_diff(step) <= SYNCHRONY_MS)
    }

    /// That nothing is asked for that could not have been.
    pub(super) fn fits(&self, fibres: usize) -> Result<(), Misfit> {
        let times = self.volleys.iter().flat_map(|volley| [volley.drawn_at, volley.at_step]);
        let times = times.chain(self.spikes.iter().map(|spike| spike.0)).chain(self.withheld.iter().map(|held| held.1));
        shape::below("schedule: steps", &times.collect::<Vec<_>>(), shape::LATEST)?;
        let cells: Vec<u16> = self.spikes.iter().map(|spike| spike.2).collect();
        shape::below("schedule: fibres", &cells, fibres as u64)?;
        let nonsense = self.volleys.iter().filter(|volley| !volley.cause.makes_sense()).count();
        shape::same("schedule: volleys of no size", nonsense as u64, 0)
    }

    fn insert(&mut self, volley: Volley) {
        let place = self.volleys.partition_point(|other| other.drawn_at <= volley.drawn_at);
        self.volleys.insert(place, volley);
    }
}

impl Circuit {
    /// Makes a climbing fibre fire at a step to come.
    ///
    /// # Errors
    /// If the step is past or there is no such fibre.
    pub fn recruit(&mut self, zone: Zone, fibre: usize, at_step: u64) -> Result<(), Refused> {
        let fibres = self.parameters.cells.fibres;
        if fibre >= fibres {
            return Err(Refused::Fibre { fibre, fibres });
        }
        self.ahead(at_step)?;
        self.plan(zone, fibre, at_step);
        Ok(())
    }

    /// An unconditioned stimulus: each fibre of `zone` joins a volley about `at_step` with probability `share`, which the
    /// nucleus lowers as it inhibits the olive, at times with an SD of `jitter_ms`; the olive's coupling correlates them.
    ///
    /// # Errors
    /// If the step is past, or share or jitter is out of range.
    pub fn volley(&mut self, zone: Zone, share: f64, jitter_ms: f64, at_step: u64) -> Result<(), Refused> {
        let cause = Cause::Share { share, jitter_ms };
        if !cause.makes_sense() {
            return Err(Refused::Volley { share, jitter_ms });
        }
        self.ahead(at_step)?;
        let reach = libm::ceil(reach_ms(jitter_ms)) as u64;
        let id = self.schedule.asked;
        self.schedule.asked += 1;
        let drawn_at = at_step.saturating_sub(reach).max(self.clock);
        self.schedule.insert(Volley { drawn_at, id, zone, at_step, cause });
        Ok(())
    }

    /// An error of size `u` (goal SDs) whose verdict falls at `at_step`: the game's volley, 30–80 ms later. `id` names the
    /// stream from which it is drawn.
    ///
    /// # Errors
    /// If the step is past or the size is not a number of at least 0.
    pub fn error(&mut self, id: u32, zone: Zone, u: f64, at_step: u64) -> Result<(), Refused> {
        let cause = Cause::Error { u };
        if !cause.makes_sense() {
            return Err(Refused::Size { u });
        }
        self.ahead(at_step)?;
        self.schedule.insert(Volley { drawn_at: at_step, id: u64::from(id), zone, at_step, cause });
        Ok(())
    }

    fn ahead(&self, at_step: u64) -> Result<(), Refused> {
        if at_step < self.clock { Err(Refused::Past { at_step, now: self.clock }) } else { Ok(()) }
    }

    fn plan(&mut self, zone: Zone, fibre: usize, at_step: u64) {
        let spike = (at_step, zone, fibre as u16);
        let spikes = &mut self.schedule.spikes;
        if let Err(place) = spikes.binary_search(&spike) {
            spikes.insert(place, spike);
        }
    }

    /// Draws the volleys that are due and hands this step's spikes to the microzones.
    pub(super) fn release(&mut self) {
        while self.schedule.volleys.first().is_some_and(|next| next.drawn_at <= self.clock) {
            let volley = self.schedule.volleys.remove(0);
            self.draw(volley);
        }
        self.schedule.withheld.retain(|(_, centre)| centre + SYNCHRONY_MS >= self.clock);
        let due = self.schedule.spikes.partition_point(|(step, ..)| *step <= self.clock);
        for (_, zone, fibre) in self.schedule.spikes.drain(..due) {
            let microzone = &mut self.zones[zone.index()].microzone;
            microzone.recruit(usize::from(fibre), microzone.clock());
        }
    }

    fn draw(&mut self, volley: Volley) {
        let Volley { id, zone, at_step, cause, .. } = volley;
        let complex = &self.zones[zone.index()];
        // The olive's cells are held down by themselves.
        let network = complex.has_olive_cells();
        let (open, coupling) =
            (if network { 1.0 } else { 1.0 - complex.olive_suppression() }, complex.olive_coupling());
        let now = self.clock;
        let mut joined = Vec::new();
        match cause {
            Cause::Share { share, jitter_ms } => {
                let mut stream = Stream::named(self.seed, "circuit volley", id);
                let fibres = complex.microzone.fibres.count();
                let cut = reach_ms(jitter_ms);
                let at = |offset: f64| ((at_step as f64 + libm::floor(offset + 0.5)).max(0.0) as u64).max(now);
                if network {
                    let mut pulses = Vec::with_capacity(fibres);
                    olive::draw(
                        core::iter::repeat_n(1.0, fibres),
                        0.0,
                        jitter_ms,
                        cut,
                        &mut stream,
                        |fibre, offset| {
                            pulses.push((fibre, at(offset), share));
                        },
                    );
                    self.zones[zone.index()].excite_olive(&pulses, now);
                    return;
                }
                let rho = self.parameters.olive.coupled * coupling;
                olive::draw(
                    core::iter::repeat_n(share * open, fibres),
                    rho,
                    jitter_ms,
                    cut,
                    &mut stream,
                    |fibre, offset| {
                        joined.push((fibre, at(offset)));
                    },
                );
            }
            Cause::Error { u } => {
                let mut stream = Stream::named(self.seed, "circuit error", id);
                let reach = self.parameters.olive.jitter_cut_ms(u);
                let (earliest, latest) = (LATENCY_MIN_MS as f64 + reach, LATENCY_MAX_MS as f64 - reach);
                let centre = at_step + libm::floor(stream.between(earliest, latest) + 0.5) as u64;
                let mut p = Vec::with_capacity(complex.microzone.fibres.count());
                complex.microzone.fibres.probabilities(u, &mut p);
                let rho = self.parameters.olive.coupled * coupling;
                let (first, last) = (at_step + LATENCY_MIN_MS, at_step + LATENCY_MAX_MS);
                let p = p.into_iter().map(|p| p * open);
                olive::draw(p, rho, self.parameters.olive.jitter_sd_ms(u), reach, &mut stream, |fibre, offset| {
                    let at = (centre as f64 + libm::floor(offset + 0.5)) as u64;
                    joined.push((fibre, at.clamp(first, last)));
                });
                self.schedule.withheld.push((zone, centre));
            }
        }
        for (fibre, at) in joined {
            self.plan(zone, fibre, at);
        }
    }
}

fn reach_ms(jitter_ms: f64) -> f64 {
    (REACH_SD * jitter_ms).min(REACH_MS)
}
