//! A version 2 key/value engine of a running OpenBao or Vault: each key of each secret below a path is a credential, whose
//! provider is the path of the secret. Reads current versions only; never writes, never follows a redirect with the token, and
//! never speaks in the clear to another machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::{Certificate, Client, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Map;
use serde_json::value::RawValue;
use strongroom_types::{CredentialType, Tags};
use url::Url;
use zeroize::Zeroizing;

use super::{Draft, Findings};
use crate::client::innermost_cause;
use crate::error::ClientError;
use crate::http;

const TIMEOUT: Duration = Duration::from_secs(30);
/// A list of a folder may be long; a secret holds a megabyte at most. All of them together:
const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;
const MAX_TOTAL_BYTES: usize = 256 * 1024 * 1024;
/// Of folders and secrets.
const MAX_VISITED: usize = 100_000;
const MAX_DEPTH: usize = 64;

/// Where it is, and who asks.
pub struct KeyValueServer<'a> {
    pub url: &'a Url,
    pub namespace: Option<&'a str>,
    /// PEM of the authorities that its certificate may be from; without, the system's.
    pub ca_file: Option<&'a Path>,
    pub token: SecretString,
}

/// An engine there.
pub struct KeyValue {
    http: Client,
    base: Url,
    mount: String,
    namespace: Option<String>,
    token: HeaderValue,
    /// What it may still answer.
    bytes_left: usize,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<String>,
}

#[derive(Deserialize)]
struct Secret {
    data: Option<BTreeMap<String, Box<RawValue>>>,
    metadata: Version,
}

#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    destroyed: bool,
}

/// What is where one looks.
enum Found<T> {
    There(T),
    /// There is none; a secret whose current version is gone says so of it.
    Gone(Option<T>),
    Refused,
}

impl KeyValue {
    /// Asks nothing yet.
    ///
    /// # Errors
    /// [`ClientError::Input`] where the settings do not fit.
    pub fn open(server: KeyValueServer<'_>, mount: &str) -> Result<Self, ClientError> {
        let input = |reason: String| ClientError::Input(reason);
        let mut client = http::client(server.url).timeout(TIMEOUT).user_agent("strongroom");
        if let Some(path) = server.ca_file {
            let pem = std::fs::read(path).map_err(|e| input(format!("{}: {e}", path.display())))?;
            let authorities = Certificate::from_pem_bundle(&pem).ok().filter(|authorities| !authorities.is_empty());
            let authorities = authorities.ok_or_else(|| input(format!("{} has no certificate", path.display())))?;
            client = client.tls_certs_only(authorities);
        }
        let http = client.build().map_err(|e| input(e.to_string()))?;
        let namespace = server.namespace.map(str::to_owned);
        let token = HeaderValue::from_str(server.token.expose_secret());
        let mut token = token.map_err(|_| input("that is no token of OpenBao or Vault".into()))?;
        token.set_sensitive(true);
        Ok(Self { http, base: server.url.clone(), mount: mount.into(), namespace, token, bytes_left: MAX_TOTAL_BYTES })
    }

    /// All below that path, and the secret at it; all there is for an empty one. Tells how many secrets it has read.
    ///
    /// # Errors
    /// Where nothing is there, or the server does not answer as one. What may not be read is said in the findings.
    pub async fn read(&mut self, path: &str, progress: impl Fn(usize)) -> Result<Findings, ClientError> {
        let path = path.trim_matches('/');
        let mut findings = Findings::default();
        let mut secrets = self.below(path, &mut findings).await?;
        if secrets.is_empty() && findings.skipped.is_empty() {
            return Err(ClientError::Input(format!(
                "there is nothing at {}/{path}, or no key/value engine of version 2",
                self.mount
            )));
        }
        secrets.sort();
        for (index, secret) in secrets.iter().enumerate() {
            self.take(secret, &mut findings).await?;
            progress(index + 1);
        }
        Ok(findings)
    }

