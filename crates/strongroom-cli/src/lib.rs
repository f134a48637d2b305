//! The client commands of the `strongroom` binary. They speak to a server over HTTP and know nothing else of it.
//! Secrets come from a prompt or from stdin, never from an argument, which every process of the machine could read.

mod client;
mod command;

pub use client::ClientError;
pub use command::Command;
