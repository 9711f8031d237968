//! One session as it is played: everything the conductor does, a step at a time, on whatever clock it is given.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use doozy_cerebellum::{Zone, network::TRACE_BEFORE_MS};
use doozy_training::{
    cortex::{Answer, Cortex},
    event::{Cause, DeviceId, Effect, Input, Judged, Side, Tier, Tilt, TrialPlan},
    learner::{Player, Stick, Tap},
    people::twin::Compared,
    session::Session,
    time::{HostTime, Nanos},
};

use super::{
    ghost::Ghost,
    note::{Command, CortexView, Note},
    offsets::{self, Offsets},
    phrase::Phrase,
    score,
    sleep::Sleep,
    twin::Beside,
};
use crate::{
    audio::{Audio, bed},
    calibration::Calibrations,
    clock::Clock,
    input::{Bindings, Taps, TimedInput, stick::KeyStick, taps::scripted::ScriptedTap},
    record::{Entry, Recorder},
};

mod hearing;
mod music;
mod watch;

use music::MusicSheet;
use watch::SoundTally;

/// A trial's zero lies at least this far ahead when it is put on the clocks, so that every stimulus can be handed to the
/// audio engine in time (engineering.md §2.2).
const LEAD: Nanos = Nanos::ms(150);
/// The first trial waits at most this long for the sound's clock ◇: sound servers need up to 2 s to say where their stream
/// lies; after 5 s what the device says is taken as it is.
const AUDIO_PATIENCE: Nanos = Nanos::ms(5_000);
/// A person's first trial waits at most this long for the window to have the keys ◇: windows under software rendering take
/// 3 s; a window system that never says who has the focus must not hold the drill up for good.
const WINDOW_PATIENCE: Nanos = Nanos::ms(10_000);
/// A session that was asked to stop and cannot (the network's answers do not come) is given up after this ◇.
const STOP_PATIENCE: Nanos = Nanos::ms(5_000);
/// The longest sound, the scene of a doozy, has rung out by then after its start.
const RING: Nanos = Nanos::ms(2_000);
/// Cues go to the audio engine this far ahead: a phrase of any length fits its queue, and a pause has little to cancel.
const AHEAD: Nanos = Nanos::ms(2_000);

/// Who presses.
pub enum Seat {
    /// A person, through the taps.
    Person,
    /// A script, through the scripted tap; a simulated player writes it as the session goes.
    Simulated { player: Option<Box<dyn Player + Send>>, tap: ScriptedTap },
}

/// What a performance is made of.
pub struct Parts {
    pub clock: Clock,
    pub session: Session,
    pub cortex: Box<dyn Cortex + Send>,
    pub audio: Audio,
    pub taps: Taps,
    pub seat: Seat,
    pub bindings: Bindings,
    /// A person plays in a window, whose keys count only while it has the focus.
    pub windowed: bool,
    pub recorder: Recorder,
    /// None where the session is not kept.
    pub session_id: Option<String>,
    pub calibrations: Calibrations,
    /// Climbing fibres of a microzone.
    pub fibres: u16,
    /// The session ends by itself at this time.
    pub until: Option<HostTime>,
}

/// What a list of sessions shows of one.
#[derive(Debug, Default, serde::Serialize)]
struct Tally {
    trials: u32,
    clean: u32,
    slip: u32,
    miss: u32,
    doozy: u32,
    brakes: u32,
    /// Inputs whose device's own stamp could not be believed (cases A25).
    stamps_distrusted: u64,
    gain: f64,
    rung: i32,
    /// The widest half-width that a tap promised for a press of a lane, ns: what the times of this session are worth at worst.
    widest_err_ns: i64,
    /// How often the wall clock was set, which moves no judgement (cases A33).
    wall_clock_steps: u64,
    sound: SoundTally,
    /// How well the player's twin foretold the taps to steady beats, by interval; empty without such.
    twin: Vec<Compared>,
}

