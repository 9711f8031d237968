//! Wiring: who contacts whom, and with how much conductance, stored by presynaptic cell.

use serde::{Deserialize, Serialize};

use crate::rng::Stream;
use crate::shape::{self, Misfit};

/// A bundle of synapses from one population to another, in compressed rows: cell `i` contacts
/// `targets[starts[i]..starts[i + 1]]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Projection {
    starts: Vec<u32>,
    targets: Vec<u16>,
    weights: Vec<f32>,
}

/// Where a cell looks for its partners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere in the microzone.
    Zone,
    /// The nearest along the folium first.
    Nearest,
}

/// A rule to draw a projection by (cerebellum.md §3.3).
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Mean number of presynaptic partners of a cell, Poisson.
    pub partners: f64,
    /// Mean number of synapses of a connected pair, at least 1.
    pub synapses: f64,
    /// Conductance of one synapse, nS (or any unit of the receiver).
    pub weight: f32,
    pub reach: Reach,
    /// Within one population: no cell contacts itself.
    pub recurrent: bool,
}

impl Projection {
    /// Draws the partners of every postsynaptic cell.
    pub fn draw(from: usize, to: usize, rule: Rule, stream: &mut Stream) -> Self {
        let mut rows: Vec<Vec<(u16, f32)>> = vec![Vec::new(); from];
        let mut candidates: Vec<usize> = Vec::with_capacity(from);
        for post in 0..to {
            candidates.clear();
            candidates.extend((0..from).filter(|pre| !(rule.recurrent && *pre == post)));
            stream.shuffle(&mut candidates);
            if rule.reach == Reach::Nearest {
                let here = (post as f64 + 0.5) / to as f64;
                let distance = |pre: &usize| {
                    let d = ((*pre as f64 + 0.5) / from as f64 - here).abs();
                    (d.min(1.0 - d) * from as f64) as u32
                };
                candidates.sort_by_key(distance);
            }
            let wanted = stream.poisson(rule.partners) as usize;
            for &pre in candidates.iter().take(wanted) {
                let synapses = 1 + stream.poisson(rule.synapses - 1.0);
                rows[pre].push((post as u16, rule.weight * synapses as f32));
            }
        }
        Self::from_rows(&rows)
    }

    fn from_rows(rows: &[Vec<(u16, f32)>]) -> Self {
        let mut starts = vec![0u32];
        let mut targets = Vec::new();
        let mut weights = Vec::new();
        for row in rows {
            targets.extend(row.iter().map(|(target, _)| *target));
            weights.extend(row.iter().map(|(_, weight)| *weight));
            starts.push(targets.len() as u32);
        }
        Self { starts, targets, weights }
    }

    /// Scales what each of `to` cells receives to a sum of 1 and returns the sums it had; a cell without input keeps none.
    pub fn normalise_inputs(&mut self, to: usize) -> Vec<f32> {
        let mut sums = vec![0.0f32; to];
        for (target, weight) in self.targets.iter().zip(&self.weights) {
            sums[usize::from(*target)] += weight;
        }
        for (target, weight) in self.targets.iter().zip(&mut self.weights) {
            *weight /= sums[usize::from(*target)];
        }
        sums
    }

    /// As it is, and each cell also contacts, with `share` of their conductance, the targets of the one after it (of the first,
    /// where it is the last).
    #[must_use]
    pub fn with_neighbours(&self, share: f32) -> Self {
        let cells = self.starts.len() - 1;
        let mut rows: Vec<Vec<(u16, f32)>> = vec![Vec::new(); cells];
        for (pre, post, weight) in self.edges() {
            let pre = pre as usize;
            rows[pre].push((post, weight));
            rows[(pre + cells - 1) % cells].push((post, share * weight));
        }
        Self::from_rows(&rows)
    }

