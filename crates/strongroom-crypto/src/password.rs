//! What a password proves: argon2id (RFC 9106), slow and hungry for memory, so that a stolen verifier is hard to guess
//! at. It takes a core for its while: whoever calls it bounds how many run.

use argon2::{Algorithm, Argon2, Params, Version};
use strongroom_types::{Password, PasswordCost, PasswordParameters};
use zeroize::Zeroizing;

use crate::error::SealingError;
use crate::random::random_bytes;

/// What passwords are kept under from now on; those kept under another one are derived anew at the next sign-in. The
/// first choice of OWASP's Password Storage Cheat Sheet for one lane: 19 MiB, twice.
pub const CURRENT_COST: PasswordCost = PasswordCost { memory_kib: 19 * 1024, iterations: 2, lanes: 1 };

/// What a password was derived to: 256 bits, which the database compares by their hash.
pub type Proof = Zeroizing<[u8; 32]>;

/// A fresh salt, and the current cost.
///
/// # Errors
/// [`SealingError::Cipher`] where the system has no randomness to give.
pub fn new_parameters() -> Result<PasswordParameters, SealingError> {
    Ok(PasswordParameters { salt: random_bytes()?, cost: CURRENT_COST })
}

/// Derives the proof. Blocks for tens of milliseconds, and holds `memory_kib` meanwhile.
///
/// # Errors
/// [`SealingError::Cipher`] for parameters that argon2 does not know, or without the memory.
pub fn derive_proof(password: &Password, parameters: &PasswordParameters) -> Result<Proof, SealingError> {
    argon2id(password.expose(), &parameters.salt, parameters.cost)
}

/// What a text is derived to, be it a password or the passphrase of a key file.
pub(crate) fn argon2id(text: &str, salt: &[u8], cost: PasswordCost) -> Result<Proof, SealingError> {
    let mut derived = Proof::default();
    let PasswordCost { memory_kib, iterations, lanes } = cost;
    let params = Params::new(memory_kib, iterations, lanes, Some(derived.len())).map_err(|_| SealingError::Cipher)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(text.as_bytes(), salt, &mut derived[..])
        .map_err(|_| SealingError::Cipher)?;
    Ok(derived)
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    /// Known answers of the reference implementation (PyPI: argon2-cffi, `low_level.hash_secret_raw`).
    #[test]
    fn proofs_are_those_of_the_reference_implementation() {
        let salt = *b"0123456789abcdef";
        for (text, cost, expected) in [
            (
                "tell nobody this sentence",
                CURRENT_COST,
                "b3c14447727ce36c441c4812943ff6fa8fd33f8f6fde4ebe7e0098184b626dd2",
            ),
            (
                "p\u{e4}sswort \u{1f511}",
                PasswordCost { memory_kib: 64, iterations: 3, lanes: 2 },
                "03a519c779dc90e5ca95cc9c3c897432008828e859f5b8cfcc18e89c278d8888",
            ),
        ] {
            let proof = derive_proof(&Password::new(text.into()).unwrap(), &PasswordParameters { salt, cost }).unwrap();
            assert_eq!(HEXLOWER.encode(&proof[..]), expected);
        }
    }

    #[test]
    fn parameters_that_argon2_does_not_know_are_refused() {
        let (password, salt) = (Password::new("p".into()).unwrap(), [0; 16]);
        let cost = PasswordCost { memory_kib: 0, ..CURRENT_COST };
        assert!(derive_proof(&password, &PasswordParameters { salt, cost }).is_err());
    }
}
