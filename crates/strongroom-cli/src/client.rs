//! One request to a server, and what became of it.
//! The token is in one header of it, and in no message. No answer leads elsewhere: a redirect is not followed.

use std::io::Write;
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Method, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use strongroom_types::{Page, RequestId};
use tokio::time::sleep;
use url::Url;

use crate::error::ClientError;
use crate::http;

/// How long a health check waits.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may take; a server gives up after 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long a stream may stand still.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
/// The most that an answer may hold: a hundred values of 64 KiB, each byte escaped, and some room.
const ANSWER_LIMIT: usize = 48 * 1024 * 1024;
/// What is asked again is asked so often,
const MAX_ATTEMPTS: usize = 5;
/// after that time, where the server does not say another one
const WAIT: Duration = Duration::from_secs(1);
/// of which this is the longest.
const MAX_WAIT: Duration = Duration::from_secs(120);
/// The rows of a page; the API's bound.
const PAGE: usize = 100;

/// Asks a server, as nobody, whether it can serve.
///
/// # Errors
/// [`ClientError::Unreachable`], or why it cannot.
pub async fn ready(url: &Url) -> Result<(), ClientError> {
    let client = http::client(url).timeout(HEALTH_TIMEOUT).build().map_err(unreachable)?;
    let answer =
        client.get(format!("{}/ready", url.as_str().trim_end_matches('/'))).send().await.map_err(unreachable)?;
    let (status, bytes) = (answer.status(), body(answer).await?);
    let said: Option<Value> = serde_json::from_slice(&bytes).ok();
    match said {
        Some(said) if status.is_success() && said.get("status").is_some_and(|said| said == "ready") => Ok(()),
        _ => Err(refusal(status.as_u16(), &bytes)),
    }
}

/// The conditions that were given.
pub fn given<const N: usize>(conditions: [(&'static str, Option<String>); N]) -> Vec<(&'static str, String)> {
    conditions.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// A server, and who asks it.
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: SecretString,
}

impl Client {
    /// For that server, with that token.
    ///
    /// # Errors
    /// Where TLS cannot be set up on this machine.
    pub fn new(url: &Url, token: SecretString) -> Result<Self, ClientError> {
        let http = http::client(url).connect_timeout(CONNECT_TIMEOUT).read_timeout(IDLE_TIMEOUT);
        let http = http.build().map_err(unreachable)?;
        Ok(Self { http, url: url.as_str().trim_end_matches('/').into(), token })
    }

    /// Sends a request. An answer without a body reads as `null`, and so as `()`.
    pub async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<Value>,
    ) -> Result<T, ClientError> {
        let mut request = self.request(method, path, query).timeout(TIMEOUT);
        if let Some(body) = body {
            request = request.json(&body);
        }
        exchange(request).await.map_err(|refused| refused.error)
    }

    /// Sends one of many requests: waits as long as the server says where it was asked too much, and sends it again where the answer
    /// was lost, under a key by which the server knows that it is the same request.
    pub async fn post_patiently<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let key = RequestId::generate().to_string();
        let mut attempts = 0;
        loop {
            let request = self.request(Method::POST, path, &[]).timeout(TIMEOUT);
            let request = request.header("idempotency-key", &key).json(body);
            let refused = match exchange(request).await {
                Ok(made) => return Ok(made),
                Err(refused) => refused,
            };
            attempts += 1;
            match refused.wait() {
                Some(wait) if attempts < MAX_ATTEMPTS => sleep(wait).await,
                _ => return Err(refused.error),
            }
        }
    }

    /// Asks for something.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.send(Method::GET, path, &[], None).await
    }

    /// Asks for the first rows of a list, newest first, page after page; `next_cursor` says whether there are more.
    pub async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
        limit: usize,
    ) -> Result<Page<T>, ClientError> {
        let mut all = Page { items: Vec::new(), next_cursor: None };
        loop {
            let size = PAGE.min(limit.saturating_sub(all.items.len()));
            let mut query = [query, &[("limit", size.to_string())]].concat();
            query.extend(all.next_cursor.take().map(|cursor| ("cursor", cursor)));
            let page: Page<T> = self.send(Method::GET, path, &query, None).await?;
            let is_last = page.next_cursor.is_none() || page.items.is_empty();
            all.items.extend(page.items);
            all.next_cursor = page.next_cursor;
            if is_last || all.items.len() >= limit {
                return Ok(all);
            }
        }
    }

    /// Writes an answer out as it comes.
    ///
    /// # Errors
    /// [`ClientError::CutOff`] where it does not come to its end.
    pub async fn download(&self, path: &str, query: &[(&str, String)], mut out: impl Write) -> Result<(), ClientError> {
        let mut answer = self.request(Method::GET, path, query).send().await.map_err(unreachable)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(refusal(status.as_u16(), &body(answer).await?));
        }
        let mut written = 0;
        while let Some(chunk) = answer.chunk().await.map_err(|_| ClientError::CutOff(written))? {
            out.write_all(&chunk)?;
            written += chunk.len() as u64;
        }
        Ok(out.flush()?)
    }

    fn request(&self, method: Method, path: &str, query: &[(&str, String)]) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url)).query(query);
        request.bearer_auth(self.token.expose_secret())
    }
}

/// Why there is no answer, and after how many seconds the server wants to be asked again.
struct Refused {
    error: ClientError,
    retry_after: Option<u64>,
}

impl From<ClientError> for Refused {
    fn from(error: ClientError) -> Self {
        Self { error, retry_after: None }
    }
}

impl Refused {
    /// How long to wait, where asking again may help.
    fn wait(&self) -> Option<Duration> {
        match (&self.error, self.retry_after) {
            (ClientError::Refused(_), Some(seconds)) => {
                Some(Duration::from_secs(seconds)).filter(|wait| *wait <= MAX_WAIT)
            }
            (ClientError::Unreachable(_), _) => Some(WAIT),
            (ClientError::Refused(problem), None) if problem.status == 408 => Some(WAIT),
            _ => None,
        }
    }
}

async fn exchange<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Refused> {
    let answer = request.send().await.map_err(unreachable)?;
    let status = answer.status();
    let retry_after = answer.headers().get(RETRY_AFTER).and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    let bytes = body(answer).await?;
    if !status.is_success() {
        return Err(Refused { error: refusal(status.as_u16(), &bytes), retry_after });
    }
    let json = if bytes.is_empty() { b"null" } else { bytes.as_slice() };
    serde_json::from_slice(json).map_err(|_| ClientError::Foreign(status.as_u16()).into())
}

/// All of an answer, within bounds.
async fn body(mut answer: Response) -> Result<Vec<u8>, ClientError> {
    let status = answer.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if bytes.len() + chunk.len() > ANSWER_LIMIT {
            return Err(ClientError::Foreign(status));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn refusal(status: u16, bytes: &[u8]) -> ClientError {
    match serde_json::from_slice(bytes) {
        Ok(problem) => ClientError::Refused(Box::new(problem)),
        Err(_) => ClientError::Foreign(status),
    }
}

fn unreachable(error: reqwest::Error) -> ClientError {
    ClientError::Unreachable(innermost_cause(error))
}

/// Why there was no answer, without a URL: the sentence is for a person.
pub fn innermost_cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let of_the_system = cause.downcast_ref::<std::io::Error>().filter(|cause| cause.raw_os_error().is_some());
    of_the_system.map_or_else(|| cause.to_string(), |cause| cause.kind().to_string())
}
