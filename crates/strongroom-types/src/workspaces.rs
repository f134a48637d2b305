//! Workspaces, their members and roles.
//! What a role allows is not said here: that is the table in strongroom-service/authorization.rs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, VariantArray};

use crate::ids::{UserId, WorkspaceId};
use crate::text::Name;

/// What a member may do; "workspace admin" means OWNER or ADMIN. The table is service/authorization.rs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, EnumString, VariantArray)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkspaceRole {
    Owner,
    Admin,
    Member,
    Guest,
}

/// A workspace, as one of its members sees it.
#[derive(Debug, Serialize)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub name: String,
    /// The caller's own role.
    pub role: WorkspaceRole,
    pub created_at: DateTime<Utc>,
}

/// A workspace to be made; its maker becomes its OWNER.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    pub name: Name,
}

/// A person in a workspace.
#[derive(Debug, Serialize)]
pub struct Member {
    pub user_id: UserId,
    pub email: String,
    pub display_name: String,
    pub role: WorkspaceRole,
    pub created_at: DateTime<Utc>,
}

/// The role that a person is to have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    pub role: WorkspaceRole,
}
