//! API tokens, and the form that bearer secrets have as text: prefixed, so that secret scanners find them.
//! Redacted when printed, zeroed when dropped. A secret must never be in a type that serializes.

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, VariantArray};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::distinct::Distinct;
use crate::ids::{TokenId, UserId, WorkspaceId};
use crate::number::Whole;
use crate::text::{Invalid, Name, Provider};

/// What proves a caller, of whatever kind: the id of its user, and 256 random bits. As text `srt_` (API tokens) or
/// `srs_` (sessions, and tokens that others were exchanged for) and 64 characters of base64url.
///
/// The id is a claim until the database has found the hash of the whole: a token with another id is another token.
/// It lets a value be sealed for its owner before the one round trip that proves him.
#[derive(Clone)]
pub struct ApiToken(Box<Zeroizing<[u8; Self::BYTES]>>);

impl ApiToken {
    const PREFIX: &'static str = "srt_";
    const SESSION_PREFIX: &'static str = "srs_";
    const BYTES: usize = 16 + 32;

    /// Joins a user and fresh random bits.
    pub fn new(user_id: UserId, random: &[u8; 32]) -> Self {
        let mut bytes = Box::new(Zeroizing::new([0; Self::BYTES]));
        let (id, secret) = bytes.split_at_mut(16);
        id.copy_from_slice(user_id.0.as_bytes());
        secret.copy_from_slice(random);
        Self(bytes)
    }

    /// Reads either text form. The prefix is for people and secret scanners; what a token may do is in the database.
    ///
    /// # Errors
    /// Refuses all else, without repeating it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        parse(text, Self::SESSION_PREFIX).or_else(|_| parse(text, Self::PREFIX)).map(Self)
    }

    /// The user that this token claims to be of.
    pub fn user_id(&self) -> UserId {
        let (id, _) = self.0.split_at(16);
        UserId(Uuid::from_slice(id).unwrap_or_default())
    }

    /// The bytes whose hash the database knows.
    pub fn expose(&self) -> &[u8] {
        &self.0[..]
    }

    /// The text form of an API token, for the one answer that hands it over.
    pub fn to_text(&self) -> SecretString {
        to_text(Self::PREFIX, self.expose())
    }

    /// The text form of a session's token, or of an exchanged one.
    pub fn to_session_text(&self) -> SecretString {
        to_text(Self::SESSION_PREFIX, self.expose())
    }
}

pub(crate) fn parse<const BYTES: usize>(text: &str, prefix: &str) -> Result<Box<Zeroizing<[u8; BYTES]>>, Invalid> {
    let refused = || Invalid(format!("must be a token that starts with {prefix}"));
    let encoded = text.strip_prefix(prefix).ok_or_else(refused)?;
    let decoded = Zeroizing::new(BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| refused())?);
    let bytes: [u8; BYTES] = decoded.as_slice().try_into().map_err(|_| refused())?;
    Ok(Box::new(Zeroizing::new(bytes)))
}

pub(crate) fn to_text(prefix: &str, bytes: &[u8]) -> SecretString {
    format!("{prefix}{}", BASE64URL_NOPAD.encode(bytes)).into()
}

impl std::fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiToken([REDACTED])")
    }
}

/// An API token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Laptop of Ada", "expires_in_days": 30, "actions": ["LIST", "USE"] }))]
pub struct NewApiToken {
    pub name: Name,
    #[serde(default)]
    pub expires_in_days: Lifetime,
    /// Credentials of that workspace only.
    pub workspace_id: Option<WorkspaceId>,
    /// Credentials of that provider only.
    pub provider: Option<Provider>,
    /// All of them, unless told. A token with less than all, or for one workspace or provider, works with credentials
    /// and does nothing else.
    #[serde(default)]
    pub actions: TokenActions,
}

