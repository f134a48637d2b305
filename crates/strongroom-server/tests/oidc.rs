//! Signing in with an OpenID provider, a real one (tests/oidc-provider), and with one that does what no real one would.
//! Each attack beside the sign-in that works.
#![allow(clippy::disallowed_methods, reason = "tests only")]

use std::process::Stdio;
use std::time::Duration;

use crate::support::Server;
use crate::support::browser::{Browser, location, parameter, signing_in_with};
use crate::support::issuer::Issuer;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

const START_TIMEOUT: Duration = Duration::from_secs(60);

/// oidc-provider in a process of its own.
struct RealProvider {
    issuer: String,
    _process: Child,
    // It warns of what only tests do, and ends where nobody listens.
    _output: Lines<BufReader<ChildStdout>>,
}

impl RealProvider {
    async fn start() -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oidc-provider");
        let mut process = Command::new("node")
            .arg("provider.js")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("node is needed: run `make test`");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let issuer = timeout(START_TIMEOUT, lines.next_line()).await.expect("oidc-provider says that it is ready");
        let issuer = issuer.unwrap().expect("oidc-provider is needed: run `make test`");
        Self { issuer, _process: process, _output: lines }
    }

    async fn rotate_keys(&self) {
        assert_eq!(reqwest::Client::new().post(format!("{}/rotate", self.issuer)).send().await.unwrap().status(), 200);
    }
}

async fn with_real_provider() -> (Server, RealProvider) {
    let provider = RealProvider::start().await;
    (Server::start_federated(|vault| signing_in_with(vault, &provider.issuer)).await, provider)
}

async fn with_issuer() -> (Server, Issuer) {
    let issuer = Issuer::start().await;
    (Server::start_federated(|vault| signing_in_with(vault, &issuer.url)).await, issuer)
}

/// The code of a problem.
async fn problem(answer: Response) -> String {
    let status = answer.status();
    assert!(!answer.headers().contains_key("set-cookie"), "nobody is let in");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["status"], status.as_u16());
    problem["type"].as_str().unwrap().replace("urn:strongroom:problem:", "")
}

#[tokio::test]
async fn an_invited_person_comes_in_by_his_verified_address_and_stays_the_same() {
    let (server, _provider) = with_real_provider().await;
    server.invite("Bob@example.org").await;
    let bob = Browser::of("bob", &server.url);
    let answer = bob.sign_in().await;
    let cookies: Vec<_> =
        answer.headers().get_all("set-cookie").iter().map(|it| it.to_str().unwrap().to_owned()).collect();
    assert!(cookies[0].starts_with("strongroom_session=srs_") && cookies[0].contains("HttpOnly; SameSite=Lax"));
    assert!(cookies[1].starts_with("strongroom_sign_in=;") && cookies[1].contains("Max-Age=0"));
    assert_eq!(location(&answer), "/settings");
    assert_eq!(bob.me().await.as_deref(), Some("Bob@example.org"), "as he was invited");
    let elsewhere = Browser::of("bob", &server.url);
    assert_eq!(elsewhere.sign_in().await.status(), 303, "known from now on, without an invitation");
    assert_eq!(elsewhere.me().await, bob.me().await);
    let identities: Value = bob.fetch(Method::GET, "/api/identities", None).await.json().await.unwrap();
    assert_eq!(identities["items"][0]["subject"], "bob");
    let record: Value = bob.fetch(Method::GET, "/api/credentials/audit", None).await.json().await.unwrap();
    let actions: Vec<_> = record["items"].as_array().unwrap().iter().map(|it| it["action"].as_str().unwrap()).collect();
    for action in ["SIGNED_IN", "IDENTITY_LINKED", "INVITATION_ACCEPTED"] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
}

#[tokio::test]
async fn whoever_is_not_invited_is_refused_alike_with_and_without_an_account() {
    let (server, _provider) = with_real_provider().await;
    server.person("ada").await;
    server.invite("unverified-eve@example.org").await;
    let mut answers = Vec::new();
    for account in ["ada", "nobody", "unverified-eve"] {
        let mut answer: Value = Browser::of(account, &server.url).sign_in().await.json().await.unwrap();
        answer["request_id"].take();
        answers.push(answer);
    }
    assert_eq!(answers[0]["status"], 401);
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
}

#[tokio::test]
async fn a_person_who_is_refused_reads_it_on_a_page_whose_address_has_nothing_of_the_provider() {
    let (server, _provider) = with_real_provider().await;
    let browser = Browser::of("nobody", &server.url);
    let back = browser.through_provider(browser.start().await).await;
    assert_eq!(location(&browser.show(&back).await), "/sign-in?problem=unauthenticated&next=%2Fsettings");
}

