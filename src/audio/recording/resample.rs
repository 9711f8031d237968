//! A recording at another rate: each of the stream's frames is a point between two of the recording's, by a windowed sinc.
//!
//! Positions are exact fractions, so an hour in they are where they were at the start. Another speed is another pitch: the samples are
//! read faster or slower, and nothing is stretched.

use std::sync::OnceLock;

/// Samples on either side of a point ◇: with the window below the way from all to nothing takes a sixth of the recording's rate, so a CD
/// is flat to 17 kHz.
const SIDE: usize = 16;
/// Points between two samples that the kernel is tabled for; between those it is interpolated, 100 dB below the signal.
const PHASES: usize = 512;

/// Where a frame of the stream lies in the recording: whole samples, and a fraction of the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub whole: i64,
    pub part: f32,
}

/// The line from the stream's frames to the recording's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The stream's frame, and the recording's place there in ns.
    zero: i64,
    from_ns: i64,
    /// ns of recording in a second of the stream.
    rate_ppb: u32,
    source: u32,
    stream: u32,
}

impl Line {
    pub(super) fn new(zero: i64, from_ns: i64, rate_ppb: u32, source: u32, stream: u32) -> Self {
        Self { zero, from_ns, rate_ppb, source, stream }
    }

    /// Whether a frame is a sample, and none has to be made up.
    fn is_plain(&self) -> bool {
        u64::from(self.rate_ppb) * u64::from(self.source) == 1_000_000_000 * u64::from(self.stream)
    }

    /// Samples of the recording in a frame of the stream.
    pub(super) fn step(&self) -> f64 {
        f64::from(self.rate_ppb) / 1e9 * f64::from(self.source) / f64::from(self.stream)
    }

    pub(super) fn point(&self, frame: i64) -> Point {
        // in samples · 10⁹ · the stream's rate
        let unit = 1_000_000_000_i128 * i128::from(self.stream);
        let at = i128::from(self.source)
            * (i128::from(self.from_ns) * i128::from(self.stream)
                + i128::from(frame - self.zero) * i128::from(self.rate_ppb));
        // the start of a recording that needs no resampling lies on a sample: it is never off by more than half of one, and every
        // sample is heard as it was recorded
        let at = if self.is_plain() { at + unit / 2 } else { at };
        let whole = i64::try_from(at.div_euclid(unit)).unwrap_or(i64::MAX / 2);
        let part = if self.is_plain() { 0.0 } else { (at.rem_euclid(unit) as f64 / unit as f64) as f32 };
        Point { whole, part }
    }

    /// The first frame at which something of the recording may be heard.
    pub(super) fn begins(&self) -> i64 {
        let step = self.step();
        let back = if step > 0.0 { -(self.point(self.zero).whole as f64) / step } else { 0.0 };
        self.zero + back.floor().clamp(-1e15, 1e15) as i64
    }
}

/// The kernel for a cutoff: rows by phase, columns by sample.
pub(super) struct Kernel {
    rows: Vec<[f32; 2 * SIDE]>,
    /// Of the wider kernel of a recording that is squeezed: samples are taken so far apart, in samples.
    stretch: f64,
}

impl Kernel {
    /// For so many samples of the recording a frame.
    pub(super) fn new(step: f64) -> Self {
        // what lies above half of either rate would come back as another tone
        let cutoff = if step > 1.0 { 0.94 / step } else { 0.94 };
        let rows = (0..=PHASES)
            .map(|phase| {
                let part = phase as f64 / PHASES as f64;
                let mut row = [0.0_f32; 2 * SIDE];
                let mut sum = 0.0;
                for (i, tap) in row.iter_mut().enumerate() {
                    let x = i as f64 - (SIDE as f64 - 1.0) - part;
                    *tap = (cutoff * sinc(cutoff * x) * window(x / SIDE as f64)) as f32;
                    sum += f64::from(*tap);
                }
                row.iter_mut().for_each(|tap| *tap = (f64::from(*tap) / sum) as f32);
                row
            })
            .collect();
        Self { rows, stretch: step }
    }

    pub(super) fn fits(&self, step: f64) -> bool {
        self.stretch == step
    }

    /// The recording's value at a point; `sample` gives a frame of it, silence outside.
    pub(super) fn at(&self, point: Point, mut sample: impl FnMut(i64) -> [f32; 2]) -> [f32; 2] {
        if point.part == 0.0 && self.stretch == 1.0 {
            return sample(point.whole);
        }
        let scaled = point.part * PHASES as f32;
        let (phase, between) = (scaled as usize, scaled.fract());
        let (Some(low), Some(high)) = (self.rows.get(phase), self.rows.get((phase + 1).min(PHASES))) else {
            return [0.0; 2];
        };
        let mut sum = [0.0_f32; 2];
        let first = point.whole - (SIDE as i64 - 1);
        for (at, (low, high)) in (first..).zip(low.iter().zip(high)) {
            let tap = low + (high - low) * between;
            let [left, right] = sample(at);
            sum[0] += tap * left;
            sum[1] += tap * right;
        }
        sum
    }
}

/// How far a point reaches beyond its own sample.
pub(super) const REACH: i64 = SIDE as i64;

fn sinc(x: f64) -> f64 {
    let px = std::f64::consts::PI * x;
    if px.abs() < 1e-9 { 1.0 } else { libm::sin(px) / px }
}

/// Kaiser's window, β = 8.6: side lobes 90 dB down.
fn window(x: f64) -> f64 {
    const BETA: f64 = 8.6;
    static NORM: OnceLock<f64> = OnceLock::new();
    if x.abs() >= 1.0 { 0.0 } else { bessel(BETA * libm::sqrt(1.0 - x * x)) / NORM.get_or_init(|| bessel(BETA)) }
}

/// The modified Bessel function of the first kind and order 0.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        let half = x / 2.0 / f64::from(k);
        term *= half * half;
        sum += term;
    }
    sum
}
