//! Where settings come from, as the binary says it: precedence, refusals that say what is right, secrets that are not
//! shown, and the table in docs/configuration.md.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with a settings file in it.
struct Settings {
    folder: tempfile::TempDir,
}

impl Settings {
    fn file(text: &str) -> Self {
        let settings = Self { folder: tempfile::tempdir().unwrap() };
        settings.add("strongroom.toml", text);
        settings
    }

    fn add(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// What a command says with that file, those variables and those flags; Err: it fails.
    fn run(&self, command: &str, variables: &[(&str, &str)], flags: &[&str]) -> Result<String, String> {
        run(command, &self.folder.path().join("strongroom.toml"), variables, flags)
    }
}

fn run(command: &str, file: &Path, variables: &[(&str, &str)], flags: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_strongroom"))
        .env_clear()
        .env("STRONGROOM_CONFIG", file)
        .envs(variables.iter().copied())
        .arg(command)
        .args(flags)
        .output()
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// Value and source of a setting in the table of `strongroom config`.
fn shown<'a>(table: &'a str, name: &str) -> (&'a str, &'a str) {
    let row = table.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
    let cells: Vec<_> = row.split_whitespace().collect();
    (cells[1], cells[2])
}

#[test]
fn a_flag_goes_before_a_variable_before_the_file_before_the_default() {
    let settings =
        Settings::file("reveals_per_minute = 1\nmax_connections = 1\nread_timeout_seconds = 1\nlog = \"info\"");
    let variables = [("STRONGROOM_REVEALS_PER_MINUTE", "2"), ("STRONGROOM_MAX_CONNECTIONS", "2")];
    let table = settings.run("config", &variables, &["--reveals-per-minute", "3"]).unwrap();
    assert_eq!(shown(&table, "reveals_per_minute"), ("3", "flag"));
    assert_eq!(shown(&table, "max_connections"), ("2", "environment"));
    assert_eq!(shown(&table, "read_timeout_seconds"), ("1", "file"));
    assert_eq!(shown(&table, "log"), ("info", "file"));
    assert_eq!(shown(&table, "listen"), ("127.0.0.1:8750", "default"));
}

#[test]
fn lists_are_written_in_brackets_or_with_commas() {
    let table = Settings::file("trusted_proxies = [\"10.0.0.0/8\", \"fd00::1\"]").run("config", &[], &[]).unwrap();
    assert_eq!(shown(&table, "trusted_proxies"), ("10.0.0.0/8,fd00::1", "file"));
    let variable = [("STRONGROOM_TRUSTED_PROXIES", "192.0.2.1")];
    let table = Settings::file("trusted_proxies = [\"10.0.0.0/8\"]").run("config", &variable, &[]).unwrap();
    assert_eq!(shown(&table, "trusted_proxies"), ("192.0.2.1", "environment"), "one list replaces the other");
}

#[test]
fn what_is_wrong_in_the_file_is_named_with_what_is_right() {
    for (text, named, right) in [
        ("listn = \"127.0.0.1:1\"", "listn", "`strongroom config` shows all"),
        ("[listen]\nport = 1", "listen", "give a text"),
        ("listen = \"8750\"", "listen", "such as 127.0.0.1:8750"),
        ("max_connections = 0", "max_connections", "1..=100000"),
        ("database_connections = \"many\"", "database_connections", "invalid digit"),
        ("trusted_proxies = [\"10.0.0.0/99\"]", "trusted_proxies", "such as"),
        ("trusted_proxies = [10]", "trusted_proxies", "a list of texts"),
        ("forwarded_header = \"x-real-ip\"", "forwarded_header", "possible values: x-forwarded-for, forwarded"),
        ("log = \"info\"\nlisten", "line 2", "expected"),
    ] {
        for command in ["config", "serve", "migrate", "doctor", "setup-token"] {
            let said = Settings::file(text).run(command, &[], &[]).unwrap_err();
            assert!(said.contains("strongroom.toml") && said.contains(named) && said.contains(right), "{text}: {said}");
        }
    }
    let said = run("serve", Path::new("/nonexistent/strongroom.toml"), &[], &[]).unwrap_err();
    assert!(said.contains("/nonexistent/strongroom.toml: No such file"), "{said}");
}

#[test]
fn a_file_that_cannot_be_read_does_not_repeat_its_secrets() {
    let settings =
        Settings::file("system_database_url = \"postgres://x@h/d\"\ndatabase_url = \"postgres://x:hunter2@h/d");
    let said = settings.run("serve", &[], &[]).unwrap_err();
    assert!(said.contains("line 2") && !said.contains("hunter2"), "{said}");
}

#[test]
fn secrets_are_not_shown() {
    let secret = "postgres://x:hunter2@db/d";
    let settings = Settings::file(&format!("database_url = \"{secret}\"\nsystem_database_url = \"{secret}\""));
    let table = settings.run("config", &[("STRONGROOM_ADMIN_DATABASE_URL", secret)], &[]).unwrap();
    assert_eq!(shown(&table, "database_url"), ("(redacted)", "file"));
    assert_eq!(shown(&table, "admin_database_url"), ("(redacted)", "environment"));
    assert!(!table.contains("hunter2"), "{table}");
}

#[test]
fn a_secret_is_read_from_its_file_or_given_but_not_both() {
    let nowhere = "postgres://strongroom_app:hunter2@localhost/x?host=/nonexistent\n";
    let settings = Settings::file("");
    let file = settings.add("url", nowhere);
    let file = file.to_str().unwrap();
    let both_files = ["--database-url-file", file, "--system-database-url-file", file];
    // The socket's folder is in the URL, and the URL in the file.
    let said = settings.run("doctor", &[], &both_files).unwrap_err();
    assert!(said.contains("the database cannot be checked") && !said.contains("hunter2"), "{said}");
    let said = settings.run("setup-token", &[("STRONGROOM_ADMIN_DATABASE_URL_FILE", file)], &[]).unwrap_err();
    assert!(!said.contains("hunter2"), "{said}");

    let twice = settings.run("serve", &[("STRONGROOM_DATABASE_URL", nowhere)], &both_files).unwrap_err();
    assert!(twice.contains("give database_url or database_url_file, not both"), "{twice}");
    let empty = settings.add("empty", "\n");
    let empty = settings.run("migrate", &[("STRONGROOM_ADMIN_DATABASE_URL_FILE", empty.to_str().unwrap())], &[]);
    assert!(empty.unwrap_err().contains("the file is empty"));
    let missing = settings.run("migrate", &[], &["--admin-database-url-file", "/nonexistent/url"]).unwrap_err();
    assert!(missing.contains("admin_database_url_file, /nonexistent/url"), "{missing}");
}

#[test]
fn a_client_command_does_not_need_the_file() {
    let said = run("whoami", Path::new("/nonexistent"), &[], &[]).unwrap_err();
    assert!(said.contains("STRONGROOM_TOKEN"), "{said}");
}

#[test]
fn beyond_loopback_it_wants_tls_or_a_proxy() {
    let settings = Settings::file("");
    for command in ["serve", "config"] {
        let said = settings.run(command, &[], &["--listen", "0.0.0.0:0"]).unwrap_err();
        for remedy in ["tls_certificate_file", "loopback", "trusted_proxies"] {
            assert!(said.contains(remedy), "{said}");
        }
    }
    settings.run("config", &[], &["--listen", "[::]:8750", "--trusted-proxies", "10.0.0.1"]).unwrap();
    let half = settings.run("serve", &[], &["--tls-key-file", "/k"]).unwrap_err();
    assert!(half.contains("give tls_certificate_file and tls_key_file"), "{half}");
}

/// After a change of the settings: `make bless`.
#[test]
fn docs_configuration_md_has_the_table_of_all_settings() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once("a test compares it. -->\n\n").unwrap();
    let (_, after) = rest.split_once("## TLS").unwrap();
    let table = strongroom_server::settings::documentation();
    let made = format!("{before}a test compares it. -->\n\n{table}\n## TLS{after}");
    #[allow(clippy::disallowed_methods, reason = "a switch of this test")]
    if std::env::var_os("STRONGROOM_BLESS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), made);
}