/// A session under way.
pub struct Performance {
    parts: Parts,
    offsets: Offsets,
    /// How many lanes the level has.
    lanes: u8,
    /// What pads and instruments are called, for the bindings of each.
    names: BTreeMap<DeviceId, String>,
    /// Of those that count, the ones that are gone.
    gone: BTreeSet<DeviceId>,
    /// Strangers that the player has been told of.
    strangers: BTreeSet<DeviceId>,
    in_trial: bool,
    waiting: Option<TrialPlan>,
    next_tap: Option<Tap>,
    next_move: Option<Stick>,
    /// The stick that keys push, in a level that steers.
    key_stick: KeyStick,
    settled: HostTime,
    opened: HostTime,
    paused: bool,
    /// A pause or a stop has been asked for and has yet to take effect: it needs the waiting trial's anchor now.
    asked: bool,
    has_focus: bool,
    stop_asked: Option<HostTime>,
    ended: bool,
    /// When nothing sounds any more after the end.
    silent_from: HostTime,
    sleep: Sleep,
    /// The machine slept since the sound output was opened.
    slept: bool,
    /// The device that the session began on.
    opened_on: Option<String>,
    /// It has been told that there is an output again.
    found: bool,
    /// What plays under the session now.
    bed: Option<bed::Playing>,
    /// Cues of the trial that the audio engine has yet to get, in order.
    cues: VecDeque<score::Note>,
    inputs: Vec<TimedInput>,
    answers: Vec<Answer>,
    effects: Vec<Effect>,
    /// Of the trial in progress, for the scene at its end.
    judged: Vec<Judged>,
    phrase: Phrase,
    tally: Tally,
    /// The player's twin, which listens and has no say.
    twin: Beside,
    audio_epoch: u32,
    audio_restarts: u32,
    /// The recording that the level is played to.
    music: MusicSheet,
    /// The player's best run, where it is shown.
    ghost: Option<Ghost>,
    notes: Vec<Note>,
}

impl Performance {
    #[must_use]
    pub fn new(mut parts: Parts) -> Self {
        let offsets = Offsets::new(std::mem::take(&mut parts.calibrations));
        let audio_epoch = parts.audio.report().epoch;
        let audio_restarts = parts.audio.clock_faults().restarts;
        let (opened, asleep) = (parts.clock.now(), parts.clock.asleep());
        let opened_on = parts.audio.report().device.clone();
        Self {
            lanes: parts.session.level().lanes(),
            names: BTreeMap::new(),
            gone: BTreeSet::new(),
            strangers: BTreeSet::new(),
            parts,
            offsets,
            in_trial: false,
            waiting: None,
            next_tap: None,
            next_move: None,
            key_stick: KeyStick::default(),
            settled: HostTime::DISTANT_PAST,
            opened,
            paused: false,
            asked: false,
            has_focus: false,
            stop_asked: None,
            ended: false,
            silent_from: HostTime::DISTANT_PAST,
            sleep: Sleep::new(opened, asleep),
            slept: false,
            opened_on,
            found: false,
            bed: None,
            cues: VecDeque::new(),
            inputs: Vec::new(),
            answers: Vec::new(),
            effects: Vec::new(),
            judged: Vec::new(),
            phrase: Phrase::default(),
            tally: Tally { gain: 1.0, ..Tally::default() },
            twin: Beside::default(),
            audio_epoch,
            audio_restarts,
            music: MusicSheet::default(),
            ghost: None,
            notes: Vec::new(),
        }
    }

    /// Shows a ghost from now on.
    pub fn show_ghost(&mut self, ghost: Option<Ghost>) {
        self.ghost = ghost;
    }

