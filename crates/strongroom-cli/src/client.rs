//! One request to a server, and what became of it.
//! The token is in one header of it, and in no message.

use std::time::Duration;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use strongroom_types::Problem;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server said no, and why.
    #[error("{}: {}{}", .0.title, .0.detail, .0.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default())]
    Refused(Box<Problem>),
    /// There was no answer.
    #[error("the server does not answer: {0}")]
    Unreachable(String),
    /// Something else answered.
    #[error("the answer is not from a Strongroom (status {0})")]
    Foreign(u16),
    /// There is nothing to prove the caller with.
    #[error("set STRONGROOM_TOKEN to an API token, or give --token-file")]
    NoToken,
    /// What was given cannot be read.
    #[error("{0}")]
    Input(String),
}

/// How long a health check waits.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);

/// Asks a server, as nobody, whether it can serve.
///
/// # Errors
/// [`ClientError::Unreachable`], or why it cannot.
pub async fn ready(url: &str) -> Result<(), ClientError> {
    let unreachable = |e: reqwest::Error| ClientError::Unreachable(e.without_url().to_string());
    let request = reqwest::Client::new().get(format!("{}/ready", url.trim_end_matches('/'))).timeout(HEALTH_TIMEOUT);
    let answer = request.send().await.map_err(unreachable)?;
    let (status, bytes) = (answer.status(), answer.bytes().await.map_err(unreachable)?);
    let said: Option<Value> = serde_json::from_slice(&bytes).ok();
    match said {
        Some(said) if status.is_success() && said.get("status").is_some_and(|said| said == "ready") => Ok(()),
        Some(said) => Err(serde_json::from_value(said)
            .map_or(ClientError::Foreign(status.as_u16()), |problem| ClientError::Refused(Box::new(problem)))),
        None => Err(ClientError::Foreign(status.as_u16())),
    }
}

/// A server, and who asks it.
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: SecretString,
}

impl Client {
    /// For that server, with that token.
    pub fn new(url: &str, token: SecretString) -> Self {
        Self { http: reqwest::Client::new(), url: url.trim_end_matches('/').into(), token }
    }

    /// Sends a request; `Value::Null` where the answer has no body.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<Value>,
    ) -> Result<Value, ClientError> {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).query(query);
        request = request.bearer_auth(self.token.expose_secret());
        if let Some(body) = body {
            request = request.json(&body);
        }
        // Without its URL and cause chain: the sentence is for a person.
        let answer = request.send().await.map_err(|e| ClientError::Unreachable(e.without_url().to_string()))?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|e| ClientError::Unreachable(e.without_url().to_string()))?;
        let foreign = || ClientError::Foreign(status.as_u16());
        if status.is_success() && bytes.is_empty() {
            return Ok(Value::Null);
        }
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|_| foreign());
        }
        Err(match serde_json::from_slice(&bytes) {
            Ok(problem) => ClientError::Refused(Box::new(problem)),
            Err(_) => foreign(),
        })
    }
}
