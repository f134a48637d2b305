//! The unencrypted JSON export of Bitwarden and of what is compatible with it. Logins and SSH keys, notes, and fields of
//! text become credentials; user names and addresses become metadata of their login. No card and no identity is taken.

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use strongroom_types::{CredentialType, Tags};

use super::{Draft, Findings, address, filled};
use crate::error::ClientError;

const PROVIDER: &str = "bitwarden";

#[derive(Deserialize)]
struct Export {
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(rename = "type")]
    kind: u8,
    name: Option<String>,
    notes: Option<SecretString>,
    fields: Option<Vec<Field>>,
    login: Option<Login>,
    ssh_key: Option<SshKey>,
    password_history: Option<Vec<IgnoredAny>>,
    deleted_date: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Field {
    #[serde(rename = "type")]
    kind: u8,
    name: Option<String>,
    value: Option<SecretString>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    username: Option<String>,
    password: Option<SecretString>,
    totp: Option<SecretString>,
    uris: Option<Vec<Address>>,
    fido2_credentials: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct Address {
    uri: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SshKey {
    private_key: Option<SecretString>,
    public_key: Option<String>,
}

/// Reads it.
///
/// # Errors
/// Where it is no such export, or an encrypted one.
pub fn read(text: &[u8]) -> Result<Findings, ClientError> {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(default)]
        encrypted: bool,
    }
    let refused = |e: serde_json::Error| {
        let (line, column) = (e.line(), e.column());
        ClientError::Input(format!("this is no Bitwarden export in JSON (line {line}, column {column})"))
    };
    // Its items are in a form of their own, so that this is asked first.
    if serde_json::from_slice::<Kind>(text).map_err(refused)?.encrypted {
        let what_to_do = "this Bitwarden export is encrypted; export it as .json, which is not";
        return Err(ClientError::Input(what_to_do.into()));
    }
    let export: Export = serde_json::from_slice(text).map_err(refused)?;
    let mut findings = Findings::default();
    for (index, item) in export.items.iter().enumerate() {
        let name = item.name.clone().unwrap_or_else(|| format!("item {}", index + 1));
        item.add_to(&mut findings, &name);
    }
    Ok(findings)
}

impl Item {
    fn add_to(&self, findings: &mut Findings, name: &str) {
        if self.deleted_date.is_some() {
            return findings.skip(name, "it is in the trash");
        }
        let provider = match self.kind {
            1 | 2 | 5 => self.provider(),
            3 => return findings.skip(name, "a card is no credential"),
            4 => return findings.skip(name, "an identity is no credential"),
            _ => return findings.skip(name, "its kind is not known here"),
        };
        let secret = |name: String, value| Draft {
            name,
            provider: &provider,
            kind: CredentialType::Secret,
            value,
            metadata: Map::new(),
            tags: Tags::default(),
        };
        if let Some(password) = self.login.as_ref().and_then(|login| filled(&login.password)) {
            let (kind, metadata) = (CredentialType::Password, self.metadata());
            findings.add(name, Draft { kind, metadata, ..secret(name.into(), password) });
        } else if self.kind == 1 {
            findings.skip(name, "this login has no password");
        }
        if let Some(key) = self.ssh_key.as_ref().and_then(|key| filled(&key.private_key)) {
            findings.add(name, Draft { metadata: self.metadata(), ..secret(name.into(), key) });
        }
        if let Some(notes) = filled(&self.notes) {
            let own = if self.kind == 2 { name.to_owned() } else { format!("{name}: notes") };
            findings.add(&format!("{name}: notes"), secret(own, notes));
        } else if self.kind == 2 {
            findings.skip(name, "this note is empty");
        }
        if let Some(totp) = self.login.as_ref().and_then(|login| filled(&login.totp)) {
            findings.add(&format!("{name}: TOTP"), secret(format!("{name}: TOTP"), totp));
        }
        for (index, field) in self.fields.iter().flatten().enumerate() {
            let field_name = field.name.clone().filter(|name| !name.is_empty());
            let own = format!("{name}: {}", field_name.unwrap_or_else(|| format!("field {}", index + 1)));
            match (field.kind, filled(&field.value)) {
                (0 | 1, Some(value)) => findings.add(&own, secret(own.clone(), value)),
                (0 | 1, None) => findings.skip(&own, "this field is empty"),
                _ => findings.skip(&own, "a field that is no text is no credential"),
            }
        }
        self.skip_rest(findings, name);
    }

    /// What we have no place for is said, so that nobody misses it later.
    fn skip_rest(&self, findings: &mut Findings, name: &str) {
        let passkeys = self.login.as_ref().and_then(|login| login.fido2_credentials.as_ref()).map_or(0, Vec::len);
        if passkeys > 0 {
            findings.skip(&format!("{name}: passkeys"), "a passkey cannot leave its keeper");
        }
        if self.password_history.as_ref().is_some_and(|former| !former.is_empty()) {
            findings.skip(&format!("{name}: former passwords"), "only the current one is taken");
        }
    }

    fn addresses(&self) -> impl Iterator<Item = &str> {
        let addresses = self.login.iter().flat_map(|login| login.uris.iter().flatten());
        addresses.filter_map(|address| address.uri.as_deref())
    }

    fn provider(&self) -> String {
        self.addresses().find_map(address::service).unwrap_or_else(|| PROVIDER.into())
    }

    fn metadata(&self) -> Map<String, Value> {
        let username = self.login.as_ref().and_then(|login| login.username.as_ref()).filter(|name| !name.is_empty());
        let uris: Vec<String> = self.addresses().filter_map(address::public).collect();
        let public_key = self.ssh_key.as_ref().and_then(|key| key.public_key.as_ref());
        let all = [
            ("username", username.map(|name| json!(name))),
            ("uris", (!uris.is_empty()).then(|| json!(uris))),
            ("public_key", public_key.map(|key| json!(key))),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }
}
