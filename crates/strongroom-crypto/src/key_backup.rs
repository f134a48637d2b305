//! A key file for the safe: its text, sealed under a passphrase (sealed_file.rs), so that `age --decrypt` opens it where there
//! is no Strongroom left. It never writes keys that are not encrypted but to a new key file, and never over one.

use std::path::Path;

use zeroize::Zeroizing;

use crate::error::SealingError;
use crate::key_protection::KeyProtection;
use crate::key_ring::{KeyRing, MAX_FILE_BYTES, read_private, refused, write_new};
use crate::passphrase::Passphrase;
use crate::sealed_file::{FileIdentities, FileRecipients, SealedFileError};

/// Why there is no key backup, or none that opens. Never a part of a key or of the passphrase.
#[derive(Debug, thiserror::Error)]
pub enum KeyBackupError {
    /// The file was encrypted under another one.
    #[error("the passphrase is not the one that this key backup was made with")]
    WrongPassphrase,
    /// It is cut short or changed, or never was one.
    #[error("the key backup is damaged, or it is no key backup; take the file that strongroom backup --keys-out wrote")]
    Damaged,
    /// age did not encrypt.
    #[error("the key file could not be encrypted: {0}")]
    NotEncrypted(String),
    /// The key file is not fit to be backed up, or the decrypted one to be used.
    #[error(transparent)]
    KeyFile(#[from] SealingError),
}

/// The text of a key file that has been found whole, in memory and in the clear.
pub struct KeyBackup {
    text: Zeroizing<Vec<u8>>,
}

impl KeyBackup {
    /// Reads a key file.
    ///
    /// # Errors
    /// As [`KeyRing::load`].
    pub fn of(key_file: &Path, protection: &KeyProtection) -> Result<Self, KeyBackupError> {
        let text = protection.open(key_file, read_private(key_file).map_err(refused(key_file))?)?;
        KeyRing::parse(key_file, &text)?;
        Ok(Self { text })
    }

    /// Encrypts it.
    ///
    /// # Errors
    /// [`KeyBackupError::NotEncrypted`].
    pub fn encrypt(&self, passphrase: &Passphrase) -> Result<Vec<u8>, KeyBackupError> {
        let recipients = FileRecipients::Passphrase(passphrase.clone());
        recipients.seal(&self.text).map_err(|e| KeyBackupError::NotEncrypted(e.to_string()))
    }

    /// Opens what [`Self::encrypt`] made.
    ///
    /// # Errors
    /// [`KeyBackupError::WrongPassphrase`], [`KeyBackupError::Damaged`], or what is wrong with the key file in it.
    pub fn decrypt(encrypted: &[u8], passphrase: &Passphrase) -> Result<Self, KeyBackupError> {
        let identities = FileIdentities::Passphrase(passphrase.clone());
        let text = identities.open(encrypted, MAX_FILE_BYTES).map_err(|e| match e {
            SealedFileError::WrongKey => KeyBackupError::WrongPassphrase,
            _ => KeyBackupError::Damaged,
        })?;
        let backup = Self { text };
        backup.ring()?;
        Ok(backup)
    }

    /// Its keys.
    ///
    /// # Errors
    /// None, once it has been found whole.
    pub fn ring(&self) -> Result<KeyRing, KeyBackupError> {
        Ok(KeyRing::parse(Path::new("in the backup"), &self.text)?)
    }

    /// Writes the key file, mode 0600, on disk when this returns.
    ///
    /// # Errors
    /// Refuses to overwrite: a key that is lost makes its values unreadable.
    pub fn restore(&self, key_file: &Path, protection: &KeyProtection) -> Result<(), KeyBackupError> {
        write_new(key_file, &protection.seal(key_file, &self.text)?).map_err(|e| refused(key_file)(e.to_string()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.into()).unwrap()
    }

    #[test]
    fn a_key_backup_opens_with_its_passphrase_alone_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (keys, restored) = (folder.path().join("keys.json"), folder.path().join("restored.json"));
        let mode = KeyProtection::Mode;
        KeyRing::create(&keys, &mode).unwrap();
        let right = passphrase("correct horse battery");
        let encrypted = KeyBackup::of(&keys, &mode).unwrap().encrypt(&right).unwrap();
        let key_text = std::fs::read(&keys).unwrap();
        assert!(encrypted.starts_with(b"age-encryption.org/v1\n-> scrypt "));
        assert!(!encrypted.windows(20).any(|part| key_text.windows(20).any(|key| key == part)));

        let wrong = KeyBackup::decrypt(&encrypted, &passphrase("correct horse batterx")).err().unwrap();
        assert!(matches!(wrong, KeyBackupError::WrongPassphrase));
        let mut changed = encrypted.clone();
        *changed.last_mut().unwrap() ^= 1;
        for damaged in [&changed, &encrypted[..encrypted.len() - 1], &encrypted[..30], b""] {
            assert!(matches!(KeyBackup::decrypt(damaged, &right).err().unwrap(), KeyBackupError::Damaged));
        }

        KeyBackup::decrypt(&encrypted, &right).unwrap().restore(&restored, &mode).unwrap();
        assert_eq!(std::fs::read(&restored).unwrap(), key_text);
        let again = KeyBackup::decrypt(&encrypted, &right).unwrap().restore(&restored, &mode);
        assert!(again.is_err(), "never over a key file");
    }
}
