//! Any delivery that the watermarks allow gives the same inputs; whatever comes too late is told, never judged.

use doozy_training::{
    event::{Input, Lane, ReleaseCause},
    time::{HostTime, Nanos},
};

use super::*;
use crate::{
    clock::VirtualClock,
    input::{Bindings, Control, taps::scripted::ScriptedTap},
};

const SPACE: Control = Control::Key(57);

fn us(t: i64) -> HostTime {
    HostTime(t * 1000)
}

fn down(t: HostTime) -> Captured {
    Captured::scripted(t, SPACE, Edge::Down)
}

fn up(t: HostTime) -> Captured {
    Captured::scripted(t, SPACE, Edge::Up(ReleaseCause::Released))
}

/// cases A16: presses against 1000, 1500, 2000, then 3000 and 3006, with their releases.
fn script() -> Vec<Captured> {
    let taps = [(1_004_300, 60_000), (1_511_900, 60_000), (1_987_650, 60_000), (3_000_000, 3_000), (3_006_000, 3_000)];
    taps.iter().flat_map(|&(t, hold)| [down(us(t)), up(us(t + hold))]).collect()
}

/// What a consumer gets that looks once a frame, with a stall between `stall`, while the tap runs on every millisecond.
fn seen_at(frame: Nanos, stall: Option<(i64, i64)>) -> Vec<TimedInput> {
    let driver = VirtualClock::starting_at(HostTime(0));
    let mut taps = Taps::new(driver.clock());
    let mut tap = ScriptedTap::new(taps.port(TapKind::Scripted), driver.clock());
    tap.extend(script());
    let mut seen = Vec::new();
    let mut next_frame = HostTime(0);
    for ms in 0..3_200 {
        driver.advance_to(us(ms * 1000));
        tap.step();
        let stalled = stall.is_some_and(|(from, to)| (from..to).contains(&ms));
        if driver.now() >= next_frame && !stalled {
            let before = taps.watermark();
            let known = seen.len();
            taps.poll(&mut seen);
            assert!(seen[known..].iter().all(|input| input.t >= before));
            next_frame = driver.now() + frame;
        }
    }
    taps.poll(&mut seen);
    seen
}

#[test]
fn the_same_inputs_at_every_frame_rate_and_over_a_stall() {
    let at_60 = seen_at(Nanos(16_666_667), None);
    assert_eq!(at_60.len(), 10);
    let targets = [1_000_000, 1_500_000, 2_000_000, 3_000_000, 3_006_000].map(us);
    let presses = at_60.iter().filter(|input| input.edge == Edge::Down);
    let errors = presses.zip(targets).map(|(press, target)| (press.t - target).0 / 1000);
    assert_eq!(errors.collect::<Vec<_>>(), [4_300, 11_900, -12_350, 0, 0]);
    for hz in [30, 144, 240] {
        assert_eq!(seen_at(Nanos(1_000_000_000 / hz), None), at_60, "{hz} Hz");
    }
    assert_eq!(seen_at(Nanos(16_666_667), Some((1400, 1600))), at_60);
    assert_eq!(seen_at(Nanos(16_666_667), Some((2900, 3100))), at_60);
}

#[test]
fn a_held_key_keeps_its_own_times_over_a_trial_boundary() {
    // cases A19(b): F down 4900, up 5200, trial 2 from 5000: its release carries its own time, 300 ms after its press.
    let driver = VirtualClock::starting_at(HostTime(0));
    let mut taps = Taps::new(driver.clock());
    let port = taps.port(TapKind::Scripted);
    port.send(down(us(4_900_000)));
    let mut seen = Vec::new();
    taps.poll(&mut seen);
    port.raise_watermark(us(5_000_000));
    taps.poll(&mut seen);
    port.send(up(us(5_200_000)));
    taps.poll(&mut seen);
    let edges = seen.iter().map(|input| (input.seq, input.edge)).collect::<Vec<_>>();
    assert_eq!(edges, [(0, Edge::Down), (1, Edge::Up(ReleaseCause::Released))]);
    assert_eq!(seen[1].t - seen[0].t, Nanos::ms(300));
}

#[test]
fn the_least_watermark_of_the_active_taps_counts() {
    let driver = VirtualClock::starting_at(HostTime(0));
    let mut taps = Taps::new(driver.clock());
    let mut seen = Vec::new();
    driver.advance_to(us(10));
    taps.poll(&mut seen);
    assert_eq!(taps.watermark(), us(10));
    let [x11, pad] = [TapKind::X11, TapKind::Gilrs].map(|kind| taps.port(kind));
    driver.advance_to(us(100));
    x11.raise_watermark(us(90));
    pad.raise_watermark(us(40));
    taps.poll(&mut seen);
    assert_eq!(taps.watermark(), us(40));
    pad.raise_watermark(us(95));
    taps.poll(&mut seen);
    assert_eq!(taps.watermark(), us(90));
}

