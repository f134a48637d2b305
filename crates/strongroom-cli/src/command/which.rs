//! Which credential an act is on: its ID, or a reference, which the server resolves to the most specific active one.
//! No value is asked for here.

use std::str::FromStr;

use clap::Args;
use reqwest::Method;
use strongroom_types::{Credential, CredentialId, Invalid};

use super::workspaces;
use crate::client::{Client, given};
use crate::error::ClientError;
use crate::reference::{Reference, SCHEME};

/// Where the API has those of people and workspaces.
pub const CREDENTIALS: &str = "/api/credentials";

/// Which one.
#[derive(Args, Debug)]
pub struct Which {
    /// Its ID, as `list` shows it; or, if it is active, strongroom://WORKSPACE/PROVIDER/NAME
    #[arg(value_name = "ID")]
    id: Named,
}

#[derive(Clone, Debug)]
enum Named {
    Id(CredentialId),
    Reference(Reference),
}

impl FromStr for Named {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.starts_with(SCHEME) {
            return text.parse().map(Self::Reference);
        }
        let form =
            || Invalid(format!("give the ID that `strongroom cred list` shows, or {SCHEME}WORKSPACE/PROVIDER/NAME"));
        text.parse().map(Self::Id).map_err(|_| form())
    }
}

impl Which {
    /// Where the API has it, below that path.
    ///
    /// # Errors
    /// Where no active credential of yours, or several, are what was referred to. Secrets of the instance are of no workspace, and go
    /// by their ID.
    pub async fn path(&self, client: &Client, all: &str) -> Result<String, ClientError> {
        let id = match &self.id {
            Named::Id(id) => *id,
            Named::Reference(reference) if all == CREDENTIALS => resolved(client, reference).await?,
            Named::Reference(_) => {
                let reason =
                    "give the ID that `strongroom admin secrets list` shows: the instance's secrets have no reference";
                return Err(ClientError::Input(reason.into()));
            }
        };
        Ok(format!("{all}/{id}"))
    }
}

async fn resolved(client: &Client, reference: &Reference) -> Result<CredentialId, ClientError> {
    let workspace = reference.workspace.as_ref().map(|workspace| workspace.as_str());
    let query = given([
        ("provider", Some(reference.provider.as_str().to_owned())),
        ("name", Some(reference.name.as_str().to_owned())),
        ("workspace_id", workspaces::maybe_id(client, workspace).await?.map(|id| id.to_string())),
    ]);
    let credential: Credential = client.send(Method::GET, &format!("{CREDENTIALS}/resolve"), &query, None).await?;
    Ok(credential.id)
}
