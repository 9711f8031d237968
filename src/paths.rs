//! Paths: where a player's data, the settings and the levels lie, and which of the names people give may become one.
//!
//! Everything that writes asks here for its folder; every name that came from outside (a level's id, a participant's
//! label) passes [`inside`] or [`file_name`] before it touches a disk.

use std::{
    fs, io,
    io::{Read as _, Write as _},
    path::{Component, Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use directories::ProjectDirs;

/// Overrides the data folder when no `--data` is given.
pub const DATA_ENV: &str = "DOOZY_DATA";
/// Overrides the folder of the settings.
pub const CONFIG_ENV: &str = "DOOZY_CONFIG";
/// The folder that holds `levels/` and `assets/`, for packages that put them elsewhere than beside the binary.
pub const ROOT_ENV: &str = "DOOZY_ROOT";

/// Longest part of a file name that is taken from a label, in bytes: with an id and an extension it stays well under
/// the 255 that common file systems allow. ◇
const NAME_LENGTH: usize = 64;

/// Why a path cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    #[error("no home folder is known here; name a folder with --data DIR or {DATA_ENV}")]
    NoHome,
    #[error(
        "no levels/ beside the program, in its share/doozy, in the sources or in {ROOT_ENV}; point {ROOT_ENV} at the folder that holds levels/ and assets/"
    )]
    NoLevels,
    #[error("'{name}' is not a name inside {root}: {why}", root = .root.display())]
    Outside { name: String, root: PathBuf, why: &'static str },
    #[error("{path}: {source}", path = .path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// The folder with everything that this player's sessions leave behind. It need not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// A folder that is named outright.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// `--data DIR`, else `DOOZY_DATA`, else the user's data folder of this system.
    ///
    /// # Errors
    /// [`PathError::NoHome`] where none of the three is known.
    pub fn resolve(flag: Option<&Path>) -> Result<Self, PathError> {
        if let Some(path) = flag {
            return Ok(Self(path.to_path_buf()));
        }
        if let Some(path) = std::env::var_os(DATA_ENV).filter(|path| !path.is_empty()) {
            return Ok(Self(path.into()));
        }
        Ok(Self(project()?.data_dir().to_path_buf()))
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The record.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("doozy.sqlite")
    }

    /// Locked by the one program that writes the record; empty otherwise.
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.0.join("doozy.lock")
    }
}

/// The folder of the settings: `DOOZY_CONFIG`, else the user's config folder of this system.
///
/// # Errors
/// [`PathError::NoHome`] where neither is known.
pub fn config_dir() -> Result<PathBuf, PathError> {
    if let Some(path) = std::env::var_os(CONFIG_ENV).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    Ok(project()?.config_dir().to_path_buf())
}

fn project() -> Result<ProjectDirs, PathError> {
    ProjectDirs::from("", "", "doozy").ok_or(PathError::NoHome)
}

/// The folder that holds `levels/` and `assets/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Root {
    /// A folder that is named outright.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The first of `DOOZY_ROOT`, the program's folder, `share/doozy` beside that (as in `/usr/bin` and
    /// `/usr/share/doozy`), and the sources it was built from that has a `levels/`.
    ///
    /// # Errors
    /// [`PathError::NoLevels`] where none has.
    pub fn find() -> Result<Self, PathError> {
        let named = std::env::var_os(ROOT_ENV).filter(|path| !path.is_empty()).map(PathBuf::from);
        let [beside, shared] = std::env::current_exe().map_or([None, None], |exe| around(&exe).map(Some));
        let sources = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let built_from = Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        [named, beside, shared, sources, built_from]
            .into_iter()
            .flatten()
            .find(|root| root.join("levels").is_dir())
            .map(Self)
            .ok_or(PathError::NoLevels)
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    #[must_use]
    pub fn levels(&self) -> PathBuf {
        self.0.join("levels")
    }

    #[must_use]
    pub fn assets(&self) -> PathBuf {
        self.0.join("assets")
    }

    /// The file of a level's id, its path under `levels/` with or without `.level.ron`.
    ///
    /// # Errors
    /// [`PathError::Outside`] for an id that leaves the folder, [`PathError::Io`] where there is no such file.
    pub fn level(&self, id: &str) -> Result<PathBuf, PathError> {
        let name = if id.ends_with(".ron") { id.to_owned() } else { format!("{id}.level.ron") };
        inside(&self.levels(), &name)
    }
}

/// Where a package puts levels and assets, for a program that lies at `exe`: beside it, or under its prefix.
fn around(exe: &Path) -> [PathBuf; 2] {
    let beside = exe.parent().unwrap_or(Path::new("")).to_path_buf();
    let prefix = beside.parent().unwrap_or(Path::new("")).to_path_buf();
    [beside, prefix.join("share").join("doozy")]
}

