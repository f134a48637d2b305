//! What the providers of workloads (Kubernetes, a CI) vouch for in a token, for a token exchange (RFC 8693).
//! Asks the issuers that the operator lists and no other: an issuer in a token, or in a rule of a tenant's, opens no address.

use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strongroom_types::{SubjectToken, WorkloadIdentity};

use crate::error::FederationError;
use crate::http::Http;
use crate::issuer::{Audience, Issuer, ProviderUrl, Token, describe, has_begun};

/// The issuers whose workloads may come in, where a rule lets them.
#[derive(Default)]
pub struct TrustedIssuers(Vec<Issuer>);

/// What the library does not know.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct OtherClaims {
    /// Seconds since 1970 (RFC 7519, section 4.1.5).
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl AdditionalClaims for OtherClaims {}

impl TrustedIssuers {
    /// Of that list; nothing is asked of them yet.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(issuers: Vec<ProviderUrl>) -> Result<Self, FederationError> {
        let http = Arc::new(Http::new().map_err(|error| FederationError::Unavailable(describe(&error)))?);
        Ok(Self(issuers.into_iter().map(|url| Issuer::new(url, http.clone())).collect()))
    }

    /// Whether that is one of them.
    pub fn contains(&self, issuer: &str) -> bool {
        self.0.iter().any(|trusted| trusted.url.as_str() == issuer)
    }

    /// What the token says, if one of them has signed it and it is valid now. Its audience is not looked at: the rules do.
    ///
    /// # Errors
    /// [`FederationError::Refused`] for every other token; [`FederationError::Unavailable`] where its issuer does not answer.
    pub async fn verify(&self, token: &SubjectToken) -> Result<WorkloadIdentity, FederationError> {
        let unreadable = FederationError::Refused("it is no such token");
        let token = Token::<OtherClaims>::from_str(token.expose_secret()).map_err(|_| unreadable)?;
        let issuer = self.0.iter().find(|issuer| issuer.is_named_by(&token));
        let issuer = issuer.ok_or(FederationError::Refused("its issuer is not trusted"))?;
        let claims = issuer.verify(token, Audience::OfRules).await?;
        let begins = claims.additional_claims().nbf.map(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
        if begins.is_some_and(|begins| begins.is_none_or(|begins| has_begun(begins).is_err())) {
            return Err(FederationError::Refused("it is expired, or not yet valid"));
        }
        Ok(WorkloadIdentity {
            issuer: issuer.url.as_str().into(),
            subject: claims.subject().to_string(),
            audiences: claims.audiences().iter().map(|audience| audience.to_string()).collect(),
            claims: serde_json::to_value(&claims).map_err(|_| FederationError::Refused("it is no such token"))?,
        })
    }
}
