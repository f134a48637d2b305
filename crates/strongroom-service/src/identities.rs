//! Signing in with an OpenID provider, and linking what it calls a person to him. The provider says who somebody is there;
//! who he is here, or that he is nobody, the database says.

use secrecy::SecretString;
use strongroom_crypto::{SealingError, random_text};
use strongroom_federation::{FederationError, OidcProvider};
use strongroom_store::{SignInProof, StoreError};
use strongroom_types::{
    ApiToken, Caller, FederatedIdentity, Identity, IdentityId, Page, PageRequest, PendingSignIn, RequestDetails,
    ReturnPath, RuntimeRole, UserId,
};

use crate::error::ServiceError;
use crate::sign_in::SignedIn;
use crate::vault::Vault;

/// The same words for everybody who is not let in: nobody learns which addresses have an account.
const NOT_SIGNED_IN: &str =
    "the sign-in did not succeed; begin again, or ask an administrator of this vault for an invitation";

/// A browser on its way to the provider.
pub struct Departure {
    pub url: String,
    /// What the browser must bring back, in a cookie.
    pub browser: SecretString,
}

/// A browser that comes back from the provider.
pub struct Arrival<'a> {
    pub state: &'a str,
    pub browser: &'a SecretString,
    /// None: the provider has let nobody in.
    pub code: Option<String>,
    /// Who says it, where it is said (RFC 9207).
    pub issuer: Option<&'a str>,
    /// The session that the browser has here already.
    pub session: Option<ApiToken>,
}

/// What came of it.
pub struct Returned {
    pub return_to: ReturnPath,
    /// The new session; None: an identity was linked to the one that there is.
    pub session: Option<SignedIn>,
}

/// Why nothing came of it, and where it was begun.
pub struct Stranded {
    pub error: ServiceError,
    /// None: it was begun nowhere here, or too long ago.
    pub begun: Option<Begun>,
}

/// What a browser departed for.
pub struct Begun {
    pub return_to: ReturnPath,
    /// To link an identity, and not to sign in.
    pub is_link: bool,
}

impl<E: Into<ServiceError>> From<E> for Stranded {
    fn from(error: E) -> Self {
        Self { error: error.into(), begun: None }
    }
}

impl Vault {
    /// What people call the provider that they can sign in with; None: there is none.
    pub fn sign_in_provider(&self) -> Option<&str> {
        self.federation.sign_in.as_ref().map(OidcProvider::name)
    }

    /// Sends a browser to the provider, to sign in.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] without a provider; [`ServiceError::ProviderUnavailable`].
    pub async fn start_sign_in(&self, return_to: ReturnPath) -> Result<Departure, ServiceError> {
        let (departure, state, pending) = self.depart(return_to).await?;
        let proof = SignInProof { state: &state, browser: &departure.browser };
        self.store.begin_sign_in(self.server_secret.expose(), &proof, &pending).await?;
        Ok(departure)
    }

    /// Sends the caller's browser to the provider, to link what he is called there.
    ///
    /// # Errors
    /// As [`Self::start_sign_in`], and [`ServiceError::Forbidden`] where the caller has no session: an identity outlives
    /// a token that was stolen.
    pub async fn start_link(&self, caller: &Caller, return_to: ReturnPath) -> Result<Departure, ServiceError> {
        let (departure, state, pending) = self.depart(return_to).await?;
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let proof = SignInProof { state: &state, browser: &departure.browser };
        transaction.begin_link(self.server_secret.expose(), &proof, &pending).await.map_err(not_linked)?;
        transaction.commit().await?;
        Ok(departure)
    }

    /// Takes a browser that comes back, once: begins a session, or links an identity.
    ///
    /// # Errors
    /// [`ServiceError::NotLetIn`] for whoever is not let in; [`ServiceError::Conflict`] where the identity that is to be
    /// linked is another person's; as [`Self::start_link`].
    pub async fn finish_sign_in(&self, arrival: Arrival<'_>, details: RequestDetails) -> Result<Returned, Stranded> {
        let provider = self.provider()?;
        let proof = SignInProof { state: arrival.state, browser: arrival.browser };
        let pending = self.store.take_sign_in(self.server_secret.expose(), &proof).await?;
        let pending = pending.ok_or_else(|| refused("there is no such sign-in, or it is another browser's"))?;
        let begun = Begun { return_to: pending.return_to.clone(), is_link: pending.started_by.is_some() };
        match self.arrive(provider, pending, arrival, details).await {
            Ok(session) => Ok(Returned { return_to: begun.return_to, session }),
            Err(error) => Err(Stranded { error, begun: Some(begun) }),
        }
    }

