//! The MIDI tap: midir's ports, looked for about once a second, and one thread that hands what they say to the listener.
//!
//! midir calls back in a thread of its own for each port; there a message only gets its time of arrival and goes into a
//! channel. Opening and closing ports may take a while and happens in the thread that looks for them.

use std::{
    collections::BTreeMap,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use doozy_training::event::DeviceId;
use midir::{Ignore, MidiInput, MidiInputConnection};

use super::{SLACK, WAKE, ask_for_priority};
use crate::{
    clock,
    input::{
        TapPort,
        midi::listener::{Heard, Listener, PortNumber},
        pad::PadChoice,
    },
};

/// ALSA's sequencer, through which every program on Linux gets MIDI.
const SEQUENCER: &str = "/dev/snd/seq";

/// As we name ourselves; what has this name is no instrument.
const CLIENT: &str = "doozy";

/// A port that only passes on what other programs send.
const THROUGH: &str = "Midi Through";

/// How long the search for new ports rests, in steps of [`WAKE`] so that it can be stopped.
const SEARCH_EVERY: Duration = Duration::from_secs(1);

/// Why there is no MIDI. Keyboard and pads are not concerned.
#[derive(Debug, thiserror::Error)]
pub enum MidiTapError {
    #[error(
        "no MIDI: {device} does not exist on this machine; keys and pads work (load snd-seq, or in a container pass it through)"
    )]
    NoSequencer { device: String },
    #[error("no MIDI: the system's MIDI service cannot be opened ({0}); keys and pads work")]
    Backend(String),
    #[error("no MIDI: the system gave no thread ({0}); keys and pads work")]
    Thread(#[from] io::Error),
}

/// What is asked of the listener.
enum Asked {
    Choose(PadChoice),
    Adopt(DeviceId),
}

/// A running tap; dropping it ends its threads and closes its ports.
pub struct MidiTap {
    stop: Arc<AtomicBool>,
    asks: Sender<Asked>,
    threads: Vec<JoinHandle<()>>,
}

impl MidiTap {
    /// Opens the instruments that are there and waits for others. Each is announced by a
    /// [`crate::input::Notice::DeviceFound`].
    ///
    /// # Errors
    /// On a machine without a MIDI service; keyboard and pads are not concerned.
    pub fn start(port: TapPort, choice: PadChoice) -> Result<Self, MidiTapError> {
        Self::start_with(port, choice, Path::new(SEQUENCER))
    }

    fn start_with(port: TapPort, choice: PadChoice, sequencer: &Path) -> Result<Self, MidiTapError> {
        // ALSA's library writes to stderr where it is missing: asked before it is called
        if cfg!(target_os = "linux") && !sequencer.exists() {
            return Err(MidiTapError::NoSequencer { device: sequencer.display().to_string() });
        }
        let driver = Midir::open().map_err(MidiTapError::Backend)?;
        Self::run(port, choice, driver)
    }

    fn run(port: TapPort, choice: PadChoice, driver: impl Driver + 'static) -> Result<Self, MidiTapError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (to, from) = mpsc::channel();
        let (asks, asked) = mpsc::channel();
        let mut tap = Self { stop: Arc::clone(&stop), asks, threads: Vec::new() };
        let listener = Listener::new(port, choice);
        let asked_to_stop = Arc::clone(&stop);
        let listen = move || listen(listener, &from, &asked, &asked_to_stop);
        tap.threads.push(thread::Builder::new().name("tap-midi".into()).spawn(listen)?);
        let look = move || look_for_ports(driver, &to, &stop);
        tap.threads.push(thread::Builder::new().name("midi-ports".into()).spawn(look)?);
        Ok(tap)
    }

    /// Changes which instrument counts.
    pub fn choose(&self, choice: PadChoice) {
        // A thread that is gone has said so through its port.
        let _ = self.asks.send(Asked::Choose(choice));
    }

    /// Lets an instrument count beside those that do.
    pub fn adopt(&self, device: DeviceId) {
        let _ = self.asks.send(Asked::Adopt(device));
    }
}

