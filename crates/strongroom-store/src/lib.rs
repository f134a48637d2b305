//! The database: schema, connections, scoped transactions, and one file of queries a noun.
//! The only crate that depends on sqlx. Its pools are private: there is no way to a row but through a transaction
//! whose caller PostgreSQL has proven. It holds no rule of its own beyond the migrations, and no plaintext.

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

mod act_batch;
mod activity;
mod application_column;
mod backup;
mod batcher;
mod condition;
mod credentials;
mod error;
mod expression;
mod grants;
mod idempotency;
mod identities;
mod invitations;
mod passwords;
mod posture;
mod record;
mod record_reader;
mod reveal_batch;
mod reveals;
mod rewrap;
mod rows;
mod schema;
mod sealed_columns;
mod server_secrets;
mod service_accounts;
mod sessions;
mod settings;
mod sign_in;
mod store;
mod tokens;
mod trust_rules;
mod users;
mod versions;
mod workspaces;

pub use application_column::{ApplicationColumn, ApplicationField, ReplacedField};
pub use backup::{Inventory, SealedValue};
pub use condition::Condition;
pub use credentials::{NextTerms, SealedVersion};
pub use error::{SchemaError, StoreError};
pub use idempotency::{Kept, KeyedRequest};
pub use identities::SignInProof;
pub use passwords::{KeptPassword, OwnPassword, PasswordOutcome};
pub use record::{Purge, Sealing};
pub use record_reader::RecordReader;
pub use reveals::{Denial, RevealLimit, RevealOutcome};
pub use rewrap::{KeyedVersion, Rewrapped, RewrappedOwn};
pub use schema::Schema;
pub use sealed_columns::SealedColumn;
pub use sign_in::{SignInOutcome, SignInStep};
pub use store::{Connections, Store, Transaction};
pub use trust_rules::Exchanged;

/// A URL, without statement logging: statements are ours, but the log is no place for them.
fn options(url: &str) -> Result<PgConnectOptions, SchemaError> {
    let options: PgConnectOptions = url.parse().map_err(|_| SchemaError::Url)?;
    Ok(options.application_name("strongroom").disable_statement_logging())
}
