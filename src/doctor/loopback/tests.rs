//! Recordings whose latency is known, with what spoils real ones.

use std::io::Cursor;

use hound::{SampleFormat, WavSpec, WavWriter};
use proptest::prelude::*;

use super::{pattern::Pattern, *};

/// Noise without a generator of its own: a hash of the sample's number, −1…1.
fn hash(n: u64) -> f64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64 * 2.0 - 1.0
}

/// Gaussian by the sum of twelve, SD 1.
fn gauss(n: u64) -> f64 {
    (0..12).map(|k| hash(n * 12 + k)).sum::<f64>() / 2.0
}

/// A click of `level` that begins at `at` s (between samples too): 0.3 ms up, 8 ms down, at 2.5 kHz.
fn click(into: &mut [f64], rate: u32, at: f64, level: f64) {
    let rate = f64::from(rate);
    let from = (at * rate).ceil() as usize;
    for (n, s) in into.iter_mut().enumerate().skip(from).take((0.06 * rate) as usize) {
        let t = n as f64 / rate - at;
        let rise = (t / 0.3e-3).min(1.0);
        *s += level * rise * (-t / 8e-3).exp() * (std::f64::consts::TAU * 2_500.0 * t).sin();
    }
}

/// What is recorded.
#[derive(Clone)]
struct Scene {
    rate: u32,
    seconds: f64,
    /// (reference, result), s and level; NaN where there is none.
    events: Vec<(f64, f64)>,
    noise: f64,
    hum: f64,
    result_level: f64,
    reference_level: f64,
}

impl Scene {
    /// `n` presses 400–700 ms apart, each answered after 12.34 ms.
    fn new(n: usize) -> Self {
        let mut t = 0.731_37;
        let events = (0..n as u64)
            .map(|k| {
                t += 0.55 + 0.15 * hash(k);
                (t, t + 12.34e-3)
            })
            .collect();
        Self { rate: 48_000, seconds: t + 0.8, events, noise: 0.0, hum: 0.0, result_level: 0.5, reference_level: 0.3 }
    }

    fn jittered(mut self, sd_ms: f64) -> Self {
        for (k, event) in self.events.iter_mut().enumerate() {
            event.1 += gauss(1_000 + k as u64) * sd_ms / 1e3;
        }
        self
    }

    fn shifted(mut self, ms: f64) -> Self {
        for event in &mut self.events {
            event.1 += ms / 1e3;
        }
        self
    }

    /// Result and reference.
    fn channels(&self) -> [Vec<f64>; 2] {
        let n = (self.seconds * f64::from(self.rate)) as usize;
        let mut channels = [vec![0.0; n], vec![0.0; n]];
        for (reference, result) in &self.events {
            if result.is_finite() {
                click(&mut channels[0], self.rate, *result, self.result_level);
            }
            if reference.is_finite() {
                click(&mut channels[1], self.rate, *reference, self.reference_level);
            }
        }
        for (c, channel) in channels.iter_mut().enumerate() {
            for (k, s) in channel.iter_mut().enumerate() {
                let t = k as f64 / f64::from(self.rate);
                *s += self.noise * gauss(k as u64 * 2 + c as u64)
                    + self.hum * (std::f64::consts::TAU * 50.0 * t).sin()
                    + self.hum / 4.0 * (std::f64::consts::TAU * 150.0 * t).sin();
            }
        }
        channels
    }

    fn wav(&self, bits: u16, float: bool) -> Vec<u8> {
        let [a, b] = self.channels();
        wav(self.rate, bits, float, &[&a, &b])
    }

    fn latency(&self) -> Latency {
        measure(&self.wav(24, false)).unwrap().latency.unwrap()
    }
}

