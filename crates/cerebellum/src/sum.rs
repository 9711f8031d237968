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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_added_in_the_stated_tree() {
        // 2²⁴ swallows a single 1; only the stated order keeps the two 1s of lanes 1 and 5 together.
        let values = [16_777_216.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0];
        assert_eq!(tree_sum(&values), 16_777_218.0);
        let values = [16_777_216.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0];
        assert_eq!(tree_sum(&values), 16_777_216.0);
    }

    #[test]
    fn what_is_left_over_eight_goes_to_the_first_lanes() {
        let values: Vec<f32> = (1..=19u8).map(f32::from).collect();
        assert_eq!(tree_sum(&values), 190.0);
        assert_eq!(tree_sum_f64(&[1e16, 1.0, 0.0, 0.0, 0.0, 1.0]), 1e16 + 2.0);
        assert_eq!(tree_sum(&[]), 0.0);
    }
}
