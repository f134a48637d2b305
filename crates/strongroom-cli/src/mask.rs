//! Takes values out of a stream: whatever is part of a value is written as `****`, found also where it comes in pieces.
//! Never writes a byte of which it is not yet clear that it is in no value, and holds back none that is clear.

use std::collections::{HashMap, VecDeque};

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, BuildError, MatchError};
use secrecy::{ExposeSecret, SecretString};

const MASK: &[u8] = b"****";
/// A line of a value of several lines is looked for by itself from that many bytes on. Shorter ones are in any output.
const MIN_LINE: usize = 8;

/// What to look for, in any number of streams.
pub struct Mask {
    automaton: NFA,
    start: StateID,
    /// How much of a value has been seen in a state; none in those that are not here.
    depths: HashMap<StateID, usize>,
}

impl Mask {
    /// Looks for each value, less the white space at its ends, and for the lines of one that has several.
    ///
    /// # Errors
    /// Where all the values together are too long.
    pub fn of<'a>(values: impl IntoIterator<Item = &'a SecretString>) -> Result<Self, MaskError> {
        let patterns: Vec<&str> = values.into_iter().flat_map(|value| patterns(value.expose_secret())).collect();
        let automaton = NFA::new(&patterns)?;
        let start = automaton.start_state(Anchored::No)?;
        let mut depths = HashMap::new();
        for pattern in patterns {
            let mut state = start;
            for (index, &byte) in pattern.as_bytes().iter().enumerate() {
                state = automaton.next_state(Anchored::No, state, byte);
                depths.insert(state, index + 1);
            }
        }
        Ok(Self { automaton, start, depths })
    }

    /// A stream at its beginning.
    pub fn stream(&self) -> MaskedStream<'_> {
        MaskedStream { mask: self, state: self.start, held: VecDeque::new(), in_mask: false }
    }
}

/// Why values cannot be looked for.
#[derive(Debug, thiserror::Error)]
pub enum MaskError {
    #[error("the values are too long to be looked for in the output: {0}")]
    TooLong(#[from] BuildError),
    #[error("the values cannot be looked for in the output: {0}")]
    Unsearchable(#[from] MatchError),
}

fn patterns(value: &str) -> impl Iterator<Item = &str> {
    let whole = value.trim();
    let lines = whole.lines().map(str::trim).filter(move |line| line.len() >= MIN_LINE && *line != whole);
    std::iter::once(whole).filter(|whole| !whole.is_empty()).chain(lines)
}

/// A stream as far as it has been read.
pub struct MaskedStream<'a> {
    mask: &'a Mask,
    state: StateID,
    /// What may yet turn out to be in a value, and of each byte whether it is for certain.
    held: VecDeque<(u8, bool)>,
    /// What was written last was a mask.
    in_mask: bool,
}

impl MaskedStream<'_> {
    /// Reads more of it; appends what is clear to `out`.
    pub fn read(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let automaton = &self.mask.automaton;
        for &byte in bytes {
            self.state = automaton.next_state(Anchored::No, self.state, byte);
            self.held.push_back((byte, false));
            if automaton.is_match(self.state) {
                // The first pattern of a state is its longest, in which the others end.
                let length = automaton.pattern_len(automaton.match_pattern(self.state, 0));
                self.held.iter_mut().rev().take(length).for_each(|(_, masked)| *masked = true);
            }
            let unclear = self.mask.depths.get(&self.state).copied().unwrap_or(0);
            while self.held.front().is_some_and(|&(_, masked)| masked || self.held.len() > unclear) {
                self.write(out);
            }
        }
    }

    /// The end of the stream: what looked like a value was none.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        while !self.held.is_empty() {
            self.write(out);
        }
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        let Some((byte, masked)) = self.held.pop_front() else { return };
        match (masked, self.in_mask) {
            (true, false) => out.extend_from_slice(MASK),
            (true, true) => {}
            (false, _) => out.push(byte),
        }
        self.in_mask = masked;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mask(values: &[&str]) -> Mask {
        let values: Vec<SecretString> = values.iter().map(|&value| value.into()).collect();
        Mask::of(&values).unwrap()
    }

    /// What is written of those pieces, one after the other.
    fn masked(values: &[&str], pieces: &[&str]) -> String {
        let mask = mask(values);
        let (mut stream, mut out) = (mask.stream(), Vec::new());
        pieces.iter().for_each(|piece| stream.read(piece.as_bytes(), &mut out));
        stream.end(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_are_found_whole_and_in_pieces() {
        assert_eq!(masked(&["hunter2"], &["it is hunter2, yes"]), "it is ****, yes");
        assert_eq!(masked(&["hunter2"], &["it is hun", "ter", "2, yes hunter"]), "it is ****, yes hunter");
        assert_eq!(masked(&["hunter2", "swordfish"], &["swordhunter2fish"]), "sword****fish");
        assert_eq!(masked(&[], &["any", "thing"]), "anything");
    }

    #[test]
    fn values_that_overlap_or_hold_one_another_leave_nothing_over() {
        assert_eq!(masked(&["abc", "abcdef"], &["abcd", "ef abcdx"]), "**** ****dx");
        assert_eq!(masked(&["abcd", "cdef"], &["xabcdefx"]), "x****x");
        assert_eq!(masked(&["bc", "abcd"], &["abce abcd"]), "a****e ****");
        assert_eq!(masked(&["aab"], &["aaaab"]), "aa****");
        assert_eq!(masked(&["secret"], &["secretsecret"]), "****", "the number of stars tells nothing");
    }

    #[test]
    fn only_what_may_become_a_value_is_held_back() {
        let mask = mask(&["hunter2"]);
        let (mut stream, mut out) = (mask.stream(), Vec::new());
        stream.read(b"Name? hu", &mut out);
        assert_eq!(out, b"Name? ");
        stream.read(b"m", &mut out);
        assert_eq!(out, b"Name? hum");
        stream.read(b" hunter2", &mut out);
        assert_eq!(out, b"Name? hum ****", "a value that has ended is written at once");
    }

    #[test]
    fn lines_of_eight_bytes_and_the_value_without_its_last_break_are_found() {
        let pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nshort\n-----END KEY-----\n";
        assert_eq!(masked(&[pem], &[pem.trim_end()]), "****");
        assert_eq!(masked(&[pem], &["key=MIIEvQIBADANBgkq\nshort"]), "key=****\nshort");
    }

    proptest! {
        #[test]
        fn no_value_is_left_however_the_stream_is_cut(
            values in proptest::collection::vec("[ab]{1,6}", 1..4),
            text in "[abc]{0,60}",
            cuts in proptest::collection::vec(0..60_usize, 0..6),
        ) {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let whole = masked(&values, &[&text]);
            prop_assert!(values.iter().all(|value| !whole.contains(value)), "{} of {}", whole, text);
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|&cut| cut <= text.len()).chain([0, text.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<&str> = cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect();
            prop_assert_eq!(masked(&values, &pieces), whole);
        }
    }
}
