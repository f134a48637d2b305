//! The promises of sealing, from outside: what is bound stays bound, what was changed does not open, and the format
//! of yesterday opens tomorrow.
#![allow(clippy::unwrap_used, reason = "tests only")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use strongroom_crypto::{Field, KeyName, KeyProtection, KeyProvider, KeyRing, RecordKey, SealingError, ServerSecret};
use strongroom_types::{Binding, CredentialId, CredentialScope, SecretValue, UserId, WorkspaceId};
use uuid::Uuid;

fn binding() -> Binding {
    Binding {
        credential_id: CredentialId(Uuid::from_u128(0xc1)),
        owner_id: UserId(Uuid::from_u128(0xa1)),
        workspace_id: None,
        scope: CredentialScope::User,
        version: 1,
    }
}

fn secret() -> SecretValue {
    SecretValue::new("ghp_not-a-real-token".into()).unwrap()
}

/// The key file that the vectors were sealed under; git does not keep mode 0600.
fn vector_keys() -> (tempfile::TempDir, KeyProvider) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/keys.json"), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    (folder, KeyProvider::local(KeyRing::load(&path, &KeyProtection::Mode).unwrap()))
}

#[tokio::test]
async fn known_answers_of_format_1_open() {
    let (_folder, keys) = vector_keys();
    let vectors: Vec<serde_json::Value> = serde_json::from_str(include_str!("vectors/envelopes.json")).unwrap();
    assert!(!vectors.is_empty());
    for vector in vectors {
        let binding = Binding {
            credential_id: vector["credential_id"].as_str().unwrap().parse().unwrap(),
            owner_id: vector["owner_id"].as_str().unwrap().parse().unwrap(),
            workspace_id: vector["workspace_id"].as_str().map(|id| id.parse().unwrap()),
            scope: vector["scope"].as_str().unwrap().parse().unwrap(),
            version: vector["version"].as_i64().unwrap().try_into().unwrap(),
        };
        let opened = keys.open(&binding, vector["envelope"].as_str().unwrap()).await.unwrap();
        assert_eq!(opened.expose(), vector["plaintext"].as_str().unwrap());
    }
}

/// What else is sealed: by `subject`, its vector.
fn other_subject(subject: &str) -> serde_json::Value {
    let vectors: Vec<serde_json::Value> = serde_json::from_str(include_str!("vectors/other-subjects.json")).unwrap();
    vectors.into_iter().find(|vector| vector["subject"] == subject).unwrap()
}

#[tokio::test]
async fn the_known_answer_of_the_servers_own_secret_opens() {
    let (_folder, keys) = vector_keys();
    let vector = other_subject("server secret");
    let opened = keys.open_server_secret(vector["envelope"].as_str().unwrap()).await.unwrap();
    assert_eq!(HEXLOWER.encode(opened.expose()), vector["plaintext"].as_str().unwrap());
}

#[tokio::test]
async fn the_known_answer_of_the_records_key_opens_and_has_its_public_half() {
    let (_folder, keys) = vector_keys();
    let vector = other_subject("record key");
    let opened = keys.open_record_key(vector["envelope"].as_str().unwrap()).await.unwrap();
    assert_eq!(opened.verifier().to_string(), vector["verifier_key"].as_str().unwrap());
}

#[tokio::test]
async fn the_known_answer_of_a_field_opens() {
    let (_folder, keys) = vector_keys();
    let vector = other_subject("field");
    let name = |name: &str| vector[name].as_str().unwrap();
    let field = Field::new(name("key").parse().unwrap(), name("table"), name("column"), name("row")).unwrap();
    let opened = keys.open_field(&field, name("envelope")).await.unwrap();
    assert_eq!(opened.expose(), name("plaintext"));
}

#[tokio::test]
async fn what_is_sealed_as_one_thing_opens_as_no_other() {
    let (_folder, keys) = vector_keys();
    let field = Field::new(KeyName::AccountTokens, "accounts", "refresh_token", "1").unwrap();
    let envelopes = [
        keys.seal(&binding(), &secret()).await.unwrap(),
        keys.seal_server_secret(&ServerSecret::generate().unwrap()).await.unwrap(),
        keys.seal_record_key(&RecordKey::generate().unwrap()).await.unwrap(),
        keys.seal_field(&field, &secret()).await.unwrap(),
    ];
    for (at, envelope) in envelopes.iter().enumerate() {
        let opens = [
            keys.open(&binding(), envelope).await.is_ok(),
            keys.open_server_secret(envelope).await.is_ok(),
            keys.open_record_key(envelope).await.is_ok(),
            keys.open_field(&field, envelope).await.is_ok(),
        ];
        assert_eq!(opens, std::array::from_fn(|subject| subject == at), "envelope {at}");
    }
}

