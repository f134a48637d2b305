//! How a browser hands a token over to the command line (RFC 8252, section 7.3): a page of the server, where the person is
//! signed in, makes an API token, seals it for a key of this login and posts it, as a form, to a port of this machine.
//! Nothing is taken but from that page, by its origin, and for this very login, by its state. It never shows what it took.
//! Browsers name the origin where the page's policy of referrers is `origin`; where it is `no-referrer`, they send `null`.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, LOCATION, ORIGIN, REFERRER_POLICY,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use strongroom_crypto::HandoverKey;
use strongroom_types::ApiToken;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use url::{Url, form_urlencoded};

use crate::error::ClientError;

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How long the last answer may take to leave.
const LAST_WORD: Duration = Duration::from_secs(2);
/// The most that a form may hold.
const FORM_LIMIT: usize = 4096;

type Outcome = Result<SecretString, ClientError>;

/// A login that waits for its token.
pub struct Handover {
    listener: TcpListener,
    outcomes: mpsc::Receiver<Outcome>,
    expected: Expected,
}

/// What is taken.
struct Expected {
    host: String,
    origin: String,
    state: String,
    key: HandoverKey,
    page: Url,
    outcome: mpsc::Sender<Outcome>,
    opened: AtomicBool,
    /// That the browser has been told how it ended.
    told: Notify,
}

