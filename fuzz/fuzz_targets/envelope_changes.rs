//! What a thief of the database may do to fresh envelopes: change them, and put parts of one into another. What comes of it
//! opens if nothing has changed, and otherwise as nothing.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::fuzz_target;
use strongroom_fuzz::{PREFIX, Subject, assert_opens_only_as_sealed, known_answers};

/// Two of each, so that there are parts that fit.
static SEALED: LazyLock<Vec<(Subject, String)>> = LazyLock::new(|| {
    let subjects = known_answers().into_iter().map(|(subject, _)| subject);
    subjects.flat_map(|subject| [subject.seal(), subject.seal()].map(|envelope| (subject.clone(), envelope))).collect()
});

/// What lies behind the end is cut off.
#[derive(Arbitrary, Debug)]
enum Change {
    Flip {
        at: u8,
        bits: u8,
    },
    Insert {
        at: u8,
        byte: u8,
    },
    Remove {
        at: u8,
        many: u8,
    },
    Repeat {
        at: u8,
        many: u8,
    },
    /// What another envelope has there.
    Take {
        from: u8,
        at: u8,
        many: u8,
    },
}

fuzz_target!(|input: (u8, Vec<Change>)| {
    let (which, changes) = input;
    let mut bytes = decoded(which);
    for change in changes.iter().take(16) {
        change.apply(&mut bytes);
    }
    assert_opens_only_as_sealed(&SEALED, &format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&bytes)));
});

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match *self {
            Self::Flip { at, bits } => {
                if let Some(byte) = bytes.get_mut(usize::from(at)) {
                    *byte ^= bits;
                }
            }
            Self::Insert { at, byte } => bytes.insert(usize::from(at).min(bytes.len()), byte),
            Self::Remove { at, many } => drop(bytes.drain(range(bytes, at, many))),
            Self::Repeat { at, many } => {
                let range = range(bytes, at, many);
                let part = bytes[range.clone()].to_vec();
                bytes.splice(range.end..range.end, part);
            }
            Self::Take { from, at, many } => {
                let other = decoded(from);
                let part = other[range(&other, at, many)].to_vec();
                bytes.splice(range(bytes, at, many), part);
            }
        }
    }
}

fn decoded(which: u8) -> Vec<u8> {
    let (_, envelope) = &SEALED[usize::from(which) % SEALED.len()];
    BASE64URL_NOPAD.decode(envelope[PREFIX.len()..].as_bytes()).expect("base64url")
}

fn range(bytes: &[u8], at: u8, many: u8) -> std::ops::Range<usize> {
    let at = usize::from(at).min(bytes.len());
    at..(at + usize::from(many)).min(bytes.len())
}
