//! A provider that does as it is told, also what a real one never would: it signs with real keys whatever the test wants,
//! and publishes the keys that the test says.
#![allow(clippy::disallowed_methods, reason = "tests only")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{
    CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm,
};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use serde_json::{Value, json};

/// On a free port of this machine.
#[derive(Clone)]
pub struct Issuer {
    pub url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    keys: Mutex<BTreeMap<String, String>>,
    fetches: AtomicUsize,
    id_token: Mutex<String>,
    metadata: Mutex<Value>,
}

impl Issuer {
    /// With one published key, `first`.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Self { url, shared: Arc::default() };
        issuer.publish(&["first"]);
        *issuer.shared.metadata.lock().unwrap() = issuer.metadata();
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    /// The keys that it publishes from now on; new names get new keys.
    pub fn publish(&self, names: &[&str]) {
        let mut keys = self.shared.keys.lock().unwrap();
        let before = std::mem::take(&mut *keys);
        for name in names {
            let key = before.get(*name).cloned().unwrap_or_else(new_key);
            keys.insert((*name).into(), key);
        }
    }

    /// How often its keys have been asked for.
    pub fn fetches(&self) -> usize {
        self.shared.fetches.load(Ordering::SeqCst)
    }

    /// Says something else of itself from now on.
    pub fn describe(&self, member: &str, value: Value) {
        self.shared.metadata.lock().unwrap()[member] = value;
    }

    /// What it answers to the next codes.
    pub fn answer(&self, id_token: String) {
        *self.shared.id_token.lock().unwrap() = id_token;
    }

    /// Claims that are right, for now.
    pub fn claims(&self, audience: &str, subject: &str) -> Value {
        let now = chrono::Utc::now().timestamp();
        json!({ "iss": self.url, "aud": audience, "sub": subject, "iat": now, "exp": now + 300 })
    }

    /// Signed as it signs: EdDSA, with its key of that name.
    pub fn sign(&self, name: &str, claims: &Value) -> String {
        let pem = self.shared.keys.lock().unwrap()[name].clone();
        sign_with(&pem, name, claims)
    }

    /// Signed by somebody else's key under the name of a published one.
    pub fn forge(&self, name: &str, claims: &Value) -> String {
        sign_with(&new_key(), name, claims)
    }

    /// Not signed at all.
    pub fn unsigned(&self, claims: &Value) -> String {
        format!("{}.", encoded(&json!({ "alg": "none", "typ": "JWT" }), claims))
    }

    /// "Signed" with what everybody can read, the published key, as if it were a shared secret.
    pub fn confused(&self, name: &str, claims: &Value) -> String {
        let keys = serde_json::to_value(self.published()).unwrap();
        let public = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == name).unwrap()["x"].clone();
        let key = CoreHmacKey::new(BASE64URL_NOPAD.decode(public.as_str().unwrap().as_bytes()).unwrap());
        let text = encoded(&json!({ "alg": "HS256", "typ": "JWT", "kid": name }), claims);
        let signature = key.sign(&CoreJwsSigningAlgorithm::HmacSha256, text.as_bytes()).unwrap();
        format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))
    }

    fn published(&self) -> CoreJsonWebKeySet {
        let keys = self.shared.keys.lock().unwrap();
        let keys = keys.iter().map(|(name, pem)| -> CoreJsonWebKey { key_of(pem, name).as_verification_key() });
        CoreJsonWebKeySet::new(keys.collect())
    }

    fn metadata(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.url);
        json!({
            "issuer": self.url,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        })
    }
}

async fn discovery(State(issuer): State<Issuer>) -> Json<Value> {
    Json(issuer.shared.metadata.lock().unwrap().clone())
}

async fn keys(State(issuer): State<Issuer>) -> Json<CoreJsonWebKeySet> {
    issuer.shared.fetches.fetch_add(1, Ordering::SeqCst);
    Json(issuer.published())
}

async fn token(State(issuer): State<Issuer>) -> Json<Value> {
    let id_token = issuer.shared.id_token.lock().unwrap().clone();
    Json(json!({ "access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": id_token }))
}

fn new_key() -> String {
    rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem()
}

fn key_of(pem: &str, name: &str) -> CoreEdDsaPrivateSigningKey {
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(pem, Some(JsonWebKeyId::new(name.into()))).unwrap()
}

fn sign_with(pem: &str, name: &str, claims: &Value) -> String {
    let text = encoded(&json!({ "alg": "EdDSA", "typ": "JWT", "kid": name }), claims);
    let signature = key_of(pem, name).sign(&CoreJwsSigningAlgorithm::EdDsa, text.as_bytes()).unwrap();
    format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))
}

fn encoded(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}
