//! How credentials and their versions are shown to people. No value is among it.

use serde_json::Value;
use strongroom_types::{Credential, CredentialVersion};

use crate::error::ClientError;
use crate::output::{Answer, Column, list, maybe, maybe_time, time};

/// One of them, masked.
///
/// # Errors
/// Where it is no JSON.
pub fn shown(credential: &Credential) -> Result<Answer, ClientError> {
    Answer::fields(credential, FIELDS)
}

/// A list of them, each with the workspace that it is of.
pub const ROW: &[Column<(Credential, String)>] = &[
    ("ID", |(credential, _)| credential.id.to_string()),
    ("Name", |(credential, _)| credential.name.clone()),
    ("Provider", |(credential, _)| credential.provider.clone()),
    ("Type", |(credential, _)| credential.kind.to_string()),
    ("Value", |(credential, _)| credential.masked_value.clone()),
    ("Of", |(credential, _)| credential.scope.to_string()),
    ("Workspace", |(_, workspace)| workspace.clone()),
    ("State", |(credential, _)| state(credential).into()),
    ("Expires", |(credential, _)| maybe_time(credential.expires_at)),
    ("Last used", |(credential, _)| maybe_time(credential.last_used_at)),
];

const FIELDS: &[Column<Credential>] = &[
    ("ID", |credential| credential.id.to_string()),
    ("Name", |credential| credential.name.clone()),
    ("Provider", |credential| credential.provider.clone()),
    ("Type", |credential| credential.kind.to_string()),
    ("Of", |credential| credential.scope.to_string()),
    ("Workspace", |credential| maybe(&credential.workspace_id)),
    ("Value", |credential| credential.masked_value.clone()),
    ("Version", |credential| credential.version.to_string()),
    ("State", |credential| state(credential).into()),
    ("You may", |credential| list(&credential.permissions)),
    ("Description", |credential| maybe(&credential.description)),
    ("Tags", |credential| credential.tags.join(", ")),
    ("Metadata", |credential| {
        if credential.metadata.is_empty() {
            String::new()
        } else {
            Value::from(credential.metadata.clone()).to_string()
        }
    }),
    ("Expires", |credential| maybe_time(credential.expires_at)),
    ("Last used", |credential| maybe_time(credential.last_used_at)),
    ("Rotated", |credential| maybe_time(credential.rotated_at)),
    ("Former value answers until", |credential| maybe_time(credential.former_answers_until)),
    ("Revoked", |credential| maybe_time(credential.revoked_at)),
    ("Destroyed", |credential| maybe_time(credential.purged_at)),
    ("Created", |credential| time(credential.created_at)),
];

/// The versions of one.
pub const VERSIONS: &[Column<CredentialVersion>] = &[
    ("Version", |version| version.version.to_string()),
    ("Value", |version| version.masked_value.clone()),
    ("Current", |version| if version.is_current { "yes" } else { "" }.into()),
    ("Superseded", |version| maybe_time(version.superseded_at)),
    ("Answers until", |version| maybe_time(version.answers_until)),
    ("Destroyed", |version| maybe_time(version.purged_at)),
];

fn state(credential: &Credential) -> &'static str {
    match (credential.is_active, credential.purged_at) {
        (_, Some(_)) => "destroyed",
        (true, None) => "active",
        (false, None) => "revoked",
    }
}
