//! `strongroom audit tail` and `download`: the record, as the server shows it to whoever asks.
//! Whether it is what was sealed is not known here: that is `strongroom audit verify`, on the database.

use std::collections::HashSet;
use std::io::{IsTerminal, stdout};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use strongroom_types::{Activity, ActivityAction, CredentialId, EntityType, Outcome, Page, UserId};

use super::workspaces;
use crate::client::{Client, given};
use crate::connection::Server;
use crate::error::{ClientError, Exit};
use crate::moment::{self, Moment};
use crate::new_file::NewFile;
use crate::one_of::one_of;
use crate::output::{Output, note};

/// How often new rows are asked for.
const PERIOD: Duration = Duration::from_secs(2);
/// How long is waited at most, where the server is away.
const LONGEST_WAIT: Duration = Duration::from_secs(64);
/// The rows of a page; the API's bound.
const PAGE: usize = 100;

/// What a client can ask of the record.
#[derive(Subcommand, Debug)]
pub enum AuditCommand {
    Tail(Tail),
    Download(Download),
}

/// Show the last rows of the record that you may see, by the server; with --json, a JSON object a line
#[derive(Args, Debug)]
#[command(after_help = TAIL_EXAMPLES)]
pub struct Tail {
    /// How many rows
    #[arg(short = 'n', long = "rows", default_value_t = 20)]
    rows: usize,
    /// Go on showing new rows until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

const TAIL_EXAMPLES: &str = "\
Examples:
  strongroom audit tail --follow
  strongroom audit tail --since 24h --outcome DENIED --json";

/// Write all rows of the record that you may see to stdout or a file, by the server
#[derive(Args, Debug)]
#[command(after_help = DOWNLOAD_EXAMPLES)]
pub struct Download {
    /// The form of it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// File to make, for its owner alone; without it, the rows go to stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    server: Server,
}

const DOWNLOAD_EXAMPLES: &str = "\
Examples:
  strongroom audit download --since 2026-01-01 --out record.csv
  strongroom audit download --format jsonl --action CREDENTIAL_ACCESSED | jq .actor_name";

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// Comma-separated, with a line of headings
    #[default]
    Csv,
    /// A JSON object a line
    Jsonl,
}

/// Which rows.
#[derive(Args, Debug)]
struct Filter {
    /// Only those with this in the credential's name
    #[arg(long)]
    name: Option<String>,
    /// Only those about credentials of this service
    #[arg(long)]
    provider: Option<String>,
    /// Only those of this action, such as CREDENTIAL_ACCESSED
    #[arg(long, value_parser = one_of::<ActivityAction>(), ignore_case = true, hide_possible_values = true)]
    action: Option<ActivityAction>,
    /// Only what was allowed, or denied
    #[arg(long, value_parser = one_of::<Outcome>(), ignore_case = true)]
    outcome: Option<Outcome>,
    /// Only those about this kind of thing
    #[arg(long, value_name = "KIND", value_parser = one_of::<EntityType>(), ignore_case = true)]
    entity_type: Option<EntityType>,
    /// Only what was done to this credential
    #[arg(long, value_name = "ID")]
    credential: Option<CredentialId>,
    /// Only what this person or service account did
    #[arg(long, value_name = "ID")]
    actor: Option<UserId>,
    /// Only those about this workspace (its id or exact name)
    #[arg(long)]
    workspace: Option<String>,
    /// Not before that date, or not longer ago than that, such as 24h
    #[arg(long, value_name = moment::FORM)]
    since: Option<Moment>,
    /// Before that date, or longer ago than that
    #[arg(long, value_name = moment::FORM)]
    until: Option<Moment>,
    /// What happened to the secrets of the instance, for its administrators
    #[arg(long)]
    admin: bool,
}

impl AuditCommand {
    /// Runs it and prints what came of it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn run(self) -> Result<(), ClientError> {
        match self {
            Self::Tail(tail) => tail.run().await,
            Self::Download(download) => download.run().await,
        }
    }
}

impl Tail {
    async fn run(self) -> Result<(), ClientError> {
        let client = self.server.client().await?;
        let query = self.filter.query(&client).await?;
        let path = self.filter.path();
        // A whole page at least: it tells what is new from what was there.
        let page: Page<Activity> = client.list(path, &query, self.rows.max(PAGE)).await?;
        for row in page.items.iter().take(self.rows).rev() {
            self.output.line(row, line)?;
        }
        if !self.follow {
            return Ok(());
        }
        let mut following = Following { client, path, query, seen: ids(&page.items) };
        tokio::select! {
            failed = following.run(&self.output) => failed,
            interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        }
    }
}

