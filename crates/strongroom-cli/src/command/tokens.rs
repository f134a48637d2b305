//! `strongroom token`: one's own API tokens. A new one is alone on stdout, this once, so that it can be piped.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use strongroom_types::{ApiTokenSummary, TokenAction, TokenId};

use super::limit::Limit;
use super::workspaces;
use crate::client::Client;
use crate::connection::Server;
use crate::error::ClientError;
use crate::input::Confirmation;
use crate::one_of::one_of;
use crate::output::{Answer, Column, Output, list, maybe, maybe_time, time};

/// Manage your API tokens
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Tokens {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

const EXAMPLES: &str = "\
Examples:
  strongroom token create \"Laptop of Ada\" --days 30
  strongroom token create CI --provider github --action USE > token
  strongroom token revoke ID";

#[derive(Subcommand, Debug)]
enum Act {
    /// Make an API token for yourself; it is printed, this once
    Create(NewToken),
    /// List your API tokens, without their secrets
    List {
        #[command(flatten)]
        limit: Limit,
    },
    /// Revoke an API token of yours, at once and for good
    Revoke {
        /// Its id, as `list` shows it
        id: TokenId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// A token to be made.
#[derive(Args, Debug)]
pub struct NewToken {
    /// What to call it, such as where it will be
    name: String,
    /// How many days it is good for: 1 to 365
    #[arg(long, default_value_t = 90)]
    days: u16,
    /// Only for credentials of this workspace (its id or exact name)
    #[arg(long)]
    workspace: Option<String>,
    /// Only for credentials of this service
    #[arg(long)]
    provider: Option<String>,
    /// Only for this; may be repeated. A token that is limited in any way works with credentials and does nothing else
    #[arg(long = "action", value_name = "ACTION", value_parser = one_of::<TokenAction>(), ignore_case = true)]
    actions: Vec<TokenAction>,
}

impl Tokens {
    pub async fn run(self) -> Result<(), ClientError> {
        let answer = self.act.run(&self.server.client().await?).await?;
        self.output.print(&answer)
    }
}

impl Act {
    async fn run(self, client: &Client) -> Result<Answer, ClientError> {
        match self {
            Self::Create(new) => issued(&client.send(Method::POST, ALL, &[], Some(new.body(client).await?)).await?),
            Self::List { limit } => Answer::table(&client.list(ALL, &[], limit.rows).await?, TOKENS),
            Self::Revoke { id, confirmation } => {
                confirmation.ask("whatever uses that token stops working")?;
                let () = client.send(Method::DELETE, &format!("{ALL}/{id}"), &[], None).await?;
                Ok(Answer::done("Revoked."))
            }
        }
    }
}

impl NewToken {
    /// It, as the API wants it.
    pub async fn body(&self, client: &Client) -> Result<Value, ClientError> {
        let workspace = workspaces::maybe_id(client, self.workspace.as_deref()).await?;
        let mut body = json!({ "name": self.name, "expires_in_days": self.days, "workspace_id": workspace,
                               "provider": self.provider });
        if let (Some(fields), false) = (body.as_object_mut(), self.actions.is_empty()) {
            fields.insert("actions".into(), json!(self.actions));
        }
        Ok(body)
    }
}

/// A token that was just made.
pub fn issued(issued: &Value) -> Result<Answer, ClientError> {
    let until = issued.get("expires_at").and_then(Value::as_str).unwrap_or_default();
    let id = issued.get("id").and_then(Value::as_str).unwrap_or_default();
    Ok(Answer::secret("token", issued)?
        .with_note(format!("This is token {id}, good until {until}, shown this once; keep it:")))
}

const ALL: &str = "/api/tokens";

/// How tokens are listed.
pub const TOKENS: &[Column<ApiTokenSummary>] = &[
    ("ID", |token| token.id.to_string()),
    ("Name", |token| token.name.clone()),
    ("May", |token| list(&token.actions)),
    ("Workspace", |token| maybe(&token.workspace_id)),
    ("Provider", |token| maybe(&token.provider)),
    ("Last used", |token| maybe_time(token.last_used_at)),
    ("Expires", |token| time(token.expires_at)),
    ("Revoked", |token| maybe_time(token.revoked_at)),
];
