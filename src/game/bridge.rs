//! The bridge: what the conductor says becomes Bevy messages and one resource, once a frame; what the screens ask goes
//! back as commands.
//!
//! It decides nothing and times nothing: `now` comes from the conductor's clock, never from Bevy's.

use std::collections::VecDeque;

use bevy::prelude::*;
use doozy_training::{
    event::{Cause, DeviceId, Drama, Effect, EventId, EventKind, Judged, Role, TrialId, TrialPlan},
    time::{HostTime, Nanos, TrialClock},
};

use crate::{
    conductor::{
        Handle,
        note::{Command, CortexView, Note},
    },
    input::taps::frame::FrameTap,
};

/// A running session as the shell sees it; the conductor's handle is one.
///
/// It stays on the main thread: a session on a virtual clock holds an audio graph that may not leave it.
pub trait Conduct {
    /// Appends what has been said since the last call.
    fn notes(&mut self, out: &mut Vec<Note>);
    fn command(&mut self, command: Command);
    /// The conductor's clock.
    fn now(&self) -> HostTime;
    /// Steps a session on a virtual clock up to `now`; a session on the real one ignores it.
    fn drive(&mut self, now: HostTime);
    /// The end of the coarse tap that the shell feeds, where the session could have no better one.
    fn frame_tap(&mut self) -> Option<&mut FrameTap> {
        None
    }
}

impl Conduct for Handle {
    fn notes(&mut self, out: &mut Vec<Note>) {
        Self::notes(self, out);
    }

    fn command(&mut self, command: Command) {
        Self::command(self, command);
    }

    fn now(&self) -> HostTime {
        Self::now(self)
    }

    fn drive(&mut self, now: HostTime) {
        Self::drive(self, now);
    }

    fn frame_tap(&mut self) -> Option<&mut FrameTap> {
        self.frame_tap.as_mut()
    }
}

/// One thing that the conductor said, for any system that draws.
#[derive(Message, Clone, Debug, Deref)]
pub struct NoteMessage(pub Note);

/// Which clock the shell draws by.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShellClock {
    /// The host's; frames come when they come.
    Real,
    /// Exactly `fps` frames to the second, however long each takes to draw.
    Virtual { fps: u32 },
}

/// The session behind the screens, if one runs.
#[derive(Default)]
pub struct Bridge {
    session: Option<Box<dyn Conduct>>,
    /// Notes of one frame; kept to spare an allocation.
    notes: Vec<Note>,
    /// Frames since the session began, for the virtual clock.
    frame: i64,
    origin: HostTime,
}

impl Bridge {
    /// Puts a new session behind the screens; the old one, if any, is dropped.
    pub fn attach(&mut self, session: Box<dyn Conduct>) {
        self.origin = session.now();
        self.frame = 0;
        self.session = Some(session);
    }

    pub fn detach(&mut self) {
        self.session = None;
    }

    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.session.is_some()
    }

    /// Whether the session came since the last frame.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.frame <= 1
    }

    /// Asks something of the session; nothing happens where none runs.
    pub fn command(&mut self, command: Command) {
        if let Some(session) = self.present() {
            session.command(command);
        }
    }

    /// The conductor's clock, where a session runs.
    pub fn now(&mut self) -> Option<HostTime> {
        self.present().map(|session| session.now())
    }

    /// The coarse tap's end, where the session needs it.
    pub fn frame_tap(&mut self) -> Option<&mut FrameTap> {
        self.present()?.frame_tap()
    }

    fn present(&mut self) -> Option<&mut Box<dyn Conduct>> {
        self.session.as_mut()
    }
}

/// A trial and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    pub plan: TrialPlan,
    /// Where it lies on the host's clock; `None` until the conductor has anchored it.
    pub clock: Option<TrialClock>,
    pub ended: Option<TrialEnd>,
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrialEnd {
    pub void: Option<Cause>,
    pub worst: Option<EventId>,
    pub t: HostTime,
}

impl Trial {
    /// Host time of a moment of the trial, once it is anchored.
    #[must_use]
    pub fn host(&self, at: Nanos) -> Option<HostTime> {
        self.clock.map(|clock| clock.host(at))
    }

    /// Host time of its zero, once it is anchored.
    #[must_use]
    pub fn begins(&self) -> Option<HostTime> {
        self.host(Nanos::ZERO)
    }

