//! The client commands of the real binary, as somebody, against a server.
//! Their environment is empty but for what is said here.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use secrecy::ExposeSecret;
use strongroom_testing::Person;

/// The binary, as nobody.
pub fn strongroom(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    command.args(arguments).env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

pub struct CommandLine {
    url: String,
    token: String,
}

impl CommandLine {
    pub fn new(url: &str, who: &Person) -> Self {
        Self::with_token(url, who.token.to_text().expose_secret())
    }

    /// With a token, or an invitation.
    pub fn with_token(url: &str, token: &str) -> Self {
        Self { url: url.into(), token: token.into() }
    }

    /// Without a token.
    pub fn anonymous(&self, arguments: &[&str]) -> Command {
        let mut command = strongroom(arguments);
        command.env("STRONGROOM_URL", &self.url);
        command
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.anonymous(arguments);
        command.env("STRONGROOM_TOKEN", &self.token);
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// With that text on stdin.
    pub fn fed(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    pub fn token(&self) -> &str {
        &self.token
    }
}

/// All that it said.
pub fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap() + &String::from_utf8(output.stderr.clone()).unwrap()
}

/// A file that comes with the tests.
pub fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name).to_str().unwrap().into()
}
