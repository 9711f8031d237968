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

pub use clock::{ClockFaults, TrialClockSource, frame_of};
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
    /// Devices that went and still hold their thread: freeing them at once could wait for a driver that hangs.
    #[cfg(feature = "devices")]
    gone: Vec<device::Device>,
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
        Self {
            backend,
            report,
            state: State::Playing,
            levels,
            wanted: choice,
            now,
            #[cfg(feature = "devices")]
            gone: Vec::new(),
        }
    }

    /// To be called about every millisecond with the host's time: sends what was scheduled, reads when blocks were played,
    /// notices within 500 ms that a device is gone.
    pub fn pump(&mut self, now: HostTime) {
        self.now = self.now.max(now);
        #[cfg(feature = "devices")]
        {
            self.gone.retain_mut(|device| !device.ended());
            if let Backend::Device(device) = &mut self.backend
                && let Err(detail) = device.pump(now)
            {
                self.lose(detail);
            }
        }
    }

    /// The device went: frames go on from where they were, by the host's clock.
    #[cfg(feature = "devices")]
    fn lose(&mut self, detail: String) {
        let paced = Backend::Paced(self.clock().on_the_host_clock(self.now));
        if let Backend::Device(device) = std::mem::replace(&mut self.backend, paced) {
            self.gone.push(*device);
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
        #[cfg(feature = "devices")]
        self.gone.clear();
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

    /// Whether [`Audio::clock`] rests on what the device reported. Always so without a device; otherwise after
    /// half a second of steady blocks. No trial should start before.
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

    /// What the device's clock did wrong. A trial during which `restarts` grew is void: its frames were heard elsewhere than
    /// its clock says.
    #[must_use]
    pub fn clock_faults(&self) -> ClockFaults {
        match &self.backend {
            #[cfg(feature = "devices")]
            Backend::Device(device) => device.fit().faults(),
            _ => ClockFaults::default(),
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

#[cfg(test)]
mod tests {
    use doozy_training::time::Nanos;

    use super::*;

    fn offline(rate: u32, block: usize) -> Audio {
        Audio::open(Choice::Offline { origin: HostTime(0), rate, block }, Levels::default())
    }

    /// Starts over with the waveforms that are there.
    fn rewind(audio: &mut Audio, bank: &Bank) {
        if let Backend::Offline { mixer, next, .. } = &mut audio.backend {
            **mixer = Mixer::new(bank.clone(), &Levels::default());
            *next = SampleFrame(0);
        }
    }

    /// The frame of the first sample that is not silence.
    fn onset(samples: &[f32]) -> Option<usize> {
        samples.chunks(2).position(|f| f[0] != 0.0 || f[1] != 0.0)
    }

    /// A count-in of four, eight beats at 120 to the minute, and one response of each tier.
    fn phrase(audio: &mut Audio) -> Vec<f32> {
        let rate = audio.clock().rate();
        let at = |ms: i64| frame_of(Nanos::ms(ms), rate);
        for n in 0..4 {
            audio.schedule(Sound::CountIn, at(500 * n), 0.0, 0.0);
        }
        for n in 4..12 {
            audio.schedule(if n % 4 == 0 { Sound::BeatAccent } else { Sound::Beat }, at(500 * n), 0.0, 0.0);
        }
        audio.schedule(Sound::Bell, at(2_010), 0.0, 0.0);
        audio.schedule(Sound::DampedBell, at(2_530), 0.0, 0.4);
        audio.schedule(Sound::DullStrike, at(2_930), 0.0, -0.7);
        audio.schedule(Sound::Bell, at(3_500), 0.0, 0.0);
        audio.schedule(Sound::Doozy, at(4_143), 0.0, 1.0);
        audio.render(at(7_000).0 as usize)
    }

    /// FNV-1a of the samples' bits.
    fn hash(samples: &[f32]) -> u64 {
        samples
            .iter()
            .flat_map(|x| x.to_bits().to_le_bytes())
            .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    }

    #[test]
    fn every_sound_starts_on_its_frame_at_every_rate_and_block() {
        for rate in [44_100, 48_000, 96_000] {
            let bank = Bank::new(rate);
            for block in [64, 480, 512, 1024] {
                let mut audio = offline(rate, block);
                for (n, sound) in Sound::ALL.into_iter().enumerate() {
                    let at = 7_200 + 997 * n;
                    rewind(&mut audio, &bank);
                    audio.schedule(sound, SampleFrame(at as i64), 0.0, 0.0);
                    assert_eq!(onset(&audio.render(at + 100)), Some(at), "{sound:?}, {rate} Hz, blocks of {block}");
                }
            }
        }
    }

    #[test]
    fn the_first_frame_can_carry_a_sound() {
        let mut audio = offline(48_000, 512);
        audio.schedule(Sound::Beat, SampleFrame(0), 0.0, 0.0);
        assert_eq!(onset(&audio.render(16)), Some(0));
        assert_eq!(audio.shortfall(), Shortfall::default());
    }

    #[test]
    fn a_phrase_is_the_same_to_the_bit_at_every_block_size_and_on_every_machine() {
        let whole = phrase(&mut offline(48_000, 512));
        for block in [1, 64, 480, 1024, 4096] {
            assert_eq!(hash(&phrase(&mut offline(48_000, block))), hash(&whole), "blocks of {block}");
        }
        assert_eq!(format!("{:016x}", hash(&whole)), "21e5f7cd576379b9");
    }

    #[test]
    fn every_sound_at_once_stays_below_the_ceiling() {
        for (rate, pan) in [(48_000, 0.0), (48_000, 1.0), (44_100, -1.0), (96_000, 0.5)] {
            let mut audio = offline(rate, 512);
            audio.set_levels(Levels { master: Level::FULL, ..Levels::default() });
            for _ in 0..5 {
                for sound in Sound::ALL {
                    audio.schedule(sound, SampleFrame(4_800), 6.0, pan);
                }
            }
            let out = audio.render(rate as usize);
            for ear in 0..2 {
                let channel: Vec<f32> = out.iter().skip(ear).step_by(2).copied().collect();
                let db = 20.0 * libm::log10(limits::tests::true_peak(&channel));
                assert!(db <= limits::CEILING_DB, "{rate} Hz, pan {pan}: {db:.2} dBFS");
            }
        }
    }

    #[test]
    fn early_is_left_and_late_is_right() {
        let energy = |pan: f32| {
            let mut audio = offline(48_000, 512);
            audio.schedule(Sound::DullStrike, SampleFrame(0), 0.0, pan);
            let out = audio.render(20_000);
            let of = |ear: usize| out.iter().skip(ear).step_by(2).map(|x| f64::from(x * x)).sum::<f64>();
            (of(0), of(1))
        };
        let (left, right) = energy(-1.0);
        assert!(left > 10.0 * right && right > 0.0);
        let (left, right) = energy(1.0);
        assert!(right > 10.0 * left && left > 0.0);
        let (left, right) = energy(0.0);
        assert_eq!(left, right);
    }

    #[test]
    fn volumes_of_nothing_are_silence() {
        for levels in [
            Levels { master: Level::SILENT, ..Levels::default() },
            Levels { cap_db: None, ..Levels::default() },
            Levels { cues: Level::SILENT, feedback: Level::SILENT, scene: Level::SILENT, ..Levels::default() },
        ] {
            let mut audio = Audio::open(Choice::Offline { origin: HostTime(0), rate: 48_000, block: 512 }, levels);
            assert_eq!(onset(&phrase(&mut audio)), None);
        }
    }

    #[test]
    fn a_late_cue_is_left_out_and_late_feedback_is_heard() {
        let mut audio = offline(48_000, 512);
        audio.render(4_800);
        audio.schedule(Sound::Beat, SampleFrame(4_000), 0.0, 0.0);
        assert_eq!(onset(&audio.render(4_800)), None);
        assert_eq!(audio.shortfall(), Shortfall { late_cues: 1, crowded: 0 });
        audio.soon(Sound::Bell, 0.0, 0.0);
        // Nothing but the limiter's look-ahead lies between.
        assert!(onset(&audio.render(4_800)).unwrap() <= 96);
    }

    #[test]
    fn cancelling_keeps_what_comes_before() {
        let mut audio = offline(48_000, 512);
        audio.schedule(Sound::CountIn, SampleFrame(1_000), 0.0, 0.0);
        audio.schedule(Sound::Doozy, SampleFrame(20_000), 0.0, 0.0);
        audio.cancel_after(SampleFrame(1_001));
        let out = audio.render(40_000);
        assert_eq!(onset(&out), Some(1_000));
        assert_eq!(onset(&out[2 * 19_000..]), None);
    }

    #[test]
    fn more_sounds_than_voices_are_counted() {
        let mut audio = offline(48_000, 512);
        for _ in 0..mixer::VOICES + 3 {
            audio.schedule(Sound::Beat, SampleFrame(100), -30.0, 0.0);
        }
        audio.render(200);
        assert_eq!(audio.shortfall(), Shortfall { late_cues: 0, crowded: 3 });
    }

    #[test]
    fn paced_frames_pass_as_the_host_clock_passes() {
        let mut audio = Audio::open(Choice::Paced, Levels::default());
        assert_eq!(audio.report().backend, Kind::Paced);
        assert_eq!(audio.report().fallback, None);
        let start = monotonic_now();
        let first = audio.clock().frame_at(start);
        std::thread::sleep(std::time::Duration::from_millis(60));
        let end = monotonic_now();
        for _ in 0..1_000 {
            audio.schedule(Sound::Beat, SampleFrame(100), 0.0, 0.0);
            audio.pump(end);
        }
        let frames = audio.clock().frame_at(end).0 - first.0;
        let expected = frame_of(end - start, NOMINAL_RATE).0;
        assert!((frames - expected).abs() <= 1, "{frames} frames in {expected}");
        assert!(audio.ready() && audio.clock().latency() == Nanos::ZERO);
    }

    #[test]
    fn a_virtual_clock_is_exact_and_reads_no_clock() {
        let mut audio = Audio::open(Choice::Virtual { origin: HostTime(1_000), rate: 48_000 }, Levels::default());
        audio.schedule(Sound::Beat, SampleFrame(48), 0.0, 0.0);
        audio.pump(HostTime(5));
        assert_eq!(audio.clock().host_time(SampleFrame(48)), HostTime(1_001_000));
        assert_eq!(audio.clock().rate_ppb(), 0);
        assert_eq!(audio.render(100), Vec::<f32>::new());
    }

    #[test]
    fn asking_for_a_device_always_gives_a_clock_that_runs() {
        // Machines without a card fall back and say why; a machine with one plays silence here.
        let mut audio = Audio::open(Choice::Device, Levels { master: Level::SILENT, ..Levels::default() });
        let report = audio.report().clone();
        match report.backend {
            Kind::Device => assert!(report.fallback.is_none() && report.buffer.is_some()),
            Kind::Paced => assert!(!report.fallback.unwrap().to_string().is_empty()),
            other => panic!("{other:?} was not asked for"),
        }
        for _ in 0..50 {
            audio.pump(monotonic_now());
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let now = monotonic_now();
        let clock = audio.clock();
        assert!((clock.host_time(clock.frame_at(now)) - now).abs() < Nanos::ms(1));
    }

    #[test]
    fn twenty_pauses_add_nothing() {
        // cases A31: a pause cancels and schedules again; the stream goes on, so its frames do.
        for (block, gap) in [(64, 48_000), (1_024, 1_440), (9_600, 48_000)] {
            let mut audio = offline(48_000, block);
            let mut zero = SampleFrame(0);
            let mut heard = Vec::new();
            for pause in 0..20i64 {
                audio.cancel_after(SampleFrame(0));
                zero = SampleFrame((pause + 1) * gap.max(2 * block as i64));
                audio.schedule(Sound::CountIn, zero, 0.0, 0.0);
                let rendered = heard.len() as i64 / 2;
                heard.extend(audio.render((zero.0 + 1 - rendered) as usize));
            }
            let last = heard.chunks(2).rposition(|f| f[0] != 0.0).unwrap();
            assert_eq!(last as i64, zero.0, "blocks of {block}");
            let trial = audio.clock().trial_clock(zero);
            assert_eq!(trial.trial(audio.clock().host_time(SampleFrame(zero.0 + 30 * 48_000))), Nanos::ms(30_000));
        }
    }
}
