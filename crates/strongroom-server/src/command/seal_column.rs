//! `strongroom seal-column`: a column of an application's own table, sealed field by field under the keys of the vault, or opened
//! again. No field is ever shown; what failed is named by its row.

use clap::Args;
use strongroom_crypto::KeyName;
use strongroom_service::{ColumnAct, ColumnRun, FieldFailure};
use strongroom_store::ApplicationColumn;
use strum::IntoEnumIterator;

use super::keys::RingSettings;
use super::{Failure, progress, say};
use crate::settings::ApplicationUrl;

/// So many fields between two lines that say how far it is.
const PROGRESS_EVERY: u64 = 10_000;
/// How many failures are told one by one.
const SHOWN: u64 = 20;

/// Seal a column of an application's table field by field, bring it under the current key, or open it again
///
/// It can be killed and run again, beside the application. Fields that are NULL or empty stay as they are.
#[derive(Args, Debug)]
pub struct SealColumn {
    /// The table, with its schema where that is not on the search path: accounts, or app.accounts
    #[arg(long, value_name = "NAME")]
    table: String,
    /// The column, of type text
    #[arg(long, value_name = "NAME")]
    column: String,
    /// Column that tells rows apart and never changes: each field is bound to it
    #[arg(long, value_name = "NAME", default_value = "id")]
    row_column: String,
    /// What it holds, and so under which named key it is sealed: CREDENTIALS, ACCOUNT_TOKENS, FEDERATION or LLM_CONFIG
    #[arg(long, value_name = "NAME", value_parser = key_name)]
    key: KeyName,
    /// Put its fields back in the clear
    #[arg(long)]
    open: bool,
    /// Change nothing: count, and try whether what is sealed opens
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    application: ApplicationUrl,
    #[command(flatten)]
    ring: RingSettings,
}

impl SealColumn {
    /// # Errors
    /// Where the column is not fit, one of the two databases cannot be used, or a field could not be sealed or opened.
    pub async fn run(self) -> Result<(), Failure> {
        let (url, act) = (self.application.url()?, self.act());
        let mut column = ApplicationColumn::connect(&url, &self.table, &self.column, &self.row_column).await?;
        if act != ColumnAct::Inspect {
            column.lock().await?;
        }
        let run = self
            .ring
            .with_envelopes(async |envelopes| Ok(envelopes.run_column(&mut column, self.key, act, watch()).await?));
        let run = run.await?;
        self.tell(column.name(), act, &run)
    }

    fn act(&self) -> ColumnAct {
        match (self.dry_run, self.open) {
            (true, _) => ColumnAct::Inspect,
            (false, true) => ColumnAct::Open,
            (false, false) => ColumnAct::Seal,
        }
    }

    fn tell(&self, name: &str, act: ColumnAct, run: &ColumnRun) -> Result<(), Failure> {
        say(&format!("{name}: {} fields, {} in the clear", run.seen, run.clear));
        if run.unreadable > 0 {
            say(&format!("no envelope that can be read, or too long: {} fields", run.unreadable));
        }
        for (key, count) in &run.by_key {
            say(&format!("{key}: {count} fields"));
        }
        match act {
            ColumnAct::Inspect if self.open => say(&format!("would open {}", run.by_key.values().sum::<u64>())),
            ColumnAct::Inspect => say(&format!("would seal {}, and bring the others under the current key", run.clear)),
            ColumnAct::Seal => say(&format!("sealed or rewrapped {}", run.replaced)),
            ColumnAct::Open => say(&format!("opened {}", run.replaced)),
        }
        match (run.failed, run.settled, act) {
            (0, true, _) | (0, _, ColumnAct::Inspect) => Ok(()),
            (0, false, ColumnAct::Open) => {
                Err("fields were sealed meanwhile; have the application write them in the clear, \
                 then run this again"
                    .into())
            }
            (0, false, ColumnAct::Seal) => {
                Err("fields were written meanwhile in the clear or under a former key; have the \
                 application seal under the current one, then run this again"
                    .into())
            }
            (failed, ..) => Err(format!("{failed} fields could not be sealed or opened, and are as they were").into()),
        }
    }
}

fn key_name(text: &str) -> Result<KeyName, String> {
    text.parse().map_err(|_| {
        let names: Vec<String> = KeyName::iter().map(|name| name.to_string()).collect();
        format!("it is one of {}", names.join(", "))
    })
}

/// Tells the person at the terminal what comes of it on the way.
fn watch() -> impl FnMut(Result<&ColumnRun, FieldFailure>) {
    let (mut next, mut failures) = (PROGRESS_EVERY, 0);
    move |step| match step {
        Ok(run) if run.seen >= next => {
            next = run.seen + PROGRESS_EVERY;
            progress(&format!("{} fields seen, {} replaced", run.seen, run.replaced));
        }
        // The next pass.
        Ok(run) if run.seen + PROGRESS_EVERY < next => next = run.seen + PROGRESS_EVERY,
        Ok(_) => {}
        Err(FieldFailure { row, why }) => {
            failures += 1;
            if failures <= SHOWN {
                say(&format!("row {row}: {why}"));
            }
        }
    }
}
