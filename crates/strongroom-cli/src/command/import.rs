//! `strongroom import`: what others keep, kept here. What is there already stays as it is, so that an import can be repeated.
//! No value is shown, nor anything of one.

use std::collections::HashSet;
use std::convert::Infallible;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use secrecy::SecretString;
use strongroom_types::{Credential, CredentialScope, NewCredential, Tag, User, Workspace, WorkspaceId, WorkspaceRole};
use url::Url;

use super::workspaces;
use crate::bounded;
use crate::client::Client;
use crate::connection::Server;
use crate::error::ClientError;
use crate::http::server_url;
use crate::import::{self, Findings, KeyValue, KeyValueServer, MAX_FILE_BYTES, label};
use crate::input;
use crate::output::{Output, note};
use crate::plain_credential::PlainCredential;
use crate::report::{Report, progress};
use crate::sealed::OpenBy;

/// Import credentials from .env files, Vault and OpenBao, Bitwarden, 1Password or JSON
///
/// What has the provider and name of one that is there is skipped, so that an import can be repeated. The report says what was skipped,
/// and why.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Import {
    #[command(subcommand)]
    source: Source,
    /// Keep them for this workspace (its id or exact name) instead of for yourself
    #[arg(long, global = true)]
    workspace: Option<String>,
    /// A tag for each of them; may be repeated
    #[arg(long = "tag", value_name = "TAG", global = true, value_parser = tag)]
    tags: Vec<Tag>,
    /// Only say what would be kept
    #[arg(long, global = true)]
    dry_run: bool,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

const EXAMPLES: &str = "\
Examples:
  strongroom import env app.env --provider app --workspace Platform --dry-run
  strongroom import bitwarden bitwarden_export.json --tag bitwarden
  strongroom import vault https://vault.example.org:8200 --mount secret --path apps
  strongroom import json backup.age --identity key.txt";

#[derive(Subcommand, Debug)]
enum Source {
    /// A .env file: each variable is a credential of its name
    Env {
        /// The file, or - for stdin
        #[arg(value_parser = source_file)]
        file: PathBuf,
        /// The provider of them all
        #[arg(long, default_value = "env")]
        provider: String,
    },
    /// A JSON array of credentials as POST /api/credentials takes them, or what `strongroom export` has sealed
    Json {
        /// The file, or - for stdin
        #[arg(value_parser = source_file)]
        file: PathBuf,
        #[command(flatten)]
        open_by: OpenBy,
    },
    /// The unencrypted JSON export of Bitwarden
    Bitwarden {
        /// The file, or - for stdin
        #[arg(value_parser = source_file)]
        file: PathBuf,
    },
    /// A 1PUX or CSV export of 1Password
    #[command(name = "1password")]
    OnePassword {
        /// The file, or - for stdin
        #[arg(value_parser = source_file)]
        file: PathBuf,
    },
    Vault(Vault),
}

/// A key/value engine (version 2) of a running Vault or OpenBao; its token is in BAO_TOKEN or VAULT_TOKEN, or is asked for
///
/// Each key of each secret is a credential: its provider is the path of the secret, its name the key.
#[derive(Args, Debug)]
struct Vault {
    /// Where the server is: https://…, or http://… on this machine
    #[arg(value_parser = server_url)]
    address: Url,
    /// Where the engine is mounted
    #[arg(long, default_value = "secret")]
    mount: String,
    /// Only what is at and below this path
    #[arg(long, default_value = "", hide_default_value = true)]
    path: String,
    /// The namespace of the engine
    #[arg(long)]
    namespace: Option<String>,
    /// File with the authorities (PEM) that the server's certificate may be from [default: those of the system]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl Import {
    pub async fn run(self) -> Result<(), ClientError> {
        let client = self.server.client().await?;
        let workspace = workspaces::maybe_id(&client, self.workspace.as_deref()).await?;
        let (findings, plaintext) = self.source.read().await?;
        let findings = findings.tagged(&self.tags, workspace);
        let mut report = Report::default();
        for left in findings.skipped {
            match left.failed {
                true => report.failed(left.place, left.reason),
                false => report.skipped(left.place, left.reason),
            }
        }
        let kept = if self.dry_run {
            plan(&client, &findings.items, &mut report).await
        } else {
            keep(&client, &findings.items, &mut report).await
        };
        let done = if self.dry_run { "to be kept" } else { "kept" };
        self.output.print(&report.answer(done, self.dry_run)?)?;
        kept?;
        if let Some(path) = plaintext.filter(|path| !self.dry_run && report.any_done() && is_file(path)) {
            note(&format!(
                "{} still holds them in plaintext; delete it when you have seen that all is here",
                path.display()
            ))?;
        }
        report.conclude()
    }
}