    /// That it leads from `from` cells to `to` cells.
    pub(crate) fn fits(&self, from: usize, to: usize) -> Result<(), Misfit> {
        shape::rows("a projection", &self.starts, from, self.targets.len())?;
        shape::length("a projection's weights", &self.weights, self.targets.len())?;
        shape::below("a projection", &self.targets, to as u64)
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.starts[..]) + size_of_val(&self.targets[..]) + size_of_val(&self.weights[..])
    }

    /// Adds the weights of each spiking cell to what its targets receive.
    pub fn deliver(&self, spikes: &[u16], into: &mut [f32]) {
        for &cell in spikes {
            let row = self.starts[usize::from(cell)] as usize..self.starts[usize::from(cell) + 1] as usize;
            for (target, weight) in self.targets[row.clone()].iter().zip(&self.weights[row]) {
                into[usize::from(*target)] += weight;
            }
        }
    }

    /// Connected pairs by presynaptic cell: presynaptic cell, postsynaptic cell, weight.
    pub fn edges(&self) -> impl Iterator<Item = (u32, u16, f32)> + '_ {
        self.starts.windows(2).zip(0u32..).flat_map(move |(row, pre)| {
            let row = row[0] as usize..row[1] as usize;
            self.targets[row.clone()].iter().zip(&self.weights[row]).map(move |(post, weight)| (pre, *post, *weight))
        })
    }

    /// Number of connected pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.targets.len()
    }
}

/// Contacts of granule cells on a population that all of their parallel fibres run past, in compressed rows; all of one
/// population's contacts have the same conductance, so none is stored. The granule cells may be a million.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParallelContacts {
    starts: Vec<u32>,
    targets: Vec<u16>,
}

impl ParallelContacts {
    /// Draws `partners` different granule cells for each of `to` cells: one from each of `partners` equal stretches of the
    /// layer, so that every cell sees all of it.
    pub fn draw(granule: usize, to: usize, partners: usize, stream: &mut Stream) -> Self {
        let mut replay = stream.clone();
        // Counted two places on, so that filling the rows leaves `starts` where it belongs.
        let mut starts = vec![0u32; granule + 2];
        stratified(granule, to, partners, &mut replay, |pre, _| starts[pre + 2] += 1);
        for pre in 0..=granule {
            starts[pre + 1] += starts[pre];
        }
        let mut targets = vec![0; partners.min(granule) * to];
        stratified(granule, to, partners, stream, |pre, post| {
            targets[starts[pre + 1] as usize] = post as u16;
            starts[pre + 1] += 1;
        });
        starts.truncate(granule + 1);
        Self { starts, targets }
    }

    /// Granule cells.
    #[must_use]
    pub fn granule(&self) -> usize {
        self.starts.len() - 1
    }

    /// That it leads from `granule` cells to `to` cells.
    pub(crate) fn fits(&self, granule: usize, to: usize) -> Result<(), Misfit> {
        shape::rows("parallel fibres", &self.starts, granule, self.targets.len())?;
        shape::below("parallel fibres", &self.targets, to as u64)
    }

    /// Counts the spikes that reach each cell.
    pub fn deliver(&self, spikes: &[u32], into: &mut [f32]) {
        for &cell in spikes {
            let row = self.starts[cell as usize] as usize..self.starts[cell as usize + 1] as usize;
            for target in &self.targets[row] {
                into[usize::from(*target)] += 1.0;
            }
        }
    }

    /// The cells that granule cell `cell` contacts.
    #[must_use]
    pub fn row(&self, cell: u32) -> &[u16] {
        &self.targets[self.starts[cell as usize] as usize..self.starts[cell as usize + 1] as usize]
    }

    /// Number of connected pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.targets.len()
    }

    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.starts[..]) + size_of_val(&self.targets[..])
    }
}

