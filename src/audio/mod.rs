//! Sound: every stimulus on its sample frame, every feedback as soon as it can be, and the clock that says when they are heard.
//!
//! [`Audio`] is owned by the conductor's thread. It never fails: without a card it runs on the paced backend, whose clock is
//! the host's own, and says so in its [`Report`]. It knows nothing of drills, judging or screens.
//!
//! | file | holds |
//! | --- | --- |
//! | `clock` | where the stream lies on the host's clock |
//! | `synth` | what every sound is made of |
//! | `bank` | the waveforms of a stream, rendered when first asked for |
//! | `bed` | the quiet ground under a session |
//! | `mixer` | voices, schedule, buses, ducking: the audio thread's half |
//! | `recording` | files that charts are played to |
//! | `tape` | their way to the audio thread |
//! | `limits` | levels, loudness, the limiter |
//! | `card` | what is asked of a card, and the watchdog |
//! | `device` | the card, by firewheel and cpal (feature `devices`) |

pub mod bank;
pub mod bed;
#[cfg_attr(not(any(feature = "devices", test)), expect(dead_code, reason = "a build without cards has none to watch"))]
mod card;
pub mod clock;
#[cfg(feature = "devices")]
mod device;
pub mod limits;
pub mod mixer;
pub mod recording;
#[cfg(test)]
pub(crate) mod simulated;
pub mod synth;
pub mod tape;

use std::{fmt, sync::Arc};

use bank::{Bank, Library};
pub use bed::Bed;
use card::{Card, Driver};
pub use clock::{ClockFaults, TrialClockSource, frame_of};
use doozy_training::time::{HostTime, SampleFrame};
pub use limits::{Level, Levels};
pub use mixer::Shortfall;
use mixer::{Command, Mixer};
use recording::{Deck, Recording, Roll};
pub use synth::{Category, Sound};

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
    Card(Box<dyn Card>),
    Paced(TrialClockSource),
    Virtual(TrialClockSource),
    Offline { clock: TrialClockSource, mixer: Box<Mixer>, library: Box<Library>, block: usize, next: SampleFrame },
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
    /// Devices that went and still hold their thread: freeing them at once could wait for a driver that hangs.
    gone: Vec<Box<dyn Card>>,
    driver: Box<dyn Driver>,
    /// The recording that is played, if any is.
    deck: Option<Deck>,
    /// Names before and after, where the system moved the stream by itself.
    rerouted: Option<(String, String)>,
}

impl Audio {
    /// Opens what is asked for, or what there is. Never fails and never panics; [`Audio::report`] says what came of it.
    #[must_use]
    pub fn open(choice: Choice, levels: Levels) -> Self {
        let now = match choice {
            Choice::Device | Choice::Paced => monotonic_now(),
            Choice::Virtual { origin, .. } | Choice::Offline { origin, .. } => origin,
        };
        #[cfg(feature = "devices")]
        let driver = Box::new(device::System::default());
        #[cfg(not(feature = "devices"))]
        let driver = Box::new(card::NoDriver);
        Self::open_with(choice, levels, driver, now)
    }

    /// The same with another way to a card, at `now`.
    fn open_with(choice: Choice, levels: Levels, mut driver: Box<dyn Driver>, now: HostTime) -> Self {
        let (backend, report) = open(choice, &levels, 0, &mut *driver, now);
        Self {
            backend,
            report,
            state: State::Playing,
            levels,
            wanted: choice,
            now,
            gone: Vec::new(),
            driver,
            deck: None,
            rerouted: None,
        }
    }

    /// To be called about every millisecond with the host's time: sends what was scheduled, reads when blocks were played,
    /// notices within 500 ms that a device is gone.
    pub fn pump(&mut self, now: HostTime) {
        self.now = self.now.max(now);
        self.gone.retain_mut(|card| !card.ended());
        self.fill();
        let Backend::Card(card) = &mut self.backend else { return };
        if let Err(detail) = card.pump(now) {
            self.lose(detail);
            return;
        }
        let device = self.report.device.as_deref().unwrap_or_default();
        if card.name() != device {
            // The stream goes on elsewhere: another latency, so nothing measured before holds.
            self.rerouted = Some((device.to_owned(), card.name().to_owned()));
            self.report.device = Some(card.name().to_owned());
            self.report.epoch += 1;
        }
    }

    /// The names of the devices before and after, once for each time that the system moved the stream by itself.
    pub fn take_rerouted(&mut self) -> Option<(String, String)> {
        self.rerouted.take()
    }