fn wav(rate: u32, bits: u16, float: bool, channels: &[&[f64]]) -> Vec<u8> {
    let format = if float { SampleFormat::Float } else { SampleFormat::Int };
    let spec =
        WavSpec { channels: channels.len() as u16, sample_rate: rate, bits_per_sample: bits, sample_format: format };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    for n in 0..channels[0].len() {
        for channel in channels {
            if float {
                writer.write_sample(channel[n] as f32).unwrap();
            } else {
                let full = ((1_i64 << (bits - 1)) - 1) as f64;
                writer.write_sample((channel[n].clamp(-1.0, 1.0) * full).round() as i32).unwrap();
            }
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn measure(bytes: &[u8]) -> Result<Analysis, LoopbackError> {
    analyse(&Recording::read(bytes)?, Wanted::Latency, Detection::default())
}

fn near(found: f64, right: f64, within: f64) {
    assert!((found - right).abs() <= within, "{found} is not {right} ± {within}");
}

#[test]
fn a_latency_of_12_34_ms_is_found_to_a_fiftieth_of_a_millisecond() {
    for (bits, float) in [(16, false), (24, false), (32, false), (32, true)] {
        for rate in [44_100, 48_000, 96_000, 192_000] {
            let scene = Scene { rate, ..Scene::new(12) };
            let analysis = measure(&scene.wav(bits, float)).unwrap();
            let latency = analysis.latency.unwrap();
            assert_eq!((latency.spread.n, latency.missed, latency.extra), (12, 0, 0), "{rate} Hz, {bits} bits");
            near(latency.spread.mean_ms, 12.34, 0.02);
            near(latency.spread.min_ms, 12.34, 0.02);
            near(latency.spread.max_ms, 12.34, 0.02);
            assert!(latency.spread.sd_ms.unwrap() < 0.02);
            assert_eq!(latency.spread.histogram.counts.iter().sum::<usize>(), 12);
            assert_eq!((analysis.rate_hz, analysis.bits, analysis.float), (rate, bits, float));
        }
    }
}

#[test]
fn jitter_is_told_from_latency() {
    let scene = Scene::new(200).jittered(1.5);
    let given: Vec<f64> = scene.events.iter().map(|(a, b)| (b - a) * 1e3).collect();
    let right = Spread::of(&given).unwrap();
    let found = scene.latency();
    assert_eq!((found.spread.n, found.missed, found.extra), (200, 0, 0));
    near(found.spread.mean_ms, right.mean_ms, 0.02);
    near(found.spread.median_ms, right.median_ms, 0.03);
    near(found.spread.sd_ms.unwrap(), right.sd_ms.unwrap(), 0.02);
    near(found.spread.p95_ms, right.p95_ms, 0.03);
    near(found.spread.sd_ms.unwrap(), 1.5, 0.15);
}

#[test]
fn noise_hum_and_polarity_change_little() {
    let plain = Scene::new(60);
    // −40 dB of the softer channel's peak
    let noisy = Scene { noise: 0.003, ..plain.clone() };
    near(noisy.latency().spread.mean_ms, 12.34, 0.03);
    assert!(noisy.latency().spread.sd_ms.unwrap() < 0.05);
    let hum = Scene { hum: 0.1, noise: 0.001, ..plain.clone() };
    near(hum.latency().spread.mean_ms, 12.34, 0.05);
    assert!(hum.latency().spread.sd_ms.unwrap() < 0.1);
    let turned = Scene { result_level: -0.5, noise: 0.001, ..plain };
    near(turned.latency().spread.mean_ms, 12.34, 0.03);
    assert_eq!(turned.latency().spread.n, 60);
}

#[test]
fn what_is_missing_shifts_nothing() {
    let mut scene = Scene::new(60);
    for k in [0, 7, 8, 31, 59] {
        scene.events[k].1 = f64::NAN;
    }
    for k in [3, 40] {
        scene.events[k].0 = f64::NAN;
    }
    let latency = scene.latency();
    assert_eq!((latency.spread.n, latency.missed, latency.extra), (53, 5, 2));
    near(latency.spread.max_ms, 12.34, 0.02);
    near(latency.spread.min_ms, 12.34, 0.02);
}

#[test]
fn a_result_may_come_first_and_far_away() {
    for ms in [-12.34 - 7.5, -12.34, 0.5 - 12.34, 100.0, 280.0] {
        let latency = Scene::new(40).shifted(ms).latency();
        assert_eq!((latency.spread.n, latency.missed), (40, 0), "{ms}");
        near(latency.spread.mean_ms, 12.34 + ms, 0.02);
    }
}

#[test]
fn a_steady_train_is_answered_by_the_nearest() {
    // every beat would fit as well as its neighbour; both ends of the train are missing on one side
    let mut scene = Scene::new(80);
    for (k, event) in scene.events.iter_mut().enumerate() {
        *event = (1.0 + 0.5 * k as f64, 1.0 + 0.5 * k as f64 - 20e-3);
    }
    scene.events[0].0 = f64::NAN;
    scene.events[79].1 = f64::NAN;
    let latency = scene.latency();
    assert_eq!((latency.spread.n, latency.missed, latency.extra), (78, 1, 1));
    near(latency.spread.mean_ms, -20.0, 0.02);
}

#[test]
fn a_latency_that_grows_has_its_drift() {
    let mut scene = Scene::new(120);
    for event in &mut scene.events {
        event.1 += event.0 * 80e-6;
    }
    let latency = scene.latency();
    near(latency.drift_ppm.unwrap(), 80.0, 1.0);
    assert!(latency.residual_sd_ms.unwrap() < 0.02);
}

#[test]
fn a_train_has_its_intervals_drift_and_gaps() {
    let rate = 48_000;
    let stretched = |ppm: f64| 0.5 * (1.0 + ppm * 1e-6);
    for ppm in [0.0, 80.0, -80.0] {
        let mut samples = vec![0.0; 120 * rate as usize];
        // beat 50 is missing, and a door shuts at 20.2 s and before the first beat
        for k in (0..200).filter(|k| *k != 50) {
            click(&mut samples, rate, 1.2 + f64::from(k) * stretched(ppm), 0.4);
        }
        click(&mut samples, rate, 0.4, 0.6);
        click(&mut samples, rate, 20.45, 0.6);
        let recording = Recording::read(wav(rate, 16, false, &[&samples]).as_slice()).unwrap();
        let wanted = Wanted::Train { channel: 1, nominal_ms: 500.0 };
        let train = analyse(&recording, wanted, Detection::default()).unwrap().train.unwrap();
        assert_eq!((train.onsets, train.missed, train.extra, train.intervals.n), (201, 1, 2, 197), "{ppm}");
        near(train.intervals.mean_ms, 500.0 * (1.0 + ppm * 1e-6), 0.001);
        near(train.drift_ppm.unwrap(), ppm, 1.0);
        assert!(train.residual_sd_ms.unwrap() < 0.01 && train.intervals.sd_ms.unwrap() < 0.02);
    }
}

#[test]
fn a_flash_is_a_step_and_its_rise_is_told() {
    // a photodiode: light up in 4 ms and down 50 ms later, upon a constant; the sound line 3 ms after the light begins
    let mut scene = Scene::new(40);
    let n = (scene.seconds * 48_000.0) as usize;
    let (mut light, mut sound) = (vec![-0.2; n], vec![0.0; n]);
    for event in &mut scene.events {
        event.1 = event.0 - 3e-3;
        for (k, s) in light.iter_mut().enumerate() {
            let t = k as f64 / 48_000.0 - event.1;
            *s += 0.6 * (t / 4e-3).clamp(0.0, 1.0) * f64::from(u8::from(t < 50e-3));
        }
        click(&mut sound, 48_000, event.0, 0.3);
    }
    let analysis = measure(&wav(48_000, 24, false, &[&light, &sound])).unwrap();
    let latency = analysis.latency.unwrap();
    assert_eq!((latency.spread.n, latency.missed, latency.extra), (40, 0, 0));
    near(latency.spread.mean_ms, -3.0, 0.5);
    assert!(latency.spread.sd_ms.unwrap() < 0.01, "however it is defined, it is the same every time");
    assert!(analysis.result.unwrap().rise_ms > 0.2);
    // without the high-pass the light is dated where it has reached 15 % of its 4 ms, and it may last a third of the time
    let slow = Detection { high_pass_hz: 0.0, refractory_ms: 300.0 };
    for lasts in [50e-3, 180e-3] {
        for (k, s) in light.iter_mut().enumerate() {
            let t = k as f64 / 48_000.0;
            let since = scene.events.iter().map(|event| t - event.1).filter(|since| *since >= 0.0).fold(9.0, f64::min);
            *s = -0.2 + 0.6 * (since / 4e-3).clamp(0.0, 1.0) * f64::from(u8::from(since < lasts));
        }
        let recording = Recording::read(wav(48_000, 24, false, &[&light, &sound]).as_slice()).unwrap();
        let latency = analyse(&recording, Wanted::Latency, slow).unwrap().latency.unwrap();
        assert_eq!((latency.spread.n, latency.missed, latency.extra), (40, 0, 0), "{lasts} s");
        // the click, too, is dated a little after its beginning
        near(latency.spread.mean_ms, -3.0 + 0.15 * 4.0 - 0.05, 0.02);
    }
}

#[test]
fn one_pair_has_no_spread() {
    let latency = Scene::new(1).latency();
    assert_eq!((latency.spread.n, latency.spread.sd_ms, latency.drift_ppm), (1, None, None));
}

#[test]
fn what_cannot_be_measured_is_said() {
    let scene = Scene::new(8);
    let [result, reference] = scene.channels();
    let silent = vec![0.0; result.len()];
    let noise: Vec<f64> = (0..result.len() as u64).map(|k| 0.1 * gauss(k)).collect();
    let clipped: Vec<f64> = result.iter().map(|s| (s * 20.0).clamp(-1.0, 1.0)).collect();
    let said = |bytes: &[u8]| measure(bytes).unwrap_err().to_string();
    let two = |a: &[f64], b: &[f64]| wav(48_000, 16, false, &[a, b]);
    for (bytes, words) in [
        (wav(48_000, 16, false, &[&result]), "one channel and a latency needs two"),
        (two(&silent, &reference), "channel 1 is silent"),
        (two(&result, &silent), "channel 2 is silent"),
        (two(&noise, &reference), "channel 1 has nothing that stands 12 dB above its noise"),
        (two(&clipped, &reference), "channel 1 is clipped in"),
        (wav(8_000, 16, false, &[&result, &reference]), "its rate is 8000 Hz; 22050…384000 Hz"),
        (two(&[], &[]), "it holds no sound"),
        (b"RIFF".to_vec(), "it ends within its header"),
        (Vec::new(), "it ends within its header"),
        (b"ID3\x04 not a wave at all, and long enough".to_vec(), "it is no WAV that can be read"),
    ] {
        assert!(said(&bytes).contains(words), "{} lacks: {words}", said(&bytes));
    }
    let whole = two(&result, &reference);
    let cut = said(&whole[..whole.len() / 2]);
    assert!(cut.contains("and its header promises"), "{cut}");
    let late = Scene { events: vec![(1.0, f64::NAN), (f64::NAN, 2.0)], seconds: 3.0, ..scene };
    assert!(said(&late.wav(16, false)).contains("no event of channel 1 (1) lies within half a second"));
}

#[test]
fn a_header_that_lies_about_its_length_costs_no_memory() {
    // as recorders that stream leave it: 0xFFFFFFFF bytes of sound
    let mut bytes = Scene::new(4).wav(16, false);
    let data = bytes.windows(4).position(|w| w == b"data").unwrap();
    bytes[data + 4..data + 8].copy_from_slice(&0xFFFF_FFFC_u32.to_le_bytes());
    assert!(matches!(measure(&bytes), Err(LoopbackError::Truncated { .. })));
}

#[test]
fn the_pattern_is_measured_as_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, interval_ms) in [(44_100, 500.0), (48_000, 500.0), (96_000, 461.538_461_5)] {
        let path = folder.path().join(format!("{rate}.wav"));
        let schedule = Pattern { clicks: 40, interval_ms }.write(&path, rate).unwrap();
        assert_eq!((schedule.clicks.len(), schedule.late_clicks, schedule.backend), (40, 0, "offline"));
        let wanted = Wanted::Train { channel: 1, nominal_ms: interval_ms };
        let analysis = analyse_file(&path, wanted, Detection::default()).unwrap();
        let train = analysis.train.unwrap();
        assert_eq!((train.onsets, train.missed, train.extra), (40, 0, 0));
        assert!(train.residual_sd_ms.unwrap() < 0.01, "whole frames: {train:?}");
        near(train.drift_ppm.unwrap(), 0.0, 1.0);
        // the first click is heard at 1 s, and what is left and right is the same
        let onset = analysis.result.unwrap().onsets[0];
        near(onset, 1.0, 1e-3);
        let both = analyse_file(&path, Wanted::Latency, Detection::default()).unwrap().latency.unwrap();
        assert_eq!((both.spread.n, both.spread.min_ms, both.spread.max_ms), (40, 0.0, 0.0));
    }
}

#[test]
fn percentiles_and_histograms_by_hand() {
    let spread = Spread::of(&(1..=100).map(f64::from).collect::<Vec<_>>()).unwrap();
    assert_eq!((spread.mean_ms, spread.median_ms, spread.p95_ms), (50.5, 50.5, 95.0));
    near(spread.sd_ms.unwrap(), 29.011_491_975_882_016, 1e-12);
    let Histogram { from_ms, bin_ms, counts } = spread.histogram;
    assert_eq!((from_ms, bin_ms, counts.len(), counts[0], counts[50]), (0.0, 2.0, 51, 1, 1));
    let negative = Spread::of(&[-0.5, -0.25, 0.25]).unwrap().histogram;
    assert_eq!(negative.counts.iter().sum::<usize>(), 3);
    near(negative.from_ms, -0.5, 0.02);
    assert_eq!(Spread::of(&[]), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_latency_is_found(ms in -150.0..150.0f64, level in 0.05..0.9f64, noise in 0.0..0.01f64) {
        let scene = Scene { result_level: level, reference_level: 0.9, noise: noise * level, ..Scene::new(12) };
        let latency = scene.shifted(ms - 12.34).latency();
        prop_assert_eq!(latency.spread.n, 12);
        prop_assert!((latency.spread.mean_ms - ms).abs() < 0.05, "{} is not {}", latency.spread.mean_ms, ms);
    }

    #[test]
    fn no_file_makes_it_panic(
        mut bytes in Just(Scene::new(2).wav(16, false)),
        wounds in prop::collection::vec((0usize..200, any::<u8>()), 0..8),
        length in 0usize..400_000,
    ) {
        for (at, byte) in wounds {
            bytes[at] = byte;
        }
        bytes.truncate(length);
        // whatever it says, it says
        let _ = measure(&bytes);
        if let Ok(recording) = Recording::read(bytes.as_slice()) {
            let _ = analyse(&recording, Wanted::Train { channel: 1, nominal_ms: 500.0 }, Detection::default());
        }
    }

    #[test]
    fn nor_does_any_sound(samples in prop::collection::vec(-1.0f32..1.0, 0..2_000), interval in 1.0..1e4f64) {
        let recording = Recording { rate: 48_000, bits: 32, float: true, in_file: 2, channels: vec![samples.clone(), samples] };
        let _ = analyse(&recording, Wanted::Latency, Detection::default());
        let _ = analyse(&recording, Wanted::Train { channel: 2, nominal_ms: interval }, Detection::default());
    }
}
