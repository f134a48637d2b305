//! Identities: what an OpenID provider calls a person, and what its owner sees of one afterwards.
//! An address is no identity: providers give it to others.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::ids::{IdentityId, UserId};
use crate::text::{Email, Invalid, Name};

/// Somebody for whom a provider has vouched just now. Made by whoever has proven it, and by nobody else.
#[derive(Clone, Debug)]
pub struct FederatedIdentity {
    pub issuer: String,
    pub subject: String,
    /// His address, where the provider says that it is his.
    pub verified_email: Option<Email>,
    pub name: Option<Name>,
}

/// A sign-in that was sent to a provider, and what its return is checked against.
#[derive(Debug)]
pub struct PendingSignIn {
    /// What ties the provider's token to this request.
    pub nonce: String,
    /// What proves to the provider that whoever brings the code is whoever asked for it (RFC 7636).
    pub pkce_verifier: SecretString,
    pub return_to: ReturnPath,
    /// Who links an identity; None: somebody signs in.
    pub started_by: Option<UserId>,
}

/// An identity that a person signs in with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": IdentityId::EXAMPLE,
    "issuer": "https://accounts.example.com",
    "subject": "248289761001",
    "created_at": "2026-11-23T09:00:00Z",
}))]
pub struct Identity {
    pub id: IdentityId,
    /// The provider.
    pub issuer: String,
    /// What the provider calls the person.
    pub subject: String,
    pub created_at: DateTime<Utc>,
}

/// Where a browser goes once it has been at the provider.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "return_to": "/settings" }))]
pub struct ReturnTo {
    #[serde(default)]
    pub return_to: ReturnPath,
}

/// A path of the user interface, of up to 1000 characters: `/` unless told. Nothing that a browser could take for another
/// host, and nothing of the API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(
    value_type = String,
    max_length = 1000,
    pattern = r"^/([A-Za-z0-9_~-][A-Za-z0-9_.~-]*/)*([A-Za-z0-9_~-][A-Za-z0-9_.~-]*)?(\?[A-Za-z0-9_./~=&%+:,-]*)?$",
    default = "/"
)]
pub struct ReturnPath(String);

impl ReturnPath {
    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ReturnPath {
    fn default() -> Self {
        Self("/".into())
    }
}

impl TryFrom<String> for ReturnPath {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let (path, query) = text.split_once('?').unwrap_or((&text, ""));
        // No backslash, which browsers read as a slash, and no control character, which they leave out. No percent sign and
        // no dot segment either: what the browser makes of the path is what is compared here.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
        let in_query = |c: char| plain(c) || matches!(c, '=' | '&' | '%' | '+' | ':' | ',');
        let segments = path.strip_prefix('/').map(|rest| rest.split('/').collect::<Vec<_>>()).unwrap_or_default();
        let proper = segments.iter().rev().skip(1).all(|segment| !segment.is_empty())
            && segments.iter().all(|segment| !segment.starts_with('.'));
        let of_api = segments.first().is_none_or(|first| first.eq_ignore_ascii_case("api"));
        if text.len() <= 1000 && path.chars().all(plain) && query.chars().all(in_query) && proper && !of_api {
            Ok(Self(text))
        } else {
            Err(Invalid("must be a path of the user interface, such as /settings".into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_path_is_one_of_ours() {
        for right in [
            "/",
            "/settings",
            "/settings/credentials/",
            "/settings?tab=2&q=a%20b",
            "/apiary",
            &format!("/{}", "a".repeat(999)),
        ] {
            assert_eq!(ReturnPath::try_from(right.to_owned()).unwrap().as_str(), right);
        }
    }

    #[test]
    fn a_return_path_leads_to_no_other_host_and_not_into_the_api() {
        for wrong in [
            "",
            "settings",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "/a//b",
            "///",
            "/\t/evil.example",
            "/%2fevil.example",
            "/./x",
            "/a/../api/tokens",
            "/%2e%2e/api",
            "/api/tokens",
            "/API/me",
            "/api",
            "/@evil.example",
            "/a#b",
            "/é",
            "javascript:alert(1)",
            "/a?b\\c",
        ] {
            assert!(ReturnPath::try_from(wrong.to_owned()).is_err(), "{wrong:?}");
        }
        assert!(ReturnPath::try_from(format!("/{}", "a".repeat(1000))).is_err());
    }
}
