//! How honest "what works for you" is: of many simulated people, in how many its intervals hold the truth.

use doozy_training::{
    contest::{ClosedForm, Course, Drill, Schedule, Tape, lived::live},
    learner::{Hypothesis, Profile},
    yours::Says,
};
use rayon::prelude::*;
use serde::Serialize;

use crate::report::{
    Block, Document, Table,
    figures::{Figure, Line, Point},
};

/// Levels of the intervals that are tried.
pub const LEVELS: [f64; 7] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/// People of one learner, or of all: their true effects, what they were told, and how many intervals held the truth.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Held {
    pub people: u32,
    /// Mean and SD over people of the true effect on log RMS a day later.
    pub truth: f64,
    pub truth_sd: f64,
    /// Told "cannot tell yet", "helps", "hurts".
    pub cannot_tell: u32,
    pub helps: u32,
    pub hurts: u32,
    /// Told "helps" though the truth is not below zero, or "hurts" though it is not above.
    pub wrong: u32,
    /// People whose interval held the truth, by [`LEVELS`].
    pub inside: [u32; LEVELS.len()],
    #[serde(skip)]
    sum: f64,
    #[serde(skip)]
    squares: f64,
}

/// What became of one person.
struct One {
    truth: f64,
    says: Says,
    inside: [bool; LEVELS.len()],
}

impl Held {
    fn of<'a>(people: impl Iterator<Item = &'a One>) -> Self {
        let mut held = Self::default();
        for one in people {
            held.people += 1;
            held.sum += one.truth;
            held.squares += one.truth * one.truth;
            match one.says {
                Says::CannotTellYet => held.cannot_tell += 1,
                Says::Helps => held.helps += 1,
                Says::Hurts => held.hurts += 1,
            }
            let is_wrong = match one.says {
                Says::CannotTellYet => false,
                Says::Helps => one.truth >= 0.0,
                Says::Hurts => one.truth <= 0.0,
            };
            held.wrong += u32::from(is_wrong);
            for (count, inside) in held.inside.iter_mut().zip(one.inside) {
                *count += u32::from(inside);
            }
        }
        let n = f64::from(held.people.max(1));
        held.truth = held.sum / n;
        held.truth_sd = (held.squares / n - held.truth * held.truth).max(0.0).sqrt();
        held
    }

    /// Share of people whose interval of a level held the truth, and Wilson's 95 % interval of it.
    #[must_use]
    pub fn share(&self, level: usize) -> (f64, f64, f64) {
        const Z: f64 = 1.959_964;
        let n = f64::from(self.people.max(1));
        let p = f64::from(self.inside[level]) / n;
        let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        (p, middle - half, middle + half)
    }
}

/// The people of a calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct People {
    pub first_seed: u64,
    /// At most 1,000,000.
    pub people: u32,
    pub days: u32,
    /// Events of a day, of which the first block is the probe.
    pub events: u32,
    pub block: u32,
}

/// By learner in the order of [`Hypothesis::ALL`], and all together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    pub of: People,
    pub learners: Vec<(Hypothesis, Held)>,
    pub all: Held,
}

/// Lets `of.people` simulated novices, learners and drills in turn, live through their days, and asks each one's posterior
/// about the truth. The same whatever the number of threads.
#[must_use]
pub fn calibrate(of: People) -> Calibration {
    let kinds = Hypothesis::ALL.len() as u64;
    let schedule = Schedule { days: of.days, events: of.events, block: of.block };
    let lived: Vec<One> = (0..u64::from(of.people))
        .into_par_iter()
        .map_init(Tape::default, |tape, k| {
            let hypothesis = Hypothesis::ALL[(k % kinds) as usize];
            let drill = Drill::ALL[(k / kinds) as usize % Drill::ALL.len()];
            tape.fill(of.first_seed + k, schedule.total());
            let course = Course { drill, hypothesis, profile: Profile::Novice, schedule };
            let lived = live(&course, tape, &mut ClosedForm::default());
            let inside = LEVELS.map(|level| {
                let (low, high) = lived.posterior.interval(level);
                low <= lived.truth && lived.truth <= high
            });
            One { truth: lived.truth, says: lived.posterior.says(), inside }
        })
        .collect();
    let learners = Hypothesis::ALL
        .into_iter()
        .enumerate()
        .map(|(k, hypothesis)| (hypothesis, Held::of(lived.iter().skip(k).step_by(kinds as usize))))
        .collect();
    Calibration { of, learners, all: Held::of(lived.iter()) }
}

