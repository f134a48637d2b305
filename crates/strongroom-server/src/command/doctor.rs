//! `strongroom doctor`: whether a vault is fit to hold secrets: its database, its keys, its settings and its disk. A line
//! for each thing that was looked at: ok, a warning, or an error with what to do. Changes nothing.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use nix::sys::statvfs::statvfs;
use strongroom_crypto::KeyName;
use strongroom_store::{Condition, Schema, SchemaError, Store};

use super::serve::ServeSettings;
use super::{Failure, say};
use crate::settings::{AdminUrl, ConfigFile, KeySettings, RuntimeUrls};

/// Clocks that are so far apart, in seconds: sign-in by other providers begins to fail; and fails.
const SKEW: [f64; 2] = [5.0, 60.0];
/// So little room, in bytes: PostgreSQL will stop; and is about to.
const FREE: [u64; 2] = [1 << 30, 128 << 20];

/// Check database, schema, logins, keys, settings, clocks and disk
#[derive(Args, Debug)]
pub struct Doctor {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    serve: ServeSettings,
    #[command(flatten)]
    admin: AdminUrl,
}

/// What was found so far; it is told at once.
#[derive(Default)]
struct Findings {
    errors: usize,
}

impl Findings {
    fn ok(&mut self, what: &str) {
        say(&format!("ok: {what}"));
    }

    fn warning(&mut self, what: &str) {
        say(&format!("warning: {what}"));
    }

    fn error(&mut self, what: &str) {
        self.errors += 1;
        say(&format!("error: {what}"));
    }

    /// An error or a warning, as far as it is beyond the one bound or the other; then with what to do.
    fn graded(&mut self, bad: bool, worrying: bool, what: &str, remedy: &str) {
        match (bad, worrying) {
            (true, _) => self.error(&format!("{what}; {remedy}")),
            (false, true) => self.warning(&format!("{what}; {remedy}")),
            (false, false) => self.ok(what),
        }
    }
}

impl Doctor {
    /// # Errors
    /// Where there is an error among the findings.
    pub async fn run(self) -> Result<(), Failure> {
        let (mut findings, folder) = (Findings::default(), self.serve.data.path());
        match self.serve.check() {
            Ok(()) => findings.ok("no secret would cross a network in the clear on its way to this server"),
            Err(error) => findings.error(&error.to_string()),
        }
        let given = self.serve.urls.given()?;
        let embedded = given.is_none();
        let (app, system) = given.unwrap_or_else(|| RuntimeUrls::embedded(&folder));
        let store = self.schema(&mut findings, &app, &system, embedded).await?;
        if let Ok(condition) = Condition::of(&app).await {
            server(&mut findings, &condition);
        }
        keys(&mut findings, &self.serve.keys, &folder, store.as_ref()).await;
        if let Some(store) = store {
            store.close().await;
        }
        if embedded {
            disk(&mut findings, &folder);
        }
        match findings.errors {
            0 => Ok(()),
            1 => Err("there is an error; see above".into()),
            many => Err(format!("there are {many} errors; see above").into()),
        }
    }

    /// Whether the schema is this version's; the store, if it is.
    async fn schema(
        &self,
        findings: &mut Findings,
        app: &str,
        system: &str,
        embedded: bool,
    ) -> Result<Option<Store>, Failure> {
        let refused = match Store::connect(app, system, 1).await {
            Ok(store) => {
                findings.ok("logins, row-level security, policies, grants, functions and triggers match this version");
                return Ok(Some(store));
            }
            Err(SchemaError::Unsafe(refused)) => refused,
            Err(other) => vec![format!("the database cannot be checked: {other}")],
        };
        let pending = match self.admin.given()? {
            None if !embedded => Vec::new(),
            _ => pending(&self.admin.url(&self.serve.data.path())?).await.unwrap_or_default(),
        };
        if pending.is_empty() {
            refused.iter().for_each(|finding| findings.error(finding));
        } else {
            findings.error(&format!("migrations are pending, run strongroom migrate: {}", pending.join(", ")));
        }
        Ok(None)
    }
}

async fn pending(admin_url: &str) -> Result<Vec<String>, SchemaError> {
    let mut schema = Schema::connect(admin_url).await?;
    let pending = schema.pending().await?;
    schema.close().await?;
    Ok(pending)
}

fn server(findings: &mut Findings, condition: &Condition) {
    match condition.not_durable.join(", ") {
        none if none.is_empty() => findings.ok(&format!("PostgreSQL {} keeps what it commits", condition.version)),
        some => findings.error(&format!("PostgreSQL can lose what was committed, records included: {some}; set it on")),
    }
    match condition.logs_parameters.join(", ") {
        none if none.is_empty() => findings.ok("PostgreSQL's log holds no parameters of statements"),
        some => findings.warning(&format!("PostgreSQL's log can hold tokens and envelopes: {some}; set it to 0")),
    }
    if condition.in_the_clear {
        findings
            .error("the connection to PostgreSQL crosses a network in the clear; add sslmode=verify-full to its URLs");
    }
    let skew = (condition.clock - now()).abs();
    let what = format!("the clocks of this machine and of PostgreSQL are {skew:.1} s apart");
    findings.graded(skew > SKEW[1], skew > SKEW[0], &what, "have both set by NTP");
}

async fn keys(findings: &mut Findings, settings: &KeySettings, folder: &Path, store: Option<&Store>) {
    let keys = match settings.provider(folder) {
        Ok(keys) => keys,
        Err(error) => return findings.error(&error.to_string()),
    };
    match keys.current(KeyName::Credentials).await {
        Ok(key) => findings.ok(&format!("the keys can be used; new values are sealed under {key}")),
        Err(error) => return findings.error(&error.to_string()),
    }
    let Some(store) = store else { return };
    match store.server_secret_envelope().await {
        Ok(Some(envelope)) => match keys.open_server_secret(&envelope).await {
            Ok(_) => findings.ok("the keys are those of this database"),
            Err(error) => findings.error(&format!("these are not the keys of this database: {error}")),
        },
        Ok(None) => findings.ok("no server has used this database yet"),
        Err(error) => findings.error(&format!("the database cannot be read: {error}")),
    }
}

fn disk(findings: &mut Findings, folder: &Path) {
    let Ok(disk) = statvfs(folder) else { return };
    let free = disk.blocks_available() * disk.fragment_size();
    let what = format!("{} MB are free for the data folder {}", free / 1_000_000, folder.display());
    findings.graded(free < FREE[1], free < FREE[0], &what, "make room before PostgreSQL stops");
}

/// Seconds since 1970 by the clock of this machine.
#[allow(clippy::disallowed_methods, reason = "to be compared with the database's")]
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
