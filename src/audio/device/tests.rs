//! The node as firewheel runs it, pulled by hand.

use std::{num::NonZeroU32, time::Duration};

use audioadapter_buffers::direct::InterleavedSlice;
use firewheel::{ActivateInfo, backend::BackendProcessInfo, node::StreamStatus, processor::FirewheelProcessor};

use super::*;
use crate::audio::{realtime_tests::without_heap, synth::Sound};

/// A firewheel stream pulled by hand, as a card would.
struct Card {
    // Before the context, which waits for it.
    processor: FirewheelProcessor,
    cx: FirewheelContext,
    node: NodeID,
    wire: Arc<Wire>,
    library: Library,
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
        let library = Library::new(wire.bank(rate));
        Self { processor, cx, node, wire, library, played: Vec::new(), callbacks: 0 }
    }

    fn send(&mut self, command: Command) {
        self.cx.queue_event_for(self.node, NodeEventType::CustomBytes(encode(command)));
    }

    fn play(&mut self, sound: Sound, at: i64) {
        let command = self.library.play(sound, Some(SampleFrame(at)), 0.0, 0.0).unwrap();
        self.send(command);
    }

    fn callback(&mut self, frames: usize) {
        self.cx.update().unwrap();
        let mut out = vec![0.0; 2 * frames];
        self.callbacks += 1;
        let input = InterleavedSlice::new(&[], 0, frames).unwrap();
        let mut output = InterleavedSlice::new_mut(&mut out, 2, frames).unwrap();
        let info = BackendProcessInfo {
            frames,
            process_timestamp: None,
            duration_since_stream_start: Duration::from_millis(self.callbacks),
            input_stream_status: StreamStatus::empty(),
            output_stream_status: StreamStatus::empty(),
            dropped_frames: 0,
            process_to_playback_delay: Some(Duration::from_millis(12)),
        };
        // All that runs on the audio thread, firewheel's part included, in every test here.
        without_heap("the callback", || self.processor.process(&input, &mut output, info));
        self.played.extend(out);
    }

    fn onset(&self) -> Option<usize> {
        self.played.chunks(2).position(|f| f[0] != 0.0 || f[1] != 0.0)
    }
}

#[test]
fn through_firewheel_a_sound_starts_on_its_frame_whatever_the_block() {
    for (callback, max_block) in [(64, 64), (480, 480), (512, 512), (1024, 1024), (1024, 256), (4096, 4096)] {
        for rate in [44_100, 48_000, 96_000] {
            for at in [8_192, 9_001] {
                let mut card = Card::new(rate, max_block);
                card.callback(callback);
                card.play(Sound::Beat, at);
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
    card.play(Sound::Beat, 4_000);
    card.play(Sound::Beat, 3_000);
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
        Command::Play { slot: 255, category: Category::Scene, at: None, left: -3.5, right: 0.25 },
        Command::Play {
            slot: 0,
            category: Category::Cue,
            at: Some(SampleFrame(28_800 * 192_000)),
            left: 0.0,
            right: 1.0,
        },
        Command::Hush(Category::Bed),
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
fn a_flood_of_commands_costs_the_callback_no_allocation() {
    let mut card = Card::new(48_000, 512);
    card.callback(512);
    for round in 0..40 {
        for n in 0..AT_ONCE as i64 {
            card.play([Sound::Doozy, Sound::Beat, Sound::Bell][n as usize % 3], 512 * round + 3 * n);
        }
        card.send(Command::Levels(Levels { cap_db: None, ..Levels::default() }));
        card.send(Command::Hush(Category::Feedback));
        card.send(Command::CancelFrom(SampleFrame(512 * round + 40)));
        card.callback(512);
    }
    assert!(card.wire.crowded.load(Ordering::Relaxed) + card.wire.late_cues.load(Ordering::Relaxed) > 0);
}
