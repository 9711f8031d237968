//! The cerebellum worker: the synchronous cortex in a thread of its own, so that no frame and no tap ever waits for it.
//!
//! It runs in logical time. Whether its answer comes at once or late changes when a picture moves and nothing else.

use std::{
    sync::mpsc::{self, Receiver, Sender, TryRecvError},
    thread::{self, JoinHandle},
};

use doozy_cerebellum::ScheduleError;
use doozy_training::{
    cortex::{Answer, Cortex},
    event::Volley,
    time::HostTime,
};

enum Order {
    Volley(Volley),
    Settle(HostTime),
}

/// A cortex that answers from another thread.
pub struct Worker {
    orders: Option<Sender<Order>>,
    answers: Receiver<Answer>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Moves `cortex` into a thread.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start<C: Cortex + Send + 'static>(mut cortex: C) -> std::io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let (outbox, answers) = mpsc::channel();
        let thread = thread::Builder::new().name("cerebellum".into()).spawn(move || {
            let mut ready = Vec::new();
            while let Ok(first) = inbox.recv() {
                // Only the latest settling of a burst matters; volleys before it are all in the inbox by then.
                let mut settle = None;
                let mut next = Some(first);
                while let Some(order) = next {
                    match order {
                        Order::Volley(volley) => {
                            // the session would wait for this window for ever, and says so by standing still
                            if let Err(error) = cortex.volley(volley) {
                                tracing::error!("{error}");
                            }
                        }
                        Order::Settle(t) => settle = Some(t),
                    }
                    next = inbox.try_recv().ok();
                }
                if let Some(t) = settle {
                    cortex.settle(t);
                }
                cortex.take(&mut ready);
                for answer in ready.drain(..) {
                    if outbox.send(answer).is_err() {
                        return;
                    }
                }
            }
        })?;
        Ok(Self { orders: Some(orders), answers, thread: Some(thread) })
    }

    fn order(&self, order: Order) {
        // a worker that is gone leaves the session waiting for windows, which `take` reports
        if let Some(orders) = &self.orders {
            let _ = orders.send(order);
        }
    }
}

impl Cortex for Worker {
    fn volley(&mut self, volley: Volley) -> Result<(), ScheduleError> {
        self.order(Order::Volley(volley));
        Ok(())
    }

    fn settle(&mut self, t: HostTime) {
        self.order(Order::Settle(t));
    }

    fn take(&mut self, out: &mut Vec<Answer>) {
        loop {
            match self.answers.try_recv() {
                Ok(answer) => out.push(answer),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    if self.orders.take().is_some() {
                        tracing::error!("the cerebellum worker ended before the session did");
                    }
                    return;
                }
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // its panic, if any, has been printed by the thread itself
            let _ = thread.join();
        }
    }
}
