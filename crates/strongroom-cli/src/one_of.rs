//! Arguments that are one of a few words, in any case.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use strum::VariantNames;

/// Reads one of the words of that enum, which the help and the completions list. The argument has `ignore_case`.
pub fn one_of<T>() -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static> + VariantNames + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(T::VARIANTS).try_map(|word| word.to_ascii_uppercase().parse())
}
