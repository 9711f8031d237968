//! The offset's way through a session: which applies, what is told and recorded (cases A28, A32), and that a replay still agrees.

use doozy::{
    audio::Levels,
    calibration::{Calibrations, Entry, Estimate, InputId, Method, Origin, Output, Verdict, lookup::SILENT},
    conductor::{Pace, Setup, Terms, Who, note::Note, start},
    input::{Bindings, Captured, Control, Edge},
    paths::DataDir,
    record::{LoadedSession, Reader, StimulusClock},
};
use doozy_training::{
    event::{DeviceId, Effect, Input, Judged, ReleaseCause},
    level::Level,
    rehearse,
    time::{HostTime, Nanos},
};

use crate::rates::level;

const ORIGIN: HostTime = HostTime(5_000_000_000);
const SPACE: Control = Control::Key(57);
/// A pad that was never calibrated.
const PAD: DeviceId = DeviceId(4);

fn measured(method: Method, offset_ms: f64) -> Entry {
    let output = Output { name: SILENT.into(), rate: 48_000, buffer: None };
    let found = Estimate {
        median_ms: Some(offset_ms),
        se_ms: Some(1.5),
        spread_ms: Some(9.0),
        n: 30,
        verdict: Verdict::Ready,
        history: Vec::new(),
    };
    Entry::of(method, SILENT, &output, InputId::keyboard(), &found, 0).expect("an estimate that is ready")
}

fn calibrations(offset_ms: f64) -> Calibrations {
    Calibrations {
        entries: vec![measured(Method::Adjust, offset_ms)],
        audio_by_hand: Nanos::ms(7),
        ..Calibrations::default()
    }
}

fn tap(t: HostTime, device: DeviceId) -> [Captured; 2] {
    let of = |t, edge| Captured { device, ..Captured::scripted(t, SPACE, edge) };
    [of(t, Edge::Down), of(t + Nanos::ms(60), Edge::Up(ReleaseCause::Released))]
}

/// Plays `seconds` of a level by a script; what was said and what is in the record.
fn session(calibrations: Calibrations, presses: Vec<Captured>, seconds: i64) -> (Vec<Note>, LoadedSession) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = DataDir::at(folder.path());
    let mut handle = start(Setup {
        level: level("pulse/1"),
        seed: 3,
        terms: Terms::default(),
        who: Who::Script(presses),
        pace: Pace::Virtual { from: ORIGIN },
        levels: Levels::default(),
        calibrations,
        bindings: Bindings::default(),
        data: data.clone(),
        length: Some(Nanos::ms(1_000 * seconds)),
    })
    .expect("a session starts anywhere");
    let mut notes = Vec::new();
    while !notes.iter().any(|note| matches!(note, Note::Ended { .. })) {
        let next = handle.now() + Nanos::ms(4);
        handle.drive(next);
        handle.notes(&mut notes);
    }
    drop(handle);
    (notes, Reader::open(&data).expect("the record is there").load("last").expect("the session is in it"))
}

fn first_due(session: &LoadedSession) -> HostTime {
    let clock = session.inputs.iter().find_map(|input| match input {
        Input::Anchor { clock, .. } => Some(*clock),
        _ => None,
    });
    let at = session.effects.iter().find_map(|effect| match effect {
        Effect::Planned(plan) => plan.targets.first().map(|target| target.at),
        _ => None,
    });
    clock.expect("a trial was begun").host(at.expect("it has a target"))
}

fn judged(session: &LoadedSession) -> Vec<&Judged> {
    session
        .effects
        .iter()
        .filter_map(|effect| if let Effect::Judged(judged) = effect { Some(judged) } else { None })
        .collect()
}

#[test]
fn a_press_on_what_is_heard_is_on_time_and_all_four_numbers_are_kept() {
    // cases A32 (b)
    let _alone = crate::alone();
    for offset in [650, -650, 1000, -1000] {
        let (_, silent) = session(calibrations(offset as f64), Vec::new(), 8);
        let due = first_due(&silent);
        let (_, played) = session(calibrations(offset as f64), tap(due, DeviceId(0)).to_vec(), 8);
        let clock: &StimulusClock = &played.clocks[0];
        assert_eq!(clock.offset, Nanos::ms(offset));
        assert_eq!(
            (clock.offset_from.as_str(), clock.output.as_str(), clock.input.as_str()),
            ("adjust", SILENT, "keyboard")
        );
        assert_eq!((clock.latency, clock.se_ms, clock.stale), (Nanos::ZERO, Some(1.5), false));
        // heard = what the card reports of the target's frame, and the delay that it does not report
        let target = judged(&played)[0];
        let heard = due - Nanos::ms(offset) + Nanos::ms(offset);
        assert_eq!((target.press.as_ref().map(|press| press.t), target.e), (Some(heard), Some(Nanos::ZERO)));
        assert_eq!(clock.t - clock.reported, Nanos::ms(offset), "the sign: judged is later than reported");
        // the frame of the trial's zero is handed over in time although it lies before what is judged
        assert!(clock.reported - ORIGIN >= Nanos::ms(150), "{offset}: {}", clock.reported - ORIGIN);
    }
}