#[tokio::test]
async fn a_person_whose_link_comes_to_nothing_reads_it_on_his_settings() {
    let (server, _provider) = with_real_provider().await;
    server.invite("bob@example.org").await;
    let bob = Browser::of("bob", &server.url);
    bob.sign_in().await;
    let back = bob.through_provider(bob.start_link().await).await;
    let cancelled = back.replace("code=", "error=access_denied&was=");
    assert_eq!(location(&bob.show(&cancelled).await), "/settings?problem=unauthenticated");
}

#[tokio::test]
async fn a_link_needs_the_session_that_began_it_at_both_ends() {
    let (server, _provider) = with_real_provider().await;
    server.invite("bob@example.org").await;
    server.invite("eve@example.org").await;
    let (bob, eve) = (Browser::of("bob", &server.url), Browser::of("eve", &server.url));
    assert_eq!((bob.sign_in().await.status().as_u16(), eve.sign_in().await.status().as_u16()), (303, 303));
    // The same person under another name at the provider: his browser there forgets who he was.
    let back = Browser::of("robert", &server.url).through_provider(bob.start_link().await).await;
    assert_eq!(location(&bob.get(&back).await), "/");
    let robert = Browser::of("robert", &server.url);
    assert_eq!(robert.sign_in().await.status(), 303);
    assert_eq!(robert.me().await.as_deref(), Some("bob@example.org"));
    // Another's identity.
    let back = Browser::of("eve", &server.url).through_provider(bob.start_link().await).await;
    assert_eq!(problem(bob.get(&back).await).await, "conflict");
    // Eve begins, and lets Bob come back with it: neither his browser nor hers links her identity to him, or his to her.
    let back = Browser::of("mallory", &server.url).through_provider(eve.start_link().await).await;
    assert_eq!(problem(bob.get(&back).await).await, "unauthenticated");
    // A session that has ended in between.
    let back = Browser::of("mallory", &server.url).through_provider(eve.start_link().await).await;
    eve.fetch(Method::POST, "/api/auth/sign-out", None).await;
    assert_eq!(problem(eve.get(&back).await).await, "unauthenticated");
    // A token is no session, even where it is sent as one.
    let ada = server.person("ada").await;
    let refused = server.post(&ada, "/api/identities/link", json!({})).await;
    assert_eq!(refused.problem(), "forbidden");
}

#[tokio::test]
async fn another_session_than_the_one_that_began_a_link_does_not_end_it() {
    let (server, _provider) = with_real_provider().await;
    server.invite("bob@example.org").await;
    server.invite("eve@example.org").await;
    let browser = Browser::of("bob", &server.url);
    browser.sign_in().await;
    let linking = browser.start_link().await;
    // The same browser, and so the same cookie of the sign-in; Eve has signed in with it meanwhile.
    let back = Browser::of("robert", &server.url).through_provider(linking).await;
    let session = Browser::of("eve", &server.url).sign_in().await;
    let eves = session.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let answer = browser.get_with_session(&back, &eves).await;
    assert_eq!(problem(answer).await, "forbidden");
}

#[tokio::test]
async fn an_unlinked_identity_signs_nobody_in() {
    let (server, _provider) = with_real_provider().await;
    server.invite("bob@example.org").await;
    let bob = Browser::of("bob", &server.url);
    bob.sign_in().await;
    let identities: Value = bob.fetch(Method::GET, "/api/identities", None).await.json().await.unwrap();
    let path = format!("/api/identities/{}", identities["items"][0]["id"].as_str().unwrap());
    let eve = server.person("eve").await;
    assert_eq!(server.delete(&eve, &path).await.problem(), "not-found");
    assert_eq!(bob.fetch(Method::DELETE, &path, None).await.status(), 204);
    assert_eq!(problem(Browser::of("bob", &server.url).sign_in().await).await, "unauthenticated");
}

#[tokio::test]
async fn a_return_counts_once_and_in_the_browser_that_began_it() {
    let (server, _provider) = with_real_provider().await;
    server.invite("bob@example.org").await;
    let bob = Browser::of("bob", &server.url);
    let back = bob.through_provider(bob.start().await).await;
    let other = Browser::of("eve", &server.url);
    assert_eq!(problem(other.get(&back).await).await, "unauthenticated", "no cookie");
    other.start().await;
    assert_eq!(problem(other.get(&back).await).await, "unauthenticated", "another browser's cookie");
    let state = parameter(&back, "state");
    let wrong = back.replace(&state, &"A".repeat(state.len()));
    assert_eq!(problem(bob.get(&wrong).await).await, "unauthenticated", "another state");
    assert_eq!(bob.get(&back).await.status(), 303, "what others tried took nothing away");
    assert_eq!(problem(Browser::of("bob", &server.url).get(&back).await).await, "unauthenticated");
    bob.start().await;
    assert_eq!(problem(bob.get(&back).await).await, "unauthenticated", "a second time");
}

