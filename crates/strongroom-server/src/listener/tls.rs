//! TLS by rustls: a certificate chain and its key, from two PEM files, taken anew when they change.
//! Never serves a pair that does not fit, never falls back to plain HTTP, and never shows what a key file holds.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use clap::Args;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use crate::command::Failure;

/// How often the files are looked at. Read, and not watched: a mounted secret changes by a link elsewhere.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The files of the certificate; both or none.
#[derive(Args, Clone, Debug)]
pub struct TlsFiles {
    /// PEM file with the certificate of this server and those between it and a root; renewed when the file changes, or
    /// on SIGHUP
    #[arg(long, env = "STRONGROOM_TLS_CERTIFICATE_FILE", value_name = "FILE")]
    tls_certificate_file: Option<PathBuf>,
    /// PEM file with the private key of that certificate, not encrypted
    #[arg(long, env = "STRONGROOM_TLS_KEY_FILE", value_name = "FILE")]
    tls_key_file: Option<PathBuf>,
}

impl TlsFiles {
    pub fn given(&self) -> bool {
        self.tls_certificate_file.is_some() && self.tls_key_file.is_some()
    }

    pub fn check(&self) -> Result<(), Failure> {
        if self.tls_certificate_file.is_some() == self.tls_key_file.is_some() {
            return Ok(());
        }
        Err("give tls_certificate_file and tls_key_file, or none of them".into())
    }
}

/// A certificate in use.
pub struct Tls {
    certificate_file: PathBuf,
    key_file: PathBuf,
    config: RustlsConfig,
    hangup: Signal,
    hasher: RandomState,
    /// Of the pair that was tried last, so that a broken one is complained of once.
    seen: u64,
}

/// What the two files hold.
struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Tls {
    /// Loads the pair; None where none was given.
    ///
    /// # Errors
    /// Where a file cannot be read, or the two are no certificate and its key.
    pub fn load(files: &TlsFiles) -> Result<Option<Self>, Failure> {
        let (Some(certificate_file), Some(key_file)) = (&files.tls_certificate_file, &files.tls_key_file) else {
            return Ok(None);
        };
        let pair = Pair::read(certificate_file, key_file)?;
        let hasher = RandomState::new();
        Ok(Some(Self {
            config: RustlsConfig::from_config(pair.server_config()?),
            certificate_file: certificate_file.clone(),
            key_file: key_file.clone(),
            hangup: signal(SignalKind::hangup())?,
            seen: pair.hash(&hasher),
            hasher,
        }))
    }

    /// Speaks TLS on what `inner` accepts.
    pub fn acceptor<A>(&self, inner: A, handshake_timeout: Duration) -> RustlsAcceptor<A> {
        RustlsAcceptor::new(self.config.clone()).handshake_timeout(handshake_timeout).acceptor(inner)
    }

    /// Takes a new pair into use for new connections; does not end.
    pub async fn keep_fresh(&mut self) {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = look.tick() => self.refresh(false),
                _ = self.hangup.recv() => self.refresh(true),
            }
        }
    }

    fn refresh(&mut self, asked: bool) {
        let refreshed = Pair::read(&self.certificate_file, &self.key_file).and_then(|pair| {
            let hash = pair.hash(&self.hasher);
            if hash == std::mem::replace(&mut self.seen, hash) && !asked {
                return Ok(false);
            }
            self.config.reload_from_config(pair.server_config()?);
            Ok(true)
        });
        match refreshed {
            Ok(true) => tracing::info!("new connections get the certificate as it is in its file now"),
            Ok(false) => {}
            Err(wrong) => tracing::error!(%wrong, "the new certificate is not usable; the former one stays"),
        }
    }
}

impl Pair {
    fn read(certificate: &Path, key: &Path) -> Result<Self, String> {
        let read = |path: &Path| std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
        Ok(Self { certificate: read(certificate)?, key: read(key)? })
    }

    fn hash(&self, hasher: &RandomState) -> u64 {
        hasher.hash_one((&self.certificate, &self.key))
    }

    /// rustls refuses a key that is another certificate's.
    fn server_config(&self) -> Result<Arc<ServerConfig>, String> {
        let chain = CertificateDer::pem_slice_iter(&self.certificate).collect::<Result<Vec<_>, _>>();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or("tls_certificate_file is not a PEM file with certificates")?;
        let key = PrivateKeyDer::from_pem_slice(&self.key);
        let key = key.map_err(|_| "tls_key_file is not a PEM file with a private key that is not encrypted")?;
        let unfit = |e| format!("tls_certificate_file and tls_key_file do not make a pair: {e}");
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unfit)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(unfit)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}
