//! `doozy calibrate`: measure how late the devices are, list what was measured, forget it, or try the procedure on a
//! simulated player.

use clap::{Args, ValueEnum};
use doozy_training::time::{HostTime, Nanos};
use serde_json::json;

use super::{Common, Failure, line};
use crate::{
    audio::{Audio, Choice, Levels},
    calibration::{
        self, Announced, Command, Entry, Estimate, Method, Note, Output, Phase, Setup, StoreFile, Tapper, Verdict, Who,
        lookup, store,
    },
    input::{Bindings, devices::Pace},
    settings::SettingsFile,
    text::Text,
};

/// Where virtual time begins; any value gives the same calibration.
const ORIGIN: HostTime = HostTime(1_000_000_000);
/// No simulated calibration takes longer.
const PATIENCE: Nanos = Nanos::ms(1_200_000);

#[derive(Args, Debug)]
pub struct Calibrate {
    /// How to measure; without it the screen asks
    #[arg(long, value_enum)]
    method: Option<How>,
    /// What is stored, for which devices, and whether they still run as they did then
    #[arg(long)]
    list: bool,
    /// Forget an entry by its number in --list, or all of them
    #[arg(long, value_name = "N|all", conflicts_with_all = ["list", "simulate"])]
    clear: Option<String>,
    /// Let an entry apply on its devices, by its number in --list
    #[arg(long, value_name = "N", conflicts_with_all = ["list", "clear", "simulate"])]
    choose: Option<usize>,
    /// A simulated player in virtual time: delay of its devices, SD of its hand, its anticipation (negative: ahead),
    /// all in ms; nothing is stored
    #[arg(long, value_name = "OFFSET[,SD[,ANTICIPATION]]", allow_hyphen_values = true, value_parser = tapper, conflicts_with = "list")]
    simulate: Option<Tapper>,
    /// Of everything random; the same seed gives the same calibration
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Measure with sound although there is no sound output (for tests of the procedure)
    #[arg(long)]
    anyway: bool,
    /// Print each stimulus as a line of JSON before it sounds, with its time on CLOCK_MONOTONIC
    #[arg(long)]
    announce: bool,
}

/// A method, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum How {
    /// Tap to a beat that is heard: your own anticipation is in the number
    Sound,
    /// Tap to a beat that is seen: likewise
    Flash,
    /// Move a beat that follows you until it falls together with your finger: no anticipation in it
    Adjust,
}

impl From<How> for Method {
    fn from(how: How) -> Self {
        match how {
            How::Sound => Self::TapToSound,
            How::Flash => Self::TapToFlash,
            How::Adjust => Self::Adjust,
        }
    }
}

fn tapper(text: &str) -> Result<Tapper, String> {
    let wrong = || "up to three numbers of ms, as 180 or -20,15,-50".to_owned();
    let numbers = text.split(',').map(|part| part.trim().parse::<f64>().map_err(|_| wrong()));
    let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
    let usual = Tapper::default();
    let (offset_ms, sd_ms, anticipation_ms) = match numbers[..] {
        [offset] => (offset, usual.sd_ms, usual.anticipation_ms),
        [offset, sd] => (offset, sd, usual.anticipation_ms),
        [offset, sd, anticipation] => (offset, sd, anticipation),
        _ => return Err(wrong()),
    };
    let limit = calibration::OFFSET_LIMIT_MS;
    let fits = |x: f64, least: f64, most: f64| (least..=most).contains(&x);
    if !fits(offset_ms, -limit, limit) || !fits(sd_ms, 0.0, 500.0) || !fits(anticipation_ms, -300.0, 300.0) {
        return Err(format!("an offset of −{limit} to {limit} ms, an SD of 0 to 500, an anticipation of −300 to 300"));
    }
    Ok(Tapper { offset_ms, sd_ms, anticipation_ms, outliers: 0.0 })
}

