//! The conductor: one session from taps to effects, apart from any frame.
//!
//! It merges what the taps deliver, feeds the reducer, lets the cerebellum worker answer, schedules sound on the audio
//! clock, writes the record, and tells the shell what to show ([`note`]). With the host's clock it runs in a thread of its
//! own; with a virtual one whoever owns the clock steps it ([`Handle::drive`]).

mod ghost;
pub mod note;
mod offsets;
mod performance;
mod phrase;
pub mod score;
pub mod sleep;
#[cfg(test)]
mod tests;
mod twin;
mod worker;

use std::{
    io,
    path::Path,
    sync::mpsc::{self, Receiver, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

use doozy_cerebellum::{Lesion, Preset};
use doozy_training::{
    RULE_VERSION,
    cortex::{Circuit, Cortex},
    learner::{Profile, Tapper},
    people,
    session::{Options, Session},
    time::{HostTime, Nanos},
};

pub use crate::input::devices::{Keys, Pace};

use self::{
    ghost::Ghost,
    note::{Command, Note},
    performance::{Parts, Performance, Seat},
    worker::Worker,
};
use crate::{
    audio::{self, Audio, Levels},
    calibration::Calibrations,
    clock::{Clock, VirtualClock},
    input::{
        Bindings, Captured, Taps,
        devices::{Devices, Held, Told},
        merge::TapKind,
        taps::{frame::FrameTap, scripted::ScriptedTap},
    },
    ladders::Loaded,
    paths::DataDir,
    record::{Recorder, SessionMeta},
};

/// How often the conductor looks at its taps and clocks. ◇ Feedback comes within this of its verdict; at 1 ms the thread
/// costs about a hundredth of a core.
const TURN: Duration = Duration::from_millis(1);

/// Who sits in the player's seat.
#[derive(Clone, Debug, PartialEq)]
pub enum Who {
    Person,
    /// A simulated player.
    Learner(Learner),
    /// Presses (and releases) given in advance.
    Script(Vec<Captured>),
}

impl Who {
    /// As the record names them.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Person => "person".to_owned(),
            Self::Learner(learner) => format!("learner:{}", learner.name()),
            Self::Script(_) => "script".to_owned(),
        }
    }
}

/// A simulated player.
#[derive(Clone, Debug, PartialEq)]
pub enum Learner {
    /// One of the built-in ones.
    Profile(Profile),
    /// Somebody measured by `doozy fit`.
    Fitted(people::Person),
}

impl Learner {
    /// As the screens and the record name it; nobody measured is taken for a built-in one.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Profile(profile) => profile.name().to_owned(),
            Self::Fitted(person) => format!("{} (fitted)", person.name),
        }
    }

    fn tapper(&self, seed: u64) -> Tapper {
        match self {
            Self::Profile(profile) => Tapper::new(*profile, seed),
            Self::Fitted(person) => person.tapper(seed),
        }
    }
}

impl From<Profile> for Learner {
    fn from(profile: Profile) -> Self {
        Self::Profile(profile)
    }
}

/// What decides a session, beside what the player does. Part of its record.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    pub session: Options,
    pub lesion: Lesion,
    pub preset: Preset,
}

impl Default for Terms {
    fn default() -> Self {
        Self { session: Options::current(), lesion: Lesion::None, preset: Preset::Small }
    }
}

/// Everything that a session needs to begin.
pub struct Setup {
    pub level: Loaded,
    pub seed: u64,
    pub terms: Terms,
    pub who: Who,
    pub pace: Pace,
    pub levels: Levels,
    /// What was measured of the devices: which of it applies is decided trial by trial, from the output in use and the input
    /// that was pressed last.
    pub calibrations: Calibrations,
    pub bindings: Bindings,
    /// Where the session is recorded.
    pub data: DataDir,
    /// The session ends by itself after this.
    pub length: Option<Nanos>,
}

enum Running {
    Thread {
        commands: Sender<Command>,
        notes: Receiver<Note>,
        clock: Clock,
        thread: Option<JoinHandle<()>>,
        /// The end has been told.
        ended: bool,
    },
    Stepped {
        performance: Box<Performance>,
        driver: VirtualClock,
    },
}

/// A session under way, in the hands of whoever shows it. Dropping it ends the session in order.
pub struct Handle {
    running: Running,
    /// The shell's end of the coarse tap, where the precise one cannot be had (or was not asked for).
    pub frame_tap: Option<FrameTap>,
}

