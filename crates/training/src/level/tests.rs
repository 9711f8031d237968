//! A level's ladder, its trials and its text.
