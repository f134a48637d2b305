//! A JSON array of credentials, each as POST /api/credentials takes it, less where it is kept: that the person says, and never the file.
//! What `strongroom export` seals has this form.

use serde_json::value::RawValue;
use strongroom_types::NewCredential;

use super::Findings;
use crate::error::ClientError;

const CHOOSES: &str =
    "it says where it is to be kept (`workspace_id` or `scope`), and only --workspace may; take that out";

/// Reads it.
///
/// # Errors
/// Where it is no array.
pub fn read(text: &[u8]) -> Result<Findings, ClientError> {
    let items: Vec<&RawValue> = serde_json::from_slice(text).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        ClientError::Input(format!("this is no JSON array (line {line}, column {column})"))
    })?;
    let mut findings = Findings::default();
    for (index, item) in items.into_iter().enumerate() {
        let place = format!("item {}", index + 1);
        match parse(item) {
            Ok(new) if new.workspace_id.is_some() || new.scope.is_some() => findings.fail(&place, CHOOSES),
            Ok(new) => findings.take(&format!("{place}, {}", new.name.as_str()), new),
            Err(reason) => findings.fail(&place, reason),
        }
    }
    Ok(findings)
}

/// Names the field, since what serde says of it may repeat its value.
fn parse(item: &RawValue) -> Result<NewCredential, String> {
    let mut deserializer = serde_json::Deserializer::from_str(item.get());
    serde_path_to_error::deserialize(&mut deserializer).map_err(|e| {
        let field = e.path().to_string();
        let what = if field == "." { "a field".into() } else { format!("`{field}`") };
        format!("{what} is missing, unknown or not as POST /api/credentials takes it")
    })
}
