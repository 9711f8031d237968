//! The units of work: one learner in one drill and schedule over one part of the seeds, under every policy. Which of them
//! are whose is arithmetic, so shards need not speak with each other.

use std::{
    ops::Range,
    path::PathBuf,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
};

use doozy_training::{
    contest::{CURVE, ClosedForm, Course, Drill, Outcome, Tape, rivals::Knobs},
    learner::Hypothesis,
};

use super::plan::{Plan, Practice};

/// A unit of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Which of the plan's schedules.
    pub schedule: usize,
    pub drill: Drill,
    pub learner: Hypothesis,
    /// Which part of the seeds, from 0.
    pub part: u64,
    pub seeds: Range<u64>,
}

/// One of `n` shares of a plan, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    k: u64,
    n: u64,
}

/// Most shards of a plan ◇.
const MOST_SHARDS: u64 = 100_000;

impl Shard {
    pub const WHOLE: Self = Self { k: 1, n: 1 };

    /// The k-th of n, both counted from 1.
    ///
    /// # Errors
    /// What would be right.
    pub fn new(k: u64, n: u64) -> Result<Self, String> {
        if !(1..=MOST_SHARDS).contains(&n) {
            Err(format!("{n} shards lie outside 1 to {MOST_SHARDS}"))
        } else if !(1..=n).contains(&k) {
            Err(format!("shard {k} of {n} is none: shards are counted from 1/{n} to {n}/{n}"))
        } else {
            Ok(Self { k, n })
        }
    }

    /// The share of this task of a Slurm array, by the variables that Slurm sets; none outside of an array.
    ///
    /// # Errors
    /// Variables that make no share: numbers that are missing, or indices without a common step.
    pub fn of_slurm(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let Some(id) = variable("SLURM_ARRAY_TASK_ID") else { return Ok(None) };
        let number = |name: &str, text: Option<String>| -> Result<u64, String> {
            let text = text.ok_or_else(|| format!("{name} is not set; say --shard K/N"))?;
            text.trim().parse().map_err(|_| format!("{name} is {text:?} and no number; say --shard K/N"))
        };
        let get = |name: &str| number(name, variable(name));
        let id = number("SLURM_ARRAY_TASK_ID", Some(id))?;
        let (least, most) = (get("SLURM_ARRAY_TASK_MIN")?, get("SLURM_ARRAY_TASK_MAX")?);
        let count = get("SLURM_ARRAY_TASK_COUNT")?;
        if count == 0 || most < least || !(least..=most).contains(&id) {
            return Err(format!(
                "Slurm says task {id} of {count} from {least} to {most}, which cannot be; say --shard K/N"
            ));
        }
        // from the first index to the last by one step, as in 0-7 or 1-15:2
        let step = if count == 1 { 1 } else { (most - least) / (count - 1) };
        let even = step > 0 && least + step * (count - 1) == most && (id - least).is_multiple_of(step);
        if !even {
            return Err(format!(
                "the array's {count} indices from {least} to {most} have no common step, so task {id} cannot be told which share is its; say --shard K/N"
            ));
        }
        Self::new((id - least) / step + 1, count).map(Some)
    }

    fn has(self, index: usize) -> bool {
        index as u64 % self.n == self.k - 1
    }

    #[must_use]
    pub fn shown(self) -> String {
        format!("{}/{}", self.k, self.n)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
        let (k, n) = numbers.ok_or_else(|| "it must be K/N, as in 3/8: the third of eight shards".to_owned())?;
        Self::new(k, n)
    }
}

/// All units of a plan in their order: part by part, so that what is there early speaks of every cell.
#[must_use]
pub fn units(plan: &Plan) -> Vec<Unit> {
    let parts = plan.seeds.div_ceil(plan.chunk);
    let mut all = Vec::new();
    for part in 0..parts {
        let start = plan.first_seed + part * plan.chunk;
        let seeds = start..(start + plan.chunk).min(plan.first_seed + plan.seeds);
        for schedule in 0..plan.schedules.len() {
            for drill in &plan.drills {
                for learner in &plan.learners {
                    all.push(Unit { schedule, drill: *drill, learner: *learner, part, seeds: seeds.clone() });
                }
            }
        }
    }
    all
}

/// The units of a shard.
#[must_use]
pub fn share(plan: &Plan, shard: Shard) -> Vec<Unit> {
    units(plan).into_iter().enumerate().filter(|(index, _)| shard.has(*index)).map(|(_, unit)| unit).collect()
}

