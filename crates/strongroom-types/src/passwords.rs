//! Passwords: as people type them, as they choose new ones, and what a proof is derived with.
//! Redacted when printed, zeroed when dropped, in no type that serializes. The address they must differ from is not
//! known here.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::text::{Invalid, text};

/// A password as it was typed, right or wrong: 1 to 1024 characters, in Unicode's form NFC, so that it is the same from
/// every keyboard (RFC 8265, section 4.2).
#[derive(Clone)]
pub struct Password(SecretString);

/// A password to be set: 12 to 1024 characters; the service refuses the commonest. No rule asks for digits or signs (NIST SP
/// 800-63B, section 5.1.1.2).
#[derive(Clone, Debug)]
pub struct NewPassword(Password);

impl Password {
    const MAX_CHARACTERS: usize = 1024;

    /// Takes ownership of the text.
    ///
    /// # Errors
    /// Refuses one that is empty or too long; the message does not repeat it.
    pub fn new(typed: String) -> Result<Self, Invalid> {
        // Into the secret first, so that what was typed is zeroed too.
        let typed = SecretString::from(typed);
        let length = typed.expose_secret().chars().count();
        if !(1..=Self::MAX_CHARACTERS).contains(&length) {
            return Err(Invalid(format!("must be 1 to {} characters", Self::MAX_CHARACTERS)));
        }
        // With room for all of it, so that no piece is left behind where it grew.
        let mut normal = String::with_capacity(typed.expose_secret().len() * 4);
        normal.extend(typed.expose_secret().nfc());
        Ok(Self(normal.into()))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl NewPassword {
    const MIN_CHARACTERS: usize = 12;

    /// Takes ownership of the text.
    ///
    /// # Errors
    /// Refuses what is too short or too long; the message does not repeat it.
    pub fn new(typed: String) -> Result<Self, Invalid> {
        let too_long_or_short =
            |_| Invalid(format!("must be {} to {} characters", Self::MIN_CHARACTERS, Password::MAX_CHARACTERS));
        let password = Password::new(typed).map_err(too_long_or_short)?;
        if password.expose().chars().count() < Self::MIN_CHARACTERS {
            return Err(too_long_or_short(Invalid(String::new())));
        }
        Ok(Self(password))
    }

    /// Whether it is one of the commonest, in any case.
    pub fn is_common(&self) -> bool {
        COMMONEST.iter().any(|common| self.0.expose().eq_ignore_ascii_case(common))
    }

    /// Whether it is that text, in any case.
    pub fn is(&self, other: &str) -> bool {
        self.0.expose().to_lowercase() == other.to_lowercase()
    }

    /// It, as a password to derive from.
    pub fn as_password(&self) -> &Password {
        &self.0
    }
}

/// Those of 12 characters or more that lists of leaked passwords have first.
const COMMONEST: [&str; 24] = [
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456789012345",
    "1234567890123456",
    "12345678910111213",
    "123123123123",
    "111111111111",
    "000000000000",
    "aaaaaaaaaaaa",
    "qwertyuiopasdfghjkl",
    "qwertyuiop123",
    "qwertyuiop1234567890",
    "qwerty123456",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv",
    "abcdefghijkl",
    "abcdefghijklmnopqrstuvwxyz",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "administrator",
    "correcthorsebatterystaple",
];

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password([REDACTED])")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for NewPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for Password {
    fn schema() -> RefOr<Schema> {
        schema_of_length(1).into()
    }
}

impl ToSchema for Password {}

impl PartialSchema for NewPassword {
    fn schema() -> RefOr<Schema> {
        schema_of_length(Self::MIN_CHARACTERS)
            .description(Some("12 to 1024 characters, neither your e-mail address nor one of the commonest."))
            .into()
    }
}

impl ToSchema for NewPassword {}

fn schema_of_length(least: usize) -> ObjectBuilder {
    text()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .min_length(Some(least))
        .max_length(Some(Password::MAX_CHARACTERS))
        .examples(["tell nobody this sentence"])
}

/// What a caller says to change his password, or to set his first.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// Needed by whoever has a password, unless he signed in by OIDC within the last five minutes.
    pub current_password: Option<Password>,
    pub new_password: NewPassword,
}

/// How hard a proof is to derive (argon2id, RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    pub memory_kib: u32,
    pub iterations: u32,
    pub lanes: u32,
}

/// What a proof is derived with, besides the password.
#[derive(Clone, Copy, Debug)]
pub struct PasswordParameters {
    pub salt: [u8; 16],
    pub cost: PasswordCost,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_password() {
        let change = ChangePassword {
            current_password: Some(Password::new("hunter2".into()).unwrap()),
            new_password: NewPassword::new("hunter2hunter2".into()).unwrap(),
        };
        assert!(!format!("{change:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_typed_is_one_to_1024_characters_and_what_is_chosen_twelve_or_more() {
        assert!(Password::new(String::new()).is_err());
        assert!(Password::new("é".repeat(1024)).is_ok());
        assert!(Password::new("é".repeat(1025)).is_err());
        assert!(NewPassword::new("é".repeat(11)).is_err());
        assert!(NewPassword::new("é".repeat(12)).is_ok());
        assert!(NewPassword::new("é".repeat(1024)).is_ok());
        let refusal = NewPassword::new("hunter2".into()).unwrap_err();
        assert_eq!(refusal.to_string(), "must be 12 to 1024 characters");
    }

    #[test]
    fn the_commonest_passwords_and_ones_own_address_are_told() {
        for common in COMMONEST {
            assert!(NewPassword::new(common.into()).unwrap().is_common(), "{common}");
        }
        assert!(NewPassword::new("PassWord1234".into()).unwrap().is_common());
        assert!(!NewPassword::new("tell nobody this sentence".into()).unwrap().is_common());
        assert!(NewPassword::new("Ada@Example.org".into()).unwrap().is("ada@example.ORG"));
        assert!(!NewPassword::new("bob@example.org".into()).unwrap().is("ada@example.org"));
    }

    #[test]
    fn a_password_is_the_same_from_every_keyboard() {
        let (composed, decomposed) = ("stro\u{308}ng", "str\u{f6}ng");
        assert_eq!(
            Password::new(composed.into()).unwrap().expose(),
            Password::new(decomposed.into()).unwrap().expose()
        );
        assert_eq!(Password::new(" a  b ".into()).unwrap().expose(), " a  b ", "spaces are kept");
    }
}