/// The record, from a row on.
struct Following {
    client: Client,
    path: &'static str,
    query: Vec<(&'static str, String)>,
    /// What the last page had. Rows become visible when their transactions end, and so not always in order.
    seen: HashSet<i64>,
}

impl Following {
    async fn run(&mut self, output: &Output) -> Result<(), ClientError> {
        let mut wait = PERIOD;
        loop {
            tokio::time::sleep(wait).await;
            match self.fresh().await {
                Ok(rows) => {
                    wait = PERIOD;
                    rows.iter().try_for_each(|row| output.line(row, line))?;
                }
                Err(error) if matches!(Exit::of(&error), Exit::Unavailable | Exit::TooMany) => {
                    wait = LONGEST_WAIT.min(wait * 2);
                    note(&format!("{error}; asking again in {} seconds", wait.as_secs()))?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// What was not seen yet, oldest first.
    async fn fresh(&mut self) -> Result<Vec<Activity>, ClientError> {
        let (mut rows, mut cursor): (Vec<Activity>, Option<String>) = (Vec::new(), None);
        loop {
            let mut query = [self.query.as_slice(), &[("limit", PAGE.to_string())]].concat();
            query.extend(cursor.map(|cursor| ("cursor", cursor)));
            let page: Page<Activity> = self.client.send(Method::GET, self.path, &query, None).await?;
            let meets_the_seen = page.items.iter().any(|row| self.seen.contains(&row.id));
            cursor = page.next_cursor.filter(|_| !meets_the_seen && !page.items.is_empty());
            rows.extend(page.items);
            if cursor.is_none() {
                break;
            }
        }
        let fetched = ids(&rows);
        rows.retain(|row| !self.seen.contains(&row.id));
        rows.reverse();
        self.seen = fetched;
        Ok(rows)
    }
}

fn ids(rows: &[Activity]) -> HashSet<i64> {
    rows.iter().map(|row| row.id).collect()
}

/// A row for people.
fn line(row: &Activity) -> String {
    let time = row.occurred_at.format("%Y-%m-%d %H:%M:%SZ");
    let actor = row.actor_name.clone().or_else(|| row.actor_id.map(|id| id.to_string())).unwrap_or_default();
    let what = match (&row.provider, &row.name) {
        (Some(provider), Some(name)) => format!("{provider}/{name}"),
        (None, Some(name)) => name.clone(),
        // What is about the whole, such as the settings, has no ID.
        _ if row.entity_id.is_nil() => row.entity_type.to_string(),
        _ => format!("{} {}", row.entity_type, row.entity_id),
    };
    let reason = row.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let address = row.address.map(|address| format!(" from {address}")).unwrap_or_default();
    let (action, outcome) = (row.action.to_string(), row.outcome.to_string());
    format!("{time}  {outcome:<7}  {action:<25}  {actor}  {what}{address}{reason}")
}

impl Download {
    async fn run(self) -> Result<(), ClientError> {
        if self.out.is_none() && stdout().is_terminal() {
            // It is written as it comes, and so could steer a terminal.
            return Err(ClientError::Input("the record is for a file or a program: give --out, or pipe it".into()));
        }
        let file = self.out.as_deref().map(NewFile::create).transpose()?;
        let client = self.server.client().await?;
        let mut query = self.filter.query(&client).await?;
        query.push((
            "format",
            match self.format {
                Format::Csv => "csv",
                Format::Jsonl => "jsonl",
            }
            .into(),
        ));
        let path = format!("{}/export", self.filter.path());
        match file {
            Some(file) => {
                client.download(&path, &query, file.as_file()).await?;
                file.finish()
            }
            None => client.download(&path, &query, stdout()).await,
        }
    }
}

impl Filter {
    fn path(&self) -> &'static str {
        if self.admin { "/api/admin/secrets/audit" } else { "/api/credentials/audit" }
    }

    async fn query(&self, client: &Client) -> Result<Vec<(&'static str, String)>, ClientError> {
        let workspace = workspaces::maybe_id(client, self.workspace.as_deref()).await?;
        Ok(given([
            ("name", self.name.clone()),
            ("provider", self.provider.clone()),
            ("action", self.action.map(|action| action.to_string())),
            ("outcome", self.outcome.map(|outcome| outcome.to_string())),
            ("entity_type", self.entity_type.map(|kind| kind.to_string())),
            ("credential_id", self.credential.map(|id| id.to_string())),
            ("actor_id", self.actor.map(|id| id.to_string())),
            ("workspace_id", workspace.map(|id| id.to_string())),
            ("from", self.since.map(|moment| moment.ago().map(moment::text)).transpose()?),
            ("to", self.until.map(|moment| moment.ago().map(moment::text)).transpose()?),
        ]))
    }
}
