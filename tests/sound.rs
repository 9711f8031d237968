//! Whether stimuli lie on their frames, by a tool that knows nothing of us: sox reads the sound of whole levels and says which
//! samples are not silence.

use std::{path::Path, process::Command};

use doozy::{
    audio::{Audio, Choice, Level, Levels, TrialClockSource},
    conductor::{Who, note::Note, score},
};
use doozy_training::{
    event::{Effect, TrialPlan},
    learner::Profile,
    time::{HostTime, SampleFrame, TrialClock},
};

use crate::rates::{begin, level, play};

/// Plays a level on a virtual clock; its trials as they lay on that clock.
fn trials(id: &str, seconds: i64) -> Vec<(TrialPlan, TrialClock)> {
    let _alone = crate::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let mut handle = begin(level(id), Who::Learner(Profile::Showcase.into()), folder.path(), Some(seconds));
    let notes = play(&mut handle, 60, doozy_training::time::Nanos::ZERO, doozy_training::time::Nanos::ZERO);
    let mut plans: Vec<TrialPlan> = Vec::new();
    let mut placed = Vec::new();
    for note in notes {
        match note {
            Note::Effect(Effect::Planned(plan)) => plans.push(plan),
            Note::Anchored { trial, clock } => {
                if let Some(plan) = plans.iter().find(|plan| plan.trial == trial) {
                    placed.push((plan.clone(), clock));
                }
            }
            _ => {}
        }
    }
    placed
}

/// Frames on which a sound begins, in the words of sox: the first sample that is not zero after 20 ms of silence.
fn onsets_by_sox(wav: &Path, rate: u32) -> Vec<i64> {
    let output = Command::new("sox").arg(wav).args(["-t", "dat", "-"]).output().unwrap_or_else(|error| {
        panic!("this test needs sox ({error}): apt-get install sox, or ./doozy.sh setup, which does")
    });
    assert!(output.status.success(), "sox: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("sox writes ASCII");
    let (mut frame, mut silent, mut onsets) = (0, i64::from(rate), Vec::new());
    // "; Sample Rate 48000" and "; Channels 2", then a line a frame: time, left, right.
    assert_eq!(text.lines().next().map(str::trim_end), Some(format!("; Sample Rate {rate}").as_str()));
    for line in text.lines().filter(|line| !line.starts_with(';')) {
        let heard = line.split_whitespace().skip(1).any(|x| x.parse::<f64>().expect("a sample") != 0.0);
        if !heard {
            silent += 1;
        } else if std::mem::take(&mut silent) >= i64::from(rate) / 50 {
            onsets.push(frame);
        }
        frame += 1;
    }
    onsets
}

#[test]
fn sox_finds_every_stimulus_of_a_level_on_its_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    for (id, rate, block, seconds) in
        [("pulse/1", 44_100, 1_000, 18), ("pulse/1", 48_000, 4_096, 18), ("sport/1", 96_000, 64, 14)]
    {
        let origin = HostTime(5_000_000_000);
        let choice = Choice::Offline { origin, rate, block };
        // Stimuli alone, as loud as they are: answers and bed are no stimuli and would ring into them.
        let levels = Levels { feedback: Level::SILENT, scene: Level::SILENT, bed: Level::SILENT, ..Levels::default() };
        let mut audio = Audio::open(choice, levels);
        let clock: TrialClockSource = audio.clock();
        let mut wanted: Vec<i64> = Vec::new();
        let mut samples = Vec::new();
        for (plan, on) in trials(id, seconds) {
            let zero = clock.frame_at(on.origin);
            let cues: Vec<_> = score::cues(&plan, zero, rate).collect();
            // As the conductor does it: what is due within two seconds goes ahead, and no earlier.
            for cue in &cues {
                let until = cue.at.0 - 2 * i64::from(rate);
                let missing = until - samples.len() as i64 / 2;
                if missing > 0 {
                    samples.extend(audio.render(missing as usize));
                }
                audio.schedule(cue.sound, cue.at, cue.gain_db, cue.pan);
            }
            wanted.extend(cues.iter().map(|cue| cue.at.0));
        }
        let end = SampleFrame(wanted.last().expect("a level has stimuli") + i64::from(rate));
        samples.extend(audio.render((end.0 - samples.len() as i64 / 2) as usize));
        assert_eq!(audio.shortfall().late_cues + audio.shortfall().crowded, 0);

        let wav = folder.path().join("level.wav");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: rate,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut writer = hound::WavWriter::create(&wav, spec).expect("a file");
        for sample in samples {
            writer.write_sample(sample).expect("room on the disk");
        }
        writer.finalize().expect("room on the disk");
        let found = onsets_by_sox(&wav, rate);
        assert!(wanted.len() > 3, "{id}: {} stimuli", wanted.len());
        assert_eq!(found, wanted, "{id} at {rate} Hz in blocks of {block}");
    }
}
