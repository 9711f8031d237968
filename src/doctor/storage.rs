//! The disk: whether the record can be kept, and how long a finished trial takes to be safe.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use doozy_training::{
    event::{DeviceId, TimeSource},
    time::{HostTime, Nanos},
};
use serde::Serialize;

use super::Lateness;
use crate::{
    clock,
    paths::DataDir,
    record::{Entry, RawInput, Reader, Recorder, SessionMeta},
};

/// Rows of a trial, about.
const ROWS: usize = 60;
/// No measurement takes longer than this: a disk that needs it has been understood.
const PATIENCE: Duration = Duration::from_secs(10);
/// A page of the record's file.
const PAGE: usize = 4096;

/// Where the record lies and what it costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Storage {
    pub folder: Option<String>,
    pub writable: bool,
    /// Sessions in the record; null where there is none yet.
    pub sessions: Option<usize>,
    /// Of what the folder lies on.
    pub file_system: Option<String>,
    pub free_mib: Option<u64>,
    /// A page written and forced to the disk.
    pub sync: Option<Lateness>,
    /// A trial committed to a record of the same settings, in the same folder.
    pub commit: Option<Lateness>,
    pub problem: Option<String>,
}

/// Measures in a folder of its own within the record's, which is removed again; the record itself is only read.
pub(super) fn measure(data: Result<&DataDir, String>, writes: u32) -> Storage {
    let data = match data {
        Ok(data) => data,
        Err(problem) => return Storage { problem: Some(problem), ..Storage::default() },
    };
    let mut storage = Storage { folder: Some(data.path().display().to_string()), ..Storage::default() };
    let missing: Vec<_> = data.path().ancestors().take_while(|folder| !folder.exists()).collect();
    let trial = match Trial::begin(data.path()) {
        Ok(trial) => trial,
        Err(error) => {
            storage.problem = Some(format!("nothing can be written to {}: {error}", data.path().display()));
            return storage;
        }
    };
    storage.writable = true;
    storage.file_system = file_system(data.path());
    storage.free_mib = rustix::fs::statvfs(data.path()).ok().map(|s| s.f_bavail.saturating_mul(s.f_frsize) >> 20);
    match sync(&trial.0, writes) {
        Ok(late) => storage.sync = late,
        Err(error) => storage.problem = Some(format!("a write to {} failed: {error}", data.path().display())),
    }
    match commit(&DataDir::at(trial.0.join("record")), writes) {
        Ok(late) => storage.commit = late,
        Err(error) => storage.problem = Some(error.to_string()),
    }
    if data.database().exists() {
        match Reader::open(data).and_then(|reader| reader.sessions()) {
            Ok(sessions) => storage.sessions = Some(sessions.len()),
            Err(error) => storage.problem = Some(error.to_string()),
        }
    }
    drop(trial);
    for folder in missing {
        // only if it is empty, which it is unless somebody else began to use it
        let _ = fs::remove_dir(folder);
    }
    storage
}

/// A folder for what is written and thrown away.
struct Trial(PathBuf);

impl Trial {
    fn begin(within: &Path) -> std::io::Result<Self> {
        let folder = within.join(format!(".doctor-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        // what cannot be removed is small, hidden, and named after its origin
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn timed(writes: u32, mut write: impl FnMut() -> std::io::Result<()>) -> std::io::Result<Option<Lateness>> {
    let start = clock::now();
    let mut took = Vec::new();
    for _ in 0..writes {
        let before = clock::now();
        write()?;
        let now = clock::now();
        took.push((now - before).as_ms());
        if (now - start).as_secs() > PATIENCE.as_secs_f64() {
            break;
        }
    }
    Ok(Lateness::of(took))
}

fn sync(folder: &Path, writes: u32) -> std::io::Result<Option<Lateness>> {
    let mut file = fs::File::create(folder.join("page"))?;
    timed(writes, || {
        file.write_all(&[0x5A; PAGE])?;
        file.sync_data()
    })
}

fn commit(data: &DataDir, writes: u32) -> Result<Option<Lateness>, Box<dyn std::error::Error>> {
    let recorder = Recorder::open(data)?;
    recorder.begin(SessionMeta {
        origin: clock::now(),
        player: "doctor".into(),
        level: "doctor".into(),
        level_path: String::new(),
        level_text: String::new(),
        seed: 0,
        options: serde_json::Value::Null,
        build: format!("doozy {}", env!("CARGO_PKG_VERSION")),
        rule_version: doozy_training::RULE_VERSION,
        timing: "scripted".into(),
        timing_err: Nanos::ZERO,
        audio: serde_json::Value::Null,
    })?;
    let row = |t: HostTime| {
        Entry::Raw(RawInput {
            t,
            err: Nanos::ZERO,
            source: TimeSource::Scripted,
            device: DeviceId(0),
            control: 0,
            name: "Doctor".into(),
            down: true,
            lane: None,
            during: "between".into(),
        })
    };
    let late = timed(writes, || {
        (0..ROWS).for_each(|_| recorder.log(row(clock::now())));
        recorder.flush().map_err(std::io::Error::other)
    })?;
    Ok(late)
}

/// The type of the file system that a path lies on, by the longest mount point above it.
fn file_system(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    mounts
        .lines()
        .filter_map(mount)
        .filter(|(at, _)| path.starts_with(at))
        .max_by_key(|(at, _)| at.as_os_str().len())
        .map(|m| m.1)
}

/// (mount point, type) of a line of mountinfo (proc(5)): spaces in names are \040.
fn mount(line: &str) -> Option<(PathBuf, String)> {
    let (fields, after) = line.split_once(" - ")?;
    let at = fields.split(' ').nth(4)?.replace("\\040", " ");
    Some((at.into(), after.split(' ').next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_measured_and_left_as_it_was() {
        let home = tempfile::tempdir().unwrap();
        let data = DataDir::at(home.path().join("not/yet"));
        let storage = measure(Ok(&data), 3);
        assert!(storage.writable && storage.problem.is_none(), "{storage:?}");
        assert_eq!((storage.sync.unwrap().n, storage.commit.unwrap().n, storage.sessions), (3, 3, None));
        assert!(storage.free_mib.is_some());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "what was not there is not there now");
        fs::create_dir_all(data.path()).unwrap();
        measure(Ok(&data), 1);
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_cannot_be_is_said() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let storage = measure(Ok(&DataDir::at(&file)), 3);
        assert!(!storage.writable && storage.problem.unwrap().contains("nothing can be written to"));
        assert_eq!(measure(Err("no home".into()), 3).problem.as_deref(), Some("no home"));
    }

    #[test]
    fn a_mount_has_its_place_and_type() {
        let line = "36 35 98:0 /mnt1 /mnt/a\\040b rw,noatime master:1 - ext3 /dev/root rw,errors=continue";
        assert_eq!(mount(line), Some(("/mnt/a b".into(), "ext3".into())));
        assert_eq!(mount("nonsense"), None);
    }
}
