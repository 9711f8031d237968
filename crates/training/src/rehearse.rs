//! A rehearsal: a whole session in virtual time, with a simulated player and the network stepped in place; and the
//! recomputation of a recorded one through the same code.

use std::collections::BTreeMap;

use doozy_cerebellum::{Lesion, Preset, Response, ScheduleError, closed_form, parameters::Parameters};

use crate::{
    cortex::{Answer, Circuit, Cortex},
    event::{Cause, DeviceId, Effect, EventId, Input, Press, Release, ReleaseCause, Tilt, TimeSource, Volley},
    learner::{Player, Stick, Tap},
    level::Level,
    session::{Options, Session},
    time::{HostTime, Nanos, TrialClock},
};

/// Where a rehearsal's time begins; any value gives the same session shifted.
pub const START: HostTime = HostTime(1_000_000_000);
/// Without a press, time goes on in pieces of this length; the pieces change nothing.
const PIECE: Nanos = Nanos::ms(50);
/// How long a simulated player rests when the session asks for it.
const REST: Nanos = Nanos::ms(10_000);
/// A player whom the session has sent to rest this often goes home.
const RESTS_MOST: u32 = 3;

/// What a session needs besides its inputs.
#[derive(Clone, Debug)]
pub struct Setup {
    pub level: Level,
    pub seed: u64,
    pub options: Options,
    pub preset: Preset,
    pub lesion: Lesion,
}

/// Everything that went in and came out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rehearsal {
    pub inputs: Vec<Input>,
    pub effects: Vec<Effect>,
}

/// A session and the network that weighs its errors, fed with everything but windows.
#[derive(Clone, Debug)]
pub struct Recital {
    session: Session,
    setup: Setup,
    /// From the first watermark on.
    circuit: Option<Circuit>,
    /// In place of the network, the closed form of its gate.
    closed_form: Option<Parameters>,
    answers: Vec<Answer>,
}

impl Recital {
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let session = Session::new(setup.level.clone(), setup.seed, setup.options);
        Self { session, setup, circuit: None, closed_form: None, answers: Vec::new() }
    }

    /// One whose errors are weighed by the closed form, which answers in no time: for sweeps over levels, never for what
    /// is recorded.
    #[must_use]
    pub fn by_closed_form(setup: Setup) -> Self {
        let closed_form = Some(Parameters::of(setup.preset));
        Self { closed_form, ..Self::new(setup) }
    }

    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Feeds an input and lets the network answer whatever it can by then; the answers that the session took in are
    /// appended to `inputs` after the input, what the session said to `effects`, and pictures to `responses`.
    ///
    /// # Errors
    /// If the network refuses a volley, which means that the session's and the network's times disagree.
    pub fn feed(
        &mut self,
        input: Input,
        inputs: &mut Vec<Input>,
        effects: &mut Vec<Effect>,
        responses: &mut Vec<Response>,
    ) -> Result<(), ScheduleError> {
        if let (None, None, Input::Watermark { t }) = (&self.closed_form, &self.circuit, input) {
            self.circuit = Some(Circuit::new(self.setup.preset, self.setup.seed, self.setup.lesion, t));
        }
        let mut told = effects.len();
        inputs.push(input);
        self.session.feed(input, effects);
        if let Some(parameters) = &self.closed_form {
            while let Some(effect) = effects.get(told) {
                told += 1;
                if let Effect::ClimbingFibreVolley(Volley { event, u, .. }) = *effect {
                    let s = parameters.olive.recruitment(u);
                    let w = closed_form::window(parameters, u);
                    let window = Input::Window { event, w, dose: w * s };
                    inputs.push(window);
                    self.session.feed(window, effects);
                }
            }
        }
        let Some(circuit) = &mut self.circuit else { return Ok(()) };
        loop {
            for effect in &effects[told..] {
                if let Effect::ClimbingFibreVolley(volley) = effect {
                    circuit.volley(*volley)?;
                }
            }
            told = effects.len();
            circuit.settle(self.session.settled());
            circuit.take(&mut self.answers);
            if self.answers.is_empty() {
                return Ok(());
            }
            for answer in self.answers.drain(..) {
                inputs.push(answer.input());
                self.session.feed(answer.input(), effects);
                responses.push(answer.response);
            }
        }
    }
}

/// Plays a whole session in virtual time: until the level is complete, or the player has been sent to rest three times.
///
/// # Errors
/// See [`Recital::feed`].
pub fn rehearse(setup: Setup, player: &mut impl Player) -> Result<Rehearsal, ScheduleError> {
    rehearse_until(setup, player, HostTime::DISTANT_FUTURE)
}

/// [`rehearse`], stopped at `until` if it lasts as long.
///
/// # Errors
/// See [`Recital::feed`].
pub fn rehearse_until(setup: Setup, player: &mut impl Player, until: HostTime) -> Result<Rehearsal, ScheduleError> {
    play(Recital::new(setup), player, until)
}

/// [`rehearse`], with errors weighed by the closed form.
///
/// # Errors
/// See [`Recital::feed`].
pub fn rehearse_by_closed_form(setup: Setup, player: &mut impl Player) -> Result<Rehearsal, ScheduleError> {
    play(Recital::by_closed_form(setup), player, HostTime::DISTANT_FUTURE)
}

