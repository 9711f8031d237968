//! Where the taps meet: inputs are numbered in the order of arrival, and the least watermark says how far one may decide.
//!
//! Order matters twice. A tap sends before it raises its watermark; the merge reads all watermarks before it drains what
//! was sent. So whatever [`Taps::poll`] has not given by then lies at or after [`Taps::watermark`].

use std::{
    fmt,
    sync::mpsc::{self, Receiver, Sender},
};

use doozy_training::{
    event::{DeviceId, TimeSource},
    time::{HostTime, Nanos},
};
use serde::{Deserialize, Serialize};

use super::{
    Captured, Edge, TimedInput,
    watermark::{Standing, Watch, Watermark},
};
use crate::clock::Clock;

/// Which tap, for the record and for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TapKind {
    X11,
    Gilrs,
    Midi,
    Frame,
    Scripted,
}

impl fmt::Display for TapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X11 => "X11 key tap",
            Self::Gilrs => "gamepad tap",
            Self::Midi => "MIDI tap",
            Self::Frame => "window tap",
            Self::Scripted => "scripted tap",
        })
    }
}

/// What a tap or the merge has to say beside inputs. All of it belongs into the raw log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// The game's window lost the keyboard; held keys were released at `t`.
    FocusLost {
        t: HostTime,
    },
    FocusGained {
        t: HostTime,
    },
    /// A pad is there; `chosen` tells whether its presses count.
    DeviceFound {
        device: DeviceId,
        name: String,
        uuid: String,
        chosen: bool,
        t: HostTime,
    },
    /// The chosen pad is gone; what it held was released at `t`.
    DeviceLost {
        device: DeviceId,
        name: String,
        t: HostTime,
    },
    /// A pad became the one that counts.
    DeviceChosen {
        device: DeviceId,
        name: String,
        t: HostTime,
    },
    /// An input of a pad that is not the chosen one: for the raw log, never judged.
    Ignored {
        input: Captured,
    },
    /// An input that came after its time had been decided on: for the raw log, never judged.
    Late {
        input: Captured,
    },
    /// The device's stamp could not be believed; `total` of them so far in this tap.
    StampDistrusted {
        device: DeviceId,
        total: u64,
        t: HostTime,
    },
    /// The wall clock was set; pads are stamped by it, and were not led astray.
    WallClockStepped {
        by: Nanos,
        t: HostTime,
    },
    /// The tap's watermark stood still for 500 ms; it is left out until it moves again.
    TapStalled {
        tap: TapKind,
        t: HostTime,
    },
    TapReturned {
        tap: TapKind,
        t: HostTime,
    },
    /// The tap has ended, with its reason if it had one.
    TapEnded {
        tap: TapKind,
        why: Option<String>,
        t: HostTime,
    },
}

enum Heard {
    Input(Captured),
    Notice(Notice),
    Ended(Option<String>),
}

/// A tap's way into the merge. Dropping it ends the tap.
pub struct TapPort {
    tap: usize,
    to: Sender<(usize, Heard)>,
    watermark: Watermark,
    why: Option<String>,
}

impl TapPort {
    /// Delivers an input. Its time must not lie before this tap's own watermark.
    pub fn send(&self, input: Captured) {
        self.hand_over(Heard::Input(input));
    }

    pub fn notify(&self, notice: Notice) {
        self.hand_over(Heard::Notice(notice));
    }

    /// Promises that everything before `t` has been sent.
    pub fn raise_watermark(&self, t: HostTime) {
        self.watermark.raise(t);
    }

    #[must_use]
    pub fn watermark(&self) -> HostTime {
        self.watermark.get()
    }

    /// Ends the tap and says why.
    pub fn end(mut self, why: impl Into<String>) {
        self.why = Some(why.into());
    }

    fn hand_over(&self, heard: Heard) {
        // A receiver that is gone means that the session is over: there is nobody left to tell.
        let _ = self.to.send((self.tap, heard));
    }
}

impl Drop for TapPort {
    fn drop(&mut self) {
        let why = self.why.take();
        self.hand_over(Heard::Ended(why));
    }
}

struct Tap {
    kind: TapKind,
    watermark: Watermark,
    watch: Watch,
}

/// All taps of a session, merged.
pub struct Taps {
    clock: Clock,
    taps: Vec<Tap>,
    to: Sender<(usize, Heard)>,
    from: Receiver<(usize, Heard)>,
    notices: Vec<Notice>,
    least: HostTime,
    next_seq: u64,
}

impl Taps {
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let (to, from) = mpsc::channel();
        let least = clock.now();
        Self { clock, taps: Vec::new(), to, from, notices: Vec::new(), least, next_seq: 0 }
    }

    /// A port for one more tap, whose watermark starts at this moment.
    pub fn port(&mut self, kind: TapKind) -> TapPort {
        let now = self.clock.now();
        let watermark = Watermark::starting_at(now);
        self.taps.push(Tap { kind, watermark: watermark.clone(), watch: Watch::from(now, now) });
        TapPort { tap: self.taps.len() - 1, to: self.to.clone(), watermark, why: None }
    }

    /// Appends what has arrived, in the order of arrival.
    ///
    /// Times may be out of order between taps, but none lies before the [`Taps::watermark`] of an earlier call: a press
    /// that does is given as [`Notice::Late`], a release or a stick's move is moved to it, so that nothing stays down or
    /// pushed.
    pub fn poll(&mut self, inputs: &mut Vec<TimedInput>) {
        let now = self.clock.now();
        let promised = self.least;
        for tap in &mut self.taps {
            let kind = tap.kind;
            match tap.watch.look(now, tap.watermark.get(), promised) {
                Some(Standing::Stalled) => self.notices.push(Notice::TapStalled { tap: kind, t: now }),
                Some(Standing::Active) => self.notices.push(Notice::TapReturned { tap: kind, t: now }),
                Some(Standing::Ended) | None => {}
            }
        }
        while let Ok((tap, heard)) = self.from.try_recv() {
            match heard {
                Heard::Input(input) => self.accept(input, promised, inputs),
                Heard::Notice(notice) => self.notices.push(notice),
                Heard::Ended(why) => {
                    self.taps[tap].watch.end();
                    self.notices.push(Notice::TapEnded { tap: self.taps[tap].kind, why, t: now });
                }
            }
        }
        let active = self.taps.iter().filter(|tap| tap.watch.standing() == Standing::Active);
        let least = active.map(|tap| tap.watch.promised()).min().unwrap_or(now);
        self.least = promised.max(least);
    }

    fn accept(&mut self, mut input: Captured, promised: HostTime, inputs: &mut Vec<TimedInput>) {
        if input.t < promised {
            match input.edge {
                Edge::Down => return self.notices.push(Notice::Late { input }),
                Edge::Up(_) | Edge::Tilt(_) => {
                    input.err = promised - input.t;
                    input.t = promised;
                    input.source = TimeSource::Arrival;
                }
            }
        }
        inputs.push(TimedInput::numbered(input, self.next_seq));
        self.next_seq += 1;
    }

    /// Everything before this has been given by [`Taps::poll`]: the least watermark of the active taps at the last poll,
    /// that poll's moment if there is none. It only rises.
    #[must_use]
    pub fn watermark(&self) -> HostTime {
        self.least
    }

    /// What was noticed since the last call, in the order of arrival.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// The taps that take part in the watermark.
    pub fn active(&self) -> impl Iterator<Item = TapKind> {
        self.taps.iter().filter(|tap| tap.watch.standing() == Standing::Active).map(|tap| tap.kind)
    }
}

#[cfg(test)]
mod tests;
