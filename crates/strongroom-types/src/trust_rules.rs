//! Trust rules, and the token exchange that they are for (RFC 8693): which workloads come in as a service account, and
//! what they bring and get. The token that a workload brings is a secret, and in no type that serializes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::ids::{TrustRuleId, UserId};
use crate::number::Whole;
use crate::text::{BoundedText, Invalid, Provider, text};
use crate::tokens::{TokenAction, TokenActions};

/// A rule to be made: whoever brings a token of that issuer, for that audience alone and with those claims, gets a token of
/// the service account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "issuer": "https://token.actions.githubusercontent.com",
    "audience": "strongroom",
    "claims": { "sub": "repo:acme/*" },
    "provider": "npm",
    "actions": ["LIST", "USE"],
    "lifetime_seconds": 900,
}))]
pub struct NewTrustRule {
    /// One of those that the operator allows.
    pub issuer: BoundedText<255>,
    /// The only audience of the workload's token.
    pub audience: BoundedText<255>,
    pub claims: ClaimPatterns,
    /// Credentials of that provider only.
    pub provider: Option<Provider>,
    #[serde(default = "TokenActions::of_programs")]
    pub actions: TokenActions,
    #[serde(default)]
    pub lifetime_seconds: ExchangedLifetime,
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrustRule {
    pub id: TrustRuleId,
    #[schema(example = "https://token.actions.githubusercontent.com")]
    pub issuer: String,
    #[schema(example = "strongroom")]
    pub audience: String,
    #[schema(example = json!({ "sub": "repo:acme/*" }))]
    pub claims: BTreeMap<String, String>,
    #[schema(example = "npm")]
    pub provider: Option<String>,
    pub actions: Vec<TokenAction>,
    #[schema(example = 900)]
    pub lifetime_seconds: i32,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
}

/// What the claims of a token must be, by their names: 1 to 10 texts of up to 255 characters. One that ends in `*`, after
/// a `/` or a `:`, stands for all that begin with what is before it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct ClaimPatterns(BTreeMap<String, String>);

/// As in the constraint of the table: GitHub, GitLab, Google and Kubernetes tell workloads apart by these.
const IDENTIFYING: [&str; 9] = [
    "sub",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "project_id",
    "project_path",
    "namespace_id",
    "namespace_path",
];
/// What a `*` stands after.
const SEPARATORS: [char; 2] = ['/', ':'];
/// What every token has, and is checked for every token.
const CHECKED_ANYHOW: [&str; 5] = ["iss", "aud", "exp", "nbf", "iat"];

impl ClaimPatterns {
    /// Whether a claim is among them that tells one workload from another: `sub`, or one of those that issuers have
    /// beside it. `repo:*` does not, where a provider serves everybody; `repo:acme/*` does.
    pub fn tell_workloads_apart(&self) -> bool {
        let parts = |start: &str| start.split(SEPARATORS).filter(|part| !part.is_empty()).count();
        let tells_apart = |name: &str, pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => parts(start) >= if name == "sub" { 2 } else { 1 },
            None => true,
        };
        IDENTIFYING.iter().any(|name| self.0.get(*name).is_some_and(|pattern| tells_apart(name, pattern)))
    }
}

impl TryFrom<BTreeMap<String, String>> for ClaimPatterns {
    type Error = Invalid;

    fn try_from(claims: BTreeMap<String, String>) -> Result<Self, Invalid> {
        let refused = |text: &str| Err(Invalid(text.into()));
        if claims.is_empty() || claims.len() > 10 || !claims.keys().all(|name| is_bounded(name, 100)) {
            return refused("must be 1 to 10 claims, with names of up to 100 characters");
        }
        if claims.keys().any(|name| CHECKED_ANYHOW.contains(&name.as_str())) {
            return refused("must not name iss, aud, exp, nbf or iat, which are checked anyhow");
        }
        if !claims.values().all(|pattern| is_pattern(pattern)) {
            return refused("must be texts of up to 255 characters; a * only at the end, after a / or a :");
        }
        Ok(Self(claims))
    }
}

fn is_bounded(text: &str, characters: usize) -> bool {
    (1..=characters).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// `repo:acme*` would be `repo:acme-of-somebody-else/` as well.
fn is_pattern(text: &str) -> bool {
    let (start, is_prefix) = text.strip_suffix('*').map_or((text, false), |start| (start, true));
    let separated = start.ends_with(SEPARATORS);
    is_bounded(text, 255) && !start.contains('*') && (separated || !is_prefix)
}

impl PartialSchema for ClaimPatterns {
    /// Says in the words of ECMA-262 what `try_from` refuses.
    fn schema() -> RefOr<Schema> {
        let name = format!(r"^(?!({})$)[^\u0000-\u001f\u007f-\u009f]+$", CHECKED_ANYHOW.join("|"));
        let plain = r"[^*\u0000-\u001f\u007f-\u009f]";
        let pattern = format!(r"^({plain}+|{plain}*[/:]\*)$");
        ObjectBuilder::new()
            .property_names(Some(text().max_length(Some(100)).pattern(Some(name)).build()))
            .additional_properties(Some(text().max_length(Some(255)).pattern(Some(pattern))))
            .min_properties(Some(1))
            .max_properties(Some(10))
            .description(Some(
                "What the claims of a token must be, by their names. A text that ends in `*`, after a `/` or a `:`, \
                 stands for all that begin with what is before it. One claim at least is `sub` or another one that tells \
                 one workload from another.",
            ))
            .into()
    }
}

impl ToSchema for ClaimPatterns {
    fn name() -> Cow<'static, str> {
        "ClaimPatterns".into()
    }
}

