//! The gamepad tap: gilrs in a thread of its own, with the kernel's own times, and the way back for rumble.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use doozy_training::{
    event::{DeviceId, TimeSource},
    time::{HostTime, Nanos},
};
use gilrs::{
    Axis, Button, EventType, Gilrs, GilrsBuilder,
    ff::{BaseEffect, BaseEffectType, Effect, EffectBuilder, Repeat, Replay, Ticks},
};

use super::{SLACK, WAKE, ask_for_priority};
use crate::{
    clock,
    input::{
        Captured, Control, Notice, TapPort,
        control::{Direction, PadButton, PadSide},
        pad::{PadAxis, PadChange, PadChoice, PadState, Pads},
        stamps::{Believed, ClockPair, Stamps, WallMap},
        stick::PadSticks,
    },
};

/// Where Linux keeps its input devices.
const DEVICE_FOLDER: &str = "/dev/input";

/// Why there is no gamepad tap. The keyboard is not concerned.
#[derive(Debug, thiserror::Error)]
pub enum GilrsTapError {
    #[error(
        "no gamepads: {folder} does not exist on this machine; the keyboard works (in a container, pass {folder} through)"
    )]
    NoDeviceFolder { folder: String },
    #[error("no gamepads: the system does not list its devices ({0}); the keyboard works")]
    Backend(String),
    #[error("no gamepads: the system gave no thread ({0}); the keyboard works")]
    Thread(#[from] io::Error),
}

/// A vibration of the chosen pad. The caller has asked the effects' limits already.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rumble {
    /// The heavy motor, 0…1.
    pub strong: f32,
    /// The light motor, 0…1.
    pub weak: f32,
    /// Length in ms; gilrs works in ticks of 50 ms and rounds up to them.
    pub ms: u32,
}

enum Command {
    Rumble(Rumble),
    Choose(PadChoice),
    Adopt(DeviceId),
}

