//! Bounded texts: a value of these types has been checked, wherever it came from.
//! Messages of refusal never repeat the refused text, which may be a misplaced secret.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{Object, ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::distinct::Distinct;

/// Why a text was refused; fit to be shown to whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// A text of 1 to `MAX` characters (Unicode scalar values, as PostgreSQL's `varchar` counts) with something to see
/// in it and no control characters; a `MULTILINE` one may hold line breaks and tabs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct BoundedText<const MAX: usize, const MULTILINE: bool = false>(String);

/// The display name of a credential, a person, a workspace or a token.
pub type Name = BoundedText<255>;
/// The service that a credential is for, such as `github`.
pub type Provider = BoundedText<100>;
/// A word that credentials are found by.
pub type Tag = BoundedText<50>;
/// The tags of a credential.
pub type Tags = Distinct<Tag, 0, 20>;
/// What a client calls a request that must not happen twice.
pub type IdempotencyKey = BoundedText<254>;
/// What a credential is for, in its owner's words.
pub type Description = BoundedText<2000, true>;

impl<const MAX: usize, const MULTILINE: bool> BoundedText<MAX, MULTILINE> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize, const MULTILINE: bool> TryFrom<String> for BoundedText<MAX, MULTILINE> {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        if text.chars().count() > MAX || text.trim().is_empty() {
            return Err(Invalid(format!("must be 1 to {MAX} characters, not only spaces")));
        }
        if text.chars().any(|c| c.is_control() && !(MULTILINE && matches!(c, '\n' | '\r' | '\t'))) {
            return Err(Invalid("must not contain control characters".into()));
        }
        Ok(Self(text))
    }
}

impl<const MAX: usize, const MULTILINE: bool> PartialSchema for BoundedText<MAX, MULTILINE> {
    /// The pattern says in the words of ECMA-262 what `try_from` refuses: no control characters, and one that is no
    /// space.
    fn schema() -> RefOr<Schema> {
        let control = if MULTILINE {
            r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
        } else {
            r"\u0000-\u001f\u007f-\u009f"
        };
        let pattern = format!(r"^[^{control}]*[^\s\u0000-\u001f\u007f-\u009f][^{control}]*$");
        text().min_length(Some(1)).max_length(Some(MAX)).pattern(Some(pattern)).into()
    }
}

impl ToSchema for Name {
    fn name() -> Cow<'static, str> {
        "Name".into()
    }
}

impl ToSchema for Tag {
    fn name() -> Cow<'static, str> {
        "Tag".into()
    }
}

impl ToSchema for Provider {
    fn name() -> Cow<'static, str> {
        "Provider".into()
    }
}

impl ToSchema for Description {
    fn name() -> Cow<'static, str> {
        "Description".into()
    }
}

/// The schema of a text, to be bounded.
pub(crate) fn text() -> ObjectBuilder {
    Object::builder().schema_type(Type::String)
}

/// An e-mail address, up to 254 octets (RFC 5321, section 4.5.3.1.3). Only its shape is checked:
/// whether mail arrives is for whoever sends some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(
    min_length = 3,
    max_length = 254,
    pattern = r"^[^\s\u0000-\u001f\u007f-\u009f]+@[^\s\u0000-\u001f\u007f-\u009f]+$",
    example = "ada@example.org"
)]
pub struct Email(String);

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let shaped = matches!(text.rsplit_once('@'), Some((local, domain)) if !local.is_empty() && !domain.is_empty());
        if !shaped || text.len() > 254 || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(Invalid("must be an e-mail address of at most 254 characters".into()));
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed<T: TryFrom<String, Error = Invalid>>(text: &str) -> Result<T, Invalid> {
        text.to_owned().try_into()
    }

    #[test]
    fn bounds_count_characters_and_not_bytes() {
        assert!(parsed::<Provider>(&"é".repeat(100)).is_ok());
        assert!(parsed::<Provider>(&"e".repeat(101)).is_err());
        assert!(parsed::<Provider>(" ").is_err());
        assert!(parsed::<Provider>("").is_err());
    }

    #[test]
    fn control_characters_are_refused_but_for_line_breaks_in_descriptions() {
        assert!(parsed::<Description>("a\0b").is_err());
        assert!(parsed::<Name>("a\nb").is_err());
        assert!(parsed::<Description>("a\nb").is_ok());
    }

    #[test]
    fn a_refusal_does_not_repeat_the_refused_text() {
        let refusal = parsed::<Name>("hunter2\0").unwrap_err();
        assert!(!refusal.to_string().contains("hunter2"));
    }

    #[test]
    fn e_mail_addresses_have_two_parts_and_no_spaces() {
        assert!(parsed::<Email>("ada@example.org").is_ok());
        for wrong in ["", "ada", "@example.org", "ada@", "a da@example.org", "ada@example.org\n"] {
            assert!(parsed::<Email>(wrong).is_err(), "{wrong:?}");
        }
    }
}
