//! Recordings: where each sample is heard, how loud, and what is told of files that are none.

use std::{fs, path::PathBuf};

use doozy_training::time::HostTime;

use super::*;
use crate::audio::{
    Audio, Category, Choice, Level, Levels, Sound,
    realtime_tests::without_heap,
    recording::resample::{Kernel, Line},
};
use doozy_training::time::{Nanos, SampleFrame};

/// A WAV of so many channels and samples, in a folder of its own.
struct Wav(tempfile::TempDir);

impl Wav {
    fn new(rate: u32, channels: u16, samples: impl IntoIterator<Item = i16>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(folder.path().join("song.wav"), spec).unwrap();
        samples.into_iter().for_each(|sample| writer.write_sample(sample).unwrap());
        writer.finalize().unwrap();
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("song.wav")
    }

    fn whole(&self) -> Recording {
        wait(Recording::open(&self.path()).unwrap())
    }
}

fn wait(recording: Recording) -> Recording {
    while !recording.is_whole() {
        std::thread::yield_now();
    }
    recording
}

const LEVELS: Levels = Levels {
    master: Level::FULL,
    cues: Level::SILENT,
    feedback: Level::SILENT,
    scene: Level::SILENT,
    bed: Level::SILENT,
    music: Level::FULL,
    cap_db: Some(-6.0),
};

fn offline(rate: u32, recording: Recording) -> Audio {
    let mut audio = Audio::open(Choice::Offline { origin: HostTime(0), rate, block: 480 }, LEVELS);
    audio.load(Some(recording));
    audio
}

fn roll(zero: i64, from: Nanos, rate_ppb: u32, until: i64) -> Roll {
    Roll { zero: SampleFrame(zero), from, rate_ppb, until: SampleFrame(until), silent: Vec::new() }
}

const FULL: u32 = 1_000_000_000;

fn left(samples: &[f32]) -> Vec<f32> {
    samples.chunks(2).map(|frame| frame[0]).collect()
}

/// Where the greatest sample lies.
fn peak(samples: &[f32]) -> usize {
    (0..samples.len()).max_by(|a, b| samples[*a].abs().total_cmp(&samples[*b].abs())).unwrap()
}

#[test]
fn a_sample_is_heard_on_its_frame_whatever_comes_before() {
    // one sample at 1 s, and nothing else
    let click = |n: usize| if n == 48_000 { 20_000 } else { 0 };
    let wav = Wav::new(48_000, 1, (0..96_000).map(click));
    for (zero, from_ms) in [(9_600_i64, 0_i64), (9_600, 500), (9_600, -250), (12_345, 990)] {
        let mut audio = offline(48_000, wav.whole());
        audio.roll(roll(zero, Nanos::ms(from_ms), FULL, 120_000));
        let heard = left(&audio.render(120_000));
        let due = zero + 48_000 - from_ms * 48;
        assert_eq!(peak(&heard) as i64, due, "from {from_ms} ms");
        assert_eq!(heard.iter().filter(|x| **x != 0.0).count(), 1, "no other frame sounds");
    }
}

#[test]
fn a_recording_of_the_stream_s_own_rate_passes_untouched() {
    let noise = |n: i64| ((n * 7_919) % 20_011 - 10_000) as i16;
    let wav = Wav::new(44_100, 2, (0..88_200).map(noise));
    let mut audio = offline(44_100, wav.whole());
    audio.roll(roll(4_410, Nanos::ZERO, FULL, 44_100));
    let heard = audio.render(30_000);
    let gain = heard[2 * 4_410] / (f32::from(noise(0)) / 32_768.0);
    for n in 0..20_000_usize {
        for ear in 0..2 {
            let want = f32::from(noise((2 * n + ear) as i64)) / 32_768.0 * gain;
            assert!((heard[2 * (4_410 + n) + ear] - want).abs() < 1e-6, "frame {n}");
        }
    }
}

fn sine(hz: f64, rate: u32, seconds: f64) -> impl Iterator<Item = i16> {
    let count = (seconds * f64::from(rate)) as usize;
    (0..count).map(move |n| (12_000.0 * libm::sin(std::f64::consts::TAU * hz * n as f64 / f64::from(rate))) as i16)
}

