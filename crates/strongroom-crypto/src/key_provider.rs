//! Who wraps data keys, and the two acts that need it: seal a value, open an envelope.
//! A data key lives for one call here; a rewrap moves it from one key to another, and never touches the value.

use std::sync::Arc;

use strongroom_types::{Binding, SecretValue};
use zeroize::Zeroizing;

use crate::associated_data::{self, Subject};
use crate::data_key::DataKey;
use crate::envelope::{Envelope, WrappedKey, join_wrapped, split_wrapped};
use crate::error::SealingError;
use crate::field::{Field, FieldValue, KeyName, is_sealed};
use crate::key_ring::{KeyId, KeyRing};
use crate::server_secret::ServerSecret;
use crate::signed_note::RecordKey;
use crate::transit::{Transit, TransitKey};

/// Where the key-encryption keys are. Not a trait: the providers are ours to know, an envelope names the one that it needs,
/// and each is two calls, wrap and unwrap. They are async because a provider may be across a network.
#[derive(Clone, Debug)]
pub struct KeyProvider {
    seal_under: SealUnder,
    /// A key file on this machine.
    ring: Option<Arc<KeyRing>>,
    transit: Option<Arc<Transit>>,
}

/// Which provider wraps the data keys of new values. Former ones open under the provider that they name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealUnder {
    /// The key file.
    Ring,
    /// Transit.
    Transit,
    /// Transit; and while that is unavailable, the key file.
    TransitOrRing,
}

impl KeyProvider {
    /// A key file alone.
    pub fn local(ring: KeyRing) -> Self {
        Self { seal_under: SealUnder::Ring, ring: Some(Arc::new(ring)), transit: None }
    }

    /// Several providers.
    ///
    /// # Errors
    /// [`SealingError::Malformed`] where that which seals is not among them.
    pub fn new(
        seal_under: SealUnder,
        ring: Option<KeyRing>,
        transit: Option<Arc<Transit>>,
    ) -> Result<Self, SealingError> {
        let provider = Self { seal_under, ring: ring.map(Arc::new), transit };
        if seal_under != SealUnder::Transit {
            provider.ring()?;
        }
        if seal_under != SealUnder::Ring {
            provider.transit()?;
        }
        Ok(provider)
    }

    /// The same, with another ring.
    #[must_use]
    pub fn with_ring(&self, ring: KeyRing) -> Self {
        Self { ring: Some(Arc::new(ring)), ..self.clone() }
    }

    /// Which provider new values are sealed under.
    pub fn seals_under(&self) -> SealUnder {
        self.seal_under
    }

    /// Whether that envelope was sealed under the key file while Transit was to be used.
    pub fn fell_back(&self, envelope: &str) -> bool {
        self.seal_under == SealUnder::TransitOrRing
            && KeyId::of_envelope(envelope).is_ok_and(|id| TransitKey::of(&id).is_none())
    }

    /// Whether the provider that seals can be used now.
    ///
    /// # Errors
    /// [`SealingError::Unavailable`].
    pub async fn health(&self) -> Result<(), SealingError> {
        match self.seal_under {
            SealUnder::Ring => Ok(()),
            SealUnder::Transit | SealUnder::TransitOrRing => self.transit()?.health().await,
        }
    }

    /// Seals a value for one version of one credential; the text is for the database.
    ///
    /// # Errors
    /// [`SealingError::Cipher`] where there is no randomness or the cipher fails.
    pub async fn seal(&self, binding: &Binding, value: &SecretValue) -> Result<String, SealingError> {
        self.seal_bytes(Subject::Credential(binding), value.expose().as_bytes()).await
    }

    /// Opens an envelope for the row that it was sealed for.
    ///
    /// # Errors
    /// [`SealingError::Malformed`], [`SealingError::UnknownKey`], or [`SealingError::DoesNotOpen`] for an envelope
    /// that was changed or that belongs elsewhere.
    pub async fn open(&self, binding: &Binding, envelope: &str) -> Result<SecretValue, SealingError> {
        secret_value(&self.open_bytes(Subject::Credential(binding), envelope).await?)
    }

