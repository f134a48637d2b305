//! `strongroom run` and `strongroom inject`: what a child gets, what it does not, how it ends, and what its output shows. The
//! children are real, and a test waits for what they write.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Stdio};

use crate::support::command_line::{CommandLine, said};
use crate::support::{Server, credential};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use strongroom_testing::Person;
use tempfile::TempDir;

const VALUE: &str = "canary-0123456789-value";

struct Setting {
    server: Server,
    ada: Person,
    command_line: CommandLine,
    folder: TempDir,
}

impl Setting {
    /// Ada has `CI`, and the workspace `Platform team` has `a/b c`.
    async fn create() -> Self {
        let server = Server::start_with_limit(None).await;
        let ada = server.person("ada").await;
        server.keep(&ada, "CI", VALUE).await;
        let workspace = server.workspace(&ada, "Platform team").await;
        let mut new = credential("a/b c", "canary-of-the-team");
        new["workspace_id"] = workspace.into();
        assert_eq!(server.post(&ada, "/api/credentials", new).await.status, 201);
        let command_line = CommandLine::new(&server.url, &ada);
        Self { server, ada, command_line, folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().into()
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// A shell with a script, by `run` with those options; `CI` is in `A`.
    fn shell(&self, options: &[&str], script: &str) -> std::process::Command {
        let arguments = [&["run"], options, &["--", "/bin/sh", "-c", script]].concat();
        let mut command = self.command_line.command(&arguments);
        command.env("A", "strongroom:///github/CI");
        command
    }

    /// What the record says of uses, the newest first.
    async fn used(&self) -> Vec<String> {
        let rows = self.server.get(&self.ada, "/api/credentials/audit?action=CREDENTIAL_USED&limit=100").await.json();
        rows["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    }
}

const BOTH: [&[&str]; 2] = [&[], &["--mask"]];

#[tokio::test(flavor = "multi_thread")]
async fn a_child_gets_values_for_references_and_all_else_as_it_is() {
    let setting = Setting::create().await;
    let script = r#"printf '%s|%s|%s|%s' "$A" "$B" "$C" "$D"; exit 7"#;
    let mut command = setting.shell(&[], script);
    command.env("B", "strongroom://Platform%20team/github/a%2Fb%20c").env("C", "see strongroom:///github/CI");
    command.env("D", "strongroom:///github/CI");
    let output = command.output().unwrap();
    assert_eq!(said(&output), format!("{VALUE}|canary-of-the-team|see strongroom:///github/CI|{VALUE}"));
    assert_eq!(output.status.code(), Some(7));
    let mut used = setting.used().await;
    used.sort();
    assert_eq!(used, ["CI", "a/b c"], "one that two variables ask for is used once");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_variables_come_before_the_environment_and_later_ones_before_earlier_ones() {
    let setting = Setting::create().await;
    let one = setting.write("one.env", "A=plain\nB='strongroom:///github/CI'\nC=one\nSTRONGROOM_TOKEN=other\n");
    let two = setting.write("two.env", "C=\"two\nlines\"\n");
    let options = ["--env-file", &one, "--env-file", &two];
    let script = r#"printf '%s|%s|%s|%s' "$A" "$B" "$C" "${STRONGROOM_TOKEN-none}""#;
    assert_eq!(said(&setting.shell(&options, script).output().unwrap()), format!("plain|{VALUE}|two\nlines|none"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_variables_does_not_get_the_token_by_its_name() {
    let setting = Setting::create().await;
    let file = setting.write("app.env", "B=\"${STRONGROOM_TOKEN}\"\nC=pa$$word$1\n");
    let output = setting.shell(&["--env-file", &file], r#"printf '%s|%s' "$B" "$C""#).output().unwrap();
    assert_eq!(said(&output), "${STRONGROOM_TOKEN}|pa$$word$1");
}

/// As somebody who may not read everything anyway.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_masked_child_cannot_read_the_token_of_its_parent() {
    let setting = Setting::create().await;
    let script = "cat /proc/self/environ; cat /proc/$PPID/environ; echo $?";
    let mut command = setting.shell(&["--mask"], script);
    if nix::unistd::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let seen = said(&command.output().unwrap());
    assert!(seen.contains("A=****") && seen.contains("Permission denied"), "{seen}");
    assert!(!seen.contains(setting.command_line.token()), "{seen}");
}

#[cfg(target_os = "linux")]
const NOBODY: u32 = 65534;

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_not_in_the_childs_environment_and_no_value_in_any_argument() {
    let setting = Setting::create().await;
    let token_file = setting.write("token", setting.command_line.token());
    let script = "cat /proc/self/environ /proc/self/cmdline /proc/$$/cmdline /proc/$PPID/cmdline";
    for options in BOTH {
        let seen = said(&setting.shell(options, script).output().unwrap());
        let by_file = [options, &["--token-file", &token_file]].concat();
        let seen_by_file = said(&setting.shell(&by_file, script).env("STRONGROOM_TOKEN_FILE", "x").output().unwrap());
        for seen in [seen, seen_by_file] {
            assert!(seen.contains("A=") && seen.contains("/proc/self/environ"), "{seen}");
            assert!(!seen.contains("STRONGROOM_TOKEN") && !seen.contains(setting.command_line.token()), "{seen}");
            let after_environment = seen.rsplit_once("cat\0").unwrap().1;
            assert!(!after_environment.contains(VALUE) && !after_environment.contains("****"), "{seen}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_started_where_a_reference_fails_and_no_value_is_shown() {
    let setting = Setting::create().await;
    let mark = setting.path("started");
    let script = format!("touch {mark}");
    for (reference, reason) in [
        ("strongroom:///github/nothing", "Not found"),
        ("strongroom://No%20team/github/CI", "no workspace of that name"),
    ] {
        for options in BOTH {
            let output = setting.shell(options, &script).env("LACKING", reference).output().unwrap();
            let said = said(&output);
            assert_eq!(output.status.code(), Some(125), "{said}");
            assert!(said.contains(reason) && !said.contains(VALUE), "{said}");
        }
    }
    let output = setting.shell(&[], &script).env("LACKING", "strongroom:///github/nothing").output().unwrap();
    assert!(said(&output).contains("LACKING (strongroom:///github/nothing): "), "{}", said(&output));
    let text = "{{ strongroom://No%20team/a/b }}\n{{ strongroom:///github/CI }}\n{{ strongroom:///github/nothing }}\n";
    let output = setting.command_line.output(&["inject", &setting.write("template", text)]);
    let all = said(&output);
    assert!(all.contains("line 1 (strongroom://No%20team/a/b): you are a member of no workspace"), "{all}");
    assert!(
        all.contains("line 3 (strongroom:///github/nothing): ") && !all.contains("line 2"),
        "each that lacks: {all}"
    );
    assert_eq!(output.status.code(), Some(5), "{all}");
    // What only looks like a reference may be a secret in the wrong place.
    let mut both = setting.shell(&[], &script);
    let output = both.env("LACKING", "strongroom://hunter2").env("WANTING", "strongroom://hunter3").output().unwrap();
    let said = said(&output);
    assert!(output.status.code() == Some(125) && !said.contains("hunter"), "{said}");
    assert!(said.contains("LACKING: a reference") && said.contains("WANTING: a reference"), "each is named: {said}");
    assert!(!fs::exists(&mark).unwrap());
    assert!(
        setting.command_line.anonymous(&["run", "--", "/bin/true"]).status().unwrap().success(),
        "nothing is asked"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_ends_as_by_env() {
    let setting = Setting::create().await;
    let not_executable = setting.write("script", "exit 0");
    for options in BOTH {
        let run = |command: &str| setting.command_line.output(&[&["run"], options, &["--", command]].concat());
        assert_eq!(run(&not_executable).status.code(), Some(126));
        let not_found = run(&setting.path("nothing"));
        assert_eq!(not_found.status.code(), Some(127));
        assert!(said(&not_found).contains("nothing: No such file"), "{}", said(&not_found));
    }
    assert_eq!(setting.shell(&[], "kill -KILL $$").status().unwrap().signal(), Some(Signal::SIGKILL as i32));
    assert_eq!(setting.shell(&["--mask"], "kill -KILL $$").status().unwrap().code(), Some(128 + 9));
    assert_eq!(setting.command_line.output(&["run"]).status.code(), Some(2), "there is no command");
}

/// A child in a group of its own, as one that no terminal sends signals to.
fn spawn(mut command: std::process::Command) -> Child {
    command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_reach_the_child() {
    let setting = Setting::create().await;
    let signals = [
        ("TERM", Signal::SIGTERM),
        ("HUP", Signal::SIGHUP),
        ("INT", Signal::SIGINT),
        ("QUIT", Signal::SIGQUIT),
        ("USR1", Signal::SIGUSR1),
        ("USR2", Signal::SIGUSR2),
    ];
    for (name, signal) in signals {
        for options in BOTH {
            let trap = format!("trap 'echo got {name}; kill $!; exit 3' {name}");
            let script = format!("{trap}; sleep 600 >/dev/null 2>&1 & echo ready; wait");
            let mut child = spawn(setting.shell(options, &script));
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
            assert_eq!(lines.next().as_deref(), Some("ready"));
            kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
            assert_eq!(lines.next(), Some(format!("got {name}")), "{options:?}");
            assert_eq!(child.wait().unwrap().code(), Some(3));
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_masked_child_that_is_to_survive_a_hang_up_does() {
    let setting = Setting::create().await;
    let binary = setting.shell(&["--mask"], "echo ready; read go; echo on");
    let mut nohup = std::process::Command::new("nohup");
    nohup.arg(binary.get_program()).args(binary.get_args()).env_clear();
    nohup.envs(binary.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("PATH", "/usr/bin:/bin");
    let mut child = spawn(nohup);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("ready"));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGHUP).unwrap();
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert_eq!((lines.next().as_deref(), child.wait().unwrap().code()), (Some("on"), Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_masked_in_both_outputs_also_when_they_come_in_pieces() {
    let setting = Setting::create().await;
    let script =
        r#"printf 'before %s' "${A%789-value}"; read go; printf '789-value after'; printf '%s!' "$A" >&2; exit 5"#;
    let mut child = spawn(setting.shell(&["--mask"], script));
    let (mut out, mut err) = (child.stdout.take().unwrap(), String::new());
    let mut before = [0; 7];
    out.read_exact(&mut before).unwrap();
    assert_eq!(&before, b"before ", "what is clear is not held back");
    // By now the first part of the value has been read, and the second has not been written.
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((rest.as_str(), err.as_str()), ("**** after", "****!"));
    assert_eq!(child.wait().unwrap().code(), Some(5));
    assert!(said(&setting.shell(&[], "echo $A").output().unwrap()).contains(VALUE), "only where it was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_filled_whole_or_not_at_all() {
    let setting = Setting::create().await;
    let text =
        "one: {{ strongroom:///github/CI }}\n{{ .Other }}\ntwo: '{{strongroom://Platform%20team/github/a%2Fb%20c}}'\n";
    let filled = format!("one: {VALUE}\n{{{{ .Other }}}}\ntwo: 'canary-of-the-team'\n");
    let (template, out) = (setting.write("template", text), setting.path("out"));
    let inject = |arguments: &[&str]| setting.command_line.output(&[&["inject"], arguments].concat());
    assert_eq!(said(&inject(&[&template])), filled);
    let mut child =
        setting.command_line.command(&["inject"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(), filled);
    assert_eq!(setting.used().await.len(), 4);

    assert_eq!(said(&inject(&[&template, "--out", &out])), "");
    assert_eq!(fs::read_to_string(&out).unwrap(), filled);
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    let refused = inject(&[&template, "--out", &out]);
    assert!(!refused.status.success() && said(&refused).contains("is there already"), "{}", said(&refused));

    for (wrong, reason) in [
        (
            "{{ strongroom:///github/CI }}\n{{ strongroom:///github/nothing }}",
            "line 2 (strongroom:///github/nothing): Not found",
        ),
        ("{{ strongroom:///github/CI }}\n{{ strongroom://hunter2 }}", "line 2: a reference must be"),
        (&"x".repeat(1024 * 1024 + 1), "more than 1048576 bytes"),
    ] {
        let template = setting.write("wrong", wrong);
        for arguments in [&[template.as_str()][..], &[&template, "--out", &out, "--force"]] {
            let refused = inject(arguments);
            let said = said(&refused);
            assert!(!refused.status.success() && said.contains(reason), "{said}");
            assert!(refused.stdout.is_empty() && !said.contains(VALUE) && !said.contains("hunter2"), "{said}");
        }
    }
    assert_eq!(fs::read_to_string(&out).unwrap(), filled, "it is as it was");
    let pipe = setting.path("pipe");
    nix::unistd::mkfifo(pipe.as_str(), nix::sys::stat::Mode::S_IRUSR).unwrap();
    let refused = inject(&[&template, "--out", &pipe, "--force"]);
    assert!(!refused.status.success() && said(&refused).contains("is no file"), "{}", said(&refused));
    assert!(!fs::metadata(&pipe).unwrap().is_file());
    fs::write(&template, "new").unwrap();
    assert_eq!(said(&inject(&[&template, "--out", &out, "--force"])), "");
    assert_eq!(fs::read_to_string(&out).unwrap(), "new");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_values_than_a_request_may_ask_for_come_in_several() {
    let setting = Setting::create().await;
    let mut template = String::new();
    for number in 0..101 {
        let name = format!("number {number}");
        setting.server.keep(&setting.ada, &name, &format!("value {number}")).await;
        template += &format!("{{{{ strongroom:///github/number%20{number} }}}}\n");
    }
    let expected: String = (0..101).map(|number| format!("value {number}\n")).collect();
    let template = setting.write("template", &template);
    assert_eq!(said(&setting.command_line.output(&["inject", &template])), expected);
}
