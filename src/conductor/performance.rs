//! One session as it is played: everything the conductor does, a step at a time, on whatever clock it is given.

use doozy_cerebellum::{Zone, network::TRACE_BEFORE_MS};
use doozy_training::{
    cortex::{Answer, Cortex},
    event::{Cause, DeviceId, Drama, Effect, Input, Judged, ReleaseCause, Side, Tier, TimeSource, TrialPlan},
    learner::{Player, Tap},
    session::Session,
    time::{HostTime, Nanos, SampleFrame, TrialClock},
};

use super::{
    note::{Command, CortexView, Note},
    score,
};
use crate::{
    audio::{Audio, State},
    clock::Clock,
    input::{Bindings, Captured, Edge, Notice, Taps, TimedInput, taps::scripted::ScriptedTap},
    record::{Device, Entry, RawInput, Recorder},
};

/// How long a simulated player holds a key: a usual tap (skill.md gives none; cases A16 use 60 ms).
const HELD: Nanos = Nanos::ms(60);
/// A trial's zero lies at least this far ahead when it is put on the clocks, so that every stimulus can be handed to the
/// audio engine in time (engineering.md §2.2).
const LEAD: Nanos = Nanos::ms(150);

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
    pub recorder: Recorder,
    /// None where the session is not kept.
    pub session_id: Option<String>,
    /// Added to when a stimulus is heard, as calibrated for this player's devices.
    pub audio_offset: Nanos,
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
    gain: f64,
    rung: i32,
}

/// A session under way.
pub struct Performance {
    parts: Parts,
    in_trial: bool,
    waiting: Option<TrialPlan>,
    next_tap: Option<Tap>,
    settled: HostTime,
    paused: bool,
    has_window: bool,
    stopping: bool,
    ended: bool,
    inputs: Vec<TimedInput>,
    answers: Vec<Answer>,
    effects: Vec<Effect>,
    judged: Option<Judged>,
    tally: Tally,
    audio_epoch: u32,
    notes: Vec<Note>,
}

