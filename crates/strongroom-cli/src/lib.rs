//! The client commands of the `strongroom` binary. They speak to a server over HTTP and know nothing else of it.
//! Secrets come from a prompt, from stdin or from a file, never from an argument, which every process of the machine could read.

mod client;
mod command;
mod connection;
mod error;
mod handover;
mod input;
mod kept_login;
mod manual;
mod moment;
mod new_file;
mod one_of;
mod output;
mod printable;

pub use command::{AuditCommand, Command};
pub use error::{ClientError, Exit};
pub use manual::{Completions, Man};
pub use new_file::NewFile;