/// Starts a session.
///
/// # Errors
/// If the system gives no thread. Everything else that may be missing (sound, pads, a folder to record to) has a stated
/// fallback and comes as a [`Note::Notice`].
pub fn start(setup: Setup) -> io::Result<Handle> {
    match setup.pace.clone() {
        Pace::Virtual { from } => {
            let driver = VirtualClock::starting_at(from);
            let clock = driver.clock();
            let taps = Taps::new(clock.clone());
            let audio = audio::Choice::Virtual { origin: from, rate: audio::NOMINAL_RATE };
            let circuit = Circuit::new(setup.terms.preset, setup.seed, setup.terms.lesion, from);
            let performance = assemble(setup, from, clock, taps, audio, Box::new(circuit), "virtual", Vec::new())?;
            Ok(Handle { running: Running::Stepped { performance: Box::new(performance), driver }, frame_tap: None })
        }
        Pace::Host { keys } => {
            let clock = Clock::host();
            let mut taps = Taps::new(clock.clone());
            let mut told = Vec::new();
            let devices = match setup.who {
                Who::Person => Devices::open(keys, &mut taps, &clock, &mut told),
                Who::Learner(_) | Who::Script(_) => Devices::none(),
            };
            let notices = told.into_iter().map(|Told { id, args, grave }| Note::Notice { id, args, grave }).collect();
            let frame_tap = devices.frame_tap;
            let (held, timing) = (devices.held, devices.timing);
            let (to, commands) = mpsc::channel();
            let (notes_to, notes) = mpsc::channel();
            let (ready, started) = mpsc::channel();
            let own = clock.clone();
            let thread = thread::Builder::new().name("conductor".into()).spawn(move || {
                // the taps live as long as the session
                let held = held;
                let origin = own.now();
                let circuit = Circuit::new(setup.terms.preset, setup.seed, setup.terms.lesion, origin);
                let built = Worker::start(circuit).and_then(|worker| {
                    assemble(setup, origin, own, taps, audio::Choice::Device, Box::new(worker), timing, notices)
                });
                match built {
                    Ok(performance) => {
                        let _ = ready.send(Ok(()));
                        conduct(performance, &commands, &notes_to, &held);
                    }
                    Err(error) => {
                        let _ = ready.send(Err(error));
                    }
                }
            })?;
            started.recv().unwrap_or_else(|_| Err(io::Error::other("the conductor's thread ended at once")))?;
            let running = Running::Thread { commands: to, notes, clock, thread: Some(thread), ended: false };
            Ok(Handle { running, frame_tap })
        }
    }
}

/// The conductor's thread.
fn conduct(mut performance: Performance, commands: &Receiver<Command>, notes: &Sender<Note>, held: &Held) {
    while !performance.has_ended() {
        performance.step();
        loop {
            match commands.try_recv() {
                Ok(Command::Rumble { strong, weak, ms }) => held.rumble(strong, weak, ms),
                Ok(Command::Window(window)) => held.listen_to(window),
                Ok(Command::Adopt(device)) => held.adopt(device),
                Ok(command) => performance.obey(command),
                Err(mpsc::TryRecvError::Empty) => break,
                // nobody shows the session any more
                Err(mpsc::TryRecvError::Disconnected) => {
                    performance.obey(Command::Stop);
                    break;
                }
            }
        }
        for note in performance.take_notes() {
            let _ = notes.send(note);
        }
        thread::sleep(TURN);
    }
    for note in performance.take_notes() {
        let _ = notes.send(note);
    }
    // the last sting is heard to its end, unless somebody wants the device or leaves
    while !performance.ring_out() && matches!(commands.try_recv(), Err(mpsc::TryRecvError::Empty)) {
        thread::sleep(TURN);
    }
}

/// What plays, for the record.
fn sound_report(report: &audio::Report) -> serde_json::Value {
    serde_json::json!({
        "backend": format!("{:?}", report.backend).to_lowercase(),
        "device": report.device,
        "rate": report.rate,
        "buffer": report.buffer,
        "fallback": report.fallback.as_ref().map(ToString::to_string),
    })
}

