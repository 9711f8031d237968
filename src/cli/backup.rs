//! `doozy backup`: a consistent single-file copy of the record, also while a session runs.

use std::path::PathBuf;

use clap::Args;

use super::{Common, Failure, line};
use crate::record;

#[derive(Args, Debug)]
pub struct Backup {
    /// Where the copy goes; nothing may stand there yet
    file: PathBuf,
}

impl Backup {
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        record::backup(&common.data_dir()?, &self.file)?;
        if !common.quiet {
            line(self.file.display())?;
        }
        Ok(())
    }
}
