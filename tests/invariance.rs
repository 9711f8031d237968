//! Judgements are a function of what was pressed when: not of who delivered it, in which order, how late, at which frame
//! rate, through which stall, on which sound output (cases A16–A18 and training.md §3).

use doozy::{
    audio::{
        Audio, Choice, Levels, TrialClockSource,
        clock::{ClockFit, Stamp},
    },
    clock::VirtualClock,
    conductor::{Handle, Who, note::Note},
    input::{
        Bindings, Captured, Control, DeviceKind, Edge, TapPort, Taps, TimedInput, bindings::DeviceRef,
        control::PadButton, merge::TapKind,
    },
    paths::DataDir,
    record::{LoadedSession, Reader},
};
use doozy_cerebellum::{Lesion, Preset};
use doozy_training::{
    event::{DeviceId, Effect, EventKind, Input, Judged, Press, ReleaseCause, Tier, TimeSource, TrialId},
    level::Level,
    rehearse::{Recital, Setup},
    session::{Options, Session},
    time::{HostTime, Nanos, SampleFrame, TrialClock},
};
use proptest::{prelude::*, test_runner::RngSeed};

use crate::rates::{begin, level};

const START: HostTime = HostTime(5_000_000_000);
const BEAT: &str = include_str!("fixtures/short.level.ron");
/// Every session here is looked at up to this, in its own time.
const LENGTH: Nanos = Nanos::ms(16_000);

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(17), ..ProptestConfig::default() }
}

/// What a session said, without the marks that are gone at once and without the order of arrival.
fn digest(mut effects: Vec<Effect>) -> Vec<Effect> {
    effects.retain(|effect| !matches!(effect, Effect::Provisional { .. }));
    for effect in &mut effects {
        match effect {
            Effect::Judged(Judged { press: Some(press), .. }) | Effect::Ignored { press, .. } => press.seq = 0,
            _ => {}
        }
    }
    effects
}

/// Where two sessions differ first, in a line.
fn difference(a: &[Effect], b: &[Effect]) -> Option<String> {
    let at = a.iter().zip(b).position(|(a, b)| a != b).or((a.len() != b.len()).then_some(a.len().min(b.len())))?;
    Some(format!("effect {at}: {:?} is not {:?}", a.get(at), b.get(at)))
}

// Any delivery that the watermarks allow.

/// One device and how it delivers.
#[derive(Clone, Debug)]
struct Device {
    tap: TapKind,
    source: TimeSource,
    device: DeviceId,
    control: Control,
    /// Presses, 0.1 ms of the session, with how long each is under way, ms.
    presses: Vec<(i64, i64)>,
    /// The tap's thread wakes every so many ms.
    wake: i64,
    /// Its promise stays so far behind, ms.
    slack: i64,
    /// What a wake finds, it delivers the other way round.
    reversed: bool,
}

/// How the consumer looks.
#[derive(Clone, Debug)]
struct Looks {
    /// Lengths of frames, ms, over and over.
    frames: Vec<i64>,
    /// Nobody looks from here on for so long, ms.
    stall: (i64, i64),
    /// The taps stand still with it: the whole process did.
    taps_too: bool,
}

const STEADY: Looks = Looks { frames: Vec::new(), stall: (0, 0), taps_too: false };

impl Device {
    /// Its inputs with the moment, in ms, at which each is delivered.
    fn script(&self) -> Vec<(i64, Captured)> {
        let mut script = Vec::new();
        for (at, under_way) in &self.presses {
            let t = START + Nanos(at * 100_000);
            let input = |t, edge| Captured {
                t,
                err: Nanos::ZERO,
                source: self.source,
                device: self.device,
                control: self.control,
                edge,
            };
            let released = t + Nanos::ms(60);
            script.push((at / 10 + 1 + under_way, input(t, Edge::Down)));
            script.push((at / 10 + 61 + under_way, input(released, Edge::Up(ReleaseCause::Released))));
        }
        script.sort_by_key(|(when, _)| *when);
        script
    }

