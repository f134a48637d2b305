//! The server below the routes: address, TLS, bounds of connections, and the end in order.
//! Never speaks plain HTTP beyond this machine, unless it was told that a proxy stands before it.

mod connections;
mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum_server::accept::Accept;
use axum_server::{Handle, Server};
use clap::Args;
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};

use self::connections::Connections;
use self::tls::{Tls, TlsFiles};
use crate::client::Proxies;
use crate::command::Failure;
use crate::limits::Rates;

/// The line of a request and its header: an API token, a cookie, and what proxies add.
const MAX_HEADER_BYTES: usize = 16 * 1024;
const MAX_HEADER_FIELDS: usize = 100;
/// How long requests under way may take after the signal to stop: as long as any request may take.
const DRAIN_TIMEOUT: Duration = crate::routes::REQUEST_TIMEOUT;

/// How HTTP is spoken.
#[derive(Args, Clone, Debug)]
pub struct HttpSettings {
    /// Address to listen on; beyond loopback, with a certificate or behind trusted proxies only
    #[arg(long, env = "STRONGROOM_LISTEN", default_value = "127.0.0.1:8750", value_name = "ADDRESS",
          value_parser = socket_address)]
    listen: SocketAddr,
    #[command(flatten)]
    tls: TlsFiles,
    #[command(flatten)]
    pub(crate) proxies: Proxies,
    /// Connections at a time; more are closed at once
    #[arg(long, env = "STRONGROOM_MAX_CONNECTIONS", default_value_t = 512, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_connections: u32,
    /// Seconds that a client may take to send a header or a body, or to read a piece of an answer; a connection
    /// without a request is closed after as long
    #[arg(long, env = "STRONGROOM_READ_TIMEOUT_SECONDS", default_value_t = 20, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=300))]
    read_timeout_seconds: u64,
    #[command(flatten)]
    pub(crate) rates: Rates,
}

impl HttpSettings {
    /// Whether it speaks TLS itself.
    pub(crate) fn speaks_tls(&self) -> bool {
        self.tls.given()
    }

    /// Whether browsers reach it by TLS: its own, or that of the proxies before it.
    pub(crate) fn is_reached_by_tls(&self) -> bool {
        self.speaks_tls() || !self.proxies.trusted_proxies.is_empty()
    }

    pub(crate) fn read_timeout(&self) -> Duration {
        Duration::from_secs(self.read_timeout_seconds)
    }

    /// Whether tokens could cross a network in the clear.
    ///
    /// # Errors
    /// With what to do about it, where they could.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.tls.check()?;
        if self.speaks_tls() || self.listen.ip().is_loopback() || !self.proxies.trusted_proxies.is_empty() {
            return Ok(());
        }
        let address = self.listen;
        Err(format!(
            "listening on {address} without TLS would send secrets over the network in the clear: give \
             tls_certificate_file and tls_key_file, or listen on loopback, or name in trusted_proxies the proxies that \
             speak TLS before this server"
        )
        .into())
    }
}

fn socket_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "give an address and a port, such as 127.0.0.1:8750 or [::]:8750")
}

/// A listening socket.
pub struct Listener {
    tcp: TcpListener,
    tls: Option<Tls>,
    settings: HttpSettings,
}

impl Listener {
    /// Listens; connections wait until [`Listener::serve`].
    ///
    /// # Errors
    /// Those of [`HttpSettings::check`]; where the certificate is not usable, or the address is taken.
    pub async fn bind(settings: HttpSettings) -> Result<Self, Failure> {
        settings.check()?;
        let tls = Tls::load(&settings.tls)?;
        let tcp = TcpListener::bind(settings.listen).await.map_err(|e| format!("{}: {e}", settings.listen))?;
        Ok(Self { tcp, tls, settings })
    }

    /// Where it can be reached on this machine.
    ///
    /// # Errors
    /// Where the system does not say.
    pub fn url(&self) -> Result<String, Failure> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}", self.tcp.local_addr()?))
    }

    /// Serves until `stop`: then no new connections, idle ones are closed, and requests under way are answered.
    ///
    /// # Errors
    /// Where the socket fails.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        let connections = Connections::new(&self.settings);
        let handle = Handle::new();
        // HTTP/1.1 alone: to find out which version is spoken, hyper would wait for a silent client for ever.
        let mut server = Server::from_listener(self.tcp).http1_only().handle(handle.clone());
        server
            .http_builder()
            .http1()
            .header_read_timeout(self.settings.read_timeout())
            .max_buf_size(MAX_HEADER_BYTES)
            .max_headers(MAX_HEADER_FIELDS);
        let stopped = async {
            stop.await;
            handle.graceful_shutdown(Some(DRAIN_TIMEOUT));
            std::future::pending().await
        };
        match self.tls {
            None => tokio::select! {
                served = run(server.acceptor(connections), router) => served,
                () = stopped => Ok(()),
            },
            Some(mut tls) => {
                let acceptor = tls.acceptor(connections, self.settings.read_timeout());
                tokio::select! {
                    served = run(server.acceptor(acceptor), router) => served,
                    () = stopped => Ok(()),
                    () = tls.keep_fresh() => Ok(()),
                }
            }
        }
    }
}

async fn run<A>(server: Server<SocketAddr, A>, router: Router) -> Result<(), Failure>
where
    A: Accept<TcpStream, connections::ConnectionService> + Clone + Send + Sync + 'static,
    A::Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
    A::Service: axum_server::service::SendService<axum::http::Request<Incoming>> + Send,
    A::Future: Send,
{
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    server.accept_error_handler(log_refused).serve(service).await?;
    Ok(())
}

/// A handshake that fails is the client's affair; no more sockets are the operator's.
fn log_refused(peer: Option<&SocketAddr>, error: &std::io::Error) {
    match peer {
        Some(peer) => tracing::debug!(%peer, %error, "a connection was not taken"),
        None => tracing::warn!(%error, "no connection can be taken; see the limit of open files"),
    }
}
