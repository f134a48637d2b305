//! Traces, sent to a collector by OTLP over HTTP (protobuf), in batches from a thread of their own. Off unless there is
//! an address. What else OpenTelemetry defines in variables (headers, timeout, sampler, resource) its SDK reads.

use std::time::Duration;

use clap::Args;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::Registry;
use url::Url;

use crate::command::Failure;

/// How long the end waits for the collector.
pub(super) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Where traces go.
#[derive(Args, Debug)]
pub struct TraceSettings {
    /// Collector to send traces to by OTLP over HTTP, such as http://127.0.0.1:4318 [default: the variable
    /// OTEL_EXPORTER_OTLP_ENDPOINT; without it, none are made]
    #[arg(long, env = "STRONGROOM_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<Url>,
}

impl TraceSettings {
    /// What makes traces and sends them; None where there is nowhere to send them to.
    pub(super) fn provider(&self) -> Result<Option<SdkTracerProvider>, Failure> {
        let Some(base) = self.base()? else { return Ok(None) };
        // As OpenTelemetry has it of a base URL.
        let endpoint = format!("{}/v1/traces", base.as_str().trim_end_matches('/'));
        let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build()?;
        let resource = Resource::builder().with_service_name("strongroom");
        let resource =
            resource.with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build());
        Ok(Some(provider.build()))
    }

    #[allow(clippy::disallowed_methods, reason = "a variable that is not ours, and so no setting of clap's")]
    fn base(&self) -> Result<Option<Url>, Failure> {
        let given = self.otlp_endpoint.clone();
        match given.map_or_else(|| std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").ok(), |url| Some(url.into())) {
            None => Ok(None),
            Some(text) if text.is_empty() => Ok(None),
            Some(text) => match Url::parse(&text) {
                Ok(url) if ["http", "https"].contains(&url.scheme()) => Ok(Some(url)),
                _ => Err("otlp_endpoint: give a URL, such as http://127.0.0.1:4318".into()),
            },
        }
    }
}

/// Names of files and threads are left out: they tell of the machine, and not of the request.
pub(super) fn layer(provider: &SdkTracerProvider) -> OpenTelemetryLayer<Registry, SdkTracer> {
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("strongroom"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
}
