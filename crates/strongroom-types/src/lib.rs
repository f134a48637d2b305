//! The vocabulary of Strongroom: ids, enums, bounded texts, credential metadata, secrets that redact themselves.
//! A type here is the domain type and the wire type at once. Texts, secrets and tokens are checked where they are made.
//! No I/O, no database, no cipher; the clock and randomness only for new ids.

mod activity;
mod caller;
mod credentials;
mod ids;
mod invitations;
mod page;
mod problem;
mod secret;
mod settings;
mod text;
mod tokens;
mod users;
mod workspaces;

pub use activity::{
    Activity, ActivityAction, ActivityFilter, ActivityPageRequest, EntityType, ExportFormat, ExportRequest, Outcome,
};
pub use caller::{Caller, RuntimeRole, UserAgent};
pub use credentials::{
    Binding, Credential, CredentialFilter, CredentialPatch, CredentialScope, CredentialType, Metadata, NewCredential,
    NewVersion,
};
pub use ids::{CredentialId, InvitationId, RequestId, TokenId, UserId, WorkspaceId};
pub use invitations::{AcceptInvitation, Invitation, InvitationToken, NewInvitation};
pub use page::{Page, PageRequest, PageSize};
pub use problem::{Problem, ProblemCode};
pub use secret::SecretValue;
pub use settings::{Days, Settings};
pub use text::{Description, Email, Invalid, Name, Provider};
pub use tokens::{ApiToken, ApiTokenSummary, Lifetime, NewApiToken};
pub use users::User;
pub use workspaces::{
    DeleteWorkspace, Member, NewWorkspace, RenameWorkspace, SetRole, Workspace, WorkspaceContents, WorkspaceRole,
};
