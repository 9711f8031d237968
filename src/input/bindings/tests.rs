//! Bindings as players write them: files of every format, layouts, devices, presets, conflicts, and one control bound anew.

use doozy_training::{
    event::{DeviceId, ReleaseCause, TimeSource},
    time::{HostTime, Nanos},
};

use super::{
    rebind::{Place, RebindError, add, rebind, remove},
    *,
};
use crate::input::Captured;

const KEYS: DeviceRef<'static> = DeviceRef::KEYBOARD;
const PAD: DeviceRef<'static> = DeviceRef { kind: DeviceKind::Pad, name: "Xbox Wireless Controller" };
const MIDI: DeviceRef<'static> = DeviceRef { kind: DeviceKind::Midi, name: "TD-17" };

fn control(name: &str) -> Control {
    name.parse().unwrap()
}

/// The lanes that controls answer, −1 for none.
fn lanes(bindings: &Bindings, device: DeviceRef<'_>, lanes: u8, names: &[&str]) -> Vec<i32> {
    names.iter().map(|n| bindings.lane(control(n), device, lanes).map_or(-1, |lane| i32::from(lane.0))).collect()
}

fn told(conflicts: &[Conflict]) -> Vec<String> {
    conflicts.iter().map(ToString::to_string).collect()
}

#[test]
fn keys_pads_and_any_note_answer_the_one_lane() {
    let bindings = Bindings::default();
    assert_eq!(lanes(&bindings, KEYS, 1, &["Space", "KeyJ", "KeyF", "Enter", "Escape", "KeyQ"]), [0, 0, 0, 0, -1, -1]);
    assert_eq!(lanes(&bindings, PAD, 1, &["PadSouth", "PadR1", "PadR2", "PadStart"]), [0, 0, 0, -1]);
    assert_eq!(lanes(&bindings, MIDI, 1, &["Note0", "Note36", "Note127", "Pedal64"]), [0, 0, 0, -1]);
    assert_eq!(bindings.menu(control("Escape")), Some(MenuAction::Pause));
    assert_eq!(bindings.menu(control("LeftStickUp")), Some(MenuAction::Up));
    assert_eq!(bindings.some_control(Lane(0), 1), Some(control("Enter")));
}

#[test]
fn layouts_of_two_to_four_lanes_lie_from_left_to_right() {
    let bindings = Bindings::default();
    assert_eq!(lanes(&bindings, KEYS, 2, &["KeyF", "KeyJ", "Space"]), [0, 1, -1]);
    assert_eq!(lanes(&bindings, KEYS, 3, &["KeyF", "Space", "KeyJ"]), [0, 1, 2]);
    assert_eq!(lanes(&bindings, KEYS, 4, &["KeyD", "KeyF", "KeyJ", "KeyK"]), [0, 1, 2, 3]);
    assert_eq!(lanes(&bindings, PAD, 2, &["PadLeft", "PadSouth", "PadL1", "PadR1"]), [0, 1, 0, 1]);
    assert_eq!(
        lanes(&bindings, MIDI, 4, &["Note35", "Note36", "Note40", "Note46", "Note49", "Note60"]),
        [0, 0, 1, 2, 3, -1]
    );
    assert_eq!(lanes(&bindings, KEYS, 0, &["Space"]), [-1], "a drill without lanes hears none");
}

#[test]
fn every_preset_has_every_lane_and_no_conflict() {
    for preset in Preset::ALL {
        let table = Table { preset: Some(preset), ..Table::default() };
        let (bindings, conflicts) = Bindings::in_force(&table).unwrap();
        assert_eq!(conflicts, [], "{preset:?}");
        for count in 1..=MAX_LANES {
            for lane in (0..count).map(Lane) {
                let some = bindings.some_control(lane, count).unwrap();
                assert_eq!(bindings.lane(some, KEYS, count), Some(lane), "{preset:?} {count}");
            }
        }
        assert_eq!(Table::parse(&table.to_text()).unwrap(), table);
    }
}

