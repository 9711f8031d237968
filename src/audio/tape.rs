//! The tape: a recording's samples on their way from the conductor to the audio thread, at the stream's rate.
//!
//! A ring that is addressed by the stream's own frames: frame `n` lies in slot `n mod length`, so a sample has one place and is
//! heard on its frame or not at all. One writer, one reader, no lock; a frame's two samples share one atomic.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use doozy_training::time::SampleFrame;

/// How much of it there is, s ◇: a conductor that stalls for longer has lost its trial anyway. 1 MB at 48 kHz.
const SECONDS: usize = 3;

/// See the module.
#[derive(Debug)]
pub struct Tape {
    slots: Box<[AtomicU64]>,
    /// The frames that are there: from, and up to.
    from: AtomicI64,
    to: AtomicI64,
    /// The frame that will be mixed next, as the audio thread last said.
    mixed: AtomicI64,
    /// Counts what was put on it: a recording that was stopped stays silent until the next one.
    take: AtomicU32,
    /// Frames that were due and not there.
    gaps: AtomicU32,
}

impl Tape {
    pub fn new(rate: u32) -> Self {
        let slots = (0..SECONDS * rate as usize).map(|_| AtomicU64::new(0)).collect();
        Self {
            slots,
            from: AtomicI64::new(0),
            to: AtomicI64::new(0),
            mixed: AtomicI64::new(i64::MIN),
            take: AtomicU32::new(0),
            gaps: AtomicU32::new(0),
        }
    }

    fn slot(&self, frame: i64) -> &AtomicU64 {
        &self.slots[frame.rem_euclid(self.slots.len() as i64) as usize]
    }

    // ── the conductor's end ──

    /// The frame that is mixed next; None before the first block.
    pub fn mixed(&self) -> Option<i64> {
        Some(self.mixed.load(Ordering::Acquire)).filter(|frame| *frame != i64::MIN)
    }

    /// How far ahead of [`Self::mixed`] it may be written.
    pub fn room(&self) -> i64 {
        // a block that is being mixed has not been told yet
        self.slots.len() as i64 * 3 / 4
    }

    /// Forgets what is on it; the next frame written is `from`.
    pub fn begin(&self, from: i64) {
        self.to.store(i64::MIN, Ordering::Release);
        self.from.store(from, Ordering::Release);
        self.to.store(from, Ordering::Release);
        self.take.fetch_add(1, Ordering::AcqRel);
    }

    /// Leaves out everything before `frame`, which is written next.
    pub fn skip_to(&self, frame: i64) {
        self.to.store(frame, Ordering::Release);
    }

    /// Writes frames on from where the last call ended.
    pub fn write(&self, at: i64, frames: &[[f32; 2]]) {
        for (frame, [left, right]) in (at..).zip(frames) {
            let both = u64::from(left.to_bits()) << 32 | u64::from(right.to_bits());
            self.slot(frame).store(both, Ordering::Relaxed);
        }
        self.to.store(at + frames.len() as i64, Ordering::Release);
    }

    /// Frames that came too late to be heard.
    pub fn gaps(&self) -> u32 {
        self.gaps.load(Ordering::Relaxed)
    }

    pub fn count_gap(&self, frames: u32) {
        self.gaps.fetch_add(frames, Ordering::Relaxed);
    }

    // ── the audio thread's end ──

    /// Which recording is on it.
    pub fn take(&self) -> u32 {
        self.take.load(Ordering::Acquire)
    }

    /// The samples of a frame; silence where there are none.
    pub fn read(&self, frame: i64) -> [f32; 2] {
        let to = self.to.load(Ordering::Acquire);
        if frame >= to || frame < self.from.load(Ordering::Acquire) || to - frame > self.slots.len() as i64 {
            return [0.0; 2];
        }
        let both = self.slot(frame).load(Ordering::Relaxed);
        [f32::from_bits((both >> 32) as u32), f32::from_bits(both as u32)]
    }

    /// Says which frame is mixed next.
    pub fn tell(&self, frame: SampleFrame) {
        self.mixed.store(frame.0, Ordering::Release);
    }
}
