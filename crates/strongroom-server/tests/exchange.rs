//! Token exchange (RFC 8693): a workload's own token for one of the service account that trusts it, and each token, rule
//! and account that does not do.
#![allow(clippy::disallowed_methods, reason = "tests only")]

use crate::support::issuer::Issuer;
use crate::support::{Answer, Server, credential};
use reqwest::Method;
use serde_json::{Value, json};
use strongroom_federation::{Federation, TrustedIssuers};
use strongroom_testing::Person;

/// Ada's workspace with a service account, and an issuer whose workloads may come in.
struct Scene {
    server: Server,
    issuer: Issuer,
    ada: Person,
    workspace: String,
    account: String,
}

impl Scene {
    async fn set() -> Self {
        let issuer = Issuer::start().await;
        let workloads = TrustedIssuers::new(vec![issuer.url.parse().unwrap()]).unwrap();
        let server = Server::start_federated(|_| Federation { sign_in: None, workloads }).await;
        let ada = server.person("ada").await;
        let workspace = server.workspace(&ada, "team").await;
        let path = format!("/api/workspaces/{workspace}/service-accounts");
        let account = server.post(&ada, &path, json!({ "name": "deployer" })).await.id();
        server
            .send(
                Some(&ada),
                Method::PUT,
                &format!("/api/workspaces/{workspace}/members/{account}"),
                Some(json!({ "role": "ADMIN" })),
            )
            .await;
        Self { server, issuer, ada, workspace, account }
    }

    fn rules(&self) -> String {
        format!("/api/workspaces/{}/service-accounts/{}/trust-rules", self.workspace, self.account)
    }

    fn rule(&self) -> Value {
        json!({ "issuer": self.issuer.url, "audience": "vault", "claims": { "sub": "repo:acme/*" } })
    }

    async fn trust(&self, rule: Value) -> String {
        let made = self.server.post(&self.ada, &self.rules(), rule).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.id()
    }

    fn claims(&self) -> Value {
        self.issuer.claims("vault", "repo:acme/web:ref:refs/heads/main")
    }

    async fn exchange(&self, token: &str) -> Answer {
        self.exchange_for(&self.account, token).await
    }

