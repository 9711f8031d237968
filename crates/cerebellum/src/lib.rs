//! The cerebellar disinhibitory gate as a library: error → climbing-fibre volley → spiking interneurons → Purkinje
//! calcium → learning window.
//!
//! A pure function of parameters, seed and schedule: no clock, no input or output, the same bits on every machine.
//! Nothing in here may know of presses, levels or pictures. Start at [`network::Network`].
#![forbid(unsafe_code)]

pub mod calcium;
pub mod circuit;
pub mod closed_form;
pub mod experiments;
pub mod export;
pub mod forward;
pub mod granule;
pub mod inferior;
pub mod interneurons;
pub mod microzone;
pub mod mossy;
pub mod network;
pub mod nuclei;
pub mod olive;
pub mod parameters;
pub mod plasticity;
pub mod presets;
pub mod purkinje;
pub mod rng;
mod shape;
pub mod soma;
pub mod sum;
pub mod window;
pub mod wiring;
pub mod workload;

pub use network::{FibreSpike, Lesion, Network, Recruitment, Response, ScheduleError, Trace, Zone};
pub use network::{LATENCY_MAX_MS, LATENCY_MIN_MS, RESPONSE_HORIZON_MS};
pub use parameters::Parameters;
pub use presets::Preset;

/// Raised whenever the same parameters, seed and calls no longer give the same spikes, so that results of two models are
/// not mixed.
pub const MODEL_VERSION: u32 = 1;
