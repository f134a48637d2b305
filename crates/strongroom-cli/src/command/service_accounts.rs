//! `strongroom workspace service-account`: the callers that are no persons, and their tokens.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;
use strongroom_types::{ServiceAccount, TokenId, UserId};

use super::limit::Limit;
use super::tokens::{NewToken, TOKENS, issued};
use super::workspaces::Which;
use crate::client::Client;
use crate::error::ClientError;
use crate::input::Confirmation;
use crate::output::{Answer, Column, maybe, maybe_time, time};

/// Manage the service accounts of a workspace, and their tokens
#[derive(Args, Debug)]
pub struct ServiceAccounts {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand, Debug)]
enum Act {
    /// List the service accounts of a workspace
    List {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        limit: Limit,
    },
    /// Make a service account; it sees what is shared with it
    Create {
        #[command(flatten)]
        which: Which,
        /// What to call it
        name: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Disable a service account, for good: its tokens and what is shared with it end at once
    Disable {
        #[command(flatten)]
        account: Account,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Manage the tokens of a service account
    #[command(subcommand)]
    Token(TokenAct),
}

#[derive(Subcommand, Debug)]
enum TokenAct {
    /// Make a token for a service account; it is printed, this once
    Create {
        #[command(flatten)]
        account: Account,
        #[command(flatten)]
        new: NewToken,
    },
    /// List the tokens of a service account, without their secrets
    List {
        #[command(flatten)]
        account: Account,
        #[command(flatten)]
        limit: Limit,
    },
    /// Revoke a token of a service account, at once and for good
    Revoke {
        #[command(flatten)]
        account: Account,
        /// The token's id
        token: TokenId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// Which service account.
#[derive(Args, Debug)]
struct Account {
    #[command(flatten)]
    which: Which,
    /// The service account's id
    account: UserId,
}

impl ServiceAccounts {
    pub async fn run(self, client: &Client) -> Result<Answer, ClientError> {
        match self.act {
            Act::List { which, limit } => {
                Answer::table(&client.list(&all(client, &which).await?, &[], limit.rows).await?, ROW)
            }
            Act::Create { which, name, description } => {
                let body = json!({ "name": name, "description": description });
                let path = all(client, &which).await?;
                let made: ServiceAccount = client.send(Method::POST, &path, &[], Some(body)).await?;
                Answer::fields(&made, ROW)
            }
            Act::Disable { account, confirmation } => {
                let path = account.path(client).await?;
                confirmation.ask("it cannot be enabled again")?;
                let () = client.send(Method::DELETE, &path, &[], None).await?;
                Ok(Answer::done("It is disabled."))
            }
            Act::Token(act) => act.run(client).await,
        }
    }
}

impl TokenAct {
    async fn run(self, client: &Client) -> Result<Answer, ClientError> {
        match self {
            Self::Create { account, new } => {
                let path = format!("{}/tokens", account.path(client).await?);
                issued(&client.send(Method::POST, &path, &[], Some(new.body(client).await?)).await?)
            }
            Self::List { account, limit } => {
                let path = format!("{}/tokens", account.path(client).await?);
                Answer::table(&client.list(&path, &[], limit.rows).await?, TOKENS)
            }
            Self::Revoke { account, token, confirmation } => {
                let path = format!("{}/tokens/{token}", account.path(client).await?);
                confirmation.ask("whatever uses that token stops working")?;
                let () = client.send(Method::DELETE, &path, &[], None).await?;
                Ok(Answer::done("Revoked."))
            }
        }
    }
}

impl Account {
    async fn path(&self, client: &Client) -> Result<String, ClientError> {
        Ok(format!("{}/{}", all(client, &self.which).await?, self.account))
    }
}

async fn all(client: &Client, which: &Which) -> Result<String, ClientError> {
    Ok(format!("{}/service-accounts", which.path(client).await?))
}

const ROW: &[Column<ServiceAccount>] = &[
    ("ID", |account| account.id.to_string()),
    ("Name", |account| account.name.clone()),
    ("Role", |account| maybe(&account.role)),
    ("Description", |account| maybe(&account.description)),
    ("Created", |account| time(account.created_at)),
    ("Disabled", |account| maybe_time(account.disabled_at)),
];