/// How long an exchanged token lives: 60 to 3600 seconds, and 900 unless told.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(try_from = "Whole")]
#[schema(minimum = 60, maximum = 3600, default = 900)]
pub struct ExchangedLifetime(u16);

impl ExchangedLifetime {
    /// In seconds.
    pub fn seconds(self) -> i32 {
        self.0.into()
    }
}

impl Default for ExchangedLifetime {
    fn default() -> Self {
        Self(900)
    }
}

impl TryFrom<Whole> for ExchangedLifetime {
    type Error = Invalid;

    fn try_from(Whole(seconds): Whole) -> Result<Self, Invalid> {
        let bounded = u16::try_from(seconds).ok().filter(|seconds| (60..=3600).contains(seconds));
        bounded.map(Self).ok_or_else(|| Invalid("must be 60 to 3600 seconds".into()))
    }
}

/// A request for a token exchange (RFC 8693, section 2.1). Parameters that are not named here are ignored, as RFC 6749,
/// section 3.2, wants it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOmFjbWUvd2ViIn0.c2lnbmF0dXJl",
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    "audience": UserId::EXAMPLE,
}))]
pub struct TokenExchange {
    pub grant_type: ExchangeGrant,
    pub subject_token: SubjectToken,
    pub subject_token_type: SubjectTokenType,
    /// The service account.
    pub audience: UserId,
    #[schema(nullable = false)]
    pub requested_token_type: Option<RequestedTokenType>,
}

/// The one grant.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub enum ExchangeGrant {
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

/// What a workload brings (RFC 8693, section 3): both are signed JSON Web Tokens of an OpenID provider.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub enum SubjectTokenType {
    #[serde(rename = "urn:ietf:params:oauth:token-type:jwt")]
    Jwt,
    #[serde(rename = "urn:ietf:params:oauth:token-type:id_token")]
    IdToken,
}

/// What it gets.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub enum RequestedTokenType {
    #[serde(rename = "urn:ietf:params:oauth:token-type:access_token")]
    AccessToken,
}

/// A workload's own token, of up to 16 KiB.
#[derive(Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 16384)]
pub struct SubjectToken(SecretString);

impl SubjectToken {
    const MAX_BYTES: usize = 16 * 1024;

    /// The text itself. Whoever calls this answers for where it goes.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl TryFrom<String> for SubjectToken {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        // Into the secret first, so that a refused one is zeroed too.
        let token = Self(SecretString::from(text));
        let bytes = token.expose_secret().len();
        if (1..=Self::MAX_BYTES).contains(&bytes) { Ok(token) } else { Err(Invalid("must be 1 byte to 16 KiB".into())) }
    }
}

impl std::fmt::Debug for SubjectToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubjectToken([REDACTED])")
    }
}

/// What a provider vouches for of a workload. Made by whoever has proven it, and by nobody else.
#[derive(Clone, Debug)]
pub struct WorkloadIdentity {
    pub issuer: String,
    pub subject: String,
    pub audiences: Vec<String>,
    /// All of the token's claims, by their names.
    pub claims: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(claims: &[(&str, &str)]) -> Result<ClaimPatterns, Invalid> {
        claims.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect::<BTreeMap<_, _>>().try_into()
    }

    #[test]
    fn a_rule_names_workloads_and_not_everybody() {
        for right in ["repo:acme/*", "repo:acme/web:ref:refs/heads/main", "system:serviceaccount:ci:*", "https://a/*"] {
            assert!(parsed(&[("sub", right)]).is_ok(), "{right}");
        }
        for wrong in
            ["*", "", "repo:acme*", "repo:acme-*", "repo:*/web", "**", "repo:acme/**", "a\nb", &"a".repeat(256)]
        {
            assert!(parsed(&[("sub", wrong)]).is_err(), "{wrong}");
        }
        assert!(parsed(&[]).is_err());
        let tell_apart = |claims: &[(&str, &str)]| parsed(claims).unwrap().tell_workloads_apart();
        assert!(!tell_apart(&[("ref", "refs/heads/main")]), "everybody has a main branch");
        assert!(!tell_apart(&[("email", "ada@example.org")]), "not every provider has seen that it is Ada's");
        assert!(!tell_apart(&[("sub", "repo:*")]) && tell_apart(&[("sub", "repo:acme/*")]));
        assert!(tell_apart(&[("repository", "acme/*")]));
        assert!(tell_apart(&[("repository_id", "74"), ("ref", "refs/heads/main")]));
        assert!(parsed(&[("sub", "a"), ("aud", "b")]).is_err());
    }

    #[test]
    fn a_subject_token_is_bounded_and_redacted() {
        assert_eq!(format!("{:?}", SubjectToken::try_from("eyJ".to_owned()).unwrap()), "SubjectToken([REDACTED])");
        assert!(SubjectToken::try_from("a".repeat(16 * 1024)).is_ok());
        assert!(SubjectToken::try_from("a".repeat(16 * 1024 + 1)).is_err());
    }
}