#[test]
fn one_hand_reaches_every_lane_and_other_presets_keep_to_their_device() {
    let preset = |name: &str| Bindings::with_player_file(&format!("preset = \"{name}\"\n")).unwrap().0;
    let left = ["KeyA", "KeyS", "KeyD", "KeyF", "Space", "PadLeft", "PadRight", "PadUp", "PadDown", "PadL1", "PadL2"];
    let right = [
        "PadSouth",
        "PadEast",
        "PadNorth",
        "PadWest",
        "PadR1",
        "PadR2",
        "KeyJ",
        "KeyK",
        "KeyL",
        "Semicolon",
        "Space",
        "Enter",
        "NumpadEnter",
    ];
    for (name, hand) in [("one-handed-left", &left[..]), ("one-handed-right", &right[..])] {
        let bindings = preset(name);
        for count in 1..=MAX_LANES {
            for device in [KEYS, PAD] {
                for (lane, slots) in bindings.prompts(device, count) {
                    assert!(!slots.is_empty(), "{name}: lane {} of {count}", lane.0);
                    assert!(slots.iter().all(|slot| hand.contains(&slot.to_string().as_str())), "{name}: {slots:?}");
                }
            }
        }
    }
    assert_eq!(lanes(&preset("left-handed"), PAD, 1, &["PadL1", "PadR1"]), [0, -1]);
    assert_eq!(lanes(&preset("pad-only"), KEYS, 2, &["KeyF", "KeyJ", "Note36"]), [-1, -1, -1]);
    assert_eq!(lanes(&preset("drums"), KEYS, 3, &["KeyF", "PadLeft", "Note38"]), [-1, -1, 1]);
    assert!(Bindings::with_player_file("preset = \"ambidextrous\"").unwrap_err().to_string().contains("left-handed"));
}

#[test]
fn the_players_file_goes_before_preset_and_defaults() {
    let (bindings, conflicts) =
        Bindings::with_player_file("[lanes]\n0 = [\"KeyD\"]\n1 = [\"KeyK\", \"Space\"]\n").unwrap();
    assert_eq!(conflicts, []);
    for count in 2..=MAX_LANES {
        assert_eq!(lanes(&bindings, KEYS, count, &["KeyD", "Space", "KeyK"]), [0, 1, 1]);
    }
    assert_eq!(lanes(&bindings, KEYS, 1, &["KeyD", "Space", "KeyJ"]), [0, -1, -1]);
    assert_eq!(bindings.menu(control("Space")), Some(MenuAction::Confirm));
    let text = "preset = \"one-handed-left\"\n[lanes]\n1 = [\"KeyG\"]\n[layouts.3]\n1 = [\"KeyE\"]\n";
    let (bindings, _) = Bindings::with_player_file(text).unwrap();
    assert_eq!(lanes(&bindings, KEYS, 2, &["KeyD", "KeyG", "KeyF"]), [0, 1, -1]);
    assert_eq!(lanes(&bindings, KEYS, 3, &["KeyS", "KeyE", "KeyG", "KeyF"]), [0, 1, -1, 2]);
}

#[test]
fn a_devices_own_table_goes_before_the_general_one() {
    let text = "[lanes]\n0 = [\"PadSouth\"]\n[device.pad.lanes]\n0 = [\"PadWest\"]\n\
                [device.\"Xbox Wireless Controller\".layouts.2]\n1 = [\"PadNorth\"]\n[device.midi.lanes]\n0 = [\"Pedal64\"]\n";
    let (bindings, conflicts) = Bindings::with_player_file(text).unwrap();
    assert_eq!(conflicts, []);
    let other = DeviceRef { name: "DualSense", ..PAD };
    assert_eq!(lanes(&bindings, other, 1, &["PadSouth", "PadWest"]), [-1, 0]);
    assert_eq!(lanes(&bindings, other, 2, &["PadWest", "PadSouth", "PadNorth"]), [0, -1, -1]);
    assert_eq!(lanes(&bindings, PAD, 2, &["PadWest", "PadSouth", "PadNorth"]), [0, -1, 1]);
    assert_eq!(lanes(&bindings, KEYS, 2, &["KeyJ"]), [1]);
    assert_eq!(lanes(&bindings, MIDI, 1, &["Pedal64", "Note36"]), [0, -1]);
    let prompts = bindings.prompts(PAD, 2);
    assert_eq!(
        prompts,
        [(Lane(0), vec![Slot::Control(control("PadWest"))]), (Lane(1), vec![Slot::Control(control("PadNorth"))])]
    );
}