    async fn exchange_for(&self, account: &str, token: &str) -> Answer {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", token),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
            ("audience", account),
            ("an_extension", "that is ignored"),
        ];
        self.post_form(&form).await
    }

    async fn post_form(&self, form: &[(&str, &str)]) -> Answer {
        let url = format!("{}/api/auth/exchange", self.server.url);
        let answer = reqwest::Client::new().post(url).form(form).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, text: answer.text().await.unwrap() }
    }

    async fn signed(&self, name: &str, value: Value) -> Answer {
        let mut claims = self.claims();
        claims[name] = value;
        self.exchange(&self.issuer.sign("first", &claims)).await
    }

    async fn record(&self) -> Vec<Value> {
        let rows = self.server.database.sql("postgres").await.query(
            "SELECT jsonb_build_object('outcome', outcome, 'reason', reason, 'actor', actor_id, 'name', name) FROM strongroom.activity_logs
             WHERE action = 'TOKEN_EXCHANGED' ORDER BY id", &[]).await;
        rows.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

#[tokio::test]
async fn a_workload_that_a_rule_trusts_gets_a_token_that_reaches_as_far_as_the_rule() {
    let scene = Scene::set().await;
    let rule = json!({ "provider": "github", "actions": ["LIST", "USE"], "lifetime_seconds": 120 });
    let rule: Value =
        scene.rule().as_object().unwrap().clone().into_iter().chain(rule.as_object().unwrap().clone()).collect();
    scene.trust(rule).await;
    let (server, keep) = (&scene.server, async |provider: &str| {
        let mut new = credential(provider, "the value");
        new["workspace_id"] = scene.workspace.clone().into();
        new["provider"] = provider.into();
        scene.server.post(&scene.ada, "/api/credentials", new).await.id()
    });
    let (github, npm) = (keep("github").await, keep("npm").await);
    let exchanged = scene.exchange(&scene.issuer.sign("first", &scene.claims())).await;
    assert_eq!(exchanged.status, 200, "{}", exchanged.text);
    assert_eq!(exchanged.header("cache-control"), "no-store");
    let exchanged = exchanged.json();
    let expected = json!({
        "access_token": exchanged["access_token"], "token_type": "Bearer", "expires_in": 120, "scope": "LIST USE",
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
    });
    assert_eq!(exchanged, expected);
    let token = exchanged["access_token"].as_str().unwrap();
    assert!(token.starts_with("srs_"));
    let get = async |path: &str| server.send_as(Some(token), Method::GET, path, None).await;
    let listed = get("/api/credentials").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "of its provider alone: {listed}");
    assert_eq!(get(&format!("/api/credentials/{github}/value?purpose=USE")).await.json()["value"], "the value");
    assert_eq!(get(&format!("/api/credentials/{github}/value?purpose=REVEAL")).await.problem(), "forbidden");
    assert_eq!(get(&format!("/api/credentials/{npm}/value?purpose=USE")).await.problem(), "not-found");
    let revoked = server.send_as(Some(token), Method::DELETE, &format!("/api/credentials/{github}"), None).await;
    assert_eq!(revoked.problem(), "forbidden");
    assert_eq!(get("/api/tokens").await.problem(), "forbidden");
    let made = server.send_as(Some(token), Method::POST, "/api/tokens", Some(json!({ "name": "t" }).to_string())).await;
    assert_eq!(made.problem(), "forbidden", "no exchanged token makes a longer one");
    let record = scene.record().await;
    assert_eq!(record.len(), 1);
    assert_eq!((&record[0]["outcome"], &record[0]["actor"]), (&json!("ALLOWED"), &json!(scene.account)));
    assert_eq!(record[0]["name"], format!("{} repo:acme/web:ref:refs/heads/main", scene.issuer.url));
}

#[tokio::test]
async fn a_token_that_is_not_right_in_every_way_gets_nothing_and_no_hint() {
    let scene = Scene::set().await;
    scene.trust(scene.rule()).await;
    let (issuer, claims, now) = (&scene.issuer, scene.claims(), chrono::Utc::now().timestamp());
    let right = issuer.sign("first", &claims);
    assert_eq!(scene.exchange(&right).await.status, 200);
    let other = Issuer::start().await;
    let mut refused = vec![
        ("another subject", scene.signed("sub", "repo:evil/web".into()).await),
        ("a longer name", scene.signed("sub", "repo:acme-evil/web".into()).await),
        ("a subject that is no text", scene.signed("sub", json!(["repo:acme/web"])).await),
        ("another audience", scene.signed("aud", "elsewhere".into()).await),
        ("an audience besides", scene.signed("aud", json!(["vault", "elsewhere"])).await),
        ("no audience", scene.signed("aud", json!([])).await),
        ("expired", scene.signed("exp", (now - 1).into()).await),
        ("no expiry", scene.signed("exp", Value::Null).await),
        ("issued in the future", scene.signed("iat", (now + 120).into()).await),
        ("not yet valid", scene.signed("nbf", (now + 120).into()).await),
        ("nobody's issuer", scene.signed("iss", "https://evil.example".into()).await),
        (
            "another issuer, who is not trusted",
            scene.exchange(&other.sign("first", &other.claims("vault", "repo:acme/x"))).await,
        ),
        ("another key", scene.exchange(&issuer.forge("first", &claims)).await),
        ("no signature", scene.exchange(&issuer.unsigned(&claims)).await),
        ("a shared secret", scene.exchange(&issuer.confused("first", &claims)).await),
        ("no token", scene.exchange("srt_x").await),
        ("another account", scene.exchange_for(&scene.ada.id.to_string(), &right).await),
        ("no such account", scene.exchange_for("0199d4a1-7c3e-7b52-9d01-5f2a6c8e4b11", &right).await),
    ];
    assert_eq!(other.fetches(), 0, "an issuer that a token names is not asked for it");
    let first = refused.remove(0).1.json()["detail"].clone();
    for (case, answer) in refused {
        assert_eq!(answer.problem(), "unauthenticated", "{case}");
        assert_eq!(answer.json()["detail"], first, "{case}");
    }
    // Within what clocks differ by.
    assert_eq!(scene.signed("nbf", (now + 30).into()).await.status, 200);
    assert_eq!(scene.signed("iat", (now + 30).into()).await.status, 200);
}

#[tokio::test]
async fn a_form_that_is_no_exchange_is_refused() {
    let scene = Scene::set().await;
    scene.trust(scene.rule()).await;
    let token = scene.issuer.sign("first", &scene.claims());
    let form = |changed: &'static str, value: &'static str| {
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", token.as_str()),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
            ("audience", scene.account.as_str()),
        ];
        form.retain(|(name, _)| *name != changed);
        form.extend((!value.is_empty()).then_some((changed, value)));
        form
    };
    assert_eq!(scene.post_form(&form("", "")).await.status, 200);
    let long = "a".repeat(16 * 1024 + 1).leak();
    for (name, value) in [
        ("grant_type", "password"),
        ("grant_type", ""),
        ("subject_token", ""),
        ("subject_token", long),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:saml2"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"),
        ("audience", "everybody"),
        ("audience", ""),
    ] {
        let refused = scene.post_form(&form(name, value)).await;
        assert_eq!(refused.problem(), "invalid-request", "{name}={value:.20}");
        assert!(!refused.text.contains(&token) && !refused.text.contains("everybody"), "it repeats nothing");
    }
    let mut twice = form("", "");
    twice.push(("audience", scene.account.as_str()));
    assert_eq!(scene.post_form(&twice).await.problem(), "invalid-request");
    let json = scene.server.send_as(None, Method::POST, "/api/auth/exchange", Some("{}".into())).await;
    assert_eq!(json.problem(), "unsupported-media-type");
}

