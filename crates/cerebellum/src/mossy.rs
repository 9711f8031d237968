//! Mossy fibres: the lines by which context and cues reach the granular layer and the nucleus. They know which lines a
//! cue engages and how fast each fires, and nothing of the cells that listen.

use serde::{Deserialize, Serialize};

use crate::parameters::{Parameters, settings};
use crate::presets::Preset;
use crate::rng::Stream;
use crate::shape::{self, Misfit};

settings! {
    /// Mossy fibres. The first `context_lines` tell the drill, the others carry cues.
    pub struct Settings {
        /// Rate of a line that nothing engages (Yamazaki's textbook program).
        background: f32 [0, 200] "Hz",
        /// Lines that tell which drill is on (cerebellum.md §3.6: 8–32 tonic lines).
        context_lines: usize [0, 64] "",
        /// Share of those lines that a context engages ◇.
        context_share: f64 [0, 1] "",
        /// Rate of a line that the context engages ◇.
        context_rate: f32 [0, 500] "Hz",
        /// Share of the other lines that a cue engages; in the textbook program half of a cell's inputs ◇.
        cue_share: f64 [0, 1] "",
        /// Rate of those lines while the cue is on (Yamazaki's textbook program; less in `yamazaki` ◇).
        cue_rate: f32 [0, 500] "Hz",
        /// Rate of those lines at the cue's onset (Yamazaki's textbook program: 200 Hz, for 1 ms).
        onset_rate: f32 [0, 1_000] "Hz",
        /// How long the onset lasts ◇; in `yamazaki` as in the textbook program.
        onset_duration: u32 [0, 100] "ms",
        /// Order of the gamma distribution of a line's intervals: 1 is Poisson, more is more regular ◇; 4 where the
        /// passage-of-time layer listens, which it helps to do the same in every trial.
        regularity: u32 [1, 64] "",
    }
}

impl Settings {
    /// The settings of a preset.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        Self {
            background: 5.0,
            context_lines: if preset == Preset::Small { 8 } else { 32 },
            context_share: 0.5,
            context_rate: 20.0,
            cue_share: 0.5,
            // Of `yamazaki` calibrated with its granular layer: at 40 Hz Golgi cells that fire within E1's band at rest fire a
            // quarter more over a trial than the textbook's.
            cue_rate: if preset == Preset::Yamazaki { 18.0 } else { 40.0 },
            onset_rate: 200.0,
            onset_duration: if preset == Preset::Yamazaki { 1 } else { 5 },
            regularity: match preset {
                Preset::Small | Preset::Standard => 1,
                Preset::Large | Preset::Xl | Preset::Yamazaki => 4,
            },
        }
    }
}

/// A cue that is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cue {
    pub number: u32,
    /// Steps since its onset: 0 in the step in which it began.
    pub since: u32,
}

/// The mossy fibres: one line an element.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mossy {
    settings: Settings,
    seed: u64,
    /// Rate of each line in the coming step, Hz.
    rates: Vec<f32>,
    /// What is left until a line's next spike, in units of its mean interval.
    left: Vec<f32>,
    /// Rates set from outside, Hz.
    forced: Vec<Option<f32>>,
    context: u32,
    /// The cue of the coming step.
    next: Option<Cue>,
    /// The cue of the step just done.
    cue: Option<Cue>,
    stream: Stream,
    spikes: Vec<u16>,
}

impl Mossy {
    /// The lines of `seed`, in context 0 and without a cue.
    #[must_use]
    pub fn new(parameters: &Parameters, seed: u64) -> Self {
        let lines = parameters.cells.mossy;
        let mut stream = Stream::named(seed, "mossy fibres", 0);
        let settings = parameters.mossy.clone();
        let left = (0..lines).map(|_| interval(settings.regularity, &mut stream) * stream.uniform_f32()).collect();
        let mut mossy = Self {
            settings,
            seed,
            rates: vec![0.0; lines],
            left,
            forced: vec![None; lines],
            context: 0,
            next: None,
            cue: None,
            stream,
            spikes: Vec::with_capacity(lines),
        };
        mossy.set_rates();
        mossy
    }

