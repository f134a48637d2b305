//! `strongroom doctor`: says whether a database is fit to hold secrets, and what is wrong if it is not.
//! Changes nothing.

use clap::Args;
use strongroom_crypto::KeyRing;
use strongroom_store::{SchemaError, Store};

use super::{Failure, say};
use crate::settings::{ConfigFile, DataFolder, KeyFile, RuntimeUrls};

/// Check logins, row-level security, policies, grants and the key file
#[derive(Args, Debug)]
pub struct Doctor {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    urls: RuntimeUrls,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    keys: KeyFile,
}

impl Doctor {
    /// # Errors
    /// With everything that is wrong.
    pub async fn run(self) -> Result<(), Failure> {
        let folder = self.data.path();
        let (app, system) = self.urls.given()?.unwrap_or_else(|| RuntimeUrls::embedded(&folder));
        let mut findings = match Store::connect(&app, &system, 1).await {
            Ok(store) => {
                store.close().await;
                say("ok: logins, row-level security, policies, grants, functions and triggers match this version");
                Vec::new()
            }
            Err(SchemaError::Unsafe(findings)) => findings,
            Err(other) => vec![format!("the database cannot be checked: {other}")],
        };
        match KeyRing::load(&self.keys.path(&folder)) {
            Ok(ring) => say(&format!("ok: the key file is readable; new values are sealed under {}", ring.current())),
            Err(error) => findings.push(error.to_string()),
        }
        if findings.is_empty() { Ok(()) } else { Err(findings.join("\n").into()) }
    }
}
