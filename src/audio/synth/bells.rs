//! The engine's own voice: wood that counts, bells that ring, and what breaks.

use super::{
    Sound,
    parts::{ATTACK_MS, D4, Partial, Sweep, partials, ring, silence, spread, sweep},
};
use crate::audio::limits::{self, MISS_ATTACK_MS};

/// Attack of a failure, ms. ◇ The limit and more: the decay that runs under it brings the crest forward.
pub const SWELL_MS: f64 = MISS_ATTACK_MS + 15.0;

/// The bell of D5, its octave below, fifth and upper partials: ratio, amplitude, time constant in s. ◇ A major bell; the
/// minor third of a church bell makes praise sound like mourning.
const BELL: [(f64, f64, f64); 8] = [
    (0.5, 0.22, 0.70),
    (1.0, 1.00, 0.50),
    (1.0023, 0.30, 0.50),
    (1.5, 0.16, 0.30),
    (2.0, 0.55, 0.32),
    (2.52, 0.14, 0.16),
    (4.02, 0.20, 0.12),
    (5.43, 0.08, 0.07),
];

/// The bell at `hz`, its decays scaled by `ring` and its partials weakened by `dark` dB for each octave above the first.
fn bell(hz: f64, ring: f64, dark: f64) -> Vec<Partial> {
    BELL.iter()
        .map(|&(ratio, amp, tau)| Partial {
            hz: hz * ratio,
            amp: amp * limits::from_db(-dark * libm::log2(ratio.max(1.0))),
            tau: tau * ring,
        })
        .collect()
}

fn wood(hz: f64, tau: f64) -> [Partial; 3] {
    partials(hz, tau, [(1.0, 1.0, 1.0), (1.74, 0.5, 0.6), (2.61, 0.22, 0.4)])
}

/// Loose metal: `count` pieces from `from` s on, further apart and softer with time.
fn scatter(out: &mut [f64], rate: u32, count: usize, from: f64, over: f64, gain: f64) {
    for i in 0..count {
        let part = (i as f64 + 0.6 * spread(i, 0.3)) / count as f64;
        let hz = 1_300.0 * libm::pow(2.8, spread(i, 1.7));
        let soft = gain * limits::from_db(-16.0 * part) * (0.5 + 0.5 * spread(i, 4.1));
        let tau = 0.035 + 0.09 * spread(i, 2.9);
        // A struck plate: inharmonic, the upper parts gone first.
        let plate = partials(hz, tau, [(1.0, 1.0, 1.0), (1.58, 0.6, 0.7), (2.24, 0.35, 0.5), (2.92, 0.2, 0.4)]);
        ring(out, rate, from + over * libm::pow(part, 1.4), 4.0, soft, &plate);
    }
}

/// The waveform before it is levelled; None for sounds of the other families.
pub fn render(sound: Sound, rate: u32) -> Option<Vec<f64>> {
    let seconds = match sound {
        Sound::CountIn | Sound::Launch => 0.16,
        // Over before the next beat of all but the fastest drills.
        Sound::Beat | Sound::BeatAccent => 0.5,
        Sound::Gate => 0.8,
        Sound::Bell => 2.0,
        Sound::DampedBell => 0.35,
        Sound::DullStrike => 0.7,
        Sound::Doozy => 1.7,
        _ => return None,
    };
    let mut out = silence(seconds, rate);
    let strike = |out: &mut [f64], gain: f64, partials: &[Partial]| ring(out, rate, 0.0, ATTACK_MS, gain, partials);
    match sound {
        Sound::CountIn => strike(&mut out, 1.0, &wood(4.0 * D4, 0.022)),
        Sound::Launch => strike(&mut out, 1.0, &wood(3.0 * D4, 0.014)),
        Sound::Beat => strike(&mut out, 1.0, &bell(2.0 * D4, 0.22, 0.0)),
        Sound::BeatAccent => {
            strike(&mut out, 0.7, &bell(2.0 * D4, 0.25, 0.0));
            strike(&mut out, 0.5, &bell(4.0 * D4, 0.25, 0.0));
        }
        Sound::Gate => strike(&mut out, 1.0, &bell(3.0 * D4, 0.35, 3.0)),
        Sound::Bell => strike(&mut out, 1.0, &bell(4.0 * D4, 0.8, 2.0)),
        Sound::DampedBell => ring(&mut out, rate, 0.0, 2.0, 1.0, &bell(4.0 * D4, 0.10, 9.0)),
        Sound::DullStrike => {
            let body = [(0.5, 1.0, 0.11), (0.79, 0.7, 0.08), (1.19, 0.4, 0.06), (1.9, 0.15, 0.04)]
                .map(|(r, amp, tau)| Partial { hz: D4 * r, amp, tau });
            ring(&mut out, rate, 0.0, SWELL_MS, 1.0, &body);
            scatter(&mut out, rate, 6, 0.10, 0.35, 0.07);
        }
        _ => {
            let thump = Sweep { from_hz: 110.0, to_hz: 46.0, bend: 0.06, amp: 1.0, tau: 0.20, attack_ms: SWELL_MS };
            sweep(&mut out, rate, thump);
            // A knock that small speakers can give, where the thump itself is lost.
            let knock = [(0.5, 0.35, 0.09), (0.75, 0.2, 0.07)].map(|(r, amp, tau)| Partial { hz: D4 * r, amp, tau });
            ring(&mut out, rate, 0.0, SWELL_MS, 1.0, &knock);
            scatter(&mut out, rate, 18, 0.07, 1.15, 0.2);
        }
    }
    Some(out)
}
