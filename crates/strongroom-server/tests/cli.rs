//! The binary from outside: its help as reviewers read it, and its words when something is wrong.
//! Client commands run against a real server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests only")]

mod support;

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use secrecy::ExposeSecret;
use serde_json::json;
use strongroom_testing::Person;
use support::Server;

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
        &["backup", "--help"],
        &["restore", "--help"],
        &["keys", "--help"],
        &["keys", "rotate", "--help"],
        &["keys", "rewrap", "--help"],
        &["keys", "retire", "--help"],
        &["audit", "--help"],
        &["audit", "verify", "--help"],
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
    assert!(!output.status.success() && text(&output).contains("give database_url and system_database_url"));
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
fn no_argument_takes_a_value() {
    let output = strongroom(&["cred", "add", "n", "--provider", "p", "--value", "hunter2"]).output().unwrap();
    assert!(text(&output).contains("unexpected argument"));
}

/// Runs a client command against that server, with that text on stdin; returns what it prints on stdout.
fn client(url: &str, token: &str, arguments: &[&str], stdin: &str) -> Result<String, String> {
    let mut command = strongroom(arguments);
    command.args(["--url", url]).env("STRONGROOM_TOKEN", token);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
}

fn id_of(json: &str) -> String {
    serde_json::from_str::<serde_json::Value>(json).unwrap()["id"].as_str().unwrap().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_readme_work() {
    let server = Server::start().await;
    let admin = Person::create_admin(&server.database, "admin").await;
    let invited = server.post(&admin, "/api/admin/invitations", json!({ "email": "ada@example.org" })).await.json();
    let invitation = invited["invitation"].as_str().unwrap().to_owned();
    let url = server.url.clone();
    tokio::task::spawn_blocking(move || {
        let accepted = client(&url, &invitation, &["accept", "--name", "Ada"], "").unwrap();
        let token = accepted.trim_end();
        assert!(token.starts_with("srt_"), "the token is alone on stdout");
        let run = |arguments: &[&str], stdin: &str| client(&url, token, arguments, stdin);
        assert!(run(&["whoami"], "").unwrap().contains("ada@example.org"));
        let added = run(&["cred", "add", "CI", "--provider", "github", "--json"], "ghp_0123456789abcdef\n").unwrap();
        let id = id_of(&added);
        assert!(run(&["cred", "list"], "").unwrap().contains("****cdef"));
        assert_eq!(run(&["cred", "reveal", &id], "").unwrap(), "ghp_0123456789abcdef\n");
        assert!(run(&["cred", "rotate", &id, "--json"], "two\nlines\n").unwrap().contains("\"version\": 2"));
        assert_eq!(run(&["cred", "reveal", &id], "").unwrap(), "two\nlines\n");
        assert!(run(&["cred", "revoke", &id], "").unwrap_err().contains("--yes"));
        assert_eq!(run(&["cred", "revoke", &id, "--yes"], "").unwrap(), "");
        assert!(run(&["cred", "reveal", &id], "").unwrap_err().contains("is revoked"));
        assert!(run(&["cred", "restore", &id, "--json"], "").unwrap().contains("\"is_active\": true"));
        assert!(run(&["cred", "get", &id, "--json"], "").unwrap().contains("\"provider\": \"github\""));
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_to_no_proxy_and_to_no_other_machine_in_the_clear() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let token = ada.token.to_text();
    let ask = |arguments: &[&str], url: &str, proxy: &str| {
        let mut command = strongroom(arguments);
        command.env("STRONGROOM_URL", url).env("STRONGROOM_TOKEN", token.expose_secret());
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            command.env(name, proxy);
        }
        text(&command.output().unwrap())
    };
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = format!("http://{nobody}");
    assert!(ask(&["whoami"], &server.url, &proxy).contains("ada@example.org"));
    assert!(ask(&["health"], &server.url, &proxy).contains("ready"));
    for command in ["whoami", "health"] {
        let refused = ask(&[command], "http://vault.example.org:8750", &proxy);
        assert!(refused.contains("must be https://…, or http://… on this machine"), "{refused}");
    }
}
