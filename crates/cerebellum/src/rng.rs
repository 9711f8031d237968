//! Random streams: one seed gives any number of independent streams, each found by its name.
//!
//! A draw depends on the seed, the stream's name and index, and how often that stream was asked, never on what other
//! streams did. The values are part of every record's meaning: changing one breaks replay, so tests pin them.

use rand::Rng;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

/// FNV-1a, 64 bits (Fowler, Noll, Vo): offset basis and prime.
pub(crate) const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
pub(crate) const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// One named stream of random numbers (PCG XSL RR 128/64).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Place", into = "Place")]
pub struct Stream {
    generator: Pcg64,
    place: Place,
}

/// Where a stream stands, for saving: how it began and how many draws were taken since.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Place {
    /// High and low half of the state and of the sequence that it began with.
    start: [u64; 4],
    drawn: u64,
}

impl From<Place> for Stream {
    fn from(place: Place) -> Self {
        let wide = |high: u64, low: u64| (u128::from(high) << 64) | u128::from(low);
        let [state_high, state_low, sequence_high, sequence_low] = place.start;
        let mut generator = Pcg64::new(wide(state_high, state_low), wide(sequence_high, sequence_low));
        generator.advance(u128::from(place.drawn));
        Self { generator, place }
    }
}

impl From<Stream> for Place {
    fn from(stream: Stream) -> Self {
        stream.place
    }
}

impl Stream {
    /// The stream `name`, number `index`, of `seed`.
    #[must_use]
    pub fn named(seed: u64, name: &str, index: u64) -> Self {
        let mut hash = FNV_OFFSET;
        for byte in name.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
        let mut mixer = SplitMix(seed);
        let state_high = mixer.next() ^ hash;
        let mut mixer = SplitMix(state_high);
        let state_low = mixer.next() ^ index;
        let mut mixer = SplitMix(state_low);
        Self::from(Place { start: core::array::from_fn(|_| mixer.next()), drawn: 0 })
    }

    /// 64 uniform bits.
    pub fn bits(&mut self) -> u64 {
        self.place.drawn += 1;
        self.generator.next_u64()
    }

