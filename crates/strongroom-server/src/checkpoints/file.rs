//! The file of checkpoints that are kept apart from the database: notes, one after the other. It is only ever added to; what it is
//! worth depends on where it is.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use strongroom_crypto::{Checkpoint, Statement, VerifierKey};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;

use crate::command::Failure;

/// What the first line of a note begins with, and its last one.
const ORIGIN: &str = "strongroom/";
const SIGNATURE: &str = "\u{2014} ";
/// The longest line that a note has.
const LINE_LIMIT: u64 = 1000;

/// The file, open for more.
pub struct CheckpointFile {
    path: PathBuf,
    file: File,
    /// Whether a part of a note may be at its end, that a crash or a full disk left there.
    torn: bool,
}

impl CheckpointFile {
    /// Opens it, and makes it if it is not there.
    ///
    /// # Errors
    /// Where it cannot be written to.
    pub async fn open(path: &Path) -> Result<Self, Failure> {
        let wrong = |e| format!("checkpoint_file, {}: {e}", path.display());
        let file = OpenOptions::new().append(true).create(true).open(path).await.map_err(wrong)?;
        let torn = file.metadata().await.map_err(wrong)?.len() > 0;
        Ok(Self { path: path.to_owned(), file, torn })
    }

    /// Adds a note; it is on disk when this returns.
    ///
    /// # Errors
    /// Where it cannot be written to.
    pub async fn append(&mut self, note: &str) -> Result<(), Failure> {
        let text = if self.torn { format!("\n{note}") } else { note.to_owned() };
        self.torn = true;
        let written = async {
            self.file.write_all(text.as_bytes()).await?;
            self.file.flush().await?;
            self.file.sync_data().await
        };
        written.await.map_err(|e| format!("{}: {e}", self.path.display()))?;
        self.torn = false;
        Ok(())
    }
}

/// The checkpoints of a file. Parts of some, which a crash has left, say nothing and are passed over.
///
/// # Errors
/// Where it cannot be read, holds none, or one that this key did not sign.
pub fn read(path: &Path, key: &VerifierKey) -> Result<Vec<Checkpoint>, Failure> {
    let wrong = |why: String| format!("{}: {why}", path.display());
    let mut file = BufReader::new(std::fs::File::open(path).map_err(|e| wrong(e.to_string()))?);
    let (mut checkpoints, mut note, mut line) = (Vec::new(), String::new(), String::new());
    for number in 1.. {
        line.clear();
        if (&mut file).take(LINE_LIMIT).read_line(&mut line).map_err(|e| wrong(e.to_string()))? == 0 {
            break;
        }
        if line.starts_with(ORIGIN) {
            note.clear();
        }
        note.push_str(&line);
        if line.starts_with(SIGNATURE) {
            let checkpoint = key.verify(Statement::Sealed, &note);
            checkpoints.push(checkpoint.map_err(|e| wrong(format!("the note that ends in line {number}: {e}")))?);
            note.clear();
        }
        if note.len() as u64 > LINE_LIMIT {
            note.clear();
        }
    }
    if checkpoints.is_empty() {
        return Err(wrong("there is no checkpoint in it".into()).into());
    }
    Ok(checkpoints)
}
