//! A .env file: each variable is a credential of its name.

use std::path::Path;

use secrecy::ExposeSecret;
use serde_json::Map;
use strongroom_types::{CredentialType, Tags};

use super::{Draft, Findings, MAX_FILE_BYTES};
use crate::env_file;
use crate::error::ClientError;
use crate::reference::SCHEME;

/// Reads it.
///
/// # Errors
/// Where it is no such file.
pub fn read(path: &Path, provider: &str) -> Result<Findings, ClientError> {
    let mut findings = Findings::default();
    let variables = env_file::read(path, MAX_FILE_BYTES)?;
    for name in &variables.superseded {
        findings.skip(name, "it stands again further down, which counts");
    }
    for (name, value) in variables.all {
        let text = value.expose_secret();
        if text.is_empty() {
            findings.skip(&name, "it is empty");
            continue;
        }
        if text.starts_with(SCHEME) {
            findings.skip(&name, "it is a reference to a credential, and no value");
            continue;
        }
        let kind = CredentialType::Secret;
        let draft =
            Draft { name: name.clone(), provider, kind, value: &value, metadata: Map::new(), tags: Tags::default() };
        findings.add(&name, draft);
    }
    Ok(findings)
}
