//! `strongroom serve`: the server, on the embedded PostgreSQL or on the one that it is given.
//! It serves only when everything that it stands on has been checked.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use strongroom_crypto::{KeyRing, SealUnder};
use strongroom_service::{Limits, SessionPolicy, Vault};
use strongroom_store::{Schema, Store};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use super::{Failure, say, setup_token};
use crate::checkpoints::{CheckpointSettings, Checkpoints};
use crate::embedded::{Cluster, Supervisor};
use crate::housekeeping::Housekeeping;
use crate::listener::{HttpSettings, Listener};
use crate::routes::router;
use crate::sealing::Sealing;
use crate::settings::{ConfigFile, DataFolder, FederationSettings, KeySettings, RuntimeUrls};
use crate::telemetry::{MetricsListener, MetricsSettings, TraceSettings};
use crate::web;

/// How long the last acts may take in the database, after the last answer.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Run the server
#[derive(Args, Debug)]
pub struct Serve {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    settings: ServeSettings,
}

/// What a server is told.
#[derive(Args, Debug)]
pub(super) struct ServeSettings {
    #[command(flatten)]
    http: HttpSettings,
    #[command(flatten)]
    pub(super) urls: RuntimeUrls,
    #[command(flatten)]
    pub(super) data: DataFolder,
    #[command(flatten)]
    pub(super) keys: KeySettings,
    #[command(flatten)]
    metrics: MetricsSettings,
    #[command(flatten)]
    traces: TraceSettings,
    /// Reveals a minute that each user has; 0: as many as he likes
    #[arg(long, env = "STRONGROOM_REVEALS_PER_MINUTE", default_value_t = 10, value_name = "COUNT")]
    reveals_per_minute: u32,
    /// Values a minute that the programs of each user have; 0: as many as they like
    #[arg(long, env = "STRONGROOM_USES_PER_MINUTE", default_value_t = 600, value_name = "COUNT")]
    uses_per_minute: u32,
    /// Minutes after which a session that rests has ended
    #[arg(long, env = "STRONGROOM_SESSION_IDLE_MINUTES", default_value_t = 60, value_name = "MINUTES",
          value_parser = clap::value_parser!(u64).range(5..=10_080))]
    session_idle_minutes: u64,
    /// Hours after which a session has ended, at work or not
    #[arg(long, env = "STRONGROOM_SESSION_HOURS", default_value_t = 12, value_name = "HOURS",
          value_parser = clap::value_parser!(u64).range(1..=720))]
    session_hours: u64,
    #[command(flatten)]
    federation: FederationSettings,
    /// Connections to PostgreSQL
    #[arg(long, env = "STRONGROOM_DATABASE_CONNECTIONS", default_value_t = 16, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    database_connections: u32,
    #[command(flatten)]
    checkpoints: CheckpointSettings,
}

impl Serve {
    /// Where it sends traces to.
    pub fn traces(&self) -> &TraceSettings {
        &self.settings.traces
    }

    /// Serves until SIGINT or SIGTERM; requests under way are answered first.
    ///
    /// # Errors
    /// Before the first request: where the database is not fit, the key file is missing or wrong, or the address is
    /// taken.
    pub async fn run(self) -> Result<(), Failure> {
        self.settings.run().await
    }
}

