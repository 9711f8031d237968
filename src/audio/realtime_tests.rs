//! Nothing on the audio thread allocates or frees: an allocator that counts, per thread, says so.

use allocation_counter::measure;

use super::{
    bank::{Bank, Library},
    mixer::{Command, Mixer, VOICES, WAITING},
    synth::{Band, Noise, Pad, palette},
    *,
};

/// Runs what an audio thread would run; fails if it touched the heap.
pub(super) fn without_heap<T>(what: &str, f: impl FnOnce() -> T) -> T {
    let mut result = None;
    let info = measure(|| result = Some(f()));
    assert_eq!(
        (info.count_total, info.count_current, info.bytes_current),
        (0, 0, 0),
        "{what} allocated {} times and freed {} times",
        info.count_total,
        info.count_total as i64 - info.count_current
    );
    result.unwrap()
}

#[test]
fn the_counter_sees_an_allocation_and_a_free() {
    // The tests below are worth nothing if it did not.
    assert_eq!(measure(|| drop(std::hint::black_box(vec![1u8; 100]))).count_total, 1);
    let held = vec![1u8; 100];
    assert_eq!(measure(|| drop(std::hint::black_box(held))).count_current, -1);
}

/// Everything that a callback can meet, in the order of a bad day.
#[test]
fn the_mixer_never_touches_the_heap() {
    for rate in [44_100, 192_000] {
        let mut library = Library::new(Arc::new(Bank::new(rate)));
        let mut mixer = Mixer::new(Arc::clone(library.bank()), &Levels::default());
        let (mut left, mut right) = (vec![0.0; 512], vec![0.0; 512]);
        let mut frame = 0;
        let mut blocks = |mixer: &mut Mixer, what: &str, n: usize| {
            for _ in 0..n {
                without_heap(what, || mixer.render(SampleFrame(frame), &mut left, &mut right));
                frame += 512;
            }
        };
        blocks(&mut mixer, "silence", 4);
        // More sounds than there are places and voices, doozies among them, all at once and at extremes.
        let sounds: Vec<Command> = palette()
            .into_iter()
            .chain([Sound::Pad(Pad::Drone), Sound::Noise(Noise::new(Band::White, 4_000))])
            .cycle()
            .take(2 * WAITING)
            .enumerate()
            .filter_map(|(n, sound)| library.play(sound, Some(SampleFrame(40_960 + n as i64)), 12.0, 1.0))
            .collect();
        for command in &sounds {
            without_heap("Play", || mixer.take(*command));
        }
        assert!(mixer.shortfall().crowded >= WAITING as u32);
        blocks(&mut mixer, "waiting", 70);
        blocks(&mut mixer, "full voices", 40);
        assert!(mixer.shortfall().crowded >= (WAITING + WAITING - VOICES) as u32);
        let late: Vec<Command> = [Sound::Beat, Sound::Doozy, Sound::DullStrike]
            .into_iter()
            .flat_map(|sound| {
                [library.play(sound, Some(SampleFrame(3)), 0.0, -1.0), library.play(sound, None, f32::NAN, f32::NAN)]
            })
            .flatten()
            .collect();
        for command in late {
            without_heap("late sounds", || mixer.take(command));
        }
        assert!(mixer.shortfall().late_cues >= 1);
        let levels = Levels { cap_db: None, master: Level(3), ..Levels::default() };
        for command in [
            Command::Levels(levels),
            Command::Hush(Category::Bed),
            Command::Hush(Category::Cue),
            Command::CancelFrom(SampleFrame(i64::MIN)),
            Command::Levels(Levels::default()),
        ] {
            without_heap("commands", || mixer.take(command));
            blocks(&mut mixer, "after a command", 4);
        }
        blocks(&mut mixer, "ringing out", 60);
        // The stream jumps, and blocks are odd.
        for n in [1, 7, 480, 512] {
            frame_jump(&mut mixer, &mut left[..n], &mut right[..n]);
        }
    }
}

fn frame_jump(mixer: &mut Mixer, left: &mut [f32], right: &mut [f32]) {
    without_heap("a jump", || mixer.render(SampleFrame(28_800 * 192_000), left, right));
}
