//! The mixer: scheduled sounds become samples. It runs on the audio thread, so it neither allocates nor locks nor frees.
//!
//! It knows frames only. Each frame's mix is the same whatever the block size, and comes out of the limiter on exactly the
//! frame it was meant for: the mixer works ahead of its output by the limiter's delay.

use std::sync::Arc;

use doozy_training::time::SampleFrame;

use super::{
    bank::Bank,
    limits::{self, Glide, Levels, Limiter},
    synth::Category,
};

/// Sounds that can ring at once. ◇ The densest phrase (targets 150 ms apart, tails of 2 s) holds about 30.
pub const VOICES: usize = 48;
/// Sounds that can wait. ◇ A phrase of 64 targets with stimuli, four times over.
pub const WAITING: usize = 256;
/// How far a sound can be panned, of full: never to one ear alone, which headphones make unpleasant, and which a listener
/// with one good ear would not hear at all. ◇
const WIDTH: f32 = 0.8;

/// How much a doozy turns the bed down, dB: the bed steps back (feel.md). ◇ Low enough to be gone behind the thump, high enough
/// to be noticed when it comes back.
const DUCK_BED_DB: f64 = -14.0;
/// How much it turns down the answers to other presses, dB. ◇ They stay audible: they tell the player something.
const DUCK_FEEDBACK_DB: f64 = -6.0;
/// How long from a doozy's start the others stay down, s. ◇ The thump and the densest metal.
const DUCK_HOLD: f64 = 0.9;
/// Time in which they go down, s: a little less than the doozy takes to swell.
const DUCK_ATTACK: f64 = 0.030;
/// Time in which they come back, s.
const DUCK_RELEASE: f64 = 0.500;
/// Time in which a hushed voice is gone, s.
const HUSH: f64 = 0.080;

/// What the conductor tells the audio thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// Start a sound: on its frame, or at once where `at` is None; with these linear gains at each ear.
    Play {
        slot: u8,
        category: Category,
        at: Option<SampleFrame>,
        left: f32,
        right: f32,
    },
    /// Forget what should start on this frame or later.
    CancelFrom(SampleFrame),
    /// Let everything of a category that sounds die away at once, and forget what waits of it.
    Hush(Category),
    Levels(Levels),
}

/// What the audio thread could not do as asked, counted since the stream began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shortfall {
    /// Cues that reached the mixer after their frame. They are left out: a late beat would lie.
    pub late_cues: u32,
    /// Sounds for which no voice or place was free.
    pub crowded: u32,
}

#[derive(Clone, Copy, Debug)]
struct Start {
    at: i64,
    slot: u8,
    category: Category,
    left: f32,
    right: f32,
}

#[derive(Clone, Copy, Debug)]
struct Voice {
    start: Start,
    next: usize,
    /// What is left of it, and by how much that falls with each frame.
    height: f32,
    falls: f32,
}

/// Turns the bed and the feedback down while a doozy sounds. A function of frames alone.
#[derive(Clone, Debug)]
struct Duck {
    bed: Glide,
    feedback: Glide,
    hold: usize,
}

impl Duck {
    fn new(rate: u32) -> Self {
        let glide = |db: f64| {
            let depth = (1.0 - limits::from_db(db)) as f32;
            Glide::new(1.0, rate).within(DUCK_ATTACK as f32 / depth, DUCK_RELEASE as f32 / depth)
        };
        Self {
            bed: glide(DUCK_BED_DB),
            feedback: glide(DUCK_FEEDBACK_DB),
            hold: (DUCK_HOLD * f64::from(rate)) as usize,
        }
    }

    /// The next frame's gains, by category.
    fn advance(&mut self, down: bool) -> [f32; Category::ALL.len()] {
        self.bed.aim(if down { limits::from_db(DUCK_BED_DB) as f32 } else { 1.0 });
        self.feedback.aim(if down { limits::from_db(DUCK_FEEDBACK_DB) as f32 } else { 1.0 });
        let feedback = self.feedback.advance();
        // the player follows the recording: it steps back, and no further than what answers them
        [1.0, feedback, 1.0, self.bed.advance(), feedback]
    }
}

/// The recording's voice: what is on the tape, until it is hushed.
#[derive(Clone, Copy, Debug)]
struct Music {
    take: u32,
    height: f32,
    falls: f32,
}

impl Default for Music {
    fn default() -> Self {
        Self { take: 0, height: 1.0, falls: 0.0 }
    }
}

impl Music {
    fn frame(&mut self, bank: &Bank, frame: i64, gain: f32) -> [f32; 2] {
        let Some(tape) = bank.tape() else { return [0.0; 2] };
        let take = tape.take();
        if take != self.take {
            *self = Self { take, ..Self::default() };
        }
        if self.height <= 0.0 {
            return [0.0; 2];
        }
        let gain = gain * self.height;
        self.height -= self.falls;
        tape.read(frame).map(|x| x * gain)
    }
}

/// Voices, buses and the limiter of one stream.
#[derive(Clone, Debug)]
pub struct Mixer {
    bank: Arc<Bank>,
    /// In order of time, first come first among equals.
    waiting: Vec<Start>,
    voices: Vec<Voice>,
    buses: [Glide; Category::ALL.len()],
    duck: Duck,
    hush: f32,
    music: Music,
    limiter: Limiter,
    /// The frame that will be mixed next: the output's next frame plus the limiter's delay.
    mixed: i64,
    primed: bool,
    shortfall: Shortfall,
}

