//! The program (being joined).
fn main() {}
