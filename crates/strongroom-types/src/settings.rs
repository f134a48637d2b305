//! Settings of the instance, which its administrators change while it runs: how long things are kept.
//! What a server needs to start is not here.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::number::Whole;
use crate::text::Invalid;

/// How long is kept what would otherwise stay for ever. All of it is said whenever it is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "record_retention_days": 730,
    "record_retention_promise_days": 365,
    "version_retention_days": 365,
    "revoked_retention_days": 365,
}))]
pub struct Settings {
    /// How long the record is kept; null: for ever. Never below the promise.
    #[serde(deserialize_with = "present")]
    #[schema(required)]
    pub record_retention_days: Option<Days>,
    /// How long the record is kept at least, come what may; 0: nothing is promised. It is raised, and never lowered.
    #[serde(deserialize_with = "promise")]
    #[schema(minimum = 0, maximum = 36500)]
    pub record_retention_promise_days: u16,
    /// How long a former version is kept after the next one came; then its value is destroyed.
    pub version_retention_days: Days,
    /// How long a revoked credential can be restored; then its values are destroyed.
    pub revoked_retention_days: Days,
}

/// An option that must be said, be it null: one that is forgotten would mean for ever.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Days>, D::Error> {
    Option::deserialize(deserializer)
}

/// A promise may be of no day.
fn promise<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    match Whole::deserialize(deserializer)? {
        Whole(0) => Ok(0),
        days => Days::try_from(days).map(Days::get).map_err(serde::de::Error::custom),
    }
}

/// A number of days of 24 hours: 1 to 36500, a hundred years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Whole")]
#[schema(minimum = 1, maximum = 36500)]
pub struct Days(u16);

impl Days {
    /// The longest time that there is.
    pub const MAX: u16 = 36_500;

    /// How many.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<Whole> for Days {
    type Error = Invalid;

    fn try_from(Whole(days): Whole) -> Result<Self, Invalid> {
        u16::try_from(days).unwrap_or_default().try_into()
    }
}

impl TryFrom<u16> for Days {
    type Error = Invalid;

    fn try_from(days: u16) -> Result<Self, Invalid> {
        if (1..=Self::MAX).contains(&days) { Ok(Self(days)) } else { Err(Invalid("must be 1 to 36500".into())) }
    }
}
