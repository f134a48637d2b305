//! The plaintext of a credential while it is in memory: redacted when printed, zeroed when dropped.
//! It must never implement `Serialize`; the one route that reveals asks for the text by `expose`.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::{KnownFormat, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::text::{Invalid, text};

/// A secret text of 1 byte to 64 KiB of UTF-8, without NUL.
#[derive(Clone)]
pub struct SecretValue(SecretString);

impl SecretValue {
    /// The most that a value may hold, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Takes ownership of the text.
    ///
    /// # Errors
    /// Refuses an empty text, one above [`Self::MAX_BYTES`] and one with a NUL; the message does not repeat it.
    pub fn new(text: String) -> Result<Self, Invalid> {
        // Into the secret first, so that a refused value is zeroed too.
        let value = Self(SecretString::from(text));
        let text = value.expose();
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(Invalid("must be 1 byte to 64 KiB of UTF-8".into()));
        }
        if text.contains('\0') {
            return Err(Invalid("must not contain NUL".into()));
        }
        Ok(value)
    }

    /// The text itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What may be shown of the value: `****`, and its last four characters where that gives little away.
    /// A value under 16 characters shows nothing of itself, nor does one whose end is not plain letters and digits
    /// (the end of a PEM block says nothing). The number of stars does not tell the length.
    pub fn masked(&self) -> String {
        let text = self.expose();
        let tail: String = text.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        if text.chars().count() >= 16 && tail.chars().all(|c| c.is_ascii_alphanumeric()) {
            format!("****{tail}")
        } else {
            "****".into()
        }
    }
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretValue([REDACTED])")
    }
}

impl<'de> Deserialize<'de> for SecretValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for SecretValue {
    /// Characters are what a schema can count; the bound is on their UTF-8.
    fn schema() -> RefOr<Schema> {
        text()
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .min_length(Some(1))
            .max_length(Some(Self::MAX_BYTES))
            .pattern(Some(r"^[^\u0000]*$"))
            .description(Some("A secret: 1 byte to 64 KiB of UTF-8, without NUL."))
            .examples(["ghp_example0123456789abcd"])
            .into()
    }
}

impl ToSchema for SecretValue {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret(text: &str) -> SecretValue {
        SecretValue::new(text.into()).unwrap()
    }

    #[test]
    fn debug_shows_nothing_of_the_value() {
        assert_eq!(format!("{:?}", secret("hunter2-hunter2-hunter2")), "SecretValue([REDACTED])");
    }

    #[test]
    fn the_mask_shows_four_characters_of_a_long_value_and_none_of_a_short_one() {
        assert_eq!(secret("ghp_0123456789abcd").masked(), "****abcd");
        assert_eq!(secret("0123456789abcde").masked(), "****");
        assert_eq!(secret("-----BEGIN KEY-----\n-----END KEY-----\n").masked(), "****");
    }

    #[test]
    fn empty_oversized_and_nul_values_are_refused() {
        assert!(SecretValue::new(String::new()).is_err());
        assert!(SecretValue::new("x".repeat(SecretValue::MAX_BYTES)).is_ok());
        assert!(SecretValue::new("x".repeat(SecretValue::MAX_BYTES + 1)).is_err());
        assert!(SecretValue::new("a\0b".into()).is_err());
    }

    proptest! {
        #[test]
        fn a_mask_fits_its_column_and_shows_at_most_a_quarter(text in "[^\0]{1,40}") {
            let masked = secret(&text).masked();
            let shown = masked.chars().count() - 4;
            prop_assert!(masked.chars().count() <= 20);
            prop_assert!(shown * 4 <= text.chars().count());
        }
    }
}