/// Calls `contact(granule cell, cell)` for `partners` granule cells of each of `to` cells, one from each of as many equal
/// stretches of the layer; with as many partners as granule cells, all of them, without a draw.
pub(crate) fn stratified(
    granule: usize,
    to: usize,
    partners: usize,
    stream: &mut Stream,
    mut contact: impl FnMut(usize, usize),
) {
    let partners = partners.min(granule);
    for post in 0..to {
        for k in 0..partners {
            let (low, high) = (k * granule / partners, (k + 1) * granule / partners);
            let pre = if high - low == 1 { low } else { low + stream.below(high - low) };
            contact(pre, post);
        }
    }
}

/// Coupled cells lie within this many of each other along the folium ◇ (coupling is local).
const NEIGHBOURHOOD: usize = 12;

/// Pairs of electrically coupled cells, each with `partners` others on average, neighbours first.
pub fn gap_junctions(cells: usize, partners: f64, stream: &mut Stream) -> Vec<(u16, u16)> {
    let p = partners / (2 * NEIGHBOURHOOD) as f64;
    let mut pairs = Vec::new();
    for a in 0..cells {
        for distance in 1..=NEIGHBOURHOOD {
            if stream.bernoulli(p) {
                pairs.push((a as u16, ((a + distance) % cells) as u16));
            }
        }
    }
    pairs
}

/// Cells that are looked at together.
const LANES: usize = 16;
/// Places of those who may be coupled to a cell, itself among them.
const BAND: usize = 2 * NEIGHBOURHOOD + 1;

/// Gap junctions, as pairs and by place: pairs that lie within `NEIGHBOURHOOD` of each other are summed without a look-up.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "(usize, Vec<(u16, u16)>)", into = "(usize, Vec<(u16, u16)>)")]
pub struct Junctions {
    cells: usize,
    pairs: Vec<(u16, u16)>,
    /// For `LANES` cells and each place of the band: all bits where the cell there is coupled to them, none where not.
    coupled: Vec<[[u32; LANES]; BAND]>,
    /// Partners of the first cells, in the order of pairs; the band has that order for the others.
    first: Vec<Vec<u16>>,
}

impl TryFrom<(usize, Vec<(u16, u16)>)> for Junctions {
    type Error = &'static str;

    fn try_from((cells, pairs): (usize, Vec<(u16, u16)>)) -> Result<Self, Self::Error> {
        let near = |&(a, b): &(u16, u16)| {
            let (a, b) = (usize::from(a), usize::from(b));
            a < cells
                && b < cells
                && (cells <= NEIGHBOURHOOD || (1..=NEIGHBOURHOOD).contains(&((b + cells - a) % cells)))
        };
        if cells > 1 << 16 || !pairs.iter().all(near) {
            return Err("a gap junction joins cells that are not there or not near each other");
        }
        Ok(Self::new(cells, pairs))
    }
}

impl From<Junctions> for (usize, Vec<(u16, u16)>) {
    fn from(junctions: Junctions) -> Self {
        (junctions.cells, junctions.pairs)
    }
}

impl Junctions {
    /// Of pairs as [`gap_junctions`] draws them: by first cell, then by distance.
    #[must_use]
    pub fn new(cells: usize, pairs: Vec<(u16, u16)>) -> Self {
        let mut junctions = Self { cells, pairs, coupled: Vec::new(), first: Vec::new() };
        if cells <= NEIGHBOURHOOD {
            return junctions;
        }
        junctions.coupled = vec![[[0; LANES]; BAND]; cells.div_ceil(LANES)];
        junctions.first = vec![Vec::new(); NEIGHBOURHOOD];
        for &(a, b) in &junctions.pairs {
            let (from, to) = (usize::from(a), usize::from(b));
            let distance = (to + cells - from) % cells;
            junctions.coupled[from / LANES][NEIGHBOURHOOD + distance][from % LANES] = u32::MAX;
            junctions.coupled[to / LANES][NEIGHBOURHOOD - distance][to % LANES] = u32::MAX;
            for (cell, partner) in [(from, b), (to, a)] {
                if let Some(partners) = junctions.first.get_mut(cell) {
                    partners.push(partner);
                }
            }
        }
        junctions
    }