impl Drop for MidiTap {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn listen(mut listener: Listener, from: &Receiver<Heard>, asked: &Receiver<Asked>, stop: &AtomicBool) {
    ask_for_priority();
    while !stop.load(Ordering::Relaxed) {
        while let Ok(asked) = asked.try_recv() {
            match asked {
                Asked::Choose(choice) => listener.choose(choice),
                Asked::Adopt(device) => listener.adopt(device, clock::now()),
            }
        }
        let mut before = clock::now();
        let mut next = match from.recv_timeout(WAKE) {
            Ok(heard) => Some(heard),
            Err(RecvTimeoutError::Timeout) => None,
            // the search for ports is over, and with it every port
            Err(RecvTimeoutError::Disconnected) => return,
        };
        // Drained until there was nothing at `before`, the promise holds for every port.
        while let Some(heard) = next {
            listener.hear(heard);
            before = clock::now();
            next = from.try_recv().ok();
        }
        listener.raise_watermark(before - SLACK);
    }
}

/// What opens ports: midir, or a test.
trait Driver: Send {
    /// An open port; dropping it closes it.
    type Open;

    /// Every input there is, by an identity that lasts while it is plugged in, and its name.
    fn inputs(&self) -> Vec<(String, String)>;

    /// Opens an input whose messages go to `to` as `port`'s.
    ///
    /// # Errors
    /// Why it cannot be opened.
    fn open(&self, id: &str, port: PortNumber, to: Sender<Heard>) -> Result<Self::Open, String>;
}

/// Opens what appears and closes what is gone, about once a second. An input that cannot be opened is told once and tried
/// again when it was unplugged.
fn look_for_ports<D: Driver>(driver: D, to: &Sender<Heard>, stop: &AtomicBool) {
    let mut search = Search { driver, open: BTreeMap::new(), next: 0 };
    while !stop.load(Ordering::Relaxed) {
        search.once(to);
        let mut rested = Duration::ZERO;
        while rested < SEARCH_EVERY && !stop.load(Ordering::Relaxed) {
            thread::sleep(WAKE);
            rested += WAKE;
        }
    }
}

struct Search<D: Driver> {
    driver: D,
    /// By the driver's identity; none in place of a port that could not be opened.
    open: BTreeMap<String, Option<(PortNumber, D::Open)>>,
    next: PortNumber,
}

impl<D: Driver> Search<D> {
    fn once(&mut self, to: &Sender<Heard>) {
        let inputs = self.driver.inputs();
        let gone = self.open.keys().filter(|id| inputs.iter().all(|(there, _)| there != *id)).cloned();
        for id in gone.collect::<Vec<_>>() {
            if let Some(Some((port, open))) = self.open.remove(&id) {
                drop(open);
                let _ = to.send(Heard::Gone { port, t: clock::now() });
            }
        }
        for (id, name) in inputs {
            if self.open.contains_key(&id) || !is_instrument(&name) {
                continue;
            }
            let port = self.next;
            self.next += 1;
            // told first: a message may arrive before the port is said to be open
            let name = identity(&name).to_owned();
            let _ = to.send(Heard::Found { port, name: name.clone(), t: clock::now() });
            let opened = self.driver.open(&id, port, to.clone());
            if let Err(why) = &opened {
                tracing::warn!("the MIDI input {name} cannot be opened: {why}");
                let _ = to.send(Heard::Gone { port, t: clock::now() });
            }
            self.open.insert(id, opened.ok().map(|open| (port, open)));
        }
    }
}

/// Whether a port is something that people play: not ourselves, and not a port that passes on what programs send.
fn is_instrument(name: &str) -> bool {
    !name.starts_with(CLIENT) && !name.starts_with(THROUGH)
}

/// A port's name without ALSA's numbers of client and port at its end, which change whenever it is plugged in.
fn identity(name: &str) -> &str {
    let Some((rest, numbers)) = name.rsplit_once(' ') else { return name };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match numbers.split_once(':') {
        Some((client, port)) if is_number(client) && is_number(port) => rest,
        _ => name,
    }
}

/// midir, with a client of its own for the search; each open port is a client, too.
struct Midir(MidiInput);

impl Midir {
    fn open() -> Result<Self, String> {
        // midir panics where the system has run out of what it asks for
        let opened = catch_unwind(|| MidiInput::new(CLIENT)).map_err(|_| "it ran out of clients".to_owned())?;
        opened.map(Self).map_err(|error| error.to_string())
    }
}

impl Driver for Midir {
    type Open = MidiInputConnection<()>;

