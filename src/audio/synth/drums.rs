//! A small kit. Each stroke starts within half a millisecond on its frame.

use super::parts::{ATTACK_MS, D4, Filter, Sweep, burst, noise, partials, ring, samples, silence, sweep};

/// A drum of the kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drum {
    Kick,
    Snare,
    ClosedHat,
    OpenHat,
    Rim,
    Clap,
    LowTom,
    HighTom,
}

impl Drum {
    pub const ALL: [Self; 8] =
        [Self::Kick, Self::Snare, Self::ClosedHat, Self::OpenHat, Self::Rim, Self::Clap, Self::LowTom, Self::HighTom];

    pub(super) fn target_db(self) -> f64 {
        match self {
            Self::Kick | Self::Snare | Self::Clap | Self::LowTom | Self::HighTom => -23.0,
            Self::Rim => -24.0,
            Self::ClosedHat | Self::OpenHat => -27.0,
        }
    }
}

fn tom(out: &mut [f64], rate: u32, hz: f64) {
    sweep(out, rate, Sweep { from_hz: 1.5 * hz, to_hz: hz, bend: 0.03, amp: 1.0, tau: 0.12, attack_ms: ATTACK_MS });
    let skin = Filter::band_pass(rate, 6.0 * hz, 1.0).run(&noise("tom", out.len()));
    burst(out, rate, 0.0, ATTACK_MS, 0.012, 0.3, &skin);
}

/// Cymbal: six inharmonic partials, and noise above 7 kHz.
fn hat(out: &mut [f64], rate: u32, tau: f64) {
    let metal = partials(
        4_150.0,
        tau,
        [(1.0, 0.3, 0.6), (1.34, 0.3, 0.7), (1.58, 0.25, 0.8), (1.93, 0.25, 0.9), (2.29, 0.2, 1.0), (2.71, 0.2, 1.0)],
    );
    ring(out, rate, 0.0, ATTACK_MS, 0.5, &metal);
    let air = Filter::high_pass(rate, 7_000.0, 0.7).run(&noise("hat", out.len()));
    burst(out, rate, 0.0, ATTACK_MS, tau, 0.8, &air);
}

/// The waveform before it is levelled.
pub fn render(drum: Drum, rate: u32) -> Vec<f64> {
    let seconds = match drum {
        Drum::ClosedHat | Drum::Rim => 0.12,
        Drum::Snare | Drum::Clap => 0.3,
        Drum::Kick => 0.4,
        Drum::LowTom | Drum::HighTom => 0.5,
        Drum::OpenHat => 0.6,
    };
    let mut out = silence(seconds, rate);
    match drum {
        Drum::Kick => {
            let body = Sweep { from_hz: 160.0, to_hz: 50.0, bend: 0.02, amp: 1.0, tau: 0.10, attack_ms: ATTACK_MS };
            sweep(&mut out, rate, body);
            // The beater, without which a small speaker gives no onset.
            ring(&mut out, rate, 0.0, ATTACK_MS, 0.35, &partials(1_400.0, 0.006, [(1.0, 1.0, 1.0), (2.1, 0.5, 0.7)]));
        }
        Drum::Snare => {
            ring(&mut out, rate, 0.0, ATTACK_MS, 0.7, &partials(185.0, 0.06, [(1.0, 1.0, 1.0), (1.79, 0.6, 0.8)]));
            let wires = Filter::high_pass(rate, 1_800.0, 0.7).run(&noise("snare", out.len()));
            burst(&mut out, rate, 0.0, ATTACK_MS, 0.07, 0.5, &wires);
        }
        Drum::ClosedHat => hat(&mut out, rate, 0.02),
        Drum::OpenHat => hat(&mut out, rate, 0.16),
        Drum::Rim => {
            let wood = [(1.0, 1.0, 1.0), (1.63, 0.6, 0.8), (2.9, 0.3, 0.5)];
            ring(&mut out, rate, 0.0, ATTACK_MS, 1.0, &partials(1_720.0, 0.011, wood));
        }
        Drum::Clap => {
            let hands = Filter::band_pass(rate, 1_200.0, 0.9).run(&noise("clap", out.len()));
            // The first is the strongest, so that it is the one that carries the time.
            for (at, gain, tau) in [(0.0, 1.0, 0.006), (0.009, 0.7, 0.005), (0.018, 0.7, 0.06)] {
                burst(&mut out, rate, at, ATTACK_MS, tau, gain, &hands[samples(at, rate)..]);
            }
        }
        Drum::LowTom => tom(&mut out, rate, 0.375 * D4),
        Drum::HighTom => tom(&mut out, rate, 0.5 * D4),
    }
    out
}
