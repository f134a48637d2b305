//! The record as it is verified: its rows as they are hashed, and the parts that it comes in. docs/record.md is the specification.
//! The same parts come of the database and of an exported file, whoever reads them; nothing of them is to be believed yet.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Invalid;

/// How far the record is sealed, as the database says: only `strongroom audit verify` shows that it is true.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "size": 4711,
    "waiting": 3,
    "sealed_at": "2026-11-23T09:30:00Z",
    "checkpoint": "strongroom/0123456789abcdef\n4711\n…\n\n— strongroom/0123456789abcdef …\n",
}))]
pub struct RecordState {
    /// How many rows the last checkpoint covers.
    pub size: i64,
    /// How many rows wait for the next one; 10 000 means: that many, or more.
    pub waiting: i64,
    /// When the last one was made; absent until there is one.
    pub sealed_at: Option<DateTime<Utc>>,
    /// The last one, a signed note: to be kept where whoever owns the database cannot reach it.
    pub checkpoint: Option<String>,
}

/// A part of the record. First the cut, if there is one; then all batches in order; then the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordPart {
    Cut(RecordCut),
    Batch(SealedBatch),
    End(RecordEnd),
}

/// The beginning was cut off, up to there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordCut {
    pub size: u64,
    pub tree: TreeState,
}

/// A batch of rows that has been sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedBatch {
    /// Of the tree, at its end.
    pub size: u64,
    /// In the order of their leaves.
    pub ids: Vec<i64>,
    /// The first eight bytes of each leaf's hash.
    #[serde(with = "base64")]
    pub marks: Vec<u8>,
    pub tree: TreeState,
    /// Those with these ids that there are, in whatever order.
    pub rows: Vec<RecordRow>,
}

/// Where the tree is: to be believed when the note's signature holds and the frontier has its root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeState {
    #[serde(with = "base64")]
    pub frontier: Vec<u8>,
    pub note: String,
}

/// What the database says when all batches have been there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordEnd {
    /// Rows that batches cover, each counted once.
    pub sealed: u64,
    /// Rows that wait for the next checkpoint.
    pub waiting: u64,
    /// Rows that should have been sealed long ago, and were not there then.
    pub late: u64,
    /// The first of those.
    pub first_late: Vec<i64>,
}

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

/// Bytes as a text.
mod base64 {
    use data_encoding::BASE64;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        BASE64.decode(String::deserialize(deserializer)?.as_bytes()).map_err(D::Error::custom)
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
