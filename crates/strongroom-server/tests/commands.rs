//! Client commands as people and programs meet them: whole sessions against a real server, as reviewers read them
//! (tests/cli/*.trycmd), and what no page of text can show. `make bless` writes them anew; ids, times and tokens that it wrote
//! become `[..]` again by hand.
#![allow(clippy::disallowed_methods, reason = "tests only")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::command_line;
use crate::support::command_line::CommandLine;
use crate::support::{Server, credential};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_testing::Person;
use trycmd::TestCases;

const STRONGROOM: &str = env!("CARGO_BIN_EXE_strongroom");

/// Plays the sessions of a file, as that person. What differs from run to run is in the environment as `NAME`, and in the file
/// as `[NAME]`.
async fn play(file: &'static str, server: &Server, who: &Person, names: Vec<(&'static str, String)>) {
    let (url, token) = (server.url.clone(), who.token.to_text().expose_secret().to_owned());
    let session = move || {
        let home = tempfile::tempdir().unwrap();
        let cases = TestCases::new();
        cases.register_bin("strongroom", Path::new(STRONGROOM)).register_bin("sh", Path::new("/bin/sh"));
        cases.env("PATH", format!("{}:/usr/bin:/bin", Path::new(STRONGROOM).parent().unwrap().display()));
        cases.env("HOME", home.path().to_str().unwrap()).env("XDG_CONFIG_HOME", home.path().to_str().unwrap());
        cases.env("STRONGROOM_URL", &url).env("STRONGROOM_TOKEN", token).insert_var("[URL]", url).unwrap();
        for (name, value) in names {
            cases.env(name.trim_matches(['[', ']']), &value).insert_var(name, value).unwrap();
        }
        cases.case(format!("tests/cli/{file}.trycmd")).timeout(Duration::from_secs(60)).run();
    };
    tokio::task::spawn_blocking(session).await.unwrap();
}

