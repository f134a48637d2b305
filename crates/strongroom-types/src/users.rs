//! People, as they see themselves.
//! What one sees of another is in workspaces.rs.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::ids::UserId;

/// A person.
#[derive(Debug, Serialize)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub display_name: String,
    /// An instance administrator: SYSTEM credentials and invitations, and nothing of anybody's own.
    pub is_admin: bool,
    pub created_at: DateTime<Utc>,
}
