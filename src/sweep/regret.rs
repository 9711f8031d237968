//! Regret: how much worse a policy leaves a learner than the best policy would have, and how bad that can get when nobody
//! knows the learner.

use std::collections::BTreeMap;

use doozy_cerebellum::rng::Stream;
use doozy_training::{contest::Drill, learner::Hypothesis};
use serde::{Deserialize, Serialize};

use super::{
    plan::Plan,
    summary::{Block, Estimate, Key},
};

/// Resamples of the blocks ◇: the ends of a 95 % interval rest on 50 each.
const RESAMPLES: usize = 2_000;

/// Regrets of a schedule, in per cent of the drill's goal SD, so that drills can be put side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regrets {
    pub schedule: String,
    pub policies: Vec<String>,
    /// A row a learner and drill, a column a policy.
    pub rows: Vec<Row>,
    /// By policy.
    pub worst: Vec<Worst>,
    /// Our policies against every other.
    pub differences: Vec<Difference>,
}

/// Regrets of every policy with one learner in one drill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub drill: Drill,
    pub learner: Hypothesis,
    /// Of the root mean square 24 h later, ms: the least over policies.
    pub best_ms: f64,
    /// Per cent of the goal SD; 0 for the best.
    pub regrets: Vec<f64>,
}

/// A policy's worst case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    pub policy: String,
    /// The largest regret over learners and drills.
    pub regret: Estimate,
    pub drill: Drill,
    pub learner: Hypothesis,
    /// The mean regret over learners and drills.
    pub mean: Estimate,
}

/// Ours less a rival's worst-case regret: below 0, ours is the safer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    pub ours: String,
    pub rival: String,
    pub difference: Estimate,
}

impl Difference {
    /// What may be said of it.
    #[must_use]
    pub fn verdict(&self) -> Standing {
        match self.difference.interval {
            Some((_, high)) if high < 0.0 => Standing::Below,
            Some((low, _)) if low > 0.0 => Standing::Above,
            _ => Standing::Open,
        }
    }
}

/// Where an interval lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Below,
    Open,
    Above,
}

/// Mean RMS by learner and drill (rows) and policy, in per cent of the goal SD.
type Matrix = Vec<Vec<f64>>;
/// Worst and mean regrets by policy.
type Resample = (Vec<f64>, Vec<f64>);

/// The regrets of a schedule.
pub(super) fn of(plan: &Plan, schedule: &str, blocks: &BTreeMap<&Key, Vec<&Block>>, stream: &mut Stream) -> Regrets {
    let policies: Vec<String> =
        plan.policies.iter().filter(|contender| contender.plays(schedule)).map(|c| c.name.clone()).collect();
    let rows: Vec<(Drill, Hypothesis)> =
        plan.drills.iter().flat_map(|drill| plan.learners.iter().map(|learner| (*drill, *learner))).collect();
    // block by block: weight, and sums by row and policy
    let mut table: Vec<(f64, Matrix)> = Vec::new();
    for (r, (drill, learner)) in rows.iter().enumerate() {
        for (p, policy) in policies.iter().enumerate() {
            let key = Key { schedule: schedule.to_owned(), drill: *drill, learner: *learner, policy: policy.clone() };
            for (b, block) in blocks.get(&key).into_iter().flatten().enumerate() {
                if table.len() <= b {
                    table.push((block.runs as f64, vec![vec![0.0; policies.len()]; rows.len()]));
                }
                table[b].1[r][p] = block.runs as f64 * block.means[0] * 100.0 / drill.goal_ms();
            }
        }
    }
    let once = vec![1_u32; table.len()];
    let means = mean(&table, &once);
    let found = regrets(&means);
    let (worst, average) = (each(&found, largest), each(&found, average));
    let resampled = resample(&table, stream);
    let interval = |of: &dyn Fn(&Resample) -> f64| -> Option<(f64, f64)> {
        (table.len() > 1).then(|| percentiles(resampled.iter().map(of).collect()))
    };
    let place = |name: &str| policies.iter().position(|policy| policy == name);
    let mut differences = Vec::new();
    for name in &plan.ours {
        let Some(ours) = place(name) else { continue };
        for rival in (0..policies.len()).filter(|rival| *rival != ours) {
            let difference = Estimate {
                value: worst[ours] - worst[rival],
                interval: interval(&|(worst, _)| worst[ours] - worst[rival]),
            };
            differences.push(Difference { ours: name.clone(), rival: policies[rival].clone(), difference });
        }
    }
    let worst = (0..policies.len())
        .map(|p| {
            let mut at = 0;
            (0..rows.len()).for_each(|r| at = if found[r][p] > found[at][p] { r } else { at });
            Worst {
                policy: policies[p].clone(),
                regret: Estimate { value: worst[p], interval: interval(&|(worst, _)| worst[p]) },
                drill: rows[at].0,
                learner: rows[at].1,
                mean: Estimate { value: average[p], interval: interval(&|(_, mean)| mean[p]) },
            }
        })
        .collect();
    let rows = rows
        .into_iter()
        .zip(&means)
        .zip(found)
        .map(|(((drill, learner), means), regrets)| Row {
            drill,
            learner,
            best_ms: least(means) * drill.goal_ms() / 100.0,
            regrets,
        })
        .collect();
    Regrets { schedule: schedule.to_owned(), policies, rows, worst, differences }
}

