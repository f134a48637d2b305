//! A key file, and what may stand in its place: a refusal quotes none of it, and what is read is written as a file of the
//! same keys.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use strongroom_crypto::fuzzing::rewrite_key_file;
use strongroom_crypto::{KeyProvider, KeyRing, SealingError, ServerSecret};
use strongroom_fuzz::ready;

fuzz_target!(|text: &[u8]| match rewrite_key_file(text) {
    Ok((ring, written)) => {
        assert_shows_no_key(&ring, &written);
        let (again, rewritten) = rewrite_key_file(&written).expect("what it writes, it reads");
        assert_eq!(rewritten, written);
        assert_same(ring, again);
    }
    // Names a key, in 64 harmless characters.
    Err(SealingError::UnknownKey(_)) => {}
    Err(refusal) => assert_quotes_nothing(text, &refusal.to_string()),
});

fn assert_shows_no_key(ring: &KeyRing, written: &[u8]) {
    let shown = format!("{ring:?}");
    let file: Value = serde_json::from_slice(written).expect("JSON");
    for entry in file["keys"].as_array().expect("keys") {
        assert!(!shown.contains(entry["key"].as_str().expect("a key")));
    }
}

fn assert_same(ring: KeyRing, again: KeyRing) {
    assert_eq!(again.current(), ring.current());
    assert!(again.keys().eq(ring.keys()));
    let [ring, again] = [ring, again].map(KeyProvider::local);
    let envelope =
        ready(ring.seal_server_secret(&ServerSecret::generate().expect("randomness"))).expect("a ring that seals");
    assert!(ready(again.open_server_secret(&envelope)).is_ok());
}

/// Sixteen characters that may be a key's stand in no refusal, whose own words are shorter.
fn assert_quotes_nothing(text: &[u8], refusal: &str) {
    let of_a_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    for run in text.split(|byte| !of_a_key(byte)) {
        for part in run.windows(16) {
            assert!(!refusal.as_bytes().windows(16).any(|words| words == part), "{refusal}");
        }
    }
}