    /// Cells that may be coupled.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.cells
    }

    #[must_use]
    pub fn pairs(&self) -> &[(u16, u16)] {
        &self.pairs
    }

    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.pairs[..])
            + size_of_val(&self.coupled[..])
            + self.first.iter().map(|partners| size_of_val(&partners[..])).sum::<usize>()
    }

    /// Writes to `into` the current (pA) that every cell gets through junctions of conductance `g` (nS) from its partners at
    /// potentials `v` (mV), summed in the order of pairs. `around` is room for work.
    pub fn currents(&self, v: &[f32], g: f32, around: &mut Vec<f32>, into: &mut [f32]) {
        if self.coupled.is_empty() {
            into.fill(0.0);
            for &(a, b) in &self.pairs {
                let (a, b) = (usize::from(a), usize::from(b));
                let current = g * (v[b] - v[a]);
                into[a] += current;
                into[b] -= current;
            }
            return;
        }
        let n = self.cells;
        around.resize(self.coupled.len() * LANES + 2 * NEIGHBOURHOOD, 0.0);
        around[..NEIGHBOURHOOD].copy_from_slice(&v[n - NEIGHBOURHOOD..]);
        around[NEIGHBOURHOOD..][..n].copy_from_slice(v);
        around[NEIGHBOURHOOD + n..][..NEIGHBOURHOOD].copy_from_slice(&v[..NEIGHBOURHOOD]);
        let windows = around.windows(LANES + 2 * NEIGHBOURHOOD).step_by(LANES);
        let (blocks, rest) = into.as_chunks_mut::<LANES>();
        for ((into, coupled), window) in blocks.iter_mut().zip(&self.coupled).zip(windows) {
            *into = through(coupled, window, g);
        }
        if let Some(coupled) = self.coupled.get(blocks.len()) {
            let window = &around[blocks.len() * LANES..][..LANES + 2 * NEIGHBOURHOOD];
            rest.copy_from_slice(&through(coupled, window, g)[..rest.len()]);
        }
        for (cell, partners) in self.first.iter().enumerate() {
            let mut sum = 0.0;
            for partner in partners {
                sum += g * (v[usize::from(*partner)] - v[cell]);
            }
            into[cell] = sum;
        }
    }
}

