//! Which server a command asks, and as whom: a token from a file, from the environment, or what `strongroom login` has kept.
//! The token is never an argument.

use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;
use url::Url;

use crate::client::Client;
use crate::error::ClientError;
use crate::http::server_url;
use crate::input;
use crate::kept_login::KeptLogins;
use crate::output::HEADING;

/// Which server, and who asks it.
#[derive(Args, Debug)]
pub struct Server {
    /// Where the server is
    #[arg(long, help_heading = HEADING, env = "STRONGROOM_URL", default_value = "http://127.0.0.1:8750", global = true, value_parser = server_url)]
    url: Url,
    /// File with the token [default: the environment variable STRONGROOM_TOKEN, or else what `strongroom login` has kept]
    #[arg(long, help_heading = HEADING, env = "STRONGROOM_TOKEN_FILE", value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
}

impl Server {
    /// The server, as whoever the token is of.
    ///
    /// # Errors
    /// [`ClientError::NotSignedIn`] where there is none.
    pub async fn client(&self) -> Result<Client, ClientError> {
        let token = match self.given()? {
            Some(token) => Some(token),
            None => KeptLogins::read()?.token(&self.url).await?,
        };
        self.client_with(token.ok_or_else(|| ClientError::NotSignedIn(self.to_string()))?)
    }

    /// The server, with that token.
    ///
    /// # Errors
    /// Where TLS cannot be set up on this machine.
    pub fn client_with(&self, token: SecretString) -> Result<Client, ClientError> {
        Client::new(&self.url, token)
    }

    /// The token that was given for this run.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn given(&self) -> Result<Option<SecretString>, ClientError> {
        match self.token_in_file()? {
            Some(token) => Ok(Some(token)),
            None => input::token_in_environment("STRONGROOM_TOKEN"),
        }
    }

    /// The token in the file that was named.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn token_in_file(&self) -> Result<Option<SecretString>, ClientError> {
        self.token_file.as_deref().map(input::token_in).transpose()
    }

    /// Where it is.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}
