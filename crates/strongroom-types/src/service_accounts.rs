//! Service accounts: the callers that are no persons. Each belongs to one workspace and owns nothing.
//! Their tokens are in tokens.rs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{UserId, WorkspaceId};
use crate::text::{Description, Name};
use crate::workspaces::WorkspaceRole;

/// A service account to be made. It is a MEMBER of its workspace, and sees what is granted to it; as ADMIN, all of the
/// workspace's credentials.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Deployer", "description": "Runs in CI" }))]
pub struct NewServiceAccount {
    pub name: Name,
    pub description: Option<Description>,
}

/// A service account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": UserId::EXAMPLE,
    "workspace_id": WorkspaceId::EXAMPLE,
    "name": "Deployer",
    "description": "Runs in CI",
    "role": "MEMBER",
    "created_by": UserId::EXAMPLE,
    "created_at": "2026-11-23T09:00:00Z",
    "disabled_at": null,
}))]
pub struct ServiceAccount {
    pub id: UserId,
    pub workspace_id: WorkspaceId,
    pub name: String,
    pub description: Option<String>,
    /// Absent: it is disabled.
    pub role: Option<WorkspaceRole>,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
}
