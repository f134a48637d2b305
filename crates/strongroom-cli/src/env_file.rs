//! Files of variables in the dotenv syntax, as dotenvy reads it.
//! Nothing that stands in such a file is ever shown, but for the names of its variables.

use std::path::Path;

use secrecy::SecretString;

use crate::bounded;
use crate::error::ClientError;

/// Its variables in their order; one that is there twice counts as it stands last.
///
/// # Errors
/// [`ClientError::Input`] where it cannot be read whole: half a file is worse than none.
pub fn read(path: &Path, max_bytes: usize) -> Result<Vec<(String, SecretString)>, ClientError> {
    let bytes = bounded::read_file(path, max_bytes)?;
    let mut variables: Vec<(String, SecretString)> = Vec::new();
    for line in dotenvy::from_read_iter(bytes.as_slice()) {
        // The error of dotenvy repeats the line.
        let (name, value) = line.map_err(|_| {
            let after = variables.last().map(|(name, _)| format!(" after {name}")).unwrap_or_default();
            ClientError::Input(format!("{}: what comes{after} is no NAME=value; quote it", path.display()))
        })?;
        variables.retain(|(earlier, _)| *earlier != name);
        variables.push((name, value.into()));
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read_text(text: &str) -> Result<Vec<(String, String)>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let variables = read(file.path(), 1000).map_err(|e| e.to_string())?;
        Ok(variables.into_iter().map(|(name, value)| (name, value.expose_secret().to_owned())).collect())
    }

    #[test]
    fn variables_are_read_with_quotes_comments_and_several_lines() {
        let text = "# all of it\nexport A=1\nB='$A # x'\nC=\"two\nlines\" # c\nA=last\nD=\n";
        let expected = [("B", "$A # x"), ("C", "two\nlines"), ("A", "last"), ("D", "")];
        assert_eq!(read_text(text).unwrap(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_cannot_be_read_is_refused_whole_and_not_shown() {
        let refusal = read_text("A=1\nhunter2 hunter2\nB=2\n").unwrap_err();
        assert!(refusal.contains("after A") && !refusal.contains("hunter2"), "{refusal}");
        assert!(read_text(&format!("A={}", "x".repeat(1000))).unwrap_err().contains("more than"));
    }
}
