//! Settings that are secrets: each is two, the secret itself and a file that holds it.
//! Never shows one: messages name the setting.

use std::path::Path;

use crate::command::Failure;

/// A secret setting: given as it is, or in a file that holds it and nothing else.
///
/// # Errors
/// Where both are given (the one that was forgotten would win one day), or the file cannot be read or is empty.
pub(crate) fn secret(name: &str, plain: Option<&str>, file: Option<&Path>) -> Result<Option<String>, Failure> {
    match (plain, file) {
        (Some(_), Some(_)) => Err(format!("give {name} or {name}_file, not both").into()),
        (Some(plain), None) => Ok(Some(plain.into())),
        (None, None) => Ok(None),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path).map_err(|e| format!("{name}_file, {}: {e}", path.display()))?;
            match text.trim() {
                "" => Err(format!("{name}_file, {}: the file is empty", path.display()).into()),
                secret => Ok(Some(secret.into())),
            }
        }
    }
}