#[expect(clippy::too_many_arguments, reason = "called twice, right above; a struct would only name them again")]
fn assemble(
    setup: Setup,
    origin: HostTime,
    clock: Clock,
    mut taps: Taps,
    choice: audio::Choice,
    cortex: Box<dyn Cortex + Send>,
    timing: &str,
    mut notices: Vec<Note>,
) -> io::Result<Performance> {
    let audio = Audio::open(choice, setup.levels);
    if let Some(fallback) = &audio.report().fallback {
        notices.push(Note::Notice { id: "notice-no-sound", args: vec![("why", fallback.to_string())], grave: false });
    }
    let seat = match &setup.who {
        Who::Person => Seat::Person,
        Who::Learner(learner) => Seat::Simulated {
            player: Some(Box::new(learner.tapper(setup.seed))),
            tap: ScriptedTap::new(taps.port(TapKind::Scripted), clock.clone()),
        },
        Who::Script(presses) => {
            let mut tap = ScriptedTap::new(taps.port(TapKind::Scripted), clock.clone());
            tap.extend(presses.iter().copied());
            Seat::Simulated { player: None, tap }
        }
    };
    let ghost = setup.terms.session.practice.filter(|practice| practice.ghost).and_then(|practice| {
        // before this session is begun, which is none of them
        Ghost::find(&setup.data, &setup.level, &setup.who.name(), practice)
    });
    let folder = setup.level.path.parent().map(Path::to_path_buf);
    let audible = !matches!(choice, audio::Choice::Virtual { .. });
    let recorder = Recorder::open_or_memory(&setup.data).map_err(io::Error::other)?;
    let meta = SessionMeta {
        origin,
        player: setup.who.name(),
        level: setup.level.id.clone(),
        level_path: setup.level.path.display().to_string(),
        level_text: setup.level.text.clone(),
        seed: setup.seed,
        options: serde_json::to_value(setup.terms).map_err(io::Error::other)?,
        build: format!("doozy {}", env!("CARGO_PKG_VERSION")),
        rule_version: RULE_VERSION,
        timing: timing.to_owned(),
        timing_err: match timing {
            "x11" => Nanos::ms(1),
            "scripted" | "virtual" => Nanos::ZERO,
            // a frame of software rendering
            _ => Nanos::ms(100),
        },
        audio: sound_report(audio.report()),
    };
    let session_id = match recorder.begin(meta) {
        Ok(id) => recorder.path().map(|_| id.to_string()),
        Err(error) => {
            let notice = error.notice();
            notices.push(Note::Notice { id: notice.id, args: notice.args, grave: true });
            None
        }
    };
    let windowed = matches!(setup.who, Who::Person) && matches!(setup.pace, Pace::Host { .. });
    let mut performance = Performance::new(Parts {
        session: Session::new(setup.level.level, setup.seed, setup.terms.session),
        cortex,
        audio,
        taps,
        seat,
        bindings: setup.bindings,
        windowed,
        recorder,
        session_id,
        calibrations: setup.calibrations,
        fibres: u16::try_from(setup.terms.preset.cells().fibres).unwrap_or(u16::MAX),
        until: setup.length.map(|length| origin + length),
        clock,
    });
    performance.use_recording(folder.as_deref(), audible);
    performance.show_ghost(ghost);
    performance.start(origin, notices);
    Ok(performance)
}

impl Handle {
    /// Appends what has been said since the last call.
    pub fn notes(&mut self, out: &mut Vec<Note>) {
        match &mut self.running {
            Running::Thread { notes, ended, .. } => {
                loop {
                    match notes.try_recv() {
                        Ok(note) => {
                            *ended |= matches!(note, Note::Ended { .. });
                            out.push(note);
                        }
                        Err(mpsc::TryRecvError::Empty) => break,
                        Err(mpsc::TryRecvError::Disconnected) => {
                            // a conductor that died tells nobody; what it had recorded is kept
                            if !std::mem::replace(ended, true) {
                                out.push(Note::Ended { session: None, finished: false });
                            }
                            break;
                        }
                    }
                }
            }
            Running::Stepped { performance, .. } => out.extend(performance.take_notes()),
        }
    }

    /// Asks something of the session.
    pub fn command(&mut self, command: Command) {
        match &mut self.running {
            // a session that has ended has nobody left to ask
            Running::Thread { commands, .. } => drop(commands.send(command)),
            Running::Stepped { performance, .. } => performance.obey(command),
        }
    }

    /// The session's clock.
    #[must_use]
    pub fn now(&self) -> HostTime {
        match &self.running {
            Running::Thread { clock, .. } => clock.now(),
            Running::Stepped { driver, .. } => driver.now(),
        }
    }

    /// Moves a virtual clock to `now` and does everything that is due by then; on the host's clock nothing happens.
    pub fn drive(&mut self, now: HostTime) {
        if let Running::Stepped { performance, driver } = &mut self.running {
            driver.advance_to(now);
            performance.step();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.command(Command::Stop);
        match &mut self.running {
            Running::Thread { thread, .. } => {
                if let Some(thread) = thread.take() {
                    // its panic, if any, has been printed by the thread itself
                    let _ = thread.join();
                }
            }
            // the session ends once time has passed the moment at which it was stopped
            Running::Stepped { performance, driver } => {
                let patience = driver.now() + Nanos::ms(10_000);
                while !performance.has_ended() && driver.now() < patience {
                    driver.advance(Nanos::ms(1));
                    performance.step();
                }
            }
        }
    }
}
