//! A row of the record as it is hashed: every column as a text, in a fixed order. docs/record.md is the specification.
//! The same bytes come of the database and of an export, whoever reads them.

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// A row of the record, for whoever seals or verifies it. Other readers have [`crate::Activity`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Option<String>>", into = "Vec<Option<String>>")]
pub struct RecordRow {
    id: i64,
    fields: Vec<Option<String>>,
}

impl RecordRow {
    /// What the fields are: the columns of activity_logs but transaction_id, which ends with its cluster. Times are
    /// microseconds since 1970, addresses have their netmask.
    pub const FIELDS: [&str; 19] = [
        "id",
        "occurred_at",
        "action",
        "outcome",
        "reason",
        "actor_id",
        "entity_type",
        "entity_id",
        "owner_id",
        "workspace_id",
        "scope",
        "provider",
        "name",
        "version",
        "grantee_id",
        "request_id",
        "token_id",
        "address",
        "user_agent",
    ];

    /// The first field.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// When it happened, in microseconds since 1970; None where it is no number.
    pub fn occurred_at(&self) -> Option<i64> {
        self.fields.get(1)?.as_deref()?.parse().ok()
    }

    /// What is hashed: for each field a zero byte where it is NULL; else a one, the length of the text in bytes as four
    /// bytes, big-endian, and the text in UTF-8. No two rows read the same.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        for field in &self.fields {
            match field {
                None => bytes.push(0),
                Some(text) => {
                    bytes.push(1);
                    bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
                    bytes.extend_from_slice(text.as_bytes());
                }
            }
        }
        bytes
    }
}

impl TryFrom<Vec<Option<String>>> for RecordRow {
    type Error = Invalid;

    fn try_from(fields: Vec<Option<String>>) -> Result<Self, Invalid> {
        let id = fields.first().and_then(|id| id.as_deref()?.parse().ok());
        match id {
            Some(id) if fields.len() == Self::FIELDS.len() => Ok(Self { id, fields }),
            _ => Err(Invalid("must be a row of the record: 19 texts, of which the first is its id".into())),
        }
    }
}

impl From<RecordRow> for Vec<Option<String>> {
    fn from(row: RecordRow) -> Self {
        row.fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(first: &str, second: Option<&str>, third: Option<&str>) -> RecordRow {
        let mut fields = vec![None; RecordRow::FIELDS.len()];
        fields[0] = Some(first.into());
        fields[1] = second.map(Into::into);
        fields[2] = third.map(Into::into);
        fields.try_into().unwrap()
    }

    #[test]
    fn rows_that_differ_read_differently() {
        let rows = [
            row("1", Some("ab"), Some("c")),
            row("1", Some("a"), Some("bc")),
            row("1", Some("abc"), None),
            row("1", None, Some("abc")),
            row("1", Some("abc"), Some("")),
        ];
        for (n, one) in rows.iter().enumerate() {
            assert!(rows[n + 1..].iter().all(|other| one.bytes() != other.bytes()), "{n}");
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        let mut expected = b"\x01\x00\x00\x00\x017\x01\x00\x00\x00\x02\xc3\xbc".to_vec();
        expected.resize(expected.len() + 17, 0);
        assert_eq!(row("7", Some("\u{fc}"), None).bytes(), expected);
    }
}