    /// Seals the server's own secret; the text is for the database.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub async fn seal_server_secret(&self, secret: &ServerSecret) -> Result<String, SealingError> {
        self.seal_bytes(Subject::ServerSecret, secret.expose()).await
    }

    /// Opens the server's own secret.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_server_secret(&self, envelope: &str) -> Result<ServerSecret, SealingError> {
        let opened = self.open_bytes(Subject::ServerSecret, envelope).await?;
        opened.as_slice().try_into().map(ServerSecret::new).map_err(|_| SealingError::DoesNotOpen)
    }

    /// Seals the key that signs checkpoints of the record; the text is for the database.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub async fn seal_record_key(&self, key: &RecordKey) -> Result<String, SealingError> {
        self.seal_bytes(Subject::RecordKey, key.seed()).await
    }

    /// Opens the key that signs checkpoints of the record.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_record_key(&self, envelope: &str) -> Result<RecordKey, SealingError> {
        let opened = self.open_bytes(Subject::RecordKey, envelope).await?;
        opened.as_slice().try_into().map_err(|_| SealingError::DoesNotOpen).and_then(RecordKey::new)
    }

    /// Seals a field of an application's own table; the text is for that field.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub async fn seal_field(&self, field: &Field, value: &SecretValue) -> Result<String, SealingError> {
        self.seal_bytes(Subject::Field(field), value.expose().as_bytes()).await
    }

    /// Opens a field of an application's own table.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_field(&self, field: &Field, envelope: &str) -> Result<SecretValue, SealingError> {
        secret_value(&self.open_bytes(Subject::Field(field), envelope).await?)
    }

    /// As [`Self::open_field`], for a column of which not all rows are sealed yet: one in the clear is taken as it is, to be sealed
    /// when it is written next. Once all are sealed, use [`Self::open_field`]: whoever can write to the table could else put a
    /// value of his own in a sealed one's place.
    ///
    /// # Errors
    /// As [`Self::open`]; [`SealingError::Malformed`] for a text that cannot be a value.
    pub async fn read_field(&self, field: &Field, text: &str) -> Result<FieldValue, SealingError> {
        if is_sealed(text) {
            return self.open_field(field, text).await.map(FieldValue::Sealed);
        }
        let clear = SecretValue::new(text.into()).map_err(|_| SealingError::Malformed("nor is it 1 byte to 64 KiB"))?;
        Ok(FieldValue::Clear(clear))
    }

    /// The name of the key that new values are to be sealed under, for what that named key is for.
    ///
    /// # Errors
    /// [`SealingError::Unavailable`] and [`SealingError::OpenBao`], where it is asked.
    pub async fn current(&self, name: KeyName) -> Result<KeyId, SealingError> {
        match self.seal_under {
            SealUnder::Ring => Ok(self.ring()?.current().clone()),
            SealUnder::Transit | SealUnder::TransitOrRing => self.transit()?.latest(name).await?.id(),
        }
    }

    /// Wraps the data key of an envelope anew, under that key ([`Self::current`]), and leaves the value as it is: nothing is
    /// opened but the data key. None: it is under that key already.
    ///
    /// Transit's own rewrap is not used: it takes no associated data, and so refuses every key that is bound to its row.
    ///
    /// # Errors
    /// As [`Self::open`], as far as the data key goes.
    pub async fn rewrap(
        &self,
        binding: &Binding,
        envelope: &str,
        under: &KeyId,
    ) -> Result<Option<String>, SealingError> {
        self.rewrap_subject(Subject::Credential(binding), envelope, under).await
    }

    /// As [`Self::rewrap`], for the server's own secret.
    ///
    /// # Errors
    /// The same.
    pub async fn rewrap_server_secret(&self, envelope: &str, under: &KeyId) -> Result<Option<String>, SealingError> {
        self.rewrap_subject(Subject::ServerSecret, envelope, under).await
    }

    /// As [`Self::rewrap`], for the key that signs checkpoints of the record.
    ///
    /// # Errors
    /// The same.
    pub async fn rewrap_record_key(&self, envelope: &str, under: &KeyId) -> Result<Option<String>, SealingError> {
        self.rewrap_subject(Subject::RecordKey, envelope, under).await
    }

    /// As [`Self::rewrap`], for a field of an application's own table.
    ///
    /// # Errors
    /// The same.
    pub async fn rewrap_field(
        &self,
        field: &Field,
        envelope: &str,
        under: &KeyId,
    ) -> Result<Option<String>, SealingError> {
        self.rewrap_subject(Subject::Field(field), envelope, under).await
    }

    async fn rewrap_subject(
        &self,
        subject: Subject<'_>,
        envelope: &str,
        under: &KeyId,
    ) -> Result<Option<String>, SealingError> {
        let Envelope { wrapped_key, sealed } = Envelope::parse(envelope)?;
        if wrapped_key.key_id == *under {
            return Ok(None);
        }
        let data_key = self.unwrap(subject, &wrapped_key).await?;
        let wrapped_key = match TransitKey::of(under) {
            Some(key) => self.transit()?.wrap(subject, Some(key), &data_key).await?,
            None => self.ring()?.wrap(subject, under, &data_key)?,
        };
        Envelope { wrapped_key, sealed }.to_text().map(Some)
    }

    async fn seal_bytes(&self, subject: Subject<'_>, plaintext: &[u8]) -> Result<String, SealingError> {
        let (data_key, sealed) = DataKey::seal(&associated_data::of_value(subject), plaintext)?;
        let wrapped_key = self.wrap(subject, &data_key).await?;
        Envelope { wrapped_key, sealed }.to_text()
    }

    async fn open_bytes(&self, subject: Subject<'_>, envelope: &str) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        let envelope = Envelope::parse(envelope)?;
        let data_key = self.unwrap(subject, &envelope.wrapped_key).await?;
        data_key.open(&associated_data::of_value(subject), &envelope.sealed)
    }

    async fn wrap(&self, subject: Subject<'_>, data_key: &DataKey) -> Result<WrappedKey, SealingError> {
        if self.seal_under != SealUnder::Ring {
            match self.transit()?.wrap(subject, None, data_key).await {
                Err(SealingError::Unavailable(_)) if self.seal_under == SealUnder::TransitOrRing => {}
                other => return other,
            }
        }
        let ring = self.ring()?;
        ring.wrap(subject, ring.current(), data_key)
    }

    async fn unwrap(&self, subject: Subject<'_>, wrapped: &WrappedKey) -> Result<DataKey, SealingError> {
        let unknown = |_| SealingError::UnknownKey(wrapped.key_id.clone());
        match TransitKey::of(&wrapped.key_id) {
            Some(key) => self.transit().map_err(unknown)?.unwrap(subject, key, &wrapped.bytes).await,
            None => self.ring().map_err(unknown)?.unwrap(subject, wrapped),
        }
    }

    fn ring(&self) -> Result<&KeyRing, SealingError> {
        self.ring.as_deref().ok_or(SealingError::Malformed("there is no key file"))
    }

    fn transit(&self) -> Result<&Transit, SealingError> {
        self.transit.as_deref().ok_or(SealingError::Malformed("there is no Transit"))
    }
}

