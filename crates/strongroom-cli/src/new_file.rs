//! A file that a command makes: for its owner alone, whole or not there, and never written over what is there.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Failure;

/// A file beside its place, that vanishes unless it is finished.
pub struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl NewFile {
    /// Begins it.
    ///
    /// # Errors
    /// Where its folder cannot be written to, or something is in its place already.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        Self::refuse_to_overwrite(path)?;
        let permissions = Permissions::from_mode(0o600);
        let folder = folder_of(path);
        let file = tempfile::Builder::new().prefix(".strongroom-").permissions(permissions).tempfile_in(folder);
        let file = file.map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Says so before there is work that would be for nothing.
    ///
    /// # Errors
    /// Where something is there.
    pub fn refuse_to_overwrite(path: &Path) -> Result<(), Failure> {
        if path.exists() {
            return Err(format!("{} is there already, and is not overwritten", path.display()).into());
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
    pub fn finish(self) -> Result<(), Failure> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.path).map_err(|e| format!("{}: {}", self.path.display(), e.error))?;
        Ok(File::open(folder_of(&self.path))?.sync_all()?)
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