#[tokio::test]
async fn rules_end_with_their_removal_their_account_and_their_operator() {
    let scene = Scene::set().await;
    let token = scene.issuer.sign("first", &scene.claims());
    assert_eq!(scene.exchange(&token).await.problem(), "unauthenticated", "no rule");
    let rule = scene.trust(scene.rule()).await;
    let exchanged = scene.exchange(&token).await.json();
    assert_eq!(scene.server.delete(&scene.ada, &format!("{}/{rule}", scene.rules())).await.status, 204);
    assert_eq!(scene.exchange(&token).await.problem(), "unauthenticated", "removed");
    scene.trust(scene.rule()).await;
    assert_eq!(scene.exchange(&token).await.status, 200);
    let account = format!("/api/workspaces/{}/service-accounts/{}", scene.workspace, scene.account);
    assert_eq!(scene.server.delete(&scene.ada, &account).await.status, 204);
    assert_eq!(scene.exchange(&token).await.problem(), "unauthenticated", "disabled");
    let live = exchanged["access_token"].as_str().unwrap();
    let me = scene.server.send_as(Some(live), Method::GET, "/api/credentials", None).await;
    assert_eq!(me.problem(), "unauthenticated", "with all its tokens");
    assert_eq!(scene.server.get(&scene.ada, &scene.rules()).await.problem(), "not-found");
}

#[tokio::test]
async fn the_first_rule_that_fits_decides() {
    let scene = Scene::set().await;
    let rule = |claims: Value, seconds: u16| json!({ "issuer": scene.issuer.url, "audience": "vault", "claims": claims, "lifetime_seconds": seconds });
    scene.trust(rule(json!({ "sub": "repo:acme/*", "environment": "production" }), 60)).await;
    scene.trust(rule(json!({ "sub": "repo:acme/web:ref:refs/heads/main" }), 120)).await;
    scene.trust(rule(json!({ "sub": "repo:acme/*" }), 180)).await;
    let seconds = async |name: &str, value: Value| scene.signed(name, value).await.json()["expires_in"].clone();
    assert_eq!(seconds("environment", "production".into()).await, 60);
    assert_eq!(seconds("environment", json!(["production"])).await, 120, "a list is no text");
    assert_eq!(seconds("sub", "repo:acme/docs".into()).await, 180);
}

