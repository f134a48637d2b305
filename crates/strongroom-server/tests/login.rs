//! `strongroom login` against a real server, with an HTTP client in the place of the page that a browser shows; and what is
//! kept of it on this machine.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};

use crate::support::Server;
use reqwest::header::{CONTENT_SECURITY_POLICY, HOST, LOCATION, ORIGIN};
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use serde_json::json;
use strongroom_crypto::{HandoverKey, seal_for_handover};
use strongroom_testing::Person;
use url::{Url, form_urlencoded};

/// A person's home, without a keyring.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn logins(&self) -> PathBuf {
        self.path().join("strongroom/logins.json")
    }

    fn command(&self, server: &Server, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command.args(arguments).args(["--url", &server.url]).env_clear().stdin(Stdio::null());
        command.env("HOME", self.path()).env("XDG_CONFIG_HOME", self.path()).env("XDG_RUNTIME_DIR", self.path());
        command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}/no-bus", self.path().display()));
        command
    }

    fn run(&self, server: &Server, arguments: &[&str]) -> Output {
        self.command(server, arguments).output().unwrap()
    }

    /// Keeps a token of that person's.
    fn log_in(&self, server: &Server, who: &Person, arguments: &[&str]) -> Output {
        let token = self.path().join("token");
        std::fs::write(&token, format!("{}\n", who.token.to_text().expose_secret())).unwrap();
        let flags = ["login", "--with-token", "--token-file", token.to_str().unwrap()];
        self.run(server, &[&flags, arguments].concat())
    }
}

fn text(output: &Output) -> String {
    String::from_utf8([&output.stdout[..], &output.stderr[..]].concat()).unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A login that waits for its page.
struct Waiting {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// What it printed.
    address: Url,
    told: HashMap<String, String>,
}

impl Waiting {
    fn start(home: &Home, server: &Server) -> Self {
        let flags = ["login", "--no-browser", "--keep", "file", "--name", "Laptop of Ada & Bob"];
        Self::run(home.command(server, &flags))
    }

    /// With a browser, which writes what it is started with to that pipe.
    fn start_in_browser(home: &Home, server: &Server, pipe: &Path) -> Self {
        nix::unistd::mkfifo(pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let browser = home.path().join("browser");
        std::fs::write(&browser, format!("#!/bin/sh\necho \"$@\" > '{}'\n", pipe.display())).unwrap();
        std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut command = home.command(server, &["login", "--keep", "file"]);
        command.env("BROWSER", &browser);
        Self::run(command)
    }

    fn run(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut lines = stderr.by_ref().lines();
        assert!(lines.next().unwrap().unwrap().contains("in the browser"));
        let address: Url = lines.next().unwrap().unwrap().parse().unwrap();
        let told = told(&address);
        Self { child, stderr, address, told }
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.told["port"])
    }

    fn seal(&self, text: &str) -> String {
        seal_for_handover(&self.told["key"], text).unwrap()
    }

    /// Posts a form as a page of that origin.
    async fn post(&self, origin: Option<&str>, form: &[(&str, &str)]) -> (u16, String) {
        let mut request = browser().post(format!("http://{}/token", self.host())).form(form);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let answer = request.send().await.unwrap();
        let next = answer.headers().get(LOCATION).map(|next| next.to_str().unwrap().to_owned());
        (answer.status().as_u16(), next.unwrap_or_default())
    }

    /// Where its form has led a browser to.
    async fn get(&self, path: &str) -> String {
        let answer = browser().get(format!("http://{}{path}", self.host())).send().await.unwrap();
        assert_eq!(answer.headers()[CONTENT_SECURITY_POLICY], "default-src 'none'; frame-ancestors 'none'");
        answer.text().await.unwrap()
    }

    fn end(mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap(), said)
    }
}