impl Source {
    /// What there is, and the file that has it in plaintext.
    async fn read(&self) -> Result<(Findings, Option<&Path>), ClientError> {
        let file = |path: &PathBuf| bounded::read_file(path, MAX_FILE_BYTES).map(bounded::without_mark);
        Ok(match self {
            Self::Env { file, provider } => (import::variables(file, provider)?, Some(file)),
            Self::Json { file, open_by } => {
                let (text, was_sealed) = open_by.plaintext(file, MAX_FILE_BYTES)?;
                (import::json(&text)?, Some(file.as_path()).filter(|_| !was_sealed.0))
            }
            Self::Bitwarden { file: path } => (import::bitwarden(&file(path)?)?, Some(path)),
            Self::OnePassword { file: path } => (import::onepassword(&file(path)?)?, Some(path)),
            Self::Vault(vault) => (vault.read().await?, None),
        })
    }
}

impl Vault {
    async fn read(&self) -> Result<Findings, ClientError> {
        let server = KeyValueServer {
            url: &self.address,
            namespace: self.namespace.as_deref(),
            ca_file: self.ca_file.as_deref(),
            token: their_token()?,
        };
        let mut engine = KeyValue::open(server, &self.mount)?;
        let bar = progress(None, "reading");
        let findings = engine.read(&self.path, |secrets| bar.set_position(secrets as u64)).await;
        bar.finish_and_clear();
        findings
    }
}

fn their_token() -> Result<SecretString, ClientError> {
    for name in ["BAO_TOKEN", "VAULT_TOKEN"] {
        if let Some(token) = input::token_in_environment(name)? {
            return Ok(token);
        }
    }
    input::token("Token of that server")
}

/// Keeps one after the other. What cannot be kept is said; a server that refuses all, or does not answer, ends it.
async fn keep(client: &Client, items: &[NewCredential], report: &mut Report) -> Result<(), ClientError> {
    let bar = progress(Some(items.len()), "keeping");
    let mut ended = Ok(());
    for new in items {
        let what = label(new);
        if ended.is_err() {
            report.failed(what, "not tried");
            continue;
        }
        match client.post_patiently::<Credential>("/api/credentials", &PlainCredential::new(new)).await {
            Ok(_) => report.done(what),
            Err(ClientError::Refused(problem)) if problem.status == 409 => report.skipped(what, EXISTS),
            Err(ClientError::Refused(problem)) if matches!(problem.status, 400 | 413 | 422) => {
                report.failed(what, problem.detail);
            }
            Err(error) => {
                report.failed(what, error.to_string());
                ended = Err(error);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    ended
}

/// Asks which names there are, and changes nothing.
async fn plan(client: &Client, items: &[NewCredential], report: &mut Report) -> Result<(), ClientError> {
    let me: User = client.get("/api/me").await?;
    if let Some(id) = items.iter().find_map(|new| new.workspace_id) {
        may_keep_in(client, id).await?;
    }
    let mut taken: HashSet<(Option<WorkspaceId>, String, String)> = HashSet::new();
    let workspaces: HashSet<Option<WorkspaceId>> = items.iter().map(|new| new.workspace_id).collect();
    for workspace in workspaces {
        let whose = match workspace {
            Some(id) => ("workspace_id", id.to_string()),
            None => ("scope", CredentialScope::User.to_string()),
        };
        let query = [("active", "true".to_owned()), whose];
        let all = client.list::<Credential>("/api/credentials", &query, usize::MAX).await?.items;
        let of_ours = all.into_iter().filter(|credential| workspace.is_some() || credential.user_id == me.id);
        taken.extend(of_ours.map(|credential| (workspace, credential.provider, credential.name)));
    }
    for new in items {
        let key = (new.workspace_id, new.provider.as_str().to_owned(), new.name.as_str().to_owned());
        match taken.contains(&key) {
            true => report.skipped(label(new), EXISTS),
            false => report.done(label(new)),
        }
    }
    Ok(())
}

/// So that a dry run is refused where the other would be.
async fn may_keep_in(client: &Client, workspace: WorkspaceId) -> Result<(), ClientError> {
    let Workspace { role, name, .. } = client.get(&format!("/api/workspaces/{workspace}")).await?;
    match role {
        WorkspaceRole::Owner | WorkspaceRole::Admin => Ok(()),
        WorkspaceRole::Member | WorkspaceRole::Guest => {
            Err(ClientError::Input(format!("{name} keeps what its owners and admins bring; you are its {role}")))
        }
    }
}

/// Whether it is there to be deleted. Stdin is not, even where the shell took it from a file.
fn is_file(path: &Path) -> bool {
    path != Path::new(STDIN) && path.is_file()
}

/// A file, or `-` for stdin.
fn source_file(text: &str) -> Result<PathBuf, Infallible> {
    Ok(if text == "-" { STDIN } else { text }.into())
}

const STDIN: &str = "/dev/stdin";

const EXISTS: &str = "there is one of that provider and name";

fn tag(text: &str) -> Result<Tag, String> {
    Tag::try_from(text.to_owned()).map_err(|e| e.to_string())
}
