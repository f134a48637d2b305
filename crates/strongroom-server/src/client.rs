//! Where a request comes from: the peer's address, or what trusted proxies say, and what the client calls itself.
//! Never believes a header that anybody can send: neither from a peer that is no proxy of ours, nor the one of the two
//! headers that our proxies do not write.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{FORWARDED, HeaderMap, HeaderName, USER_AGENT};
use axum::middleware::Next;
use axum::response::Response;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use strongroom_types::{Invalid, UserAgent};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that a request comes from, in the extensions of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The proxies in front of this server. None of them: whoever connects is the client.
#[derive(Args, Clone, Debug)]
pub struct Proxies {
    /// Addresses and networks of the proxies before this server, with commas; what they say of their clients' addresses
    /// is believed
    #[arg(long, env = "STRONGROOM_TRUSTED_PROXIES", value_delimiter = ',', value_name = "NETWORK,…")]
    pub trusted_proxies: Vec<Network>,
    /// Header in which these proxies name their client; the other one, which anybody can send, is not read
    #[arg(long, env = "STRONGROOM_FORWARDED_HEADER", value_enum, default_value_t, value_name = "NAME")]
    pub forwarded_header: ForwardedHeader,
}

/// An address, or a network in CIDR notation (RFC 4632).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

/// The header in which proxies say for whom they ask. One alone is read: a proxy passes the other one on as the client
/// wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ForwardedHeader {
    #[default]
    XForwardedFor,
    // RFC 7239.
    Forwarded,
}

impl FromStr for Network {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let wrong = |_| Invalid("give an address or a network, such as 192.0.2.7, 10.0.0.0/8 or fd00::/8".into());
        network.map(Self).map_err(wrong)
    }
}

/// Puts [`ClientAddress`] and [`UserAgent`] into the extensions of the request.
pub async fn identify(State(proxies): State<Proxies>, mut request: Request, next: Next) -> Response {
    if let Some(&ConnectInfo::<SocketAddr>(peer)) = request.extensions().get() {
        let address = proxies.client(peer.ip().to_canonical(), request.headers());
        request.extensions_mut().insert(ClientAddress(address));
    }
    if let Some(user_agent) = request.headers().get(USER_AGENT).and_then(|sent| UserAgent::of(sent.as_bytes())) {
        request.extensions_mut().insert(user_agent);
    }
    next.run(request).await
}

impl Proxies {
    /// The right-most address that is none of ours: what is left of it, the client has written. Where an entry is no
    /// address (`unknown`, RFC 7239, section 6.2), the proxy that wrote it stands for its client.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        let mut entries = self.entries(headers).into_iter().rev();
        while self.trusts(client) {
            let Some(address) = entries.next().and_then(|entry| address(&entry)) else { break };
            client = address;
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|Network(network)| network.contains(&address))
    }

    /// From left to right; several lines of a header are one list (RFC 9110, section 5.3).
    fn entries(&self, headers: &HeaderMap) -> Vec<String> {
        let name = match self.forwarded_header {
            ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
            ForwardedHeader::Forwarded => FORWARDED,
        };
        let lines = headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned());
        let entries = lines.flat_map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        match self.forwarded_header {
            ForwardedHeader::XForwardedFor => entries.collect(),
            ForwardedHeader::Forwarded => entries.map(|entry| parameter_for(&entry)).collect(),
        }
    }
}

/// The `for` of an element such as `for="[2001:db8::1]:4711";proto=https`.
fn parameter_for(element: &str) -> String {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, node) = pairs.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("for")).unwrap_or_default();
    node.trim_matches('"').into()
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    text.parse::<IpAddr>().ok().or_else(bracketed).or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "10.0.0.1";

    fn client(peer: &str, forwarded_header: ForwardedHeader, lines: &[(HeaderName, &str)]) -> String {
        let trusted_proxies = ["10.0.0.0/8", "2001:db8::/32"].map(|text| text.parse().unwrap()).to_vec();
        let headers = lines.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        Proxies { trusted_proxies, forwarded_header }.client(peer.parse().unwrap(), &headers).to_string()
    }

    fn x_forwarded_for(peer: &str, lines: &[&str]) -> String {
        let lines: Vec<_> = lines.iter().map(|line| (X_FORWARDED_FOR, *line)).collect();
        client(peer, ForwardedHeader::XForwardedFor, &lines)
    }

    #[test]
    fn a_peer_that_is_no_proxy_of_ours_speaks_for_nobody() {
        assert_eq!(x_forwarded_for("192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
    }

    #[test]
    fn the_right_most_address_that_is_not_ours_is_the_client() {
        assert_eq!(x_forwarded_for(PEER, &["203.0.113.66, 198.51.100.1, 10.2.2.2"]), "198.51.100.1");
        assert_eq!(x_forwarded_for(PEER, &["203.0.113.66", "198.51.100.1", "10.2.2.2"]), "198.51.100.1");
        assert_eq!(x_forwarded_for(PEER, &["10.3.3.3, 10.2.2.2"]), "10.3.3.3", "all are ours");
        assert_eq!(x_forwarded_for(PEER, &[]), PEER);
    }

    #[test]
    fn what_is_no_address_ends_the_search() {
        assert_eq!(x_forwarded_for(PEER, &["198.51.100.1, unknown, 10.2.2.2"]), "10.2.2.2");
        assert_eq!(x_forwarded_for(PEER, &["198.51.100.1, "]), PEER);
    }

    #[test]
    fn addresses_are_read_in_every_form_that_proxies_write() {
        for (written, read) in [
            ("198.51.100.1:4711", "198.51.100.1"),
            ("2a00::1", "2a00::1"),
            ("[2a00::1]", "2a00::1"),
            ("[2a00::1]:4711", "2a00::1"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
        ] {
            assert_eq!(x_forwarded_for(PEER, &[written]), read);
        }
    }

    #[test]
    fn forwarded_is_read_where_it_is_the_proxies_header_and_only_there() {
        let both = [(FORWARDED, "for=203.0.113.66, for=\"[2a00::1]:47\";proto=https"), (X_FORWARDED_FOR, "192.0.2.9")];
        assert_eq!(client(PEER, ForwardedHeader::Forwarded, &both), "2a00::1");
        assert_eq!(client(PEER, ForwardedHeader::XForwardedFor, &both), "192.0.2.9");
        let hidden = [(FORWARDED, "for=203.0.113.66, for=_hidden;by=10.0.0.1")];
        assert_eq!(client(PEER, ForwardedHeader::Forwarded, &hidden), PEER);
    }

    #[test]
    fn a_network_that_is_none_is_refused_with_what_is_right() {
        assert_eq!("10.0.0.0/8".parse::<Network>().unwrap().0.to_string(), "10.0.0.0/8");
        assert!("10.0.0.0/33".parse::<Network>().unwrap_err().to_string().contains("such as"));
    }
}