#[tokio::test]
async fn rules_are_the_workspaces_admins_to_make_among_the_operators_issuers() {
    let scene = Scene::set().await;
    let (server, ada) = (&scene.server, &scene.ada);
    let with = |name: &str, value: Value| {
        let mut rule = scene.rule();
        rule[name] = value;
        rule
    };
    for (name, value) in [
        ("issuer", json!("https://evil.example")),
        ("audience", json!("")),
        ("claims", json!({})),
        ("claims", json!({ "sub": "*" })),
        // Everybody's at a provider that serves everybody.
        ("claims", json!({ "sub": "repo:*" })),
        ("claims", json!({ "sub": "repo:acme*" })),
        ("claims", json!({ "ref": "refs/heads/main" })),
        // A provider may not have asked whose address it is.
        ("claims", json!({ "email": "ada@example.org" })),
        ("claims", json!({ "sub": "a", "aud": "b" })),
        ("actions", json!([])),
        ("lifetime_seconds", json!(59)),
        ("lifetime_seconds", json!(3601)),
        ("no_such_field", json!(1)),
    ] {
        let refused = server.post(ada, &scene.rules(), with(name, value.clone())).await;
        assert!(["invalid-request", "unprocessable"].contains(&refused.problem().as_str()), "{name}: {value}");
    }
    let rule = scene.trust(scene.rule()).await;
    let (member, eve) = (server.person("member").await, server.person("eve").await);
    server.seat(ada, &scene.workspace, &member, "MEMBER").await;
    assert_eq!(server.post(&member, &scene.rules(), scene.rule()).await.problem(), "forbidden");
    assert_eq!(server.get(&member, &scene.rules()).await.problem(), "forbidden");
    assert_eq!(server.post(&eve, &scene.rules(), scene.rule()).await.problem(), "not-found");
    // Eve's own workspace in the path, and Ada's account.
    let hers = server.workspace(&eve, "hers").await;
    let path = format!("/api/workspaces/{hers}/service-accounts/{}/trust-rules", scene.account);
    assert_eq!(server.post(&eve, &path, scene.rule()).await.problem(), "not-found");
    assert_eq!(server.get(&eve, &path).await.problem(), "not-found");
    assert_eq!(server.delete(&eve, &format!("{path}/{rule}")).await.problem(), "not-found");
    // An account of hers, and the rule of Ada's.
    let account =
        server.post(&eve, &format!("/api/workspaces/{hers}/service-accounts"), json!({ "name": "x" })).await.id();
    let path = format!("/api/workspaces/{hers}/service-accounts/{account}/trust-rules/{rule}");
    assert_eq!(server.delete(&eve, &path).await.problem(), "not-found");
    let token = scene.issuer.sign("first", &scene.claims());
    assert_eq!(scene.exchange_for(&account, &token).await.problem(), "unauthenticated", "another account's rule");
    let listed = server.get(ada, &scene.rules()).await.json();
    assert_eq!(listed["items"][0]["claims"], json!({ "sub": "repo:acme/*" }));
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn refused_exchanges_of_an_account_are_recorded_once_a_minute() {
    let scene = Scene::set().await;
    scene.trust(scene.rule()).await;
    for _ in 0..3 {
        scene.signed("sub", "repo:evil/web".into()).await;
        scene.exchange(&scene.issuer.forge("first", &scene.claims())).await;
    }
    let record = scene.record().await;
    assert_eq!(record.len(), 1, "{record:?}");
    assert_eq!((&record[0]["outcome"], &record[0]["reason"]), (&json!("DENIED"), &json!("TRUST_RULE")));
    assert_eq!(record[0]["name"], format!("{} repo:evil/web", scene.issuer.url));
    let other = Scene::set().await;
    other.exchange(&other.issuer.forge("first", &other.claims())).await;
    assert_eq!(other.record().await[0]["reason"], "SUBJECT_TOKEN");
    other.exchange_for(&other.ada.id.to_string(), "x").await;
    assert_eq!(other.record().await.len(), 1, "a person is no account, and nobody writes into his record");
}

#[tokio::test]
async fn rotated_keys_are_fetched_and_removed_ones_forgotten() {
    let scene = Scene::set().await;
    scene.trust(scene.rule()).await;
    let old = scene.issuer.sign("first", &scene.claims());
    assert_eq!(scene.exchange(&old).await.status, 200);
    scene.issuer.publish(&["second"]);
    assert_eq!(scene.exchange(&scene.issuer.sign("second", &scene.claims())).await.status, 200);
    assert_eq!(scene.exchange(&old).await.problem(), "unauthenticated");
}
