//! People, and the invitations by which they come in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{InvitationId, UserId};
use crate::text::{Email, Name};

/// A person.
#[derive(Debug, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub display_name: String,
    /// An instance administrator: SYSTEM credentials and invitations, and nothing of anybody's own.
    pub is_admin: bool,
    pub created_at: DateTime<Utc>,
}

/// Whom an administrator asks in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    pub email: Email,
    #[serde(default)]
    pub is_admin: bool,
}

/// An invitation, without its secret.
#[derive(Debug, Serialize, Deserialize)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: Option<String>,
    pub is_admin: bool,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
}

/// What the invited person says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    pub display_name: Name,
    /// Only for the set-up invitation of a new vault; elsewhere the invitation names the address.
    pub email: Option<Email>,
}
