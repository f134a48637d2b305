//! What is told about requests: logs, traces and metrics. All of it is made of ids of ours, route templates, numbers and
//! words of ours: never a header, a query, a path, a body or a value. A test looks for them.

mod metrics;
mod requests;
mod traces;

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::command::Failure;

pub use metrics::{MetricsListener, MetricsSettings};
pub(crate) use requests::observe;
pub use traces::TraceSettings;

/// What is logged, by every command.
#[derive(Args, Debug)]
pub struct LogSettings {
    /// What to log, to stderr: error, warn, info, debug, or a filter such as strongroom_server=debug
    #[arg(
        long,
        help_heading = "Log",
        global = true,
        env = "STRONGROOM_LOG",
        default_value = "warn",
        value_name = "FILTER"
    )]
    log: String,
    /// How to log: text for people, or JSON, an object a line
    #[arg(
        long,
        help_heading = "Log",
        global = true,
        env = "STRONGROOM_LOG_FORMAT",
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    log_format: LogFormat,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    #[default]
    Text,
    Json,
}

/// The log, and the traces if they were asked for, of this process.
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Starts logging, and tracing where there is somewhere to send traces to.
    ///
    /// # Errors
    /// Where a filter or an address is wrong.
    pub fn start(log: &LogSettings, traces: Option<&TraceSettings>) -> Result<Self, Failure> {
        let provider = traces.map(TraceSettings::provider).transpose()?.flatten();
        // Only spans of ours, whatever is logged, and so never those of the exporter itself.
        let ours = Targets::new().with_target("strongroom", Level::INFO);
        let traces = provider.as_ref().map(|provider| traces::layer(provider).with_filter(ours));
        let layers: Vec<_> = [Some(log.layer()?), traces.map(Layer::boxed)].into_iter().flatten().collect();
        tracing_subscriber::registry().with(layers).init();
        Ok(Self { traces: provider })
    }

    /// Sends what has not been sent; a collector that does not answer is not waited for any longer than that.
    pub async fn stop(self) {
        let Some(traces) = self.traces else { return };
        // It blocks, in a thread of its own.
        let stopped = tokio::task::spawn_blocking(move || traces.shutdown_with_timeout(traces::SHUTDOWN_TIMEOUT)).await;
        if let Ok(Err(error)) = stopped {
            tracing::warn!(%error, "not all traces could be sent");
        }
    }
}

impl LogSettings {
    fn layer(&self) -> Result<Box<dyn Layer<Registry> + Send + Sync>, Failure> {
        let filter = EnvFilter::try_new(&self.log).map_err(|e| format!("log: {e}"))?;
        Ok(match self.log_format {
            LogFormat::Text => {
                let text = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
                // At a terminal, NO_COLOR decides.
                let text = if std::io::stderr().is_terminal() { text } else { text.with_ansi(false) };
                text.with_filter(filter).boxed()
            }
            LogFormat::Json => {
                let mut json = json_subscriber::JsonLayer::stderr();
                json.with_timer("timestamp", tracing_subscriber::fmt::time::SystemTime);
                json.with_level("level").with_target("target");
                json.with_flattened_event().with_top_level_flattened_span_list();
                json.with_filter(filter).boxed()
            }
        })
    }
}
