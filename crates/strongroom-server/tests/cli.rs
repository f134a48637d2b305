//! The binary from outside: its help as reviewers read it, and its words when something is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests only")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn strongroom(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    command.args(arguments).env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn help_reads_as_reviewed() {
    let mut all = String::new();
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["migrate", "--help"],
        &["doctor", "--help"],
        &["setup-token", "--help"],
        &["accept", "--help"],
        &["whoami", "--help"],
        &["cred", "--help"],
        &["cred", "add", "--help"],
        &["cred", "reveal", "--help"],
    ] {
        all += &format!("$ strongroom {}\n{}\n", arguments.join(" "), text(&strongroom(arguments).output().unwrap()));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_database_that_is_not_there_is_an_error_and_a_failure() {
    let nowhere = "postgres://strongroom_app@localhost/x?host=/nonexistent";
    let output = strongroom(&[
        "doctor",
        "--database-url",
        nowhere,
        "--system-database-url",
        nowhere,
        "--key-file",
        "/nonexistent",
    ])
    .output()
    .unwrap();
    assert!(!output.status.success());
    let said = text(&output);
    assert!(said.contains("the database cannot be checked") && said.contains("/nonexistent"), "{said}");
}

#[test]
fn one_database_url_without_the_other_is_refused() {
    let output = strongroom(&["serve", "--database-url", "postgres://x"]).output().unwrap();
    assert!(!output.status.success() && text(&output).contains("--system-database-url"));
}

#[test]
fn the_token_is_no_argument_and_its_absence_is_said() {
    let output = strongroom(&["whoami", "--token", "srt_x"]).output().unwrap();
    assert!(text(&output).contains("unexpected argument"), "{}", text(&output));
    assert!(text(&strongroom(&["whoami"]).output().unwrap()).contains("STRONGROOM_TOKEN"));
}

#[test]
fn a_server_that_does_not_answer_is_said_without_the_token() {
    let output = strongroom(&["cred", "list", "--url", "http://127.0.0.1:1"])
        .env("STRONGROOM_TOKEN", "srt_canary")
        .output()
        .unwrap();
    let said = text(&output);
    assert!(said.contains("does not answer") && !said.contains("srt_canary"), "{said}");
}

#[test]
fn a_value_is_read_from_stdin_and_no_argument_takes_it() {
    let mut child = strongroom(&["cred", "add", "n", "--provider", "p", "--url", "http://127.0.0.1:1"])
        .env("STRONGROOM_TOKEN", "srt_x")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"hunter2").unwrap();
    assert!(text(&child.wait_with_output().unwrap()).contains("does not answer"));
    let output = strongroom(&["cred", "add", "n", "--provider", "p", "--value", "hunter2"]).output().unwrap();
    assert!(text(&output).contains("unexpected argument"));
}
