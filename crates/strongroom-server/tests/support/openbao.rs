//! A real OpenBao: raft storage, TLS, a namespace, the named keys, and an AppRole that may use them and no more.
//! It can be stopped, sealed and brought back, as operators do and machines do to them. Ended with its handle.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use tempfile::TempDir;

const NAMESPACE: &str = "strongroom";
/// What a server may do there (docs/openbao.md says the same).
const POLICY: &str = r#"
path "transit/encrypt/*" { capabilities = ["update"] }
path "transit/decrypt/*" { capabilities = ["update"] }
path "transit/keys/*" { capabilities = ["read"] }
"#;

pub struct OpenBao {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
    root_token: String,
    unseal_key: String,
}

impl OpenBao {
    /// With tokens of servers that live for so many seconds.
    pub fn start(token_ttl: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let [port, cluster_port] = free_ports();
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".into()]).unwrap();
        fs::create_dir(folder.path().join("raft")).unwrap();
        fs::write(folder.path().join("certificate.pem"), cert.pem()).unwrap();
        fs::write(folder.path().join("key.pem"), signing_key.serialize_pem()).unwrap();
        let path = folder.path().display();
        let configuration = format!(
            r#"
storage "raft" {{ path = "{path}/raft" node_id = "one" }}
listener "tcp" {{
  address = "127.0.0.1:{port}" cluster_address = "127.0.0.1:{cluster_port}"
  tls_cert_file = "{path}/certificate.pem" tls_key_file = "{path}/key.pem"
}}
api_addr = "https://localhost:{port}"
cluster_addr = "https://127.0.0.1:{cluster_port}"
"#
        );
        fs::write(folder.path().join("openbao.hcl"), configuration).unwrap();
        let mut bao = Self { folder, port, child: None, root_token: String::new(), unseal_key: String::new() };
        bao.run();
        let made: Value = serde_json::from_str(
            &bao.bao(&["operator", "init", "-format=json", "-key-shares=1", "-key-threshold=1"]).unwrap(),
        )
        .unwrap();
        bao.root_token = made["root_token"].as_str().unwrap().into();
        bao.unseal_key = made["unseal_keys_b64"][0].as_str().unwrap().into();
        bao.unseal();
        bao.until_active();
        bao.set_up(token_ttl);
        bao
    }

    fn set_up(&self, token_ttl: u32) {
        self.bao(&["namespace", "create", NAMESPACE]).unwrap();
        self.admin(&["secrets", "enable", "transit"]);
        for key in ["CREDENTIALS", "ACCOUNT_TOKENS", "FEDERATION", "LLM_CONFIG"] {
            self.admin(&["write", "-f", &format!("transit/keys/{key}")]);
        }
        fs::write(self.path("policy.hcl"), POLICY).unwrap();
        self.admin(&["policy", "write", "strongroom", self.path("policy.hcl").to_str().unwrap()]);
        self.admin(&["auth", "enable", "approle"]);
        let ttl = format!("token_ttl={token_ttl}s");
        self.admin(&["write", "auth/approle/role/strongroom", "token_policies=strongroom", &ttl]);
        let role_id = self.admin(&["read", "-field=role_id", "auth/approle/role/strongroom/role-id"]);
        write_private(&self.path("role-id"), &role_id);
        self.renew_secret_id();
    }

    /// A new secret id; the former one is good for nothing any more.
    pub fn renew_secret_id(&self) {
        let secret_id = self.admin(&["write", "-f", "-field=secret_id", "auth/approle/role/strongroom/secret-id"]);
        write_private(&self.path("secret-id"), &secret_id);
    }

    /// What `strongroom` is told of it.
    pub fn settings(&self) -> Vec<String> {
        vec![
            "--key-provider=openbao".into(),
            format!("--openbao-url={}", self.url()),
            format!("--openbao-role-id-file={}", self.path("role-id").display()),
            format!("--openbao-secret-id-file={}", self.path("secret-id").display()),
            format!("--openbao-namespace={NAMESPACE}"),
            format!("--openbao-ca-file={}", self.ca_file().display()),
        ]
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Of the authority that its certificate is from.
    pub fn ca_file(&self) -> PathBuf {
        self.path("certificate.pem")
    }

    /// Where [`Self::admin`] works.
    pub fn namespace(&self) -> &'static str {
        NAMESPACE
    }

    /// As its administrator, in the namespace; returns what it says.
    pub fn admin(&self, arguments: &[&str]) -> String {
        self.try_admin(arguments).unwrap()
    }

    /// As [`Self::admin`], where that may be refused.
    pub fn try_admin(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = self.command(arguments);
        command.env("BAO_NAMESPACE", NAMESPACE);
        output(&mut command)
    }

    pub fn seal(&self) {
        self.bao(&["operator", "seal"]).unwrap();
    }

    pub fn unseal(&self) {
        self.bao(&["operator", "unseal", &self.unseal_key]).unwrap();
    }

    /// As a machine does that loses its power.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Brings it back, unsealed and at work.
    pub fn restart(&mut self) {
        self.run();
        self.unseal();
        self.until_active();
    }

    /// After an unseal, the only node still has to win its election.
    pub fn until_active(&self) {
        // Each try is a program that starts: there is no need to wait in between.
        let active = (0..200).any(|_| self.bao(&["read", "sys/mounts"]).is_ok());
        assert!(active, "OpenBao did not become active");
    }

    fn run(&mut self) {
        let mut child = Command::new(program())
            .args(["server", "-config"])
            .arg(self.path("openbao.hcl"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("OpenBao server started")), "OpenBao did not start");
        // Read on, or it would end for want of a reader.
        std::thread::spawn(move || lines.for_each(drop));
        self.child = Some(child);
    }

    fn bao(&self, arguments: &[&str]) -> Result<String, String> {
        output(&mut self.command(arguments))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments)
            .env("BAO_ADDR", self.url())
            .env("BAO_CACERT", self.ca_file())
            .env("BAO_TOKEN", &self.root_token)
            .env("HOME", self.folder.path());
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for OpenBao {
    fn drop(&mut self) {
        self.stop();
    }
}

pub fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// Where tests/openbao/install puts it.
fn program() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/openbao/bin/bao");
    if installed.exists() { installed } else { "bao".into() }
}

fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
