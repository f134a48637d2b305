//! Ids: one type a noun, so that a workspace's id cannot be passed for a user's.
//! UUID version 7 (RFC 9562): new rows land side by side in an index, and a list by id is a list by age.
//! The one place that makes ids, and so the one that may ask the ambient clock and randomness for them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id. Unguessable (74 random bits), but it does tell its time of creation.
            #[allow(clippy::disallowed_methods, reason = "this file owns the making of ids")]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )*};
}

id! {
    /// Names a credential for all its versions.
    CredentialId;
    /// Names a person.
    UserId;
    /// Names a workspace.
    WorkspaceId;
    /// Names an API token; says nothing of its secret.
    TokenId;
    /// Names a one-time invitation; says nothing of its secret.
    InvitationId;
    /// Names one HTTP request, in the log and in the record.
    RequestId;
}
