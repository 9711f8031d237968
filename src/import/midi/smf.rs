//! A Standard MIDI File as bytes: chunks, events, and what is wrong with them, to the byte.
//!
//! Tolerates what leaves no doubt about the notes, with a warning: running status kept across a meta event or sysex,
//! bytes after the last chunk, a track length that lies, a missing end of track, a file that is cut short. Refuses the
//! rest. Events that neither sound nor keep time (controllers, lyrics, sysex …) are stepped over.

use std::collections::{BTreeMap, VecDeque};

use super::super::{
    MOST_BYTES, Refused,
    chart::{Place, Warnings},
};

/// Notes that one file has at most. ◇ Ten times what the longest performances have.
const MOST_NOTES: usize = 1_000_000;
/// The shortest unit of a time signature: a 256th ◇, as notation has it.
const MOST_HALVINGS: u8 = 8;
/// How far into a file its header may begin (MacBinary puts 128 bytes before it).
const LATEST_HEADER: usize = 512;

/// What a tick lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Division {
    /// Ticks in a quarter note; the tempo says how long that is.
    Quarter(u16),
    /// Ticks in so many seconds, as a ratio; the tempo says nothing.
    Smpte { ticks: u32, seconds: u32 },
}

/// One note, as struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    pub tick: u64,
    /// 0–15.
    pub channel: u8,
    /// 0–127.
    pub key: u8,
    /// Until when it sounds; none where nothing ends it, or its end is its start.
    pub until: Option<u64>,
}

/// A tempo event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TempoEvent {
    pub tick: u64,
    /// Microseconds in a quarter note, above 0.
    pub quarter_us: u32,
    /// Where it stands in the file.
    pub byte: usize,
}

/// A time signature: from here on a bar lasts so many of such parts of a whole note, and one begins here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureEvent {
    pub tick: u64,
    /// Above 0.
    pub count: u8,
    /// The unit is a whole note halved so many times: 2 for quarters.
    pub halvings: u8,
    /// Where it stands in the file.
    pub byte: usize,
}

/// One MTrk chunk.
#[derive(Clone, Debug, Default)]
pub struct Track {
    pub name: Option<String>,
    pub notes: Vec<Note>,
    pub tempos: Vec<TempoEvent>,
    pub signatures: Vec<SignatureEvent>,
}

/// A whole file.
#[derive(Clone, Debug)]
pub struct Smf {
    /// 0: one track; 1: tracks that sound together; 2: tracks of their own, each with its tempo.
    pub format: u16,
    pub division: Division,
    pub tracks: Vec<Track>,
}

