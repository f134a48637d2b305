//! Data keys: the key of one value. One comes into being with what it seals, and seals nothing else: there is no way to make
//! one without sealing, and none to seal with one that is there. Afterwards it opens, and is wrapped.

use zeroize::Zeroizing;

use crate::aead::{KEY_BYTES, Key, Sealed};
use crate::error::SealingError;
use crate::random::random_bytes;

/// 256 random bits, used up by their one seal. Zeroed when dropped.
pub(crate) struct DataKey(Box<Zeroizing<[u8; KEY_BYTES]>>);

impl DataKey {
    /// Seals a value under a key of its own, and hands that out to be wrapped.
    pub(crate) fn seal(associated_data: &[u8], plaintext: &[u8]) -> Result<(Self, Sealed), SealingError> {
        let key = Self(Box::new(Zeroizing::new(random_bytes()?)));
        let sealed = Key::new(&key.0)?.seal(associated_data, plaintext)?;
        Ok((key, sealed))
    }

    /// What a provider has unwrapped.
    pub(crate) fn from_unwrapped(bytes: &[u8]) -> Result<Self, SealingError> {
        bytes.try_into().map(|bytes| Self(Box::new(Zeroizing::new(bytes)))).map_err(|_| SealingError::DoesNotOpen)
    }

    /// Opens what it has sealed.
    pub(crate) fn open(&self, associated_data: &[u8], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        Key::new(&self.0)?.open(associated_data, sealed)
    }

    /// For whoever wraps it.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0[..]
    }
}
