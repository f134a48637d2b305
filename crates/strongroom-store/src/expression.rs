//! A line of the posture, less the parentheses that a dump and a restore leave out. PostgreSQL keeps `x BETWEEN 1 AND 4 AND y`
//! as `((x >= 1 AND x <= 4) AND y)` and prints it so; read back, it is `(x >= 1 AND x <= 4 AND y)`. AND and OR are
//! associative, so that nothing that means anything is lost; all other parentheses stay.

use std::str::Chars;

/// What a line is made of.
enum Piece {
    Text(String),
    /// In quotes, where parentheses and words mean nothing.
    Quoted(String),
    Group(Vec<Piece>),
}

/// The line with AND in AND, and OR in OR, on one level.
pub(crate) fn flattened(line: &str) -> String {
    let mut characters = line.chars();
    render(&pieces(&mut characters, false))
}

/// Up to the parenthesis that closes, if one is open, or to the end.
fn pieces(characters: &mut Chars<'_>, open: bool) -> Vec<Piece> {
    let (mut pieces, mut text) = (Vec::new(), String::new());
    while let Some(character) = characters.next() {
        match character {
            ')' if open => break,
            '(' => {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(Piece::Group(self::pieces(characters, true)));
            }
            quote @ ('\'' | '"') => {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                let inside: String = characters.by_ref().take_while(|c| *c != quote).collect();
                pieces.push(Piece::Quoted(format!("{quote}{inside}{quote}")));
            }
            other => text.push(other),
        }
    }
    pieces.push(Piece::Text(text));
    pieces
}

/// The one operator between the operands of a level; none where there are none, or both.
fn operator(pieces: &[Piece]) -> Option<&'static str> {
    let has = |word| pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains(word)));
    match (has(" AND "), has(" OR ")) {
        (true, false) => Some(" AND "),
        (false, true) => Some(" OR "),
        _ => None,
    }
}

fn render(pieces: &[Piece]) -> String {
    let operator = operator(pieces);
    let text = |index: Option<usize>| match index.and_then(|index| pieces.get(index)) {
        Some(Piece::Text(text)) => text.as_str(),
        _ => "",
    };
    let rendered = pieces.iter().enumerate().map(|(index, piece)| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Quoted(quoted) => quoted.clone(),
        Piece::Group(inner) => {
            let (before, after) = (text(index.checked_sub(1)), text(Some(index + 1)));
            // An operand of its own: not what NOT, a function or a cast is about.
            let is_operand = |word: &str| {
                (before.is_empty() && index <= 1 || before.ends_with(word))
                    && (after.is_empty() && index + 2 >= pieces.len() || after.starts_with(word))
            };
            match operator {
                Some(word) if self::operator(inner) == Some(word) && is_operand(word) => render(inner),
                _ => format!("({})", render(inner)),
            }
        }
    });
    rendered.collect()
}

#[cfg(test)]
mod tests {
    use super::flattened;

    #[test]
    fn and_in_and_is_one_level_and_nothing_else_changes() {
        for (printed, read_back) in [
            ("CHECK ((((a >= 1) AND (a <= 4)) AND (b OR c)))", "CHECK (((a >= 1) AND (a <= 4) AND (b OR c)))"),
            ("using ((a OR (b OR c)) AND d)", "using ((a OR b OR c) AND d)"),
        ] {
            assert_eq!(flattened(printed), read_back);
            assert_eq!(flattened(read_back), read_back);
        }
        for line in [
            "((a OR b) AND c)",
            "(a OR (b AND c))",
            "((NOT (a AND b)) AND c)",
            "(NOT (a AND b) AND c)",
            "(f(a AND b) AND c)",
            "((a AND b)::boolean AND c)",
            "(x = 'it''s (a AND b) AND (' AND (c OR d))",
            "policy t.p permissive select to r using (a AND b) check (c AND d)",
        ] {
            assert_eq!(flattened(line), line);
            assert_eq!(flattened(&format!("{line}) {line}")), format!("{line}) {line}"), "nothing is cut off");
        }
    }
}
