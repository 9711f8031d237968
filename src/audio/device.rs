//! The sound card: firewheel carries our mixer as a node on a cpal stream, and brings back when each block was played.
//!
//! firewheel gives the stream, the frame counter and a lock-free way to the audio thread. Its own sample pool is not used:
//! one node that holds all voices can take back what is scheduled from a frame on, pans each sound, and is the same code
//! that tests render without a card (docs/sound.md).

use std::{
    collections::VecDeque,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, AtomicU32, AtomicUsize, Ordering},
        mpsc::{self, Receiver, TryRecvError},
    },
};

use doozy_training::time::{HostTime, Nanos, SampleFrame};
use firewheel::{
    FirewheelConfig, FirewheelContext,
    channel_config::{ChannelConfig, ChannelCount},
    cpal::{CpalConfig, CpalOutputConfig, CpalStream, IoStreamError, StartStreamError, cpal},
    event::{NodeEventType, ProcEvents},
    node::{
        AudioNode, AudioNodeInfo, AudioNodeProcessor, ConstructProcessorContext, EmptyConfig, NodeError, NodeID,
        ProcBuffers, ProcExtra, ProcInfo, ProcessStatus,
    },
    processor::BufferOutOfSpaceMode,
};

use super::{
    Fallback,
    bank::{Bank, Library},
    card::{Card, Driver, Watchdog},
    clock::Stamp,
    limits::{Level, Levels},
    mixer::{Command, Mixer, Shortfall},
    monotonic_now,
    synth::Category,
};

/// Frames asked of the card per callback. ◇ 21 ms at 48 kHz. Stimuli are scheduled ahead, so that only feedback waits for it;
/// half as long ran dry on a loaded two-core machine behind PulseAudio, and an underrun voids a trial.
const BUFFER: u32 = 1024;
/// Commands sent at one pump. ◇ With the 64 messages that can be under way this bounds what one callback can meet.
const AT_ONCE: usize = 16;
/// Room for events on the audio thread: all that can be under way.
const EVENTS: usize = 64 * AT_ONCE;

/// Stamps under way from the audio thread to the conductor: a ring with one writer, one reader and no lock.
struct Wire {
    slots: [[AtomicI64; 3]; Self::SLOTS],
    written: AtomicUsize,
    late_cues: AtomicU32,
    crowded: AtomicU32,
    /// Made by whoever knows the rate first; both ends read it.
    bank: OnceLock<Arc<Bank>>,
}

impl Wire {
    /// ◇ 340 ms of the smallest blocks (64 frames at 48 kHz): a conductor that stalls longer loses stamps it no longer needs.
    const SLOTS: usize = 256;

    fn new() -> Self {
        Self {
            slots: std::array::from_fn(|_| std::array::from_fn(|_| AtomicI64::new(0))),
            written: AtomicUsize::new(0),
            late_cues: AtomicU32::new(0),
            crowded: AtomicU32::new(0),
            bank: OnceLock::new(),
        }
    }

    fn bank(&self, rate: u32) -> Arc<Bank> {
        Arc::clone(self.bank.get_or_init(|| Arc::new(Bank::new(rate))))
    }

    fn write(&self, s: Stamp) {
        let n = self.written.load(Ordering::Relaxed);
        let slot = &self.slots[n % Self::SLOTS];
        for (to, from) in slot.iter().zip([s.frame.0, s.callback.0, s.playback.0]) {
            to.store(from, Ordering::SeqCst);
        }
        self.written.store(n + 1, Ordering::SeqCst);
    }

    /// The stamp after `read`, if the writer has not come round to it.
    fn read(&self, read: &mut usize) -> Option<Stamp> {
        loop {
            let written = self.written.load(Ordering::SeqCst);
            if *read == written {
                return None;
            }
            *read = (*read).max(written.saturating_sub(Self::SLOTS / 2));
            let [frame, callback, playback] =
                std::array::from_fn(|i| self.slots[*read % Self::SLOTS][i].load(Ordering::SeqCst));
            *read += 1;
            if self.written.load(Ordering::SeqCst) + 1 < *read + Self::SLOTS {
                return Some(Stamp {
                    frame: SampleFrame(frame),
                    callback: HostTime(callback),
                    playback: HostTime(playback),
                });
            }
        }
    }
}

