//! What else is plugged in: pads, MIDI, and how well both are known (calibrations).

use serde::Serialize;

/// Gamepads that the system lists.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pads {
    pub found: Vec<String>,
    pub problem: Option<String>,
}

/// MIDI inputs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Midi {
    pub found: Vec<String>,
    pub problem: Option<String>,
}

/// Offsets measured for the devices in use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibrations {
    pub found: Vec<String>,
    pub problem: Option<String>,
}

#[cfg(feature = "devices")]
pub(super) fn pads() -> Pads {
    use crate::{
        clock::Clock,
        input::{Notice, Taps, merge::TapKind, pad::PadChoice, taps::gilrs::GilrsTap},
    };
    let mut taps = Taps::new(Clock::host());
    match GilrsTap::start(taps.port(TapKind::Gilrs), PadChoice::default()) {
        Err(error) => Pads { found: Vec::new(), problem: Some(error.to_string()) },
        Ok(_tap) => {
            // pads that are there are announced before the tap's first watermark
            std::thread::sleep(std::time::Duration::from_millis(200));
            taps.poll(&mut Vec::new());
            let name = |notice| if let Notice::DeviceFound { name, .. } = notice { Some(name) } else { None };
            Pads { found: taps.take_notices().into_iter().filter_map(name).collect(), problem: None }
        }
    }
}

#[cfg(not(feature = "devices"))]
pub(super) fn pads() -> Pads {
    Pads { found: Vec::new(), problem: Some("this build has no pads (feature `devices` is off)".into()) }
}

pub(super) fn midi() -> Midi {
    Midi { found: Vec::new(), problem: Some("this version listens to no MIDI".into()) }
}

pub(super) fn calibrations() -> Calibrations {
    Calibrations { found: Vec::new(), problem: Some("this version keeps no calibration per device".into()) }
}