#[test]
fn each_trial_goes_by_the_device_pressed_last_and_never_by_anothers_number() {
    // cases A28: what is measured on one device is not applied to another
    let _alone = crate::alone();
    let (_, silent) = session(calibrations(40.0), Vec::new(), 8);
    let due = first_due(&silent);
    let (notes, played) = session(calibrations(40.0), tap(due, PAD).to_vec(), 20);
    let of: Vec<(u32, Nanos, &str, DeviceId)> = played
        .clocks
        .iter()
        .map(|clock| (clock.trial.0, clock.offset, clock.offset_from.as_str(), clock.device))
        .collect();
    assert!(of.len() >= 2, "{of:?}");
    assert_eq!(of[0], (0, Nanos::ms(40), "adjust", DeviceId(0)));
    assert_eq!(of[1], (1, Nanos::ms(7), "by_hand", PAD));
    assert!(of[2..].iter().all(|row| row.1 == Nanos::ms(7)), "{of:?}");
    let told = notes.iter().filter(|note| matches!(note, Note::Notice { id: "notice-offset-by-hand", .. })).count();
    assert_eq!(told, 1, "a change is told once");
    let offsets: Vec<(Nanos, bool)> = notes
        .iter()
        .filter_map(|note| match note {
            Note::Offsets { audio, .. } => Some((audio.offset, audio.origin == Origin::ByHand)),
            _ => None,
        })
        .collect();
    assert_eq!(offsets, [(Nanos::ms(40), false), (Nanos::ms(7), true)]);
}

#[test]
fn the_players_anticipation_is_never_calibrated_away_unnoticed() {
    let _alone = crate::alone();
    for (method, is_told) in [(Method::TapToSound, true), (Method::Adjust, false)] {
        let calibrations = Calibrations { entries: vec![measured(method, 30.0)], ..Calibrations::default() };
        let (notes, _) = session(calibrations, Vec::new(), 12);
        let told = notes
            .iter()
            .filter(|note| matches!(note, Note::Notice { id: "notice-offset-holds-anticipation", .. }))
            .count();
        assert_eq!(told, usize::from(is_told), "{method:?}");
    }
}

#[test]
fn an_offset_that_was_measured_under_other_conditions_is_told() {
    let _alone = crate::alone();
    let mut entry = measured(Method::Adjust, 30.0);
    entry.rate = Some(44_100);
    let (notes, played) = session(Calibrations { entries: vec![entry], ..Calibrations::default() }, Vec::new(), 8);
    assert!(notes.iter().any(|note| matches!(note, Note::Notice { id: "notice-calibration-stale", .. })));
    assert!(played.clocks[0].stale && played.clocks[0].offset == Nanos::ms(30));
}

#[test]
fn a_session_with_offsets_is_recomputed_bit_for_bit() {
    let _alone = crate::alone();
    let (_, silent) = session(calibrations(155.0), Vec::new(), 8);
    let (_, played) = session(calibrations(155.0), tap(first_due(&silent) + Nanos::ms(25), PAD).to_vec(), 20);
    assert!(played.clocks.len() >= 2 && played.damage.is_none());
    let terms: Terms = serde_json::from_value(played.meta.options.clone()).expect("its terms");
    let computed = rehearse::recompute(
        rehearse::Setup {
            level: Level::parse(&played.meta.level_path, &played.meta.level_text).expect("its level"),
            seed: played.meta.seed,
            options: terms.session,
            preset: terms.preset,
            lesion: terms.lesion,
        },
        &played.inputs,
    )
    .expect("it can be recomputed");
    let computed: Vec<&Effect> =
        computed.effects.iter().filter(|effect| !matches!(effect, Effect::Provisional { .. })).collect();
    assert_eq!(computed, played.effects.iter().collect::<Vec<_>>());
}
