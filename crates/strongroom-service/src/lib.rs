//! The rules: who may do what, and in which order a secret is sealed, recorded and opened.
//! One file a noun; each act is one transaction. It knows no HTTP and no SQL.

mod activity;
mod authorization;
mod columns;
mod credentials;
mod envelopes;
mod error;
mod grants;
mod idempotency;
mod identities;
mod invitations;
mod keys;
mod passwords;
mod record;
mod record_verification;
mod reveals;
mod service_accounts;
mod sessions;
mod settings;
mod sign_in;
mod tokens;
mod trust_rules;
mod users;
mod vault;
mod versions;
mod workspaces;

pub use activity::ActivityExport;
pub use authorization::{Action, Standing, allows};
pub use columns::{ColumnAct, ColumnRun, FieldFailure};
pub use envelopes::{Coverage, Envelopes, Step, Walked};
pub use error::ServiceError;
pub use idempotency::IdempotentRequest;
pub use identities::{Arrival, Begun, Departure, Returned, Stranded};
pub use keys::KeyHealth;
pub use record_verification::{Finding, RecordVerification, VerifiedRecord};
pub use reveals::RevealedValue;
pub use sessions::SessionPolicy;
pub use sign_in::SignedIn;
pub use strongroom_store::Kept;
pub use tokens::IssuedToken;
pub use trust_rules::ExchangedToken;
pub use vault::{Limits, Vault};
