//! The mixer: scheduled sounds become samples. It runs on the audio thread, so it neither allocates nor locks nor frees.
//!
//! It knows frames only. Each frame's mix is the same whatever the block size, and comes out of the limiter on exactly the
//! frame it was meant for: the mixer works ahead of its output by the limiter's delay.

use std::sync::Arc;

use doozy_training::time::SampleFrame;

use super::{
    limits::{self, Glide, Levels, Limiter},
    synth::{self, Category, Sound},
};

/// Sounds that can ring at once. ◇ The densest phrase (targets 150 ms apart, tails of 2 s) holds about 30.
pub const VOICES: usize = 48;
/// Sounds that can wait. ◇ A phrase of 64 targets with stimuli, four times over.
pub const WAITING: usize = 256;
/// How far a sound can be panned, of full: never to one ear alone, which headphones make unpleasant, and which a listener
/// with one good ear would not hear at all. ◇
const WIDTH: f32 = 0.8;

/// All waveforms at one rate.
#[derive(Clone, Debug)]
pub struct Bank {
    rate: u32,
    waves: [Arc<[f32]>; Sound::ALL.len()],
}

impl Bank {
    /// Computes every sound; some tens of milliseconds.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self { rate, waves: Sound::ALL.map(|s| synth::render(s, rate).into()) }
    }

    #[must_use]
    pub fn wave(&self, sound: Sound) -> &[f32] {
        &self.waves[sound.index()]
    }

    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }
}

/// What the conductor tells the audio thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// Start a sound: on its frame, or at once where `at` is None.
    Play {
        sound: Sound,
        at: Option<SampleFrame>,
        gain_db: f32,
        pan: f32,
    },
    /// Forget what should start on this frame or later.
    CancelFrom(SampleFrame),
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
    sound: Sound,
    left: f32,
    right: f32,
}

#[derive(Clone, Copy, Debug)]
struct Voice {
    start: Start,
    next: usize,
}

/// Voices, buses and the limiter of one stream.
#[derive(Clone, Debug)]
pub struct Mixer {
    bank: Bank,
    /// In order of time, first come first among equals.
    waiting: Vec<Start>,
    voices: Vec<Voice>,
    buses: [Glide; Category::ALL.len()],
    limiter: Limiter,
    /// The frame that will be mixed next: the output's next frame plus the limiter's delay.
    mixed: i64,
    primed: bool,
    shortfall: Shortfall,
}

impl Mixer {
    /// A silent mixer, yet to be told where it starts.
    #[must_use]
    pub fn new(bank: Bank, levels: &Levels) -> Self {
        let rate = bank.rate();
        Self {
            buses: Category::ALL.map(|c| Glide::new(levels.gain(c), rate)),
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
            Command::Play { sound, at, gain_db, pan } => {
                let [left, right] = panned(gain_db.min(sound.most_gain_db() as f32), pan);
                self.wait(Start { at: at.map_or(i64::MIN, |f| f.0), sound, left, right }, at.is_some());
            }
            Command::CancelFrom(frame) => self.waiting.retain(|s| s.at < frame.0),
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
            if scheduled && start.sound.category() == Category::Cue {
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
    }

    /// The sum of all voices on the next frame, before the limiter.
    fn mix(&mut self) -> [f32; 2] {
        let due = self.waiting.iter().take_while(|s| s.at <= self.mixed).count();
        for start in self.waiting.drain(..due) {
            if start.at < self.mixed && start.sound.category() == Category::Cue {
                self.shortfall.late_cues += 1;
            } else if self.voices.len() < VOICES {
                self.voices.push(Voice { start, next: 0 });
            } else {
                self.shortfall.crowded += 1;
            }
        }
        self.mixed += 1;
        let buses =
            [self.buses[0].advance(), self.buses[1].advance(), self.buses[2].advance(), self.buses[3].advance()];
        let mut sum = [0.0f32; 2];
        let mut ended = false;
        for v in &mut self.voices {
            let wave = self.bank.wave(v.start.sound);
            let x = wave[v.next] * buses[v.start.sound.category() as usize];
            sum[0] += x * v.start.left;
            sum[1] += x * v.start.right;
            v.next += 1;
            ended |= v.next == wave.len();
        }
        if ended {
            let bank = &self.bank;
            self.voices.retain(|v| v.next < bank.wave(v.start.sound).len());
        }
        sum
    }
}

/// Gains of both ears: equal power, −1 is left, 0 leaves each ear the sound as it is.
fn panned(gain_db: f32, pan: f32) -> [f32; 2] {
    let (gain_db, pan) = (if gain_db.is_finite() { gain_db } else { -120.0 }, if pan.is_finite() { pan } else { 0.0 });
    let angle = f64::from(pan.clamp(-1.0, 1.0) * WIDTH + 1.0) * std::f64::consts::FRAC_PI_4;
    let gain = limits::from_db(f64::from(gain_db)) * std::f64::consts::SQRT_2;
    [(gain * libm::cos(angle)) as f32, (gain * libm::sin(angle)) as f32]
}
