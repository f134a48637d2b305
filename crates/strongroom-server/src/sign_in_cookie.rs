//! The cookie that binds a sign-in at an OpenID provider to the browser that began it: whoever makes another browser come
//! back with his own code and state signs nobody in (RFC 6749, section 10.12). It proves nothing else.

use axum::http::{HeaderMap, HeaderValue};
use cookie::time::Duration;
use secrecy::{ExposeSecret, SecretString};

use crate::cookie::{build, header, named};
use crate::listener::HttpSettings;

/// As long as the database keeps a sign-in that has not come back.
const LASTS: Duration = Duration::minutes(10);

/// The cookie of this server, as its listener makes it.
#[derive(Clone, Copy, Debug)]
pub struct SignInCookie {
    secure: bool,
}

impl SignInCookie {
    /// As browsers reach a listener with these settings.
    pub fn of(http: &HttpSettings) -> Self {
        Self { secure: http.is_reached_by_tls() }
    }

    /// As the session's: with the prefix, no other host plants it.
    fn name(self) -> &'static str {
        if self.secure { "__Host-strongroom_sign_in" } else { "strongroom_sign_in" }
    }

    /// Binds the browser.
    pub fn set(self, secret: &SecretString) -> HeaderValue {
        header(build(self.secure, self.name(), secret.expose_secret()).max_age(LASTS))
    }

    /// Lets it go.
    pub fn clear(self) -> HeaderValue {
        header(build(self.secure, self.name(), "").max_age(Duration::ZERO))
    }

    /// What it holds; None where there is none, or more than one.
    pub fn secret(self, headers: &HeaderMap) -> Option<SecretString> {
        let mut ours = named(headers, self.name());
        let (only, None) = (ours.next()?, ours.next()) else { return None };
        Some(only.value().into())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;

    #[test]
    fn the_cookie_is_bound_to_this_host_and_to_ten_minutes() {
        let set = |secure| SignInCookie { secure }.set(&"x".into());
        assert_eq!(set(true), "__Host-strongroom_sign_in=x; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600");
        assert_eq!(set(false), "strongroom_sign_in=x; HttpOnly; SameSite=Lax; Path=/; Max-Age=600");
    }

    #[test]
    fn a_cookie_that_came_twice_or_under_another_name_is_none() {
        let read = |line: &'static str| {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(line))]);
            SignInCookie { secure: true }.secret(&headers).map(|secret| secret.expose_secret().to_owned())
        };
        assert_eq!(read("a=b; __Host-strongroom_sign_in=x").as_deref(), Some("x"));
        assert_eq!(read("__Host-strongroom_sign_in=x; __Host-strongroom_sign_in=y"), None);
        assert_eq!(read("strongroom_sign_in=x"), None, "anybody on the way could have planted it");
    }
}
