//! `strongroom admin settings`: how long things are kept. The API wants all of them at once; what is not said stays as it is.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;
use strongroom_types::{Days, Settings};

use crate::client::Client;
use crate::error::ClientError;
use crate::input::Confirmation;
use crate::output::{Answer, Column};

/// What can be done about the settings, besides looking at them.
#[derive(Subcommand, Debug)]
pub enum SettingsAct {
    /// Change settings; what is not named stays as it is
    Set(Set),
}

#[derive(Args, Debug)]
pub struct Set {
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
struct Changes {
    /// How long the record is kept: a number of days, or `forever`
    #[arg(long, value_name = "DAYS", value_parser = days_or_forever)]
    record_retention_days: Option<Kept>,
    /// How long the record is kept at least, come what may; it is raised, and never lowered
    #[arg(long, value_name = "DAYS")]
    record_retention_promise_days: Option<u16>,
    /// How long a former version is kept; then its value is destroyed
    #[arg(long, value_name = "DAYS", value_parser = days)]
    version_retention_days: Option<Days>,
    /// How long a revoked credential can be restored; then its values are destroyed
    #[arg(long, value_name = "DAYS", value_parser = days)]
    revoked_retention_days: Option<Days>,
}

/// For how long.
#[derive(Clone, Copy, Debug)]
enum Kept {
    Forever,
    For(Days),
}

/// Looks at the settings, or changes them.
pub async fn run(act: Option<SettingsAct>, client: &Client) -> Result<Answer, ClientError> {
    let now: Settings = client.get(PATH).await?;
    let Some(SettingsAct::Set(set)) = act else { return Answer::fields(&now, FIELDS) };
    let then = set.changes.over(now);
    let consequences = consequences(&now, &then);
    if !consequences.is_empty() {
        set.confirmation.ask(&consequences.join("; "))?;
    }
    let changed: Settings = client.send(Method::PUT, PATH, &[], Some(json!(then))).await?;
    Answer::fields(&changed, FIELDS)
}

/// What cannot be taken back.
fn consequences(now: &Settings, then: &Settings) -> Vec<String> {
    let mut consequences = Vec::new();
    if let Some(days) =
        then.record_retention_days.filter(|days| now.record_retention_days.is_none_or(|now| *days < now))
    {
        let days = for_days(days.get());
        consequences
            .push(format!("rows of the record that are older than {days} are removed within the hour, for good"));
    }
    if then.record_retention_promise_days > now.record_retention_promise_days {
        let days = for_days(then.record_retention_promise_days);
        consequences.push(format!("the promise to keep the record for {days} cannot be taken back"));
    }
    if then.version_retention_days < now.version_retention_days {
        let days = for_days(then.version_retention_days.get());
        consequences
            .push(format!("values of former versions that are older than {days} are destroyed within the hour"));
    }
    if then.revoked_retention_days < now.revoked_retention_days {
        let days = for_days(then.revoked_retention_days.get());
        consequences.push(format!(
            "values of credentials that were revoked more than {days} ago are destroyed within the hour"
        ));
    }
    consequences
}

impl Changes {
    fn over(&self, now: Settings) -> Settings {
        let record_retention_days = match self.record_retention_days {
            Some(Kept::Forever) => None,
            Some(Kept::For(days)) => Some(days),
            None => now.record_retention_days,
        };
        Settings {
            record_retention_days,
            record_retention_promise_days: self
                .record_retention_promise_days
                .unwrap_or(now.record_retention_promise_days),
            version_retention_days: self.version_retention_days.unwrap_or(now.version_retention_days),
            revoked_retention_days: self.revoked_retention_days.unwrap_or(now.revoked_retention_days),
        }
    }
}

fn days_or_forever(text: &str) -> Result<Kept, String> {
    if text == "forever" { Ok(Kept::Forever) } else { days(text).map(Kept::For) }
}

fn days(text: &str) -> Result<Days, String> {
    let number = text.parse::<u16>().map_err(|_| "must be a number of days".to_owned())?;
    Days::try_from(number).map_err(|wrong| wrong.to_string())
}

const PATH: &str = "/api/admin/settings";

const FIELDS: &[Column<Settings>] = &[
    ("The record is kept", |settings| match settings.record_retention_days {
        Some(days) => for_days(days.get()),
        None => "forever".into(),
    }),
    ("and at least", |settings| for_days(settings.record_retention_promise_days)),
    ("A former version is kept", |settings| for_days(settings.version_retention_days.get())),
    ("A revoked credential is kept", |settings| for_days(settings.revoked_retention_days.get())),
];

fn for_days(days: u16) -> String {
    if days == 1 { "1 day".into() } else { format!("{days} days") }
}
