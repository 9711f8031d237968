//! What a simulation says: means with intervals, regrets, and the difference between our policies' worst case and each
//! rival's.
//!
//! Everything rests on means over blocks of seeds, the same seeds in every cell: intervals of means are Student's over
//! blocks, those of regrets and differences resample the blocks, all cells together, so that pairs stay pairs. Memory does
//! not grow with the seeds.

use std::collections::BTreeMap;

use doozy_cerebellum::rng::Stream;
use doozy_training::{contest::Drill, learner::Hypothesis};
use serde::{Deserialize, Serialize};

use super::{
    folder::{Folder, Manifest},
    regret::{self, Regrets},
};

/// The layout of summaries that this version reads and writes.
pub const LAYOUT: u32 = 1;
/// The summary's name in the folder.
pub const SUMMARY: &str = "summary.json";
/// At least so many blocks where there are seeds enough ◇.
const BLOCKS: u64 = 200;

/// Means of a run's numbers, in the order of the tables.
pub const MEASURES: [&str; 13] = [
    "retention_rms",
    "end_rms",
    "transfer_rms",
    "retention_bias",
    "failures_a_minute",
    "longest_streak",
    "quit",
    "in_band",
    "gain",
    "rung",
    "brakes",
    "rests",
    "scenes",
];

/// A cell of a plan, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    pub schedule: String,
    pub drill: Drill,
    pub learner: Hypothesis,
    pub policy: String,
}

/// Means of a cell over a block of seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub key: Key,
    /// Which block, from 0.
    pub block: u64,
    pub runs: u64,
    pub means: [f64; MEASURES.len()],
}

/// Runs of a cell that met the criterion at an event, or never.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    pub key: Key,
    pub criterion: Option<u32>,
    pub runs: u64,
}

/// Sums of a cell's learning curves at an event.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvePoint {
    pub key: Key,
    pub event: u32,
    pub runs: u64,
    pub sum: f64,
    pub squares: f64,
}

/// What the tables hold, summed up by whoever can read them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    pub blocks: Vec<Block>,
    pub reached: Vec<Reached>,
    pub curves: Vec<CurvePoint>,
}

/// An estimate with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: f64,
    /// None where one block says nothing of others.
    pub interval: Option<(f64, f64)>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    #[serde(flatten)]
    pub key: Key,
    pub runs: u64,
    /// By the names of [`MEASURES`].
    pub measures: BTreeMap<String, Estimate>,
    /// The event by which half of the runs had met the criterion; none if they never did (censored).
    pub median_criterion: Option<u32>,
    /// Share of runs that met it.
    pub reached: f64,
    pub curve: Vec<Point>,
}

/// A point of a mean learning curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub event: u32,
    pub mean: f64,
    /// Half-width of the 95 % interval of the mean.
    pub half: Option<f64>,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub summary: u32,
    pub manifest: Manifest,
    /// Seeds of a block, and how many blocks.
    pub block: u64,
    pub blocks: u64,
    pub cells: Vec<Cell>,
    /// By schedule.
    pub regrets: Vec<Regrets>,
}

/// Why tables do not add up to a summary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tables hold {found} runs of {what} where the plan has {planned}")]
pub struct Lacking {
    what: String,
    found: u64,
    planned: u64,
}

/// Seeds of a block: they divide a part, so that no block lies in two files; pairs stay together where parts are even.
#[must_use]
pub fn block_size(seeds: u64, chunk: u64) -> u64 {
    let fits = |size: u64| chunk.is_multiple_of(size) && seeds / size >= BLOCKS;
    let least = if chunk.is_multiple_of(2) && seeds >= 4 { 2 } else { 1 };
    (1..=chunk).rev().find(|size| fits(*size) && size.is_multiple_of(least)).unwrap_or(least)
}

/// Sums up the tables of a whole folder.
///
/// # Errors
/// A cell that the tables hold too few or too many runs of.
pub fn summarize(folder: &Folder, mut sums: Sums) -> Result<Summary, Lacking> {
    let plan = folder.plan();
    // engines give rows in any order; sums below are taken in one
    sums.blocks.sort_by(|a, b| (&a.key, a.block).cmp(&(&b.key, b.block)));
    sums.reached.sort_by(|a, b| (&a.key, a.criterion).cmp(&(&b.key, b.criterion)));
    sums.curves.sort_by(|a, b| (&a.key, a.event).cmp(&(&b.key, b.event)));
    let mut blocks: BTreeMap<&Key, Vec<&Block>> = BTreeMap::new();
    for block in &sums.blocks {
        blocks.entry(&block.key).or_default().push(block);
    }
    let size = block_size(plan.seeds, plan.chunk);
    let mut cells = Vec::new();
    for (practice, drill, learner, contender) in plan.cells() {
        let key = Key { schedule: practice.name.clone(), drill, learner, policy: contender.name.clone() };
        let own = blocks.get(&key).map_or(&[][..], Vec::as_slice);
        let runs: u64 = own.iter().map(|block| block.runs).sum();
        if runs != plan.seeds {
            let what = format!("{}, {}, {learner}, {}", practice.name, drill.id(), contender.name);
            return Err(Lacking { what, found: runs, planned: plan.seeds });
        }
        cells.push(cell(key, own, &sums));
    }
    let mut regrets = Vec::new();
    for (k, practice) in plan.schedules.iter().enumerate() {
        let mut stream = Stream::named(plan.first_seed, "bootstrap", k as u64);
        regrets.push(regret::of(plan, &practice.name, &blocks, &mut stream));
    }
    let manifest = folder.manifest.clone();
    Ok(Summary { summary: LAYOUT, manifest, block: size, blocks: plan.seeds.div_ceil(size), cells, regrets })
}

