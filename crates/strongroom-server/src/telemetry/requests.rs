//! One request as logs, traces and metrics see it: an id of ours, its method, its route as a template, its status and
//! how long it took. What the client may write is in none of them; a method that is unknown has the name _OTHER.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceState};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use strongroom_types::RequestId;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Gives the request an id of ours, and tells of it when it is answered.
#[allow(clippy::disallowed_methods, reason = "measures for the log and the metrics")]
pub(crate) async fn observe(mut request: Request, next: Next) -> Response {
    let request_id = RequestId::generate();
    request.extensions_mut().insert(request_id);
    let (method, route) = (known(request.method()), route(&request));
    // At the level of errors, so that an error has its request's id whatever the filter is.
    let span = tracing::error_span!("request", otel.kind = "server", method, route, %request_id);
    continue_trace(&span, request.headers());
    let (under_way, started) = (UnderWay::begin(), Instant::now());
    async move {
        let mut response = next.run(request).await;
        drop(under_way);
        let (status, duration) = (response.status().as_u16(), started.elapsed());
        tracing::info!(status, duration_ms = duration.as_micros() as f64 / 1000.0, "answered");
        describe(&Span::current(), method, &route, status);
        let labels = [("method", method.into()), ("route", route), ("status", format!("{}xx", status / 100))];
        metrics::histogram!("strongroom_http_request_duration_seconds", &labels).record(duration);
        if let Ok(id) = HeaderValue::from_str(&request_id.to_string()) {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    }
    .instrument(span)
    .await
}

/// The template that matched, such as /api/credentials/{id}; never the path.
fn route(request: &Request) -> String {
    request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).into()
}

/// A method of RFC 9110 or 5789; clients may send any word for one.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "_OTHER",
    }
}

/// As the semantic conventions of OpenTelemetry name it.
fn describe(span: &Span, method: &'static str, route: &str, status: u16) {
    span.context().span().update_name(format!("{method} {route}"));
    span.set_attribute("http.request.method", method);
    span.set_attribute("http.route", route.to_owned());
    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.set_status(opentelemetry::trace::Status::error(""));
    }
}

/// Makes the span a child of the caller's (W3C Trace Context). His trace state is not passed on: it is text of his.
fn continue_trace(span: &Span, headers: &HeaderMap) {
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &TraceParent(headers));
    let (id, parent) = (parent.span().span_context().clone(), Context::new());
    if id.is_valid() {
        let id = SpanContext::new(id.trace_id(), id.span_id(), id.trace_flags(), true, TraceState::NONE);
        // Fails where no traces are made, and then there is nothing to continue.
        let _ = span.set_parent(parent.with_remote_span_context(id));
    }
}

struct TraceParent<'a>(&'a HeaderMap);

impl Extractor for TraceParent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then(|| self.0.get(key)?.to_str().ok()).flatten()
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

/// Counted as long as it lives, also where the client goes away and nobody answers.
struct UnderWay;

impl UnderWay {
    fn begin() -> Self {
        metrics::gauge!("strongroom_http_requests_in_flight").increment(1.0);
        Self
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        metrics::gauge!("strongroom_http_requests_in_flight").decrement(1.0);
    }
}
