//! A room: a folder of its own for one test, and the program run in it as it is typed, without a display.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

pub struct Room(tempfile::TempDir);

impl Room {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders to it.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(&path, bytes).expect("written");
        path
    }

    pub fn doozy(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_doozy"))
            .args(args)
            .current_dir(self.0.path())
            .env("DOOZY_CONFIG", self.at("config"))
            .env("DOOZY_DATA", self.at("data"))
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .output()
            .expect("the program runs")
    }

    /// Runs it and wants this exit code; what it said.
    pub fn says(&self, args: &[&str], code: i32) -> String {
        let output = self.doozy(args);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        said
    }
}
