//! Randomness for keys and secrets: the one place that asks the system for it.
//! Ids have their own, in strongroom-types, and are no secrets.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use data_encoding::BASE64URL_NOPAD;

use crate::error::SealingError;

/// Fresh random bytes, fit for keys and bearer secrets.
///
/// # Errors
/// [`SealingError::Cipher`] where the system has no randomness to give.
pub fn random_bytes<const BYTES: usize>() -> Result<[u8; BYTES], SealingError> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SealingError::Cipher)?;
    Ok(bytes)
}

/// 256 random bits as 43 characters of base64url, fit for what travels in addresses and cookies.
///
/// # Errors
/// As [`random_bytes`].
pub fn random_text() -> Result<String, SealingError> {
    Ok(BASE64URL_NOPAD.encode(&random_bytes::<32>()?))
}
