//! The condition of a database server: what durability, secrecy and time rest on and no migration decides.
//! Read by any login; it reads no table.

use sqlx::{ConnectOptions, Row, query};

use crate::error::SchemaError;
use crate::options;

/// What a server says of itself.
#[derive(Debug)]
pub struct Condition {
    pub version: String,
    /// Settings that lose what was committed when the machine stops, as `name = value`.
    pub not_durable: Vec<String>,
    /// Settings that put parameters of statements, tokens and envelopes among them, into the server's log.
    pub logs_parameters: Vec<String>,
    /// Whether secrets cross a network in the clear on the way to it.
    pub in_the_clear: bool,
    /// Seconds since 1970 by its clock.
    pub clock: f64,
}

impl Condition {
    /// Asks the server of that URL.
    ///
    /// # Errors
    /// As any connection.
    pub async fn of(url: &str) -> Result<Self, SchemaError> {
        let mut connection = options(url)?.connect().await?;
        // synchronous_commit is said by each connection of a Store, and so not asked for.
        let row = query(
            "SELECT current_setting('server_version') AS version,
                    ARRAY(SELECT name || ' = ' || setting FROM pg_settings
                          WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name) AS not_durable,
                    ARRAY(SELECT name || ' = ' || setting FROM pg_settings
                          WHERE (name = 'log_parameter_max_length' AND setting <> '0' AND EXISTS (
                                     SELECT FROM pg_settings WHERE (name = 'log_statement' AND setting <> 'none')
                                         OR (name IN ('log_min_duration_statement', 'log_min_duration_sample') AND setting <> '-1')
                                         OR (name = 'log_transaction_sample_rate' AND setting <> '0')))
                             OR (name = 'log_parameter_max_length_on_error' AND setting <> '0') ORDER BY name) AS logs_parameters,
                    coalesce(host(inet_server_addr())::inet <<= ANY ('{127.0.0.0/8,::1}'::inet[]) IS FALSE
                             AND NOT (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS in_the_clear,
                    extract(epoch FROM clock_timestamp())::float8 AS clock",
        )
        .fetch_one(&mut connection)
        .await?;
        Ok(Self {
            version: row.try_get("version")?,
            not_durable: row.try_get("not_durable")?,
            logs_parameters: row.try_get("logs_parameters")?,
            in_the_clear: row.try_get("in_the_clear")?,
            clock: row.try_get("clock")?,
        })
    }
}