    /// The device went: frames go on from where they were, by the host's clock.
    fn lose(&mut self, detail: String) {
        let paced = Backend::Paced(self.clock().on_the_host_clock(self.now));
        if let Backend::Card(card) = std::mem::replace(&mut self.backend, paced) {
            self.gone.push(card);
        }
        let device = self.report.device.take().unwrap_or_default();
        tracing::warn!("the sound output {device} was lost: {detail}");
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

    /// Tries again what was asked for when this was opened. What was scheduled is gone, and frames start anew.
    ///
    /// May take some hundred milliseconds, and seconds where a driver hangs: to be called while the session stands still.
    pub fn reopen(&mut self) {
        // The old stream goes first: some cards have room for one only.
        self.backend = Backend::Paced(self.clock());
        self.gone.clear();
        self.stop_recording();
        let (backend, report) = open(self.wanted, &self.levels, self.report.epoch + 1, &mut *self.driver, self.now);
        self.backend = backend;
        self.report = report;
        self.state = State::Playing;
    }

    /// While no device plays though one was asked for: the name of one that [`Audio::reopen`] could open. Looks every two
    /// seconds at most, in another thread; to be called while the session stands still.
    pub fn found(&mut self) -> Option<String> {
        if self.report.fallback.is_some() { self.driver.find(self.now) } else { None }
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

    /// Whether [`Audio::clock`] rests on what the device reported. Always so without a device; otherwise after
    /// half a second of steady blocks. No trial should start before.
    #[must_use]
    pub fn ready(&self) -> bool {
        match &self.backend {
            Backend::Card(card) => card.watchdog().fit().settled(),
            _ => true,
        }
    }

    /// Where the stream lies on the host's clock, as known now: take one per trial and keep it.
    #[must_use]
    pub fn clock(&self) -> TrialClockSource {
        match &self.backend {
            Backend::Card(card) => card.watchdog().clock(),
            Backend::Paced(clock) | Backend::Virtual(clock) | Backend::Offline { clock, .. } => *clock,
        }
    }

    /// Plays a sound that is heard on frame `at`, exactly: its first sample lies there, or [`Sound::lead`] frames before. To
    /// be called at least 150 ms ahead of it.
    ///
    /// `gain_db` is added to the sound's own loudness (bounded above by what a failure may have); `pan` runs from −1, early
    /// and left, to 1, late and right. A cue that comes too late is left out and counted in [`Audio::shortfall`].
    pub fn schedule(&mut self, sound: Sound, at: SampleFrame, gain_db: f32, pan: f32) {
        self.play(sound, Some(at), gain_db, pan);
    }

    /// Plays a sound on the next frame that can still carry it (feedback).
    pub fn soon(&mut self, sound: Sound, gain_db: f32, pan: f32) {
        self.play(sound, None, gain_db, pan);
    }

    /// Renders sounds before they are needed: the palette of a level, when it opens. Those that were not are rendered when
    /// they are scheduled, in a few ms of the calling thread.
    pub fn prepare(&mut self, sounds: impl IntoIterator<Item = Sound>) {
        if let Some(library) = self.library() {
            for sound in sounds {
                library.slot(sound);
            }
        }
    }

    /// Bytes of the waveforms that are there now.
    pub fn bank_bytes(&mut self) -> usize {
        self.library().map_or(0, |library| library.bytes())
    }

    /// Lets everything of a category die away in 80 ms, and forgets what waits of it.
    pub fn hush(&mut self, category: Category) {
        self.send(Command::Hush(category));
    }

    /// Takes a recording to be played by [`Self::roll`], or none.
    pub fn load(&mut self, recording: Option<Recording>) {
        self.stop_recording();
        self.deck = recording.map(Deck::new);
    }

    /// The recording that was loaded.
    #[must_use]
    pub fn recording(&self) -> Option<&Recording> {
        self.deck.as_ref().map(Deck::recording)
    }

    /// Plays the loaded recording, each sample on its frame; what was played of it before is forgotten.
    pub fn roll(&mut self, roll: Roll) {
        let Some(bank) = self.library().map(|library| Arc::clone(library.bank())) else { return };
        if let Some(deck) = &mut self.deck {
            deck.roll(roll, bank.make_tape(), bank.rate());
            self.fill();
        }
    }

    /// Frames of recordings that were left out because they came too late, since the stream began.
    #[must_use]
    pub fn recording_gaps(&mut self) -> u32 {
        self.library().and_then(|library| library.bank().tape()).map_or(0, tape::Tape::gaps)
    }

    /// Lets the recording die away in 80 ms.
    pub fn stop_recording(&mut self) {
        if let Some(deck) = &mut self.deck {
            deck.stop();
            self.hush(Category::Music);
        }
    }

    /// Puts on the tape what is due before long.
    fn fill(&mut self) {
        if self.deck.is_none() {
            return;
        }
        let Some(bank) = self.library().map(|library| Arc::clone(library.bank())) else { return };
        if let (Some(deck), Some(tape)) = (&mut self.deck, bank.tape()) {
            deck.fill(tape, bank.rate());
        }
    }

    fn library(&mut self) -> Option<&mut Library> {
        match &mut self.backend {
            Backend::Card(card) => Some(card.library()),
            Backend::Offline { library, .. } => Some(library),
            // Nobody listens.
            Backend::Paced(_) | Backend::Virtual(_) => None,
        }
    }

    fn play(&mut self, sound: Sound, at: Option<SampleFrame>, gain_db: f32, pan: f32) {
        if let Some(command) = self.library().and_then(|library| library.play(sound, at, gain_db, pan)) {
            self.send(command);
        }
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

    /// The levels in force.
    #[must_use]
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// What the audio thread could not do as asked.
    #[must_use]
    pub fn shortfall(&self) -> Shortfall {
        match &self.backend {
            Backend::Card(card) => card.shortfall(),
            Backend::Offline { mixer, library, .. } => {
                let Shortfall { late_cues, crowded } = mixer.shortfall();
                Shortfall { late_cues, crowded: crowded + library.refused() }
            }
            Backend::Paced(_) | Backend::Virtual(_) => Shortfall::default(),
        }
    }

    /// What the device's clock did wrong. A trial during which `restarts` grew is void: its frames were heard elsewhere than
    /// its clock says.
    #[must_use]
    pub fn clock_faults(&self) -> ClockFaults {
        match &self.backend {
            Backend::Card(card) => card.watchdog().fit().faults(),
            _ => ClockFaults::default(),
        }
    }

    /// The next `frames` frames of the offline backend, interleaved left and right; nothing of any other.
    pub fn render(&mut self, frames: usize) -> Vec<f32> {
        let Self { backend, deck, .. } = self;
        let Backend::Offline { mixer, library, block, next, .. } = backend else {
            return Vec::new();
        };
        let mut out = Vec::with_capacity(2 * frames);
        let (mut left, mut right) = (vec![0.0; *block], vec![0.0; *block]);
        while out.len() < 2 * frames {
            let n = (*block).min(frames - out.len() / 2);
            if let (Some(deck), Some(tape)) = (&mut *deck, library.bank().tape()) {
                if tape.mixed().is_none() {
                    tape.tell(*next);
                }
                deck.fill(tape, library.bank().rate());
            }
            mixer.render(*next, &mut left[..n], &mut right[..n]);
            *next = SampleFrame(next.0 + n as i64);
            out.extend(left[..n].iter().zip(&right[..n]).flat_map(|(l, r)| [*l, *r]));
        }
        out
    }

    fn send(&mut self, command: Command) {
        match &mut self.backend {
            Backend::Card(card) => card.send(command),
            Backend::Offline { mixer, .. } => mixer.take(command),
            // Nobody listens.
            Backend::Paced(_) | Backend::Virtual(_) => {}
        }
    }
}

fn open(choice: Choice, levels: &Levels, epoch: u32, driver: &mut dyn Driver, now: HostTime) -> (Backend, Report) {
    let silent = |backend, rate, fallback| Report { backend, device: None, rate, buffer: None, fallback, epoch };
    match choice {
        Choice::Device => match driver.open(levels, now) {
            Ok(card) => {
                let report = Report {
                    backend: Kind::Device,
                    device: Some(card.name().to_owned()),
                    rate: card.rate(),
                    buffer: Some(card.buffer()),
                    fallback: None,
                    epoch,
                };
                (Backend::Card(card), report)
            }
            Err(fallback) => {
                tracing::warn!("{fallback}; playing without sound");
                let clock = TrialClockSource::exact(now, NOMINAL_RATE);
                (Backend::Paced(clock), silent(Kind::Paced, NOMINAL_RATE, Some(fallback)))
            }
        },
        Choice::Paced => {
            let clock = TrialClockSource::exact(now, NOMINAL_RATE);
            (Backend::Paced(clock), silent(Kind::Paced, NOMINAL_RATE, None))
        }
        Choice::Virtual { origin, rate } => {
            (Backend::Virtual(TrialClockSource::exact(origin, rate)), silent(Kind::Virtual, rate, None))
        }
        Choice::Offline { origin, rate, block } => {
            let library = Library::new(Arc::new(Bank::new(rate)));
            let backend = Backend::Offline {
                clock: TrialClockSource::exact(origin, rate),
                mixer: Box::new(Mixer::new(Arc::clone(library.bank()), levels)),
                library: Box::new(library),
                block: block.max(1),
                next: SampleFrame(0),
            };
            (backend, silent(Kind::Offline, rate, None))
        }
    }
}

/// The host's monotonic clock, the one that all inputs are stamped by.
fn monotonic_now() -> HostTime {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    HostTime(t.tv_sec * 1_000_000_000 + t.tv_nsec)
}

#[cfg(test)]
mod realtime_tests;
#[cfg(test)]
mod tests;