impl Handover {
    /// Opens a port for a page of that server, and makes a key for this login.
    ///
    /// # Errors
    /// Where this machine has no port or no randomness to give.
    pub async fn begin(server: &Url, name: &str) -> Result<Self, ClientError> {
        let wrong = |error: std::io::Error| ClientError::Input(format!("a port of this machine: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(wrong)?;
        let port = listener.local_addr().map_err(wrong)?.port();
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|e| ClientError::Input(format!("randomness: {e}")))?;
        let state = BASE64URL_NOPAD.encode(&random);
        let key = HandoverKey::generate().map_err(|e| ClientError::Input(format!("a key for this login: {e}")))?;
        let page =
            page_of(server, &[("port", &port.to_string()), ("state", &state), ("key", key.public()), ("name", name)]);
        let (outcome, outcomes) = mpsc::channel(1);
        let expected = Expected {
            host: format!("{}:{port}", Ipv4Addr::LOCALHOST),
            origin: server.origin().ascii_serialization(),
            state,
            key,
            page,
            outcome,
            opened: AtomicBool::new(false),
            told: Notify::new(),
        };
        Ok(Self { listener, outcomes, expected })
    }

    /// The page to be opened, for this person's eyes alone: who has its address can end this login.
    pub fn page(&self) -> &Url {
        &self.expected.page
    }

    /// An address that leads to the page once, and tells nothing: everybody on this machine sees what a browser is started with.
    pub fn door(&self) -> String {
        format!("http://{}/", self.expected.host)
    }

    /// Waits until the page hands a token over.
    ///
    /// # Errors
    /// Where the person declines, or takes more than five minutes.
    pub async fn token(self) -> Outcome {
        self.served(Router::new()).await
    }

    /// As [`Self::token`], where the browser was sent to [`Self::door`].
    ///
    /// # Errors
    /// As [`Self::token`], and where more than one asks at the door.
    pub async fn token_by_door(self) -> Outcome {
        self.served(Router::new().route("/", get(lead))).await
    }

    async fn served(mut self, router: Router<Arc<Expected>>) -> Outcome {
        let expected = Arc::new(self.expected);
        let router = router
            .route("/token", post(receive))
            .route(DONE, get(done))
            .route(DECLINED, get(declined))
            .fallback(async || page(StatusCode::NOT_FOUND, "There is nothing here."))
            .method_not_allowed_fallback(async || page(StatusCode::METHOD_NOT_ALLOWED, "There is nothing here."))
            .layer(DefaultBodyLimit::max(FORM_LIMIT))
            .with_state(expected.clone());
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let serving = axum::serve(self.listener, router).with_graceful_shutdown(async {
            let _ = ended.await;
        });
        let serving = tokio::spawn(serving.into_future());
        let outcome = timeout(PATIENCE, self.outcomes.recv()).await;
        // The browser comes once more, for the page that says how it ended.
        if outcome.is_ok() {
            let _ = timeout(LAST_WORD, expected.told.notified()).await;
        }
        drop(end);
        // Who holds the connection open beyond that is let go of.
        let abort = serving.abort_handle();
        if timeout(LAST_WORD, serving).await.is_err() {
            abort.abort();
        }
        let too_late = || ClientError::Input("nobody handed a token over within five minutes".into());
        outcome.ok().flatten().unwrap_or_else(|| Err(too_late()))
    }
}

/// What the page is told is behind the `#`, which no server sees.
fn page_of(server: &Url, told: &[(&str, &str)]) -> Url {
    let told = form_urlencoded::Serializer::new(String::new()).extend_pairs(told).finish();
    let mut page = server.clone();
    page.set_path(&format!("{}/authorize", server.path().trim_end_matches('/')));
    page.set_fragment(Some(&told));
    page
}

/// Where a browser is sent from its form, so that loading the page again sends no form again.
const DONE: &str = "/done";
const DECLINED: &str = "/declined";

/// Leads the first who asks to the page. Of two, nobody knows which is the browser of whoever waits.
async fn lead(State(expected): State<Arc<Expected>>, headers: HeaderMap) -> Response {
    if !is(&headers, HOST, &expected.host) {
        return page(StatusCode::BAD_REQUEST, "There is nothing here.");
    }
    if !expected.opened.swap(true, Ordering::SeqCst) {
        return see_other(expected.page.as_str());
    }
    let twice = "somebody else on this machine opened the address of this login, or you did so twice; nothing was kept: \
                 run `strongroom login` again, with --no-browser if this goes on";
    let _ = expected.outcome.try_send(Err(ClientError::Input(twice.into())));
    expected.told.notify_one();
    page(StatusCode::GONE, "This was opened before, perhaps by somebody else. The login has ended: begin it again.")
}

async fn receive(
    State(expected): State<Arc<Expected>>,
    headers: HeaderMap,
    form: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(outcome) = form.ok().and_then(|form| expected.read(&headers, &form)) else {
        return page(StatusCode::BAD_REQUEST, "This is not what the command line waits for. It goes on waiting.");
    };
    let next = if outcome.is_ok() { DONE } else { DECLINED };
    // The first one counts.
    let _ = expected.outcome.try_send(outcome);
    see_other(next)
}

impl Expected {
    /// What the form hands over; nothing, if it is not from the page or not for this login.
    fn read(&self, headers: &HeaderMap, form: &[u8]) -> Option<Outcome> {
        let is = |name, wanted| is(headers, name, wanted);
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
        let token = self.key.open(&field("sealed")?).ok()?;
        ApiToken::parse(token.expose_secret()).ok()?;
        Some(Ok(token))
    }
}

fn is(headers: &HeaderMap, name: HeaderName, wanted: &str) -> bool {
    let mut values = headers.get_all(name).iter();
    values.next().is_some_and(|value| value.as_bytes() == wanted.as_bytes()) && values.next().is_none()
}

fn see_other(location: &str) -> Response {
    let headers = [(LOCATION, location), (REFERRER_POLICY, "no-referrer"), (CACHE_CONTROL, "no-store")];
    (StatusCode::SEE_OTHER, headers).into_response()
}

async fn done(State(expected): State<Arc<Expected>>) -> Response {
    say(&expected, "The command line has what it needs.")
}

async fn declined(State(expected): State<Arc<Expected>>) -> Response {
    say(&expected, "The command line knows that you declined.")
}

fn say(expected: &Expected, sentence: &str) -> Response {
    expected.told.notify_one();
    page(StatusCode::OK, &format!("{sentence} You may close this window."))
}

/// A page that can do nothing.
fn page(status: StatusCode, sentence: &str) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    let html = format!("<!doctype html><html lang=\"en\"><title>Strongroom</title><p>{sentence}</p></html>\n");
    (status, headers, html).into_response()
}
