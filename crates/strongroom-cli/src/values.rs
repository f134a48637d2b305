//! Values for programs: all that a command needs, obtained at once, and recorded as used.
//! No message here has a value in it.

use std::collections::HashMap;

use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use strongroom_types::{CredentialId, Problem, WorkspaceId};

use crate::client::Client;
use crate::command::workspaces;
use crate::error::{ClientError, Exit};
use crate::printable::printable;
use crate::reference::Reference;

const VALUES: &str = "/api/credentials/values";
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
/// Where one of them cannot be obtained, with each of those, and no value at all: [`ClientError::NotFound`] where none of
/// those is there, else [`ClientError::Input`].
pub async fn obtain(client: &Client, wanted: &[Wanted]) -> Result<Vec<SecretString>, ClientError> {
    let (mut distinct, mut seen) = (Vec::new(), HashMap::new());
    for Wanted { reference, .. } in wanted {
        seen.entry(reference.to_string()).or_insert_with(|| {
            distinct.push(reference);
            distinct.len() - 1
        });
    }
    let answered = obtain_distinct(client, &distinct).await?;
    let (mut values, mut refused, mut are_missing) = (Vec::new(), Vec::new(), true);
    for Wanted { whence, reference } in wanted {
        let text = reference.to_string();
        match seen.get(&text).and_then(|index| answered.get(*index)) {
            Some(Ok(Answered::Revealed { value })) => values.push(value.clone()),
            Some(Ok(Answered::Refused { problem })) => {
                let said = printable(&format!("{}: {}", problem.title, problem.detail));
                refused.push(format!("{whence} ({text}): {said}"));
                are_missing &= Exit::of_status(problem.status) == Exit::NotFound;
            }
            Some(Err(reason)) => refused.push(format!("{whence} ({text}): {reason}")),
            None => return Err(ClientError::Foreign(200)),
        }
    }
    if refused.is_empty() {
        return Ok(values);
    }
    let refused = refused.join("\n");
    Err(if are_missing { ClientError::NotFound(refused) } else { ClientError::Input(refused) })
}

/// Each as it is answered, or why it could not be asked for: there is no such workspace.
async fn obtain_distinct(
    client: &Client,
    references: &[&Reference],
) -> Result<Vec<Result<Answered, String>>, ClientError> {
    let (mut known, mut asked, mut nowhere) = (Workspaces::default(), Vec::new(), Vec::new());
    for (index, reference) in references.iter().enumerate() {
        match name(client, reference, &mut known).await {
            Ok(name) => asked.push(name),
            Err(ClientError::NotFound(reason)) => nowhere.push((index, reason)),
            Err(error) => return Err(error),
        }
    }
    let mut answered = Vec::new();
    for batch in asked.chunks(BATCH) {
        answered.extend(ask(client, batch).await?.into_iter().map(Ok));
    }
    // In their order, each finds those before it in place.
    for (index, reason) in nowhere {
        answered.insert(index, Err(reason));
    }
    Ok(answered)
}

/// Up to [`BATCH`] of them by id, answered in their order.
///
/// # Errors
/// Where they are not answered at all.
pub async fn obtain_by_id(client: &Client, ids: &[CredentialId]) -> Result<Vec<Answered>, ClientError> {
    let credentials: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    client.post_patiently::<Answers>(VALUES, &uses(&credentials)).await?.for_each_of(&credentials)
}

/// At once or not at all: a program waits to be started.
async fn ask(client: &Client, credentials: &[Value]) -> Result<Vec<Answered>, ClientError> {
    let answers: Answers = client.send(Method::POST, VALUES, &[], Some(uses(credentials))).await?;
    answers.for_each_of(credentials)
}

fn uses(credentials: &[Value]) -> Value {
    json!({ "purpose": "USE", "credentials": credentials })
}

impl Answers {
    fn for_each_of(self, credentials: &[Value]) -> Result<Vec<Answered>, ClientError> {
        if self.items.len() == credentials.len() { Ok(self.items) } else { Err(ClientError::Foreign(200)) }
    }
}

/// As the API names it.
async fn name(client: &Client, reference: &Reference, known: &mut Workspaces) -> Result<Value, ClientError> {
    let workspace_id = match &reference.workspace {
        Some(workspace) => Some(known.id(client, workspace.as_str()).await?),
        None => None,
    };
    Ok(json!({ "provider": reference.provider, "name": reference.name, "workspace_id": workspace_id }))
}

/// Those that have been asked for.
#[derive(Default)]
struct Workspaces(HashMap<String, WorkspaceId>);

impl Workspaces {
    async fn id(&mut self, client: &Client, id_or_name: &str) -> Result<WorkspaceId, ClientError> {
        if let Some(id) = self.0.get(id_or_name) {
            return Ok(*id);
        }
        let id = workspaces::id(client, id_or_name).await?;
        self.0.insert(id_or_name.to_owned(), id);
        Ok(id)
    }
}
