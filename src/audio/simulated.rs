//! A sound card on a bench, for tests: it plays our mixer at its own crystal's pace on a clock that the test moves, keeps every
//! sample, and fails as it is told to.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use doozy_training::time::{HostTime, Nanos, SampleFrame};

use super::{
    Audio, Choice, Fallback, Levels,
    bank::{Bank, Library},
    card::{Card, Driver, Watchdog},
    clock::Stamp,
    mixer::{Command, Mixer, Shortfall},
};

/// What becomes of the stream from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Plays,
    /// The driver's error callback fires.
    Fails,
    /// No more callbacks, and no word.
    Stops,
}

#[derive(Debug)]
pub struct Inner {
    pub rate: u32,
    pub block: usize,
    /// How much faster than nominal the crystal runs.
    pub ppm: f64,
    /// From a callback to its first frame being heard.
    pub latency: Nanos,
    pub present: bool,
    pub name: String,
    pub fate: Fate,
    /// Streams opened so far.
    pub opened: u32,
    /// When the present stream began, by its opening.
    started: HostTime,
    /// Left and right of the present stream, from its first frame.
    played: Vec<[f32; 2]>,
    /// Up to where [`Bench::onset`] has looked.
    looked: usize,
}

/// The test's end.
#[derive(Clone, Debug)]
pub struct Bench(Rc<RefCell<Inner>>);

impl Bench {
    pub fn new(rate: u32, block: usize, ppm: f64) -> Self {
        Self(Rc::new(RefCell::new(Inner {
            rate,
            block,
            ppm,
            latency: Nanos::from_ms(2e3 * block as f64 / f64::from(rate)),
            present: true,
            name: "Speakers".to_owned(),
            fate: Fate::Plays,
            opened: 0,
            started: HostTime(0),
            played: Vec::new(),
            looked: 0,
        })))
    }

    pub fn set(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.0.borrow_mut());
    }

    pub fn opened(&self) -> u32 {
        self.0.borrow().opened
    }

    /// Opens the engine on this card at `now`.
    pub fn open(&self, levels: Levels, now: HostTime) -> Audio {
        Audio::open_with(Choice::Device, levels, Box::new(self.clone()), now)
    }

    /// When a frame of the present stream is truly heard.
    pub fn heard(&self, frame: i64) -> HostTime {
        self.0.borrow().callback(frame) + self.0.borrow().latency
    }

    /// The greatest magnitude from one frame of the present stream to another, as far as they are rendered.
    pub fn loudest(&self, from: i64, to: i64) -> f32 {
        let i = self.0.borrow();
        let (from, to) = (from.max(0) as usize, (to.max(0) as usize).min(i.played.len()));
        i.played[from.min(to)..to].iter().flatten().fold(0.0, |m, x| m.max(x.abs()))
    }

    /// The next frame on which sound begins after a stretch of silence of 20 ms, among those that are rendered.
    pub fn onset(&self) -> Option<i64> {
        let mut i = self.0.borrow_mut();
        let quiet = i.rate as usize / 50;
        let mut silent = i.played[..i.looked].iter().rev().take(quiet).take_while(|f| **f == [0.0; 2]).count();
        if i.looked < quiet {
            silent = quiet;
        }
        for n in i.looked..i.played.len() {
            if i.played[n] == [0.0; 2] {
                silent += 1;
            } else if std::mem::take(&mut silent) >= quiet {
                i.looked = n + 1;
                return Some(n as i64);
            }
        }
        i.looked = i.played.len();
        None
    }
}

impl Driver for Bench {
    fn open(&mut self, levels: &Levels, now: HostTime) -> Result<Box<dyn Card>, Fallback> {
        let mut i = self.0.borrow_mut();
        if !i.present {
            return Err(Fallback::NoDevice);
        }
        i.opened += 1;
        (i.started, i.looked, i.fate) = (now, 0, Fate::Plays);
        i.played.clear();
        let library = Library::new(Arc::new(Bank::new(i.rate)));
        Ok(Box::new(Simulated {
            mixer: Mixer::new(Arc::clone(library.bank()), levels),
            library,
            watchdog: Watchdog::new(i.rate, i.block as u32, now),
            blocks: 0,
            name: i.name.clone(),
            inner: Rc::clone(&self.0),
        }))
    }

    fn find(&mut self, _: HostTime) -> Option<String> {
        let i = self.0.borrow();
        i.present.then(|| i.name.clone())
    }
}

impl Inner {
    /// When the callback that begins with `frame` runs.
    fn callback(&self, frame: i64) -> HostTime {
        let ns = frame as f64 * 1e9 / (f64::from(self.rate) * (1.0 + self.ppm * 1e-6));
        self.started + Nanos(libm::round(ns) as i64)
    }
}

struct Simulated {
    inner: Rc<RefCell<Inner>>,
    mixer: Mixer,
    library: Library,
    watchdog: Watchdog,
    blocks: i64,
    name: String,
}

