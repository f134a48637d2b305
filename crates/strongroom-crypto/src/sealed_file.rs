//! Files that leave the vault: encrypted in the format of age (age-encryption.org/v1), so that `age --decrypt` opens them where
//! there is no Strongroom. Under a passphrase, or for the holders of age keys; never in the clear.

use std::io::{Read, Write};
use std::path::Path;

use age::scrypt;
use age::x25519;
use age::{DecryptError, Decryptor, Encryptor, IdentityFile};
use zeroize::Zeroizing;

use crate::key_ring::read_private_text;
use crate::passphrase::Passphrase;

/// scrypt with N = 2^18, r = 8: 256 MiB and about a second. The default of age itself; fixed, and not measured on a
/// machine that may be busy or slow, where it would come out smaller.
const WORK_FACTOR: u8 = 18;
/// What is read at most: 1 GiB and some seconds, so that a forged file cannot ask for more.
const MAX_WORK_FACTOR: u8 = 20;
/// What each of them begins with.
const MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// Who can open a sealed file.
pub enum FileRecipients {
    /// Whoever knows it.
    Passphrase(Passphrase),
    /// The holders of those keys.
    Keys(Vec<FileRecipient>),
}

/// The public key of somebody who can open a file: `age1…`, as age-keygen prints it.
#[derive(Clone, Debug)]
pub struct FileRecipient(x25519::Recipient);

/// What opens a sealed file.
pub enum FileIdentities {
    /// The passphrase that it was sealed under.
    Passphrase(Passphrase),
    /// The private keys of a file that age-keygen wrote.
    Keys(Vec<Box<dyn age::Identity + Send + Sync>>),
}

/// Why a file is not sealed, or not opened. Never a part of it, nor of a passphrase or key.
#[derive(Debug, thiserror::Error)]
pub enum SealedFileError {
    /// A recipient is none.
    #[error("a recipient is the public key that age-keygen prints: age1…")]
    Recipient,
    /// A file with keys cannot be used.
    #[error("the key file {0}")]
    Identities(String),
    /// None of the keys opens it, nor the passphrase.
    #[error("it was not sealed for this key or under this passphrase")]
    WrongKey,
    /// It is cut short or changed, or never was one.
    #[error("the file is damaged, or is no file of age")]
    Damaged,
    /// Its passphrase would take more memory and time to try than anybody's file needs.
    #[error("the file asks for scrypt with a work factor of {0}, and {MAX_WORK_FACTOR} is the most")]
    TooMuchWork(u8),
    /// It holds more than its reader takes.
    #[error("the file holds more than {0} bytes")]
    TooLong(usize),
    /// age did not encrypt.
    #[error("the file could not be sealed: {0}")]
    NotSealed(String),
}

impl std::str::FromStr for FileRecipient {
    type Err = SealedFileError;

    fn from_str(text: &str) -> Result<Self, SealedFileError> {
        text.parse().map(Self).map_err(|_| SealedFileError::Recipient)
    }
}

impl FileRecipients {
    /// Seals a file for them.
    ///
    /// # Errors
    /// [`SealedFileError::NotSealed`]; where there is no recipient, as well.
    pub fn seal(&self, plaintext: &[u8]) -> Result<Vec<u8>, SealedFileError> {
        match self {
            Self::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase.text().clone());
                recipient.set_work_factor(WORK_FACTOR);
                sealed(plaintext, std::iter::once(&recipient as _))
            }
            Self::Keys(keys) => sealed(plaintext, keys.iter().map(|key| &key.0 as _)),
        }
    }
}

fn sealed<'a>(
    plaintext: &[u8],
    recipients: impl Iterator<Item = &'a dyn age::Recipient>,
) -> Result<Vec<u8>, SealedFileError> {
    let encryptor = Encryptor::with_recipients(recipients).map_err(|e| SealedFileError::NotSealed(e.to_string()))?;
    let mut file = Vec::with_capacity(plaintext.len() + plaintext.len() / 1024 + 1024);
    let write = || {
        let mut writer = encryptor.wrap_output(&mut file)?;
        writer.write_all(plaintext)?;
        writer.finish().map(|_| ())
    };
    write().map_err(|e: std::io::Error| SealedFileError::NotSealed(e.to_string()))?;
    Ok(file)
}

impl FileIdentities {
    /// Reads a file of private keys, which its owner alone may use.
    ///
    /// # Errors
    /// [`SealedFileError::Identities`].
    pub fn read(path: &Path) -> Result<Self, SealedFileError> {
        let failed = |reason: String| SealedFileError::Identities(format!("{}: {reason}", path.display()));
        let text = read_private_text(path).map_err(|reason| failed(reason.to_string()))?;
        let file = IdentityFile::from_buffer(text.as_bytes()).map_err(|e| failed(e.to_string()))?;
        let keys = file.into_identities().map_err(|e| failed(e.to_string()))?;
        if keys.is_empty() { Err(failed("has no key".into())) } else { Ok(Self::Keys(keys)) }
    }

