//! osu! beatmaps (`.osu`): hit objects at absolute times, and the tempo beside them.
//!
//! Read here, line by line, and not through rosu-map: that clamps beat lengths to 6–60 000 ms and drops lines that it
//! cannot read, both without a word, and its numbers are floats. The tests compare the two where they agree.

use std::sync::Arc;

use super::{
    MOST_TARGETS, Options, Refused,
    chart::{Chart, MOST_BARS, MOST_LANES, Place, Target, Tempo, Warnings, shown},
    exact::{BadNumber, decimal, nearest},
    folded, out_of_time, text, too_many,
};

/// Width of the playfield that a mania object's column is read from, in osu! pixels.
const FIELD: i128 = 512;
/// Beats of a bar where a tempo line does not say.
const BAR_BEATS: u32 = 4;
/// What charts before format 5 are late by, µs (the game adds it when it reads them).
const EARLY_FORMAT_US: i64 = 24_000;

/// What the game's number of a ruleset asks of the player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Standard,
    Taiko,
    Catch,
    Mania,
}

/// A line that sets the tempo.
struct Red {
    at_us: i64,
    beat_ns: i64,
    /// Beats of a bar.
    meter: u32,
}

/// Reads a beatmap.
///
/// # Errors
/// What is no beatmap, or one without hit objects or tempo, with the line.
pub fn read(bytes: &[u8], options: &Options) -> Result<Chart, Refused> {
    let mut warnings = Warnings::default();
    let text = text::decode(bytes, &mut warnings)?;
    let mut map = Beatmap { chart: Chart { warnings, ..Chart::default() }, ..Beatmap::default() };
    map.lines(&text, options)?;
    map.finish(options)
}

#[derive(Default)]
struct Beatmap {
    chart: Chart,
    late_us: i64,
    mode: Option<Mode>,
    keys: Option<u8>,
    reds: Vec<Red>,
    title: String,
    title_unicode: String,
    objects: Vec<Object>,
}

/// A hit object before the number of lanes is known.
struct Object {
    at_us: i64,
    x: i128,
    end_us: Option<i64>,
    /// Whether taiko's rim is asked for.
    rim: bool,
}

