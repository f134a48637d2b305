//! The local key ring: named key-encryption keys, one of them current, read from a file that only its owner may read.
//! Immutable once loaded. Keys never leave this crate, and a key is found by its name, never by trial.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use chrono::{DateTime, SubsecRound, Utc};
use data_encoding::{BASE64, HEXLOWER};
use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::aead::{KEY_BYTES, Key};
use crate::envelope::Envelope;
use crate::error::SealingError;
use crate::key_protection::KeyProtection;
use crate::random::random_bytes;
use crate::transit::TransitKey;

/// Room for thousands of keys, and taken at once: a buffer that grew would leave keys behind where it was.
pub(crate) const MAX_FILE_BYTES: usize = 1024 * 1024;

/// The name of a key-encryption key: 1 to 64 letters, digits and `-._:`. Not secret; every envelope carries one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyId(String);

impl KeyId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// That version of a key of Transit's and all before it, which go together; None: it is another provider's.
    pub fn up_to_transit_version(&self) -> Option<Vec<Self>> {
        TransitKey::of(self)?.up_to().ok()
    }

    /// The name that an envelope carries, which nothing vouches for until it opens.
    ///
    /// # Errors
    /// [`SealingError::Malformed`] for a text that is no envelope.
    pub fn of_envelope(envelope: &str) -> Result<Self, SealingError> {
        Ok(Envelope::parse(envelope)?.wrapped_key.key_id)
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for KeyId {
    type Error = SealingError;

    fn try_from(text: String) -> Result<Self, SealingError> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b));
        if plain && (1..=64).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(SealingError::Malformed("a key id must be 1 to 64 letters, digits and -._:"))
        }
    }
}

impl std::str::FromStr for KeyId {
    type Err = SealingError;

    fn from_str(text: &str) -> Result<Self, SealingError> {
        text.to_owned().try_into()
    }
}

/// A versioned set of key-encryption keys, the oldest first. What comes after the current one is staged: it opens, and
/// nothing is sealed under it yet.
pub struct KeyRing {
    current: KeyId,
    keys: Vec<RingKey>,
}

struct RingKey {
    id: KeyId,
    created_at: Option<DateTime<Utc>>,
    key: Key,
}

/// The file: JSON, because an operator must be able to see which keys a backup holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyFile {
    version: u8,
    pub(crate) current: KeyId,
    pub(crate) keys: Vec<KeyFileEntry>,
}

#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyFileEntry {
    #[zeroize(skip)]
    pub(crate) id: KeyId,
    /// By the clock of the machine that made it; for people, and nothing depends on it.
    #[zeroize(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<DateTime<Utc>>,
    /// Base64.
    key: String,
}

impl KeyRing {
    /// Reads a key file.
    ///
    /// # Errors
    /// Refuses a file that others may read or write, one that is not a key file of this version, and one that is kept otherwise
    /// than that.
    pub fn load(path: &Path, protection: &KeyProtection) -> Result<Self, SealingError> {
        Self::parse(path, &protection.open(path, read_private(path).map_err(refused(path))?)?)
    }

    /// Reads the text of a key file that is in the clear; `path` is for refusals.
    pub(crate) fn parse(path: &Path, text: &[u8]) -> Result<Self, SealingError> {
        Self::from_file(&KeyFile::parse(path, text)?).map_err(|e| refused(path)(e.to_string()))
    }

    /// Makes a ring of one new key and writes it to a new file, mode 0600, on disk when this returns.
    ///
    /// # Errors
    /// Refuses to overwrite: a key that is lost makes its values unreadable.
    pub fn create(path: &Path, protection: &KeyProtection) -> Result<Self, SealingError> {
        let entry = KeyFileEntry::generate()?;
        let file = KeyFile { version: 1, current: entry.id.clone(), keys: vec![entry] };
        let text = protection.seal(path, &file.to_text(path)?)?;
        write_new(path, &text).map_err(|e| refused(path)(e.to_string()))?;
        Self::from_file(&file)
    }

    pub(crate) fn from_file(file: &KeyFile) -> Result<Self, SealingError> {
        if file.version != 1 {
            return Err(SealingError::Malformed("its version is not known"));
        }
        let mut keys: Vec<RingKey> = Vec::with_capacity(file.keys.len());
        for entry in &file.keys {
            if keys.iter().any(|key| key.id == entry.id) {
                return Err(SealingError::Malformed("a key id stands twice in it"));
            }
            if TransitKey::of(&entry.id).is_some() {
                return Err(SealingError::Malformed("a key id is one of Transit's"));
            }
            keys.push(RingKey { id: entry.id.clone(), created_at: entry.created_at, key: entry.expand()? });
        }
        let ring = Self { current: file.current.clone(), keys };
        ring.key(&ring.current)?;
        Ok(ring)
    }

    /// The name of the key that new values are sealed under.
    pub fn current(&self) -> &KeyId {
        &self.current
    }

    /// The names of its keys, the oldest first, and when they were made, as far as the file knows.
    pub fn keys(&self) -> impl Iterator<Item = (&KeyId, Option<DateTime<Utc>>)> {
        self.keys.iter().map(|key| (&key.id, key.created_at))
    }

