//! A cluster in a data folder: made once, refused where it is another version's, started and stopped as a process
//! that is not root. Its durability is PostgreSQL's own; no setting here weakens it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::unistd::{Uid, User, geteuid};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::error::EmbeddedError;
use super::installation::Installation;

/// The longest path that a Unix socket can have, less PostgreSQL's file name.
const MAX_SOCKET_FOLDER_BYTES: usize = 107 - "/.s.PGSQL.5432".len();
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// The database in the cluster.
const DATABASE: &str = "strongroom";

/// A data folder that this process holds the lock of, with an initialised cluster in it.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    installation: Installation,
    run_as: Option<User>,
    /// Held as long as the cluster is used; the kernel lets go of it when the process ends, however it ends.
    _lock: File,
}

impl Cluster {
    /// Takes hold of a data folder; makes folder and cluster where there is none.
    ///
    /// # Errors
    /// Any [`EmbeddedError`]; nothing half-made is left that the next start would take for whole.
    pub async fn open(folder: &Path) -> Result<Self, EmbeddedError> {
        let run_as = if geteuid().is_root() { Some(unprivileged_user()?) } else { None };
        if !folder.exists() {
            // As root, PostgreSQL's user has to pass through it.
            create_folder(folder, if run_as.is_some() { 0o711 } else { 0o700 }, None)?;
        }
        let folder = fs::canonicalize(folder).map_err(at(folder))?;
        refuse_foreign(&folder)?;
        let lock = lock(&folder)?;
        let installation = installation_for(&folder.join("postgres"))?;
        let cluster = Self { folder, installation, run_as, _lock: lock };
        if cluster.run_folder().as_os_str().len() > MAX_SOCKET_FOLDER_BYTES {
            return Err(EmbeddedError::PathTooLong(cluster.run_folder()));
        }
        create_folder(&cluster.run_folder(), 0o700, cluster.run_as.as_ref())?;
        if !cluster.data_folder().join("PG_VERSION").exists() {
            cluster.initialise().await?;
        }
        cluster.write_access_rules()?;
        Ok(cluster)
    }

    /// The URL of a role in that data folder's cluster, whether it runs or not.
    pub fn url(folder: &Path, role: &str) -> String {
        let run = fs::canonicalize(folder).unwrap_or_else(|_| folder.into()).join("run");
        let run = utf8_percent_encode(&run.to_string_lossy(), NON_ALPHANUMERIC).to_string();
        format!("postgres://{role}@localhost/{DATABASE}?sslmode=disable&host={run}")
    }

    /// Starts the server and waits until it takes connections.
    ///
    /// # Errors
    /// [`EmbeddedError::DidNotStart`], with the end of its log.
    pub async fn start(&self) -> Result<Child, EmbeddedError> {
        self.stop_leftover().await?;
        let log_path = self.folder.join("postgres.log");
        let log = File::options().append(true).create(true).open(&log_path).map_err(at(&log_path))?;
        fs::set_permissions(&log_path, Permissions::from_mode(0o600)).map_err(at(&log_path))?;
        // What a crash has left behind is not what the new server says, even where it gets the same process id.
        let stale = self.postmaster_file();
        let mut child = self
            .command("postgres")
            .arg("-D")
            .arg(self.data_folder())
            .args(self.settings().iter().flat_map(|setting| ["-c", setting]))
            .stdout(log.try_clone().map_err(at(&log_path))?)
            .stderr(log)
            .spawn()
            .map_err(at(&self.installation.program("postgres")))?;
        match timeout(START_TIMEOUT, self.ready(&mut child, &stale)).await {
            Ok(true) => Ok(child),
            _ => {
                let _ = child.start_kill();
                Err(EmbeddedError::DidNotStart { tail: tail(&log_path), log: log_path })
            }
        }
    }

