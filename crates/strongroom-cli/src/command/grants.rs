//! `strongroom cred share`, `unshare` and `grants`: who else may work with a credential.
//! SYSTEM secrets are not shared.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;
use strongroom_types::{Grant, GrantId, Permission, UserId};

use super::limit::Limit;
use super::which::{CREDENTIALS, Which};
use super::workspaces;
use crate::client::Client;
use crate::error::ClientError;
use crate::moment::{self, Moment};
use crate::output::{Answer, Column, list, maybe, maybe_time, time};

/// What can be done about the grants of a credential.
#[derive(Subcommand, Debug)]
pub enum GrantAct {
    Share(Share),
    /// Take back what was shared, at once
    Unshare {
        #[command(flatten)]
        which: Which,
        /// The grant's id, as `grants` shows it
        grant: GrantId,
    },
    /// List with whom a credential is shared
    Grants {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        limit: Limit,
    },
}

/// Share a credential with a person, a service account or a workspace
#[derive(Args, Debug)]
pub struct Share {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    grantee: Grantee,
    #[command(flatten)]
    permissions: Permissions,
    /// When it ends: a date, or how far away it is, such as 90d; without it, when it is taken back
    #[arg(long, value_name = moment::FORM)]
    expires: Option<Moment>,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Grantee {
    /// The id of a person or a service account in a workspace of yours
    #[arg(long, value_name = "ID")]
    user: Option<UserId>,
    /// A workspace of yours (its id or exact name), for its OWNERs, ADMINs and MEMBERs
    #[arg(long)]
    workspace: Option<String>,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
struct Permissions {
    /// Let them have programs obtain the value
    #[arg(long = "use")]
    may_use: bool,
    /// Let them look at the value
    #[arg(long = "reveal")]
    may_reveal: bool,
    /// Let them edit, rotate, revoke and restore it
    #[arg(long = "manage")]
    may_manage: bool,
}

impl GrantAct {
    pub async fn run(self, client: &Client) -> Result<Answer, ClientError> {
        match self {
            Self::Share(share) => share.run(client).await,
            Self::Unshare { which, grant } => {
                let path = path(client, &which).await?;
                let () = client.send(Method::DELETE, &format!("{path}/{grant}"), &[], None).await?;
                Ok(Answer::done("It is not shared by that grant any more."))
            }
            Self::Grants { which, limit } => {
                Answer::table(&client.list(&path(client, &which).await?, &[], limit.rows).await?, ROW)
            }
        }
    }
}

impl Share {
    async fn run(&self, client: &Client) -> Result<Answer, ClientError> {
        let workspace = workspaces::maybe_id(client, self.grantee.workspace.as_deref()).await?;
        let body = json!({
            "user_id": self.grantee.user, "workspace_id": workspace, "permissions": self.permissions.words(),
            "expires_at": self.expires.map(Moment::ahead).transpose()?,
        });
        let grant: Grant = client.send(Method::POST, &path(client, &self.which).await?, &[], Some(body)).await?;
        Answer::fields(&grant, FIELDS)
    }
}

impl Permissions {
    fn words(&self) -> Vec<Permission> {
        let all = [
            (self.may_use, Permission::Use),
            (self.may_reveal, Permission::Reveal),
            (self.may_manage, Permission::Manage),
        ];
        all.into_iter().filter_map(|(given, permission)| given.then_some(permission)).collect()
    }
}

async fn path(client: &Client, which: &Which) -> Result<String, ClientError> {
    Ok(format!("{}/grants", which.path(client, CREDENTIALS).await?))
}

const ROW: &[Column<Grant>] = &[
    ("ID", |grant| grant.id.to_string()),
    ("With", |grant| maybe(&grant.grantee_name)),
    ("Kind", |grant| kind(grant).into()),
    ("May", |grant| list(&grant.permissions)),
    ("Expires", |grant| maybe_time(grant.expires_at)),
    ("Since", |grant| time(grant.created_at)),
];

const FIELDS: &[Column<Grant>] = &[
    ("Grant", |grant| grant.id.to_string()),
    ("With", |grant| maybe(&grant.grantee_name)),
    ("User", |grant| maybe(&grant.user_id)),
    ("Workspace", |grant| maybe(&grant.workspace_id)),
    ("May", |grant| list(&grant.permissions)),
    ("Expires", |grant| maybe_time(grant.expires_at)),
];

fn kind(grant: &Grant) -> &'static str {
    if grant.workspace_id.is_some() { "workspace" } else { "person or service account" }
}
