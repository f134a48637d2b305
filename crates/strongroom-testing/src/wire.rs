//! A listener between a client and PostgreSQL that counts round trips: the server says ReadyForQuery once for each.
//! A bare Sync is left out: it is the pool's look at a connection that comes back, after the act has been answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::database::TestDatabase;

/// Counts what passes through its socket.
pub struct Wire {
    folder: tempfile::TempDir,
    round_trips: Arc<AtomicUsize>,
}

impl Wire {
    /// Listens beside the test server.
    pub fn listen(database: &TestDatabase) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let target = format!("{}/.s.PGSQL.5432", database.socket_folder());
        let round_trips = Arc::new(AtomicUsize::new(0));
        let counter = round_trips.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&target).await.unwrap();
                tokio::spawn(forward(client, server, counter.clone()));
            }
        });
        Self { folder, round_trips }
    }

    /// A URL for that role, through this wire.
    pub fn url(&self, database: &TestDatabase, role: &str) -> String {
        format!("postgres://{role}@localhost/{}?sslmode=disable&host={}", database.name(), self.folder.path().display())
    }

    /// How many round trips there have been since the last time this was asked.
    pub fn take_round_trips(&self) -> usize {
        self.round_trips.swap(0, Ordering::SeqCst)
    }
}

async fn forward(client: UnixStream, server: UnixStream, counter: Arc<AtomicUsize>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut said_something = false;
    while let Some(message) = read_message(&mut from_server).await {
        if message[0] == b'Z' && said_something {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        said_something = message[0] != b'Z';
        if to_client.write_all(&message).await.is_err() {
            return;
        }
    }
}

/// A backend message: a type, a length that counts itself, a body (PostgreSQL manual, "Message Formats").
async fn read_message(from: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut message = vec![0; 5];
    from.read_exact(&mut message).await.ok()?;
    let length = u32::from_be_bytes(message[1..5].try_into().unwrap());
    message.resize(1 + length as usize, 0);
    from.read_exact(&mut message[5..]).await.ok()?;
    Some(message)
}
