//! The way to an OpenBao or Vault server: an AppRole login whose token is renewed at half its life, and requests that are bounded
//! in time and repeated where that can help. Never follows a redirect, never speaks in the clear to another machine,
//! and tells of an answer only what the server says went wrong.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use reqwest::{Certificate, Client, Method, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use strongroom_types::is_private;
use tokio::sync::Mutex;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::error::SealingError;
use crate::key_ring::read_private_text;

/// An act waits that long for its answer, repetitions included.
const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// What the server answers here has some hundred bytes.
const ANSWER_LIMIT: usize = 64 * 1024;
/// A failed renewal of a token that still holds is tried again after that.
const RENEW_AGAIN: Duration = Duration::from_secs(5);
/// A token that is refused so soon after its login is not the reason.
const NEW: Duration = Duration::from_secs(1);
/// A renewal waits that long: the token still holds, and whoever asked has more to do in his five seconds.
const RENEW_TIMEOUT: Duration = Duration::from_secs(1);

/// Where the server is, and how to log in there.
#[derive(Clone, Debug)]
pub struct OpenBaoSettings {
    /// `https://…`; `http://…` on this machine alone.
    pub url: String,
    pub namespace: Option<String>,
    /// Where AppRole is mounted.
    pub approle_mount: String,
    /// Where Transit is mounted.
    pub transit_mount: String,
    /// Read again for each login, so that a new secret id needs no restart.
    pub role_id_file: PathBuf,
    pub secret_id_file: PathBuf,
    /// PEM of the authorities that its certificate may be from; without, the system's.
    pub ca_file: Option<PathBuf>,
}

/// A server, and a login there.
pub(crate) struct OpenBao {
    client: Client,
    settings: OpenBaoSettings,
    base: Url,
    session: Mutex<Option<Session>>,
}

struct Session {
    token: SecretString,
    began: Instant,
    renew_at: Instant,
    expires_at: Instant,
}

#[derive(Deserialize)]
struct Login {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    client_token: SecretString,
    lease_duration: u64,
}

#[derive(Serialize)]
struct Credentials<'a> {
    role_id: &'a str,
    secret_id: &'a str,
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<String>,
}

impl OpenBao {
    /// Asks nothing yet.
    ///
    /// # Errors
    /// [`SealingError::OpenBao`] where the settings do not fit.
    pub(crate) fn new(settings: OpenBaoSettings) -> Result<Self, SealingError> {
        let base = settings.url.parse().ok().filter(is_private);
        let base = base.ok_or_else(|| wrong("its URL must be https://…, or http://… on this machine"))?;
        for part in [&settings.approle_mount, &settings.transit_mount] {
            if part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/".contains(&b)) {
                return Err(wrong("a mount must be letters, digits and -_/"));
            }
        }
        let mut client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            // One that the environment names would read what goes to loopback in the clear.
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent("strongroom");
        if let Some(path) = &settings.ca_file {
            let pem = std::fs::read(path).map_err(|e| wrong(format!("{}: {e}", path.display())))?;
            let authorities = Certificate::from_pem_bundle(&pem).ok().filter(|authorities| !authorities.is_empty());
            let authorities = authorities.ok_or_else(|| wrong(format!("{} has no certificate", path.display())))?;
            client = client.tls_certs_only(authorities);
        }
        let client = client.build().map_err(|e| wrong(e.to_string()))?;
        Ok(Self { client, settings, base, session: Mutex::default() })
    }

    pub(crate) fn transit_mount(&self) -> &str {
        &self.settings.transit_mount
    }

    /// Whether the server is there and unsealed; a standby is, too. Nobody is logged in for it.
    pub(crate) async fn health(&self) -> Result<(), SealingError> {
        let ask = self.client.get(self.url("sys/health?standbyok=true&perfstandbyok=true")?).send();
        match ask.await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(SealingError::Unavailable(format!("OpenBao is sealed or ill ({})", answer.status()))),
            Err(error) => Err(unreachable(&error)),
        }
    }

    /// One request, as whoever is logged in; a body makes it a POST.
    ///
    /// # Errors
    /// [`SealingError::Unavailable`] where there was no answer, or none that helps, in time; [`SealingError::OpenBao`] where the
    /// server refuses.
    pub(crate) async fn request<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, SealingError> {
        let repeated = (|| self.request_once(path, body))
            .retry(
                ExponentialBuilder::default().with_jitter().with_min_delay(Duration::from_millis(50)).with_max_times(4),
            )
            .when(|error| matches!(error, SealingError::Unavailable(_)));
        let late = |_| SealingError::Unavailable(format!("OpenBao did not answer within {} s", TIMEOUT.as_secs()));
        timeout(TIMEOUT, repeated).await.map_err(late)?
    }

    async fn request_once<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, SealingError> {
        let token = self.token().await?;
        match self.send(path, body, Some(&token)).await {
            // The token may have been revoked, or forgotten by a server that began anew.
            Err(Refusal::Denied(why)) => {
                if !self.forget(&token).await {
                    return Err(Refusal::Denied(why).into());
                }
                let token = self.token().await?;
                Ok(self.send(path, body, Some(&token)).await?)
            }
            other => Ok(other?),
        }
    }

    /// The token to go by. One request at a time renews it, or logs in; the others wait for it.
    #[allow(clippy::disallowed_methods, reason = "a token's life is counted from when it was given")]
    async fn token(&self) -> Result<SecretString, SealingError> {
        let mut session = self.session.lock().await;
        if let Some(held) = session.as_mut().filter(|held| Instant::now() < held.expires_at) {
            if Instant::now() < held.renew_at {
                return Ok(held.token.clone());
            }
            // It still holds: whoever comes later tries again, also if nobody waits for this any more.
            held.renew_at = Instant::now() + RENEW_AGAIN;
            match timeout(RENEW_TIMEOUT, self.renew(&held.token)).await {
                Ok(Ok(renewed)) => *held = Session { began: held.began, ..renewed },
                Err(_) | Ok(Err(Refusal::Unavailable(_))) => {}
                // Its life cannot be made longer any more.
                Ok(Err(_)) => *held = self.log_in().await?,
            }
            return Ok(held.token.clone());
        }
        Ok(session.insert(self.log_in().await?).token.clone())
    }

    async fn log_in(&self) -> Result<Session, Refusal> {
        let (role_id, secret_id) = (read(&self.settings.role_id_file)?, read(&self.settings.secret_id_file)?);
        let path = format!("auth/{}/login", self.settings.approle_mount);
        let credentials = Credentials { role_id: &role_id, secret_id: &secret_id };
        self.send::<Login>(&path, Some(&credentials), None).await.map(Session::begin)
    }

    async fn renew(&self, token: &SecretString) -> Result<Session, Refusal> {
        let renewed: Login = self.send("auth/token/renew-self", Some(&serde_json::json!({})), Some(token)).await?;
        Ok(Session::begin(renewed))
    }

    /// False: it is so new that it is not the token that is wrong; a login for each such request would fill the server with
    /// leases.
    async fn forget(&self, token: &SecretString) -> bool {
        let mut session = self.session.lock().await;
        let Some(held) = session.as_ref().filter(|held| held.token.expose_secret() == token.expose_secret()) else {
            return true;
        };
        let old = held.began.elapsed() >= NEW;
        if old {
            *session = None;
        }
        old
    }

    async fn send<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<&impl Serialize>,
        token: Option<&SecretString>,
    ) -> Result<T, Refusal> {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let mut request = self.client.request(method, self.url(path)?).header("X-Vault-Request", "true");
        if let Some(namespace) = &self.settings.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        if let Some(token) = token {
            request = request.header("X-Vault-Token", token.expose_secret());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let mut answer = request.send().await.map_err(|e| Refusal::from(unreachable(&e)))?;
        let status = answer.status();
        let mut text = Zeroizing::new(Vec::with_capacity(ANSWER_LIMIT));
        while let Some(chunk) = answer.chunk().await.map_err(|e| Refusal::from(unreachable(&e)))? {
            if text.len() + chunk.len() > ANSWER_LIMIT {
                return Err(Refusal::Other(wrong("its answer is too long")));
            }
            text.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return serde_json::from_slice(&text).map_err(|_| Refusal::Other(wrong("its answer is not understood")));
        }
        Err(Refusal::of(status, &text))
    }

    fn url(&self, path: &str) -> Result<Url, SealingError> {
        self.base.join(&format!("/v1/{path}")).map_err(|_| wrong("its URL must be https://…"))
    }
}

