//! /api/openapi.json and /api/docs: the description of the API, for programs and for people.
//! The page is Swagger UI out of this binary. It must load nothing from elsewhere, and run nothing but its own files.

use std::sync::{Arc, LazyLock};

use axum::extract::Path;
use axum::http::header::{CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;

use crate::openapi::openapi;
use crate::problem::Refusal;

/// Swagger UI draws its icons from `data:`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static DESCRIPTION: LazyLock<Value> = LazyLock::new(openapi);

/// Read this description
#[utoipa::path(
    get,
    path = "",
    operation_id = "openapi",
    tag = "Server",
    security(()),
    responses((
        status = 200,
        description = "An OpenAPI 3.1 document.",
        content_type = "application/json",
        body = Object,
        example = json!({ "openapi": "3.1.0", "info": { "title": "Strongroom" } }),
    )),
)]
pub async fn description() -> axum::Json<&'static Value> {
    axum::Json(&DESCRIPTION)
}

/// Read this description as a page
///
/// It works without the network. Tokens that are entered stay in the page.
#[utoipa::path(
    get,
    path = "",
    operation_id = "docs",
    tag = "Server",
    security(()),
    responses((
        status = 200,
        description = "A page for people.",
        content_type = "text/html",
        body = String,
        example = "<!doctype html>",
    )),
)]
pub async fn page() -> impl IntoResponse {
    ([(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))], Html(include_str!("docs.html")))
}

/// Get a file of that page
#[utoipa::path(
    get,
    path = "",
    operation_id = "docs_file",
    tag = "Server",
    security(()),
    params(("file" = String, Path, description = "Its name.", example = "swagger-ui.css")),
    responses((
        status = 200,
        description = "The file.",
        content((String = "text/css", example = "body {}"), (String = "text/javascript", example = "'use strict';")),
    )),
)]
pub async fn file(Path(name): Path<String>) -> Result<Response, Refusal> {
    match name.as_str() {
        "start.js" => Ok(([(CONTENT_TYPE, "text/javascript")], include_str!("docs.js")).into_response()),
        "swagger-ui.css" => swagger_ui(&name, "text/css"),
        "swagger-ui-bundle.js" => swagger_ui(&name, "text/javascript"),
        _ => Err(Refusal::not_found()),
    }
}

/// A file of the library's, as the build has packed it.
fn swagger_ui(name: &str, media_type: &'static str) -> Result<Response, Refusal> {
    let file = utoipa_swagger_ui::serve(name, Arc::default()).ok().flatten().ok_or_else(Refusal::not_found)?;
    let headers: [(HeaderName, _); 2] = [(CONTENT_TYPE, media_type), (CONTENT_ENCODING, "gzip")];
    Ok((headers, file.bytes).into_response())
}
