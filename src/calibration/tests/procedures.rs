//! Whole calibrations on a virtual clock, through the same taps as a person's.

use super::*;

#[test]
fn tapping_finds_every_offset_of_the_range() {
    // cases A32 (a): 650 needed where others allow 400; the range is −1000…+1000
    for method in [Method::TapToSound, Method::TapToFlash] {
        for offset in [-1000.0, -650.0, -401.0, -20.0, 0.0, 155.0, 399.0, 401.0, 650.0, 799.0, 1000.0] {
            let found = simulate(method, exact(offset), 7);
            let median = found.median_ms.unwrap();
            // a sample frame is a fiftieth of a millisecond
            assert!((median - offset).abs() <= 1.0, "{method:?} at {offset}: {median}");
            assert_eq!(found.verdict, Verdict::Ready, "{method:?} at {offset}");
        }
    }
}

#[test]
fn tapping_holds_the_players_anticipation_and_the_adjustment_does_not() {
    for anticipation_ms in [-80.0, -50.0, -20.0] {
        let tapper = Tapper { offset_ms: 180.0, sd_ms: 15.0, anticipation_ms, outliers: 0.0 };
        let mut sums = [0.0, 0.0];
        for seed in 0..8 {
            let tapped = simulate(Method::TapToSound, tapper, seed);
            let (median, se) = (tapped.median_ms.unwrap(), tapped.se_ms.unwrap());
            assert!((median - (180.0 + anticipation_ms)).abs() < 3.5 * se + 1.0, "{tapped:?}");
            let adjusted = simulate(Method::Adjust, tapper, seed);
            let (x, se) = (adjusted.median_ms.unwrap(), adjusted.se_ms.unwrap());
            assert_eq!(adjusted.verdict, Verdict::Ready, "{adjusted:?}");
            assert!((x - 180.0).abs() < 3.5 * se + 2.0, "{adjusted:?}");
            sums = [sums[0] + median / 8.0, sums[1] + x / 8.0];
        }
        // over players the one is off by the anticipation, the other by nothing
        assert!((sums[0] - 180.0 - anticipation_ms).abs() < 3.0 && (sums[1] - 180.0).abs() < 4.0, "{sums:?}");
    }
}

#[test]
fn taps_gone_astray_move_neither_the_beat_nor_the_median() {
    // cases A32 (e), as a tenth of all taps
    let found = simulate(Method::TapToSound, Tapper { outliers: 0.1, sd_ms: 8.0, ..exact(650.0) }, 11);
    assert!((found.median_ms.unwrap() - 650.0).abs() < 5.0, "{found:?}");
    assert_eq!(found.verdict, Verdict::Ready);
}

#[test]
fn a_hand_that_scatters_too_far_is_refused_and_nothing_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calibration.toml");
    let mut asked = setup(Method::TapToSound, Tapper { sd_ms: 95.0, ..exact(40.0) }, 5);
    asked.store = Some(path.clone());
    let mut trial = run(asked);
    assert_eq!(trial.estimate.unwrap().verdict, Verdict::TooWide);
    trial.handle.command(Command::Keep);
    let mut notes = Vec::new();
    trial.handle.notes(&mut notes);
    assert!(
        matches!(&notes[..], [Note::Notice { id: "calibration-too-wide", .. }]),
        "it says why, and stays: {notes:?}"
    );
    assert!(!path.exists());
}

#[test]
fn what_is_shown_is_what_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config/calibration.toml");
    for method in Method::ALL {
        let mut asked = setup(method, Tapper { offset_ms: -33.0, ..Tapper::default() }, 4);
        asked.store = Some(path.clone());
        let mut trial = run(asked);
        let shown = trial.estimate.unwrap();
        trial.handle.command(Command::Keep);
        let mut notes = Vec::new();
        trial.handle.notes(&mut notes);
        let [Note::Kept(entry), Note::Ended { kept: true }] = &notes[..] else { panic!("{notes:?}") };
        assert_eq!(Some(entry.offset_ms.to_bits()), shown.median_ms.map(f64::to_bits));
        assert_eq!((entry.se_ms, entry.spread_ms, entry.n), (shown.se_ms, shown.spread_ms, shown.n));
        assert_eq!((entry.method, entry.input.clone()), (method, InputId::keyboard()));
        let (file, findings) = StoreFile::open_at(&path);
        assert_eq!(findings, []);
        assert!(file.entries.contains(entry), "{:?}", file.entries);
    }
    assert_eq!(StoreFile::open_at(&path).0.entries.len(), 3, "each method has its own entry");
}