impl Beatmap {
    fn lines(&mut self, text: &str, options: &Options) -> Result<(), Refused> {
        let mut section = "";
        let mut headed = false;
        for (at, line) in text.lines().enumerate() {
            let (number, line) = (at + 1, line.trim());
            if line.is_empty() || line.starts_with("//") {
                continue;
            }
            if !headed {
                headed = true;
                if self.header(line, number)? {
                    continue;
                }
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name;
                continue;
            }
            match section {
                "General" | "Metadata" | "Difficulty" => self.property(section, line, number)?,
                "TimingPoints" => self.timing_point(line, number),
                "HitObjects" => {
                    self.object(line, number);
                    if let Some(message) = self.objects.last().and_then(|object| out_of_time(object.at_us)) {
                        return Err(Refused::line(number, message));
                    }
                    if self.objects.len() > MOST_TARGETS && options.grid.is_none() {
                        return Err(Refused::line(number, too_many("the map has more than", MOST_TARGETS as u64)));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The first line that says something; whether it was the header.
    fn header(&mut self, line: &str, number: usize) -> Result<bool, Refused> {
        const NAME: &str = "osu file format v";
        if line.starts_with('[') {
            self.chart.warnings.say(Place::Line(number), format!("no '{NAME}14' in the first line; taken as that"));
            return Ok(false);
        }
        // the game finds the version at the line's end, whatever is before it
        let Some((before, version)) = line.rsplit_once('v').filter(|(before, _)| before.ends_with("file format "))
        else {
            return Err(Refused::line(number, format!("'{}' is no beatmap's first line, {NAME}14", shown(line))));
        };
        if format!("{before}v") != NAME {
            self.chart.warnings.say(Place::Line(number), format!("damaged header '{}'; it is {NAME}14", shown(line)));
        }
        match version.parse::<u32>() {
            Ok(version) => {
                if version < 5 {
                    self.late_us = EARLY_FORMAT_US;
                }
                Ok(true)
            }
            Err(_) => {
                Err(Refused::line(number, format!("'{}' is no version of the format; 3 to 128 are", shown(version))))
            }
        }
    }

    fn property(&mut self, section: &str, line: &str, number: usize) -> Result<(), Refused> {
        let Some((key, value)) = line.split_once(':') else {
            self.chart.warnings.say(Place::Line(number), format!("'{}' is no 'Key: value'", shown(line)));
            return Ok(());
        };
        let (key, value) = (key.trim(), value.trim());
        match (section, key) {
            ("General", "Mode") => {
                self.mode = Some(match value {
                    "0" => Mode::Standard,
                    "1" => Mode::Taiko,
                    "2" => Mode::Catch,
                    "3" => Mode::Mania,
                    _ => {
                        return Err(Refused::line(
                            number,
                            format!("mode '{}' is not known; there are 0 to 3", shown(value)),
                        ));
                    }
                });
            }
            ("General", "AudioFilename") => self.chart.audio = Some(value.to_owned()).filter(|v| !v.is_empty()),
            ("Metadata", "Title") => self.title = value.to_owned(),
            ("Metadata", "TitleUnicode") => self.title_unicode = value.to_owned(),
            ("Metadata", "Version") => self.chart.part = value.to_owned(),
            ("Difficulty", "CircleSize") => match decimal(value, 3) {
                // the number of keys in mania, a size elsewhere
                Ok(milli) => self.keys = u8::try_from(nearest(milli, 1000)).ok().filter(|&keys| keys > 0),
                Err(bad) => self.chart.warnings.say(Place::Line(number), format!("CircleSize: {}", bad.tell(value))),
            },
            _ => {}
        }
        Ok(())
    }

    /// `time,beat length,meter,sample set,sample index,volume,tempo or not,effects`; what follows the second may lack.
    fn timing_point(&mut self, line: &str, number: usize) {
        let place = Place::Line(number);
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [time, beat, rest @ ..] = &fields[..] else {
            self.chart.warnings.say(place, "a timing line has a time and a beat length at least; ignored");
            return;
        };
        if let Some(volume) = rest.get(3)
            && !decimal(volume, 0).is_ok_and(|volume| (0..=100).contains(&volume))
        {
            self.chart.warnings.say(place, format!("volume '{}' lies outside 0 to 100; ignored", shown(volume)));
        }
        // field 7: 1 sets the tempo, 0 the scroll speed only, whatever the sign of field 2; absent in old files: tempo
        let sets_tempo = match rest.get(4) {
            None => true,
            Some(&"1") => true,
            Some(&"0") => return,
            Some(other) => {
                self.chart
                    .warnings
                    .say(place, format!("field 7 is '{}', neither 0 nor 1; the line is ignored", shown(other)));
                return;
            }
        };
        let beat_ns = match decimal(beat, 6) {
            Ok(beat_ns) if sets_tempo && beat_ns > 0 => beat_ns,
            Ok(_) => {
                let beat = shown(beat);
                self.chart
                    .warnings
                    .say(place, format!("a tempo line with a beat of '{beat}' ms; ignored, it has 0.000001 or more"));
                return;
            }
            Err(bad) => {
                self.chart.warnings.say(place, format!("a tempo line whose beat length {}; ignored", bad.tell(beat)));
                return;
            }
        };
        // as the game has it: 0, or nothing, is four
        let meter = match rest.first().map_or(Ok(0), |meter| meter.parse()) {
            Ok(meter) => {
                if meter == 0 {
                    BAR_BEATS
                } else {
                    meter
                }
            }
            Err(_) => {
                let meter = shown(rest[0]);
                self.chart
                    .warnings
                    .say(place, format!("a tempo line with bars of '{meter}' beats; taken for {BAR_BEATS}"));
                BAR_BEATS
            }
        };
        match (micros(time), i64::try_from(beat_ns)) {
            (Ok(at_us), Ok(beat_ns)) => self.reds.push(Red { at_us: at_us + self.late_us, beat_ns, meter }),
            (Err(bad), _) => {
                self.chart.warnings.say(place, format!("a tempo line whose time {}; ignored", bad.tell(time)))
            }
            (_, Err(_)) => self.chart.warnings.say(place, "a tempo line with a beat of years; ignored"),
        }
    }

    /// `x,y,time,type,sound,…`; for a held note `end:…` follows.
    fn object(&mut self, line: &str, number: usize) {
        const HELD: u32 = 128;
        const SPINNER: u32 = 8;
        const SLIDER: u32 = 2;
        let place = Place::Line(number);
        let fields: Vec<&str> = line.splitn(7, ',').map(str::trim).collect();
        let [x, _, time, kind, rest @ ..] = &fields[..] else {
            self.chart.warnings.say(place, "a hit object has x, y, time and type at least; dropped");
            self.chart.drop("unreadable lines", 1);
            return;
        };
        let wrong =
            |what: &str, bad: BadNumber, text: &str| format!("a hit object whose {what} {}; dropped", bad.tell(text));
        let read = || -> Result<(i128, i64, u32), String> {
            let x = decimal(x, 3).map_err(|bad| wrong("x", bad, x))?;
            let at = micros(time).map_err(|bad| wrong("time", bad, time))?;
            let kind = kind
                .parse()
                .map_err(|_| format!("a hit object of type '{}', no whole number; dropped", shown(kind)))?;
            Ok((x, at, kind))
        };
        let (x, at_us, kind) = match read() {
            Ok(read) => read,
            Err(message) => {
                self.chart.warnings.say(place, message);
                self.chart.drop("unreadable lines", 1);
                return;
            }
        };
        if kind & SPINNER != 0 {
            self.chart.drop("spinners", 1);
            return;
        }
        if kind & (SLIDER | HELD | 1) == 0 {
            self.chart.warnings.say(
                place,
                format!("a hit object of type {kind} is neither circle, slider, spinner nor hold; dropped"),
            );
            self.chart.drop("unreadable lines", 1);
            return;
        }
        if kind & SLIDER != 0 {
            self.chart.drop("slider bodies (their heads are kept)", 1);
        }
        let mut end_us = None;
        if kind & HELD != 0 {
            let end = rest.get(1).map_or("", |rest| rest.split(':').next().unwrap_or(""));
            match micros(end) {
                Ok(end) if end > at_us => end_us = Some(end + self.late_us),
                Ok(_) => self.chart.warnings.say(place, "a held note that ends before it lasts; kept as a plain one"),
                Err(bad) => {
                    self.chart
                        .warnings
                        .say(place, format!("a held note whose end {}; kept as a plain one", bad.tell(end)));
                }
            }
        }
        if !(0..=FIELD * 1000).contains(&x) && self.mode == Some(Mode::Mania) {
            self.chart.warnings.say(place, format!("x lies outside 0 to {FIELD}; taken for the outermost column"));
        }
        // whistle or clap is taiko's rim
        let sound: u32 = rest.first().and_then(|sound| sound.parse().ok()).unwrap_or(0);
        self.objects.push(Object { at_us: at_us + self.late_us, x, end_us, rim: sound & (2 | 8) != 0 });
    }

    fn finish(mut self, options: &Options) -> Result<Chart, Refused> {
        let mode = self.mode.unwrap_or(Mode::Standard);
        if self.objects.is_empty() {
            return Err(Refused::whole("no hit objects that ask for a press; there is nothing to play"));
        }
        if self.reds.is_empty() {
            return Err(Refused::whole(
                "no tempo: [TimingPoints] has no line that sets one, such as 0,500,4,1,0,100,1,0",
            ));
        }
        let mut chart = self.chart;
        chart.title = if self.title.is_empty() { self.title_unicode } else { self.title };
        self.reds.sort_by_key(|red| red.at_us);
        chart.tempo = self.reds.iter().map(|red| Tempo { at_us: red.at_us, beat_ns: red.beat_ns }).collect();
        let own = match mode {
            Mode::Standard | Mode::Catch => 1,
            Mode::Taiko => 2,
            Mode::Mania => self
                .keys
                .ok_or_else(|| Refused::whole("a mania map says in CircleSize how many keys it has, 1 to 8 here"))?,
        };
        if own > MOST_LANES && options.lanes.is_none() {
            let message = format!(
                "{own} keys are more than the {MOST_LANES} lanes of a level; fold them with --lanes {MOST_LANES}"
            );
            return Err(Refused::whole(message));
        }
        let across =
            |x: i128, lanes: u8| (x * i128::from(lanes) / (FIELD * 1000)).clamp(0, i128::from(lanes) - 1) as u8;
        // a standard map's lanes are asked for, and then go by where on the field its objects lie
        chart.lanes = match (mode, options.lanes) {
            (Mode::Standard | Mode::Catch, Some(lanes)) => lanes,
            (_, Some(lanes)) => own.min(lanes),
            (_, None) => own,
        };
        let lanes = chart.lanes;
        chart.targets.reserve(self.objects.len());
        for object in &self.objects {
            let lane = match mode {
                Mode::Standard | Mode::Catch => across(object.x, lanes),
                Mode::Taiko => folded(usize::from(object.rim), 2, lanes),
                Mode::Mania => folded(usize::from(across(object.x, own)), usize::from(own), lanes),
            };
            let length_us = object.end_us.map(|end| end - object.at_us);
            chart.targets.push(Target { at_us: object.at_us, lane, length_us, hold: length_us.is_some() });
        }
        if !chart.targets.is_sorted_by_key(|target| target.at_us) {
            chart.warnings.say(Place::Whole, "the hit objects are not in order of time; brought into it");
        }
        if let Some(per_beat) = options.grid {
            chart.drop("notes, for the grid", chart.targets.len() as u64);
            let times = || chart.targets.iter().map(|target| target.at_us);
            let (first, last) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
            chart.targets = grid(&self.reds, first, last, per_beat)?;
            chart.lanes = 1;
        }
        chart.settle();
        let last = chart.targets.last().map_or(0, |target| target.at_us);
        chart.bars = bars(&self.reds, last);
        Ok(chart)
    }
}

/// A time in ms as µs.
fn micros(text: &str) -> Result<i64, BadNumber> {
    i64::try_from(decimal(text, 3)?).map_err(|_| BadNumber::TooLarge)
}

/// Where bars begin up to a time: each tempo line begins one. Cut to whole ms, as the game's editor cuts its objects' times,
/// so that what stands on a bar's line lies in that bar. None where there are too many.
fn bars(reds: &[Red], last: i64) -> Arc<[i64]> {
    let mut begin = Vec::new();
    for (n, red) in reds.iter().enumerate() {
        let until = reds.get(n + 1).map_or(last + 1, |next| next.at_us.min(last + 1));
        let bar = i128::from(red.meter) * i128::from(red.beat_ns);
        let mut since = 0;
        while i128::from(red.at_us) * 1000 + since < i128::from(until) * 1000 {
            let at_ns = i128::from(red.at_us) * 1000 + since;
            // below `until`, which is a time of the chart
            begin.push(i64::try_from(at_ns.div_euclid(1_000_000) * 1000).unwrap_or(i64::MAX));
            if begin.len() > MOST_BARS {
                return Arc::default();
            }
            since += bar;
        }
    }
    Chart::lines(begin)
}

/// Even targets, `per_beat` a beat, from the beat at or after `first` to `last`; every tempo line starts anew, and the
/// first one holds before itself too.
fn grid(reds: &[Red], first: i64, last: i64, per_beat: u8) -> Result<Vec<Target>, Refused> {
    let parts = i128::from(per_beat) * 1000;
    let mut targets = Vec::new();
    for (at, red) in reds.iter().enumerate() {
        let beat = i128::from(red.beat_ns);
        let since = |time: i64| i128::from(time) - i128::from(red.at_us);
        let from = if at == 0 { first } else { first.max(red.at_us) };
        // of the next line's beats the first is the next line's own
        let until = reds.get(at + 1).map_or(last, |next| last.min(next.at_us - 1));
        // the n-th lies at n · beat / parts; rounded, so that a beat meant for `first` is there
        let n = -(-since(from) * parts).div_euclid(beat);
        let count = (since(until) * parts).div_euclid(beat) - n + 1;
        if count > 0 && targets.len() as i128 + count > MOST_TARGETS as i128 {
            let all = u64::try_from(targets.len() as i128 + count).unwrap_or(u64::MAX);
            return Err(Refused::whole(too_many("the grid has", all)));
        }
        for n in n..n + count.max(0) {
            let at_us = red.at_us + i64::try_from(nearest(n * beat, parts)).unwrap_or(i64::MAX / 2);
            targets.push(Target { at_us, lane: 0, length_us: None, hold: false });
        }
    }
    if targets.is_empty() {
        return Err(Refused::whole("no beat lies between the first hit object and the last"));
    }
    Ok(targets)
}

#[cfg(test)]
mod tests;
