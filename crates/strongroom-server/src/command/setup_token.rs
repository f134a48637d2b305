//! `strongroom setup-token`: a new one-time token for the first administrator, where the printed one is lost.
//! Never for a vault that has people: its administrators invite.

use clap::Args;
use secrecy::ExposeSecret;
use strongroom_crypto::random_bytes;
use strongroom_store::Schema;
use strongroom_types::InvitationToken;

use super::{Failure, say};
use crate::settings::{AdminUrl, ConfigFile, DataFolder};

/// Print a new one-time token for the first administrator; earlier ones end
#[derive(Args, Debug)]
pub struct SetupToken {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    database: AdminUrl,
    #[command(flatten)]
    data: DataFolder,
}

impl SetupToken {
    /// # Errors
    /// Where the database cannot be reached, or has people already.
    pub async fn run(self) -> Result<(), Failure> {
        let mut schema = Schema::connect(&self.database.url(&self.data.path())?).await?;
        let token = issue(&mut schema, true).await?;
        schema.close().await?;
        let token = token.ok_or("this vault has people already; ask one of its administrators for an invitation")?;
        print(&token, None);
        Ok(())
    }
}

/// A one-time token for a vault that has no people; none where it has, or where one is out and is not to be replaced.
pub(super) async fn issue(schema: &mut Schema, replace: bool) -> Result<Option<InvitationToken>, Failure> {
    let token = InvitationToken::new(&random_bytes()?);
    Ok(schema.invite_first_admin(&token, replace).await?.then_some(token))
}

/// With where it is used, as far as the address of the server is known.
pub(super) fn print(token: &InvitationToken, server: Option<&str>) {
    say(&format!("One-time admin token (shown once, good for 7 days): {}", token.to_text().expose_secret()));
    let page = format!("{}/invitation", server.unwrap_or("the server's address"));
    say(&format!("Become the first administrator with it: on {page} in a browser, or by `strongroom accept`"));
}
