//! Passphrases that keep keys: of a key file, and of a key backup. From a private file or from a terminal; never shown.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::key_ring::read_private_text;

/// A passphrase: 15 to 1024 characters (NIST SP 800-63B-4, section 3.1.1.2: 15 where nothing else is asked for).
#[derive(Clone, Debug)]
pub struct Passphrase(SecretString);

/// Why there is no passphrase. Never a part of it.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// It would not hold whoever has the file.
    #[error("a passphrase has 15 to 1024 characters; take several words that nobody guesses")]
    Length,
    /// The file with the passphrase cannot be used as it is.
    #[error("the passphrase file {path}: {reason}")]
    File { path: PathBuf, reason: String },
}

impl Passphrase {
    /// # Errors
    /// [`PassphraseError::Length`].
    pub fn new(text: SecretString) -> Result<Self, PassphraseError> {
        let length = text.expose_secret().chars().count();
        if (15..=1024).contains(&length) { Ok(Self(text)) } else { Err(PassphraseError::Length) }
    }

    /// Reads it from a file that its owner alone may use, less the line break at its end.
    ///
    /// # Errors
    /// [`PassphraseError::File`], and as [`Self::new`].
    pub fn read(path: &Path) -> Result<Self, PassphraseError> {
        let text = read_private_text(path).map_err(|reason| PassphraseError::File { path: path.into(), reason })?;
        Self::new(text.trim_end_matches(['\n', '\r']).to_owned().into())
    }

    pub(crate) fn text(&self) -> &SecretString {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_that_anybody_guesses_is_refused() {
        for text in ["", "fourteen chars", &"x".repeat(1025)] {
            assert!(matches!(Passphrase::new(text.to_owned().into()), Err(PassphraseError::Length)));
        }
    }
}
