//! The X11 tap: raw key events on a connection and in a thread of its own, stamped as they arrive.
//!
//! Bevy and winit drop a key's time and hand it over a frame late; this connection sees the same press within a fraction of
//! a millisecond. XInput 2 raw events do not repeat, and they come whether the game's window has the focus or not, so the
//! tap asks who has it ([`Gate`]). It works the same under XWayland.

use std::{
    io,
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
};

use doozy_training::{
    event::{ReleaseCause, TimeSource},
    time::{HostTime, Nanos},
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use x11rb::{
    connection::Connection,
    errors::{ConnectError, ConnectionError, DisplayParsingError, ReplyError, ReplyOrIdError},
    protocol::{
        Event,
        xinput::{ConnectionExt as _, EventMask as XiMask, KeyEventFlags, RawKeyPressEvent, XIEventMask},
        xproto::{
            AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, CreateWindowAux, EventMask, InputFocus, MapState,
            NotifyMode, PropMode, Window, WindowClass,
        },
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::{
    SLACK, WAKE, ask_for_priority,
    x11_time::{Sample, ServerClock},
};
use crate::{
    clock,
    input::{Captured, Control, Edge, KEYBOARD, Notice, TapPort, held::Held},
};

/// XIAllMasterDevices of XI2.h: the merged keyboard. All devices would give every key twice, for itself and for its master.
const ALL_MASTER_DEVICES: u16 = 1;

/// How often the focus is asked for where nobody announces it: with no window manager, keys follow the pointer.
///
/// ◇ Ours: it costs a round trip, so it must be rare; and a focus lost for 0.2 s unnoticed harms nobody.
const ASK_FOCUS: Nanos = Nanos::ms(200);

/// Whose keys count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nobody's: until the game has a window.
    Closed,
    /// Keys while this X window has the keyboard, or nobody in particular has it (plain Xvfb without a window manager).
    Window(u32),
    /// All keys of the display: for the self-check alone.
    Open,
}

/// Why there is no X11 tap.
#[derive(Debug, thiserror::Error)]
pub enum X11TapError {
    #[error("no X display could be opened ({0}); set DISPLAY, or play on with coarse key times from the window")]
    Connect(#[from] ConnectError),
    #[error("the X server offers no XInput 2.1 ({0}); key times come from the window and are coarse")]
    NoXInput(String),
    #[error("the X server did not answer: {0}")]
    Reply(#[from] ReplyError),
    #[error("the X server did not answer: {0}")]
    Id(#[from] ReplyOrIdError),
    #[error("the connection to the X server broke: {0}")]
    Connection(#[from] ConnectionError),
    #[error("the system gave no thread to the key tap: {0}")]
    Thread(#[from] io::Error),
}

/// How well the tap's thread is served.
#[derive(Debug, Default)]
struct Health {
    worst_wake: AtomicI64,
    distrusted: AtomicU64,
}

/// A running tap; dropping it ends its thread.
pub struct X11Tap {
    gate: Sender<Gate>,
    stop: Arc<AtomicBool>,
    health: Arc<Health>,
    server_clock: ServerClock,
    thread: Option<JoinHandle<()>>,
}

impl X11Tap {
    /// Connects to `display` (`None`: $DISPLAY) and starts the thread. The gate's first state is announced by a
    /// [`Notice::FocusGained`] or [`Notice::FocusLost`].
    ///
    /// # Errors
    /// Without a display, without XInput 2.1, or when the system refuses a thread.
    pub fn start(port: TapPort, display: Option<&str>, gate: Gate) -> Result<Self, X11TapError> {
        let (conn, screen) = connect(display)?;
        let root = conn.setup().roots[screen].root;
        let refused = |why: String| X11TapError::NoXInput(why);
        // Raw events reach every client, also during another's grab, from 2.1 on.
        let version = conn.xinput_xi_query_version(2, 2)?.reply().map_err(|e| refused(e.to_string()))?;
        if (version.major_version, version.minor_version) < (2, 1) {
            return Err(refused(format!("it has {}.{}", version.major_version, version.minor_version)));
        }
        let raw = XIEventMask::RAW_KEY_PRESS | XIEventMask::RAW_KEY_RELEASE;
        conn.xinput_xi_select_events(root, &[XiMask { deviceid: ALL_MASTER_DEVICES, mask: vec![raw] }])?.check()?;
        let server_clock = find_clock(&conn, root)?;

        let (to, gates) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let health = Arc::new(Health::default());
        let _ = to.send(gate);
        let mut listener = Listener {
            conn,
            port,
            root,
            server_clock,
            gate: Gate::Closed,
            focused: false,
            by_pointer: false,
            asked: clock::now(),
            held: Held::default(),
            health: Arc::clone(&health),
        };
        let asked_to_stop = Arc::clone(&stop);
        let thread = thread::Builder::new().name("tap-x11".into()).spawn(move || {
            ask_for_priority();
            match listener.listen(&gates, &asked_to_stop) {
                Ok(()) => {}
                Err(why) => listener.port.end(why.to_string()),
            }
        })?;
        Ok(Self { gate: to, stop, health, server_clock, thread: Some(thread) })
    }

    /// Says whose keys count from now on.
    pub fn set_gate(&self, gate: Gate) {
        // A thread that is gone has said so through its port.
        let _ = self.gate.send(gate);
    }

    #[must_use]
    pub fn server_clock(&self) -> ServerClock {
        self.server_clock
    }

    /// The longest that the thread was kept waiting beyond its own 4 ms: how badly the machine is loaded.
    #[must_use]
    pub fn worst_wake(&self) -> Nanos {
        Nanos(self.health.worst_wake.load(Ordering::Relaxed))
    }

    /// How many server stamps could not be believed.
    #[must_use]
    pub fn distrusted(&self) -> u64 {
        self.health.distrusted.load(Ordering::Relaxed)
    }
}

impl Drop for X11Tap {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Connects to `display`, or to $DISPLAY.
///
/// Display n listens on TCP port 6000 + n, and x11rb adds them without asking whether a port can be that high.
pub(in crate::input) fn connect(display: Option<&str>) -> Result<(RustConnection, usize), ConnectError> {
    const HIGHEST: u32 = u16::MAX as u32 - 6000;
    let named = display.map(str::to_owned).or_else(|| std::env::var("DISPLAY").ok()).unwrap_or_default();
    let number = named.rsplit(':').next().and_then(|end| end.split('.').next()).and_then(|digits| digits.parse().ok());
    match number {
        Some(0..=HIGHEST) => RustConnection::connect(display),
        _ if named.is_empty() => Err(DisplayParsingError::DisplayNotSet.into()),
        _ => Err(DisplayParsingError::MalformedValue(named.into()).into()),
    }
}

/// Asks the server for its time: a change of a property is announced with it.
fn find_clock(conn: &RustConnection, root: Window) -> Result<ServerClock, X11TapError> {
    let window = conn.generate_id()?;
    let aux = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
    conn.create_window(0, window, root, -1, -1, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &aux)?.check()?;
    let mut samples = Vec::new();
    for _ in 0..5 {
        let before = clock::now();
        conn.change_property8(PropMode::APPEND, window, AtomEnum::WM_NAME, AtomEnum::STRING, &[])?;
        conn.flush()?;
        let server_ms = loop {
            match conn.wait_for_event()? {
                Event::PropertyNotify(event) if event.window == window => break event.time,
                _ => {}
            }
        };
        samples.push(Sample { before, server_ms, after: clock::now() });
    }
    conn.destroy_window(window)?.check()?;
    Ok(ServerClock::from_samples(&samples))
}

struct Listener {
    conn: RustConnection,
    port: TapPort,
    root: Window,
    server_clock: ServerClock,
    gate: Gate,
    focused: bool,
    /// The focus is the pointer's: no window is told when it goes elsewhere.
    by_pointer: bool,
    asked: HostTime,
    held: Held,
    health: Arc<Health>,
}

impl Listener {
    fn listen(&mut self, gates: &Receiver<Gate>, stop: &AtomicBool) -> Result<(), X11TapError> {
        let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(WAKE.subsec_nanos()) };
        while !stop.load(Ordering::Relaxed) {
            while let Ok(gate) = gates.try_recv() {
                self.set_gate(gate)?;
            }
            let before = clock::now();
            if self.by_pointer && before - self.asked >= ASK_FOCUS {
                self.ask_focus()?;
            }
            while let Some(event) = self.conn.poll_for_event()? {
                self.hear(&event, clock::now())?;
            }
            // All that had arrived before `before` has been sent, and what comes will not be dated back beyond the slack.
            let slack = if self.server_clock == ServerClock::Unknown { Nanos::ZERO } else { SLACK };
            self.port.raise_watermark(before - slack);

            let from = clock::now();
            let stream = self.conn.stream().as_fd();
            match poll(&mut [PollFd::from_borrowed_fd(stream, PollFlags::IN)], Some(&wait)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(ConnectionError::IoError(error.into()).into()),
            }
            let over = (clock::now() - from).0 - WAKE.as_nanos() as i64;
            self.health.worst_wake.fetch_max(over, Ordering::Relaxed);
        }
        Ok(())
    }

    fn hear(&mut self, event: &Event, arrival: HostTime) -> Result<(), X11TapError> {
        match event {
            Event::XinputRawKeyPress(key) => self.key(key, true, arrival),
            Event::XinputRawKeyRelease(key) => self.key(key, false, arrival),
            // While a window manager holds a grab (Alt+Tab), raw events still come; what counts is where the focus goes.
            Event::FocusIn(focus) | Event::FocusOut(focus)
                if focus.mode != NotifyMode::GRAB && focus.mode != NotifyMode::UNGRAB =>
            {
                self.ask_focus()?;
            }
            Event::MapNotify(_) | Event::UnmapNotify(_) | Event::DestroyNotify(_) => self.ask_focus()?,
            // The window of the gate does not exist (any more).
            Event::Error(_) => self.set_focused(false),
            _ => {}
        }
        Ok(())
    }

    fn key(&mut self, key: &RawKeyPressEvent, down: bool, arrival: HostTime) {
        let Some(control) = Control::from_x11_keycode(key.detail) else { return };
        if !self.focused || key.flags.contains(KeyEventFlags::KEY_REPEAT) {
            return;
        }
        let new = if down { self.held.press(control) } else { self.held.release(control) };
        if !new {
            return;
        }
        let believed = self.server_clock.believe(key.time, arrival, self.port.watermark());
        if believed.source == TimeSource::Arrival {
            let total = self.health.distrusted.fetch_add(1, Ordering::Relaxed) + 1;
            self.port.notify(Notice::StampDistrusted { device: KEYBOARD, total, t: arrival });
        }
        let edge = if down { Edge::Down } else { Edge::Up(ReleaseCause::Released) };
        let (t, err, source) = (believed.t, believed.err, believed.source);
        self.port.send(Captured { t, err, source, device: KEYBOARD, control, edge });
    }

    fn set_gate(&mut self, gate: Gate) -> Result<(), X11TapError> {
        if let Gate::Window(old) = self.gate {
            let none = ChangeWindowAttributesAux::new().event_mask(EventMask::NO_EVENT);
            self.conn.change_window_attributes(old, &none)?.ignore_error();
        }
        self.gate = gate;
        self.by_pointer = false;
        match gate {
            Gate::Closed => self.set_focused(false),
            Gate::Open => self.set_focused(true),
            Gate::Window(window) => {
                let fate = EventMask::FOCUS_CHANGE | EventMask::STRUCTURE_NOTIFY;
                self.conn.change_window_attributes(window, &ChangeWindowAttributesAux::new().event_mask(fate))?;
                self.ask_focus()?;
                if !self.focused {
                    self.port.notify(Notice::FocusLost { t: clock::now() });
                }
            }
        }
        Ok(())
    }

    fn ask_focus(&mut self) -> Result<(), X11TapError> {
        let Gate::Window(window) = self.gate else { return Ok(()) };
        let focus = self.conn.get_input_focus()?.reply()?.focus;
        self.asked = clock::now();
        let nobody = [u32::from(u8::from(InputFocus::POINTER_ROOT)), self.root];
        self.by_pointer = nobody.contains(&focus) && self.is_viewable(window)?;
        let focused = self.by_pointer || focus == window || self.is_within(focus, window)?;
        self.set_focused(focused);
        Ok(())
    }

    /// Whether the window is there and shown: a focus that a minimised or closed window left behind is nobody's, not ours.
    fn is_viewable(&self, window: Window) -> Result<bool, X11TapError> {
        let attributes = self.conn.get_window_attributes(window)?.reply();
        Ok(attributes.is_ok_and(|attributes| attributes.map_state == MapState::VIEWABLE))
    }

    /// Whether `inner` is a descendant of `outer`: some toolkits give the focus to a child.
    fn is_within(&self, inner: Window, outer: Window) -> Result<bool, X11TapError> {
        let mut window = inner;
        while window > u32::from(u8::from(InputFocus::POINTER_ROOT)) && window != self.root {
            // A window that has gone in the meantime is nobody's child.
            let Ok(tree) = self.conn.query_tree(window)?.reply() else { return Ok(false) };
            if tree.parent == outer {
                return Ok(true);
            }
            window = tree.parent;
        }
        Ok(false)
    }

    fn set_focused(&mut self, focused: bool) {
        if focused == self.focused {
            return;
        }
        self.focused = focused;
        let t = clock::now();
        if focused {
            return self.port.notify(Notice::FocusGained { t });
        }
        let edge = Edge::Up(ReleaseCause::FocusLost);
        for control in self.held.release_all() {
            let err = crate::input::stamps::ARRIVAL_ERR;
            self.port.send(Captured { t, err, source: TimeSource::X11, device: KEYBOARD, control, edge });
        }
        self.port.notify(Notice::FocusLost { t });
    }
}

#[cfg(test)]
mod tests;
