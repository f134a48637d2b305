//! Servers of one vault, on one database and one key file; and what an operator's verification says of their record.

use std::convert::Infallible;

use strongroom_crypto::{Checkpoint, KeyProtection, KeyProvider, KeyRing, Statement, VerifierKey};
use strongroom_service::{Finding, Limits, RecordVerification, ServiceError, SessionPolicy, Vault, VerifiedRecord};
use strongroom_store::{RecordReader, Store};
use strongroom_testing::{Sql, TestDatabase};
use strongroom_types::RecordPart;
use tempfile::TempDir;

pub struct Scene {
    pub database: TestDatabase,
    pub postgres: Sql,
    pub vault: Vault,
    keys: TempDir,
}

impl Scene {
    pub async fn new() -> Self {
        let database = TestDatabase::create().await;
        let keys = tempfile::tempdir().unwrap();
        KeyRing::create(&keys.path().join("keys.json"), &KeyProtection::Mode).unwrap();
        let vault = open(database.store().await, &keys).await;
        Self { postgres: database.sql("postgres").await, database, vault, keys }
    }

    /// Another server of the vault.
    pub async fn another_server(&self) -> Vault {
        self.server_on(self.database.store().await).await
    }

    /// Another server of the vault, by that way to the database.
    pub async fn server_on(&self, store: Store) -> Vault {
        open(store, &self.keys).await
    }

    pub async fn run(&self, sql: &str) {
        self.postgres.batch_execute(sql).await.unwrap();
    }

    /// So many records, as the database writes them.
    pub async fn record(&self, rows: i32) {
        self.run(&format!(
            "INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, name, address)
             SELECT 'CREDENTIAL_CREATED', gen_random_uuid(), 'CREDENTIAL', gen_random_uuid(), 'n\u{fc}mber ' || n, '192.0.2.7'
             FROM generate_series(1, {rows}) AS n"
        ))
        .await;
    }

    /// Until nothing waits. What is final depends on the whole cluster: other tests' transactions hold it back.
    pub async fn seal(&self) -> Vec<String> {
        let mut notes = Vec::new();
        loop {
            notes.extend(self.vault.seal_record().await.unwrap());
            if self.verify_with(&[]).await.waiting == 0 {
                return notes;
            }
        }
    }

    /// Why nothing is signed, once something is due: transactions of other databases hold that up as well.
    pub async fn refusal_to_seal(&self) -> ServiceError {
        loop {
            match self.vault.seal_record().await {
                Ok(notes) => assert_eq!(notes, [""; 0], "it is signed"),
                Err(refusal) => return refusal,
            }
        }
    }

    pub fn key(&self) -> &VerifierKey {
        self.vault.verifier_key()
    }

    /// As the auditor, with notes from elsewhere; and of its export the same is found.
    pub async fn verify_with(&self, notes: &[String]) -> VerifiedRecord {
        let notes: Vec<Checkpoint> =
            notes.iter().map(|note| self.key().verify(Statement::Sealed, note).unwrap()).collect();
        let mut reader = RecordReader::connect(&self.database.url("strongroom_auditor")).await.unwrap();
        let mut exported = Vec::new();
        let verification = RecordVerification::new(self.key().clone(), notes.clone());
        let read = async || {
            let part = reader.next().await.unwrap();
            exported.push(serde_json::to_string(&part).unwrap());
            Ok::<_, Infallible>(part)
        };
        let Ok(verified) = verification.run(read, |_| {}).await;
        let mut lines = exported.iter();
        let read = async || Ok::<RecordPart, Infallible>(serde_json::from_str(lines.next().unwrap()).unwrap());
        let Ok(of_export) = RecordVerification::new(self.key().clone(), notes).run(read, |_| {}).await;
        assert_eq!(of_export, verified);
        verified
    }

    pub async fn findings(&self) -> Vec<Finding> {
        self.verify_with(&[]).await.findings
    }

    pub async fn ids(&self) -> Vec<i64> {
        let rows = self.postgres.query("SELECT id FROM strongroom.activity_logs ORDER BY id", &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

async fn open(store: Store, keys: &TempDir) -> Vault {
    let keys = KeyProvider::local(KeyRing::load(&keys.path().join("keys.json"), &KeyProtection::Mode).unwrap());
    let limits = Limits { reveals_per_minute: None, uses_per_minute: None };
    Vault::open(store, keys, limits, SessionPolicy::default()).await.unwrap()
}