    /// Host time of the end of its length, once it is anchored.
    #[must_use]
    pub fn closes(&self) -> Option<HostTime> {
        self.host(self.plan.length)
    }
}

/// A word to the player from outside the drill.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub id: &'static str,
    pub args: Vec<(&'static str, String)>,
    pub grave: bool,
}

/// Everything that the screens and the stage draw from. One session long; cleared when the next begins.
#[derive(Resource, Clone, Debug)]
pub struct PlayState {
    /// The conductor's clock at the start of this frame.
    pub now: HostTime,
    /// When this frame will be seen, as well as can be predicted: draw everything that moves for this moment.
    pub shown_at: HostTime,
    /// By how much pictures are drawn ahead, as measured for this display: what is seen then falls together with what is heard.
    pub ahead: Nanos,
    /// The last few trials in order, the ones to come included.
    pub trials: VecDeque<Trial>,
    /// Every final verdict of the session, in order.
    pub judged: Vec<Judged>,
    /// Of these, the first that was given at the present rate of practice: statistics start afresh when it changes.
    pub since: usize,
    /// From signal to answer, ms, of every right answer to a signal, in order; statistics as above.
    pub reactions_ms: Vec<f64>,
    /// Signals that were taken back, of the trials that counted.
    pub stops: Stops,
    /// The rate of practice, per cent; none where nothing is practised.
    pub practised: Option<u16>,
    /// What each verdict may look like, in the same order (shorter by one until its word has come).
    pub drama: Vec<(EventId, Drama)>,
    /// W and dose of each event whose answer has taken effect.
    pub windows: Vec<(EventId, f64, f64)>,
    pub cortex: Option<CortexView>,
    pub gain: f64,
    pub rung: i32,
    pub tol_ms: f64,
    pub goal_ms: f64,
    /// Trials that count (void ones and second chances do not).
    pub trials_done: u32,
    pub brakes: u32,
    pub paused: Option<Cause>,
    /// Newest last.
    pub notices: Vec<Notice>,
    /// A pad or instrument that the player is asked about: whether it may play, too.
    pub stranger: Option<(DeviceId, String)>,
    /// The session is over: its id in the record (if it is in one), and whether it ran to its end.
    pub ended: Option<(Option<String>, bool)>,
}

/// How often a response was to be held back, and was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stops {
    pub asked: u32,
    pub held: u32,
}

/// How many trials are kept: the present one, its retry or the next, and two behind for scenes that outlast theirs. ◇
const TRIALS_KEPT: usize = 6;

impl Default for PlayState {
    fn default() -> Self {
        Self {
            now: HostTime(0),
            shown_at: HostTime(0),
            ahead: Nanos::ZERO,
            trials: VecDeque::new(),
            judged: Vec::new(),
            since: 0,
            reactions_ms: Vec::new(),
            stops: Stops::default(),
            practised: None,
            drama: Vec::new(),
            windows: Vec::new(),
            cortex: None,
            gain: 1.0,
            rung: 0,
            tol_ms: 0.0,
            goal_ms: 0.0,
            trials_done: 0,
            brakes: 0,
            paused: None,
            notices: Vec::new(),
            stranger: None,
            ended: None,
        }
    }
}

impl PlayState {
    /// The trial on screen at `shown_at`: the last one that has begun, else the first that is on the clocks.
    #[must_use]
    pub fn present(&self) -> Option<&Trial> {
        let begun = |trial: &&Trial| trial.begins().is_some_and(|t| t <= self.shown_at);
        self.trials.iter().rev().find(begun).or_else(|| self.trials.iter().find(|trial| trial.clock.is_some()))
    }

    #[must_use]
    pub fn trial(&self, id: TrialId) -> Option<&Trial> {
        self.trials.iter().rev().find(|trial| trial.plan.trial == id)
    }

    #[must_use]
    pub fn last_judged(&self) -> Option<&Judged> {
        self.judged.last()
    }

    #[must_use]
    pub fn drama_of(&self, event: EventId) -> Option<Drama> {
        self.drama.iter().rev().find(|(id, _)| *id == event).map(|&(_, drama)| drama)
    }

    /// Host times of all targets that are on the clocks, for the rumble's limits.
    pub fn targets(&self) -> impl Iterator<Item = HostTime> {
        self.trials.iter().flat_map(|trial| trial.plan.targets.iter().filter_map(|target| trial.host(target.at)))
    }

