//! Ids: one type a noun, so that a workspace's id cannot be passed for a user's.
//! UUID version 7 (RFC 9562): new rows land side by side in an index, and a list by id is a list by age.
//! The one place that makes ids, and so the one that may ask the ambient clock and randomness for them.

use serde::{Deserialize, Serialize};
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident = $example:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[schema(example = $example)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What the documentation of the API shows.
            pub const EXAMPLE: &'static str = $example;

            /// A fresh id. Unguessable (74 random bits), but it does tell its time of creation.
            #[allow(clippy::disallowed_methods, reason = "this file owns the making of ids")]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        /// The id that a path names as `{id}`.
        impl IntoParams for $name {
            fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                let id = ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path).required(Required::True);
                vec![id.schema(Some(Self::schema())).build()]
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
    CredentialId = "0199d4a1-7c3e-7b52-9d01-5f2a6c8e4b11";
    /// Names a person.
    UserId = "0199d4a1-7c3e-7b52-9d02-5f2a6c8e4b12";
    /// Names a workspace.
    WorkspaceId = "0199d4a1-7c3e-7b52-9d03-5f2a6c8e4b13";
    /// Names an API token; says nothing of its secret.
    TokenId = "0199d4a1-7c3e-7b52-9d04-5f2a6c8e4b14";
    /// Names a one-time invitation; says nothing of its secret.
    InvitationId = "0199d4a1-7c3e-7b52-9d05-5f2a6c8e4b15";
    /// Names a grant: who else may work with a credential.
    GrantId = "0199d4a1-7c3e-7b52-9d07-5f2a6c8e4b17";
    /// Names what an OpenID provider calls a person.
    IdentityId = "0199d4a1-7c3e-7b52-9d40-5f2a6c8e4b40";
    /// Names a rule by which workloads come in as a service account.
    TrustRuleId = "0199d4a1-7c3e-7b52-9d41-5f2a6c8e4b41";
    /// Names one HTTP request, in the log and in the record.
    RequestId = "0199d4a1-7c3e-7b52-9d06-5f2a6c8e4b16";
}
