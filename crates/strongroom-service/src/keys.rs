//! The keys as acts use them: each seal and each open is a span, and is measured.
//! Neither span nor metric ever holds a value, an id or a key. How sealing is done is crypto's; nothing here knows.

use std::time::Instant;

use strongroom_crypto::{KeyProvider, SealingError};
use strongroom_types::{Binding, SecretValue};
use tracing::{Instrument, info_span};

/// The key provider of a vault.
pub(crate) struct Keys {
    provider: KeyProvider,
}

impl Keys {
    pub(crate) fn new(provider: KeyProvider) -> Self {
        Self { provider }
    }

    /// As [`KeyProvider::seal`].
    pub(crate) async fn seal(&self, binding: &Binding, value: &SecretValue) -> Result<String, SealingError> {
        measured("seal", self.provider.seal(binding, value).instrument(info_span!("seal"))).await
    }

    /// As [`KeyProvider::open`].
    pub(crate) async fn open(&self, binding: &Binding, envelope: &str) -> Result<SecretValue, SealingError> {
        measured("open", self.provider.open(binding, envelope).instrument(info_span!("open"))).await
    }
}

#[allow(clippy::disallowed_methods, reason = "measures for the metrics")]
async fn measured<T>(
    operation: &'static str,
    act: impl Future<Output = Result<T, SealingError>>,
) -> Result<T, SealingError> {
    let started = Instant::now();
    let outcome = act.await;
    metrics::histogram!("strongroom_envelope_duration_seconds", "operation" => operation).record(started.elapsed());
    if outcome.is_err() {
        metrics::counter!("strongroom_envelope_failures_total", "operation" => operation).increment(1);
    }
    outcome
}
