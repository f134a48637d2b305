//! What the targets share: the key ring and the known answers of strongroom-crypto, and what must hold of any envelope.
//! Keys here are the vectors', or fresh; none is anybody's.

use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use serde_json::Value;
use strongroom_crypto::fuzzing::rewrite_key_file;
use strongroom_crypto::{Field, KeyProvider, RecordKey, ServerSecret};
use strongroom_types::{Binding, SecretValue};

/// What an envelope starts with.
pub const PREFIX: &str = "strongroom:v1:";

/// The ring that the vectors were sealed under.
pub static KEYS: LazyLock<KeyProvider> = LazyLock::new(|| {
    let file = include_bytes!("../../crates/strongroom-crypto/tests/vectors/keys.json");
    KeyProvider::local(rewrite_key_file(file).expect("the key file of the vectors").0)
});

/// What can be sealed.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    Credential(Binding),
    ServerSecret,
    RecordKey,
    Field(Field),
}

impl Subject {
    /// Seals something, anew.
    pub fn seal(&self) -> String {
        let value = SecretValue::new("ghp_not-a-real-token".into()).expect("a value");
        let sealed = match self {
            Self::Credential(binding) => ready(KEYS.seal(binding, &value)),
            Self::ServerSecret => ready(KEYS.seal_server_secret(&ServerSecret::generate().expect("randomness"))),
            Self::RecordKey => ready(KEYS.seal_record_key(&RecordKey::generate().expect("randomness"))),
            Self::Field(field) => ready(KEYS.seal_field(field, &value)),
        };
        sealed.expect("a ring that seals")
    }

    fn opens(&self, text: &str) -> bool {
        match self {
            Self::Credential(binding) => ready(KEYS.open(binding, text)).is_ok(),
            Self::ServerSecret => ready(KEYS.open_server_secret(text)).is_ok(),
            Self::RecordKey => ready(KEYS.open_record_key(text)).is_ok(),
            Self::Field(field) => ready(KEYS.open_field(field, text)).is_ok(),
        }
    }
}

/// A text opens as what it was sealed as, if it was, and as nothing else. Envelopes of one subject stand side by side.
pub fn assert_opens_only_as_sealed(sealed: &[(Subject, String)], text: &str) {
    for of_one in sealed.chunk_by(|(one, _), (other, _)| one == other) {
        let (subject, _) = &of_one[0];
        let was_sealed = of_one.iter().any(|(_, envelope)| envelope == text);
        assert_eq!(subject.opens(text), was_sealed, "as {subject:?}: {text}");
    }
}

/// The known answers: what was sealed, and its envelope.
pub fn known_answers() -> Vec<(Subject, String)> {
    let credentials = include_str!("../../crates/strongroom-crypto/tests/vectors/envelopes.json");
    let others = include_str!("../../crates/strongroom-crypto/tests/vectors/other-subjects.json");
    let vectors = [credentials, others].map(|text| serde_json::from_str::<Vec<Value>>(text).expect("vectors"));
    let known = |vector: &Value| (subject(vector), text(vector, "envelope").to_owned());
    vectors.iter().flatten().map(known).collect()
}

/// The key that signs the record in the known answers.
pub fn record_key() -> RecordKey {
    let (_, envelope) = known_answers().into_iter().find(|(subject, _)| *subject == Subject::RecordKey).expect("one");
    ready(KEYS.open_record_key(&envelope)).expect("the record's key")
}

fn subject(vector: &Value) -> Subject {
    match vector["subject"].as_str() {
        None => Subject::Credential(Binding {
            credential_id: text(vector, "credential_id").parse().expect("an id"),
            owner_id: text(vector, "owner_id").parse().expect("an id"),
            workspace_id: vector["workspace_id"].as_str().map(|id| id.parse().expect("an id")),
            scope: text(vector, "scope").parse().expect("a scope"),
            version: vector["version"].as_i64().and_then(|version| version.try_into().ok()).expect("a version"),
        }),
        Some("server secret") => Subject::ServerSecret,
        Some("record key") => Subject::RecordKey,
        Some(_) => {
            let names = ["table", "column", "row"].map(|name| text(vector, name));
            let key = text(vector, "key").parse().expect("a named key");
            Subject::Field(Field::new(key, names[0], names[1], names[2]).expect("a field"))
        }
    }
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().expect("a text")
}

/// A ring is no network: its acts are done when they are asked for.
pub fn ready<T>(act: impl Future<Output = T>) -> T {
    match pin!(act).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits for something"),
    }
}
