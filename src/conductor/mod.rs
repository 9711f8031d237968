//! The conductor: one session from taps to effects, apart from any frame.
//!
//! It merges what the taps deliver, feeds the reducer, lets the cerebellum worker answer, schedules sound on the audio
//! clock, writes the record, and tells the shell what to show ([`note`]). With a real clock it runs in a thread of its
//! own; with a virtual one whoever owns the clock steps it.

pub mod note;