/// The node that holds all voices.
struct Player {
    levels: Levels,
    wire: Arc<Wire>,
}

impl AudioNode for Player {
    type Configuration = EmptyConfig;

    fn info(&self, _: &EmptyConfig) -> Result<AudioNodeInfo, NodeError> {
        Ok(AudioNodeInfo::new()
            .debug_name("doozy voices")
            .channel_config(ChannelConfig { num_inputs: ChannelCount::ZERO, num_outputs: ChannelCount::STEREO }))
    }

    fn construct_processor(
        &self,
        _: &EmptyConfig,
        cx: ConstructProcessorContext,
    ) -> Result<impl AudioNodeProcessor, NodeError> {
        Ok(Playing {
            mixer: Mixer::new(self.wire.bank(cx.stream_info.sample_rate.get()), &self.levels),
            wire: Arc::clone(&self.wire),
            one_channel: cx.stream_info.num_stream_out_channels == 1,
            callback: None,
        })
    }
}

/// The same node on the audio thread.
struct Playing {
    mixer: Mixer,
    wire: Arc<Wire>,
    one_channel: bool,
    /// Which callback the last block belonged to: firewheel cuts long ones into blocks.
    callback: Option<std::time::Duration>,
}

impl AudioNodeProcessor for Playing {
    fn events(&mut self, _: &ProcInfo, events: &mut ProcEvents, _: &mut ProcExtra) {
        for event in events.drain() {
            if let NodeEventType::CustomBytes(bytes) = event
                && let Some(command) = decode(&bytes)
            {
                self.mixer.take(command);
            }
        }
    }

    fn process(&mut self, info: &ProcInfo, buffers: ProcBuffers, _: &mut ProcExtra) -> ProcessStatus {
        let frame = SampleFrame(info.clock_samples.0);
        if self.callback != Some(info.duration_since_stream_start) {
            self.callback = Some(info.duration_since_stream_start);
            let callback = monotonic_now();
            let delay = info.process_to_playback_delay.unwrap_or_default();
            self.wire.write(Stamp {
                frame,
                callback,
                playback: callback + Nanos(i64::try_from(delay.as_nanos()).unwrap_or(i64::MAX / 4)),
            });
        }
        if let [left, right] = buffers.outputs {
            self.mixer.render(frame, left, right);
            if self.one_channel {
                for (l, r) in left.iter_mut().zip(right.iter_mut()) {
                    *l = (*l + *r) / 2.0;
                }
            }
        }
        let Shortfall { late_cues, crowded } = self.mixer.shortfall();
        self.wire.late_cues.store(late_cues, Ordering::Relaxed);
        self.wire.crowded.store(crowded, Ordering::Relaxed);
        ProcessStatus::OutputsModified
    }
}

/// A command as firewheel carries it without touching the heap.
fn encode(command: Command) -> [u8; 36] {
    let mut b = [0; 36];
    match command {
        Command::Play { slot, category, at, left, right } => {
            b[0] = if at.is_some() { 1 } else { 2 };
            (b[1], b[2]) = (slot, category as u8);
            b[4..8].copy_from_slice(&left.to_le_bytes());
            b[8..12].copy_from_slice(&right.to_le_bytes());
            b[16..24].copy_from_slice(&at.map_or(0, |f| f.0).to_le_bytes());
        }
        Command::CancelFrom(frame) => {
            b[0] = 3;
            b[16..24].copy_from_slice(&frame.0.to_le_bytes());
        }
        Command::Hush(category) => (b[0], b[2]) = (5, category as u8),
        Command::Levels(l) => {
            b[0] = 4;
            for (to, level) in b[8..14].iter_mut().zip([l.master, l.cues, l.feedback, l.scene, l.bed, l.music]) {
                *to = level.0;
            }
            // NaN is how silence travels.
            b[4..8].copy_from_slice(&l.cap_db.unwrap_or(f32::NAN).to_le_bytes());
        }
    }
    b
}

