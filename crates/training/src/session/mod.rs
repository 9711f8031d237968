//! (being written)
pub mod amplify;
pub mod constants;
pub mod drama;
pub mod guard;
pub mod history;
pub mod policy;
