//! The vocabulary of Strongroom: ids, enums, bounded texts, credential metadata, secrets that redact themselves.
//! A type here is the domain type and the wire type at once; its parser is the only way in.
//! No I/O, no database, no cipher, no clock.

mod activity;
mod credential;
mod ids;
mod page;
mod problem;
mod secret;
mod text;
mod token;
mod user;
mod workspace;

pub use activity::{Activity, ActivityAction, ActivityFilter, EntityType, Outcome};
pub use credential::{
    Binding, Credential, CredentialFilter, CredentialPatch, CredentialScope, CredentialType, Metadata, NewCredential,
    NewVersion, RuntimeRole,
};
pub use ids::{CredentialId, InvitationId, RequestId, TokenId, UserId, WorkspaceId};
pub use page::{Page, PageSize};
pub use problem::{Problem, ProblemCode};
pub use secret::SecretValue;
pub use text::{BoundedText, Description, Email, Invalid, Name, Provider};
pub use token::{ApiToken, ApiTokenSummary, Caller, InvitationToken, Lifetime, NewApiToken};
pub use user::{AcceptInvitation, Invitation, NewInvitation, User};
pub use workspace::{Member, NewWorkspace, SetRole, Workspace, WorkspaceRole};
