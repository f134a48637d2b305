//! What the database may answer instead of rows. Details are for the log; what callers are told is the service's.
//! No message holds a parameter of a statement.

/// Why a statement did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The caller's secret proves nobody: unknown, expired or revoked.
    #[error("the caller is not proven")]
    Unauthenticated,
    /// The server's own secret is not the one that this database knows.
    #[error("the server's secret is not that of this database")]
    ServerNotProven,
    /// Row-level security, or a grant, forbids it.
    #[error("the database forbids it")]
    Forbidden,
    /// The act needs a person's token that is not limited.
    #[error("the token is limited")]
    LimitedToken,
    /// It was sealed under a key that is retired: this server's key file is older than the vault's.
    #[error("it is sealed under a retired key; give this server the key file of the others")]
    RetiredKey,
    /// A unique key is taken by a row of the same owner.
    #[error("a unique key is taken")]
    Conflict,
    /// Several credentials answer to a name, and none is more specific.
    #[error("several credentials answer to the name")]
    Ambiguous,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// What was to be changed is not as the caller expects, or not his to change, or not there.
    #[error("there is nothing to change that is as expected")]
    Unchanged,
    /// A row that it refers to does not exist.
    #[error("a referenced row does not exist")]
    MissingReference,
    /// A bound of the schema does not hold.
    #[error("a constraint does not hold")]
    Constraint,
    /// The database cannot be reached, or did not answer in time.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// All else: a defect of ours or of the schema.
    #[error("the database failed: {0}")]
    Database(#[source] sqlx::Error),
}

/// Raised by `prove_caller` and `accept_invitation`; a class of our own, so that a failed login of the pool itself
/// (28000, 28P01) is never taken for a caller's.
const NOT_PROVEN: &str = "SR401";
/// Raised by `require_server`.
const SERVER_NOT_PROVEN: &str = "SR402";
/// Raised by `refuse_retired_key`.
const RETIRED_KEY: &str = "SR410";
/// Raised by `earlier_request` and `claim_request`.
const KEY_REUSED: &str = "SR409";
/// Raised by `rotate_credential`.
const UNCHANGED: &str = "SR412";

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|e| e.code()).unwrap_or_default().into_owned();
        match code.as_str() {
            NOT_PROVEN => Self::Unauthenticated,
            SERVER_NOT_PROVEN => Self::ServerNotProven,
            RETIRED_KEY => Self::RetiredKey,
            KEY_REUSED => Self::KeyReused,
            UNCHANGED => Self::Unchanged,
            "42501" => Self::Forbidden,
            "23505" => Self::Conflict,
            "23503" => Self::MissingReference,
            "23514" | "23502" => Self::Constraint,
            // Data exceptions: a number or a time that PostgreSQL cannot hold.
            _ if code.starts_with("22") => Self::Constraint,
            _ if is_unavailable(&error, &code) => Self::Unavailable(error),
            _ => Self::Database(error),
        }
    }
}

/// Connection trouble (class 08) and missing resources (53), a login that is refused (28000, 28P01), a server that is
/// read-only, shutting down or starting up (25006, 57P01 to 57P03), timeouts (25P03, 25P04, 55P03, 57014), and conflicts
/// that a second try does not have (40001, 40P01).
fn is_unavailable(error: &sqlx::Error, code: &str) -> bool {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut, WorkerCrashed};
    matches!(error, Io(_) | PoolClosed | PoolTimedOut | WorkerCrashed)
        || code.starts_with("08")
        || code.starts_with("53")
        || matches!(
            code,
            "25006"
                | "25P03"
                | "25P04"
                | "28000"
                | "28P01"
                | "40001"
                | "40P01"
                | "55P03"
                | "57014"
                | "57P01"
                | "57P02"
                | "57P03"
        )
}

/// Why the schema could not be made, or is not fit for use.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The URL cannot be read; it is not repeated, for it may hold a password.
    #[error("the database URL is not valid; it looks like postgres://user@host/database")]
    Url,
    /// A migration failed, or an applied one is not ours.
    #[error("a migration failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// What makes the database unfit to hold secrets, as sentences.
    #[error("this database does not isolate as it must:\n  {}", .0.join("\n  "))]
    Unsafe(Vec<String>),
    /// A backup by this login would leave out what its policies hide.
    #[error(
        "row-level security binds this login, so that it cannot see the whole database; connect as a superuser, or as a \
         login with BYPASSRLS that is a member of strongroom_owner"
    )]
    Bound,
    /// A verification by this login would take what its policies hide for removed.
    #[error("row-level security hides the record from this login; connect as strongroom_auditor, or as a superuser")]
    Blind,
    /// A column of an application's table is not fit to be sealed.
    #[error("the column cannot be sealed: {0}")]
    Column(&'static str),
    /// What a verification would read is not what others read.
    #[error(
        "the record is not in the table that strongroom migrate made: what is there can show others something else than this \
         verification; strongroom doctor says how the schema differs"
    )]
    Disguised,
    /// A restore never writes over a vault.
    #[error("this database has a strongroom in it already; restore into an empty database, or into a new data folder")]
    NotEmpty,
    /// The database did not do what was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for SchemaError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
