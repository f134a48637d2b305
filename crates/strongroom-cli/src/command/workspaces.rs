//! `strongroom workspace`: workspaces and who is in them. A workspace is named by its id or its exact name.

use std::collections::HashMap;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;
use strongroom_types::{Member, ProblemCode, UserId, Workspace, WorkspaceId, WorkspaceRole};

use super::limit::Limit;
use super::service_accounts::ServiceAccounts;
use crate::client::Client;
use crate::connection::Server;
use crate::error::ClientError;
use crate::input::Confirmation;
use crate::one_of::one_of;
use crate::output::{Answer, Column, Output, maybe, time};

/// How many workspaces, or members of one, are looked through for a name.
const LOOKED_THROUGH: usize = 10_000;

/// Manage workspaces, their members and service accounts
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Workspaces {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

const EXAMPLES: &str = "\
Examples:
  strongroom workspace create \"Platform team\"
  strongroom workspace add \"Platform team\" USER_ID --role ADMIN    the id is what `strongroom whoami` shows them
  strongroom workspace service-account create \"Platform team\" Deployer";

#[derive(Subcommand, Debug)]
enum Act {
    /// List the workspaces that you are a member of
    List {
        #[command(flatten)]
        limit: Limit,
    },
    /// Make a workspace; you become its OWNER
    Create {
        /// What to call it
        name: String,
    },
    /// Give a workspace another name
    Rename {
        #[command(flatten)]
        which: Which,
        /// What to call it from now on
        name: String,
    },
    /// Delete a workspace, with all its credentials and service accounts, for good
    Delete {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// List who is in a workspace
    Members {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        limit: Limit,
    },
    /// Make a person a member
    Add {
        #[command(flatten)]
        which: Which,
        /// Their user ID, which they see in `strongroom whoami` or on their Settings page
        #[arg(value_parser = user_id)]
        user: UserId,
        /// What they may do
        #[arg(long, default_value = "MEMBER", value_parser = one_of::<WorkspaceRole>(), ignore_case = true)]
        role: WorkspaceRole,
    },
    /// Give a member another role
    SetRole {
        #[command(flatten)]
        which: Which,
        /// Their id or e-mail address
        member: String,
        /// What they may do from now on
        #[arg(value_parser = one_of::<WorkspaceRole>(), ignore_case = true)]
        role: WorkspaceRole,
    },
    /// Take a member out, at once
    Remove {
        #[command(flatten)]
        which: Which,
        /// Their id or e-mail address
        member: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    ServiceAccount(ServiceAccounts),
}

/// Which workspace.
#[derive(Args, Debug)]
pub struct Which {
    /// The workspace: its id or exact name
    // Beside it may be an option of that name.
    #[arg(id = "which", value_name = "WORKSPACE")]
    workspace: String,
}

impl Workspaces {
    pub async fn run(self) -> Result<(), ClientError> {
        let answer = self.act.run(&self.server.client().await?).await?;
        self.output.print(&answer)
    }
}

impl Act {
    async fn run(self, client: &Client) -> Result<Answer, ClientError> {
        match self {
            Self::List { limit } => Answer::table(&client.list(ALL, &[], limit.rows).await?, WORKSPACES),
            Self::Create { name } => {
                let made: Workspace = client.send(Method::POST, ALL, &[], Some(json!({ "name": name }))).await?;
                Answer::fields(&made, WORKSPACES)
            }
            Self::Rename { which, name } => {
                let path = which.path(client).await?;
                let renamed: Workspace = client.send(Method::PATCH, &path, &[], Some(json!({ "name": name }))).await?;
                Answer::fields(&renamed, WORKSPACES)
            }
            Self::Delete { which, confirmation } => delete(client, &which, &confirmation).await,
            Self::Members { which, limit } => {
                let path = format!("{}/members", which.path(client).await?);
                Answer::table(&client.list(&path, &[], limit.rows).await?, MEMBERS)
            }
            Self::Add { which, user, role } => set_role(client, &which.path(client).await?, user, role).await,
            Self::SetRole { which, member, role } => {
                let path = which.path(client).await?;
                let member = member_id(client, &path, &member).await?;
                set_role(client, &path, member, role).await
            }
            Self::Remove { which, member, confirmation } => {
                let path = which.path(client).await?;
                let member = member_id(client, &path, &member).await?;
                confirmation.ask("they lose all access through this workspace")?;
                let () = client.send(Method::DELETE, &format!("{path}/members/{member}"), &[], None).await?;
                Ok(Answer::done("Removed."))
            }
            Self::ServiceAccount(accounts) => accounts.run(client).await,
        }
    }
}

impl Which {
    /// Where the API has it.
    pub async fn path(&self, client: &Client) -> Result<String, ClientError> {
        Ok(format!("{ALL}/{}", id(client, &self.workspace).await?))
    }
}

/// The workspace of that id or exact name.
///
/// # Errors
/// Where you are a member of none of that name, or of several.
pub async fn id(client: &Client, id_or_name: &str) -> Result<WorkspaceId, ClientError> {
    if let Ok(id) = id_or_name.parse() {
        return Ok(id);
    }
    let all = client.list::<Workspace>(ALL, &[], LOOKED_THROUGH).await?.items;
    let mut named = all.iter().filter(|workspace| workspace.name == id_or_name);
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one.id),
        (Some(_), Some(_)) => Err(ClientError::Input("several workspaces have that name; give the id".into())),
        (None, _) => Err(ClientError::NotFound("you are a member of no workspace of that name".into())),
    }
}

/// The workspace that was named, if one was.
///
/// # Errors
/// As [`id`].
pub async fn maybe_id(client: &Client, id_or_name: Option<&str>) -> Result<Option<WorkspaceId>, ClientError> {
    match id_or_name {
        Some(id_or_name) => id(client, id_or_name).await.map(Some),
        None => Ok(None),
    }
}

/// What the workspaces are called that the caller is a member of. A token that is limited to credentials knows no name.
///
/// # Errors
/// Where the server does not say.
pub async fn names(client: &Client) -> Result<HashMap<WorkspaceId, String>, ClientError> {
    match client.list::<Workspace>(ALL, &[], LOOKED_THROUGH).await {
        Ok(all) => Ok(all.items.into_iter().map(|workspace| (workspace.id, workspace.name)).collect()),
        Err(ClientError::Refused(problem)) if problem.status == 403 => Ok(HashMap::new()),
        Err(error) => Err(error),
    }
}

fn user_id(text: &str) -> Result<UserId, &'static str> {
    text.parse().map_err(
        |_| "a person is added by their user ID, which they see in `strongroom whoami` or on their Settings page",
    )
}

