//! TLS with the real binary, as a real client sees it: certificates that are wrong, and ones that are renewed.
//! The client trusts the one certificate that a test names, so that an answer says which one was served.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::process::{Process, data_folder, serve};
use nix::sys::signal::Signal;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use strongroom_testing::TestDatabase;

/// Much longer than a server looks away from its files.
const PATIENCE: Duration = Duration::from_secs(60);

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["127.0.0.1".into()]).unwrap()
}

/// A data folder with the files of a certificate, and flags that name them and a database.
struct Setting {
    folder: tempfile::TempDir,
    flags: Vec<String>,
    _database: TestDatabase,
}

impl Setting {
    async fn new() -> Self {
        let (folder, database) = (data_folder(), TestDatabase::create().await);
        let path = |name: &str| folder.path().join(name).display().to_string();
        let flags = vec![
            format!("--database-url={}", database.url("strongroom_app")),
            format!("--system-database-url={}", database.url("strongroom_system")),
            format!("--tls-certificate-file={}", path("certificate.pem")),
            format!("--tls-key-file={}", path("key.pem")),
        ];
        Self { folder, flags, _database: database }
    }

    fn write(&self, certificate: &str, key: &str) {
        std::fs::write(self.path("key.pem"), key).unwrap();
        std::fs::write(self.path("certificate.pem"), certificate).unwrap();
    }

    fn write_pair(&self, pair: &CertifiedKey<KeyPair>) {
        self.write(&pair.cert.pem(), &pair.signing_key.serialize_pem());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn flags(&self) -> Vec<&str> {
        self.flags.iter().map(String::as_str).collect()
    }

    fn start(&self) -> Process {
        Process::start(self.folder.path(), &self.flags())
    }

    /// What it says instead of starting.
    fn refusal(&self) -> String {
        let output = serve(self.folder.path(), &self.flags()).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }
}

/// GET /health on a new connection, by a client that trusts that certificate alone.
async fn health(url: &str, trusted: &CertifiedKey<KeyPair>) -> Result<reqwest::Response, reqwest::Error> {
    let root = reqwest::Certificate::from_pem(trusted.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    client.get(format!("{url}/health")).send().await
}

async fn until_served(process: &Process, certificate: &CertifiedKey<KeyPair>) {
    let served = async { while health(&process.url, certificate).await.is_err() {} };
    tokio::time::timeout(PATIENCE, served).await.expect("the new certificate is not served");
}

/// Waits until the log says it.
async fn until_logged(log: &Path, words: &str) {
    let logged = async {
        while !std::fs::read_to_string(log).unwrap().contains(words) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, logged).await.expect("it is not logged");
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_only_and_says_so() {
    let (setting, certificate) = (Setting::new().await, certificate());
    setting.write_pair(&certificate);
    let process = setting.start();
    assert!(process.url.starts_with("https://"), "{}", process.url);
    let answer = health(&process.url, &certificate).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    assert_eq!(answer.version(), reqwest::Version::HTTP_11);
    assert!(reqwest::get(process.url.replace("https", "http")).await.is_err(), "plain HTTP is not answered");
    assert!(health(&process.url, &self::certificate()).await.is_err(), "the client does check");
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart_and_a_broken_one_never() {
    let (setting, first, second, third) = (Setting::new().await, certificate(), certificate(), certificate());
    setting.write_pair(&first);
    let process = setting.start();
    health(&process.url, &first).await.unwrap();

    setting.write_pair(&second);
    process.signal(Signal::SIGHUP);
    until_served(&process, &second).await;
    assert!(health(&process.url, &first).await.is_err());

    // The key of another certificate, and then no certificate at all.
    setting.write(&third.cert.pem(), &second.signing_key.serialize_pem());
    process.signal(Signal::SIGHUP);
    until_logged(&process.log, "do not make a pair").await;
    setting.write("nothing", &third.signing_key.serialize_pem());
    process.signal(Signal::SIGHUP);
    until_logged(&process.log, "is not a PEM file with certificates").await;
    health(&process.url, &second).await.unwrap();
    assert!(health(&process.url, &third).await.is_err());

    // Without a word, only by the change of the files.
    setting.write_pair(&third);
    until_served(&process, &third).await;
    let log = std::fs::read_to_string(&process.log).unwrap();
    let key = third.signing_key.serialize_pem();
    assert!(!log.contains(key.lines().nth(1).unwrap()));
}

#[tokio::test]
async fn a_certificate_that_is_not_usable_keeps_it_from_starting() {
    let (setting, one, other) = (Setting::new().await, certificate(), certificate());
    assert!(setting.refusal().contains("certificate.pem: No such file"));
    setting.write("", &one.signing_key.serialize_pem());
    assert!(setting.refusal().contains("tls_certificate_file is not a PEM file with certificates"));
    setting
        .write(&one.cert.pem(), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    assert!(setting.refusal().contains("tls_key_file is not a PEM file with a private key that is not encrypted"));
    setting.write(&one.cert.pem(), &other.signing_key.serialize_pem());
    assert!(setting.refusal().contains("do not make a pair"));
}
