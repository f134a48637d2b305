//! Sessions: what it takes to sign in, what that makes, and what its owner sees of it afterwards.
//! The secret of one is in no type that serializes.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::ids::{TokenId, UserId};
use crate::passwords::Password;
use crate::text::Email;
use crate::tokens::ApiToken;

/// A session to be begun, before it is known for whom: the database joins its random bits with the id of the person
/// of whom it makes sure.
pub struct NewSession {
    pub id: TokenId,
    /// 256 bits, never used before.
    pub random: Zeroizing<[u8; 32]>,
    /// A session that rests for so long has ended.
    pub idle_timeout: Duration,
    /// It ends after so long, at work or not.
    pub lifetime: Duration,
}

impl NewSession {
    /// What proves its owner from now on.
    pub fn token_of(&self, user_id: UserId) -> ApiToken {
        ApiToken::new(user_id, &self.random)
    }
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewSession([REDACTED])")
    }
}

/// How a session was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Display, EnumString, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SignInMethod {
    Password,
    Oidc,
}

/// A live session, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": TokenId::EXAMPLE,
    "method": "PASSWORD",
    "created_at": "2026-11-23T09:00:00Z",
    "last_used_at": "2026-11-23T09:30:00Z",
    "expires_at": "2026-11-23T21:00:00Z",
    "address": "192.0.2.7",
    "user_agent": "Mozilla/5.0",
    "current": true,
}))]
pub struct Session {
    pub id: TokenId,
    pub method: SignInMethod,
    pub created_at: DateTime<Utc>,
    /// To the minute; absent until its first use.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// From where it was begun, as far as that is known.
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// What the client called itself then: a claim.
    pub user_agent: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// How the secret of a new session travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SessionTransport {
    /// For browsers: a cookie that no script can read.
    #[default]
    Cookie,
    /// For programs: a token in the answer, to be sent as `Authorization: Bearer srs_…`.
    Bearer,
}

/// What somebody says to sign in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub email: Email,
    pub password: Password,
    #[serde(default)]
    pub transport: SessionTransport,
}
