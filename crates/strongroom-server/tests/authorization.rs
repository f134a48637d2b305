//! Every endpoint, asked by everybody. The snapshot is for reviewers: who gets which status where. A route without a
//! case fails the test, as does a case without a route.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests only")]

mod support;

use std::collections::BTreeSet;

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_server::endpoints;
use strongroom_testing::Person;
use support::{Server, credential};

const PASSWORD: &str = "tell nobody this sentence";

/// Who asks. Ada owns what is asked for: a workspace, and one credential each of her own and of the workspace.
struct Cast {
    people: Vec<(&'static str, Option<String>)>,
    ada: Person,
    admin: Person,
    workspace: String,
    victim: Person,
}

async fn cast(server: &Server) -> Cast {
    let (ada, victim) = (server.person("ada").await, server.person("victim").await);
    let admin = Person::create_admin(&server.database, "admin").await;
    let workspace = server.workspace(&ada, "team").await;
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
    people.push(("instance admin", text(&admin)));
    people.push(("ada", text(&ada)));
    Cast { people, ada, admin, workspace, victim }
}

/// Which thing the `{id}` of a path is, told apart where it matters.
const KINDS: [&str; 3] = ["", "own", "workspace's"];

/// The path of a case and its body, on things made for this case alone; None: the endpoint has no such case.
async fn case(
    server: &Server,
    cast: &Cast,
    method: &Method,
    path: &str,
    kind: &str,
) -> Option<(String, Option<Value>)> {
    let workspace = &cast.workspace;
    let body = match (method.as_str(), path) {
        (_, "/api/invitations/accept") => Some(json!({ "display_name": "Eve", "email": "eve@example.org" })),
        ("POST", "/api/tokens") => Some(json!({ "name": "t" })),
        ("POST", "/api/workspaces") => Some(json!({ "name": "w" })),
        // An attempt at nobody, of its own, so that none of them waits for another.
        (_, "/api/auth/sign-in") => {
            let email = format!("{}@example.org", strongroom_types::RequestId::generate());
            Some(json!({ "email": email, "password": "wrong", "transport": "BEARER" }))
        }
        (_, "/api/me/password") => Some(json!({ "current_password": PASSWORD, "new_password": PASSWORD })),
        ("PATCH", "/api/workspaces/{id}") => Some(json!({ "name": "renamed" })),
        ("PUT", "/api/admin/settings") => Some(json!({
            "record_retention_days": null, "record_retention_promise_days": 0, "version_retention_days": 365,
            "revoked_retention_days": 365,
        })),
        ("PUT", _) => Some(json!({ "role": "MEMBER" })),
        ("POST", "/api/admin/invitations") => {
            Some(json!({ "email": format!("{}@example.org", strongroom_types::RequestId::generate()) }))
        }
        ("POST", "/api/credentials" | "/api/admin/secrets") => {
            let mut body = credential(&strongroom_types::RequestId::generate().to_string(), "v");
            if kind == "workspace's" {
                body["workspace_id"] = workspace.clone().into();
            }
            Some(body)
        }
        ("POST", path) if path.ends_with("/rotate") => Some(json!({ "value": "next" })),
        ("PATCH", _) => Some(json!({ "description": "d" })),
        _ => None,
    };
    let path = match path {
        "/api/sessions/{id}" => {
            let begun = server.sign_in("ada@example.org", PASSWORD).await.json();
            path.replace("{id}", begun["session_id"].as_str().unwrap())
        }
        "/api/tokens/{id}" => {
            let token = server.post(&cast.ada, "/api/tokens", json!({ "name": "t" })).await;
            path.replace("{id}", &token.id())
        }
        _ if path.ends_with("/audit/export") => format!("{path}?format=csv"),
        // Not confirmed, so that it is still there for the next one.
        _ if path.starts_with("/api/workspaces/") => {
            server.seat(&cast.ada, workspace, &cast.victim, "GUEST").await;
            path.replace("{id}", workspace).replace("{user_id}", &cast.victim.id.to_string())
        }
        _ if path.starts_with("/api/credentials/{id}") => {
            let mut new = credential(&strongroom_types::RequestId::generate().to_string(), "v");
            if kind == "workspace's" {
                new["workspace_id"] = workspace.clone().into();
            }
            path.replace("{id}", &server.post(&cast.ada, "/api/credentials", new).await.id())
        }
        _ if path.starts_with("/api/admin/secrets/{id}") => {
            let new = credential(&strongroom_types::RequestId::generate().to_string(), "v");
            path.replace("{id}", &server.post(&cast.admin, "/api/admin/secrets", new).await.id())
        }
        _ => path.to_owned(),
    };
    let of_credentials =
        path.starts_with("/api/credentials") && !path.contains("/audit") && (body.is_some() || path.len() > 20);
    (of_credentials != kind.is_empty()).then_some((path, body))
}

/// The asker's token; another one of his where it ends by what he asks.
async fn token_for(server: &Server, path: &str, token: Option<&str>) -> Option<String> {
    if path == "/api/auth/sign-out" {
        let made = server.send_as(token, Method::POST, "/api/tokens", Some(r#"{ "name": "t" }"#.into())).await;
        if made.status == 201 {
            return made.json()["token"].as_str().map(Into::into);
        }
    }
    token.map(Into::into)
}

#[tokio::test]
async fn every_endpoint_answers_everybody_as_reviewed() {
    let server = Server::start_with_limit(None).await;
    let cast = cast(&server).await;
    let header: String = cast.people.iter().map(|(who, _)| format!("{who:>15}")).collect();
    let mut table = format!("{:62}{header}\n", "");
    let mut covered = BTreeSet::new();
    for endpoint in endpoints() {
        for kind in KINDS {
            let mut row = String::new();
            for (_, token) in &cast.people {
                let method = Method::from_bytes(endpoint.method.as_str().as_bytes()).unwrap();
                // A fresh thing for each asker: what one has revoked, the next could not revoke.
                let Some((path, body)) = case(&server, &cast, &method, endpoint.path, kind).await else { continue };
                let token = token_for(&server, endpoint.path, token.as_deref()).await;
                let answer = server.send_as(token.as_deref(), method, &path, body.map(|b| b.to_string())).await;
                row += &format!("{:>15}", answer.status);
            }
            if !row.is_empty() {
                covered.insert((endpoint.method.to_string(), endpoint.path));
                table += &format!("{:<7}{:<44}{kind:<11}{row}\n", endpoint.method.as_str(), endpoint.path);
            }
        }
    }
    let all: BTreeSet<_> = endpoints().iter().map(|e| (e.method.to_string(), e.path)).collect();
    assert_eq!(covered, all, "a route without an authorization case");
    insta::assert_snapshot!(table);
}
