//! The engine offline, and without a card.

use doozy_training::time::Nanos;

use super::*;

fn offline(rate: u32, block: usize) -> Audio {
    Audio::open(Choice::Offline { origin: HostTime(0), rate, block }, Levels::default())
}

/// Starts over with the waveforms that are there.
fn rewind(audio: &mut Audio) {
    if let Backend::Offline { mixer, library, next, .. } = &mut audio.backend {
        **mixer = Mixer::new(Arc::clone(library.bank()), &Levels::default());
        *next = SampleFrame(0);
    }
}

fn set_block(audio: &mut Audio, to: usize) {
    if let Backend::Offline { block, .. } = &mut audio.backend {
        *block = to;
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

const RATES: [u32; 6] = [44_100, 48_000, 88_200, 96_000, 176_400, 192_000];

#[test]
fn every_sound_starts_on_its_frame_at_every_rate_and_block() {
    for rate in RATES {
        let mut audio = offline(rate, 64);
        let palette = synth::palette();
        audio.prepare(palette.iter().copied());
        for block in [64, 100, 480, 512, 1_000, 1_024, 4_096] {
            set_block(&mut audio, block);
            for (n, sound) in palette.iter().enumerate() {
                let lead = sound.lead(rate);
                let at = lead + 3 + 53 * n;
                rewind(&mut audio);
                audio.schedule(*sound, SampleFrame(at as i64), 0.0, 0.0);
                assert_eq!(onset(&audio.render(at + 2)), Some(at - lead), "{sound:?}, {rate} Hz, blocks of {block}");
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
    assert_eq!(format!("{:016x}", hash(&whole)), "c57debe592e9499b");
}

#[test]
fn every_sound_at_once_stays_below_the_ceiling() {
    for (rate, pan) in RATES.into_iter().zip([-1.0, 0.0, 1.0, 0.5, 0.0, -0.3]) {
        let mut audio = offline(rate, 512);
        audio.set_levels(Levels { master: Level::FULL, ..Levels::default() });
        for _ in 0..5 {
            for sound in synth::palette() {
                audio.schedule(sound, SampleFrame(4_800), 6.0, pan);
            }
        }
        let out = audio.render(rate as usize / 2);
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

/// One category of a mix, alone: the same commands with the other buses silent.
fn part(levels: Levels, fill: impl Fn(&mut Audio), frames: usize) -> Vec<f32> {
    let mut audio = Audio::open(Choice::Offline { origin: HostTime(0), rate: 48_000, block: 480 }, levels);
    fill(&mut audio);
    audio.render(frames).into_iter().step_by(2).collect()
}

const SILENT: Levels = Levels {
    master: Level::FULL,
    cues: Level::SILENT,
    feedback: Level::SILENT,
    scene: Level::SILENT,
    bed: Level::SILENT,
    music: Level::SILENT,
    cap_db: Some(-6.0),
};

/// A bed of the pattern and answers to presses, with or without a doozy at half a second, and a beat while it sounds.
fn scene(audio: &mut Audio, doozy: bool) {
    let mut notes = Vec::new();
    let pattern = Bed::Pattern { beat: Nanos::ms(400), per_bar: 4, seed: 3 };
    bed::Playing::new(pattern, SampleFrame(0), 48_000).notes(SampleFrame(3 * 48_000), &mut notes);
    for note in notes {
        audio.schedule(note.sound, note.at, 0.0, 0.0);
    }
    for n in 0..6 {
        audio.schedule(Sound::Bell, SampleFrame(4_800 + 24_000 * n), 0.0, 0.0);
        audio.schedule(Sound::Beat, SampleFrame(28_801 + 24_000 * n), 0.0, 0.0);
    }
    if doozy {
        audio.schedule(Sound::Doozy, SampleFrame(24_000), 0.0, 0.0);
    }
}

#[test]
fn a_doozy_turns_bed_and_feedback_down_and_they_come_back() {
    let power = |x: &[f32]| x.iter().map(|x| f64::from(x * x)).sum::<f64>();
    let db = |a: &[f32], b: &[f32]| 10.0 * libm::log10(power(a) / power(b));
    for (levels, wanted) in [
        (Levels { bed: Level::FULL, ..SILENT }, -14.0),
        (Levels { feedback: Level::FULL, ..SILENT }, -6.0),
        (Levels { cues: Level::FULL, ..SILENT }, 0.0),
    ] {
        let with = part(levels, |audio| scene(audio, true), 3 * 48_000);
        let without = part(levels, |audio| scene(audio, false), 3 * 48_000);
        // Untouched before; down from 30 ms after the doozy's first frame for 0.9 s; back half a second after.
        assert_eq!(with[..24_000], without[..24_000]);
        let held = 24_000 + 1_440..24_000 + 43_000;
        assert!((db(&with[held.clone()], &without[held]) - wanted).abs() < 0.1, "{levels:?}");
        let back = 24_000 + 43_200 + 24_100;
        assert_eq!(with[back..], without[back..], "{levels:?}");
        // Ramps without a click: from frame to frame the gain moves by less than 0.1 dB at its fastest.
        for i in 24_000..back {
            if without[i].abs() > 1e-3 && without[i - 1].abs() > 1e-3 {
                let step = (with[i] / without[i]) - (with[i - 1] / without[i - 1]);
                assert!(step.abs() < 0.002, "frame {i}");
            }
        }
    }
}

#[test]
fn a_doozy_leaves_every_cue_where_it_was_and_above_the_rest() {
    // The cue's own samples, and what sounds beside it, in its first 100 ms, K-weighted.
    let everything =
        Levels { cues: Level::FULL, feedback: Level::FULL, scene: Level::FULL, bed: Level::FULL, ..SILENT };
    let heard = |doozy| part(Levels { cues: Level::FULL, ..SILENT }, |audio| scene(audio, doozy), 4 * 48_000);
    let cues = heard(true);
    assert_eq!(cues, heard(false));
    let beside = |doozy| part(Levels { cues: Level::SILENT, ..everything }, |audio| scene(audio, doozy), 4 * 48_000);
    let (with, without) = (beside(true), beside(false));
    let loud = |x: &[f32], at: usize| limits::loudness(&x[at..at + 4_800], 48_000);
    for n in 0..6 {
        let at = 28_801 + 24_000 * n;
        let ratio = loud(&cues, at) - loud(&with, at);
        // While the thump lasts a beat lies at most 7 dB below it; elsewhere no lower than without a doozy.
        if n > 1 {
            let plain = loud(&cues, at) - loud(&without, at);
            assert!(ratio >= plain - 1.0, "beat {n}: {ratio:.1} dB, {plain:.1} dB without a doozy");
        } else {
            assert!(ratio >= -7.0, "beat {n}: {ratio:.1} dB");
        }
    }
}

#[test]
fn a_hushed_category_is_gone_in_80_ms_and_the_others_stay() {
    let hushed = |category: Category, levels: Levels| {
        let mut audio = Audio::open(Choice::Offline { origin: HostTime(0), rate: 48_000, block: 480 }, levels);
        scene(&mut audio, false);
        audio.render(30_000);
        audio.hush(category);
        audio.render(24_000)
    };
    let out = hushed(Category::Bed, Levels { bed: Level::FULL, ..SILENT });
    // The limiter's look-ahead was mixed before.
    assert!(out[..200].iter().any(|x| *x != 0.0));
    assert_eq!(onset(&out[2 * (3_840 + 100)..]), None);
    let cues = Levels { cues: Level::FULL, ..SILENT };
    let untouched = hushed(Category::Bed, cues);
    assert!(onset(&untouched).is_some());
}

#[test]
fn what_was_not_prepared_is_rendered_when_it_is_scheduled() {
    let mut audio = offline(48_000, 512);
    let before = audio.bank_bytes();
    let tone = Sound::Tone(synth::Tone::of_scale(4, 120));
    audio.prepare([tone]);
    assert_eq!(audio.bank_bytes(), before + 4 * 5_760);
    audio.schedule(tone, SampleFrame(100), 0.0, 0.0);
    audio.schedule(Sound::Alarm, SampleFrame(20_000), 0.0, 0.0);
    let out = audio.render(30_000);
    assert_eq!((onset(&out), onset(&out[2 * 10_000..])), (Some(100), Some(10_000)));
    // Slots are counted, not overrun.
    audio.prepare((0..300).map(|n| Sound::Tone(synth::Tone::new(200.0 + f64::from(n), 10))));
    assert!(audio.shortfall().crowded > 0);
}

#[test]
#[ignore = "measures time: cargo test -p doozy --no-default-features --lib bank_costs -- --ignored --nocapture"]
fn what_the_bank_costs() {
    println!("rate (Hz)  at opening (ms, MB)  whole palette (ms, MB)");
    for rate in RATES {
        let start = std::time::Instant::now();
        let mut audio = offline(rate, 512);
        let (opened, least) = (start.elapsed(), audio.bank_bytes());
        audio.prepare(synth::palette());
        let (all, most) = (start.elapsed(), audio.bank_bytes());
        let mb = |bytes: usize| bytes as f64 * 1e-6;
        let ms = |t: std::time::Duration| t.as_secs_f64() * 1e3;
        println!("{rate:9}  {:8.0} {:8.1}    {:8.0} {:8.1}", ms(opened), mb(least), ms(all), mb(most));
    }
}
