//! The waveforms of one stream: rendered by the conductor's thread when first asked for, read by the audio thread.
//!
//! A slot is filled once and never emptied while the stream lives, so the reader needs no lock: a slot is there or it is not.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use doozy_training::time::SampleFrame;

use super::{
    mixer::Command,
    synth::{self, Sound},
    tape::Tape,
};

/// Different sounds that one stream can hold. ◇ A level of speech has at most 80 syllables, a bed some dozen notes.
pub const SLOTS: usize = 256;

/// All waveforms at one rate, as the audio thread sees them.
#[derive(Debug)]
pub struct Bank {
    rate: u32,
    slots: [OnceLock<Box<[f32]>>; SLOTS],
    /// There from when a recording is first to be played.
    tape: OnceLock<Tape>,
}

impl Bank {
    /// A bank without sounds.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self { rate, slots: [const { OnceLock::new() }; SLOTS], tape: OnceLock::new() }
    }

    /// The samples of a slot, None where nothing has been rendered.
    #[must_use]
    pub fn wave(&self, slot: u8) -> Option<&[f32]> {
        // An atomic load; the writer is done with a slot before it names it in a command.
        self.slots[usize::from(slot)].get().map(|wave| &**wave)
    }

    /// The tape that recordings come on, where there is one.
    #[must_use]
    pub fn tape(&self) -> Option<&Tape> {
        self.tape.get()
    }

    /// The same, made if it is not there: some megabytes.
    pub fn make_tape(&self) -> &Tape {
        self.tape.get_or_init(|| Tape::new(self.rate))
    }

    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }
}

/// The conductor's end of a bank: knows which sound is in which slot, and fills them.
#[derive(Debug)]
pub struct Library {
    bank: Arc<Bank>,
    index: BTreeMap<Sound, u8>,
    refused: u32,
}

impl Library {
    /// A library that fills `bank`, the sounds that are always needed first: some tens of milliseconds.
    #[must_use]
    pub fn new(bank: Arc<Bank>) -> Self {
        let mut library = Self { bank, index: BTreeMap::new(), refused: 0 };
        for sound in Sound::ALWAYS {
            library.slot(sound);
        }
        library
    }

    #[must_use]
    pub fn bank(&self) -> &Arc<Bank> {
        &self.bank
    }

    /// Sounds for which no slot was left.
    #[must_use]
    pub fn refused(&self) -> u32 {
        self.refused
    }

    /// Bytes that the waveforms take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bank.slots.iter().filter_map(OnceLock::get).map(|wave| size_of_val(&**wave)).sum()
    }

    /// The slot of a sound, rendered now if it is the first time (a few ms; the drone some tens). None, and counted, where all
    /// are taken.
    pub fn slot(&mut self, sound: Sound) -> Option<u8> {
        if let Some(slot) = self.index.get(&sound) {
            return Some(*slot);
        }
        let Some(slot) = u8::try_from(self.index.len()).ok().filter(|slot| usize::from(*slot) < SLOTS) else {
            self.refused += 1;
            return None;
        };
        let wave = synth::render(sound, self.bank.rate).into_boxed_slice();
        self.bank.slots[usize::from(slot)].get_or_init(|| wave);
        self.index.insert(sound, slot);
        Some(slot)
    }

    /// What makes the mixer play a sound so that it is heard on frame `at` (at once for None).
    pub fn play(&mut self, sound: Sound, at: Option<SampleFrame>, gain_db: f32, pan: f32) -> Option<Command> {
        let slot = self.slot(sound)?;
        let [left, right] = super::mixer::panned(gain_db.min(sound.most_gain_db() as f32), pan);
        let at = at.map(|at| SampleFrame(at.0.saturating_sub(sound.lead(self.bank.rate) as i64)));
        Some(Command::Play { slot, category: sound.category(), at, left, right })
    }
}
