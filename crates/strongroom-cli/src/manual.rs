//! `strongroom completions` and `man`: what the definition of the commands says, for shells and for readers.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use crate::error::ClientError;
use crate::output::print;

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// For which shell
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  strongroom completions bash > ~/.local/share/bash-completion/completions/strongroom
  strongroom completions zsh > ~/.zfunc/_strongroom
  strongroom completions fish > ~/.config/fish/completions/strongroom.fish";

/// Write the man pages of all commands into a folder
#[derive(Args, Debug)]
pub struct Man {
    /// Folder to write them into; it is made where it is missing
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

impl Completions {
    /// Prints those of that command and all below it.
    ///
    /// # Errors
    /// Where nobody takes them.
    pub fn run(&self, mut root: clap::Command) -> Result<(), ClientError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut root, "strongroom", &mut script);
        print(String::from_utf8_lossy(&script).trim_end())
    }
}

impl Man {
    /// Writes those of that command and all below it.
    ///
    /// # Errors
    /// Where the folder cannot be written to.
    pub fn run(&self, root: clap::Command) -> Result<(), ClientError> {
        let written = std::fs::create_dir_all(&self.out).and_then(|()| clap_mangen::generate_to(root, &self.out));
        written.map_err(|e| ClientError::Input(format!("{}: {e}", self.out.display())))
    }
}