    /// Waits until that server takes connections; false: it has ended instead.
    async fn ready(&self, child: &mut Child, stale: &str) -> bool {
        while !self.says_ready(child.id(), stale) {
            if child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return false;
            }
            sleep(Duration::from_millis(20)).await;
        }
        true
    }

    /// As pg_ctl does: postmaster.pid has the process's id in its first line and its state in the eighth.
    fn says_ready(&self, pid: Option<u32>, stale: &str) -> bool {
        let text = self.postmaster_file();
        let mut lines = text.lines();
        text != stale
            && lines.next().and_then(|line| line.trim().parse().ok()) == pid
            && lines.nth(6).is_some_and(|line| line.trim() == "ready")
    }

    fn postmaster_file(&self) -> String {
        fs::read_to_string(self.data_folder().join("postmaster.pid")).unwrap_or_default()
    }

    /// What differs from PostgreSQL's defaults: reached through our socket only, by our own access rules, and with a
    /// log that holds no parameter of a statement, for those are tokens and envelopes.
    fn settings(&self) -> [String; 10] {
        [
            "listen_addresses=".into(),
            format!("unix_socket_directories={}", self.run_folder().display()),
            "unix_socket_permissions=0700".into(),
            format!("hba_file={}", self.access_file("pg_hba.conf").display()),
            format!("ident_file={}", self.access_file("pg_ident.conf").display()),
            "log_parameter_max_length=0".into(),
            "log_parameter_max_length_on_error=0".into(),
            "log_min_error_statement=panic".into(),
            "log_error_verbosity=terse".into(),
            // Short statements gain nothing by it, and it needs memory that is writable and executable, which a
            // hardened service has not (MemoryDenyWriteExecute).
            "jit=off".into(),
        ]
    }

    async fn initialise(&self) -> Result<(), EmbeddedError> {
        // Beside its place, and moved when it is whole: a crash in between leaves nothing that looks like a cluster.
        let unfinished = self.folder.join("postgres.unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(at(&unfinished))?;
        }
        create_folder(&unfinished, 0o700, self.run_as.as_ref())?;
        let mut initdb = self.command("initdb");
        initdb.arg("-D").arg(&unfinished);
        initdb.args(["--username=postgres", "--auth=peer", "--encoding=UTF8", "--locale=C", "--data-checksums"]);
        succeed("initdb", initdb).await?;
        fs::rename(&unfinished, self.data_folder()).map_err(at(&unfinished))
    }

    /// Only this server's own operating-system user gets in, as whichever role it asks for.
    fn write_access_rules(&self) -> Result<(), EmbeddedError> {
        let user = User::from_uid(geteuid()).ok().flatten().ok_or(EmbeddedError::NoUser)?.name;
        let roles = ["postgres", "strongroom_app", "strongroom_system", "strongroom_auditor"];
        let map: String = roles.iter().map(|role| format!("strongroom {user} {role}\n")).collect();
        for (name, text) in [("pg_hba.conf", "local all all peer map=strongroom\n"), ("pg_ident.conf", &map)] {
            let path = self.access_file(name);
            fs::write(&path, text).map_err(at(&path))?;
            // Read by PostgreSQL's user, written by ours.
            fs::set_permissions(&path, Permissions::from_mode(0o644)).map_err(at(&path))?;
        }
        Ok(())
    }

    /// Stops a server that outlived the strongroom that started it: we hold the lock, so that nobody uses it.
    async fn stop_leftover(&self) -> Result<(), EmbeddedError> {
        // Not by the process id alone, which may be another process's by now.
        let answers = UnixStream::connect(self.run_folder().join(".s.PGSQL.5432")).await.is_ok();
        if answers && self.control(&["status"]).status().await.is_ok_and(|status| status.success()) {
            tracing::warn!("a PostgreSQL was left over from a strongroom that was killed; stopping it first");
            succeed("pg_ctl", self.control(&["stop", "-m", "fast", "-w"])).await?;
        }
        Ok(())
    }

    fn control(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("pg_ctl");
        command.args(arguments).arg("-D").arg(self.data_folder());
        command
    }

    /// One of PostgreSQL's programs, as the unprivileged user, in a process group of its own: Ctrl-C is for the
    /// server, which then stops PostgreSQL in order.
    fn command(&self, program: &'static str) -> Command {
        let mut command = Command::new(self.installation.program(program));
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin");
        if let Some(user) = &self.run_as {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    fn data_folder(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    fn run_folder(&self) -> PathBuf {
        self.folder.join("run")
    }

    fn access_file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn installation_for(data: &Path) -> Result<Installation, EmbeddedError> {
    let Ok(version) = fs::read_to_string(data.join("PG_VERSION")) else { return Installation::find(None) };
    let found = version.trim().parse().unwrap_or_default();
    Installation::find(Some(found)).map_err(|_| EmbeddedError::OtherVersion { folder: data.into(), found })
}

fn lock(folder: &Path) -> Result<File, EmbeddedError> {
    let path = folder.join("strongroom.lock");
    let file = File::options().write(true).create(true).truncate(false).open(&path).map_err(at(&path))?;
    file.try_lock().map_err(|_| EmbeddedError::InUse(folder.into()))?;
    Ok(file)
}

/// Whoever can write to the folder can put another key file and other access rules in it.
fn refuse_foreign(folder: &Path) -> Result<(), EmbeddedError> {
    let metadata = fs::metadata(folder).map_err(at(folder))?;
    if metadata.uid() != geteuid().as_raw() || metadata.mode() & 0o022 != 0 {
        return Err(EmbeddedError::Foreign(folder.into()));
    }
    Ok(())
}

/// PostgreSQL refuses to run as root. A user of its own, if there is one: whoever is postgres elsewhere on this machine
/// can reach these files.
fn unprivileged_user() -> Result<User, EmbeddedError> {
    let named = |name| User::from_name(name).ok().flatten();
    named("strongroom")
        .or_else(|| named("postgres"))
        .filter(|user| user.uid != Uid::from_raw(0))
        .ok_or(EmbeddedError::NoUser)
}

fn create_folder(path: &Path, mode: u32, owner: Option<&User>) -> Result<(), EmbeddedError> {
    fs::create_dir_all(path).map_err(at(path))?;
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(at(path))?;
    if let Some(user) = owner {
        chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(at(path))?;
    }
    Ok(())
}

async fn succeed(program: &'static str, mut command: Command) -> Result<(), EmbeddedError> {
    let failed = |output: String| EmbeddedError::Program { program, output };
    let output =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().await.map_err(|e| failed(e.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().into()))
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> EmbeddedError + use<> {
    let path = path.to_path_buf();
    move |source| EmbeddedError::Io { path: path.clone(), source }
}

/// The last lines of a log.
fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(10)).copied().collect::<Vec<_>>().join("\n")
}
