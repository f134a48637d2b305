//! Addresses of what passwords are for, less what may be secret in them: whom they log in, what they ask for.

use url::Url;

/// Scheme, host and path. None: it is no address.
pub fn public(uri: &str) -> Option<String> {
    let mut url = parse(uri)?;
    url.set_query(None);
    url.set_fragment(None);
    if url.has_host() {
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
    }
    Some(url.into())
}

/// The service that it is of: its host, less `www.`.
pub fn service(uri: &str) -> Option<String> {
    let url = parse(uri)?;
    let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"))?;
    let service = host.strip_prefix("www.").unwrap_or(host);
    (!service.is_empty() && service.len() <= 100).then(|| service.to_owned())
}

/// People leave the scheme out.
fn parse(uri: &str) -> Option<Url> {
    let uri = uri.trim();
    let url = match uri.contains("://") {
        true => Url::parse(uri),
        false if uri.contains('@') => return None,
        false => Url::parse(&format!("https://{uri}")),
    };
    url.ok().filter(Url::has_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_no_user_no_query_and_no_fragment() {
        let full = "https://ada:hunter2@www.example.org:8443/sign-in?token=hunter2#hunter2";
        assert_eq!(public(full).as_deref(), Some("https://www.example.org:8443/sign-in"));
        assert_eq!(service(full).as_deref(), Some("example.org"));
        assert_eq!(public("github.com").as_deref(), Some("https://github.com/"));
        assert_eq!(service("androidapp://com.example.app"), None);
        assert_eq!(public("androidapp://com.example.app").as_deref(), Some("androidapp://com.example.app"));
        for none in ["", "not an address", "mailto:ada@example.org", "https://"] {
            assert_eq!((public(none), service(none)), (None, None), "{none}");
        }
    }
}