    /// The same presses, delivered at once and in order.
    fn prompt(&self) -> Self {
        let presses = self.presses.iter().map(|(at, _)| (*at, 0)).collect();
        Self { presses, wake: 1, slack: 0, reversed: false, ..self.clone() }
    }
}

/// Delivers what is due by `ms` and promises all that the tap may.
fn wake(device: &Device, script: &mut Vec<(i64, Captured)>, port: &TapPort, ms: i64) {
    let due = script.partition_point(|(when, _)| *when <= ms);
    let mut batch: Vec<Captured> = script.drain(..due).map(|(_, input)| input).collect();
    if device.reversed {
        batch.reverse();
    }
    batch.into_iter().for_each(|input| port.send(input));
    let kept_back = script.iter().map(|(_, input)| input.t).min();
    let promise = START + Nanos::ms(ms - device.slack);
    port.raise_watermark(kept_back.map_or(promise, |t| t.min(promise)));
}

/// From devices to effects, by the way of the game: taps, merge, bindings, session and network.
fn play(devices: &[Device], looks: &Looks) -> Vec<Effect> {
    let driver = VirtualClock::starting_at(START);
    let mut taps = Taps::new(driver.clock());
    let mut ports: Vec<_> = devices.iter().map(|device| (device, device.script(), taps.port(device.tap))).collect();
    let bindings = Bindings::default();
    let level = Level::parse("short", BEAT).expect("a valid level");
    let setup = Setup { level, seed: 7, options: Options::default(), preset: Preset::Small, lesion: Lesion::None };
    let mut recital = Recital::new(setup);
    let (mut effects, mut anchored, mut seen): (Vec<Effect>, usize, Vec<TimedInput>) = (Vec::new(), 0, Vec::new());
    let mut feed = |input: Input, effects: &mut Vec<Effect>| {
        recital.feed(input, &mut Vec::new(), effects, &mut Vec::new()).expect("times agree");
        while anchored < effects.len() {
            let clock_of = match &effects[anchored] {
                Effect::Planned(plan) => Some((plan.trial, plan.not_before)),
                _ => None,
            };
            anchored += 1;
            if let Some((trial, origin)) = clock_of {
                let clock = TrialClock { origin, rate_ppb: 0 };
                recital
                    .feed(Input::Anchor { trial, clock }, &mut Vec::new(), effects, &mut Vec::new())
                    .expect("times agree");
            }
        }
    };
    feed(Input::Watermark { t: START }, &mut effects);
    let (end, mut next_frame, mut frame) = (START + LENGTH, 0, 0);
    for ms in 0.. {
        driver.advance_to(START + Nanos::ms(ms));
        let stalled = (looks.stall.0..looks.stall.0 + looks.stall.1).contains(&ms);
        if !(stalled && looks.taps_too) {
            for (device, script, port) in &mut ports {
                if ms % device.wake == 0 {
                    wake(device, script, port, ms);
                }
            }
        }
        if ms < next_frame || stalled {
            continue;
        }
        next_frame = ms + looks.frames.get(frame % looks.frames.len().max(1)).copied().unwrap_or(10);
        frame += 1;
        taps.poll(&mut seen);
        for input in seen.drain(..) {
            assert!(input.source != TimeSource::Arrival, "nothing came after its promise");
            if let Some(input) =
                bindings.session_input(&input, DeviceRef { kind: DeviceKind::of(input.device), name: "" }, 1)
            {
                feed(input, &mut effects);
            }
        }
        feed(Input::Watermark { t: taps.watermark().min(end) }, &mut effects);
        let late = taps.take_notices();
        assert!(late.is_empty(), "{late:?}");
        if taps.watermark() >= end {
            break;
        }
    }
    digest(effects)
}