fn cell(key: Key, blocks: &[&Block], sums: &Sums) -> Cell {
    let runs: u64 = blocks.iter().map(|block| block.runs).sum();
    let measures = MEASURES
        .iter()
        .enumerate()
        .map(|(k, name)| {
            let values: Vec<(f64, f64)> = blocks.iter().map(|block| (block.runs as f64, block.means[k])).collect();
            ((*name).to_owned(), weighted(&values))
        })
        .collect();
    let reached: Vec<(u32, u64)> = sums
        .reached
        .iter()
        .filter(|reached| reached.key == key)
        .filter_map(|reached| Some((reached.criterion?, reached.runs)))
        .collect();
    let met: u64 = reached.iter().map(|(_, runs)| runs).sum();
    let mut so_far = 0;
    // nobody is lost on the way, so the curve of Kaplan and Meier is the plain share
    let median_criterion = reached.iter().find_map(|(event, runs)| {
        so_far += runs;
        (2 * so_far >= blocks.iter().map(|block| block.runs).sum()).then_some(*event)
    });
    let curve = sums.curves.iter().filter(|point| point.key == key).map(point).collect();
    Cell { key, runs, measures, median_criterion, reached: met as f64 / runs.max(1) as f64, curve }
}

/// Weighted mean over blocks, with Student's interval (as many degrees as make no difference to the normal's are 30 and more;
/// below, Student's own).
fn weighted(values: &[(f64, f64)]) -> Estimate {
    let all: f64 = values.iter().map(|(weight, _)| weight).sum();
    let value = values.iter().map(|(weight, x)| weight * x).sum::<f64>() / all;
    let n = values.len() as f64;
    if values.len() < 2 {
        return Estimate { value, interval: None };
    }
    // each block's mean weighs as its share; equal blocks give the plain variance of a mean
    let spread: f64 =
        values.iter().map(|(weight, x)| (weight / all) * (weight / all) * (x - value) * (x - value)).sum();
    let half = student(values.len() - 1) * libm::sqrt(spread * n / (n - 1.0));
    Estimate { value, interval: Some((value - half, value + half)) }
}

fn point(point: &CurvePoint) -> Point {
    let n = point.runs.max(1) as f64;
    let mean = point.sum / n;
    let variance = (point.squares / n - mean * mean).max(0.0);
    let half = (point.runs > 1).then(|| student(point.runs as usize - 1) * libm::sqrt(variance / (n - 1.0)));
    Point { event: point.event, mean, half }
}

/// The 97.5 % point of Student's t with so many degrees of freedom: Cornish and Fisher's expansion, within 0.5 % from 3
/// degrees on, and the tables' values below.
fn student(degrees: usize) -> f64 {
    match degrees {
        0 | 1 => 12.706_204_736,
        2 => 4.302_652_730,
        n => {
            let (n, z) = (n as f64, 1.959_963_984_540_054_f64);
            let (z3, z5, z7, z9) = (z.powi(3), z.powi(5), z.powi(7), z.powi(9));
            z + (z3 + z) / (4.0 * n)
                + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * n * n)
                + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * n.powi(3))
                + (79.0 * z9 + 776.0 * z7 + 1482.0 * z5 - 1920.0 * z3 - 945.0 * z) / (92_160.0 * n.powi(4))
        }
    }
}

impl Summary {
    #[must_use]
    pub fn cell(&self, schedule: &str, drill: Drill, learner: Hypothesis, policy: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| {
            let key = &cell.key;
            key.schedule == schedule && key.drill == drill && key.learner == learner && key.policy == policy
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_points_are_those_of_the_tables() {
        for (degrees, t) in
            [(1, 12.7062), (2, 4.30265), (3, 3.18245), (5, 2.57058), (10, 2.22814), (30, 2.04227), (199, 1.97196)]
        {
            assert!((student(degrees) / t - 1.0).abs() < 0.005, "{degrees}: {}", student(degrees));
        }
    }

    #[test]
    fn a_mean_over_blocks_has_the_textbooks_interval() {
        // five blocks of equal weight: mean 3, SD 1.5811, SE 0.70711
        let values: Vec<(f64, f64)> = (1..=5).map(|x| (10.0, f64::from(x))).collect();
        let estimate = weighted(&values);
        let (low, high) = estimate.interval.unwrap();
        assert!((estimate.value - 3.0).abs() < 1e-12);
        assert!(
            (high - 3.0 - 2.77645 * std::f64::consts::FRAC_1_SQRT_2).abs() < 0.005 && (low + high - 6.0).abs() < 1e-12
        );
        assert_eq!(weighted(&[(4.0, 2.0)]).interval, None);
    }

    #[test]
    fn blocks_divide_parts_and_keep_pairs() {
        assert_eq!(block_size(20_000, 1_000), 100);
        assert_eq!(block_size(400, 100), 2);
        assert_eq!(block_size(10, 5), 1);
        assert_eq!(block_size(1, 1), 1);
        assert_eq!(block_size(8_000, 8), 8);
        for (seeds, chunk) in [(20_000, 1_000), (500, 30), (7, 7), (100_000, 8_192)] {
            assert_eq!(chunk % block_size(seeds, chunk), 0, "{seeds} {chunk}");
        }
    }
}
