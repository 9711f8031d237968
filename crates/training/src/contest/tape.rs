//! The luck of a run, drawn once: everybody who plays with one seed meets the same noise, whatever they learn by and
//! whatever policy steers them (common random numbers), and drawing it costs each of them a share.

use doozy_cerebellum::rng::Stream;

/// What is drawn for an event.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Draws {
    /// Standard Gaussians: the clock, the hand, where a lapse presses, what is perceived.
    pub clock: f64,
    pub motor: f64,
    pub astray: f64,
    pub perceived: f64,
    /// Standard Gaussians: the olive's shared input, the fibres' own, the gate's.
    pub gate: [f64; 3],
    /// Uniform in [0, 1): whether there is a lapse, and whether the press is doubled.
    pub lapse: f64,
    pub doubled: f64,
}

/// All draws of a run.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    pub events: Vec<Draws>,
    pub seed: u64,
}

impl Tape {
    /// Fills it for a seed; its memory is kept.
    pub fn fill(&mut self, seed: u64, events: usize) {
        let mut hand = Stream::named(seed, "contest production", 0);
        let mut gate = Stream::named(seed, "contest gate", 0);
        self.seed = seed;
        self.events.clear();
        self.events.extend((0..events).map(|_| Draws {
            clock: hand.gaussian(),
            motor: hand.gaussian(),
            astray: hand.gaussian(),
            perceived: hand.gaussian(),
            lapse: hand.uniform(),
            doubled: hand.uniform(),
            gate: [gate.gaussian(), gate.gaussian(), gate.gaussian()],
        }));
    }
}
