//! `strongroom import` and `strongroom export`: what is taken from each source, what is left and why, that a repetition does no harm, that
//! an export comes back the same, and that no value is shown on the way. What the samples hold is in tests/samples.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, Write};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::Server;
use crate::support::command_line;
use crate::support::command_line::{CommandLine, said, sample};
use crate::support::openbao::{OpenBao, write_private};
use axum::Router;
use axum::http::StatusCode;
use serde_json::{Value, json};
use strongroom_crypto::FileIdentities;
use strongroom_testing::Person;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Each value of a sample, or what is beside one, has this in it.
const CANARY: &str = "canary";

struct Setting {
    server: Server,
    ada: Person,
    command_line: CommandLine,
    folder: TempDir,
}

/// What an import says in JSON.
struct Report(Value);

impl Report {
    fn counts(&self) -> (u64, u64, u64) {
        let count = |key: &str| self.0[key].as_u64().unwrap();
        (count("done"), count("skipped"), count("failed"))
    }

    /// The reason for each that was not done.
    fn left(&self) -> BTreeMap<&str, &str> {
        let items = self.0["items"].as_array().unwrap().iter().filter(|item| item["outcome"] != "DONE");
        items.map(|item| (item["place"].as_str().unwrap(), item["reason"].as_str().unwrap())).collect()
    }
}

