//! What a database may hold where an envelope should be: it is read without a panic, written as it was read, and opens only
//! where it is one of the known answers.
#![no_main]

use std::sync::LazyLock;

use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::fuzz_target;
use strongroom_crypto::KeyId;
use strongroom_crypto::fuzzing::rewrite_envelope;
use strongroom_fuzz::{PREFIX, Subject, assert_opens_only_as_sealed, known_answers};

static SEALED: LazyLock<Vec<(Subject, String)>> = LazyLock::new(known_answers);

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = std::str::from_utf8(input) {
        check(text);
    }
    // As what base64 holds, too: changes of the text seldom get that far.
    check(&format!("{PREFIX}{}", BASE64URL_NOPAD.encode(input)));
});

fn check(text: &str) {
    match rewrite_envelope(text) {
        Ok(written) => assert_eq!(written, text, "it reads a text that it does not write"),
        Err(_) => assert!(KeyId::of_envelope(text).is_err()),
    }
    assert_opens_only_as_sealed(&SEALED, text);
}
