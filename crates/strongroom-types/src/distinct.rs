//! Short lists in which nothing stands twice: tags, permissions, actions.
//! The order is the sender's and means nothing.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{Array, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::text::Invalid;

/// `MIN` to `MAX` items, none of them twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<T>")]
#[serde(bound(deserialize = "T: Deserialize<'de> + PartialEq"))]
pub struct Distinct<T, const MIN: usize, const MAX: usize>(Vec<T>);

impl<T, const MIN: usize, const MAX: usize> Distinct<T, MIN, MAX> {
    /// Each of them.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MAX: usize> Default for Distinct<T, 0, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: PartialEq, const MIN: usize, const MAX: usize> TryFrom<Vec<T>> for Distinct<T, MIN, MAX> {
    type Error = Invalid;

    fn try_from(items: Vec<T>) -> Result<Self, Invalid> {
        if !(MIN..=MAX).contains(&items.len()) {
            return Err(Invalid(format!("must be {MIN} to {MAX} of them")));
        }
        if items.iter().enumerate().any(|(index, item)| items.iter().take(index).any(|before| before == item)) {
            return Err(Invalid("must not hold the same twice".into()));
        }
        Ok(Self(items))
    }
}

impl<T: ToSchema, const MIN: usize, const MAX: usize> PartialSchema for Distinct<T, MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        Array::builder().items(T::schema()).min_items(Some(MIN)).max_items(Some(MAX)).unique_items(true).into()
    }
}

impl<T: ToSchema, const MIN: usize, const MAX: usize> ToSchema for Distinct<T, MIN, MAX> {
    fn name() -> Cow<'static, str> {
        format!("{}s", T::name()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_within_their_bounds_and_each_is_there_once() {
        let parse = |text: &str| serde_json::from_str::<Distinct<u8, 1, 3>>(text);
        assert_eq!(parse("[1, 2, 3]").unwrap().as_slice(), [1, 2, 3]);
        for wrong in ["[]", "[1, 1]", "[1, 2, 3, 4]", r#"["1"]"#, "null"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
