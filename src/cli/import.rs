//! `doozy import`: MIDI files, osu! beatmaps and StepMania charts become levels, with a summary of what was kept,
//! dropped and warned about.

use std::path::PathBuf;

use clap::Args;
use doozy_training::level::Level;
use serde_json::{Value, json};

use super::{Common, Failure, line};
use crate::import::{
    self, DrumMap, ImportError, Imported, Options,
    chart::{Chart, ms},
    level::called,
    store::{Plan, Planned},
};

#[derive(Args, Debug)]
pub struct Import {
    /// MIDI files (.mid), osu! beatmaps and archives (.osu, .osz), StepMania charts (.sm, .ssc)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder for the levels and the sound that charts name; made if it is not there
    #[arg(long, value_name = "DIR", required_unless_present = "list")]
    out: Option<PathBuf>,
    /// Print every target: ms, lane, length in ms (- if unknown), tap or hold. Without --out nothing is written
    #[arg(long)]
    list: bool,
    /// Overwrite what is there
    #[arg(long)]
    force: bool,
    /// MIDI: only this track, the first is 1; may be given again
    #[arg(long, value_name = "N")]
    track: Vec<usize>,
    /// MIDI: only this channel, 1 to 16; may be given again
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    channel: Vec<u8>,
    /// MIDI: one level of all parts, instead of one for each channel of each track
    #[arg(long)]
    merge: bool,
    /// MIDI: auto (General MIDI's kit on channel 10), gm (on all), none, or KEY=LANE,… with lanes from 0
    #[arg(long, value_name = "MAP", default_value = "auto")]
    drum_map: DrumMap,
    /// MIDI: notes at least so long are held, not tapped
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(50..=60_000))]
    holds: Option<u32>,
    /// Fold into at most so many lanes; pitched MIDI parts and osu! circles have one if this is not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    lanes: Option<u8>,
    /// Instead of the notes, so many even targets a beat
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    grid: Option<u8>,
    /// Leave the sound that charts name alone
    #[arg(long)]
    no_audio: bool,
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        match &error {
            ImportError { lack: true, .. } => Self::lacking(error.to_string()),
            ImportError { usage: true, .. } => Self::usage(error.to_string()),
            _ => Self::wrong(error.to_string()),
        }
    }
}

impl Import {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let options = Options {
            tracks: self.track.clone(),
            channels: self.channel.clone(),
            merge: self.merge,
            drum_map: self.drum_map.clone(),
            holds_us: self.holds.map(|ms| i64::from(ms) * 1000),
            lanes: self.lanes,
            grid: self.grid,
        };
        let files = self.files.iter().map(|file| import::import(file, &options, !self.no_audio));
        let files = files.collect::<Result<Vec<Imported>, ImportError>>()?;
        let plan = Plan::of(&files)?;
        if let Some(out) = &self.out {
            plan.write(out, self.force)?;
        }
        if common.json {
            return line(self.as_json(&files, &plan));
        }
        for (file, levels) in files.iter().zip(&plan.levels) {
            self.tell(file, levels, common.quiet)?;
        }
        if let Some(out) = self.out.as_ref().filter(|_| !common.quiet) {
            for sound in plan.sounds() {
                line(self.comment(&format!("sound {}", out.join(sound).display())))?;
            }
        }
        Ok(())
    }

    /// A line that is no target, so that a script can tell the two apart.
    fn comment(&self, text: &str) -> String {
        if self.list { format!("# {text}") } else { text.to_owned() }
    }

    fn place(&self, planned: &Planned) -> Option<PathBuf> {
        self.out.as_ref().map(|out| out.join(&planned.name))
    }

    fn tell(&self, file: &Imported, levels: &[Planned], quiet: bool) -> Result<(), Failure> {
        let path = file.file.display().to_string();
        let stem = file.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !quiet {
            let count = file.charts.len();
            let charts = if count == 1 { "chart" } else { "charts" };
            line(self.comment(&format!("{path}: {}, {count} {charts}", file.format.name())))?;
        }
        for planned in levels {
            let chart = &file.charts[planned.chart].chart;
            if !quiet {
                line(self.comment(&format!("{}: {}", called(chart, &stem), kept(chart))))?;
                for (what, count) in &chart.dropped {
                    line(self.comment(&format!("  dropped {count}: {what}")))?;
                }
            }
            for warning in warnings(&path, chart, &planned.level) {
                line(self.comment(&warning))?;
            }
            if let Some(place) = self.place(planned) {
                let place = place.display().to_string();
                line(self.comment(&if quiet { place } else { format!("  level {place}") }))?;
            }
            if self.list {
                if !quiet {
                    for tempo in chart.tempo.iter() {
                        let (at, beat) = (ms(tempo.at_us), nanos(tempo.beat_ns));
                        line(format!("# tempo from {at} ms: a beat of {beat} ms, {} a minute", round(tempo.bpm())))?;
                    }
                }
                list(chart)?;
            }
        }
        Ok(())
    }

    fn as_json(&self, files: &[Imported], plan: &Plan) -> Value {
        let files: Vec<Value> =
            files.iter().zip(&plan.levels).map(|(file, levels)| self.file_json(file, levels)).collect();
        let sounds: Vec<&str> = plan.sounds().collect();
        json!({"files": files, "sounds": sounds})
    }

    fn file_json(&self, file: &Imported, levels: &[Planned]) -> Value {
        let path = file.file.display().to_string();
        let charts: Vec<Value> = levels
            .iter()
            .map(|planned| {
                let chart = &file.charts[planned.chart].chart;
                let tempo: Vec<Value> =
                    chart.tempo.iter().map(|t| json!({"at_us": t.at_us, "beat_ns": t.beat_ns})).collect();
                let mut told = json!({
                    "title": chart.title, "part": chart.part, "lanes": chart.lanes, "kept": chart.targets.len(),
                    "dropped": chart.dropped, "tempo": tempo,
                    "warnings": warnings(&path, chart, &planned.level),
                    "level": self.place(planned).map(|place| place.display().to_string()),
                });
                if self.list {
                    let targets = chart.targets.iter();
                    told["targets"] = targets
                        .map(|t| json!({"at_us": t.at_us, "lane": t.lane, "length_us": t.length_us, "hold": t.hold}))
                        .collect();
                }
                told
            })
            .collect();
        json!({"path": path, "format": file.format.name(), "charts": charts})
    }
}

