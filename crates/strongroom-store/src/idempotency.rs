//! Requests that are not to happen twice, in the database: by the key that a client gave, and a fingerprint. The calls that
//! know them are in credentials.rs. Never the request itself.

use strongroom_types::{Credential, IdempotencyKey};

/// A request that a client gave a key.
#[derive(Debug)]
pub struct KeyedRequest {
    /// The client's.
    pub key: IdempotencyKey,
    /// A keyed hash of what was asked.
    pub fingerprint: [u8; 32],
}

/// A credential, and whether this was a repetition that changed nothing.
#[derive(Debug)]
pub struct Kept {
    /// As it is now.
    pub credential: Credential,
    /// Whether an earlier request had done it.
    pub repeated: bool,
}
