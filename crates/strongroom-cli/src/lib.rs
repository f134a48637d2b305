//! The client commands of the `strongroom` binary. They speak to a server over HTTP and know nothing else of it.
//! Secrets come from a prompt, from stdin or from a file, never from an argument, which every process of the machine could read.

mod client;
mod command;
mod connection;
mod error;
mod input;
mod moment;
mod one_of;
mod output;
mod printable;

pub use command::Command;
pub use error::{ClientError, Exit};
