//! The record: who did what, to which credential, when, and whether it was allowed.
//! Read only: nothing here makes a row of it.

use std::net::IpAddr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::credentials::CredentialScope;
use crate::ids::{CredentialId, RequestId, TokenId, UserId, WorkspaceId};
use crate::page::PageSize;
use crate::text::{Name, Provider};

/// What was done, or attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, EnumString, VariantNames, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ActivityAction {
    CredentialCreated,
    /// A reveal of the value.
    CredentialAccessed,
    CredentialRotated,
    CredentialRevoked,
    CredentialUpdated,
    CredentialRestored,
    WorkspaceCreated,
    MemberAdded,
    MemberChanged,
    MemberRemoved,
    TokenCreated,
    TokenRevoked,
    InvitationCreated,
    InvitationAccepted,
    /// The value went to a program.
    CredentialUsed,
    /// An earlier value, sealed anew.
    CredentialVersionRestored,
    /// Destroyed for good, after its retention or with its workspace.
    CredentialPurged,
    GrantCreated,
    GrantChanged,
    GrantRevoked,
    WorkspaceRenamed,
    WorkspaceDeleted,
    ServiceAccountCreated,
    ServiceAccountDisabled,
    SignedIn,
    SignInFailed,
    SignedOut,
    PasswordChanged,
    IdentityLinked,
    IdentityUnlinked,
    TokenExchanged,
    TrustRuleCreated,
    TrustRuleRemoved,
    /// Somebody looked at the record.
    RecordRead,
    RecordExported,
    /// The oldest of the record was removed, as the settings say.
    RecordPurged,
    SettingsChanged,
    /// Data keys were wrapped anew, under another key of the ring; no value was opened.
    KeysRewrapped,
    /// The provider of the keys was away, and a server sealed under its key file, as configured.
    KeysFellBack,
    /// Fields of an application's column were sealed, or brought under the current key.
    ColumnSealed,
    /// Fields of an application's column were put back in the clear.
    ColumnOpened,
    /// The vault knows no more of an application's column, and keeps no key for it.
    ColumnForgotten,
}

/// What it was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, EnumString, VariantNames, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum EntityType {
    Credential,
    Workspace,
    ApiToken,
    Invitation,
    User,
    ServiceAccount,
    Session,
    Identity,
    TrustRule,
    Settings,
    Record,
    KeyRing,
}

/// Whether it was let happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, EnumString, VariantNames, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    Allowed,
    Denied,
}

/// One row of the record.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": 4711,
    "occurred_at": "2026-11-23T09:30:00Z",
    "action": "CREDENTIAL_ACCESSED",
    "outcome": "ALLOWED",
    "reason": null,
    "actor_id": UserId::EXAMPLE,
    "actor_name": "Ada Lovelace",
    "entity_type": "CREDENTIAL",
    "entity_id": CredentialId::EXAMPLE,
    "workspace_id": null,
    "scope": "USER",
    "provider": "github",
    "name": "Deploy key",
    "version": 1,
    "grantee_id": null,
    "request_id": RequestId::EXAMPLE,
    "token_id": TokenId::EXAMPLE,
    "address": "192.0.2.7",
    "user_agent": "curl/8.14.1",
}))]
pub struct Activity {
    pub id: i64,
    pub occurred_at: DateTime<Utc>,
    pub action: ActivityAction,
    pub outcome: Outcome,
    /// Why it was denied.
    pub reason: Option<String>,
    /// Who did it. None: nobody but the settings, which say how long things are kept, or whoever holds
    /// the keys.
    pub actor_id: Option<UserId>,
    /// What he is called, where the reader may know of him.
    pub actor_name: Option<String>,
    pub entity_type: EntityType,
    pub entity_id: Uuid,
    pub workspace_id: Option<WorkspaceId>,
    pub scope: Option<CredentialScope>,
    pub provider: Option<String>,
    pub name: Option<String>,
    pub version: Option<i32>,
    /// For whom it was done: the person, service account or workspace of a grant.
    pub grantee_id: Option<Uuid>,
    pub request_id: Option<RequestId>,
    /// What proved the actor.
    pub token_id: Option<TokenId>,
    /// From where, as far as the server could see.
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// What the client called itself; a claim.
    pub user_agent: Option<String>,
}

