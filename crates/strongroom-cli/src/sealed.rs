//! Which keys and passphrases a sealed file is for, or is opened by, as a person names them.
//! A passphrase comes from a terminal or from a private file; never from an argument, and never from a variable.

use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};

use clap::Args;
use strongroom_crypto::{FileIdentities, FileRecipient, FileRecipients, Passphrase, sealed_under_passphrase};
use zeroize::Zeroizing;

use crate::bounded;
use crate::error::ClientError;
use crate::input;

/// The most that a file of recipients may hold.
const MAX_RECIPIENTS_BYTES: usize = 64 * 1024;

/// For whom a file is sealed.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub struct SealFor {
    /// Public key (age1…, as age-keygen prints it) whose holder can open the file; may be repeated
    #[arg(long = "recipient", value_name = "KEY")]
    recipients: Vec<FileRecipient>,
    /// File with such keys, one on each line
    #[arg(long, value_name = "FILE")]
    recipients_file: Option<PathBuf>,
    /// Seal under a passphrase, which is asked for twice
    #[arg(long, conflicts_with_all = ["recipients", "recipients_file"])]
    passphrase: bool,
    /// Seal under the passphrase in this file, mode 0600
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recipients", "recipients_file", "passphrase"])]
    passphrase_file: Option<PathBuf>,
}

/// What opens a sealed file.
#[derive(Args, Debug)]
pub struct OpenBy {
    /// File with the private keys that open it, mode 0600, as age-keygen writes it
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// File with the passphrase that it is sealed under, mode 0600 [default: it is asked for]
    #[arg(long, value_name = "FILE", conflicts_with = "identity")]
    passphrase_file: Option<PathBuf>,
}

impl SealFor {
    /// Reads and asks for what there is to know.
    ///
    /// # Errors
    /// [`ClientError::Input`].
    pub fn recipients(&self) -> Result<FileRecipients, ClientError> {
        if let Some(path) = &self.passphrase_file {
            return Ok(FileRecipients::Passphrase(passphrase_in(path)?));
        }
        if self.passphrase {
            return Ok(FileRecipients::Passphrase(chosen_passphrase()?));
        }
        let mut keys = self.recipients.clone();
        if let Some(path) = &self.recipients_file {
            let text = bounded::read_file(path, MAX_RECIPIENTS_BYTES)?;
            let text = String::from_utf8_lossy(&text);
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
                keys.push(line.parse().map_err(|e| failed(path, &e))?);
            }
        }
        match keys.is_empty() {
            true => Err(ClientError::Input("there is no recipient in that file".into())),
            false => Ok(FileRecipients::Keys(keys)),
        }
    }
}

impl OpenBy {
    /// What a file holds, which is sealed or was never.
    ///
    /// # Errors
    /// [`ClientError::Input`] where it does not open.
    pub fn plaintext(&self, path: &Path, max_bytes: usize) -> Result<(Zeroizing<Vec<u8>>, WasSealed), ClientError> {
        // What is sealed is a little longer than what is in it.
        let file = bounded::read_file(path, max_bytes + max_bytes / 64)?;
        let Some(under_passphrase) = sealed_under_passphrase(&file) else {
            return Ok((bounded::without_mark(file), WasSealed(false)));
        };
        let opened = self.identities(path, under_passphrase)?.open(&file, max_bytes);
        Ok((opened.map_err(|e| failed(path, &e))?, WasSealed(true)))
    }

    fn identities(&self, path: &Path, under_passphrase: bool) -> Result<FileIdentities, ClientError> {
        match (&self.identity, &self.passphrase_file) {
            (Some(identity), _) => FileIdentities::read(identity).map_err(|e| ClientError::Input(e.to_string())),
            (None, Some(passphrase)) => Ok(FileIdentities::Passphrase(passphrase_in(passphrase)?)),
            (None, None) if under_passphrase => {
                need_terminal()?;
                let asked = Passphrase::new(input::prompted(&format!("Passphrase of {}", path.display()))?);
                Ok(FileIdentities::Passphrase(asked.map_err(|e| failed(path, &e))?))
            }
            (None, None) => Err(failed(path, &"it is sealed for a key; give the file with that by --identity")),
        }
    }
}

/// Whether a file was sealed; one that was not has everything in plaintext.
pub struct WasSealed(pub bool);

fn passphrase_in(path: &Path) -> Result<Passphrase, ClientError> {
    Passphrase::read(path).map_err(|e| ClientError::Input(e.to_string()))
}

fn chosen_passphrase() -> Result<Passphrase, ClientError> {
    need_terminal()?;
    let chosen = input::asked_twice("Passphrase for the file")?;
    Passphrase::new(chosen).map_err(|e| ClientError::Input(e.to_string()))
}

fn need_terminal() -> Result<(), ClientError> {
    if stdin().is_terminal() {
        return Ok(());
    }
    let reason = "there is no terminal to ask for the passphrase at; give --passphrase-file";
    Err(ClientError::Input(reason.into()))
}

fn failed(path: &Path, reason: &dyn std::fmt::Display) -> ClientError {
    ClientError::Input(format!("{}: {reason}", path.display()))
}
