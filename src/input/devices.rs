//! The devices that a person plays on, opened together: the keys' tap, pads, and the window's frames where keys cannot
//! be had.
//!
//! Whoever listens to a person on the host's clock (a session, a calibration) opens these once and keeps them.

use doozy_training::{event::DeviceId, time::HostTime};

#[cfg(feature = "devices")]
use super::DeviceKind;
use super::{Taps, merge::TapKind, taps::frame::FrameTap};
use crate::clock::Clock;

/// Where a person's key times come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// The X11 tap on `$DISPLAY`, for the window that is named to it later; the window's own frames where that cannot
    /// be had.
    Tap,
    /// The window's frames alone: coarse, and flagged so.
    Frames,
}

/// Which clock something runs on.
#[derive(Clone, Debug, PartialEq)]
pub enum Pace {
    /// The host's, in a thread.
    Host { keys: Keys },
    /// A virtual one that starts at `from` and moves when it is driven.
    Virtual { from: HostTime },
}

/// Something to tell the player about the devices: a Fluent id and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub id: &'static str,
    pub args: Vec<(&'static str, String)>,
    pub grave: bool,
}

fn told(id: &'static str, args: Vec<(&'static str, String)>, grave: bool) -> Told {
    Told { id, args, grave }
}

/// Taps that live as long as whoever listens.
#[derive(Default)]
pub struct Held {
    #[cfg(feature = "devices")]
    keys: Option<super::taps::x11::X11Tap>,
    #[cfg(feature = "devices")]
    pads: Option<super::taps::gilrs::GilrsTap>,
    #[cfg(feature = "devices")]
    midi: Option<super::taps::midi::MidiTap>,
}

impl Held {
    /// From now on the keys of this X window count.
    #[cfg(feature = "devices")]
    pub fn listen_to(&self, window: u32) {
        if let Some(keys) = &self.keys {
            keys.set_gate(super::taps::x11::Gate::Window(window));
        }
    }

    /// From now on the keys of this X window count.
    #[cfg(not(feature = "devices"))]
    pub fn listen_to(&self, _window: u32) {}

    /// A pad or instrument counts beside the one that does, because the player said so.
    #[cfg(feature = "devices")]
    pub fn adopt(&self, device: DeviceId) {
        if let Some(pads) = self.pads.as_ref().filter(|_| DeviceKind::of(device) == DeviceKind::Pad) {
            pads.adopt(device);
        }
        if let Some(midi) = self.midi.as_ref().filter(|_| DeviceKind::of(device) == DeviceKind::Midi) {
            midi.adopt(device);
        }
    }

    /// A pad or instrument counts beside the one that does, because the player said so.
    #[cfg(not(feature = "devices"))]
    pub fn adopt(&self, _device: DeviceId) {}

    /// The chosen pad rumbles, if there is one.
    #[cfg(feature = "devices")]
    pub fn rumble(&self, strong: f32, weak: f32, ms: u32) {
        if let Some(pads) = &self.pads {
            pads.rumble(super::taps::gilrs::Rumble { strong, weak, ms });
        }
    }

    /// The chosen pad rumbles, if there is one.
    #[cfg(not(feature = "devices"))]
    pub fn rumble(&self, _strong: f32, _weak: f32, _ms: u32) {}
}

/// What a person on the host's clock is listened to with.
pub struct Devices {
    pub held: Held,
    /// The shell's end of the coarse tap, where the precise one cannot be had (or was not asked for).
    pub frame_tap: Option<FrameTap>,
    /// Where key times come from, for the record.
    pub timing: &'static str,
}

impl Devices {
    /// No device: somebody else presses.
    #[must_use]
    pub fn none() -> Self {
        Self { held: Held::default(), frame_tap: None, timing: "scripted" }
    }

    /// Opens what there is. Never fails: what is missing is told.
    pub fn open(keys: Keys, taps: &mut Taps, clock: &Clock, notices: &mut Vec<Told>) -> Self {
        let mut devices = Self { timing: "winit (coarse)", ..Self::none() };
        #[cfg(feature = "devices")]
        {
            use super::taps::{gilrs::GilrsTap, x11};
            if keys == Keys::Tap {
                match x11::X11Tap::start(taps.port(TapKind::X11), None, x11::Gate::Closed) {
                    Ok(tap) => {
                        devices.held.keys = Some(tap);
                        devices.timing = "x11";
                    }
                    Err(error) => notices.push(coarse(&error.to_string())),
                }
            }
            match GilrsTap::start(taps.port(TapKind::Gilrs), super::pad::PadChoice::default()) {
                Ok(tap) => devices.held.pads = Some(tap),
                // most people have none: told in the log, not on the screen
                Err(error) => tracing::info!("{error}"),
            }
            devices.held.midi = midi(taps);
        }
        if devices.timing != "x11" {
            if keys == Keys::Frames || cfg!(not(feature = "devices")) {
                notices.push(coarse("no X11 tap"));
            }
            devices.frame_tap = Some(FrameTap::new(taps.port(TapKind::Frame), clock.now()));
        }
        devices
    }
}

/// The instruments; most people have none, so what is missing is told in the log.
#[cfg(feature = "devices")]
fn midi(taps: &mut Taps) -> Option<super::taps::midi::MidiTap> {
    use super::{pad::PadChoice, taps::midi::MidiTap};
    let started = MidiTap::start(taps.port(TapKind::Midi), PadChoice::default());
    started.map_err(|error| tracing::info!("{error}")).ok()
}

fn coarse(why: &str) -> Told {
    told("notice-coarse-timing", vec![("why", why.to_owned())], true)
}
