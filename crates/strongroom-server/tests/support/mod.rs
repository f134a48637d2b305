//! The API over a database of its own, and requests to it.
//! The router is the real one, the database PostgreSQL; only the process is the test's.
#![allow(clippy::disallowed_methods, reason = "tests only")]

pub mod browser;
pub mod collector;
pub mod command_line;
pub mod issuer;
pub mod openbao;
pub mod process;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_crypto::{KeyProtection, KeyProvider, KeyRing};
use strongroom_federation::Federation;
use strongroom_server::{HttpSettings, Listener, router};
use strongroom_service::{Limits, SessionPolicy, Vault};
use strongroom_testing::{Person, TestDatabase};
use strongroom_types::RequestId;

/// Tests send more at once than a client may.
pub const UNLIMITED: &[&str] =
    &["--requests-per-minute-by-address=0", "--requests-per-minute-by-token=0", "--requests-per-minute-by-user=0"];

/// The settings that those flags make, on a free port.
fn http_settings(flags: &[&str]) -> HttpSettings {
    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        http: HttpSettings,
    }
    Arguments::parse_from([&["test", "--listen=127.0.0.1:0"], flags].concat()).http
}

/// Where an answer leads to is what a test looks at; and whoever never answers is named.
fn without_redirects() -> reqwest::ClientBuilder {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(Duration::from_secs(60))
}

/// A server on a free port of this machine.
pub struct Server {
    pub database: TestDatabase,
    pub url: String,
    pub vault: Arc<Vault>,
    http: reqwest::Client,
    _keys: tempfile::TempDir,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().into()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The code of a problem, after a look at its form.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        problem["type"].as_str().unwrap().strip_prefix("urn:strongroom:problem:").unwrap().into()
    }
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with_limit(NonZeroU32::new(10)).await
    }

    pub async fn start_with_limit(reveals_per_minute: Option<NonZeroU32>) -> Self {
        Self::start_with(reveals_per_minute, UNLIMITED).await
    }

    /// With these settings of HTTP, as flags.
    pub async fn start_with_http(flags: &[&str]) -> Self {
        Self::start_with(NonZeroU32::new(10), flags).await
    }

    /// With other providers, which the server's own address is needed for.
    pub async fn start_federated(federation: impl FnOnce(&str) -> Federation) -> Self {
        Self::start_whole(NonZeroU32::new(10), UNLIMITED, federation).await
    }

    async fn start_with(reveals_per_minute: Option<NonZeroU32>, flags: &[&str]) -> Self {
        Self::start_whole(reveals_per_minute, flags, |_| Federation::default()).await
    }

    /// With all that there is.
    pub async fn start_whole(
        reveals_per_minute: Option<NonZeroU32>,
        flags: &[&str],
        federation: impl FnOnce(&str) -> Federation,
    ) -> Self {
        let database = TestDatabase::create().await;
        let keys = tempfile::tempdir().unwrap();
        let ring = KeyRing::create(&keys.path().join("keys.json"), &KeyProtection::Mode).unwrap();
        let limits = Limits { reveals_per_minute, uses_per_minute: None };
        let vault = Vault::open(database.store().await, KeyProvider::local(ring), limits, SessionPolicy::default())
            .await
            .unwrap();
        let http = http_settings(flags);
        let listener = Listener::bind(http.clone()).await.unwrap();
        let url = listener.url().unwrap();
        let vault = Arc::new(vault.federated(federation(&url)));
        let router = router(vault.clone(), &http);
        tokio::spawn(async move { listener.serve(router, std::future::pending()).await.unwrap() });
        Self { database, url, vault, http: without_redirects().build().unwrap(), _keys: keys }
    }

    /// Invites whoever has that address; returns the secret.
    pub async fn invite(&self, email: &str) -> String {
        let admin = Person::create_admin(&self.database, &format!("inviter-{}", RequestId::generate())).await;
        let invited = self.post(&admin, "/api/admin/invitations", json!({ "email": email })).await;
        invited.json()["invitation"].as_str().unwrap().into()
    }

    pub async fn person(&self, name: &str) -> Person {
        Person::create(&self.database, name).await
    }

    pub async fn send(&self, who: Option<&Person>, method: Method, path: &str, body: Option<Value>) -> Answer {
        let token = who.map(|person| person.token.to_text().expose_secret().to_owned());
        self.send_as(token.as_deref(), method, path, body.map(|body| body.to_string())).await
    }

    /// With any token and any text as body.
    pub async fn send_as(&self, token: Option<&str>, method: Method, path: &str, body: Option<String>) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
        self.send_with(&headers, method, path, body).await
    }

    /// With any headers.
    pub async fn send_with(
        &self,
        headers: &[(&str, &str)],
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await.unwrap();
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.text().await.unwrap(),
        }
    }

    /// Sets a person's first password.
    pub async fn set_password(&self, who: &Person, password: &str) {
        let body = json!({ "new_password": password });
        assert_eq!(self.send(Some(who), Method::PUT, "/api/me/password", Some(body)).await.status, 204);
    }

    /// An attempt to sign in, for a bearer token.
    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password, "transport": "BEARER" });
        self.send(None, Method::POST, "/api/auth/sign-in", Some(body)).await
    }

    /// The token of a new session.
    pub async fn session(&self, email: &str, password: &str) -> String {
        let answer = self.sign_in(email, password).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["token"].as_str().unwrap().into()
    }

    pub async fn get(&self, who: &Person, path: &str) -> Answer {
        self.send(Some(who), Method::GET, path, None).await
    }

    pub async fn post(&self, who: &Person, path: &str, body: Value) -> Answer {
        self.send(Some(who), Method::POST, path, Some(body)).await
    }

    pub async fn delete(&self, who: &Person, path: &str) -> Answer {
        self.send(Some(who), Method::DELETE, path, None).await
    }

    /// Keeps a credential under /api/credentials and returns its id.
    pub async fn keep(&self, who: &Person, name: &str, value: &str) -> String {
        let answer = self.post(who, "/api/credentials", credential(name, value)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.id()
    }

    /// Makes a workspace and returns its id.
    pub async fn workspace(&self, owner: &Person, name: &str) -> String {
        self.post(owner, "/api/workspaces", json!({ "name": name })).await.id()
    }

    /// Gives a person a role there.
    pub async fn seat(&self, owner: &Person, workspace: &str, person: &Person, role: &str) {
        let path = format!("/api/workspaces/{workspace}/members/{}", person.id);
        let answer = self.send(Some(owner), Method::PUT, &path, Some(json!({ "role": role }))).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }
}

/// A body for POST /api/credentials.
pub fn credential(name: &str, value: &str) -> Value {
    json!({ "name": name, "provider": "github", "type": "API_KEY", "value": value })
}
