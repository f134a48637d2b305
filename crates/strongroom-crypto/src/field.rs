//! Fields of other tables: what an application seals of its own rows, and under which named key.
//! A field is bound to its table, column and row; nothing here knows what it holds.

use strongroom_types::{Invalid, SecretValue};

/// The most that each name of a field may hold, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// What a key-encryption key is for. A provider with named keys has one of each; a key file has one ring for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyName {
    /// Credentials of this vault.
    Credentials,
    /// OAuth tokens of an application's accounts.
    AccountTokens,
    /// What servers vouch with: the server's own secret, and the key that signs the record.
    Federation,
    /// What an application tells providers of language models.
    LlmConfig,
}

/// What every envelope begins with, of whatever version.
const SEALED: &str = "strongroom:v";

/// Whether a text is sealed, or says so: such a one is never taken for a value in the clear.
pub fn is_sealed(text: &str) -> bool {
    text.starts_with(SEALED)
}

/// What was in a field.
#[derive(Debug)]
pub enum FieldValue {
    Sealed(SecretValue),
    /// In the clear: whoever may write to the table can have put it there.
    Clear(SecretValue),
}

/// One field of one row of an application's table.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use strongroom_crypto::{Field, KeyName, KeyProtection, KeyProvider, KeyRing};
/// use strongroom_types::SecretValue;
/// # let folder = tempfile::tempdir()?; let key_file = folder.path().join("keys.json");
/// # KeyRing::create(&key_file, &KeyProtection::Mode)?;
/// let keys = KeyProvider::local(KeyRing::load(&key_file, &KeyProtection::Mode)?);
/// let field = Field::new(KeyName::AccountTokens, "public.accounts", "access_token", "42")?;
/// let sealed = keys.seal_field(&field, &SecretValue::new("gho_a_token".into())?).await?;
/// assert_eq!(keys.open_field(&field, &sealed).await?.expose(), "gho_a_token");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    key: KeyName,
    table: String,
    column: String,
    row: String,
}

impl Field {
    /// Names are the application's: the table (with its schema, where two could have the same name), the column, and
    /// whatever tells the row from others and never changes, as a text.
    ///
    /// # Errors
    /// Refuses an empty name and one above 255 bytes.
    pub fn new(key: KeyName, table: &str, column: &str, row: &str) -> Result<Self, Invalid> {
        for name in [table, column, row] {
            if !(1..=MAX_NAME_BYTES).contains(&name.len()) {
                return Err(Invalid(format!("each name of a field must be 1 to {MAX_NAME_BYTES} bytes")));
            }
        }
        Ok(Self { key, table: table.into(), column: column.into(), row: row.into() })
    }

    /// The named key that it is sealed under.
    pub fn key(&self) -> KeyName {
        self.key
    }

    /// What it is, for the associated data: key, table, column, row.
    pub(crate) fn names(&self) -> [String; 4] {
        [self.key.to_string(), self.table.clone(), self.column.clone(), self.row.clone()]
    }
}
