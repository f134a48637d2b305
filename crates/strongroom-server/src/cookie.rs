//! The session's cookie: its name, its attributes, and when it counts. No script can read it, and no page of anybody
//! else's can use it: it counts only where the browser says that the request comes from a page of this very origin.
//! It is never honoured beside an Authorization header.

use axum::http::header::{COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use chrono::{DateTime, Utc};
use cookie::time::OffsetDateTime;
use cookie::{Cookie, CookieBuilder, SameSite};
use secrecy::ExposeSecret;
use strongroom_types::ApiToken;

use crate::listener::HttpSettings;
use crate::problem::Refusal;

/// Fetch Metadata Request Headers (W3C), section 2.3: written by browsers alone, on TLS and on loopback.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The cookie of this server, as its listener makes it.
#[derive(Clone, Copy, Debug)]
pub struct SessionCookie {
    /// Whether browsers reach the server by TLS, its own or a proxy's. Without, it is on loopback.
    secure: bool,
}

impl SessionCookie {
    /// As browsers reach a listener with these settings.
    pub fn of(http: &HttpSettings) -> Self {
        Self { secure: http.is_reached_by_tls() }
    }

    /// With the prefix, browsers take the cookie from this very host by TLS alone: neither a page of a subdomain nor one
    /// in the clear can plant another (RFC 6265bis, section 4.1.3.2).
    fn name(self) -> &'static str {
        if self.secure { "__Host-strongroom_session" } else { "strongroom_session" }
    }

    /// Hands a session to the browser.
    pub fn set(self, token: &ApiToken, expires_at: DateTime<Utc>) -> HeaderValue {
        let expires = OffsetDateTime::from_unix_timestamp(expires_at.timestamp());
        self.write(token.to_session_text().expose_secret(), expires.unwrap_or(OffsetDateTime::UNIX_EPOCH))
    }

    /// Takes it away.
    pub fn clear(self) -> HeaderValue {
        self.write("", OffsetDateTime::UNIX_EPOCH)
    }

    fn write(self, value: &str, expires: OffsetDateTime) -> HeaderValue {
        header(build(self.secure, self.name(), value).expires(expires))
    }

    /// The token in the cookie of a request; None where there is no cookie.
    ///
    /// # Errors
    /// Where it does not count, where it is malformed, and where there are two: who plants a second one is no friend.
    pub fn token(self, headers: &HeaderMap) -> Option<Result<ApiToken, Refusal>> {
        let mut ours = named(headers, self.name());
        let (only, second) = (ours.next()?, ours.next());
        Some(self.require_our_page(headers).and_then(|()| match (ApiToken::parse(only.value()), second) {
            (Ok(token), None) => Ok(token),
            _ => Err(Refusal::unauthenticated()),
        }))
    }

    /// The token of a browser that comes back from an OpenID provider, and so from a page of somebody else's: only for what
    /// is bound to that browser by more than this cookie.
    pub fn token_of_return(self, headers: &HeaderMap) -> Option<ApiToken> {
        let mut ours = named(headers, self.name());
        let (only, None) = (ours.next()?, ours.next()) else { return None };
        ApiToken::parse(only.value()).ok()
    }

    /// That a request for a cookie, or with one, comes from a page of this server.
    ///
    /// # Errors
    /// Where it does not say so.
    pub fn require_our_page(self, headers: &HeaderMap) -> Result<(), Refusal> {
        if self.is_from_our_page(headers) { Ok(()) } else { Err(Refusal::cross_site()) }
    }

    /// By Sec-Fetch-Site, or, from browsers that do not know it, by Origin. Whoever says neither may be made to: also for
    /// a GET, which may reveal.
    fn is_from_our_page(self, headers: &HeaderMap) -> bool {
        let mut sites = headers.get_all(SEC_FETCH_SITE).iter().peekable();
        if sites.peek().is_some() {
            return sites.all(|site| site == "same-origin");
        }
        let scheme = if self.secure { "https" } else { "http" };
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let (Some(origin), Some(host)) = (text(ORIGIN), text(HOST)) else { return false };
        headers.get_all(ORIGIN).iter().count() == 1 && origin == format!("{scheme}://{host}")
    }
}

/// The cookies of that name which a request has.
pub(crate) fn named<'h>(headers: &'h HeaderMap, name: &'static str) -> impl Iterator<Item = Cookie<'h>> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(Cookie::split_parse).filter_map(Result::ok).filter(move |cookie| cookie.name() == name)
}

/// A cookie that no script can read, and that other sites send with navigations alone.
pub(crate) fn build(secure: bool, name: &'static str, value: &str) -> CookieBuilder<'static> {
    Cookie::build((name, value.to_owned())).path("/").secure(secure).http_only(true).same_site(SameSite::Lax)
}

/// The header that sets it. Names and values of ours are ASCII.
pub(crate) fn header(cookie: CookieBuilder<'static>) -> HeaderValue {
    let mut header = HeaderValue::try_from(cookie.to_string()).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECURE: SessionCookie = SessionCookie { secure: true };

    fn says(lines: &[(HeaderName, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.clone(), value.parse().unwrap());
        }
        SECURE.is_from_our_page(&headers)
    }

    #[test]
    fn only_a_page_of_this_origin_is_ours() {
        assert!(says(&[(SEC_FETCH_SITE, "same-origin")]));
        for site in ["same-site", "cross-site", "none", "", "SAME-ORIGIN", "same-origin, cross-site"] {
            assert!(!says(&[(SEC_FETCH_SITE, site)]), "{site}");
        }
        assert!(!says(&[(SEC_FETCH_SITE, "same-origin"), (SEC_FETCH_SITE, "cross-site")]));
    }

    #[test]
    fn sec_fetch_site_goes_before_origin() {
        let ours = (ORIGIN, "https://vault.example.org");
        let host = (HOST, "vault.example.org");
        assert!(says(&[ours.clone(), host.clone()]));
        assert!(!says(&[(SEC_FETCH_SITE, "cross-site"), ours, host]));
    }

    #[test]
    fn an_origin_is_ours_by_scheme_host_and_port() {
        let host = (HOST, "vault.example.org:8443");
        assert!(says(&[(ORIGIN, "https://vault.example.org:8443"), host.clone()]));
        for origin in [
            "http://vault.example.org:8443",
            "https://vault.example.org",
            "https://evil.example.org:8443",
            "https://vault.example.org:8443.evil.example",
            "null",
            "",
        ] {
            assert!(!says(&[(ORIGIN, origin), host.clone()]), "{origin}");
        }
        assert!(!says(&[(ORIGIN, "https://vault.example.org:8443")]), "no Host");
        assert!(!says(&[host]), "neither header");
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_hosts() {
        let token = ApiToken::new(strongroom_types::UserId::generate(), &[7; 32]);
        let text = token.to_session_text();
        let set = SECURE.set(&token, DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let expected = format!(
            "__Host-strongroom_session={}; HttpOnly; SameSite=Lax; Secure; Path=/; Expires=Fri, 15 Jan 2027 08:00:00 GMT",
            text.expose_secret()
        );
        assert_eq!(set.to_str().unwrap(), expected);
        let cleared = SessionCookie { secure: false }.clear();
        let expected = "strongroom_session=; HttpOnly; SameSite=Lax; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        assert_eq!(cleared.to_str().unwrap(), expected);
    }
}
