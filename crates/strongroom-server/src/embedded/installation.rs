//! Where PostgreSQL's native binaries are on this machine.
//! They are found, never downloaded; and never in a folder that is named relatively.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::EmbeddedError;

/// The versions that Strongroom is tested with.
const SUPPORTED: std::ops::RangeInclusive<u32> = 15..=18;

/// A folder with `initdb`, `postgres` and `pg_ctl` of one major version.
#[derive(Clone, Debug)]
pub struct Installation {
    folder: PathBuf,
    major: u32,
}

impl Installation {
    /// The newest supported installation; of that major version, where one is named.
    ///
    /// # Errors
    /// [`EmbeddedError::NoInstallation`], which names the places looked at.
    pub fn find(major: Option<u32>) -> Result<Self, EmbeddedError> {
        let mut found: Vec<Self> = folders().into_iter().filter_map(Self::inspect).collect();
        found.retain(|it| SUPPORTED.contains(&it.major) && major.is_none_or(|major| major == it.major));
        found.sort_by_key(|it| it.major);
        found.pop().ok_or(EmbeddedError::NoInstallation { major })
    }

    /// The path of one of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The path of a client program that fits a server: of its own major version, or else of the next one. An older
    /// pg_dump refuses the server, and a much newer pg_restore sends what it does not know.
    ///
    /// # Errors
    /// [`EmbeddedError::NoClient`].
    pub fn client(name: &'static str, server: u32) -> Result<PathBuf, EmbeddedError> {
        let programs = folders().into_iter().map(|folder| folder.join(name)).filter(|program| program.is_file());
        let found = programs.filter_map(|program| Some((major(&program)?, program)));
        let fitting = found.filter(|(major, _)| *major >= server).min_by_key(|(major, _)| *major);
        fitting.map(|(_, program)| program).ok_or(EmbeddedError::NoClient { name, server })
    }

    fn inspect(folder: PathBuf) -> Option<Self> {
        if !["initdb", "pg_ctl"].iter().all(|name| folder.join(name).is_file()) {
            return None;
        }
        let major = major(&folder.join("postgres"))?;
        Some(Self { folder, major })
    }
}

/// Which major version a program says it is of.
fn major(program: &Path) -> Option<u32> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    // postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
    let version = text.split_whitespace().nth(2)?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// PATH, and where Debian, Fedora and Homebrew put what is not on it.
#[allow(clippy::disallowed_methods, reason = "this file owns the search for programs")]
fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // An empty or relative entry would run whatever lies in the current folder.
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
    ] {
        folders.extend(versions(Path::new(parent), prefix).map(|folder| folder.join("bin")));
    }
    folders
}

fn versions(parent: &Path, prefix: &'static str) -> impl Iterator<Item = PathBuf> {
    let entries = parent.read_dir().into_iter().flatten().flatten();
    entries
        .filter(move |entry| {
            entry.file_name().to_string_lossy().strip_prefix(prefix).is_some_and(|v| v.parse::<u32>().is_ok())
        })
        .map(|entry| entry.path())
}
