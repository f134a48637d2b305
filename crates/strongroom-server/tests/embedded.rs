//! The main job on the embedded PostgreSQL, with the real binary: first start, restart, crash, and refusals.
//! What is promised of its durability is tried with SIGKILL.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::support::process::{Process, data_folder, serve};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

async fn post(process: &Process, token: &str, path: &str, body: Value) -> Value {
    let url = format!("{}{path}", process.url);
    reqwest::Client::new().post(url).bearer_auth(token).json(&body).send().await.unwrap().json().await.unwrap()
}

async fn get(process: &Process, token: &str, path: &str) -> Value {
    let url = format!("{}{path}", process.url);
    reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap()
}

/// The first administrator's API token, and the id of a credential of his.
async fn settle(process: &Process) -> (String, String) {
    let setup = process.setup_token.as_deref().expect("a first start shows the token");
    let admin = json!({ "display_name": "Ada", "email": "ada@example.org" });
    let accepted = post(process, setup, "/api/invitations/accept", admin).await;
    let token = accepted["token"].as_str().unwrap().to_owned();
    let new = json!({ "name": "CI", "provider": "github", "type": "API_KEY", "value": "ghp_0123456789abcdef" });
    let kept = post(process, &token, "/api/credentials", new).await;
    (token, kept["id"].as_str().unwrap().to_owned())
}

async fn revealed(process: &Process, token: &str, id: &str) -> Value {
    get(process, token, &format!("/api/credentials/{id}/value")).await["value"].clone()
}

/// Whether a PostgreSQL of that data folder runs.
fn postgres_runs(folder: &Path) -> bool {
    let Ok(pid) = fs::read_to_string(folder.join("postgres/postmaster.pid")) else { return false };
    Path::new("/proc").join(pid.lines().next().unwrap_or_default()).exists()
}

#[tokio::test]
async fn it_starts_from_nothing_stops_in_order_and_keeps_what_it_was_given() {
    let folder = data_folder();
    let first = Process::start(folder.path(), &[]);
    let (token, id) = settle(&first).await;
    assert_eq!(get(&first, &token, "/ready").await["status"], "ready");
    assert_eq!(get(&first, &token, "/api/me").await["is_admin"], true);
    assert!(first.end(Signal::SIGTERM).success());
    assert!(!postgres_runs(folder.path()), "PostgreSQL stops with it");

    let second = Process::start(folder.path(), &[]);
    assert_eq!(second.setup_token, None, "the one-time token is shown once");
    assert_eq!(revealed(&second, &token, &id).await, "ghp_0123456789abcdef");
}

#[tokio::test]
async fn it_comes_back_from_a_kill_with_everything_that_was_committed() {
    let folder = data_folder();
    let first = Process::start(folder.path(), &[]);
    let (token, id) = settle(&first).await;
    first.end(Signal::SIGKILL);
    assert!(postgres_runs(folder.path()), "its PostgreSQL is left over");
    let second = Process::start(folder.path(), &[]);
    assert_eq!(revealed(&second, &token, &id).await, "ghp_0123456789abcdef");
}

#[tokio::test]
async fn postgresql_is_started_again_when_it_ends_by_itself() {
    let folder = data_folder();
    let process = Process::start(folder.path(), &[]);
    let (token, id) = settle(&process).await;
    let pid = fs::read_to_string(folder.path().join("postgres/postmaster.pid")).unwrap();
    let pid: i32 = pid.lines().next().unwrap().parse().unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGQUIT).unwrap();
    let back = async { while revealed(&process, &token, &id).await != "ghp_0123456789abcdef" {} };
    tokio::time::timeout(std::time::Duration::from_secs(60), back).await.expect("PostgreSQL did not come back");
}

#[tokio::test]
async fn files_and_socket_are_their_users_alone_and_there_is_no_tcp_port() {
    let folder = data_folder();
    let process = Process::start(folder.path(), &[]);
    settle(&process).await;
    for (path, mode) in [("keys.json", 0o600), ("run", 0o700), ("postgres", 0o700), ("postgres.log", 0o600)] {
        assert_eq!(fs::metadata(folder.path().join(path)).unwrap().mode() & 0o777, mode, "{path}");
    }
    let sockets = fs::read_dir(folder.path().join("run")).unwrap().flatten().map(|e| e.file_name()).collect::<Vec<_>>();
    assert!(sockets.iter().any(|name| name == ".s.PGSQL.5432"));
    let pid = fs::read_to_string(folder.path().join("postgres/postmaster.pid")).unwrap();
    let listens_on_tcp = pid.lines().nth(5).unwrap_or_default();
    assert_eq!(listens_on_tcp, "", "no TCP port");
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let folder = data_folder();
    let _first = Process::start(folder.path(), &[]);
    let second = serve(folder.path(), &[]).output().unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another strongroom uses the data folder"));
}

#[test]
fn a_folder_of_another_major_version_is_refused_with_the_remedy() {
    let folder = data_folder();
    Process::start(folder.path(), &[]).end(Signal::SIGTERM);
    fs::write(folder.path().join("postgres/PG_VERSION"), "9\n").unwrap();
    let refused = serve(folder.path(), &[]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("was made by PostgreSQL 9") && said.contains("pg_upgrade"),
        "{said}"
    );
}

#[tokio::test]
async fn a_vault_in_use_does_not_start_without_its_key_file_or_with_an_open_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = data_folder();
    let process = Process::start(folder.path(), &[]);
    settle(&process).await;
    process.end(Signal::SIGTERM);
    let keys = folder.path().join("keys.json");
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = serve(folder.path(), &[]).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("chmod 600"));
    fs::rename(&keys, folder.path().join("moved.json")).unwrap();
    let refused = serve(folder.path(), &[]).output().unwrap();
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("bring it back from a backup")
    );
    assert!(!keys.exists(), "no new key hides the loss");
    assert!(!postgres_runs(folder.path()));
}

#[test]
fn a_folder_whose_path_is_too_long_for_a_socket_is_refused() {
    let folder = data_folder();
    let deep = folder.path().join("x".repeat(100));
    let refused = serve(&deep, &[]).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("too long for a Unix socket"));
}

#[tokio::test]
async fn doctor_and_setup_token_find_the_running_embedded_server() {
    let folder = data_folder();
    let process = Process::start(folder.path(), &[]);
    let run = |command: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_strongroom"))
            .args([command, "--data-dir"])
            .arg(folder.path())
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (well, said) = run("doctor");
    assert!(well && said.contains("match this version") && said.contains("sealed under local-"), "{said}");
    let (made, said) = run("setup-token");
    assert!(made, "{said}");
    let renewed = said.split_whitespace().find(|word| word.starts_with("sri_")).unwrap();
    let admin = json!({ "display_name": "Ada", "email": "ada@example.org" });
    let old = post(&process, process.setup_token.as_deref().unwrap(), "/api/invitations/accept", admin.clone()).await;
    assert_eq!(old["status"], 401, "the earlier token ends");
    assert!(post(&process, renewed, "/api/invitations/accept", admin).await["token"].is_string());
    let (made, said) = run("setup-token");
    assert!(!made && said.contains("has people already"), "{said}");
}
