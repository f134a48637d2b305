//! A transaction-mode pooler between us and PostgreSQL: callers who share one backend in turn see their own rows.
//! The pooler is a real PgBouncer.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use strongroom_testing::{Person, Sql, TestDatabase};

/// A real PgBouncer with one server connection, ended with its handle.
struct Bouncer {
    process: Child,
    folder: tempfile::TempDir,
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Bouncer {
    fn start(database: &TestDatabase) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display();
        // It refuses to run as root.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let settings = format!(
            "[databases]\n{name} = host={socket} dbname={name}\n[pgbouncer]\nlisten_port = 6432\nunix_socket_dir = {path}\n\
             auth_type = any\npool_mode = transaction\ndefault_pool_size = 1\n",
            name = database.name(),
            socket = database.socket_folder(),
        );
        // auth_type any logs in to the server as the user of the database line.
        let settings = settings.replacen("\n[pgbouncer]", " user=strongroom_app\n[pgbouncer]", 1);
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
        let mut command = Command::new("/usr/sbin/pgbouncer");
        if is_root {
            command.args(["-u", "postgres"]);
        }
        let process = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { process, folder }
    }

    async fn connect(&self, database: &TestDatabase) -> Sql {
        let settings = format!(
            "host={} port=6432 user=strongroom_app dbname={} connect_timeout=1",
            self.folder.path().display(),
            database.name()
        );
        let socket = self.folder.path().join(".s.PGSQL.6432");
        tokio::time::timeout(Duration::from_secs(20), async {
            // The file is there a moment before anybody listens on it.
            while tokio::net::UnixStream::connect(&socket).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("pgbouncer did not start");
        let (client, connection) = tokio_postgres::connect(&settings, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

/// The simple protocol: this PgBouncer (1.18) does not track prepared statements. The bytes are hexadecimal.
async fn names(sql: &Sql, person: &Person) -> Vec<String> {
    let token: String = person.token.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    sql.batch_execute(&format!("BEGIN; SELECT strongroom.prove_caller('\\x{token}')")).await.unwrap();
    let messages = sql.simple_query("SELECT name, pg_backend_pid() FROM strongroom.user_credentials").await.unwrap();
    sql.batch_execute("COMMIT").await.unwrap();
    let rows = messages.iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap().to_owned()),
        _ => None,
    });
    rows.collect()
}

async fn unproven_sees_nothing(sql: &Sql) -> bool {
    let refused = sql.simple_query("SELECT name FROM strongroom.user_credentials").await.unwrap_err();
    refused.code().is_some_and(|code| code.code() == "SR401")
}

async fn backend(sql: &Sql) -> String {
    let messages = sql.simple_query("SELECT pg_backend_pid()").await.unwrap();
    let row = messages.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    row.unwrap()
}

#[tokio::test]
async fn callers_who_share_a_backend_through_a_pooler_see_their_own_rows_only() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let direct = database.sql("strongroom_app").await;
    for (person, name) in [(&ada, "hers"), (&bob, "his")] {
        person.keep(&direct, name).await;
    }
    let bouncer = Bouncer::start(&database);
    let (one, two) = (bouncer.connect(&database).await, bouncer.connect(&database).await);
    assert_eq!(backend(&one).await, backend(&two).await, "the two clients share a backend");
    for _ in 0..20 {
        assert_eq!(names(&one, &ada).await, ["hers"]);
        assert!(unproven_sees_nothing(&two).await);
        assert_eq!(names(&two, &bob).await, ["his"]);
        assert!(unproven_sees_nothing(&one).await);
    }
}
