//! The integration tests: one binary, a module a theme.

mod arrows;
mod rates;
