//! The record: who did what, to which credential, when, and whether it was allowed.
//! Read only: nothing here makes a row of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::credentials::CredentialScope;
use crate::ids::{CredentialId, RequestId, UserId, WorkspaceId};
use crate::page::PageSize;
use crate::text::{Name, Provider};

/// What was done, or attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, EnumString, ToSchema)]
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
    /// A value obtained for a program.
    CredentialUsed,
    /// An earlier value, sealed anew.
    CredentialVersionRestored,
    /// A value destroyed for good.
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
    RecordRead,
    RecordExported,
    RecordPurged,
    SettingsChanged,
}

/// What it was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Display, EnumString, ToSchema)]
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
    Grant,
    Settings,
    Record,
}

/// Whether it was let happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Display, EnumString, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    Allowed,
    Denied,
}

/// One row of the record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": 4711,
    "occurred_at": "2026-11-23T09:30:00Z",
    "action": "CREDENTIAL_ACCESSED",
    "outcome": "ALLOWED",
    "reason": null,
    "actor_id": UserId::EXAMPLE,
    "entity_type": "CREDENTIAL",
    "entity_id": CredentialId::EXAMPLE,
    "workspace_id": null,
    "scope": "USER",
    "provider": "github",
    "name": "Deploy key",
    "version": 1,
    "request_id": RequestId::EXAMPLE,
}))]
pub struct Activity {
    pub id: i64,
    pub occurred_at: DateTime<Utc>,
    pub action: ActivityAction,
    pub outcome: Outcome,
    /// Why it was denied.
    pub reason: Option<String>,
    pub actor_id: UserId,
    pub entity_type: EntityType,
    pub entity_id: Uuid,
    pub workspace_id: Option<WorkspaceId>,
    pub scope: Option<CredentialScope>,
    pub provider: Option<String>,
    pub name: Option<String>,
    pub version: Option<i32>,
    pub request_id: Option<RequestId>,
}

/// Which rows of the record a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActivityFilter {
    /// A part of the credential's name, in any case.
    #[param(inline)]
    pub name: Option<Name>,
    #[param(inline)]
    pub provider: Option<Provider>,
    #[param(inline)]
    pub action: Option<ActivityAction>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub to: Option<DateTime<Utc>>,
    /// The `next_cursor` of the page before.
    #[param(value_type = Option<String>, pattern = "^[0-9]{1,18}$")]
    pub cursor: Option<i64>,
    #[serde(default)]
    #[param(inline)]
    pub limit: PageSize,
}