impl Calibrate {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        if self.list {
            return list(common);
        }
        if let Some(which) = &self.clear {
            return clear(which, common);
        }
        if let Some(number) = self.choose {
            return choose(number, common);
        }
        match self.simulate {
            Some(tapper) => self.simulated(tapper, common),
            None => self.on_screen(common),
        }
    }

    #[cfg(feature = "game")]
    fn on_screen(&self, common: &Common) -> Result<(), Failure> {
        use super::shell::{self, Run, What};
        use crate::game::{app::Surface, bridge::ShellClock, capture::FramePlan};

        super::display()?;
        let calibrate =
            shell::Calibrate { method: self.method.map(Method::from), anyway: self.anyway, announce: self.announce };
        let run = Run {
            what: What::Menu,
            learner: None,
            seed: self.seed,
            seconds: None,
            surface: Surface::Window,
            clock: ShellClock::Real,
            frames: FramePlan::None,
            practice: super::practice::PracticeArgs::default(),
            what_works: false,
            calibrate: Some(calibrate),
        };
        shell::run(common, run).map(|_| ())
    }

    #[cfg(not(feature = "game"))]
    fn on_screen(&self, _common: &Common) -> Result<(), Failure> {
        Err(Failure::lacking(
            "calibrating with a person needs the game's screen: build with the feature `game` (it is on by default); \
             --simulate tries the procedure, --list shows what is stored",
        ))
    }

    fn simulated(&self, tapper: Tapper, common: &Common) -> Result<(), Failure> {
        let method = Method::from(self.method.unwrap_or(How::Adjust));
        let mut handle = calibration::start(Setup {
            method,
            seed: self.seed,
            who: Who::Simulated(tapper),
            pace: Pace::Virtual { from: ORIGIN },
            levels: Levels::default(),
            bindings: Bindings::default(),
            display: lookup::DISPLAY.to_owned(),
            store: None,
            anyway: self.anyway,
            announce: self.announce.then(announcer),
        })?;
        let (mut notes, mut found) = (Vec::new(), None);
        let mut over = false;
        while !over && handle.now() - ORIGIN < PATIENCE {
            let next = handle.now() + Nanos::ms(1_000);
            handle.drive(next);
            handle.notes(&mut notes);
            for note in notes.drain(..) {
                match note {
                    Note::Estimate(estimate) => found = Some(estimate),
                    Note::Phase(Phase::Review) | Note::Ended { .. } => over = true,
                    _ => {}
                }
            }
        }
        let took = handle.now() - ORIGIN;
        handle.command(Command::Stop);
        let Some(found) = found else { return Err(Failure::wrong("the calibration came to no estimate")) };
        tell(method, tapper, &found, took, common)?;
        if found.verdict == Verdict::Ready {
            return Ok(());
        }
        Err(Failure::wrong(text()?.say(found.verdict.message(), &[])))
    }
}

/// Prints what is announced. A reader that is gone ends nothing: the calibration is for whoever taps.
pub fn announcer() -> calibration::Announce {
    Box::new(|stimulus: Announced| {
        if let Ok(text) = serde_json::to_string(&stimulus) {
            drop(line(text));
        }
    })
}

fn tell(method: Method, tapper: Tapper, found: &Estimate, took: Nanos, common: &Common) -> Result<(), Failure> {
    if common.json {
        return line(json!({
            "method": method.name(),
            "holds_anticipation": method.holds_anticipation(),
            "offset_ms": found.median_ms,
            "se_ms": found.se_ms,
            "spread_ms": found.spread_ms,
            "n": found.n,
            "verdict": found.verdict,
            "history_ms": found.history,
            "took_s": took.as_secs(),
            "simulated": {
                "offset_ms": tapper.offset_ms,
                "sd_ms": tapper.sd_ms,
                "anticipation_ms": tapper.anticipation_ms,
            },
        }));
    }
    let text = text()?;
    line(text.say(method.title(), &[]))?;
    line(format!("{} ms ± {} (spread {}, n {})", ms(found.median_ms), ms(found.se_ms), ms(found.spread_ms), found.n))?;
    line(text.say(method.hint(), &[]))
}

fn ms(x: Option<f64>) -> String {
    x.map_or_else(|| "–".to_owned(), |x| format!("{x:.1}"))
}

