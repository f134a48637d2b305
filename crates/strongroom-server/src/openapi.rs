//! The description of the API (OpenAPI 3.1): what each handler says of itself by `#[utoipa::path]`, at the paths that
//! `routes::endpoints` lists; and what holds for all of them, which is said here, once: who may ask, and the problems.
//! It knows no route but the one pair that shares its handlers: /api/credentials and /api/admin/secrets.

mod examples;

use serde_json::{Map, Value, json};
use strongroom_types::{NewSecret, Problem, ProblemCode, RequestId};
use strum::VariantArray;
use utoipa::openapi::path::PathsBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, ComponentsBuilder, Info, InfoBuilder, OpenApiBuilder, SecurityRequirement};

use crate::routes::endpoints;

/// What a reader is told first.
const INTRODUCTION: &str = "\
A credential vault. Send an API token (`srt_…`) or that of a session (`srs_…`) as `Authorization: Bearer …`. Pages of \
this server have the session in a cookie instead, which counts in requests from them alone.

**Lists** come in pages, newest first. An answer with a `next_cursor` has more: pass it as `cursor`, with the same \
filters. `limit` is 1 to 100, and 20 unless told.

**Refusals** are `application/problem+json` (RFC 9457). Programs branch on `type`; `detail` says what to do; \
`request_id` is that of the log and of the header `x-request-id`. What is not yours to see is answered as what is not \
there: 404.

**Limits**: a body holds 512 KiB, a value 64 KiB. A field or a parameter that is not described is refused.";

/// The whole description.
pub fn openapi() -> Value {
    let (mut components, mut paths) = (security_schemes(), PathsBuilder::new());
    for endpoint in endpoints() {
        let (schemas, described, _) = endpoint.route;
        components = components.schemas_from_iter(schemas);
        paths = described.paths.into_values().fold(paths, |paths, item| paths.path(endpoint.path, item));
    }
    let document = OpenApiBuilder::new()
        .info(info())
        .paths(paths)
        .components(Some(components.schema_from::<Problem>().schema_from::<NewSecret>().build()))
        // Of every operation that does not say otherwise.
        .security(Some([SecurityRequirement::new("token", no_scopes())]))
        .build();
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["components"]["responses"] = problem_responses();
    for (path, item) in members(&mut document["paths"]) {
        for (method, operation) in members(item) {
            complete(method, path, operation);
        }
    }
    examples::fill(&mut document);
    document
}

fn info() -> Info {
    InfoBuilder::new().title("Strongroom").version(env!("CARGO_PKG_VERSION")).description(Some(INTRODUCTION)).build()
}

fn security_schemes() -> ComponentsBuilder {
    let bearer = |form: &str, description: &str| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(form);
        SecurityScheme::Http(scheme.description(Some(description)).build())
    };
    Components::builder()
        .security_scheme("token", bearer("srt_…", "An API token, or the token of a session (`srs_…`)."))
        .security_scheme("invitation", bearer("sri_…", "A one-time invitation."))
}

fn no_scopes() -> [&'static str; 0] {
    []
}

/// A response for each status that a refusal can have, named as the first of its codes.
fn problem_responses() -> Value {
    let mut responses = Map::new();
    for code in ProblemCode::VARIANTS {
        let response = responses.entry(name_of(code.status())).or_insert_with(|| {
            let content = json!({ "schema": { "$ref": "#/components/schemas/Problem" }, "examples": {} });
            json!({ "description": "", "content": { "application/problem+json": content } })
        });
        let before = response["description"].as_str().unwrap_or_default();
        let separator = if before.is_empty() { "" } else { "; " };
        response["description"] = format!("{before}{separator}`{code}`: {}", code.when()).into();
        response["content"]["application/problem+json"]["examples"][code.to_string()] = json!({ "value": Problem { request_id: Some(RequestId::EXAMPLE.into()), ..Problem::new(*code, code.when()) } });
        if matches!(code.status(), 429 | 503) {
            let schema = json!({ "type": "integer", "minimum": 1 });
            response["headers"] = json!({ "Retry-After": { "description": "In seconds.", "schema": schema } });
        }
    }
    responses.into()
}

/// The first code of a status names the response.
fn name_of(status: u16) -> String {
    ProblemCode::VARIANTS.iter().find(|code| code.status() == status).map(ToString::to_string).unwrap_or_default()
}

/// Adds to one operation what follows from its place and its form. What it says itself of a refusal stays, as the
/// description of that status.
fn complete(method: &str, path: &str, operation: &mut Value) {
    let administers = path.starts_with("/api/admin/");
    if administers {
        tell_apart(path, operation);
    }
    let mut statuses = implied_statuses(method, operation);
    if administers {
        statuses.push(403);
    }
    let own = operation["responses"].as_object().into_iter().flatten();
    statuses.extend(own.filter_map(|(status, _)| status.parse().ok()).filter(|status: &u16| *status >= 400));
    for status in statuses {
        let response = &mut operation["responses"][status.to_string()];
        let description = response["description"].take();
        *response = json!({ "$ref": format!("#/components/responses/{}", name_of(status)) });
        if description.as_str().is_some_and(|text| !text.is_empty()) {
            response["description"] = description;
        }
    }
}

/// The same handlers serve /api/credentials and /api/admin/secrets; their operations have a name each.
fn tell_apart(path: &str, operation: &mut Value) {
    operation["operationId"] = format!("admin_{}", operation["operationId"].as_str().unwrap_or_default()).into();
    if path.starts_with("/api/admin/secrets") {
        operation["tags"] = json!(["Instance secrets"]);
        // What a handler says of these is said of workspaces.
        if let Some(body) = operation.pointer_mut("/requestBody/content/application~1json/schema/$ref")
            && body == "#/components/schemas/NewCredential"
        {
            *body = "#/components/schemas/NewSecret".into();
        }
        if let Some(responses) = operation["responses"].as_object_mut() {
            responses.retain(|status, _| !matches!(status.as_str(), "403" | "404"));
        }
    }
}

/// The refusals that follow from what an operation takes.
fn implied_statuses(method: &str, operation: &Value) -> Vec<u16> {
    let (has_body, is_public) = (operation.get("requestBody").is_some(), operation["security"] == json!([{}]));
    let mut statuses = vec![408, 429, 500, 503];
    if !is_public {
        statuses.push(401);
        // By a token that does not reach so far, or a browser that does not say where from.
        if method != "get" {
            statuses.push(403);
        }
    }
    if has_body {
        statuses.extend([400, 413, 415, 422]);
    }
    if parameters_in("query", operation) {
        statuses.extend([400, 422]);
    }
    if parameters_in("header", operation) {
        statuses.push(400);
    }
    if parameters_in("path", operation) {
        statuses.push(404);
    }
    statuses
}

/// Whether an operation takes parameters there.
fn parameters_in(place: &str, operation: &Value) -> bool {
    operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["in"] == place)
}

/// The members of a JSON object; none of what is no object.
fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}
