//! Who wraps data keys, and the two acts that need it: seal a value, open an envelope.
//! A data key is made for one version of one credential, used once to seal, and lives only in this file.

use strongroom_types::{Binding, SecretValue};
use zeroize::Zeroizing;

use crate::aead::{KEY_BYTES, Key};
use crate::associated_data;
use crate::envelope::{Envelope, WrappedKey, join_wrapped, split_wrapped};
use crate::error::SealingError;
use crate::key_ring::KeyRing;
use crate::random::random_bytes;

type DataKey = Zeroizing<[u8; KEY_BYTES]>;

/// Where the key-encryption keys are. An enum and not a trait: the providers are ours to know, and each is two calls,
/// wrap and unwrap. They are async because a provider may be across a network.
#[derive(Debug)]
pub enum KeyProvider {
    /// A key file on this machine.
    Local(KeyRing),
}

impl KeyProvider {
    /// Seals a value for one version of one credential; the text is for the database.
    ///
    /// # Errors
    /// [`SealingError::Cipher`] where there is no randomness or the cipher fails.
    pub async fn seal(&self, binding: &Binding, value: &SecretValue) -> Result<String, SealingError> {
        let data_key: DataKey = Zeroizing::new(random_bytes()?);
        let sealed = Key::new(&data_key)?.seal(&associated_data::of_value(binding), value.expose().as_bytes())?;
        let wrapped_key = self.wrap(binding, &data_key).await?;
        Envelope { wrapped_key, sealed }.to_text()
    }

    /// Opens an envelope for the row that it was sealed for.
    ///
    /// # Errors
    /// [`SealingError::Malformed`], [`SealingError::UnknownKey`], or [`SealingError::DoesNotOpen`] for an envelope
    /// that was changed or that belongs elsewhere.
    pub async fn open(&self, binding: &Binding, envelope: &str) -> Result<SecretValue, SealingError> {
        let envelope = Envelope::parse(envelope)?;
        let data_key = self.unwrap(binding, &envelope.wrapped_key).await?;
        let sealed = &envelope.sealed;
        let opened =
            Key::new(&data_key)?.open(&associated_data::of_value(binding), &sealed.nonce, &sealed.ciphertext)?;
        // Copied at its exact length, so that no growing or shrinking leaves plaintext behind.
        let text = std::str::from_utf8(&opened).map_err(|_| SealingError::DoesNotOpen)?.to_owned();
        SecretValue::new(text).map_err(|_| SealingError::DoesNotOpen)
    }

    async fn wrap(&self, binding: &Binding, data_key: &DataKey) -> Result<WrappedKey, SealingError> {
        match self {
            Self::Local(ring) => {
                let key_id = ring.current().clone();
                let associated_data = associated_data::of_data_key(&key_id, binding);
                let sealed = ring.key(&key_id)?.seal(&associated_data, &data_key[..])?;
                Ok(WrappedKey { key_id, bytes: join_wrapped(&sealed) })
            }
        }
    }

    async fn unwrap(&self, binding: &Binding, wrapped: &WrappedKey) -> Result<DataKey, SealingError> {
        match self {
            Self::Local(ring) => {
                let associated_data = associated_data::of_data_key(&wrapped.key_id, binding);
                let sealed = split_wrapped(&wrapped.bytes)?;
                let opened = ring.key(&wrapped.key_id)?.open(&associated_data, &sealed.nonce, &sealed.ciphertext)?;
                opened.as_slice().try_into().map(Zeroizing::new).map_err(|_| SealingError::DoesNotOpen)
            }
        }
    }
}