/// Crossings of zero upwards.
fn cycles(samples: &[f32]) -> usize {
    samples.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count()
}

#[test]
fn another_rate_of_the_device_changes_neither_pitch_nor_place() {
    for (source, stream) in [(44_100, 48_000), (48_000, 44_100), (96_000, 48_000), (22_050, 192_000), (44_100, 44_100)]
    {
        let wav = Wav::new(source, 1, sine(1_000.0, source, 3.0));
        let mut audio = offline(stream, wav.whole());
        let s = i64::from(stream);
        audio.roll(roll(s / 10, Nanos::ms(500), FULL, 3 * s));
        let heard = left(&audio.render(2 * stream as usize));
        let (from, to) = (s as usize / 2, s as usize * 3 / 2);
        assert!((999..=1001).contains(&cycles(&heard[from..to])), "{source} at {stream}");
        // against the sine itself, at the places that the frames stand for: 60 dB down
        let at = |n: usize| (n as f64 - f64::from(stream) / 10.0) / f64::from(stream) + 0.5;
        let height = heard[from..to].iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let worst = (from..to)
            .map(|n| (f64::from(heard[n] / height) - libm::sin(std::f64::consts::TAU * 1_000.0 * at(n))).abs())
            .fold(0.0, f64::max);
        assert!(worst < 2e-3, "{source} at {stream}: {worst}");
    }
}

#[test]
fn half_the_speed_is_an_octave_lower_and_stays_with_the_trial() {
    let click = |n: usize| if n.is_multiple_of(24_000) { 20_000 } else { 0 };
    let wav = Wav::new(48_000, 1, (0..240_000).map(click));
    let mut audio = offline(48_000, wav.whole());
    audio.roll(roll(0, Nanos::ms(250), FULL / 2, 400_000));
    let heard = left(&audio.render(200_000));
    // samples 24,000·k lie at 250 ms of the recording plus half of a second a second
    for k in 1..4_usize {
        let due = (24_000 * k - 12_000) * 2;
        let around = &heard[due - 200..due + 200];
        assert_eq!(peak(around), 200, "click {k}");
    }
    let wav = Wav::new(48_000, 1, sine(1_000.0, 48_000, 3.0));
    let mut audio = offline(48_000, wav.whole());
    audio.roll(roll(0, Nanos::ZERO, FULL / 2, 400_000));
    assert!((499..=501).contains(&cycles(&left(&audio.render(96_000))[24_000..72_000])));
}

#[test]
fn no_tone_that_the_stream_cannot_hold_comes_back_as_another() {
    // 15 kHz at twice the speed would be 30 kHz, above half of 48
    let wav = Wav::new(48_000, 1, sine(15_000.0, 48_000, 3.0));
    let mut audio = offline(48_000, wav.whole());
    audio.roll(roll(0, Nanos::ZERO, 2 * FULL, 400_000));
    let heard = left(&audio.render(60_000));
    let loudest = heard[10_000..50_000].iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    assert!(loudest < 2e-3, "{loudest}");
}

#[test]
fn the_line_does_not_drift_in_a_day() {
    let line = Line::new(0, 0, 800_000_000, 44_100, 48_000);
    let day = 86_400_i64 * 48_000;
    assert_eq!((line.point(day).whole, line.point(day).part), (86_400 * 44_100 * 8 / 10, 0.0));
    let kernel = Kernel::new(line.step());
    // a constant stays one, at any point
    for frame in 0..100 {
        let [x, _] = kernel.at(line.point(frame), |_| [0.5, 0.5]);
        assert!((x - 0.5).abs() < 1e-5);
    }
}

#[test]
fn silent_bars_are_silent_and_the_note_after_them_is_whole() {
    let wav = Wav::new(48_000, 1, std::iter::repeat_n(10_000, 240_000));
    let mut audio = offline(48_000, wav.whole());
    let mut asked = roll(0, Nanos::ZERO, FULL, 144_000);
    asked.silent = vec![(SampleFrame(48_000), SampleFrame(72_000))];
    audio.roll(asked);
    let heard = left(&audio.render(160_000));
    let full = heard[24_000];
    assert!(full > 0.01);
    assert!(heard[48_000..72_000 - 480].iter().all(|x| *x == 0.0));
    assert!((heard[72_000] - full).abs() < 1e-6 && (heard[47_000] - full).abs() < 1e-6);
    // it has died away by the trial's end, without a step
    assert!(heard[144_000..].iter().all(|x| *x == 0.0));
    assert!(heard[30_000..].windows(2).all(|pair| (pair[1] - pair[0]).abs() < full / 200.0));
}

