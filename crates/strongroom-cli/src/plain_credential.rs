//! A credential with its value in the clear, as POST /api/credentials takes it: on its way to a server, or into a sealed file.
//! It must never be printed, nor written to a file that is not sealed.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use strongroom_types::{Credential, CredentialScope, CredentialType, NewCredential, Tag, WorkspaceId};

/// What a request, or an item of an export, holds.
#[derive(Serialize)]
pub struct PlainCredential<'a> {
    name: &'a str,
    provider: &'a str,
    #[serde(rename = "type")]
    kind: CredentialType,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<CredentialScope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<WorkspaceId>,
    value: &'a str,
    description: Option<&'a str>,
    expires_at: Option<DateTime<Utc>>,
    tags: Vec<&'a str>,
    metadata: Value,
}

impl<'a> PlainCredential<'a> {
    /// One that is to be kept.
    pub fn new(new: &'a NewCredential) -> Self {
        Self {
            name: new.name.as_str(),
            provider: new.provider.as_str(),
            kind: new.kind,
            scope: new.scope,
            workspace_id: new.workspace_id,
            value: new.value.expose(),
            description: new.description.as_ref().map(|text| text.as_str()),
            expires_at: new.expires_at,
            tags: new.tags.as_slice().iter().map(Tag::as_str).collect(),
            metadata: json!(new.metadata),
        }
    }

    /// One that was kept, to be kept elsewhere: whose it was is left out.
    pub fn exported(credential: &'a Credential, value: &'a SecretString) -> Self {
        Self {
            name: &credential.name,
            provider: &credential.provider,
            kind: credential.kind,
            scope: None,
            workspace_id: None,
            value: value.expose_secret(),
            description: credential.description.as_deref(),
            expires_at: credential.expires_at,
            tags: credential.tags.iter().map(String::as_str).collect(),
            metadata: json!(credential.metadata),
        }
    }
}
