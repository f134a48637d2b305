//! Who sends a request, and as which database role it is served.
//! Never a proof: nothing is believed of a caller before the database has found his token's hash.

use std::net::IpAddr;

use crate::ids::{RequestId, UserId};
use crate::tokens::ApiToken;

/// Whoever sent a request, as far as it says itself. Nothing is believed of it before the database proves it, which
/// happens in the transaction that does the work.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What will prove him.
    pub token: ApiToken,
    /// For the log and the record.
    pub request_id: RequestId,
    /// Where the request comes from: the peer, or what a trusted proxy says. None: no network was involved.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<UserAgent>,
}

/// What is known of a request before anybody has proven himself.
#[derive(Clone, Debug)]
pub struct RequestDetails {
    pub request_id: RequestId,
    pub address: Option<IpAddr>,
    pub user_agent: Option<UserAgent>,
}

impl RequestDetails {
    /// Whoever sent it with that token.
    pub fn caller(self, token: ApiToken) -> Caller {
        Caller { token, request_id: self.request_id, address: self.address, user_agent: self.user_agent }
    }
}

impl Caller {
    /// The user that the token claims to be of.
    pub fn user_id(&self) -> UserId {
        self.token.user_id()
    }
}

/// What a client calls itself (`User-Agent`, RFC 9110, section 10.1.5): a claim, for people who read the record.
/// 1 to 255 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    /// Of what was sent, whatever it was: what a record cannot hold is dropped, and what is too long is cut off.
    /// None where nothing is left.
    pub fn of(sent: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(sent);
        let kept: String = text.chars().filter(|c| !c.is_control()).take(255).collect();
        (!kept.trim().is_empty()).then_some(Self(kept))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As which database role a request works. SYSTEM rows are closed to the one, all others to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeRole {
    /// `strongroom_app`: USER and WORKSPACE credentials.
    App,
    /// `strongroom_system`: the admin path, SYSTEM credentials and invitations.
    System,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_bounded_and_has_no_control_characters() {
        let long = UserAgent::of("é".repeat(300).as_bytes()).unwrap();
        assert_eq!(long.as_str().chars().count(), 255);
        assert_eq!(UserAgent::of(b"curl\x1b[2J\t/8\xff\0").unwrap().as_str(), "curl[2J/8\u{fffd}");
        assert_eq!(UserAgent::of(b" \t\0"), None);
    }
}