#[test]
fn stopped_it_is_gone_in_80_ms_and_the_next_roll_is_heard() {
    let wav = Wav::new(48_000, 1, std::iter::repeat_n(10_000, 480_000));
    let mut audio = offline(48_000, wav.whole());
    audio.roll(roll(0, Nanos::ZERO, FULL, 400_000));
    let before = left(&audio.render(48_000));
    audio.stop_recording();
    let after = left(&audio.render(48_000));
    assert!(before[47_000] > 0.01 && after[4_800..].iter().all(|x| *x == 0.0));
    assert!(after.windows(2).all(|pair| (pair[1] - pair[0]).abs() < before[47_000] / 500.0), "without a click");
    audio.roll(roll(100_000, Nanos::ms(1_000), FULL, 300_000));
    let again = left(&audio.render(48_000));
    assert!(again[..4_000 - 1].iter().all(|x| *x == 0.0));
    assert!(again[10_000] > 0.01);
}

#[test]
fn loud_and_quiet_recordings_end_up_beside_the_beat_and_below_the_ceiling() {
    for height in [32_000_i16, 6_000, 1_500] {
        let tone = move |n: usize| if (n / 24).is_multiple_of(2) { height } else { -height };
        let wav = Wav::new(48_000, 1, (0..240_000).map(tone));
        let mut audio = offline(48_000, wav.whole());
        audio.roll(roll(0, Nanos::ZERO, FULL, 200_000));
        let heard = left(&audio.render(96_000));
        let db = limits::loudness(&heard[24_000..], 48_000);
        assert!((db - LOUDEST_DB).abs() < 0.5, "{height}: {db:.1} dB");
        assert!(heard.iter().all(|x| x.abs() <= limits::from_db(-6.0) as f32));
    }
    // one that is all but silent is not raised to its hiss
    let wav = Wav::new(48_000, 1, (0..96_000).map(|n| if n % 48 < 24 { 10 } else { -10 }));
    let mut audio = offline(48_000, wav.whole());
    audio.roll(roll(0, Nanos::ZERO, FULL, 90_000));
    let heard = left(&audio.render(48_000));
    assert!(limits::loudness(&heard[9_600..], 48_000) < -50.0);
}

#[test]
fn a_doozy_turns_it_down_and_it_comes_back() {
    let wav = Wav::new(48_000, 1, std::iter::repeat_n(10_000, 480_000));
    let mut audio = offline(48_000, wav.whole());
    audio.roll(roll(0, Nanos::ZERO, FULL, 400_000));
    audio.schedule(Sound::Doozy, SampleFrame(48_000), 0.0, 0.0);
    let heard = left(&audio.render(200_000));
    let ratio = heard[60_000] / heard[40_000];
    assert!((ratio - limits::from_db(-6.0) as f32).abs() < 0.01, "{ratio}");
    assert!((heard[150_000] - heard[40_000]).abs() < 1e-6);
    assert_eq!(Levels { music: Level::SILENT, ..LEVELS }.gain(Category::Music), 0.0);
}

#[test]
fn what_comes_too_late_is_left_out_and_the_rest_keeps_its_frames() {
    let click = |n: usize| if n.is_multiple_of(4_800) { 20_000 } else { 0 };
    let wav = Wav::new(48_000, 1, (0..240_000).map(click));
    let mut audio = offline(48_000, wav.whole());
    let _ = audio.render(48_000);
    // it should have begun 0.4 s ago
    audio.roll(roll(28_800, Nanos::ZERO, FULL, 200_000));
    let heard = left(&audio.render(48_000));
    let clicks: Vec<usize> = (0..heard.len()).filter(|n| heard[*n].abs() > 0.05).collect();
    assert!(!clicks.is_empty() && clicks.iter().all(|n| (48_000 + n - 28_800) % 4_800 == 0), "{clicks:?}");
}

