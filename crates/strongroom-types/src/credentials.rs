//! Credentials as people see them: everything but the value.
//! No type here carries an envelope or a plaintext, save the inputs that bring a new value in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use strum::{Display, EnumString, VariantNames};
use utoipa::openapi::schema::{AllOf, SchemaType};
use utoipa::openapi::{Object, Ref, RefOr, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::grants::Permission;
use crate::ids::{CredentialId, UserId, WorkspaceId};
use crate::metadata::Metadata;
use crate::page::PageSize;
use crate::secret::SecretValue;
use crate::text::{Description, Name, Provider, Tag, Tags};

/// What kind of secret a credential holds. It guides people and masks; the value is opaque text whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, EnumString, VariantNames, ToSchema)]
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
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
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
    "revision": 1,
    "permissions": ["USE", "REVEAL", "MANAGE"],
    "description": "Pushes releases",
    "tags": ["ci"],
    "metadata": { "team": "platform" },
    "is_active": true,
    "expires_at": "2027-11-23T00:00:00Z",
    "last_used_at": null,
    "rotated_at": null,
    "former_answers_until": null,
    "revoked_at": null,
    "purged_at": null,
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
    /// Counts every change but that of `last_used_at`; the ETag.
    pub revision: i32,
    /// What you may do with it, as far as your token reaches.
    pub permissions: Vec<Permission>,
    pub description: Option<String>,
    pub tags: Vec<String>,
    #[schema(value_type = Metadata)]
    pub metadata: Map<String, Value>,
    pub is_active: bool,
    pub expires_at: Option<DateTime<Utc>>,
    /// To five minutes, and noted within seconds; the record has the moment.
    pub last_used_at: Option<DateTime<Utc>>,
    pub rotated_at: Option<DateTime<Utc>>,
    /// Until when the version before this one answers to those that ask for it.
    pub former_answers_until: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// When the value was destroyed for good.
    pub purged_at: Option<DateTime<Utc>>,
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
    "tags": ["ci"],
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
    pub tags: Tags,
    #[serde(default)]
    pub metadata: Metadata,
}

/// What an administrator says of a SYSTEM secret to be kept, for the description of the API: a [`NewCredential`]
/// without a workspace.
pub enum NewSecret {}

impl PartialSchema for NewSecret {
    fn schema() -> RefOr<Schema> {
        let nothing = Object::builder().schema_type(Type::Null);
        let scope = Object::builder()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .enum_values(Some([json!(CredentialScope::System), Value::Null]));
        let own = Object::builder().property("scope", scope).property("workspace_id", nothing);
        AllOf::builder().item(Ref::from_schema_name(NewCredential::name())).item(own).into()
    }
}

impl ToSchema for NewSecret {}

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
    pub tags: Option<Tags>,
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
    /// One of the tags.
    #[param(inline)]
    pub tag: Option<Tag>,
    /// Expires before that moment, or has.
    pub expires_before: Option<DateTime<Utc>>,
    /// Not used since that moment, or never.
    pub unused_since: Option<DateTime<Utc>>,
    /// The `next_cursor` of the page before.
    #[param(inline)]
    pub cursor: Option<CredentialId>,
    #[serde(default)]
    #[param(inline)]
    pub limit: PageSize,
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
    fn a_password_shows_nothing_of_itself_however_long() {
        let value = SecretValue::new("correct horse battery staple".into()).unwrap();
        assert_eq!(mask(CredentialType::Password, &value), "****");
        assert_eq!(mask(CredentialType::ApiKey, &value), "****aple");
    }
}