/// What a token lets its user do with credentials. It never lets him do more than he may himself.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    VariantArray,
    strum::VariantNames,
    ToSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum TokenAction {
    /// See them, masked.
    List,
    /// Obtain values for programs.
    Use,
    /// Reveal values.
    Reveal,
    /// Create, edit, rotate, revoke and restore.
    Manage,
}

/// What a token is for; all of it, unless told. What manages sees what it manages, so that MANAGE brings LIST with it.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Distinct<TokenAction, 1, 4>")]
pub struct TokenActions(Vec<TokenAction>);

impl TokenActions {
    /// To find values, and to obtain them for programs.
    pub fn of_programs() -> Self {
        Self(vec![TokenAction::List, TokenAction::Use])
    }

    /// Each of them.
    pub fn as_slice(&self) -> &[TokenAction] {
        &self.0
    }
}

impl PartialSchema for TokenActions {
    fn schema() -> RefOr<Schema> {
        Distinct::<TokenAction, 1, 4>::schema()
    }
}

impl ToSchema for TokenActions {}

impl Default for TokenActions {
    fn default() -> Self {
        Self(TokenAction::VARIANTS.to_vec())
    }
}

impl From<Distinct<TokenAction, 1, 4>> for TokenActions {
    fn from(actions: Distinct<TokenAction, 1, 4>) -> Self {
        let mut actions = actions.as_slice().to_vec();
        if actions.contains(&TokenAction::Manage) && !actions.contains(&TokenAction::List) {
            actions.push(TokenAction::List);
        }
        Self(actions)
    }
}

/// How long a token lives: 1 to 365 days, and 90 unless told.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(try_from = "Whole")]
#[schema(minimum = 1, maximum = 365, default = 90)]
pub struct Lifetime(u16);

impl Lifetime {
    /// In days.
    pub fn days(self) -> i32 {
        self.0.into()
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self(90)
    }
}

impl TryFrom<Whole> for Lifetime {
    type Error = Invalid;

    fn try_from(Whole(days): Whole) -> Result<Self, Invalid> {
        let days = u16::try_from(days).ok().filter(|days| (1..=365).contains(days));
        days.map(Self).ok_or_else(|| Invalid("must be 1 to 365 days".into()))
    }
}

/// What is known of an API token, without its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ApiTokenSummary {
    pub id: TokenId,
    #[schema(example = "Laptop of Ada")]
    pub name: String,
    pub workspace_id: Option<WorkspaceId>,
    pub provider: Option<String>,
    pub actions: Vec<TokenAction>,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_token() {
        let token = ApiToken::new(UserId(Uuid::nil()), &[7; 32]);
        assert_eq!(format!("{token:?}"), "ApiToken([REDACTED])");
    }

    #[test]
    fn text_of_another_kind_or_length_is_refused() {
        let token = ApiToken::new(UserId(Uuid::nil()), &[7; 32]).to_text();
        let text = token.expose_secret();
        for wrong in
            ["", "srt_", &text[1..], &text[..text.len() - 1], &format!("{text}A"), &text.replace("srt_", "sri_")]
        {
            assert!(ApiToken::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_token_that_manages_sees_what_it_manages() {
        let parse = |text: &str| serde_json::from_str::<TokenActions>(text).unwrap();
        assert_eq!(parse(r#"["USE"]"#).as_slice(), [TokenAction::Use]);
        assert_eq!(parse(r#"["MANAGE"]"#).as_slice(), [TokenAction::Manage, TokenAction::List]);
        assert_eq!(TokenActions::default().as_slice(), TokenAction::VARIANTS);
    }

    proptest! {
        #[test]
        fn the_text_form_of_a_token_reads_back(id: u128, random: [u8; 32]) {
            let user_id = UserId(Uuid::from_u128(id));
            let token = ApiToken::new(user_id, &random);
            let read = ApiToken::parse(token.to_text().expose_secret()).unwrap();
            prop_assert_eq!(read.user_id(), user_id);
            prop_assert_eq!(read.expose(), token.expose());
        }
    }
}
