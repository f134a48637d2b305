//! Who sends a request, and as which database role it is served.
//! Never a proof: nothing is believed of a caller before the database has found his token's hash.

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
}

impl Caller {
    /// The user that the token claims to be of.
    pub fn user_id(&self) -> UserId {
        self.token.user_id()
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
