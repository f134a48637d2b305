//! A provider as it describes itself: endpoints and signing keys, kept for a while, and asked for again when a token names a
//! key that is not among them. Whoever sends tokens with invented key names cannot make us ask more than now and then.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use governor::{DefaultDirectRateLimiter, Quota};
use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata,
};
use openidconnect::{
    AdditionalClaims, ClaimsVerificationError, ClientId, IdToken, IdTokenClaims, IdTokenVerifier, IssuerUrl, Nonce,
    NonceVerifier, SignatureVerificationError,
};
use strongroom_types::{Invalid, is_private};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::FederationError;
use crate::http::Http;

/// How long a key that its provider has taken back may still be believed.
const KEYS_LAST: Duration = Duration::from_secs(300);
/// How far a provider's clock may be before ours.
const CLOCK_SKEW: chrono::TimeDelta = chrono::TimeDelta::seconds(60);
/// Only algorithms whose keys prove nothing in the hands of whoever can read them.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The issuer identifier of a provider (OpenID Connect Core 1.0, section 2): https, or http on this machine, without query
/// and fragment, at most 255 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderUrl(IssuerUrl);

impl ProviderUrl {
    /// As it was given, and as tokens must name it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refused = || Invalid("give the issuer of a provider, such as https://accounts.example.com".into());
        let issuer = IssuerUrl::new(text.into()).map_err(|_| refused())?;
        let url = issuer.url();
        let bare =
            url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        if is_private(url) && bare && text.len() <= 255 { Ok(Self(issuer)) } else { Err(refused()) }
    }
}

pub(crate) type Token<A> = IdToken<A, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
pub(crate) type Claims<A> = IdTokenClaims<A, CoreGenderClaim>;
pub(crate) type Verifier<'a> = IdTokenVerifier<'a, CoreJsonWebKey>;

/// For whom a token must be.
#[derive(Clone, Copy)]
pub(crate) enum Audience<'a> {
    /// That client alone, in answer to the request with that nonce.
    Client(&'a ClientId, &'a Nonce),
    /// Somebody whom the rules of a service account name.
    OfRules,
}

/// A provider that the operator trusts.
pub(crate) struct Issuer {
    pub(crate) url: ProviderUrl,
    pub(crate) http: Arc<Http>,
    known: Mutex<Option<Known>>,
    fetches: DefaultDirectRateLimiter,
}

struct Known {
    metadata: Arc<CoreProviderMetadata>,
    since: Instant,
}

impl Issuer {
    pub(crate) fn new(url: ProviderUrl, http: Arc<Http>) -> Self {
        // Six times at once, and then six times a minute.
        let quota = Quota::per_minute(NonZeroU32::MIN.saturating_add(5));
        Self { url, http, known: Mutex::new(None), fetches: DefaultDirectRateLimiter::direct(quota) }
    }

    /// What the token says, if this provider has signed it, and it is valid now and for that audience.
    pub(crate) async fn verify<A: AdditionalClaims>(
        &self,
        token: Token<A>,
        audience: Audience<'_>,
    ) -> Result<Claims<A>, FederationError> {
        let mut metadata = self.metadata().await?;
        let nonce = |nonce: Option<&Nonce>| match audience {
            Audience::Client(_, sent) => sent.verify(nonce),
            Audience::OfRules => Ok(()),
        };
        let verifier = self.verifier(metadata.jwks().clone(), audience);
        if matches!(token.claims(&verifier, nonce), Err(error) if is_unknown_key(&error)) {
            metadata = self.newer_than(metadata).await?;
        }
        Ok(token.into_claims(&self.verifier(metadata.jwks().clone(), audience), nonce)?)
    }

    /// Whether the token says that it is this provider's, which proves nothing.
    pub(crate) fn is_named_by<A: AdditionalClaims>(&self, token: &Token<A>) -> bool {
        let verifier = self.verifier(CoreJsonWebKeySet::default(), Audience::OfRules);
        let verified = token.claims(&verifier, |_: Option<&Nonce>| Ok(()));
        !matches!(verified, Err(ClaimsVerificationError::InvalidIssuer(_)))
    }

    /// How the provider describes itself, as of some minutes ago at most.
    pub(crate) async fn metadata(&self) -> Result<Arc<CoreProviderMetadata>, FederationError> {
        let mut known = self.known.lock().await;
        match &*known {
            Some(Known { metadata, since }) if since.elapsed() < KEYS_LAST => Ok(metadata.clone()),
            _ => self.fetch(&mut known).await,
        }
    }

    /// What there is beyond that. It is not asked for where another request has just done so.
    async fn newer_than(&self, seen: Arc<CoreProviderMetadata>) -> Result<Arc<CoreProviderMetadata>, FederationError> {
        let mut known = self.known.lock().await;
        match &*known {
            Some(Known { metadata, .. }) if !Arc::ptr_eq(metadata, &seen) => Ok(metadata.clone()),
            _ => self.fetch(&mut known).await,
        }
    }

    /// With the lock held: those who need it meanwhile wait for the one answer.
    async fn fetch(&self, known: &mut Option<Known>) -> Result<Arc<CoreProviderMetadata>, FederationError> {
        if self.fetches.check().is_err() {
            return Err(FederationError::Unavailable("it has been asked too often".into()));
        }
        let metadata = CoreProviderMetadata::discover_async(self.url.0.clone(), &*self.http).await;
        let metadata = Arc::new(metadata.map_err(|error| FederationError::Unavailable(describe(&error)))?);
        *known = Some(Known { metadata: metadata.clone(), since: Instant::now() });
        Ok(metadata)
    }

    /// The library checks issuer, audience, signature, expiry and nonce; an audience beside ours is refused.
    fn verifier(&self, keys: CoreJsonWebKeySet, audience: Audience<'_>) -> Verifier<'static> {
        let verifier = match audience {
            Audience::Client(client, _) => Verifier::new_public_client(client.clone(), self.url.0.clone(), keys),
            Audience::OfRules => Verifier::new_public_client(ClientId::new(String::new()), self.url.0.clone(), keys)
                .require_audience_match(false),
        };
        verifier.set_allowed_algs(ALGORITHMS).set_issue_time_verifier_fn(has_begun)
    }
}

/// Refuses what is from the future, beyond what clocks differ by.
#[allow(clippy::disallowed_methods, reason = "another provider's tokens are dated by clocks, not by our database")]
pub(crate) fn has_begun(at: DateTime<Utc>) -> Result<(), String> {
    if at <= Utc::now() + CLOCK_SKEW { Ok(()) } else { Err("it is from the future".into()) }
}

fn is_unknown_key(error: &ClaimsVerificationError) -> bool {
    matches!(error, ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey))
}

/// An error with its causes, for the log.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_on_this_machine() {
        for right in [
            "https://accounts.example.com",
            "https://example.com/tenant/",
            "http://127.0.0.1:4000",
            "http://localhost:1",
        ] {
            assert!(right.parse::<ProviderUrl>().is_ok(), "{right}");
        }
        for wrong in
            ["http://example.com", "https://example.com?a", "https://u:p@example.com", "ftp://localhost", "issuer", ""]
        {
            assert!(wrong.parse::<ProviderUrl>().is_err(), "{wrong}");
        }
    }
}
