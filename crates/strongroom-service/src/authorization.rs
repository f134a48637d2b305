//! Who may do what: the one table. The service asks it where a caller knows of a thing and may still not act on it;
//! PostgreSQL enforces the same cells by policies, and a test holds the two against each other, cell by cell.

use strongroom_types::WorkspaceRole;
use strum::{Display, VariantArray};

/// In what capacity a caller meets a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display)]
pub enum Standing {
    /// The owner of a USER credential.
    CredentialOwner,
    /// A member of the workspace that the thing belongs to.
    Member(WorkspaceRole),
    /// An instance administrator, who is nothing else to the thing.
    InstanceAdmin,
    /// Anybody else who is signed in.
    Stranger,
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, VariantArray)]
pub enum Action {
    /// List, look at, reveal, edit, rotate, revoke or restore somebody's own (USER) credential.
    UsePersonalCredential,
    /// Keep a credential for a workspace.
    CreateWorkspaceCredential,
    /// List, look at, reveal, edit, rotate, revoke or restore a workspace's credential.
    UseWorkspaceCredential,
    /// See who did what with a workspace's credentials and members.
    ReadWorkspaceRecord,
    /// See that a workspace exists, and its name.
    ReadWorkspace,
    /// Give it another name.
    RenameWorkspace,
    /// Destroy it, with everything in it.
    DeleteWorkspace,
    /// Be a member no more, as long as another OWNER stays.
    LeaveWorkspace,
    /// Make and disable its service accounts, and their tokens.
    ManageServiceAccounts,
    /// See who is in it, with names and addresses.
    ReadMembers,
    /// Add, change or remove a MEMBER or GUEST.
    ManageMembers,
    /// Add, change or remove an OWNER or ADMIN, or make somebody one.
    ManageAdmins,
    /// Everything about SYSTEM credentials.
    UseSystemCredential,
    /// Ask a person into the vault.
    Invite,
}

/// The table, a line an action.
pub fn allows(standing: Standing, action: Action) -> bool {
    use WorkspaceRole::{Admin, Owner};
    match action {
        Action::UsePersonalCredential => standing == Standing::CredentialOwner,
        Action::CreateWorkspaceCredential
        | Action::UseWorkspaceCredential
        | Action::ReadWorkspaceRecord
        | Action::RenameWorkspace
        | Action::ManageServiceAccounts
        | Action::ManageMembers => matches!(standing, Standing::Member(Owner | Admin)),
        Action::ManageAdmins | Action::DeleteWorkspace => standing == Standing::Member(Owner),
        Action::ReadWorkspace | Action::ReadMembers | Action::LeaveWorkspace => {
            matches!(standing, Standing::Member(_))
        }
        Action::UseSystemCredential | Action::Invite => standing == Standing::InstanceAdmin,
    }
}
