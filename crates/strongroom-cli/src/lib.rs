//! The client commands of the `strongroom` binary. They speak to a server over HTTP and know nothing else of it.
//! Secrets come from a prompt, from stdin or from a file, never from an argument, which every process of the machine could read.

mod bounded;
mod client;
mod command;
mod connection;
mod env_file;
mod error;
mod handover;
mod http;
mod import;
mod input;
mod kept_login;
mod manual;
mod mask;
mod masked_child;
mod moment;
mod new_file;
mod one_of;
mod output;
mod plain_credential;
mod printable;
mod prompt;
mod reference;
mod report;
mod sealed;
mod template;
mod values;

pub use command::{AuditCommand, Command};
pub use error::{ClientError, Exit};
pub use manual::{Completions, Man};
pub use new_file::NewFile;
pub use prompt::prompt;