    /// Opens the session at its origin, with what is to be told at its start; its first plan comes with it.
    pub fn start(&mut self, origin: HostTime, notices: Vec<Note>) {
        // before what the recording had to tell
        self.notes.splice(0..0, notices);
        self.prepare_bed();
        self.feed(Input::Watermark { t: origin });
        if self.parts.clock.is_virtual() {
            // now, and not at the driver's first step, whose length would show in where the first trial lies
            self.anchor_when_due(origin);
        }
    }

    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// What there is to show since the last call.
    pub fn take_notes(&mut self) -> impl Iterator<Item = Note> + '_ {
        self.notes.drain(..)
    }

    /// Lets what still sounds ring out after the end; true once it has.
    pub fn ring_out(&mut self) -> bool {
        let now = self.parts.clock.now();
        self.parts.audio.pump(now);
        now >= self.silent_from
    }

    /// Does everything that is due by the clock. Calling it more or less often changes no judgement.
    pub fn step(&mut self) {
        if self.ended {
            return;
        }
        let now = self.parts.clock.now();
        self.parts.audio.pump(now);
        // first, for a device that is silent after a sleep is no fault of the device
        self.watch_sleep(now);
        self.watch_audio(now);
        self.look_for_sound();
        self.watch_music();
        self.play_script(now);
        self.take_inputs();
        let watermark = self.parts.taps.watermark();
        self.move_key_stick(watermark);
        self.feed(Input::Watermark { t: watermark });
        self.anchor_when_due(now);
        self.send_cues(now);
        self.play_bed(now);
        self.exchange_with_cortex();
        for notice in self.parts.recorder.notices() {
            self.notes.push(Note::Notice { id: notice.id, args: notice.args, grave: notice.grave });
        }
        if self.parts.until.is_some_and(|until| now >= until) && self.stop_asked.is_none() {
            self.stop(now);
        }
        if !self.ended && self.stop_asked.is_some_and(|t| now - t > STOP_PATIENCE) {
            // the record says that the session was cut, which is so
            self.ended = true;
            self.notes.push(Note::Ended { session: self.parts.session_id.clone(), finished: false });
        }
    }

    /// Does what the shell asks.
    pub fn obey(&mut self, command: Command) {
        if self.ended {
            return;
        }
        let now = self.parts.clock.now();
        match command {
            Command::Pause(cause) if !self.paused => self.pause(now, cause),
            Command::Resume if self.paused => {
                self.open_again(now);
                self.feed(Input::Resume { t: now });
            }
            Command::Pause(_) | Command::Resume => {}
            Command::Stop => self.stop(now),
            Command::Focus { has: true, .. } => self.has_focus = true,
            Command::Focus { has: false, t } => {
                // the X11 tap knows it too, and sooner; the second word changes nothing
                if self.has_focus && !self.paused {
                    self.pause(t.max(self.settled), Cause::FocusLost);
                }
            }
            Command::Levels(levels) => self.parts.audio.set_levels(levels),
            Command::Display(name) => self.offsets.display(name),
            // the taps are the thread's; a session on a virtual clock has none
            Command::Window(_) | Command::Rumble { .. } | Command::Adopt(_) => {}
        }
    }

    fn stop(&mut self, t: HostTime) {
        if self.stop_asked.is_none() {
            self.stop_asked = Some(t);
            self.asked = true;
            self.silence();
            self.feed(Input::Stop { t });
        }
    }

    fn exchange_with_cortex(&mut self) {
        let settled = self.parts.session.settled();
        if settled > self.settled {
            self.settled = settled;
            self.parts.cortex.settle(settled);
        }
        let mut answers = std::mem::take(&mut self.answers);
        self.parts.cortex.take(&mut answers);
        for answer in answers.drain(..) {
            self.feed(answer.input());
            self.notes.push(Note::Cortex(view(answer, self.parts.fibres)));
        }
        self.answers = answers;
    }

    /// Gives the session an input, records both, and acts on what it says.
    fn feed(&mut self, input: Input) {
        if self.ended {
            return;
        }
        self.parts.recorder.log(Entry::Input(input));
        if let Input::Tilt(Tilt { t, x, .. }) = input {
            self.notes.push(Note::Stick { t, x });
        }
        let mut effects = std::mem::take(&mut self.effects);
        self.parts.session.feed(input, &mut effects);
        for effect in effects.drain(..) {
            self.act(effect);
        }
        self.effects = effects;
    }

    fn act(&mut self, effect: Effect) {
        self.parts.recorder.log(Entry::Effect(effect.clone()));
        if let Some(ghost) = &mut self.ghost {
            ghost.hear(&effect);
        }
        self.twin.hear(&effect);
        match &effect {
            Effect::Planned(plan) => {
                self.judged.clear();
                self.phrase = Phrase::of(plan);
                self.waiting = Some(plan.clone());
                // rendered now, so that nothing is in the way of the cues
                let zero = doozy_training::time::SampleFrame(0);
                let rate = self.parts.audio.clock().rate();
                self.parts.audio.prepare(score::cues(plan, zero, rate).map(|note| note.sound));
            }
            Effect::Judged(judged) => {
                if let Seat::Simulated { player: Some(player), .. } = &mut self.parts.seat {
                    player.hear(judged);
                } else {
                    self.notes.extend(self.offsets.judged(judged));
                }
                self.tally.count(judged.tier);
                self.judged.push(judged.clone());
            }
            Effect::Amplify { event, drama, .. } => {
                let judged = self.judged.iter().find(|judged| judged.event == *event);
                if let Some((sound, gain_db, pan)) = judged.and_then(|judged| self.phrase.judged(judged, *drama)) {
                    self.parts.audio.soon(sound, gain_db, pan);
                }
            }
            Effect::ClimbingFibreVolley(volley) => {
                if let Err(error) = self.parts.cortex.volley(*volley) {
                    tracing::error!("{error}");
                }
            }
            Effect::Gain { gain, .. } => self.tally.gain = *gain,
            Effect::Difficulty { rung, .. } => self.tally.rung = *rung,
            Effect::Brake { .. } => self.tally.brakes += 1,
            Effect::Provisional { .. } => {
                if let Some((sound, gain_db, pan)) = self.phrase.pressed() {
                    self.parts.audio.soon(sound, gain_db, pan);
                }
            }
            Effect::TrialEnded { void, worst, .. } => {
                if let Some((sound, gain_db, pan)) = self.phrase.ended(&self.judged, *worst).filter(|_| void.is_none())
                {
                    self.parts.audio.soon(sound, gain_db, pan);
                }
                self.tally.trials += u32::from(void.is_none());
                self.in_trial = false;
                self.next_tap = None;
                self.next_move = None;
            }
            Effect::Paused { .. } => {
                self.silence();
                self.asked = false;
                self.paused = true;
                self.in_trial = false;
                self.waiting = None;
                self.next_tap = None;
                self.next_move = None;
            }
            Effect::Resumed { .. } => self.paused = false,
            Effect::SessionEnded { finished, .. } => self.end(*finished),
            _ => {}
        }
        self.notes.push(Note::Effect(effect));
    }

    /// Whether the first trial has what it needs: a clock of the sound, and a window with the keys.
    fn is_ready(&self, now: HostTime) -> bool {
        let sound = self.parts.audio.ready() || now - self.opened >= AUDIO_PATIENCE;
        let window = !self.parts.windowed || self.has_focus || now - self.opened >= WINDOW_PATIENCE;
        sound && window && self.music_is_ready(now)
    }

    /// Puts the trial that waits on the clocks once its zero is near enough: not earlier, so that it takes the latest fit;
    /// at once where a pause or a stop waits for it, for then nothing of it will be heard.
    fn anchor_when_due(&mut self, now: HostTime) {
        let Some(plan) = &self.waiting else { return };
        let source = self.parts.audio.clock();
        // a frame is heard the device's latency after it was handed over, and handed over `LEAD` before that at the latest
        let lead = LEAD + source.latency();
        let in_force = self.offsets.now(self.parts.audio.report());
        let offset = in_force.audio.offset;
        let ahead = lead + lead + Nanos(offset.0.max(0));
        if !self.asked && (plan.not_before > now + ahead || !self.is_ready(now)) {
            return;
        }
        let Some(plan) = self.waiting.take() else { return };
        let place = if self.parts.clock.is_virtual() { offsets::place_virtually } else { offsets::place };
        let placed = place(&source, offset, plan.not_before, now, lead);
        let offsets::Placed { clock, zero, .. } = placed;
        if !self.asked {
            self.cues = score::cues(&plan, zero, source.rate()).collect();
            if !self.plays_music(&plan) {
                self.cues.extend(score::stand_ins(&plan, zero, source.rate()));
                self.cues.make_contiguous().sort_by_key(|note| note.at);
            }
            self.roll_music(&plan, zero, source.rate());
        }
        let ghost = self.ghost.as_ref().map(Ghost::marks).unwrap_or_default();
        if let Seat::Simulated { player: Some(player), .. } = &mut self.parts.seat {
            player.begin(&plan, clock);
        }
        let trial = plan.trial;
        self.note_clock();
        self.in_trial = true;
        self.parts.recorder.log(Entry::Clock(in_force.entry(trial, &placed, &source)));
        self.offsets.take(in_force, &mut self.notes);
        self.feed(Input::Anchor { trial, clock });
        self.notes.push(Note::Anchored { trial, clock });
        if !ghost.is_empty() {
            self.notes.push(Note::Ghost { trial, marks: ghost });
        }
    }

    /// Hands the audio engine the cues that are due before long.
    fn send_cues(&mut self, now: HostTime) {
        let until = self.parts.audio.clock().frame_at(now + AHEAD);
        while let Some(note) = self.cues.pop_front_if(|note| note.at <= until) {
            self.parts.audio.schedule(note.sound, note.at, note.gain_db, note.pan);
        }
    }

    fn end(&mut self, finished: bool) {
        self.ended = true;
        // a level that is finished may ring out
        if finished {
            self.silent_from = self.parts.clock.now() + RING;
            self.hush_bed();
        } else {
            self.silence();
        }
        self.note_shortfall();
        self.tally.twin = self.twin.tell();
        let summary = serde_json::to_value(&self.tally).unwrap_or(serde_json::Value::Null);
        if let Err(error) = self.parts.recorder.finish(finished, summary) {
            let notice = error.notice();
            self.notes.push(Note::Notice { id: notice.id, args: notice.args, grave: notice.grave });
        }
        self.notes.push(Note::Ended { session: self.parts.session_id.clone(), finished });
    }
}

impl Tally {
    fn count(&mut self, tier: Tier) {
        *match tier {
            Tier::Clean => &mut self.clean,
            Tier::Slip => &mut self.slip,
            Tier::Miss => &mut self.miss,
            Tier::Doozy => &mut self.doozy,
        } += 1;
    }
}

fn view(answer: Answer, fibre_count: u16) -> CortexView {
    let Answer { event, w, dose, response } = answer;
    CortexView {
        event,
        side: match response.zone {
            Zone::Early => Side::Early,
            Zone::Late => Side::Late,
        },
        fibre_count,
        fibres: response.fibres.iter().map(|spike| (spike.fibre, spike.at_ms)).collect(),
        from_ms: -(TRACE_BEFORE_MS as f32),
        mli1: response.trace.mli1,
        mli2: response.trace.mli2,
        calcium: response.trace.calcium,
        window: response.trace.window,
        w: w as f32,
        dose: dose as f32,
    }
}

#[cfg(test)]
mod tests;
