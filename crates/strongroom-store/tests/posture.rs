//! The posture of the schema: what is checked in is what the migrations make, and a database that differs is refused.
//! And how the schema comes to be: by several at once, and by logins of several kinds.

use strongroom_store::{Schema, SchemaError, Store};
use strongroom_testing::TestDatabase;

/// posture.txt is what reviewers read and what servers compare with. After a change of the migrations:
/// `make bless`, and read the difference.
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

/// What a server says of the database after that change, by a superuser.
async fn refusal_after(change: &str) -> String {
    let database = TestDatabase::create().await;
    database.sql("postgres").await.batch_execute(change).await.unwrap();
    match Store::connect(&database.url("strongroom_app"), &database.url("strongroom_system"), 1).await {
        Err(refusal @ SchemaError::Unsafe(_)) => refusal.to_string(),
        Err(other) => panic!("{change}: {other}"),
        Ok(_) => panic!("not noticed: {change}"),
    }
}

#[tokio::test]
async fn a_schema_that_was_tampered_with_is_refused_and_the_refusal_names_the_place() {
    for (change, named) in [
        ("ALTER TABLE strongroom.user_credentials DISABLE ROW LEVEL SECURITY", "user_credentials"),
        ("ALTER TABLE strongroom.activity_logs NO FORCE ROW LEVEL SECURITY", "activity_logs"),
        ("DROP POLICY own_read ON strongroom.user_credentials", "own_read"),
        ("CREATE POLICY mine ON strongroom.user_credentials USING (true)", "mine"),
        ("ALTER POLICY own_read ON strongroom.user_credentials USING (true)", "own_read"),
        ("GRANT DELETE ON strongroom.activity_logs TO strongroom_app", "activity_logs"),
        ("GRANT UPDATE (user_id) ON strongroom.user_credentials TO strongroom_app", "user_id"),
        ("GRANT SELECT ON strongroom.users TO PUBLIC", "PUBLIC"),
        ("GRANT USAGE ON SEQUENCE strongroom.caller_high TO strongroom_app", "caller_high"),
        ("ALTER TABLE strongroom.user_credentials OWNER TO strongroom_app", "owner strongroom_app"),
        ("ALTER TABLE strongroom.user_credentials DISABLE TRIGGER record_credential_created", "NOT ENABLED"),
        ("DROP TRIGGER guard_credential ON strongroom.user_credentials", "guard_credential"),
        ("ALTER FUNCTION strongroom.prove_caller RESET search_path", "prove_caller"),
        (
            "CREATE OR REPLACE FUNCTION strongroom.caller_is_admin() RETURNS boolean LANGUAGE sql STABLE
             SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT true'",
            "caller_is_admin",
        ),
        ("CREATE VIEW strongroom.everything AS SELECT * FROM strongroom.user_credentials", "everything"),
        ("ALTER TABLE strongroom.user_credentials DROP CONSTRAINT user_credentials_scope_workspace", "scope_workspace"),
        ("DROP INDEX strongroom.user_credentials_name_key", "user_credentials_name_key"),
        ("ALTER TABLE strongroom.activity_logs ALTER occurred_at SET DEFAULT '2001-01-01'", "occurred_at"),
        ("ALTER SCHEMA strongroom OWNER TO postgres", "schema strongroom owner"),
        ("ALTER TABLE strongroom.activity_logs SET UNLOGGED", "unlogged"),
        ("CREATE VIEW public.leak AS SELECT * FROM strongroom.user_credentials", "leak"),
        ("CREATE TABLE public.child () INHERITS (strongroom.activity_logs)", "child"),
        ("ALTER FUNCTION strongroom.caller_workspaces CALLED ON NULL INPUT", "caller_workspaces"),
        ("ALTER TABLE strongroom.api_tokens DISABLE TRIGGER ALL", "api_tokens"),
        ("GRANT SELECT ON strongroom.users TO strongroom_app WITH GRANT OPTION", "GRANT OPTION"),
        ("ALTER FUNCTION strongroom.current_user_id LEAKPROOF", "LEAKPROOF"),
        (
            "CREATE FUNCTION public.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
             ALTER FUNCTION public.peek OWNER TO strongroom_owner",
            "peek",
        ),
        (
            "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET session_replication_role = replica'; END $$",
            "session_replication_role",
        ),
        ("CREATE RULE quiet AS ON INSERT TO strongroom.activity_logs DO INSTEAD NOTHING", "quiet"),
    ] {
        let refusal = refusal_after(change).await;
        assert!(refusal.contains(named), "{change}: {refusal}");
    }
}