#[test]
fn two_pads_can_have_a_lane_each() {
    // cases A22's two-pad drill: lane 0 = A, lane 1 = B by the same button
    let text = "[device.A.lanes]\n0 = [\"PadSouth\"]\n[device.B.lanes]\n1 = [\"PadSouth\"]\n";
    let (bindings, conflicts) = Bindings::with_player_file(text).unwrap();
    assert_eq!(conflicts, []);
    let on = |name| lanes(&bindings, DeviceRef { name, ..PAD }, 2, &["PadSouth"]);
    assert_eq!((on("A"), on("B")), (vec![0], vec![1]));
}

#[test]
fn a_control_with_two_things_to_do_is_told_and_keeps_the_first() {
    let text = "[lanes]\n0 = [\"KeyF\", \"Escape\"]\n1 = [\"KeyF\"]\n[menu]\nup = [\"KeyW\"]\nback = [\"KeyW\"]\n";
    let (bindings, conflicts) = Bindings::with_player_file(text).unwrap();
    assert_eq!(lanes(&bindings, KEYS, 2, &["KeyF", "Escape"]), [0, -1]);
    assert_eq!(
        told(&conflicts),
        [
            "KeyW is bound to menu.up and to menu.back; it stays with menu.up: give one of them another control",
            "KeyF is bound to lane 0 and to lane 1; it stays with lane 0: give one of them another control",
            "Escape is bound to menu.pause and to lane 0; it stays with menu.pause: give one of them another control"
        ]
    );
    let text = "[device.pad.lanes]\n0 = [\"PadWest\"]\n[device.Xbox.lanes]\n1 = [\"PadWest\"]\n[device.midi.layouts.2]\n\
                0 = [\"Note9\"]\n1 = [\"Note9\"]\n";
    let (bindings, conflicts) = Bindings::with_player_file(text).unwrap();
    assert_eq!(lanes(&bindings, DeviceRef { name: "Xbox", ..PAD }, 2, &["PadWest"]), [1]);
    assert_eq!(
        told(&conflicts),
        [
            "PadWest is bound to lane 1 of device.Xbox and to lane 0 of device.pad; it stays with lane 1 of device.Xbox: \
             give one of them another control",
            "Note9 is bound to lane 0 of device.midi.layouts.2 and to lane 1 of device.midi.layouts.2; it stays with lane 0 \
             of device.midi.layouts.2: give one of them another control"
        ]
    );
}

#[test]
fn what_pauses_answers_no_lane_wherever_pause_was_moved() {
    let text = "[lanes]\n0 = [\"PadStart\", \"KeyP\", \"KeyF\"]\n[menu]\npause = [\"KeyP\"]\n[device.keyboard.lanes]\n0 = [\"Escape\"]\n";
    let (bindings, conflicts) = Bindings::with_player_file(text).unwrap();
    for device in [KEYS, PAD] {
        assert_eq!(lanes(&bindings, device, 1, &["PadStart", "KeyP", "Escape"]), [-1, -1, -1]);
    }
    assert_eq!(conflicts.iter().map(|c| c.control.to_string()).collect::<Vec<_>>(), ["KeyP", "PadStart", "Escape"]);
}

