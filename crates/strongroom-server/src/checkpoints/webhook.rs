//! Checkpoints to an address of the operator's, by POST. Bounded in time; follows no redirect, reads no answer, speaks in the clear
//! to no other machine, and shows neither address nor token in what it says.

use std::time::Duration;

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use strongroom_federation::ProviderUrl;
use url::Url;

use crate::command::Failure;

const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The address, and how to speak to it.
pub struct Webhook {
    client: Client,
    url: Url,
    token: Option<SecretString>,
}

impl Webhook {
    /// Sends nothing yet.
    ///
    /// # Errors
    /// Where there is no TLS to be had.
    pub fn new(url: Url, token: Option<SecretString>) -> Result<Self, Failure> {
        let mut client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent("strongroom");
        if url.scheme() == "http" {
            // A proxy that the environment names would read what goes to loopback in the clear. TLS passes through one.
            client = client.no_proxy();
        }
        Ok(Self { client: client.build()?, url, token })
    }

    /// Sends a note.
    ///
    /// # Errors
    /// Where it was not taken (2xx) in time.
    pub async fn post(&self, note: &str) -> Result<(), Failure> {
        let mut request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "text/plain; charset=utf-8");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        let answer = request.body(note.to_owned()).send().await.map_err(reqwest::Error::without_url)?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("the webhook answers {status}").into()),
        }
    }
}

/// Nobody on the way is to see the token, or to take a note in the webhook's place.
pub fn address(text: &str) -> Result<Url, String> {
    let private = text.parse::<ProviderUrl>().is_ok();
    let url = text.parse().ok().filter(|_| private);
    url.ok_or_else(|| {
        "give an https URL, or an http one on this machine, without query, fragment and password".to_owned()
    })
}
