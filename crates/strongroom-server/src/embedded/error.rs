//! Why there is no embedded PostgreSQL, each time with what to do about it.
//! Told to the operator only.

use std::path::PathBuf;

/// Why there is no embedded PostgreSQL.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// None that fits is installed.
    #[error(
        "no PostgreSQL {} server found on PATH or in the folders of Debian, Fedora and Homebrew; \
         install one (Debian: apt-get install postgresql), or give --database-url",
        .major.map_or("15 to 18".into(), |m| m.to_string())
    )]
    NoInstallation { major: Option<u32> },
    /// No client program that fits the server is installed.
    #[error(
        "no {name} of PostgreSQL {server} or newer found on PATH or in the folders of Debian, Fedora and Homebrew; \
         install it (Debian: apt-get install postgresql-client-{server})"
    )]
    NoClient { name: &'static str, server: u32 },
    /// The data is another version's.
    #[error(
        "the data folder {folder} was made by PostgreSQL {found}, which is not installed here; install PostgreSQL \
         {found}, or move the data to another version with pg_upgrade or a dump"
    )]
    OtherVersion { folder: PathBuf, found: u32 },
    /// The folder is locked.
    #[error("another strongroom uses the data folder {0}")]
    InUse(PathBuf),
    /// Unix socket addresses are short.
    #[error("the path {0} is too long for a Unix socket; choose a data folder with a shorter one")]
    PathTooLong(PathBuf),
    /// There is nobody to run it as.
    #[error("running as root needs an unprivileged user for PostgreSQL, and there is neither strongroom nor postgres")]
    NoUser,
    /// Somebody else could change what is in the folder.
    #[error("the data folder {0} belongs to another user, or others may write to it; choose one that is yours alone")]
    Foreign(PathBuf),
    /// One of PostgreSQL's programs said no.
    #[error("{program} failed: {output}")]
    Program { program: &'static str, output: String },
    /// The server ended, or never took connections.
    #[error("PostgreSQL did not start; the end of {log}:\n{tail}")]
    DidNotStart { log: PathBuf, tail: String },
    /// A file or folder cannot be used.
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}
