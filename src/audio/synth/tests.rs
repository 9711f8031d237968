//! The rules that every sound keeps.

use super::{parts::D4, *};
use crate::audio::limits::{self, MISS_ATTACK_MS};

const RATES: [u32; 6] = [44_100, 48_000, 88_200, 96_000, 176_400, 192_000];

/// Every sound at a rate, each rendered once.
fn rendered(rate: u32) -> Vec<(Sound, Vec<f32>)> {
    palette().into_iter().map(|sound| (sound, render(sound, rate))).collect()
}

/// Time from the first sample to the first that reaches `part` of the greatest magnitude, ms.
fn rise_ms(wave: &[f32], rate: u32, part: f32) -> f64 {
    let most = wave.iter().fold(0.0, |m, y| f32::max(m, y.abs()));
    let at = wave.iter().position(|y| y.abs() >= part * most).unwrap();
    at as f64 * 1e3 / f64::from(rate)
}

#[test]
fn failures_swell_and_stimuli_strike() {
    for rate in RATES {
        for (sound, wave) in rendered(rate) {
            match sound {
                Sound::DullStrike | Sound::Doozy | Sound::Alarm => {
                    let ms = rise_ms(&wave, rate, 0.9);
                    assert!(ms >= MISS_ATTACK_MS, "{sound:?} at {rate}: {ms:.1} ms");
                }
                // One period of the lowest of them, D5.
                Sound::CountIn | Sound::Beat | Sound::BeatAccent | Sound::Launch | Sound::Gate => {
                    let ms = rise_ms(&wave, rate, 0.5);
                    assert!(ms <= 1.71, "{sound:?} at {rate}: {ms:.1} ms");
                }
                // A period of the lowest tom is 9 ms, and noise has its crests by chance.
                Sound::Drum(_) => {
                    let ms = rise_ms(&wave, rate, 0.25);
                    assert!(ms <= 1.5, "{sound:?} at {rate}: {ms:.1} ms");
                }
                Sound::Tone(_) | Sound::Noise(_) => {
                    let ms = rise_ms(&wave, rate, 0.5);
                    assert!(ms <= 18.0, "{sound:?} at {rate}: {ms:.1} ms");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn every_sound_starts_at_once_and_ends_in_silence() {
    for rate in RATES {
        for (sound, wave) in rendered(rate) {
            assert!(wave[0] != 0.0, "{sound:?} at {rate}");
            assert_eq!(wave.last(), Some(&0.0), "{sound:?} at {rate}");
            assert!(wave.iter().all(|y| y.is_finite()), "{sound:?} at {rate}");
        }
    }
}

#[test]
fn no_sound_is_more_than_six_decibels_above_the_beat() {
    for rate in RATES {
        let beat = limits::loudness(&render(Sound::Beat, rate), rate);
        for (sound, wave) in rendered(rate) {
            let own = limits::loudness(&wave, rate) - beat;
            let most = own + sound.most_gain_db();
            assert!(most <= MISS_ABOVE_SESSION_DB + 0.01, "{sound:?} at {rate}: {most:.2} dB");
            assert!(own <= MISS_ABOVE_SESSION_DB - 0.9, "{sound:?} at {rate}: {own:.2} dB before any gain");
        }
    }
}

#[test]
fn levels_and_peaks_hold_at_every_rate() {
    let whole = rendered(48_000);
    let at_48: Vec<f64> = whole.iter().map(|(_, wave)| limits::loudness(wave, 48_000)).collect();
    for rate in RATES {
        for ((sound, wave), reference) in rendered(rate).into_iter().zip(&at_48) {
            let peak = wave.iter().fold(0.0f32, |m, y| m.max(y.abs()));
            assert!(f64::from(peak) <= limits::from_db(PEAK_DB) + 1e-6, "{sound:?}");
            // Noise has its crests by chance, so a peak may hold one back a little more than at another rate.
            let near = if matches!(sound, Sound::Drum(_) | Sound::Noise(_)) { 2.0 } else { 0.3 };
            let db = limits::loudness(&wave, rate);
            assert!((db - reference).abs() < near, "{sound:?} at {rate}: {db:.2} and {reference:.2} dB");
        }
    }
}

/// Magnitudes smoothed over 5 ms.
fn envelope(wave: &[f32], rate: u32) -> Vec<f64> {
    let width = rate as usize / 100;
    (0..wave.len())
        .map(|i| {
            let part = &wave[i.saturating_sub(width / 2)..(i + width / 2).min(wave.len())];
            libm::sqrt(part.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / part.len() as f64)
        })
        .collect()
}

#[test]
fn a_syllable_is_heard_on_its_frame() {
    // The vowel's envelope passes half of its height there, whatever consonant came before.
    for sound in palette().into_iter().filter(|sound| matches!(sound, Sound::Syllable(_))) {
        let rate = 48_000;
        let heights = envelope(&render(sound, rate), rate);
        let most = heights.iter().fold(0.0, |m: f64, y| m.max(*y));
        let from = sound.lead(rate).saturating_sub(rate as usize / 50);
        let half = (from..heights.len()).find(|i| heights[*i] >= 0.5 * most).unwrap();
        let off = (half as f64 - sound.lead(rate) as f64) * 1e3 / f64::from(rate);
        assert!(off.abs() <= 12.0, "{sound:?}: {off:.1} ms");
        // So that a syllable can still be the first cue of a trial that is put on the clocks 150 ms ahead.
        assert!(sound.lead(rate) <= rate as usize / 10, "{sound:?}");
    }
    assert_eq!(Sound::Beat.lead(48_000), 0);
}

#[test]
fn vowels_have_their_formants_and_differ() {
    let rate = 48_000;
    let power = |wave: &[f32], lo: f64, hi: f64| -> f64 {
        let mut k = lo;
        let mut sum = 0.0;
        while k <= hi {
            let w = std::f64::consts::TAU * k / f64::from(rate);
            let (mut a, mut b) = (0.0, 0.0);
            for x in wave {
                (a, b) = (f64::from(*x) + 2.0 * libm::cos(w) * a - b, a);
            }
            sum += a * a + b * b - 2.0 * libm::cos(w) * a * b;
            k += 20.0;
        }
        sum
    };
    let vowel = |vowel| render(Sound::Syllable(Syllable { onset: Onset::None, vowel, stressed: true }), rate);
    let ratio = |v: Vowel| {
        let wave = vowel(v);
        power(&wave, 1_800.0, 2_600.0) / power(&wave, 600.0, 1_200.0)
    };
    // /i/ has its second formant at 2.3 kHz and little around 900 Hz; /a/ and /o/ the other way round.
    assert!(ratio(Vowel::I) > 5.0 * ratio(Vowel::A));
    assert!(ratio(Vowel::E) > 3.0 * ratio(Vowel::O));
}

#[test]
fn stress_is_louder_longer_and_higher() {
    let one = |stressed| render(Sound::Syllable(Syllable { onset: Onset::D, vowel: Vowel::A, stressed }), 48_000);
    assert!(one(true).len() > one(false).len());
    assert!(limits::loudness(&one(true), 48_000) > limits::loudness(&one(false), 48_000) + 3.0);
}

#[test]
fn a_tone_has_its_pitch_and_its_length() {
    for rate in RATES {
        for (hz, ms) in [(293.665, 200), (1_000.0, 100), (3_520.0, 50)] {
            let tone = Tone::new(hz, ms);
            let wave = render(Sound::Tone(tone), rate);
            assert_eq!(wave.len(), parts::samples(f64::from(ms) * 1e-3, rate));
            let turns = wave.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
            assert!((turns as f64 - hz * f64::from(ms) * 1e-3).abs() <= 1.0, "{hz} Hz at {rate}: {turns} turns");
        }
    }
    assert!((Tone::of_scale(0, 100).hz() - 2.0 * D4).abs() < 0.01);
    assert!((Tone::of_scale(7, 100).hz() - 4.0 * D4).abs() < 0.01);
    assert!((Tone::of_scale(-3, 100).hz() - 440.0).abs() < 0.01);
    assert_eq!(Tone::new(f64::NAN, 0).ms(), *LENGTH_MS.start());
    assert_eq!(Tone::new(1e9, 1).hz(), 12_000.0);
}

#[test]
fn the_drone_has_no_pulse() {
    // Stretches that overlap add up to one height: over 4 s without a beat that anyone could follow.
    let rate = 44_100;
    let wave = render(Sound::Pad(Pad::Drone), rate);
    let hop = parts::samples(DRONE_HOP_S, rate);
    let sum: Vec<f32> = (0..hop).map(|i| wave[i] + wave[i + hop]).collect();
    let heights: Vec<f64> = sum
        .chunks_exact(rate as usize / 4)
        .map(|part| libm::sqrt(part.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / part.len() as f64))
        .collect();
    let mean = heights.iter().sum::<f64>() / heights.len() as f64;
    for height in &heights {
        assert!((height / mean - 1.0).abs() < 0.05, "{heights:?}");
    }
}

#[test]
fn noise_is_the_same_each_time() {
    let burst = Sound::Noise(Noise::new(Band::White, 50));
    assert_eq!(render(burst, 48_000), render(burst, 48_000));
}

#[test]
fn the_doozy_is_low_and_the_bell_is_in_d() {
    // Energy at a frequency by Goertzel, relative to the whole.
    let share = |wave: &[f32], lo: f64, hi: f64| {
        let n = 9_600.min(wave.len());
        let band: f64 = (libm::floor(lo / 5.0) as usize..=libm::floor(hi / 5.0) as usize)
            .map(|k| {
                let w = std::f64::consts::TAU * k as f64 / 9_600.0;
                let (mut a, mut b) = (0.0, 0.0);
                for x in &wave[..n] {
                    (a, b) = (f64::from(*x) + 2.0 * libm::cos(w) * a - b, a);
                }
                a * a + b * b - 2.0 * libm::cos(w) * a * b
            })
            .sum();
        let whole: f64 = wave[..n].iter().map(|x| f64::from(*x).powi(2)).sum();
        2.0 * band / (whole * 9_600.0)
    };
    assert!(share(&render(Sound::Doozy, 48_000), 30.0, 160.0) > 0.5);
    assert!(share(&render(Sound::Bell, 48_000), 4.0 * D4 - 15.0, 4.0 * D4 + 15.0) > 0.4);
    assert!(share(&render(Sound::DullStrike, 48_000), 100.0, 600.0) > 0.8);
}