impl Card for Simulated {
    fn pump(&mut self, now: HostTime) -> Result<(), String> {
        let mut i = self.inner.borrow_mut();
        self.name.clone_from(&i.name);
        if i.fate == Fate::Fails {
            return Err("the device is no longer available".to_owned());
        }
        let block = i.block;
        let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
        while i.fate == Fate::Plays && i.callback(self.blocks * block as i64) <= now {
            let frame = SampleFrame(self.blocks * block as i64);
            self.mixer.render(frame, &mut left, &mut right);
            i.played.extend(left.iter().zip(&right).map(|(l, r)| [*l, *r]));
            // The scheduler is late by up to 0.4 ms, the same each time.
            let late = Nanos(self.blocks * 7_919 % 41 * 10_000);
            let callback = i.callback(frame.0) + late;
            self.watchdog.stamp(Stamp { frame, callback, playback: callback + i.latency }, now);
            self.blocks += 1;
        }
        self.watchdog.check(now)
    }

    fn send(&mut self, command: Command) {
        self.mixer.take(command);
    }

    fn library(&mut self) -> &mut Library {
        &mut self.library
    }

    fn shortfall(&self) -> Shortfall {
        self.mixer.shortfall()
    }

    fn watchdog(&self) -> &Watchdog {
        &self.watchdog
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn rate(&self) -> u32 {
        self.inner.borrow().rate
    }

    fn buffer(&self) -> u32 {
        self.inner.borrow().block as u32
    }

    fn ended(&mut self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{Kind, Sound, State};

    const START: HostTime = HostTime(1_000_000_000_000);

    /// Pumps each millisecond from `from` ms to `to` ms after the start.
    fn run(audio: &mut Audio, from: i64, to: i64) {
        for ms in from..=to {
            audio.pump(START + Nanos::ms(ms));
        }
    }

    #[test]
    fn a_device_that_goes_is_given_up_within_half_a_second_and_comes_back() {
        // cases A28: unplugged after 5 s, (a) with an error, (b) without a word; plugged in again after 12 s.
        for (fate, block, within) in
            [(Fate::Fails, 1_024, 1), (Fate::Stops, 64, 500), (Fate::Stops, 1_024, 500), (Fate::Stops, 9_600, 500)]
        {
            let bench = Bench::new(48_000, block, 0.0);
            let mut audio = bench.open(Levels::default(), START);
            run(&mut audio, 0, 6_000);
            assert_eq!((audio.state(), audio.report().backend, audio.ready()), (&State::Playing, Kind::Device, true));
            let before = audio.clock().frame_at(START + Nanos::ms(6_000));
            bench.set(|i| (i.fate, i.present) = (fate, false));
            let lost = (6_001..7_000).find(|ms| {
                audio.pump(START + Nanos::ms(*ms));
                *audio.state() != State::Playing
            });
            assert!(lost.unwrap() <= 6_000 + within, "{fate:?}, blocks of {block}: {lost:?}");
            let State::Lost { device, detail, .. } = audio.state() else { panic!() };
            assert_eq!(device, "Speakers");
            assert!(!detail.is_empty());
            // Frames go on by the host's clock, from where they were.
            let after = audio.clock().frame_at(START + Nanos::ms(lost.unwrap()));
            assert!((after.0 - before.0 - (lost.unwrap() - 6_000) * 48).abs() < 48);
            // While it is away, opening again gives the paced clock and says why.
            run(&mut audio, 7_000, 8_000);
            audio.reopen();
            assert_eq!(
                (audio.report().backend, audio.report().fallback.clone()),
                (Kind::Paced, Some(Fallback::NoDevice))
            );
            bench.set(|i| i.present = true);
            run(&mut audio, 12_000, 12_500);
            audio.reopen();
            assert_eq!((audio.report().backend, audio.state()), (Kind::Device, &State::Playing));
            run(&mut audio, 12_501, 14_000);
            assert!(audio.ready());
            audio.schedule(Sound::Beat, SampleFrame(100_000), 0.0, 0.0);
            run(&mut audio, 14_001, 15_000);
            assert_eq!(bench.onset(), Some(100_000));
        }
    }

    #[test]
    fn a_stream_that_is_moved_is_another_device() {
        // cases A28 (c).
        let bench = Bench::new(48_000, 1_024, 0.0);
        let mut audio = bench.open(Levels::default(), START);
        run(&mut audio, 0, 6_000);
        let epoch = audio.report().epoch;
        bench.set(|i| i.name = "Headset".to_owned());
        run(&mut audio, 6_001, 6_002);
        assert_eq!(audio.take_rerouted(), Some(("Speakers".to_owned(), "Headset".to_owned())));
        assert_eq!(audio.take_rerouted(), None);
        assert_eq!(audio.report().device.as_deref(), Some("Headset"));
        assert_eq!(audio.report().epoch, epoch + 1);
    }

    #[test]
    fn a_new_latency_without_a_word_places_the_line_anew() {
        // A reroute that keeps its name shows as a step of what the card says of its delay.
        let bench = Bench::new(48_000, 480, 0.0);
        let mut audio = bench.open(Levels::default(), START);
        run(&mut audio, 0, 6_000);
        bench.set(|i| i.latency = Nanos::ms(240));
        run(&mut audio, 6_001, 8_000);
        assert_eq!(audio.clock_faults().restarts, 1);
        let frame = audio.clock().frame_at(START + Nanos::ms(8_000));
        assert!((audio.clock().host_time(frame) - bench.heard(frame.0)).abs() < Nanos::ms(1));
    }
}
