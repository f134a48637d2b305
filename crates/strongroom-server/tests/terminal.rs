//! What the command line does at a terminal, which script(1) gives it, and where nobody reads what it says.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use crate::support::Server;
use crate::support::command_line::{CommandLine, said};
use strongroom_testing::Person;

async fn setting() -> (Server, Person, CommandLine) {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let command_line = CommandLine::new(&server.url, &ada);
    (server, ada, command_line)
}

/// All that is at a terminal where a shell runs those words, and where that is typed at the prompt. `$S` is the binary.
fn typed(command_line: &CommandLine, words: &str, keys: &str) -> String {
    let binary = command_line.command(&[]);
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--command", words, "/dev/null"])
        .env("SHELL", "/bin/sh")
        .env("PATH", "/usr/bin:/bin");
    script.envs(binary.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("S", binary.get_program());
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut seen, mut screen, mut byte) = (Vec::new(), child.stdout.take().unwrap(), [0]);
    while !seen.ends_with(b"Value: ") {
        screen.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(keys.as_bytes()).unwrap();
    screen.read_to_end(&mut seen).unwrap();
    child.wait().unwrap();
    String::from_utf8(seen).unwrap()
}

/// What comes of a command whose stderr nobody reads.
fn unheard(command_line: &CommandLine, arguments: &[&str]) -> Output {
    let mut command = command_line.command(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    child.wait_with_output().unwrap()
}

const ADD: &str = "\"$S\" cred add key --provider p";

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_takes_one_line_and_refuses_what_was_pasted_with_more() {
    let (server, ada, command_line) = setting().await;
    let all = typed(
        &command_line,
        &format!("{ADD}; stty -icanon min 0 time 1; echo rest $(cat)"),
        "-----BEGIN\nhunter2\nhunter3\n",
    );
    assert!(all.contains("a prompt takes one line"), "{all}");
    assert!(all.contains("rest\r\n"), "nothing of it is left for the shell: {all}");
    assert_eq!(server.get(&ada, "/api/credentials").await.json()["items"].as_array().unwrap().len(), 0);
    let kept = typed(&command_line, ADD, "hunter2\n");
    assert!(kept.contains("7 characters") && !kept.contains("hunter2"), "{kept}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_is_interrupted_leaves_a_terminal_that_echoes() {
    let (_server, _ada, command_line) = setting().await;
    let all = typed(&command_line, &format!("trap : INT; {ADD}; echo code $?; stty --all"), "hunter2\u{3}");
    assert!(all.contains("code 130") && all.contains(" echo ") && !all.contains("-echo "), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_nobody_reads_has_its_code() {
    let (_server, _ada, command_line) = setting().await;
    assert_eq!(unheard(&command_line, &["cred", "get", "strongroom:///p/nothing"]).status.code(), Some(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_shown_once_is_shown_where_nobody_reads_the_note() {
    let (_server, _ada, command_line) = setting().await;
    let output = unheard(&command_line, &["token", "create", "CI"]);
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("srt_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_environment_is_taken_without_what_is_around_it() {
    let (_server, _ada, command_line) = setting().await;
    let with = |token: &str| command_line.anonymous(&["whoami"]).env("STRONGROOM_TOKEN", token).output().unwrap();
    assert!(said(&with(&format!(" {}\n", command_line.token()))).contains("ada@example.org"));
    assert_eq!(with("").status.code(), Some(3), "an empty one is none");
}
