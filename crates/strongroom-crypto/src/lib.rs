//! Sealing: the envelope format, its associated data, the key ring, and who wraps data keys; and the record's tree and notes.
//! The only crate that depends on a cipher, and it writes none: AES-256-GCM is aws-lc-rs, argon2id is argon2, and files
//! that leave the vault are age's.
//! It never logs, never sees the database, and never tries a key that an envelope does not name.
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod aead;
mod associated_data;
mod data_key;
mod envelope;
mod error;
mod field;
#[cfg(fuzzing)]
pub mod fuzzing;
mod handover_key;
mod key_backup;
mod key_file;
mod key_protection;
mod key_provider;
mod key_ring;
mod merkle;
mod openbao;
mod passphrase;
mod password;
mod random;
mod sealed_file;
mod server_secret;
mod signed_note;
mod transit;

pub use error::SealingError;
pub use field::{Field, FieldValue, KeyName, is_sealed};
pub use handover_key::{HandoverKey, seal_for_handover};
pub use key_backup::{KeyBackup, KeyBackupError};
pub use key_file::RingChange;
pub use key_protection::KeyProtection;
pub use key_provider::{KeyProvider, SealUnder};
pub use key_ring::{KeyId, KeyRing};
pub use merkle::{Hash, MerkleTree, leaf_hash};
pub use openbao::OpenBaoSettings;
pub use passphrase::{Passphrase, PassphraseError};
pub use password::{CURRENT_COST, Proof, derive_proof, new_parameters};
pub use random::{random_bytes, random_text};
pub use sealed_file::{FileIdentities, FileRecipient, FileRecipients, SealedFileError, sealed_under_passphrase};
pub use server_secret::ServerSecret;
pub use signed_note::{Checkpoint, NoteError, RecordKey, Statement, VerifierKey};
pub use transit::Transit;
