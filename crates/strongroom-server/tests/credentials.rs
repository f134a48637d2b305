//! The life of a credential over HTTP.
//! With the attacks on it that need a superuser: swapped, moved and put back envelopes.

use crate::support::{Server, credential};
use reqwest::Method;
use serde_json::json;
use strongroom_testing::Person;

#[tokio::test]
async fn a_credential_is_kept_listed_revealed_edited_rotated_revoked_and_restored() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let id = server.keep(&ada, "CI", "ghp_0123456789abcdef").await;
    let path = format!("/api/credentials/{id}");

    let listed = server.get(&ada, "/api/credentials").await;
    assert_eq!(listed.json()["items"][0]["masked_value"], "****cdef");
    let revealed = server.get(&ada, &format!("{path}/value")).await;
    assert_eq!(revealed.json(), json!({ "id": id, "version": 1, "value": "ghp_0123456789abcdef" }));
    assert_eq!(revealed.header("cache-control"), "no-store");

    let patch = json!({ "name": "CI, renamed", "description": "for the pipeline", "metadata": { "team": "infra" } });
    let patched = server.send(Some(&ada), Method::PATCH, &path, Some(patch)).await.json();
    assert_eq!((&patched["name"], &patched["metadata"]["team"]), (&json!("CI, renamed"), &json!("infra")));
    let cleared = server.send(Some(&ada), Method::PATCH, &path, Some(json!({ "description": null }))).await.json();
    assert_eq!((&cleared["description"], &cleared["metadata"]["team"]), (&json!(null), &json!("infra")));

    let rotated = server.post(&ada, &format!("{path}/rotate"), json!({ "value": "the-next-one-9876" })).await.json();
    assert_eq!((&rotated["version"], &rotated["masked_value"]), (&json!(2), &json!("****9876")));
    assert_eq!(server.get(&ada, &format!("{path}/value")).await.json()["value"], "the-next-one-9876");

    assert_eq!(server.delete(&ada, &path).await.status, 204);
    assert_eq!(server.get(&ada, &path).await.json()["is_active"], false);
    assert_eq!(server.get(&ada, &format!("{path}/value")).await.problem(), "credential-revoked");
    let rotate = server.post(&ada, &format!("{path}/rotate"), json!({ "value": "x" })).await;
    assert_eq!(rotate.problem(), "credential-revoked");
    assert_eq!(server.post(&ada, &format!("{path}/restore"), json!({})).await.json()["is_active"], true);
    assert_eq!(server.get(&ada, &format!("{path}/value")).await.json()["value"], "the-next-one-9876");
}

#[tokio::test]
async fn the_former_version_stays_sealed_under_its_own_binding() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let id = server.keep(&ada, "CI", "first").await;
    server.post(&ada, &format!("/api/credentials/{id}/rotate"), json!({ "value": "second" })).await;
    // Put the former envelope back in the place of the current one, as only a superuser can.
    let postgres = server.database.sql("postgres").await;
    let swap = "SET session_replication_role = replica;
         UPDATE strongroom.user_credentials AS c SET encrypted_value = v.encrypted_value
         FROM strongroom.credential_versions AS v WHERE v.credential_id = c.id";
    postgres.batch_execute(swap).await.unwrap();
    let answer = server.get(&ada, &format!("/api/credentials/{id}/value")).await;
    assert_eq!(answer.problem(), "internal", "version 1 does not open as version 2");
    postgres.batch_execute("UPDATE strongroom.user_credentials SET version = 1").await.unwrap();
    assert_eq!(server.get(&ada, &format!("/api/credentials/{id}/value")).await.json()["value"], "first");
}

#[tokio::test]
async fn a_ciphertext_swapped_between_rows_or_a_row_given_to_another_does_not_open() {
    let server = Server::start().await;
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    let hers = server.keep(&ada, "hers", "for ada alone").await;
    let eves = server.keep(&eve, "eves", "bait").await;
    let postgres = server.database.sql("postgres").await;
    postgres.batch_execute("SET session_replication_role = replica").await.unwrap();
    let swap = format!(
        "UPDATE strongroom.user_credentials SET encrypted_value =
             (SELECT encrypted_value FROM strongroom.user_credentials WHERE id = '{hers}') WHERE id = '{eves}'"
    );
    postgres.batch_execute(&swap).await.unwrap();
    let answer = server.get(&eve, &format!("/api/credentials/{eves}/value")).await;
    assert_eq!((answer.status, answer.problem().as_str()), (500, "internal"));
    let hijack = format!("UPDATE strongroom.user_credentials SET user_id = '{}' WHERE id = '{hers}'", eve.id);
    postgres.batch_execute(&hijack).await.unwrap();
    let answer = server.get(&eve, &format!("/api/credentials/{hers}/value")).await;
    assert_eq!((answer.status, answer.problem().as_str()), (500, "internal"));
}

