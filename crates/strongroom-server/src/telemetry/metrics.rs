//! Metrics in the text format of Prometheus, on a listener of their own, off unless it has an address. Labels are words
//! and route templates of ours: as many series as the code has, whatever clients send. docs/operations.md lists them.

use std::net::SocketAddr;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use clap::Args;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use strongroom_store::Store;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::command::Failure;

/// From half a millisecond, where a value is sealed, to the timeout of a request.
const SECONDS: [f64; 15] =
    [0.000_05, 0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0];

/// Up to as many as go in one call.
const TOGETHER: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 16.0];

/// Where metrics are.
#[derive(Args, Clone, Debug)]
pub struct MetricsSettings {
    /// Address to serve metrics on, for Prometheus, such as 127.0.0.1:9750; plain HTTP to whoever reaches it
    #[arg(long, env = "STRONGROOM_METRICS_LISTEN", value_name = "ADDRESS")]
    metrics_listen: Option<SocketAddr>,
}

/// The listener, as long as it lives.
pub struct MetricsListener {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl MetricsListener {
    /// Begins to count, and to serve what is counted; None where there is no address.
    ///
    /// # Errors
    /// Where the address is taken.
    pub async fn start(settings: &MetricsSettings, store: Store) -> Result<Option<Self>, Failure> {
        let Some(address) = settings.metrics_listen else { return Ok(None) };
        let tcp = TcpListener::bind(address).await.map_err(|e| format!("{address}: {e}"))?;
        if !address.ip().is_loopback() {
            tracing::warn!("metrics are served beyond this machine, in the clear and to anybody");
        }
        let handle = recorder()?;
        let address = tcp.local_addr()?;
        let router = Router::new().route("/metrics", get(async move || text(&handle, &store)));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(tcp, router).await {
                tracing::error!(%error, "metrics are not served any more");
            }
        });
        Ok(Some(Self { address, task }))
    }

    /// Where they are.
    pub fn url(&self) -> String {
        format!("http://{}/metrics", self.address)
    }
}

impl Drop for MetricsListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn recorder() -> Result<PrometheusHandle, Failure> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_together".into()), &TOGETHER)?;
    let handle = builder.install_recorder()?;
    describe_histogram!("strongroom_http_request_duration_seconds", "Requests by method, route and class of status.");
    describe_gauge!("strongroom_http_requests_in_flight", "Requests under way.");
    describe_counter!("strongroom_reveals_total", "Attempts to reveal a value, by what came of them.");
    describe_histogram!(
        "strongroom_reveals_together",
        "Values asked for in one call to the database, while others were under way."
    );
    describe_histogram!("strongroom_looks_together", "Looks at credentials in one call, while others were under way.");
    describe_histogram!(
        "strongroom_changes_together",
        "Creations and rotations in one call to the database, while others were under way."
    );
    describe_histogram!("strongroom_envelope_duration_seconds", "Sealing and opening of values.");
    describe_counter!("strongroom_envelope_failures_total", "Values that were not sealed or did not open.");
    describe_counter!(
        "strongroom_checkpoint_failures_total",
        "Tries to keep a checkpoint elsewhere that failed, by place."
    );
    describe_counter!(
        "strongroom_key_fallbacks_total",
        "Values sealed under the key file for want of the key provider."
    );
    describe_gauge!("strongroom_database_connections", "Connections to PostgreSQL, by role and state.");
    describe_gauge!("strongroom_database_connections_allowed", "How many connections there may be, by role.");
    describe_histogram!("strongroom_database_acquire_duration_seconds", "Waiting for a connection, by role.");
    describe_gauge!("strongroom_build_info", "1, with the version of this server.");
    // From nought, so that the first failure is an increase.
    for operation in ["seal", "open"] {
        counter!("strongroom_envelope_failures_total", "operation" => operation).increment(0);
    }
    counter!("strongroom_key_fallbacks_total").increment(0);
    for place in ["file", "stdout", "webhook"] {
        counter!("strongroom_checkpoint_failures_total", "place" => place).increment(0);
    }
    gauge!("strongroom_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// What is counted as it happens, and what is looked at now.
fn text(handle: &PrometheusHandle, store: &Store) -> ([(axum::http::HeaderName, &'static str); 1], String) {
    for connections in store.connections() {
        let role = connections.role;
        gauge!("strongroom_database_connections", "role" => role, "state" => "idle").set(connections.idle as f64);
        gauge!("strongroom_database_connections", "role" => role, "state" => "in_use").set(connections.in_use as f64);
        gauge!("strongroom_database_connections_allowed", "role" => role).set(f64::from(connections.allowed));
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render())
}