/// Presses on and about the beats of the first phrases; tenths of a millisecond, so that ties between devices happen.
fn presses(most: usize) -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((0i64..30, -120i64..120, any::<bool>(), 0i64..250), 0..most).prop_map(|presses| {
        let mut presses: Vec<(i64, i64)> = presses
            .into_iter()
            .map(|(beat, off, near, under_way)| (beat * 5_000 + off * if near { 10 } else { 20 } + 2_500, under_way))
            .collect();
        presses.sort_unstable();
        // one finger lifts before it comes down again
        presses.dedup_by(|late, early| late.0 - early.0 < 1_500);
        presses
    })
}

fn devices() -> impl Strategy<Value = Vec<Device>> {
    let manner = || (1i64..40, 0i64..30, any::<bool>());
    (presses(24), manner(), presses(8), manner(), presses(4), manner()).prop_map(|(a, ma, b, mb, c, mc)| {
        let device = |tap, source, n, control, presses, (wake, slack, reversed)| Device {
            tap,
            source,
            device: DeviceId(n),
            control,
            presses,
            wake,
            slack,
            reversed,
        };
        vec![
            device(TapKind::X11, TimeSource::X11, 0, Control::Key(36), a, ma),
            device(TapKind::Gilrs, TimeSource::Gilrs, 1, Control::Button(PadButton::South), b, mb),
            device(TapKind::Scripted, TimeSource::Scripted, 2, Control::Key(57), c, mc),
        ]
    })
}

fn looks() -> impl Strategy<Value = Looks> {
    let stall = prop_oneof![Just(0i64), 1i64..1_000, 1_000i64..60_000];
    (prop::collection::vec(1i64..=250, 1..6), 0i64..15_000, stall, any::<bool>())
        .prop_map(|(frames, at, length, taps_too)| Looks { frames, stall: (at, length), taps_too })
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn no_delivery_frame_or_stall_changes_an_effect(devices in devices(), looks in looks()) {
        let prompt: Vec<Device> = devices.iter().map(Device::prompt).collect();
        prop_assert_eq!(difference(&play(&devices, &looks), &play(&prompt, &STEADY)), None);
    }
}

#[test]
fn one_device_more_or_less_is_no_matter_while_nobody_presses_it() {
    let keys = Device {
        tap: TapKind::X11,
        source: TimeSource::X11,
        device: DeviceId(0),
        control: Control::Key(36),
        presses: (0..12).map(|n| (25_000 + n * 5_000 + n % 5 * 150, n * 20)).collect(),
        wake: 4,
        slack: 10,
        reversed: false,
    };
    let idle = Device {
        tap: TapKind::Gilrs,
        source: TimeSource::Gilrs,
        device: DeviceId(1),
        presses: Vec::new(),
        wake: 40,
        ..keys.clone()
    };
    let alone = play(std::slice::from_ref(&keys), &STEADY);
    assert!(alone.iter().any(|effect| matches!(effect, Effect::Judged(j) if j.e.is_some())), "something was judged");
    assert_eq!(play(&[keys, idle], &Looks { frames: vec![17, 16], ..STEADY }), alone);
}

// The whole conductor.

/// Allotted to a session: one trial and most of the next.
const SECONDS: i64 = 12;

/// Drives a session to its end by steps of these lengths over and over, standing still once.
fn drive(handle: &mut Handle, steps: &[Nanos], stall: (Nanos, Nanos)) -> Vec<Note> {
    let origin = handle.now();
    let (mut said, mut t, mut stalled) = (Vec::new(), origin, stall.1 == Nanos::ZERO);
    for step in steps.iter().cycle() {
        t = t + *step;
        if !stalled && t - origin >= stall.0 {
            stalled = true;
            t = t + stall.1;
        }
        handle.drive(t);
        handle.notes(&mut said);
        if said.iter().any(|note| matches!(note, Note::Ended { .. })) {
            break;
        }
        assert!((t - origin).as_secs() < 400.0, "the session ends by itself");
    }
    said
}

