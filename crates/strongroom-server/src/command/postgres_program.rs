//! PostgreSQL's own pg_dump and pg_restore, run against the database of a URL.
//! A password never stands among their arguments, which everybody on the machine can read.

use std::process::Stdio;

use percent_encoding::percent_decode_str;
use tokio::process::Command;
use url::Url;

use super::Failure;
use crate::embedded::Installation;

/// One of them, ready to run.
pub struct PostgresProgram {
    name: &'static str,
    command: Command,
}

impl PostgresProgram {
    /// The one that fits a server of that major version.
    ///
    /// # Errors
    /// Where none is installed, or the URL is none.
    pub fn find(name: &'static str, server_major: u32, url: &str) -> Result<Self, Failure> {
        let mut command = Command::new(Installation::client(name, server_major)?);
        let (url, password) = without_password(url)?;
        command.arg("--no-password").arg(format!("--dbname={url}")).env("LC_ALL", "C").env("PGAPPNAME", "strongroom");
        if let Some(password) = password {
            command.env("PGPASSWORD", password);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        Ok(Self { name, command })
    }

    /// What else it is told.
    pub fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// With its own words, where it fails.
    pub async fn run(mut self) -> Result<(), Failure> {
        let output = self.command.spawn()?.wait_with_output().await?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().take(10).collect();
        Err(format!("{} failed:\n{}", self.name, lines.join("\n")).into())
    }
}

/// A URL as libpq reads it, and apart from it the password.
fn without_password(url: &str) -> Result<(String, Option<String>), Failure> {
    let wrong = || "the database URL is not valid; it looks like postgres://user@host/database";
    let mut url = Url::parse(url).map_err(|_| wrong())?;
    let in_front = url.password().map(|text| percent_decode_str(text).decode_utf8_lossy().into_owned());
    url.set_password(None).map_err(|()| wrong())?;
    let query = url.query().unwrap_or_default().to_owned();
    let (passwords, others): (Vec<&str>, Vec<&str>) =
        query.split('&').filter(|pair| !pair.is_empty()).partition(|pair| pair.starts_with("password="));
    url.set_query((!others.is_empty()).then(|| others.join("&")).as_deref());
    let behind = passwords.last().and_then(|pair| pair.strip_prefix("password="));
    let behind = behind.map(|text| percent_decode_str(text).decode_utf8_lossy().into_owned());
    Ok((url.into(), behind.or(in_front)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_left_among_the_arguments() {
        for url in [
            "postgres://u:p%40ss@h:5433/d?host=%2Frun&sslmode=disable",
            "postgres://u@h:5433/d?host=%2Frun&password=p%40ss&sslmode=disable",
        ] {
            let (rest, password) = without_password(url).unwrap();
            assert_eq!(rest, "postgres://u@h:5433/d?host=%2Frun&sslmode=disable");
            assert_eq!(password.as_deref(), Some("p@ss"));
        }
        let plain = "postgres://u@localhost/d";
        assert_eq!(without_password(plain).unwrap(), (plain.into(), None));
    }
}
