//! L1–L7: lesions and therapies, on the whole circuit, in delay conditioning. All of them are predictions of the model:
//! no experiment on animals has a band here, and what one is put beside says so in its source.
//!
//! It knows no trial of its own: [`Conditioning`] runs them.

use super::conditioning::{BLOCK, CRITERION_HZ, Conditioning, Kind, LEARNED, PAUSE_MS, Phase, Protocol, Shape, US_MS};
use super::synchrony::combined;
use super::{Experiment, Figure, Measure, Sample, Setup, Standing, settling_seconds};
use crate::circuit::{Circuit, Manipulation, Rates};
use crate::inferior::Cells;
use crate::sum::tree_sum_f64;

/// From the cue's onset to the US ◇, ms.
const ISI: u64 = 250;
/// Seconds without cue in which rates are measured.
const REST_S: u64 = 2;

/// How many trials there are of each kind.
#[derive(Clone, Copy, Debug)]
struct Length {
    /// Cues alone, without learning, before training, and after it.
    before: usize,
    after: usize,
    /// Cues with the US, then cues alone.
    training: usize,
    extinction: usize,
}

fn length(setup: &Setup) -> Length {
    let full = Length { before: 3, after: 10, training: 70, extinction: 30 };
    setup.effort.pick(full, Length { before: 2, after: 6, training: 60, extinction: 10 })
}

impl Length {
    /// Without extinction.
    fn short(self) -> Self {
        Self { extinction: 0, ..self }
    }

    /// Simulated seconds of one case.
    fn seconds(self) -> f64 {
        let trial = (ISI + US_MS + PAUSE_MS) as f64 * 1e-3;
        let probe = trial + ISI as f64 * 1e-3;
        1.0 + REST_S as f64
            + (self.training + self.extinction) as f64 * trial
            + (self.before + self.after) as f64 * probe
    }
}

/// What a case is measured by; the order is that of [`Case::keys`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Before,
    After,
    Trials,
    Window,
    Peak,
    Mli1,
    Purkinje,
    Nuclei,
}

impl Of {
    const ALL: [Self; 8] =
        [Self::Before, Self::After, Self::Trials, Self::Window, Self::Peak, Self::Mli1, Self::Purkinje, Self::Nuclei];

    fn unit(self) -> &'static str {
        match self {
            Self::Mli1 | Self::Purkinje | Self::Nuclei => "Hz",
            Self::Peak => "× ISI",
            Self::Before | Self::After | Self::Trials | Self::Window => "",
        }
    }
}

