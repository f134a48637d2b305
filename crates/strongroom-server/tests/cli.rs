//! The binary from outside: its words when something is wrong, and the commands of the README against a real server.
//! Its help is in tests/cli/help.trycmd.

use std::net::TcpListener;

use crate::support::Server;
use crate::support::command_line::{CommandLine, said, strongroom};
use serde_json::json;
use strongroom_testing::Person;

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
    let said = said(&output);
    assert!(said.contains("the database cannot be checked") && said.contains("/nonexistent"), "{said}");
}

#[test]
fn one_database_url_without_the_other_is_refused() {
    let output = strongroom(&["serve", "--database-url", "postgres://x"]).output().unwrap();
    assert!(!output.status.success() && said(&output).contains("give database_url and system_database_url"));
}

#[test]
fn the_token_is_no_argument_and_its_absence_is_said() {
    let output = strongroom(&["whoami", "--token", "srt_x"]).output().unwrap();
    assert!(said(&output).contains("unexpected argument"), "{}", said(&output));
    assert!(said(&strongroom(&["whoami"]).output().unwrap()).contains("STRONGROOM_TOKEN"));
}

#[test]
fn a_server_that_does_not_answer_is_said_without_the_token() {
    let output = strongroom(&["cred", "list", "--url", "http://127.0.0.1:1"])
        .env("STRONGROOM_TOKEN", "srt_canary")
        .output()
        .unwrap();
    let said = said(&output);
    assert!(said.contains("no answer from the server: connection refused") && !said.contains("srt_canary"), "{said}");
}

#[test]
fn no_argument_takes_a_value() {
    let output = strongroom(&["cred", "add", "n", "--provider", "p", "--value", "hunter2"]).output().unwrap();
    assert!(said(&output).contains("unexpected argument"));
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
        let accepted = CommandLine::with_token(&url, &invitation).output(&["accept", "--name", "Ada"]).stdout;
        let token = std::str::from_utf8(&accepted).unwrap().trim_end();
        assert!(token.starts_with("srt_"), "the token is alone on stdout");
        let command_line = CommandLine::with_token(&url, token);
        let run = |arguments: &[&str], stdin: &str| {
            let output = command_line.fed(arguments, stdin);
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
        };
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
    let ask = |arguments: &[&str], url: &str, proxy: &str| {
        let mut command = CommandLine::new(url, &ada).command(arguments);
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            command.env(name, proxy);
        }
        said(&command.output().unwrap())
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