/// The table: a row a learner, and all.
#[must_use]
pub fn table(calibration: &Calibration) -> Table {
    let mut names: Vec<String> =
        ["learner", "people", "true effect, %", "SD, %", "cannot tell", "helps", "hurts", "wrong"]
            .map(str::to_owned)
            .into();
    names.extend(LEVELS.map(|level| format!("{:.0} %", 100.0 * level)));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut table = Table::new(&names, &names[1..]);
    let learners =
        calibration.learners.iter().map(|(hypothesis, held)| (format!("{hypothesis} {}", hypothesis.name()), held));
    for (name, held) in learners.chain([("all".to_owned(), &calibration.all)]) {
        let mut cells = vec![
            name.into(),
            held.people.to_string().into(),
            format!("{:+.2}", 100.0 * held.truth).into(),
            format!("{:.2}", 100.0 * held.truth_sd).into(),
        ];
        cells.extend([held.cannot_tell, held.helps, held.hurts, held.wrong].map(|count| count.to_string().into()));
        cells.extend((0..LEVELS.len()).map(|level| format!("{:.1}", 100.0 * held.share(level).0).into()));
        table.row(cells);
    }
    table
}

/// Table, plot and what they say.
#[must_use]
pub fn document(calibration: &Calibration) -> Document {
    let People { first_seed, people, days, events, block } = calibration.of;
    let mut document = Document { title: "What works for you: is its posterior honest?".into(), blocks: Vec::new() };
    document.paragraph(format!(
        "{people} simulated novices (seeds {first_seed} to {}), the nine learners and three drills in turn, {days} days of {events} events with a probe of {block} each morning. Truth is each person's own effect: every day lived both ways with the same luck. They learn by rules that the posterior does not know.",
        first_seed + u64::from(people.max(1)) - 1
    ));
    let point = |level: usize, (y, low, high): (f64, f64, f64)| Point {
        x: 100.0 * LEVELS[level],
        y: 100.0 * y,
        half: 50.0 * (high - low),
    };
    let every = 0..LEVELS.len();
    let figure = Figure {
        title: "Intervals that hold the truth".into(),
        x: "stated probability (%)".into(),
        y: "people whose interval held the truth (%)".into(),
        lines: vec![
            Line {
                name: "as stated".into(),
                points: every.clone().map(|k| point(k, (LEVELS[k], f64::NAN, f64::NAN))).collect(),
            },
            Line {
                name: format!("{people} people"),
                points: every.map(|k| point(k, calibration.all.share(k))).collect(),
            },
        ],
    };
    let (share, low, high) = calibration.all.share(5);
    document.blocks.push(Block::Figure {
        svg: figure.svg("calibration"),
        path: "figures/calibration.svg".into(),
        caption: format!(
            "Where the lines meet, the posterior is as sure as it may be; above, it is too careful, below, too sure. Its 95 % interval held the truth in {:.1} % of these people (95 % interval {:.1} to {:.1}).",
            100.0 * share,
            100.0 * low,
            100.0 * high
        ),
    });
    document.paragraph("Effect: by how much a day's practice with amplification changes the RMS of the next morning against the same day without; below zero it helps. Wrong: told that it helps where it does not, or that it hurts where it does not.");
    document.blocks.push(Block::Table(table(calibration)));
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calibration_is_the_same_on_any_number_of_threads_and_adds_up() {
        let of = People { first_seed: 7, people: 54, days: 9, events: 40, block: 20 };
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| calibrate(of))
        };
        let found = on(1);
        assert_eq!(found, on(3));
        assert_eq!(found.all.people, 54);
        assert_eq!(found.learners.iter().map(|(_, held)| held.people).sum::<u32>(), 54);
        assert_eq!(found.all.inside[5], found.learners.iter().map(|(_, held)| held.inside[5]).sum::<u32>());
        assert!(found.all.inside.is_sorted(), "wider intervals hold no less: {:?}", found.all.inside);
        let mere = &found.learners.iter().find(|(hypothesis, _)| *hypothesis == Hypothesis::Repetition).unwrap().1;
        assert_eq!((mere.truth, mere.truth_sd), (0.0, 0.0), "who learns by repetition is not helped");
        let text = document(&found).markdown();
        assert!(text.contains("54 simulated novices (seeds 7 to 60)"), "{text}");
    }

    #[test]
    fn wilsons_interval_is_that_of_the_test_set() {
        // skill.md §8: 17 of 20, and 0 of 10
        let held = |inside: u32, people: u32| Held { people, inside: [inside; LEVELS.len()], ..Held::default() };
        let (_, low, high) = held(17, 20).share(0);
        assert!((low - 0.639_581_1).abs() < 1e-6 && (high - 0.947_631_3).abs() < 1e-6, "{low} {high}");
        let (_, low, high) = held(0, 10).share(0);
        assert!(low.abs() < 1e-9 && (high - 0.277_532_8).abs() < 1e-6, "{low} {high}");
    }
}
