//! Connections and scoped transactions. Both pools are private, and so is the connection inside a transaction:
//! whoever holds a [`Transaction`] holds one whose caller has been proven.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgPoolOptions, PgRow};
use sqlx::query::Query;
use sqlx::{Connection, PgConnection, PgPool, Postgres, query};
use strongroom_types::{Caller, RuntimeRole};
use tracing::{Instrument, Span, info_span};

use crate::act_batch::Act;
use crate::batcher::Batcher;
use crate::error::{SchemaError, StoreError};
use crate::options;
use crate::posture;
use crate::reveal_batch::SingleReveal;

/// The database, by its two runtime roles.
#[derive(Clone)]
pub struct Store {
    app: PgPool,
    system: PgPool,
    pub(crate) reveals: Arc<Batcher<SingleReveal>>,
    /// Apart from what changes something, for whose write to the disk nobody should wait who only looks.
    pub(crate) looks: Arc<Batcher<Act>>,
    pub(crate) changes: Arc<Batcher<Act>>,
}

/// A transaction that is already scoped: PostgreSQL has proven its caller. Rolled back unless committed.
pub struct Transaction {
    inner: sqlx::Transaction<'static, Postgres>,
    /// As long as the transaction lasts, for the traces.
    _span: Span,
}

/// What a caller's token must reach.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Any,
    Full,
}

/// How many connections to the database there are, as one of its roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    pub role: &'static str,
    pub idle: usize,
    pub in_use: usize,
    /// What [`Store::connect`] allows.
    pub allowed: u32,
}

impl Store {
    /// Connects as the two runtime roles, and refuses a database that does not isolate.
    ///
    /// # Errors
    /// [`SchemaError`] where a login is another role than it must be (a superuser, the owner of the tables, one that
    /// bypasses row-level security), or where tables, policies, grants or functions differ from those migrated.
    pub async fn connect(app_url: &str, system_url: &str, connections: u32) -> Result<Self, SchemaError> {
        let store = Self {
            app: pool(app_url, connections)?,
            // The admin path is rare.
            system: pool(system_url, connections.min(4))?,
            reveals: Arc::new(Batcher::new("strongroom_reveals_together", 4096, connections)),
            looks: Arc::new(Batcher::new("strongroom_looks_together", 4096, connections)),
            // Each has an envelope with it, of 90 KB at most.
            changes: Arc::new(Batcher::new("strongroom_changes_together", 256, connections)),
        };
        let findings = store.findings().await?;
        if findings.is_empty() { Ok(store) } else { Err(SchemaError::Unsafe(findings)) }
    }

    /// What makes this database unfit to hold secrets, as sentences; an empty list means fit.
    async fn findings(&self) -> Result<Vec<String>, SchemaError> {
        let mut findings =
            posture::login_findings(&mut *self.acquire(RuntimeRole::App).await?, "strongroom_app").await?;
        let mut system = self.acquire(RuntimeRole::System).await?;
        findings.extend(posture::login_findings(&mut system, "strongroom_system").await?);
        findings.extend(posture::schema_findings(&mut system).await?);
        Ok(findings)
    }

    /// Begins a transaction for that caller, as that role.
    ///
    /// # Errors
    /// [`StoreError::Unauthenticated`] where the caller's token proves nobody; [`StoreError::Forbidden`] where he would
    /// take the admin path and is no administrator. Policies would show him nothing there; this tells him why.
    pub async fn begin(&self, caller: &Caller, role: RuntimeRole) -> Result<Transaction, StoreError> {
        self.begin_proven(caller, role, Reach::Any).await
    }

    /// As [`Self::begin`], for whatever is not work with credentials: only a full token does that, a person's that is not
    /// limited. To another, policies would show nothing; this tells why, before anything is looked for.
    ///
    /// # Errors
    /// [`StoreError::LimitedToken`], and as [`Self::begin`].
    pub async fn begin_full(&self, caller: &Caller, role: RuntimeRole) -> Result<Transaction, StoreError> {
        self.begin_proven(caller, role, Reach::Full).await
    }

    async fn begin_proven(&self, caller: &Caller, role: RuntimeRole, reach: Reach) -> Result<Transaction, StoreError> {
        // In a task of its own, which nobody cancels: a BEGIN whose answer is not awaited would leave the connection in
        // an open transaction that the pool knows nothing of, and the next caller's records in it uncommitted.
        let (store, caller) = (self.clone(), caller.clone());
        let begun = async move { prove(store.begin_unproven(role).await?, &caller, role, reach).await };
        let begun = tokio::spawn(begun.instrument(info_span!("transaction", role = login(role))));
        begun.await.map_err(|_| StoreError::Unavailable(sqlx::Error::WorkerCrashed))?
    }

