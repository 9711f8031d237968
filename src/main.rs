//! The program: parse the command line and run one command.

use std::process::ExitCode;

fn main() -> ExitCode {
    doozy::cli::main()
}
