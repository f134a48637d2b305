//! `strongroom cred` and, on the admin path, `strongroom admin secrets`: the same acts on other rows.
//! A value is printed by `reveal` alone.

use std::collections::HashMap;

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::{Map, Value, json};
use strongroom_types::{Credential, CredentialType};

use super::credential_tables::{ROW, VERSIONS, shown};
use super::grants::GrantAct;
use super::limit::Limit;
use super::which::{CREDENTIALS, Which};
use super::workspaces;
use crate::client::{Client, given};
use crate::connection::Server;
use crate::error::ClientError;
use crate::input::{Confirmation, ValueInput};
use crate::moment::{self, Moment};
use crate::one_of::one_of;
use crate::output::{Answer, Output};

/// Manage and use credentials
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Credentials {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

const EXAMPLES: &str = "\
Examples:
  strongroom cred add \"GitHub CI\" --provider github          asks for the value, without an echo
  pass github | strongroom cred add \"GitHub CI\" --provider github
  strongroom cred list --provider github --expires-before 30d
  strongroom cred rotate ID --value-file new.txt --grace 1h  the former value answers for an hour more
  strongroom cred share ID --user USER_ID --use --expires 90d";

#[derive(Subcommand, Debug)]
enum Act {
    #[command(flatten)]
    Credential(CredentialAct),
    #[command(flatten)]
    Grant(GrantAct),
}

/// What can be done with credentials, and with the secrets of the instance.
#[derive(Subcommand, Debug)]
pub enum CredentialAct {
    Add(Add),
    List(List),
    /// Show a credential, masked
    Get {
        #[command(flatten)]
        which: Which,
    },
    Reveal(Reveal),
    Edit(Edit),
    Rotate(Rotate),
    Versions(Versions),
    Restore(Restore),
    Revoke(Revoke),
}

/// Keep a credential; the value is asked for, or read from stdin or a file
#[derive(Args, Debug)]
pub struct Add {
    /// What to call it
    name: String,
    /// The service that it is for, such as github
    #[arg(long)]
    provider: String,
    /// What kind of secret it is
    #[arg(long = "type", default_value = "API_KEY", value_name = "TYPE", value_parser = one_of::<CredentialType>(), ignore_case = true)]
    kind: CredentialType,
    /// Keep it for this workspace (its id or exact name) instead of for yourself
    #[arg(long)]
    workspace: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// A word to find it by; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// What else is to be known of it, and is no secret; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = metadata_field)]
    metadata: Vec<(String, String)>,
    /// When the value expires: a date, or how far away it is, such as 90d
    #[arg(long, value_name = moment::FORM)]
    expires: Option<Moment>,
    #[command(flatten)]
    value: ValueInput,
}

/// List the credentials that you may know of, masked; newest first
#[derive(Args, Debug)]
pub struct List {
    /// Only those of this service
    #[arg(long)]
    provider: Option<String>,
    /// Only those of this kind
    #[arg(long = "type", value_name = "TYPE", value_parser = one_of::<CredentialType>(), ignore_case = true)]
    kind: Option<CredentialType>,
    /// Only those of this workspace (its id or exact name)
    #[arg(long)]
    workspace: Option<String>,
    /// Only those with this in name, provider or description
    #[arg(long)]
    text: Option<String>,
    /// Only those with this tag
    #[arg(long)]
    tag: Option<String>,
    /// Only those that expire before that date, or within that time, such as 30d
    #[arg(long, value_name = moment::FORM)]
    expires_before: Option<Moment>,
    /// Only those not used since that date, or for that time, such as 90d
    #[arg(long, value_name = moment::FORM)]
    unused_since: Option<Moment>,
    /// Also those that are revoked
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    limit: Limit,
}

/// Print the value of a credential; this is recorded
#[derive(Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Reveal {
    #[command(flatten)]
    which: Which,
    /// A former version, as `versions` shows them
    #[arg(long, value_name = "NUMBER")]
    version: Option<i32>,
}