#[test]
fn a_wrong_file_says_where_and_what_would_be_right() {
    let message = |text| Bindings::with_player_file(text).unwrap_err().to_string();
    assert!(message("[lanes]\n0 = [\"Spacebar\"]").starts_with("[lanes] 0: no control is called `Spacebar`"));
    assert!(message("[lanes]\nfirst = [\"Space\"]").starts_with("[lanes] first: a lane is a number"));
    assert!(message("[lanes]\n0 = \"Space\"").contains("line 2, column 5"));
    assert!(message("[menus]\n").contains("unknown field `menus`"));
    assert!(message("[menu]\nup = [\"AnyNote\"]").starts_with("[menu] up: no control is called `AnyNote`"));
    assert_eq!(message("[layouts.2]\n2 = []"), "[layouts.2] 2: a layout of 2 has lanes 0 to 1");
    assert!(
        message("[layouts.9]\n0 = []").starts_with("[layouts.9]: a layout is named by its number of lanes, 1 to 4")
    );
    assert_eq!(message("[device.pad.lanes]\n0 = [\"KeyF\"]"), "[device.pad.lanes] 0: a pad has no KeyF");
}

#[test]
fn one_control_is_bound_anew_and_the_rest_stays() {
    let place =
        |device: Option<&str>, lanes, lane| Place { device: device.map(str::to_owned), lanes, lane: Lane(lane) };
    let start = Table::parse("preset = \"right-handed\"\n[lanes]\n0 = [\"KeyD\", \"PadWest\"]\n").unwrap();
    let (table, conflicts) = rebind(&start, &place(None, 2, 1), control("KeyK")).unwrap();
    assert_eq!(conflicts, []);
    let (bindings, _) = Bindings::with_player_file(&table.to_text()).unwrap();
    assert_eq!(lanes(&bindings, KEYS, 2, &["KeyD", "KeyK", "KeyJ"]), [0, 1, -1]);
    assert_eq!(lanes(&bindings, PAD, 2, &["PadWest", "PadSouth"]), [0, 1]);
    assert_eq!(lanes(&bindings, KEYS, 3, &["KeyJ"]), [2], "other layouts are not concerned");

    // taken from another lane, which says so and is left without a key
    let (table, conflicts) = rebind(&table, &place(None, 2, 0), control("KeyK")).unwrap();
    let right = "KeyK is bound to lane 0 of layouts.2 and to lane 1 of layouts.2; it stays with lane 0 of layouts.2: give one \
                 of them another control";
    assert_eq!(told(&conflicts), [right]);
    let (bindings, _) = Bindings::in_force(&table).unwrap();
    assert_eq!(lanes(&bindings, KEYS, 2, &["KeyK", "KeyD"]), [0, -1]);
    assert_eq!(bindings.prompts(KEYS, 2)[1], (Lane(1), vec![]));

    // a device's own table concerns no other
    let (table, conflicts) = rebind(&Table::default(), &place(Some("TD-17"), 4, 3), control("Note38")).unwrap();
    let (bindings, _) = Bindings::with_player_file(&table.to_text()).unwrap();
    assert_eq!(conflicts.len(), 1, "the snare was lane 1's: {conflicts:?}");
    assert_eq!(lanes(&bindings, MIDI, 4, &["Note38", "Note40", "Note49", "Note36"]), [3, 1, -1, 0]);
    assert_eq!(lanes(&bindings, DeviceRef { name: "Other", ..MIDI }, 4, &["Note38", "Note49"]), [1, 3]);

    // one note instead of any
    let (table, _) = rebind(&Table::default(), &place(None, 1, 0), control("Note60")).unwrap();
    let (bindings, _) = Bindings::in_force(&table).unwrap();
    assert_eq!(lanes(&bindings, MIDI, 1, &["Note60", "Note61"]), [0, -1]);
    assert_eq!(lanes(&bindings, KEYS, 1, &["Space"]), [0]);
}

