//! Obtaining values: what for, and of which credentials.
//! The values themselves are in no type here.

use serde::Deserialize;
use strum::Display;
use utoipa::{IntoParams, ToSchema};

use crate::ids::{CredentialId, WorkspaceId};
use crate::number::version;
use crate::text::{Invalid, Name, Provider};
use crate::versions::VersionNumber;

/// What a value is obtained for. Each is permitted, limited and recorded apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Display, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Purpose {
    /// For a person's eyes.
    #[default]
    Reveal,
    /// For a program. Not in a browser's session.
    Use,
    /// For the server, which seals an earlier value anew and shows it to nobody.
    #[serde(skip)]
    Restore,
}

/// How a value is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ValueQuery {
    /// `REVEAL`, unless told.
    #[serde(default)]
    #[param(inline)]
    pub purpose: Purpose,
    /// A former version; the current one, unless told.
    #[param(inline)]
    pub version: Option<VersionNumber>,
}

/// Values asked for at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "purpose": "USE",
    "credentials": [{ "id": CredentialId::EXAMPLE }, { "provider": "github", "name": "Deploy key" }],
}))]
pub struct ValuesRequest {
    #[serde(default)]
    pub purpose: Purpose,
    pub credentials: References,
}

/// One to a hundred references.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(try_from = "Vec<Reference>")]
#[schema(min_items = 1, max_items = 100)]
pub struct References(Vec<Reference>);

impl References {
    /// Each of them.
    pub fn as_slice(&self) -> &[Reference] {
        &self.0
    }
}

impl From<Reference> for References {
    fn from(one: Reference) -> Self {
        Self(vec![one])
    }
}

impl TryFrom<Vec<Reference>> for References {
    type Error = Invalid;

    fn try_from(references: Vec<Reference>) -> Result<Self, Invalid> {
        if (1..=100).contains(&references.len()) {
            Ok(Self(references))
        } else {
            Err(Invalid("must be 1 to 100 credentials".into()))
        }
    }
}

/// Names a credential: by its id, or by provider and name, for the most specific one of the caller's.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Reference {
    Id(IdReference),
    Name(NameReference),
}

/// A credential, and one of its versions.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdReference {
    pub id: CredentialId,
    /// A former version; the current one, unless told.
    #[serde(default, deserialize_with = "version")]
    #[schema(minimum = 1, maximum = 2147483647)]
    pub version: Option<i32>,
}

/// The caller's own credential of that provider and name, else that of a workspace that he administers, else one that is
/// granted to him.
#[derive(Clone, Debug, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NameReference {
    #[param(inline)]
    pub provider: Provider,
    #[param(inline)]
    pub name: Name,
    /// Only of that workspace.
    #[param(inline)]
    pub workspace_id: Option<WorkspaceId>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reference_is_by_id_or_by_name_and_never_by_both() {
        let parse = |text: &str| serde_json::from_str::<Reference>(text);
        let id = CredentialId::EXAMPLE;
        assert!(matches!(parse(&format!(r#"{{"id": "{id}", "version": 2}}"#)), Ok(Reference::Id(_))));
        assert!(matches!(parse(r#"{"provider": "p", "name": "n"}"#), Ok(Reference::Name(_))));
        assert!(parse(&format!(r#"{{"id": "{id}", "provider": "p", "name": "n"}}"#)).is_err());
        assert!(parse(r#"{"provider": "p"}"#).is_err());
    }

    #[test]
    fn a_restore_cannot_be_asked_for_as_a_reveal() {
        assert!(serde_json::from_str::<Purpose>(r#""RESTORE""#).is_err());
    }

    #[test]
    fn a_batch_is_one_to_a_hundred() {
        let parse = |n| serde_json::from_value::<References>(vec![json!({ "provider": "p", "name": "n" }); n].into());
        assert!(parse(0).is_err());
        assert!(parse(1).is_ok() && parse(100).is_ok());
        assert!(parse(101).is_err());
    }
}