    /// Number of lines.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rates.len()
    }

    /// Turns a cue on (its onset is the next step) or off. The cue that is on goes on.
    pub fn set_cue(&mut self, number: Option<u32>) {
        if self.next.map(|cue| cue.number) != number {
            self.next = number.map(|number| Cue { number, since: 0 });
            self.set_rates();
        }
    }

    /// The cue during the step just done.
    #[must_use]
    pub fn cue(&self) -> Option<Cue> {
        self.cue
    }

    /// Says which drill is on.
    pub fn set_context(&mut self, context: u32) {
        self.context = context;
        self.set_rates();
    }

    /// Makes a line fire at `rate` (Hz, at most 1,000) whatever context and cue say; `None` gives it back to them.
    pub fn set_rate(&mut self, line: usize, rate: Option<f32>) {
        self.forced[line] = rate.map(|rate| rate.clamp(0.0, 1_000.0));
        self.set_rates();
    }

    /// Rate of a line in the coming step, Hz.
    #[must_use]
    pub fn rate(&self, line: usize) -> f32 {
        self.rates[line]
    }

    /// Lines that fired in the step just done, ascending.
    #[must_use]
    pub fn spikes(&self) -> &[u16] {
        &self.spikes
    }

    /// One step of 1 ms.
    pub fn step(&mut self) {
        if self.next.is_some_and(|cue| cue.since == self.settings.onset_duration) {
            self.set_rates();
        }
        self.cue = self.next;
        self.spikes.clear();
        for (left, rate) in self.left.iter_mut().zip(&self.rates) {
            *left -= rate * 1e-3;
        }
        for (line, left) in self.left.iter_mut().enumerate() {
            if *left <= 0.0 {
                *left += interval(self.settings.regularity, &mut self.stream);
                self.spikes.push(line as u16);
            }
        }
        if let Some(cue) = &mut self.next {
            cue.since = cue.since.saturating_add(1);
        }
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let floats = self.rates.capacity() + self.left.capacity();
        floats * size_of::<f32>()
            + self.forced.capacity() * size_of::<Option<f32>>()
            + self.spikes.capacity() * size_of::<u16>()
    }

    /// That a state fits its parameters.
    pub(crate) fn fits(&self, parameters: &Parameters) -> Result<(), Misfit> {
        let lines = parameters.cells.mossy;
        shape::settings("mossy fibres", &self.settings, &parameters.mossy)?;
        shape::lengths("mossy fibres", &[&self.rates, &self.left], lines)?;
        shape::length("mossy fibres: rates from outside", &self.forced, lines)?;
        shape::below("mossy fibres: spikes", &self.spikes, lines as u64)
    }

    fn set_rates(&mut self) {
        let Settings { background, context_rate, cue_rate, onset_rate, onset_duration, .. } = self.settings;
        let contexts = self.settings.context_lines.min(self.rates.len());
        let (context, sensory) = self.rates.split_at_mut(contexts);
        sensory.fill(background);
        let mut stream = Stream::named(self.seed, "context lines", u64::from(self.context));
        for rate in context {
            *rate = if stream.bernoulli(self.settings.context_share) { context_rate } else { background };
        }
        if let Some(cue) = self.next {
            let engaged = if cue.since < onset_duration { onset_rate } else { cue_rate };
            let mut stream = Stream::named(self.seed, "cue lines", u64::from(cue.number));
            for rate in sensory {
                if stream.bernoulli(self.settings.cue_share) {
                    *rate = engaged;
                }
            }
        }
        for (rate, forced) in self.rates.iter_mut().zip(&self.forced) {
            *rate = forced.unwrap_or(*rate);
        }
    }
}

/// An interval between spikes, in units of its mean: gamma of the given order.
fn interval(regularity: u32, stream: &mut Stream) -> f32 {
    let product: f64 = (0..regularity).map(|_| 1.0 - stream.uniform()).product();
    (-libm::log(product) / f64::from(regularity)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Mossy {
        Mossy::new(&Parameters::of(Preset::Standard), 1)
    }

    fn count(mossy: &mut Mossy, steps: u32, wanted: impl Fn(usize) -> bool) -> usize {
        (0..steps)
            .map(|_| {
                mossy.step();
                mossy.spikes().iter().filter(|line| wanted(usize::from(**line))).count()
            })
            .sum()
    }

    #[test]
    fn a_line_fires_at_the_rate_that_it_was_given() {
        let mut mossy = lines();
        mossy.set_rate(200, Some(100.0));
        let fired = count(&mut mossy, 20_000, |line| line == 200);
        assert!((1_850..2_150).contains(&fired), "{fired} of 2,000");
        mossy.set_rate(200, Some(0.0));
        assert!(count(&mut mossy, 1_000, |line| line == 200) <= 1);
        mossy.set_rate(200, None);
        assert_eq!(mossy.rate(200), 5.0);
    }

    #[test]
    fn a_cue_engages_half_of_the_lines_and_two_cues_not_the_same() {
        let engaged = |cue| {
            let mut mossy = lines();
            mossy.set_cue(Some(cue));
            count(&mut mossy, 10, |_| false);
            (0..256).filter(|line| mossy.rate(*line) == 40.0).collect::<Vec<_>>()
        };
        let (one, two) = (engaged(1), engaged(2));
        assert!((85..140).contains(&one.len()), "{}", one.len());
        assert_eq!(one, engaged(1));
        let shared = one.iter().filter(|line| two.contains(line)).count();
        assert!(shared < one.len() * 2 / 3, "{shared} of {}", one.len());
    }

    #[test]
    fn a_cue_counts_from_its_onset_and_is_not_begun_anew_while_it_is_on() {
        let mut mossy = lines();
        mossy.step();
        assert_eq!(mossy.cue(), None);
        mossy.set_cue(Some(3));
        mossy.step();
        assert_eq!(mossy.cue(), Some(Cue { number: 3, since: 0 }));
        mossy.set_cue(Some(3));
        mossy.step();
        assert_eq!(mossy.cue(), Some(Cue { number: 3, since: 1 }));
        mossy.set_cue(None);
        mossy.step();
        assert_eq!(mossy.cue(), None);
    }

    #[test]
    fn contexts_differ_in_their_tonic_lines_alone() {
        let mut mossy = lines();
        let rates = |mossy: &Mossy| (0..256).map(|line| mossy.rate(line)).collect::<Vec<_>>();
        let first = rates(&mossy);
        mossy.set_context(1);
        let second = rates(&mossy);
        assert_ne!(first[..32], second[..32]);
        assert_eq!(first[32..], second[32..]);
    }

    #[test]
    fn regular_lines_have_intervals_of_the_same_mean() {
        let mut stream = Stream::named(1, "test", 0);
        for order in [1, 4] {
            let sum: f64 = (0..20_000).map(|_| f64::from(interval(order, &mut stream))).sum();
            assert!((sum / 20_000.0 - 1.0).abs() < 0.03, "order {order}");
        }
    }
}
