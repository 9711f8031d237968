//! A calibration step by step, on whatever clock it is given: stimuli out, taps in, the estimate between them.

mod taps;

use doozy_cerebellum::rng::Stream;
use doozy_training::{
    event::DeviceId,
    time::{HostTime, Nanos},
};

use self::taps::press;
use super::{
    Announce, Announced, Command, Entry, InputId, Inputs, Method, Note, Output, Phase, Sense, StoreFile,
    adjust::{Adjuster, NotYet, SETTINGS_ASKED},
    estimate::{Estimate, INTERVAL, Matcher, TapEstimate, coarse, steady_window},
    lookup::SILENT,
    tapper::Player,
};
use crate::{
    audio::{Audio, Sound, State},
    clock::{self, Clock},
    input::{Bindings, Taps, TimedInput, taps::scripted::ScriptedTap},
};

/// Sounds are handed to the audio engine at least this long before they are heard (engineering.md §2.2), beside the
/// card's latency.
const LEAD: Nanos = Nanos::ms(150);
/// …and at most this much sooner than that.
const SLACK: Nanos = Nanos::ms(20);
/// From the start of a phase to its first stimulus, so that its words can be read. ◇
const BREATH: Nanos = Nanos::ms(2_000);
/// Bounds of the gap between single stimuli, ms ◇: longer than the window in which a tap may belong to one, and
/// unforeseeable.
const GAP_MS: (f64, f64) = (2_900.0, 3_700.0);
/// Single stimuli that are given, and how many more before it is said that the reactions do not agree. ◇
const SINGLES: usize = 5;
const MOST_SINGLES: u32 = 12;
/// A steady beat ends after so many counted taps, or beats. ◇
const ENOUGH_TAPS: u32 = 40;
const MOST_BEATS: u32 = 72;
/// How long to wait for the sound's clock, and for the window to have the keys, as a session does.
const AUDIO_PATIENCE: Nanos = Nanos::ms(5_000);
const WINDOW_PATIENCE: Nanos = Nanos::ms(10_000);
/// A simulated player learns of a stimulus this long before it, so that it can tap as far ahead as the range goes.
const FORESEEN: Nanos = Nanos::ms(1_500);

/// Who presses.
pub(super) enum Seat {
    Person,
    Simulated { player: Box<Player>, tap: ScriptedTap },
}

/// What a procedure is made of.
pub(super) struct Parts {
    pub method: Method,
    pub seed: u64,
    pub clock: Clock,
    pub audio: Audio,
    pub taps: Taps,
    pub seat: Seat,
    pub bindings: Bindings,
    /// A person taps in a window, whose keys count only while it has the focus.
    pub windowed: bool,
    pub display: String,
    pub store: Option<std::path::PathBuf>,
    pub anyway: bool,
    pub announce: Option<Announce>,
}

/// A calibration under way.
pub(super) struct Procedure {
    parts: Parts,
    phase: Phase,
    gaps: Stream,
    opened: HostTime,
    has_focus: bool,
    /// Stimuli go out; not while the focus is elsewhere.
    running: bool,
    inputs: Vec<TimedInput>,
    names: Inputs,
    /// The device that is being calibrated: the one that tapped first.
    device: Option<DeviceId>,
    /// Number of the next stimulus, its moment, and how many this phase has had.
    next: u32,
    next_at: HostTime,
    given: u32,
    /// Number of the next stimulus that a simulated player has yet to answer.
    foreseen: u32,
    matcher: Matcher,
    /// Taps whose stimulus may still come.
    pending: Vec<HostTime>,
    reactions: Vec<f64>,
    coarse_ms: f64,
    taps: TapEstimate,
    adjuster: Option<Adjuster>,
    /// What the last [`Note::Adjust`] said, so that it is said when it changes.
    told: Option<(bool, Option<i64>)>,
    audio_epoch: u32,
    audio_restarts: u32,
    ended: bool,
    notes: Vec<Note>,
}

impl Procedure {
    pub(super) fn new(parts: Parts, notes: Vec<Note>) -> Self {
        let now = parts.clock.now();
        let gaps = Stream::named(parts.seed, "calibration-gaps", 0);
        let (audio_epoch, audio_restarts) = (parts.audio.report().epoch, parts.audio.clock_faults().restarts);
        let mut procedure = Self {
            phase: Phase::Waiting,
            gaps,
            opened: now,
            has_focus: false,
            running: true,
            inputs: Vec::new(),
            names: Inputs::default(),
            device: None,
            next: 0,
            next_at: now,
            given: 0,
            foreseen: 0,
            matcher: Matcher::default(),
            pending: Vec::new(),
            reactions: Vec::new(),
            coarse_ms: 0.0,
            taps: TapEstimate::default(),
            adjuster: None,
            told: None,
            audio_epoch,
            audio_restarts,
            ended: false,
            notes,
            parts,
        };
        procedure.notes.push(Note::Phase(Phase::Waiting));
        procedure.refuse_silence();
        procedure
    }

