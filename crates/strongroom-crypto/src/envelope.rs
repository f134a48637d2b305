//! The envelope: what the database holds of a value. docs/envelope.md is its specification.
//! This file reads and writes the format; it holds no key and opens nothing.

use data_encoding::BASE64URL_NOPAD;

use crate::aead::{KEY_BYTES, NONCE_BYTES, Sealed, TAG_BYTES};
use crate::error::SealingError;
use crate::key_ring::KeyId;

pub(crate) const FORMAT_VERSION: u8 = 1;
/// AES-256-GCM for the value.
pub(crate) const ALGORITHM: u8 = 1;
const PREFIX: &str = "strongroom:v1:";
/// Above what 64 KiB need, and what the column's CHECK allows.
const MAX_TEXT_BYTES: usize = 100_000;

/// A data key, sealed under a key of the ring.
pub(crate) struct WrappedKey {
    pub key_id: KeyId,
    pub bytes: Vec<u8>,
}

/// A value sealed under its own data key, with that key wrapped beside it.
pub(crate) struct Envelope {
    pub wrapped_key: WrappedKey,
    pub sealed: Sealed,
}

impl Envelope {
    pub(crate) fn to_text(&self) -> Result<String, SealingError> {
        let key_id = self.wrapped_key.key_id.as_str().as_bytes();
        let too_long = |_| SealingError::Malformed("a part is too long");
        let length = 4 + key_id.len() + self.wrapped_key.bytes.len() + NONCE_BYTES + self.sealed.ciphertext.len();
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&[ALGORITHM, u8::try_from(key_id.len()).map_err(too_long)?]);
        bytes.extend_from_slice(key_id);
        bytes.extend_from_slice(&u16::try_from(self.wrapped_key.bytes.len()).map_err(too_long)?.to_be_bytes());
        bytes.extend_from_slice(&self.wrapped_key.bytes);
        bytes.extend_from_slice(&self.sealed.nonce);
        bytes.extend_from_slice(&self.sealed.ciphertext);
        let mut text = String::with_capacity(PREFIX.len() + BASE64URL_NOPAD.encode_len(bytes.len()));
        text.push_str(PREFIX);
        BASE64URL_NOPAD.encode_append(&bytes, &mut text);
        Ok(text)
    }

    /// Reads what [`Self::to_text`] writes, and nothing else: there is one text for one envelope.
    pub(crate) fn parse(text: &str) -> Result<Self, SealingError> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(SealingError::Malformed("it is too long"));
        }
        let encoded =
            text.strip_prefix(PREFIX).ok_or(SealingError::Malformed("it does not start with strongroom:v1:"))?;
        let bytes =
            BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| SealingError::Malformed("it is not base64url"))?;
        Self::read(&bytes)
    }

    fn read(bytes: &[u8]) -> Result<Self, SealingError> {
        const SHORT: SealingError = SealingError::Malformed("it is too short");
        let (&[algorithm, key_id_length], rest) = bytes.split_first_chunk().ok_or(SHORT)?;
        if algorithm != ALGORITHM {
            return Err(SealingError::Malformed("its algorithm is not known"));
        }
        let (key_id, rest) = rest.split_at_checked(key_id_length.into()).ok_or(SHORT)?;
        let (&wrapped_length, rest) = rest.split_first_chunk().ok_or(SHORT)?;
        let (wrapped, rest) = rest.split_at_checked(u16::from_be_bytes(wrapped_length).into()).ok_or(SHORT)?;
        let (&nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SHORT)?;
        if ciphertext.len() < TAG_BYTES {
            return Err(SHORT);
        }
        let key_id =
            std::str::from_utf8(key_id).map_err(|_| SealingError::Malformed("its key id is not text"))?.parse()?;
        Ok(Self {
            wrapped_key: WrappedKey { key_id, bytes: wrapped.to_vec() },
            sealed: Sealed { nonce, ciphertext: ciphertext.to_vec() },
        })
    }
}

/// The form of a data key that a local ring wraps: nonce, sealed key, tag.
pub(crate) fn join_wrapped(sealed: &Sealed) -> Vec<u8> {
    [&sealed.nonce[..], &sealed.ciphertext].concat()
}

/// Undoes [`join_wrapped`].
pub(crate) fn split_wrapped(bytes: &[u8]) -> Result<Sealed, SealingError> {
    match bytes.split_first_chunk() {
        Some((&nonce, ciphertext)) if ciphertext.len() == KEY_BYTES + TAG_BYTES => {
            Ok(Sealed { nonce, ciphertext: ciphertext.to_vec() })
        }
        _ => Err(SealingError::Malformed("its wrapped key has the wrong length")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_that_reads_is_the_text_that_is_written(key_id in "[a-z0-9-]{1,64}", wrapped: Vec<u8>, nonce: [u8; 12],
                                                         ciphertext in proptest::collection::vec(any::<u8>(), 16..80)) {
            let envelope = Envelope {
                wrapped_key: WrappedKey { key_id: key_id.parse().unwrap(), bytes: wrapped },
                sealed: Sealed { nonce, ciphertext },
            };
            let text = envelope.to_text().unwrap();
            prop_assert_eq!(Envelope::parse(&text).unwrap().to_text().unwrap(), text);
        }

        #[test]
        fn no_text_makes_the_reader_panic(bytes: Vec<u8>, text: String) {
            let _ = Envelope::read(&bytes);
            let _ = Envelope::parse(&text);
            let _ = Envelope::parse(&format!("{PREFIX}{text}"));
        }
    }
}
