//! `strongroom run`: a command with values in its environment, in place of references to them.
//! Nothing is started unless there is a value for each. The token stays here; the values are in no argument and no file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use crate::connection::Server;
use crate::env_file;
use crate::error::ClientError;
use crate::mask::Mask;
use crate::masked_child;
use crate::reference::SCHEME;
use crate::values::{Wanted, obtain};

/// The most that an --env-file may hold.
const MAX_FILE_BYTES: usize = 1024 * 1024;
/// What proves the caller is for this command alone.
const OWN: [&str; 2] = ["STRONGROOM_TOKEN", "STRONGROOM_TOKEN_FILE"];
// As env(1) ends.
const NOT_RUN: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Run a command with credentials in its environment, in place of references to them
///
/// Each variable whose whole value is strongroom://WORKSPACE/PROVIDER/NAME gets the value of that credential;
/// strongroom:///PROVIDER/NAME takes your own one, or else the most specific that you may use. The value is recorded as used.
/// The command does not get STRONGROOM_TOKEN and STRONGROOM_TOKEN_FILE. It ends with the command's exit code, or with 125 where
/// nothing was run, 126 where the command cannot be executed, 127 where it is not found.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Run {
    /// File with more variables, NAME=value on each line; it wins over the environment, and a later file over an earlier one
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// Replace the values by **** in what the command prints, which is then no terminal for it
    #[arg(long)]
    mask: bool,
    #[command(flatten)]
    server: Server,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  DATABASE_URL=strongroom://Platform/postgres/app strongroom run -- ./server
  strongroom run --env-file app.env --mask -- make deploy";

impl Run {
    /// Returns the code of the command, unless it has taken our place.
    pub async fn run(self) -> Result<ExitCode, ClientError> {
        let values = self.values().await.map_err(|e| ClientError::NotRun { reason: e.to_string(), code: NOT_RUN })?;
        let mut words = self.command.iter();
        let program = words.next().ok_or_else(|| not_run("there is no command"))?;
        let mut command = Command::new(program);
        command.args(words);
        for (name, value) in &values.all {
            command.env(name, value.expose_secret());
        }
        for name in OWN {
            command.env_remove(name);
        }
        let not_started = |e: std::io::Error| ClientError::NotRun {
            reason: format!("{}: {e}", program.display()),
            code: if e.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE },
        };
        if !self.mask {
            return Err(not_started(command.exec()));
        }
        let mask = Mask::of(&values.secret).map_err(|e| not_run(e.to_string()))?;
        masked_child::run(command, mask).await.map_err(not_started)
    }

    async fn values(&self) -> Result<Values, ClientError> {
        let (mut all, mut wanted, mut malformed) = (self.variables()?, Vec::new(), Vec::new());
        for (name, text) in &all {
            if !text.expose_secret().starts_with(SCHEME) {
                continue;
            }
            // A reference that is none may be a secret in the wrong place, and is not shown.
            match text.expose_secret().parse() {
                Ok(reference) => wanted.push(Wanted { whence: name.clone(), reference }),
                Err(why) => malformed.push(format!("{name}: a reference {why}")),
            }
        }
        if !malformed.is_empty() {
            return Err(ClientError::Input(malformed.join("\n")));
        }
        if wanted.is_empty() {
            return Ok(Values { all, secret: Vec::new() });
        }
        let secret = obtain(&self.server.client().await?, &wanted).await?;
        for (Wanted { whence, reference }, value) in wanted.iter().zip(&secret) {
            if value.expose_secret().contains('\0') {
                let reason = format!("{whence} ({reference}): its value has a NUL, which no variable can hold");
                return Err(ClientError::Input(reason));
            }
            all.insert(whence.clone(), value.clone());
        }
        Ok(Values { all, secret })
    }

    /// Those of the environment that are references, and all of the files.
    #[allow(clippy::disallowed_methods, reason = "the environment of the command is what this is about")]
    fn variables(&self) -> Result<BTreeMap<String, SecretString>, ClientError> {
        let inherited = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            value.starts_with(SCHEME).then(|| (name, value.into()))
        });
        let mut variables: BTreeMap<String, SecretString> = inherited.collect();
        for path in &self.env_file {
            variables.extend(env_file::read(path, MAX_FILE_BYTES)?.all);
        }
        variables.retain(|name, _| !OWN.contains(&name.as_str()));
        Ok(variables)
    }
}

/// What the command's environment has besides what it inherits, and which values of it are secret.
struct Values {
    all: BTreeMap<String, SecretString>,
    secret: Vec<SecretString>,
}

fn not_run(reason: impl Into<String>) -> ClientError {
    ClientError::NotRun { reason: reason.into(), code: NOT_RUN }
}
