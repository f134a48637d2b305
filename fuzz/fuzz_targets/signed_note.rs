//! What somebody shows as a checkpoint of the record, or as the key to verify it with: only what the key has signed holds,
//! and there is one text for one statement and for one key.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use strongroom_crypto::{RecordKey, Statement, VerifierKey};
use strongroom_fuzz::record_key;

static KEY: LazyLock<RecordKey> = LazyLock::new(record_key);

fuzz_target!(|text: &str| {
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text, "it reads a text that it does not write");
        assert_eq!(key, key.to_string().parse().expect("what it writes, it reads"));
    }
    for statement in [Statement::Sealed, Statement::Cut] {
        if let Ok(checkpoint) = KEY.verifier().verify(statement, text) {
            assert_eq!(KEY.sign(statement, &checkpoint), text, "it takes a note that it has not signed");
        }
    }
});
