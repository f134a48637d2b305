//! The schema: roles, forward-only migrations, and the set-up invitation of a new vault.
//! Runs as an administrator's login, which the server does not keep. All of it may run again, and at once.

use sqlx::migrate::{Migrate, MigrateDatabase, Migration, Migrator};
use sqlx::{ConnectOptions, Connection, PgConnection, Postgres, query, query_scalar, raw_sql};
use strongroom_types::{InvitationId, InvitationToken};

use crate::error::SchemaError;
use crate::options;
use crate::posture;

static MIGRATOR: Migrator = sqlx::migrate!();

/// One lock for whoever changes the schema: roles and migrations of servers that start at once.
const SCHEMA_LOCK: i64 = 0x5374_726f_6e67;

/// A connection that may change the schema, under the schema lock.
pub struct Schema {
    connection: PgConnection,
}

impl Schema {
    /// Makes the database that the URL names, unless it is there.
    ///
    /// # Errors
    /// As any connection.
    pub async fn create_database(admin_url: &str) -> Result<(), SchemaError> {
        if !Postgres::database_exists(admin_url).await? {
            Postgres::create_database(admin_url).await?;
        }
        Ok(())
    }

    /// Connects as a login that may create roles, or that is a member of `strongroom_owner`; waits for the lock.
    ///
    /// # Errors
    /// As any connection.
    pub async fn connect(admin_url: &str) -> Result<Self, SchemaError> {
        let mut connection = options(admin_url)?.connect().await?;
        // Any login may take an advisory lock and keep it; then this is an error and no endless wait.
        query("SET lock_timeout = '60s'").execute(&mut connection).await?;
        query("SELECT pg_advisory_lock($1)").bind(SCHEMA_LOCK).execute(&mut connection).await?;
        Ok(Self { connection })
    }

    /// Brings roles and schema up to date; returns the names of the migrations applied now.
    ///
    /// # Errors
    /// [`SchemaError::Migration`] where an applied migration differs from ours or a new one fails (each is one
    /// transaction); [`SchemaError::Unsafe`] where the result is not the schema that this version knows.
    pub async fn migrate(&mut self) -> Result<Vec<String>, SchemaError> {
        self.make_roles().await?;
        self.become_owner().await?;
        self.connection.ensure_migrations_table(&MIGRATOR.table_name).await?;
        let before = self.applied().await?;
        // And not `run`, whose future is not Send (rust-lang/rust#96865).
        MIGRATOR.run_direct(None, &mut self.connection, false).await?;
        let new = MIGRATOR.iter().filter(|m| !before.contains(&m.version));
        let applied = new.map(name).collect();
        match posture::schema_findings(&mut self.connection).await? {
            findings if findings.is_empty() => Ok(applied),
            findings => Err(SchemaError::Unsafe(findings)),
        }
    }

    /// The migrations that this version has and the database has not.
    ///
    /// # Errors
    /// As any statement.
    pub async fn pending(&mut self) -> Result<Vec<String>, SchemaError> {
        let migrated = "SELECT to_regclass('strongroom._sqlx_migrations') IS NOT NULL";
        let applied: Vec<i64> = match query_scalar(migrated).fetch_one(&mut self.connection).await? {
            false => Vec::new(),
            true => {
                query_scalar("SELECT version FROM strongroom._sqlx_migrations WHERE success")
                    .fetch_all(&mut self.connection)
                    .await?
            }
        };
        Ok(MIGRATOR.iter().filter(|m| !applied.contains(&m.version)).map(name).collect())
    }

    /// Makes that token the set-up invitation of a vault without people. False: somebody lives there already, or an
    /// earlier invitation is out and was not to be replaced.
    ///
    /// # Errors
    /// As any statement.
    pub async fn invite_first_admin(&mut self, token: &InvitationToken, replace: bool) -> Result<bool, SchemaError> {
        self.become_owner().await?;
        Ok(query_scalar("SELECT strongroom.invite_first_admin($1, $2, $3)")
            .bind(InvitationId::generate().0)
            .bind(token.expose())
            .bind(replace)
            .fetch_one(&mut self.connection)
            .await?)
    }

    /// Lets go of the lock and the connection.
    ///
    /// # Errors
    /// As any connection.
    pub async fn close(self) -> Result<(), SchemaError> {
        Ok(self.connection.close().await?)
    }

    /// The roles, and the schema if there is none.
    pub(crate) async fn make_roles(&mut self) -> Result<(), SchemaError> {
        raw_sql(include_str!("roles.sql")).execute(&mut self.connection).await?;
        Ok(())
    }

    /// Objects belong to a role that cannot log in, whoever migrates.
    async fn become_owner(&mut self) -> Result<(), SchemaError> {
        raw_sql("SET ROLE strongroom_owner; SET search_path = strongroom").execute(&mut self.connection).await?;
        Ok(())
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    async fn applied(&mut self) -> Result<Vec<i64>, SchemaError> {
        let applied = self.connection.list_applied_migrations(&MIGRATOR.table_name).await?;
        Ok(applied.into_iter().map(|m| m.version).collect())
    }
}

fn name(migration: &Migration) -> String {
    format!("{:04} {}", migration.version, migration.description)
}
