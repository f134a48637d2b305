//! `strongroom export`: credentials with their values, sealed for whoever is named, to be opened by age or by `strongroom import json`.
//! There is no export that is not sealed. Values are obtained as uses, each recorded.

use std::collections::VecDeque;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use secrecy::SecretString;
use strongroom_types::{Credential, CredentialId, Permission, Problem, ProblemCode};
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::workspaces;
use crate::client::{Client, given};
use crate::connection::Server;
use crate::error::ClientError;
use crate::import::MAX_FILE_BYTES;
use crate::new_file::NewFile;
use crate::output::Output;
use crate::plain_credential::PlainCredential;
use crate::report::{Report, progress};
use crate::sealed::SealFor;
use crate::values::{Answered, BATCH, obtain_by_id};

/// A minute's uses come back over a minute.
const WAIT: Duration = Duration::from_secs(10);
const MAX_WAITS: usize = 12;

/// Write credentials and their values to a file, sealed for the holders of age keys or under a passphrase
///
/// `strongroom import json` reads it, and so does age --decrypt. Active credentials that you may use are in it; each value is recorded as
/// used. What you may see and not use is left, and the report says so.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Export {
    /// File to make
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    seal_for: SealFor,
    /// Only those of this workspace (its id or exact name)
    #[arg(long)]
    workspace: Option<String>,
    /// Only those of this service
    #[arg(long)]
    provider: Option<String>,
    /// Only those with this tag
    #[arg(long)]
    tag: Option<String>,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

const EXAMPLES: &str = "\
Examples:
  strongroom export --out all.age --recipient age1…
  strongroom export --out platform.age --passphrase --workspace Platform";

impl Export {
    pub async fn run(self) -> Result<(), ClientError> {
        // It vanishes again: whoever interrupts what follows leaves nothing behind.
        NewFile::create(&self.out).map(drop)?;
        let recipients = self.seal_for.recipients()?;
        let client = self.server.client().await?;
        let workspace = workspaces::maybe_id(&client, self.workspace.as_deref()).await?;
        let conditions = [
            ("active", Some("true".to_owned())),
            ("workspace_id", workspace.map(|id| id.to_string())),
            ("provider", self.provider.clone()),
            ("tag", self.tag.clone()),
        ];
        let credentials: Vec<Credential> = client.list("/api/credentials", &given(conditions), usize::MAX).await?.items;
        if credentials.is_empty() {
            let reason = "you may see none of those; a limited token needs LIST and USE";
            return Err(ClientError::NotFound(format!("there is nothing to export: {reason}")));
        }
        let mut report = Report::default();
        let values = obtain(&client, credentials, &mut report).await?;
        let plaintext = plaintext(&values)?;
        let sealed = tokio::task::spawn_blocking(move || recipients.seal(&plaintext)).await;
        let sealed = sealed.map_err(std::io::Error::other)?.map_err(|e| ClientError::Input(e.to_string()))?;
        let file = NewFile::create(&self.out)?;
        file.as_file().write_all(&sealed)?;
        file.finish()?;
        self.output.print(&report.answer("sealed", false)?)?;
        report.conclude()
    }
}

/// The value of each that may be used.
async fn obtain(
    client: &Client,
    credentials: Vec<Credential>,
    report: &mut Report,
) -> Result<Vec<(Credential, SecretString)>, ClientError> {
    let (usable, others): (Vec<_>, Vec<_>) =
        credentials.into_iter().partition(|credential| credential.permissions.contains(&Permission::Use));
    for other in &others {
        report.skipped(place(other), "you may see it, and not use it");
    }
    let bar = progress(Some(usable.len()), "obtaining");
    let (mut left, mut values, mut waits) = (VecDeque::from(usable), Vec::new(), 0);
    while !left.is_empty() {
        let batch: Vec<Credential> = left.drain(..BATCH.min(left.len())).collect();
        let ids: Vec<CredentialId> = batch.iter().map(|credential| credential.id).collect();
        let mut limited = Vec::new();
        for (credential, answered) in batch.into_iter().zip(obtain_by_id(client, &ids).await?) {
            match answered {
                Answered::Revealed { value } => {
                    report.done(place(&credential));
                    values.push((credential, value));
                }
                Answered::Refused { problem } if is_limit(&problem) => limited.push(credential),
                Answered::Refused { problem } => report.failed(place(&credential), problem.detail),
            }
        }
        bar.set_position(values.len() as u64);
        if limited.is_empty() {
            waits = 0;
            continue;
        }
        waits += 1;
        if waits > MAX_WAITS {
            return Err(ClientError::Input("the rate limit is used up by other requests; try again later".into()));
        }
        left.extend(limited);
        sleep(WAIT).await;
    }
    bar.finish_and_clear();
    Ok(values)
}

fn is_limit(problem: &Problem) -> bool {
    problem.kind == ProblemCode::RateLimited.urn()
}

fn place(credential: &Credential) -> String {
    format!("{}/{}", credential.provider, credential.name)
}

/// In the form that `strongroom import json` reads, and within its bound.
fn plaintext(values: &[(Credential, SecretString)]) -> Result<Zeroizing<Vec<u8>>, ClientError> {
    let items: Vec<_> = values.iter().map(|(credential, value)| PlainCredential::exported(credential, value)).collect();
    // Measured first: a buffer that grew would leave values behind where it was.
    let mut length = Length(0);
    serde_json::to_writer(&mut length, &items).map_err(std::io::Error::from)?;
    if length.0 > MAX_FILE_BYTES {
        let reason = "this is more than a file may hold; divide it, by --workspace, --provider or --tag";
        return Err(ClientError::Input(reason.into()));
    }
    let mut text = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *text, &items).map_err(std::io::Error::from)?;
    Ok(text)
}

/// Counts what is written.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