/// Which rows of the record are shown.
#[derive(Clone, Debug, Default)]
pub struct ActivityFilter {
    pub name: Option<Name>,
    pub provider: Option<Provider>,
    pub action: Option<ActivityAction>,
    pub outcome: Option<Outcome>,
    pub entity_type: Option<EntityType>,
    pub credential_id: Option<CredentialId>,
    pub actor_id: Option<UserId>,
    pub workspace_id: Option<WorkspaceId>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

impl ActivityFilter {
    /// The filter as the record of a reading has it: `provider=github action=CREDENTIAL_ACCESSED`. Empty: no filter.
    pub fn in_words(&self) -> String {
        let time = |time: &DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let conditions = [
            ("credential_id", self.credential_id.map(|id| id.to_string())),
            ("actor_id", self.actor_id.map(|id| id.to_string())),
            ("workspace_id", self.workspace_id.map(|id| id.to_string())),
            ("action", self.action.map(|action| action.to_string())),
            ("outcome", self.outcome.map(|outcome| outcome.to_string())),
            ("entity_type", self.entity_type.map(|kind| kind.to_string())),
            ("from", self.from.as_ref().map(time)),
            ("to", self.to.as_ref().map(time)),
            ("provider", self.provider.as_ref().map(|provider| provider.as_str().to_owned())),
            // Last, because it can be long: what is too long for the record is cut off.
            ("name", self.name.as_ref().map(|name| name.as_str().to_owned())),
        ];
        let said = conditions.into_iter().filter_map(|(field, value)| Some(format!("{field}={}", value?)));
        said.collect::<Vec<_>>().join(" ")
    }
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// RFC 4180, with a line of headings. A text that a spreadsheet would take for a formula has an apostrophe before it.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// A request for rows of the record. A macro, because serde's `flatten` can neither refuse a field that is unknown nor name
/// one that is wrong.
macro_rules! activity_request {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            /// A part of the credential's name, in any case.
            #[param(inline)]
            name: Option<Name>,
            #[param(inline)]
            provider: Option<Provider>,
            #[param(inline)]
            action: Option<ActivityAction>,
            #[param(inline)]
            outcome: Option<Outcome>,
            #[param(inline)]
            entity_type: Option<EntityType>,
            /// What was done to this credential.
            #[param(inline)]
            credential_id: Option<CredentialId>,
            /// What this person or service account did.
            #[param(inline)]
            actor_id: Option<UserId>,
            #[param(inline)]
            workspace_id: Option<WorkspaceId>,
            /// Not before.
            from: Option<DateTime<Utc>>,
            /// Before.
            to: Option<DateTime<Utc>>,
            $($(#[$attribute])* pub $field: $type,)*
        }

        impl $name {
            /// Which rows are asked for.
            pub fn filter(&self) -> ActivityFilter {
                ActivityFilter {
                    name: self.name.clone(),
                    provider: self.provider.clone(),
                    action: self.action,
                    outcome: self.outcome,
                    entity_type: self.entity_type,
                    credential_id: self.credential_id,
                    actor_id: self.actor_id,
                    workspace_id: self.workspace_id,
                    from: self.from,
                    to: self.to,
                }
            }
        }
    };
}

activity_request! {
    /// A page of the record.
    ActivityPageRequest {
        /// The `next_cursor` of the page before.
        #[param(value_type = Option<String>, pattern = "^[0-9]{1,18}$")]
        cursor: Option<i64>,
        #[serde(default)]
        #[param(inline)]
        limit: PageSize,
    }
}

activity_request! {
    /// All of it.
    ExportRequest {
        #[param(inline)]
        format: ExportFormat,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_in_words_names_each_condition_and_none_that_is_not_there() {
        let all = ActivityFilter::default();
        assert_eq!(all.in_words(), "");
        let some = ActivityFilter {
            provider: Some("github".to_owned().try_into().unwrap()),
            action: Some(ActivityAction::CredentialAccessed),
            from: Some("2026-11-23T09:00:00Z".parse().unwrap()),
            ..all
        };
        assert_eq!(some.in_words(), "action=CREDENTIAL_ACCESSED from=2026-11-23T09:00:00Z provider=github");
    }
}
