//! The changes of a key file: a key is added, made current, or taken away. One at a time, by a lock; the former file is
//! kept beside it first, and the new one takes its place whole. It never drops the current key, and never looks at what
//! is sealed: whether a key is still needed is its caller's to know.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use chrono::Utc;

use crate::error::SealingError;
use crate::key_protection::{KeyProtection, is_encrypted};
use crate::key_ring::{KeyFile, KeyFileEntry, KeyId, KeyRing, MAX_FILE_BYTES, folder_of, read_private, refused};

/// What the name of a file begins with that has not taken its place yet.
const UNFINISHED: &str = ".strongroom-keys-";

/// What is to become of a key file.
#[derive(Debug)]
pub enum RingChange {
    /// A new key, which is current at once.
    Rotate,
    /// A new key that opens, and seals nothing yet: for servers with key files of their own, which all must have it
    /// before one of them seals under it.
    Stage,
    /// The staged key becomes the current one.
    Activate,
    /// A key that nothing needs goes.
    Retire(KeyId),
}

impl KeyRing {
    /// Changes a key file; returns the new ring, and where the former file is kept. Two at once do not lose a key.
    ///
    /// # Errors
    /// Where the file is not fit to be used, or the change does not fit it; then it is as it was.
    pub fn change(
        path: &Path,
        protection: &KeyProtection,
        change: &RingChange,
    ) -> Result<(Self, PathBuf), SealingError> {
        rewrite(path, protection, protection, |file| file.apply(change))
    }

    /// Has the file kept otherwise from now on; returns which former ones beside it are in the clear, the last included if it is.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub fn protect(path: &Path, former: &KeyProtection, renewed: &KeyProtection) -> Result<Vec<PathBuf>, SealingError> {
        rewrite(path, former, renewed, |_| Ok(()))?;
        let path = fs::canonicalize(path).map_err(|e| refused(path)(e.to_string()))?;
        in_the_clear_beside(&path).map_err(|e| refused(&path)(e.to_string()))
    }

    /// The key that [`RingChange::Activate`] would make current.
    pub fn staged(&self) -> Option<&KeyId> {
        self.keys().last().map(|(id, _)| id).filter(|id| *id != self.current())
    }
}

fn rewrite(
    path: &Path,
    former: &KeyProtection,
    renewed: &KeyProtection,
    act: impl FnOnce(&mut KeyFile) -> Result<(), &'static str>,
) -> Result<(KeyRing, PathBuf), SealingError> {
    let io = |e: std::io::Error| refused(path)(e.to_string());
    // A link stays one: what it points to is changed.
    let path = &fs::canonicalize(path).map_err(io)?;
    let _lock = lock(path).map_err(io)?;
    let kept = read_private(path).map_err(refused(path))?;
    let mut file = KeyFile::parse(path, &former.open(path, kept.clone())?)?;
    KeyRing::from_file(&file).map_err(|e| refused(path)(e.to_string()))?;
    act(&mut file).map_err(|reason| refused(path)(reason.into()))?;
    let ring = KeyRing::from_file(&file).map_err(|e| refused(path)(e.to_string()))?;
    let text = renewed.seal(path, &file.to_text(path)?)?;
    if text.len() >= MAX_FILE_BYTES {
        return Err(refused(path)("it would become too long; retire keys first".into()));
    }
    let backup = backup_path(path);
    put(path, &backup, &kept, false).map_err(io)?;
    put(path, path, &text, true).map_err(io)?;
    Ok((ring, backup))
}