impl Performance {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let audio_epoch = parts.audio.report().epoch;
        Self {
            parts,
            in_trial: false,
            waiting: None,
            next_tap: None,
            settled: HostTime::DISTANT_PAST,
            paused: false,
            has_window: false,
            stopping: false,
            ended: false,
            inputs: Vec::new(),
            answers: Vec::new(),
            effects: Vec::new(),
            judged: None,
            tally: Tally { gain: 1.0, ..Tally::default() },
            audio_epoch,
            notes: Vec::new(),
        }
    }

    /// Opens the session at its origin, with what is to be told at its start; its first plan comes with it.
    pub fn start(&mut self, origin: HostTime, notices: Vec<Note>) {
        self.notes = notices;
        self.feed(Input::Watermark { t: origin });
    }

    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// What there is to show since the last call.
    pub fn take_notes(&mut self) -> impl Iterator<Item = Note> + '_ {
        self.notes.drain(..)
    }

    /// Does everything that is due by the clock. Calling it more or less often changes no judgement.
    pub fn step(&mut self) {
        if self.ended {
            return;
        }
        let now = self.parts.clock.now();
        self.parts.audio.pump(now);
        self.watch_audio(now);
        self.play_script(now);
        self.take_inputs();
        let watermark = self.parts.taps.watermark();
        self.feed(Input::Watermark { t: watermark });
        self.anchor_when_due(now);
        self.exchange_with_cortex();
        for notice in self.parts.recorder.notices() {
            self.notes.push(Note::Notice { id: notice.id, args: notice.args, grave: notice.grave });
        }
        if self.parts.until.is_some_and(|until| now >= until) && !self.stopping {
            self.stop(now);
        }
    }

    /// Does what the shell asks.
    pub fn obey(&mut self, command: Command) {
        let now = self.parts.clock.now();
        match command {
            Command::Pause(cause) if !self.paused => self.pause(now, cause),
            Command::Resume if self.paused => {
                self.feed(Input::Resume { t: now });
            }
            Command::Pause(_) | Command::Resume => {}
            Command::Stop => self.stop(now),
            Command::Focus { has, t } => {
                // the X11 tap knows it too, and sooner; the second word changes nothing
                if !has && !self.paused {
                    self.pause(t.max(self.settled), Cause::FocusLost);
                }
            }
            Command::Window(_) => self.has_window = true,
            // the pad is the thread's; a session on a virtual clock has none
            Command::Rumble { .. } => {}
        }
    }

    /// A sound output that goes takes the trial with it: its stimuli are gone, so nothing of it may be judged.
    fn watch_audio(&mut self, now: HostTime) {
        let epoch = self.parts.audio.report().epoch;
        if epoch == self.audio_epoch {
            return;
        }
        self.audio_epoch = epoch;
        if let State::Lost { device, detail, .. } = self.parts.audio.state() {
            let args = vec![("device", device.clone()), ("why", detail.clone())];
            self.notes.push(Note::Notice { id: "notice-sound-lost", args, grave: true });
            if !self.paused {
                self.pause(now, Cause::AudioLost);
            }
        }
    }

    fn pause(&mut self, t: HostTime, cause: Cause) {
        self.silence();
        self.feed(Input::Pause { t, cause });
    }

    fn silence(&mut self) {
        self.parts.audio.cancel_after(SampleFrame(i64::MIN));
    }

    fn stop(&mut self, t: HostTime) {
        if !self.stopping {
            self.stopping = true;
            self.silence();
            self.feed(Input::Stop { t });
        }
    }

    /// Hands a simulated player's presses to the scripted tap as they fall due.
    fn play_script(&mut self, now: HostTime) {
        let Seat::Simulated { player, tap } = &mut self.parts.seat else { return };
        while self.in_trial {
            let drawn = self.next_tap.take().or_else(|| player.as_mut().and_then(|player| player.next()));
            let Some(next) = drawn else { break };
            if next.t > now {
                self.next_tap = Some(next);
                break;
            }
            // a lane without a control cannot be pressed, by a person either
            let Some(control) = self.parts.bindings.controls(next.lane).next() else { continue };
            tap.extend([
                Captured::scripted(next.t, control, Edge::Down),
                Captured::scripted(next.t + HELD, control, Edge::Up(ReleaseCause::Released)),
            ]);
        }
        tap.step();
    }

    fn take_inputs(&mut self) {
        let mut inputs = std::mem::take(&mut self.inputs);
        self.parts.taps.poll(&mut inputs);
        for input in inputs.drain(..) {
            self.take_input(input);
        }
        self.inputs = inputs;
        for notice in self.parts.taps.take_notices() {
            self.take_notice(notice);
        }
    }

    fn take_input(&mut self, input: TimedInput) {
        let down = input.edge == Edge::Down;
        self.parts.recorder.log(Entry::Raw(RawInput {
            t: input.t,
            err: input.err,
            source: input.source,
            device: input.device,
            control: input.control.code(),
            name: input.control.to_string(),
            down,
            lane: self.parts.bindings.lane(input.control),
            during: self.during().to_owned(),
        }));
        if let Some(response) = self.parts.bindings.session_input(&input) {
            self.feed(response);
        }
    }

    /// What a tap had to say beside inputs: recorded where it matters later, told where it matters now.
    fn take_notice(&mut self, notice: Notice) {
        let told = |id, args, grave| Note::Notice { id, args, grave };
        match notice {
            Notice::FocusLost { t } => {
                // before there is a window nobody can have left it
                if !self.paused && self.has_window {
                    self.pause(t.max(self.settled), Cause::FocusLost);
                }
            }
            Notice::DeviceLost { device, name, t } => {
                self.device(t, device, &name, "", false);
                self.notes.push(told("notice-pad-lost", vec![("name", name)], false));
                if !self.paused {
                    self.pause(t.max(self.settled), Cause::DeviceLost);
                }
            }
            Notice::DeviceFound { device, name, uuid, chosen, t } => {
                self.device(t, device, &name, &uuid, true);
                let id = if chosen { "notice-pad-found" } else { "notice-pad-ignored" };
                self.notes.push(told(id, vec![("name", name)], false));
            }
            Notice::DeviceChosen { name, .. } => {
                self.notes.push(told("notice-pad-found", vec![("name", name)], false));
            }
            Notice::TapStalled { tap, .. } => {
                self.notes.push(told("notice-tap-stalled", vec![("tap", tap.to_string())], true));
            }
            Notice::TapEnded { tap, why: Some(why), .. } => {
                self.notes.push(told("notice-tap-ended", vec![("tap", tap.to_string()), ("why", why)], true));
            }
            Notice::Ignored { input } | Notice::Late { input } => {
                let during = if matches!(notice, Notice::Late { .. }) { "late" } else { "ignored" };
                self.parts.recorder.log(Entry::Raw(RawInput {
                    t: input.t,
                    err: input.err,
                    source: input.source,
                    device: input.device,
                    control: input.control.code(),
                    name: input.control.to_string(),
                    down: input.edge == Edge::Down,
                    lane: None,
                    during: during.to_owned(),
                }));
            }
            Notice::FocusGained { .. }
            | Notice::TapReturned { .. }
            | Notice::TapEnded { why: None, .. }
            | Notice::StampDistrusted { .. }
            | Notice::WallClockStepped { .. } => tracing::info!("{notice:?}"),
        }
    }

    fn device(&mut self, t: HostTime, device: DeviceId, name: &str, identity: &str, present: bool) {
        self.parts.recorder.log(Entry::Device(Device {
            t,
            device,
            kind: "pad".to_owned(),
            name: name.to_owned(),
            identity: identity.to_owned(),
            present,
            source: TimeSource::Gilrs,
            err: Nanos::ms(1),
        }));
    }

    fn during(&self) -> &'static str {
        match (self.in_trial, self.paused) {
            (_, true) => "paused",
            (true, false) => "trial",
            (false, false) => "between",
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
        self.parts.recorder.log(Entry::Input(input));
        let mut effects = std::mem::take(&mut self.effects);
        self.parts.session.feed(input, &mut effects);
        for effect in effects.drain(..) {
            self.act(effect);
        }
        self.effects = effects;
    }

    fn act(&mut self, effect: Effect) {
        self.parts.recorder.log(Entry::Effect(effect.clone()));
        match &effect {
            Effect::Planned(plan) => self.waiting = Some(plan.clone()),
            Effect::Judged(judged) => {
                if let Seat::Simulated { player: Some(player), .. } = &mut self.parts.seat {
                    player.hear(judged);
                }
                self.tally.count(judged.tier);
                self.judged = Some(judged.clone());
            }
            Effect::Amplify { drama, .. } => {
                if let Some(judged) = self.judged.take() {
                    self.sound(&judged, *drama);
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
            Effect::TrialEnded { void, .. } => {
                self.tally.trials += u32::from(void.is_none());
                self.in_trial = false;
                self.next_tap = None;
            }
            Effect::Paused { .. } => {
                self.paused = true;
                self.in_trial = false;
                self.waiting = None;
                self.next_tap = None;
            }
            Effect::Resumed { .. } => self.paused = false,
            Effect::SessionEnded { finished, .. } => self.end(*finished),
            _ => {}
        }
        self.notes.push(Note::Effect(effect));
    }

    fn sound(&mut self, judged: &Judged, drama: Drama) {
        let (sound, gain_db, pan) = score::verdict(judged, drama);
        self.parts.audio.soon(sound, gain_db, pan);
    }

    /// Puts the trial that waits on the clocks once its zero is near enough: not earlier, so that it takes the latest fit.
    fn anchor_when_due(&mut self, now: HostTime) {
        let Some(plan) = &self.waiting else { return };
        if plan.not_before > now + LEAD + LEAD {
            return;
        }
        let Some(plan) = self.waiting.take() else { return };
        let wanted = plan.not_before.max(now + LEAD);
        let source = self.parts.audio.clock();
        let (clock, zero) = if self.parts.clock.is_virtual() {
            // where the session wants it, so that no frame of the driver's leaves a trace in the record
            let origin = if plan.not_before < now { wanted } else { plan.not_before };
            (TrialClock { origin, rate_ppb: 0 }, source.frame_at(origin))
        } else {
            let zero = source.frame_at(wanted);
            let heard = source.trial_clock(zero);
            (TrialClock { origin: heard.origin + self.parts.audio_offset, rate_ppb: heard.rate_ppb }, zero)
        };
        for note in score::cues(&plan, zero, source.rate()) {
            self.parts.audio.schedule(note.sound, note.at, note.gain_db, note.pan);
        }
        if let Seat::Simulated { player: Some(player), .. } = &mut self.parts.seat {
            player.begin(&plan, clock);
        }
        let trial = plan.trial;
        self.in_trial = true;
        self.feed(Input::Anchor { trial, clock });
        self.notes.push(Note::Anchored { trial, clock });
    }

    fn end(&mut self, finished: bool) {
        self.ended = true;
        self.silence();
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