    async fn below(&mut self, path: &str, findings: &mut Findings) -> Result<Vec<String>, ClientError> {
        let (mut folders, mut secrets, mut visited) = (vec![path.to_owned()], Vec::new(), 0);
        // At a path, there may be a secret and a folder.
        if !path.is_empty() && !matches!(self.get::<Secret>("data", path, false).await?, Found::Gone(None)) {
            secrets.push(path.to_owned());
        }
        while let Some(folder) = folders.pop() {
            let keys = match self.get::<Keys>("metadata", &folder, true).await? {
                Found::There(Keys { keys }) => keys,
                Found::Gone(_) => continue,
                Found::Refused => {
                    findings.fail(&format!("{folder}/"), "the token may not list it");
                    continue;
                }
            };
            visited += keys.len();
            if visited > MAX_VISITED {
                let reason =
                    format!("there are more than {MAX_VISITED} folders and secrets; take them in parts, with --path");
                return Err(ClientError::Input(reason));
            }
            for key in keys {
                let (name, into) = match key.strip_suffix('/') {
                    Some(name) => (name, &mut folders),
                    None => (key.as_str(), &mut secrets),
                };
                let inside = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
                if inside.split('/').count() > MAX_DEPTH {
                    findings.fail(&inside, format!("it is more than {MAX_DEPTH} folders deep"));
                    continue;
                }
                into.push(inside);
            }
        }
        Ok(secrets)
    }

    async fn take(&mut self, path: &str, findings: &mut Findings) -> Result<(), ClientError> {
        let secret = match self.get::<Secret>("data", path, false).await? {
            Found::There(secret) => secret,
            Found::Gone(secret) => {
                let destroyed = secret.is_some_and(|secret| secret.metadata.destroyed);
                let reason =
                    if destroyed { "its current version is destroyed" } else { "its current version is deleted" };
                findings.skip(path, reason);
                return Ok(());
            }
            Found::Refused => {
                findings.fail(path, "the token may not read it");
                return Ok(());
            }
        };
        for (name, value) in secret.data.unwrap_or_default() {
            let place = format!("{path}: {name}");
            let value = text(&value);
            if value.expose_secret().is_empty() {
                findings.skip(&place, "it is empty");
                continue;
            }
            let kind = CredentialType::Secret;
            let draft =
                Draft { name, provider: path, kind, value: &value, metadata: Map::new(), tags: Tags::default() };
            findings.add(&place, draft);
        }
        Ok(())
    }

    async fn get<T: DeserializeOwned>(&mut self, what: &str, path: &str, list: bool) -> Result<Found<T>, ClientError> {
        let foreign = || {
            ClientError::Input(
                "this does not answer as OpenBao or Vault, or no key/value engine of version 2 is there".into(),
            )
        };
        let mut request = self.http.get(self.url(what, path)?).header("X-Vault-Request", "true");
        if list {
            request = request.query(&[("list", "true")]);
        }
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        let unreachable =
            |e: reqwest::Error| ClientError::Input(format!("the other server does not answer: {}", innermost_cause(e)));
        let request = request.header("X-Vault-Token", self.token.clone());
        let mut answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(ClientError::Input("the other server's answer is too long".into()));
            }
            self.bytes_left = self.bytes_left.checked_sub(chunk.len()).ok_or_else(|| {
                let most = MAX_TOTAL_BYTES / 1024 / 1024;
                ClientError::Input(format!("there are more than {most} MiB; take them in parts, with --path"))
            })?;
            bytes.extend_from_slice(&chunk);
        }
        match status {
            StatusCode::OK => {
                let answer: Answer<T> = serde_json::from_slice(&bytes).map_err(|_| foreign())?;
                Ok(Found::There(answer.data))
            }
            StatusCode::NOT_FOUND => {
                Ok(Found::Gone(serde_json::from_slice::<Answer<T>>(&bytes).ok().map(|answer| answer.data)))
            }
            StatusCode::FORBIDDEN => Ok(Found::Refused),
            status if status.is_redirection() => {
                Err(ClientError::Input("this server is a standby; give the address of the active one".into()))
            }
            status => Err(ClientError::Input(format!("the other server answers with status {status}"))),
        }
    }

    fn url(&self, what: &str, path: &str) -> Result<Url, ClientError> {
        let wrong = || ClientError::Input("the address must be https://…".into());
        let parts = self.mount.split('/').chain([what]).chain(path.split('/')).filter(|part| !part.is_empty());
        let mut url = self.base.clone();
        let mut segments = url.path_segments_mut().map_err(|()| wrong())?;
        segments.pop_if_empty().push("v1");
        for part in parts {
            if matches!(part, "." | "..") {
                return Err(ClientError::Input("a path may not have a part . or ..".into()));
            }
            segments.push(part);
        }
        drop(segments);
        Ok(url)
    }
}

/// A text as it is; all else as the JSON that it is there.
fn text(value: &RawValue) -> SecretString {
    let json = value.get();
    match serde_json::from_str::<Option<String>>(json) {
        Ok(text) => text.unwrap_or_default().into(),
        Err(_) => json.into(),
    }
}
