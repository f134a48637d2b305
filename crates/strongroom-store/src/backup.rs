//! What backup and restore ask of the database: a login that sees all of it, an empty place, and every envelope once,
//! so that it can be tried. Only an administrator's login gets them; no runtime role can read an envelope here.

use sqlx::postgres::PgRow;
use sqlx::{Row, query, query_scalar, raw_sql};
use strongroom_types::{Binding, CredentialId, UserId, WorkspaceId};

use crate::error::SchemaError;
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

impl Schema {
    /// The major version of the server: pg_dump and pg_restore have to fit it.
    ///
    /// # Errors
    /// As any statement.
    pub async fn server_major(&mut self) -> Result<u32, SchemaError> {
        let number: i32 = query_scalar("SELECT current_setting('server_version_num')::integer / 10000")
            .fetch_one(self.connection())
            .await?;
        Ok(number.unsigned_abs())
    }

    /// Whether there is a vault to back up, by a login that can see all of it.
    ///
    /// # Errors
    /// [`SchemaError::Bound`], where policies bind the login; [`SchemaError::Unsafe`], where there is no schema.
    pub async fn require_all_visible(&mut self) -> Result<(), SchemaError> {
        self.require_unbound().await?;
        if !self.is_in_use().await? {
            return Err(SchemaError::Unsafe(vec!["there is no schema strongroom here, and nothing to back up".into()]));
        }
        Ok(())
    }

    /// Makes the roles that a dump refers to, in a database that has no strongroom yet.
    ///
    /// # Errors
    /// [`SchemaError::NotEmpty`], [`SchemaError::Bound`].
    pub async fn prepare_restore(&mut self) -> Result<(), SchemaError> {
        self.require_unbound().await?;
        if self.is_in_use().await? {
            return Err(SchemaError::NotEmpty);
        }
        self.make_roles().await?;
        // The dump brings its own. RESTRICT is the default: a schema with anything in it stays.
        raw_sql("DROP SCHEMA strongroom").execute(self.connection()).await?;
        Ok(())
    }

    /// Takes away what a restore has brought that came to nothing, so that it can be tried again.
    ///
    /// # Errors
    /// As any statement.
    pub async fn discard_restore(&mut self) -> Result<(), SchemaError> {
        raw_sql("RESET ROLE; DROP OWNED BY strongroom_owner CASCADE").execute(self.connection()).await?;
        Ok(())
    }

    /// Sealed versions of all credentials, current and former, by id and number, after the one that is named; an empty
    /// list is the end.
    ///
    /// # Errors
    /// As any statement; also where policies bind the login, instead of leaving rows out.
    pub async fn sealed_values(&mut self, after: Option<&Binding>) -> Result<Vec<SealedValue>, SchemaError> {
        // Not as the owner, whom FORCE binds; and with an error instead of a filter if this login is bound as well.
        raw_sql("RESET ROLE; SET row_security = off").execute(self.connection()).await?;
        let rows = query(
            "SELECT c.id, c.user_id, c.workspace_id, c.scope::text AS scope, e.version, e.encrypted_value
             FROM strongroom.user_credentials AS c, LATERAL (
                 SELECT c.version, c.encrypted_value
                 UNION ALL
                 SELECT v.version, v.encrypted_value FROM strongroom.credential_versions AS v WHERE v.credential_id = c.id
             ) AS e
             WHERE $1::uuid IS NULL OR (c.id >= $1 AND (c.id, e.version) > ($1, $2))
             ORDER BY c.id, e.version LIMIT $3",
        )
        .bind(after.map(|binding| binding.credential_id.0))
        .bind(after.map(|binding| binding.version))
        .bind(BATCH)
        .fetch_all(self.connection())
        .await?;
        Ok(rows.iter().map(sealed_value).collect::<Result<_, _>>()?)
    }

    async fn require_unbound(&mut self) -> Result<(), SchemaError> {
        let unbound = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user";
        if query_scalar(unbound).fetch_one(self.connection()).await? { Ok(()) } else { Err(SchemaError::Bound) }
    }

    async fn is_in_use(&mut self) -> Result<bool, SchemaError> {
        let any = "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('strongroom'))";
        Ok(query_scalar(any).fetch_one(self.connection()).await?)
    }
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
