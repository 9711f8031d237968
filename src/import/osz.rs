//! osu! archives (`.osz`): ZIP files with beatmaps and what belongs to them.
//!
//! Nothing is unpacked to a disk under a name that the archive gives. Beatmaps are inflated in memory, each up to
//! [`MOST_BYTES`] and all of them up to [`MOST_INFLATED`]; a name that leads out of the archive refuses it.

use std::io::{Read, Seek, SeekFrom};

use zip::{ZipArchive, result::ZipError};

use super::{
    MOST_BYTES, Options, Refused,
    chart::{Chart, Place, shown},
    osu,
};

/// What all beatmaps of an archive inflate to at most, bytes. ◇
pub const MOST_INFLATED: u64 = 64 * 1024 * 1024;
/// What a sound file inflates to at most, bytes: an hour of CD-quality WAV is 600 MB, a song 60. ◇
pub const MOST_AUDIO: u64 = 128 * 1024 * 1024;
/// Entries that an archive has at most. ◇
const MOST_ENTRIES: u64 = 10_000;

/// One beatmap of an archive.
#[derive(Clone, Debug)]
pub struct Beatmap {
    /// Its name in the archive.
    pub entry: String,
    pub chart: Chart,
}

/// Reads every beatmap of an archive, in order of their names.
///
/// # Errors
/// What is no ZIP file, has no beatmap, inflates too far or holds a name that leads out of it; also the first beatmap
/// that is refused, unless another one is not.
pub fn read<R: Read + Seek>(archive: R, options: &Options) -> Result<Vec<Beatmap>, Refused> {
    let mut zip = open(archive)?;
    let names = names(&zip)?;
    let mut maps: Vec<&String> = names.iter().filter(|name| has_ending(name, "osu")).collect();
    maps.sort();
    if maps.is_empty() {
        return Err(Refused::whole("no .osu file in this archive"));
    }
    let mut left = MOST_INFLATED;
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    for name in maps {
        let within = |refused: Refused| Refused { entry: Some(shown(name)), ..refused };
        let bytes = inflate(&mut zip, name, left.min(MOST_BYTES as u64)).map_err(within)?;
        left -= bytes.len() as u64;
        match osu::read(&bytes, options) {
            Ok(chart) => found.push(Beatmap { entry: name.clone(), chart }),
            Err(error) => refused.push(within(error)),
        }
    }
    let Some(first) = found.first_mut() else {
        return Err(refused.swap_remove(0));
    };
    for error in refused {
        first.chart.warnings.say(Place::Whole, format!("left out {error}"));
    }
    Ok(found)
}

/// Whether the sound that the beatmap `entry` names is there, in the folder that the beatmap lies in.
///
/// # Errors
/// An archive that cannot be read.
pub fn holds<R: Read + Seek>(archive: R, entry: &str, audio: &str) -> Result<bool, Refused> {
    let zip = open(archive)?;
    Ok(beside(&names(&zip)?, entry, audio).is_some())
}

/// That sound, inflated; none if it is not there.
///
/// # Errors
/// An archive that cannot be read, or a sound that inflates too far.
pub fn audio<R: Read + Seek>(archive: R, entry: &str, audio: &str) -> Result<Option<Vec<u8>>, Refused> {
    let mut zip = open(archive)?;
    let names = names(&zip)?;
    let Some(name) = beside(&names, entry, audio) else { return Ok(None) };
    inflate(&mut zip, name, MOST_AUDIO).map(Some).map_err(|refused| Refused { entry: Some(shown(name)), ..refused })
}

/// The name of the file that the beatmap `entry` calls `file`. The game's own file systems do not tell capitals apart.
fn beside<'a>(names: &'a [String], entry: &str, file: &str) -> Option<&'a String> {
    let folder = entry.rfind(['/', '\\']).map_or("", |at| &entry[..=at]);
    let wanted = format!("{folder}{file}").replace('\\', "/");
    names.iter().find(|name| name.replace('\\', "/").eq_ignore_ascii_case(&wanted))
}

fn open<R: Read + Seek>(mut archive: R) -> Result<ZipArchive<R>, Refused> {
    let entries = counted(&mut archive).map_err(|error| Refused::whole(format!("cannot be read: {error}")))?;
    if entries.is_some_and(|entries| entries > MOST_ENTRIES) {
        return Err(Refused::whole(format!("more than {MOST_ENTRIES} entries; an archive has at most that")));
    }
    ZipArchive::new(archive)
        .map_err(|error| Refused::whole(format!("this is no ZIP archive that can be read: {error}")))
}

/// How many entries the end of the archive says there are: before the library makes room for them.
fn counted<R: Read + Seek>(archive: &mut R) -> std::io::Result<Option<u64>> {
    const RECORD: usize = 22;
    const COMMENT: u64 = 65_535;
    let length = archive.seek(SeekFrom::End(0))?;
    archive.seek(SeekFrom::Start(length.saturating_sub(COMMENT + RECORD as u64)))?;
    let mut tail = Vec::new();
    archive.by_ref().take(COMMENT + RECORD as u64).read_to_end(&mut tail)?;
    archive.seek(SeekFrom::Start(0))?;
    // of several ends whose names all lie in the tail the largest count is believed
    let counts = tail.windows(RECORD).filter(|record| record.starts_with(b"PK\x05\x06"));
    Ok(counts.map(|record| u64::from(u16::from_le_bytes([record[10], record[11]]))).max())
}

/// The names of all files.
fn names<R: Read + Seek>(zip: &ZipArchive<R>) -> Result<Vec<String>, Refused> {
    let names: Vec<String> = zip
        .file_names()
        .map(|name| name.map(std::borrow::Cow::into_owned))
        .collect::<Result<_, _>>()
        .map_err(|error| Refused::whole(format!("a name in this archive cannot be read: {error}")))?;
    for name in &names {
        if let Some(why) = leads_out(name) {
            let entry = Some(shown(name));
            return Err(Refused {
                entry,
                place: Place::Whole,
                message: format!("this name leads out of the archive: {why}"),
            });
        }
    }
    Ok(names)
}

/// Why a name in an archive means something outside of it, if it does. Archives made on Windows may have backslashes.
pub(super) fn leads_out(name: &str) -> Option<&'static str> {
    if name.contains('\0') {
        return Some("it has a NUL");
    }
    if name.starts_with(['/', '\\']) {
        return Some("it is an absolute path");
    }
    if name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic() {
        return Some("it begins with a drive");
    }
    name.split(['/', '\\']).any(|part| part == "..").then_some("it climbs out with ..")
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, last)| last.eq_ignore_ascii_case(ending))
}

/// One file of the archive, inflated.
fn inflate<R: Read + Seek>(zip: &mut ZipArchive<R>, name: &str, most: u64) -> Result<Vec<u8>, Refused> {
    let file = match zip.by_name(name) {
        Ok(file) => file,
        Err(ZipError::UnsupportedArchive(what)) => {
            return Err(Refused::whole(format!("{what}; files are stored or deflated, without a password")));
        }
        Err(error) => return Err(Refused::whole(format!("cannot be read: {error}"))),
    };
    // what an entry says of its size is not believed
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| Refused::whole(format!("damaged: {error}")))?;
    if bytes.len() as u64 > most {
        return Err(Refused::whole(format!("inflates to more than the {most} bytes that are read")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
