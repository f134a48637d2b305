//! How a browser hands a token over to the command line (RFC 8252, section 7.3): a page of the server, where the person is
//! signed in, makes an API token and posts it, as a form, to a port of this machine that is open for this once.
//! Nothing is taken but from that page, by its origin, and for this very login, by its state. It never shows what it took.
//! Browsers name the origin where the page's policy of referrers is `origin`; where it is `no-referrer`, they send `null`.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;
use strongroom_types::ApiToken;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::{Url, form_urlencoded};

use crate::error::ClientError;

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How long the last answer may take to leave.
const LAST_WORD: Duration = Duration::from_secs(2);
/// The most that a form may hold.
const FORM_LIMIT: usize = 4096;

/// A login that waits for its token.
pub struct Handover {
    listener: TcpListener,
    port: u16,
    state: String,
    origin: String,
}

/// What is taken.
struct Expected {
    host: String,
    origin: String,
    state: String,
    outcome: mpsc::Sender<Result<SecretString, ClientError>>,
}

impl Handover {
    /// Opens a port for a page of that server.
    ///
    /// # Errors
    /// Where this machine has no port or no randomness to give.
    pub async fn begin(server: &Url) -> Result<Self, ClientError> {
        let wrong = |error: std::io::Error| ClientError::Input(format!("a port of this machine: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(wrong)?;
        let port = listener.local_addr().map_err(wrong)?.port();
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|e| ClientError::Input(format!("randomness: {e}")))?;
        let state = BASE64URL_NOPAD.encode(&random);
        Ok(Self { listener, port, state, origin: server.origin().ascii_serialization() })
    }

    /// The page to be opened. What it is told is behind the `#`, which no server sees.
    pub fn page(&self, server: &Url, name: &str) -> Url {
        let mut told = form_urlencoded::Serializer::new(String::new());
        told.append_pair("port", &self.port.to_string()).append_pair("state", &self.state).append_pair("name", name);
        let mut page = server.clone();
        page.set_path(&format!("{}/authorize", server.path().trim_end_matches('/')));
        page.set_fragment(Some(&told.finish()));
        page
    }

    /// Waits until the page hands a token over.
    ///
    /// # Errors
    /// Where the person declines, or takes more than five minutes.
    pub async fn token(self) -> Result<SecretString, ClientError> {
        let (outcome, mut outcomes) = mpsc::channel(1);
        let host = format!("{}:{}", Ipv4Addr::LOCALHOST, self.port);
        let expected = Arc::new(Expected { host, origin: self.origin, state: self.state, outcome });
        let router = Router::new()
            .route("/token", post(receive))
            .fallback(async || page(StatusCode::NOT_FOUND, "There is nothing here."))
            .method_not_allowed_fallback(async || page(StatusCode::METHOD_NOT_ALLOWED, "There is nothing here."))
            .layer(DefaultBodyLimit::max(FORM_LIMIT))
            .with_state(expected);
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let serving = axum::serve(self.listener, router).with_graceful_shutdown(async {
            let _ = ended.await;
        });
        let serving = tokio::spawn(serving.into_future());
        let outcome = timeout(PATIENCE, outcomes.recv()).await;
        drop(end);
        // The page that says so is on its way; who holds the connection open beyond that is let go of.
        let abort = serving.abort_handle();
        if timeout(LAST_WORD, serving).await.is_err() {
            abort.abort();
        }
        let too_late = || ClientError::Input("nobody handed a token over within five minutes".into());
        outcome.ok().flatten().unwrap_or_else(|| Err(too_late()))
    }
}

async fn receive(
    State(expected): State<Arc<Expected>>,
    headers: HeaderMap,
    form: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(outcome) = form.ok().and_then(|form| expected.read(&headers, &form)) else {
        return page(StatusCode::BAD_REQUEST, "This is not what the command line waits for. It goes on waiting.");
    };
    let told = match &outcome {
        Ok(_) => "The command line has what it needs. You may close this window.",
        Err(_) => "The command line knows that you declined. You may close this window.",
    };
    // The first one counts.
    let _ = expected.outcome.try_send(outcome);
    page(StatusCode::OK, told)
}

impl Expected {
    /// What the form hands over; nothing, if it is not from the page or not for this login.
    fn read(&self, headers: &HeaderMap, form: &[u8]) -> Option<Result<SecretString, ClientError>> {
        let is = |name: HeaderName, wanted: &str| {
            let mut values = headers.get_all(name).iter();
            values.next().is_some_and(|value| value.as_bytes() == wanted.as_bytes()) && values.next().is_none()
        };
        if !is(HOST, &self.host) || !is(ORIGIN, &self.origin) || !is(CONTENT_TYPE, "application/x-www-form-urlencoded")
        {
            return None;
        }
        let field = |name: &str| {
            let mut values = form_urlencoded::parse(form).filter(|(field, _)| field == name).map(|(_, value)| value);
            values.next().filter(|_| values.next().is_none())
        };
        if !bool::from(field("state")?.as_bytes().ct_eq(self.state.as_bytes())) {
            return None;
        }
        if field("error").is_some_and(|error| error == "declined") {
            return Some(Err(ClientError::Input("it was declined in the browser".into())));
        }
        let token = field("token")?;
        ApiToken::parse(&token).ok()?;
        Some(Ok(token.into_owned().into()))
    }
}

/// A page that can do nothing.
fn page(status: StatusCode, sentence: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    let html = format!("<!doctype html><html lang=\"en\"><title>Strongroom</title><p>{sentence}</p></html>\n");
    (status, headers, html).into_response()
}
