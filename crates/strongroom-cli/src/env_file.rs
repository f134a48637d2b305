//! Files of variables in the dotenv syntax, as dotenvy reads it, but that a `$` is a `$`: no variable is put in the place of its name.
//! Nothing that stands in such a file is ever shown, but for the names of its variables.

use std::collections::HashSet;
use std::path::Path;

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::bounded;
use crate::error::ClientError;

/// Stands for a `$` while dotenvy reads, which would look for a variable of this process, such as its token. No variable can hold it.
const DOLLAR: char = '\0';

/// What such a file says.
pub struct Variables {
    /// In their order; one that is there twice as it stands last.
    pub all: Vec<(String, SecretString)>,
    /// The names of those that stand again further down.
    pub superseded: Vec<String>,
}

/// Reads it.
///
/// # Errors
/// [`ClientError::Input`] where it cannot be read whole: half a file is worse than none.
pub fn read(path: &Path, max_bytes: usize) -> Result<Variables, ClientError> {
    let mut bytes = bounded::without_mark(bounded::read_file(path, max_bytes)?);
    if bytes.contains(&(DOLLAR as u8)) {
        return Err(ClientError::Input(format!("{}: it has a NUL, which no variable can hold", path.display())));
    }
    hide_dollars(&mut bytes);
    let mut variables: Vec<(String, SecretString)> = Vec::new();
    for line in dotenvy::from_read_iter(bytes.as_slice()) {
        // The error of dotenvy repeats the line.
        let (name, value) = line.map_err(|_| {
            let after = variables.last().map(|(name, _)| format!(" after {name}")).unwrap_or_default();
            ClientError::Input(format!("{}: what comes{after} is no NAME=value; quote it", path.display()))
        })?;
        variables.push((name, Zeroizing::new(value).replace(DOLLAR, "$").into()));
    }
    let (mut later, mut superseded) = (HashSet::new(), Vec::new());
    variables.reverse();
    variables.retain(|(name, _)| {
        let stands = later.insert(name.clone());
        if !stands {
            superseded.push(name.clone());
        }
        stands
    });
    variables.reverse();
    Ok(Variables { all: variables, superseded })
}

/// Those that dotenvy would act upon: one after a backslash that is no escaped one is taken as it is by dotenvy itself.
fn hide_dollars(text: &mut [u8]) {
    let mut is_escaped = false;
    for byte in text {
        if *byte == b'$' && !is_escaped {
            *byte = DOLLAR as u8;
        }
        is_escaped = *byte == b'\\' && !is_escaped;
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read_text(text: &str) -> Result<Vec<(String, String)>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let variables = read(file.path(), 1000).map_err(|e| e.to_string())?;
        Ok(variables.all.into_iter().map(|(name, value)| (name, value.expose_secret().to_owned())).collect())
    }

    #[test]
    fn variables_are_read_with_quotes_comments_and_several_lines() {
        let text = "# all of it\nexport A=1\nB='$A # x'\nC=\"two\nlines\" # c\nA=last\nD=\n";
        let expected = [("B", "$A # x"), ("C", "two\nlines"), ("A", "last"), ("D", "")];
        assert_eq!(read_text(text).unwrap(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_dollar_is_a_dollar_and_no_variable_is_put_in_its_place() {
        for (written, value) in [
            (r"$PATH", "$PATH"),
            (r"a${PATH}b", "a${PATH}b"),
            (r#""${PATH}""#, "${PATH}"),
            (r#""$A$$ \$A \\$A \\\$A""#, r"$A$$ $A \$A \$A"),
            (r"'$A \$A \\$A'", r"$A \$A \\$A"),
            (r"'a'\$A", "a$A"),
            (r#""${A""#, "${A"),
            ("pa$", "pa$"),
        ] {
            let read = read_text(&format!("A=1\nB={written}\n")).unwrap();
            assert_eq!(read.last().unwrap().1, value, "{written}");
        }
        assert!(read_text("A=\0\n").unwrap_err().contains("NUL"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_whole_and_not_shown() {
        let refusal = read_text("A=1\nhunter2 hunter2\nB=2\n").unwrap_err();
        assert!(refusal.contains("after A") && !refusal.contains("hunter2"), "{refusal}");
        assert!(read_text(&format!("A={}", "x".repeat(1000))).unwrap_err().contains("more than"));
    }
}
