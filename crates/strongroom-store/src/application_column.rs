//! A column of an application's own table, as whoever seals its fields reads and replaces them. Names are looked up in the catalog
//! and quoted by PostgreSQL; a field is only ever replaced while it is still what was read.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row, query, query_scalar, raw_sql};

use crate::error::{SchemaError, StoreError};
use crate::options;

/// As many fields as are read at once.
const BATCH: i32 = 200;

/// Above what an envelope of the longest value needs; longer fields are not sent.
const MAX_FIELD_BYTES: i32 = 100_000;

/// So long a batch waits for whoever holds one of its rows; what was done before stays, and can be gone on from.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '5s'";

/// A column, and a connection to its database.
pub struct ApplicationColumn {
    connection: PgConnection,
    name: String,
    table: String,
    column: String,
    row_column: String,
    is_locked: bool,
    first: String,
    next: String,
    replace: String,
}

/// A field of it that is neither NULL nor empty.
#[derive(Debug)]
pub struct ApplicationField {
    /// What tells its row from others, as a text.
    pub row: String,
    /// None: it is longer than a field that is sealed can be.
    pub value: Option<String>,
    /// Its SHA-256, in hex: sent back in its place, since a server that logs slow statements logs what was sent.
    pub digest: String,
}

/// What is to take the place of a field, if it is still that.
#[derive(Debug)]
pub struct ReplacedField {
    pub row: String,
    /// [`ApplicationField::digest`].
    pub former: String,
    pub renewed: String,
}

const LOOK_UP: &str = "
    SELECT format('%I.%I', n.nspname, t.relname) AS quoted_table, quote_ident(c.attname) AS quoted_column,
           quote_ident(r.attname) AS quoted_row_column, format_type(r.atttypid, -1) AS row_type,
           r.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype, 'text'::regtype, 'varchar'::regtype)
               AS is_plain,
           position('.' IN n.nspname || t.relname || c.attname) = 0 AS is_unambiguous,
           n.nspname || '.' || t.relname AS table_name,
           current_database() || '@' || (SELECT system_identifier FROM pg_control_system()) AS database,
           t.relkind IN ('r', 'p') AS is_table, c.atttypid IN ('text'::regtype, 'varchar'::regtype) AS is_text,
           c.atttypmod >= 0 AS is_limited, c.attgenerated <> '' AS is_generated, row_security_active(t.oid) AS is_bound,
           r.attnotnull AND EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = t.oid AND i.indisunique AND i.indisvalid
               AND i.indpred IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = r.attnum) AS is_unique,
           has_column_privilege(t.oid, c.attnum, 'SELECT') AND has_column_privilege(t.oid, r.attnum, 'SELECT') AS can_read,
           has_column_privilege(t.oid, c.attnum, 'UPDATE') AS can_write
    FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace
    JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attname = $3 AND c.attnum > 0 AND NOT c.attisdropped
    JOIN pg_attribute AS r ON r.attrelid = t.oid AND r.attname = $4 AND r.attnum > 0 AND NOT r.attisdropped
    WHERE t.relname = $2 AND CASE WHEN $1 = '' THEN pg_table_is_visible(t.oid) ELSE n.nspname = $1 END";

impl ApplicationColumn {
    /// Connects, and finds that column of that table (`table` or `schema.table`) fit. Names are as the catalog has them, without
    /// quotes.
    ///
    /// # Errors
    /// [`SchemaError::Column`] where it is not: no such column, none of text without a limit, no unique column of that name
    /// beside it, rows that this login does not see, or a field that it may not change.
    pub async fn connect(url: &str, table: &str, column: &str, row_column: &str) -> Result<Self, SchemaError> {
        let mut connection = options(url)?.connect().await?;
        let (schema, table) = table.split_once('.').unwrap_or(("", table));
        let look_up = query(LOOK_UP).bind(schema).bind(table).bind(column).bind(row_column);
        let found = look_up.fetch_optional(&mut connection).await?;
        let found = found.ok_or(SchemaError::Column(
            "there is no such table, or one of the two columns is not in it; names are as in the catalog, with their case",
        ))?;
        require_fit(&found)?;
        raw_sql(LOCK_TIMEOUT).execute(&mut connection).await?;
        let text = |column| found.try_get::<String, _>(column);
        let (quoted, field, row, kind) =
            (text("quoted_table")?, text("quoted_column")?, text("quoted_row_column")?, text("row_type")?);
        let read = format!(
            "SELECT {row}::text AS row, CASE WHEN octet_length({field}) <= {MAX_FIELD_BYTES} THEN {field}::text END AS value,
                    encode(sha256(convert_to({field}, 'UTF8')), 'hex') AS digest
             FROM {quoted} WHERE {field} <> ''"
        );
        let order = format!("ORDER BY {row} LIMIT {BATCH}");
        let replace = format!(
            "UPDATE {quoted} AS t SET {field} = f.renewed
             FROM unnest($1::text[], $2::text[], $3::text[]) AS f (id, former, renewed)
             WHERE t.{row} = f.id::{kind} AND encode(sha256(convert_to(t.{field}, 'UTF8')), 'hex') = f.former"
        );
        let (table, database) = (text("table_name")?, text("database")?);
        Ok(Self {
            name: format!("{database}/{table}.{column}"),
            table,
            column: column.into(),
            row_column: row_column.into(),
            is_locked: false,
            first: format!("{read} {order}"),
            next: format!("{read} AND {row} > $1::{kind} {order}"),
            replace,
            connection,
        })
    }

