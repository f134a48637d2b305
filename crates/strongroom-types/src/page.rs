//! Pages of a list: the same shape for every list of the API, and the same bounds.
//! A cursor is the last id of a page; what it points at need not exist any more.

use serde::{Deserialize, Serialize};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::text::Invalid;

/// Part of a list, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What to pass as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of rows fetched with [`PageSize::with_lookahead`]: the extra row only says that there is more.
    pub fn from_lookahead(mut items: Vec<T>, size: PageSize, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() > usize::from(size.0);
        items.truncate(size.0.into());
        let next_cursor = items.last().filter(|_| more).map(cursor);
        Self { items, next_cursor }
    }
}

/// Which page of a list that has no filters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageRequest<Id> {
    /// The `next_cursor` of the page before.
    pub cursor: Option<Id>,
    /// How many rows.
    #[serde(default)]
    pub limit: PageSize,
}

impl<Id: PartialSchema> IntoParams for PageRequest<Id> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let query = |name, description| {
            ParameterBuilder::new().parameter_in(ParameterIn::Query).name(name).description(Some(description))
        };
        vec![
            query("cursor", "The `next_cursor` of the page before.").schema(Some(Id::schema())).build(),
            query("limit", "How many rows.").schema(Some(PageSize::schema())).build(),
        ]
    }
}

/// How many rows a page holds: 1 to 100, and 20 unless told.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(try_from = "u32")]
#[schema(minimum = 1, maximum = 100, default = 20)]
pub struct PageSize(u8);

impl PageSize {
    /// One row more than the page, to learn whether there is a next one.
    pub fn with_lookahead(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(20)
    }
}

impl TryFrom<u32> for PageSize {
    type Error = Invalid;

    fn try_from(rows: u32) -> Result<Self, Invalid> {
        let bounded = u8::try_from(rows).ok().filter(|rows| (1..=100).contains(rows));
        bounded.map(Self).ok_or_else(|| Invalid("must be 1 to 100".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_last_page_has_no_cursor() {
        let size = PageSize(2);
        assert_eq!(Page::from_lookahead(vec![3, 2, 1], size, ToString::to_string).next_cursor.as_deref(), Some("2"));
        assert_eq!(Page::from_lookahead(vec![2, 1], size, ToString::to_string).next_cursor, None);
        assert_eq!(Page::<u8>::from_lookahead(vec![], size, ToString::to_string).items.len(), 0);
    }
}
