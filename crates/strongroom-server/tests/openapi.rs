//! The description of the API: it is the checked-in one, it describes each endpoint, and nothing else, with examples.
//! That it is true of the running server is for tests/schemathesis and for the client in clients/typescript.
#![allow(clippy::disallowed_methods, reason = "tests only")]

use std::collections::BTreeSet;

use crate::support::Server;
use serde_json::Value;
use strongroom_server::{endpoints, openapi};

const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");

/// Every operation, as `GET /api/me`.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let items = document["paths"].as_object().unwrap().iter();
    let operations = items.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, it)| (format!("{} {path}", method.to_uppercase()), it))
    });
    operations.collect()
}

/// The bodies of an operation's request and of its answers that are no refusals.
fn bodies(operation: &Value) -> Vec<&Value> {
    let answers = operation["responses"].as_object().unwrap().iter();
    let answers = answers.filter(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer);
    let contents = answers.chain(operation.get("requestBody")).filter_map(|it| it.get("content"));
    contents.flat_map(|content| content.as_object().unwrap().values()).collect()
}

/// Every `$ref` of a document.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
        found.insert(reference);
    }
    value.as_object().into_iter().flat_map(|it| it.values()).for_each(|it| references(it, found));
    value.as_array().into_iter().flatten().for_each(|it| references(it, found));
}

#[test]
fn openapi_json_is_up_to_date() {
    let document = openapi();
    if std::env::var_os("STRONGROOM_BLESS").is_some() {
        std::fs::write(CHECKED_IN, format!("{document:#}\n")).unwrap();
    }
    let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap_or_default();
    let checked_in: Value = serde_json::from_str(&checked_in).unwrap_or_default();
    assert!(checked_in == document, "openapi.json is stale: make bless, and read the difference");
}

#[test]
fn every_endpoint_is_described_and_nothing_else() {
    let document = openapi();
    let described: BTreeSet<_> = operations(&document).into_iter().map(|(operation, _)| operation).collect();
    let there: BTreeSet<_> = endpoints().iter().map(|it| format!("{} {}", it.method, it.path)).collect();
    assert_eq!(described, there);
}

#[test]
fn every_operation_says_what_it_is_for_and_shows_examples() {
    let document = openapi();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}: its operation id is another's too");
        assert!(operation["summary"].is_string(), "{name} has no summary");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name} needs a tag");
        for body in bodies(operation) {
            assert!(body.get("example").is_some(), "{name} has a body without an example: {body}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let in_path = parameter["in"] == "path";
            assert!(!in_path || parameter.get("example").is_some(), "{name} has an id without an example: {parameter}");
        }
    }
}

#[test]
fn every_refusal_is_a_problem_and_every_reference_leads_somewhere() {
    let document = openapi();
    for (name, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let shared = response["$ref"].as_str().is_some_and(|it| it.starts_with("#/components/responses/"));
            assert_eq!(status.starts_with(['4', '5']), shared, "{name}: {status}");
        }
    }
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_description_and_its_page_are_served_to_anybody_and_load_nothing_from_elsewhere() {
    let server = Server::start().await;
    let get = async |path: &str| server.send(None, reqwest::Method::GET, path, None).await;
    assert_eq!(get("/api/openapi.json").await.json(), openapi());
    let page = get("/api/docs").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; script-src 'self';"));
    assert!(!page.text.contains("://"), "{}", page.text);
    let files = page.text.split('"').filter(|text| text.starts_with("/api/docs/"));
    for file in files {
        assert_eq!(get(file).await.status, 200, "{file}");
    }
    assert_eq!(get("/api/docs/oauth2-redirect.html").await.status, 404);
}