/// Change what is known of a credential; its value is changed by `rotate`
#[derive(Args, Debug)]
pub struct Edit {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    changes: Changes,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
struct Changes {
    /// What to call it
    #[arg(long)]
    name: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// A word to find it by; may be repeated, and takes the place of all that it has
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// What else is to be known of it, and is no secret; may be repeated, and takes the place of all that it has
    #[arg(long, value_name = "KEY=VALUE", value_parser = metadata_field)]
    metadata: Vec<(String, String)>,
    /// When the value expires: a date, or how far away it is, such as 90d
    #[arg(long, value_name = moment::FORM)]
    expires: Option<Moment>,
    /// What it is to have no more; may be repeated
    #[arg(long, value_name = "FIELD")]
    clear: Vec<Clearable>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Clearable {
    Description,
    Tags,
    Metadata,
    Expires,
}

/// Replace the value of a credential, which is asked for, or read from stdin or a file; the former one is kept
#[derive(Args, Debug)]
pub struct Rotate {
    #[command(flatten)]
    which: Which,
    /// For how long the former value still answers to those that ask for its version, such as 1h
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    grace: Option<std::time::Duration>,
    /// When the new value expires: a date, or how far away it is; without it, the former date stays
    #[arg(long, value_name = moment::FORM)]
    expires: Option<Moment>,
    #[command(flatten)]
    value: ValueInput,
}

/// List the versions of a credential, masked
#[derive(Args, Debug)]
pub struct Versions {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    limit: Limit,
}

/// Restore a credential that is revoked, or an earlier version of one
#[derive(Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Restore {
    #[command(flatten)]
    which: Which,
    /// The version whose value is to be current again, as the next version
    #[arg(long, value_name = "NUMBER")]
    version: Option<i32>,
}

/// Revoke a credential; it can be restored until the instance's retention is over
#[derive(Args, Debug)]
pub struct Revoke {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Credentials {
    pub async fn run(self) -> Result<(), ClientError> {
        let client = self.server.client().await?;
        let answer = match self.act {
            Act::Credential(act) => act.run(&client, CREDENTIALS).await?,
            Act::Grant(act) => act.run(&client).await?,
        };
        self.output.print(&answer)
    }
}

impl CredentialAct {
    /// Does it to what is below that path.
    pub async fn run(self, client: &Client, all: &str) -> Result<Answer, ClientError> {
        let one = async |which: &Which| which.path(client, all).await;
        match self {
            Self::Add(add) => add.run(client, all).await,
            Self::List(list) => list.run(client, all).await,
            Self::Get { which } => shown(&client.get(&one(&which).await?).await?),
            Self::Reveal(reveal) => reveal.run(client, &one(&reveal.which).await?).await,
            Self::Edit(edit) => {
                let path = one(&edit.which).await?;
                shown(&client.send(Method::PATCH, &path, &[], Some(edit.changes.body()?)).await?)
            }
            Self::Rotate(rotate) => rotate.run(client, &one(&rotate.which).await?).await,
            Self::Versions(versions) => {
                let path = format!("{}/versions", one(&versions.which).await?);
                Answer::table(&client.list(&path, &[], versions.limit.rows).await?, VERSIONS)
            }
            Self::Restore(restore) => {
                let version = restore.version.map(|version| format!("/versions/{version}")).unwrap_or_default();
                let path = format!("{}{version}/restore", one(&restore.which).await?);
                shown(&client.send(Method::POST, &path, &[], None).await?)
            }
            Self::Revoke(revoke) => revoke.run(client, &one(&revoke.which).await?).await,
        }
    }
}

impl Add {
    async fn run(&self, client: &Client, all: &str) -> Result<Answer, ClientError> {
        let workspace = workspaces::maybe_id(client, self.workspace.as_deref()).await?;
        let value = self.value.read()?;
        let body = json!({
            "name": self.name, "provider": self.provider, "type": self.kind, "workspace_id": workspace,
            "value": value.expose(), "description": self.description, "tags": self.tags,
            "metadata": metadata(&self.metadata), "expires_at": self.expires.map(Moment::ahead).transpose()?,
        });
        shown(&client.send(Method::POST, all, &[], Some(body)).await?)
    }
}

impl List {
    async fn run(self, client: &Client, all: &str) -> Result<Answer, ClientError> {
        let workspace = workspaces::maybe_id(client, self.workspace.as_deref()).await?;
        let query = given([
            ("provider", self.provider),
            ("type", self.kind.map(|kind| kind.to_string())),
            ("workspace_id", workspace.map(|id| id.to_string())),
            ("text", self.text),
            ("tag", self.tag),
            ("expires_before", self.expires_before.map(|moment| moment.ahead().map(moment::text)).transpose()?),
            ("unused_since", self.unused_since.map(|moment| moment.ago().map(moment::text)).transpose()?),
            ("active", (!self.all).then(|| true.to_string())),
        ]);
        let page = client.list(all, &query, self.limit.rows).await?;
        let has_workspaces = page.items.iter().any(|row: &Credential| row.workspace_id.is_some());
        let names = if has_workspaces { workspaces::names(client).await? } else { HashMap::new() };
        let place = |row: &Credential| row.workspace_id.map(|id| names.get(&id).cloned().unwrap_or(id.to_string()));
        let rows: Vec<_> = page.items.iter().map(|row| (row.clone(), place(row).unwrap_or_default())).collect();
        Answer::list(&page, &rows, ROW)
    }
}

impl Reveal {
    async fn run(&self, client: &Client, one: &str) -> Result<Answer, ClientError> {
        let query = given([("version", self.version.map(|version| version.to_string()))]);
        let revealed: Value = client.send(Method::GET, &format!("{one}/value"), &query, None).await?;
        Answer::secret("value", &revealed)
    }
}

impl Changes {
    /// What is absent stays, what is null is cleared.
    fn body(&self) -> Result<Value, ClientError> {
        let mut body = Map::new();
        let mut set = |field: &str, value: Option<Value>| value.map(|value| body.insert(field.into(), value));
        for field in &self.clear {
            match field {
                Clearable::Description => set("description", Some(Value::Null)),
                Clearable::Tags => set("tags", Some(json!([]))),
                Clearable::Metadata => set("metadata", Some(json!({}))),
                Clearable::Expires => set("expires_at", Some(Value::Null)),
            };
        }
        set("name", self.name.clone().map(Value::from));
        set("description", self.description.clone().map(Value::from));
        set("tags", (!self.tags.is_empty()).then(|| self.tags.clone().into()));
        set("metadata", (!self.metadata.is_empty()).then(|| metadata(&self.metadata)));
        set("expires_at", self.expires.map(Moment::ahead).transpose()?.map(|moment| json!(moment)));
        Ok(body.into())
    }
}

impl Rotate {
    async fn run(&self, client: &Client, one: &str) -> Result<Answer, ClientError> {
        let value = self.value.read()?;
        let body = json!({
            "value": value.expose(), "expires_at": self.expires.map(Moment::ahead).transpose()?,
            "grace_seconds": self.grace.map(|grace| grace.as_secs()),
        });
        shown(&client.send(Method::POST, &format!("{one}/rotate"), &[], Some(body)).await?)
    }
}

impl Revoke {
    async fn run(&self, client: &Client, one: &str) -> Result<Answer, ClientError> {
        self.confirmation.ask("nobody will be able to get its value until it is restored")?;
        let () = client.send(Method::DELETE, one, &[], None).await?;
        Ok(Answer::done("Revoked; `restore` takes it back."))
    }
}

fn metadata_field(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or("must be KEY=VALUE")?;
    Ok((key.into(), value.into()))
}

fn metadata(fields: &[(String, String)]) -> Value {
    fields.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect()
}
