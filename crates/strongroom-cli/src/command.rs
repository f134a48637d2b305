//! The commands, one request each. Answers are printed as JSON; a revealed value is printed as it is.
//! No secret is ever an argument.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use strongroom_types::{CredentialId, CredentialType, WorkspaceId};

use crate::client::{Client, ClientError, ready};

/// What a client can ask for.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Say whether a server is ready, by the exit code as well; for health checks
    Health {
        /// Where the server is
        #[arg(long, env = "STRONGROOM_URL", default_value = "http://127.0.0.1:8750")]
        url: String,
    },
    /// Trade a one-time invitation, given as the token, for an API token
    Accept {
        /// Your name, as others will see it
        #[arg(long)]
        name: String,
        /// Only for the first administrator; other invitations name the address
        #[arg(long)]
        email: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Show whose token this is
    Whoami {
        #[command(flatten)]
        server: Server,
    },
    /// Keep and use credentials
    #[command(subcommand)]
    Cred(Cred),
}

/// What can be done with credentials.
#[derive(Subcommand, Debug)]
pub enum Cred {
    /// Keep a credential; the value is asked for, or read from stdin
    Add {
        /// What to call it
        name: String,
        /// The service that it is for, such as github
        #[arg(long)]
        provider: String,
        /// API_KEY, OAUTH_TOKEN, ACCESS_TOKEN, SECRET, PASSWORD or CUSTOM
        #[arg(long = "type", default_value = "API_KEY", value_name = "TYPE")]
        kind: CredentialType,
        /// Keep it for this workspace instead of for yourself
        #[arg(long)]
        workspace: Option<WorkspaceId>,
        #[command(flatten)]
        server: Server,
    },
    /// List what you may know of
    List {
        /// Only those of this service
        #[arg(long)]
        provider: Option<String>,
        /// Only those with this in name, provider or description
        #[arg(long)]
        text: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Show one credential, masked
    Get(One),
    /// Print the value; this is recorded
    Reveal(One),
    /// Replace the value, which is asked for or read from stdin; the former one is kept
    Rotate(One),
    /// Revoke a credential
    Revoke(One),
    /// Restore a revoked credential
    Restore(One),
}

/// One credential.
#[derive(Args, Debug)]
pub struct One {
    /// Its id, as `strongroom cred list` shows it
    id: CredentialId,
    #[command(flatten)]
    server: Server,
}

/// Which server, and who asks it.
#[derive(Args, Debug)]
pub struct Server {
    /// Where the server is
    #[arg(long, env = "STRONGROOM_URL", default_value = "http://127.0.0.1:8750")]
    url: String,
    /// File with the token [default: the environment variable STRONGROOM_TOKEN]
    #[arg(long, env = "STRONGROOM_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Command {
    /// Runs it and prints what came of it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn run(self) -> Result<(), ClientError> {
        match self {
            Self::Health { url } => {
                ready(&url).await?;
                print("ready")
            }
            Self::Accept { name, email, server } => {
                let body = json!({ "display_name": name, "email": email });
                print_json(&server.client()?.send(Method::POST, "/api/invitations/accept", &[], Some(body)).await?)
            }
            Self::Whoami { server } => print_json(&server.client()?.send(Method::GET, "/api/me", &[], None).await?),
            Self::Cred(cred) => cred.run().await,
        }
    }
}

impl Cred {
    async fn run(self) -> Result<(), ClientError> {
        const ALL: &str = "/api/credentials";
        match self {
            Self::Add { name, provider, kind, workspace, server } => {
                let body = json!({ "name": name, "provider": provider, "type": kind, "workspace_id": workspace,
                                   "value": value()? });
                print_json(&server.client()?.send(Method::POST, ALL, &[], Some(body)).await?)
            }
            Self::List { provider, text, server } => {
                let query: Vec<_> =
                    [("provider", provider), ("text", text)].into_iter().filter_map(|(k, v)| Some((k, v?))).collect();
                print_json(&server.client()?.send(Method::GET, ALL, &query, None).await?)
            }
            Self::Get(one) => print_json(&one.send(Method::GET, "", None).await?),
            Self::Reveal(one) => {
                let answer = one.send(Method::GET, "/value", None).await?;
                print(answer.get("value").and_then(Value::as_str).ok_or(ClientError::Foreign(200))?)
            }
            Self::Rotate(one) => {
                let body = json!({ "value": value()? });
                print_json(&one.send(Method::POST, "/rotate", Some(body)).await?)
            }
            Self::Revoke(one) => one.send(Method::DELETE, "", None).await.map(|_| ()),
            Self::Restore(one) => print_json(&one.send(Method::POST, "/restore", None).await?),
        }
    }
}

impl One {
    async fn send(&self, method: Method, act: &str, body: Option<Value>) -> Result<Value, ClientError> {
        let path = format!("/api/credentials/{}{act}", self.id);
        self.server.client()?.send(method, &path, &[], body).await
    }
}

impl Server {
    #[allow(clippy::disallowed_methods, reason = "the token is never an argument, and so not clap's to read")]
    fn client(&self) -> Result<Client, ClientError> {
        let token = match &self.token_file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|e| ClientError::Input(format!("{}: {e}", path.display())))?;
                SecretString::from(text.trim().to_owned())
            }
            None => std::env::var("STRONGROOM_TOKEN").map_err(|_| ClientError::NoToken)?.into(),
        };
        Ok(Client::new(&self.url, token))
    }
}

/// A value from a prompt that does not echo, or else all of stdin less the line break at its end.
fn value() -> Result<String, ClientError> {
    let input = |e: std::io::Error| ClientError::Input(format!("the value cannot be read: {e}"));
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password("Value: ").map_err(input);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(input)?;
    let without_break = text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text));
    Ok(without_break.map(str::to_owned).unwrap_or(text))
}

fn print_json(value: &Value) -> Result<(), ClientError> {
    print(&format!("{value:#}"))
}

#[allow(clippy::print_stdout, reason = "what was asked for goes to stdout")]
fn print(text: &str) -> Result<(), ClientError> {
    println!("{text}");
    Ok(())
}
