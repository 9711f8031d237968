//! Sound: every stimulus on its sample frame, every feedback as soon as it can be, and the clock that says when they are heard.
//!
//! [`Audio`] is owned by the conductor's thread. It never fails: without a card it runs on the paced backend, whose clock is
//! the host's own, and says so in its [`Report`]. It knows nothing of drills, judging or screens.
//!
//! | file | holds |
//! | --- | --- |
//! | `clock` | where the stream lies on the host's clock |
//! | `synth` | the waveforms |
//! | `mixer` | voices, schedule, buses: the audio thread's half |
//! | `limits` | levels, loudness, the limiter |
//! | `device` | the card, by firewheel and cpal (feature `devices`) |

pub mod clock;
#[cfg(feature = "devices")]
mod device;
pub mod limits;
pub mod mixer;
pub mod synth;

use std::fmt;

pub use clock::{TrialClockSource, frame_of};
use doozy_training::time::{HostTime, SampleFrame};
pub use limits::{Level, Levels};
pub use mixer::Shortfall;
use mixer::{Bank, Command, Mixer};
pub use synth::Sound;

/// Rate of clocks that have no card behind them, Hz.
pub const NOMINAL_RATE: u32 = 48_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The system's default output, or [`Choice::Paced`] where there is none.
    Device,
    /// No sound: frames pass as the host's clock passes.
    Paced,
    /// No sound: frame `n` is heard at `origin + n / rate` exactly, and no clock is read.
    Virtual { origin: HostTime, rate: u32 },
    /// As virtual, and [`Audio::render`] yields the samples, computed in blocks of `block` frames.
    Offline { origin: HostTime, rate: u32, block: usize },
}

/// What is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Device,
    Paced,
    Virtual,
    Offline,
}

/// Why nothing is heard though a device was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// This program was built without the feature `devices`.
    NotBuilt,
    /// The system has no output.
    NoDevice,
    /// There is an output, and it could not be opened.
    Refused { detail: String },
    /// It was there, and went.
    Lost { device: String, detail: String },
}

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBuilt => f.write_str("this build has no sound (feature `devices` is off)"),
            Self::NoDevice => f.write_str("no sound output found"),
            Self::Refused { detail } => write!(f, "the sound output could not be opened: {detail}"),
            Self::Lost { device, detail } => write!(f, "the sound output {device} was lost: {detail}"),
        }
    }
}

/// What plays, for screens, the record and the doctor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub backend: Kind,
    /// Name of the device, where there is one.
    pub device: Option<String>,
    /// Hz.
    pub rate: u32,
    /// Frames per callback, where there is a device.
    pub buffer: Option<u32>,
    /// Set where a device was asked for and the paced backend runs instead.
    pub fallback: Option<Fallback>,
    /// Counts streams: frames of different epochs cannot be compared.
    pub epoch: u32,
}

/// Whether sound goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Playing,
    /// The device went at `since`. The paced backend has taken over and frames go on, but what was scheduled is gone: trials
    /// in progress are void. Stays until [`Audio::reopen`].
    Lost {
        device: String,
        since: HostTime,
        detail: String,
    },
}

enum Backend {
    #[cfg(feature = "devices")]
    Device(Box<device::Device>),
    Paced(TrialClockSource),
    Virtual(TrialClockSource),
    Offline {
        clock: TrialClockSource,
        mixer: Box<Mixer>,
        block: usize,
        next: SampleFrame,
    },
}

/// The sound of one process.
///
/// Not [`Send`] where a device is behind it: open it on the thread that pumps it.
pub struct Audio {
    backend: Backend,
    report: Report,
    state: State,
    levels: Levels,
    wanted: Choice,
    now: HostTime,
}