#[test]
fn the_estimate_is_told_as_it_converges() {
    let trial = run(setup(Method::TapToSound, Tapper::default(), 9));
    let told: Vec<&Estimate> = trial
        .notes
        .iter()
        .filter_map(|note| if let Note::Estimate(found) = note { Some(found) } else { None })
        .collect();
    let counted = trial.notes.iter().filter(|note| matches!(note, Note::Tap { counted: true, .. })).count();
    // one after each counted tap, and the last once more for the review
    assert_eq!(told.len(), counted + 1);
    for (n, found) in (1..).zip(&told[..counted]) {
        assert_eq!((found.n, found.history.len()), (n, n as usize));
    }
    let early = told[counted / 4].se_ms.unwrap();
    assert!(told[counted].se_ms.unwrap() < early, "{early}");
    let phases: Vec<Phase> =
        trial.notes.iter().filter_map(|note| if let Note::Phase(phase) = note { Some(*phase) } else { None }).collect();
    assert_eq!(phases, [Phase::Waiting, Phase::Single, Phase::Steady, Phase::Review]);
}

#[test]
fn every_beat_is_told_before_it_is_heard() {
    let mut handle = start(setup(Method::TapToSound, exact(100.0), 3)).unwrap();
    let mut beats: Vec<(u32, HostTime)> = Vec::new();
    let mut notes = Vec::new();
    for ms in 1..60_000 {
        handle.drive(ORIGIN + Nanos::ms(ms));
        handle.notes(&mut notes);
        for note in notes.drain(..) {
            if let Note::Beat { n, at } = note {
                assert!(at - handle.now() >= Nanos::ms(150), "beat {n} is told {} ahead", at - handle.now());
                beats.push((n, at));
            }
        }
    }
    assert!(beats.len() > 40 && beats.iter().zip(0..).all(|((n, _), m)| *n == m), "{beats:?}");
}

#[test]
fn the_same_seed_taps_the_same() {
    for method in Method::ALL {
        let once = simulate(method, Tapper::default(), 21);
        assert_eq!(once, simulate(method, Tapper::default(), 21));
        assert_ne!(once, simulate(method, Tapper::default(), 22));
    }
}

#[test]
fn the_size_of_the_drivers_steps_changes_nothing() {
    let found = |step: i64| {
        let mut handle = start(setup(Method::Adjust, Tapper::default(), 2)).unwrap();
        let mut notes = Vec::new();
        let mut now = ORIGIN;
        while !notes.iter().any(|note| matches!(note, Note::Phase(Phase::Review))) {
            now = now + Nanos::ms(step);
            handle.drive(now);
            handle.notes(&mut notes);
            assert!(now - ORIGIN < Nanos::ms(600_000));
        }
        notes.retain(|note| matches!(note, Note::Estimate(_)));
        notes
    };
    assert_eq!(found(1), found(250));
}

#[test]
fn after_a_restart_nothing_of_before_is_left() {
    let mut trial = run(setup(Method::TapToSound, exact(60.0), 6));
    trial.handle.command(Command::Restart);
    let mut notes = Vec::new();
    trial.handle.notes(&mut notes);
    assert_eq!(notes, [Note::Phase(Phase::Waiting)]);
    let now = trial.handle.now();
    for second in 1..=90 {
        trial.handle.drive(now + Nanos::ms(1_000 * second));
    }
    trial.handle.notes(&mut notes);
    let first =
        notes.iter().find_map(|note| if let Note::Estimate(found) = note { Some(found) } else { None }).unwrap();
    assert_eq!(first.n, 1);
    assert!((first.median_ms.unwrap() - 60.0).abs() < 1.0);
}

#[test]
fn without_sound_a_person_is_not_asked_to_tap_to_it() {
    for (method, anyway, goes_on) in [
        (Method::TapToSound, false, false),
        (Method::Adjust, false, false),
        (Method::TapToSound, true, true),
        (Method::TapToFlash, false, true),
    ] {
        let mut asked = setup(method, exact(0.0), 1);
        (asked.who, asked.anyway) = (Who::Person, anyway);
        let mut handle = start(asked).unwrap();
        let mut notes = Vec::new();
        handle.notes(&mut notes);
        let refused =
            notes.iter().any(|note| matches!(note, Note::Notice { id: "calibration-no-sound", grave: true, .. }));
        let ended = notes.contains(&Note::Ended { kept: false });
        assert_eq!((refused, ended), (!goes_on, !goes_on), "{method:?}: {notes:?}");
    }
}

#[test]
fn nobody_who_never_presses_is_waited_for_for_ever() {
    let mut asked = setup(Method::TapToSound, exact(0.0), 1);
    (asked.who, asked.anyway) = (Who::Person, true);
    let trial = run(asked);
    assert!(trial.notes.iter().any(|note| matches!(note, Note::Notice { id: "calibration-no-taps", .. })));
    assert_eq!(trial.estimate.unwrap().verdict, Verdict::TooFew);
}