impl Setting {
    async fn create() -> Self {
        let server = Server::start_with_limit(None).await;
        let ada = server.person("ada").await;
        let command_line = CommandLine::new(&server.url, &ada);
        Self { server, ada, command_line, folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().into()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command_line.output(arguments);
        let said = said(&output).to_lowercase();
        assert!(!said.contains(CANARY), "{said}");
        output
    }

    fn import(&self, arguments: &[&str]) -> Report {
        let output = self.run(&[&["import", "--json"], arguments].concat());
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
        let report = Report(report);
        assert_eq!(output.status.success(), report.counts().2 == 0, "{}", said(&output));
        report
    }

    /// As an import that is tried, done and done again: what there is only changes by the second.
    async fn import_three_times(&self, arguments: &[&str], expected: &[(&str, &str, &str, &str)]) -> Report {
        let before = self.credentials().await;
        let planned = self.import(&[arguments, &["--dry-run"]].concat());
        assert_eq!(self.credentials().await, before, "a dry run changes nothing");
        let report = self.import(arguments);
        assert_eq!(planned.counts(), report.counts());
        let kept: BTreeSet<_> = self.credentials().await.difference(&before).cloned().collect();
        let expected: BTreeSet<[String; 4]> = expected
            .iter()
            .map(|(provider, name, kind, value)| [provider, name, kind, value].map(|text| (*text).to_owned()))
            .collect();
        assert_eq!(kept, expected);
        let (done, skipped, failed) = report.counts();
        assert_eq!(done, expected.len() as u64);
        for repeated in [arguments.to_vec(), [arguments, &["--dry-run"]].concat()] {
            let repeated = self.import(&repeated);
            assert_eq!(repeated.counts(), (0, done + skipped, failed));
            let reasons: Vec<_> =
                repeated.left().values().copied().filter(|reason| reason.contains("there is one of")).collect();
            assert_eq!(reasons.len() as u64, done);
        }
        report
    }

    /// Masked, as anybody's list shows them.
    async fn listed(&self) -> Vec<Value> {
        let listed = self.server.get(&self.ada, "/api/credentials?limit=100").await;
        assert!(!listed.text.to_lowercase().contains(CANARY), "values are sealed, and in no metadata: {}", listed.text);
        listed.json()["items"].as_array().unwrap().clone()
    }

    async fn one(&self, provider: &str, name: &str) -> Value {
        let mut all = self.listed().await.into_iter();
        all.find(|one| one["provider"] == provider && one["name"] == name).unwrap()
    }

    /// Provider, name, type and value of each.
    async fn credentials(&self) -> BTreeSet<[String; 4]> {
        let listed = self.listed().await;
        let ids: Vec<Value> = listed.iter().map(|one| json!({ "id": one["id"] })).collect();
        if ids.is_empty() {
            return BTreeSet::new();
        }
        let asked = json!({ "purpose": "USE", "credentials": ids });
        let values = self.server.post(&self.ada, "/api/credentials/values", asked).await.json();
        let values = values["items"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let all = listed.iter().zip(values).map(|(one, value)| {
            [text(&one["provider"]), text(&one["name"]), text(&one["type"]), text(&value["value"])]
        });
        all.collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_of_a_file_are_imported_by_their_names() {
    let setting = Setting::create().await;
    let file = sample("variables.env");
    let expected = [
        ("env", "DATABASE_URL", "SECRET", "postgres://app:canary-env-one@db/app"),
        ("env", "STRIPE_KEY", "SECRET", "sk_canary-env-two$${STRONGROOM_TOKEN}$5"),
        ("env", "LITERAL", "SECRET", "canary-env-$three # all of it"),
        ("env", "PEM", "SECRET", "-----BEGIN PRIVATE KEY-----\ncanary-env-four\n-----END PRIVATE KEY-----\n"),
    ];
    let report = setting.import_three_times(&["env", &file], &expected).await;
    assert_eq!(report.left()["EMPTY"], "it is empty");
    assert!(report.left()["FROM_VAULT"].contains("a reference"));

    let workspace = setting.server.workspace(&setting.ada, "Team").await;
    let arguments = ["env", &file, "--provider", "billing", "--workspace", "Team", "--tag", "moved", "--tag", "2026"];
    let expected = expected.map(|(_, name, kind, value)| ("billing", name, kind, value));
    setting.import_three_times(&arguments, &expected).await;
    let moved = setting.one("billing", "PEM").await;
    assert_eq!((&moved["workspace_id"], &moved["tags"]), (&json!(workspace), &json!(["moved", "2026"])));
    let output = setting.run(&["import", "env", &file, "--provider", "third"]);
    assert!(
        said(&output).contains("4 kept, 2 skipped, 0 failed") && said(&output).contains("delete it"),
        "{}",
        said(&output)
    );
    let again = said(&setting.run(&["import", "env", &file, "--provider", "third"]));
    assert!(again.contains("0 kept, 6 skipped") && !again.contains("delete it"), "nothing of it is here: {again}");
    for stdin in ["-", "/dev/stdin"] {
        let arguments = ["import", "env", stdin, "--provider", &format!("piped to {stdin}")];
        let piped = said(&setting.command_line.fed(&arguments, "A=canary-piped\n"));
        assert!(piped.contains("1 kept") && !piped.contains("delete it"), "there is no file: {piped}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_that_stands_twice_counts_as_it_stands_last_and_a_mark_before_the_text_is_none_of_it() {
    let setting = Setting::create().await;
    let file = setting.path("twice.env");
    fs::write(&file, "\u{feff}A=canary-first\nB=canary-b\nA=canary-last\n").unwrap();
    let expected = [("env", "A", "SECRET", "canary-last"), ("env", "B", "SECRET", "canary-b")];
    let report = setting.import_three_times(&["env", &file], &expected).await;
    assert_eq!(report.left(), [("A", "it stands again further down, which counts")].into());
    fs::write(&file, "\u{feff}[]").unwrap();
    assert_eq!(setting.import(&["json", &file]).counts(), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_refused_is_refused_in_a_dry_run_too() {
    let setting = Setting::create().await;
    let bob = setting.server.person("bob").await;
    let workspace = setting.server.workspace(&bob, "Team").await;
    let arguments = ["import", "env", &sample("variables.env"), "--workspace", "Team"];
    for role in ["GUEST", "MEMBER"] {
        setting.server.seat(&bob, &workspace, &setting.ada, role).await;
        for dry_run in [&["--dry-run"][..], &[]] {
            let refused = setting.run(&[&arguments[..], dry_run].concat());
            let reason = if dry_run.is_empty() { "Not allowed" } else { "keeps what its owners and admins bring" };
            assert!(!refused.status.success() && said(&refused).contains(reason), "{}", said(&refused));
        }
    }
    assert!(setting.credentials().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_nothing_fails_and_leaves_no_file() {
    let setting = Setting::create().await;
    let out = setting.path("all.age");
    let nothing = setting.run(&["export", "--out", &out, "--recipient", &recipient()]);
    assert_eq!(nothing.status.code(), Some(5), "{}", said(&nothing));
    assert!(said(&nothing).contains("needs LIST and USE") && !fs::exists(&out).unwrap());
    let nowhere = setting.path("missing/all.age");
    let unwritable = setting.run(&["export", "--out", &nowhere, "--recipient", &recipient()]);
    assert_eq!(unwritable.status.code(), Some(1), "before anything is asked for: {}", said(&unwritable));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_imported_as_the_api_takes_it() {
    let setting = Setting::create().await;
    let expected = [
        ("github", "Deploy key", "API_KEY", "canary-json-one"),
        ("git hub", "two/parts", "SECRET", "canary-json-two\n"),
        ("github", "Deploy key (2)", "PASSWORD", "canary-json-three"),
    ];
    let report = setting.import_three_times(&["json", &sample("credentials.json")], &expected).await;
    assert_eq!(report.counts(), (3, 0, 5));
    let left = report.left();
    assert!(left["item 5"].contains("`secret`") && left["item 6"].contains("`tags`"), "{left:?}");
    let kept = setting.one("github", "Deploy key").await;
    assert_eq!((&kept["description"], &kept["tags"]), (&json!("Pushes releases"), &json!(["ci"])));
    assert_eq!(
        (&kept["metadata"], &kept["expires_at"]),
        (&json!({ "team": "platform" }), &json!("2099-11-23T00:00:00Z"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_does_not_choose_where_it_is_kept() {
    let setting = Setting::create().await;
    let workspace = setting.server.workspace(&setting.ada, "Team").await;
    let item = |name: &str| json!({ "name": name, "provider": "p", "type": "SECRET", "value": "canary" });
    let (mut of_team, mut of_scope) = (item("of a team"), item("of a scope"));
    of_team["workspace_id"] = workspace.clone().into();
    of_scope["scope"] = "USER".into();
    let file = setting.path("chosen.json");
    fs::write(&file, json!([of_team, of_scope, item("free")]).to_string()).unwrap();
    let report = setting.import(&["json", &file]);
    assert_eq!(report.counts(), (1, 0, 2));
    assert!(report.left().values().all(|reason| reason.contains("only --workspace may")), "{:?}", report.left());
    assert_eq!(setting.import(&["json", &file, "--workspace", "Team"]).counts(), (1, 0, 2));
    let listed = setting.listed().await;
    assert_eq!(listed.iter().map(|one| &one["workspace_id"]).collect::<Vec<_>>(), [&json!(workspace), &Value::Null]);
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_notes_keys_and_fields_of_bitwarden_are_imported() {
    let setting = Setting::create().await;
    let expected = [
        ("github.com", "GitHub", "PASSWORD", "canary-bw-password"),
        ("github.com", "GitHub: notes", "SECRET", "canary-bw-recovery codes"),
        ("github.com", "GitHub: TOTP", "SECRET", "otpauth://totp/x?secret=CANARYBWTOTP"),
        ("github.com", "GitHub: token", "SECRET", "canary-bw-hidden"),
        ("github.com", "GitHub: seat", "SECRET", "canary-bw-text"),
        ("github.com", "GitHub (2)", "PASSWORD", "canary-bw-second"),
        ("bitwarden", "Wifi", "SECRET", "canary-bw-note\nsecond line"),
        (
            "bitwarden",
            "Laptop key",
            "SECRET",
            "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary-bw-ssh\n-----END OPENSSH PRIVATE KEY-----\n",
        ),
    ];
    let report = setting.import_three_times(&["bitwarden", &sample("bitwarden.json")], &expected).await;
    let left: BTreeSet<&str> = report.left().into_keys().collect();
    let expected = [
        "GitHub: two factor",
        "GitHub: linked",
        "GitHub: nothing",
        "GitHub: passkeys",
        "GitHub: former passwords",
        "No password",
        "Empty note",
        "Visa",
        "Ada herself",
        "Thrown away",
        "From the future",
    ];
    assert_eq!(left, expected.into());
    let metadata = &setting.one("github.com", "GitHub").await["metadata"];
    let uris = ["https://www.github.com/login", "https://gist.github.com/"];
    assert_eq!(metadata, &json!({ "username": "ada@example.org", "uris": uris }));

    let encrypted = setting.path("encrypted.json");
    fs::write(&encrypted, r#"{"encrypted": true, "passwordProtected": true, "data": "2.canary"}"#).unwrap();
    let refused = setting.run(&["import", "bitwarden", &encrypted]);
    assert!(!refused.status.success() && said(&refused).contains("is encrypted"), "{}", said(&refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_notes_and_fields_of_1password_are_imported() {
    let setting = Setting::create().await;
    let file = setting.path("ada.1pux");
    write_1pux(&file, &fs::read(sample("1password.export.data.json")).unwrap());
    let expected = [
        ("dropbox.com", "Dropbox", "PASSWORD", "canary-1p-password"),
        ("dropbox.com", "Dropbox: notes", "SECRET", "canary-1p-notes"),
        ("dropbox.com", "Dropbox: PIN", "SECRET", "canary-1p-pin"),
        ("dropbox.com", "Dropbox: one-time password", "SECRET", "otpauth://totp/x?secret=CANARY1PTOTP"),
        ("dropbox.com", "Dropbox: question", "SECRET", "canary-1p-string"),
        ("dropbox.com", "Dropbox: token", "SECRET", "canary-1p-second-factor"),
        ("1password", "Stripe: username", "SECRET", "deployer"),
        ("1password", "Stripe: credential", "SECRET", "canary-1p-api"),
        ("1password", "Safe", "SECRET", "canary-1p-note"),
        ("1password", "Router", "PASSWORD", "canary-1p-generated"),
        ("1password", "Server key: private key", "SECRET", "canary-1p-ssh"),
    ];
    let report = setting.import_three_times(&["1password", &file], &expected).await;
    let left: BTreeSet<&str> = report.left().into_keys().collect();
    let expected = [
        "Dropbox: tags",
        "Dropbox: since",
        "Dropbox: where",
        "Dropbox: remember",
        "Dropbox: passkey",
        "Dropbox: former passwords",
        "Stripe: expires",
        "Mailbox",
        "Visa",
        "Ada herself",
        "Contract",
        "Old",
        "From the future",
        "Bare",
    ];
    assert_eq!(left, expected.into());
    let kept = setting.one("dropbox.com", "Dropbox").await;
    let uris = ["https://www.dropbox.com/", "https://paper.dropbox.com/"];
    assert_eq!(kept["metadata"], json!({ "username": "ada@example.org", "uris": uris }));
    assert_eq!(kept["tags"], json!(["work"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_of_1password_is_imported() {
    let setting = Setting::create().await;
    let expected = [
        ("dropbox.com", "Dropbox", "PASSWORD", "canary-csv-\"one\", and more"),
        ("dropbox.com", "Dropbox: TOTP", "SECRET", "otpauth://totp/x?secret=CANARYCSVTOTP"),
        ("dropbox.com", "Dropbox: notes", "SECRET", "canary-csv-notes\nsecond line"),
        ("1password", "Only notes: notes", "SECRET", "canary-csv-only"),
    ];
    let report = setting.import_three_times(&["1password", &sample("1password.csv")], &expected).await;
    assert_eq!(report.left().into_keys().collect::<Vec<_>>(), ["Old", "Only notes"]);
    assert_eq!(setting.one("dropbox.com", "Dropbox").await["tags"], json!(["work", "team"]));
}

fn write_1pux(path: &str, data: &[u8]) {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [("export.attributes", &b"{\"version\": 3}"[..]), ("export.data", data)] {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text).unwrap();
    }
    fs::write(path, archive.finish().unwrap().into_inner()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_export_or_too_large_is_refused_and_not_shown() {
    let setting = Setting::create().await;
    let (file, bomb) = (setting.path("wrong"), setting.path("bomb.1pux"));
    write_1pux(&bomb, &vec![b' '; 64 * 1024 * 1024 + 1]);
    assert!(fs::metadata(&bomb).unwrap().len() < 1024 * 1024);
    let refused = setting.run(&["import", "1password", &bomb]);
    assert!(said(&refused).contains("more than 67108864 bytes"), "{}", said(&refused));
    for text in ["canary", "{}", "{\"canary\": [", "PK\u{3}\u{4}canary", "A,B\ncanary,canary\n", "[1, \"canary\""] {
        fs::write(&file, text).unwrap();
        for source in ["env", "json", "bitwarden", "1password"] {
            let refused = setting.run(&["import", source, &file]);
            assert_eq!(refused.status.code(), Some(1), "{source}: {}", said(&refused));
        }
    }
    fs::File::create(&file).unwrap().set_len(64 * 1024 * 1024 + 1).unwrap();
    for source in ["env", "bitwarden", "1password"] {
        let refused = setting.run(&["import", source, &file]);
        assert!(said(&refused).contains("more than 67108864 bytes"), "{source}: {}", said(&refused));
    }
    assert!(setting.credentials().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_been_asked_too_much_is_waited_for() {
    let server = Server::start_with_http(&["--requests-per-minute-by-token=60"]).await;
    let ada = server.person("ada").await;
    let items: Vec<Value> = (0..62)
        .map(|number| json!({ "name": number.to_string(), "provider": "p", "type": "SECRET", "value": "v" }))
        .collect();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("many.json");
    fs::write(&file, Value::from(items).to_string()).unwrap();
    let output = CommandLine::new(&server.url, &ada).output(&["import", "json", file.to_str().unwrap()]);
    assert!(said(&output).contains("62 kept, 0 skipped, 0 failed"), "{}", said(&output));
}

/// A way to a server that is cut off once: the first request arrives there, and its answer does not arrive here.
async fn cut_off_once(server: &str) -> String {
    let upstream = server.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut client, mut server) =
            (listener.accept().await.unwrap().0, TcpStream::connect(&upstream).await.unwrap());
        let answered = async |server: &mut TcpStream, client: &mut TcpStream| {
            let ((mut from_server, mut to_server), mut from_client) = (server.split(), client.split().0);
            tokio::select! {
                _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
                answer = from_server.read_u8() => assert!(answer.is_ok()),
            }
        };
        answered(&mut server, &mut client).await;
        drop(client);
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut server = TcpStream::connect(&upstream).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_does_no_harm() {
    let setting = Setting::create().await;
    let url = cut_off_once(&setting.server.url).await;
    let report = setting.import(&["env", &sample("variables.env"), "--url", &url]);
    assert_eq!(report.counts(), (4, 2, 0), "the first is not taken for one that was there before");
    assert_eq!(setting.listed().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_refused_as_a_whole_ends_and_says_what_was_not_tried() {
    let setting = Setting::create().await;
    let bob = setting.server.person("bob").await;
    let workspace = setting.server.workspace(&setting.ada, "Team").await;
    setting.server.seat(&setting.ada, &workspace, &bob, "MEMBER").await;
    let arguments = ["import", "env", &sample("variables.env"), "--workspace", "Team"];
    let output = CommandLine::new(&setting.server.url, &bob).output(&arguments);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("0 kept, 2 skipped, 4 failed") && said.contains("not tried"), "{said}");
    assert!(!said.contains("delete it") && !said.contains(CANARY), "{said}");
}

/// Two engines: one with a secret of every kind, which a token may read in part, and an empty one.
fn fill(bao: &OpenBao) -> String {
    bao.admin(&["secrets", "enable", "-path=team/kv", "kv-v2"]);
    bao.admin(&["secrets", "enable", "-path=empty", "kv-v2"]);
    let put = |path: &str, values: Value| {
        // By a file, as an operator would: `-` is not for a test's stdin.
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), values.to_string()).unwrap();
        bao.admin(&["kv", "put", "-mount=team/kv", path, &format!("@{}", file.path().display())]);
    };
    put("root", json!({ "token": "canary-kv-root" }));
    put("apps/billing", json!({ "password": "canary-kv-former" }));
    put("apps/billing", json!({ "password": "canary-kv-billing" }));
    put("apps/billing/stripe", json!({ "api key": "canary-kv-stripe", "url": "https://stripe.example/canary" }));
    put(
        "apps/kinds",
        json!({ "number": 8200, "object": { "a": ["canary-kv", null] }, "yes": true, "none": null, "empty": "" }),
    );
    put("apps/deleted", json!({ "k": "canary-kv" }));
    put("apps/destroyed", json!({ "k": "canary-kv" }));
    put("closed/here", json!({ "k": "canary-kv" }));
    put("apps/secret", json!({ "k": "canary-kv" }));
    bao.admin(&["kv", "delete", "-mount=team/kv", "apps/deleted"]);
    bao.admin(&["kv", "destroy", "-mount=team/kv", "-versions=1", "apps/destroyed"]);
    let policy = r#"
path "team/kv/*" { capabilities = ["read", "list"] }
path "empty/*" { capabilities = ["read", "list"] }
path "team/kv/metadata/closed/*" { capabilities = ["deny"] }
path "team/kv/data/apps/secret" { capabilities = ["deny"] }
"#;
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), policy).unwrap();
    bao.admin(&["policy", "write", "reader", file.path().to_str().unwrap()]);
    bao.admin(&["token", "create", "-policy=reader", "-field=token"])
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_a_real_key_value_engine_are_imported() {
    let setting = Setting::create().await;
    let bao = OpenBao::start(60);
    let token = fill(&bao);
    let (url, ca_file) = (bao.url(), bao.ca_file());
    let import = |more: &[&str]| {
        let namespace = ["--namespace", bao.namespace(), "--ca-file", ca_file.to_str().unwrap()];
        let arguments = [&["import", "--json", "vault", &url], &namespace[..], more].concat();
        let output = setting.command_line.command(&arguments).env("BAO_TOKEN", &token).output().unwrap();
        let said = said(&output);
        assert!(!said.contains(CANARY) && !said.contains(&token), "{said}");
        (serde_json::from_slice(&output.stdout).map(Report), output.status.code(), said)
    };

    let (report, code, said) = import(&["--mount", "team/kv", "--path", "/apps/billing/"]);
    assert_eq!((report.unwrap().counts(), code), ((3, 0, 0), Some(0)), "{said}");
    let billing = [
        ("apps/billing", "password", "SECRET", "canary-kv-billing"),
        ("apps/billing/stripe", "api key", "SECRET", "canary-kv-stripe"),
        ("apps/billing/stripe", "url", "SECRET", "https://stripe.example/canary"),
    ];
    let own = |all: &[(&str, &str, &str, &str)]| -> BTreeSet<[String; 4]> {
        all.iter().map(|(a, b, c, d)| [a, b, c, d].map(|text| (*text).to_owned())).collect()
    };
    assert_eq!(setting.credentials().await, own(&billing));

    let (report, code, _) = import(&["--mount", "team/kv"]);
    let report = report.unwrap();
    let all = [
        &billing[..],
        &[
            ("root", "token", "SECRET", "canary-kv-root"),
            ("apps/kinds", "number", "SECRET", "8200"),
            ("apps/kinds", "object", "SECRET", r#"{"a":["canary-kv",null]}"#),
            ("apps/kinds", "yes", "SECRET", "true"),
        ],
    ];
    assert_eq!(setting.credentials().await, own(&all.concat()));
    assert_eq!((report.counts(), code), ((4, 7, 2), Some(1)));
    let exists = "there is one of that provider and name";
    let expected = [
        ("apps/billing/password", exists),
        ("apps/billing/stripe/api key", exists),
        ("apps/billing/stripe/url", exists),
        ("apps/deleted", "its current version is deleted"),
        ("apps/destroyed", "its current version is destroyed"),
        ("apps/kinds: empty", "it is empty"),
        ("apps/kinds: none", "it is empty"),
        ("apps/secret", "the token may not read it"),
        ("closed/", "the token may not list it"),
    ];
    assert_eq!(report.left(), expected.into());

    for (more, reason) in [
        (&["--mount", "empty"][..], "there is nothing at empty/"),
        (&["--mount", "team/kv", "--path", "nothing"], "there is nothing at team/kv/nothing"),
        (&["--mount", "team/kv", "--path", "../../sys"], "may not have a part"),
    ] {
        let (_, code, said) = import(more);
        assert!(code == Some(1) && said.contains(reason), "{said}");
    }
    let (clear, without) = ("http://vault.example.org:8200", setting.command_line.command(&["import", "vault", &url]));
    let refused =
        setting.command_line.command(&["import", "vault", clear]).env("VAULT_TOKEN", &token).output().unwrap();
    assert!(command_line::said(&refused).contains("must be https://"), "{}", command_line::said(&refused));
    let refused = { without }.output().unwrap();
    assert!(command_line::said(&refused).contains("there is no token"), "{}", command_line::said(&refused));
}

/// A server that means harm: each folder of it has that answer, so often, and then it breaks down.
async fn endless(answer: String, times: usize) -> String {
    let asked = Arc::new(AtomicUsize::new(0));
    let list = async move || match asked.fetch_add(1, Ordering::Relaxed) {
        number if number < times => (StatusCode::OK, answer.clone()),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(list)).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_value_engine_without_an_end_is_left() {
    let setting = Setting::create().await;
    let folders: Vec<String> = (0..1000).map(|number| format!("{number}/")).collect();
    let wide = endless(json!({ "data": { "keys": folders } }).to_string(), 101).await;
    // One folder in each, and much beside it.
    let long = endless(json!({ "data": { "keys": ["a/"] } }).to_string() + &" ".repeat(31 * 1024 * 1024), 9).await;
    for (url, reason) in [(wide, "more than 100000 folders and secrets"), (long, "more than 256 MiB")] {
        let arguments = ["import", "vault", &url];
        let refused = setting.command_line.command(&arguments).env("BAO_TOKEN", "token").output().unwrap();
        assert!(refused.status.code() == Some(1) && said(&refused).contains(reason), "{}", said(&refused));
    }
}

/// What a sealed file holds, by whoever has the key.
fn opened(path: &str) -> Vec<Value> {
    let identity = FileIdentities::read(identity().path()).unwrap();
    let text = identity.open(&fs::read(path).unwrap(), 1024 * 1024).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// A key of age, for these tests alone, as age-keygen writes it; git does not keep that others may not read it.
fn identity() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    write_private(file.path(), &fs::read_to_string(sample("age-identity.txt")).unwrap());
    file
}

fn recipient() -> String {
    let text = fs::read_to_string(sample("age-identity.txt")).unwrap();
    text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_sealed_and_comes_back_the_same_in_another_vault() {
    let setting = Setting::create().await;
    assert_eq!(setting.import(&["json", &sample("credentials.json")]).counts().0, 3);
    let workspace = setting.server.workspace(&setting.ada, "Team").await;
    assert_eq!(
        setting.import(&["env", &sample("variables.env"), "--workspace", "Team", "--tag", "team"]).counts().0,
        4
    );
    let bob = setting.server.person("bob").await;
    setting.server.seat(&setting.ada, &workspace, &bob, "MEMBER").await;
    let bobs = setting.server.keep(&bob, "only to look at", "canary-of-bob").await;
    let grant = json!({ "user_id": setting.ada.id, "permissions": ["REVEAL"] });
    assert_eq!(setting.server.post(&bob, &format!("/api/credentials/{bobs}/grants"), grant).await.status, 201);
    let revoked = setting.server.keep(&setting.ada, "revoked", "canary-revoked").await;
    assert_eq!(setting.server.delete(&setting.ada, &format!("/api/credentials/{revoked}")).await.status, 204);

    let (out, recipient) = (setting.path("all.age"), recipient());
    let output = setting.run(&["export", "--json", "--out", &out, "--recipient", &recipient]);
    let report = Report(serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output))));
    assert_eq!((report.counts(), output.status.code()), ((7, 1, 0), Some(0)));
    assert_eq!(report.left(), [("github/only to look at", "you may see it, and not use it")].into());
    let file = fs::read(&out).unwrap();
    assert!(!file.windows(6).any(|part| part == CANARY.as_bytes()));
    assert_eq!(opened(&out).len(), 7);
    let again = setting.run(&["export", "--out", &out, "--recipient", &recipient]);
    assert!(!again.status.success() && said(&again).contains("is there already"), "{}", said(&again));
    assert_eq!(fs::read(&out).unwrap(), file);
    let uses = setting.server.get(&setting.ada, "/api/credentials/audit?action=CREDENTIAL_USED&limit=100").await.json();
    assert_eq!(uses["items"].as_array().unwrap().len(), 7, "each is recorded, once");

    let recipients = setting.path("recipients");
    fs::write(&recipients, format!("# ada\n{recipient}\n\n")).unwrap();
    for (filter, count) in [(["--workspace", "Team"], 4), (["--provider", "github"], 2), (["--tag", "team"], 4)] {
        let part = setting.path(&format!("part{}", filter[0]));
        let arguments = [&["export", "--out", &part, "--recipients-file", &recipients], &filter[..]].concat();
        assert!(setting.run(&arguments).status.success());
        assert_eq!(opened(&part).len(), count, "{filter:?}");
    }

    let other = Setting::create().await;
    let (key, whole) = (identity(), other.path("whole.age"));
    let key = key.path().to_str().unwrap();
    let refused = other.run(&["import", "json", &out]);
    assert!(said(&refused).contains("give the file with that by --identity"), "{}", said(&refused));
    assert_eq!(other.import(&["json", &out, "--identity", key]).counts(), (7, 0, 0));
    let of_ada: BTreeSet<_> = setting.credentials_of_ada().await;
    assert_eq!(other.credentials().await, of_ada);
    let (theirs, ours) = (other.one("github", "Deploy key").await, setting.one("github", "Deploy key").await);
    for field in ["description", "tags", "metadata", "expires_at", "masked_value"] {
        assert_eq!(theirs[field], ours[field], "{field}");
    }
    assert_eq!(other.import(&["json", &out, "--identity", key]).counts(), (0, 7, 0));
    fs::copy(&out, &whole).unwrap();
    fs::write(&out, &file[..file.len() - 1]).unwrap();
    let damaged = other.run(&["import", "json", &out, "--identity", key]);
    assert!(!damaged.status.success() && said(&damaged).contains("damaged"), "{}", said(&damaged));
}

impl Setting {
    /// As [`Self::credentials`], less what was only to look at or is revoked.
    async fn credentials_of_ada(&self) -> BTreeSet<[String; 4]> {
        let asked: Vec<Value> = self.listed().await.into_iter().filter(|one| one["is_active"] == true).collect();
        let usable = asked.iter().filter(|one| one["permissions"].as_array().unwrap().contains(&json!("USE")));
        let mut all = BTreeSet::new();
        for one in usable {
            let path = format!("/api/credentials/{}/value?purpose=USE", one["id"].as_str().unwrap());
            let value = self.server.get(&self.ada, &path).await.json();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            all.insert([text(&one["provider"]), text(&one["name"]), text(&one["type"]), text(&value["value"])]);
        }
        all
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_request_may_ask_for_is_exported_under_a_passphrase() {
    let setting = Setting::create().await;
    for number in 0..101 {
        setting.server.keep(&setting.ada, &format!("number {number}"), &format!("canary {number}")).await;
    }
    let (out, passphrase, wrong) = (setting.path("all.age"), setting.path("passphrase"), setting.path("wrong"));
    write_private(passphrase.as_ref(), "correct horse battery staple\n");
    write_private(wrong.as_ref(), "correct horse battery stapler\n");
    let output = setting.run(&["export", "--out", &out, "--passphrase-file", &passphrase]);
    assert!(said(&output).contains("101 sealed, 0 skipped, 0 failed"), "{}", said(&output));
    let other = Setting::create().await;
    let refused = other.run(&["import", "json", &out, "--passphrase-file", &wrong]);
    assert!(!refused.status.success() && said(&refused).contains("under this passphrase"), "{}", said(&refused));
    assert_eq!(other.import(&["json", &out, "--passphrase-file", &passphrase]).counts(), (101, 0, 0));
    let none = setting.run(&["export", "--out", &setting.path("plain")]);
    assert_eq!(none.status.code(), Some(2), "there is no export in plaintext: {}", said(&none));
    assert!(!fs::exists(setting.path("plain")).unwrap());
}
