//! Metadata of a credential: an object in its owner's words, which nothing here reads the meaning of.
//! Bounded, and without what PostgreSQL's jsonb cannot hold. Never a place for secrets: it is not sealed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{AnyOf, SchemaType};
use utoipa::openapi::{Array, Object, ObjectBuilder, Ref, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::text::{Invalid, text};

/// A JSON object of up to 8 KiB, written compactly, without NUL.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    /// The most that metadata may hold, in bytes of compact JSON.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// The object, for the database.
    pub fn into_json(self) -> Value {
        Value::Object(self.0)
    }
}

impl PartialSchema for Metadata {
    fn schema() -> RefOr<Schema> {
        let description = "A JSON object of up to 8 KiB, written compactly, without NUL.";
        object_without_nul().description(Some(description)).examples([json!({ "team": "platform" })]).into()
    }
}

impl ToSchema for Metadata {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((MetadataValue::name().into(), MetadataValue::schema()));
    }
}

/// What metadata hold, at any depth.
enum MetadataValue {}

impl PartialSchema for MetadataValue {
    fn schema() -> RefOr<Schema> {
        let plain = Object::builder().schema_type(SchemaType::from_iter([Type::Null, Type::Boolean, Type::Number]));
        let array = Array::builder().items(Ref::from_schema_name(Self::name()));
        let any = AnyOf::builder().item(plain).item(text_without_nul()).item(array).item(object_without_nul());
        any.description(Some("JSON without NUL, at any depth.")).into()
    }
}

impl ToSchema for MetadataValue {}

fn object_without_nul() -> ObjectBuilder {
    Object::builder()
        .schema_type(Type::Object)
        .property_names(Some(Schema::Object(text_without_nul().build())))
        .additional_properties(Some(Ref::from_schema_name(MetadataValue::name())))
}

fn text_without_nul() -> ObjectBuilder {
    text().pattern(Some(r"^[^\u0000]*$"))
}

impl TryFrom<Map<String, Value>> for Metadata {
    type Error = Invalid;

    fn try_from(map: Map<String, Value>) -> Result<Self, Invalid> {
        let object = Value::Object(map);
        if object.to_string().len() > Self::MAX_BYTES {
            return Err(Invalid("must be at most 8 KiB of JSON".into()));
        }
        // PostgreSQL's jsonb cannot hold U+0000.
        if has_nul(&object) {
            return Err(Invalid("must not contain NUL".into()));
        }
        match object {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(Invalid("must be a JSON object".into())),
        }
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(map) => map.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_an_object_within_its_bound_and_without_nul() {
        let parse = |text: &str| serde_json::from_str::<Metadata>(text);
        assert!(parse(r#"{"a": {"b": [1, "c"]}}"#).is_ok());
        assert!(parse("[]").is_err());
        assert!(parse(r#"{"a": ["b\u0000"]}"#).is_err());
        assert!(parse(r#"{"a\u0000": 1}"#).is_err());
        let of_length = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length - 8));
        assert!(parse(&of_length(Metadata::MAX_BYTES)).is_ok());
        assert!(parse(&of_length(Metadata::MAX_BYTES + 1)).is_err());
    }
}