/// One animal: what was done to it before training.
#[derive(Clone, Copy, Debug)]
struct Case {
    /// Its line in figures.
    name: &'static str,
    /// How much of it, on the experiment's axis.
    dose: f64,
    changes: &'static [Manipulation],
    /// Made at each cue's onset of training, and at its end.
    in_cues: Option<(Manipulation, Manipulation)>,
    keys: [&'static str; 8],
    whats: [&'static str; 8],
}

macro_rules! case {
    ($key:literal, $name:literal, $dose:expr, [$($change:expr),*], $in_cues:expr) => {
        Case {
            name: $name,
            dose: $dose,
            changes: &[$($change),*],
            in_cues: $in_cues,
            keys: [
                concat!($key, "_before"),
                concat!($key, "_after"),
                concat!($key, "_trials"),
                concat!($key, "_window"),
                concat!($key, "_peak"),
                concat!($key, "_mli1"),
                concat!($key, "_purkinje"),
                concat!($key, "_nuclei"),
            ],
            whats: [
                concat!($name, ": responses to the cue before training"),
                concat!($name, ": responses to the cue after training"),
                concat!($name, ": trials to criterion"),
                concat!($name, ": mean W of the US's events"),
                concat!($name, ": peak of the response"),
                concat!($name, ": MLI1 at rest"),
                concat!($name, ": Purkinje cells at rest"),
                concat!($name, ": nucleus at rest"),
            ],
        }
    };
    ($key:literal, $name:literal, $dose:expr, [$($change:expr),*]) => {
        case!($key, $name, $dose, [$($change),*], None)
    };
}

/// Where doses are factors, and where they are shares of what is lost.
const INTACT: Case = case!("intact", "Intact", 1.0, []);
const UNHURT: Case = case!("intact", "Intact", 0.0, []);

/// What became of one case.
#[derive(Clone, Debug)]
struct Course {
    /// Without cue, before training.
    rates: Rates,
    before: Phase,
    training: Phase,
    after: Phase,
    extinction: Phase,
}

impl Course {
    fn of(settled: &Circuit, case: &Case, length: Length, sample: &mut Sample) -> Self {
        let mut circuit = settled.clone();
        for change in case.changes {
            circuit.manipulate(*change);
        }
        let protocol = Protocol { during_cue: case.in_cues, ..Protocol::of(ISI) };
        // Its first second forgets the intact circuit.
        let mut animal = Conditioning::new(circuit, protocol);
        animal.circuit.reset_rates();
        animal.rest(1_000 * REST_S);
        let rates = animal.circuit.rates();
        animal.protocol.during_cue = None;
        let before = animal.trials(Kind::Probe, length.before);
        animal.protocol.during_cue = case.in_cues;
        let training = animal.trials(Kind::Paired, length.training);
        animal.protocol.during_cue = None;
        let after = animal.trials(Kind::Probe, length.after);
        let extinction = animal.trials(Kind::Alone, length.extinction);
        sample.spikes = combined(sample.spikes, animal.circuit.spike_hash());
        Self { rates, before, training, after, extinction }
    }

    /// Missing: the peak of a response that there is not.
    fn value(&self, of: Of) -> Option<f64> {
        let early = |zones: [f64; 2]| zones[0];
        match of {
            Of::Before => Some(responses(&self.before)),
            Of::After => Some(responses(&self.after)),
            Of::Trials => {
                let reached = self.training.trials_to(|share| share >= LEARNED);
                Some(reached.unwrap_or(self.training.trials.len()) as f64)
            }
            Of::Window => {
                let known: Vec<f64> =
                    self.training.trials.iter().filter(|t| t.evoked > 0.0).map(|t| t.lambda).collect();
                // A US that recruits nothing opens nothing.
                Some(if known.is_empty() { 0.0 } else { tree_sum_f64(&known) / known.len() as f64 })
            }
            Of::Peak => {
                let shape = Shape::of(&self.after.course(), ISI);
                (shape.height >= CRITERION_HZ).then(|| shape.peak / ISI as f64)
            }
            Of::Mli1 => Some(early(self.rates.mli1)),
            Of::Purkinje => Some(early(self.rates.purkinje)),
            Of::Nuclei => Some(early(self.rates.nuclei)),
        }
    }

    /// Share of responses by block of trials: training, then extinction.
    fn draw(&self, figure: &str, name: &str, sample: &mut Sample) {
        let blocks = self.training.shares().into_iter().chain(self.extinction.shares());
        let y: Vec<f64> = blocks.collect();
        let x = (1..=y.len()).map(|block| (block * BLOCK) as f64).collect();
        sample.line(figure, name, x, y);
    }
}

fn responses(phase: &Phase) -> f64 {
    phase.mean_of_last(phase.trials.len(), |trial| f64::from(u8::from(trial.responded())))
}

fn measures(cases: &[Case], wanted: &[Of]) -> Vec<Measure> {
    let mut measures = Vec::with_capacity(cases.len() * wanted.len());
    for case in cases {
        for of in wanted {
            let (key, what) = (case.keys[*of as usize], case.whats[*of as usize]);
            let note = match of {
                Of::Trials => "8 of the last 10 with a response; counted as all where that is not reached",
                Of::Peak => "Of seeds whose mean response reaches 15 Hz",
                _ => "",
            };
            measures.push(Measure { key, what, unit: of.unit(), band: None, standing: Standing::Predicted, note });
        }
    }
    measures
}

fn record(case: &Case, course: &Course, wanted: &[Of], sample: &mut Sample) {
    for of in wanted {
        if let Some(value) = course.value(*of) {
            sample.value(case.keys[*of as usize], value);
        }
    }
}

const CURVE: Figure = Figure {
    key: "curve",
    title: "Responses in training and, in the last blocks, to the cue alone",
    x: "trials",
    y: "share of responses in the last 10",
};

/// A lesion in one or more sizes.
#[derive(Debug)]
pub struct Lesion {
    id: &'static str,
    title: &'static str,
    protocol: &'static str,
    source: &'static str,
    /// What `dose` is.
    axis: &'static str,
    olive: Cells,
    /// Doses ascending; one of them is intact.
    cases: &'static [Case],
    /// Off the axis: what says why.
    controls: &'static [Case],
}

impl Experiment for Lesion {
    fn id(&self) -> &'static str {
        self.id
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn protocol(&self) -> &'static str {
        self.protocol
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn measures(&self) -> Vec<Measure> {
        let mut all = measures(self.cases, &Of::ALL);
        all.extend(measures(self.controls, &Of::ALL));
        all
    }

    fn figures(&self) -> Vec<Figure> {
        vec![
            CURVE,
            Figure { key: "shares", title: "What is learned, and why", x: self.axis, y: "share; W" },
            Figure { key: "rates", title: "Rates without cue", x: self.axis, y: "rate, Hz" },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        settling_seconds(setup) + (self.cases.len() + self.controls.len()) as f64 * length(setup).seconds()
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let mut setup = setup.clone();
        setup.parameters.inferior.cells = self.olive;
        let mut sample = Sample::default();
        let settled = settled(&setup, seed);
        let mut shares: [Vec<f64>; 5] = Default::default();
        let mut rates: [Vec<f64>; 4] = Default::default();
        let run = |case: &Case, sample: &mut Sample| {
            let course = Course::of(&settled, case, length(&setup), sample);
            record(case, &course, &Of::ALL, sample);
            course.draw(CURVE.key, case.name, sample);
            course
        };
        for case in self.cases {
            let course = run(case, &mut sample);
            let trained = course.training.trials.len();
            let now = [
                responses(&course.before),
                responses(&course.after),
                course.extinction.last(),
                course.training.mean_of_last(trained, |trial| trial.evoked),
                course.value(Of::Window).unwrap_or(0.0),
            ];
            let Rates { mli1, mli2, purkinje, nuclei, .. } = course.rates;
            for (line, value) in shares.iter_mut().zip(now) {
                line.push(value);
            }
            for (line, zones) in rates.iter_mut().zip([mli1, mli2, purkinje, nuclei]) {
                line.push(zones[0]);
            }
        }
        for case in self.controls {
            run(case, &mut sample);
        }
        let doses: Vec<f64> = self.cases.iter().map(|case| case.dose).collect();
        let names = [
            "responses before training",
            "responses after training",
            "responses at the last cues alone",
            "fibres that the US recruits",
            "W of the US's events",
        ];
        for (name, y) in names.into_iter().zip(shares) {
            sample.line("shares", name, doses.clone(), y);
        }
        for (name, y) in ["MLI1", "MLI2", "Purkinje cells", "nucleus"].into_iter().zip(rates) {
            sample.line("rates", name, doses.clone(), y);
        }
        sample
    }
}

fn settled(setup: &Setup, seed: u64) -> Circuit {
    Circuit::new(&setup.parameters, seed).expect("a setup's parameters have been checked")
}

macro_rules! protocol {
    ($what:literal) => {
        concat!(
            $what,
            ". ISI 250 ms, a US of 0.6 of the fibres (SD 4 ms): 3 cues alone without learning, 70 paired trials, 10 \
             cues alone without learning, 30 cues alone with it (the beginning of extinction, which takes longer). \
             What is done is done after the circuit has settled, 3 s before the first cue, and stays. A response is \
             15 Hz above the nucleus's own baseline, with the lesion, over the last 10 pauses; for W, for learning in \
             the nucleus and for its hold of the olive, rest is that of the intact circuit. The intact animal is the \
             same circuit with nothing done. All of it is a prediction of the model"
        )
    };
}

/// L1.
pub const ABLATION: Lesion = Lesion {
    id: "L1",
    title: "MLI2 ablated",
    protocol: protocol!("MLI2 never fire"),
    source: "Model prediction. Beside it: \"motor learning failed entirely\" in mice without the disinhibitory \
             pathway (Park 2026, read in a secondary page alone); ablating the circuit blocks the learned increase of \
             the vestibulo-ocular reflex's gain (Zhang 2023, bioRxiv 2023.08.04.552059). E7 has a band",
    axis: "share of MLI2 ablated",
    olive: Cells::Copula,
    cases: &[UNHURT, case!("ablated", "MLI2 ablated", 1.0, [Manipulation::Mli2Silenced(true)])],
    controls: &[],
};

/// L2.
pub const WEAK_BRAKE: Lesion = Lesion {
    id: "L2",
    title: "MLI1 under-active",
    protocol: protocol!("Tonic drive of MLI1 × 0.6 and × 0.8"),
    source: "Model prediction. Beside it: suppressing MLI of the flocculus by light during the vestibulo-ocular \
             reflex brings a learned increase of its gain without errors (Zhang 2023, bioRxiv 2023.08.04.552059)",
    axis: "tonic drive of MLI1, × intact",
    olive: Cells::Copula,
    cases: &[
        case!("six", "MLI1 drive × 0.6", 0.6, [Manipulation::Mli1Drive(0.6)]),
        case!("eight", "MLI1 drive × 0.8", 0.8, [Manipulation::Mli1Drive(0.8)]),
        INTACT,
    ],
    controls: &[],
};

/// L3.
pub const STRONG_BRAKE: Lesion = Lesion {
    id: "L3",
    title: "MLI1 over-active",
    protocol: protocol!("Tonic drive of MLI1 × 1.2 and × 1.5"),
    source: "Model prediction. Beside it: the more MLI are active, the less calcium a climbing fibre's event brings, \
             from depression of the synapses to potentiation; climbing fibres alone raise the gain of the \
             vestibulo-ocular reflex, with MLI they lower it (Rowan 2018)",
    axis: "tonic drive of MLI1, × intact",
    olive: Cells::Copula,
    cases: &[
        INTACT,
        case!("twelve", "MLI1 drive × 1.2", 1.2, [Manipulation::Mli1Drive(1.2)]),
        case!("fifteen", "MLI1 drive × 1.5", 1.5, [Manipulation::Mli1Drive(1.5)]),
    ],
    controls: &[],
};

/// L4.
pub const UNCOUPLED: Lesion = Lesion {
    id: "L4",
    title: "Olive uncoupled",
    protocol: protocol!("Coupling of the olive's cells × 0, the olive being simulated cell by cell"),
    source: "Model prediction. Beside it: carbenoxolone in the olive lowers the synchrony of complex spikes by 50 % \
             and their rate by 50 % (Blenkinsop & Lang 2006); a proposal that strong coupling makes learning fast and \
             coarse (Schweighofer 2013). E16 has bands",
    axis: "coupling of the olive, × intact",
    olive: Cells::Network,
    cases: &[case!("uncoupled", "Olive uncoupled", 0.0, [Manipulation::OliveCoupling(0.0)]), INTACT],
    controls: &[],
};

/// L5.
pub const ATAXIA: Lesion = Lesion {
    id: "L5",
    title: "Purkinje cells lost",
    protocol: protocol!(
        "25, 50 and 75 % of the Purkinje cells, drawn by chance, are lost; then 50 % where the nucleus, which they no \
         longer hold down, does not hold the olive down either"
    ),
    source: "Model prediction. Nothing that we have read is put beside it",
    axis: "share of Purkinje cells lost",
    olive: Cells::Copula,
    cases: &[
        UNHURT,
        case!("quarter", "25 % of Purkinje cells lost", 0.25, [Manipulation::PurkinjeLoss(0.25)]),
        case!("half", "50 % of Purkinje cells lost", 0.5, [Manipulation::PurkinjeLoss(0.5)]),
        case!("most", "75 % of Purkinje cells lost", 0.75, [Manipulation::PurkinjeLoss(0.75)]),
    ],
    controls: &[case!(
        "released",
        "50 % of Purkinje cells lost, olive not held",
        0.5,
        [Manipulation::PurkinjeLoss(0.5), Manipulation::NucleoOlivary(0.0)]
    )],
};

/// L6.
pub const IMBALANCE: Lesion = Lesion {
    id: "L6",
    title: "Excitation against inhibition",
    protocol: protocol!(
        "What parallel fibres do to interneurons and Purkinje cells × 0.7, 0.85, 1.2 and 1.4, inhibition as it was"
    ),
    source: "Model prediction. Beside it: MLI that parallel fibres drive cancel what these add to the calcium of \
             climbing fibres' events in practised movement (Gaffield 2018)",
    axis: "excitation, × intact",
    olive: Cells::Copula,
    cases: &[
        case!("low", "Excitation × 0.7", 0.7, [Manipulation::Excitation(0.7)]),
        case!("lower", "Excitation × 0.85", 0.85, [Manipulation::Excitation(0.85)]),
        INTACT,
        case!("higher", "Excitation × 1.2", 1.2, [Manipulation::Excitation(1.2)]),
        case!("high", "Excitation × 1.4", 1.4, [Manipulation::Excitation(1.4)]),
    ],
    controls: &[],
};

/// L7: the excitability of both kinds of interneurons as a dial, as stimulation or drugs might turn it.
#[derive(Debug)]
pub struct Dial;

/// Factors on the tonic drive of MLI1, columns of the dial; rows are of MLI2.
const COLUMNS: [f64; 3] = [0.8, 1.0, 1.2];
const ROWS: [&str; 3] = ["MLI2 drive × 0.8", "MLI2 drive × 1", "MLI2 drive × 1.2"];

/// Row by row.
const DIAL: [Case; 9] = [
    case!("ll", "MLI1 × 0.8, MLI2 × 0.8", 0.8, [Manipulation::Mli1Drive(0.8), Manipulation::Mli2Drive(0.8)]),
    case!("ml", "MLI2 × 0.8", 1.0, [Manipulation::Mli2Drive(0.8)]),
    case!("hl", "MLI1 × 1.2, MLI2 × 0.8", 1.2, [Manipulation::Mli1Drive(1.2), Manipulation::Mli2Drive(0.8)]),
    case!("lm", "MLI1 × 0.8", 0.8, [Manipulation::Mli1Drive(0.8)]),
    INTACT,
    case!("hm", "MLI1 × 1.2", 1.2, [Manipulation::Mli1Drive(1.2)]),
    case!("lh", "MLI1 × 0.8, MLI2 × 1.2", 0.8, [Manipulation::Mli1Drive(0.8), Manipulation::Mli2Drive(1.2)]),
    case!("mh", "MLI2 × 1.2", 1.0, [Manipulation::Mli2Drive(1.2)]),
    case!("hh", "MLI1 × 1.2, MLI2 × 1.2", 1.2, [Manipulation::Mli1Drive(1.2), Manipulation::Mli2Drive(1.2)]),
];

/// The intact animal.
const MIDDLE: usize = 4;

/// MLI1 suppressed in cues, as by light.
const LIGHT: (Manipulation, Manipulation) = (Manipulation::Mli1Drive(0.5), Manipulation::Mli1Drive(1.0));

const RESCUE: [Case; 3] = [
    case!("ablated", "MLI2 ablated", 1.0, [Manipulation::Mli2Silenced(true)]),
    case!(
        "drug",
        "MLI2 ablated, MLI1 × 0.7 throughout",
        0.7,
        [Manipulation::Mli2Silenced(true), Manipulation::Mli1Drive(0.7)]
    ),
    case!("light", "MLI2 ablated, MLI1 × 0.5 in training's cues", 0.5, [Manipulation::Mli2Silenced(true)], Some(LIGHT)),
];

const DIALLED: [Of; 5] = [Of::Before, Of::After, Of::Trials, Of::Window, Of::Purkinje];

impl Experiment for Dial {
    fn id(&self) -> &'static str {
        "L7"
    }

    fn title(&self) -> &'static str {
        "Tuning the brake"
    }

    fn protocol(&self) -> &'static str {
        protocol!(
            "Tonic drives of MLI1 and of MLI2 × 0.8, 1 and 1.2 in all combinations (without extinction); MLI2 \
             ablated, and then rescued by MLI1 drive × 0.7 throughout, or × 0.5 from the onset to the end of each cue \
             of training and never otherwise (there, responses in training are those under suppression, which itself \
             holds the nucleus down)"
        )
    }