    /// Opens a file of up to so many bytes.
    ///
    /// # Errors
    /// [`SealedFileError::WrongKey`], [`SealedFileError::Damaged`], [`SealedFileError::TooMuchWork`] or [`SealedFileError::TooLong`].
    pub fn open(&self, file: &[u8], max_bytes: usize) -> Result<Zeroizing<Vec<u8>>, SealedFileError> {
        let decryptor = Decryptor::new_buffered(file).map_err(|_| SealedFileError::Damaged)?;
        let reader = match self {
            Self::Passphrase(passphrase) => {
                let mut identity = scrypt::Identity::new(passphrase.text().clone());
                identity.set_max_work_factor(MAX_WORK_FACTOR);
                decryptor.decrypt(std::iter::once(&identity as _))
            }
            Self::Keys(keys) => decryptor.decrypt(keys.iter().map(|key| key.as_ref() as _)),
        };
        let reader = reader.map_err(|e| match e {
            DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed | DecryptError::NoMatchingKeys => {
                SealedFileError::WrongKey
            }
            DecryptError::ExcessiveWork { required, .. } => SealedFileError::TooMuchWork(required),
            _ => SealedFileError::Damaged,
        })?;
        // At once: a buffer that grew would leave secrets behind where it was. A sealed file is longer than what is in it.
        let mut plaintext = Zeroizing::new(Vec::with_capacity(file.len().min(max_bytes + 1)));
        reader.take(max_bytes as u64 + 1).read_to_end(&mut plaintext).map_err(|_| SealedFileError::Damaged)?;
        if plaintext.len() > max_bytes { Err(SealedFileError::TooLong(max_bytes)) } else { Ok(plaintext) }
    }
}

/// Whether a file is sealed in this format; Some(true): under a passphrase.
pub fn sealed_under_passphrase(file: &[u8]) -> Option<bool> {
    file.starts_with(MAGIC).then(|| Decryptor::new_buffered(file).is_ok_and(|decryptor| decryptor.is_scrypt()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use age::secrecy::ExposeSecret;

    use super::*;

    const PLAINTEXT: &[u8] = b"a value that nobody else is to read";

    /// A file as age-keygen writes it, and its public key.
    fn key_file(folder: &Path, name: &str) -> (std::path::PathBuf, FileRecipient) {
        let identity = x25519::Identity::generate();
        let path = folder.join(name);
        let text = format!("# public key: {}\n{}\n", identity.to_public(), identity.to_string().expose_secret());
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        (path, identity.to_public().to_string().parse().unwrap())
    }

    #[test]
    fn a_file_opens_for_each_of_its_recipients_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let [(ada, adas), (bob, bobs), (eve, _)] = ["ada", "bob", "eve"].map(|name| key_file(folder.path(), name));
        let sealed = FileRecipients::Keys(vec![adas, bobs]).seal(PLAINTEXT).unwrap();
        assert_eq!(sealed_under_passphrase(&sealed), Some(false));
        assert!(!sealed.windows(8).any(|part| PLAINTEXT.windows(8).any(|plain| plain == part)));
        for path in [ada, bob] {
            let opened = FileIdentities::read(&path).unwrap().open(&sealed, PLAINTEXT.len()).unwrap();
            assert_eq!(*opened, PLAINTEXT);
        }
        let eve = FileIdentities::read(&eve).unwrap();
        assert!(matches!(eve.open(&sealed, 1000), Err(SealedFileError::WrongKey)));
        assert!(matches!(FileRecipients::Keys(vec![]).seal(PLAINTEXT), Err(SealedFileError::NotSealed(_))));
    }

    #[test]
    fn a_file_opens_whole_within_its_bound_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (path, recipient) = key_file(folder.path(), "ada");
        let ada = FileIdentities::read(&path).unwrap();
        let sealed = FileRecipients::Keys(vec![recipient]).seal(PLAINTEXT).unwrap();
        assert!(matches!(ada.open(&sealed, PLAINTEXT.len() - 1), Err(SealedFileError::TooLong(_))));
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        for damaged in [&changed, &sealed[..sealed.len() - 1], &sealed[..30], b""] {
            assert!(matches!(ada.open(damaged, 1000), Err(SealedFileError::Damaged)));
        }
        assert_eq!(sealed_under_passphrase(b"[]"), None);
    }

    #[test]
    fn a_file_that_asks_for_too_much_work_is_refused_before_any_is_done() {
        let passphrase = || Passphrase::new("correct horse battery staple".to_owned().into()).unwrap();
        let mut recipient = scrypt::Recipient::new(passphrase().text().clone());
        recipient.set_work_factor(2);
        let sealed = sealed(PLAINTEXT, std::iter::once(&recipient as _)).unwrap();
        let end = sealed.windows(3).position(|part| part == b" 2\n").unwrap();
        let forged = [&sealed[..end], b" 21\n", &sealed[end + 3..]].concat();
        let identity = FileIdentities::Passphrase(passphrase());
        assert_eq!(*identity.open(&sealed, 1000).unwrap(), PLAINTEXT);
        assert!(matches!(identity.open(&forged, 1000), Err(SealedFileError::TooMuchWork(21))));
    }

    #[test]
    fn a_private_key_that_others_may_read_is_refused_and_no_file_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = key_file(folder.path(), "ada");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(FileIdentities::read(&path).err().unwrap().to_string().contains("chmod 600"));
        for text in ["hunter2\n", "# nothing\n"] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(!FileIdentities::read(&path).err().unwrap().to_string().contains("hunter2"));
        }
        assert!("AGE-SECRET-KEY-1".parse::<FileRecipient>().is_err());
    }
}
