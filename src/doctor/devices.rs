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

/// What a tap announces in its first moments: pads and instruments that are there come before its first watermark.
#[cfg(feature = "devices")]
fn announced<T, E: std::fmt::Display>(
    kind: crate::input::merge::TapKind,
    start: impl FnOnce(crate::input::TapPort) -> Result<T, E>,
) -> (Vec<String>, Option<String>) {
    use crate::{
        clock::Clock,
        input::{Notice, Taps},
    };
    let mut taps = Taps::new(Clock::host());
    match start(taps.port(kind)) {
        Err(error) => (Vec::new(), Some(error.to_string())),
        Ok(_tap) => {
            std::thread::sleep(std::time::Duration::from_millis(200));
            taps.poll(&mut Vec::new());
            let name = |notice| if let Notice::DeviceFound { name, .. } = notice { Some(name) } else { None };
            (taps.take_notices().into_iter().filter_map(name).collect(), None)
        }
    }
}

#[cfg(feature = "devices")]
pub(super) fn pads() -> Pads {
    use crate::input::{merge::TapKind, pad::PadChoice, taps::gilrs::GilrsTap};
    let (found, problem) = announced(TapKind::Gilrs, |port| GilrsTap::start(port, PadChoice::default()));
    Pads { found, problem }
}

#[cfg(feature = "devices")]
pub(super) fn midi() -> Midi {
    use crate::input::{merge::TapKind, pad::PadChoice, taps::midi::MidiTap};
    let (found, problem) = announced(TapKind::Midi, |port| MidiTap::start(port, PadChoice::default()));
    Midi { found, problem }
}

#[cfg(not(feature = "devices"))]
pub(super) fn pads() -> Pads {
    Pads { found: Vec::new(), problem: Some("this build has no pads (feature `devices` is off)".into()) }
}

#[cfg(not(feature = "devices"))]
pub(super) fn midi() -> Midi {
    Midi { found: Vec::new(), problem: Some("this build has no MIDI (feature `devices` is off)".into()) }
}

/// What is stored, an entry a line; which of it applies depends on what plays and what is pressed.
pub(super) fn calibrations() -> Calibrations {
    use crate::calibration::StoreFile;
    let place = match StoreFile::place() {
        Ok(place) => place,
        Err(error) => return Calibrations { found: Vec::new(), problem: Some(error.to_string()) },
    };
    if !place.exists() {
        let problem = Some("nothing is measured yet: doozy calibrate".to_owned());
        return Calibrations { found: Vec::new(), problem };
    }
    let (file, _) = StoreFile::open_at(&place);
    let line = |entry: &crate::calibration::Entry| {
        let se = entry.se_ms.map_or_else(String::new, |se| format!(" ± {se:.1}"));
        let (on, with, method) = (entry.on(), entry.input.label(), entry.method.name());
        format!("{on} with {with}: {:+.1} ms{se} ({method})", entry.offset_ms)
    };
    Calibrations { found: file.entries.iter().map(line).collect(), problem: None }
}
