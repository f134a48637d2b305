//! Exports of 1Password: 1PUX (a zip with `export.data` in it) and CSV. Passwords, notes, and fields that are concealed or plain
//! text become credentials; user names and addresses become metadata. No card, identity or document is taken.

use std::io::Cursor;

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use strongroom_types::CredentialType;
use zip::ZipArchive;

use super::{Draft, Findings, MAX_FILE_BYTES, address, filled, onepassword_csv};
use crate::bounded;
use crate::error::ClientError;

pub(super) const PROVIDER: &str = "1password";
const NOTE: &str = "003";

#[derive(Deserialize)]
struct Export {
    accounts: Vec<Account>,
}

#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    vaults: Vec<Vault>,
}

#[derive(Deserialize)]
struct Vault {
    #[serde(default)]
    items: Vec<Entry>,
}

/// The first versions of the format have each item in an object of its own.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Wrapped { item: Item },
    Plain(Item),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(default)]
    trashed: bool,
    state: Option<String>,
    category_uuid: String,
    #[serde(default)]
    details: Details,
    overview: Overview,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    login_fields: Option<Vec<LoginField>>,
    notes_plain: Option<SecretString>,
    sections: Option<Vec<Section>>,
    password: Option<SecretString>,
    password_history: Option<Vec<IgnoredAny>>,
    passkey: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoginField {
    name: Option<String>,
    value: Option<SecretString>,
    designation: Option<String>,
    field_type: Option<String>,
}

#[derive(Deserialize)]
struct Section {
    fields: Option<Vec<Field>>,
}

#[derive(Deserialize)]
struct Field {
    title: Option<String>,
    id: Option<String>,
    #[serde(default)]
    value: FieldValue,
}

/// One of them is there.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FieldValue {
    concealed: Option<SecretString>,
    string: Option<SecretString>,
    totp: Option<SecretString>,
    ssh_key: Option<SshKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SshKey {
    private_key: Option<SecretString>,
}

#[derive(Deserialize)]
struct Overview {
    #[serde(default)]
    title: String,
    url: Option<String>,
    urls: Option<Vec<Address>>,
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Address {
    url: String,
}

/// Reads either.
///
/// # Errors
/// Where it is neither.
pub fn read(bytes: &[u8]) -> Result<Findings, ClientError> {
    if !bytes.starts_with(b"PK") {
        return onepassword_csv::read(bytes);
    }
    let wrong = |e: &dyn std::fmt::Display| ClientError::Input(format!("this is no 1PUX file: {e}"));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| wrong(&e))?;
    let data = archive.by_name("export.data").map_err(|e| wrong(&e))?;
    // What the archive says of its size is not believed.
    let expected = usize::try_from(data.size()).unwrap_or(0);
    let text = bounded::read(data, expected, MAX_FILE_BYTES).map_err(|e| wrong(&e))?;
    let export: Export = serde_json::from_slice(&text)
        .map_err(|e| wrong(&format!("export.data, line {}, column {}", e.line(), e.column())))?;
    let mut findings = Findings::default();
    for entry in export.accounts.iter().flat_map(|account| &account.vaults).flat_map(|vault| &vault.items) {
        let (Entry::Wrapped { item } | Entry::Plain(item)) = entry;
        item.add_to(&mut findings);
    }
    Ok(findings)
}

