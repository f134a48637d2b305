//! The client commands of the `strongroom` binary. They speak to a server over HTTP and know nothing else of it.
//! Secrets come from a prompt or from stdin, never from an argument, which every process of the machine could read.

mod bounded;
mod client;
mod command;
mod env_file;
mod import;
mod mask;
mod reference;
mod template;

pub use client::ClientError;
pub use command::Command;
