//! Data keys wrapped anew: only for whoever has the server's own secret, only the key and never the value, and without a
//! trace in what people see of a credential. Beside rotations nothing is lost.

use data_encoding::BASE64URL_NOPAD;
use strongroom_store::{Rewrapped, RewrappedOwn, Store, StoreError};
use strongroom_testing::{Person, Sql, TestDatabase};
use strongroom_types::{Binding, CredentialId};

const SECRET: [u8; 32] = [7; 32];

/// An envelope as docs/envelope.md has it, of that value under that key.
fn envelope(key: &str, wrapped: u8, value: &[u8]) -> String {
    let mut bytes = vec![1, u8::try_from(key.len()).unwrap()];
    bytes.extend_from_slice(key.as_bytes());
    bytes.extend_from_slice(&[0, 60]);
    bytes.extend_from_slice(&[wrapped; 60]);
    bytes.extend_from_slice(&[9; 28]);
    bytes.extend_from_slice(value);
    format!("strongroom:v1:{}", BASE64URL_NOPAD.encode(&bytes))
}

async fn set_up() -> (TestDatabase, Person, Sql, Store) {
    let database = TestDatabase::create().await;
    let (ada, app, store) =
        (Person::create(&database, "ada").await, database.sql("strongroom_app").await, database.store().await);
    assert!(store.establish_server_secret(&envelope("k1", 0, b"server"), &SECRET).await.unwrap());
    (database, ada, app, store)
}

fn own(key: &str, former: &str, renewed: &str) -> RewrappedOwn {
    RewrappedOwn { current_key: key.into(), former: former.into(), renewed: renewed.into() }
}