impl KeyRing {
    fn wrap(&self, subject: Subject<'_>, key_id: &KeyId, data_key: &DataKey) -> Result<WrappedKey, SealingError> {
        let associated_data = associated_data::of_data_key(key_id, subject);
        let sealed = self.key(key_id)?.seal(&associated_data, data_key.expose())?;
        Ok(WrappedKey { key_id: key_id.clone(), bytes: join_wrapped(&sealed) })
    }

    fn unwrap(&self, subject: Subject<'_>, wrapped: &WrappedKey) -> Result<DataKey, SealingError> {
        let associated_data = associated_data::of_data_key(&wrapped.key_id, subject);
        let sealed = split_wrapped(&wrapped.bytes)?;
        DataKey::from_unwrapped(&self.key(&wrapped.key_id)?.open(&associated_data, &sealed)?)
    }
}

/// Copied at its exact length, so that no growing or shrinking leaves plaintext behind.
fn secret_value(opened: &[u8]) -> Result<SecretValue, SealingError> {
    let text = std::str::from_utf8(opened).map_err(|_| SealingError::DoesNotOpen)?.to_owned();
    SecretValue::new(text).map_err(|_| SealingError::DoesNotOpen)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const THREADS: usize = 4;
    const SEALS: usize = 1_000_000;

    /// By chance, one of the 96-bit nonces comes twice in a million with a probability of 2^-57, and 128 bits of a data key
    /// with one of 2^-89.
    #[test]
    fn a_million_seals_use_no_nonce_and_no_data_key_twice() {
        let folder = tempfile::tempdir().unwrap();
        let provider =
            KeyProvider::local(KeyRing::create(&folder.path().join("keys.json"), &crate::KeyProtection::Mode).unwrap());
        let seals: Vec<[u128; 3]> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| seal_many(&provider, SEALS / THREADS))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(seals.len(), SEALS);
        for (part, name) in ["data key", "nonce of a value", "nonce of a wrap"].into_iter().enumerate() {
            let mut used: Vec<u128> = seals.iter().map(|seal| seal[part]).collect();
            used.sort_unstable();
            assert!(used.windows(2).all(|pair| pair[0] != pair[1]), "a {name} came twice");
        }
    }

    /// Of each seal the start of its data key, the nonce of the value, and that of the wrap.
    fn seal_many(provider: &KeyProvider, seals: usize) -> Vec<[u128; 3]> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let secret = ServerSecret::new([7; 32]);
        let seal = |_| {
            let text = runtime.block_on(provider.seal_server_secret(&secret)).unwrap();
            let Envelope { wrapped_key, sealed } = Envelope::parse(&text).unwrap();
            let data_key = provider.ring().unwrap().unwrap(Subject::ServerSecret, &wrapped_key).unwrap();
            let wrapped = split_wrapped(&wrapped_key.bytes).unwrap();
            [number(&data_key.expose()[..16]), number(&sealed.nonce), number(&wrapped.nonce)]
        };
        (0..seals).map(seal).collect()
    }

    fn number(bytes: &[u8]) -> u128 {
        bytes.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
    }
}
