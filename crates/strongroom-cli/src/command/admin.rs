//! `strongroom admin`: what instance administrators do: the secrets of the instance, invitations, settings.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::credentials::CredentialAct;
use super::settings::SettingsAct;
use crate::client::Client;
use crate::connection::Server;
use crate::error::ClientError;
use crate::output::{Answer, Output};

/// Administer the instance: its secrets, invitations and settings
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Admin {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

const EXAMPLES: &str = "\
Examples:
  strongroom admin invite ada@example.org
  strongroom admin secrets add \"Mail relay\" --provider smtp --type PASSWORD
  strongroom admin settings set --revoked-retention-days 30";

#[derive(Subcommand, Debug)]
enum Act {
    /// Keep and use the secrets of the instance (SYSTEM)
    // They are of no workspace.
    #[command(
        subcommand,
        mut_subcommand("add", |add| add.mut_arg("workspace", |workspace| workspace.hide(true))),
        mut_subcommand("list", |list| list.mut_arg("workspace", |workspace| workspace.hide(true)))
    )]
    Secrets(CredentialAct),
    /// Invite a person; the invitation is printed once and works for seven days
    Invite {
        /// Their e-mail address
        email: String,
        /// Make them an instance administrator
        #[arg(long)]
        admin: bool,
    },
    /// Look at the settings of the instance, or change them
    Settings {
        #[command(subcommand)]
        act: Option<SettingsAct>,
    },
}

impl Admin {
    pub async fn run(self) -> Result<(), ClientError> {
        let answer = self.act.run(&self.server.client().await?).await?;
        self.output.print(&answer)
    }
}

impl Act {
    async fn run(self, client: &Client) -> Result<Answer, ClientError> {
        match self {
            Self::Secrets(act) => act.run(client, "/api/admin/secrets").await,
            Self::Invite { email, admin } => {
                let body = json!({ "email": email, "is_admin": admin });
                let invited: Value = client.send(Method::POST, "/api/admin/invitations", &[], Some(body)).await?;
                let note = "Hand this to the person, who trades it by `strongroom accept`; it is shown this once:";
                Ok(Answer::secret("invitation", &invited)?.with_note(note))
            }
            Self::Settings { act } => super::settings::run(act, client).await,
        }
    }
}