/// Currents of `LANES` cells, whose potentials stand in the middle of `window`.
#[inline]
fn through(coupled: &[[u32; LANES]; BAND], window: &[f32], g: f32) -> [f32; LANES] {
    let window: &[f32; LANES + BAND - 1] = window.try_into().expect("a window has its length");
    let own: [f32; LANES] = core::array::from_fn(|k| window[NEIGHBOURHOOD + k]);
    let mut sums = [0.0f32; LANES];
    for (place, coupled) in coupled.iter().enumerate() {
        let other: [f32; LANES] = core::array::from_fn(|k| window[(place + k).min(LANES + BAND - 2)]);
        for k in 0..LANES {
            // What is added where no junction is, is 0 and changes no bit.
            sums[k] += f32::from_bits((g * (other[k] - own[k])).to_bits() & coupled[k]);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(reach: Reach) -> Rule {
        Rule { partners: 6.0, synapses: 2.0, weight: 0.5, reach, recurrent: true }
    }

    #[test]
    fn cells_have_the_mean_number_of_partners_and_never_themselves() {
        let projection = Projection::draw(400, 400, rule(Reach::Zone), &mut Stream::named(1, "test", 0));
        assert!((projection.pairs() as f64 / 400.0 - 6.0).abs() < 0.3);
        for cell in 0..400u16 {
            let mut received = vec![0.0; 400];
            projection.deliver(&[cell], &mut received);
            assert_eq!(received[usize::from(cell)], 0.0);
        }
    }

    #[test]
    fn the_nearest_come_first() {
        let projection = Projection::draw(100, 100, rule(Reach::Nearest), &mut Stream::named(1, "test", 0));
        let mut received = vec![0.0; 100];
        projection.deliver(&[50], &mut received);
        assert!(received.iter().any(|g| *g > 0.0));
        for (cell, g) in received.iter().enumerate() {
            assert!(*g == 0.0 || cell.abs_diff(50) <= 10, "cell {cell} is far from 50");
        }
    }

    #[test]
    fn every_cell_has_as_many_different_granule_cells_as_the_others() {
        let contacts = ParallelContacts::draw(2_048, 50, 64, &mut Stream::named(1, "test", 0));
        assert_eq!(contacts.pairs(), 50 * 64);
        let mut received = vec![0.0; 50];
        let all: Vec<u32> = (0..2_048).collect();
        contacts.deliver(&all, &mut received);
        assert!(received.iter().all(|count| *count == 64.0));
        assert!(all.iter().all(|cell| contacts.row(*cell).windows(2).all(|pair| pair[0] < pair[1])));
        // The layer's halves are met alike.
        received.fill(0.0);
        contacts.deliver(&all[..1_024], &mut received);
        assert!(received.iter().all(|count| *count == 32.0));
    }

    #[test]
    fn more_partners_than_granule_cells_are_all_of_them() {
        let contacts = ParallelContacts::draw(64, 3, 400, &mut Stream::named(1, "test", 0));
        assert!((0..64).all(|cell| contacts.row(cell) == [0, 1, 2]));
    }

    #[test]
    fn normalised_inputs_add_up_to_one() {
        let mut projection = Projection::draw(100, 10, rule(Reach::Zone), &mut Stream::named(1, "test", 0));
        projection.normalise_inputs(10);
        let mut received = vec![0.0; 10];
        let all: Vec<u16> = (0..100).collect();
        projection.deliver(&all, &mut received);
        for sum in received {
            assert!((sum - 1.0f32).abs() < 1e-6);
        }
    }

    #[test]
    fn a_neighbours_targets_are_reached_at_their_share() {
        let projection = Projection::draw(10, 30, rule(Reach::Zone), &mut Stream::named(1, "test", 0));
        let spread = projection.with_neighbours(0.9);
        let received = |projection: &Projection, cell: u16| {
            let mut received = vec![0.0; 30];
            projection.deliver(&[cell], &mut received);
            received
        };
        for (cell, next) in [(0, 1), (9, 0)] {
            let (own, neighbours) = (received(&projection, cell), received(&projection, next));
            for (sum, (own, neighbour)) in received(&spread, cell).iter().zip(own.iter().zip(neighbours)) {
                assert!((sum - (own + 0.9 * neighbour)).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn bands_give_the_same_bits_as_pairs() {
        for cells in [8, 13, 20, 48, 100, 176, 352] {
            let mut stream = Stream::named(1, "test", cells as u64);
            let pairs = gap_junctions(cells, 4.5, &mut stream);
            let v: Vec<f32> = (0..cells).map(|_| -70.0 + 20.0 * stream.uniform_f32()).collect();
            let mut expected = vec![0.0f32; cells];
            for &(a, b) in &pairs {
                let (a, b) = (usize::from(a), usize::from(b));
                let current = 0.3 * (v[b] - v[a]);
                expected[a] += current;
                expected[b] -= current;
            }
            let mut currents = vec![f32::NAN; cells];
            Junctions::new(cells, pairs).currents(&v, 0.3, &mut Vec::new(), &mut currents);
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&currents), bits(&expected), "{cells} cells");
        }
    }

    #[test]
    fn gap_junctions_have_their_mean_number_of_partners() {
        let pairs = gap_junctions(2_000, 4.5, &mut Stream::named(1, "test", 0));
        assert!((2.0 * pairs.len() as f64 / 2_000.0 - 4.5).abs() < 0.2);
        assert!(pairs.iter().all(|(a, b)| a != b));
    }
}