/// Keeps a credential whose first value is that.
async fn keep(ada: &Person, app: &Sql, name: &str) -> CredentialId {
    ada.begin(app).await;
    let id = CredentialId::generate();
    let insert =
        "INSERT INTO strongroom.user_credentials (id, user_id, name, provider, type, encrypted_value, masked_value)
                  VALUES ($1, $2, $3, 'p', 'SECRET', $4, '****')";
    app.execute(insert, &[&id.0, &ada.id.0, &name, &envelope("k1", 1, name.as_bytes())]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    id
}

async fn rotate(ada: &Person, app: &Sql, id: CredentialId, value: &str) {
    ada.begin(app).await;
    let rotate = "UPDATE strongroom.user_credentials SET encrypted_value = $2, version = version + 1 WHERE id = $1";
    app.execute(rotate, &[&id.0, &envelope("k1", 2, value.as_bytes())]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
}

/// What is to take the place of all that is not under k2, as a rewrap would have it.
async fn due(store: &Store) -> Vec<Rewrapped> {
    let (mut due, mut last) = (Vec::new(), None::<Binding>);
    loop {
        let batch = store.keyed_versions(&SECRET, last.as_ref(), &["k2"]).await.unwrap();
        let Some(end) = batch.last() else { return due };
        last = Some(end.binding);
        for one in batch {
            let Some(former) = one.envelope else { continue };
            assert_eq!(one.key_id.as_deref(), Some("k1"));
            let renewed = envelope("k2", 3, &value(&former));
            due.push(Rewrapped { binding: one.binding, former, renewed });
        }
    }
}

/// The value in what `envelope` made: all behind 94 bytes.
fn value(envelope: &str) -> Vec<u8> {
    BASE64URL_NOPAD.decode(&envelope.as_bytes()[14..]).unwrap().split_off(2 + 2 + 2 + 60 + 28)
}

/// All that is known of credentials and versions but their envelopes.
const KNOWN: &str = "SELECT coalesce(string_agg(line, ' ' ORDER BY line), '') FROM (
    SELECT (to_jsonb(c) - 'encrypted_value')::text AS line FROM strongroom.user_credentials AS c
    UNION ALL SELECT (to_jsonb(v) - 'encrypted_value')::text FROM strongroom.credential_versions AS v) AS lines";
const SEALED: &str = "SELECT c.id, c.version, c.encrypted_value FROM strongroom.user_credentials AS c
    UNION ALL SELECT v.credential_id, v.version, v.encrypted_value FROM strongroom.credential_versions AS v";

/// The key and the value of every version.
async fn sealed(admin: &Sql) -> Vec<(String, Vec<u8>)> {
    let rows = admin.query(&format!("{SEALED} ORDER BY 1, 2"), &[]).await.unwrap();
    let envelopes: Vec<String> = rows.iter().map(|row| row.get(2)).collect();
    let key = |text: &String| String::from_utf8(BASE64URL_NOPAD.decode(&text.as_bytes()[14..]).unwrap()[2..4].to_vec());
    envelopes.iter().map(|text| (key(text).unwrap(), value(text))).collect()
}

#[tokio::test]
async fn a_rewrap_changes_the_envelopes_and_nothing_that_is_known_of_a_credential() {
    let (database, ada, app, store) = set_up().await;
    let admin = database.sql("postgres").await;
    let id = keep(&ada, &app, "one").await;
    rotate(&ada, &app, id, "two").await;
    let known: String = admin.query_one(KNOWN, &[]).await.unwrap().get(0);
    let batch = due(&store).await;
    assert_eq!(batch.len(), 2);
    assert_eq!(store.rewrap(&SECRET, "k2", &batch).await.unwrap(), 2);
    assert_eq!(sealed(&admin).await, [("k2".into(), b"one".to_vec()), ("k2".into(), b"two".to_vec())]);
    assert_eq!(admin.query_one(KNOWN, &[]).await.unwrap().get::<_, String>(0), known);
    assert!(due(&store).await.is_empty());
    // A second one, that has read before the first one wrote.
    assert_eq!(store.rewrap(&SECRET, "k2", &batch).await.unwrap(), 0);
    let (former, renewed) = (envelope("k1", 0, b"server"), envelope("k2", 0, b"server"));
    assert!(store.rewrap_server_secret(&SECRET, &own("k2", &former, &renewed)).await.unwrap());
    assert!(!store.rewrap_server_secret(&SECRET, &own("k2", &former, &renewed)).await.unwrap());
    assert_eq!(store.server_secret_envelope().await.unwrap().unwrap(), renewed);

    let records = "SELECT actor_id IS NULL, entity_type::text, scope::text, name FROM strongroom.activity_logs
                   WHERE action IN ('KEYS_REWRAPPED', 'CREDENTIAL_UPDATED') ORDER BY id";
    let records = admin.query(records, &[]).await.unwrap();
    let told: Vec<(bool, &str, &str, &str)> =
        records.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    assert_eq!(
        told,
        [
            (true, "KEY_RING", "SYSTEM", "2 data keys, under k2"),
            (true, "KEY_RING", "SYSTEM", "the server's secret, under k2"),
        ]
    );
    // What counts as a change still does.
    rotate(&ada, &app, id, "three").await;
    let revision = "SELECT revision FROM strongroom.user_credentials";
    assert_eq!(admin.query_one(revision, &[]).await.unwrap().get::<_, i32>(0), 3);
}

#[tokio::test]
async fn a_rewrap_replaces_no_value_by_another() {
    let (_database, ada, app, store) = set_up().await;
    keep(&ada, &app, "one").await;
    for (key, renewed) in [("k2", envelope("k2", 3, b"two")), ("k2", envelope("k3", 3, b"one")), ("k2", "k2".into())] {
        let mut batch = due(&store).await;
        batch[0].renewed = renewed.clone();
        assert!(matches!(store.rewrap(&SECRET, key, &batch).await, Err(StoreError::Constraint)), "{renewed}");
        let former = envelope("k1", 0, b"server");
        let refused = store.rewrap_server_secret(&SECRET, &own(key, &former, &renewed)).await;
        assert!(matches!(refused, Err(StoreError::Constraint)), "{renewed}");
    }
}

#[tokio::test]
async fn a_value_that_is_rotated_between_the_reading_and_the_writing_is_not_lost() {
    let (database, ada, app, store) = set_up().await;
    let id = keep(&ada, &app, "one").await;
    let batch = due(&store).await;
    rotate(&ada, &app, id, "two").await;
    assert_eq!(store.rewrap(&SECRET, "k2", &batch).await.unwrap(), 1, "as the former version that it has become");
    let admin = database.sql("postgres").await;
    assert_eq!(sealed(&admin).await, [("k2".into(), b"one".to_vec()), ("k1".into(), b"two".to_vec())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rewraps_beside_rotations_lose_no_value() {
    let (database, ada, app, store) = set_up().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        ids.push(keep(&ada, &app, name).await);
    }
    let rotations = async {
        for round in 1..=20 {
            for id in &ids {
                rotate(&ada, &app, *id, &format!("{round}")).await;
            }
        }
    };
    let rewraps = || async {
        for _ in 0..20 {
            store.rewrap(&SECRET, "k2", &due(&store).await).await.unwrap();
        }
    };
    tokio::join!(rotations, rewraps(), rewraps());
    store.rewrap(&SECRET, "k2", &due(&store).await).await.unwrap();
    let admin = database.sql("postgres").await;
    let sealed = sealed(&admin).await;
    assert_eq!(sealed.len(), 4 * 21);
    assert!(sealed.iter().all(|(key, _)| key == "k2"));
    for (place, (_, value)) in sealed.iter().enumerate().filter(|(place, _)| place % 21 != 0) {
        assert_eq!(*value, (place % 21).to_string().into_bytes());
    }
}

#[tokio::test]
async fn a_stolen_login_without_the_servers_secret_reads_and_replaces_no_envelope() {
    let (database, ada, app, _store) = set_up().await;
    let id = keep(&ada, &app, "one").await;
    let admin = database.sql("postgres").await;
    let before = sealed(&admin).await;
    let read = "SELECT * FROM strongroom.sealed_envelopes($1, NULL, NULL, '{}', 100)";
    let replace = "SELECT strongroom.rewrap_envelopes($1, 'k2', ARRAY[$2::uuid], '{1}', ARRAY[$3], ARRAY[$4])";
    let replace_secret = "SELECT strongroom.rewrap_server_secret($1, 'k2', $2, $3)";
    let (former, renewed) = (envelope("k1", 1, b"one"), envelope("k2", 3, b"one"));
    for (role, secret, code) in [
        ("strongroom_system", Some(vec![0; 32]), "SR402"),
        ("strongroom_system", None, "SR402"),
        // The app role may not call them, whatever it knows.
        ("strongroom_app", Some(SECRET.to_vec()), "42501"),
        ("strongroom_auditor", Some(SECRET.to_vec()), "42501"),
    ] {
        let thief = database.sql(role).await;
        for answer in [
            thief.query(read, &[&secret]).await,
            thief.query(replace, &[&secret, &id.0, &former, &renewed]).await,
            thief.query(replace_secret, &[&secret, &former, &renewed]).await,
        ] {
            assert_eq!(answer.unwrap_err().code().unwrap().code(), code, "{role}");
        }
    }
    let thief = database.sql("strongroom_system").await;
    for forbidden in [
        "SELECT strongroom.begin_rewrap('x')",
        "SELECT strongroom.record_rewrap('x')",
        "SELECT strongroom.envelope_key('x')",
        "UPDATE strongroom.server_secrets SET envelope = 'x'",
        "SELECT envelope FROM strongroom.server_secrets",
    ] {
        assert_eq!(thief.execute(forbidden, &[]).await.unwrap_err().code().unwrap().code(), "42501", "{forbidden}");
    }
    assert_eq!(sealed(&admin).await, before);
}

/// With a live token he may write envelopes; but not as a rewrap, which leaves neither a version nor a record.
#[tokio::test]
async fn a_caller_cannot_pass_off_a_change_as_a_rewrap() {
    let (database, ada, app, _store) = set_up().await;
    let id = keep(&ada, &app, "one").await;
    let root = Person::create_admin(&database, "root").await;
    let system = database.sql("strongroom_system").await;
    root.begin(&system).await;
    let of_system = CredentialId::generate();
    let insert = "INSERT INTO strongroom.user_credentials (id, user_id, name, provider, type, scope, encrypted_value, masked_value)
                  VALUES ($1, $2, 'n', 'p', 'SECRET', 'SYSTEM', $3, '****')";
    system.execute(insert, &[&of_system.0, &root.id.0, &envelope("k1", 1, b"one")]).await.unwrap();
    system.batch_execute("COMMIT").await.unwrap();

    let rewrap = "UPDATE strongroom.user_credentials SET encrypted_value = $2 WHERE id = $1";
    for (who, sql, id) in [(&ada, &app, id), (&root, &system, of_system)] {
        // Also when he takes his proof back, or empties the registers, in the middle.
        for forget in ["SELECT 1", "SET LOCAL strongroom.proven = ''", "DISCARD SEQUENCES"] {
            who.begin(sql).await;
            sql.batch_execute(forget).await.unwrap();
            assert!(sql.execute(rewrap, &[&id.0, &envelope("k2", 3, b"one")]).await.is_err(), "{forget}");
            sql.batch_execute("ROLLBACK").await.unwrap();
        }
    }
    // Nor does whoever has the server's secret rewrap as somebody.
    root.begin(&system).await;
    let read =
        system.query("SELECT * FROM strongroom.sealed_envelopes($1, NULL, NULL, '{}', 100)", &[&&SECRET[..]]).await;
    assert_eq!(read.unwrap_err().code().unwrap().code(), "42501");
}
