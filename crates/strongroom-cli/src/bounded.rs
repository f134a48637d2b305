//! What a command reads whole: up to a bound, and zeroed when it has been used, since secrets may be in it.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::ClientError;

const MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads a file of up to that many bytes.
///
/// # Errors
/// [`ClientError::Input`], with the path and nothing of what is in it.
pub fn read_file(path: &Path, max_bytes: usize) -> Result<Zeroizing<Vec<u8>>, ClientError> {
    let failed = |e: &dyn std::fmt::Display| ClientError::Input(format!("{}: {e}", path.display()));
    let file = File::open(path).map_err(|e| failed(&e))?;
    // A pipe does not say how much is in it.
    let length =
        file.metadata().ok().filter(Metadata::is_file).and_then(|metadata| usize::try_from(metadata.len()).ok());
    read(file, length.unwrap_or(max_bytes), max_bytes).map_err(|e| failed(&e))
}

/// A text less the mark (U+FEFF) that editors of Windows put before it.
pub fn without_mark(mut bytes: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    bytes
}

/// Reads all of it, if that is no more than so many bytes.
///
/// # Errors
/// Where it cannot be read, or there is more.
pub fn read(source: impl Read, expected: usize, max_bytes: usize) -> std::io::Result<Zeroizing<Vec<u8>>> {
    // At once where that is possible: a buffer that grows leaves what it held behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected.min(max_bytes) + 1));
    source.take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max_bytes {
        return Err(std::io::Error::other(format!("holds more than {max_bytes} bytes")));
    }
    Ok(bytes)
}
