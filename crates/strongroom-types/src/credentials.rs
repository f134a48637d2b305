//! Credentials as people see them: everything but the value.
//! No type here carries an envelope or a plaintext, save the inputs that bring a new value in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use strum::{Display, EnumString};
use utoipa::openapi::schema::{AnyOf, SchemaType};
use utoipa::openapi::{Array, Object, ObjectBuilder, Ref, RefOr, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::ids::{CredentialId, UserId, WorkspaceId};
use crate::page::PageSize;
use crate::secret::SecretValue;
use crate::text::{Description, Invalid, Name, Provider, text};

/// What kind of secret a credential holds. It guides people and masks; the value is opaque text whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, EnumString, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum CredentialType {
    ApiKey,
    OauthToken,
    AccessToken,
    Secret,
    Password,
    Custom,
}

/// Whose a credential is: one person's, a workspace's (for its OWNERs and ADMINs), or the instance's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, EnumString, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum CredentialScope {
    User,
    Workspace,
    System,
}

/// What an envelope is bound to: one that is copied to another row, or whose row is moved to another owner,
/// workspace or scope, does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The row.
    pub credential_id: CredentialId,
    /// Whose it is: who made it, for WORKSPACE and SYSTEM credentials.
    pub owner_id: UserId,
    /// Only of WORKSPACE credentials.
    pub workspace_id: Option<WorkspaceId>,
    /// Whose it is.
    pub scope: CredentialScope,
    /// Which value of the credential; the first is 1.
    pub version: i32,
}

/// A credential, masked.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": CredentialId::EXAMPLE,
    "user_id": UserId::EXAMPLE,
    "workspace_id": null,
    "name": "Deploy key",
    "provider": "github",
    "type": "API_KEY",
    "scope": "USER",
    "masked_value": "****abcd",
    "version": 1,
    "description": "Pushes releases",
    "metadata": { "team": "platform" },
    "is_active": true,
    "expires_at": "2027-11-23T00:00:00Z",
    "last_used_at": null,
    "rotated_at": null,
    "created_at": "2026-11-23T09:00:00Z",
    "updated_at": "2026-11-23T09:00:00Z",
}))]
pub struct Credential {
    pub id: CredentialId,
    pub user_id: UserId,
    pub workspace_id: Option<WorkspaceId>,
    pub name: String,
    pub provider: String,
    #[serde(rename = "type")]
    pub kind: CredentialType,
    pub scope: CredentialScope,
    pub masked_value: String,
    pub version: i32,
    pub description: Option<String>,
    #[schema(value_type = Metadata)]
    pub metadata: Map<String, Value>,
    pub is_active: bool,
    pub expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    pub rotated_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Credential {
    /// What a value sealed for the given version of this credential is bound to.
    pub fn binding(&self, version: i32) -> Binding {
        Binding {
            credential_id: self.id,
            owner_id: self.user_id,
            workspace_id: self.workspace_id,
            scope: self.scope,
            version,
        }
    }
}

/// What a caller says of a credential to be kept. With a workspace it is a WORKSPACE credential, else a USER one;
/// a `scope` that says otherwise is refused by the service.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Deploy key",
    "provider": "github",
    "type": "API_KEY",
    "value": "ghp_example0123456789abcd",
    "description": "Pushes releases",
    "expires_at": "2027-11-23T00:00:00Z",
    "metadata": { "team": "platform" },
}))]
pub struct NewCredential {
    pub name: Name,
    pub provider: Provider,
    #[serde(rename = "type")]
    pub kind: CredentialType,
    pub scope: Option<CredentialScope>,
    pub workspace_id: Option<WorkspaceId>,
    pub value: SecretValue,
    pub description: Option<Description>,
    pub expires_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub metadata: Metadata,
}

impl NewCredential {
    /// What may be shown of the value. A password shows nothing: its end narrows a guess.
    pub fn masked_value(&self) -> String {
        mask(self.kind, &self.value)
    }
}

/// What is shown of a value of that type.
pub(crate) fn mask(kind: CredentialType, value: &SecretValue) -> String {
    match kind {
        CredentialType::Password => "****".into(),
        _ => value.masked(),
    }
}

/// The next value of a credential.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVersion {
    pub value: SecretValue,
    /// When the new value expires, if at all; without it the former date stays.
    pub expires_at: Option<DateTime<Utc>>,
}

impl NewVersion {
    /// What may be shown of the value, in a credential of that type.
    pub fn masked_value(&self, kind: CredentialType) -> String {
        mask(kind, &self.value)
    }
}

/// Changes to what is known of a credential; what is absent stays, what is `null` is cleared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "description": "Pushes releases and tags", "expires_at": null }))]
pub struct CredentialPatch {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub name: Option<Name>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Description>)]
    pub description: Option<Option<Description>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub expires_at: Option<Option<DateTime<Utc>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub metadata: Option<Metadata>,
}

/// Tells a field that is absent from one that is `null`.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Which credentials a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CredentialFilter {
    #[param(inline)]
    pub provider: Option<Provider>,
    #[serde(rename = "type")]
    #[param(inline)]
    pub kind: Option<CredentialType>,
    #[param(inline)]
    pub scope: Option<CredentialScope>,
    #[param(inline)]
    pub workspace_id: Option<WorkspaceId>,
    /// Absent: the active ones and the revoked ones.
    pub active: Option<bool>,
    /// A part of the name, the provider or the description, in any case.
    #[param(inline)]
    pub text: Option<Name>,
    /// The `next_cursor` of the page before.
    #[param(inline)]
    pub cursor: Option<CredentialId>,
    #[serde(default)]
    #[param(inline)]
    pub limit: PageSize,
}

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
    fn a_patch_tells_absent_from_null() {
        let patch: CredentialPatch = serde_json::from_str(r#"{"description": null}"#).unwrap();
        assert!(matches!(patch.description, Some(None)));
        assert!(patch.expires_at.is_none());
        assert!(serde_json::from_str::<CredentialPatch>(r#"{"name": null}"#).is_err());
        assert!(serde_json::from_str::<CredentialPatch>(r#"{"value": "x"}"#).is_err());
    }

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

    #[test]
    fn a_password_shows_nothing_of_itself_however_long() {
        let value = SecretValue::new("correct horse battery staple".into()).unwrap();
        assert_eq!(mask(CredentialType::Password, &value), "****");
        assert_eq!(mask(CredentialType::ApiKey, &value), "****aple");
    }
}
