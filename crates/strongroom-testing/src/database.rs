//! A database for one test, copied from a template that the first test migrates.
//! They are thrown away with the server that scripts/with-postgres starts.

use strongroom_store::{Schema, Store};
use tokio_postgres::NoTls;
use tokio_postgres::types::ToSql;

/// A client that runs SQL as one role; its connection ends with it.
pub type Sql = tokio_postgres::Client;

const TEMPLATE: &str = "strongroom_template";
/// One test at a time makes the template or copies it.
const TEMPLATE_LOCK: i64 = 1;

/// A freshly migrated database that no other test sees.
pub struct TestDatabase {
    socket_folder: String,
    name: String,
}

impl TestDatabase {
    /// Copies the template.
    pub async fn create() -> Self {
        let database = Self::to_be_made();
        let admin = database.connect("postgres", "postgres").await;
        admin.execute("SELECT pg_advisory_lock($1)", &[&TEMPLATE_LOCK]).await.unwrap();
        let exists = admin.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&TEMPLATE]).await.unwrap();
        if exists.is_none() {
            let unfinished = format!("{TEMPLATE}_unfinished");
            admin.batch_execute(&format!("DROP DATABASE IF EXISTS {unfinished}")).await.unwrap();
            admin.batch_execute(&format!("CREATE DATABASE {unfinished}")).await.unwrap();
            let mut schema = Schema::connect(&database.url_of("postgres", &unfinished)).await.unwrap();
            schema.migrate().await.unwrap();
            schema.close().await.unwrap();
            admin.batch_execute(&format!("ALTER DATABASE {unfinished} RENAME TO {TEMPLATE}")).await.unwrap();
        }
        admin.batch_execute(&format!("CREATE DATABASE {} TEMPLATE {TEMPLATE}", database.name)).await.unwrap();
        database
    }

    /// Makes a database without a schema.
    pub async fn create_empty() -> Self {
        let database = Self::to_be_made();
        let admin = database.connect("postgres", "postgres").await;
        admin.batch_execute(&format!("CREATE DATABASE {}", database.name)).await.unwrap();
        database
    }

    /// A name that is free, on the server that `make test` started.
    fn to_be_made() -> Self {
        let socket_folder = std::env::var("STRONGROOM_TEST_PGHOST")
            .expect("no PostgreSQL to test against: run `make test`, or scripts/with-postgres cargo nextest run");
        Self { socket_folder, name: format!("test_{}", uuid::Uuid::new_v4().simple()) }
    }

    /// A URL for that role; `postgres` is the superuser.
    pub fn url(&self, role: &str) -> String {
        self.url_of(role, &self.name)
    }

    fn url_of(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@localhost/{database}?host={}", self.socket_folder)
    }

    /// The folder of the server's Unix socket.
    pub fn socket_folder(&self) -> &str {
        &self.socket_folder
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Raw SQL as that role.
    pub async fn sql(&self, role: &str) -> Sql {
        self.connect(role, &self.name).await
    }

    /// The product's own access, as its two runtime roles.
    pub async fn store(&self) -> Store {
        Store::connect(&self.url("strongroom_app"), &self.url("strongroom_system"), 4).await.unwrap()
    }

    async fn connect(&self, role: &str, database: &str) -> Sql {
        let settings = format!("host={} user={role} dbname={database}", self.socket_folder);
        let (client, connection) = tokio_postgres::connect(&settings, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

/// Whether a query of that table is refused for want of a caller.
pub async fn is_refused(sql: &Sql, table: &str) -> bool {
    let answer = sql.query(&format!("SELECT 1 FROM strongroom.{table}"), &[]).await;
    matches!(answer, Err(error) if error.code().is_some_and(|code| code.code() == "SR401"))
}

/// Until so many wait for a lock in the database of that connection, a superuser's. Other tests' wait in others.
pub async fn await_lock_waits(sql: &Sql, many: i64) {
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sql.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) < many {
        // In a transaction it would be what it was.
        sql.execute("SELECT pg_stat_clear_snapshot()", &[]).await.unwrap();
    }
}

/// How many rows of that table a statement looks at, in the transaction that is open.
pub async fn rows_looked_at(sql: &Sql, table: &str, statement: &str, parameters: &[&(dyn ToSql + Sync)]) -> i64 {
    let count = format!(
        "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables WHERE relid = 'strongroom.{table}'::regclass"
    );
    let before: i64 = sql.query_one(&count, &[]).await.unwrap().get(0);
    sql.query(statement, parameters).await.unwrap();
    sql.query_one(&count, &[]).await.unwrap().get::<_, i64>(0) - before
}