#[tokio::test]
async fn a_code_of_another_sign_in_is_refused_for_want_of_its_proof_key() {
    let (server, _provider) = with_real_provider().await;
    server.invite("bob@example.org").await;
    let (bob, eve) = (Browser::of("bob", &server.url), Browser::of("eve", &server.url));
    let stolen = parameter(&bob.through_provider(bob.start().await).await, "code");
    let hers = eve.through_provider(eve.start().await).await;
    let injected = hers.replace(&parameter(&hers, "code"), &stolen);
    assert_eq!(problem(eve.get(&injected).await).await, "unauthenticated");
}

#[tokio::test]
async fn keys_that_a_provider_has_rotated_are_fetched() {
    let (server, provider) = with_real_provider().await;
    server.invite("bob@example.org").await;
    assert_eq!(Browser::of("bob", &server.url).sign_in().await.status(), 303);
    provider.rotate_keys().await;
    assert_eq!(Browser::of("bob", &server.url).sign_in().await.status(), 303);
}

#[tokio::test]
async fn a_browser_is_led_nowhere_else() {
    let (server, _issuer) = with_issuer().await;
    let browser = Browser::of("bob", &server.url);
    for path in ["//evil.example", "https://evil.example", "/\\evil.example", "/api/tokens", "/%2f/evil.example"] {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", path).finish();
        let answer = browser.get(&format!("/api/auth/oidc/start?{query}")).await;
        assert_eq!(problem(answer).await, "invalid-request", "{path}");
    }
    let authorize = browser.start().await;
    for (name, value) in
        [("response_type", "code"), ("code_challenge_method", "S256"), ("scope", "openid email profile")]
    {
        assert_eq!(parameter(&authorize, name), value);
    }
}

#[tokio::test]
async fn without_a_provider_there_is_no_such_way() {
    let server = Server::start().await;
    let ways = server.send(None, Method::GET, "/api/auth", None).await;
    assert_eq!(ways.json(), json!({ "password": true }));
    assert_eq!(server.send(None, Method::GET, "/api/auth/oidc/start", None).await.problem(), "not-found");
    let back = server.send(None, Method::GET, "/api/auth/oidc/callback?state=a&code=b", None).await;
    assert_eq!(back.problem(), "not-found");
    let (server, _issuer) = with_issuer().await;
    let ways = server.send(None, Method::GET, "/api/auth", None).await;
    assert_eq!(ways.json(), json!({ "password": true, "oidc": { "name": "the provider" } }));
}

