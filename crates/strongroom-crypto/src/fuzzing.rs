//! Doors for fuzz/, which cargo-fuzz alone builds: readers that the product reaches through a file or a key.
//! They read and write; no key leaves by them that did not come in.

use std::path::Path;

use zeroize::Zeroizing;

use crate::envelope::Envelope;
use crate::error::SealingError;
use crate::key_protection::KeyProtection;
use crate::key_ring::{KeyFile, KeyRing};

/// Reads an envelope, and writes it.
///
/// # Errors
/// [`SealingError::Malformed`].
pub fn rewrite_envelope(text: &str) -> Result<String, SealingError> {
    Envelope::parse(text)?.to_text()
}

/// Reads the text of a key file, and writes it beside its ring.
///
/// # Errors
/// Refuses what is not a key file.
pub fn rewrite_key_file(text: &[u8]) -> Result<(KeyRing, Zeroizing<Vec<u8>>), SealingError> {
    let path = Path::new("keys.json");
    let text = KeyProtection::Mode.open(path, Zeroizing::new(text.to_vec()))?;
    let file = KeyFile::parse(path, &text)?;
    Ok((KeyRing::from_file(&file)?, file.to_text(path)?))
}