#[test]
fn a_tap_that_stands_still_is_reported_left_out_and_taken_back() {
    let driver = VirtualClock::starting_at(HostTime(0));
    let mut taps = Taps::new(driver.clock());
    let [x11, pad] = [TapKind::X11, TapKind::Gilrs].map(|kind| taps.port(kind));
    let mut seen = Vec::new();
    for ms in (0..=500).step_by(4) {
        driver.advance_to(us(ms * 1000));
        x11.raise_watermark(driver.now());
        taps.poll(&mut seen);
    }
    let t = us(500_000);
    assert_eq!(taps.take_notices(), [Notice::TapStalled { tap: TapKind::Gilrs, t }]);
    assert_eq!(taps.watermark(), t);
    assert_eq!(taps.active().collect::<Vec<_>>(), [TapKind::X11]);
    // What it kept back is too late to be judged; its release frees the lane all the same.
    let late = down(us(300_000));
    pad.send(late);
    pad.send(up(us(350_000)));
    taps.poll(&mut seen);
    assert_eq!(taps.take_notices(), [Notice::Late { input: late }]);
    assert_eq!((seen.len(), seen[0].t, seen[0].source), (1, t, TimeSource::Arrival));
    driver.advance_to(us(504_000));
    pad.raise_watermark(us(502_000));
    taps.poll(&mut seen);
    assert_eq!(taps.take_notices(), [Notice::TapReturned { tap: TapKind::Gilrs, t: us(504_000) }]);
    assert_eq!(taps.active().count(), 2);
}

#[test]
fn a_tap_that_ends_holds_nobody_up() {
    let driver = VirtualClock::starting_at(HostTime(0));
    let mut taps = Taps::new(driver.clock());
    let [x11, pad] = [TapKind::X11, TapKind::Gilrs].map(|kind| taps.port(kind));
    driver.advance_to(us(50));
    x11.raise_watermark(us(50));
    pad.send(down(us(20)));
    pad.end("the device folder is gone");
    let mut seen = Vec::new();
    taps.poll(&mut seen);
    assert_eq!((seen.len(), taps.watermark()), (1, us(50)));
    let why = Some("the device folder is gone".to_owned());
    assert_eq!(taps.take_notices(), [Notice::TapEnded { tap: TapKind::Gilrs, why, t: us(50) }]);
}

#[test]
fn chords_carry_what_breaks_the_tie() {
    // cases A27: three downs at 1002.000 in all six orders of arrival; the tie is broken by time, lane, then sequence.
    let (bindings, _) =
        Bindings::with_player_file("[lanes]\n0 = [\"KeyS\"]\n1 = [\"KeyD\"]\n2 = [\"KeyF\"]\n").unwrap();
    let keys = [31, 32, 33].map(Control::Key);
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let driver = VirtualClock::starting_at(HostTime(0));
        let mut taps = Taps::new(driver.clock());
        let port = taps.port(TapKind::Scripted);
        for lane in order {
            port.send(Captured::scripted(us(1_002_000), keys[lane], Edge::Down));
        }
        let mut seen = Vec::new();
        taps.poll(&mut seen);
        let bound = seen
            .iter()
            .filter_map(|input| bindings.session_input(input, crate::input::bindings::DeviceRef::KEYBOARD, 4));
        let presses = bound.filter_map(|input| if let Input::Press(press) = input { Some(press) } else { None });
        let presses = presses.collect::<Vec<_>>();
        let arrived = order.map(|lane| Lane(lane as u8));
        assert_eq!(presses.iter().map(|press| press.lane).collect::<Vec<_>>(), arrived);
        assert_eq!(
            presses.iter().map(|press| (press.t, press.seq)).collect::<Vec<_>>(),
            [0, 1, 2].map(|n| (us(1_002_000), n))
        );
    }
}

#[test]
fn four_threads_deliver_before_their_watermark_says_so() {
    // Whatever the scheduler does: once the least watermark is at t, every input before t has been given.
    let driver = VirtualClock::starting_at(HostTime(0));
    let mut taps = Taps::new(driver.clock());
    let threads = (0..4).map(|_| {
        let port = taps.port(TapKind::Scripted);
        std::thread::spawn(move || {
            for t in 1..=500 {
                port.send(down(HostTime(t)));
                port.raise_watermark(HostTime(t + 1));
            }
        })
    });
    let threads = threads.collect::<Vec<_>>();
    let mut seen = Vec::new();
    while seen.len() < 2000 {
        taps.poll(&mut seen);
        let all_before = taps.watermark();
        let given = seen.iter().filter(|input| input.t < all_before).count() as i64;
        assert_eq!(given, 4 * (all_before.0 - 1).clamp(0, 500), "at {all_before:?}");
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(seen.iter().map(|input| input.seq).collect::<Vec<_>>(), (0..2000).collect::<Vec<_>>());
}