/// The file `name` in `root`, for names that came from outside: relative, without `..`, and not led elsewhere by a link.
///
/// # Errors
/// [`PathError::Outside`] where the name leads out, [`PathError::Io`] where nothing is there.
pub fn inside(root: &Path, name: &str) -> Result<PathBuf, PathError> {
    let outside = |why| PathError::Outside { name: name.to_owned(), root: root.to_path_buf(), why };
    if name.is_empty() {
        return Err(outside("it is empty"));
    }
    if name.contains(['\\', ':', '\0']) {
        return Err(outside("a backslash, a colon or a NUL is no part of a name"));
    }
    let relative = Path::new(name);
    if relative.is_absolute() {
        return Err(outside("it is an absolute path"));
    }
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(outside("it climbs out with . or .."));
    }
    let path = root.join(relative);
    let real = |path: &Path| path.canonicalize().map_err(|source| PathError::Io { path: path.to_path_buf(), source });
    let real_root = real(root)?;
    if !real(&path)?.starts_with(&real_root) {
        return Err(outside("a link leads out of the folder"));
    }
    Ok(path)
}

/// A file name for a label that people typed: letters, digits, `-` and `_` of it, then the id that makes it unique.
///
/// `label` may be anything, `id` has to come from this program (a session's id or number).
#[must_use]
pub fn file_name(label: &str, id: &str) -> String {
    let safe: String =
        label.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).take(NAME_LENGTH).collect();
    let safe = safe.trim_matches('-');
    if safe.is_empty() { format!("unnamed-{id}") } else { format!("{safe}-{id}") }
}

/// A file's bytes, or the first `most` + 1 of them: so whoever bounds a content refuses a file of any length by it.
///
/// # Errors
/// Where it cannot be read; what is no regular file is refused, for a pipe may never end.
pub fn read_at_most(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a file whole or not at all: beside it first, then renamed over it. Missing folders are made.
///
/// # Errors
/// [`PathError::Io`]; what stood there before is then untouched.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    let io = |at: &Path| {
        let path = at.to_path_buf();
        move |source| PathError::Io { path, source }
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(io(folder))?;
    }
    let beside = sibling(path, "new");
    let written = fs::File::create_new(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    });
    written.map_err(|source| {
        // The first error is the one to tell; a leftover that cannot be removed either changes nothing about it.
        drop(fs::remove_file(&beside));
        PathError::Io { path: path.to_path_buf(), source }
    })
}

/// A name beside `path` that nobody else in this run uses.
pub(crate) fn sibling(path: &Path, ending: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}-{}.{ending}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installed_program_finds_what_it_was_packed_with() {
        let places = around(Path::new("/usr/bin/doozy"));
        assert_eq!(places, [PathBuf::from("/usr/bin"), PathBuf::from("/usr/share/doozy")]);
        assert_eq!(around(Path::new("/opt/doozy/doozy"))[0], Path::new("/opt/doozy"));
    }

    #[test]
    fn a_level_id_stays_in_its_folder() {
        // cases A41
        let folder = tempfile::tempdir().unwrap();
        let root = Root::at(folder.path());
        let beat = root.levels().join("beat");
        fs::create_dir_all(&beat).unwrap();
        fs::write(beat.join("01-steady.level.ron"), "()").unwrap();
        fs::write(folder.path().join("secret.level.ron"), "()").unwrap();
        assert_eq!(root.level("beat/01-steady").unwrap(), beat.join("01-steady.level.ron"));
        assert_eq!(root.level("beat/01-steady.level.ron").unwrap(), beat.join("01-steady.level.ron"));
        for id in ["../secret", "beat/../../secret", "/etc/passwd", "C:\\x", "beat\\..\\..\\secret", "a\0b", "./.."] {
            assert!(matches!(root.level(id), Err(PathError::Outside { .. })), "{id:?}");
        }
        assert!(matches!(inside(&root.levels(), ""), Err(PathError::Outside { why: "it is empty", .. })));
        assert!(matches!(root.level("beat/02"), Err(PathError::Io { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_lead_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::at(folder.path());
        fs::create_dir_all(root.levels()).unwrap();
        fs::write(folder.path().join("secret.level.ron"), "()").unwrap();
        std::os::unix::fs::symlink("../secret.level.ron", root.levels().join("innocent.level.ron")).unwrap();
        assert!(matches!(
            root.level("innocent"),
            Err(PathError::Outside { why: "a link leads out of the folder", .. })
        ));
    }

    #[test]
    fn labels_become_names_that_any_disk_takes() {
        // cases A35
        assert_eq!(file_name("../../evil", "7"), "evil-7");
        assert_eq!(file_name("/etc/x", "7"), "etc-x-7");
        assert_eq!(file_name("P01 ", "7"), "P01-7");
        assert_eq!(file_name("CON", "7"), "CON-7");
        assert_eq!(file_name("a:b", "7"), "a-b-7");
        assert_eq!(file_name("", "7"), "unnamed-7");
        assert_eq!(file_name(".hid", "7"), "hid-7");
        assert_eq!(file_name("-rf", "7"), "rf-7");
        assert_eq!(file_name("李", "7"), "unnamed-7");
        assert_eq!(file_name(&"x".repeat(300), "7"), format!("{}-7", "x".repeat(NAME_LENGTH)));
    }

    #[test]
    fn a_named_data_folder_wins() {
        assert_eq!(DataDir::resolve(Some(Path::new("/x"))).unwrap().database(), Path::new("/x/doozy.sqlite"));
    }

    #[test]
    fn a_file_is_written_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/settings.toml");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        fs::write(folder.path().join("plain"), "").unwrap();
        assert!(matches!(write_whole(&folder.path().join("plain/under"), b""), Err(PathError::Io { .. })));
    }
}
