//! Who weighs errors in a run: the gate in closed form, or the network of the game.

use doozy_cerebellum::{
    LATENCY_MAX_MS, Lesion, Network, Parameters, Preset, RESPONSE_HORIZON_MS, Recruitment, Response, Zone,
    closed_form::Drawn,
};

/// A gate's answer, and what it needs to give it.
pub trait Gate {
    /// W and dose of an error of size `u`, early or late, `gap_ms` after the one before; `draws` is its luck, which the
    /// network has of its own.
    fn weigh(&mut self, u: f64, early: bool, gap_ms: i64, draws: [f64; 3]) -> (f64, f64);
}

/// The closed form of `small`, its volleys drawn.
#[derive(Clone, Debug)]
pub struct ClosedForm(Drawn);

impl Default for ClosedForm {
    fn default() -> Self {
        Self(Drawn::new(&Parameters::of(Preset::Small)))
    }
}

impl Gate for ClosedForm {
    fn weigh(&mut self, u: f64, _: bool, _: i64, draws: [f64; 3]) -> (f64, f64) {
        let (w, s) = self.0.answer(u, draws);
        (w, w * s)
    }
}

/// The network `small`, spike by spike.
#[derive(Clone, Debug)]
pub struct Spiking {
    network: Network,
    next: u32,
    out: Vec<Response>,
}

impl Spiking {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { network: Network::new(Preset::Small, seed, Lesion::None), next: 0, out: Vec::new() }
    }
}

impl Gate for Spiking {
    fn weigh(&mut self, u: f64, early: bool, gap_ms: i64, _: [f64; 3]) -> (f64, f64) {
        let answered = LATENCY_MAX_MS + RESPONSE_HORIZON_MS;
        let zone = if early { Zone::Early } else { Zone::Late };
        let gap = u64::try_from(gap_ms).unwrap_or(0).saturating_sub(answered);
        let at_step = self.network.step() + gap;
        let recruitment = Recruitment { id: self.next, zone, u, at_step };
        self.next += 1;
        self.out.clear();
        // a size that is no number opens nothing
        if self.network.schedule(recruitment).is_err() {
            return (0.0, 0.0);
        }
        self.network.advance(at_step + answered, &mut self.out);
        self.out.last().map_or((0.0, 0.0), |response| (response.w, response.dose))
    }
}
