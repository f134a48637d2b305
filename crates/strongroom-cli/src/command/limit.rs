//! `--limit`: how much of a list is asked for. The pages that it comes in are the client's affair.

use clap::Args;

/// How much of a list.
#[derive(Args, Debug)]
pub struct Limit {
    /// How many at most
    #[arg(long = "limit", default_value_t = 100, value_name = "ROWS")]
    pub rows: usize,
}
