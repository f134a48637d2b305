//! Grants: who else may work with a credential, and in which way.
//! A grant never hands on the right to grant.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};
use utoipa::ToSchema;

use crate::distinct::Distinct;
use crate::ids::{CredentialId, GrantId, UserId, WorkspaceId};

/// One way of working with a credential. Each shows the credential, masked; none contains another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, EnumString, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Permission {
    /// Have programs obtain the value.
    Use,
    /// Look at the value.
    Reveal,
    /// Edit, rotate, revoke and restore.
    Manage,
}

/// What a grant is of.
pub type Permissions = Distinct<Permission, 1, 3>;

/// A grant to be made: to a person or a service account (`user_id`), or to a workspace, for its OWNERs, ADMINs and MEMBERs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "user_id": UserId::EXAMPLE, "permissions": ["USE"], "expires_at": "2027-11-23T00:00:00Z" }))]
pub struct NewGrant {
    pub user_id: Option<UserId>,
    pub workspace_id: Option<WorkspaceId>,
    pub permissions: Permissions,
    /// Absent: until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What a grant is to be from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "permissions": ["USE", "REVEAL"], "expires_at": null }))]
pub struct SetGrant {
    pub permissions: Permissions,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A grant.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": GrantId::EXAMPLE,
    "credential_id": CredentialId::EXAMPLE,
    "user_id": UserId::EXAMPLE,
    "workspace_id": null,
    "grantee_name": "Ada",
    "permissions": ["USE"],
    "expires_at": "2027-11-23T00:00:00Z",
    "created_by": UserId::EXAMPLE,
    "created_at": "2026-11-23T09:00:00Z",
}))]
pub struct Grant {
    pub id: GrantId,
    pub credential_id: CredentialId,
    pub user_id: Option<UserId>,
    pub workspace_id: Option<WorkspaceId>,
    /// Of the person, service account or workspace, where you know it.
    pub grantee_name: Option<String>,
    pub permissions: Vec<Permission>,
    pub expires_at: Option<DateTime<Utc>>,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
}