/// How much there is of a chart.
fn kept(chart: &Chart) -> String {
    let (first, last) = (chart.targets.first(), chart.targets.last());
    let between = first
        .zip(last)
        .map_or(String::new(), |(first, last)| format!(", {} to {} ms", ms(first.at_us), ms(last.at_us)));
    let plural = |count: usize, one: &'static str| if count == 1 { one.to_owned() } else { format!("{one}s") };
    let holds = chart.targets.iter().filter(|target| target.hold).count();
    let held = if holds > 0 { format!(" ({holds} held)") } else { String::new() };
    let (least, most) = chart
        .tempo
        .iter()
        .fold((f64::MAX, f64::MIN), |(least, most), tempo| (least.min(tempo.bpm()), most.max(tempo.bpm())));
    let tempo = if least > most {
        String::new()
    } else if least == most {
        format!(", {} beats a minute", round(least))
    } else {
        format!(", {} to {} beats a minute", round(least), round(most))
    };
    let (targets, lanes) = (chart.targets.len(), usize::from(chart.lanes));
    format!("{targets} {}{held} in {lanes} {}{between}{tempo}", plural(targets, "target"), plural(lanes, "lane"))
}

/// Everything that is to be known about a chart, each with the file and the place.
fn warnings(path: &str, chart: &Chart, level: &Level) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for warning in &chart.warnings.listed {
        all.push(format!("{path}{}: warning: {}", warning.place, warning.message));
    }
    if chart.warnings.more > 0 {
        all.push(format!("{path}: warning: {} more of these", chart.warnings.more));
    }
    // the level's ladder repeats itself from rung to rung: the first of each kind says it
    let mut told = Vec::new();
    for warning in level.warnings() {
        let kind = std::mem::discriminant(&warning);
        if !told.contains(&kind) {
            told.push(kind);
            all.push(format!("{path}: warning: {warning}"));
        }
    }
    all
}

fn list(chart: &Chart) -> Result<(), Failure> {
    use std::io::{BufWriter, Write as _};
    let mut out = BufWriter::new(std::io::stdout().lock());
    for target in &chart.targets {
        let length = target.length_us.map_or("-".to_owned(), ms);
        let kind = if target.hold { "hold" } else { "tap" };
        writeln!(out, "{}\t{}\t{length}\t{kind}", ms(target.at_us), target.lane)?;
    }
    out.flush()?;
    Ok(())
}

/// Nanoseconds as milliseconds, without the zeros at the end.
fn nanos(ns: i64) -> String {
    let text = format!("{}.{:06}", ns / 1_000_000, ns % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn round(bpm: f64) -> String {
    let text = format!("{bpm:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
