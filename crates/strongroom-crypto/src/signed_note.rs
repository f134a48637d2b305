//! What the server says of the record, signed: where it is (a checkpoint), and where its beginning was cut off. The form is
//! C2SP's signed-note with Ed25519 (RFC 8032), and tlog-checkpoint. Nothing of a note is told before its signature has held.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use data_encoding::{BASE64, HEXLOWER};
use zeroize::Zeroizing;

use crate::error::SealingError;
use crate::merkle::{Hash, sha256};
use crate::random::random_bytes;

/// Ed25519 in a signed note.
const ALGORITHM: u8 = 1;
/// The em dash and space before a signature.
const SIGNATURE: &str = "\u{2014} ";

/// The key that signs, the same for every server of a vault.
pub struct RecordKey {
    seed: Box<Zeroizing<[u8; 32]>>,
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

/// The public half, with the name of the log that it speaks for, as text: `name+id+key` (C2SP signed-note). Kept apart
/// from the database, it is all that whoever verifies must trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: Hash,
}

/// The tree that a note speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub size: u64,
    pub root: Hash,
}

/// What a note says of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// It has been there.
    Sealed,
    /// What it had then was cut off since.
    Cut,
}

/// Why a text was not taken for a note, or for a key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoteError {
    #[error("it is not a verifier key; it looks like strongroom/…+…+…")]
    Key,
    #[error("it is not a signed note of this log")]
    Malformed,
    #[error("its signature does not hold")]
    Forged,
}

impl RecordKey {
    /// A fresh one, for a vault that has none.
    ///
    /// # Errors
    /// [`SealingError::Cipher`] where the system has no randomness to give.
    pub fn generate() -> Result<Self, SealingError> {
        Self::new(random_bytes()?)
    }

    pub(crate) fn new(seed: [u8; 32]) -> Result<Self, SealingError> {
        let seed = Box::new(Zeroizing::new(seed));
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed[..]).map_err(|_| SealingError::Cipher)?;
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        let verifier = VerifierKey::of(public);
        Ok(Self { seed, pair, verifier })
    }

    pub(crate) fn seed(&self) -> &[u8] {
        &self.seed[..]
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The note that says this of that tree.
    pub fn sign(&self, statement: Statement, checkpoint: &Checkpoint) -> String {
        let text = self.verifier.text(statement, checkpoint);
        let signature = [&self.verifier.id()[..], self.pair.sign(text.as_bytes()).as_ref()].concat();
        format!("{text}\n{SIGNATURE}{} {}\n", self.verifier.name, BASE64.encode(&signature))
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordKey({})", self.verifier)
    }
}

impl VerifierKey {
    /// The name comes from the key, so that two vaults never have the same.
    fn of(public: Hash) -> Self {
        let name = format!("strongroom/{}", HEXLOWER.encode(sha256(&public).first_chunk::<8>().unwrap_or(&[0; 8])));
        Self { name, public }
    }

    /// What a note says, if this key has signed it as that statement.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn verify(&self, statement: Statement, note: &str) -> Result<Checkpoint, NoteError> {
        let (text, signature) = note.split_once("\n\n").ok_or(NoteError::Malformed)?;
        let signature =
            signature.strip_prefix(SIGNATURE).and_then(|s| s.strip_suffix('\n')).ok_or(NoteError::Malformed)?;
        let encoded =
            signature.strip_prefix(&self.name).and_then(|s| s.strip_prefix(' ')).ok_or(NoteError::Malformed)?;
        let signature = BASE64.decode(encoded.as_bytes()).map_err(|_| NoteError::Malformed)?;
        let signature = signature.strip_prefix(&self.id()).ok_or(NoteError::Malformed)?;
        let text = format!("{text}\n");
        let key = UnparsedPublicKey::new(&ED25519, &self.public);
        key.verify(text.as_bytes(), signature).map_err(|_| NoteError::Forged)?;
        let checkpoint = read(&text).ok_or(NoteError::Malformed)?;
        // There is one text for one statement.
        if self.text(statement, &checkpoint) == text { Ok(checkpoint) } else { Err(NoteError::Malformed) }
    }

    fn text(&self, statement: Statement, checkpoint: &Checkpoint) -> String {
        let what = match statement {
            Statement::Sealed => "",
            Statement::Cut => "/cut",
        };
        format!("{}{what}\n{}\n{}\n", self.name, checkpoint.size, BASE64.encode(&checkpoint.root))
    }

    fn id(&self) -> [u8; 4] {
        let hash = sha256(&[self.name.as_bytes(), b"\n", &[ALGORITHM], &self.public].concat());
        *hash.first_chunk().unwrap_or(&[0; 4])
    }
}

