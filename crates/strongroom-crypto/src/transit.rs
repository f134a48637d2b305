//! Keys of OpenBao's or Vault's Transit engine, which wrap data keys and never leave it. Values are not sent there: a reveal of 64 KiB
//! would be one, its plaintext would be on another machine, and what that machine logs would be ours to answer for.
//! Every data key is bound to its row there as well (`associated_data`).

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::associated_data::{self, Subject};
use crate::data_key::DataKey;
use crate::envelope::WrappedKey;
use crate::error::SealingError;
use crate::field::KeyName;
use crate::key_ring::KeyId;
use crate::openbao::{OpenBao, OpenBaoSettings};

/// A version of a named key, as an envelope names it: `transit:CREDENTIALS:v3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TransitKey {
    name: KeyName,
    version: u32,
}

/// A Transit engine.
#[derive(Debug)]
pub struct Transit(OpenBao);

#[derive(Serialize)]
struct Encrypt<'a> {
    plaintext: &'a str,
    associated_data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_version: Option<u32>,
}

#[derive(Serialize)]
struct Decrypt<'a> {
    ciphertext: &'a str,
    associated_data: String,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypted {
    plaintext: Zeroizing<String>,
}

#[derive(Deserialize)]
struct KeyState {
    latest_version: u32,
    #[serde(rename = "type")]
    kind: String,
}

impl Transit {
    /// Asks nothing yet.
    ///
    /// # Errors
    /// [`SealingError::OpenBao`] where the settings do not fit.
    pub fn new(settings: OpenBaoSettings) -> Result<Self, SealingError> {
        OpenBao::new(settings).map(Self)
    }

    /// Whether it can be used now.
    ///
    /// # Errors
    /// [`SealingError::Unavailable`].
    pub async fn health(&self) -> Result<(), SealingError> {
        self.0.health().await
    }

    /// The newest version of a named key.
    pub(crate) async fn latest(&self, name: KeyName) -> Result<TransitKey, SealingError> {
        let state: Answer<KeyState> = self.0.request(&self.path("keys", name), None::<&()>).await?;
        // Any other cipher would take no associated data, or be none.
        if !["aes256-gcm96", "aes128-gcm96", "chacha20-poly1305", "xchacha20-poly1305"]
            .contains(&state.data.kind.as_str())
        {
            return Err(SealingError::OpenBao(format!("its key {name} is of a type that binds nothing")));
        }
        Ok(TransitKey { name, version: state.data.latest_version })
    }

    /// Wraps a data key under the newest version of the key for that subject, or under that one.
    pub(crate) async fn wrap(
        &self,
        subject: Subject<'_>,
        key: Option<TransitKey>,
        data_key: &DataKey,
    ) -> Result<WrappedKey, SealingError> {
        let name = subject.key_name();
        let plaintext = Zeroizing::new(BASE64.encode(data_key.expose()));
        let request = Encrypt {
            plaintext: &plaintext,
            associated_data: BASE64.encode(&bound_to(name, subject)?),
            key_version: key.map(|key| key.version),
        };
        let answer: Answer<Encrypted> = self.0.request(&self.path("encrypt", name), Some(&request)).await?;
        let ciphertext = answer.data.ciphertext;
        let version =
            version_of(&ciphertext).ok_or_else(|| SealingError::OpenBao("no ciphertext of Transit".into()))?;
        Ok(WrappedKey { key_id: TransitKey { name, version }.id()?, bytes: ciphertext.into_bytes() })
    }