impl KeyFile {
    fn apply(&mut self, change: &RingChange) -> Result<(), &'static str> {
        let staged = self.keys.last().map(|entry| entry.id.clone()).filter(|id| *id != self.current);
        match (change, staged) {
            (RingChange::Rotate | RingChange::Stage, Some(_)) => {
                Err("a key is staged in it; have it on every server, then run strongroom keys rotate --activate")
            }
            (RingChange::Rotate, None) => {
                self.add()?;
                self.activate()
            }
            (RingChange::Stage, None) => self.add(),
            (RingChange::Activate, Some(_)) => self.activate(),
            (RingChange::Activate, None) => Err("no key is staged in it; run strongroom keys rotate --stage first"),
            (RingChange::Retire(id), _) => self.retire(id),
        }
    }

    fn add(&mut self) -> Result<(), &'static str> {
        self.keys.push(KeyFileEntry::generate().map_err(|_| "the system has no randomness to give")?);
        Ok(())
    }

    fn activate(&mut self) -> Result<(), &'static str> {
        self.current = self.keys.last().ok_or("it has no key")?.id.clone();
        Ok(())
    }

    fn retire(&mut self, id: &KeyId) -> Result<(), &'static str> {
        if *id == self.current {
            return Err("that key is the current one; run strongroom keys rotate and keys rewrap first");
        }
        let before = self.keys.len();
        self.keys.retain(|entry| entry.id != *id);
        if self.keys.len() < before {
            Ok(())
        } else {
            Err("there is no such key in it; strongroom keys list names them")
        }
    }
}

/// Former key files, and what is left of changes that were killed.
fn in_the_clear_beside(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder_of(path))? {
        let entry = entry?;
        let other = entry.file_name().to_string_lossy().into_owned();
        let former = other.starts_with(&format!("{name}.")) && other.ends_with(".bak");
        if (former || other.starts_with(UNFINISHED)) && !is_encrypted(&fs::read(entry.path())?) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Held until it is dropped, or its process ends. Not on the key file itself, whose place another one takes.
fn lock(path: &Path) -> std::io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(name)?;
    file.lock()?;
    Ok(file)
}

#[allow(clippy::disallowed_methods, reason = "names a file for people to find")]
fn backup_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(Utc::now().format(".%Y%m%dT%H%M%S%6fZ.bak").to_string());
    name.into()
}