    /// Keeps others from replacing its fields until the connection ends, as long as nobody else does. A lock of the session: through a
    /// pooler that shares sessions, it is none.
    ///
    /// # Errors
    /// [`SchemaError::Column`] where somebody else is at it.
    pub async fn lock(&mut self) -> Result<(), SchemaError> {
        let lock =
            query_scalar("SELECT pg_try_advisory_lock(hashtextextended('strongroom ' || $1, 0))").bind(&self.name);
        self.is_locked = lock.fetch_one(&mut self.connection).await?;
        if self.is_locked { Ok(()) } else { Err(SchemaError::Column("another run is at work on it")) }
    }

    /// What tells it from every other column: database, cluster, schema, table and column.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its table, with the schema.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Its own name.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// The column that tells rows apart.
    pub fn row_column(&self) -> &str {
        &self.row_column
    }

    /// The next fields after that row, in the order of rows; an empty list is the end.
    ///
    /// # Errors
    /// As any statement.
    pub async fn fields(&mut self, after: Option<&str>) -> Result<Vec<ApplicationField>, StoreError> {
        let statement = AssertSqlSafe(if after.is_some() { self.next.clone() } else { self.first.clone() });
        let fields = match after {
            Some(row) => query(statement).bind(row),
            None => query(statement),
        };
        let rows = fields.fetch_all(&mut self.connection).await?;
        let field = |row: &PgRow| {
            let (value, digest) = (row.try_get("value")?, row.try_get("digest")?);
            Ok::<_, sqlx::Error>(ApplicationField { row: row.try_get("row")?, value, digest })
        };
        Ok(rows.iter().map(field).collect::<Result<_, _>>()?)
    }

    /// Replaces those that are still what they were, in one transaction; returns how many.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] without [`Self::lock`]; and as any statement. Then none is replaced.
    pub async fn replace(&mut self, fields: &[ReplacedField]) -> Result<u64, StoreError> {
        if !self.is_locked {
            return Err(StoreError::Forbidden);
        }
        let replace = query(AssertSqlSafe(self.replace.clone()))
            .bind(fields.iter().map(|field| field.row.as_str()).collect::<Vec<_>>())
            .bind(fields.iter().map(|field| field.former.as_str()).collect::<Vec<_>>())
            .bind(fields.iter().map(|field| field.renewed.as_str()).collect::<Vec<_>>());
        Ok(replace.execute(&mut self.connection).await?.rows_affected())
    }
}

fn require_fit(found: &PgRow) -> Result<(), SchemaError> {
    for (condition, wanted, otherwise) in [
        ("is_table", true, "it is not in a table, but in a view or the like"),
        ("is_text", true, "it is of another type than text; ALTER TABLE … ALTER COLUMN … TYPE text"),
        (
            "is_limited",
            false,
            "its type has a limit, which a sealed field would exceed; ALTER TABLE … ALTER COLUMN … TYPE text",
        ),
        ("is_generated", false, "it is computed from other columns; seal those"),
        ("is_unambiguous", true, "a dot is in its name, or in that of its table or schema"),
        (
            "is_plain",
            true,
            "the column that tells rows apart must be a whole number, a uuid or a text: others read differently by settings",
        ),
        ("is_unique", true, "the column that tells rows apart must be NOT NULL and have a unique index of its own"),
        (
            "is_bound",
            false,
            "row-level security hides rows from this login; connect as the table's owner, or with BYPASSRLS",
        ),
        ("can_read", true, "this login may not read it; GRANT SELECT"),
        ("can_write", true, "this login may not change it; GRANT UPDATE"),
    ] {
        if found.try_get::<bool, _>(condition)? != wanted {
            return Err(SchemaError::Column(otherwise));
        }
    }
    Ok(())
}