    /// True errors of matched responses in order, in the drill's unit, negative early.
    #[must_use]
    pub fn errors(&self) -> Vec<f64> {
        self.fresh().iter().filter_map(Judged::error).collect()
    }

    /// The verdicts that were given at the present rate.
    #[must_use]
    pub fn fresh(&self) -> &[Judged] {
        self.judged.get(self.since..).unwrap_or_default()
    }

    /// From a signal to the right answer to it, ms; none of what is neither.
    fn reaction_ms(&self, judged: &Judged) -> Option<f64> {
        let press = judged.press.filter(|_| judged.kind == EventKind::Press)?;
        let targets = &self.trial(judged.trial)?.plan.targets;
        let target = targets.iter().find(|target| Some(target.id) == judged.target)?;
        let Role::React { onset, .. } = target.role else { return None };
        Some((press.t - judged.due? + (target.at - onset)).as_ms())
    }

    fn hear(&mut self, note: &Note) {
        match note {
            Note::Effect(effect) => self.hear_effect(effect),
            Note::Anchored { trial, clock } => {
                if let Some(found) = self.trials.iter_mut().rev().find(|held| held.plan.trial == *trial) {
                    found.clock = Some(*clock);
                }
            }
            Note::Offsets { video, .. } => self.ahead = video.offset,
            // drawn by the stage
            Note::Ghost { .. } => {}
            Note::Cortex(view) => self.cortex = Some(view.clone()),
            Note::Notice { id, args, grave } => {
                self.notices.push(Notice { id, args: args.clone(), grave: *grave });
            }
            Note::Stranger { device, name } => {
                // while the drill runs the question waits for its pause
                if self.paused.is_none() {
                    let args = vec![("name", name.clone())];
                    self.notices.push(Notice { id: "notice-stranger", args, grave: false });
                }
                self.stranger = Some((*device, name.clone()));
            }
            // the stage's timeline keeps it
            Note::Stick { .. } => {}
            Note::Ended { session, finished } => self.ended = Some((session.clone(), *finished)),
        }
    }

    fn hear_effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Planned(plan) => {
                let rate = plan.terms.practice.map(|passage| passage.rate);
                if self.practised != rate {
                    (self.practised, self.since) = (rate, self.judged.len());
                    (self.reactions_ms, self.stops) = (Vec::new(), Stops::default());
                }
                self.rung = plan.rung;
                self.tol_ms = plan.tol_ms;
                self.goal_ms = plan.goal_ms;
                self.trials.push_back(Trial { plan: plan.clone(), clock: None, ended: None });
                while self.trials.len() > TRIALS_KEPT {
                    self.trials.pop_front();
                }
            }
            Effect::Judged(judged) => {
                self.reactions_ms.extend(self.reaction_ms(judged));
                self.judged.push(judged.clone());
            }
            Effect::Amplify { event, drama, .. } => self.drama.push((*event, *drama)),
            Effect::WindowOpened { event, w, dose, .. } => self.windows.push((*event, *w, *dose)),
            Effect::Gain { gain, .. } => self.gain = *gain,
            Effect::Brake { .. } => self.brakes += 1,
            Effect::TrialEnded { trial, void, worst, t } => {
                if let Some(found) = self.trials.iter_mut().rev().find(|held| held.plan.trial == *trial) {
                    // a second chance is no further try
                    self.trials_done += u32::from(void.is_none() && found.plan.retry_of.is_none());
                    found.ended = Some(TrialEnd { void: *void, worst: *worst, t: *t });
                    if void.is_none() && found.plan.targets.iter().any(|target| target.stop) {
                        let mut of_trial = self.judged.iter().rev().take_while(|judged| judged.trial >= *trial);
                        let held = !of_trial.any(|j| j.trial == *trial && j.kind == EventKind::StopResponse);
                        self.stops.asked += 1;
                        self.stops.held += u32::from(held);
                    }
                }
            }
            Effect::Ambiguous { .. } => {
                self.notices.push(Notice { id: "notice-ambiguous", args: Vec::new(), grave: false });
            }
            Effect::Paused { cause, .. } => self.paused = Some(*cause),
            Effect::Resumed { .. } => self.paused = None,
            // The tolerance that a step leads to acts from the next plan on, which carries it.
            Effect::Difficulty { .. }
            | Effect::Provisional { .. }
            | Effect::ClimbingFibreVolley(_)
            | Effect::Ignored { .. }
            | Effect::SessionEnded { .. } => {}
        }
    }
}

