//! The server's own secret: what it proves itself with to the database where it lets somebody in on its word.
//! Redacted when printed, zeroed when dropped; sealed in the database, and in no file.

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::error::SealingError;
use crate::random::random_bytes;

/// 256 random bits, the same for every server of a vault.
pub struct ServerSecret(Box<Zeroizing<[u8; 32]>>);

impl ServerSecret {
    /// A fresh one, for a vault that has none.
    ///
    /// # Errors
    /// [`SealingError::Cipher`] where the system has no randomness to give.
    pub fn generate() -> Result<Self, SealingError> {
        Ok(Self::new(random_bytes()?))
    }

    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(Box::new(Zeroizing::new(bytes)))
    }

    /// The bytes whose hash the database knows.
    pub fn expose(&self) -> &[u8] {
        &self.0[..]
    }

    /// HMAC-SHA-256 (RFC 2104) of a text under this secret, apart for each purpose: tells two texts from one another
    /// without letting whoever reads the database try what they were.
    pub fn fingerprint(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.expose()));
        for field in [purpose.as_bytes(), text] {
            context.update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(field);
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(context.sign().as_ref());
        fingerprint
    }
}

impl std::fmt::Debug for ServerSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerSecret([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_it() {
        assert_eq!(format!("{:?}", ServerSecret::new([7; 32])), "ServerSecret([REDACTED])");
    }

    #[test]
    fn a_fingerprint_depends_on_secret_purpose_and_text() {
        let secret = ServerSecret::new([7; 32]);
        let one = secret.fingerprint("a", b"bc");
        assert_eq!(one, secret.fingerprint("a", b"bc"));
        assert_ne!(one, secret.fingerprint("ab", b"c"));
        assert_ne!(one, secret.fingerprint("a", b"bd"));
        assert_ne!(one, ServerSecret::new([8; 32]).fingerprint("a", b"bc"));
    }
}
