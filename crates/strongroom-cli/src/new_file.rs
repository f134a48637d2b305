//! A file that a command makes: for its owner alone, whole or not there, and written over what is there only where that was
//! asked for.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::ClientError;

/// A file beside its place, that vanishes unless it is finished.
pub struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
    replaces: bool,
}

impl NewFile {
    /// Begins it.
    ///
    /// # Errors
    /// Where its folder cannot be written to, or something is in its place already.
    pub fn create(path: &Path) -> Result<Self, ClientError> {
        Self::refuse_to_overwrite(path)?;
        Self::begin(path, false)
    }

    /// Begins one that takes the place of the file that is there.
    ///
    /// # Errors
    /// Where its folder cannot be written to, or something else is there: a device or a pipe that vanished would be missed.
    pub fn replace(path: &Path) -> Result<Self, ClientError> {
        if path.metadata().is_ok_and(|there| !there.is_file()) {
            return Err(ClientError::Input(format!("{} is no file, and stays", path.display())));
        }
        Self::begin(path, true)
    }

    fn begin(path: &Path, replaces: bool) -> Result<Self, ClientError> {
        let permissions = Permissions::from_mode(0o600);
        let folder = folder_of(path);
        let file = tempfile::Builder::new().prefix(".strongroom-").permissions(permissions).tempfile_in(folder);
        let file = file.map_err(|e| unwritable(folder, &e))?;
        Ok(Self { file, path: path.to_owned(), replaces })
    }

    /// Says so before there is work that would be for nothing.
    ///
    /// # Errors
    /// Where something is there.
    pub fn refuse_to_overwrite(path: &Path) -> Result<(), ClientError> {
        if path.exists() {
            let refusal = format!("{} is there already, and is not overwritten", path.display());
            return Err(ClientError::Input(refusal));
        }
        Ok(())
    }

    /// What it holds so far.
    pub fn as_file(&self) -> &File {
        self.file.as_file()
    }

    /// Puts it in its place, on disk.
    ///
    /// # Errors
    /// Where something came there meanwhile, or the disk fails.
    pub fn finish(self) -> Result<(), ClientError> {
        let Self { file, path, replaces } = self;
        file.as_file().sync_all()?;
        let persisted = if replaces { file.persist(&path) } else { file.persist_noclobber(&path) };
        persisted.map_err(|e| unwritable(&path, &e.error))?;
        Ok(File::open(folder_of(&path))?.sync_all()?)
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> ClientError {
    ClientError::Input(format!("{}: {error}", path.display()))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
