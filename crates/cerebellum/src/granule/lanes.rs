//! Granule cells side by side: the arithmetic of a step, written once, in the vector instructions that the processor has, and
//! the same bits where it has none.
//!
//! Conductances that decay are kept in 16 bits, in [`UNIT`]s, which halves what they take in memory; they decay as whole
//! numbers, which can be no denormals. Rounded to the nearest, one that nothing feeds stops at 1/2 of what it would lose in
//! a step: of NMDA, 26 units, which hold a cell 0.3 mV above rest.

use serde::{Deserialize, Serialize};

/// Cells that are advanced side by side.
pub(super) const LANES: usize = 16;

/// Of conductances that are kept in 16 bits, 1/ms (relative to the capacitance): the most is 1/ms, 3.1 nS of the 3.1 pF.
pub(super) const UNIT: f32 = 1.0 / 32_768.0;

/// AMPA is kept in units of 2 to this power: all of a cell's mossy fibres at once give more than 1/ms, and what it loses in
/// a step leaves no rest of it.
const COARSE: u32 = 2;

/// Added at each step to a cluster's inhibition (1/ms): it ends here instead of among the denormals, which are slow.
pub(super) const FLOOR: f32 = 1e-20;

/// A conductance (1/ms) in units.
pub(super) fn units(conductance: f32) -> i16 {
    // `as` keeps to the range of the type.
    (conductance / UNIT + 0.5) as i16
}

/// A conductance of AMPA (1/ms) in its units.
pub(super) fn coarse_units(conductance: f32) -> i16 {
    units(conductance / (1u32 << COARSE) as f32)
}

/// What is left after a step of 1 ms, as a share of 32,768.
pub(super) fn kept(decay_ms: f64) -> i16 {
    (libm::exp(-1.0 / decay_ms) * 32_768.0 + 0.5) as i16
}

/// What all cells have in common; conductances in units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Membrane {
    pub(super) threshold: f32,
    /// What one mossy spike adds.
    pub(super) ampa: i16,
    pub(super) nmda: i16,
    /// Conductance after a spike.
    pub(super) ahp: i16,
    pub(super) ahp_reversal: f32,
    /// Of AMPA, NMDA and what follows a spike, in a step: see [`kept`].
    pub(super) decay: [i16; 3],
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

/// State of a cluster's cells. `arriving` counts the mossy spikes of the step, and is taken.
pub(super) struct Cells<'a> {
    pub(super) v: &'a mut [f32],
    pub(super) ampa: &'a mut [i16],
    pub(super) nmda: &'a mut [i16],
    pub(super) ahp: &'a mut [i16],
    pub(super) arriving: &'a mut [u8],
}

/// Sixteen cells' numbers, and what can be done with them.
pub(super) trait Processor: Copy {
    type Words: Copy;
    type Floats: Copy;

