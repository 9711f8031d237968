//! The scripted tap: inputs with given times, for tests, demo and simulated players. Its times and watermark are exact.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use doozy_training::time::HostTime;

use super::WAKE;
use crate::{
    clock::Clock,
    input::{Captured, TapPort},
};

/// Delivers each input when the clock has reached it.
pub struct ScriptedTap {
    port: TapPort,
    clock: Clock,
    script: VecDeque<Captured>,
}

impl ScriptedTap {
    #[must_use]
    pub fn new(port: TapPort, clock: Clock) -> Self {
        Self { port, clock, script: VecDeque::new() }
    }

    /// Adds inputs to the script; those of equal time keep the order in which they were added.
    ///
    /// An input before the tap's watermark comes too late and will be given as such ([`crate::input::Notice::Late`]).
    pub fn extend(&mut self, inputs: impl IntoIterator<Item = Captured>) {
        for input in inputs {
            let at = self.script.partition_point(|earlier| earlier.t <= input.t);
            self.script.insert(at, input);
        }
    }

    /// Delivers what is due by the clock and promises everything before its present moment.
    pub fn step(&mut self) {
        let now = self.clock.now();
        while self.script.front().is_some_and(|input| input.t <= now) {
            if let Some(input) = self.script.pop_front() {
                self.port.send(input);
            }
        }
        self.port.raise_watermark(now);
    }

    /// When the next input is due.
    #[must_use]
    pub fn next_due(&self) -> Option<HostTime> {
        self.script.front().map(|input| input.t)
    }

    /// Runs the script in a thread of its own, for a clock that moves by itself.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn spawn(mut self) -> io::Result<ScriptedThread> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = thread::Builder::new().name("tap-scripted".into()).spawn(move || {
            while !asked.load(Ordering::Relaxed) {
                self.step();
                let until = self.next_due().map_or(WAKE, |due| {
                    Duration::from_nanos(u64::try_from((due - self.clock.now()).0).unwrap_or(0)).min(WAKE)
                });
                thread::sleep(until);
            }
        })?;
        Ok(ScriptedThread { stop, thread: Some(thread) })
    }
}

/// A script that runs by itself until dropped.
pub struct ScriptedThread {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for ScriptedThread {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use doozy_training::{event::ReleaseCause, time::Nanos};

    use super::*;
    use crate::{
        clock::VirtualClock,
        input::{Control, Edge, Notice, Taps, merge::TapKind},
    };

    const SPACE: Control = Control::Key(57);

    #[test]
    fn an_input_comes_when_its_moment_has_come() {
        let driver = VirtualClock::starting_at(HostTime(0));
        let mut taps = Taps::new(driver.clock());
        let mut tap = ScriptedTap::new(taps.port(TapKind::Scripted), driver.clock());
        tap.extend([
            Captured::scripted(HostTime(20), SPACE, Edge::Up(ReleaseCause::Released)),
            Captured::scripted(HostTime(10), SPACE, Edge::Down),
        ]);
        let mut seen = Vec::new();
        driver.advance_to(HostTime(9));
        tap.step();
        taps.poll(&mut seen);
        assert_eq!((seen.len(), taps.watermark()), (0, HostTime(9)));
        driver.advance_to(HostTime(10));
        tap.step();
        taps.poll(&mut seen);
        assert_eq!((seen.len(), taps.watermark()), (1, HostTime(10)));
        assert_eq!((seen[0].t, seen[0].edge, seen[0].seq, seen[0].err), (HostTime(10), Edge::Down, 0, Nanos::ZERO));
        driver.advance_to(HostTime(500));
        tap.step();
        taps.poll(&mut seen);
        assert_eq!((seen[1].t, tap.next_due()), (HostTime(20), None));
    }

    #[test]
    fn a_script_that_comes_too_late_is_not_judged() {
        let driver = VirtualClock::starting_at(HostTime(0));
        let mut taps = Taps::new(driver.clock());
        let mut tap = ScriptedTap::new(taps.port(TapKind::Scripted), driver.clock());
        let mut seen = Vec::new();
        driver.advance_to(HostTime(100));
        tap.step();
        taps.poll(&mut seen);
        let late = Captured::scripted(HostTime(99), SPACE, Edge::Down);
        tap.extend([late]);
        tap.step();
        taps.poll(&mut seen);
        assert_eq!(seen, []);
        assert_eq!(taps.take_notices(), [Notice::Late { input: late }]);
    }

    #[test]
    fn in_real_time_the_script_runs_by_itself() {
        let clock = Clock::host();
        let mut taps = Taps::new(clock.clone());
        let start = clock.now();
        let mut tap = ScriptedTap::new(taps.port(TapKind::Scripted), clock.clone());
        tap.extend((1..=3).map(|i| Captured::scripted(start + Nanos::ms(5 * i), Control::Key(i as u16), Edge::Down)));
        let running = tap.spawn().unwrap();
        let mut seen = Vec::new();
        while taps.watermark() <= start + Nanos::ms(15) {
            thread::sleep(Duration::from_millis(1));
            taps.poll(&mut seen);
        }
        assert_eq!(seen.iter().map(|i| (i.t - start).0).collect::<Vec<_>>(), [5_000_000, 10_000_000, 15_000_000]);
        drop(running);
        taps.poll(&mut seen);
        assert_eq!(seen.len(), 3);
        assert_eq!(taps.active().count(), 0);
    }
}
