//! Workspaces, their members and roles.
//! What a role allows is not said here: that is the table in strongroom-service/authorization.rs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, VariantArray};
use utoipa::{IntoParams, ToSchema};

use crate::ids::{UserId, WorkspaceId};
use crate::text::Name;

/// What a member may do; "workspace admin" means OWNER or ADMIN. The table is service/authorization.rs.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    VariantArray,
    strum::VariantNames,
    ToSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkspaceRole {
    Owner,
    Admin,
    Member,
    Guest,
}

/// A workspace, as one of its members sees it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Workspace {
    pub id: WorkspaceId,
    #[schema(example = "Platform team")]
    pub name: String,
    /// The caller's own role.
    pub role: WorkspaceRole,
    pub created_at: DateTime<Utc>,
}

/// A workspace to be made; its maker becomes its OWNER.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Platform team" }))]
pub struct NewWorkspace {
    pub name: Name,
}

/// The name that a workspace is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Infrastructure" }))]
pub struct RenameWorkspace {
    pub name: Name,
}

/// The word that a deletion needs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteWorkspace {
    /// The workspace's exact name. Without it nothing is deleted, and you are told what would be.
    #[param(inline)]
    pub confirm: Option<Name>,
}

/// What goes with a workspace when it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkspaceContents {
    pub credentials: i64,
    /// Of them, how many are active.
    pub active_credentials: i64,
    pub service_accounts: i64,
    /// People.
    pub members: i64,
}

/// A person or a service account in a workspace.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Member {
    pub user_id: UserId,
    /// `null` of a service account.
    #[schema(example = "ada@example.org")]
    pub email: Option<String>,
    #[schema(example = "Ada Lovelace")]
    pub display_name: String,
    pub role: WorkspaceRole,
    pub created_at: DateTime<Utc>,
}

/// The role that a person is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    pub role: WorkspaceRole,
}