fn decode(b: &[u8; 36]) -> Option<Command> {
    let float = |i: usize| f32::from_le_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
    let frame = SampleFrame(i64::from_le_bytes([b[16], b[17], b[18], b[19], b[20], b[21], b[22], b[23]]));
    match b[0] {
        kind @ (1 | 2) => Some(Command::Play {
            slot: b[1],
            category: *Category::ALL.get(usize::from(b[2]))?,
            at: (kind == 1).then_some(frame),
            left: float(4),
            right: float(8),
        }),
        3 => Some(Command::CancelFrom(frame)),
        4 => Some(Command::Levels(Levels {
            master: Level(b[8]),
            cues: Level(b[9]),
            feedback: Level(b[10]),
            scene: Level(b[11]),
            bed: Level(b[12]),
            music: Level(b[13]),
            cap_db: Some(float(4)).filter(|db| !db.is_nan()),
        })),
        5 => Some(Command::Hush(*Category::ALL.get(usize::from(b[2]))?)),
        _ => None,
    }
}

/// A context whose whole graph is our node.
fn graph(levels: &Levels, wire: &Arc<Wire>) -> Result<(FirewheelContext, NodeID), String> {
    let mut cx = FirewheelContext::new(FirewheelConfig {
        immediate_event_capacity: EVENTS,
        event_queue_capacity: EVENTS,
        buffer_out_of_space_mode: BufferOutOfSpaceMode::DropEvents,
        ..FirewheelConfig::default()
    });
    let node = cx.add_node(Player { levels: *levels, wire: Arc::clone(wire) }, None).map_err(|e| e.to_string())?;
    let out = cx.graph_out_node_id();
    cx.connect(node, out, &[(0, 0), (1, 1)], false).map_err(|e| e.to_string())?;
    Ok((cx, node))
}

/// A stream that plays.
pub(super) struct Device {
    // Before the context: the context waits for the stream to give its processor back.
    stream: CpalStream,
    cx: FirewheelContext,
    node: NodeID,
    wire: Arc<Wire>,
    read: usize,
    waiting: VecDeque<Command>,
    library: Library,
    watchdog: Watchdog,
    name: String,
    rate: u32,
    buffer: u32,
}

impl Device {
    /// Opens the system's default output.
    pub(super) fn open(levels: &Levels) -> Result<Self, Fallback> {
        let wire = Arc::new(Wire::new());
        let (mut cx, node) = graph(levels, &wire).map_err(|detail| Fallback::Refused { detail })?;
        let config = CpalConfig {
            output: CpalOutputConfig { desired_block_frames: Some(BUFFER), ..CpalOutputConfig::default() },
            input: None,
        };
        let stream = quietly(|| CpalStream::new(&mut cx, config)).map_err(|e| match e {
            StartStreamError::DefaultOutputDeviceNotFound | StartStreamError::OutputDeviceNotFound(_) => {
                Fallback::NoDevice
            }
            // What ALSA says on a machine without a card.
            StartStreamError::FailedToGetConfig(e) if e.kind() == cpal::ErrorKind::DeviceNotAvailable => {
                Fallback::NoDevice
            }
            e => Fallback::Refused { detail: e.to_string() },
        })?;
        let info = stream.info();
        let (rate, buffer) = (info.sample_rate.get(), info.max_block_frames.get());
        let bank = wire.bank(rate);
        let name = info.out_device_id.as_ref().map_or_else(|| "default output".to_owned(), named);
        Ok(Self {
            stream,
            cx,
            node,
            wire,
            read: 0,
            waiting: VecDeque::new(),
            library: Library::new(bank),
            watchdog: Watchdog::new(rate, buffer, monotonic_now()),
            name,
            rate,
            buffer,
        })
    }
}