    /// Uniform in [0, 1), 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in [0, 1), 24 bits.
    pub fn uniform_f32(&mut self) -> f32 {
        (self.bits() >> 40) as f32 * (1.0 / (1u32 << 24) as f32)
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in 0..n; `n` of 0 gives 0. The bias is below n / 2⁶⁴.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Whether an event of probability `p` happens.
    pub fn bernoulli(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Standard Gaussian; takes one draw, by inversion.
    pub fn gaussian(&mut self) -> f64 {
        normal_quantile((self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64) + 0.5 / (1u64 << 53) as f64)
    }

    /// Poisson count of the given mean, by inversion (one draw); meant for means below about 30.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let u = self.uniform();
        let mut term = libm::exp(-mean);
        let mut cumulative = term;
        let mut k = 0;
        while u >= cumulative && term > 0.0 {
            k += 1;
            term *= mean / f64::from(k);
            cumulative += term;
        }
        k
    }

    /// Number of failures before the first success of probability `p`, 0 < p ≤ 1: the gap by which rare events are
    /// skipped to.
    pub fn gap(&mut self, p: f64) -> u64 {
        if p >= 1.0 {
            return 0;
        }
        let u = 1.0 - self.uniform();
        libm::floor(libm::log(u) / libm::log1p(-p)) as u64
    }

    /// Puts `items` in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// Events of one small probability, to be skipped to: as [`Stream::gap`], with its logarithm taken once.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Rare(f64);

impl Rare {
    /// Of probability `p`, 0 < p < 1.
    #[must_use]
    pub fn new(p: f64) -> Self {
        Self(1.0 / libm::log1p(-p))
    }

    /// Number of failures before the next success.
    pub fn gap(&self, stream: &mut Stream) -> u64 {
        libm::floor(libm::log(1.0 - stream.uniform()) * self.0) as u64
    }
}

/// Spreads a seed's bits (Steele, Lea and Flood 2014).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Standard normal distribution function.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / core::f64::consts::SQRT_2)
}

/// Inverse of [`normal_cdf`] for 0 < p < 1; ∓∞ outside. Acklam's rational approximation (relative error 1.2e-9)
/// sharpened by one step of Halley's method.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] =
        [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416];
    /// Below this the tail's formula takes over.
    const TAIL: f64 = 0.02425;
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let tail = |q: f64| {
        (((((C[0] * q + C[1]) * q + C[2]) * q + C[3]) * q + C[4]) * q + C[5])
            / ((((D[0] * q + D[1]) * q + D[2]) * q + D[3]) * q + 1.0)
    };
    let x = if p < TAIL {
        tail(libm::sqrt(-2.0 * libm::log(p)))
    } else if p > 1.0 - TAIL {
        -tail(libm::sqrt(-2.0 * libm::log1p(-p)))
    } else {
        let q = p - 0.5;
        let r = q * q;
        (((((A[0] * r + A[1]) * r + A[2]) * r + A[3]) * r + A[4]) * r + A[5]) * q
            / (((((B[0] * r + B[1]) * r + B[2]) * r + B[3]) * r + B[4]) * r + 1.0)
    };
    let error = normal_cdf(x) - p;
    let step = error * libm::sqrt(2.0 * core::f64::consts::PI) * libm::exp(x * x / 2.0);
    x - step / (1.0 + x * step / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_keep_their_values() {
        let mut stream = Stream::named(1, "volley", 7);
        assert_eq!(
            [stream.bits(), stream.bits(), stream.bits()],
            [13170023462998212782, 2161490166005077343, 14627149469792671475]
        );
        assert_eq!(Stream::named(1, "volley", 7).uniform(), 0.713_948_402_513_386_4);
        assert_eq!(Stream::named(1, "volley", 7).uniform_f32(), 0.713_948_37);
        assert_eq!(Stream::named(1, "volley", 7).gaussian(), 0.564_956_731_142_677_1);
        assert_eq!(Stream::named(1, "volley", 7).gap(0.001), 1250);
        let mut order: Vec<u8> = (0..8).collect();
        Stream::named(1, "volley", 7).shuffle(&mut order);
        assert_eq!(order, [6, 7, 1, 3, 2, 4, 0, 5]);
    }

    #[test]
    fn a_saved_stream_goes_on_where_it_stood() {
        let mut stream = Stream::named(1, "volley", 7);
        for _ in 0..5 {
            stream.bits();
        }
        let mut restored = Stream::from(Place::from(stream.clone()));
        assert_eq!(restored.bits(), stream.bits());
    }

    #[test]
    fn seed_name_and_index_each_make_another_stream() {
        let first = Stream::named(1, "volley", 7).bits();
        assert_ne!(first, Stream::named(2, "volley", 7).bits());
        assert_ne!(first, Stream::named(1, "cells", 7).bits());
        assert_ne!(first, Stream::named(1, "volley", 8).bits());
    }

    #[test]
    fn a_gaussian_has_mean_0_and_variance_1() {
        let mut stream = Stream::named(3, "test", 0);
        let n = 100_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..n {
            let x = stream.gaussian();
            sum += x;
            squares += x * x;
        }
        assert!((sum / f64::from(n)).abs() < 0.01);
        assert!((squares / f64::from(n) - 1.0).abs() < 0.015);
    }

    #[test]
    fn poisson_counts_and_gaps_have_their_means() {
        let mut stream = Stream::named(3, "test", 1);
        let n = 100_000;
        let count: u32 = (0..n).map(|_| stream.poisson(2.3)).sum();
        assert!((f64::from(count) / f64::from(n) - 2.3).abs() < 0.02);
        let gaps: u64 = (0..n).map(|_| stream.gap(0.01)).sum();
        assert!((gaps as f64 / f64::from(n) - 99.0).abs() < 1.0);
        let rare = Rare::new(0.01);
        let gaps: u64 = (0..n).map(|_| rare.gap(&mut stream)).sum();
        assert!((gaps as f64 / f64::from(n) - 99.0).abs() < 1.0);
        assert_eq!(stream.gap(1.0), 0);
        let happened = (0..n).filter(|_| stream.bernoulli(0.25)).count();
        assert!((happened as f64 / f64::from(n) - 0.25).abs() < 0.005);
    }

    #[test]
    fn the_quantile_inverts_the_distribution() {
        for p in [1e-12, 0.001, 0.02, 0.024, 0.3, 0.5, 0.8, 0.976, 0.999] {
            assert!((normal_cdf(normal_quantile(p)) - p).abs() <= 1e-15_f64.max(1e-12 * p), "p = {p}");
        }
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
    }
}