/// What an address tells its page.
fn told(address: &Url) -> HashMap<String, String> {
    form_urlencoded::parse(address.fragment().unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Follows nothing by itself.
fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(Policy::none()).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_page_of_this_server_and_of_this_login_hands_a_token_over() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let home = Home::new();
    let waiting = Waiting::start(&home, &server);
    assert_eq!(waiting.address.as_str().split('#').next(), Some(format!("{}/authorize", server.url).as_str()));
    assert_eq!(waiting.told["name"], "Laptop of Ada & Bob");
    let state = waiting.told["state"].clone();
    assert!(state.len() >= 43, "256 bits");
    let made =
        server.post(&ada, "/api/tokens", json!({ "name": waiting.told["name"], "expires_in_days": 30 })).await.json();
    let token = made["token"].as_str().unwrap();

    let sealed = waiting.seal(token);
    let right = [("state", state.as_str()), ("sealed", sealed.as_str())];
    let origin = Some(server.url.as_str());
    let off_by_one = format!("{}{}", &state[..state.len() - 1], if state.ends_with('A') { 'B' } else { 'A' });
    assert_eq!(waiting.post(origin, &[("state", &off_by_one), right[1]]).await.0, 400);
    assert_eq!(waiting.post(origin, &[right[1]]).await.0, 400);
    assert_eq!(waiting.post(origin, &[("state", &state), right[0], right[1]]).await.0, 400, "a state of many");
    assert_eq!(waiting.post(origin, &[right[0], ("token", token)]).await.0, 400, "in clear");
    assert_eq!(waiting.post(origin, &[right[0], ("sealed", token)]).await.0, 400, "in clear");
    assert_eq!(waiting.post(origin, &[right[0], ("sealed", &waiting.seal("nonsense"))]).await.0, 400);
    let elsewhere = seal_for_handover(HandoverKey::generate().unwrap().public(), token).unwrap();
    assert_eq!(waiting.post(origin, &[right[0], ("sealed", &elsewhere)]).await.0, 400, "for another login");
    assert_eq!(waiting.post(Some("http://attacker.example"), &right).await.0, 400);
    assert_eq!(waiting.post(Some("null"), &right).await.0, 400);
    assert_eq!(waiting.post(None, &right).await.0, 400);
    let padding = "x".repeat(5000);
    assert_eq!(waiting.post(origin, &[right[0], right[1], ("padding", &padding)]).await.0, 400);
    let http = reqwest::Client::new();
    let query = format!("http://{}/token?state={state}&sealed={sealed}", waiting.host());
    assert_eq!(http.get(&query).header(ORIGIN, &server.url).send().await.unwrap().status().as_u16(), 405);
    let rebound = http.post(&query).header(ORIGIN, &server.url).header(HOST, "attacker.example").form(&right);
    assert_eq!(rebound.send().await.unwrap().status().as_u16(), 400);
    let as_json = http.post(&query).header(ORIGIN, &server.url).json(&json!({ "state": state, "sealed": sealed }));
    assert_eq!(as_json.send().await.unwrap().status().as_u16(), 400);
    assert!(!home.logins().exists());

    assert_eq!(http.get(format!("http://{}/", waiting.host())).send().await.unwrap().status().as_u16(), 404);
    assert_eq!(waiting.post(origin, &right).await, (303, "/done".to_owned()), "loading it again posts nothing");
    assert!(waiting.get("/done").await.contains("has what it needs. You may close this window"));
    let (status, said) = waiting.end();
    assert!(status.success() && said.contains("ada@example.org") && !said.contains(token), "{said}");
    assert_eq!((mode(&home.logins()), mode(home.logins().parent().unwrap())), (0o600, 0o700));
    assert!(text(&home.run(&server, &["whoami"])).contains("ada@example.org"), "no later command needs a token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_declined_keeps_nothing() {
    let server = Server::start().await;
    let home = Home::new();
    let waiting = Waiting::start(&home, &server);
    let state = waiting.told["state"].clone();
    assert_eq!(waiting.post(Some(&server.url), &[("state", "wrong"), ("error", "declined")]).await.0, 400);
    assert_eq!(waiting.post(Some(&server.url), &[("state", &state), ("error", "declined")]).await.1, "/declined");
    assert!(waiting.get("/declined").await.contains("you declined"));
    let (status, said) = waiting.end();
    assert!(status.code() == Some(1) && said.contains("declined"), "{said}");
    assert!(!home.logins().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_is_started_with_leads_to_the_page_once_and_tells_nothing() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let home = Home::new();
    let pipe = home.path().join("pipe");
    let mut waiting = Waiting::start_in_browser(&home, &server, &pipe);
    let door = waiting.address.to_string();
    assert_eq!(std::fs::read_to_string(&pipe).unwrap(), format!("{door}\n"), "all that others see of it");
    assert_eq!(door, format!("http://127.0.0.1:{}/", waiting.address.port().unwrap()));

    let rebound = browser().get(&door).header(HOST, "attacker.example").send().await.unwrap();
    assert_eq!((rebound.status().as_u16(), rebound.headers().get(LOCATION)), (400, None));
    let led = browser().get(&door).send().await.unwrap();
    assert_eq!(led.status().as_u16(), 303);
    let page: Url = led.headers()[LOCATION].to_str().unwrap().parse().unwrap();
    assert_eq!(page.as_str().split('#').next(), Some(format!("{}/authorize", server.url).as_str()));
    waiting.told = told(&page);
    let made = server.post(&ada, "/api/tokens", json!({ "name": "Laptop", "expires_in_days": 30 })).await.json();
    let sealed = waiting.seal(made["token"].as_str().unwrap());
    let form = [("state", waiting.told["state"].as_str()), ("sealed", &sealed)];
    assert_eq!(waiting.post(Some(&server.url), &form).await.0, 303);
    waiting.get("/done").await;
    let (status, said) = waiting.end();
    assert!(status.success() && said.contains("ada@example.org"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_whose_address_two_have_opened_ends() {
    let server = Server::start().await;
    let home = Home::new();
    let waiting = Waiting::start_in_browser(&home, &server, &home.path().join("pipe"));
    // A browser that writes to a pipe waits for whoever reads.
    std::fs::read_to_string(home.path().join("pipe")).unwrap();
    let door = waiting.address.clone();
    assert_eq!(browser().get(door.clone()).send().await.unwrap().status().as_u16(), 303);
    let second = browser().get(door).send().await.unwrap();
    assert_eq!((second.status().as_u16(), second.headers().get(LOCATION)), (410, None));
    let (status, said) = waiting.end();
    assert!(status.code() == Some(1) && said.contains("somebody else on this machine"), "{said}");
    assert!(!home.logins().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_kept_for_each_server_until_logout_revokes_it() {
    let (server, other) = (Server::start().await, Server::start().await);
    let (ada, bob) = (server.person("ada").await, other.person("bob").await);
    let home = Home::new();
    let said = text(&home.log_in(&server, &ada, &[]));
    assert!(said.contains("because no keyring took it"), "{said}");
    assert!(home.log_in(&other, &bob, &["--keep", "file"]).status.success());
    assert!(text(&home.run(&server, &["whoami"])).contains("ada@example.org"));
    assert!(text(&home.run(&other, &["whoami"])).contains("bob@example.org"));

    assert!(home.run(&server, &["logout"]).status.success());
    assert_eq!(server.get(&ada, "/api/me").await.status, 401, "it is revoked");
    assert!(!std::fs::read_to_string(home.logins()).unwrap().contains(ada.token.to_text().expose_secret()));
    let without = home.run(&server, &["whoami"]);
    assert!(without.status.code() == Some(3) && text(&without).contains("strongroom login"));
    assert!(text(&home.run(&other, &["whoami"])).contains("bob@example.org"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_traded_for_a_token_that_is_kept_and_printed_only_where_that_fails() {
    let server = Server::start().await;
    let (ada, bob) = (server.invite("ada@example.org").await, server.invite("bob@example.org").await);
    let home = Home::new();
    let accept = |invitation: &str| {
        let mut command = home.command(&server, &["accept", "--login", "--name", "Somebody"]);
        command.env("STRONGROOM_TOKEN", invitation).output().unwrap()
    };
    std::fs::create_dir(home.logins().parent().unwrap()).unwrap();
    std::fs::write(home.logins(), "{").unwrap();
    std::fs::set_permissions(home.logins(), std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(text(&accept(&ada)).contains("it is not what `strongroom login` writes"));
    std::fs::remove_file(home.logins()).unwrap();
    let said = text(&accept(&ada));
    assert!(said.contains("your API token is kept in ") && !said.contains("srt_"), "{said}");
    assert!(text(&home.run(&server, &["whoami"])).contains("ada@example.org"));

    // What cannot be locked cannot be written, also by root.
    let lock = home.logins().with_extension("lock");
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    let output = accept(&bob);
    assert!(output.status.code() == Some(1) && output.stdout.starts_with(b"srt_"), "{}", text(&output));
    assert!(text(&output).contains("could not be kept"), "{}", text(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_whose_keyring_is_gone_is_replaced() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let home = Home::new();
    assert!(home.log_in(&server, &ada, &["--keep", "file"]).status.success());
    let in_keyring = json!({ format!("{}/", server.url): "keyring" }).to_string();
    std::fs::write(home.logins(), &in_keyring).unwrap();
    for command in ["whoami", "logout"] {
        let refused = home.run(&server, &[command]);
        assert!(refused.status.code() == Some(1) && text(&refused).contains("--keep file"), "{}", text(&refused));
    }
    assert!(home.log_in(&server, &ada, &["--keep", "file"]).status.success());
    assert!(text(&home.run(&server, &["whoami"])).contains("ada@example.org"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_took_its_time_does_not_undo_another() {
    let (server, other) = (Server::start().await, Server::start().await);
    let (ada, bob) = (server.person("ada").await, other.person("bob").await);
    let home = Home::new();
    let waiting = Waiting::start(&home, &server);
    assert!(home.log_in(&other, &bob, &["--keep", "file"]).status.success());
    let sealed = waiting.seal(ada.token.to_text().expose_secret());
    let right = [("state", waiting.told["state"].as_str()), ("sealed", sealed.as_str())];
    assert_eq!(waiting.post(Some(&server.url), &right).await.0, 303);
    assert!(waiting.end().0.success());
    assert!(text(&home.run(&server, &["whoami"])).contains("ada@example.org"));
    assert!(text(&home.run(&other, &["whoami"])).contains("bob@example.org"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_good_is_not_kept() {
    let (server, other) = (Server::start().await, Server::start().await);
    let stranger = other.person("mallory").await;
    let home = Home::new();
    assert_eq!(home.log_in(&server, &stranger, &[]).status.code(), Some(3));
    assert!(!home.logins().exists());
    let keyring = home.log_in(&other, &stranger, &["--keep", "keyring"]);
    assert!(keyring.status.code() == Some(1) && text(&keyring).contains("keyring"), "{}", text(&keyring));
    assert!(!home.logins().exists(), "it is kept nowhere else than it was asked to be");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_others_can_read_is_not_used() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let home = Home::new();
    assert!(home.log_in(&server, &ada, &["--keep", "file"]).status.success());
    std::fs::set_permissions(home.logins(), std::fs::Permissions::from_mode(0o640)).unwrap();
    for command in ["whoami", "logout"] {
        let refused = home.run(&server, &[command]);
        assert!(refused.status.code() == Some(1) && text(&refused).contains("chmod 600"), "{}", text(&refused));
        assert!(!text(&refused).contains(ada.token.to_text().expose_secret()));
    }
}
