//! `strongroom health`: whether a server can serve, for health checks. It asks as nobody.

use clap::Args;
use url::Url;

use crate::client::ready;
use crate::error::ClientError;
use crate::http::server_url;
use crate::output::print;

/// Say whether a server is ready, by the exit code as well; for health checks
#[derive(Args, Debug)]
pub struct Health {
    /// Where the server is
    #[arg(long, env = "STRONGROOM_URL", default_value = "http://127.0.0.1:8750", value_parser = server_url)]
    url: Url,
}

impl Health {
    pub async fn run(self) -> Result<(), ClientError> {
        ready(&self.url).await?;
        print("ready")
    }
}