#[tokio::test]
async fn a_workspaces_credential_is_shared_by_its_admins_and_lost_with_the_membership() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let workspace = server.workspace(&ada, "team").await;
    let mut body = credential("deploy", "shared secret 12345");
    body["workspace_id"] = workspace.clone().into();
    let id = server.post(&ada, "/api/credentials", body.clone()).await.id();
    let value = format!("/api/credentials/{id}/value");

    assert_eq!(server.get(&bob, &value).await.problem(), "not-found");
    assert_eq!(server.post(&bob, "/api/credentials", body.clone()).await.problem(), "not-found");
    server.seat(&ada, &workspace, &bob, "MEMBER").await;
    assert_eq!(server.get(&bob, &value).await.problem(), "not-found");
    assert_eq!(server.post(&bob, "/api/credentials", body.clone()).await.problem(), "forbidden");
    server.seat(&ada, &workspace, &bob, "ADMIN").await;
    assert_eq!(server.get(&bob, &value).await.json()["value"], "shared secret 12345");
    let removed = server.delete(&ada, &format!("/api/workspaces/{workspace}/members/{}", bob.id)).await;
    assert_eq!(removed.status, 204);
    assert_eq!(server.get(&bob, &value).await.problem(), "not-found");
}

#[tokio::test]
async fn system_secrets_are_for_instance_admins_on_the_admin_path() {
    let server = Server::start().await;
    let admin = Person::create_admin(&server.database, "admin").await;
    let bob = server.person("bob").await;
    let id = server.post(&admin, "/api/admin/secrets", credential("smtp", "instance-wide")).await.id();
    let value = format!("/api/admin/secrets/{id}/value");
    assert_eq!(server.get(&admin, &value).await.json()["value"], "instance-wide");
    assert_eq!(server.get(&admin, &format!("/api/credentials/{id}/value")).await.problem(), "not-found");
    assert_eq!(server.get(&bob, &value).await.problem(), "not-found");
    assert_eq!(server.get(&bob, "/api/admin/secrets").await.problem(), "forbidden");
    assert_eq!(server.post(&bob, "/api/admin/secrets", credential("x", "y")).await.problem(), "forbidden");
    let rows = server.get(&admin, "/api/admin/secrets/audit?name=smtp").await.json();
    let actions: Vec<_> = rows["items"].as_array().unwrap().iter().map(|row| row["action"].clone()).collect();
    assert_eq!(actions, ["CREDENTIAL_ACCESSED", "CREDENTIAL_CREATED"]);
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    for n in 0..5 {
        let mut body = credential(&format!("key {n}"), "v");
        body["provider"] = if n % 2 == 0 { "github" } else { "100%_sure" }.into();
        body["type"] = if n == 0 { "PASSWORD" } else { "API_KEY" }.into();
        let id = server.post(&ada, "/api/credentials", body).await.id();
        if n == 4 {
            server.delete(&ada, &format!("/api/credentials/{id}")).await;
        }
    }
    let names = async |query: &str| -> Vec<String> {
        let answer = server.get(&ada, &format!("/api/credentials?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["items"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().into()).collect()
    };
    assert_eq!(names("provider=github&active=true").await, ["key 2", "key 0"]);
    assert_eq!(names("type=PASSWORD").await, ["key 0"]);
    assert_eq!(names("scope=WORKSPACE").await, [""; 0]);
    assert_eq!(names("text=KEY%203").await, ["key 3"]);
    assert_eq!(names("text=%25_").await, ["key 3", "key 1"], "wildcards mean themselves");
    assert_eq!(names("active=false").await, ["key 4"]);

    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.get(&ada, &format!("/api/credentials?limit=2{cursor}")).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|it| it["name"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["key 4", "key 3", "key 2", "key 1", "key 0"]);
}

#[tokio::test]
async fn a_search_finds_by_tag_by_expiry_and_by_disuse() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let keep = async |name: &str, tags: &[&str], expires_at: Option<&str>| -> String {
        let mut new = credential(name, "v");
        (new["tags"], new["expires_at"]) = (json!(tags), json!(expires_at));
        server.post(&ada, "/api/credentials", new).await.id()
    };
    let soon = keep("soon", &["ci", "prod"], Some("2031-01-01T00:00:00Z")).await;
    keep("later", &["ci-old"], Some("2032-01-01T00:00:00Z")).await;
    keep("never", &["prod"], None).await;
    let names = async |query: &str| -> Vec<String> {
        let answer = server.get(&ada, &format!("/api/credentials?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["items"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().into()).collect()
    };
    assert_eq!(names("tag=ci").await, ["soon"]);
    assert_eq!(names("tag=prod").await, ["never", "soon"]);
    assert_eq!(names("expires_before=2031-06-01T00:00:00Z").await, ["soon"]);
    assert_eq!(names("expires_before=2040-01-01T00:00:00Z").await, ["later", "soon"]);
    server.get(&ada, &format!("/api/credentials/{soon}/value")).await;
    // Noted by whoever seals the record, which other tests' transactions hold back.
    while server.get(&ada, &format!("/api/credentials/{soon}")).await.json()["last_used_at"].is_null() {
        server.vault.seal_record().await.unwrap();
    }
    assert_eq!(names("unused_since=2026-01-01T00:00:00Z").await, ["never", "later"], "what was never used is unused");
    assert_eq!(names("unused_since=2100-01-01T00:00:00Z&tag=ci").await, ["soon"]);
    for wrong in ["tag=", "expires_before=tomorrow", "unused_since=", "tags=ci"] {
        assert_eq!(
            server.get(&ada, &format!("/api/credentials?{wrong}")).await.problem(),
            "invalid-request",
            "{wrong}"
        );
    }
    let path = format!("/api/credentials/{soon}");
    for (tags, status) in [(json!(["a", "b"]), 200), (json!([]), 200), (json!(["a", "a"]), 400), (json!([""]), 400)] {
        let answer = server.send(Some(&ada), Method::PATCH, &path, Some(json!({ "tags": tags }))).await;
        assert_eq!(answer.status, status, "{tags}");
    }
    assert_eq!(server.get(&ada, &path).await.json()["tags"], json!([]));
}

#[tokio::test]
async fn the_eleventh_reveal_of_a_minute_waits_and_others_do_not() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let (hers, his) = (server.keep(&ada, "a", "v").await, server.keep(&bob, "b", "v").await);
    for _ in 0..10 {
        assert_eq!(server.get(&ada, &format!("/api/credentials/{hers}/value")).await.status, 200);
    }
    let refused = server.get(&ada, &format!("/api/credentials/{hers}/value")).await;
    assert_eq!(refused.problem(), "rate-limited");
    let seconds: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert_eq!(server.get(&bob, &format!("/api/credentials/{his}/value")).await.status, 200);
}

#[tokio::test]
async fn the_record_shows_each_what_is_theirs() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let workspace = server.workspace(&ada, "team").await;
    server.seat(&ada, &workspace, &bob, "ADMIN").await;
    let own = server.keep(&ada, "own", "v").await;
    let mut body = credential("shared", "v");
    body["workspace_id"] = workspace.clone().into();
    let shared = server.post(&ada, "/api/credentials", body).await.id();
    server.get(&ada, &format!("/api/credentials/{own}/value")).await;
    let reveal = server.get(&bob, &format!("/api/credentials/{shared}/value")).await;

    let rows = server.get(&ada, "/api/credentials/audit?action=CREDENTIAL_ACCESSED").await.json();
    let seen: Vec<_> =
        rows["items"].as_array().unwrap().iter().map(|row| (row["name"].clone(), row["actor_id"].clone())).collect();
    assert_eq!(seen, [("shared".into(), bob.id.to_string().into()), ("own".into(), ada.id.to_string().into())]);
    assert_eq!(rows["items"][0]["request_id"], reveal.header("x-request-id"));
    let rows = server.get(&bob, "/api/credentials/audit?provider=github&limit=100").await.text;
    assert!(rows.contains("shared") && !rows.contains("own"));

    server.seat(&ada, &workspace, &bob, "MEMBER").await;
    assert_eq!(
        server
            .post(
                &bob,
                "/api/credentials",
                json!({ "workspace_id": workspace, "name": "n", "provider": "p",
        "type": "SECRET", "value": "v" })
            )
            .await
            .problem(),
        "forbidden"
    );
    let rows = server.get(&ada, "/api/credentials/audit?limit=1").await.json();
    assert_eq!((&rows["items"][0]["outcome"], &rows["items"][0]["reason"]), (&json!("DENIED"), &json!("ROLE")));
    assert_eq!(rows["items"][0]["actor_id"], bob.id.to_string());
}
