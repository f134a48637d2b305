//! Signing people in with an OpenID provider: authorization code with PKCE (RFC 7636, S256), OpenID Connect Core 1.0,
//! section 3.1. Keeps nothing between the two halves: whoever begins one keeps what the other needs, where no browser sees it.

use std::sync::Arc;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreProviderMetadata, CoreRequestTokenError,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EmptyAdditionalClaims,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, Scope, SubjectIdentifier, TokenResponse,
};
use secrecy::{ExposeSecret, SecretString};
use strongroom_types::{Email, FederatedIdentity, Name};

use crate::error::FederationError;
use crate::http::Http;
use crate::issuer::{Audience, Claims, Issuer, ProviderUrl, describe};

/// What the operator says of the provider that people sign in with.
#[derive(Clone, Debug)]
pub struct OidcSettings {
    pub issuer: ProviderUrl,
    pub client_id: String,
    /// None: a public client, which PKCE alone protects.
    pub client_secret: Option<SecretString>,
    /// Where the provider sends browsers back to, as it is registered there.
    pub redirect_url: String,
    /// Beside `openid`.
    pub scopes: Vec<String>,
    /// What people call the provider.
    pub name: String,
}

/// The provider that people sign in with.
pub struct OidcProvider {
    issuer: Issuer,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect_url: RedirectUrl,
    scopes: Vec<Scope>,
    name: String,
}

/// Where to send a browser, and what its return will be checked against.
pub struct Authorization {
    pub url: String,
    /// What ties the answer to the request (RFC 6749, section 10.12).
    pub state: String,
    /// What ties the provider's token to the request.
    pub nonce: String,
    /// What proves that whoever brings the code is whoever asked for it. Secret.
    pub pkce_verifier: SecretString,
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

impl OidcProvider {
    /// Of those settings; nothing is asked of the provider yet.
    ///
    /// # Errors
    /// Where the redirect URL is none, or TLS cannot be set up.
    pub fn new(settings: OidcSettings) -> Result<Self, FederationError> {
        let unavailable = |error: &dyn std::error::Error| FederationError::Unavailable(describe(error));
        Ok(Self {
            issuer: Issuer::new(settings.issuer, Arc::new(Http::new().map_err(|error| unavailable(&error))?)),
            client_id: ClientId::new(settings.client_id),
            client_secret: settings.client_secret.map(|secret| ClientSecret::new(secret.expose_secret().into())),
            redirect_url: RedirectUrl::new(settings.redirect_url).map_err(|error| unavailable(&error))?,
            scopes: settings.scopes.into_iter().map(Scope::new).collect(),
            name: settings.name,
        })
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether that is its issuer identifier.
    pub fn is(&self, issuer: &str) -> bool {
        self.issuer.url.as_str() == issuer
    }

    /// The first half: where to send the browser. The three texts are random, of 256 bits or more each.
    ///
    /// # Errors
    /// [`FederationError::Unavailable`] where the provider does not describe itself.
    pub async fn authorize(
        &self,
        state: String,
        nonce: String,
        verifier: SecretString,
    ) -> Result<Authorization, FederationError> {
        let client = self.client(&*self.issuer.metadata().await?);
        let challenge =
            PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.expose_secret().into()));
        let (sent_state, sent_nonce) = (state.clone(), nonce.clone());
        let request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(sent_state),
                move || Nonce::new(sent_nonce),
            )
            .add_scopes(self.scopes.iter().cloned())
            .set_pkce_challenge(challenge);
        let (url, ..) = request.url();
        Ok(Authorization { url: url.into(), state, nonce, pkce_verifier: verifier })
    }

    /// The second half: who it was that came back with the code.
    ///
    /// # Errors
    /// [`FederationError::Refused`] where code, nonce or token are not right; [`FederationError::Unavailable`] where the
    /// provider does not answer.
    pub async fn identify(
        &self,
        code: String,
        nonce: String,
        verifier: SecretString,
    ) -> Result<FederatedIdentity, FederationError> {
        let client = self.client(&*self.issuer.metadata().await?);
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| FederationError::Unavailable(describe(&error)))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().into()));
        let answer = request.request_async(&*self.issuer.http).await.map_err(refused_code)?;
        let token = answer.id_token().ok_or(FederationError::Unavailable("it gave no ID token".into()))?;
        let claims = self.issuer.verify(token.clone(), Audience::Client(&self.client_id, &Nonce::new(nonce))).await?;
        match claims.email() {
            Some(_) => Ok(self.identity(&claims, None)),
            // Section 5.4 lets a provider tell what the scopes ask for there alone.
            None => {
                let user_info =
                    self.user_info(&client, answer.access_token().clone(), claims.subject().clone()).await?;
                Ok(self.identity(&claims, user_info.as_ref()))
            }
        }
    }

    /// What the provider tells beside the token, of the same subject; None where it has no such endpoint.
    async fn user_info(
        &self,
        client: &Client,
        token: AccessToken,
        subject: SubjectIdentifier,
    ) -> Result<Option<CoreUserInfoClaims>, FederationError> {
        let Ok(request) = client.user_info(token, Some(subject)) else { return Ok(None) };
        let answer = request.request_async(&*self.issuer.http).await;
        answer.map(Some).map_err(|error| FederationError::Unavailable(describe(&error)))
    }

    fn identity(&self, claims: &Claims<EmptyAdditionalClaims>, more: Option<&CoreUserInfoClaims>) -> FederatedIdentity {
        let email = claims.email().or(more.and_then(|more| more.email()));
        let verified = claims.email_verified().or(more.and_then(|more| more.email_verified()));
        let name = claims.name().or(more.and_then(|more| more.name())).and_then(|name| name.get(None));
        FederatedIdentity {
            issuer: self.issuer.url.as_str().into(),
            subject: claims.subject().to_string(),
            verified_email: email
                .filter(|_| verified == Some(true))
                .and_then(|email| Email::try_from(email.to_string()).ok()),
            name: name.and_then(|name| Name::try_from(name.to_string()).ok()),
        }
    }

    fn client(&self, metadata: &CoreProviderMetadata) -> Client {
        let (client_id, client_secret) = (self.client_id.clone(), self.client_secret.clone());
        let client = CoreClient::from_provider_metadata(metadata.clone(), client_id, client_secret)
            .set_redirect_uri(self.redirect_url.clone());
        let basic = metadata
            .token_endpoint_auth_methods_supported()
            .is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        client.set_auth_type(if basic { AuthType::BasicAuth } else { AuthType::RequestBody })
    }
}

/// A code that is unknown, used or another client's is whoever's brought it; all else is between us and the provider.
fn refused_code<E: std::error::Error + 'static>(error: CoreRequestTokenError<E>) -> FederationError {
    use openidconnect::core::CoreErrorResponseType::InvalidGrant;
    match &error {
        CoreRequestTokenError::ServerResponse(answer) if answer.error() == &InvalidGrant => {
            FederationError::Refused("the provider does not take the code")
        }
        // The text of what could not be parsed may hold a token.
        CoreRequestTokenError::Parse(..) => FederationError::Unavailable("its answer to a code cannot be read".into()),
        CoreRequestTokenError::ServerResponse(_)
        | CoreRequestTokenError::Request(_)
        | CoreRequestTokenError::Other(_) => FederationError::Unavailable(describe(&error)),
    }
}
