//! Whether every sealed value of a database opens under the given keys: the proof that a database and its key file belong
//! together. Plaintext is made and dropped; nothing of it is kept, shown or counted.

use strongroom_crypto::KeyProvider;
use strongroom_store::Inventory;

use super::Failure;

/// How many failures are told one by one.
const SHOWN: usize = 20;

/// What came of it.
#[derive(Debug, Default)]
pub struct Verification {
    pub opened: u64,
    pub failed: u64,
    /// Whether the server's own secret opens, without which no server starts; None where there is none yet.
    secret_opens: Option<bool>,
    /// Which, and why; the first of them.
    shown: Vec<String>,
}

impl Verification {
    /// Opens the current and former versions of all credentials.
    ///
    /// # Errors
    /// Where the database cannot be read. An envelope that does not open is a result.
    pub async fn of(inventory: &mut Inventory, keys: &KeyProvider) -> Result<Self, Failure> {
        let (mut result, mut last) = (Self::default(), None);
        if let Some(envelope) = inventory.server_secret_envelope().await? {
            result.secret_opens = Some(keys.open_server_secret(&envelope).await.is_ok());
        }
        loop {
            let batch = inventory.sealed_values(last.as_ref()).await?;
            let Some(end) = batch.last() else { return Ok(result) };
            last = Some(end.binding);
            for value in &batch {
                let opened = keys.open(&value.binding, &value.envelope).await;
                result.count(opened.map(drop).map_err(|error| {
                    format!("credential {}, version {}: {error}", value.binding.credential_id, value.binding.version)
                }));
            }
        }
    }

    fn count(&mut self, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.opened += 1,
            Err(why) => {
                self.failed += 1;
                if self.shown.len() < SHOWN {
                    self.shown.push(why);
                }
            }
        }
    }

    /// Whether these are the keys of another vault: no server would start with them, or no value opens.
    pub fn is_of_another_vault(&self) -> bool {
        !self.secret_opens.unwrap_or(self.opened > 0 || self.failed == 0)
    }

    /// Says it in a sentence.
    pub fn summary(&self) -> String {
        format!("{} of {} versions of credentials open", self.opened, self.opened + self.failed)
    }

    /// The first that do not open, a line each.
    pub fn failures(&self) -> String {
        let more = self.failed.saturating_sub(SHOWN as u64);
        let rest = (more > 0).then(|| format!("and {more} more"));
        self.shown.iter().cloned().chain(rest).map(|line| format!("\n  {line}")).collect()
    }
}
