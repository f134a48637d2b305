//! Seals one value so many times, and opens it so many times: for `valgrind --tool=callgrind`, which counts instructions.
//! What both runs have in common falls out of the difference of two (bench/speed/seal.py).
//! Usage: seal_and_open SEALS OPENS

use std::error::Error;
use std::hint::black_box;

use strongroom_crypto::{KeyProtection, KeyProvider, KeyRing};
use strongroom_types::{Binding, CredentialId, CredentialScope, SecretValue, UserId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut times = std::env::args().skip(1).map(|times| times.parse::<u32>());
    let (seals, opens) = (times.next().ok_or("say how many seals")??, times.next().ok_or("and how many opens")??);
    let folder = tempfile::tempdir()?;
    let keys = KeyProvider::local(KeyRing::create(&folder.path().join("keys.json"), &KeyProtection::Mode)?);
    let binding = Binding {
        credential_id: CredentialId::generate(),
        owner_id: UserId::generate(),
        workspace_id: None,
        scope: CredentialScope::User,
        version: 1,
    };
    let value = SecretValue::new("ghp_0123456789abcdefghijklmnopqrstuvwxyz".into()).map_err(|refused| refused.0)?;
    let envelope = keys.seal(&binding, &value).await?;
    for _ in 0..seals {
        black_box(keys.seal(&binding, black_box(&value)).await?);
    }
    for _ in 0..opens {
        black_box(keys.open(&binding, black_box(&envelope)).await?);
    }
    Ok(())
}