    /// Unwraps a data key that a version of that key has wrapped for that subject.
    pub(crate) async fn unwrap(
        &self,
        subject: Subject<'_>,
        key: TransitKey,
        wrapped: &[u8],
    ) -> Result<DataKey, SealingError> {
        let ciphertext = std::str::from_utf8(wrapped).ok().filter(|text| version_of(text) == Some(key.version));
        let ciphertext = ciphertext.ok_or(SealingError::Malformed("its wrapped key is not Transit's"))?;
        // What is sealed as one thing never opens under the key of another.
        if key.name != subject.key_name() {
            return Err(SealingError::DoesNotOpen);
        }
        let request = Decrypt { ciphertext, associated_data: BASE64.encode(&bound_to(key.name, subject)?) };
        let answer: Answer<Decrypted> = self.0.request(&self.path("decrypt", key.name), Some(&request)).await?;
        let decoded = BASE64.decode(answer.data.plaintext.as_bytes()).map(Zeroizing::new);
        DataKey::from_unwrapped(&decoded.map_err(|_| SealingError::DoesNotOpen)?)
    }

    fn path(&self, act: &str, name: KeyName) -> String {
        format!("{}/{act}/{name}", self.0.transit_mount())
    }
}

impl TransitKey {
    /// What an envelope's key id says; None: it is another provider's.
    pub(crate) fn of(id: &KeyId) -> Option<Self> {
        let (name, version) = id.as_str().strip_prefix("transit:")?.split_once(":v")?;
        let key = Self { name: name.parse().ok()?, version: version.parse().ok()? };
        // There is one text for one key.
        key.id().is_ok_and(|text| text == *id).then_some(key)
    }

    pub(crate) fn up_to(self) -> Result<Vec<KeyId>, SealingError> {
        (1..=self.version).map(|version| Self { version, ..self }.id()).collect()
    }

    pub(crate) fn id(self) -> Result<KeyId, SealingError> {
        format!("transit:{}:v{}", self.name, self.version).parse()
    }
}

/// The N of `vault:vN:…`.
fn version_of(ciphertext: &str) -> Option<u32> {
    let (version, _) = ciphertext.strip_prefix("vault:v")?.split_once(':')?;
    version.parse().ok()
}

/// Without the version, which Transit chooses as it wraps, and checks as it unwraps.
fn bound_to(name: KeyName, subject: Subject<'_>) -> Result<Vec<u8>, SealingError> {
    Ok(associated_data::of_data_key(&format!("transit:{name}").parse()?, subject))
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;
    use crate::field::Field;

    #[test]
    fn a_key_id_names_one_version_of_one_key_or_none() {
        let key = TransitKey::of(&"transit:ACCOUNT_TOKENS:v12".parse().unwrap()).unwrap();
        assert_eq!((key.name, key.version), (KeyName::AccountTokens, 12));
        for other in
            ["local-1", "transit:OTHER:v1", "transit:CREDENTIALS:v01", "transit:CREDENTIALS", "transit:CREDENTIALS:v"]
        {
            assert_eq!(TransitKey::of(&other.parse().unwrap()), None, "{other}");
        }
    }

    #[test]
    fn what_a_data_key_is_bound_to_is_the_known_answer() {
        let vectors: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../tests/vectors/other-subjects.json")).unwrap();
        for vector in &vectors {
            let name = |name: &str| vector[name].as_str().unwrap();
            let field = (name("subject") == "field")
                .then(|| Field::new(name("key").parse().unwrap(), name("table"), name("column"), name("row")).unwrap());
            let subject = match name("subject") {
                "server secret" => Subject::ServerSecret,
                "record key" => Subject::RecordKey,
                _ => Subject::Field(field.as_ref().unwrap()),
            };
            let bound_to = bound_to(subject.key_name(), subject).unwrap();
            assert_eq!(HEXLOWER.encode(&bound_to), name("transit_associated_data"), "{subject:?}");
        }
        assert_eq!(vectors.len(), 3);
    }

    #[test]
    fn ciphertexts_of_transit_are_recognised() {
        assert_eq!(version_of("vault:v3:AAAA"), Some(3));
        for other in ["", "vault:3:AAAA", "vault:v:AAAA", "vault:v3", "VAULT:v3:AAAA"] {
            assert_eq!(version_of(other), None, "{other}");
        }
    }
}