impl Card for Device {
    fn pump(&mut self, now: HostTime) -> Result<(), String> {
        for _ in 0..AT_ONCE {
            let Some(command) = self.waiting.pop_front() else { break };
            self.cx.queue_event_for(self.node, NodeEventType::CustomBytes(encode(command)));
        }
        if let Err(e) = self.cx.update() {
            // A full channel empties with the next callback and keeps its events; if there is none, the watchdog below speaks.
            tracing::debug!("audio: {e}");
        }
        while let Some(stamp) = self.wire.read(&mut self.read) {
            self.watchdog.stamp(stamp, now);
        }
        for error in self.stream.poll_status() {
            let (IoStreamError::Output(e) | IoStreamError::Input(e)) = &error;
            match e.kind() {
                cpal::ErrorKind::Xrun => self.watchdog.ran_dry(now),
                cpal::ErrorKind::DeviceNotAvailable
                | cpal::ErrorKind::HostUnavailable
                | cpal::ErrorKind::StreamInvalidated => return Err(error.to_string()),
                // ALSA's bridge to PulseAudio reports one or two at every start, and plays. `output_stream_ok` would call
                // that dead; if it is, no more blocks come.
                _ => tracing::debug!("audio: {error}"),
            }
        }
        self.watchdog.check(now)
    }

    fn send(&mut self, command: Command) {
        self.waiting.push_back(command);
    }

    fn library(&mut self) -> &mut Library {
        &mut self.library
    }

    fn shortfall(&self) -> Shortfall {
        Shortfall {
            late_cues: self.wire.late_cues.load(Ordering::Relaxed),
            crowded: self.wire.crowded.load(Ordering::Relaxed) + self.library.refused(),
        }
    }

    fn watchdog(&self) -> &Watchdog {
        &self.watchdog
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn rate(&self) -> u32 {
        self.rate
    }

    fn buffer(&self) -> u32 {
        self.buffer
    }

    fn ended(&mut self) -> bool {
        self.cx.request_deactivate();
        !self.cx.is_active()
    }
}

/// The system's default output.
#[derive(Default)]
pub(super) struct System {
    /// The look that is under way.
    looking: Option<Receiver<Option<String>>>,
    next_look: Option<HostTime>,
}

/// Between two looks for an output.
const LOOK_EVERY: Nanos = Nanos::ms(2_000);

impl Driver for System {
    fn open(&mut self, levels: &Levels, _: HostTime) -> Result<Box<dyn Card>, Fallback> {
        Ok(Box::new(Device::open(levels)?))
    }

    fn find(&mut self, now: HostTime) -> Option<String> {
        if let Some(answer) = &self.looking {
            return match answer.try_recv() {
                Err(TryRecvError::Empty) => None,
                answered => {
                    self.looking = None;
                    answered.ok().flatten()
                }
            };
        }
        if self.next_look.is_none_or(|t| now >= t) {
            self.next_look = Some(now + LOOK_EVERY);
            let (tell, answer) = mpsc::channel();
            // A driver that hangs holds up this thread alone.
            let look = std::thread::Builder::new()
                .name("sound lookout".into())
                .spawn(move || drop(tell.send(default_output())));
            self.looking = look.ok().map(|_| answer);
        }
        None
    }
}

/// The name of the default output, if it says that it can play.
fn default_output() -> Option<String> {
    use cpal::traits::{DeviceTrait, HostTrait};
    quietly(|| {
        let device = cpal::default_host().default_output_device()?;
        device.default_output_config().ok()?;
        device.description().ok().map(|d| d.name().to_owned())
    })
}

/// Runs `f` with standard error shut, unless debugging is on: libasound writes eight lines of its own there on every machine
/// without a card, and what they mean is in our [`Fallback`].
fn quietly<T>(f: impl FnOnce() -> T) -> T {
    let shut = || -> std::io::Result<std::os::fd::OwnedFd> {
        let saved = rustix::io::dup(rustix::stdio::stderr())?;
        rustix::stdio::dup2_stderr(std::fs::OpenOptions::new().write(true).open("/dev/null")?)?;
        Ok(saved)
    };
    let saved = if tracing::enabled!(tracing::Level::DEBUG) { None } else { shut().ok() };
    let result = f();
    if let Some(saved) = saved {
        // If this fails there is nowhere left to say so.
        let _ = rustix::stdio::dup2_stderr(saved);
    }
    result
}

/// What people call a device.
fn named(id: &firewheel::cpal::DeviceId) -> String {
    use cpal::traits::DeviceTrait;
    firewheel::cpal::default_host_enumerator()
        .get_device(id)
        .and_then(|d| d.description().ok())
        .map_or_else(|| id.to_string(), |d| d.name().to_owned())
}

#[cfg(test)]
mod tests;
