//! Stages: one machine in a dark room for each kind of drill, drawn for the moment that the player sees it.
//!
//! [`timeline::Timeline`] gathers the notes; [`lane`] turns host time into places; [`machine`] says what a
//! machine is and which there are; [`marks`] puts presses where they belong. All of it is drawn through [`paint`] into a few layers. Time runs left to
//! right: what travels, travels to the right; early is left of the strike point, late is right of it.

pub mod backdrop;
pub mod bell;
pub mod crane;
pub mod echo;
pub mod gate;
pub mod glass;
pub mod grid;
pub mod items;
pub mod lane;
pub mod lanes;
pub mod layers;
pub mod look;
pub mod machine;
pub mod marks;
pub mod paint;
pub mod parts;
pub mod path;
pub mod props;
pub mod road;
#[cfg(test)]
pub mod sample;
pub mod server;
pub mod signal;
pub mod streams;
pub mod surprise;
pub mod syllables;
pub mod timeline;
pub mod travel;

pub use layers::plugin;