/// Reads a file.
///
/// # Errors
/// What is no MIDI file, or one that leaves its notes in doubt, with the byte.
pub fn read(bytes: &[u8], warnings: &mut Warnings) -> Result<Smf, Refused> {
    if bytes.len() > MOST_BYTES {
        return Err(Refused::whole(format!("{} bytes are more than the {MOST_BYTES} that are read", bytes.len())));
    }
    let start = header(bytes, warnings)?;
    let word = |at: usize| bytes.get(at..at + 2).map(|b| u16::from_be_bytes([b[0], b[1]]));
    let length = long(bytes, start + 4);
    let (Some(length), Some(format), Some(count), Some(division)) =
        (length, word(start + 8), word(start + 10), word(start + 12))
    else {
        return Err(Refused::byte(bytes.len(), "the file ends within its header, which has 14 bytes"));
    };
    if length < 6 {
        return Err(Refused::byte(start + 4, format!("the header says it has {length} bytes; it has at least 6")));
    }
    if format > 2 {
        return Err(Refused::byte(start + 8, format!("format {format} is not known; MIDI files have 0, 1 or 2")));
    }
    let division = division_of(division).map_err(|message| Refused::byte(start + 12, message))?;
    let mut smf = Smf { format, division, tracks: Vec::new() };
    let mut at = start.saturating_add(8).saturating_add(length);
    let mut left = MOST_NOTES;
    while at < bytes.len() {
        if !is_chunk(bytes, at) {
            let next = find(&bytes[at + 1..], b"MTrk").map(|by| at + 1 + by);
            let skipped = next.unwrap_or(bytes.len()) - at;
            warnings.say(Place::Byte(at), format!("{skipped} bytes here belong to no chunk and are not read"));
            let Some(next) = next else { break };
            at = next;
            continue;
        }
        let body = at + 8;
        let declared = body.saturating_add(long(bytes, at + 4).unwrap_or(usize::MAX));
        if &bytes[at..at + 4] != b"MTrk" {
            // other chunks are allowed and mean nothing here
            at = declared.min(bytes.len());
            continue;
        }
        let fits = declared == bytes.len() || is_chunk(bytes, declared);
        let number = smf.tracks.len() + 1;
        if number > usize::from(u16::MAX) {
            return Err(Refused::byte(at, "more tracks than a header can count, 65535"));
        }
        let end = if fits { declared } else { bytes.len() };
        let (track, stopped, complete) = Events::new(bytes, body, end, number, warnings).read(left)?;
        left -= track.notes.len();
        let notes = track.notes.len();
        smf.tracks.push(track);
        at = match (complete, fits) {
            (true, true) if stopped < end && is_track(bytes, stopped) => {
                warnings.say(Place::Byte(body - 4), format!("the length of track {number} lies; it ends earlier"));
                stopped
            }
            (true, true) => {
                if stopped < end {
                    let after = end - stopped;
                    warnings.say(Place::Byte(stopped), format!("{after} bytes after the end of track {number}"));
                }
                end
            }
            (true, false) => {
                if declared != stopped {
                    warnings.say(
                        Place::Byte(body - 4),
                        format!("the length of track {number} lies; its events end at byte {stopped}"),
                    );
                }
                stopped
            }
            (false, _) => {
                warnings.say(
                    Place::Byte(stopped),
                    format!("track {number} ends early, without an end of track; {notes} notes of it kept"),
                );
                end
            }
        };
    }
    if smf.tracks.len() != usize::from(count) {
        warnings
            .say(Place::Byte(start + 10), format!("the header says {count} tracks, the file has {}", smf.tracks.len()));
    }
    Ok(smf)
}

/// Where the header begins: at once, inside a RIFF wrapper, or after a few bytes of another program's.
fn header(bytes: &[u8], warnings: &mut Warnings) -> Result<usize, Refused> {
    if bytes.is_empty() {
        return Err(Refused::whole("the file is empty"));
    }
    if bytes.starts_with(b"MThd") {
        return Ok(0);
    }
    let head = &bytes[..bytes.len().min(LATEST_HEADER)];
    match find(head, b"MThd") {
        Some(at) => {
            let riff = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"RMID".as_slice());
            if !riff {
                warnings.say(Place::Byte(0), format!("the header begins at byte {at}; what is before it is not read"));
            }
            Ok(at)
        }
        None => Err(Refused::byte(0, "this is no MIDI file; one begins with MThd")),
    }
}

fn division_of(word: u16) -> Result<Division, String> {
    let [high, low] = word.to_be_bytes();
    if word == 0 {
        return Err("0 ticks in a quarter note leave no time between notes; give at least 1".to_owned());
    }
    if high & 0x80 == 0 {
        return Ok(Division::Quarter(word));
    }
    if low == 0 {
        return Err("SMPTE division with 0 ticks in a frame; give at least 1".to_owned());
    }
    let low = u32::from(low);
    match (high as i8).unsigned_abs() {
        // 29 stands for 30 frames in 1.001 seconds, the rate that drop-frame code counts
        29 => Ok(Division::Smpte { ticks: 30_000 * low, seconds: 1001 }),
        frames @ (24 | 25 | 30) => Ok(Division::Smpte { ticks: u32::from(frames) * low, seconds: 1 }),
        frames => Err(format!("SMPTE division with {frames} frames a second; there are 24, 25, 29 and 30")),
    }
}

fn find(bytes: &[u8], what: &[u8; 4]) -> Option<usize> {
    bytes.windows(4).position(|four| four == what)
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_be_bytes([four[0], four[1], four[2], four[3]])).ok()
}

/// Whether a chunk's name and length stand here: a track's, or another's that lies whole within the file.
fn is_chunk(bytes: &[u8], at: usize) -> bool {
    let (Some(name), Some(length)) = (bytes.get(at..at.saturating_add(4)), long(bytes, at.saturating_add(4))) else {
        return false;
    };
    name == b"MTrk"
        || (name.iter().all(u8::is_ascii_alphanumeric)
            && (at + 8).checked_add(length).is_some_and(|e| e <= bytes.len()))
}