impl Audio {
    /// Opens what is asked for, or what there is. Never fails and never panics; [`Audio::report`] says what came of it.
    #[must_use]
    pub fn open(choice: Choice, levels: Levels) -> Self {
        let (backend, report) = open(choice, &levels, 0);
        let now = match choice {
            Choice::Device | Choice::Paced => monotonic_now(),
            Choice::Virtual { origin, .. } | Choice::Offline { origin, .. } => origin,
        };
        Self { backend, report, state: State::Playing, levels, wanted: choice, now }
    }

    /// To be called about every millisecond with the host's time: sends what was scheduled, reads when blocks were played,
    /// notices within 500 ms that a device is gone.
    pub fn pump(&mut self, now: HostTime) {
        self.now = self.now.max(now);
        #[cfg(feature = "devices")]
        if let Backend::Device(device) = &mut self.backend
            && let Err(detail) = device.pump(now)
        {
            let clock = device.clock();
            self.lose(clock, detail);
        }
    }

    /// The device went: frames go on from where they were, by the host's clock.
    #[cfg_attr(not(feature = "devices"), expect(dead_code, reason = "without devices nothing can be lost"))]
    fn lose(&mut self, clock: TrialClockSource, detail: String) {
        let device = self.report.device.take().unwrap_or_default();
        self.backend = Backend::Paced(clock.on_the_host_clock(self.now));
        self.report = Report {
            backend: Kind::Paced,
            device: None,
            rate: self.report.rate,
            buffer: None,
            fallback: Some(Fallback::Lost { device: device.clone(), detail: detail.clone() }),
            epoch: self.report.epoch + 1,
        };
        self.state = State::Lost { device, since: self.now, detail };
    }

    /// Tries again what was asked for when this was opened; may take some hundred milliseconds. What was scheduled is gone.
    pub fn reopen(&mut self) {
        let (backend, report) = open(self.wanted, &self.levels, self.report.epoch + 1);
        self.backend = backend;
        self.report = report;
        self.state = State::Playing;
    }

    /// What plays.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Whether sound goes on.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether [`Audio::clock`] rests on what the device reported. Always so without a device; otherwise after two callbacks.
    #[must_use]
    pub fn ready(&self) -> bool {
        match &self.backend {
            #[cfg(feature = "devices")]
            Backend::Device(device) => device.ready(),
            _ => true,
        }
    }

    /// Where the stream lies on the host's clock, as known now: take one per trial and keep it.
    #[must_use]
    pub fn clock(&self) -> TrialClockSource {
        match &self.backend {
            #[cfg(feature = "devices")]
            Backend::Device(device) => device.clock(),
            Backend::Paced(clock) | Backend::Virtual(clock) | Backend::Offline { clock, .. } => *clock,
        }
    }

    /// Plays a sound whose first sample is frame `at`, exactly. To be called at least 150 ms ahead of it.
    ///
    /// `gain_db` is added to the sound's own loudness (bounded above by what a failure may have); `pan` runs from −1, early
    /// and left, to 1, late and right. A cue that comes too late is left out and counted in [`Audio::shortfall`].
    pub fn schedule(&mut self, sound: Sound, at: SampleFrame, gain_db: f32, pan: f32) {
        self.send(Command::Play { sound, at: Some(at), gain_db, pan });
    }

    /// Plays a sound on the next frame that can still carry it (feedback).
    pub fn soon(&mut self, sound: Sound, gain_db: f32, pan: f32) {
        self.send(Command::Play { sound, at: None, gain_db, pan });
    }

    /// Forgets every sound that was to start on frame `from` or later. What already rings, rings out.
    pub fn cancel_after(&mut self, from: SampleFrame) {
        self.send(Command::CancelFrom(from));
    }

    /// New levels, gliding there in 20 ms.
    pub fn set_levels(&mut self, levels: Levels) {
        self.levels = levels;
        self.send(Command::Levels(levels));
    }

