//! The key of one login: a browser seals a token for it that travels in clear (RSA-OAEP with SHA-256, RFC 8017), and the command
//! line that made it opens that, and nobody else. It lives in memory alone, for as long as the login waits.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey,
};
use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::error::SealingError;

/// The private half, and the public one as text.
pub struct HandoverKey {
    private: OaepPrivateDecryptingKey,
    public: String,
}

impl HandoverKey {
    /// A fresh one, of 2048 bits.
    ///
    /// # Errors
    /// [`SealingError::Cipher`] where the system has no randomness to give.
    pub fn generate() -> Result<Self, SealingError> {
        let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| SealingError::Cipher)?;
        let public: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(|_| SealingError::Cipher)?;
        let public = BASE64URL_NOPAD.encode(public.as_ref());
        let private = OaepPrivateDecryptingKey::new(key).map_err(|_| SealingError::Cipher)?;
        Ok(Self { private, public })
    }

    /// The public half: a SubjectPublicKeyInfo (RFC 5280) in base64url, of 392 characters.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// What was sealed for this key, given in base64url.
    ///
    /// # Errors
    /// [`SealingError::DoesNotOpen`] where it was sealed for another key, or not at all, or is no text.
    pub fn open(&self, sealed: &str) -> Result<SecretString, SealingError> {
        let sealed = BASE64URL_NOPAD.decode(sealed.as_bytes()).map_err(|_| SealingError::DoesNotOpen)?;
        let mut room = Zeroizing::new(vec![0; self.private.min_output_size()]);
        let opened = self.private.decrypt(&OAEP_SHA256_MGF1SHA256, &sealed, &mut room, None);
        let opened = std::str::from_utf8(opened.map_err(|_| SealingError::DoesNotOpen)?);
        Ok(opened.map_err(|_| SealingError::DoesNotOpen)?.into())
    }
}

/// Seals a text of up to 190 bytes for the key whose public half that is, as the page in the browser does.
///
/// # Errors
/// [`SealingError::Malformed`] where that is no such half, and [`SealingError::Cipher`] where the text is too long.
pub fn seal_for_handover(public: &str, text: &str) -> Result<String, SealingError> {
    let malformed = || SealingError::Malformed("not a public key");
    let public = BASE64URL_NOPAD.decode(public.as_bytes()).map_err(|_| malformed())?;
    let public = PublicEncryptingKey::from_der(&public).map_err(|_| malformed())?;
    let public = OaepPublicEncryptingKey::new(public).map_err(|_| malformed())?;
    let mut room = vec![0; public.ciphertext_size()];
    let sealed = public.encrypt(&OAEP_SHA256_MGF1SHA256, text.as_bytes(), &mut room, None);
    Ok(BASE64URL_NOPAD.encode(sealed.map_err(|_| SealingError::Cipher)?))
}

impl fmt::Debug for HandoverKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HandoverKey({})", self.public)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn what_is_sealed_for_a_key_opens_with_that_key_alone() {
        let (key, other) = (HandoverKey::generate().unwrap(), HandoverKey::generate().unwrap());
        assert_eq!(key.public().len(), 392);
        let sealed = seal_for_handover(key.public(), "srt_token").unwrap();
        assert_eq!(key.open(&sealed).unwrap().expose_secret(), "srt_token");
        assert!(matches!(other.open(&sealed), Err(SealingError::DoesNotOpen)));
        for wrong in ["", "srt_token", "=", &sealed[..sealed.len() - 4], &format!("{sealed}AAAA")] {
            assert!(matches!(key.open(wrong), Err(SealingError::DoesNotOpen)), "{wrong}");
        }
        assert!(matches!(seal_for_handover("AAAA", "srt_token"), Err(SealingError::Malformed(_))));
        assert!(matches!(seal_for_handover(key.public(), &"a".repeat(191)), Err(SealingError::Cipher)));
    }

    #[test]
    fn debug_shows_the_public_half_only() {
        let key = HandoverKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), format!("HandoverKey({})", key.public()));
    }
}
