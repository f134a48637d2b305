//! What can go wrong with sealing.
//! Messages are logged: none holds key material, plaintext or bytes of an envelope, not even a part of one.

use std::path::PathBuf;

use crate::key_ring::KeyId;

/// Why a value was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// The text is not an envelope of a format that this version reads.
    #[error("the envelope is malformed: {0}")]
    Malformed(&'static str),
    /// The envelope names a key that the ring does not hold.
    #[error("the key {0} is not in the key ring")]
    UnknownKey(KeyId),
    /// Authentication failed: the envelope was changed, or belongs to another row, owner, workspace, scope or version.
    #[error("the envelope does not open here")]
    DoesNotOpen,
    /// The cipher or the randomness of the system refused to work.
    #[error("the cipher failed")]
    Cipher,
    /// Whoever holds the keys does not answer, or cannot now. Trying again later may help.
    #[error("{0}")]
    Unavailable(String),
    /// OpenBao refuses, or cannot be asked as it is set up.
    #[error("OpenBao: {0}")]
    OpenBao(String),
    /// The key file cannot be used as it is.
    #[error("the key file {path}: {reason}")]
    KeyFile { path: PathBuf, reason: String },
}