fn is_track(bytes: &[u8], at: usize) -> bool {
    is_chunk(bytes, at) && bytes[at..].starts_with(b"MTrk")
}

/// The events of one track.
struct Events<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    number: usize,
    warnings: &'a mut Warnings,
    tick: u64,
    /// The status that data bytes without one belong to, and whether a meta event or sysex came since.
    running: Option<(u8, bool)>,
    track: Track,
    /// Notes that sound, by channel and key, oldest first.
    sounding: BTreeMap<usize, VecDeque<usize>>,
    /// Releases of this tick that found no note from before it, with the notes that there were.
    waiting: Vec<(usize, usize)>,
    strays: u64,
}

/// The track's bytes ran out within an event.
struct Short;

impl<'a> Events<'a> {
    fn new(bytes: &'a [u8], at: usize, end: usize, number: usize, warnings: &'a mut Warnings) -> Self {
        Self {
            bytes: &bytes[..end.min(bytes.len())],
            at,
            end: end.min(bytes.len()),
            number,
            warnings,
            tick: 0,
            running: None,
            track: Track::default(),
            sounding: BTreeMap::new(),
            waiting: Vec::new(),
            strays: 0,
        }
    }

    /// The track, where its reading stopped, and whether its end of track was there.
    fn read(mut self, most_notes: usize) -> Result<(Track, usize, bool), Refused> {
        let mut complete = false;
        let mut stopped = self.at;
        while self.at < self.end {
            match self.event()? {
                Ok(true) => {
                    complete = true;
                    stopped = self.at;
                    break;
                }
                Ok(false) => stopped = self.at,
                Err(Short) => break,
            }
            if self.track.notes.len() > most_notes {
                return Err(Refused::byte(self.at, format!("more than {MOST_NOTES} notes; a file has at most that")));
            }
        }
        self.tick_ends();
        if self.strays > 0 {
            let message = format!("{} note-offs in track {} end no note", self.strays, self.number);
            self.warnings.say(Place::Whole, message);
        }
        let endless: usize = self.sounding.values().map(VecDeque::len).sum();
        if endless > 0 {
            let message = format!("{endless} notes in track {} never end; kept without a length", self.number);
            self.warnings.say(Place::Whole, message);
        }
        Ok((self.track, stopped, complete))
    }

    fn byte(&mut self) -> Result<u8, Short> {
        let byte = *self.bytes.get(self.at).ok_or(Short)?;
        self.at += 1;
        Ok(byte)
    }

