//! The lab: experiments on the cerebellar model, and the model handed to others.

pub mod export;
mod npz;
