//! Other identity providers: the one that people sign in with, and those that vouch for workloads. Discovery, signing keys,
//! the authorization code, and what their tokens say, once it is proven (OpenID Connect Core 1.0).
//! The only crate that asks a provider anything, and only those that the operator names. It decides who nobody here is:
//! what an identity may do is the database's. Never logs a token, a code or a secret.

mod error;
mod http;
mod issuer;
mod sign_in;
mod workloads;

pub use error::FederationError;
pub use issuer::ProviderUrl;
pub use sign_in::{Authorization, OidcProvider, OidcSettings};
pub use workloads::TrustedIssuers;

/// All of them.
#[derive(Default)]
pub struct Federation {
    /// Whom people sign in with.
    pub sign_in: Option<OidcProvider>,
    /// Who vouches for workloads.
    pub workloads: TrustedIssuers,
}