#[test]
fn what_cannot_be_bound_is_refused_with_its_reason() {
    let place =
        |device: Option<&str>, lanes, lane| Place { device: device.map(str::to_owned), lanes, lane: Lane(lane) };
    let refused = |place, name| rebind(&Table::default(), &place, control(name)).unwrap_err();
    assert!(matches!(refused(place(None, 2, 0), "Escape"), RebindError::Reserved(_)));
    assert!(matches!(refused(place(None, 1, 0), "PadStart"), RebindError::Reserved(_)));
    assert!(matches!(refused(place(None, 2, 2), "KeyF"), RebindError::NoSuchLane { lane: 2, lanes: 2 }));
    assert!(matches!(refused(place(None, 5, 0), "KeyF"), RebindError::NoSuchLane { .. }));
    assert!(matches!(refused(place(None, 0, 0), "KeyF"), RebindError::NoSuchLane { .. }));
    assert!(matches!(refused(place(Some("pad"), 2, 0), "KeyF"), RebindError::NotOfDevice { .. }));
}

#[test]
fn an_edge_becomes_a_press_or_release_of_its_lane() {
    let bindings = Bindings::default();
    let session = |captured, seq| bindings.session_input(&TimedInput::numbered(captured, seq), KEYS, 1);
    let down = Captured::scripted(HostTime(5), control("KeyJ"), Edge::Down);
    assert_eq!(
        session(down, 3),
        Some(Input::Press(Press {
            t: HostTime(5),
            err: Nanos::ZERO,
            source: TimeSource::Scripted,
            device: DeviceId(0),
            lane: Lane(0),
            control: 36,
            seq: 3
        }))
    );
    let up = Captured { edge: Edge::Up(ReleaseCause::FocusLost), ..down };
    let Some(Input::Release(release)) = session(up, 4) else { panic!("a release") };
    assert_eq!((release.cause, release.control, release.seq), (ReleaseCause::FocusLost, 36, 4));
    assert_eq!(session(Captured { control: control("KeyQ"), ..down }, 5), None);
}

#[test]
fn one_more_control_and_one_less_leave_the_others() {
    let keyboard = Place { device: Some("keyboard".into()), lanes: 2, lane: Lane(0) };
    let (table, conflicts) = add(&Table::default(), &keyboard, control("KeyG")).unwrap();
    assert_eq!(conflicts, []);
    let (bindings, _) = Bindings::in_force(&table).unwrap();
    assert_eq!(lanes(&bindings, KEYS, 2, &["KeyF", "KeyG", "KeyJ"]), [0, 0, 1]);
    // the other lane's key is taken from it, and that lane is then without one
    let (table, conflicts) = add(&table, &keyboard, control("KeyJ")).unwrap();
    assert_eq!(conflicts.len(), 1);
    let (bindings, _) = Bindings::in_force(&table).unwrap();
    assert_eq!(lanes(&bindings, KEYS, 2, &["KeyF", "KeyG", "KeyJ"]), [0, 0, 0]);
    assert_eq!(bindings.prompts(KEYS, 2)[1], (Lane(1), Vec::new()));
    assert_eq!(lanes(&bindings, PAD, 2, &["PadLeft", "PadSouth"]), [0, 1], "pads keep what they had");
    let (table, _) = remove(&table, &keyboard, Slot::Control(control("KeyF"))).unwrap();
    let (bindings, _) = Bindings::in_force(&table).unwrap();
    assert_eq!(lanes(&bindings, KEYS, 2, &["KeyF", "KeyG", "KeyJ"]), [-1, 0, 0]);
    let instrument = Place { device: Some("midi".into()), lanes: 1, lane: Lane(0) };
    let (table, _) = remove(&table, &instrument, Slot::AnyNote).unwrap();
    let (bindings, _) = Bindings::in_force(&table).unwrap();
    assert_eq!(lanes(&bindings, MIDI, 1, &["Note60"]), [-1]);
    assert_eq!(lanes(&bindings, KEYS, 1, &["Space"]), [0]);
    assert!(matches!(
        remove(&table, &Place { lanes: 9, ..instrument }, Slot::AnyNote),
        Err(RebindError::NoSuchLane { .. })
    ));
}

