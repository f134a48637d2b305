//! The bounds of connections: how many there are, and how long one may leave an answer unread.
//! It never has one wait for a place, and never looks at what is sent: both would be work for whoever has proven nothing.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::ConnectInfo;
use axum_server::accept::Accept;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tower_http::add_extension::AddExtension;

use super::HttpSettings;

/// What axum makes for a connection.
pub type ConnectionService = axum::middleware::AddExtension<Router, ConnectInfo<std::net::SocketAddr>>;

type Stream = Pin<Box<TimeoutStream<TcpStream>>>;
type Permitted<S> = AddExtension<S, Arc<OwnedSemaphorePermit>>;

/// Lets connections in while there are fewer than the bound.
#[derive(Clone)]
pub struct Connections {
    free: Arc<Semaphore>,
    write_timeout: Duration,
}

impl Connections {
    pub fn new(settings: &HttpSettings) -> Self {
        let most = usize::try_from(settings.max_connections).unwrap_or(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(most)), write_timeout: settings.read_timeout() }
    }

    fn take<S>(&self, stream: TcpStream, service: S) -> io::Result<(Stream, Permitted<S>)> {
        // Closed at once, and not kept waiting: a queue would be the next thing to fill.
        let permit = self.free.clone().try_acquire_owned().map_err(|_| io::Error::other("too many connections"))?;
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.write_timeout));
        // The permit lives as long as the connection.
        Ok((Box::pin(stream), AddExtension::new(service, Arc::new(permit))))
    }
}

impl<S> Accept<TcpStream, S> for Connections {
    type Stream = Stream;
    type Service = Permitted<S>;
    type Future = std::future::Ready<io::Result<(Stream, Permitted<S>)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        std::future::ready(self.take(stream, service))
    }
}