#[test]
fn the_audio_thread_touches_no_heap_while_it_plays() {
    let wav = Wav::new(44_100, 2, sine(440.0, 44_100, 4.0));
    let mut audio = offline(48_000, wav.whole());
    audio.roll(roll(0, Nanos::ZERO, FULL, 200_000));
    let _ = audio.render(4_800);
    let crate::audio::Backend::Offline { mixer, next, .. } = &mut audio.backend else { panic!("offline") };
    let (mut l, mut r) = ([0.0; 512], [0.0; 512]);
    for n in 0..40 {
        let at = SampleFrame(next.0 + 512 * n);
        without_heap("a recording", || mixer.render(at, &mut l, &mut r));
    }
    without_heap("a hush", || mixer.take(crate::audio::mixer::Command::Hush(Category::Music)));
}

#[test]
fn a_file_that_is_no_recording_is_told_and_not_played() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert_eq!(place(folder.path(), "none.ogg"), Err(Fault::Missing));
    fs::create_dir(at("folder.ogg")).unwrap();
    assert_eq!(place(folder.path(), "folder.ogg"), Err(Fault::Outside));
    for (name, bytes) in [
        ("empty.ogg", Vec::new()),
        ("text.mp3", b"this is a text about a song, and no song at all\n".repeat(100)),
        ("zeros.flac", vec![0; 100_000]),
        ("head.wav", b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00".to_vec()),
        ("png.ogg", b"\x89PNG\r\n\x1a\n".repeat(1_000)),
        ("ogg.ogg", b"OggS\x00\x02".repeat(1_000)),
    ] {
        fs::write(at(name), bytes).unwrap();
        let path = place(folder.path(), name).unwrap();
        let recording = wait(Recording::open(&path).unwrap());
        let fault = recording.fault();
        assert!(matches!(fault, Some(Fault::NotARecording(_))), "{name}: {fault:?}");
        assert_eq!(recording.length().0, 0);
        assert!(!fault.unwrap().plays());
        // and playing it all the same is silence
        let mut audio = offline(48_000, recording);
        audio.roll(roll(0, Nanos::ZERO, FULL, 9_600));
        assert!(audio.render(9_600).iter().all(|x| *x == 0.0));
    }
}

#[cfg(unix)]
#[test]
fn no_link_and_no_pipe_leads_out_of_the_folder() {
    let outside = Wav::new(48_000, 1, [1, 2, 3]);
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("link.wav")).unwrap();
    assert_eq!(place(folder.path(), "link.wav"), Err(Fault::Outside));
    std::os::unix::fs::symlink("gone", folder.path().join("dead.wav")).unwrap();
    assert_eq!(place(folder.path(), "dead.wav"), Err(Fault::Missing));
    assert_eq!(place(folder.path(), "../song.wav").unwrap_err(), Fault::Missing);
    assert_eq!(place(outside.0.path(), "song.wav"), Ok(fs::canonicalize(outside.path()).unwrap()));
    std::os::unix::fs::symlink(outside.path(), outside.0.path().join("inner.wav")).unwrap();
    assert!(place(outside.0.path(), "inner.wav").is_ok(), "a link within the folder is no harm");
}

#[test]
fn one_that_breaks_off_is_played_as_far_as_it_goes() {
    let wav = Wav::new(48_000, 1, std::iter::repeat_n(5_000, 96_000));
    let bytes = fs::read(wav.path()).unwrap();
    fs::write(wav.path(), &bytes[..100_000]).unwrap();
    let recording = wav.whole();
    let frames = recording.length().0;
    assert!((48_800..=49_978).contains(&frames), "{frames}");
    assert!(recording.fault().is_none_or(|fault| fault.plays()));
    let mut audio = offline(48_000, recording);
    audio.roll(roll(0, Nanos::ZERO, FULL, 90_000));
    let heard = left(&audio.render(96_000));
    assert!(heard[40_000] > 0.01 && heard[55_000..].iter().all(|x| *x == 0.0));
}

#[test]
fn one_that_is_too_long_is_kept_as_far_as_memory_is_promised() {
    let wav = Wav::new(8_000, 1, std::iter::repeat_n(5_000, 8 * PIECE + 100));
    let recording = wait(Recording::open_within(&wav.path(), 4 * PIECE * 2).unwrap());
    assert_eq!(recording.length().0, 4 * PIECE);
    assert_eq!(recording.bytes(), 4 * PIECE * 2);
    let fault = recording.fault().unwrap();
    assert_eq!(fault, Fault::TooLong { seconds: (4 * PIECE / 8_000) as u32 });
    assert!(fault.plays());
}

