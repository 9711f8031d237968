//! Tests of the stick: dead zone and drift, keys that push it, and that no order of delivery changes it.

use doozy_training::event::{ReleaseCause, TimeSource};
use proptest::prelude::*;

use super::*;
use crate::input::{KEYBOARD, control::Direction, pad::PadState};

const UP: Edge = Edge::Up(ReleaseCause::Released);
const LEFT_KEY: Control = Control::Key(105);
const RIGHT_KEY: Control = Control::Key(106);

fn ms(t: i64) -> HostTime {
    HostTime(t * 1_000_000)
}

fn told(changes: impl IntoIterator<Item = PadChange>) -> Vec<f64> {
    let mut sticks = PadSticks::default();
    let tilts = changes.into_iter().filter_map(|change| sticks.apply(change));
    tilts.map(|(_, edge)| if let Edge::Tilt(to) = edge { to.x() } else { f64::NAN }).collect()
}

fn x(value: f32) -> PadChange {
    PadChange::Axis(PadAxis::StickX(PadSide::Left), value)
}

#[test]
fn a_resting_stick_that_drifts_moves_nothing_and_pure_y_leaves_x_alone() {
    // cases A24: 60 s at 250 Hz, x = 0.06 ± 0.02, y = 0; then y = 0.9 with x = 0.
    let drift = (0..15_000).map(|i| x(0.06 + 0.02 * ((i % 5) as f32 / 2.0 - 1.0)));
    assert!(told(drift).is_empty());
    assert!(told([x(0.0), PadChange::Axis(PadAxis::StickY(PadSide::Left), 0.9)]).is_empty());
}

#[test]
fn a_stick_that_chatters_is_told_of_as_often_as_it_really_moves() {
    // cases A24: 0.49, 0.51, … is a real move of a fiftieth; noise of one bit is none.
    let bit = 1.0 / 256.0;
    let noise = (0..4_000).map(|i| x(0.5 + if i % 2 == 0 { 0.0 } else { bit }));
    assert_eq!(told(noise).len(), 1);
    // a whole way, however finely it is reported
    let sweep = (-20_000..=20_000).map(|i| x(i as f32 / 20_000.0));
    let way = told(sweep);
    assert!(way.len() <= 257, "{}", way.len());
    assert_eq!((way[0], way[way.len() - 1]), (-1.0, 1.0));
    assert!(way.windows(2).all(|pair| pair[0] < pair[1]) && way.contains(&0.0));
}

#[test]
fn the_dead_zone_ends_without_a_jump_and_the_stop_comes_before_the_end() {
    assert_eq!([0.0, 0.1, -0.1, 0.97, -1.0, f32::NAN].map(shaped), [0.0, 0.0, 0.0, 1.0, -1.0, 0.0]);
    assert!(shaped(0.11) > 0.0 && shaped(0.11) < 0.02);
    assert_eq!(shaped(0.5), -shaped(-0.5));
}

#[test]
fn a_hat_that_flips_without_passing_its_middle_turns_the_stick_at_once() {
    // cases A23: left 1000, right 1040 with no 0 between, middle 1080; then a diagonal, of which only right counts.
    use PadAxis::{HatX, HatY};
    let reports = [
        (1000, HatX, -1.0),
        (1040, HatX, 1.0),
        (1080, HatX, 0.0),
        (2000, HatX, 1.0),
        (2000, HatY, 1.0),
        (2030, HatY, 0.0),
        (2050, HatX, 0.0),
    ];
    let (mut pad, mut stick, mut seq) = (PadState::default(), KeyStick::default(), 0);
    for (t, axis, value) in reports {
        let mut edges = Vec::new();
        pad.apply(PadChange::Axis(axis, value), &mut edges);
        for (control, edge) in edges {
            let part = match control {
                Control::Hat(Direction::Left) => StickPart::Left,
                Control::Hat(Direction::Right) => StickPart::Right,
                _ => continue,
            };
            stick.push(input(t, control, edge, seq), part);
            seq += 1;
        }
    }
    let mut moves = Vec::new();
    stick.advance(ms(3_000), &mut moves);
    let places = places(&moves);
    let at = |t: i64| places.iter().rev().find(|(when, _)| *when <= ms(t)).map_or(0.0, |(_, x)| *x);
    assert!(at(1040) < -0.02, "{}", at(1040));
    assert!((at(1080)).abs() < 1e-9, "as long to the right as to the left: {}", at(1080));
    assert_eq!(at(1999), at(1080), "it stays where it is left");
    assert!(at(2050) > 0.02 && at(2990) == at(2050));
}