#[test]
fn a_drum_kit_finds_its_way_through_menus() {
    let bindings = Bindings::default();
    let actions = ["Note36", "Note42", "Note38", "Note49"].map(|name| bindings.menu(control(name)));
    use MenuAction::{Back, Confirm, Down, Up};
    assert_eq!(actions, [Down, Up, Confirm, Back].map(Some));
    assert_eq!(bindings.menu(control("Note60")), None);
    assert_eq!(bindings.controls_of(MenuAction::Pause).collect::<Vec<_>>(), RESERVED);
}

#[test]
fn a_stick_is_bound_by_default_and_by_device() {
    let default = Bindings::default();
    let key = |name| default.stick(control(name), DeviceRef::KEYBOARD);
    assert_eq!(
        ["ArrowLeft", "KeyF", "KeyJ", "Space"].map(key),
        [Some(StickPart::Left), Some(StickPart::Left), Some(StickPart::Right), None]
    );
    assert_eq!(default.stick(control("RightStickX"), PAD), Some(StickPart::Axis));
    assert_eq!(default.some_axis(), Some(control("LeftStickX")));
    let keys = default.stick_prompts(DeviceRef::KEYBOARD);
    assert!(keys[0].1.is_empty() && keys[1].1.contains(&control("ArrowLeft")), "a keyboard has no axis: {keys:?}");
    let text = "[device.pad.stick]\naxis = [\"RightStickX\"]\n[device.\"Wheel\".stick]\nleft = [\"PadL1\"]";
    let (bindings, conflicts) = Bindings::with_player_file(text).unwrap();
    assert_eq!(conflicts, []);
    let wheel = DeviceRef { name: "Wheel", ..PAD };
    assert_eq!([PAD, wheel].map(|pad| bindings.stick(control("LeftStickX"), pad)), [None, None]);
    assert_eq!([PAD, wheel].map(|pad| bindings.stick(control("PadL1"), pad)), [None, Some(StickPart::Left)]);
    assert_eq!([PAD, wheel].map(|pad| bindings.stick(control("PadLeft"), pad)), [Some(StickPart::Left), None]);
    // the keyboard's stick is as it was
    assert_eq!(bindings.stick(control("KeyJ"), DeviceRef::KEYBOARD), Some(StickPart::Right));
}

#[test]
fn what_moves_no_stick_or_pauses_is_told() {
    for (text, wrong) in [
        ("[stick]\naxis = [\"Space\"]", "[stick] axis: Space is no axis"),
        ("[stick]\nleft = [\"LeftStickX\"]", "[stick] left: LeftStickX is an axis"),
        ("[device.keyboard.stick]\naxis = [\"LeftStickX\"]", "[device.keyboard.stick] axis: LeftStickX is no part"),
        ("[lanes]\n0 = [\"LeftStickX\"]", "[lanes] 0: LeftStickX is an axis and presses nothing"),
    ] {
        let error = Bindings::with_player_file(text).unwrap_err().to_string();
        assert!(error.starts_with(wrong), "{error}");
    }
    let (bindings, conflicts) = Bindings::with_player_file("[stick]\nleft = [\"Escape\", \"KeyA\"]").unwrap();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(bindings.stick(control("Escape"), DeviceRef::KEYBOARD), None);
    let both = "[stick]\nleft = [\"KeyA\"]\nright = [\"KeyA\"]";
    let (_, conflicts) = Bindings::with_player_file(both).unwrap();
    assert_eq!((conflicts[0].kept.as_str(), conflicts[0].dropped.as_str()), ("stick.left", "stick.right"));
}

#[test]
fn every_preset_leaves_a_stick_that_goes_both_ways() {
    for preset in Preset::ALL {
        let (bindings, conflicts) = Bindings::in_force(&Table { preset: Some(preset), ..Table::default() }).unwrap();
        assert_eq!(conflicts, []);
        let device = if preset == Preset::PadOnly { PAD } else { DeviceRef::KEYBOARD };
        let parts = bindings.stick_prompts(device);
        assert!(parts[1..].iter().all(|(_, controls)| !controls.is_empty()), "{preset:?}: {parts:?}");
    }
}
