//! Associated data: what an envelope is bound to, as bytes. docs/envelope.md is its specification.
//! Every field is length-prefixed, so that no two bindings can read the same.

use strongroom_types::Binding;

use crate::envelope::{ALGORITHM, FORMAT_VERSION};
use crate::field::{Field, KeyName};
use crate::key_ring::KeyId;

/// What is sealed: an envelope opens as this and as nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'a> {
    /// A version of a credential.
    Credential(&'a Binding),
    /// The server's own secret, of which there is one in a vault.
    ServerSecret,
    /// The key that signs checkpoints of the record, of which there is one in a vault.
    RecordKey,
    /// A field of an application's table.
    Field(&'a Field),
}

impl Subject<'_> {
    /// The named key that it is sealed under.
    pub(crate) fn key_name(self) -> KeyName {
        match self {
            Self::Credential(_) => KeyName::Credentials,
            Self::ServerSecret | Self::RecordKey => KeyName::Federation,
            Self::Field(field) => field.key(),
        }
    }
}

/// Binds a value to what it is. It leaves the key id out: rewrapping renews the key and not the value.
pub(crate) fn of_value(subject: Subject<'_>) -> Vec<u8> {
    encode(b"strongroom value", &[], subject)
}

/// Binds a wrapped data key to the key that wraps it, and to what it is for.
pub(crate) fn of_data_key(key_id: &KeyId, subject: Subject<'_>) -> Vec<u8> {
    encode(b"strongroom data key", key_id.as_str().as_bytes(), subject)
}

fn encode(purpose: &[u8], key_id: &[u8], subject: Subject<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(160);
    for field in [purpose, &[FORMAT_VERSION, ALGORITHM], key_id] {
        push(&mut bytes, field);
    }
    match subject {
        Subject::Credential(binding) => push_binding(&mut bytes, binding),
        Subject::ServerSecret => push(&mut bytes, b"server secret"),
        Subject::RecordKey => push(&mut bytes, b"record key"),
        Subject::Field(field) => {
            push(&mut bytes, b"field");
            field.names().iter().for_each(|name| push(&mut bytes, name.as_bytes()));
        }
    }
    bytes
}

fn push_binding(bytes: &mut Vec<u8>, binding: &Binding) {
    push(bytes, binding.credential_id.0.as_bytes());
    push(bytes, binding.owner_id.0.as_bytes());
    push(bytes, binding.workspace_id.as_ref().map_or(&[], |id| id.0.as_bytes()));
    push(bytes, binding.scope.to_string().as_bytes());
    push(bytes, &binding.version.to_be_bytes());
}

fn push(bytes: &mut Vec<u8>, field: &[u8]) {
    // No field comes near 4 GiB; a length that did would be cut here and the value not open, never the reverse.
    bytes.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(field);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strongroom_types::{CredentialId, CredentialScope, UserId, WorkspaceId};
    use uuid::Uuid;

    use super::*;

    fn any_binding() -> impl Strategy<Value = Binding> {
        // From so few values that two bindings often differ in one field, or in none.
        (0..2_u128, 0..2_u128, proptest::option::of(0..2_u128), 0..3_usize, 0..2_i32).prop_map(
            |(credential, owner, workspace, scope, version)| Binding {
                credential_id: CredentialId(Uuid::from_u128(credential)),
                owner_id: UserId(Uuid::from_u128(owner)),
                workspace_id: workspace.map(|id| WorkspaceId(Uuid::from_u128(id))),
                scope: [CredentialScope::User, CredentialScope::Workspace, CredentialScope::System][scope],
                version,
            },
        )
    }

    fn any_field() -> impl Strategy<Value = Field> {
        // Names that run into one another, if nothing keeps them apart.
        (0..2_usize, "a{1,2}", "a{1,2}", "a{1,2}").prop_map(|(key, table, column, row)| {
            Field::new([KeyName::AccountTokens, KeyName::LlmConfig][key], &table, &column, &row).unwrap()
        })
    }

    proptest! {
        #[test]
        fn different_bindings_read_differently(one in any_binding(), two in any_binding()) {
            prop_assert_eq!(one == two, of_value(Subject::Credential(&one)) == of_value(Subject::Credential(&two)));
        }

        #[test]
        fn a_data_key_never_reads_as_a_value(binding in any_binding()) {
            let subject = Subject::Credential(&binding);
            prop_assert_ne!(of_value(subject), of_data_key(&"k".parse().unwrap(), subject));
        }

        #[test]
        fn a_field_reads_as_itself_and_as_nothing_else(binding in any_binding(), one in any_field(), two in any_field()) {
            prop_assert_eq!(one == two, of_value(Subject::Field(&one)) == of_value(Subject::Field(&two)));
            for other in [Subject::Credential(&binding), Subject::ServerSecret, Subject::RecordKey] {
                prop_assert_ne!(of_value(Subject::Field(&one)), of_value(other));
            }
        }

        #[test]
        fn a_credential_never_reads_as_the_servers_own(binding in any_binding()) {
            for other in [Subject::ServerSecret, Subject::RecordKey] {
                prop_assert_ne!(of_value(Subject::Credential(&binding)), of_value(other));
            }
            prop_assert_ne!(of_value(Subject::RecordKey), of_value(Subject::ServerSecret));
        }
    }
}