#[test]
fn help_reads_as_reviewed() {
    let cases = TestCases::new();
    cases.register_bin("strongroom", Path::new(STRONGROOM)).case("tests/cli/help.trycmd").run();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_signed_in_is_told_what_to_do() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    play("not-signed-in", &server, &ada, vec![("[ADA]", ada.id.to_string())]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_kept_and_used() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let platform = server.workspace(&ada, "Platform").await;
    server.seat(&ada, &platform, &bob, "MEMBER").await;
    let id = server.keep(&ada, "Deploy key", "ghp_0123456789abcdef").await;
    let names = vec![("[ID]", id), ("[BOB]", bob.id.to_string()), ("[PLATFORM]", platform)];
    play("credentials", &server, &ada, names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workspaces_and_tokens_are_managed() {
    let server = Server::start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let platform = server.workspace(&ada, "Platform").await;
    let deployer = json!({ "name": "Deployer" });
    let deployer = server.post(&ada, &format!("/api/workspaces/{platform}/service-accounts"), deployer).await.id();
    let token = server.post(&ada, "/api/tokens", json!({ "name": "Spare" })).await.id();
    let names = vec![
        ("[ADA]", ada.id.to_string()),
        ("[BOB]", bob.id.to_string()),
        ("[PLATFORM]", platform),
        ("[DEPLOYER]", deployer),
        ("[SPARE]", token),
    ];
    play("workspaces", &server, &ada, names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_administer() {
    let server = Server::start().await;
    let root = Person::create_admin(&server.database, "root").await;
    let secret =
        server.post(&root, "/api/admin/secrets", credential("Mail relay", "hunter2-hunter2-hunter2")).await.id();
    play("admin", &server, &root, vec![("[ID]", secret)]).await;
}

fn strongroom(server: &Server, who: &Person, arguments: &[&str]) -> Command {
    let mut command = CommandLine::new(&server.url, who).command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What it prints, to both.
fn said(mut command: Command) -> String {
    command_line::said(&command.output().unwrap())
}

/// A name that no server takes, and that somebody with the database's own login could write.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_sends_no_escape_sequence_to_a_terminal() {
    const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}1A\u{202e}x";
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let id = server.keep(&ada, "Deploy key", "ghp_0123456789abcdef").await;
    let sql = server.database.sql("strongroom_app").await;
    ada.begin(&sql).await;
    let rename = "UPDATE strongroom.user_credentials SET name = $1::text, description = $1 WHERE id = $2::text::uuid";
    sql.execute(rename, &[&HOSTILE, &id]).await.unwrap();
    sql.batch_execute("COMMIT").await.unwrap();
    for arguments in [&["cred", "list"][..], &["cred", "get", &id], &["audit", "tail"]] {
        for form in [None, Some("--json")] {
            let said = said(strongroom(&server, &ada, &[arguments, form.as_slice()].concat()));
            assert!(said.contains("owned"), "{said}");
            assert!(!said.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{said:?}");
        }
    }
    let json = said(strongroom(&server, &ada, &["cred", "get", &id, "--json"]));
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["name"], HOSTILE);
}

/// A value is whoever's who shared it.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_as_it_is_in_a_pipe_and_steers_no_terminal() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let id = server.keep(&ada, "Gift", "\u{1b}[2Jline\nline").await;
    assert_eq!(said(strongroom(&server, &ada, &["cred", "reveal", &id])), "\u{1b}[2Jline\nline\n");
    let reveal = format!("cred reveal {id}");
    assert_eq!(said(at_terminal(&server, &ada, 80, &reveal)), "\\u{1b}[2Jline\r\nline\r\n");
}

/// At a terminal of that many columns.
fn at_terminal(server: &Server, who: &Person, columns: u16, arguments: &str) -> Command {
    let mut command = Command::new("script");
    let shown = format!("stty rows 24 cols {columns} && {STRONGROOM} {arguments}");
    command.args(["-qec", &shown, "/dev/null"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("STRONGROOM_URL", &server.url).env("STRONGROOM_TOKEN", who.token.to_text().expose_secret());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_fits_the_terminal_and_leaves_ids_whole() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let id = server.keep(&ada, &"A long name ".repeat(10), "ghp_0123456789abcdef").await;
    let table = said(at_terminal(&server, &ada, 120, "cred list"));
    assert!(table.contains(&id) && table.lines().all(|line| line.chars().count() <= 120), "{table}");
    assert!(said(strongroom(&server, &ada, &["cred", "list"])).lines().any(|line| line.chars().count() > 150));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_from_page_to_page_and_says_when_there_is_more() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let sql = server.database.sql("strongroom_app").await;
    ada.begin(&sql).await;
    let many = "INSERT INTO strongroom.user_credentials (id, user_id, name, provider, type, encrypted_value, masked_value)
                SELECT gen_random_uuid(), $1, 'n' || n, 'github', 'API_KEY', 'sealed', '****' FROM generate_series(1, 250) AS n";
    sql.execute(many, &[&ada.id.0]).await.unwrap();
    sql.batch_execute("COMMIT").await.unwrap();
    let list = |limit: &str| {
        let json = said(strongroom(&server, &ada, &["cred", "list", "--json", "--limit", limit]));
        serde_json::from_str::<Value>(&json).unwrap()
    };
    let all = list("1000");
    let mut names: Vec<_> = all["items"].as_array().unwrap().iter().map(|item| item["name"].to_string()).collect();
    names.sort();
    names.dedup();
    assert_eq!((names.len(), all.get("next_cursor")), (250, None));
    let some = list("150");
    assert!(some["items"].as_array().unwrap().len() == 150 && some["next_cursor"].is_string());
    assert!(said(strongroom(&server, &ada, &["cred", "list", "--limit", "150"])).contains("There are more"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_follows_shows_what_happens_and_ends_with_ctrl_c() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    server.keep(&ada, "Before", "ghp_0123456789abcdef").await;
    let mut tail = strongroom(&server, &ada, &["audit", "tail", "--follow", "--json"]).spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut until = |name: &str| {
        let mut row = || serde_json::from_str::<Value>(&lines.next().expect("it ended").unwrap()).unwrap();
        std::iter::repeat_with(&mut row).find(|row| row["name"] == name).unwrap()
    };
    assert_eq!(until("Before")["action"], "CREDENTIAL_CREATED");
    server.keep(&ada, "After", "ghp_0123456789abcdef").await;
    assert_eq!(until("After")["action"], "CREDENTIAL_CREATED");
    kill(Pid::from_raw(tail.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert!(tail.wait().unwrap().success());
}

/// Its first bytes are there; then what it is shown for ends.
async fn cut_off(server: &Server, who: &Person, mut download: Child, first: &mut impl Read) {
    first.read_exact(&mut [0; 1000]).unwrap();
    let end = "UPDATE strongroom.api_tokens SET revoked_at = now() WHERE user_id = $1";
    server.database.sql("postgres").await.execute(end, &[&who.id.0]).await.unwrap();
    std::io::copy(first, &mut std::io::sink()).unwrap();
    let mut complaint = String::new();
    download.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert!(complaint.contains("cut off") && complaint.contains("not whole"), "{complaint}");
    assert_eq!(download.wait().unwrap().code(), Some(8));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_whole_or_says_that_it_is_not() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let many = "INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, name)
                SELECT 'CREDENTIAL_CREATED', $1, 'CREDENTIAL', gen_random_uuid(), 'n' || n FROM generate_series(1, 60000) AS n";
    server.database.sql("postgres").await.execute(many, &[&ada.id.0]).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("record.jsonl");
    let download =
        ["audit", "download", "--format", "jsonl", "--action", "credential_created", "--out", file.to_str().unwrap()];
    assert_eq!(said(strongroom(&server, &ada, &download)), "");
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 60_000);
    assert!(said(strongroom(&server, &ada, &download)).contains("is not overwritten"));

    let mut download = strongroom(&server, &ada, &["audit", "download"]).spawn().unwrap();
    let mut out = download.stdout.take().unwrap();
    cut_off(&server, &ada, download, &mut out).await;
}

/// The commands below that one, by the help of each, as their man pages are called.
fn names_below(command: &[&str], names: &mut BTreeSet<String>) {
    names.insert([&["strongroom"], command].concat().join("-"));
    let help = said(command_line::strongroom(&[command, &["--help"]].concat()));
    let Some((_, commands)) = help.split_once("\nCommands:\n") else { return };
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        // What is indented further is more of a text.
        let name =
            line.strip_prefix("  ").filter(|line| !line.starts_with(' ')).and_then(|line| line.split(' ').next());
        if let Some(name) = name.filter(|name| *name != "help") {
            names_below(&[command, &[name]].concat(), names);
        }
    }
}

#[test]
fn every_command_has_a_man_page_and_the_shells_have_completions() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| command_line::strongroom(arguments).output().unwrap();
    assert!(run(&["man", "--out", folder.path().to_str().unwrap()]).status.success());
    let pages = std::fs::read_dir(folder.path()).unwrap().map(|page| page.unwrap().path());
    let written: BTreeSet<String> = pages
        .inspect(|page| assert!(std::fs::read_to_string(page).unwrap().contains(".SH SYNOPSIS"), "{}", page.display()))
        .map(|page| page.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut names = BTreeSet::new();
    names_below(&[], &mut names);
    assert_eq!(written, names);
    assert!(names.contains("strongroom-workspace-service-account-token-create"), "{names:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = String::from_utf8(run(&["completions", shell]).stdout).unwrap();
        assert!(script.contains("service-account") && script.contains("expires-before"), "{shell}");
    }
}