impl Unit {
    fn practice<'a>(&self, plan: &'a Plan) -> &'a Practice {
        &plan.schedules[self.schedule]
    }

    /// The names of the policies that take part.
    pub fn policies<'a>(&self, plan: &'a Plan) -> impl Iterator<Item = &'a str> {
        let schedule = &self.practice(plan).name;
        plan.policies.iter().filter(|contender| contender.plays(schedule)).map(|contender| contender.name.as_str())
    }

    /// Where the runs under a policy lie below the folder.
    #[must_use]
    pub fn runs_path(&self, plan: &Plan, policy: &str) -> PathBuf {
        let Self { learner, drill, part, .. } = self;
        let schedule = &self.practice(plan).name;
        PathBuf::from("runs")
            .join(format!("schedule={schedule}/learner={learner}/policy={policy}/drill={}", drill.id()))
            .join(format!("part-{part:05}.parquet"))
    }

    /// Where the sums of its learning curves lie.
    #[must_use]
    pub fn curves_path(&self, plan: &Plan) -> PathBuf {
        let Self { learner, drill, part, .. } = self;
        let schedule = &self.practice(plan).name;
        PathBuf::from("curves")
            .join(format!("schedule={schedule}/learner={learner}/drill={}", drill.id()))
            .join(format!("part-{part:05}.parquet"))
    }

    /// All its files, the curves last.
    #[must_use]
    pub fn paths(&self, plan: &Plan) -> Vec<PathBuf> {
        let runs = self.policies(plan).map(|policy| self.runs_path(plan, policy));
        runs.chain(std::iter::once(self.curves_path(plan))).collect()
    }

    /// Runs that it is made of.
    #[must_use]
    pub fn runs(&self, plan: &Plan) -> u64 {
        (self.seeds.end - self.seeds.start) * self.policies(plan).count() as u64
    }

    /// Learner events that are simulated for it, those of the runs that controls are made from among them.
    #[must_use]
    pub fn events(&self, plan: &Plan) -> u64 {
        let seeds = self.seeds.end - self.seeds.start;
        let made = if self.has_controls(plan) { 2 } else { 0 };
        (self.runs(plan) + made * seeds) * self.practice(plan).schedule().total() as u64
    }

    fn has_controls(&self, plan: &Plan) -> bool {
        let schedule = &self.practice(plan).name;
        plan.policies.iter().any(|contender| contender.plays(schedule) && contender.rival().is_control())
    }
}

/// What came of a unit, a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    pub policy: String,
    /// By seed.
    pub outcomes: Vec<(u64, Outcome)>,
    pub curve: Curve,
}

/// Sums over runs of a learning curve's points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    pub runs: u64,
    pub sum: [f64; CURVE],
    pub squares: [f64; CURVE],
}

impl Curve {
    fn add(&mut self, points: &[f64; CURVE]) {
        self.runs += 1;
        for (k, point) in points.iter().enumerate() {
            self.sum[k] += point;
            self.squares[k] += point * point;
        }
    }
}

/// The event at which a point of a learning curve is taken, of a run of `total` events.
#[must_use]
pub fn event_of_point(point: usize, total: usize) -> u32 {
    u32::try_from((point * total).div_ceil(CURVE - 1)).unwrap_or(u32::MAX)
}

/// Plays a unit: every policy on the same people with the same luck. Nothing comes of it once it is `asked` to end.
#[must_use]
pub fn play(plan: &Plan, unit: &Unit, asked: &AtomicBool) -> Option<Vec<Played>> {
    let practice = unit.practice(plan);
    let schedule = practice.schedule();
    let course = Course { drill: unit.drill, hypothesis: unit.learner, profile: plan.profile(), schedule };
    let contenders: Vec<_> = plan.policies.iter().filter(|contender| contender.plays(&practice.name)).collect();
    let many = usize::try_from(unit.seeds.end - unit.seeds.start).unwrap_or(0);
    let blank = Curve { runs: 0, sum: [0.0; CURVE], squares: [0.0; CURVE] };
    let mut all: Vec<Played> = contenders
        .iter()
        .map(|contender| Played { policy: contender.name.clone(), outcomes: Vec::with_capacity(many), curve: blank })
        .collect();
    let has_controls = unit.has_controls(plan);
    let mut gate = ClosedForm::default();
    let (mut tape, mut partner, mut knobs) = (Tape::default(), Tape::default(), Knobs::default());
    for seed in unit.seeds.clone() {
        if asked.load(Ordering::Relaxed) {
            return None;
        }
        tape.fill(seed, schedule.total());
        if has_controls {
            // people come in pairs: each is yoked to the other
            partner.fill(seed ^ 1, schedule.total());
            knobs.record(&course, &tape, &partner, &mut gate);
        }
        for (played, contender) in all.iter_mut().zip(&contenders) {
            let outcome = contender.rival().run(&course, &tape, &knobs, &mut gate);
            played.curve.add(&outcome.curve);
            played.outcomes.push((seed, outcome));
        }
    }
    Some(all)
}
