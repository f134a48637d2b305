//! What backup and restore ask of the database: a login that sees all of it, an empty place, and every envelope once,
//! so that it can be tried. Only an administrator's login gets them; no runtime role can read an envelope here.

use sqlx::postgres::PgRow;
use sqlx::{ConnectOptions, PgConnection, Row, query, query_scalar, raw_sql};
use strongroom_types::{Binding, CredentialId, UserId, WorkspaceId};

use crate::error::SchemaError;
use crate::options;
use crate::rows::parsed;
use crate::schema::Schema;

/// One version of a credential, sealed, with what it is bound to.
#[derive(Debug)]
pub struct SealedValue {
    pub binding: Binding,
    pub envelope: String,
}

/// As many as are read at once.
const BATCH: i64 = 500;

/// All of the database, to be read by an administrator. Nothing here waits for whoever changes the schema.
pub struct Inventory {
    connection: PgConnection,
}

impl Inventory {
    /// Connects as a login that policies do not bind, to a database with a strongroom in it.
    ///
    /// # Errors
    /// [`SchemaError::Bound`]; [`SchemaError::Unsafe`], where there is no schema.
    pub async fn connect(admin_url: &str) -> Result<Self, SchemaError> {
        // An error instead of a filter, should a policy apply after all; and nothing is written.
        let settings =
            [("row_security", "off"), ("default_transaction_read_only", "on"), ("search_path", "pg_catalog")];
        let mut connection = options(admin_url)?.options(settings).connect().await?;
        require_unbound(&mut connection).await?;
        if !is_in_use(&mut connection).await? {
            return Err(SchemaError::Unsafe(vec!["there is no schema strongroom here, and nothing to back up".into()]));
        }
        Ok(Self { connection })
    }

    /// The major version of the server: pg_dump has to fit it.
    ///
    /// # Errors
    /// As any statement.
    pub async fn server_major(&mut self) -> Result<u32, SchemaError> {
        server_major(&mut self.connection).await
    }

    /// The envelope of the server's own secret; None before a server was first started.
    ///
    /// # Errors
    /// As any statement.
    pub async fn server_secret_envelope(&mut self) -> Result<Option<String>, SchemaError> {
        let envelope = "SELECT envelope FROM strongroom.server_secrets";
        Ok(query_scalar(envelope).fetch_optional(&mut self.connection).await?)
    }

    /// Sealed versions of all credentials, current and former and not purged, by id and number, after the one that is named; an empty
    /// list is the end.
    ///
    /// # Errors
    /// As any statement.
    pub async fn sealed_values(&mut self, after: Option<&Binding>) -> Result<Vec<SealedValue>, SchemaError> {
        let rows = query(
            "SELECT c.id, c.user_id, c.workspace_id, c.scope::text AS scope, e.version, e.encrypted_value
             FROM strongroom.user_credentials AS c, LATERAL (
                 SELECT c.version, c.encrypted_value
                 UNION ALL
                 SELECT v.version, v.encrypted_value FROM strongroom.credential_versions AS v WHERE v.credential_id = c.id
             ) AS e
             WHERE e.encrypted_value IS NOT NULL -- Purged otherwise.
               AND ($1::uuid IS NULL OR (c.id >= $1 AND (c.id, e.version) > ($1, $2)))
             ORDER BY c.id, e.version LIMIT $3",
        )
        .bind(after.map(|binding| binding.credential_id.0))
        .bind(after.map(|binding| binding.version))
        .bind(BATCH)
        .fetch_all(&mut self.connection)
        .await?;
        Ok(rows.iter().map(sealed_value).collect::<Result<_, _>>()?)
    }
}

impl Schema {
    /// Makes the roles that a dump refers to, in a database that has no strongroom yet; returns the major version of the
    /// server, which pg_restore has to fit.
    ///
    /// # Errors
    /// [`SchemaError::NotEmpty`], [`SchemaError::Bound`].
    pub async fn prepare_restore(&mut self) -> Result<u32, SchemaError> {
        require_unbound(self.connection()).await?;
        if is_in_use(self.connection()).await? {
            return Err(SchemaError::NotEmpty);
        }
        self.make_roles().await?;
        // The dump brings its own. RESTRICT is the default: a schema with anything in it stays.
        raw_sql("DROP SCHEMA strongroom").execute(self.connection()).await?;
        server_major(self.connection()).await
    }

    /// Takes away what a restore has brought that came to nothing, so that it can be tried again.
    ///
    /// # Errors
    /// As any statement.
    pub async fn discard_restore(&mut self) -> Result<(), SchemaError> {
        raw_sql("RESET ROLE; DROP OWNED BY strongroom_owner CASCADE").execute(self.connection()).await?;
        Ok(())
    }
}

async fn server_major(connection: &mut PgConnection) -> Result<u32, SchemaError> {
    let major: i32 =
        query_scalar("SELECT current_setting('server_version_num')::integer / 10000").fetch_one(connection).await?;
    Ok(major.unsigned_abs())
}

async fn require_unbound(connection: &mut PgConnection) -> Result<(), SchemaError> {
    let unbound = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user";
    if query_scalar(unbound).fetch_one(connection).await? { Ok(()) } else { Err(SchemaError::Bound) }
}

async fn is_in_use(connection: &mut PgConnection) -> Result<bool, SchemaError> {
    let any = "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('strongroom'))";
    Ok(query_scalar(any).fetch_one(connection).await?)
}

fn sealed_value(row: &PgRow) -> Result<SealedValue, sqlx::Error> {
    let binding = Binding {
        credential_id: CredentialId(row.try_get("id")?),
        owner_id: UserId(row.try_get("user_id")?),
        workspace_id: row.try_get::<Option<_>, _>("workspace_id")?.map(WorkspaceId),
        scope: parsed(row, "scope")?,
        version: row.try_get("version")?,
    };
    Ok(SealedValue { binding, envelope: row.try_get("encrypted_value")? })
}
