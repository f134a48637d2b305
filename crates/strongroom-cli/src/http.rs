//! Which servers a command speaks with, and how: over TLS, or in the clear with this machine alone, past every proxy.
//! A token never leaves this machine in the clear, and no redirect takes it elsewhere.

use reqwest::{ClientBuilder, redirect};
use strongroom_types::is_private;
use url::Url;

/// The address of a server that a token may be sent to.
///
/// # Errors
/// Why it is none.
pub fn server_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(is_private);
    let url = url.ok_or("must be https://…, or http://… on this machine")?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("must have no user, password, query or fragment".into());
    }
    Ok(url)
}

/// What asks that server. TLS passes through a proxy that the environment names; what is in the clear would be read there.
pub fn client(server: &Url) -> ClientBuilder {
    let client = reqwest::Client::builder().redirect(redirect::Policy::none());
    if server.scheme() == "https" { client } else { client.no_proxy() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_reached_over_tls_or_is_on_this_machine() {
        for good in ["https://vault.example.org/", "http://localhost:8750/", "http://127.0.0.2/", "http://[::1]:1/"] {
            assert_eq!(server_url(good).unwrap().as_str(), good);
        }
        for wrong in [
            "http://vault.example.org",
            "http://10.0.0.1:8750",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "http://[::ffff:10.0.0.1]",
            "http://127.0.0.1@example.org",
            "ftp://localhost",
            "localhost:8750",
            "",
        ] {
            assert!(server_url(wrong).unwrap_err().contains("on this machine"), "{wrong}");
        }
        for more in ["https://ada@example.org", "https://:hunter2@example.org", "https://a.org/?a", "https://a.org/#a"]
        {
            assert!(server_url(more).unwrap_err().contains("must have no user"), "{more}");
        }
    }
}
