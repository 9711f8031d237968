//! The sound card: firewheel carries our mixer as a node on a cpal stream, and brings back when each block was played.
//!
//! firewheel gives the stream, the frame counter and a lock-free way to the audio thread. Its own sample pool is not used:
//! one node that holds all voices can take back what is scheduled from a frame on, pans each sound, and is the same code
//! that tests render without a card (docs/sound.md).

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, AtomicUsize, Ordering},
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
    clock::{ClockFit, Stamp, TrialClockSource},
    limits::{Level, Levels},
    mixer::{Bank, Command, Mixer, Shortfall},
    monotonic_now,
    synth::Sound,
};

/// Frames asked of the card per callback. ◇ 21 ms at 48 kHz. Stimuli are scheduled ahead, so that only feedback waits for it;
/// half as long ran dry on a loaded two-core machine behind PulseAudio, and an underrun voids a trial.
const BUFFER: u32 = 1024;
/// A running card that is silent for this long is gone, ns. ◇ Two callbacks of the largest buffers seen (9,600 frames at
/// 48 kHz over Bluetooth); cases A28 allows 500 ms.
const GONE: i64 = 420_000_000;
/// The same while a stream starts, ns. ◇ ALSA's bridge to PulseAudio was measured to fill two blocks and then wait for 0.25 to
/// 1.9 s, when it opens and after an underrun.
const NEVER_CAME: i64 = 4_000_000_000;
/// How long a stream counts as starting, ns.
const STARTING: i64 = 5_000_000_000;
/// From this long on a card's speed is believed, ns.
const SPEED_FROM: i64 = 500_000_000;
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
        }
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
            mixer: Mixer::new(Bank::new(cx.stream_info.sample_rate.get()), &self.levels),
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
        Command::Play { sound, at, gain_db, pan } => {
            b[0] = if at.is_some() { 1 } else { 2 };
            b[1] = sound.index() as u8;
            b[4..8].copy_from_slice(&gain_db.to_le_bytes());
            b[8..12].copy_from_slice(&pan.to_le_bytes());
            b[16..24].copy_from_slice(&at.map_or(0, |f| f.0).to_le_bytes());
        }
        Command::CancelFrom(frame) => {
            b[0] = 3;
            b[16..24].copy_from_slice(&frame.0.to_le_bytes());
        }
        Command::Levels(l) => {
            b[0] = 4;
            for (to, level) in b[8..13].iter_mut().zip([l.master, l.cues, l.feedback, l.scene, l.bed]) {
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
            sound: *Sound::ALL.get(usize::from(b[1]))?,
            at: (kind == 1).then_some(frame),
            gain_db: float(4),
            pan: float(8),
        }),
        3 => Some(Command::CancelFrom(frame)),
        4 => Some(Command::Levels(Levels {
            master: Level(b[8]),
            cues: Level(b[9]),
            feedback: Level(b[10]),
            scene: Level(b[11]),
            bed: Level(b[12]),
            cap_db: Some(float(4)).filter(|db| !db.is_nan()),
        })),
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
    fit: ClockFit,
    waiting: VecDeque<Command>,
    /// When the stream was opened, or last ran dry.
    started: HostTime,
    first: Option<Stamp>,
    last_seen: Option<HostTime>,
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
        let name = info.out_device_id.as_ref().map_or_else(|| "default output".to_owned(), named);
        Ok(Self {
            stream,
            cx,
            node,
            wire,
            read: 0,
            fit: ClockFit::new(rate),
            waiting: VecDeque::new(),
            started: monotonic_now(),
            first: None,
            last_seen: None,
            name,
            rate,
            buffer,
        })
    }

    /// Whether a lost device has let go of the audio thread, so that it can be dropped without waiting. Asks it to.
    pub(super) fn ended(&mut self) -> bool {
        self.cx.request_deactivate();
        !self.cx.is_active()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    pub(super) fn buffer(&self) -> u32 {
        self.buffer
    }

    pub(super) fn fit(&self) -> &ClockFit {
        &self.fit
    }

    pub(super) fn shortfall(&self) -> Shortfall {
        Shortfall {
            late_cues: self.wire.late_cues.load(Ordering::Relaxed),
            crowded: self.wire.crowded.load(Ordering::Relaxed),
        }
    }

    pub(super) fn send(&mut self, command: Command) {
        self.waiting.push_back(command);
    }

    /// The line, or the best guess before the card has spoken.
    pub(super) fn clock(&self) -> TrialClockSource {
        self.fit.line().unwrap_or_else(|| {
            let heard = self.first.map_or(
                self.started + super::clock::nanos_of(SampleFrame(i64::from(2 * self.buffer)), self.rate),
                |s| s.playback - super::clock::nanos_of(s.frame, self.rate),
            );
            TrialClockSource::exact(heard, self.rate)
        })
    }

    /// Whether the card has said often enough when it plays.
    pub(super) fn ready(&self) -> bool {
        self.fit.settled()
    }

    /// Sends what waits and reads what came; an error says why the card is gone.
    pub(super) fn pump(&mut self, now: HostTime) -> Result<(), String> {
        for _ in 0..AT_ONCE {
            let Some(command) = self.waiting.pop_front() else { break };
            self.cx.queue_event_for(self.node, NodeEventType::CustomBytes(encode(command)));
        }
        if let Err(e) = self.cx.update() {
            // A full channel empties with the next callback and keeps its events; if there is none, the watchdog below speaks.
            tracing::debug!("audio: {e}");
        }
        let mut last = None;
        while let Some(stamp) = self.wire.read(&mut self.read) {
            self.first.get_or_insert(stamp);
            self.last_seen = Some(now);
            self.fit.add(stamp);
            last = Some(stamp);
        }
        for error in self.stream.poll_status() {
            let (IoStreamError::Output(e) | IoStreamError::Input(e)) = &error;
            match e.kind() {
                cpal::ErrorKind::Xrun => {
                    self.fit.restart();
                    self.started = now;
                }
                cpal::ErrorKind::DeviceNotAvailable
                | cpal::ErrorKind::HostUnavailable
                | cpal::ErrorKind::StreamInvalidated => return Err(error.to_string()),
                // ALSA's bridge to PulseAudio reports one or two at every start, and plays. `output_stream_ok` would call
                // that dead; if it is, no more blocks come.
                _ => tracing::debug!("audio: {error}"),
            }
        }
        watch(now, self.started, self.last_seen)?;
        match (self.first, last) {
            (Some(first), Some(last)) => keeps_time(first, last, self.rate),
            _ => Ok(()),
        }
    }
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

/// The watchdog on the frame counter.
fn watch(now: HostTime, started: HostTime, last_seen: Option<HostTime>) -> Result<(), String> {
    let silent = now - last_seen.unwrap_or(started);
    let limit = if (now - started).0 < STARTING { NEVER_CAME } else { GONE };
    if silent.0 > limit {
        return Err(format!("no block was played for {:.0} ms", silent.as_ms()));
    }
    Ok(())
}

/// Refuses a device that takes frames faster than time goes by: ALSA's `null` does, twentyfold.
fn keeps_time(first: Stamp, last: Stamp, rate: u32) -> Result<(), String> {
    let real = last.callback - first.callback;
    let played = super::clock::nanos_of(SampleFrame(last.frame.0 - first.frame.0), rate);
    if real.0 > SPEED_FROM && played.0 > 2 * real.0 + SPEED_FROM {
        return Err(format!("it plays {:.0} times as fast as time", played.as_ms() / real.as_ms()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use audioadapter_buffers::direct::InterleavedSlice;
    use firewheel::{ActivateInfo, backend::BackendProcessInfo, node::StreamStatus, processor::FirewheelProcessor};

    use super::*;

    /// A firewheel stream pulled by hand, as a card would.
    struct Card {
        // Before the context, which waits for it.
        processor: FirewheelProcessor,
        cx: FirewheelContext,
        node: NodeID,
        wire: Arc<Wire>,
        played: Vec<f32>,
        callbacks: u64,
    }

    impl Card {
        fn new(rate: u32, max_block: u32) -> Self {
            let wire = Arc::new(Wire::new());
            let (mut cx, node) = graph(&Levels::default(), &wire).unwrap();
            let processor = cx
                .activate(ActivateInfo {
                    sample_rate: NonZeroU32::new(rate).unwrap(),
                    max_block_frames: NonZeroU32::new(max_block).unwrap(),
                    num_stream_in_channels: 0,
                    num_stream_out_channels: 2,
                    input_to_output_latency_seconds: 0.0,
                })
                .unwrap();
            Self { processor, cx, node, wire, played: Vec::new(), callbacks: 0 }
        }

        fn send(&mut self, command: Command) {
            self.cx.queue_event_for(self.node, NodeEventType::CustomBytes(encode(command)));
        }

        fn callback(&mut self, frames: usize) {
            self.cx.update().unwrap();
            let mut out = vec![0.0; 2 * frames];
            self.callbacks += 1;
            self.processor.process(
                &InterleavedSlice::new(&[], 0, frames).unwrap(),
                &mut InterleavedSlice::new_mut(&mut out, 2, frames).unwrap(),
                BackendProcessInfo {
                    frames,
                    process_timestamp: None,
                    duration_since_stream_start: Duration::from_millis(self.callbacks),
                    input_stream_status: StreamStatus::empty(),
                    output_stream_status: StreamStatus::empty(),
                    dropped_frames: 0,
                    process_to_playback_delay: Some(Duration::from_millis(12)),
                },
            );
            self.played.extend(out);
        }

        fn onset(&self) -> Option<usize> {
            self.played.chunks(2).position(|f| f[0] != 0.0 || f[1] != 0.0)
        }
    }

    fn play(sound: Sound, at: i64) -> Command {
        Command::Play { sound, at: Some(SampleFrame(at)), gain_db: 0.0, pan: 0.0 }
    }

    #[test]
    fn through_firewheel_a_sound_starts_on_its_frame_whatever_the_block() {
        for (callback, max_block) in [(64, 64), (480, 480), (512, 512), (1024, 1024), (1024, 256), (4096, 4096)] {
            for rate in [44_100, 48_000, 96_000] {
                for at in [8_192, 9_001] {
                    let mut card = Card::new(rate, max_block);
                    card.callback(callback);
                    card.send(play(Sound::Beat, at));
                    while card.played.len() < 2 * 12_000 {
                        card.callback(callback);
                    }
                    assert_eq!(card.onset(), Some(at as usize), "{rate} Hz, {callback} in blocks of {max_block}");
                }
            }
        }
    }

    #[test]
    fn what_was_cancelled_is_not_heard() {
        let mut card = Card::new(48_000, 512);
        card.send(play(Sound::Beat, 4_000));
        card.send(play(Sound::Beat, 3_000));
        card.callback(512);
        card.send(Command::CancelFrom(SampleFrame(3_000)));
        for _ in 0..20 {
            card.callback(512);
        }
        assert_eq!(card.onset(), None);
    }

    #[test]
    fn each_callback_sends_one_stamp_of_its_first_frame() {
        let mut card = Card::new(48_000, 256);
        let mut read = 0;
        for n in 0..400 {
            card.callback(1024);
            let stamp = card.wire.read(&mut read).unwrap();
            assert_eq!(stamp.frame, SampleFrame(1024 * n));
            assert_eq!(stamp.playback - stamp.callback, Nanos::ms(12));
            assert_eq!(card.wire.read(&mut read), None);
        }
    }

    #[test]
    fn a_reader_that_slept_gets_the_newest_stamps_in_order() {
        let wire = Wire::new();
        for n in 0..1_000 {
            let t = HostTime(n);
            wire.write(Stamp { frame: SampleFrame(n), callback: t, playback: t });
        }
        let mut read = 0;
        let frames: Vec<i64> = std::iter::from_fn(|| wire.read(&mut read)).map(|s| s.frame.0).collect();
        assert_eq!(frames, (872..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn commands_survive_the_way() {
        let levels = Levels { cap_db: None, scene: Level(3), ..Levels::default() };
        for command in [
            Command::Play { sound: Sound::Doozy, at: None, gain_db: -3.5, pan: 0.25 },
            play(Sound::Launch, 28_800 * 192_000),
            Command::CancelFrom(SampleFrame(-7)),
            Command::Levels(levels),
            Command::Levels(Levels::default()),
        ] {
            assert_eq!(decode(&encode(command)), Some(command));
        }
        assert_eq!(decode(&[0; 36]), None);
        assert_eq!(decode(&[99; 36]), None);
    }

    #[test]
    fn a_card_that_falls_silent_is_noticed_within_half_a_second() {
        // cases A28 (b): no error, the frames just stop. A pump comes every millisecond.
        let (started, seen) = (HostTime(0), HostTime(5_000_000_000));
        let noticed = (0..1_000).find(|ms| watch(seen + Nanos::ms(*ms), started, Some(seen)).is_err());
        assert!(noticed.unwrap() > 400 && noticed.unwrap() < 500, "{noticed:?}");
        // While it starts it may take its time.
        assert!(watch(HostTime(3_900_000_000), started, Some(HostTime(10_000_000))).is_ok());
        assert!(watch(HostTime(4_100_000_000), started, None).is_err());
    }

    #[test]
    fn a_device_that_outruns_time_is_refused() {
        let at = |frame, ms: i64| Stamp {
            frame: SampleFrame(frame),
            callback: HostTime(ms * 1_000_000),
            playback: HostTime(ms * 1_000_000),
        };
        assert_eq!(keeps_time(at(0, 0), at(48_000, 1_000), 48_000), Ok(()));
        let why = keeps_time(at(0, 0), at(48_000 * 20, 1_000), 48_000).unwrap_err();
        assert_eq!(why, "it plays 20 times as fast as time");
    }
}
