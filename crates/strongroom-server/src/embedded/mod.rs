//! The embedded PostgreSQL: a private cluster in the data folder, on a Unix socket alone, started and stopped with the
//! server. No password: the kernel says which operating-system user connects, and only this server's may.

mod cluster;
mod error;
mod installation;
mod supervisor;

pub use cluster::Cluster;
pub use error::EmbeddedError;
pub use installation::Installation;
pub use supervisor::Supervisor;
