//! The passphrase of a key backup: from a file, or asked for at the terminal. Never an argument, which others could
//! read in the list of processes, and never a variable of the environment, which children inherit.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use strongroom_crypto::Passphrase;

use super::Failure;

/// Where the passphrase comes from.
#[derive(Args, Debug)]
pub struct PassphraseFile {
    /// File with the passphrase of the key backup, mode 0600 [default: it is asked for]
    #[arg(long, env = "STRONGROOM_PASSPHRASE_FILE", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl PassphraseFile {
    /// One that is to be used from now on: asked for twice.
    ///
    /// # Errors
    /// Where it is too short, or the two differ.
    pub fn choose(&self) -> Result<Passphrase, Failure> {
        if let Some(path) = &self.passphrase_file {
            return Ok(Passphrase::read(path)?);
        }
        let (first, second) = (ask("Passphrase for the key backup: ")?, ask("The same again: ")?);
        if first.expose_secret() != second.expose_secret() {
            return Err("the two passphrases differ".into());
        }
        Ok(Passphrase::new(first)?)
    }

    /// One that was chosen before.
    ///
    /// # Errors
    /// Where it cannot be one.
    pub fn recall(&self) -> Result<Passphrase, Failure> {
        match &self.passphrase_file {
            Some(path) => Ok(Passphrase::read(path)?),
            None => Ok(Passphrase::new(ask("Passphrase of the key backup: ")?)?),
        }
    }
}

fn ask(words: &str) -> Result<SecretString, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err("there is no terminal to ask for the passphrase at; give --passphrase-file".into());
    }
    Ok(strongroom_cli::prompt(words)?)
}