#[test]
fn a_file_is_known_by_what_is_in_it_and_not_by_its_name() {
    let wav = Wav::new(48_000, 1, std::iter::repeat_n(5_000, 9_600));
    let named = wav.0.path().join("song.mp3");
    fs::rename(wav.path(), &named).unwrap();
    let recording = wait(Recording::open(&named).unwrap());
    assert_eq!((recording.length(), recording.fault()), ((9_600, 48_000), None));
}

/// Files of other people's encoders: clicks must lie on the samples that they were written at, and damage must not move what follows.
#[test]
#[ignore = "needs ffmpeg: ./doozy.sh check recordings"]
fn files_of_other_coders_land_on_their_samples() {
    let ffmpeg = std::env::var("FFMPEG").unwrap_or_else(|_| "ffmpeg".to_owned());
    for rate in [44_100_u32, 48_000] {
        // bursts of 2 ms every 0.7 s over a soft hum, so that lossy coders have something to chew on
        let period = (rate as usize * 7) / 10;
        let value = |n: usize| {
            let hum = 300.0 * libm::sin(std::f64::consts::TAU * 110.0 * n as f64 / f64::from(rate));
            let since = n % period;
            let burst = if n >= period && since < rate as usize / 500 { 20_000.0 } else { 0.0 };
            (hum + burst) as i16
        };
        let count = 30 * rate as usize;
        let wav = Wav::new(rate, 1, (0..count).map(value));
        for (ending, how) in [
            ("flac", &["-c:a", "flac"][..]),
            ("ogg", &["-c:a", "libvorbis", "-q:a", "5"]),
            ("mp3", &["-c:a", "libmp3lame", "-b:a", "192k"]),
            ("vbr.mp3", &["-c:a", "libmp3lame", "-q:a", "4"]),
            ("bare.mp3", &["-c:a", "libmp3lame", "-b:a", "128k", "-write_xing", "0"]),
            ("24.wav", &["-c:a", "pcm_s24le"]),
            ("float.wav", &["-c:a", "pcm_f32le"]),
        ] {
            let path = wav.0.path().join(format!("song.{ending}"));
            let made = std::process::Command::new(&ffmpeg)
                .args(["-v", "error", "-y", "-i"])
                .arg(wav.path())
                .args(how)
                .arg(&path)
                .status()
                .expect("ffmpeg runs");
            assert!(made.success());
            let began = std::time::Instant::now();
            let recording = wait(Recording::open(&path).unwrap());
            let took = began.elapsed();
            assert_eq!(recording.fault(), None, "{ending}");
            let (frames, decoded) = recording.length();
            assert_eq!(decoded, rate);
            let samples: Vec<i16> =
                recording.shared.inner().pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
            // where a burst rises through half its height, less where it was written
            let off: Vec<i64> = (1..40)
                .map(|n| n * period)
                .map(|at| {
                    let from = at - rate as usize / 20;
                    let rise = samples[from..at + rate as usize / 20].iter().position(|x| *x > 10_000);
                    from as i64 + rise.expect("a burst") as i64 - at as i64
                })
                .collect();
            let (least, most) = (off.iter().min().unwrap(), off.iter().max().unwrap());
            println!(
                "{ending} at {rate}: bursts lie {least} to {most} samples from where they were written; {frames} of {count} frames, 30 s in {took:.2?}"
            );
            // an MP3 that does not say its encoder's delay has it in front
            let most_off = if ending == "bare.mp3" { 1_200 } else { 3 };
            assert!(*least >= -3 && *most <= most_off && most - least <= 4, "{ending}: {off:?}");
            // a piece in the middle destroyed: what comes after is where it was
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle..middle + 3_000].iter_mut().for_each(|byte| *byte = !*byte);
            fs::write(&path, &bytes).unwrap();
            let hurt = wait(Recording::open(&path).unwrap());
            println!("  with 3,000 bytes destroyed: {} frames, {:?}", hurt.length().0, hurt.fault());
        }
    }
}