    async fn arrive(
        &self,
        provider: &OidcProvider,
        pending: PendingSignIn,
        arrival: Arrival<'_>,
        details: RequestDetails,
    ) -> Result<Option<SignedIn>, ServiceError> {
        if arrival.issuer.is_some_and(|issuer| !provider.is(issuer)) {
            return Err(refused("another provider answers"));
        }
        let code = arrival.code.ok_or_else(|| refused("the provider has let nobody in"))?;
        let identity = provider.identify(code, pending.nonce, pending.pkce_verifier).await.map_err(not_identified)?;
        match pending.started_by {
            None => self.sign_in_with(&identity, &details).await.map(Some),
            Some(started_by) => {
                let session = arrival.session.ok_or_else(|| refused("the session that began the link is gone"))?;
                self.link(&details.caller(session), started_by, &identity).await?;
                Ok(None)
            }
        }
    }

    /// A page of the identities that the caller signs in with.
    ///
    /// # Errors
    /// As the store's.
    pub async fn list_identities(
        &self,
        caller: &Caller,
        page: &PageRequest<IdentityId>,
    ) -> Result<Page<Identity>, ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        let identities = transaction.identities(page).await?;
        transaction.commit().await?;
        Ok(Page::from_lookahead(identities, page.limit, |identity| identity.id.to_string()))
    }

    /// Takes one away: it signs nobody in any more.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn unlink_identity(&self, caller: &Caller, id: IdentityId) -> Result<(), ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        if !transaction.unlink_identity(id).await? {
            return Err(ServiceError::NotFound);
        }
        Ok(transaction.commit().await?)
    }

    fn provider(&self) -> Result<&OidcProvider, ServiceError> {
        self.federation.sign_in.as_ref().ok_or(ServiceError::NotFound)
    }

    async fn depart(&self, return_to: ReturnPath) -> Result<(Departure, String, PendingSignIn), ServiceError> {
        let [state, nonce, verifier, browser] = random_texts()?;
        let authorization = self.provider()?.authorize(state, nonce, verifier.into()).await.map_err(not_identified)?;
        let (nonce, pkce_verifier) = (authorization.nonce, authorization.pkce_verifier);
        let pending = PendingSignIn { nonce, pkce_verifier, return_to, started_by: None };
        Ok((Departure { url: authorization.url, browser: browser.into() }, authorization.state, pending))
    }

    async fn sign_in_with(
        &self,
        identity: &FederatedIdentity,
        details: &RequestDetails,
    ) -> Result<SignedIn, ServiceError> {
        let session = self.sessions.new_session()?;
        let secret = self.server_secret.expose();
        let begun = match self.store.sign_in_with_identity(secret, identity, &session, details).await {
            // Somebody came in by that address at the same moment.
            Err(StoreError::Conflict) => None,
            found => found?,
        };
        let (person, expires_at) =
            begun.ok_or_else(|| refused("the identity is nobody's, and not invited under a verified address"))?;
        Ok(SignedIn { session_id: session.id, token: session.token_of(person), expires_at })
    }

    async fn link(
        &self,
        caller: &Caller,
        started_by: UserId,
        identity: &FederatedIdentity,
    ) -> Result<(), ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::App).await?;
        transaction.link_identity(self.server_secret.expose(), started_by, identity).await.map_err(not_linked)?;
        Ok(transaction.commit().await?)
    }
}

fn random_texts<const COUNT: usize>() -> Result<[String; COUNT], SealingError> {
    let mut texts = [const { String::new() }; COUNT];
    for text in &mut texts {
        *text = random_text()?;
    }
    Ok(texts)
}

fn refused(reason: &'static str) -> ServiceError {
    ServiceError::NotLetIn { told: NOT_SIGNED_IN, reason }
}

fn not_identified(error: FederationError) -> ServiceError {
    match error {
        FederationError::Refused(reason) => refused(reason),
        FederationError::Unavailable(reason) => ServiceError::ProviderUnavailable(reason),
    }
}

fn not_linked(error: StoreError) -> ServiceError {
    match error {
        StoreError::Forbidden => ServiceError::Forbidden("sign in, and link identities from that session"),
        StoreError::Conflict => ServiceError::Conflict("somebody signs in with that identity already"),
        error => error.into(),
    }
}