    /// Nobody can tap to what is not heard.
    fn refuse_silence(&mut self) {
        let silent = self.output().name == SILENT;
        let person = matches!(self.parts.seat, Seat::Person);
        if self.parts.method.sense() == Sense::Audio && silent && person && !self.parts.anyway {
            let why = self.parts.audio.report().fallback.as_ref().map_or_else(String::new, ToString::to_string);
            self.notes.push(told("calibration-no-sound", vec![("why", why)], true));
            self.end(false);
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn take_notes(&mut self) -> impl Iterator<Item = Note> + '_ {
        self.notes.drain(..)
    }

    fn output(&self) -> Output {
        Output::from(self.parts.audio.report())
    }

    /// The device that is being calibrated.
    fn input(&self) -> InputId {
        self.device.map_or_else(InputId::keyboard, |device| self.names.of(device))
    }

    /// What has been found so far.
    fn estimate(&self) -> Estimate {
        match &self.adjuster {
            Some(adjuster) => adjuster.estimate(),
            None => self.taps.estimate(),
        }
    }

    /// Does everything that is due by the clock; to be called about every millisecond.
    pub(super) fn step(&mut self) {
        if self.ended {
            return;
        }
        let now = self.parts.clock.now();
        self.parts.audio.pump(now);
        self.watch_audio(now);
        self.let_play(now);
        self.take_inputs(now);
        self.decide(now);
        match self.phase {
            Phase::Waiting if self.is_ready(now) => self.enter(Phase::Single, now),
            Phase::Single if self.running => self.go_on_single(now),
            Phase::Steady if self.running => self.go_on_steady(now),
            Phase::Settling if self.running => self.go_on_settling(now),
            _ => {}
        }
    }

    fn is_ready(&self, now: HostTime) -> bool {
        let sound = self.parts.audio.ready() || now - self.opened >= AUDIO_PATIENCE;
        let window = !self.parts.windowed || self.has_focus || now - self.opened >= WINDOW_PATIENCE;
        sound && window
    }

    fn enter(&mut self, phase: Phase, now: HostTime) {
        self.phase = phase;
        self.given = 0;
        self.foreseen = self.next;
        self.next_at = now + BREATH;
        self.matcher.close();
        self.pending.clear();
        self.notes.push(Note::Phase(phase));
        match phase {
            Phase::Settling => {
                self.adjuster = Some(Adjuster::new(self.parts.seed, self.coarse_ms));
                self.told = None;
                self.tell_adjust();
            }
            Phase::Review => self.notes.push(Note::Estimate(self.estimate())),
            Phase::Waiting | Phase::Single | Phase::Steady => {}
        }
    }

    /// Forgets everything that was measured.
    fn begin_anew(&mut self, now: HostTime) {
        self.silence(now);
        self.device = None;
        self.reactions.clear();
        self.taps = TapEstimate::default();
        self.adjuster = None;
        self.opened = now;
        self.phase = Phase::Waiting;
        self.notes.push(Note::Phase(Phase::Waiting));
    }

    /// How long before it is heard a stimulus has to be scheduled.
    fn lead(&self) -> Nanos {
        match self.parts.method.sense() {
            Sense::Audio => LEAD + self.parts.audio.clock().latency(),
            Sense::Video => LEAD,
        }
    }

    fn is_due(&self, now: HostTime) -> bool {
        self.next_at - now <= self.lead() + SLACK
    }

    /// Sends out a stimulus that is heard or shown at `at`, as far as the card reports.
    fn give(&mut self, sound: Sound, at: HostTime) {
        let n = self.next;
        self.next += 1;
        self.given += 1;
        let at = match self.parts.method.sense() {
            Sense::Audio => {
                let source = self.parts.audio.clock();
                let frame = source.frame_at(at);
                self.parts.audio.schedule(sound, frame, 0.0, 0.0);
                source.host_time(frame)
            }
            Sense::Video => at,
        };
        self.notes.push(Note::Beat { n, at });
        if let (Seat::Simulated { player, .. }, Phase::Settling) = (&mut self.parts.seat, self.phase) {
            player.listen(at);
        }
        // to a person a flash is there once it was drawn
        if self.parts.method.sense() == Sense::Audio || matches!(self.parts.seat, Seat::Simulated { .. }) {
            self.matcher.stimulus(n, at);
            self.announce(n, at);
        }
    }

    /// Lets a simulated player answer the stimuli that come next: `every` apart, where they are more than one.
    fn foresee(&mut self, now: HostTime, every: Option<Nanos>) {
        let Seat::Simulated { player, tap } = &mut self.parts.seat else { return };
        loop {
            let ahead = i64::from(self.foreseen) - i64::from(self.next);
            let at = match (ahead, every) {
                (0, _) => self.next_at,
                (1.., Some(every)) => self.next_at + Nanos(ahead * every.0),
                _ => return,
            };
            if at - now > FORESEEN {
                return;
            }
            self.foreseen += 1;
            if let Some(t) = player.answer(self.phase, at) {
                press(tap, &self.parts.bindings, t);
            }
        }
    }

    fn announce(&mut self, n: u32, at: HostTime) {
        if let Some(announce) = &mut self.parts.announce {
            announce(Announced { beat: n, at_ns: at.0, phase: self.phase });
        }
    }

    /// Takes back what has not sounded yet.
    fn silence(&mut self, now: HostTime) {
        let from = now + self.parts.audio.clock().latency();
        self.parts.audio.cancel_after(self.parts.audio.clock().frame_at(from));
        self.matcher.cancel_from(from);
        self.pending.clear();
    }

    /// The beat stops, and goes on after a breath; the taps after it find into it anew.
    fn interrupt(&mut self, now: HostTime) {
        self.silence(now);
        self.matcher.close();
        self.taps.interrupted();
        if let Some(adjuster) = &mut self.adjuster {
            adjuster.lose_pace();
        }
        self.next_at = now + BREATH;
    }

    fn go_on_single(&mut self, now: HostTime) {
        let waits = !self.pending.is_empty();
        if self.reactions.len() >= SINGLES
            && !waits
            && let Some(ms) = coarse(&self.reactions)
        {
            self.coarse_ms = ms;
            let phase = if self.parts.method == Method::Adjust { Phase::Settling } else { Phase::Steady };
            return self.enter(phase, now);
        }
        if self.given >= MOST_SINGLES {
            if now - self.next_at > Nanos::ZERO && !waits {
                let id = if self.reactions.is_empty() { "calibration-no-taps" } else { "calibration-no-agreement" };
                self.notes.push(told(id, Vec::new(), true));
                self.enter(Phase::Review, now);
            }
            return;
        }
        self.foresee(now, None);
        if self.is_due(now) {
            self.give(Sound::CountIn, self.next_at);
            self.next_at = self.next_at + Nanos::from_ms(self.gaps.between(GAP_MS.0, GAP_MS.1));
        }
    }

    fn go_on_steady(&mut self, now: HostTime) {
        let enough = self.taps.estimate().n >= ENOUGH_TAPS || self.given >= MOST_BEATS;
        if !enough {
            self.foresee(now, Some(INTERVAL));
        }
        if !enough && self.is_due(now) {
            self.give(Sound::Beat, self.next_at);
            self.next_at = self.next_at + INTERVAL;
        }
        // the last beat's tap may come later than the beat by the whole window
        let over = now - self.next_at > steady_window(self.coarse_ms).1;
        if enough && self.pending.is_empty() && (over || self.taps.estimate().n >= ENOUGH_TAPS) {
            self.silence(now);
            self.enter(Phase::Review, now);
        }
    }

    fn go_on_settling(&mut self, now: HostTime) {
        let lead = self.lead();
        while let Some(at) = self.adjuster.as_mut().and_then(|adjuster| adjuster.due(now, lead)) {
            self.give(Sound::Beat, at);
        }
        self.tell_adjust();
        if self.adjuster.as_ref().is_some_and(Adjuster::is_done) {
            self.silence(now);
            self.enter(Phase::Review, now);
        }
    }

    /// Says how the adjustment stands, where it stands otherwise than was said.
    fn tell_adjust(&mut self) {
        let Some(adjuster) = &self.adjuster else { return };
        let tempo_ms = adjuster.tempo().map(Nanos::as_ms);
        let now = Some((adjuster.confirmable(), tempo_ms.map(|ms| (ms / 5.0).round() as i64)));
        if now != self.told {
            self.told = now;
            self.notes.push(Note::Adjust {
                x_ms: adjuster.x().as_ms(),
                setting: (adjuster.taken() + 1).min(SETTINGS_ASKED),
                of: SETTINGS_ASKED,
                tempo_ms,
                confirmable: adjuster.confirmable(),
            });
        }
    }

    fn focus(&mut self, has: bool, now: HostTime) {
        if has == self.has_focus {
            return;
        }
        self.has_focus = has;
        self.running = has || !self.parts.windowed;
        self.interrupt(now);
    }

    /// What sounds otherwise than the clock says is no stimulus; another device is another calibration.
    fn watch_audio(&mut self, now: HostTime) {
        let (epoch, restarts) = (self.parts.audio.report().epoch, self.parts.audio.clock_faults().restarts);
        let (slipped, lost) = (restarts != self.audio_restarts, epoch != self.audio_epoch);
        (self.audio_epoch, self.audio_restarts) = (epoch, restarts);
        if self.parts.method.sense() == Sense::Video {
            return;
        }
        if lost {
            if let State::Lost { device, detail, .. } = self.parts.audio.state().clone() {
                self.notes.push(told("notice-sound-lost", vec![("device", device), ("why", detail)], true));
                self.parts.audio.reopen();
                let report = self.parts.audio.report();
                (self.audio_epoch, self.audio_restarts) = (report.epoch, self.parts.audio.clock_faults().restarts);
                self.begin_anew(now);
                self.refuse_silence();
            }
        } else if slipped && matches!(self.phase, Phase::Single | Phase::Steady | Phase::Settling) {
            self.notes.push(told("calibration-sound-slipped", Vec::new(), false));
            self.interrupt(now);
        }
    }

    /// Does what is asked.
    pub(super) fn obey(&mut self, command: Command) {
        if self.ended {
            return;
        }
        let now = self.parts.clock.now();
        match command {
            // the taps are the thread's
            Command::Window(_) => {}
            Command::Display(name) => self.parts.display = name,
            Command::Focus { has, .. } => self.focus(has, now),
            Command::Flashed { n, at } => {
                let person = matches!(self.parts.seat, Seat::Person);
                if person && self.parts.method.sense() == Sense::Video && self.running {
                    self.matcher.stimulus(n, at);
                    self.announce(n, at);
                }
            }
            Command::Nudge(ms) => {
                if let (Some(adjuster), Phase::Settling) = (&mut self.adjuster, self.phase) {
                    adjuster.nudge(ms);
                    self.told = None;
                    self.tell_adjust();
                }
            }
            Command::Confirm => self.confirm(),
            Command::Restart => self.begin_anew(now),
            Command::Keep => self.keep(),
            Command::Stop => {
                self.silence(now);
                self.end(false);
            }
        }
    }

    fn confirm(&mut self) {
        let (Some(adjuster), Phase::Settling) = (&mut self.adjuster, self.phase) else { return };
        match adjuster.confirm() {
            Ok(()) => {
                self.notes.push(Note::Estimate(self.estimate()));
                self.told = None;
                self.tell_adjust();
            }
            Err(NotYet::Listen) => self.notes.push(told("calibration-listen", Vec::new(), false)),
            Err(NotYet::Done) => {}
        }
    }

    fn keep(&mut self) {
        let output = self.output();
        let on = match self.parts.method.sense() {
            Sense::Audio => output.name.clone(),
            Sense::Video => self.parts.display.clone(),
        };
        let found = self.estimate();
        let entry = match Entry::of(self.parts.method, &on, &output, self.input(), &found, clock::wall()) {
            Ok(entry) => entry,
            Err(verdict) => {
                return self.notes.push(Note::Notice { id: verdict.message(), args: Vec::new(), grave: false });
            }
        };
        let now = self.parts.clock.now();
        let Some(path) = &self.parts.store else {
            self.silence(now);
            return self.end(false);
        };
        let (mut file, findings) = StoreFile::open_at(path);
        for (id, args) in findings.iter().map(super::store::Finding::message) {
            self.notes.push(Note::Notice { id, args, grave: false });
        }
        file.put(entry.clone());
        match file.save() {
            Ok(()) => {
                self.notes.push(Note::Kept(entry));
                self.silence(now);
                self.end(true);
            }
            Err(error) => self.notes.push(told("calibration-not-kept", vec![("why", error.to_string())], true)),
        }
    }

    fn end(&mut self, kept: bool) {
        self.ended = true;
        self.notes.push(Note::Ended { kept });
    }
}

fn told(id: &'static str, args: Vec<(&'static str, String)>, grave: bool) -> Note {
    Note::Notice { id, args, grave }
}