fn text() -> Result<Text, Failure> {
    let (file, _) = SettingsFile::open().map_err(|e| Failure::lacking(e.to_string()))?;
    Ok(Text::load(&file.settings.language))
}

fn open() -> Result<StoreFile, Failure> {
    let (file, findings) = StoreFile::open().map_err(|e| Failure::lacking(e.to_string()))?;
    let text = text()?;
    for finding in findings {
        let (id, args) = finding.message();
        super::complain(text.say(id, &args));
    }
    Ok(file)
}

/// The sound output in use, to tell which entries are for it and which are stale.
fn output() -> Output {
    Output::from(Audio::open(Choice::Device, Levels::default()).report())
}

fn list(common: &Common) -> Result<(), Failure> {
    let (file, output, text) = (open()?, output(), text()?);
    let is_here = |entry: &Entry| entry.output.as_ref().is_none_or(|name| *name == output.name);
    let changes = |entry: &Entry| if is_here(entry) { store::changes(entry, &output) } else { Vec::new() };
    if common.json {
        let entries: Vec<_> = (1..)
            .zip(&file.entries)
            .map(|(number, entry)| {
                json!({
                    "number": number,
                    "method": entry.method.name(),
                    "holds_anticipation": entry.method.holds_anticipation(),
                    "output": entry.output,
                    "display": entry.display,
                    "input": entry.input,
                    "offset_ms": entry.offset_ms,
                    "se_ms": entry.se_ms,
                    "spread_ms": entry.spread_ms,
                    "n": entry.n,
                    "date": entry.date,
                    "chosen": entry.chosen,
                    "device_in_use": is_here(entry),
                    "stale": changes(entry),
                })
            })
            .collect();
        return line(json!({ "file": file.path, "output_in_use": output.name, "entries": entries }));
    }
    if file.entries.is_empty() {
        return line(format!("nothing is stored in {}", file.path.display()));
    }
    for (number, entry) in (1..).zip(&file.entries) {
        let standing = match (is_here(entry), changes(entry).is_empty()) {
            (false, _) => ", not the output in use",
            (true, false) => ", stale: rate or buffer have changed",
            (true, true) => "",
        };
        line(format!(
            "{number}  {} with {}: {:+.1} ms ± {} ({}, n {}, {}{}{standing})",
            entry.on(),
            entry.input.label(),
            entry.offset_ms,
            ms(entry.se_ms),
            text.say(entry.method.title(), &[]),
            entry.n,
            entry.date,
            if entry.chosen { ", chosen" } else { "" },
        ))?;
    }
    Ok(())
}

/// The entry that a person means by its number in the list.
fn numbered(file: &StoreFile, number: usize) -> Result<Entry, Failure> {
    let found = number.checked_sub(1).and_then(|at| file.entries.get(at)).cloned();
    found.ok_or_else(|| {
        Failure::usage(format!("no entry {number}: {} has {}, see --list", file.path.display(), file.entries.len()))
    })
}

fn clear(which: &str, common: &Common) -> Result<(), Failure> {
    let mut file = open()?;
    let gone = if which == "all" {
        file.clear(|_| true)
    } else {
        let number = which.parse().map_err(|_| Failure::usage("--clear takes a number of --list, or 'all'"))?;
        let entry = numbered(&file, number)?;
        file.clear(|other| *other == entry)
    };
    if gone > 0 {
        file.save().map_err(|e| Failure::lacking(e.to_string()))?;
    }
    if common.json {
        return line(json!({ "cleared": gone }));
    }
    if common.quiet { Ok(()) } else { line(format!("{gone} forgotten")) }
}

fn choose(number: usize, common: &Common) -> Result<(), Failure> {
    let mut file = open()?;
    let entry = numbered(&file, number)?;
    file.choose(entry.method, entry.on(), &entry.input);
    file.save().map_err(|e| Failure::lacking(e.to_string()))?;
    if common.json || common.quiet {
        return Ok(());
    }
    line(format!("{} with {}: {:+.1} ms apply", entry.on(), entry.input.label(), entry.offset_ms))
}
