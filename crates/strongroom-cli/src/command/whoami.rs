//! `strongroom whoami`: whose token it is.

use clap::Args;
use strongroom_types::User;

use crate::connection::Server;
use crate::error::ClientError;
use crate::output::{Answer, Column, Output, maybe, time};

/// Show whose token this is
#[derive(Args, Debug)]
pub struct Whoami {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

impl Whoami {
    pub async fn run(self) -> Result<(), ClientError> {
        let me: User = self.server.client().await?.get("/api/me").await?;
        self.output.print(&Answer::fields(&me, FIELDS)?)
    }
}

const FIELDS: &[Column<User>] = &[
    ("ID", |user| user.id.to_string()),
    ("Name", |user| user.display_name.clone()),
    ("E-mail", |user| maybe(&user.email)),
    ("Administrator", |user| if user.is_admin { "yes" } else { "no" }.into()),
    ("Since", |user| time(user.created_at)),
];
