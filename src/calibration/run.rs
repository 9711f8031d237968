//! The runner: a calibration in a thread of its own with its own sound and taps, or stepped by whoever owns a virtual
//! clock.

use std::{
    io,
    sync::mpsc::{self, Receiver, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

use doozy_training::time::{HostTime, Nanos};

use super::{
    Command, Note, Setup, Who,
    procedure::{Parts, Procedure, Seat},
    tapper::Player,
};
use crate::{
    audio::{self, Audio},
    clock::{Clock, VirtualClock},
    input::{
        Taps,
        devices::{Devices, Held, Pace, Told},
        merge::TapKind,
        taps::{frame::FrameTap, scripted::ScriptedTap},
    },
};

/// How often the thread looks at its taps and clocks.
const TURN: Duration = Duration::from_millis(1);

enum Running {
    Thread {
        commands: Sender<Command>,
        notes: Receiver<Note>,
        clock: Clock,
        thread: Option<JoinHandle<()>>,
        ended: bool,
    },
    Stepped {
        procedure: Box<Procedure>,
        driver: VirtualClock,
    },
}

/// A calibration under way, in the hands of whoever shows it. Dropping it ends it; what was not kept is forgotten.
pub struct Handle {
    running: Running,
    /// The shell's end of the coarse tap, where the precise one cannot be had (or was not asked for).
    frame_tap: Option<FrameTap>,
}

/// Starts a calibration.
///
/// # Errors
/// If the system gives no thread. Everything else that may be missing comes as a [`Note::Notice`]; without a sound
/// output the methods that are heard end at once (unless [`Setup::anyway`]), and say why.
pub fn start(setup: Setup) -> io::Result<Handle> {
    match setup.pace.clone() {
        Pace::Virtual { from } => {
            let driver = VirtualClock::starting_at(from);
            let clock = driver.clock();
            let taps = Taps::new(clock.clone());
            let choice = audio::Choice::Virtual { origin: from, rate: audio::NOMINAL_RATE };
            let procedure = Box::new(assemble(setup, clock, taps, choice, Vec::new()));
            Ok(Handle { running: Running::Stepped { procedure, driver }, frame_tap: None })
        }
        Pace::Host { keys } => {
            let clock = Clock::host();
            let mut taps = Taps::new(clock.clone());
            let mut told = Vec::new();
            let devices = match setup.who {
                Who::Person => Devices::open(keys, &mut taps, &clock, &mut told),
                Who::Simulated(_) => Devices::none(),
            };
            let notices = told.into_iter().map(|Told { id, args, grave }| Note::Notice { id, args, grave }).collect();
            let Devices { held, frame_tap, .. } = devices;
            let (to, commands) = mpsc::channel();
            let (notes_to, notes) = mpsc::channel();
            let own = clock.clone();
            let thread = thread::Builder::new().name("conductor-cal".into()).spawn(move || {
                // the sound is opened where it is pumped
                let procedure = assemble(setup, own, taps, audio::Choice::Device, notices);
                conduct(procedure, &commands, &notes_to, &held);
            })?;
            let running = Running::Thread { commands: to, notes, clock, thread: Some(thread), ended: false };
            Ok(Handle { running, frame_tap })
        }
    }
}

fn assemble(setup: Setup, clock: Clock, mut taps: Taps, choice: audio::Choice, notices: Vec<Note>) -> Procedure {
    let seat = match setup.who {
        Who::Person => Seat::Person,
        Who::Simulated(tapper) => Seat::Simulated {
            player: Box::new(Player::new(tapper, setup.seed)),
            tap: ScriptedTap::new(taps.port(TapKind::Scripted), clock.clone()),
        },
    };
    let windowed = matches!(seat, Seat::Person) && !clock.is_virtual();
    Procedure::new(
        Parts {
            method: setup.method,
            seed: setup.seed,
            audio: Audio::open(choice, setup.levels),
            taps,
            seat,
            bindings: setup.bindings,
            windowed,
            display: setup.display,
            store: setup.store,
            anyway: setup.anyway,
            announce: setup.announce,
            clock,
        },
        notices,
    )
}

/// The calibration's thread.
fn conduct(mut procedure: Procedure, commands: &Receiver<Command>, notes: &Sender<Note>, held: &Held) {
    while !procedure.has_ended() {
        procedure.step();
        loop {
            match commands.try_recv() {
                Ok(Command::Window(window)) => held.listen_to(window),
                Ok(command) => procedure.obey(command),
                Err(mpsc::TryRecvError::Empty) => break,
                // nobody shows it any more
                Err(mpsc::TryRecvError::Disconnected) => {
                    procedure.obey(Command::Stop);
                    break;
                }
            }
        }
        for note in procedure.take_notes() {
            let _ = notes.send(note);
        }
        thread::sleep(TURN);
    }
    for note in procedure.take_notes() {
        let _ = notes.send(note);
    }
}

impl Handle {
    /// Appends what has been said since the last call.
    pub fn notes(&mut self, out: &mut Vec<Note>) {
        match &mut self.running {
            Running::Thread { notes, ended, .. } => loop {
                match notes.try_recv() {
                    Ok(note) => {
                        *ended |= matches!(note, Note::Ended { .. });
                        out.push(note);
                    }
                    Err(mpsc::TryRecvError::Empty) => break,
                    Err(mpsc::TryRecvError::Disconnected) => {
                        // a thread that died tells nobody
                        if !std::mem::replace(ended, true) {
                            out.push(Note::Ended { kept: false });
                        }
                        break;
                    }
                }
            },
            Running::Stepped { procedure, .. } => out.extend(procedure.take_notes()),
        }
    }

    /// Asks something of it.
    pub fn command(&mut self, command: Command) {
        match &mut self.running {
            // one that has ended has nobody left to ask
            Running::Thread { commands, .. } => drop(commands.send(command)),
            Running::Stepped { procedure, .. } => procedure.obey(command),
        }
    }

    /// Its clock.
    #[must_use]
    pub fn now(&self) -> HostTime {
        match &self.running {
            Running::Thread { clock, .. } => clock.now(),
            Running::Stepped { driver, .. } => driver.now(),
        }
    }

    /// Moves a virtual clock to `now`, a millisecond at a time, and does everything that is due by then; on the host's
    /// clock nothing happens.
    pub fn drive(&mut self, now: HostTime) {
        if let Running::Stepped { procedure, driver } = &mut self.running {
            while driver.now() < now && !procedure.has_ended() {
                driver.advance_to((driver.now() + Nanos::ms(1)).min(now));
                procedure.step();
            }
            driver.advance_to(now);
        }
    }

    /// Whether key times, and the focus, come from the window's frames.
    #[must_use]
    pub fn has_frame_tap(&self) -> bool {
        self.frame_tap.is_some()
    }

    /// The shell's end of the coarse tap, where key times come from the window's frames.
    pub fn frame_tap(&mut self) -> Option<&mut FrameTap> {
        self.frame_tap.as_mut()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.command(Command::Stop);
        if let Running::Thread { thread, .. } = &mut self.running
            && let Some(thread) = thread.take()
        {
            // its panic, if any, has been printed by the thread itself
            let _ = thread.join();
        }
    }
}