/// A running tap; dropping it ends its thread.
pub struct GilrsTap {
    commands: Sender<Command>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl GilrsTap {
    /// Opens the pads that are there, waits for others, and starts the thread. Each pad is announced by a
    /// [`Notice::DeviceFound`].
    ///
    /// # Errors
    /// On a machine without input devices or where the backend fails; the keyboard is not concerned.
    pub fn start(port: TapPort, choice: PadChoice) -> Result<Self, GilrsTapError> {
        Self::start_with(port, choice, Path::new(DEVICE_FOLDER))
    }

    fn start_with(port: TapPort, choice: PadChoice, folder: &Path) -> Result<Self, GilrsTapError> {
        if !folder.is_dir() {
            return Err(GilrsTapError::NoDeviceFolder { folder: folder.display().to_string() });
        }
        let (commands, from) = mpsc::channel();
        let (ready, started) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let asked_to_stop = Arc::clone(&stop);
        let thread = thread::Builder::new().name("tap-gilrs".into()).spawn(move || {
            // Our own dead zones and hysteresis stand in for gilrs's filters, which know nothing of cases A23 and A24.
            let gilrs = match GilrsBuilder::new().with_default_filters(false).build() {
                Ok(gilrs) => gilrs,
                Err(error) => {
                    let why = error.to_string();
                    let _ = ready.send(Err(GilrsTapError::Backend(why.clone())));
                    return port.end(why);
                }
            };
            let _ = ready.send(Ok(()));
            ask_for_priority();
            let wall = WallMap::from(ClockPair::read());
            let mut listener =
                Listener { gilrs, port, wall, pads: Pads::new(choice), states: Vec::new(), effects: Vec::new() };
            listener.listen(&from, &asked_to_stop);
        })?;
        match started.recv() {
            Ok(Ok(())) => Ok(Self { commands, stop, thread: Some(thread) }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(GilrsTapError::Backend("its thread ended at once".into())),
        }
    }

    /// Shakes the chosen pad, if it can be shaken.
    pub fn rumble(&self, rumble: Rumble) {
        self.command(Command::Rumble(rumble));
    }

    /// Changes which pad counts.
    pub fn choose(&self, choice: PadChoice) {
        self.command(Command::Choose(choice));
    }

    /// Lets a pad count beside those that do.
    pub fn adopt(&self, device: DeviceId) {
        self.command(Command::Adopt(device));
    }

    fn command(&self, command: Command) {
        // A thread that is gone has said so through its port.
        let _ = self.commands.send(command);
    }
}

impl Drop for GilrsTap {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What one pad holds, and how far its stamps are believed.
#[derive(Default)]
struct PadTrack {
    state: PadState,
    sticks: PadSticks,
    stamps: Stamps,
}

struct Listener {
    gilrs: Gilrs,
    port: TapPort,
    wall: WallMap,
    pads: Pads,
    /// By device number less 1.
    states: Vec<PadTrack>,
    /// What vibrates, and until when.
    effects: Vec<(Effect, HostTime)>,
}

impl Listener {
    fn listen(&mut self, commands: &Receiver<Command>, stop: &AtomicBool) {
        let there = self.gilrs.gamepads().map(|(id, _)| id).collect::<Vec<_>>();
        for id in there {
            self.connect(id, clock::now());
        }
        while !stop.load(Ordering::Relaxed) {
            while let Ok(command) = commands.try_recv() {
                match command {
                    Command::Rumble(rumble) => self.rumble(rumble),
                    Command::Choose(choice) => self.pads.choose(choice),
                    Command::Adopt(device) => self.adopt(device),
                }
            }
            let mut before = clock::now();
            self.effects.retain(|(_, until)| *until > before);
            let mut next = self.gilrs.next_event_blocking(Some(WAKE));
            let woken = clock::now();
            if let Some(by) = self.wall.resample(ClockPair::read()) {
                self.port.notify(Notice::WallClockStepped { by, t: woken });
            }
            if next.is_none() && woken - before < Nanos::ms(1) {
                // gilrs wakes without an event now and then, and at once where its poll fails: never spin.
                thread::sleep(Duration::from_millis(1));
            }
            // Drained until there was nothing at `before`, the promise holds for every pad.
            while let Some(event) = next {
                self.hear(event, clock::now());
                before = clock::now();
                next = self.gilrs.next_event();
            }
            self.port.raise_watermark(before - SLACK);
        }
    }

    fn hear(&mut self, event: gilrs::Event, arrival: HostTime) {
        match event.event {
            EventType::Connected => self.connect(event.id, arrival),
            EventType::Disconnected => self.disconnect(event.id, arrival),
            _ => {
                if let Some(change) = change(event.event) {
                    self.change(usize::from(event.id), change, epoch_nanos(event.time), arrival);
                }
            }
        }
    }

    fn change(&mut self, backend: usize, change: PadChange, stamp: Option<i64>, arrival: HostTime) {
        let Some(device) = self.pads.device(backend) else { return };
        let floor = self.port.watermark();
        let track = &mut self.states[usize::from(device.0) - 1];
        let mut edges = Vec::new();
        track.state.apply(change, &mut edges);
        edges.extend(track.sticks.apply(change));
        if edges.is_empty() {
            return;
        }
        let believed = track.stamps.judge(stamp.and_then(|wall| self.wall.monotonic(wall)), arrival, floor);
        if believed.source == TimeSource::Arrival {
            let total = self.states.iter().map(|track| track.stamps.distrusted()).sum();
            self.port.notify(Notice::StampDistrusted { device, total, t: arrival });
        }
        self.send(device, believed, &edges);
    }

    fn send(&mut self, device: DeviceId, believed: Believed, edges: &[(Control, crate::input::Edge)]) {
        let Believed { t, err, source } = believed;
        if edges.iter().any(|(_, edge)| *edge == crate::input::Edge::Down) && self.pads.press_chooses(device) {
            let name = self.name(device);
            self.port.notify(Notice::DeviceChosen { device, name, t });
        }
        for &(control, edge) in edges {
            let input = Captured { t, err, source, device, control, edge };
            if self.pads.counts(device) {
                self.port.send(input);
            } else if !matches!(edge, crate::input::Edge::Tilt(_)) {
                // a stranger's stick would only fill the log
                self.port.notify(Notice::Ignored { input });
            }
        }
    }

    fn adopt(&mut self, device: DeviceId) {
        if self.pads.adopt(device) {
            // what it holds now was pressed before it counted
            let track = &mut self.states[usize::from(device.0) - 1];
            (track.state, track.sticks) = (PadState::default(), PadSticks::default());
            let name = self.name(device);
            self.port.notify(Notice::DeviceChosen { device, name, t: clock::now() });
        }
    }

    fn connect(&mut self, id: gilrs::GamepadId, t: HostTime) {
        let gamepad = self.gilrs.gamepad(id);
        let name = gamepad.name().to_owned();
        let uuid: String = gamepad.uuid().iter().map(|byte| format!("{byte:02x}")).collect();
        let device = self.pads.connect(usize::from(id), name.clone(), uuid.clone());
        if self.states.len() < usize::from(device.0) {
            self.states.push(PadTrack::default());
        }
        let chosen = self.pads.counts(device);
        self.port.notify(Notice::DeviceFound { device, name, uuid, chosen, t });
    }

    fn disconnect(&mut self, id: gilrs::GamepadId, arrival: HostTime) {
        let Some(device) = self.pads.disconnect(usize::from(id)) else { return };
        let track = &mut self.states[usize::from(device.0) - 1];
        let mut edges = Vec::new();
        track.state.lose(&mut edges);
        edges.extend(track.sticks.lose());
        let counted = self.pads.counts(device);
        let t = arrival.max(self.port.watermark());
        self.send(device, Believed { t, err: crate::input::stamps::ARRIVAL_ERR, source: TimeSource::Arrival }, &edges);
        if counted {
            let name = self.name(device);
            self.port.notify(Notice::DeviceLost { device, name, t });
        }
    }

    fn name(&self, device: DeviceId) -> String {
        self.pads.pad(device).map(|pad| pad.name.clone()).unwrap_or_default()
    }

    fn rumble(&mut self, rumble: Rumble) {
        let able = self.gilrs.gamepads().filter(|(id, gamepad)| {
            gamepad.is_ff_supported()
                && self.pads.device(usize::from(*id)).is_some_and(|device| self.pads.counts(device))
        });
        let able = able.map(|(id, _)| id).collect::<Vec<_>>();
        if able.is_empty() || rumble.ms == 0 {
            return;
        }
        let play_for = Ticks::from_ms(rumble.ms);
        let scheduling = Replay { after: Ticks::from_ms(0), play_for, with_delay: Ticks::from_ms(0) };
        let motor = |kind| BaseEffect { kind, scheduling, ..BaseEffect::default() };
        let built = EffectBuilder::new()
            .add_effect(motor(BaseEffectType::Strong { magnitude: magnitude(rumble.strong) }))
            .add_effect(motor(BaseEffectType::Weak { magnitude: magnitude(rumble.weak) }))
            .repeat(Repeat::For(play_for))
            .gamepads(&able)
            .finish(&mut self.gilrs);
        let played = built.and_then(|effect| effect.play().map(|()| effect));
        match played {
            // Dropping an effect stops it; a tick more than its length keeps its end.
            Ok(effect) => self.effects.push((effect, clock::now() + Nanos::ms(i64::from(rumble.ms) + 50))),
            Err(error) => tracing::warn!(%error, "the pad refused to rumble"),
        }
    }
}

/// A motor's strength as force feedback counts it; whatever is no number is rest.
fn magnitude(strength: f32) -> u16 {
    (strength.clamp(0.0, 1.0) * f32::from(u16::MAX)) as u16
}

/// A wall time in ns; none for 1970, which gilrs gives to what it made up after an overflow.
fn epoch_nanos(time: SystemTime) -> Option<i64> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok().filter(|nanos| *nanos > 0)
}

/// What a gilrs event means to us. Presses and releases come as changes of value as well, and those alone are read, so that
/// digital and analogue triggers are one thing.
fn change(event: EventType) -> Option<PadChange> {
    match event {
        EventType::ButtonChanged(button, value, _) => control(button).map(|control| PadChange::Button(control, value)),
        EventType::AxisChanged(axis, value, _) => pad_axis(axis).map(|axis| PadChange::Axis(axis, value)),
        _ => None,
    }
}

fn control(button: Button) -> Option<Control> {
    Some(match button {
        Button::South => Control::Button(PadButton::South),
        Button::East => Control::Button(PadButton::East),
        Button::North => Control::Button(PadButton::North),
        Button::West => Control::Button(PadButton::West),
        Button::LeftTrigger => Control::Button(PadButton::L1),
        Button::RightTrigger => Control::Button(PadButton::R1),
        Button::LeftTrigger2 => Control::Trigger(PadSide::Left),
        Button::RightTrigger2 => Control::Trigger(PadSide::Right),
        Button::Select => Control::Button(PadButton::Select),
        Button::Start => Control::Button(PadButton::Start),
        Button::Mode => Control::Button(PadButton::Mode),
        Button::LeftThumb => Control::Button(PadButton::L3),
        Button::RightThumb => Control::Button(PadButton::R3),
        Button::DPadUp => Control::Hat(Direction::Up),
        Button::DPadDown => Control::Hat(Direction::Down),
        Button::DPadLeft => Control::Hat(Direction::Left),
        Button::DPadRight => Control::Hat(Direction::Right),
        Button::C | Button::Z | Button::Unknown => return None,
    })
}

fn pad_axis(axis: Axis) -> Option<PadAxis> {
    Some(match axis {
        Axis::DPadX => PadAxis::HatX,
        Axis::DPadY => PadAxis::HatY,
        Axis::LeftStickX => PadAxis::StickX(PadSide::Left),
        Axis::LeftStickY => PadAxis::StickY(PadSide::Left),
        Axis::RightStickX => PadAxis::StickX(PadSide::Right),
        Axis::RightStickY => PadAxis::StickY(PadSide::Right),
        Axis::LeftZ | Axis::RightZ | Axis::Unknown => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        input::{Taps, merge::TapKind},
    };

    #[test]
    fn a_machine_without_input_devices_says_so() {
        let mut taps = Taps::new(Clock::host());
        let nowhere = tempfile::tempdir().unwrap().path().join("input");
        let refused = GilrsTap::start_with(taps.port(TapKind::Gilrs), PadChoice::First, &nowhere);
        let message = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.starts_with("no gamepads: ") && message.contains("the keyboard works"), "{message}");
        let before = clock::now();
        taps.poll(&mut Vec::new());
        assert!(taps.watermark() >= before, "a tap that never started holds nobody up");
    }

    #[test]
    fn without_pads_the_tap_still_keeps_its_promise() {
        let folder = tempfile::tempdir().unwrap();
        let mut taps = Taps::new(Clock::host());
        let tap = GilrsTap::start_with(taps.port(TapKind::Gilrs), PadChoice::First, folder.path()).unwrap();
        tap.rumble(Rumble { strong: 1.0, weak: f32::NAN, ms: 100 });
        tap.choose(PadChoice::All);
        let start = clock::now();
        let mut polls = 0;
        while taps.watermark() < start {
            taps.poll(&mut Vec::new());
            thread::sleep(Duration::from_millis(1));
            polls += 1;
            assert!(polls < 10_000, "the watermark stands still: {:?}", taps.take_notices());
        }
        drop(tap);
        taps.poll(&mut Vec::new());
        assert_eq!(taps.active().count(), 0);
    }

    #[test]
    fn a_time_of_1970_is_no_time() {
        assert_eq!(epoch_nanos(UNIX_EPOCH), None);
        assert_eq!(epoch_nanos(UNIX_EPOCH - Duration::from_secs(1)), None);
        assert_eq!(epoch_nanos(UNIX_EPOCH + Duration::from_micros(3)), Some(3000));
    }

    #[test]
    fn strength_stays_within_the_motors_range() {
        assert_eq!([-1.0, 0.0, 1.0, 7.0, f32::NAN].map(magnitude), [0, 0, u16::MAX, u16::MAX, 0]);
    }

    #[test]
    fn triggers_and_shoulders_keep_their_names() {
        assert_eq!(control(Button::RightTrigger2), Some(Control::Trigger(PadSide::Right)));
        assert_eq!(control(Button::RightTrigger), Some(Control::Button(PadButton::R1)));
        assert_eq!(control(Button::DPadLeft), Some(Control::Hat(Direction::Left)));
        assert_eq!(control(Button::Unknown), None);
    }
}