/// Means over blocks, each taken so many times.
fn mean(table: &[(f64, Matrix)], times: &[u32]) -> Matrix {
    let Some((_, first)) = table.first() else { return Matrix::new() };
    let mut sum: Matrix = first.iter().map(|row| vec![0.0; row.len()]).collect();
    let mut all = 0.0;
    for ((weight, block), times) in table.iter().zip(times).filter(|(_, times)| **times > 0) {
        let times = f64::from(*times);
        all += weight * times;
        for (sum, row) in sum.iter_mut().zip(block) {
            sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += times * x);
        }
    }
    sum.iter_mut().flatten().for_each(|x| *x /= all);
    sum
}

fn regrets(means: &Matrix) -> Matrix {
    means
        .iter()
        .map(|row| {
            let best = least(row);
            row.iter().map(|x| x - best).collect()
        })
        .collect()
}

fn least(row: &[f64]) -> f64 {
    row.iter().copied().fold(f64::INFINITY, f64::min)
}

fn largest(column: &mut dyn Iterator<Item = f64>) -> f64 {
    column.fold(0.0, f64::max)
}

fn average(column: &mut dyn Iterator<Item = f64>) -> f64 {
    let (sum, n) = column.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
    if n > 0.0 { sum / n } else { 0.0 }
}

/// A number for each policy.
fn each(regrets: &Matrix, of: impl Fn(&mut dyn Iterator<Item = f64>) -> f64) -> Vec<f64> {
    let policies = regrets.first().map_or(0, Vec::len);
    (0..policies).map(|p| of(&mut regrets.iter().map(|row| row[p]))).collect()
}

/// Worst and mean regrets by policy, of every resample: blocks are drawn with replacement, all cells of a block together.
fn resample(table: &[(f64, Matrix)], stream: &mut Stream) -> Vec<Resample> {
    if table.len() < 2 {
        return Vec::new();
    }
    (0..RESAMPLES)
        .map(|_| {
            let mut times = vec![0_u32; table.len()];
            for _ in 0..table.len() {
                let at = (stream.uniform() * table.len() as f64) as usize;
                times[at.min(table.len() - 1)] += 1;
            }
            let found = regrets(&mean(table, &times));
            (each(&found, largest), each(&found, average))
        })
        .collect()
}