impl Item {
    fn add_to(&self, findings: &mut Findings) {
        let title = &self.overview.title;
        if self.trashed || self.state.as_deref() == Some("archived") {
            return findings.skip(title, "it is archived");
        }
        if let Some(reason) = self.reason_to_leave() {
            return findings.skip(title, reason);
        }
        let provider = self.addresses().find_map(address::service).unwrap_or_else(|| PROVIDER.into());
        let tags = findings.tags(title, self.overview.tags.as_deref().unwrap_or_default());
        let known = findings.count();
        let secret = |name: String, value| Draft {
            name,
            provider: &provider,
            kind: CredentialType::Secret,
            value,
            metadata: Map::new(),
            tags: tags.clone(),
        };
        match self.password() {
            Some(value) => {
                let (kind, metadata) = (CredentialType::Password, self.metadata());
                findings.add(title, Draft { kind, metadata, ..secret(title.clone(), value) });
            }
            None if matches!(self.category_uuid.as_str(), "001" | "005") => {
                findings.skip(title, "this item has no password");
            }
            None => {}
        }
        if let Some(notes) = filled(&self.details.notes_plain) {
            let name = if self.category_uuid == NOTE { title.clone() } else { format!("{title}: notes") };
            findings.add(&format!("{title}: notes"), secret(name, notes));
        }
        let sections = self.details.sections.iter().flatten();
        for field in sections.flat_map(|section| section.fields.iter().flatten()) {
            let name = format!("{title}: {}", field.name());
            match field.value.secret() {
                Some(value) => findings.add(&name, secret(name.clone(), value)),
                None => findings.skip(&name, "this field is empty, or is no text and no secret"),
            }
        }
        for field in self.details.login_fields.iter().flatten().filter(|field| field.designation().is_none()) {
            let name = format!("{title}: {}", field.name());
            match filled(&field.value).filter(|_| field.is_password()) {
                Some(value) => findings.add(&name, secret(name.clone(), value)),
                None => findings.skip(&name, "this field of a form is no password"),
            }
        }
        self.skip_rest(findings);
        if findings.count() == known {
            findings.skip(title, "there is nothing in it that is taken");
        }
    }

    /// What we have no place for is said, so that nobody misses it later.
    fn skip_rest(&self, findings: &mut Findings) {
        let title = &self.overview.title;
        if self.details.passkey.is_some() {
            findings.skip(&format!("{title}: passkey"), "a passkey cannot leave its keeper");
        }
        if self.details.password_history.as_ref().is_some_and(|former| !former.is_empty()) {
            findings.skip(&format!("{title}: former passwords"), "only the current one is taken");
        }
    }

    /// By the numbers that 1Password gives its categories.
    fn reason_to_leave(&self) -> Option<&'static str> {
        match self.category_uuid.as_str() {
            // Login, note, password, software license, database, router, server, e-mail, API credential, SSH key, wallet.
            "001" | NOTE | "005" | "100" | "102" | "109" | "110" | "111" | "112" | "114" | "115" => None,
            "002" | "101" => Some("a card or an account of a bank is no credential"),
            "006" => Some("a document is no credential"),
            "004" | "103" | "104" | "105" | "106" | "107" | "108" | "113" => Some("an identity is no credential"),
            _ => Some("its kind is not known here"),
        }
    }

    fn password(&self) -> Option<&SecretString> {
        self.login_field("password").or(filled(&self.details.password))
    }

    fn login_field(&self, designation: &str) -> Option<&SecretString> {
        let mut fields = self.details.login_fields.iter().flatten();
        let field = fields.find(|field| field.designation() == Some(designation))?;
        filled(&field.value)
    }

    fn addresses(&self) -> impl Iterator<Item = &str> {
        let more = self.overview.urls.iter().flatten().map(|address| address.url.as_str());
        let mut seen = std::collections::HashSet::new();
        self.overview.url.as_deref().into_iter().chain(more).filter(move |url| seen.insert(*url))
    }

    fn metadata(&self) -> Map<String, Value> {
        use secrecy::ExposeSecret;

        metadata(self.login_field("username").map(|name| name.expose_secret()), self.addresses())
    }
}

/// What is known of a password, and is no secret.
pub(super) fn metadata<'a>(username: Option<&str>, uris: impl Iterator<Item = &'a str>) -> Map<String, Value> {
    let uris: Vec<String> = uris.filter_map(address::public).collect();
    let all = [("username", username.map(|name| json!(name))), ("uris", (!uris.is_empty()).then(|| json!(uris)))];
    all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

impl LoginField {
    /// What it is of the login: `username` or `password`, and nothing for whatever else a form had.
    fn designation(&self) -> Option<&str> {
        self.designation.as_deref().filter(|designation| !designation.is_empty())
    }

    fn is_password(&self) -> bool {
        self.field_type.as_deref() == Some("P")
    }

    fn name(&self) -> &str {
        self.name.as_deref().filter(|name| !name.is_empty()).unwrap_or("field")
    }
}

impl Field {
    fn name(&self) -> &str {
        let names = [self.title.as_deref(), self.id.as_deref()];
        names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or("field")
    }
}

impl FieldValue {
    fn secret(&self) -> Option<&SecretString> {
        let key = self.ssh_key.as_ref().and_then(|key| filled(&key.private_key));
        filled(&self.concealed).or(filled(&self.totp)).or(key).or(filled(&self.string))
    }
}