fn read(text: &str) -> Option<Checkpoint> {
    let mut lines = text.lines().skip(1);
    let size = lines.next()?.parse().ok()?;
    let root = BASE64.decode(lines.next()?.as_bytes()).ok()?.try_into().ok()?;
    Some(Checkpoint { size, root })
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64.encode(&[&[ALGORITHM], &self.public[..]].concat());
        write!(f, "{}+{}+{key}", self.name, HEXLOWER.encode(&self.id()))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let encoded = text.splitn(3, '+').nth(2).ok_or(NoteError::Key)?;
        let key = BASE64.decode(encoded.as_bytes()).map_err(|_| NoteError::Key)?;
        let public = key.strip_prefix(&[ALGORITHM]).and_then(|key| key.try_into().ok()).ok_or(NoteError::Key)?;
        let key = Self::of(public);
        if key.to_string() == text { Ok(key) } else { Err(NoteError::Key) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKPOINT: Checkpoint = Checkpoint { size: 12, root: [7; 32] };

    #[test]
    fn a_note_says_what_was_signed_and_to_its_own_key_alone() {
        let (key, other) = (RecordKey::new([1; 32]).unwrap(), RecordKey::new([2; 32]).unwrap());
        let note = key.sign(Statement::Sealed, &CHECKPOINT);
        let verifier: VerifierKey = key.verifier().to_string().parse().unwrap();
        assert_eq!(verifier.verify(Statement::Sealed, &note), Ok(CHECKPOINT));
        assert!(other.verifier().verify(Statement::Sealed, &note).is_err());
        assert!(verifier.verify(Statement::Cut, &note).is_err(), "a checkpoint is no leave to cut");
        assert!(verifier.verify(Statement::Sealed, &key.sign(Statement::Cut, &CHECKPOINT)).is_err());
        assert_eq!(verifier.verify(Statement::Sealed, &note.replacen("12", "13", 1)), Err(NoteError::Forged));
    }

    #[test]
    fn a_note_has_the_form_of_a_tlog_checkpoint() {
        let note = RecordKey::new([1; 32]).unwrap().sign(Statement::Sealed, &CHECKPOINT);
        let lines: Vec<_> = note.split('\n').collect();
        assert_eq!(lines[0], "strongroom/34750f98bd59fcfc");
        assert_eq!(lines[1..4], ["12", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", ""]);
        assert!(lines[4].starts_with("\u{2014} strongroom/34750f98bd59fcfc ") && lines[5..] == [""], "{note}");
    }

    #[test]
    fn debug_shows_the_public_half_only() {
        let key = RecordKey::new([1; 32]).unwrap();
        assert_eq!(format!("{key:?}"), format!("RecordKey({})", key.verifier()));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let good = RecordKey::new([1; 32]).unwrap().verifier().to_string();
        assert!(good.parse::<VerifierKey>().is_ok());
        for bad in ["", "a+b", "a+b+c", &good.replacen("strongroom/3", "strongroom/4", 1), &good[..good.len() - 4]] {
            assert_eq!(bad.parse::<VerifierKey>(), Err(NoteError::Key), "{bad}");
        }
    }
}
