//! Values over HTTP: several at once, by name, former ones in their grace and after it, and for whom.
//! What the database decides of it in SQL is in the store's tests.

use std::collections::HashSet;

use crate::support::{Answer, Server, credential};
use reqwest::Method;
use serde_json::{Value, json};
use strongroom_testing::Person;

/// What came of each: its value, or the code of its problem.
fn outcomes(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let of = |item: &Value| match item["value"].as_str() {
        Some(value) => value.to_owned(),
        None => item["problem"]["type"].as_str().unwrap().strip_prefix("urn:strongroom:problem:").unwrap().to_owned(),
    };
    answer.json()["items"].as_array().unwrap().iter().map(of).collect()
}

async fn keep_in(server: &Server, who: &Person, workspace: &str, name: &str, value: &str) -> String {
    let mut new = credential(name, value);
    new["workspace_id"] = workspace.into();
    server.post(who, "/api/credentials", new).await.id()
}

async fn share(server: &Server, who: &Person, id: &str, grantee: &Person, permissions: &[&str]) -> String {
    let new = json!({ "user_id": grantee.id, "permissions": permissions });
    let answer = server.post(who, &format!("/api/credentials/{id}/grants"), new).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.id()
}

async fn rotate(server: &Server, who: &Person, id: &str, value: &str, grace_seconds: Option<u32>) {
    let body = json!({ "value": value, "grace_seconds": grace_seconds });
    let answer = server.post(who, &format!("/api/credentials/{id}/rotate"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn version(server: &Server, who: &Person, id: &str, version: i32) -> Answer {
    server.get(who, &format!("/api/credentials/{id}/value?version={version}")).await
}

#[tokio::test]
async fn each_of_a_batch_is_answered_for_itself_in_its_order_and_recorded_once() {
    let server = Server::start_with_limit(None).await;
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    let (one, two) = (server.keep(&ada, "one", "1st").await, server.keep(&ada, "two", "2nd").await);
    let revoked = server.keep(&ada, "revoked", "v").await;
    server.delete(&ada, &format!("/api/credentials/{revoked}")).await;
    let eves = server.keep(&eve, "eves", "v").await;
    rotate(&server, &ada, &two, "2nd, anew", None).await;
    let asked = json!({ "purpose": "USE", "credentials": [
        { "id": two }, { "id": eves }, { "id": one }, { "id": revoked }, { "provider": "github", "name": "one" },
        { "id": two, "version": 1 }, { "id": two, "version": 7 }, { "provider": "github", "name": "eves" }, { "id": one },
    ] });
    let answer = server.post(&ada, "/api/credentials/values", asked).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let expected =
        ["2nd, anew", "not-found", "1st", "credential-revoked", "1st", "2nd", "not-found", "not-found", "1st"];
    assert_eq!(outcomes(&answer), expected);
    assert_eq!(answer.json()["items"][5]["version"], 1);

    let rows = server.get(&ada, "/api/credentials/audit?action=CREDENTIAL_USED&limit=100").await.json();
    let rows: Vec<_> = rows["items"].as_array().unwrap().iter().rev().collect();
    let seen: Vec<_> =
        rows.iter().map(|row| (row["name"].as_str().unwrap(), row["version"].as_i64().unwrap())).collect();
    // What he may not know of leaves none, like any other id.
    assert_eq!(seen, [("two", 2), ("one", 1), ("revoked", 1), ("one", 1), ("two", 1), ("two", 7), ("one", 1)]);
    assert_eq!((&rows[2]["outcome"], &rows[2]["reason"]), (&json!("DENIED"), &json!("REVOKED")));
    assert_eq!(rows[5]["reason"], "NO_SUCH_VERSION");
    assert!(rows.iter().all(|row| row["request_id"] == answer.header("x-request-id")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_asks_at_once_gets_his_own_value_and_never_anothers() {
    const ROUNDS: usize = 25;
    let server = Server::start_with_limit(None).await;
    let mut callers = Vec::new();
    for n in 0..16 {
        let who = server.person(&format!("p{n}")).await;
        let value = format!("the value of {n}");
        let id = server.keep(&who, "one", &value).await;
        callers.push((who, id, value));
    }
    // Each asks for his own, and for his neighbour's, which he may not know of; one has a token that proves nobody.
    let asks = callers.iter().enumerate().map(async |(n, (who, id, value))| {
        let path = |id: &str| format!("/api/credentials/{id}/value");
        let (own, neighbours) = (path(id), path(&callers[(n + 1) % callers.len()].1));
        let nobody = Person::with_new_token(who.id);
        for _ in 0..ROUNDS {
            let (allowed, hidden, unproven) =
                tokio::join!(server.get(who, &own), server.get(who, &neighbours), server.get(&nobody, &own),);
            assert_eq!((allowed.status, allowed.json()), (200, json!({ "id": id, "version": 1, "value": value })));
            assert_eq!((hidden.status, unproven.status), (404, 401));
        }
    });
    futures_util::future::join_all(asks).await;
    for (who, id, _) in &callers {
        let rows = server.get(who, "/api/credentials/audit?action=CREDENTIAL_ACCESSED&limit=100").await.json();
        let rows = rows["items"].as_array().unwrap();
        let requests: HashSet<_> = rows.iter().map(|row| row["request_id"].to_string()).collect();
        assert!(rows.iter().all(|row| row["entity_id"] == **id && row["outcome"] == "ALLOWED"));
        assert_eq!((rows.len(), requests.len()), (ROUNDS, ROUNDS));
    }
}

#[tokio::test]
async fn a_batch_holds_one_to_a_hundred() {
    let server = Server::start_with_limit(None).await;
    let ada = server.person("ada").await;
    let id = server.keep(&ada, "one", "v").await;
    let ask = async |count: usize| {
        let credentials: Vec<_> = (0..count).map(|_| json!({ "id": id })).collect();
        server.post(&ada, "/api/credentials/values", json!({ "credentials": credentials })).await
    };
    for count in [0, 101] {
        assert_eq!(ask(count).await.problem(), "invalid-request");
    }
    assert_eq!(outcomes(&ask(100).await), vec!["v"; 100]);
    for wrong in [
        json!({ "credentials": [{ "id": id, "provider": "github", "name": "one" }] }),
        json!({ "credentials": [{ "provider": "github" }] }),
        json!({ "purpose": "RESTORE", "credentials": [{ "id": id }] }),
    ] {
        assert_eq!(server.post(&ada, "/api/credentials/values", wrong).await.problem(), "invalid-request");
    }
    let answer = server.get(&ada, &format!("/api/credentials/{id}/value?purpose=RESTORE")).await;
    assert_eq!(answer.problem(), "invalid-request", "a version that is restored is shown to nobody");
}

#[tokio::test]
async fn each_of_a_batch_counts_against_the_limit() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let id = server.keep(&ada, "one", "v").await;
    let credentials: Vec<_> = (0..12).map(|_| json!({ "id": id })).collect();
    let answer = server.post(&ada, "/api/credentials/values", json!({ "credentials": credentials })).await;
    let mut expected = vec!["v"; 10];
    expected.extend(["rate-limited"; 2]);
    assert_eq!(outcomes(&answer), expected);
    assert_eq!(server.get(&ada, &format!("/api/credentials/{id}/value")).await.problem(), "rate-limited");
    let used = server.get(&ada, &format!("/api/credentials/{id}/value?purpose=USE")).await;
    assert_eq!(used.json()["value"], "v", "what a program uses is counted apart");
}

#[tokio::test]
async fn a_name_means_ones_own_credential_then_ones_workspaces_then_a_shared_one() {
    let server = Server::start_with_limit(None).await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let (first, second) = (server.workspace(&ada, "first").await, server.workspace(&ada, "second").await);
    server.seat(&ada, &first, &bob, "MEMBER").await;
    let resolve = async |who: &Person, query: &str| {
        let path = format!("/api/credentials/resolve?provider=github&name=deploy{query}");
        let answer = server.get(who, &path).await;
        let asked = json!({ "credentials": [{ "provider": "github", "name": "deploy" }] });
        let value = outcomes(&server.post(who, "/api/credentials/values", asked).await).remove(0);
        if answer.status == 200 { (answer.id(), value) } else { (answer.problem(), value) }
    };
    let none = ("not-found".to_owned(), "not-found".to_owned());
    assert_eq!(resolve(&ada, "").await, none);
    // What somebody shares, whoever he is, comes last: nobody puts his own in the place of a workspace's.
    let bobs = server.keep(&bob, "deploy", "bob's").await;
    share(&server, &bob, &bobs, &ada, &["REVEAL"]).await;
    assert_eq!(resolve(&ada, "").await, (bobs.clone(), "bob's".into()));
    let of_first = keep_in(&server, &ada, &first, "deploy", "of the first").await;
    assert_eq!(resolve(&ada, "").await, (of_first.clone(), "of the first".into()));
    let of_second = keep_in(&server, &ada, &second, "deploy", "of the second").await;
    assert_eq!(resolve(&ada, "").await, ("ambiguous".into(), "ambiguous".into()));
    assert_eq!(resolve(&ada, &format!("&workspace_id={second}")).await.0, of_second);
    let own = server.keep(&ada, "deploy", "her own").await;
    assert_eq!(resolve(&ada, "").await, (own.clone(), "her own".into()));
    assert_eq!(resolve(&ada, &format!("&workspace_id={first}")).await.0, of_first);
    server.delete(&ada, &format!("/api/credentials/{own}")).await;
    assert_eq!(resolve(&ada, "").await.0, "ambiguous", "a revoked one does not answer to its name");

    // A MEMBER to whom the workspace's is shared: it comes before one that a colleague shares.
    let carol = server.person("carol").await;
    server.seat(&ada, &first, &carol, "MEMBER").await;
    share(&server, &bob, &bobs, &carol, &["REVEAL"]).await;
    assert_eq!(resolve(&carol, "").await.1, "bob's");
    share(&server, &ada, &of_first, &carol, &["REVEAL"]).await;
    assert_eq!(resolve(&carol, "").await, (of_first, "of the first".into()));
}

#[tokio::test]
async fn a_former_value_answers_in_its_grace_and_after_it_to_managers_alone() {
    let server = Server::start_with_limit(None).await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let workspace = server.workspace(&ada, "team").await;
    server.seat(&ada, &workspace, &bob, "MEMBER").await;
    let id = keep_in(&server, &ada, &workspace, "deploy", "first").await;
    let grant = share(&server, &ada, &id, &bob, &["REVEAL"]).await;
    rotate(&server, &ada, &id, "second", Some(3600)).await;
    assert_eq!(version(&server, &bob, &id, 1).await.json()["value"], "first");
    assert_eq!(version(&server, &bob, &id, 2).await.json()["value"], "second");
    assert!(server.get(&bob, &format!("/api/credentials/{id}")).await.json()["former_answers_until"].is_string());

    let over = "SET session_replication_role = replica;
                UPDATE strongroom.credential_versions SET answers_until = now() - interval '1 second'";
    server.database.sql("postgres").await.batch_execute(over).await.unwrap();
    assert_eq!(version(&server, &bob, &id, 1).await.problem(), "forbidden");
    assert_eq!(version(&server, &ada, &id, 1).await.json()["value"], "first");
    let row = &server.get(&ada, "/api/credentials/audit?limit=2").await.json()["items"][1];
    assert_eq!((&row["outcome"], &row["reason"], &row["version"]), (&json!("DENIED"), &json!("GRACE_OVER"), &json!(1)));

    // A grantee who manages is a manager, and obtains it where he may reveal.
    let path = format!("/api/credentials/{id}/grants/{grant}");
    let set = json!({ "permissions": ["REVEAL", "MANAGE"] });
    assert_eq!(server.send(Some(&ada), Method::PUT, &path, Some(set)).await.status, 200);
    assert_eq!(version(&server, &bob, &id, 1).await.json()["value"], "first");
    let set = json!({ "permissions": ["MANAGE"] });
    assert_eq!(server.send(Some(&ada), Method::PUT, &path, Some(set)).await.status, 200);
    assert_eq!(version(&server, &bob, &id, 1).await.problem(), "forbidden");
}

#[tokio::test]
async fn a_rotation_without_grace_ends_every_earlier_grace_and_one_with_grace_does_not() {
    let server = Server::start_with_limit(None).await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let workspace = server.workspace(&ada, "team").await;
    server.seat(&ada, &workspace, &bob, "MEMBER").await;
    let id = keep_in(&server, &ada, &workspace, "deploy", "first").await;
    share(&server, &ada, &id, &bob, &["USE", "REVEAL"]).await;
    rotate(&server, &ada, &id, "second", Some(3600)).await;
    rotate(&server, &ada, &id, "third", Some(60)).await;
    for (number, value) in [(1, "first"), (2, "second"), (3, "third")] {
        assert_eq!(version(&server, &bob, &id, number).await.json()["value"], value);
    }
    rotate(&server, &ada, &id, "after the leak", None).await;
    for number in 1..=3 {
        assert_eq!(version(&server, &bob, &id, number).await.problem(), "forbidden", "{number}");
    }
    assert_eq!(server.get(&bob, &format!("/api/credentials/{id}/value")).await.json()["value"], "after the leak");
    let body = json!({ "value": "x", "grace_seconds": 30 * 24 * 3600 + 1 });
    assert_eq!(server.post(&ada, &format!("/api/credentials/{id}/rotate"), body).await.problem(), "invalid-request");
}

#[tokio::test]
async fn a_version_that_is_restored_is_sealed_anew_as_the_next_one_and_shown_to_nobody() {
    let server = Server::start_with_limit(None).await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let workspace = server.workspace(&ada, "team").await;
    server.seat(&ada, &workspace, &bob, "MEMBER").await;
    let id = keep_in(&server, &ada, &workspace, "deploy", "the first value").await;
    share(&server, &ada, &id, &bob, &["MANAGE"]).await;
    rotate(&server, &ada, &id, "the second value", None).await;
    let path = format!("/api/credentials/{id}/versions");
    // By one who manages and does not reveal.
    let answer = server.post(&bob, &format!("{path}/1/restore"), json!({})).await;
    assert_eq!((answer.status, answer.json()["version"].as_i64()), (200, Some(3)));
    assert!(!answer.text.contains("the first value"), "{}", answer.text);
    assert_eq!(server.get(&bob, &format!("/api/credentials/{id}/value")).await.problem(), "forbidden");
    assert_eq!(server.get(&ada, &format!("/api/credentials/{id}/value")).await.json()["value"], "the first value");
    let envelopes = "SELECT count(DISTINCT encrypted_value) FROM
        (SELECT encrypted_value FROM strongroom.user_credentials UNION ALL SELECT encrypted_value FROM strongroom.credential_versions) AS e";
    let distinct: i64 = server.database.sql("postgres").await.query_one(envelopes, &[]).await.unwrap().get(0);
    assert_eq!(distinct, 3);
    let rows = server.get(&ada, "/api/credentials/audit?limit=4").await.json();
    let actions: Vec<_> = rows["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions[2..], ["CREDENTIAL_ROTATED", "CREDENTIAL_VERSION_RESTORED"], "below both reveals");

    assert_eq!(server.post(&ada, &format!("{path}/3/restore"), json!({})).await.problem(), "conflict");
    assert_eq!(server.post(&ada, &format!("{path}/9/restore"), json!({})).await.problem(), "not-found");
    let listed = server.get(&ada, &format!("{path}?limit=2")).await.json();
    let numbers = |page: &Value| -> Vec<i64> {
        page["items"].as_array().unwrap().iter().map(|item| item["version"].as_i64().unwrap()).collect()
    };
    assert_eq!(numbers(&listed), [3, 2]);
    assert_eq!((&listed["items"][0]["is_current"], &listed["items"][1]["is_current"]), (&json!(true), &json!(false)));
    let cursor = listed["next_cursor"].as_str().unwrap();
    assert_eq!(numbers(&server.get(&ada, &format!("{path}?cursor={cursor}")).await.json()), [1]);
    server.delete(&ada, &format!("/api/credentials/{id}")).await;
    assert_eq!(server.post(&ada, &format!("{path}/1/restore"), json!({})).await.problem(), "credential-revoked");
}