async fn member_id(client: &Client, workspace: &str, id_or_email: &str) -> Result<UserId, ClientError> {
    if let Ok(id) = id_or_email.parse() {
        return Ok(id);
    }
    let members = client.list::<Member>(&format!("{workspace}/members"), &[], LOOKED_THROUGH).await?.items;
    let is_it = |member: &&Member| member.email.as_ref().is_some_and(|email| email.eq_ignore_ascii_case(id_or_email));
    let member = members.iter().find(is_it).map(|member| member.user_id);
    member.ok_or_else(|| ClientError::NotFound("no member of that workspace has that e-mail address".into()))
}

async fn set_role(client: &Client, workspace: &str, user: UserId, role: WorkspaceRole) -> Result<Answer, ClientError> {
    let path = format!("{workspace}/members/{user}");
    let () = client.send(Method::PUT, &path, &[], Some(json!({ "role": role }))).await?;
    Ok(Answer::done(format!("They are {role} now.")))
}

/// The server says what would go, and deletes nothing before it is told the exact name.
async fn delete(client: &Client, which: &Which, confirmation: &Confirmation) -> Result<Answer, ClientError> {
    let path = which.path(client).await?;
    let workspace: Workspace = client.get(&path).await?;
    match client.send::<()>(Method::DELETE, &path, &[], None).await {
        Err(ClientError::Refused(problem)) if problem.kind == ProblemCode::ConfirmationRequired.urn() => {
            // The rest of the sentence is for whoever speaks HTTP.
            confirmation.ask(problem.detail.split("; to confirm").next().unwrap_or_default())?;
        }
        other => return other.map(|()| Answer::done("It is gone.")),
    }
    let () = client.send(Method::DELETE, &path, &[("confirm", workspace.name)], None).await?;
    Ok(Answer::done("It is gone."))
}

const ALL: &str = "/api/workspaces";

const WORKSPACES: &[Column<Workspace>] = &[
    ("ID", |workspace| workspace.id.to_string()),
    ("Name", |workspace| workspace.name.clone()),
    ("You are", |workspace| workspace.role.to_string()),
    ("Created", |workspace| time(workspace.created_at)),
];

const MEMBERS: &[Column<Member>] = &[
    ("ID", |member| member.user_id.to_string()),
    ("Name", |member| member.display_name.clone()),
    ("E-mail", |member| maybe(&member.email)),
    ("Role", |member| member.role.to_string()),
    ("Since", |member| time(member.created_at)),
];
