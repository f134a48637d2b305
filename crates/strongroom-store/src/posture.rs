//! The posture of the database: who owns what, which policies and grants there are, what functions say.
//! posture.txt beside the migrations is what they make, line for line: reviewers read it, a test keeps it true, and
//! a server compares it with the database that it finds before it serves.

use std::collections::BTreeSet;

use sqlx::{Connection, PgConnection, query, query_scalar};

use crate::error::StoreError;
use crate::expression::flattened;

const MIGRATED: &str = include_str!("../posture.txt");

/// The posture as it is, a line an object, sorted.
async fn lines(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let mut transaction = connection.begin().await?;
    // PostgreSQL leaves schema names out of what it prints where the search path finds the object without.
    query("SET LOCAL search_path = pg_catalog").execute(&mut *transaction).await?;
    let lines = query_scalar(include_str!("posture.sql")).fetch_all(&mut *transaction).await?;
    transaction.rollback().await?;
    Ok(lines)
}

/// How the schema differs from the one that this version migrates to.
pub(crate) async fn schema_findings(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let found = lines(connection).await?;
    if !found.iter().any(|line| line.starts_with("table ")) {
        return Ok(vec!["there is no schema strongroom here: run strongroom migrate".into()]);
    }
    let found: BTreeSet<String> = found.iter().map(|line| flattened(line)).collect();
    let migrated: BTreeSet<String> = MIGRATED.lines().map(flattened).collect();
    let missing = migrated.difference(&found).map(|line| format!("missing, or changed: {line}"));
    let unknown = found.difference(&migrated).map(|line| format!("not from our migrations: {line}"));
    Ok(missing.chain(unknown).collect())
}

/// What makes this login unfit to be the given runtime role.
pub(crate) async fn login_findings(connection: &mut PgConnection, role: &str) -> Result<Vec<String>, StoreError> {
    Ok(query_scalar(
        "SELECT format('the login %s is %s; connect as %s', current_user, why, $1)
         FROM pg_roles AS r, LATERAL (VALUES
             (r.rolsuper, 'a superuser, for whom policies do not exist'),
             (r.rolbypassrls, 'a role that bypasses row-level security'),
             (EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                      WHERE n.nspname = 'strongroom' AND c.relowner = r.oid), 'the owner of tables of strongroom'),
             (NOT r.rolsuper AND EXISTS (SELECT FROM pg_roles AS o
                      WHERE o.rolname = 'strongroom_owner' AND pg_has_role(r.oid, o.oid, 'MEMBER')),
              'a member of strongroom_owner'),
             (r.rolname <> $1, 'not the runtime role')) AS t (applies, why)
         WHERE r.rolname = current_user AND applies
         UNION ALL
         SELECT 'session_replication_role is not origin: triggers would not run'
         WHERE current_setting('session_replication_role') <> 'origin'
         UNION ALL
         -- CVE-2023-39418 and CVE-2024-10976 let queries past row-level security.
         SELECT format('PostgreSQL %s has known holes in row-level security: update to 15.9, 16.5, 17.1 or newer',
                       current_setting('server_version'))
         FROM (SELECT current_setting('server_version_num')::integer AS number) AS version
         WHERE number < 150009 OR number BETWEEN 160000 AND 160004 OR number = 170000",
    )
    .bind(role)
    .fetch_all(connection)
    .await?)
}