/// The ends between which 95 % lie.
fn percentiles(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    (at(0.025), at(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::summary::MEASURES;

    const PLAN: &str =
        "(version: 1, title: \"t\", profile: \"novice\", seeds: 400, chunk: 100, drills: [beat], learners: [L0, L2],
        schedules: [(name: \"m\", days: 1, events: 40, block: 10)], ours: [\"a\"], policies: [
        (name: \"a\", who: steered(policy: window, amplify: big_errors)),
        (name: \"b\", who: steered(policy: random, amplify: big_errors)),
        (name: \"c\", who: yoked)])";

    /// Blocks whose means are given by learner and policy, with noise that all cells of a block share and some of their own.
    fn blocks(means: [[f64; 3]; 2], own: f64) -> Vec<Block> {
        let mut stream = Stream::named(7, "noise", 0);
        let mut all = Vec::new();
        for block in 0..40 {
            let shared = 20.0 * stream.gaussian();
            for (l, learner) in [Hypothesis::Linear, Hypothesis::Relevance].into_iter().enumerate() {
                for (p, policy) in ["a", "b", "c"].into_iter().enumerate() {
                    let mut of = [0.0; MEASURES.len()];
                    of[0] = means[l][p] + shared + own * stream.gaussian();
                    let key = Key { schedule: "m".into(), drill: Drill::Beat, learner, policy: policy.into() };
                    all.push(Block { key, block, runs: 10, means: of });
                }
            }
        }
        all
    }

    fn found(blocks: &[Block]) -> Regrets {
        let plan = Plan::parse("p", PLAN.as_bytes()).unwrap();
        let mut by_key: BTreeMap<&Key, Vec<&Block>> = BTreeMap::new();
        blocks.iter().for_each(|block| by_key.entry(&block.key).or_default().push(block));
        of(&plan, "m", &by_key, &mut Stream::named(1, "bootstrap", 0))
    }

    #[test]
    fn regret_is_told_from_the_best_and_worst_over_learners() {
        // ms; the goal of the beat is 20 ms, so a millisecond is 5 %
        let regrets = found(&blocks([[22.0, 24.0, 21.0], [26.0, 25.0, 31.0]], 0.0));
        let of = |row: usize| regrets.rows[row].regrets.iter().map(|x| x.round()).collect::<Vec<_>>();
        assert_eq!((of(0), of(1)), (vec![5.0, 15.0, 0.0], vec![5.0, 0.0, 30.0]));
        let worst: Vec<(f64, Hypothesis)> = regrets.worst.iter().map(|w| (w.regret.value.round(), w.learner)).collect();
        assert_eq!(worst, [(5.0, Hypothesis::Linear), (15.0, Hypothesis::Linear), (30.0, Hypothesis::Relevance)]);
        assert_eq!(regrets.worst[0].mean.value.round(), 5.0);
        // noise that the cells of a block share cancels: pairs stay pairs
        let (low, high) = regrets.worst[1].regret.interval.unwrap();
        assert!(high - low < 1e-9, "{low} {high}");
        assert_eq!(regrets.differences.len(), 2);
        assert!(regrets.differences.iter().all(|d| d.ours == "a" && d.verdict() == Standing::Below));
    }

    #[test]
    fn what_noise_covers_stays_open() {
        let regrets = found(&blocks([[22.0, 22.1, 21.0], [26.0, 26.0, 31.0]], 6.0));
        assert_eq!(regrets.differences[0].verdict(), Standing::Open);
        let (low, high) = regrets.differences[0].difference.interval.unwrap();
        assert!(low < regrets.differences[0].difference.value && regrets.differences[0].difference.value < high);
        // and the other way round
        let regrets = found(&blocks([[42.0, 22.1, 21.0], [26.0, 26.0, 31.0]], 1.0));
        assert!(regrets.differences.iter().all(|d| d.verdict() == Standing::Above));
    }

    #[test]
    fn one_block_has_no_interval() {
        let all = blocks([[22.0, 24.0, 21.0], [26.0, 25.0, 31.0]], 0.0);
        let regrets = found(&all[..6]);
        assert_eq!(regrets.worst[0].regret.interval, None);
        assert_eq!(regrets.differences[0].verdict(), Standing::Open);
    }
}
