//! Whole numbers as JSON has them. To JSON Schema, 90.0 is an integer (draft 2020-12, core, section 4.2.3), and there are
//! clients whose language knows no other numbers; serde's integers refuse it.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// A whole number, whether it is written 90 or 90.0.
pub(crate) struct Whole(pub i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not `deserialize_i64`: out of an untagged enum, that refuses what has a fraction of zero.
        deserializer.deserialize_any(WholeVisitor)
    }
}

/// A version: 1 or more.
pub(crate) fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    let number = Option::<Whole>::deserialize(deserializer)?.map(|Whole(number)| number);
    let version = number.map(|number| i32::try_from(number).ok().filter(|version| *version > 0));
    version.map(|version| version.ok_or_else(|| Error::custom("must be 1 or more"))).transpose()
}

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = Whole;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a whole number")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Whole, E> {
        Ok(Whole(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
        i64::try_from(number).map(Whole).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Whole, E> {
        // Its text is an integer's exactly where it is one.
        let whole = number.to_string().parse();
        whole.map(Whole).map_err(|_| E::invalid_value(Unexpected::Float(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let parse = |text: &str| serde_json::from_str::<Whole>(text).map(|Whole(number)| number).ok();
        assert_eq!(["90", "90.0", "9e1", "-0.0"].map(parse), [Some(90), Some(90), Some(90), Some(0)]);
        assert_eq!(["90.5", "1e300", "18446744073709551615", "\"90\"", "null"].map(parse), [None; 5]);
    }
}
