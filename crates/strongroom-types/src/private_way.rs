//! Which addresses a secret may be sent to. The one place that says so, for OpenBao, OpenID providers, and the command line.

use url::{Host, Url};

/// Whether nobody on the way reads or changes what passes: TLS, or no way at all, for it is HTTP on this machine.
pub fn is_private(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_way_is_tls_or_does_not_leave_this_machine() {
        for private in ["https://example.org", "http://localhost:8750", "http://127.0.0.2", "http://[::1]:1"] {
            assert!(is_private(&private.parse().unwrap()), "{private}");
        }
        for open in [
            "http://example.org",
            "http://10.0.0.1:8750",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "http://[::ffff:10.0.0.1]",
            "http://127.0.0.1@example.org",
            "ftp://localhost",
            "file:///etc/passwd",
        ] {
            assert!(!is_private(&open.parse().unwrap()), "{open}");
        }
    }
}
