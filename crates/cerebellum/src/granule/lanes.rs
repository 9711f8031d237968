//! Granule cells of one cluster, side by side: the arithmetic of a step, in a form that compilers turn into vector
//! instructions, and the same bits where they do not.
//!
//! Conductances that decay are kept in 16 bits, in [`UNIT`]s, which halves what they take in memory and leaves the time of a
//! step as it is; they decay as whole numbers, which can be no denormals. Rounded to the nearest, one that nothing feeds stops
//! at 1/2 of what it would lose in a step: of NMDA, 26 units, which hold a cell 0.3 mV above rest.

use serde::{Deserialize, Serialize};

/// Cells that are advanced side by side.
pub(super) const LANES: usize = 16;

/// Of conductances that are kept in 16 bits, 1/ms (relative to the capacitance): the most is 2/ms, 6.2 nS of the 3.1 pF.
pub(super) const UNIT: f32 = 1.0 / 32_768.0;

/// Added at each step to a cluster's inhibition (1/ms): it ends here instead of among the denormals, which are slow.
pub(super) const FLOOR: f32 = 1e-20;

/// A conductance (1/ms) in units.
pub(super) fn units(conductance: f32) -> u16 {
    // `as` keeps to the range of the type.
    (conductance / UNIT + 0.5) as u16
}

/// What is left after a step of 1 ms, as a share of 65,536.
pub(super) fn kept(decay_ms: f64) -> u16 {
    (libm::exp(-1.0 / decay_ms) * 65_536.0 + 0.5) as u16
}

/// What all cells have in common; conductances in units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Membrane {
    pub(super) threshold: f32,
    /// What one mossy spike adds.
    pub(super) ampa: u16,
    pub(super) nmda: u16,
    /// Conductance after a spike.
    pub(super) ahp: u16,
    pub(super) ahp_reversal: f32,
    /// Of AMPA, NMDA and what follows a spike, in a step: see [`kept`].
    pub(super) decay: [u16; 3],
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

/// `value` · `share` / 65,536, to the nearest.
#[inline(always)]
fn part(value: u16, share: u16) -> u16 {
    let high = ((u32::from(value) * u32::from(share)) >> 16) as u16;
    high + (value.wrapping_mul(share) >> 15)
}

/// One step of 1 ms; whether it leaves any cell above the threshold. `arriving` counts mossy spikes, and is taken.
///
/// Exponential Euler, 1 − exp(−x) ≈ x / (1 + x/2 + x²/12): within 4e-4 for x < 1.
#[inline(always)]
pub(super) fn advance(
    v: &mut [f32],
    ampa: &mut [u16],
    nmda: &mut [u16],
    ahp: &mut [u16],
    arriving: &mut [u8],
    shared: Shared,
    membrane: &Membrane,
) -> bool {
    let n = v.len();
    let (ampa, nmda, ahp, arriving) = (&mut ampa[..n], &mut nmda[..n], &mut ahp[..n], &mut arriving[..n]);
    let [ampa_kept, nmda_kept, ahp_kept] = membrane.decay;
    let mut fired = 0u32;
    for i in 0..n {
        let spikes = u16::from(arriving[i]);
        let fast = part(ampa[i], ampa_kept).saturating_add(spikes * membrane.ampa);
        let slow = part(nmda[i], nmda_kept).saturating_add(spikes * membrane.nmda);
        let after = ahp[i];
        let own = i32::from(fast) + i32::from(slow) + i32::from(after);
        let total = shared.total + own as f32 * UNIT;
        let drive = shared.drive + f32::from(after) * (membrane.ahp_reversal * UNIT);
        let potential = v[i] + (drive - v[i] * total) / (1.0 + total * (0.5 + total * (1.0 / 12.0)));
        fired |= u32::from(potential > membrane.threshold);
        v[i] = potential;
        ampa[i] = fast;
        nmda[i] = slow;
        ahp[i] = part(after, ahp_kept);
        arriving[i] = 0;
    }
    fired != 0
}

/// Which of the potentials, by bit, are above the threshold.
#[inline(always)]
pub(super) fn above(v: &[f32; LANES], threshold: f32) -> u32 {
    let mut set = 0;
    for (k, v) in v.iter().enumerate() {
        set |= u32::from(*v > threshold) << k;
    }
    set
}
