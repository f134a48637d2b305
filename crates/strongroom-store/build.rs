//! Says that the crate is built anew when a migration is added: `sqlx::migrate!` reads the folder at build time.
//! Does nothing else.

#[allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]
fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