/// How long after the frame's start it is seen on the real clock: one frame, as it has lately been, within bounds. ◇
#[derive(Resource, Clone, Copy, Debug)]
struct Lead(Nanos);

/// Frames beyond this are hitches, and no prediction. ◇
const LONGEST_LEAD: Nanos = Nanos::ms(150);

fn hear(
    mut bridge: NonSendMut<Bridge>,
    clock: Res<ShellClock>,
    mut play: ResMut<PlayState>,
    mut lead: ResMut<Lead>,
    mut messages: MessageWriter<NoteMessage>,
) {
    let bridge = &mut *bridge;
    bridge.frame += 1;
    let virtual_now = match *clock {
        ShellClock::Real => None,
        ShellClock::Virtual { fps } => {
            Some(bridge.origin + Nanos(bridge.frame * 1_000_000_000 / i64::from(fps.max(1))))
        }
    };
    let mut notes = std::mem::take(&mut bridge.notes);
    if let Some(session) = bridge.present() {
        if let Some(now) = virtual_now {
            session.drive(now);
        }
        session.notes(&mut notes);
        let now = virtual_now.unwrap_or_else(|| session.now());
        // A tenth of the newest frame, nine of what was: follows a machine that slows down within a second.
        let frame = Nanos((now - play.now).0.clamp(0, LONGEST_LEAD.0));
        lead.0 = Nanos((lead.0.0 * 9 + frame.0) / 10);
        play.now = now;
        play.shown_at = if virtual_now.is_some() { now } else { now + lead.0 } + play.ahead;
    }
    for note in notes.drain(..) {
        play.hear(&note);
        messages.write(NoteMessage(note));
    }
    bridge.notes = notes;
}

/// Draws from the session in `First`, so that every later system of the frame sees one state.
pub fn plugin(app: &mut App) {
    app.add_message::<NoteMessage>()
        .init_non_send::<Bridge>()
        .init_resource::<PlayState>()
        .insert_resource(Lead(Nanos::ms(16)))
        .add_systems(First, hear);
}

#[cfg(test)]
mod tests {
    use doozy_cerebellum::{Lesion, Preset};
    use doozy_training::{
        event::Input,
        learner::{Profile, Tapper},
        level::Level,
        rehearse::{Setup, rehearse_by_closed_form},
        session::Options,
    };

    use super::*;

    #[test]
    fn reactions_are_counted_from_the_signal_and_stops_that_were_held_back() {
        let level = "(version: 1, title: \"t\", aim: \"a\", drill: GoStop(stops: 0.4), trials: 40, seconds: 130)";
        let level = Level::parse("t", level).expect("a level");
        let setup = Setup { level, seed: 3, options: Options::default(), preset: Preset::Small, lesion: Lesion::None };
        let played = rehearse_by_closed_form(setup, &mut Tapper::new(Profile::Trained, 5)).expect("it is played");
        let mut play = PlayState::default();
        played.effects.iter().for_each(|effect| play.hear_effect(effect));

        let (mut plans, mut right, mut asked, mut failed) = (Vec::new(), Vec::new(), 0, 0);
        for effect in &played.effects {
            match effect {
                Effect::Planned(plan) => plans.push(plan),
                Effect::TrialEnded { trial, void: None, .. } => {
                    asked += u32::from(plans.iter().any(|plan| plan.trial == *trial && plan.targets[0].stop));
                }
                Effect::Judged(judged) if judged.kind == EventKind::StopResponse => failed += 1,
                Effect::Judged(judged) if judged.kind == EventKind::Press => {
                    let plan = plans.iter().find(|plan| plan.trial == judged.trial).expect("a plan");
                    let clock = played.inputs.iter().find_map(|input| match input {
                        Input::Anchor { trial, clock } if *trial == judged.trial => Some(*clock),
                        _ => None,
                    });
                    let Role::React { onset, .. } = plan.targets[0].role else { panic!("a reaction") };
                    let signal = clock.expect("it is anchored").host(onset);
                    right.push((judged.press.expect("a press").t - signal).as_ms());
                }
                _ => {}
            }
        }
        assert!(
            asked > 5 && failed > 0 && right.len() > 10,
            "{asked} stops, {failed} not held, {} presses",
            right.len()
        );
        assert_eq!(play.stops, Stops { asked, held: asked - failed });
        assert_eq!(play.reactions_ms, right);
    }
}