#[tokio::test]
async fn a_superuser_an_owner_and_the_wrong_role_are_refused_as_logins() {
    let database = TestDatabase::create().await;
    let postgres = database.sql("postgres").await;
    // Roles are the whole cluster's: these are of this test alone.
    let suffix = database.name().to_owned();
    postgres
        .batch_execute(&format!(
            "CREATE ROLE owner_{suffix} LOGIN; GRANT strongroom_owner TO owner_{suffix};
             CREATE ROLE bypass_{suffix} LOGIN BYPASSRLS"
        ))
        .await
        .unwrap();
    for (role, why) in [
        ("postgres".to_owned(), "a superuser"),
        (format!("owner_{suffix}"), "a member of strongroom_owner"),
        (format!("bypass_{suffix}"), "bypasses row-level security"),
        ("strongroom_system".to_owned(), "not the runtime role"),
    ] {
        let refusal = Store::connect(&database.url(&role), &database.url("strongroom_system"), 1).await.err().unwrap();
        assert!(refusal.to_string().contains(why), "{role}: {refusal}");
    }
}

#[tokio::test]
async fn a_database_without_our_schema_is_refused_with_the_remedy() {
    let database = TestDatabase::create_empty().await;
    let refusal =
        Store::connect(&database.url("strongroom_app"), &database.url("strongroom_system"), 1).await.err().unwrap();
    assert!(refusal.to_string().contains("strongroom migrate"), "{refusal}");
}

#[tokio::test]
async fn servers_that_migrate_at_once_agree() {
    let database = TestDatabase::create_empty().await;
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let url = database.url("postgres");
            tokio::spawn(async move {
                let mut schema = Schema::connect(&url).await.unwrap();
                let applied = schema.migrate().await.unwrap().len();
                schema.close().await.unwrap();
                applied
            })
        })
        .collect();
    let mut applied = Vec::new();
    for start in starts {
        applied.push(start.await.unwrap());
    }
    applied.sort_unstable();
    assert_eq!(applied[..3], [0, 0, 0]);
    assert!(applied[3] > 0);
    database.store().await;
}

#[tokio::test]
async fn a_login_that_is_a_member_of_the_owner_can_migrate() {
    let database = TestDatabase::create_empty().await;
    let login = format!("migrator_{}", database.name());
    let postgres = database.sql("postgres").await;
    let grant = format!(
        "CREATE ROLE {login} LOGIN; GRANT strongroom_owner TO {login}; GRANT CREATE ON DATABASE {} TO {login}",
        database.name()
    );
    // The roles of the cluster are there, because another test, or this line, has migrated.
    TestDatabase::create().await;
    postgres.batch_execute(&grant).await.unwrap();
    Schema::connect(&database.url(&login)).await.unwrap().migrate().await.unwrap();
    database.store().await;
}

#[tokio::test]
async fn an_applied_migration_that_differs_from_ours_stops_the_next() {
    let database = TestDatabase::create().await;
    let tamper = "UPDATE strongroom._sqlx_migrations SET checksum = 'x' WHERE version = 1";
    database.sql("postgres").await.batch_execute(tamper).await.unwrap();
    let refusal = Schema::connect(&database.url("postgres")).await.unwrap().migrate().await.unwrap_err();
    assert!(matches!(refusal, SchemaError::Migration(_)), "{refusal}");
}
