//! The one binary: `serve`, `migrate`, `doctor`, `setup-token`, `config`, `backup`, `restore`, `keys`, `seal-column` and `audit` run
//! a server; `completions` and `man` describe the commands; the rest speaks to one over HTTP.
//! It parses arguments and says why something failed; all else is in the libraries.

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use strongroom_cli::{Completions, Exit, Man};
use strongroom_server::command::{
    Audit, Backup, Config, Doctor, Failure, Keys, Migrate, Restore, SealColumn, Serve, SetupToken,
};
use strongroom_server::settings::Origin;
use strongroom_server::{LogSettings, Telemetry, settings};

/// Strongroom: a credential vault on PostgreSQL
#[derive(Parser, Debug)]
#[command(name = "strongroom", version, propagate_version = true, after_help = Exit::help())]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: LogSettings,
}

#[derive(Subcommand, Debug)]
enum Command {
    Serve(Serve),
    Migrate(Migrate),
    Doctor(Doctor),
    SetupToken(SetupToken),
    Config(Config),
    Backup(Backup),
    Restore(Restore),
    Keys(Keys),
    SealColumn(SealColumn),
    Audit(Audit),
    #[command(flatten)]
    Client(strongroom_cli::Command),
    Completions(Completions),
    Man(Man),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(failure) => {
            if Exit::of(failure.as_ref()) != Exit::Done {
                complain(&failure);
            }
            Exit::code(failure.as_ref())
        }
    }
}

async fn run() -> Result<ExitCode, Failure> {
    let (arguments, origin) = settings::parse::<Arguments>()?;
    let traces = match &arguments.command {
        Command::Serve(serve) => Some(serve.traces()),
        _ => None,
    };
    let telemetry = Telemetry::start(&arguments.log, traces)?;
    let done = obey(arguments.command, &origin).await;
    telemetry.stop().await;
    done
}

async fn obey(command: Command, origin: &Origin) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(serve) => serve.run().await,
        Command::Migrate(migrate) => migrate.run().await,
        Command::Doctor(doctor) => doctor.run().await,
        Command::SetupToken(setup_token) => setup_token.run().await,
        Command::Config(config) => config.run(origin),
        Command::Backup(backup) => backup.run().await,
        Command::Restore(restore) => restore.run().await,
        Command::Keys(keys) => keys.run().await,
        Command::SealColumn(seal_column) => seal_column.run().await,
        Command::Audit(audit) => audit.run().await,
        Command::Client(command) => return Ok(command.run().await?),
        Command::Completions(completions) => Ok(completions.run(Arguments::command())?),
        Command::Man(man) => Ok(man.run(Arguments::command())?),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Says why a command failed, whatever is logged. Where nobody reads it, the exit code still does.
fn complain(failure: &Failure) {
    let _ = writeln!(std::io::stderr(), "strongroom: {failure}");
}
