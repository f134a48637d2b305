//! `strongroom inject`: a template with values in place of its references. It goes to stdout, or whole to a file that nobody else may
//! read; where a value is missing, nothing is written.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::bounded;
use crate::connection::Server;
use crate::error::ClientError;
use crate::new_file::NewFile;
use crate::output::write;
use crate::template::Template;
use crate::values::{Wanted, obtain};

/// The most that a template may hold.
const MAX_TEMPLATE_BYTES: usize = 1024 * 1024;

/// Fill a template: {{ strongroom://WORKSPACE/PROVIDER/NAME }} becomes the value of that credential
///
/// {{ strongroom:///PROVIDER/NAME }} takes your own one, or else the most specific that you may use. All else is left as it is, other
/// text in braces too. The values are recorded as used.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Inject {
    /// The template, up to 1 MiB of text [default: stdin]
    #[arg(value_name = "FILE")]
    template: Option<PathBuf>,
    /// File to write, mode 0600 [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over the file if there is one
    #[arg(long, requires = "out")]
    force: bool,
    #[command(flatten)]
    server: Server,
}

const EXAMPLES: &str = "\
Examples:
  strongroom inject app.toml.template --out app.toml
  echo 'machine api.example.org password {{ strongroom:///example/ada }}' | strongroom inject";

impl Inject {
    pub async fn run(self) -> Result<(), ClientError> {
        if let Some(path) = self.out.as_deref().filter(|_| !self.force) {
            NewFile::refuse_to_overwrite(path)?;
        }
        let (bytes, called) = match &self.template {
            Some(path) => (bounded::read_file(path, MAX_TEMPLATE_BYTES)?, path.display().to_string()),
            None => {
                let read = bounded::read(std::io::stdin(), MAX_TEMPLATE_BYTES, MAX_TEMPLATE_BYTES);
                (read.map_err(|e| ClientError::Input(format!("stdin: {e}")))?, "stdin".into())
            }
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| ClientError::Input(format!("{called}: not UTF-8 text")))?;
        let template = Template::parse(text).map_err(|malformed| {
            let lines: Vec<String> = malformed.iter().map(|placeholder| format!("{called}, {placeholder}")).collect();
            ClientError::Input(lines.join("\n"))
        })?;
        let wanted: Vec<Wanted> = template
            .references()
            .map(|(line, reference)| Wanted { whence: format!("line {line}"), reference: reference.clone() })
            .collect();
        let values = if wanted.is_empty() { Vec::new() } else { obtain(&self.server.client().await?, &wanted).await? };
        let filled = template.fill(&values);
        match &self.out {
            None => write(&filled)?,
            Some(path) => {
                let file = if self.force { NewFile::replace(path)? } else { NewFile::create(path)? };
                file.as_file().write_all(filled.as_bytes())?;
                file.finish()?;
            }
        }
        Ok(())
    }
}
