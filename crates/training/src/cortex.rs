//! The cortex as the session sees it: errors go in as volleys, windows come out, both in logical time.
//!
//! [`Circuit`] steps the network where it stands; the game wraps one in a thread. Neither changes an answer, for the
//! network may only be stepped as far as every verdict is known.

use doozy_cerebellum::{LATENCY_MIN_MS, Lesion, Network, Preset, Recruitment, Response, ScheduleError, Zone};

use crate::{
    event::{EventId, Input, Side, Volley},
    time::HostTime,
};

/// The network's answer to one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub event: EventId,
    /// The learning window, 0…1.
    pub w: f64,
    /// The learning dose W · s, 0…1.
    pub dose: f64,
    /// Everything else that can be shown of it.
    pub response: Response,
}

impl Answer {
    /// As the session takes it in.
    #[must_use]
    pub fn input(&self) -> Input {
        Input::Window { event: self.event, w: self.w, dose: self.dose }
    }
}

/// Whoever weighs errors.
pub trait Cortex {
    /// Takes in an error.
    ///
    /// # Errors
    /// If its size is no number, or its verdict lies before what [`Cortex::settle`] was told.
    fn volley(&mut self, volley: Volley) -> Result<(), ScheduleError>;

    /// Every verdict before `t` has been given: the network may go on until a later one could reach it.
    fn settle(&mut self, t: HostTime);

    /// Appends the answers that are ready, in the order of verdicts.
    fn take(&mut self, out: &mut Vec<Answer>);
}

/// The spiking network, stepped by whoever calls.
#[derive(Clone, Debug)]
pub struct Circuit {
    network: Network,
    origin: HostTime,
    ready: Vec<Response>,
}

impl Circuit {
    /// A network at rest whose step 0 lies at `origin`, the session's start.
    #[must_use]
    pub fn new(preset: Preset, seed: u64, lesion: Lesion, origin: HostTime) -> Self {
        Self { network: Network::new(preset, seed, lesion), origin, ready: Vec::new() }
    }

    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The step of 1 ms in which a moment falls; before the origin, the first.
    fn step(&self, t: HostTime) -> u64 {
        u64::try_from((t - self.origin).0 / 1_000_000).unwrap_or(0)
    }
}

impl Cortex for Circuit {
    fn volley(&mut self, volley: Volley) -> Result<(), ScheduleError> {
        let zone = match volley.side {
            Side::Early => Zone::Early,
            Side::Late => Zone::Late,
        };
        let at_step = self.step(volley.t);
        self.network.schedule(Recruitment { id: volley.event.0, zone, u: volley.u, at_step })
    }

    fn settle(&mut self, t: HostTime) {
        let to_step = self.step(t) + LATENCY_MIN_MS;
        self.network.advance(to_step, &mut self.ready);
    }

    fn take(&mut self, out: &mut Vec<Answer>) {
        out.extend(self.ready.drain(..).map(|response| Answer {
            event: EventId(response.id),
            w: response.w,
            dose: response.dose,
            response,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Nanos;

    #[test]
    fn an_answer_is_the_same_however_the_network_was_stepped() {
        let origin = HostTime(7_123_456_789);
        let volley = Volley { event: EventId(3), side: Side::Late, u: 3.0, t: origin + Nanos(400_700_000) };
        let answers = |steps: &[i64]| {
            let mut circuit = Circuit::new(Preset::Small, 5, Lesion::None, origin);
            circuit.volley(volley).unwrap();
            for ms in steps {
                circuit.settle(origin + Nanos::ms(*ms));
            }
            let mut out = Vec::new();
            circuit.take(&mut out);
            out
        };
        let at_once = answers(&[2_000]);
        assert_eq!(at_once.len(), 1);
        assert_eq!(at_once[0].event, EventId(3));
        assert!(at_once[0].w > 0.5, "an error of three goals opens the window: {}", at_once[0].w);
        assert_eq!(at_once, answers(&[0, 1, 400, 401, 450, 489, 2_000]));
        // 120 ms after the verdict's step 400, of which the network may run 30 ahead
        assert_eq!(answers(&[489]), []);
        assert_eq!(answers(&[490]), at_once);
    }

    #[test]
    fn a_volley_from_the_past_is_refused() {
        let mut circuit = Circuit::new(Preset::Small, 5, Lesion::None, HostTime(0));
        circuit.settle(HostTime(0) + Nanos::ms(500));
        let late = Volley { event: EventId(0), side: Side::Early, u: 1.0, t: HostTime(0) + Nanos::ms(400) };
        assert_eq!(circuit.volley(late), Err(ScheduleError::Past { id: 0, at_step: 400, now: 530 }));
    }
}