    /// A variable-length quantity.
    fn quantity(&mut self) -> Result<Result<u32, Short>, Refused> {
        let start = self.at;
        let mut value = 0;
        for _ in 0..4 {
            let Ok(byte) = self.byte() else { return Ok(Err(Short)) };
            value = value << 7 | u32::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                return Ok(Ok(value));
            }
        }
        Err(Refused::byte(start, "a variable-length number of more than 4 bytes; MIDI has at most 4"))
    }

    fn skip(&mut self, length: u32) -> Result<&'a [u8], Short> {
        let end = self.at.checked_add(length as usize).ok_or(Short)?;
        let skipped = self.bytes.get(self.at..end).ok_or(Short)?;
        self.at = end;
        Ok(skipped)
    }

    /// Reads one event; true at the end of the track.
    fn event(&mut self) -> Result<Result<bool, Short>, Refused> {
        let delta = match self.quantity()? {
            Ok(delta) => delta,
            Err(short) => return Ok(Err(short)),
        };
        if delta > 0 {
            self.tick_ends();
            self.tick += u64::from(delta);
        }
        let start = self.at;
        let Ok(first) = self.byte() else { return Ok(Err(Short)) };
        match first {
            0xFF => self.meta(start),
            0xF0 | 0xF7 => {
                let length = match self.quantity()? {
                    Ok(length) => length,
                    Err(short) => return Ok(Err(short)),
                };
                self.interrupt();
                Ok(self.skip(length).map(|_| false))
            }
            0xF1..=0xFE => Err(Refused::byte(
                start,
                format!("status {first:02x} has no place in a MIDI file; events begin with 80 to f0, f7 or ff"),
            )),
            0x80..=0xEF => {
                self.running = Some((first, false));
                self.message(first, start)
            }
            _ => {
                let Some((status, interrupted)) = self.running else {
                    return Err(Refused::byte(
                        start,
                        format!("data byte {first:02x} where an event begins, and no status before it in this track"),
                    ));
                };
                if interrupted {
                    self.warnings.say(
                        Place::Byte(start),
                        format!("running status {status:02x} goes on after a meta event or sysex, which ends it"),
                    );
                    self.running = Some((status, false));
                }
                self.at = start;
                self.message(status, start)
            }
        }
    }

    fn interrupt(&mut self) {
        if let Some((_, interrupted)) = &mut self.running {
            *interrupted = true;
        }
    }

    /// A channel message's data bytes.
    fn message(&mut self, status: u8, start: usize) -> Result<Result<bool, Short>, Refused> {
        let count = if matches!(status & 0xF0, 0xC0 | 0xD0) { 1 } else { 2 };
        let mut data = [0; 2];
        for slot in &mut data[..count] {
            let Ok(byte) = self.byte() else { return Ok(Err(Short)) };
            if byte & 0x80 != 0 {
                return Err(Refused::byte(
                    self.at - 1,
                    format!("{byte:02x} among the data of event {status:02x} at byte {start}; data bytes are 00 to 7f"),
                ));
            }
            *slot = byte;
        }
        let slot = usize::from(status & 0x0F) * 128 + usize::from(data[0]);
        match status & 0xF0 {
            0x90 if data[1] > 0 => {
                self.sounding.entry(slot).or_default().push_back(self.track.notes.len());
                self.track.notes.push(Note { tick: self.tick, channel: status & 0x0F, key: data[0], until: None });
            }
            0x80 | 0x90 => self.release(slot),
            _ => {}
        }
        Ok(Ok(false))
    }

    /// Ends the oldest note of a key that began before this tick; one that finds none waits for the tick's end, so that
    /// the order of events within a tick makes no note of no length.
    fn release(&mut self, slot: usize) {
        let notes = &mut self.track.notes;
        let sounding = self.sounding.entry(slot).or_default();
        match sounding.front() {
            Some(&oldest) if notes[oldest].tick < self.tick => {
                notes[oldest].until = Some(self.tick);
                sounding.pop_front();
            }
            _ => self.waiting.push((slot, notes.len())),
        }
    }

    /// Releases that waited end a note that was struck before them in the same tick, which then has no length.
    fn tick_ends(&mut self) {
        for (slot, notes) in self.waiting.drain(..) {
            let sounding = self.sounding.entry(slot).or_default();
            match sounding.front() {
                Some(&oldest) if oldest < notes => {
                    sounding.pop_front();
                }
                _ => self.strays += 1,
            }
        }
    }

    fn meta(&mut self, start: usize) -> Result<Result<bool, Short>, Refused> {
        let Ok(kind) = self.byte() else { return Ok(Err(Short)) };
        let length = match self.quantity()? {
            Ok(length) => length,
            Err(short) => return Ok(Err(short)),
        };
        let Ok(data) = self.skip(length) else { return Ok(Err(Short)) };
        self.interrupt();
        match kind {
            0x2F => return Ok(Ok(true)),
            0x51 => {
                let &[a, b, c] = data else {
                    return Err(Refused::byte(start, format!("a tempo event of {length} bytes; it has 3")));
                };
                let quarter_us = u32::from_be_bytes([0, a, b, c]);
                if quarter_us == 0 {
                    return Err(Refused::byte(
                        start,
                        "a tempo event of 0 microseconds a quarter note; give at least 1",
                    ));
                }
                self.track.tempos.push(TempoEvent { tick: self.tick, quarter_us, byte: start });
            }
            0x58 => match *data {
                [count, halvings, ..] if count > 0 && halvings <= MOST_HALVINGS => {
                    self.track.signatures.push(SignatureEvent { tick: self.tick, count, halvings, byte: start });
                }
                _ => self.warnings.say(
                    Place::Byte(start),
                    format!("a time signature of bytes {data:02x?}; ignored, it has a count above 0 and a power of two up to 08"),
                ),
            },
            0x03 if self.track.name.is_none() => {
                let name = super::super::text::plain(data);
                self.track.name = Some(name).filter(|name| !name.is_empty());
            }
            _ => {}
        }
        Ok(Ok(false))
    }
}