    fn source(&self) -> &'static str {
        "Model prediction. Beside it: ablating the MLI disinhibition circuit blocks the learned increase of gain, and \
         suppressing MLI rescues it (Zhang 2023, bioRxiv 2023.08.04.552059)"
    }

    fn measures(&self) -> Vec<Measure> {
        let mut all = measures(&DIAL, &DIALLED);
        all.extend(measures(&RESCUE, &DIALLED));
        all
    }

    fn figures(&self) -> Vec<Figure> {
        let x = "tonic drive of MLI1, × intact";
        vec![
            Figure { key: "after", title: "Responses to the cue after training", x, y: "share of responses" },
            Figure { key: "trials", title: "Trials to criterion (all, where it is not reached)", x, y: "trials" },
            Figure { key: "window", title: "Mean W of the US's events", x, y: "W" },
            Figure { key: "curve", title: "MLI2 ablated and rescued", ..CURVE },
        ]
    }

    fn seconds(&self, setup: &Setup) -> f64 {
        let length = length(setup);
        settling_seconds(setup)
            + (1 + RESCUE.len()) as f64 * length.seconds()
            + (DIAL.len() - 1) as f64 * length.short().seconds()
    }

    fn run(&self, setup: &Setup, seed: u64) -> Sample {
        let mut setup = setup.clone();
        setup.parameters.inferior.cells = Cells::Copula;
        let mut sample = Sample::default();
        let settled = settled(&setup, seed);
        let long = length(&setup);
        let run = |case: &Case, length: Length, sample: &mut Sample| {
            let course = Course::of(&settled, case, length, sample);
            record(case, &course, &DIALLED, sample);
            course
        };
        let lengths = |at| if at == MIDDLE { long } else { long.short() };
        let dial: Vec<Course> = DIAL.iter().enumerate().map(|(at, case)| run(case, lengths(at), &mut sample)).collect();
        for (row, courses) in ROWS.into_iter().zip(dial.chunks(COLUMNS.len())) {
            for (figure, of) in [("after", Of::After), ("trials", Of::Trials), ("window", Of::Window)] {
                let y = courses.iter().map(|course| course.value(of).unwrap_or(0.0)).collect();
                sample.line(figure, row, COLUMNS.to_vec(), y);
            }
        }
        dial[MIDDLE].draw("curve", INTACT.name, &mut sample);
        for case in &RESCUE {
            run(case, long, &mut sample).draw("curve", case.name, &mut sample);
        }
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::Effort;
    use crate::{Parameters, Preset};

    /// A run on seed 1.
    struct Run(Sample);

    impl Run {
        fn of(experiment: &dyn Experiment) -> Self {
            let setup = Setup { parameters: Parameters::of(Preset::Small), effort: Effort::Brief };
            let sample = experiment.run(&setup, 1);
            for measure in experiment.measures().iter().filter(|measure| !measure.key.ends_with("_peak")) {
                assert!(sample.values.contains_key(measure.key), "{}", measure.key);
            }
            Self(sample)
        }

        fn value(&self, key: &str) -> f64 {
            self.0.values[key]
        }

        fn line(&self, figure: &str, name: &str) -> &[f64] {
            let line = self.0.series.iter().find(|line| line.figure == figure && line.name == name);
            &line.unwrap_or_else(|| panic!("{figure} has no {name}")).y
        }
    }

    fn rises(values: &[f64]) -> bool {
        values.windows(2).all(|pair| pair[0] < pair[1])
    }

    fn falls(values: &[f64]) -> bool {
        values.windows(2).all(|pair| pair[0] > pair[1])
    }

    #[test]
    fn without_mli2_the_brake_stays_on_and_nothing_is_learned() {
        let run = Run::of(&ABLATION);
        assert!(run.value("ablated_mli1") > run.value("intact_mli1"));
        assert!(run.value("ablated_window") < 0.1 * run.value("intact_window"));
        assert!(run.value("ablated_after") < run.value("intact_after"));
        assert_eq!(run.line("curve", "Intact").len(), 7);
    }

    #[test]
    fn a_weak_brake_opens_the_window_and_speeds_learning() {
        let run = Run::of(&WEAK_BRAKE);
        for of in ["MLI1", "nucleus"] {
            assert!(rises(run.line("rates", of)), "{of}: {:?}", run.line("rates", of));
        }
        assert!(falls(run.line("rates", "Purkinje cells")));
        assert!(run.value("eight_window") > run.value("intact_window"));
        assert!(run.value("eight_trials") < run.value("intact_trials"));
    }

    #[test]
    fn a_strong_brake_closes_the_window_and_stops_learning() {
        let run = Run::of(&STRONG_BRAKE);
        assert!(falls(run.line("rates", "Purkinje cells")) && rises(run.line("rates", "nucleus")));
        assert!(falls(run.line("shares", "W of the US's events")));
        assert!(run.value("twelve_after") < run.value("intact_after"));
        assert!(run.value("fifteen_after") < run.value("intact_after"));
    }

    #[test]
    fn an_uncoupled_olive_recruits_and_opens_less() {
        let run = Run::of(&UNCOUPLED);
        assert!(rises(run.line("shares", "fibres that the US recruits")));
        assert!(run.value("uncoupled_window") < run.value("intact_window"));
    }

    #[test]
    fn the_more_purkinje_cells_are_lost_the_less_the_us_teaches() {
        let run = Run::of(&ATAXIA);
        assert!(falls(run.line("rates", "Purkinje cells")) && rises(run.line("rates", "nucleus")));
        assert!(falls(run.line("shares", "fibres that the US recruits")));
        for lost in ["half", "most"] {
            assert!(run.value(&format!("{lost}_after")) < run.value("intact_after"), "{lost}");
        }
        // It is the nucleus's hold of the olive that takes the US away.
        assert!(run.value("released_window") > run.value("half_window"));
        assert!(run.value("released_after") > run.value("half_after"));
    }

    #[test]
    fn more_excitation_lowers_the_nucleus_and_lets_the_us_recruit_more() {
        let run = Run::of(&IMBALANCE);
        assert!(rises(run.line("rates", "Purkinje cells")) && falls(run.line("rates", "nucleus")));
        assert!(run.value("low_after") < run.value("intact_after"));
        let recruited = run.line("shares", "fibres that the US recruits");
        assert!(recruited[0] < recruited[2] && recruited[2] < recruited[4], "{recruited:?}");
    }

    #[test]
    fn turning_mli1_down_opens_the_window_and_rescues_what_ablating_mli2_takes() {
        let run = Run::of(&Dial);
        for row in ROWS {
            assert!(falls(run.line("window", row)), "{row}: {:?}", run.line("window", row));
        }
        let rows = ROWS.map(|row| run.line("window", row));
        for (low, high) in rows[0].iter().zip(rows[2]) {
            assert!(high >= low);
        }
        assert!(run.value("ablated_window") < 0.1 * run.value("intact_window"));
        for rescued in ["drug", "light"] {
            assert!(run.value(&format!("{rescued}_window")) > 0.5, "{rescued}");
            assert!(run.value(&format!("{rescued}_after")) > run.value("ablated_after"), "{rescued}");
        }
    }
}
