//! Templates: any text with `{{ strongroom://workspace/provider/name }}` in it. Other text in braces is left as it is.
//! A value is put in as it is, and never read as a template again.

use secrecy::{ExposeSecret, SecretString};
use strongroom_types::Invalid;
use zeroize::Zeroizing;

use crate::reference::{Reference, SCHEME};

/// A template that has been read.
pub struct Template<'a> {
    pieces: Vec<Piece<'a>>,
}

enum Piece<'a> {
    Text(&'a str),
    Value { line: usize, reference: Reference },
}

/// A placeholder that is no reference, and where it is.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: a reference {reason}")]
pub struct TemplateError {
    line: usize,
    reason: String,
}

impl<'a> Template<'a> {
    /// Reads a template.
    ///
    /// # Errors
    /// Each placeholder that begins as a reference and is none, or does not end.
    pub fn parse(text: &'a str) -> Result<Self, Vec<TemplateError>> {
        let (mut pieces, mut malformed, mut rest, mut line) = (Vec::new(), Vec::new(), text, 1);
        while let Some((before, inside, after)) = next_placeholder(rest) {
            line += before.matches('\n').count();
            match inside.ok_or_else(|| Invalid("must end with }} on its line".into())).and_then(|it| it.trim().parse())
            {
                Ok(reference) => pieces.extend([Piece::Text(before), Piece::Value { line, reference }]),
                Err(Invalid(reason)) => malformed.push(TemplateError { line, reason }),
            }
            rest = after;
        }
        pieces.push(Piece::Text(rest));
        if malformed.is_empty() { Ok(Self { pieces }) } else { Err(malformed) }
    }

    /// What it needs, in the order in which it stands there, and on which line.
    pub fn references(&self) -> impl Iterator<Item = (usize, &Reference)> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Value { line, reference } => Some((*line, reference)),
        })
    }

    /// The text with a value for each reference.
    pub fn fill(&self, values: &[SecretString]) -> Zeroizing<String> {
        let mut values = values.iter().map(|value| value.expose_secret());
        let parts: Vec<&str> = self
            .pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Text(text) => Some(*text),
                Piece::Value { .. } => values.next(),
            })
            .collect();
        Zeroizing::new(parts.concat())
    }
}

/// What is before the next reference, what its braces hold (None: they do not close on their line), and what is after it.
fn next_placeholder(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let begin = text.match_indices(SCHEME).find_map(|(index, _)| {
        let before = text[..index].trim_end_matches([' ', '\t']);
        before.ends_with("{{").then(|| before.len() - 2)
    })?;
    let (before, inside) = (&text[..begin], &text[begin + 2..]);
    let line = inside.lines().next().unwrap_or_default();
    match line.find("}}") {
        Some(end) => Some((before, Some(&inside[..end]), &inside[end + 2..])),
        None => Some((before, None, &inside[line.len()..])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, values: &[&str]) -> String {
        let values: Vec<SecretString> = values.iter().map(|&value| value.into()).collect();
        Template::parse(text).unwrap().fill(&values).to_string()
    }

    #[test]
    fn references_are_filled_in_and_all_else_is_left() {
        let template = "a: {{ strongroom:///p/n }}\nb: '{{strongroom://w/p/n%20n}}' {{ .Values.x }} {{ {{ }}\n{{{strongroom:///p/q}}}";
        let expected = "a: one\nb: '{{ two }}' {{ .Values.x }} {{ {{ }}\n{3}";
        assert_eq!(filled(template, &["one", "{{ two }}", "3"]), expected);
        assert_eq!(filled("", &[]), "");
        let template = Template::parse(template).unwrap();
        let names: Vec<_> = template.references().map(|(line, reference)| (line, reference.name.as_str())).collect();
        assert_eq!(names, [(1, "n"), (2, "n n"), (3, "q")]);
    }

    #[test]
    fn a_value_is_not_read_as_a_template() {
        let value = "{{ strongroom:///p/other }}";
        assert_eq!(filled("{{ strongroom:///p/n }}", &[value]), value);
    }

    #[test]
    fn a_malformed_reference_is_refused_with_its_line() {
        for wrong in ["{{ strongroom://p }}", "{{ strongroom:///p/n\n}}", "{{ strongroom:///p/n } }", "{{strongroom://"]
        {
            let refusals = Template::parse(&format!("one\ntwo\n{wrong}")).err().unwrap();
            assert!(refusals.len() == 1 && refusals[0].to_string().starts_with("line 3: "), "{refusals:?}");
        }
    }

    #[test]
    fn each_malformed_reference_is_named() {
        let template = "{{ strongroom://p }}\n{{ strongroom:///p/n\n}} {{ strongroom:///p/n }} {{ strongroom://q }}";
        let refusals = Template::parse(template).err().unwrap();
        assert_eq!(refusals.iter().map(|refusal| refusal.line).collect::<Vec<_>>(), [1, 2, 3]);
    }
}
