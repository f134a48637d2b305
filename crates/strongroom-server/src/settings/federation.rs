//! Which other providers' word is taken: the one that people sign in with, and those that vouch for workloads.
//! The operator alone names them: no address that a tenant chose is ever asked.

use std::path::PathBuf;

use clap::Args;
use strongroom_federation::{Federation, OidcProvider, OidcSettings, ProviderUrl, TrustedIssuers};

use super::secret::secret;
use crate::command::Failure;

/// Where a provider sends browsers back to.
const CALLBACK: &str = "/api/auth/oidc/callback";

/// Other providers.
#[derive(Args, Debug)]
pub struct FederationSettings {
    /// OpenID provider that people sign in with, by its issuer identifier
    #[arg(long, env = "STRONGROOM_OIDC_ISSUER", value_name = "URL", value_parser = issuer)]
    oidc_issuer: Option<ProviderUrl>,
    /// What this server is called there
    #[arg(long, env = "STRONGROOM_OIDC_CLIENT_ID", value_name = "ID")]
    oidc_client_id: Option<String>,
    /// What it proves itself with there; none for a public client
    #[arg(long, env = "STRONGROOM_OIDC_CLIENT_SECRET", hide_env_values = true, value_name = "SECRET")]
    oidc_client_secret: Option<String>,
    /// File that holds oidc_client_secret instead
    #[arg(long, env = "STRONGROOM_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    oidc_client_secret_file: Option<PathBuf>,
    /// Where it sends browsers back to, as it is registered there: the address of this server as browsers know it, and
    /// /api/auth/oidc/callback
    #[arg(long, env = "STRONGROOM_OIDC_REDIRECT_URL", value_name = "URL", value_parser = redirect_url)]
    oidc_redirect_url: Option<String>,
    /// What is asked of it beside openid
    #[arg(
        long,
        env = "STRONGROOM_OIDC_SCOPES",
        value_name = "SCOPES",
        value_delimiter = ',',
        default_value = "email,profile"
    )]
    oidc_scopes: Vec<String>,
    /// What people call it
    #[arg(long, env = "STRONGROOM_OIDC_NAME", value_name = "NAME", default_value = "single sign-on")]
    oidc_name: String,
    /// Issuers whose tokens workloads may exchange, where a rule of a service account trusts them, with commas
    #[arg(long, env = "STRONGROOM_EXCHANGE_ISSUERS", value_name = "URLS", value_delimiter = ',', value_parser = issuer)]
    exchange_issuers: Vec<ProviderUrl>,
}

impl FederationSettings {
    /// The providers of these settings; none is asked anything yet.
    ///
    /// # Errors
    /// Where settings of the sign-in are missing, or a file does not hold what it should.
    pub fn federation(&self) -> Result<Federation, Failure> {
        let sign_in = self.sign_in()?.map(OidcProvider::new).transpose()?;
        Ok(Federation { sign_in, workloads: TrustedIssuers::new(self.exchange_issuers.clone())? })
    }

    fn sign_in(&self) -> Result<Option<OidcSettings>, Failure> {
        let file = self.oidc_client_secret_file.as_deref();
        let client_secret = secret("oidc_client_secret", self.oidc_client_secret.as_deref(), file)?;
        match (&self.oidc_issuer, &self.oidc_client_id, &self.oidc_redirect_url) {
            (Some(issuer), Some(client_id), Some(redirect_url)) => Ok(Some(OidcSettings {
                issuer: issuer.clone(),
                client_id: client_id.clone(),
                client_secret: client_secret.map(Into::into),
                redirect_url: redirect_url.clone(),
                scopes: self.oidc_scopes.clone(),
                name: self.oidc_name.clone(),
            })),
            (None, None, None) if client_secret.is_none() => Ok(None),
            _ => Err("give oidc_issuer, oidc_client_id and oidc_redirect_url, or none of the three".into()),
        }
    }
}

fn issuer(text: &str) -> Result<ProviderUrl, strongroom_types::Invalid> {
    text.parse()
}

/// A provider sends codes there: over TLS, or to this machine.
fn redirect_url(text: &str) -> Result<String, String> {
    match text.strip_suffix(CALLBACK).map(str::parse::<ProviderUrl>) {
        Some(Ok(_)) => Ok(text.into()),
        _ => Err(format!(
            "give the address of this server as browsers know it, such as https://vault.example.com{CALLBACK}"
        )),
    }
}
