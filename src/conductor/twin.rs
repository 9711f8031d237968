//! The player's twin beside the session: it hears verdicts, guesses the next tap in a thread of its own, and tells at the end
//! how well. Nothing that it does reaches the session; what it tells goes into the record's summary, which nothing decides by.

use std::{
    sync::mpsc::{self, Sender},
    thread::{self, JoinHandle},
};

use doozy_training::{
    event::{Effect, TrialId},
    people::twin::{Compared, Diary, Twin},
};

use crate::record::beats;

/// The seed of every twin: two players' twins differ by what they have heard alone.
const SEED: u64 = 1;

enum Heard {
    /// A trial to a steady beat, by its interval in ms.
    Trial(f64),
    /// The next beat's asynchrony, ms; None for an omission.
    Beat(Option<f64>),
}

struct Thread {
    heard: Sender<Heard>,
    handle: JoinHandle<Vec<Compared>>,
}

/// The twin of this session's player. Its thread starts with the first steady beat.
#[derive(Default)]
pub struct Beside {
    thread: Option<Thread>,
    /// The trial with a steady beat that is being played.
    trial: Option<TrialId>,
    failed: bool,
}

impl Beside {
    /// Takes what the session says.
    pub fn hear(&mut self, effect: &Effect) {
        match effect {
            Effect::Planned(plan) => {
                self.trial = beats::steady(plan).map(|interval_ms| {
                    self.send(Heard::Trial(interval_ms));
                    plan.trial
                });
            }
            // verdicts of a trial come in the order of its targets; a press that belongs to none is no beat's
            Effect::Judged(judged) if judged.target.is_some() && self.trial == Some(judged.trial) => {
                self.send(Heard::Beat(judged.e.map(|e| e.as_ms())));
            }
            _ => {}
        }
    }

    /// What the guesses were worth, by interval. The twin hears no more after this.
    pub fn tell(&mut self) -> Vec<Compared> {
        let Some(Thread { heard, handle }) = self.thread.take() else { return Vec::new() };
        self.failed = true;
        drop(heard);
        // its panic, if any, has been printed by the thread itself
        handle.join().unwrap_or_default()
    }

    fn send(&mut self, heard: Heard) {
        if self.thread.is_none() && !self.failed {
            self.thread = start().map_err(|error| tracing::warn!("the player's twin has no thread: {error}")).ok();
            self.failed = self.thread.is_none();
        }
        // a twin that is gone tells nothing at the end
        if let Some(thread) = &self.thread {
            let _ = thread.heard.send(heard);
        }
    }
}

fn start() -> std::io::Result<Thread> {
    let (heard, inbox) = mpsc::channel();
    let handle = thread::Builder::new().name("twin".into()).spawn(move || {
        let mut diary = Diary::new(Twin::born(SEED));
        for heard in inbox {
            match heard {
                Heard::Trial(interval_ms) => diary.begin(interval_ms),
                Heard::Beat(asynchrony_ms) => diary.beat(asynchrony_ms),
            }
        }
        diary.compared()
    })?;
    Ok(Thread { heard, handle })
}