impl std::fmt::Debug for OpenBao {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenBao").field("url", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Session {
    #[allow(clippy::disallowed_methods, reason = "a token's life is counted from when it was given")]
    fn begin(login: Login) -> Self {
        // Tokens that never end (0) are looked at once a day.
        let life = Duration::from_secs(match login.auth.lease_duration {
            0 => 24 * 60 * 60,
            seconds => seconds.min(365 * 24 * 60 * 60),
        });
        let now = Instant::now();
        Self { token: login.auth.client_token, began: now, renew_at: now + life / 2, expires_at: now + life }
    }
}

/// How the server, or the way there, refused.
enum Refusal {
    /// Worth another try.
    Unavailable(String),
    /// Not by this token.
    Denied(String),
    Other(SealingError),
}

impl Refusal {
    fn of(status: StatusCode, text: &[u8]) -> Self {
        // Written by the server about the request, without what was in it; cut, for the log's sake.
        let said = serde_json::from_slice::<Errors>(text).map(|said| said.errors.join("; ")).unwrap_or_default();
        let said: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
        let message = format!("{} {said}", status.as_u16());
        match status {
            StatusCode::FORBIDDEN => Self::Denied(message),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::PRECONDITION_FAILED => Self::Unavailable(message),
            status if status.is_server_error() => Self::Unavailable(message),
            _ if said.contains("message authentication failed") => Self::Other(SealingError::DoesNotOpen),
            _ => Self::Other(wrong(message)),
        }
    }
}

impl From<SealingError> for Refusal {
    fn from(error: SealingError) -> Self {
        match error {
            SealingError::Unavailable(why) => Self::Unavailable(why),
            other => Self::Other(other),
        }
    }
}

impl From<Refusal> for SealingError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unavailable(why) => Self::Unavailable(why),
            Refusal::Denied(why) => wrong(why),
            Refusal::Other(error) => error,
        }
    }
}

fn wrong(why: impl Into<String>) -> SealingError {
    SealingError::OpenBao(why.into())
}

fn unreachable(error: &reqwest::Error) -> SealingError {
    let why = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "no connection to it"
    } else {
        "the connection to it broke"
    };
    SealingError::Unavailable(format!("OpenBao: {why}"))
}

/// A file that its owner alone may use, as one with keys.
fn read(path: &Path) -> Result<Zeroizing<String>, SealingError> {
    let text = read_private_text(path).map_err(|why| wrong(format!("{}: {why}", path.display())))?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}
