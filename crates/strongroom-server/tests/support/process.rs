//! The real binary, on a data folder or a database of its own, ended with its handle.
//! Nothing is left running: a handle that is dropped stops its server, and that its PostgreSQL.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A running `strongroom serve`.
pub struct Process {
    child: Child,
    pub url: String,
    pub setup_token: Option<String>,
    /// Where its metrics are, if they were asked for.
    pub metrics: Option<String>,
    pub log: PathBuf,
}

/// A folder that PostgreSQL's unprivileged user can reach, unlike the default of tempfile.
pub fn data_folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("sr").permissions(permissions).tempdir_in("/tmp").unwrap()
}

pub fn serve(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "trace", "--data-dir"]).arg(folder).args(arguments);
    command
}

impl Process {
    /// Starts it and waits until it says where it listens; panics with its log if it does not.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_with(folder, arguments, &[])
    }

    /// In an environment with these variables besides.
    pub fn start_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let log = folder.join(format!("test-{}.log", strongroom_types::RequestId::generate()));
        let mut command = serve(folder, arguments);
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let after = |line: &String, words: &str| line.split_once(words).map(|(_, rest)| rest.trim().to_owned());
        // "Ready" ends what it has to say.
        let said: Vec<String> = lines.take_while(|line| !line.starts_with("Ready")).collect();
        let told = |words| said.iter().find_map(|line| after(line, words));
        let Some(url) = told("listens on ") else {
            panic!("it did not start:\n{}", std::fs::read_to_string(&log).unwrap())
        };
        let setup_token = told("One-time admin token (shown once, good for 7 days):");
        Self { child, url, setup_token, metrics: told("Metrics are at "), log }
    }

    /// Sends a signal and waits for the end.
    pub fn end(mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.child.wait().unwrap()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGTERM);
        let _ = self.child.wait();
    }
}