    pub(crate) fn key(&self, id: &KeyId) -> Result<&Key, SealingError> {
        let found = self.keys.iter().find(|key| key.id == *id);
        found.map(|found| &found.key).ok_or_else(|| SealingError::UnknownKey(id.clone()))
    }
}

impl KeyFile {
    pub(crate) fn parse(path: &Path, text: &[u8]) -> Result<Self, SealingError> {
        serde_json::from_slice(text).map_err(|e| refused(path)(not_a_key_file(&e)))
    }

    pub(crate) fn to_text(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        Ok(Zeroizing::new(serde_json::to_vec_pretty(self).map_err(|e| refused(path)(e.to_string()))?))
    }
}

impl KeyFileEntry {
    #[allow(clippy::disallowed_methods, reason = "for people to read; nothing depends on it")]
    pub(crate) fn generate() -> Result<Self, SealingError> {
        let key = Zeroizing::new(random_bytes::<KEY_BYTES>()?);
        let id = KeyId(format!("local-{}", HEXLOWER.encode(&random_bytes::<8>()?)));
        Ok(Self { id, created_at: Some(Utc::now().trunc_subsecs(0)), key: BASE64.encode(&key[..]) })
    }

    fn expand(&self) -> Result<Key, SealingError> {
        let wrong = |_| SealingError::Malformed("a key is not 32 bytes of base64");
        let mut decoded = BASE64.decode(self.key.as_bytes()).map_err(|_| wrong(()))?;
        let key = <&[u8; KEY_BYTES]>::try_from(decoded.as_slice()).map_err(|_| wrong(())).and_then(Key::new);
        decoded.zeroize();
        key
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|key| key.id.as_str()).collect();
        f.debug_struct("KeyRing").field("current", &self.current.as_str()).field("keys", &ids).finish()
    }
}

pub(crate) fn refused(path: &Path) -> impl Fn(String) -> SealingError {
    move |reason| SealingError::KeyFile { path: path.into(), reason }
}

/// Where the JSON is wrong is fit to be told, what stands there is not.
pub(crate) fn not_a_key_file(error: &serde_json::Error) -> String {
    format!("it is not a key file (line {}, column {})", error.line(), error.column())
}

/// The bytes of a file that its owner alone may use; or why there are none.
pub(crate) fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    // Opened once: what is checked is what is read.
    let file = File::open(path).map_err(|e| e.to_string())?;
    let metadata = file.metadata().map_err(|e| e.to_string())?;
    let mode = metadata.permissions().mode();
    if !metadata.is_file() || mode & 0o077 != 0 {
        return Err(format!("others may use it (mode {:o}); run chmod 600 on it", mode & 0o777));
    }
    // root acts for the server's user, whose file it then is.
    if !geteuid().is_root() && ![0, geteuid().as_raw()].contains(&metadata.uid()) {
        return Err("it belongs to another user; run chown on it".into());
    }
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES));
    file.take(MAX_FILE_BYTES as u64).read_to_end(&mut text).map_err(|e| e.to_string())?;
    Ok(text)
}

/// As [`read_private`], where it is a text.
pub(crate) fn read_private_text(path: &Path) -> Result<Zeroizing<String>, String> {
    let bytes = read_private(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "it is not UTF-8")?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Where a file is.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// All or nothing, and never over a file that is there.
pub(crate) fn write_new(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o600)).tempfile_in(folder)?;
    file.write_all(text)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|e| e.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_new_key_file_is_for_its_owner_alone_and_reads_back() {
        let folder = folder();
        let path = folder.path().join("keys.json");
        let ring = KeyRing::create(&path, &KeyProtection::Mode).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(KeyRing::load(&path, &KeyProtection::Mode).unwrap().current(), ring.current());
    }

    #[test]
    fn a_key_file_is_never_overwritten() {
        let folder = folder();
        let path = folder.path().join("keys.json");
        KeyRing::create(&path, &KeyProtection::Mode).unwrap();
        let before = fs::read(&path).unwrap();
        assert!(matches!(KeyRing::create(&path, &KeyProtection::Mode), Err(SealingError::KeyFile { .. })));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_key_file_that_others_may_read_is_refused() {
        let folder = folder();
        let path = folder.path().join("keys.json");
        KeyRing::create(&path, &KeyProtection::Mode).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(KeyRing::load(&path, &KeyProtection::Mode).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn a_broken_key_file_is_refused_without_being_quoted() {
        let folder = folder();
        let path = folder.path().join("keys.json");
        let good = |key: &str| format!(r#"{{"version":1,"current":"a","keys":[{{"id":"a","key":"{key}"}}]}}"#);
        for text in ["", "{}", "{\"topsecret\":1}", &good("topsecret"), &good("dG9wc2VjcmV0")] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let refusal = KeyRing::load(&path, &KeyProtection::Mode).unwrap_err().to_string();
            assert!(!refusal.contains("topsecret") && !refusal.contains("dG9w"), "{refusal}");
        }
    }

    #[test]
    fn debug_names_keys_and_shows_none() {
        let folder = folder();
        let path = folder.path().join("keys.json");
        let shown = format!("{:?}", KeyRing::create(&path, &KeyProtection::Mode).unwrap());
        let file: KeyFile = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert!(shown.contains(file.current.as_str()) && !shown.contains(&file.keys[0].key));
    }
}
