//! Every endpoint, asked by everybody. The snapshot is for reviewers: who gets which status where. A route without a
//! case fails the test, as does a case without a route.

use std::collections::BTreeSet;

use crate::support::browser::signing_in_with;
use crate::support::issuer::Issuer;
use crate::support::{Answer, Server, UNLIMITED, credential};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_federation::{Federation, TrustedIssuers};
use strongroom_server::endpoints;
use strongroom_testing::Person;
use strongroom_types::{IdentityId, RequestId};

const PASSWORD: &str = "tell nobody this sentence";

/// Who asks. Ada owns what is asked for: a workspace, and one credential each of her own and of the workspace. The two
/// grantees know her from elsewhere.
struct Cast {
    people: Vec<(&'static str, Option<String>)>,
    ada: Person,
    admin: Person,
    workspace: String,
    victim: Person,
    user: Person,
    manager: Person,
    /// Where those who cannot make tokens for themselves have theirs from.
    tokens: [(&'static str, String); 3],
    issuer: Issuer,
}

const SERVICE_ACCOUNT: &str = "service account";
const LIMITED: &str = "ada's LIST token";
const LIMITED_ADMIN: &str = "admin's LIST token";

async fn cast(server: &Server, issuer: Issuer) -> Cast {
    let (ada, victim) = (server.person("ada").await, server.person("victim").await);
    let (user, manager) = (server.person("user").await, server.person("manager").await);
    let admin = Person::create_admin(&server.database, "admin").await;
    let workspace = server.workspace(&ada, "team").await;
    let elsewhere = server.workspace(&ada, "elsewhere").await;
    for grantee in [&user, &manager] {
        server.seat(&ada, &elsewhere, grantee, "GUEST").await;
    }
    server.set_password(&ada, PASSWORD).await;
    let text = |person: &Person| Some(person.token.to_text().expose_secret().to_owned());
    let mut people = vec![("nobody", None)];
    let revoked = server.post(&ada, "/api/tokens", json!({ "name": "ended" })).await.json();
    people.push(("ended token", Some(revoked["token"].as_str().unwrap().into())));
    server.delete(&ada, &format!("/api/tokens/{}", revoked["id"].as_str().unwrap())).await;
    people.push(("stranger", text(&server.person("stranger").await)));
    for role in ["GUEST", "MEMBER", "ADMIN"] {
        let person = server.person(&format!("the-{role}")).await;
        server.seat(&ada, &workspace, &person, role).await;
        people.push((role, text(&person)));
    }
    people.push(("USE grant", text(&user)));
    people.push(("MANAGE grant", text(&manager)));
    let account = service_account(server, &ada, &workspace).await;
    let tokens = format!("/api/workspaces/{workspace}/service-accounts/{account}/tokens");
    let own = || "/api/tokens".to_owned();
    let tokens = [(SERVICE_ACCOUNT, tokens), (LIMITED, own()), (LIMITED_ADMIN, own())];
    for (who, path) in &tokens {
        let maker = if *who == LIMITED_ADMIN { &admin } else { &ada };
        people.push((who, Some(limited_token(server, maker, path).await)));
    }
    people.push(("instance admin", text(&admin)));
    people.push(("ada", text(&ada)));
    Cast { people, ada, admin, workspace, victim, user, manager, tokens, issuer }
}

/// A token that somebody makes: for a service account, all that it can have; for himself, one that lists.
async fn limited_token(server: &Server, maker: &Person, path: &str) -> String {
    let mut new = json!({ "name": "t" });
    if path == "/api/tokens" {
        new["actions"] = json!(["LIST"]);
    }
    server.post(maker, path, new).await.json()["token"].as_str().unwrap().into()
}

async fn service_account(server: &Server, ada: &Person, workspace: &str) -> String {
    let path = format!("/api/workspaces/{workspace}/service-accounts");
    server.post(ada, &path, json!({ "name": "deployer" })).await.id()
}

/// Which thing the `{id}` of a path is, told apart where it matters.
const KINDS: [&str; 3] = ["", "own", "workspace's"];

/// Whether the endpoint is about one's own credentials or a workspace's.
fn is_about_a_kind(method: &str, path: &str) -> bool {
    path.starts_with("/api/credentials") && !path.contains("/audit") && (method, path) != ("GET", "/api/credentials")
}

/// The path of a case and its body, on things made for this case alone; None: the endpoint has no such case.
async fn case(
    server: &Server,
    cast: &Cast,
    who: &str,
    method: &Method,
    path: &'static str,
    kind: &str,
) -> Option<(String, Option<Value>)> {
    if is_about_a_kind(method.as_str(), path) == kind.is_empty() {
        return None;
    }
    let body = body(cast, method, path, kind);
    Some(match path {
        "/api/sessions/{id}" => {
            let begun = server.sign_in("ada@example.org", PASSWORD).await.json();
            (path.replace("{id}", begun["session_id"].as_str().unwrap()), body)
        }
        "/api/tokens/{id}" => {
            let token = server.post(&cast.ada, "/api/tokens", json!({ "name": "t" })).await;
            (path.replace("{id}", &token.id()), body)
        }
        "/api/docs/{file}" => (path.replace("{file}", "swagger-ui.css"), body),
        "/api/auth/oidc/callback" => (format!("{path}?state=x&code=x"), body),
        "/api/identities/{id}" => (path.replace("{id}", &identity(server, &cast.ada).await), body),
        _ if path.ends_with("/audit/export") => (format!("{path}?format=csv"), body),
        // A deletion is not confirmed, so that it is still there for the next one.
        _ if path.starts_with("/api/workspaces/") => (in_workspace(server, cast, path).await, body),
        "/api/credentials/resolve" => {
            let kept = kept(server, cast, who, path, kind).await;
            (format!("{path}?provider=github&name={}", kept["name"].as_str().unwrap()), body)
        }
        "/api/credentials/values" => {
            let kept = kept(server, cast, who, path, kind).await;
            (path.to_owned(), Some(json!({ "credentials": [{ "id": kept["id"] }] })))
        }
        _ if path.contains("/{id}") => (of_credential(server, cast, who, path, kind).await, body),
        _ => (path.to_owned(), body),
    })
}

fn body(cast: &Cast, method: &Method, path: &str, kind: &str) -> Option<Value> {
    match (method.as_str(), path) {
        (_, "/api/invitations/accept") => Some(json!({ "display_name": "Eve", "email": "eve@example.org" })),
        ("POST", "/api/tokens") => Some(json!({ "name": "t" })),
        ("POST", "/api/workspaces") => Some(json!({ "name": "w" })),
        // An attempt at nobody, of its own, so that none of them waits for another.
        (_, "/api/auth/sign-in") => {
            let email = format!("{}@example.org", RequestId::generate());
            Some(json!({ "email": email, "password": "wrong", "transport": "BEARER" }))
        }
        (_, "/api/me/password") => Some(json!({ "current_password": PASSWORD, "new_password": PASSWORD })),
        ("PATCH", "/api/workspaces/{id}") => Some(json!({ "name": "renamed" })),
        ("POST", path) if path.ends_with("/service-accounts") || path.ends_with("/tokens") => {
            Some(json!({ "name": "deployer" }))
        }
        ("PUT", "/api/admin/settings") => Some(json!({
            "record_retention_days": null, "record_retention_promise_days": 0, "version_retention_days": 365,
            "revoked_retention_days": 365,
        })),
        // No form: what a workload's token opens is tried in exchange.rs.
        (_, "/api/auth/exchange") => Some(json!({})),
        (_, "/api/identities/link") => Some(json!({})),
        ("POST", path) if path.ends_with("/trust-rules") => Some(trust_rule(&cast.issuer)),
        ("POST", path) if path.ends_with("/grants") => {
            Some(json!({ "user_id": cast.victim.id, "permissions": ["USE"] }))
        }
        ("PUT", path) if path.contains("/grants/") => Some(json!({ "permissions": ["REVEAL"] })),
        ("PUT", _) => Some(json!({ "role": "MEMBER" })),
        ("POST", "/api/admin/invitations") => {
            Some(json!({ "email": format!("{}@example.org", RequestId::generate()) }))
        }
        ("POST", "/api/credentials" | "/api/admin/secrets") => Some(new_credential(cast, kind)),
        ("POST", path) if path.ends_with("/rotate") => Some(json!({ "value": "next" })),
        ("PATCH", _) => Some(json!({ "description": "d" })),
        _ => None,
    }
}

fn new_credential(cast: &Cast, kind: &str) -> Value {
    let mut body = credential(&RequestId::generate().to_string(), "v");
    if kind == "workspace's" {
        body["workspace_id"] = cast.workspace.clone().into();
    }
    body
}

/// A path in the workspace, with a member, a service account, and a token and a trust rule for it.
async fn in_workspace(server: &Server, cast: &Cast, path: &str) -> String {
    let Cast { ada, workspace, victim, .. } = cast;
    server.seat(ada, workspace, victim, "GUEST").await;
    let mut path = path.replace("{id}", workspace).replace("{user_id}", &victim.id.to_string());
    if path.contains("{account_id}") {
        let account = service_account(server, ada, workspace).await;
        let tokens = format!("/api/workspaces/{workspace}/service-accounts/{account}/tokens");
        let token = server.post(ada, &tokens, json!({ "name": "t" })).await.id();
        let rules = format!("/api/workspaces/{workspace}/service-accounts/{account}/trust-rules");
        let rule = server.post(ada, &rules, trust_rule(&cast.issuer)).await.id();
        path = path.replace("{account_id}", &account).replace("{token_id}", &token).replace("{rule_id}", &rule);
    }
    path
}

/// A path of a credential, with a former version and a grant for it: a grantee's own, and else that of somebody else.
async fn of_credential(server: &Server, cast: &Cast, who: &str, path: &str, kind: &str) -> String {
    let kept = kept(server, cast, who, path, kind).await;
    let (owner, folder) = owner_and_folder(cast, path);
    let id = kept["id"].as_str().unwrap();
    let mut path = path.replace("{id}", id);
    if path.contains("{version}") {
        server.post(owner, &format!("{folder}/{id}/rotate"), json!({ "value": "second" })).await;
        path = path.replace("{version}", "1");
    }
    if path.contains("{grant_id}") {
        let grant = match kept["grant"].as_str() {
            Some(own) => own.to_owned(),
            None => share(server, cast, id, &cast.victim, "USE").await,
        };
        path = path.replace("{grant_id}", &grant);
    }
    path
}

/// A new credential of that kind, shared with whoever asks if he is one of the grantees; then with the id of the `grant`.
async fn kept(server: &Server, cast: &Cast, who: &str, path: &str, kind: &str) -> Value {
    let (owner, folder) = owner_and_folder(cast, path);
    let mut kept = server.post(owner, folder, new_credential(cast, kind)).await.json();
    let id = kept["id"].as_str().unwrap().to_owned();
    match who {
        // SYSTEM secrets are not shared.
        _ if path.starts_with("/api/admin/") => {}
        "USE grant" => kept["grant"] = share(server, cast, &id, &cast.user, "USE").await.into(),
        "MANAGE grant" => kept["grant"] = share(server, cast, &id, &cast.manager, "MANAGE").await.into(),
        _ => {}
    }
    kept
}

fn owner_and_folder<'a>(cast: &'a Cast, path: &str) -> (&'a Person, &'static str) {
    if path.starts_with("/api/admin/") { (&cast.admin, "/api/admin/secrets") } else { (&cast.ada, "/api/credentials") }
}

async fn share(server: &Server, cast: &Cast, id: &str, grantee: &Person, permission: &str) -> String {
    let new = json!({ "user_id": grantee.id, "permissions": [permission] });
    server.post(&cast.ada, &format!("/api/credentials/{id}/grants"), new).await.id()
}

fn trust_rule(issuer: &Issuer) -> Value {
    json!({ "issuer": issuer.url, "audience": "vault", "claims": { "sub": "repo:acme/*" } })
}

/// Links an identity to a person, as only the server can, and a superuser.
async fn identity(server: &Server, person: &Person) -> String {
    let id = IdentityId::generate();
    let statement =
        "INSERT INTO strongroom.identities (id, user_id, issuer, subject) VALUES ($1, $2, 'https://op.example', $3)";
    let postgres = server.database.sql("postgres").await;
    postgres.execute(statement, &[&id.0, &person.id.0, &id.to_string()]).await.unwrap();
    id.to_string()
}

/// The asker's token; another one of his where it ends by what he asks.
async fn token_for(server: &Server, cast: &Cast, who: &str, path: &str, token: Option<&str>) -> Option<String> {
    if path == "/api/auth/sign-out" {
        if let Some((_, path)) = cast.tokens.iter().find(|(whose, _)| *whose == who) {
            let maker = if who == LIMITED_ADMIN { &cast.admin } else { &cast.ada };
            return Some(limited_token(server, maker, path).await);
        }
        let made = server.send_as(token, Method::POST, "/api/tokens", Some(r#"{ "name": "t" }"#.into())).await;
        if made.status == 201 {
            return made.json()["token"].as_str().map(Into::into);
        }
    }
    token.map(Into::into)
}

/// The status of an answer; where each thing is answered for itself, of the one that was asked for.
fn status(answer: &Answer) -> u64 {
    let problem =
        serde_json::from_str::<Value>(&answer.text).ok().map(|body| body["items"][0]["problem"]["status"].clone());
    problem.and_then(|status| status.as_u64()).unwrap_or(answer.status.into())
}

#[tokio::test]
async fn every_endpoint_answers_everybody_as_reviewed() {
    let issuer = Issuer::start().await;
    let server = Server::start_whole(None, UNLIMITED, |vault| Federation {
        workloads: TrustedIssuers::new(vec![issuer.url.parse().unwrap()]).unwrap(),
        ..signing_in_with(vault, &issuer.url)
    })
    .await;
    let cast = cast(&server, issuer).await;
    let header: String = cast.people.iter().map(|(who, _)| format!("  {who}")).collect();
    let mut table = format!("{:88}{header}\n", "");
    let mut covered = BTreeSet::new();
    for endpoint in endpoints() {
        for kind in KINDS {
            let mut row = String::new();
            for (who, token) in &cast.people {
                let method = Method::from_bytes(endpoint.method.as_str().as_bytes()).unwrap();
                // A fresh thing for each asker: what one has revoked, the next could not revoke.
                let Some((path, body)) = case(&server, &cast, who, &method, endpoint.path, kind).await else {
                    continue;
                };
                let token = token_for(&server, &cast, who, endpoint.path, token.as_deref()).await;
                let answer = server.send_as(token.as_deref(), method, &path, body.map(|b| b.to_string())).await;
                row += &format!("{:>1$}", status(&answer), who.len() + 2);
            }
            if !row.is_empty() {
                covered.insert((endpoint.method.to_string(), endpoint.path));
                table += &format!("{:<7}{:<70}{kind:<11}{row}\n", endpoint.method.as_str(), endpoint.path);
            }
        }
    }
    let all: BTreeSet<_> = endpoints().iter().map(|e| (e.method.to_string(), e.path)).collect();
    assert_eq!(covered, all, "a route without an authorization case");
    insta::assert_snapshot!(table);
}
