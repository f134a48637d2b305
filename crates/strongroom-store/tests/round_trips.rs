//! How often the common acts ask the database, counted on the wire: each round trip is time that a caller waits.
//! A reveal is one; its test is in reveal.rs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests only")]

use serde_json::json;
use strongroom_store::{SealedVersion, Store};
use strongroom_testing::{Person, TestDatabase, Wire};
use strongroom_types::{Binding, CredentialFilter, CredentialId, CredentialScope, NewCredential, RuntimeRole};

#[tokio::test]
async fn listing_and_creating_are_begin_proof_statement_and_commit() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let wire = Wire::listen(&database);
    let store =
        Store::connect(&wire.url(&database, "strongroom_app"), &database.url("strongroom_system"), 1).await.unwrap();
    let filter: CredentialFilter = serde_json::from_value(json!({})).unwrap();
    let list = async || {
        let mut transaction = store.begin(&ada.caller(), RuntimeRole::App).await.unwrap();
        let count = transaction.credentials(&filter).await.unwrap().len();
        transaction.commit().await.unwrap();
        count
    };
    let create = async |name: &str| {
        let binding = Binding {
            credential_id: CredentialId::generate(),
            owner_id: ada.id,
            workspace_id: None,
            scope: CredentialScope::User,
            version: 1,
        };
        let new = json!({ "name": name, "provider": "github", "type": "API_KEY", "value": "v" });
        let new: NewCredential = serde_json::from_value(new).unwrap();
        let sealed = SealedVersion { envelope: "sealed".into(), masked_value: "****".into() };
        let mut transaction = store.begin(&ada.caller(), RuntimeRole::App).await.unwrap();
        transaction.insert_credential(&binding, new, &sealed).await.unwrap();
        transaction.commit().await.unwrap();
    };
    // The first of each prepares its statements.
    create("one").await;
    assert_eq!(list().await, 1);
    wire.take_round_trips();
    create("two").await;
    assert_eq!(wire.take_round_trips(), 4);
    assert_eq!(list().await, 2);
    assert_eq!(wire.take_round_trips(), 4);
}
