//! The CSV export of 1Password: a line a login, less what only 1PUX has. Columns are found by their heads.

use csv::{ReaderBuilder, StringRecord};
use secrecy::SecretString;
use serde_json::Map;
use strongroom_types::CredentialType;

use super::onepassword::{PROVIDER, metadata};
use super::{Draft, Findings, address};
use crate::error::ClientError;

/// Reads it.
///
/// # Errors
/// Where it has no titles or no passwords, or is no CSV.
pub fn read(bytes: &[u8]) -> Result<Findings, ClientError> {
    // The error of csv may repeat what it has read.
    let wrong = |_| {
        ClientError::Input("this is neither a 1PUX file nor CSV in UTF-8 with the same columns in each line".into())
    };
    let mut reader = ReaderBuilder::new().from_reader(bytes);
    let columns = Columns::of(reader.headers().map_err(wrong)?)?;
    let mut findings = Findings::default();
    for row in reader.records() {
        columns.add(&row.map_err(wrong)?, &mut findings);
    }
    Ok(findings)
}

struct Columns {
    title: usize,
    password: usize,
    username: Option<usize>,
    url: Option<usize>,
    totp: Option<usize>,
    notes: Option<usize>,
    tags: Option<usize>,
    archived: Option<usize>,
}

impl Columns {
    fn of(heads: &StringRecord) -> Result<Self, ClientError> {
        let find =
            |names: &[&str]| heads.iter().position(|head| names.iter().any(|name| head.eq_ignore_ascii_case(name)));
        let (Some(title), Some(password)) = (find(&["title"]), find(&["password"])) else {
            return Err(ClientError::Input(
                "this is no export of 1Password: it has no columns Title and Password".into(),
            ));
        };
        Ok(Self {
            title,
            password,
            username: find(&["username"]),
            url: find(&["url", "website"]),
            totp: find(&["otpauth", "one-time password"]),
            notes: find(&["notes"]),
            tags: find(&["tags"]),
            archived: find(&["archived"]),
        })
    }

    fn add(&self, row: &StringRecord, findings: &mut Findings) {
        let cell = |column: Option<usize>| column.and_then(|column| row.get(column)).filter(|text| !text.is_empty());
        let title = cell(Some(self.title)).unwrap_or_default();
        if cell(self.archived).is_some_and(|archived| archived.eq_ignore_ascii_case("true")) {
            return findings.skip(title, "it is archived");
        }
        let provider = cell(self.url).and_then(address::service).unwrap_or_else(|| PROVIDER.into());
        let tags: Vec<String> = cell(self.tags)
            .into_iter()
            .flat_map(|tags| tags.split([',', ';']))
            .map(|tag| tag.trim().to_owned())
            .filter(|tag| !tag.is_empty())
            .collect();
        let tags = findings.tags(title, &tags);
        let mut add = |place: &str, kind, value: &str, metadata| {
            let value = SecretString::from(value);
            findings.add(
                place,
                Draft { name: place.into(), provider: &provider, kind, value: &value, metadata, tags: tags.clone() },
            );
        };
        if let Some(password) = cell(Some(self.password)) {
            add(title, CredentialType::Password, password, metadata(cell(self.username), cell(self.url).into_iter()));
        }
        for (what, column) in [("TOTP", self.totp), ("notes", self.notes)] {
            if let Some(value) = cell(column) {
                add(&format!("{title}: {what}"), CredentialType::Secret, value, Map::new());
            }
        }
        if cell(Some(self.password)).is_none() {
            findings.skip(title, "this item has no password");
        }
    }
}