fn input(t: i64, control: Control, edge: Edge, seq: u64) -> TimedInput {
    let (err, source) = (Nanos::ms(1), TimeSource::X11);
    TimedInput { t: ms(t), err, source, device: KEYBOARD, control, edge, seq }
}

fn places(moves: &[Input]) -> Vec<(HostTime, f64)> {
    moves
        .iter()
        .map(|input| if let Input::Tilt(tilt) = input { (tilt.t, tilt.x) } else { panic!("{input:?}") })
        .collect()
}

/// A run of keys: right down 0, both from 400, left alone from 700, none from 1500, right again 2000 for 60 ms.
fn run() -> [(TimedInput, StickPart); 6] {
    use StickPart::{Left, Right};
    [
        (input(0, RIGHT_KEY, Edge::Down, 0), Right),
        (input(400, LEFT_KEY, Edge::Down, 1), Left),
        (input(700, RIGHT_KEY, UP, 2), Right),
        (input(1_500, LEFT_KEY, UP, 3), Left),
        (input(2_000, RIGHT_KEY, Edge::Down, 4), Right),
        (input(2_060, RIGHT_KEY, UP, 5), Right),
    ]
}

#[test]
fn keys_move_a_stick_that_stays_where_they_leave_it() {
    let mut stick = KeyStick::default();
    run().into_iter().for_each(|(input, part)| stick.push(input, part));
    let mut moves = Vec::new();
    stick.advance(ms(10_000), &mut moves);
    let places = places(&moves);
    let at = |t: i64| places.iter().rev().find(|(when, _)| *when <= ms(t)).map_or(0.0, |(_, x)| *x);
    // 0.3 s of speeding up from 0.5 to 2 a second, 0.1 s at 2 a second
    assert!((at(400) - (0.375 + 0.2)).abs() < 1e-9, "{}", at(400));
    assert_eq!(at(699), at(400), "both keys: it stands");
    assert!((at(1_500) - (0.575 - 0.375 - 1.0)).abs() < 1e-9, "{}", at(1_500));
    assert_eq!(at(1_999), at(1_500));
    let touch = at(9_999) - at(1_999);
    assert!((0.02..0.05).contains(&touch), "{touch}");
    assert!(places.iter().all(|(_, x)| x.abs() <= 1.0));
    assert!(places.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn a_key_held_at_the_stop_is_told_of_no_more() {
    let mut stick = KeyStick::default();
    stick.push(input(0, LEFT_KEY, Edge::Down, 0), StickPart::Left);
    let mut moves = Vec::new();
    stick.advance(ms(60_000), &mut moves);
    assert_eq!(places(&moves).last().map(|(_, x)| *x), Some(-1.0));
    assert!(moves.len() < 170, "{}", moves.len());
}

#[test]
fn a_focus_that_goes_stops_the_stick() {
    let mut stick = KeyStick::default();
    stick.push(input(0, LEFT_KEY, Edge::Down, 0), StickPart::Left);
    stick.push(input(100, LEFT_KEY, Edge::Up(ReleaseCause::FocusLost), 1), StickPart::Left);
    let mut moves = Vec::new();
    stick.advance(ms(5_000), &mut moves);
    assert_eq!(places(&moves).last().map(|(t, _)| *t), Some(ms(100)));
}

#[test]
fn a_pad_that_goes_leaves_its_sticks_at_rest() {
    let mut sticks = PadSticks::default();
    sticks.apply(x(0.8));
    let gone: Vec<_> = sticks.lose().collect();
    assert_eq!(gone, [(Control::Axis(PadSide::Left), Edge::Tilt(Deflection::CENTRE))]);
    assert_eq!(sticks.lose().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Watermarks in any steps, and keys that come in any order that they allow: the same moves.
    #[test]
    fn the_stick_does_not_depend_on_delivery(
        order in Just((0..6usize).collect::<Vec<_>>()).prop_shuffle(),
        marks in prop::collection::vec(0i64..3_000, 0..12),
    ) {
        let run = run();
        let mut at_once = (KeyStick::default(), Vec::new());
        run.iter().for_each(|(input, part)| at_once.0.push(*input, *part));
        at_once.0.advance(ms(4_000), &mut at_once.1);

        let (mut stick, mut moves) = (KeyStick::default(), Vec::new());
        let mut marks = marks;
        marks.extend([3_000, 4_000]);
        marks.sort_unstable();
        let mut left: Vec<usize> = order;
        for mark in marks {
            // whatever lies before the mark has come by then, in the shuffled order
            left.retain(|n| {
                let due = run[*n].0.t < ms(mark);
                if due {
                    stick.push(run[*n].0, run[*n].1);
                }
                !due
            });
            stick.advance(ms(mark), &mut moves);
        }
        prop_assert_eq!(moves, at_once.1);
    }
}
