//! The taps, one file a source of time.

pub mod frame;
pub mod scripted;