    fn inputs(&self) -> Vec<(String, String)> {
        let ports = catch_unwind(AssertUnwindSafe(|| self.0.ports())).unwrap_or_default();
        // a port that goes between the two questions has no name and is not there
        ports.iter().filter_map(|port| Some((port.id(), self.0.port_name(port).ok()?))).collect()
    }

    fn open(&self, id: &str, port: PortNumber, to: Sender<Heard>) -> Result<Self::Open, String> {
        let mut client = Self::open()?.0;
        client.ignore(Ignore::All);
        let input = client.find_port_by_id(id).ok_or("it was unplugged")?;
        let hear = move |stamp_us: u64, message: &[u8], (): &mut ()| {
            let arrival = clock::now();
            // no note and no pedal has another length
            if let Ok(bytes) = <[u8; 3]>::try_from(message) {
                let _ = to.send(Heard::Message { port, stamp_us, bytes, arrival });
            }
        };
        let connect = AssertUnwindSafe(|| client.connect(&input, "keys", hear, ()));
        match catch_unwind(connect) {
            Ok(connected) => connected.map_err(|error| error.to_string()),
            Err(_) => Err("the system has no queue left for it".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::{
        clock::Clock,
        input::{Control, Edge, Notice, Taps, merge::TapKind},
    };

    /// Inputs that a test plugs in and out, and what has been opened.
    #[derive(Clone, Default)]
    struct Fake(Arc<Mutex<FakeState>>);

    #[derive(Default)]
    struct FakeState {
        there: Vec<(String, String)>,
        broken: Vec<String>,
        opened: Vec<(String, PortNumber, Sender<Heard>)>,
        closed: usize,
    }

    struct FakePort(Fake);

    impl Drop for FakePort {
        fn drop(&mut self) {
            self.0.with(|state| state.closed += 1);
        }
    }

    impl Fake {
        fn with<T>(&self, act: impl FnOnce(&mut FakeState) -> T) -> T {
            act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }

        fn plug(&self, inputs: &[(&str, &str)]) {
            self.with(|state| state.there = inputs.iter().map(|(id, name)| ((*id).into(), (*name).into())).collect());
        }
    }

    impl Driver for Fake {
        type Open = FakePort;

        fn inputs(&self) -> Vec<(String, String)> {
            self.with(|state| state.there.clone())
        }

        fn open(&self, id: &str, port: PortNumber, to: Sender<Heard>) -> Result<FakePort, String> {
            self.with(|state| {
                if state.broken.iter().any(|broken| broken == id) {
                    return Err("busy".to_owned());
                }
                state.opened.push((id.to_owned(), port, to));
                Ok(())
            })?;
            Ok(FakePort(self.clone()))
        }
    }

    fn briefly(heard: &Receiver<Heard>) -> Vec<(bool, PortNumber, String)> {
        let told = heard.try_iter().filter_map(|heard| match heard {
            Heard::Found { port, name, .. } => Some((true, port, name)),
            Heard::Gone { port, .. } => Some((false, port, String::new())),
            Heard::Message { .. } => None,
        });
        told.collect()
    }

    #[test]
    fn a_machine_without_a_sequencer_says_so() {
        let mut taps = Taps::new(Clock::host());
        let nowhere = tempfile::tempdir().unwrap().path().join("seq");
        let refused = MidiTap::start_with(taps.port(TapKind::Midi), PadChoice::First, &nowhere);
        let message = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.starts_with("no MIDI: ") && message.contains("keys and pads work"), "{message}");
        let before = clock::now();
        taps.poll(&mut Vec::new());
        assert!(taps.watermark() >= before, "a tap that never started holds nobody up");
    }

    #[test]
    fn ports_are_opened_once_and_keep_their_name_over_numbers() {
        let (fake, (to, heard)) = (Fake::default(), mpsc::channel());
        let mut search = Search { driver: fake.clone(), open: BTreeMap::new(), next: 0 };
        fake.plug(&[
            ("14:0", "Midi Through:Midi Through Port-0 14:0"),
            ("20:0", "TD-17:TD-17 MIDI 1 20:0"),
            ("130:0", "doozy:keys 130:0"),
        ]);
        search.once(&to);
        search.once(&to);
        assert_eq!(briefly(&heard), [(true, 0, "TD-17:TD-17 MIDI 1".to_owned())]);
        fake.plug(&[]);
        search.once(&to);
        assert_eq!((briefly(&heard), fake.with(|state| state.closed)), (vec![(false, 0, String::new())], 1));
        fake.plug(&[("24:0", "TD-17:TD-17 MIDI 1 24:0")]);
        search.once(&to);
        assert_eq!(briefly(&heard), [(true, 1, "TD-17:TD-17 MIDI 1".to_owned())]);
        assert_eq!(identity("Launchpad 2"), "Launchpad 2");
        assert_eq!(identity("nanoPAD"), "nanoPAD");
    }

    #[test]
    fn a_port_that_cannot_be_opened_is_tried_once_until_it_is_unplugged() {
        let (fake, (to, heard)) = (Fake::default(), mpsc::channel());
        let mut search = Search { driver: fake.clone(), open: BTreeMap::new(), next: 0 };
        fake.plug(&[("20:0", "Pads 20:0")]);
        fake.with(|state| state.broken.push("20:0".into()));
        search.once(&to);
        search.once(&to);
        assert_eq!(briefly(&heard), [(true, 0, "Pads".to_owned()), (false, 0, String::new())]);
        fake.plug(&[]);
        search.once(&to);
        fake.with(|state| state.broken.clear());
        fake.plug(&[("20:0", "Pads 20:0")]);
        search.once(&to);
        assert_eq!(briefly(&heard), [(true, 1, "Pads".to_owned())]);
    }

    #[test]
    fn a_hit_goes_from_the_port_through_the_threads_into_the_merge() {
        let fake = Fake::default();
        fake.plug(&[("20:0", "Pads 20:0")]);
        let mut taps = Taps::new(Clock::host());
        let tap = MidiTap::run(taps.port(TapKind::Midi), PadChoice::First, fake.clone()).unwrap();
        let mut inputs = Vec::new();
        let mut notices = Vec::new();
        let mut struck = None;
        for _ in 0..20_000 {
            taps.poll(&mut inputs);
            notices.extend(taps.take_notices());
            if struck.is_none() {
                struck = fake.with(|state| state.opened.first().map(|(_, port, to)| (*port, to.clone()))).map(
                    |(port, to)| {
                        let arrival = clock::now();
                        to.send(Heard::Message { port, stamp_us: 5, bytes: [0x99, 38, 77], arrival }).unwrap();
                        arrival
                    },
                );
            }
            if !inputs.is_empty() && struck.is_some_and(|at| taps.watermark() > at) {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(inputs.iter().map(|i| (i.control, i.edge)).collect::<Vec<_>>(), [(Control::Note(38), Edge::Down)]);
        assert_eq!(Some(inputs[0].t), struck);
        assert!(
            matches!(&notices[0], Notice::DeviceFound { name, chosen: false, .. } if name == "Pads"),
            "{notices:?}"
        );
        drop(tap);
        taps.poll(&mut inputs);
        assert_eq!(taps.active().count(), 0);
        assert_eq!(fake.with(|state| state.closed), 1, "dropping the tap closes its ports");
    }
}
