//! `strongroom accept`: how a person comes in. The invitation takes the place of the token, and is good once.

use clap::Args;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::connection::Server;
use crate::error::ClientError;
use crate::input;
use crate::kept_login::KeptLogins;
use crate::output::{Answer, Output};

/// Trade a one-time invitation for an API token
///
/// The invitation is read from where a token would be: --token-file, STRONGROOM_TOKEN, or else a prompt or stdin. The token is
/// printed, this once, unless --login keeps it.
#[derive(Args, Debug)]
pub struct Accept {
    /// Your name, as others will see it
    #[arg(long)]
    name: String,
    /// Only for the first administrator; other invitations name the address
    #[arg(long)]
    email: Option<String>,
    /// Ask for a password as well, to sign in with in a browser; it can be set later, too
    #[arg(long)]
    set_password: bool,
    /// Keep the token for later commands, as `strongroom login` does; it is printed only where that fails
    #[arg(long)]
    login: bool,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

impl Accept {
    pub async fn run(self) -> Result<(), ClientError> {
        // Before the invitation is spent.
        let logins = self.login.then(KeptLogins::read).transpose()?;
        let invitation = match self.server.given()? {
            Some(invitation) => invitation,
            None => input::token("Invitation")?,
        };
        let password = if self.set_password { Some(input::password()?) } else { None };
        let password = password.as_ref().map(ExposeSecret::expose_secret);
        let body = json!({ "display_name": self.name, "email": self.email, "password": password });
        let client = self.server.client_with(invitation)?;
        let welcome: Value = client.send(Method::POST, "/api/invitations/accept", &[], Some(body)).await?;
        match logins {
            None => self.show(&welcome, "You are in. This is your API token, shown this once; keep it:"),
            Some(logins) => self.keep(logins, welcome).await,
        }
    }

    fn show(&self, welcome: &Value, note: &str) -> Result<(), ClientError> {
        self.output.print(&Answer::secret("token", welcome)?.with_note(note))
    }

    async fn keep(&self, logins: KeptLogins, mut welcome: Value) -> Result<(), ClientError> {
        let token = welcome.get("token").and_then(Value::as_str).ok_or(ClientError::Foreign(200))?;
        match logins.keep(self.server.url(), token.into(), None).await {
            Ok(place) => {
                welcome.as_object_mut().and_then(|welcome| welcome.remove("token"));
                let note = format!("You are in; your API token is kept {place}.");
                self.output.print(&Answer::said(&welcome)?.with_note(note))
            }
            Err(error) => {
                // It will not be had again.
                self.show(&welcome, "You are in, but this is your API token, and it could not be kept:")?;
                Err(error)
            }
        }
    }
}
