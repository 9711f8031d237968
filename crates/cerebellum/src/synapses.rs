//! Synapses of parallel fibres on the Purkinje cells of both microzones: their weights, and where each lies. They do not
//! know when a weight changes (`plasticity`).

use serde::{Deserialize, Serialize};

use crate::rng::Stream;
use crate::wiring::stratified;

/// Most Purkinje cells that a row can tell apart.
pub const CELLS: usize = 128;
/// Row of a granule cell that contacts every Purkinje cell.
const EVERY: [u8; CELLS] = {
    let mut cells = [0; CELLS];
    let mut cell = 0;
    while cell < CELLS {
        cells[cell] = cell as u8;
        cell += 1;
    }
    cells
};

/// Weights by granule cell. Purkinje cell `c` of the second microzone is cell `fibres + c`. A weight of 1 is a synapse that
/// has not learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Synapses {
    /// Purkinje cells of both microzones.
    cells: usize,
    /// Where each granule cell's row begins; empty where each contacts every Purkinje cell.
    starts: Vec<u32>,
    /// Empty, likewise.
    targets: Vec<u8>,
    weights: Vec<f32>,
}

impl Synapses {
    /// Draws `partners` different granule cells for each of `cells` Purkinje cells, at most [`CELLS`]; every weight is 1.
    #[must_use]
    pub fn draw(granule: usize, cells: usize, partners: usize, stream: &mut Stream) -> Self {
        debug_assert!(cells <= CELLS);
        if partners >= granule {
            let weights = vec![1.0; granule * cells];
            return Self { cells, starts: Vec::new(), targets: Vec::new(), weights };
        }
        let mut replay = stream.clone();
        // Counted two places on, so that filling the rows leaves `starts` where it belongs.
        let mut starts = vec![0u32; granule + 2];
        stratified(granule, cells, partners, &mut replay, |pre, _| starts[pre + 2] += 1);
        for pre in 0..=granule {
            starts[pre + 1] += starts[pre];
        }
        let mut targets = vec![0; partners * cells];
        stratified(granule, cells, partners, stream, |pre, post| {
            targets[starts[pre + 1] as usize] = post as u8;
            starts[pre + 1] += 1;
        });
        starts.truncate(granule + 1);
        Self { cells, starts, weights: vec![1.0; targets.len()], targets }
    }

    fn range(&self, granule: u32) -> core::ops::Range<usize> {
        let row = granule as usize;
        if self.starts.is_empty() {
            row * self.cells..(row + 1) * self.cells
        } else {
            self.starts[row] as usize..self.starts[row + 1] as usize
        }
    }

    /// The Purkinje cells that `granule` contacts, ascending, and the weight of each synapse.
    #[must_use]
    pub fn row(&self, granule: u32) -> (&[u8], &[f32]) {
        let range = self.range(granule);
        let targets = if self.starts.is_empty() { &EVERY[..self.cells] } else { &self.targets[range.clone()] };
        (targets, &self.weights[range])
    }

    /// As [`Self::row`], to change the weights.
    pub fn row_mut(&mut self, granule: u32) -> (&[u8], &mut [f32]) {
        let range = self.range(granule);
        let targets = if self.starts.is_empty() { &EVERY[..self.cells] } else { &self.targets[range.clone()] };
        (targets, &mut self.weights[range])
    }

    /// Adds the weights of each firing granule cell's synapses to what each Purkinje cell receives.
    pub fn deliver(&self, spikes: &[u32], into: &mut [f32]) {
        if self.starts.is_empty() {
            let into = &mut into[..self.cells];
            for &cell in spikes {
                let weights = &self.weights[self.range(cell)];
                for (sum, weight) in into.iter_mut().zip(weights) {
                    *sum += weight;
                }
            }
        } else {
            for &cell in spikes {
                let range = self.range(cell);
                for (target, weight) in self.targets[range.clone()].iter().zip(&self.weights[range]) {
                    into[usize::from(*target)] += weight;
                }
            }
        }
    }

    /// Every weight, by granule cell.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Number of granule cells that contact each Purkinje cell.
    #[must_use]
    pub fn partners(&self) -> usize {
        self.weights.len() / self.cells
    }

    /// Purkinje cells of both microzones.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Bytes that they hold.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.starts[..]) + size_of_val(&self.targets[..]) + size_of_val(&self.weights[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(granule: usize, partners: usize) -> Synapses {
        Synapses::draw(granule, 64, partners, &mut Stream::named(1, "test synapses", 0))
    }

    #[test]
    fn a_granule_cell_contacts_all_purkinje_cells_or_its_share_of_them() {
        let all = drawn(256, 256);
        assert_eq!(all.row(255).0, (0..64).collect::<Vec<u8>>());
        let some = drawn(2_560, 720);
        assert_eq!(some.weights().len(), 64 * 720);
        let mut received = [0.0; 64];
        some.deliver(&(0..2_560).collect::<Vec<u32>>(), &mut received);
        assert!(received.iter().all(|sum| *sum == 720.0));
        assert!((0..2_560).all(|cell| some.row(cell).0.windows(2).all(|pair| pair[0] < pair[1])));
    }

    #[test]
    fn a_changed_weight_reaches_its_purkinje_cell_alone() {
        for mut synapses in [drawn(256, 256), drawn(2_560, 720)] {
            let before = |synapses: &Synapses| {
                let mut received = [0.0; 64];
                synapses.deliver(&[100], &mut received);
                received
            };
            let unchanged = before(&synapses);
            let (targets, weights) = synapses.row_mut(100);
            let target = usize::from(targets[0]);
            weights[0] = 0.25;
            let changed = before(&synapses);
            for cell in 0..64 {
                assert_eq!(changed[cell], if cell == target { 0.25 } else { unchanged[cell] });
            }
        }
    }
}