    /// What the audio thread could not do as asked.
    #[must_use]
    pub fn shortfall(&self) -> Shortfall {
        match &self.backend {
            #[cfg(feature = "devices")]
            Backend::Device(device) => device.shortfall(),
            Backend::Offline { mixer, .. } => mixer.shortfall(),
            Backend::Paced(_) | Backend::Virtual(_) => Shortfall::default(),
        }
    }

    /// Stamps of the device that were not believed, and how often its clock had to be placed anew.
    #[must_use]
    pub fn clock_faults(&self) -> (u32, u32) {
        match &self.backend {
            #[cfg(feature = "devices")]
            Backend::Device(device) => (device.fit().rejected(), device.fit().restarts()),
            _ => (0, 0),
        }
    }

    /// The next `frames` frames of the offline backend, interleaved left and right; nothing of any other.
    pub fn render(&mut self, frames: usize) -> Vec<f32> {
        let Backend::Offline { mixer, block, next, .. } = &mut self.backend else {
            return Vec::new();
        };
        let mut out = Vec::with_capacity(2 * frames);
        let (mut left, mut right) = (vec![0.0; *block], vec![0.0; *block]);
        while out.len() < 2 * frames {
            let n = (*block).min(frames - out.len() / 2);
            mixer.render(*next, &mut left[..n], &mut right[..n]);
            *next = SampleFrame(next.0 + n as i64);
            out.extend(left[..n].iter().zip(&right[..n]).flat_map(|(l, r)| [*l, *r]));
        }
        out
    }

    fn send(&mut self, command: Command) {
        match &mut self.backend {
            #[cfg(feature = "devices")]
            Backend::Device(device) => device.send(command),
            Backend::Offline { mixer, .. } => mixer.take(command),
            // Nobody listens.
            Backend::Paced(_) | Backend::Virtual(_) => {}
        }
    }
}

fn open(choice: Choice, levels: &Levels, epoch: u32) -> (Backend, Report) {
    let silent = |backend, rate, fallback| Report { backend, device: None, rate, buffer: None, fallback, epoch };
    match choice {
        Choice::Device => match open_device(levels, epoch) {
            Ok(opened) => opened,
            Err(fallback) => {
                tracing::warn!("{fallback}; playing without sound");
                let clock = TrialClockSource::exact(monotonic_now(), NOMINAL_RATE);
                (Backend::Paced(clock), silent(Kind::Paced, NOMINAL_RATE, Some(fallback)))
            }
        },
        Choice::Paced => {
            let clock = TrialClockSource::exact(monotonic_now(), NOMINAL_RATE);
            (Backend::Paced(clock), silent(Kind::Paced, NOMINAL_RATE, None))
        }
        Choice::Virtual { origin, rate } => {
            (Backend::Virtual(TrialClockSource::exact(origin, rate)), silent(Kind::Virtual, rate, None))
        }
        Choice::Offline { origin, rate, block } => {
            let backend = Backend::Offline {
                clock: TrialClockSource::exact(origin, rate),
                mixer: Box::new(Mixer::new(Bank::new(rate), levels)),
                block: block.max(1),
                next: SampleFrame(0),
            };
            (backend, silent(Kind::Offline, rate, None))
        }
    }
}

#[cfg(feature = "devices")]
fn open_device(levels: &Levels, epoch: u32) -> Result<(Backend, Report), Fallback> {
    let device = device::Device::open(levels)?;
    let report = Report {
        backend: Kind::Device,
        device: Some(device.name().to_owned()),
        rate: device.rate(),
        buffer: Some(device.buffer()),
        fallback: None,
        epoch,
    };
    Ok((Backend::Device(Box::new(device)), report))
}

#[cfg(not(feature = "devices"))]
fn open_device(_: &Levels, _: u32) -> Result<(Backend, Report), Fallback> {
    Err(Fallback::NotBuilt)
}

/// The host's monotonic clock, the one that all inputs are stamped by.
fn monotonic_now() -> HostTime {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    HostTime(t.tv_sec * 1_000_000_000 + t.tv_nsec)
}
