//! Where the keys are that data keys are wrapped under: a key file, OpenBao's Transit, or both while values move from one to the
//! other. What an envelope names is opened by whoever has it; the settings say who seals.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use strongroom_crypto::{KeyProtection, KeyProvider, KeyRing, OpenBaoSettings, SealUnder, Transit};

use super::KeyFile;
use crate::command::Failure;

/// The keys.
#[derive(Args, Debug)]
pub struct KeySettings {
    #[command(flatten)]
    pub key_file: KeyFile,
    /// Who wraps the data keys of new values
    #[arg(long, env = "STRONGROOM_KEY_PROVIDER", value_enum, default_value_t = Provider::File, value_name = "PROVIDER")]
    key_provider: Provider,
    /// Seal under the key file while OpenBao is away; strongroom keys rewrap undoes it
    #[arg(long, env = "STRONGROOM_KEY_FALLBACK")]
    key_fallback: bool,
    /// OpenBao or Vault whose Transit engine wraps data keys: https://…, or http://… on this machine
    #[arg(long, env = "STRONGROOM_OPENBAO_URL", value_name = "URL")]
    openbao_url: Option<String>,
    /// File with the role id of the server's AppRole
    #[arg(long, env = "STRONGROOM_OPENBAO_ROLE_ID_FILE", value_name = "FILE")]
    openbao_role_id_file: Option<PathBuf>,
    /// File with its secret id, read again for each login
    #[arg(long, env = "STRONGROOM_OPENBAO_SECRET_ID_FILE", value_name = "FILE")]
    openbao_secret_id_file: Option<PathBuf>,
    /// Namespace of both
    #[arg(long, env = "STRONGROOM_OPENBAO_NAMESPACE", value_name = "NAMESPACE")]
    openbao_namespace: Option<String>,
    /// Where Transit is mounted
    #[arg(long, env = "STRONGROOM_OPENBAO_TRANSIT_MOUNT", default_value = "transit", value_name = "PATH")]
    openbao_transit_mount: String,
    /// Where AppRole is mounted
    #[arg(long, env = "STRONGROOM_OPENBAO_APPROLE_MOUNT", default_value = "approle", value_name = "PATH")]
    openbao_approle_mount: String,
    /// PEM file with the authorities of OpenBao's certificate, in the place of the system's
    #[arg(long, env = "STRONGROOM_OPENBAO_CA_FILE", value_name = "FILE")]
    openbao_ca_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Provider {
    /// The key file
    File,
    /// OpenBao's Transit
    Openbao,
}

impl KeySettings {
    /// Whether these settings fit together.
    ///
    /// # Errors
    /// Where some are missing, or are without effect.
    pub fn check(&self) -> Result<(), Failure> {
        if self.key_fallback && self.key_provider == Provider::File {
            return Err("key_fallback is for key_provider = openbao: the key file is what it falls back to".into());
        }
        if self.key_provider == Provider::Openbao && self.openbao_url.is_none() {
            return Err("key_provider = openbao needs openbao_url".into());
        }
        self.transit().map(drop)
    }

    /// Where the key file is, or would be.
    pub fn path(&self, folder: &Path) -> PathBuf {
        self.key_file.path(folder)
    }

    /// What keeps the key file.
    ///
    /// # Errors
    /// Where the file with its passphrase does not hold one.
    pub fn protection(&self) -> Result<KeyProtection, Failure> {
        self.key_file.protection()
    }

    /// Who seals.
    pub fn seal_under(&self) -> SealUnder {
        match (self.key_provider, self.key_fallback) {
            (Provider::File, _) => SealUnder::Ring,
            (Provider::Openbao, false) => SealUnder::Transit,
            (Provider::Openbao, true) => SealUnder::TransitOrRing,
        }
    }

    /// The keys of the key file; None: there is none, and none is needed to seal.
    ///
    /// # Errors
    /// Where it is not fit to be used, or missing.
    pub fn ring(&self, folder: &Path) -> Result<Option<KeyRing>, Failure> {
        let path = self.path(folder);
        if self.seal_under() == SealUnder::Transit && !path.exists() {
            return Ok(None);
        }
        Ok(Some(KeyRing::load(&path, &self.protection()?)?))
    }

    /// All of them.
    ///
    /// # Errors
    /// As [`Self::check`] and [`Self::ring`].
    pub fn provider(&self, folder: &Path) -> Result<KeyProvider, Failure> {
        self.provider_with(self.ring(folder)?)
    }

    /// With that ring in the place of the key file's.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn provider_with(&self, ring: Option<KeyRing>) -> Result<KeyProvider, Failure> {
        self.check()?;
        Ok(KeyProvider::new(self.seal_under(), ring, self.transit()?.map(Arc::new))?)
    }

    fn transit(&self) -> Result<Option<Transit>, Failure> {
        match (&self.openbao_url, &self.openbao_role_id_file, &self.openbao_secret_id_file) {
            (Some(url), Some(role_id_file), Some(secret_id_file)) => Ok(Some(Transit::new(OpenBaoSettings {
                url: url.clone(),
                namespace: self.openbao_namespace.clone(),
                approle_mount: self.openbao_approle_mount.clone(),
                transit_mount: self.openbao_transit_mount.clone(),
                role_id_file: role_id_file.clone(),
                secret_id_file: secret_id_file.clone(),
                ca_file: self.openbao_ca_file.clone(),
            })?)),
            (None, None, None) => Ok(None),
            _ => Err("give openbao_url, openbao_role_id_file and openbao_secret_id_file, or none of the three".into()),
        }
    }
}
