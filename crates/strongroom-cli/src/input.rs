//! What a person or a script says besides arguments: secrets, from a prompt, from stdin or from a file, and a yes.
//! Everything is bounded; no message repeats a secret.

use std::env::VarError;
use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use strongroom_types::SecretValue;

use crate::bounded;
use crate::error::ClientError;
use crate::output::note;
use crate::prompt::prompt;

/// The most that a file with a token may hold; a token has less than a hundred characters.
const TOKEN_LIMIT: usize = 4096;
/// 1024 characters of four bytes each.
const PASSWORD_LIMIT: usize = 4096;
/// The line break at the end of a value, which is not part of it.
const LINE_BREAK: usize = 2;

/// Where a value comes from.
#[derive(Args, Debug)]
pub struct ValueInput {
    /// File with the value, less the line break at its end [default: a prompt, or stdin where that is no terminal]
    #[arg(long, value_name = "FILE")]
    value_file: Option<PathBuf>,
}

impl ValueInput {
    /// The value, less the line break at its end.
    ///
    /// # Errors
    /// Where it cannot be read, or is no value: 1 byte to 64 KiB of text, without NUL.
    pub fn read(&self) -> Result<SecretValue, ClientError> {
        let text = match &self.value_file {
            Some(path) => text_in(path, SecretValue::MAX_BYTES + LINE_BREAK)?,
            None => secret("Value", SecretValue::MAX_BYTES + LINE_BREAK)?,
        };
        SecretValue::new(text.expose_secret().into()).map_err(|wrong| ClientError::Input(format!("the value {wrong}")))
    }
}

/// Whether an act that is hard to take back is meant.
#[derive(Args, Debug)]
pub struct Confirmation {
    /// Do it without asking; scripts need it
    #[arg(long)]
    yes: bool,
}

impl Confirmation {
    /// Asks at the terminal, unless the yes was given; `consequence` is what a yes leads to.
    ///
    /// # Errors
    /// [`ClientError::Unconfirmed`] where nobody can be asked; where the answer is not yes.
    pub fn ask(&self, consequence: &str) -> Result<(), ClientError> {
        if self.yes {
            return Ok(());
        }
        if !stdin().is_terminal() {
            return Err(ClientError::Unconfirmed(consequence.into()));
        }
        note(&format!("Please note: {consequence}. Type yes to go on:"))?;
        let mut answer = String::new();
        stdin().read_line(&mut answer).map_err(|e| ClientError::Input(e.to_string()))?;
        if answer.trim().eq_ignore_ascii_case("yes") { Ok(()) } else { Err(ClientError::Declined) }
    }
}

/// A new password: at a prompt, twice, or stdin where that is no terminal.
///
/// # Errors
/// Where it cannot be read, or is not the same twice.
pub fn password() -> Result<SecretString, ClientError> {
    if stdin().is_terminal() { asked_twice("New password") } else { secret("New password", PASSWORD_LIMIT) }
}

/// A secret that is made up now, at a prompt, twice.
///
/// # Errors
/// Where there is no terminal, or it is not the same twice.
pub fn asked_twice(name: &str) -> Result<SecretString, ClientError> {
    let once = prompted(name)?;
    if prompted("The same again")?.expose_secret() != once.expose_secret() {
        return Err(ClientError::Input("that was not the same twice; nothing was done".into()));
    }
    Ok(once)
}

/// A token or an invitation: from a prompt, or from stdin where that is no terminal.
///
/// # Errors
/// Where it cannot be read, or is too long.
pub fn token(name: &str) -> Result<SecretString, ClientError> {
    trimmed(&secret(name, TOKEN_LIMIT)?)
}

/// A token in a file.
///
/// # Errors
/// Where it cannot be read, is empty or too long.
pub fn token_in(path: &Path) -> Result<SecretString, ClientError> {
    trimmed(&text_in(path, TOKEN_LIMIT)?)
}

/// A token in a variable of the environment; an empty one is as good as none.
///
/// # Errors
/// Where it is no text.
#[allow(clippy::disallowed_methods, reason = "a token is never an argument, and so not clap's to read")]
pub fn token_in_environment(name: &str) -> Result<Option<SecretString>, ClientError> {
    match std::env::var(name) {
        Ok(token) => Ok(Some(token.trim()).filter(|token| !token.is_empty()).map(SecretString::from)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(ClientError::Input(format!("{name}: not UTF-8 text"))),
    }
}

fn trimmed(token: &SecretString) -> Result<SecretString, ClientError> {
    match token.expose_secret().trim() {
        "" => Err(ClientError::Input("there is no token in what was given".into())),
        token => Ok(token.into()),
    }
}

/// From a prompt that does not echo, or else all of stdin.
fn secret(name: &str, limit: usize) -> Result<SecretString, ClientError> {
    if !stdin().is_terminal() {
        return bounded::read(stdin(), limit, limit)
            .map_err(|e| e.to_string())
            .and_then(|bytes| text(&bytes))
            .map_err(|wrong| ClientError::Input(format!("stdin: {wrong}")));
    }
    prompted(name)
}

/// A secret at a prompt that does not echo.
///
/// # Errors
/// Where there is no terminal, or several lines came at once.
pub fn prompted(name: &str) -> Result<SecretString, ClientError> {
    let typed = prompt(&format!("{name}: ")).map_err(|e| ClientError::Input(e.to_string()))?;
    // What was pasted is not seen, but whether all of it arrived is.
    note(&format!("{} characters", typed.expose_secret().chars().count()))?;
    Ok(typed)
}

fn text_in(path: &Path, limit: usize) -> Result<SecretString, ClientError> {
    let bytes = bounded::read_file(path, limit)?;
    text(&bytes).map_err(|wrong| ClientError::Input(format!("{}: {wrong}", path.display())))
}

/// The text, less the line break at its end.
fn text(bytes: &[u8]) -> Result<SecretString, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8 text")?;
    let without_break = text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text));
    Ok(without_break.unwrap_or(text).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_was_given_less_one_line_break() {
        let read = |given: &str| text(given.as_bytes()).map(|text| text.expose_secret().to_owned());
        assert_eq!(read("two\nlines\n").unwrap(), "two\nlines");
        assert_eq!(read("dos\r\n").unwrap(), "dos");
        assert_eq!(read("\n\n").unwrap(), "\n");
        assert_eq!(read(" as it is ").unwrap(), " as it is ");
        assert!(text(b"\xff").is_err());
    }
}
