//! The command line: one file a command, and what all of them share.
//!
//! Names and exit codes are a promise to scripts: 0 done · 1 ran, and found what it looks for wrong · 2 usage · 3 this
//! machine lacks something that the message names · 130/143 on SIGINT/SIGTERM with everything finished so far stored.

mod backup;
mod bindings;
mod calibrate;
mod demo;
mod doctor;
mod export_network;
mod fit;
mod history;
mod import;
mod lab;
mod play;
mod posterior;
mod practice;
mod replay;
mod report;
#[cfg(feature = "game")]
mod shell;
pub mod signal;
mod simulate;
mod twin;
mod validate;
mod what_works;

use std::{
    fmt,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};

use crate::{
    ladders::LoadError,
    paths::{DataDir, PathError},
    record::RecordError,
};

/// Timing drills that make big errors spectacular and clear.
#[derive(Debug, Parser)]
#[command(name = "doozy", version, about, long_about = None)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every command understands.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Folder of the record, instead of the user's data folder
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Results as JSON, for machines
    #[arg(long, global = true)]
    pub json: bool,
    /// Nothing but results and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The game in a window; with LEVEL straight into that drill
    Play(play::Play),
    /// A simulated player plays the real game, through the same input path
    Demo(demo::Demo),
    /// Recompute a recorded session; with --verify compare every effect bit for bit
    Replay(replay::Replay),
    /// Check level files and the lab's parameter files: what is wrong, where, and what would be right
    Validate(validate::Validate),
    /// In-silico experiments on the cerebellar model: figure, table, holds or falls short of its band
    Lab(lab::Lab),
    /// Learners against policies over many simulated people, on one machine or in shards on many
    Simulate(simulate::Simulate),
    /// One self-contained page with figures
    Report(report::Report),
    /// MIDI files and charts of other games become levels: .mid, .osu, .osz, .sm, .ssc
    Import(import::Import),
    /// Timing of people from their taps, per person and interval, with intervals; writes players who tap like them
    Fit(fit::Fit),
    /// Recorded sessions, as a table
    History(history::History),
    /// Your own trials, by level: does amplification help you? They are played with `play LEVEL --what-works`
    WhatWorks(what_works::WhatWorks),
    /// A consistent single-file copy of the record, also while it is in use
    Backup(backup::Backup),
    /// Which key, button or drum pad answers which lane: the screen that changes it, or the list
    Bindings(bindings::Bindings),
    /// Measure how late your devices are, by ear and finger or by tapping; list or forget what was measured
    Calibrate(calibrate::Calibrate),
    /// What this machine can and cannot promise, in numbers
    Doctor(doctor::Doctor),
}

/// Why a command ended other than well: the exit code and what to tell.
#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    pub message: String,
}

impl Common {
    /// The folder of the record.
    fn data_dir(&self) -> Result<DataDir, Failure> {
        DataDir::resolve(self.data.as_deref()).map_err(|e| Failure::lacking(e.to_string()))
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        if error.is_lack() { Self::lacking(error.to_string()) } else { Self::wrong(error.to_string()) }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Level(_) => Self::wrong(error.to_string()),
            LoadError::Path(PathError::NoLevels | PathError::NoHome) => Self::lacking(error.to_string()),
            // a name that is no level's is a slip of the keyboard
            LoadError::Path(_) => Self::usage(error.to_string()),
            LoadError::Read { .. } => Self::lacking(error.to_string()),
        }
    }
}

impl Failure {
    /// It ran, and found what it looks for wrong.
    pub fn wrong(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    /// It was called in a way that cannot be.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    /// This machine lacks something.
    pub fn lacking(message: impl Into<String>) -> Self {
        Self { code: 3, message: message.into() }
    }

    /// A signal ended it, with everything finished so far stored.
    pub fn signalled(signal: i32) -> Self {
        Self { code: 128 + u8::try_from(signal).unwrap_or(0), message: String::new() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // A reader that has seen enough is no failure.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { code: 0, message: String::new() };
        }
        Self::lacking(error.to_string())
    }
}

/// Makes sure that there is a display to open a window on.
///
/// # Errors
/// Without one; the message names what can be done without.
#[cfg(feature = "game")]
fn display() -> Result<(), Failure> {
    let hint = "run `doozy demo --headless` for the same game without a window";
    match std::env::var("DISPLAY") {
        Err(_) if std::env::var_os("WAYLAND_DISPLAY").is_some() => Err(Failure::lacking(format!(
            "no X display: this desktop runs Wayland without XWayland, which doozy needs to time keys exactly; {hint}"
        ))),
        Err(_) => Err(Failure::lacking(format!("no display; {hint}"))),
        #[cfg(feature = "devices")]
        Ok(display) => match x11rb::connect(None) {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::lacking(format!("the display {display} does not answer ({error}); {hint}"))),
        },
        #[cfg(not(feature = "devices"))]
        Ok(_) => Ok(()),
    }
}

/// Writes one line of results to standard output.
///
/// # Errors
/// If nobody reads it any more, or the device is full.
pub fn line(text: impl fmt::Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(())
}

/// Writes one line of trouble to standard error; if nobody reads that either, there is nobody left to tell.
pub fn complain(text: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "doozy: {text}");
}

/// Parses the command line, runs the command, and tells its failure on standard error.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap prints help and version to standard output and mistakes to standard error; a closed pipe is no news
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    log();
    let common = cli.common;
    // whoever runs a session or experiments ends them in order; every other command ends as the system has it
    if matches!(cli.command, None | Some(Command::Play(_) | Command::Demo(_) | Command::Lab(_) | Command::Simulate(_)))
    {
        signal::watch();
    }
    let result = match cli.command {
        None => play::Play::default().run(&common),
        Some(Command::Play(c)) => c.run(&common),
        Some(Command::Demo(c)) => c.run(&common),
        Some(Command::Replay(c)) => c.run(&common),
        Some(Command::Validate(c)) => c.run(&common),
        Some(Command::Lab(c)) => c.run(&common),
        Some(Command::Simulate(c)) => c.run(&common),
        Some(Command::Report(c)) => c.run(&common),
        Some(Command::Import(c)) => c.run(&common),
        Some(Command::Fit(c)) => c.run(&common),
        Some(Command::History(c)) => c.run(&common),
        Some(Command::WhatWorks(c)) => c.run(&common),
        Some(Command::Backup(c)) => c.run(&common),
        Some(Command::Bindings(c)) => c.run(&common),
        Some(Command::Calibrate(c)) => c.run(&common),
        Some(Command::Doctor(c)) => c.run(&common),
    };
    match result {
        Ok(()) => signal::received().map_or(ExitCode::SUCCESS, |s| ExitCode::from(Failure::signalled(s).code)),
        Err(failure) => {
            if !failure.message.is_empty() {
                complain(&failure.message);
            }
            ExitCode::from(failure.code)
        }
    }
}

/// Warnings and errors of the libraries go to standard error; `RUST_LOG` asks for more.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error,doozy=warn"));
    // a second subscriber (a test's) may already be there, which then stays
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).without_time().try_init();
}
