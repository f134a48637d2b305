//! `strongroom migrate`: brings roles and schema of a PostgreSQL up to date.
//! Never blesses a schema that was changed by hand: then it fails.

use clap::Args;
use strongroom_store::Schema;

use super::{Failure, say, setup_token};
use crate::settings::{AdminUrl, ConfigFile, DataFolder};

/// Create or update roles and schema; safe to run again, and by several at once
#[derive(Args, Debug)]
pub struct Migrate {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    database: AdminUrl,
    #[command(flatten)]
    data: DataFolder,
}

impl Migrate {
    /// # Errors
    /// Where the database cannot be reached, a migration fails, or the result is not the schema of this version.
    pub async fn run(self) -> Result<(), Failure> {
        let mut schema = Schema::connect(&self.database.url(&self.data.path())?).await?;
        let applied = schema.migrate().await?;
        for name in &applied {
            say(&format!("applied {name}"));
        }
        let token = setup_token::issue(&mut schema, false).await?;
        schema.close().await?;
        say(if applied.is_empty() { "the schema is up to date" } else { "the schema is ready" });
        if let Some(token) = token {
            setup_token::print(&token, None);
        }
        Ok(())
    }
}
