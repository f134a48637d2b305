//! Where `strongroom login` keeps a token: in the keyring of the desktop, or in a file for its owner alone. One for each server.
//! The file says which servers there are, and where the token of each is; it is not read where others could have. It is changed under
//! a lock, so that two logins at once are both kept.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use url::Url;
use zeroize::Zeroizing;

use crate::error::ClientError;

/// Under what the keyring has our entries.
const SERVICE: &str = "strongroom";
/// The most that the file may hold.
const LIMIT: u64 = 1024 * 1024;

/// Where a token is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Place {
    /// The keyring of the desktop: Secret Service or Keychain
    Keyring,
    /// A file for its owner alone (mode 0600)
    File,
}

/// The logins of this person, by server.
pub struct KeptLogins {
    file: PathBuf,
    logins: BTreeMap<String, Kept>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kept {
    Keyring,
    Token(Zeroizing<String>),
}

impl KeptLogins {
    /// Reads the file; without one, there are none.
    ///
    /// # Errors
    /// Where it cannot be read, or others can.
    pub fn read() -> Result<Self, ClientError> {
        let folder = dirs::config_dir().ok_or_else(|| ClientError::Input("there is no folder for settings".into()))?;
        let file = folder.join("strongroom").join("logins.json");
        let logins = read(&file).map_err(|wrong| ClientError::Input(format!("{}: {wrong}", file.display())))?;
        Ok(Self { file, logins })
    }

    /// The token for that server.
    ///
    /// # Errors
    /// Where the keyring has it, and does not give it.
    pub async fn token(&self, server: &Url) -> Result<Option<SecretString>, ClientError> {
        match self.logins.get(server.as_str()) {
            Some(Kept::Token(token)) => Ok(Some(token.as_str().into())),
            Some(Kept::Keyring) => {
                in_keyring(server, |entry| entry.get_password()).await.map(|token| Some(token.into()))
            }
            None => Ok(None),
        }
    }

    /// Keeps a token for that server, in the place of another; where no place is named, in the keyring if there is one.
    /// Returns where, in words.
    ///
    /// # Errors
    /// Where it cannot be kept there.
    pub async fn keep(self, server: &Url, token: SecretString, place: Option<Place>) -> Result<String, ClientError> {
        let exposed = Zeroizing::new(token.expose_secret().to_owned());
        let entry = exposed.clone();
        let put = match place {
            Some(Place::File) => None,
            _ => Some(in_keyring(server, move |keyring| keyring.set_password(&entry)).await),
        };
        let in_file = format!("in {}", self.file.display());
        let (kept, place) = match put {
            Some(Ok(())) => (Kept::Keyring, "in the keyring".to_owned()),
            Some(Err(refused)) if place.is_some() => return Err(refused),
            Some(Err(_)) => (Kept::Token(exposed), format!("{in_file}, because no keyring took it")),
            None => (Kept::Token(exposed), in_file),
        };
        let is_in_file = matches!(kept, Kept::Token(_));
        let former = self.change(|logins| logins.insert(server.to_string(), kept))?;
        if is_in_file && matches!(former, Some(Kept::Keyring)) {
            // The keyring may be gone. What it still has is used no more.
            let _ = in_keyring(server, |entry| entry.delete_credential()).await;
        }
        Ok(place)
    }

    /// Forgets the token for that server.
    ///
    /// # Errors
    /// Where the keyring keeps it, or the file cannot be written.
    pub async fn forget(self, server: &Url) -> Result<(), ClientError> {
        if let Some(Kept::Keyring) = self.logins.get(server.as_str()) {
            in_keyring(server, |entry| entry.delete_credential()).await?;
        }
        self.change(|logins| logins.remove(server.as_str())).map(drop)
    }

    /// Changes what the file holds by now, which others may have changed since it was read here; whole or as it was.
    fn change<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Kept>) -> T) -> Result<T, ClientError> {
        let wrong = |wrong: String| ClientError::Input(format!("{}: {wrong}", self.file.display()));
        let folder = self.file.parent().ok_or_else(|| wrong(ErrorKind::NotFound.to_string()))?;
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|e| wrong(e.to_string()))?;
        let _lock = lock(&self.file.with_extension("lock")).map_err(|e| wrong(e.to_string()))?;
        let mut logins = read(&self.file).map_err(wrong)?;
        let done = act(&mut logins);
        write(&self.file, folder, &logins).map_err(|e| wrong(e.to_string()))?;
        Ok(done)
    }
}

/// For as long as it is held, nobody else changes the logins.
fn lock(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.lock()?;
    Ok(file)
}

fn write(file: &Path, folder: &Path, logins: &BTreeMap<String, Kept>) -> std::io::Result<()> {
    let permissions = Permissions::from_mode(0o600);
    let mut beside = tempfile::Builder::new().prefix(".logins-").permissions(permissions).tempfile_in(folder)?;
    let text = Zeroizing::new(serde_json::to_vec_pretty(logins)?);
    beside.write_all(&text)?;
    beside.as_file().sync_all()?;
    beside.persist(file)?;
    Ok(())
}

fn read(path: &Path) -> Result<BTreeMap<String, Kept>, String> {
    let file = match File::open(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(BTreeMap::new());
        }
        opened => opened.map_err(|e| e.to_string())?,
    };
    let metadata = file.metadata().map_err(|e| e.to_string())?;
    if !metadata.is_file() || metadata.permissions().mode() & 0o077 != 0 {
        return Err("others can read it: revoke the tokens in it, and make it yours alone (chmod 600)".into());
    }
    let mut text = Zeroizing::new(String::new());
    file.take(LIMIT).read_to_string(&mut text).map_err(|e| e.to_string())?;
    // Without serde's words, which may repeat a token.
    serde_json::from_str(&text).map_err(|_| "it is not what `strongroom login` writes".into())
}

/// Asks the keyring, which may ask the person, apart from the runtime: it brings its own.
async fn in_keyring<T: Send + 'static>(
    server: &Url,
    act: impl FnOnce(&keyring::Entry) -> keyring::Result<T> + Send + 'static,
) -> Result<T, ClientError> {
    let server = server.to_string();
    let asked = spawn_blocking(move || keyring::Entry::new(SERVICE, &server).and_then(|entry| act(&entry))).await;
    let answer = asked.map_err(|_| ClientError::Input("the keyring broke down".into()))?;
    answer.map_err(|e| ClientError::Input(format!("the keyring: {e}; `strongroom login --keep file` does without")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_logins_at_once_each_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("strongroom/logins.json");
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let file = file.clone();
                scope.spawn(move || {
                    let logins = KeptLogins { file, logins: BTreeMap::new() };
                    for number in 0..10 {
                        let server = format!("https://{thread}.{number}.example.org/");
                        logins.change(|logins| logins.insert(server, Kept::Keyring)).unwrap();
                    }
                });
            }
        });
        assert_eq!(read(&file).unwrap().len(), 80);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
