//! Granule cells of one cluster, eight side by side: the arithmetic of a step, in a form that compilers turn into vector
//! instructions, and the same bits where they do not.

use serde::{Deserialize, Serialize};

/// Cells that are advanced side by side.
pub(super) const LANES: usize = 16;

/// Added at each step to a conductance that decays (1/ms): it ends here instead of among the denormals, which are slow.
pub(super) const FLOOR: f32 = 1e-20;

/// What all cells have in common; conductances in 1/ms, relative to the capacitance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Membrane {
    pub(super) threshold: f32,
    /// What one mossy spike adds.
    pub(super) ampa: f32,
    pub(super) nmda: f32,
    /// Conductance after a spike.
    pub(super) ahp: f32,
    pub(super) ahp_reversal: f32,
    /// Of AMPA, NMDA and what follows a spike, in a step.
    pub(super) decay: [f32; 3],
}

/// What the cells of a cluster have in common in one step: conductance of leak and inhibition (1/ms), and its current
/// (mV/ms) at 0 mV.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared {
    pub(super) total: f32,
    pub(super) drive: f32,
}

/// `cells`, filled up to whole vectors.
pub(super) const fn padded(cells: usize) -> usize {
    cells.next_multiple_of(LANES)
}

/// One step of 1 ms; the highest potential that it leaves. `arriving` counts mossy spikes, and is taken.
///
/// Exponential Euler, 1 − exp(−x) ≈ x / (1 + x/2 + x²/12): within 4e-4 for x < 1.
#[inline(always)]
pub(super) fn advance(
    v: &mut [f32],
    ampa: &mut [f32],
    nmda: &mut [f32],
    ahp: &mut [f32],
    arriving: &mut [u8],
    shared: Shared,
    membrane: &Membrane,
) -> f32 {
    let n = v.len();
    let (ampa, nmda, ahp, arriving) = (&mut ampa[..n], &mut nmda[..n], &mut ahp[..n], &mut arriving[..n]);
    for i in 0..n {
        let spikes = f32::from(arriving[i]);
        let fast = ampa[i] * membrane.decay[0] + (membrane.ampa * spikes + FLOOR);
        let slow = nmda[i] * membrane.decay[1] + (membrane.nmda * spikes + FLOOR);
        let after = ahp[i];
        let total = (shared.total + after) + (fast + slow);
        let drive = shared.drive + after * membrane.ahp_reversal;
        v[i] += (drive - v[i] * total) / (1.0 + total * (0.5 + total * (1.0 / 12.0)));
        ampa[i] = fast;
        nmda[i] = slow;
        ahp[i] = after * membrane.decay[2] + FLOOR;
        arriving[i] = 0;
    }
    let mut highest = [f32::NEG_INFINITY; LANES];
    for potentials in v.as_chunks::<LANES>().0 {
        for (highest, potential) in highest.iter_mut().zip(potentials) {
            *highest = if *potential > *highest { *potential } else { *highest };
        }
    }
    highest.into_iter().fold(f32::NEG_INFINITY, f32::max)
}
