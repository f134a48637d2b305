//! What keeps a key file from whoever comes by it: its mode alone, or a passphrase as well. argon2id (RFC 9106) makes a key
//! of the passphrase, under which the text of the file is sealed, bound to how that key is made.
//! It never takes a file for what it is not: one in the clear is refused where a passphrase is set, and the reverse.

use std::path::Path;

use data_encoding::BASE64;
use secrecy::ExposeSecret;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use strongroom_types::PasswordCost;
use zeroize::Zeroizing;

use crate::aead::{Key, Sealed};
use crate::error::SealingError;
use crate::key_ring::{not_a_key_file, refused};
use crate::passphrase::Passphrase;
use crate::password::argon2id;
use crate::random::random_bytes;

/// The second choice of RFC 9106, section 4: 64 MiB, three passes, four lanes; some tenths of a second.
const COST: PasswordCost = PasswordCost { memory_kib: 64 * 1024, iterations: 3, lanes: 4 };
/// What is read at most, so that a forged file cannot ask for more work than that.
const MAX_COST: PasswordCost = PasswordCost { memory_kib: 1024 * 1024, iterations: 16, lanes: 16 };
const SALT_BYTES: usize = 16;

/// What keeps a key file.
#[derive(Clone, Debug)]
pub enum KeyProtection {
    /// The file system alone: mode 0600.
    Mode,
    /// A passphrase as well.
    Passphrase(Passphrase),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EncryptedFile {
    version: u8,
    argon2id: Derivation,
    /// Base64, as all bytes here.
    nonce: String,
    sealed: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Derivation {
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
    salt: String,
}

/// What tells an encrypted file from one that is not.
#[derive(Deserialize)]
struct Kind {
    argon2id: Option<IgnoredAny>,
}

impl KeyProtection {
    /// The text of a key file as it is on disk; `path` is for refusals.
    pub(crate) fn seal(&self, path: &Path, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        let Self::Passphrase(passphrase) = self else { return Ok(Zeroizing::new(text.to_vec())) };
        let salt = random_bytes::<SALT_BYTES>()?;
        let sealed = derive(passphrase, COST, &salt)?.seal(&associated_data(COST, &salt), text)?;
        let file = EncryptedFile {
            version: 1,
            argon2id: Derivation::new(COST, &salt),
            nonce: BASE64.encode(&sealed.nonce),
            sealed: BASE64.encode(&sealed.ciphertext),
        };
        Ok(Zeroizing::new(serde_json::to_vec_pretty(&file).map_err(|e| refused(path)(e.to_string()))?))
    }

    /// Undoes [`Self::seal`].
    pub(crate) fn open(&self, path: &Path, text: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        let refused = refused(path);
        let encrypted = kind(&text).map_err(|e| refused(not_a_key_file(&e)))?;
        match (self, encrypted) {
            (Self::Mode, false) => Ok(text),
            (Self::Mode, true) => {
                Err(refused("it is encrypted under a passphrase; say where that is (key_passphrase_file)".into()))
            }
            (Self::Passphrase(_), false) => Err(refused(
                "it is not encrypted, and key_passphrase_file says that it is; run strongroom keys protect, or leave that out"
                    .into(),
            )),
            (Self::Passphrase(passphrase), true) => {
                let file: EncryptedFile = serde_json::from_slice(&text).map_err(|e| refused(not_a_key_file(&e)))?;
                file.open(passphrase).map_err(|e| refused(e.into()))
            }
        }
    }
}

/// Whether a text is of a key file that is encrypted.
pub(crate) fn is_encrypted(text: &[u8]) -> bool {
    kind(text).unwrap_or(false)
}

fn kind(text: &[u8]) -> serde_json::Result<bool> {
    serde_json::from_slice::<Kind>(text).map(|kind| kind.argon2id.is_some())
}

impl Derivation {
    fn new(PasswordCost { memory_kib, iterations, lanes }: PasswordCost, salt: &[u8]) -> Self {
        Self { memory_kib, iterations, lanes, salt: BASE64.encode(salt) }
    }

    fn cost(&self) -> PasswordCost {
        PasswordCost { memory_kib: self.memory_kib, iterations: self.iterations, lanes: self.lanes }
    }
}

impl EncryptedFile {
    fn open(&self, passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        const DAMAGED: &str = "it is damaged";
        let bytes = |text: &str| BASE64.decode(text.as_bytes()).map_err(|_| DAMAGED);
        let (salt, nonce) = (bytes(&self.argon2id.salt)?, bytes(&self.nonce)?);
        let salt = <[u8; SALT_BYTES]>::try_from(salt).map_err(|_| DAMAGED)?;
        let sealed = Sealed { nonce: nonce.try_into().map_err(|_| DAMAGED)?, ciphertext: bytes(&self.sealed)? };
        let cost = self.argon2id.cost();
        if self.version != 1 {
            return Err("its version is not known");
        }
        if cost.memory_kib > MAX_COST.memory_kib || cost.iterations > MAX_COST.iterations || cost.lanes > MAX_COST.lanes
        {
            return Err("its passphrase costs more than 1 GiB, 16 passes and 16 lanes");
        }
        let key = derive(passphrase, cost, &salt).map_err(|_| DAMAGED)?;
        key.open(&associated_data(cost, &salt), &sealed)
            .map_err(|_| "the passphrase is not the one that it was encrypted under, or it is damaged")
    }
}

fn derive(passphrase: &Passphrase, cost: PasswordCost, salt: &[u8]) -> Result<Key, SealingError> {
    Key::new(&*argon2id(passphrase.text().expose_secret(), salt, cost)?)
}

/// All of one length, so that no two read the same.
fn associated_data(cost: PasswordCost, salt: &[u8; SALT_BYTES]) -> Vec<u8> {
    let numbers = [cost.memory_kib, cost.iterations, cost.lanes].map(u32::to_be_bytes);
    [b"strongroom key file 1", numbers.as_flattened(), salt].concat()
}
