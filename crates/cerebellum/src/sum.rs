//! Sums whose bits do not depend on how a loop was compiled: eight partial sums, added in one fixed tree.

/// Sum of `values`: lane `i mod 8` takes value `i`; lanes are then added as ((0+4)+(2+6))+((1+5)+(3+7)).
#[must_use]
pub fn tree_sum(values: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let mut chunks = values.chunks_exact(8);
    for chunk in &mut chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    for (lane, value) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane += value;
    }
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

/// As [`tree_sum`], in double precision.
#[must_use]
pub fn tree_sum_f64(values: &[f64]) -> f64 {
    let mut lanes = [0.0f64; 8];
    for (i, value) in values.iter().enumerate() {
        lanes[i % 8] += value;
    }
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}
