//! The client commands, one noun a file: each asks a server and hands an answer over (output.rs).
//! No secret is ever an argument.

mod accept;
mod admin;
mod audit;
mod credential_tables;
mod credentials;
mod export;
mod grants;
mod health;
mod import;
mod inject;
mod limit;
mod login;
mod run;
mod service_accounts;
mod settings;
mod tokens;
mod which;
mod whoami;
pub(crate) mod workspaces;

use std::process::ExitCode;

use clap::Subcommand;

pub use audit::AuditCommand;

use crate::error::ClientError;

/// What a client can ask for.
#[derive(Subcommand, Debug)]
pub enum Command {
    Health(health::Health),
    Accept(accept::Accept),
    Login(login::Login),
    Logout(login::Logout),
    Whoami(whoami::Whoami),
    Cred(credentials::Credentials),
    Run(run::Run),
    Inject(inject::Inject),
    Import(import::Import),
    Export(export::Export),
    Workspace(workspaces::Workspaces),
    Token(tokens::Tokens),
    Admin(admin::Admin),
}

impl Command {
    /// Runs it and prints what came of it; returns what to end with.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn run(self) -> Result<ExitCode, ClientError> {
        match self {
            Self::Run(run) => return run.run().await,
            Self::Health(health) => health.run().await,
            Self::Accept(accept) => accept.run().await,
            Self::Login(login) => login.run().await,
            Self::Logout(logout) => logout.run().await,
            Self::Whoami(whoami) => whoami.run().await,
            Self::Cred(credentials) => credentials.run().await,
            Self::Workspace(workspaces) => workspaces.run().await,
            Self::Token(tokens) => tokens.run().await,
            Self::Admin(admin) => admin.run().await,
            Self::Inject(inject) => inject.run().await,
            Self::Import(import) => import.run().await,
            Self::Export(export) => export.run().await,
        }?;
        Ok(ExitCode::SUCCESS)
    }
}
