//! Versions of a credential: the next value, and what is known of the former ones.
//! The values of former versions are in no type here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::credentials::{CredentialType, mask};
use crate::number::Whole;
use crate::secret::SecretValue;
use crate::text::Invalid;

/// The number of a version, as a path or a query has it: 1 or more.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(try_from = "i32")]
#[schema(value_type = i32, minimum = 1, maximum = 2147483647)]
pub struct VersionNumber(i32);

impl VersionNumber {
    /// The number.
    pub fn get(self) -> i32 {
        self.0
    }
}

impl TryFrom<i32> for VersionNumber {
    type Error = Invalid;

    fn try_from(number: i32) -> Result<Self, Invalid> {
        if number > 0 { Ok(Self(number)) } else { Err(Invalid("must be 1 or more".into())) }
    }
}

/// The next value of a credential.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "value": "ghp_example9876543210dcba", "grace_seconds": 3600 }))]
pub struct NewVersion {
    pub value: SecretValue,
    /// When the new value expires, if at all; without it the former date stays.
    pub expires_at: Option<DateTime<Utc>>,
    /// For how long the former value still answers to those that ask for its version. Without it, no former value does,
    /// but to those that manage the credential.
    pub grace_seconds: Option<Grace>,
}

impl NewVersion {
    /// What may be shown of the value, in a credential of that type.
    pub fn masked_value(&self, kind: CredentialType) -> String {
        mask(kind, &self.value)
    }
}

/// How long a former value still answers: 1 second to 30 days.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(try_from = "Whole")]
#[schema(minimum = 1, maximum = 2592000, example = 3600)]
pub struct Grace(u32);

impl Grace {
    /// In seconds.
    pub fn seconds(self) -> f64 {
        self.0.into()
    }
}

impl TryFrom<Whole> for Grace {
    type Error = Invalid;

    fn try_from(Whole(seconds): Whole) -> Result<Self, Invalid> {
        let seconds = u32::try_from(seconds).ok().filter(|seconds| (1..=30 * 24 * 3600).contains(seconds));
        seconds.map(Self).ok_or_else(|| Invalid("must be 1 to 2592000 seconds".into()))
    }
}

/// A version, masked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "version": 1,
    "masked_value": "****abcd",
    "is_current": false,
    "superseded_at": "2026-11-23T09:00:00Z",
    "answers_until": "2026-11-23T10:00:00Z",
    "purged_at": null,
}))]
pub struct CredentialVersion {
    pub version: i32,
    pub masked_value: String,
    pub is_current: bool,
    pub superseded_at: Option<DateTime<Utc>>,
    /// The end of its grace.
    pub answers_until: Option<DateTime<Utc>>,
    /// When the value was destroyed for good.
    pub purged_at: Option<DateTime<Utc>>,
}
