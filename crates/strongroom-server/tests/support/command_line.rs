//! The client commands of the real binary, as somebody, against a server.
//! Their environment is empty but for what is said here.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "tests only; each file uses its part")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use secrecy::ExposeSecret;
use strongroom_testing::Person;

pub struct CommandLine {
    url: String,
    token: String,
}

impl CommandLine {
    pub fn new(url: &str, who: &Person) -> Self {
        Self { url: url.into(), token: who.token.to_text().expose_secret().into() }
    }

    /// Without a token.
    pub fn anonymous(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command.args(arguments).env_clear().env("HOME", "/nonexistent").env("STRONGROOM_URL", &self.url);
        command.stdin(Stdio::null());
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
