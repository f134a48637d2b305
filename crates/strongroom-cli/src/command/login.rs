//! `strongroom login` and `logout`: a token that is kept for a server, so that no later command needs one.
//! It comes from a page in the browser, from a prompt, from stdin or from a file.

use clap::Args;
use reqwest::Method;
use secrecy::SecretString;
use strongroom_types::User;
use tokio::task::spawn_blocking;
use url::Url;

use crate::connection::Server;
use crate::error::{ClientError, Exit};
use crate::handover::Handover;
use crate::input;
use crate::kept_login::{KeptLogins, Place};
use crate::output::{Answer, Output, note};

/// Sign in, in the browser, and keep an API token for this server
///
/// The browser shows a page of the server, which asks you, makes an API token and hands it over to this command, on this machine.
/// On a machine without a browser, make a token elsewhere and use --with-token.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Login {
    /// Keep a token that there is already: from --token-file, or else a prompt or stdin
    #[arg(long)]
    with_token: bool,
    /// What to call the token [default: the name of this machine]
    #[arg(long, conflicts_with = "with_token")]
    name: Option<String>,
    /// Print the address of the page, and open no browser
    #[arg(long, conflicts_with = "with_token")]
    no_browser: bool,
    /// Where to keep it [default: the keyring if there is one, else a file]
    #[arg(long, value_name = "PLACE")]
    keep: Option<Place>,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

const EXAMPLES: &str = "\
Examples:
  strongroom login --url https://vault.example.org
  strongroom login --with-token < token
  strongroom login --keep file --with-token --token-file token";

/// Revoke the token that is kept for this server, and forget it
#[derive(Args, Debug)]
pub struct Logout {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

impl Login {
    pub async fn run(self) -> Result<(), ClientError> {
        // Before anybody is asked for anything.
        let logins = KeptLogins::read()?;
        let server = self.server.url();
        let token = if self.with_token {
            self.server.token_in_file()?.map_or_else(|| input::token("Token"), Ok)?
        } else {
            self.ask_in_browser(server).await?
        };
        let me: User = self.server.client_with(token.clone())?.get("/api/me").await?;
        let kept = logins.keep(server, token, self.keep).await?;
        let name = me.email.as_ref().unwrap_or(&me.display_name);
        let note = format!("You are signed in at {} as {name}; the token is kept {kept}.", self.server);
        self.output.print(&Answer::said(&me)?.with_note(note))
    }

    async fn ask_in_browser(&self, server: &Url) -> Result<SecretString, ClientError> {
        let name = self.name.clone().unwrap_or_else(this_machine);
        let handover = Handover::begin(server, &name).await?;
        note("Go on in the browser, at")?;
        if self.no_browser {
            note(handover.page().as_str())?;
            return handover.token().await;
        }
        let door = handover.door();
        note(&door)?;
        // Where none opens, the address has been printed.
        spawn_blocking(move || webbrowser::open(&door));
        handover.token_by_door().await
    }
}

/// What a token is called that nobody has named.
fn this_machine() -> String {
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    format!("Command line on {}", host.as_deref().unwrap_or("a machine without a name"))
}

impl Logout {
    pub async fn run(self) -> Result<(), ClientError> {
        let (logins, server) = (KeptLogins::read()?, self.server.url());
        let Some(token) = logins.token(server).await? else {
            return Err(ClientError::NotSignedIn(self.server.to_string()));
        };
        let ended = self.server.client_with(token)?.send::<()>(Method::POST, "/api/auth/sign-out", &[], None).await;
        logins.forget(server).await?;
        match ended {
            Ok(()) => self.output.print(&Answer::done("The token is revoked and forgotten.")),
            Err(refused) if Exit::of(&refused) == Exit::NotSignedIn => {
                self.output.print(&Answer::done("The token was not good any more, and is forgotten."))
            }
            Err(error) => {
                let _ = note("The token is forgotten here, and may still be good: see `strongroom token list`.");
                Err(error)
            }
        }
    }
}