#[tokio::test]
async fn an_envelope_opens_for_its_own_row_only() {
    let (_folder, keys) = vector_keys();
    let envelope = keys.seal(&binding(), &secret()).await.unwrap();
    assert_eq!(keys.open(&binding(), &envelope).await.unwrap().expose(), secret().expose());
    let elsewhere = [
        Binding { credential_id: CredentialId(Uuid::from_u128(0xc2)), ..binding() },
        Binding { owner_id: UserId(Uuid::from_u128(0xa2)), ..binding() },
        Binding { workspace_id: Some(WorkspaceId(Uuid::from_u128(0xb1))), ..binding() },
        Binding { scope: CredentialScope::System, ..binding() },
        Binding { version: 2, ..binding() },
    ];
    for other in elsewhere {
        assert!(matches!(keys.open(&other, &envelope).await, Err(SealingError::DoesNotOpen)), "{other:?}");
    }
}

#[tokio::test]
async fn an_envelope_with_any_byte_changed_does_not_open() {
    let (_folder, keys) = vector_keys();
    let envelope = keys.seal(&binding(), &secret()).await.unwrap();
    let bytes = decode(&envelope);
    assert_eq!(encode(&bytes), envelope);
    for at in 0..bytes.len() {
        for other in 1..=255 {
            let mut changed = bytes.clone();
            changed[at] ^= other;
            assert_does_not_open(&keys, &encode(&changed), &format!("byte {at} changed by {other:#04x}")).await;
        }
    }
}

/// What is inserted doubles every byte, too.
#[tokio::test]
async fn an_envelope_with_any_byte_more_or_less_does_not_open() {
    let (_folder, keys) = vector_keys();
    let bytes = decode(&keys.seal(&binding(), &secret()).await.unwrap());
    for at in 0..=bytes.len() {
        for more in 0..=255 {
            let mut changed = bytes.clone();
            changed.insert(at, more);
            assert_does_not_open(&keys, &encode(&changed), &format!("{more:#04x} inserted at {at}")).await;
        }
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed.remove(at);
        assert_does_not_open(&keys, &encode(&changed), &format!("byte {at} removed")).await;
    }
}

/// The text has ways to change that its bytes have not: the prefix, other alphabets, bits that no byte has, padding.
#[tokio::test]
async fn an_envelope_with_any_character_changed_does_not_open() {
    let (_folder, keys) = vector_keys();
    let envelope = keys.seal(&binding(), &secret()).await.unwrap();
    for at in 0..envelope.len() {
        for other in (0..128_u8).map(char::from).filter(|other| !envelope[at..].starts_with(*other)) {
            let mut changed = envelope.clone();
            changed.replace_range(at..=at, &other.to_string());
            assert_does_not_open(&keys, &changed, &format!("{other:?} at {at}")).await;
        }
        assert_does_not_open(&keys, &envelope[..at], &format!("cut to {at}")).await;
    }
    for end in ["=", "==", "A", "\n", "\0"] {
        assert_does_not_open(&keys, &format!("{envelope}{end}"), &format!("{end:?} at the end")).await;
    }
}

const PREFIX: &str = "strongroom:v1:";

fn decode(envelope: &str) -> Vec<u8> {
    BASE64URL_NOPAD.decode(envelope.strip_prefix(PREFIX).unwrap().as_bytes()).unwrap()
}

fn encode(bytes: &[u8]) -> String {
    format!("{PREFIX}{}", BASE64URL_NOPAD.encode(bytes))
}

async fn assert_does_not_open(keys: &KeyProvider, changed: &str, what: &str) {
    assert!(keys.open(&binding(), changed).await.is_err(), "it opens with {what}");
}

#[tokio::test]
async fn a_key_is_found_by_its_name_and_never_by_trial() {
    let (folder, keys) = vector_keys();
    let envelope = keys.seal(&binding(), &secret()).await.unwrap();
    let other = KeyProvider::local(KeyRing::create(&folder.path().join("other.json"), &KeyProtection::Mode).unwrap());
    assert!(matches!(other.open(&binding(), &envelope).await, Err(SealingError::UnknownKey(_))));
}

#[tokio::test]
async fn the_longest_value_seals_and_opens() {
    let (_folder, keys) = vector_keys();
    let value = SecretValue::new("é".repeat(SecretValue::MAX_BYTES / 2)).unwrap();
    let envelope = keys.seal(&binding(), &value).await.unwrap();
    assert!(envelope.len() <= 100_000, "the column holds {}", envelope.len());
    assert_eq!(keys.open(&binding(), &envelope).await.unwrap().expose(), value.expose());
}