/// What a session said up to its allotted time: where the driver's clock stood when it noticed the end is the driver's choice.
fn effects(notes: Vec<Note>) -> Vec<Effect> {
    let all = notes.into_iter().filter_map(|note| if let Note::Effect(effect) = note { Some(effect) } else { None });
    let t = |effect: &Effect| {
        let row = serde_json::to_value(effect).expect("effects are recorded as JSON");
        row["t"].as_i64().or(row["press"]["t"].as_i64()).expect("every effect has its moment")
    };
    let end = START + Nanos::ms(SECONDS * 1_000);
    digest(all.filter(|effect| t(effect) < end.0).collect())
}

fn short() -> doozy::ladders::Loaded {
    level(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/short.level.ron"))
}

/// The clock and the targets' times of a session's first trial, which nothing that is pressed can change.
fn first_trial() -> (TrialClock, Vec<HostTime>, Nanos) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut handle = begin(short(), Who::Script(Vec::new()), folder.path(), Some(2));
    let notes = drive(&mut handle, &[Nanos::ms(10)], (Nanos::ZERO, Nanos::ZERO));
    let clock = notes.iter().find_map(|note| match note {
        Note::Anchored { trial: TrialId(0), clock } => Some(*clock),
        _ => None,
    });
    let plan = notes.iter().find_map(|note| match note {
        Note::Effect(Effect::Planned(plan)) => Some(plan.clone()),
        _ => None,
    });
    let (clock, plan) = (clock.expect("an anchor"), plan.expect("a plan"));
    (clock, plan.targets.iter().map(|target| clock.host(target.at)).collect(), plan.window)
}

/// Presses of J at these distances from the first targets, held for `held`.
fn script(targets: &[HostTime], off: &[Nanos], held: Nanos) -> Vec<Captured> {
    let key = |t, edge| Captured::scripted(t, Control::Key(36), edge);
    let press = |(due, off): (&HostTime, &Nanos)| {
        let t = *due + *off;
        [key(t, Edge::Down), key(t + held, Edge::Up(ReleaseCause::Released))]
    };
    targets.iter().zip(off).flat_map(press).collect()
}

/// Runs a script to the end of its session: what it said, and what its record holds.
fn run(
    presses: &[Captured],
    steps: &[Nanos],
    stall: (Nanos, Nanos),
) -> (Vec<Effect>, LoadedSession, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut handle = begin(short(), Who::Script(presses.to_vec()), folder.path(), Some(SECONDS));
    let said = effects(drive(&mut handle, steps, stall));
    drop(handle);
    let session = Reader::open(&DataDir::at(folder.path())).expect("a record").load("last").expect("a session");
    (said, session, folder)
}

/// What was played live and what its record says when recomputed are one.
fn verify(folder: &tempfile::TempDir) {
    let verified = std::process::Command::new(env!("CARGO_BIN_EXE_doozy"))
        .args(["replay", "last", "--verify", "--data"])
        .arg(folder.path())
        .output()
        .expect("the program runs");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}

/// Asynchronies of the first trial's targets in order, ns; None where one was not matched.
fn asynchronies(effects: &[Effect]) -> Vec<(EventKind, Option<i64>)> {
    let first = effects.iter().filter_map(|effect| match effect {
        Effect::Judged(judged) if judged.trial == TrialId(0) => Some(judged),
        _ => None,
    });
    let mut found: Vec<_> =
        first.filter(|j| j.target.is_some()).map(|j| (j.target, j.kind, j.e.map(|e| e.0))).collect();
    found.sort_by_key(|(target, ..)| *target);
    found.into_iter().map(|(_, kind, e)| (kind, e)).collect()
}

