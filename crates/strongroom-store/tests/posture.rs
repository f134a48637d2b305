//! The posture of the schema: what is checked in is what the migrations make, and a database that differs is refused.

use strongroom_store::{Schema, SchemaError, Store};
use strongroom_testing::TestDatabase;

/// posture.txt is what reviewers read and what servers compare with. After a change of the migrations:
/// `STRONGROOM_BLESS=1 make test`, and read the difference.
#[tokio::test]
async fn posture_txt_is_what_the_migrations_make() {
    let database = TestDatabase::create_empty().await;
    let mut schema = Schema::connect(&database.url("postgres")).await.unwrap();
    let _ = schema.migrate().await;
    schema.close().await.unwrap();
    let postgres = database.sql("postgres").await;
    postgres.batch_execute("SET search_path = pg_catalog").await.unwrap();
    let rows = postgres.query(include_str!("../src/posture.sql"), &[]).await.unwrap();
    let made: String = rows.iter().map(|row| row.get::<_, String>(0) + "\n").collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/posture.txt");
    #[allow(clippy::disallowed_methods, reason = "a switch of this test")]
    if std::env::var_os("STRONGROOM_BLESS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    pretty_assertions::assert_eq!(std::fs::read_to_string(path).unwrap(), made);
}