/// A sign-in of somebody known, with a token that the issuer makes of right claims.
async fn return_with(server: &Server, issuer: &Issuer, token: impl Fn(Value) -> String) -> Response {
    let browser = Browser::of("bob", &server.url);
    let authorize = browser.start().await;
    let mut claims = issuer.claims("strongroom", "bob");
    claims["nonce"] = parameter(&authorize, "nonce").into();
    claims["email"] = "bob@example.org".into();
    claims["email_verified"] = true.into();
    issuer.answer(token(claims));
    browser.get(&format!("/api/auth/oidc/callback?code=x&state={}", parameter(&authorize, "state"))).await
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

#[tokio::test]
async fn a_token_that_is_not_right_in_every_way_signs_nobody_in() {
    let (server, issuer) = with_issuer().await;
    server.invite("bob@example.org").await;
    assert_eq!(return_with(&server, &issuer, |claims| issuer.sign("first", &claims)).await.status(), 303);
    let now = chrono::Utc::now().timestamp();
    let wrong: [(&str, &str, Value); 10] = [
        ("another request's nonce", "nonce", "x".into()),
        ("no nonce", "nonce", Value::Null),
        ("another's audience", "aud", "somebody-else".into()),
        ("others beside ours", "aud", json!(["strongroom", "somebody-else"])),
        ("no audience", "aud", json!([])),
        ("another issuer", "iss", "https://evil.example".into()),
        ("expired", "exp", (now - 1).into()),
        ("no expiry", "exp", Value::Null),
        ("from the future", "iat", (now + 120).into()),
        ("no subject", "sub", Value::Null),
    ];
    for (case, name, value) in wrong {
        let answer = return_with(&server, &issuer, |claims| issuer.sign("first", &with(claims, name, value.clone())));
        let code = problem(answer.await).await;
        // What cannot be read at all is the provider's failure.
        let expected = if value.is_null() && name != "nonce" { "unavailable" } else { "unauthenticated" };
        assert_eq!(code, expected, "{case}");
    }
    let forged = return_with(&server, &issuer, |claims| issuer.forge("first", &claims)).await;
    assert_eq!(problem(forged).await, "unauthenticated", "another key under the same name");
    let unsigned = return_with(&server, &issuer, |claims| issuer.unsigned(&claims)).await;
    assert_eq!(problem(unsigned).await, "unauthenticated", "alg none");
    let confused = return_with(&server, &issuer, |claims| issuer.confused("first", &claims)).await;
    assert_eq!(problem(confused).await, "unauthenticated", "HS256 with the public key");
}

#[tokio::test]
async fn an_address_that_is_not_verified_invites_nobody() {
    let (server, issuer) = with_issuer().await;
    server.invite("bob@example.org").await;
    for value in [json!(false), Value::Null] {
        let answer = return_with(&server, &issuer, |claims| {
            issuer.sign("first", &with(claims, "email_verified", value.clone()))
        });
        assert_eq!(problem(answer.await).await, "unauthenticated");
    }
    assert_eq!(return_with(&server, &issuer, |claims| issuer.sign("first", &claims)).await.status(), 303);
}

#[tokio::test]
async fn a_removed_key_signs_nobody_in_once_the_new_ones_are_known() {
    let (server, issuer) = with_issuer().await;
    server.invite("bob@example.org").await;
    assert_eq!(return_with(&server, &issuer, |claims| issuer.sign("first", &claims)).await.status(), 303);
    issuer.publish(&["first", "second"]);
    assert_eq!(return_with(&server, &issuer, |claims| issuer.sign("second", &claims)).await.status(), 303);
    // Signed while it was still there; published no more.
    let authorize = Browser::of("bob", &server.url);
    let url = authorize.start().await;
    let late =
        issuer.sign("first", &with(issuer.claims("strongroom", "bob"), "nonce", parameter(&url, "nonce").into()));
    issuer.publish(&["second", "third"]);
    assert_eq!(return_with(&server, &issuer, |claims| issuer.sign("third", &claims)).await.status(), 303);
    issuer.answer(late);
    let back = authorize.get(&format!("/api/auth/oidc/callback?code=x&state={}", parameter(&url, "state"))).await;
    assert_eq!(problem(back).await, "unauthenticated");
}

#[tokio::test]
async fn invented_key_names_do_not_make_us_ask_for_ever() {
    let (server, issuer) = with_issuer().await;
    for _ in 0..20 {
        return_with(&server, &issuer, |claims| {
            issuer.sign("first", &claims).replacen(&header("first"), &header("invented"), 1)
        })
        .await;
    }
    assert!(issuer.fetches() <= 6, "{}", issuer.fetches());
}

/// The header of a token, as the issuer writes it.
fn header(key: &str) -> String {
    data_encoding::BASE64URL_NOPAD.encode(json!({ "alg": "EdDSA", "typ": "JWT", "kid": key }).to_string().as_bytes())
}

#[tokio::test]
async fn a_provider_that_names_unsafe_addresses_or_another_issuer_is_not_asked() {
    for (member, value) in [
        ("issuer", json!("https://evil.example")),
        ("jwks_uri", json!("http://keys.example/keys")),
        ("token_endpoint", json!("http://tokens.example/token")),
    ] {
        let (server, issuer) = with_issuer().await;
        server.invite("bob@example.org").await;
        issuer.describe(member, value);
        let browser = Browser::of("bob", &server.url);
        let start = browser.get("/api/auth/oidc/start").await;
        let refused = match start.status().as_u16() {
            303 => {
                browser
                    .get(&format!("/api/auth/oidc/callback?code=x&state={}", parameter(&location(&start), "state")))
                    .await
            }
            _ => start,
        };
        assert_eq!(problem(refused).await, "unavailable", "{member}");
    }
}

#[tokio::test]
async fn a_provider_that_lets_nobody_in_or_another_that_answers_is_refused() {
    let (server, issuer) = with_issuer().await;
    for answer in ["error=access_denied", "code=x&iss=https%3A%2F%2Fevil.example"] {
        let browser = Browser::of("bob", &server.url);
        let state = parameter(&browser.start().await, "state");
        issuer.answer(issuer.sign("first", &issuer.claims("strongroom", "bob")));
        let back = browser.get(&format!("/api/auth/oidc/callback?{answer}&state={state}")).await;
        assert_eq!(problem(back).await, "unauthenticated", "{answer}");
    }
}