/// Puts a file there, whole and on disk, that belongs to whoever the key file belongs to: a server that is not root must
/// be able to read what root has changed.
fn put(like: &Path, to: &Path, text: &[u8], over: bool) -> std::io::Result<()> {
    let owner = fs::metadata(like)?;
    let folder = folder_of(to);
    let mut file =
        tempfile::Builder::new().prefix(UNFINISHED).permissions(Permissions::from_mode(0o600)).tempfile_in(folder)?;
    let made = file.as_file().metadata()?;
    if (made.uid(), made.gid()) != (owner.uid(), owner.gid()) {
        fchown(file.as_file(), Some(owner.uid()), Some(owner.gid()))?;
    }
    file.write_all(text)?;
    file.as_file().sync_all()?;
    if over { file.persist(to) } else { file.persist_noclobber(to) }.map_err(|e| e.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use strongroom_types::{Binding, CredentialId, CredentialScope, SecretValue, UserId};

    use super::*;
    use crate::KeyProvider;

    fn key_file() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        KeyRing::create(&path, &KeyProtection::Mode).unwrap();
        (folder, path)
    }

    fn ids(ring: &KeyRing) -> Vec<String> {
        ring.keys().map(|(id, _)| id.to_string()).collect()
    }

    #[test]
    fn a_rotation_adds_a_key_and_keeps_the_former_file() {
        let (_folder, path) = key_file();
        let before = fs::read(&path).unwrap();
        let first = KeyRing::load(&path, &KeyProtection::Mode).unwrap();
        let (ring, backup) = KeyRing::change(&path, &KeyProtection::Mode, &RingChange::Rotate).unwrap();
        assert_ne!(ring.current(), first.current());
        assert_eq!(
            ids(&KeyRing::load(&path, &KeyProtection::Mode).unwrap()),
            [first.current().as_str(), ring.current().as_str()]
        );
        assert_eq!(fs::read(&backup).unwrap(), before);
        for file in [&path, &backup] {
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    fn passphrase(text: &str) -> KeyProtection {
        KeyProtection::Passphrase(crate::Passphrase::new(text.to_owned().into()).unwrap())
    }

    #[test]
    fn a_key_file_under_a_passphrase_opens_with_that_alone_and_is_changed_like_any_other() {
        let (_folder, path) = key_file();
        let (plain, right) = (fs::read_to_string(&path).unwrap(), passphrase("correct horse battery"));
        let key =
            serde_json::from_str::<serde_json::Value>(&plain).unwrap()["keys"][0]["key"].as_str().unwrap().to_owned();
        let former = KeyRing::protect(&path, &KeyProtection::Mode, &right).unwrap();
        assert_eq!(former.iter().map(|file| fs::read_to_string(file).unwrap()).collect::<Vec<_>>(), [plain]);
        let (ring, backup) = KeyRing::change(&path, &right, &RingChange::Rotate).unwrap();
        for file in [&path, &backup] {
            let text = fs::read_to_string(file).unwrap();
            assert!(!text.contains(&key) && !text.contains("local-"), "{text}");
        }
        assert_eq!(ids(&KeyRing::load(&path, &right).unwrap()), ids(&ring));
        for (protection, words) in
            [(KeyProtection::Mode, "is encrypted"), (passphrase("correct horse batterx"), "not the one")]
        {
            let refusal = KeyRing::load(&path, &protection).unwrap_err().to_string();
            assert!(refusal.contains(words), "{refusal}");
        }
        let other = passphrase("another long passphrase");
        KeyRing::protect(&path, &right, &other).unwrap();
        assert!(KeyRing::load(&path, &right).is_err());
        KeyRing::protect(&path, &other, &KeyProtection::Mode).unwrap();
        assert_eq!(ids(&KeyRing::load(&path, &KeyProtection::Mode).unwrap()), ids(&ring));
        assert!(
            KeyRing::load(&path, &right).unwrap_err().to_string().contains("not encrypted"),
            "nobody swaps it for a plain one"
        );
    }

    #[test]
    fn an_encrypted_key_file_with_anything_changed_does_not_open_and_costs_no_more_than_it_may() {
        let (folder, _) = key_file();
        let (path, right) = (folder.path().join("encrypted.json"), passphrase("correct horse battery"));
        KeyRing::create(&path, &right).unwrap();
        let file: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let refusal = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut changed = file.clone();
            change(&mut changed);
            fs::write(&path, changed.to_string()).unwrap();
            KeyRing::load(&path, &right).unwrap_err().to_string()
        };
        let opposite =
            |text: &str| if text.starts_with('A') { text.replacen('A', "B", 1) } else { format!("A{}", &text[1..]) };
        for field in ["/nonce", "/sealed", "/argon2id/salt"] {
            let changed = refusal(&|file| {
                let place = file.pointer_mut(field).unwrap();
                *place = opposite(place.as_str().unwrap()).into();
            });
            assert!(changed.contains("not the one"), "{field}: {changed}");
        }
        assert!(refusal(&|file| file["argon2id"]["iterations"] = 2.into()).contains("not the one"));
        for (name, much) in [("memory_kib", 1024 * 1024 + 1), ("iterations", 17), ("lanes", 17)] {
            assert!(refusal(&|file| file["argon2id"][name] = much.into()).contains("costs more"));
        }
        assert!(refusal(&|file| file["argon2id"]["memory_kib"] = 0.into()).contains("damaged"));
        assert!(refusal(&|file| file["version"] = 2.into()).contains("version"));
        assert!(refusal(&|file| file["more"] = 2.into()).contains("not a key file"));
    }

    #[test]
    fn rotations_at_once_lose_no_key() {
        let (_folder, path) = key_file();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| KeyRing::change(&path, &KeyProtection::Mode, &RingChange::Rotate).unwrap());
            }
        });
        let ring = KeyRing::load(&path, &KeyProtection::Mode).unwrap();
        assert_eq!(ids(&ring).len(), 9);
        assert_eq!(ids(&ring).last().unwrap(), ring.current().as_str());
    }

    #[test]
    fn a_staged_key_opens_before_anything_is_sealed_under_it() {
        let (_folder, path) = key_file();
        assert!(
            KeyRing::change(&path, &KeyProtection::Mode, &RingChange::Activate)
                .unwrap_err()
                .to_string()
                .contains("--stage first")
        );
        let (ring, _) = KeyRing::change(&path, &KeyProtection::Mode, &RingChange::Stage).unwrap();
        let staged = ring.staged().unwrap().clone();
        assert!(ring.key(&staged).is_ok() && *ring.current() != staged);
        for change in [RingChange::Stage, RingChange::Rotate] {
            assert!(
                KeyRing::change(&path, &KeyProtection::Mode, &change)
                    .unwrap_err()
                    .to_string()
                    .contains("a key is staged")
            );
        }
        let (ring, _) = KeyRing::change(&path, &KeyProtection::Mode, &RingChange::Activate).unwrap();
        assert_eq!((ring.current(), ring.staged()), (&staged, None));
    }

    #[test]
    fn the_current_key_is_not_retired_and_a_refused_change_leaves_the_file_as_it_was() {
        let (folder, path) = key_file();
        let (ring, _) = KeyRing::change(&path, &KeyProtection::Mode, &RingChange::Rotate).unwrap();
        let (before, files) = (fs::read(&path).unwrap(), fs::read_dir(folder.path()).unwrap().count());
        for (id, words) in [(ring.current().clone(), "the current one"), ("other".parse().unwrap(), "no such key")] {
            let refusal =
                KeyRing::change(&path, &KeyProtection::Mode, &RingChange::Retire(id)).unwrap_err().to_string();
            assert!(refusal.contains(words), "{refusal}");
        }
        assert_eq!((fs::read(&path).unwrap(), fs::read_dir(folder.path()).unwrap().count()), (before, files));
        let (first, _) = ring.keys().next().unwrap();
        let (ring, _) = KeyRing::change(&path, &KeyProtection::Mode, &RingChange::Retire(first.clone())).unwrap();
        assert_eq!(ids(&ring), [ring.current().as_str()]);
    }

    async fn current(provider: &KeyProvider) -> KeyId {
        provider.current(crate::KeyName::Credentials).await.unwrap()
    }

    #[tokio::test]
    async fn a_rewrap_renews_the_key_and_leaves_nonce_and_ciphertext_byte_for_byte() {
        let (_folder, path) = key_file();
        let old = KeyProvider::local(KeyRing::load(&path, &KeyProtection::Mode).unwrap());
        let binding = Binding {
            credential_id: CredentialId::generate(),
            owner_id: UserId::generate(),
            workspace_id: None,
            scope: CredentialScope::User,
            version: 1,
        };
        let envelope = old.seal(&binding, &SecretValue::new("value".into()).unwrap()).await.unwrap();
        assert!(
            old.rewrap(&binding, &envelope, &current(&old).await).await.unwrap().is_none(),
            "it is under the current key"
        );

        let rotated = KeyProvider::local(KeyRing::change(&path, &KeyProtection::Mode, &RingChange::Rotate).unwrap().0);
        let rewrapped = rotated.rewrap(&binding, &envelope, &current(&rotated).await).await.unwrap().unwrap();
        let tail = |text: &str| {
            let parsed = crate::envelope::Envelope::parse(text).unwrap();
            (parsed.sealed.nonce, parsed.sealed.ciphertext)
        };
        assert_eq!(tail(&rewrapped), tail(&envelope));

        let (ring, _) = KeyRing::change(&path, &KeyProtection::Mode, &RingChange::Retire(current(&old).await)).unwrap();
        let alone = KeyProvider::local(ring);
        assert_eq!(alone.open(&binding, &rewrapped).await.unwrap().expose(), "value");
        assert!(matches!(alone.open(&binding, &envelope).await, Err(SealingError::UnknownKey(_))));
        let elsewhere = Binding { version: 2, ..binding };
        assert!(
            rotated.rewrap(&elsewhere, &envelope, &current(&rotated).await).await.is_err(),
            "bound to its row while it is rewrapped"
        );
    }
}
