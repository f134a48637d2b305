//! Values for programs: all that a command needs, obtained at once, and recorded as used.
//! No message here has a value in it.

use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use strongroom_types::{CredentialId, Problem, Workspace, WorkspaceId};

use crate::client::Client;
use crate::error::ClientError;
use crate::printable::printable;
use crate::reference::{Place, Reference};

/// How many values a request may ask for; the API's bound.
pub const BATCH: usize = 100;

/// A reference, and what names it to a person: a variable, a line.
pub struct Wanted {
    pub whence: String,
    pub reference: Reference,
}

/// What came of one that was asked for.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Answered {
    Revealed { value: SecretString },
    Refused { problem: Problem },
}

#[derive(Deserialize)]
struct Answers {
    items: Vec<Answered>,
}

/// A value for each, in their order. One that several ask for is obtained, and recorded, once.
///
/// # Errors
/// Where one of them cannot be obtained: [`ClientError::Input`] with each of those, and no value at all.
pub async fn obtain(client: &Client, wanted: &[Wanted]) -> Result<Vec<SecretString>, ClientError> {
    let mut distinct: Vec<&Reference> = Vec::new();
    for Wanted { reference, .. } in wanted {
        if !distinct.contains(&reference) {
            distinct.push(reference);
        }
    }
    let places = Places::of(client, &distinct).await?;
    let mut answered = Vec::new();
    for batch in distinct.chunks(BATCH) {
        let asked = batch.iter().map(|reference| places.name(reference)).collect::<Result<Vec<_>, _>>()?;
        answered.extend(ask(client, asked).await?);
    }
    let answer = |wanted: &Wanted| {
        let index = distinct.iter().position(|reference| **reference == wanted.reference);
        index.and_then(|index| answered.get(index)).ok_or(ClientError::Foreign(200))
    };
    let (mut values, mut refused) = (Vec::new(), Vec::new());
    for wanted in wanted {
        match answer(wanted)? {
            Answered::Revealed { value } => values.push(value.clone()),
            Answered::Refused { problem } => {
                let said = printable(&format!("{}: {}", problem.title, problem.detail));
                refused.push(format!("{} ({}): {said}", wanted.whence, wanted.reference));
            }
        }
    }
    if refused.is_empty() { Ok(values) } else { Err(ClientError::Input(refused.join("\n"))) }
}

/// Up to [`BATCH`] of them by id, answered in their order.
///
/// # Errors
/// Where they are not answered at all.
pub async fn obtain_by_id(client: &Client, ids: &[CredentialId]) -> Result<Vec<Answered>, ClientError> {
    ask(client, ids.iter().map(|id| json!({ "id": id })).collect()).await
}

async fn ask(client: &Client, credentials: Vec<Value>) -> Result<Vec<Answered>, ClientError> {
    let count = credentials.len();
    let body = json!({ "purpose": "USE", "credentials": credentials });
    let answers: Answers = client.send(Method::POST, "/api/credentials/values", &[], Some(body)).await?;
    if answers.items.len() == count { Ok(answers.items) } else { Err(ClientError::Foreign(200)) }
}

/// The caller's workspaces, if a reference names one of them.
struct Places(Vec<Workspace>);

impl Places {
    async fn of(client: &Client, references: &[&Reference]) -> Result<Self, ClientError> {
        let named = references.iter().any(|reference| matches!(reference.place, Place::Named(_)));
        Ok(Self(if named { workspaces(client).await? } else { Vec::new() }))
    }

    /// As the API names it.
    fn name(&self, reference: &Reference) -> Result<Value, ClientError> {
        let workspace_id = match &reference.place {
            Place::Anywhere => None,
            Place::Id(id) => Some(*id),
            Place::Named(name) => Some(only_of_name(&self.0, name.as_str())?),
        };
        Ok(json!({ "provider": reference.provider, "name": reference.name, "workspace_id": workspace_id }))
    }
}

/// The workspace of that id or exact name.
///
/// # Errors
/// Where the caller has none of that name, or several.
pub async fn workspace(client: &Client, place: &Place) -> Result<Option<WorkspaceId>, ClientError> {
    Ok(match place {
        Place::Anywhere => None,
        Place::Id(id) => Some(*id),
        Place::Named(name) => Some(only_of_name(&workspaces(client).await?, name.as_str())?),
    })
}

async fn workspaces(client: &Client) -> Result<Vec<Workspace>, ClientError> {
    Ok(client.list("/api/workspaces", &[], usize::MAX).await?.items)
}

fn only_of_name(workspaces: &[Workspace], name: &str) -> Result<WorkspaceId, ClientError> {
    let mut of_name = workspaces.iter().filter(|workspace| workspace.name == name);
    match (of_name.next(), of_name.next()) {
        (Some(only), None) => Ok(only.id),
        (None, _) => Err(ClientError::NotFound(format!("you are in no workspace of the name {}", printable(name)))),
        (Some(_), Some(_)) => {
            Err(ClientError::Input(format!("several workspaces have the name {}; give an id", printable(name))))
        }
    }
}