fn play(mut recital: Recital, player: &mut impl Player, until: HostTime) -> Result<Rehearsal, ScheduleError> {
    let Rehearsal { mut inputs, mut effects } = Rehearsal::default();
    let mut responses = Vec::new();
    let mut heard = 0;
    let mut now = START;
    let mut tap: Option<Tap> = None;
    let mut stick: Option<Stick> = None;
    // what is held down, and when it comes up
    let mut held: BTreeMap<(HostTime, u64), Release> = BTreeMap::new();
    let mut anchor: Option<Input> = None;
    let mut resume: Option<HostTime> = None;
    let mut rests = 0;
    let mut seq = 0;
    while !recital.session.is_ended() {
        let mut feed = |input| recital.feed(input, &mut inputs, &mut effects, &mut responses);
        if let Some(input) = anchor.take() {
            feed(input)?;
        } else if let Some(up) = held.first_entry().filter(|up| {
            let t = up.key().0;
            t <= now + PIECE && tap.is_none_or(|tap| t <= tap.t) && stick.is_none_or(|stick| t <= stick.t)
        }) {
            let release = up.remove();
            now = now.max(release.t);
            feed(Input::Release(Release { t: now, ..release }))?;
        } else if let Some(Stick { t, x }) =
            stick.filter(|stick| stick.t <= now + PIECE && tap.is_none_or(|tap| stick.t <= tap.t))
        {
            now = now.max(t);
            let source = TimeSource::Scripted;
            feed(Input::Tilt(Tilt { t: now, err: Nanos::ZERO, source, device: DeviceId(0), axis: 0, x, seq }))?;
            seq += 1;
            stick = player.next_stick();
        } else if let Some(Tap { t, lane, held: length }) = tap.filter(|tap| tap.t <= now + PIECE) {
            let t = t.max(now);
            let (source, device, control) = (TimeSource::Scripted, DeviceId(0), u16::from(lane.0));
            feed(Input::Press(Press { t, err: Nanos::ZERO, source, device, lane, control, seq }))?;
            let cause = ReleaseCause::Released;
            held.insert((t + length, seq), Release { t: t + length, device, lane, control, seq, cause });
            seq += 1;
            now = t;
            tap = player.next();
        } else if resume.is_some_and(|at| at <= now) {
            feed(Input::Resume { t: now })?;
            resume = None;
        } else if now >= until {
            feed(Input::Stop { t: now })?;
            feed(Input::Watermark { t: now + Nanos(1) })?;
        } else {
            feed(Input::Watermark { t: now })?;
            now = now + PIECE;
        }
        responses.clear();
        for effect in &effects[heard..] {
            match effect {
                Effect::Planned(plan) => {
                    let clock = TrialClock { origin: plan.not_before.max(now), rate_ppb: 0 };
                    anchor = Some(Input::Anchor { trial: plan.trial, clock });
                    player.begin(plan, clock);
                    tap = player.next();
                    stick = player.next_stick();
                }
                Effect::Judged(judged) => player.hear(judged),
                Effect::Paused { cause: Cause::Rest, t } => {
                    rests += 1;
                    (tap, stick) = (None, None);
                    resume = Some(*t + REST);
                }
                _ => {}
            }
        }
        heard = effects.len();
        if rests == RESTS_MOST {
            resume = None;
            rests += 1;
            recital.feed(Input::Stop { t: now }, &mut inputs, &mut effects, &mut responses)?;
            recital.feed(Input::Watermark { t: now + Nanos(1) }, &mut inputs, &mut effects, &mut responses)?;
        }
    }
    Ok(Rehearsal { inputs, effects })
}

/// A recorded session, computed anew.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recomputed {
    /// What is recorded of a session: everything but [`Effect::Provisional`].
    pub effects: Vec<Effect>,
    /// The network's answers, W and dose, in the order in which it gave them.
    pub windows: Vec<(EventId, f64, f64)>,
}

/// A piece of what a recomputation says.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, taken at once: a box would cost more than it saves")]
pub enum Told {
    /// Never [`Effect::Provisional`], which is not recorded.
    Effect(Effect),
    /// An answer of the network.
    Window { event: EventId, w: f64, dose: f64 },
}

/// Runs a session's recorded inputs through session and network again, and tells what they say as they say it, in memory
/// that does not grow with the session. The network's answers are its own, whatever windows were recorded.
///
/// # Errors
/// See [`Recital::feed`].
pub fn retell(setup: Setup, recorded: &[Input], tell: &mut dyn FnMut(Told)) -> Result<(), ScheduleError> {
    let mut recital = Recital::new(setup);
    let (mut inputs, mut effects, mut responses) = (Vec::new(), Vec::new(), Vec::new());
    for input in recorded.iter().filter(|input| !matches!(input, Input::Window { .. })) {
        recital.feed(*input, &mut inputs, &mut effects, &mut responses)?;
        responses.clear();
        for input in inputs.drain(..) {
            if let Input::Window { event, w, dose } = input {
                tell(Told::Window { event, w, dose });
            }
        }
        let lasting = effects.drain(..).filter(|effect| !matches!(effect, Effect::Provisional { .. }));
        lasting.for_each(|effect| tell(Told::Effect(effect)));
    }
    Ok(())
}

/// All of [`retell`] at once.
///
/// # Errors
/// See [`Recital::feed`].
pub fn recompute(setup: Setup, recorded: &[Input]) -> Result<Recomputed, ScheduleError> {
    let mut computed = Recomputed::default();
    retell(setup, recorded, &mut |told| match told {
        Told::Effect(effect) => computed.effects.push(effect),
        Told::Window { event, w, dose } => computed.windows.push((event, w, dose)),
    })?;
    Ok(computed)
}

#[cfg(test)]
mod kinds;
#[cfg(test)]
mod pins;
#[cfg(test)]
mod tests;
