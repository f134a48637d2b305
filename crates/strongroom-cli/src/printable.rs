//! Text of others, fit to be shown at a terminal: what would steer the terminal is written out instead.
//! A value is such a text, too: whoever shares a credential has written it.

use std::fmt::Write;

/// The text with each character that steers a terminal, or the order in which text is read, as `\u{1b}`.
pub fn printable(text: &str) -> String {
    written_out(text, |_| false)
}

/// As [`printable`], but for line breaks and tabs.
pub fn printable_lines(text: &str) -> String {
    written_out(text, |character| matches!(character, '\n' | '\t'))
}

fn written_out(text: &str, stays: fn(char) -> bool) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, character| {
        if steers(character) && !stays(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
        shown
    })
}

/// JSON that means the same, and that a terminal can be shown. Such characters are inside its strings, and nowhere else but
/// for the line breaks between its parts.
pub fn printable_json(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut shown, character| {
        if steers(character) && character != '\n' {
            // None of them is beyond the first plane, and writing to a String does not fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
        shown
    })
}

/// Control characters, among them those that begin an escape sequence, and the marks that turn the direction of what follows
/// (Unicode Standard Annex 9, section 2).
fn steers(character: char) -> bool {
    let turns =
        matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || turns || matches!(character, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}]0;title\u{7}\u{9b}2J\u{202e}b\r\n";

    #[test]
    fn no_name_steers_a_terminal() {
        assert_eq!(printable(HOSTILE), r"a\u{1b}]0;title\u{7}\u{9b}2J\u{202e}b\u{d}\u{a}");
        assert_eq!(printable("Zoë 鍵 🔑"), "Zoë 鍵 🔑");
        assert_eq!(printable_lines("-----BEGIN\n\u{1b}[2J\tx\r\n"), "-----BEGIN\n\\u{1b}[2J\tx\\u{d}\n");
    }

    #[test]
    fn json_for_a_terminal_means_the_same() {
        let json = serde_json::to_string_pretty(&[HOSTILE, "Zoë"]).unwrap();
        let shown = printable_json(&json);
        assert!(!shown.chars().any(|character| steers(character) && character != '\n'), "{shown}");
        assert_eq!(serde_json::from_str::<[String; 2]>(&shown).unwrap(), [HOSTILE, "Zoë"]);
    }
}
