//! Users, as they see themselves.
//! What one sees of another is in workspaces.rs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::UserId;

/// A person or a service account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub id: UserId,
    /// `null` of a service account.
    #[schema(example = "ada@example.org")]
    pub email: Option<String>,
    #[schema(example = "Ada Lovelace")]
    pub display_name: String,
    /// An instance administrator: SYSTEM credentials and invitations, and nothing of anybody's own.
    pub is_admin: bool,
    pub created_at: DateTime<Utc>,
}
