//! The pages (web/), out of this binary: static files, the same for everybody. They get at data by the API alone.
//! Must never answer for a path of the API, and let nothing run that is not one of these files.

use axum::Router;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName};
use axum::http::{HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use strongroom_types::ProblemCode;
use tower_http::compression::CompressionLayer;

use crate::problem::Refusal;

/// The two hashes are of styles that React Aria puts into a page: how a button is touched, and how a dialog scrolls on a
/// phone. `strongroom login` waits on loopback for the form that hands it its token.
const POLICY: &str = "\
     default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; \
     style-src 'self' 'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o=' \
     'sha256-gYiS/BvZvRcK27JIXTuwhZ3hs2+VJ1X+2gUlE+farlg='; \
     require-trusted-types-for 'script'; trusted-types 'none'; \
     form-action http://127.0.0.1:*; base-uri 'none'; frame-ancestors 'none'";
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// The one page; which of them it shows is its own affair.
const PAGE: &str = "index.html";
/// The folder of files whose names have their contents' hashes in them.
const HASHED: &str = "assets/";

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

/// Whether this binary has pages.
pub fn is_built() -> bool {
    Files::get(PAGE).is_some()
}

/// What answers where no route of the API does. Nothing of it is secret, so that it may be compressed.
pub fn fallback<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().fallback(serve).layer(CompressionLayer::new())
}

async fn serve(request: Request) -> Result<Response, Refusal> {
    let path = request.uri().path();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read || !is_plain(path) || is_of_api(path) {
        return Err(Refusal::not_found());
    }
    let path = path.trim_start_matches('/');
    match Files::get(path) {
        Some(file) if path != PAGE => Ok(file_of(path, file)),
        _ if wants_page(request.headers()) => page(Files::get(PAGE)),
        _ => Err(Refusal::not_found()),
    }
}

fn is_of_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// Whether the path says where it leads: no `.`, no `..`, nothing empty but at its end. An unoptimized binary reads the files
/// from the disk, which follows such segments.
fn is_plain(path: &str) -> bool {
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/');
    let last = segments.next_back();
    segments.all(|segment| !matches!(segment, "" | "." | "..")) && !matches!(last, Some("." | ".."))
}

/// Browsers say so when somebody goes to an address; programs that look for something of the API do not.
fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

fn page(file: Option<EmbeddedFile>) -> Result<Response, Refusal> {
    let file = file.ok_or_else(|| {
        let detail = "this strongroom was built without its pages, which `make up` builds; its API is at /api";
        Refusal::new(ProblemCode::NotFound, detail)
    })?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (OPENER_POLICY, HeaderValue::from_static("same-origin")),
        (PERMISSIONS_POLICY, HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()")),
    ];
    Ok((headers, file.data).into_response())
}

fn file_of(path: &str, file: EmbeddedFile) -> Response {
    let kept = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let kind =
        HeaderValue::from_str(file.metadata.mimetype()).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, HeaderValue::from_static(kept))], file.data).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_binary_without_pages_says_so_and_names_the_api() {
        let problem = page(None).unwrap_err().into_problem();
        assert_eq!(problem.status, 404);
        assert!(problem.detail.contains("without its pages") && problem.detail.contains("/api"), "{}", problem.detail);
    }

    #[tokio::test]
    async fn a_path_that_leads_elsewhere_than_it_says_leads_nowhere() {
        let get = |path: &str| Request::builder().uri(path).header(ACCEPT, "text/html").body(Body::empty()).unwrap();
        for path in
            ["/assets/../index.html", "/assets/..", "/./index.html", "/.", "//index.html", "/assets//x", "/../api"]
        {
            let problem = serve(get(path)).await.unwrap_err().into_problem();
            assert_eq!((problem.status, problem.detail), (404, Refusal::not_found().into_problem().detail), "{path}");
        }
        for path in ["/", "/settings", "/settings/", "/.well-known/x", "/a..b/...", "/assets/index.css"] {
            assert!(is_plain(path), "{path}");
        }
    }
}
