//! The file of checkpoints that are kept apart from the database: notes, one after the other. It is only ever added to; what it is
//! worth depends on where it is.

use std::path::{Path, PathBuf};

use strongroom_crypto::{Checkpoint, Statement, VerifierKey};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;

use crate::command::Failure;

/// What the line of a note begins with that is its last.
const SIGNATURE: &str = "\u{2014} ";

/// The file, open for more.
pub struct CheckpointFile {
    path: PathBuf,
    file: File,
}

impl CheckpointFile {
    /// Opens it, and makes it if it is not there.
    ///
    /// # Errors
    /// Where it cannot be written to.
    pub async fn open(path: &Path) -> Result<Self, Failure> {
        let file = OpenOptions::new().append(true).create(true).open(path).await;
        let file = file.map_err(|e| format!("checkpoint_file, {}: {e}", path.display()))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Adds a note; it is on disk when this returns. A failure is logged: the record goes on, and its checkpoints are in the
    /// database meanwhile.
    pub async fn append(&mut self, note: &str) {
        let written = async {
            self.file.write_all(note.as_bytes()).await?;
            self.file.flush().await?;
            self.file.sync_data().await
        };
        if let Err(error) = written.await {
            tracing::error!(%error, path = %self.path.display(), "a checkpoint was not written to its file");
        }
    }
}

/// The checkpoints of a file, in their order.
///
/// # Errors
/// Where it cannot be read, holds none, or one that this key did not sign.
pub fn read(path: &Path, key: &VerifierKey) -> Result<Vec<Checkpoint>, Failure> {
    let wrong = |why: String| format!("{}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
    let (mut checkpoints, mut note) = (Vec::new(), String::new());
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        note.push_str(line);
        if line.starts_with(SIGNATURE) {
            let checkpoint = key.verify(Statement::Sealed, &note);
            checkpoints.push(checkpoint.map_err(|e| wrong(format!("the note that ends in line {number}: {e}")))?);
            note.clear();
        }
    }
    match (checkpoints.is_empty(), note.is_empty()) {
        (false, true) => Ok(checkpoints),
        (true, _) => Err(wrong("there is no checkpoint in it".into()).into()),
        // A crash in the middle of a write.
        (false, false) => Err(wrong("it ends in the middle of a checkpoint; remove that part".into()).into()),
    }
}
