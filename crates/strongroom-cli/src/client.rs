//! One request to a server, and what became of it.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use strongroom_types::Problem;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("{}: {}{}", .0.title, .0.detail, .0.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default())]
    Refused(Box<Problem>),
    #[error("the server does not answer: {0}")]
    Unreachable(String),
    #[error("the answer is not from a Strongroom (status {0})")]
    Foreign(u16),
    #[error("set STRONGROOM_TOKEN to an API token, or give --token-file")]
    NoToken,
    #[error("{0}")]
    Input(String),
}

/// A server, and who asks it.
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: SecretString,
}

impl Client {
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
        if status.is_success() {
            return Ok(serde_json::from_slice(&bytes).unwrap_or_default());
        }
        Err(match serde_json::from_slice(&bytes) {
            Ok(problem) => ClientError::Refused(Box::new(problem)),
            Err(_) => ClientError::Foreign(status.as_u16()),
        })
    }
}
