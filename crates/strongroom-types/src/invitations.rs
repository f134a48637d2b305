//! Invitations, by which people come in: the secret of one, and what inviter and invited say.
//! The secret is in no type that serializes; the database keeps its hash only.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::ids::InvitationId;
use crate::passwords::NewPassword;
use crate::text::{Email, Invalid, Name};
use crate::tokens::{parse, to_text};

/// A one-time invitation: 256 random bits. As text `sri_` and 43 characters of base64url.
#[derive(Clone)]
pub struct InvitationToken(Box<Zeroizing<[u8; 32]>>);

impl InvitationToken {
    const PREFIX: &'static str = "sri_";

    /// Wraps fresh random bits.
    pub fn new(random: &[u8; 32]) -> Self {
        Self(Box::new(Zeroizing::new(*random)))
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// Refuses all else, without repeating it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        parse(text, Self::PREFIX).map(Self)
    }

    /// The bytes whose hash the database knows.
    pub fn expose(&self) -> &[u8] {
        &self.0[..]
    }

    /// The text form, for the one answer that hands the invitation over.
    pub fn to_text(&self) -> SecretString {
        to_text(Self::PREFIX, self.expose())
    }
}

impl std::fmt::Debug for InvitationToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InvitationToken([REDACTED])")
    }
}

/// Whom an administrator asks in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    pub email: Email,
    #[serde(default)]
    pub is_admin: bool,
}

/// An invitation, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invitation {
    pub id: InvitationId,
    #[schema(example = "ada@example.org")]
    pub email: String,
    pub is_admin: bool,
    pub expires_at: DateTime<Utc>,
}

/// What the invited person says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "display_name": "Ada Lovelace" }))]
pub struct AcceptInvitation {
    pub display_name: Name,
    /// Only for the set-up invitation of a new vault; elsewhere the invitation names the address.
    pub email: Option<Email>,
    /// To sign in with later; one can be set at any time.
    pub password: Option<NewPassword>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_an_invitation() {
        assert_eq!(format!("{:?}", InvitationToken::new(&[7; 32])), "InvitationToken([REDACTED])");
    }
}