#[test]
fn a16_the_same_errors_at_every_frame_rate_and_over_a_stall() {
    let _alone = crate::alone();
    let (_, targets, _) = first_trial();
    let off = [4.3, 11.9, -12.35, 0.0, 0.0, 3.0, -0.1, 0.0001].map(Nanos::from_ms);
    // released within the frame of the press at every rate but one
    let presses = script(&targets, &off, Nanos::ms(3));
    let mut plain = None;
    let none = (Nanos::ZERO, Nanos::ZERO);
    let at = targets[0] - START;
    for (hz, stall) in [(30, none), (60, none), (144, none), (240, none), (60, (at - Nanos::ms(100), Nanos::ms(200)))] {
        let (said, session, folder) = run(&presses, &[Nanos(1_000_000_000 / hz)], stall);
        verify(&folder);
        let right: Vec<_> = off.iter().map(|off| (EventKind::Press, Some(off.0))).collect();
        assert_eq!(asynchronies(&said), right, "{hz} Hz, {stall:?}");
        assert_eq!(session.raw_inputs.len(), 16, "every edge is kept");
        let first = plain.get_or_insert_with(|| said.clone());
        assert_eq!(difference(&said, first), None, "{hz} Hz, {stall:?}");
    }
}

#[test]
fn a17_the_edge_of_the_window_live_replayed_and_kept() {
    let _alone = crate::alone();
    let (_, targets, w) = first_trial();
    let (ns, step) = (Nanos(1), Nanos::from_ms(0.4));
    // what comes early for the very first target is a false start, by another row
    let off = [Nanos::ZERO, -w - step, -w - ns, -w, w - step, w, w + ns, w + step];
    let (said, session, folder) =
        run(&script(&targets, &off, Nanos::ms(60)), &[Nanos::ms(16)], (Nanos::ZERO, Nanos::ZERO));
    verify(&folder);
    let found = asynchronies(&said);
    for (n, (off, (kind, e))) in off.iter().zip(&found).enumerate() {
        // the window is closed; beyond it an omission and an extra are told as one pair
        let inside = off.abs() <= w;
        let right = if inside { EventKind::Press } else { EventKind::Pair };
        assert_eq!((*kind, *e), (right, Some(off.0)), "target {n} at {off}");
    }
    let first = session.events().into_iter().filter(|row| row.trial == 0 && row.target.is_some());
    let mut kept: Vec<_> = first.map(|row| (row.target, row.asynchrony_ns)).collect();
    kept.sort_unstable();
    assert!(kept.into_iter().map(|row| row.1).eq(off.iter().map(|off| Some(off.0))), "to the nanosecond");
}

proptest! {
    #![proptest_config(config(8))]

    #[test]
    fn the_conductor_takes_any_steps_and_a_stall_within_a_trial(
        steps in prop::collection::vec(1i64..=250_000, 1..8),
        off in prop::collection::vec(-150_000i64..150_000, 8),
        at in 0i64..3_000,
        length in prop_oneof![1i64..400, 400i64..60_000],
    ) {
        let _alone = crate::alone();
        let (_, targets, _) = first_trial();
        let off: Vec<Nanos> = off.into_iter().map(|us| Nanos(us * 1_000)).collect();
        let presses = script(&targets, &off, Nanos::ms(60));
        let steps: Vec<Nanos> = steps.into_iter().map(|us| Nanos(us * 1_000)).collect();
        let (plain, ..) = run(&presses, &[Nanos::ms(1)], (Nanos::ZERO, Nanos::ZERO));
        let (stepped, ..) = run(&presses, &steps, (Nanos::ZERO, Nanos::ZERO));
        prop_assert_eq!(difference(&stepped, &plain), None);
        // A stall longer than the trial moves the next one, which nobody could see coming; what was judged stands.
        let (stalled, ..) = run(&presses, &steps, (targets[0] - START + Nanos::ms(at), Nanos::ms(length)));
        prop_assert_eq!(asynchronies(&stalled), asynchronies(&plain));
    }
}

// Every sound output.

/// A card that runs `ppm` slow, learned from its stamps over half a minute.
fn card(ppm: f64, rate: u32) -> TrialClockSource {
    let mut fit = ClockFit::new(rate);
    for n in 0..(30 * i64::from(rate) / 512) {
        let frame = n * 512;
        let heard = 1e9 * frame as f64 / f64::from(rate) * (1.0 + ppm * 1e-6);
        // callbacks come late by up to half a millisecond, each by another part of it
        let late = (n * 7_919 % 500) as f64 * 1e3;
        let callback = HostTime(START.0 + (heard + late) as i64);
        fit.add(Stamp { frame: SampleFrame(frame), callback, playback: callback + Nanos::ms(12) });
    }
    fit.line().expect("the stamps agree")
}