impl ServeSettings {
    /// Whether these settings fit together; nothing is started where they do not.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.http.check()?;
        self.federation.federation()?;
        self.keys.check()?;
        self.checkpoints.check()?;
        self.urls.given().map(drop)
    }

    async fn run(self) -> Result<(), Failure> {
        self.check()?;
        let folder = self.data.path();
        match self.urls.given()? {
            Some(urls) => self.serve(&urls, &folder, None).await,
            None => {
                say(&format!("Starting the embedded PostgreSQL in {}", folder.display()));
                let supervisor = Supervisor::start(Cluster::open(&folder).await?).await?;
                // Stopped in order whatever came of it.
                let served = self
                    .serve(&RuntimeUrls::embedded(&folder), &folder, Some(&Cluster::url(&folder, "postgres")))
                    .await;
                supervisor.stop().await;
                served
            }
        }
    }

    async fn serve(&self, (app, system): &(String, String), folder: &Path, admin: Option<&str>) -> Result<(), Failure> {
        if let Some(admin) = admin {
            Schema::create_database(admin).await?;
            let mut schema = Schema::connect(admin).await?;
            schema.migrate().await?;
            schema.close().await?;
        }
        let store = Store::connect(app, system, self.database_connections).await?;
        self.make_keys(&store, folder).await?;
        let keys = self.keys.provider(folder)?;
        let vault = Vault::open(store.clone(), keys, self.limits(), self.sessions()).await?;
        let vault =
            vault.following(self.keys.path(folder), self.keys.protection()?).federated(self.federation.federation()?);
        let vault = Arc::new(vault);
        let metrics = MetricsListener::start(&self.metrics, store.clone()).await?;
        if let Some(metrics) = &metrics {
            say(&format!("Metrics are at {}", metrics.url()));
        }
        // After the metrics, in which failures are counted.
        let checkpoints = Checkpoints::start(&self.checkpoints).await?;
        let stop = stop_signal()?;
        let listener = Listener::bind(self.http.clone()).await?;
        announce(&listener, admin).await?;
        let (sealing, sealed) = Sealing::start(vault.clone(), checkpoints);
        let housekeeping = Housekeeping::start(vault.clone(), sealed);
        let served = listener.serve(router(vault, &self.http), stop).await;
        let closing = async {
            housekeeping.stop().await;
            let checkpoints = sealing.stop().await;
            store.close().await;
            checkpoints
        };
        match timeout(CLOSE_TIMEOUT, closing).await {
            Ok(Some(checkpoints)) => checkpoints.finish().await,
            Ok(None) => {}
            Err(_) => tracing::warn!("stopped with acts still under way in the database"),
        }
        served
    }

    fn limits(&self) -> Limits {
        Limits {
            reveals_per_minute: NonZeroU32::new(self.reveals_per_minute),
            uses_per_minute: NonZeroU32::new(self.uses_per_minute),
        }
    }

    fn sessions(&self) -> SessionPolicy {
        SessionPolicy {
            idle_timeout: Duration::from_secs(self.session_idle_minutes * 60),
            lifetime: Duration::from_secs(self.session_hours * 3600),
        }
    }

    /// A key file, where this vault needs one and has none. It is made for a new vault only: made for one that lost its key
    /// file, it would hide the loss until somebody needed a value.
    async fn make_keys(&self, store: &Store, folder: &Path) -> Result<(), Failure> {
        let path = self.keys.path(folder);
        if path.exists() || self.keys.seal_under() == SealUnder::Transit {
            return Ok(());
        }
        if !store.is_empty().await? {
            let path = path.display();
            return Err(format!(
                "the key file {path} is missing, and this vault is in use: bring it back from a backup (or, if it never had \
                 one, strongroom keys create)"
            )
            .into());
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        KeyRing::create(&path, &self.keys.protection()?)?;
        say(&format!("Made the key file {}: back it up, apart from the database", path.display()));
        Ok(())
    }
}

/// Last of all, so that a start that fails does not use up the one-time token.
async fn announce(listener: &Listener, admin: Option<&str>) -> Result<(), Failure> {
    say(&format!("Strongroom listens on {}", listener.url()?));
    if !web::is_built() {
        say("It was built without its pages; API and command line are there");
    }
    if let Some(admin) = admin {
        let mut schema = Schema::connect(admin).await?;
        if let Some(token) = setup_token::issue(&mut schema, false).await? {
            setup_token::print(&token, Some(&listener.url()?));
        }
        schema.close().await?;
    }
    say("Ready; stop with Ctrl-C");
    Ok(())
}

fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: no new connections, requests under way are answered");
    })
}
