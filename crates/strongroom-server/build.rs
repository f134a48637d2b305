//! Has the pages embedded anew when they were built anew. An unoptimized build reads them from web/dist as it runs.

#[allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "that is how a build script asks cargo, and tells it"
)]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../../web/dist");
    }
}
