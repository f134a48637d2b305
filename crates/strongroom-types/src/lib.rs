//! The vocabulary of Strongroom: ids, enums, bounded texts, credential metadata, secrets that redact themselves.
//! A type here is the domain type and the wire type at once. Texts, secrets and tokens are checked where they are made.
//! No I/O, no database, no cipher; the clock and randomness only for new ids.

mod activity;
mod caller;
mod credentials;
mod distinct;
mod grants;
mod identities;
mod ids;
mod invitations;
mod metadata;
mod number;
mod page;
mod passwords;
mod private_way;
mod problem;
mod record;
mod reveals;
mod secret;
mod service_accounts;
mod sessions;
mod settings;
mod text;
mod tokens;
mod trust_rules;
mod users;
mod versions;
mod workspaces;

pub use activity::{
    Activity, ActivityAction, ActivityFilter, ActivityPageRequest, EntityType, ExportFormat, ExportRequest, Outcome,
};
pub use caller::{Caller, RequestDetails, RuntimeRole, UserAgent};
pub use credentials::{
    Binding, Credential, CredentialFilter, CredentialPatch, CredentialScope, CredentialType, NewCredential, NewSecret,
};
pub use distinct::Distinct;
pub use grants::{Grant, NewGrant, Permission, Permissions, SetGrant};
pub use identities::{FederatedIdentity, Identity, PendingSignIn, ReturnPath, ReturnTo};
pub use ids::{CredentialId, GrantId, IdentityId, InvitationId, RequestId, TokenId, TrustRuleId, UserId, WorkspaceId};
pub use invitations::{AcceptInvitation, Invitation, InvitationToken, NewInvitation};
pub use metadata::Metadata;
pub use page::{Page, PageRequest, PageSize};
pub use passwords::{ChangePassword, NewPassword, Password, PasswordCost, PasswordParameters};
pub use private_way::is_private;
pub use problem::{Problem, ProblemCode};
pub use record::{RecordCut, RecordEnd, RecordPart, RecordRow, RecordState, SealedBatch, TreeState};
pub use reveals::{IdReference, NameReference, Purpose, Reference, References, ValueQuery, ValuesRequest};
pub use secret::SecretValue;
pub use service_accounts::{NewServiceAccount, ServiceAccount};
pub use sessions::{NewSession, Session, SessionTransport, SignIn, SignInMethod};
pub use settings::{Days, Settings};
pub use text::{Description, Email, IdempotencyKey, Invalid, Name, Provider, Tag, Tags};
pub use tokens::{ApiToken, ApiTokenSummary, Lifetime, NewApiToken, TokenAction, TokenActions};
pub use trust_rules::{
    ClaimPatterns, NewTrustRule, RequestedTokenType, SubjectToken, TokenExchange, TrustRule, WorkloadIdentity,
};
pub use users::User;
pub use versions::{CredentialVersion, Grace, NewVersion, VersionNumber};
pub use workspaces::{
    DeleteWorkspace, Member, NewWorkspace, RenameWorkspace, SetRole, Workspace, WorkspaceContents, WorkspaceRole,
};
