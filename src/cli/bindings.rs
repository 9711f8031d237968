//! `doozy bindings`: which key, button or pad answers which lane; the screen that changes it, or the list.

use clap::Args;
use serde_json::json;

use super::{Common, Failure, line};
use crate::{
    input::{
        Bindings as InForce, DeviceKind,
        bindings::{DeviceRef, MAX_LANES, Table},
    },
    settings::SettingsFile,
};

#[derive(Args, Debug)]
pub struct Bindings {
    /// What is bound, for each kind of device, each device with a table of its own, and each number of lanes
    #[arg(long)]
    list: bool,
}

impl Bindings {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        if self.list { list(common) } else { on_screen(common) }
    }
}

#[cfg(feature = "game")]
fn on_screen(common: &Common) -> Result<(), Failure> {
    use super::shell::{self, Run, What};
    use crate::game::{app::Surface, bridge::ShellClock, capture::FramePlan};

    super::display()?;
    let run = Run {
        what: What::Bindings,
        learner: None,
        seed: crate::clock::wall().unsigned_abs(),
        seconds: None,
        surface: Surface::Window,
        clock: ShellClock::Real,
        frames: FramePlan::None,
        what_works: false,
        calibrate: None,
        practice: super::practice::PracticeArgs::default(),
    };
    shell::run(common, run).map(|_| ())
}

#[cfg(not(feature = "game"))]
fn on_screen(_common: &Common) -> Result<(), Failure> {
    Err(Failure::lacking(
        "the screen of bindings needs the game: build with the feature `game` (it is on by default); --list shows what is \
         bound, and settings.toml holds it",
    ))
}

/// Prints what is bound, and what was given two things to do.
fn list(common: &Common) -> Result<(), Failure> {
    let (file, _) = SettingsFile::open().map_err(|e| Failure::lacking(e.to_string()))?;
    let wrong = |e: crate::input::bindings::BindingsError| Failure::wrong(format!("settings.toml: bindings: {e}"));
    let table = Table::parse(&file.settings.bindings_text()).map_err(wrong)?;
    let (bindings, conflicts) = InForce::in_force(&table).map_err(wrong)?;
    let mut rows = Vec::new();
    let kinds = DeviceKind::ALL.map(|kind| (kind, ""));
    let own = table.device.keys().filter(|name| DeviceKind::ALL.iter().all(|kind| kind.name() != *name));
    let named = own.flat_map(|name| [DeviceKind::Pad, DeviceKind::Midi].map(|kind| (kind, name.as_str())));
    for (kind, name) in kinds.into_iter().chain(named) {
        for lanes in 1..=MAX_LANES {
            let prompts = bindings.prompts(DeviceRef { kind, name }, lanes);
            let controls: Vec<Vec<String>> =
                prompts.into_iter().map(|(_, slots)| slots.iter().map(ToString::to_string).collect()).collect();
            // a table by name says nothing of which kind it is; what it binds does
            if name.is_empty() || controls.iter().any(|lane| !lane.is_empty()) {
                rows.push((kind, name, lanes, controls));
            }
        }
    }
    if common.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(kind, name, lanes, controls)| {
                json!({ "device": kind.name(), "name": name, "lanes": lanes, "controls": controls })
            })
            .collect();
        let conflicts: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
        return line(json!({ "preset": table.preset, "bindings": rows, "conflicts": conflicts }));
    }
    for (kind, name, lanes, controls) in rows {
        let device = if name.is_empty() { kind.name() } else { name };
        for (lane, controls) in controls.iter().enumerate() {
            let bound = if controls.is_empty() { "nothing".to_owned() } else { controls.join(" ") };
            line(format!("{device}\t{lanes}\t{lane}\t{bound}"))?;
        }
    }
    for conflict in conflicts {
        super::complain(conflict);
    }
    Ok(())
}