impl Mixer {
    /// A silent mixer, yet to be told where it starts.
    #[must_use]
    pub fn new(bank: Arc<Bank>, levels: &Levels) -> Self {
        let rate = bank.rate();
        Self {
            buses: Category::ALL.map(|c| Glide::new(levels.gain(c), rate)),
            duck: Duck::new(rate),
            hush: 1.0 / (HUSH as f32 * rate as f32),
            music: Music::default(),
            limiter: Limiter::new(levels, rate),
            bank,
            waiting: Vec::with_capacity(WAITING),
            voices: Vec::with_capacity(VOICES),
            mixed: 0,
            primed: false,
            shortfall: Shortfall::default(),
        }
    }

    /// Frames by which a command must precede its sound, beside the block in which it arrives.
    #[must_use]
    pub fn ahead(&self) -> usize {
        self.limiter.delay()
    }

    #[must_use]
    pub fn shortfall(&self) -> Shortfall {
        self.shortfall
    }

    pub fn take(&mut self, command: Command) {
        match command {
            Command::Play { slot, category, at, left, right } => {
                self.wait(Start { at: at.map_or(i64::MIN, |f| f.0), slot, category, left, right }, at.is_some());
            }
            Command::CancelFrom(frame) => self.waiting.retain(|s| s.at < frame.0),
            Command::Hush(category) => {
                self.waiting.retain(|s| s.category != category);
                if category == Category::Music {
                    self.music.falls = self.hush;
                }
                for v in self.voices.iter_mut().filter(|v| v.start.category == category) {
                    v.falls = self.hush;
                }
            }
            Command::Levels(levels) => {
                for (bus, c) in self.buses.iter_mut().zip(Category::ALL) {
                    bus.aim(levels.gain(c));
                }
                self.limiter.set(&levels);
            }
        }
    }

    fn wait(&mut self, mut start: Start, scheduled: bool) {
        if self.primed && start.at < self.mixed || !scheduled {
            if scheduled && start.category == Category::Cue {
                self.shortfall.late_cues += 1;
                return;
            }
            start.at = self.mixed;
        }
        if self.waiting.len() == WAITING {
            self.shortfall.crowded += 1;
            return;
        }
        let place = self.waiting.partition_point(|s| s.at <= start.at);
        self.waiting.insert(place, start);
    }

    /// Puts out the frames from `at` on, one sample a channel for each; both slices have the same length.
    pub fn render(&mut self, at: SampleFrame, left: &mut [f32], right: &mut [f32]) {
        if !self.primed {
            // The first frames are mixed before the first is due, so that the first is already exact.
            self.primed = true;
            self.mixed = at.0;
            for _ in 0..self.limiter.delay() {
                let x = self.mix();
                self.limiter.push(x);
            }
        }
        // The stream decides what frame it is; if it jumped, what waits keeps its own frames.
        self.mixed = at.0 + self.limiter.delay() as i64;
        for (l, r) in left.iter_mut().zip(right) {
            let x = self.mix();
            [*l, *r] = self.limiter.push(x);
        }
        if let Some(tape) = self.bank.tape() {
            tape.tell(SampleFrame(self.mixed));
        }
    }

    /// The sum of all voices on the next frame, before the limiter.
    fn mix(&mut self) -> [f32; 2] {
        let due = self.waiting.iter().take_while(|s| s.at <= self.mixed).count();
        for start in self.waiting.drain(..due) {
            if start.at < self.mixed && start.category == Category::Cue {
                self.shortfall.late_cues += 1;
            } else if self.voices.len() < VOICES {
                self.voices.push(Voice { start, next: 0, height: 1.0, falls: 0.0 });
            } else {
                self.shortfall.crowded += 1;
            }
        }
        self.mixed += 1;
        let hold = self.duck.hold;
        let down = self.voices.iter().any(|v| v.start.category == Category::Scene && v.next < hold);
        let mut buses = self.duck.advance(down);
        for (gain, bus) in buses.iter_mut().zip(&mut self.buses) {
            *gain *= bus.advance();
        }
        let mut sum = self.music.frame(&self.bank, self.mixed - 1, buses[Category::Music as usize]);
        let mut ended = false;
        for v in &mut self.voices {
            // A slot that nobody filled cannot be named; if it were, the voice would end in silence.
            let wave = self.bank.wave(v.start.slot).unwrap_or_default();
            let x = wave.get(v.next).copied().unwrap_or(0.0) * buses[v.start.category as usize] * v.height;
            sum[0] += x * v.start.left;
            sum[1] += x * v.start.right;
            v.next += 1;
            v.height -= v.falls;
            if v.next >= wave.len() || v.height <= 0.0 {
                v.height = 0.0;
                ended = true;
            }
        }
        if ended {
            self.voices.retain(|v| v.height > 0.0);
        }
        sum
    }
}

/// Gains of both ears: equal power, −1 is left, 0 leaves each ear the sound as it is.
pub fn panned(gain_db: f32, pan: f32) -> [f32; 2] {
    let (gain_db, pan) = (if gain_db.is_finite() { gain_db } else { -120.0 }, if pan.is_finite() { pan } else { 0.0 });
    let angle = f64::from(pan.clamp(-1.0, 1.0) * WIDTH + 1.0) * std::f64::consts::FRAC_PI_4;
    let gain = limits::from_db(f64::from(gain_db)) * std::f64::consts::SQRT_2;
    [(gain * libm::cos(angle)) as f32, (gain * libm::sin(angle)) as f32]
}
