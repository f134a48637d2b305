//! Seals a value for each row that comes in, `credential id, tab, user id`, and gives it back with its envelope: what
//! `bench/run` fills a database with. The value is `ghp_` and the credential's id; it is nobody's secret.
//! Usage: seal_rows KEY_FILE <rows >rows-with-envelopes

use std::error::Error;
use std::io::{BufRead, BufWriter, Write, stdin, stdout};
use std::path::Path;

use strongroom_crypto::{KeyProtection, KeyProvider, KeyRing};
use strongroom_types::{Binding, CredentialScope, SecretValue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).ok_or("say which key file")?;
    let keys = KeyProvider::local(KeyRing::load(Path::new(&file), &KeyProtection::Mode)?);
    let mut out = BufWriter::new(stdout().lock());
    for row in stdin().lock().lines() {
        let row = row?;
        let (credential, user) = row.split_once('\t').ok_or("a row is a credential's id, a tab, a user's id")?;
        let binding = Binding {
            credential_id: credential.parse()?,
            owner_id: user.parse()?,
            workspace_id: None,
            scope: CredentialScope::User,
            version: 1,
        };
        let value = SecretValue::new(format!("ghp_{credential}")).map_err(|refused| refused.0)?;
        writeln!(out, "{row}\t{}", keys.seal(&binding, &value).await?)?;
    }
    Ok(out.flush()?)
}