/// Plays presses at set errors from each target against the trial clocks that an output gives, with a network that is a
/// function of its volley; from the third trial on nobody presses.
fn judged_on(
    source: TrialClockSource,
    start: HostTime,
    off: &[Nanos],
) -> Vec<(TrialId, EventKind, Option<Nanos>, Tier, f64, f64)> {
    let mut session = Session::new(Level::parse("short", BEAT).expect("a valid level"), 7, Options::default());
    let (mut effects, mut told, mut seq) = (Vec::new(), 0, 0);
    let origin = source.host_time(source.frame_at(start));
    session.feed(Input::Watermark { t: origin }, &mut effects);
    for piece in 1..400 {
        while let Some(effect) = effects.get(told).cloned() {
            told += 1;
            match effect {
                Effect::Planned(plan) => {
                    // as the conductor anchors: on a whole frame, not before the plan allows
                    let clock = source.trial_clock(source.frame_at(plan.not_before + Nanos::ms(150)));
                    session.feed(Input::Anchor { trial: plan.trial, clock }, &mut effects);
                    for (target, off) in plan.targets.iter().zip(off).filter(|_| plan.trial.0 < 2) {
                        let t = clock.host(target.at) + *off;
                        let (err, device) = (Nanos::ZERO, DeviceId(0));
                        let press =
                            Press { t, err, source: TimeSource::Scripted, device, lane: target.lane, control: 36, seq };
                        session.feed(Input::Press(press), &mut effects);
                        seq += 1;
                    }
                }
                Effect::ClimbingFibreVolley(volley) => {
                    let w = volley.u / 4.0;
                    session.feed(Input::Window { event: volley.event, w, dose: w * volley.u / 4.0 }, &mut effects);
                }
                _ => {}
            }
        }
        session.feed(Input::Watermark { t: origin + Nanos::ms(50 * piece) }, &mut effects);
    }
    let row = |j: Judged| (j.trial, j.kind, j.e, j.tier, j.u, j.shown_ms);
    effects.into_iter().filter_map(|e| if let Effect::Judged(j) = e { Some(row(j)) } else { None }).collect()
}

#[test]
fn every_sound_output_judges_alike() {
    let off = [4.3, 11.9, -12.35, 60.0, -90.0, 0.0, -1.0, 3.0].map(Nanos::from_ms);
    let open = |choice| Audio::open(choice, Levels::default()).clock();
    let plain = judged_on(open(Choice::Virtual { origin: START, rate: 48_000 }), START, &off);
    assert!(plain.len() >= 16, "two trials and more: {}", plain.len());
    let errors: Vec<_> = plain.iter().take(8).map(|row| row.2).collect();
    assert_eq!(errors, off.map(Some));
    for (name, source) in [
        ("virtual 44.1 kHz", open(Choice::Virtual { origin: START, rate: 44_100 })),
        ("virtual 192 kHz", open(Choice::Virtual { origin: START, rate: 192_000 })),
        ("offline", open(Choice::Offline { origin: START, rate: 48_000, block: 480 })),
        ("offline, long blocks", open(Choice::Offline { origin: START, rate: 44_100, block: 4096 })),
        ("paced", open(Choice::Paced).on_the_host_clock(START)),
        ("a card", card(0.0, 48_000)),
        ("a card 100 ppm slow", card(100.0, 48_000)),
        ("a card 100 ppm fast", card(-100.0, 44_100)),
        ("a card 250 ppm slow", card(250.0, 96_000)),
    ] {
        assert_eq!(judged_on(source, START, &off), plain, "{name}");
        // cases A15 (d): eight hours later on the same stream
        assert_eq!(judged_on(source, START + Nanos::ms(28_800_000), &off), plain, "{name} after eight hours");
    }
}
