//! An electrode on the parallel fibres: granule cells made to fire from outside, on top of what the layer does. It knows no
//! reason for it.

use serde::{Deserialize, Serialize};

use crate::rng::{Rare, Stream};

/// What an electrode does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stimulus {
    /// It drives every `every`-th granule cell, from the first on; 0 is read as 1, all of them.
    pub every: usize,
    /// Spikes that it adds to each (Poisson), Hz, 0…1,000; a step holds one spike of a cell at most.
    pub rate: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Electrode {
    stimulus: Option<Stimulus>,
    stream: Stream,
}

impl Electrode {
    pub(super) fn new(seed: u64) -> Self {
        Self { stimulus: None, stream: Stream::named(seed, "electrode", 0) }
    }

    pub(super) fn set(&mut self, stimulus: Option<Stimulus>) {
        self.stimulus = stimulus.filter(|stimulus| stimulus.rate > 0.0);
    }

    /// Adds this step's spikes of `cells` cells to `spikes`, which stay ascending and without doubles, and
    /// says whether it is on.
    pub(super) fn step(&mut self, cells: usize, spikes: &mut Vec<u32>) -> bool {
        let Some(Stimulus { every, rate }) = self.stimulus else { return false };
        let every = every.max(1);
        let driven = cells.div_ceil(every) as u64;
        let met = Rare::new((rate * 1e-3).min(0.999));
        let mut at = met.gap(&mut self.stream);
        while at < driven {
            spikes.push(at as u32 * every as u32);
            at += 1 + met.gap(&mut self.stream);
        }
        spikes.sort_unstable();
        spikes.dedup();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_drives_its_own_cells_at_its_rate_and_leaves_the_spikes_in_order() {
        let mut electrode = Electrode::new(1);
        electrode.set(Some(Stimulus { every: 10, rate: 100.0 }));
        let mut total = 0;
        for _ in 0..1_000 {
            let mut spikes = vec![3, 10, 555];
            electrode.step(1_000, &mut spikes);
            assert!(spikes.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(spikes.iter().all(|cell| cell % 10 == 0 || [3, 555].contains(cell)));
            total += spikes.iter().filter(|cell| **cell != 10 && **cell % 10 == 0).count();
        }
        // 99 cells at 100 Hz for a second.
        assert!((9_500..10_300).contains(&total), "{total}");
        electrode.set(None);
        let mut spikes = vec![3, 10];
        electrode.step(1_000, &mut spikes);
        assert_eq!(spikes, [3, 10]);
    }
}