    /// What a [`call`] answers. It has a transaction of its own, of which nothing stays open if nobody awaits the answer.
    pub(crate) async fn rows_of(
        &self,
        role: RuntimeRole,
        call: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, StoreError> {
        let mut connection = self.acquire(role).await?;
        // Not fetch_one, which returns at the first row, while the commit may yet fail.
        let rows = call.fetch_all(&mut *connection);
        Ok(rows.instrument(info_span!("call", role = login(role))).await?)
    }

    /// Whether both roles get an answer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where one does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        for role in [RuntimeRole::App, RuntimeRole::System] {
            sqlx::query("SELECT 1").execute(self.pool(role)).await?;
        }
        Ok(())
    }

    /// Whether nobody lives here yet.
    ///
    /// # Errors
    /// As any statement.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar("SELECT strongroom.vault_is_empty()").fetch_one(&self.app).await?)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.app.close().await;
        self.system.close().await;
    }

    /// For the metrics.
    pub fn connections(&self) -> [Connections; 2] {
        [RuntimeRole::App, RuntimeRole::System].map(|role| {
            let pool = self.pool(role);
            let (size, idle) = (pool.size() as usize, pool.num_idle());
            let (in_use, allowed) = (size.saturating_sub(idle), pool.options().get_max_connections());
            Connections { role: login(role), idle, in_use, allowed }
        })
    }

    pub(crate) fn pool(&self, role: RuntimeRole) -> &PgPool {
        match role {
            RuntimeRole::App => &self.app,
            RuntimeRole::System => &self.system,
        }
    }

    /// A connection of that role's, whoever waits for it measured.
    #[allow(clippy::disallowed_methods, reason = "measures for the metrics")]
    pub(crate) async fn acquire(&self, role: RuntimeRole) -> Result<PoolConnection<Postgres>, StoreError> {
        let started = Instant::now();
        let acquired = self.pool(role).acquire().instrument(info_span!("acquire")).await;
        let wait = metrics::histogram!("strongroom_database_acquire_duration_seconds", "role" => login(role));
        wait.record(started.elapsed());
        Ok(acquired?)
    }

    pub(crate) async fn begin_unproven(
        &self,
        role: RuntimeRole,
    ) -> Result<sqlx::Transaction<'static, Postgres>, StoreError> {
        Ok(sqlx::Transaction::begin(self.acquire(role).await?, None).await?)
    }
}

impl Transaction {
    /// Makes it last. What was read may be used, and what was written told, after this only.
    ///
    /// # Errors
    /// As any statement; then nothing was written.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().instrument(info_span!("commit")).await?)
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}

/// A statement that proves its caller itself, by its first four parameters.
pub(crate) fn call<'q>(statement: &'static str, caller: &'q Caller) -> Query<'q, Postgres, PgArguments> {
    query(statement)
        .bind(caller.token.expose())
        .bind(caller.request_id.0)
        .bind(caller.address.map(|address| address.to_string()))
        .bind(caller.user_agent.as_ref().map(|agent| agent.as_str()))
}

async fn prove(
    mut inner: sqlx::Transaction<'static, Postgres>,
    caller: &Caller,
    role: RuntimeRole,
    reach: Reach,
) -> Result<Transaction, StoreError> {
    // Bound, not written into the text: other sessions of the role can read the text in pg_stat_activity.
    // The timeout is said again for poolers, which drop the settings of a connection.
    let prove = "SELECT CASE WHEN strongroom.prove_request($1, $2, $3::text::inet, $4) IS NOT NULL
                             THEN strongroom.token_is_full() END, set_config('statement_timeout', '30s', true)";
    let has_full_token: bool = sqlx::query_scalar(prove)
        .bind(caller.token.expose())
        .bind(caller.request_id.0)
        .bind(caller.address.map(|address| address.to_string()))
        .bind(caller.user_agent.as_ref().map(|agent| agent.as_str()))
        .fetch_one(&mut *inner)
        .await?;
    if reach == Reach::Full && !has_full_token {
        return Err(StoreError::LimitedToken);
    }
    let admin = "SELECT strongroom.caller_is_admin()";
    if role == RuntimeRole::System && !sqlx::query_scalar(admin).fetch_one(&mut *inner).await? {
        return Err(StoreError::Forbidden);
    }
    Ok(Transaction { inner, _span: Span::current() })
}

fn login(role: RuntimeRole) -> &'static str {
    match role {
        RuntimeRole::App => "strongroom_app",
        RuntimeRole::System => "strongroom_system",
    }
}

/// Said at connection, and so above what a role or a database has as its defaults, which a stolen login could change.
const SETTINGS: [(&str, &str); 6] = [
    ("search_path", "pg_catalog"),
    ("row_security", "on"),
    ("synchronous_commit", "on"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
    ("statement_timeout", "30s"),
];

fn pool(url: &str, connections: u32) -> Result<PgPool, SchemaError> {
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        // A connection in use needs no round trip to learn that it lives; one that rested may have lost its server.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > Duration::from_secs(1) {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options(url)?.options(SETTINGS)))
}
