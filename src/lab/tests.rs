//! Runs, resuming and verdicts, on experiments made for the purpose.