    fn words(self, of: [i16; LANES]) -> Self::Words;
    fn counts(self, of: [u8; LANES]) -> Self::Words;
    fn back(self, words: Self::Words) -> [i16; LANES];
    /// `words` · `share` / 32,768, to the nearest; none is negative.
    fn part(self, words: Self::Words, share: Self::Words) -> Self::Words;
    /// The low 16 bits.
    fn times(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// 32,767 where it is more.
    fn plus(self, a: Self::Words, b: Self::Words) -> Self::Words;
    fn as_floats(self, words: Self::Words) -> Self::Floats;
    /// AMPA, NMDA and what follows a spike together, in units.
    fn together(self, ampa: Self::Words, nmda: Self::Words, ahp: Self::Words) -> Self::Floats;

    fn floats(self, of: [f32; LANES]) -> Self::Floats;
    fn back_floats(self, floats: Self::Floats) -> [f32; LANES];
    fn add(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn sub(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn mul(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn div(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    /// Which of `a` are above `b`, one bit each.
    fn above(self, a: Self::Floats, b: Self::Floats) -> u16;
}

/// One step of 1 ms; which cells it leaves above the threshold, sixteen an element.
///
/// Exponential Euler, 1 − exp(−x) ≈ x / (1 + x/2 + x²/12): within 4e-4 for x < 1.
#[inline(always)]
pub(super) fn advance<P: Processor>(on: P, cells: Cells<'_>, shared: Shared, membrane: &Membrane, fired: &mut [u16]) {
    let word = |value: i16| on.words([value; LANES]);
    let float = |value: f32| on.floats([value; LANES]);
    let [ampa_kept, nmda_kept, ahp_kept] = membrane.decay.map(word);
    let (ampa_step, nmda_step) = (word(membrane.ampa), word(membrane.nmda));
    let (total, drive) = (float(shared.total), float(shared.drive));
    let (unit, reversal) = (float(UNIT), float(membrane.ahp_reversal * UNIT));
    let (one, half, twelfth) = (float(1.0), float(0.5), float(1.0 / 12.0));
    let threshold = float(membrane.threshold);

    let Cells { v, ampa, nmda, ahp, arriving } = cells;
    let blocks = v.as_chunks_mut::<LANES>().0.iter_mut().zip(ampa.as_chunks_mut::<LANES>().0);
    let blocks = blocks.zip(nmda.as_chunks_mut::<LANES>().0.iter_mut().zip(ahp.as_chunks_mut::<LANES>().0));
    for (((v, ampa), (nmda, ahp)), (arriving, fired)) in
        blocks.zip(arriving.as_chunks_mut::<LANES>().0.iter_mut().zip(fired))
    {
        let spikes = on.counts(*arriving);
        let fast = on.plus(on.part(on.words(*ampa), ampa_kept), on.times(spikes, ampa_step));
        let slow = on.plus(on.part(on.words(*nmda), nmda_kept), on.times(spikes, nmda_step));
        let after = on.words(*ahp);
        let total = on.add(total, on.mul(on.together(fast, slow, after), unit));
        let drive = on.add(drive, on.mul(on.as_floats(after), reversal));
        let before = on.floats(*v);
        let slope = on.add(one, on.mul(total, on.add(half, on.mul(total, twelfth))));
        let potential = on.add(before, on.div(on.sub(drive, on.mul(before, total)), slope));
        *fired = on.above(potential, threshold);
        *v = on.back_floats(potential);
        *ampa = on.back(fast);
        *nmda = on.back(slow);
        *ahp = on.back(on.part(after, ahp_kept));
        *arriving = [0; LANES];
    }
}

/// Without vector instructions, or with those that the compiler finds.
impl Processor for pulp::Scalar {
    type Words = [i16; LANES];
    type Floats = [f32; LANES];

    #[inline(always)]
    fn words(self, of: [i16; LANES]) -> [i16; LANES] {
        of
    }
    #[inline(always)]
    fn counts(self, of: [u8; LANES]) -> [i16; LANES] {
        of.map(i16::from)
    }
    #[inline(always)]
    fn back(self, words: [i16; LANES]) -> [i16; LANES] {
        words
    }
    #[inline(always)]
    fn part(self, words: [i16; LANES], share: [i16; LANES]) -> [i16; LANES] {
        core::array::from_fn(|k| ((i32::from(words[k]) * i32::from(share[k]) + 0x4000) >> 15) as i16)
    }
    #[inline(always)]
    fn times(self, a: [i16; LANES], b: [i16; LANES]) -> [i16; LANES] {
        core::array::from_fn(|k| a[k].wrapping_mul(b[k]))
    }
    #[inline(always)]
    fn plus(self, a: [i16; LANES], b: [i16; LANES]) -> [i16; LANES] {
        core::array::from_fn(|k| a[k].saturating_add(b[k]))
    }
    #[inline(always)]
    fn as_floats(self, words: [i16; LANES]) -> [f32; LANES] {
        words.map(f32::from)
    }
    #[inline(always)]
    fn together(self, ampa: [i16; LANES], nmda: [i16; LANES], ahp: [i16; LANES]) -> [f32; LANES] {
        core::array::from_fn(|k| ((i32::from(ampa[k]) << COARSE) + (i32::from(nmda[k]) + i32::from(ahp[k]))) as f32)
    }
    #[inline(always)]
    fn floats(self, of: [f32; LANES]) -> [f32; LANES] {
        of
    }
    #[inline(always)]
    fn back_floats(self, floats: [f32; LANES]) -> [f32; LANES] {
        floats
    }
    #[inline(always)]
    fn add(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        core::array::from_fn(|k| a[k] + b[k])
    }
    #[inline(always)]
    fn sub(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        core::array::from_fn(|k| a[k] - b[k])
    }
    #[inline(always)]
    fn mul(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        core::array::from_fn(|k| a[k] * b[k])
    }
    #[inline(always)]
    fn div(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        core::array::from_fn(|k| a[k] / b[k])
    }
    #[inline(always)]
    fn above(self, a: [f32; LANES], b: [f32; LANES]) -> u16 {
        (0..LANES).fold(0, |set, k| set | u16::from(a[k] > b[k]) << k)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::{__m128i, __m256, __m256i, __m512, __m512i};

    use pulp::cast;
    use pulp::x86::{V3, V4};

    use super::{COARSE, LANES, Processor};

    /// AVX2.
    impl Processor for V3 {
        type Words = __m256i;
        type Floats = [__m256; 2];

        #[inline(always)]
        fn words(self, of: [i16; LANES]) -> __m256i {
            cast(of)
        }
        #[inline(always)]
        fn counts(self, of: [u8; LANES]) -> __m256i {
            self.avx2._mm256_cvtepu8_epi16(cast(of))
        }
        #[inline(always)]
        fn back(self, words: __m256i) -> [i16; LANES] {
            cast(words)
        }
        #[inline(always)]
        fn part(self, words: __m256i, share: __m256i) -> __m256i {
            self.avx2._mm256_mulhrs_epi16(words, share)
        }
        #[inline(always)]
        fn times(self, a: __m256i, b: __m256i) -> __m256i {
            self.avx2._mm256_mullo_epi16(a, b)
        }
        #[inline(always)]
        fn plus(self, a: __m256i, b: __m256i) -> __m256i {
            self.avx2._mm256_adds_epi16(a, b)
        }
        #[inline(always)]
        fn as_floats(self, words: __m256i) -> [__m256; 2] {
            self.wide(words).map(|half| self.avx._mm256_cvtepi32_ps(half))
        }
        #[inline(always)]
        fn together(self, ampa: __m256i, nmda: __m256i, ahp: __m256i) -> [__m256; 2] {
            let [ampa, nmda, ahp] = [ampa, nmda, ahp].map(|words| self.wide(words));
            core::array::from_fn(|half| {
                let ampa = self.avx2._mm256_slli_epi32::<{ COARSE as i32 }>(ampa[half]);
                let slow = self.avx2._mm256_add_epi32(nmda[half], ahp[half]);
                self.avx._mm256_cvtepi32_ps(self.avx2._mm256_add_epi32(ampa, slow))
            })
        }
        #[inline(always)]
        fn floats(self, of: [f32; LANES]) -> [__m256; 2] {
            cast(of)
        }
        #[inline(always)]
        fn back_floats(self, floats: [__m256; 2]) -> [f32; LANES] {
            cast(floats)
        }
        #[inline(always)]
        fn add(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
            core::array::from_fn(|half| self.avx._mm256_add_ps(a[half], b[half]))
        }
        #[inline(always)]
        fn sub(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
            core::array::from_fn(|half| self.avx._mm256_sub_ps(a[half], b[half]))
        }
        #[inline(always)]
        fn mul(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
            core::array::from_fn(|half| self.avx._mm256_mul_ps(a[half], b[half]))
        }
        #[inline(always)]
        fn div(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
            core::array::from_fn(|half| self.avx._mm256_div_ps(a[half], b[half]))
        }
        #[inline(always)]
        fn above(self, a: [__m256; 2], b: [__m256; 2]) -> u16 {
            let [low, high]: [u16; 2] = core::array::from_fn(|half| {
                let above = self.avx._mm256_cmp_ps::<{ core::arch::x86_64::_CMP_GT_OQ }>(a[half], b[half]);
                self.avx._mm256_movemask_ps(above) as u16
            });
            low | high << 8
        }
    }

    trait Wide {
        fn wide(self, words: __m256i) -> [__m256i; 2];
    }

    impl Wide for V3 {
        /// The same numbers in 32 bits.
        #[inline(always)]
        fn wide(self, words: __m256i) -> [__m256i; 2] {
            cast::<__m256i, [__m128i; 2]>(words).map(|half| self.avx2._mm256_cvtepi16_epi32(half))
        }
    }

    /// AVX-512.
    impl Processor for V4 {
        type Words = __m256i;
        type Floats = __m512;

        #[inline(always)]
        fn words(self, of: [i16; LANES]) -> __m256i {
            cast(of)
        }
        #[inline(always)]
        fn counts(self, of: [u8; LANES]) -> __m256i {
            Processor::counts(*self, of)
        }
        #[inline(always)]
        fn back(self, words: __m256i) -> [i16; LANES] {
            cast(words)
        }
        #[inline(always)]
        fn part(self, words: __m256i, share: __m256i) -> __m256i {
            Processor::part(*self, words, share)
        }
        #[inline(always)]
        fn times(self, a: __m256i, b: __m256i) -> __m256i {
            Processor::times(*self, a, b)
        }
        #[inline(always)]
        fn plus(self, a: __m256i, b: __m256i) -> __m256i {
            Processor::plus(*self, a, b)
        }
        #[inline(always)]
        fn as_floats(self, words: __m256i) -> __m512 {
            self.avx512f._mm512_cvtepi32_ps(self.avx512f._mm512_cvtepi16_epi32(words))
        }
        #[inline(always)]
        fn together(self, ampa: __m256i, nmda: __m256i, ahp: __m256i) -> __m512 {
            let [ampa, nmda, ahp]: [__m512i; 3] =
                [ampa, nmda, ahp].map(|words| self.avx512f._mm512_cvtepi16_epi32(words));
            let ampa = self.avx512f._mm512_slli_epi32::<COARSE>(ampa);
            let slow = self.avx512f._mm512_add_epi32(nmda, ahp);
            self.avx512f._mm512_cvtepi32_ps(self.avx512f._mm512_add_epi32(ampa, slow))
        }
        #[inline(always)]
        fn floats(self, of: [f32; LANES]) -> __m512 {
            cast(of)
        }
        #[inline(always)]
        fn back_floats(self, floats: __m512) -> [f32; LANES] {
            cast(floats)
        }
        #[inline(always)]
        fn add(self, a: __m512, b: __m512) -> __m512 {
            self.avx512f._mm512_add_ps(a, b)
        }
        #[inline(always)]
        fn sub(self, a: __m512, b: __m512) -> __m512 {
            self.avx512f._mm512_sub_ps(a, b)
        }
        #[inline(always)]
        fn mul(self, a: __m512, b: __m512) -> __m512 {
            self.avx512f._mm512_mul_ps(a, b)
        }
        #[inline(always)]
        fn div(self, a: __m512, b: __m512) -> __m512 {
            self.avx512f._mm512_div_ps(a, b)
        }
        #[inline(always)]
        fn above(self, a: __m512, b: __m512) -> u16 {
            self.avx512f._mm512_cmp_ps_mask::<{ core::arch::x86_64::_CMP_GT_OQ }>(a, b)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conductances_decay_to_the_nearest_unit() {
        let on = pulp::Scalar::new();
        for decay in [1.2, 5.0, 52.0] {
            let share = kept(decay);
            for value in [0i16, 1, 26, 27, 500, 20_000, i16::MAX] {
                let [left, ..] = on.part([value; LANES], [share; LANES]);
                let exact = f64::from(value) * f64::from(share) / 32_768.0;
                assert!((f64::from(left) - exact).abs() <= 0.5, "{value} at {decay} ms: {left}, not {exact}");
            }
            assert!((f64::from(share) / 32_768.0 - libm::exp(-1.0 / decay)).abs() < 2e-5);
        }
    }
}
