# A PostgreSQL that loses nothing: its own cluster, on a Unix socket, with the defaults of durability, which are looked at.
# Superuser's work of the benchmarks (fills, counts) goes through psql; load through pgbench.
import pathlib
import re
import signal
import subprocess

from speed import machine
from speed.figures import Load, percentile

# Nothing here weakens durability or isolation.
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "2GB", "max_connections": "200", "listen_addresses": ""}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "default_transaction_isolation": "read committed"}


def program(name):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    if not found:
        raise SystemExit("bench: no PostgreSQL is installed; run scripts/setup bench")
    return str(found[-1])


class Postgres:
    def __init__(self, scope):
        self.folder = scope.make_folder("postgres", "postgres")
        data, user = self.folder / "data", machine.as_user("postgres")
        machine.run([program("initdb"), "-D", data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"],
                    cwd=self.folder, **user)
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        # SIGINT: PostgreSQL's fast shutdown.
        process = scope.start([program("postgres"), "-D", str(data), "-k", str(self.folder), *settings],
                              stop=signal.SIGINT, cwd=self.folder, **user)
        ready = [program("pg_isready"), "-q", "-h", str(self.folder)]
        machine.until(lambda: subprocess.run(ready).returncode == 0, "PostgreSQL", process)
        for name, value in DURABLE.items():
            if self.sql(f"SHOW {name}", "postgres") != value:
                raise SystemExit(f"bench: {name} is not {value}")

    def sql(self, text, database="bench", stdin=None):
        command = [program("psql"), "-h", self.folder, "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-qAtX", "-c", text]
        return machine.run(command, stdin=stdin or subprocess.DEVNULL).strip()

    def url(self, role, database="bench", host=None, port=5432):
        return f"postgres://{role}@localhost:{port}/{database}?host={host or self.folder}"

    def create(self, database="bench"):
        """A database with Strongroom's schema."""
        self.sql(f"CREATE DATABASE {database}", "postgres")
        machine.run([machine.STRONGROOM, "migrate", "--admin-database-url", self.url("postgres", database)])

    def pgbench(self, script, clients, seconds, database="bench"):
        """As strongroom_app, with prepared statements."""
        file = self.folder / "script.sql"
        file.write_text(script)
        log = self.folder / "pgbench"
        said = machine.run([program("pgbench"), "-n", "-M", "prepared", "-h", self.folder, "-U", "strongroom_app", "-c", clients, "-j", 2,
                            "-T", seconds, "-f", file, "-l", f"--log-prefix={log}", database], stderr=subprocess.DEVNULL)
        if "number of failed transactions: 0 " not in said:
            raise SystemExit(f"bench: transactions failed: {said}")
        latencies = []
        for part in self.folder.glob("pgbench.*"):
            latencies += [int(line.split()[2]) / 1000 for line in part.read_text().splitlines()]
            part.unlink()
        rate = float(re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)[1])
        return Load(rate, percentile(latencies, 50), percentile(latencies, 99), len(latencies))

    def settle(self, database="bench"):
        """Until the server has sealed what was recorded, so that one round's work is not done in the next one's time."""
        waiting = """SELECT coalesce((SELECT max(id) FROM strongroom.activity_logs), 0)
                          - coalesce((SELECT max(last_id) FROM strongroom.record_checkpoints), 0)"""
        machine.until(lambda: int(self.sql(waiting, database)) <= 0, "the record's sealing", seconds=120)

    def fill(self, table, statements, database):
        """Many rows at once: the indexes, save the primary key, are made anew when they are in."""
        self.sql(f"""
            SET session_replication_role = replica;
            SET maintenance_work_mem = '512MB';
            CREATE TEMP TABLE indexes AS SELECT indexname, indexdef FROM pg_indexes
            WHERE schemaname = 'strongroom' AND tablename = '{table}' AND indexname <> '{table}_pkey';
            DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT indexname FROM indexes LOOP EXECUTE format('DROP INDEX strongroom.%I', name); END LOOP;
            END $$;
            {statements}
            DO $$ DECLARE definition text; BEGIN
                FOR definition IN SELECT indexdef FROM indexes LOOP EXECUTE definition; END LOOP;
            END $$;""", database)
        self.sql(f"VACUUM ANALYZE strongroom.{table}", database)
        self.sql("CHECKPOINT", database)
